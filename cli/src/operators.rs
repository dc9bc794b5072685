//! Who is acting, and whether governance lets them: the one place that asks, and puts on record what was asked and answered.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lexhold_document::{Diagnostics, FileId, Files};
use lexhold_policy::{Approval, Circumstances, Governance, GovernanceAnswer, Operator, Operators, Statement, Verb};
use lexhold_store::{EntryKind, ErrorKind, Home, Payload};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::files::cannot_read;
use crate::load::{Project, compile_operators};
use crate::settings::{FILE, Settings};
use crate::terminal::say;

/// What is known of an act when governance is asked.
#[derive(Clone, Debug, Default)]
pub struct Act<'a> {
    /// The alert, the message, the period, the event's type and key.
    pub of: &'a str,
    /// What a signature has to be over, where that is more than the thing itself: an event's day, what is decided of a message.
    pub signs: Option<&'a str>,
    /// The operator whose right is used, where the actor acts for another.
    pub on_behalf_of: Option<&'a str>,
    /// The operators who stand by it.
    pub confirmed_by: Vec<&'a str>,
    /// The actor took part in what is reviewed, or reports to somebody who did.
    pub conflicted: bool,
    /// A documented exception lets them review it nonetheless.
    pub excepted: bool,
    /// It lets messages go earlier than before.
    pub shortens: bool,
    /// It concerns a silent hold.
    pub silent: bool,
    /// The disposal plan that it is about.
    pub plan: Option<&'a PlanAct>,
}

/// A disposal plan as governance asks about it.
#[derive(Clone, Debug, Default)]
pub struct PlanAct {
    /// The plan's digest.
    pub of: String,
    /// Signatures from before this instant are none for this plan.
    pub since: Timestamp,
    /// Those who put the schedules into force.
    pub authors: BTreeSet<String>,
    /// Who proposed it.
    pub requesters: BTreeSet<String>,
    /// Those who approved it so far.
    pub approvers: BTreeSet<String>,
    /// The stage of approval that comes next, by name.
    pub stage: String,
}

/// Who acts in this call, under which governance.
pub struct Actor {
    /// What the journal calls them.
    pub id: String,
    operator: Option<Operator>,
    operators: Operators,
    governance: Governance,
    /// Approvals whose signatures have been verified.
    approvals: Vec<Approval>,
    /// Nobody stands by anything without a signature.
    signed: bool,
    /// The settings say that one person governs alone, and not only name no operators.
    solo_by_choice: bool,
    /// Where the home is, or will be.
    home: PathBuf,
    /// What was asked before there was a home.
    pending: RefCell<Vec<Value>>,
    /// Whether silent holds are shown, once that was asked.
    sees_silent: OnceCell<bool>,
    /// Whether operators govern the home of whom this call knows none, once that was asked.
    forsaken: OnceCell<bool>,
}

/// What anybody may do where operators govern a home and none are known: it keeps messages, and says nothing of who governs.
const KEEPING: [Verb; 3] = [Verb::Run, Verb::PlaceHold, Verb::Restore];

impl Actor {
    /// Reads `operators.yaml` and the governance policies. Without operators one person governs alone, and is told so.
    pub fn resolve(settings: &Settings) -> anyhow::Result<Self> {
        Self::resolve_for(settings, || home_id(settings))
    }

    /// The same where approvals have to be for another home than that of the settings.
    pub fn resolve_for(settings: &Settings, home: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<Self> {
        let operators = read_operators(settings)?;
        let (operators, governance) = match operators {
            Some(operators) if !settings.solo => (operators, read_governance(settings)?),
            operators => (operators.unwrap_or_default(), Governance::solo()),
        };
        let operator = match &settings.operator {
            Some(id) if !governance.is_solo() => Some(operators.get(id).cloned().ok_or_else(|| {
                Failure::new(Exit::Refused, format!("no operator is called `{id}`"))
                    .help("operators.yaml lists them; --as takes an id")
            })?),
            _ => None,
        };
        let id = settings.operator.clone().unwrap_or_else(|| {
            if governance.is_solo() {
                "solo".into()
            } else {
                "nobody".into()
            }
        });
        let actor = Self {
            id,
            operator,
            operators,
            governance,
            approvals: Vec::new(),
            signed: settings.signed,
            solo_by_choice: settings.solo,
            home: settings.home.clone(),
            pending: RefCell::new(Vec::new()),
            sees_silent: OnceCell::new(),
            forsaken: OnceCell::new(),
        };
        let approvals = actor.read_approvals(settings, home)?;
        Ok(Self { approvals, ..actor })
    }

    /// Whether one person governs alone.
    pub fn is_solo(&self) -> bool {
        self.governance.is_solo()
    }

    /// The roles of the operator.
    pub fn roles(&self) -> &[String] {
        self.operator.as_ref().map_or(&[], |operator| &operator.roles)
    }

    /// The operator's name.
    pub fn name(&self) -> Option<&str> {
        self.operator.as_ref()?.name.as_deref()
    }

    /// Says loudly that nobody else looks on.
    pub fn warn_if_solo(&self, settings: &Settings) {
        if self.is_solo() && !settings.quiet {
            say("warning: governance is solo: one person may do everything, unsigned; every report says so");
            say("         for more than a trial, write operators.yaml and name yourself with --as");
        }
    }

    /// Whether this verb is allowed to this operator, for somebody who only wants to know: nothing is put on record.
    pub fn may(&self, verb: Verb, of: &str) -> anyhow::Result<GovernanceAnswer> {
        let act = Act { of, ..Act::default() };
        Ok(self.ask(verb, &act)?.answer)
    }

    /// What comes next and by whom, in a line: where one person governs alone, there is nobody else to name.
    pub fn next(&self, who: &str, call: &str) -> String {
        match self.is_solo() {
            true => format!("next: {call}"),
            false => format!("next: {who}: {call}"),
        }
    }

    /// Whether silent holds are shown to this operator. Where operators are known, either answer is put on record once a
    /// call: an entry only where there is such a hold would give it away.
    pub fn sees_silent(&self) -> anyhow::Result<bool> {
        if let Some(known) = self.sees_silent.get() {
            return Ok(*known);
        }
        let act = Act {
            of: "home",
            ..Act::default()
        };
        let asked = self.ask(Verb::ShowSilentHold, &act)?;
        if !self.is_solo() {
            self.put_on_record(&[&asked])?;
        }
        Ok(*self.sees_silent.get_or_init(|| asked.answer.allowed))
    }

    /// Refuses an act with its reasons unless it is allowed; `confirmed_by` are ids of others who stand by it.
    pub fn require(&self, verb: Verb, of: &str, confirmed_by: &[String]) -> anyhow::Result<()> {
        let act = Act {
            of,
            confirmed_by: confirmed_by.iter().map(String::as_str).collect(),
            ..Act::default()
        };
        self.require_act(verb, &act)
    }

    /// Refuses to place, narrow or release a hold unless it is allowed.
    pub fn require_hold(&self, verb: Verb, of: &str, confirmed_by: &[String], silent: bool) -> anyhow::Result<()> {
        let act = Act {
            of,
            confirmed_by: confirmed_by.iter().map(String::as_str).collect(),
            silent,
            ..Act::default()
        };
        self.require_act(verb, &act)
    }

    /// Whether this operator may do something with a disposal plan, refused with its reasons unless so. Hands over their
    /// own signatures over it.
    pub fn require_plan(&self, verb: Verb, act: &PlanAct) -> anyhow::Result<Vec<&Approval>> {
        self.require_act(
            verb,
            &Act {
                of: &act.of,
                plan: Some(act),
                ..Act::default()
            },
        )?;
        Ok(self.signatures(&self.id, verb, &act.of, act.since).collect())
    }

    /// Whether this operator may reject a disposal plan: whoever may propose or approve one. It keeps messages, so that
    /// nobody has to sign it.
    pub fn require_rejection(&self, of: &str) -> anyhow::Result<()> {
        let circumstances = Circumstances {
            of,
            signed: true,
            ..Circumstances::default()
        };
        let operator = self.operator.as_ref();
        if self
            .governance
            .may(operator, Verb::ApproveDisposal, &circumstances)
            .allowed
        {
            return Ok(());
        }
        self.require(Verb::ProposeDisposal, of, &[])
    }

    /// The operator of this id.
    pub fn operator(&self, id: &str) -> Option<&Operator> {
        self.operators.get(id)
    }

    /// Refuses an act with its reasons unless it is allowed. Who acts for another uses the other's right.
    pub fn require_act(&self, verb: Verb, act: &Act<'_>) -> anyhow::Result<()> {
        self.require_acts(verb, std::slice::from_ref(act))
    }

    /// Refuses several acts at once, unless every one is allowed. Question and answer are put on record either way: one entry
    /// for a refusal, one for all that are allowed together.
    pub fn require_acts(&self, verb: Verb, acts: &[Act<'_>]) -> anyhow::Result<()> {
        let mut allowed = Vec::new();
        for act in acts {
            let asked = match self.ask(verb, act) {
                Ok(asked) => asked,
                Err(refused) => {
                    self.put_refusal_on_record(&Asked::unheard(verb, act, &self.id, &refused));
                    return Err(refused);
                }
            };
            if !asked.answer.allowed {
                self.put_refusal_on_record(&asked);
                return Err(self.signed_for_another(&asked).unwrap_or_else(|| refused(&asked)));
            }
            allowed.push(asked);
        }
        self.put_on_record(&allowed.iter().collect::<Vec<_>>())
    }

    /// The refusal of an act for which nobody has signed, though an approval was given: of the same act on something else.
    fn signed_for_another(&self, asked: &Asked<'_>) -> Option<anyhow::Error> {
        let (action, of) = (asked.verb.as_str(), asked.act.signs.unwrap_or(asked.act.of));
        let other = self.approvals.iter().find(|one| one.statement.verb == action)?;
        if !asked.approvals.is_empty() {
            return None;
        }
        let Statement {
            operator, of: another, ..
        } = &other.statement;
        let message = format!("the approval of `{operator}` is of `{another}`, and this is `{of}`");
        let help =
            format!("{operator} writes: lexhold sign {of} --action {action} --as {operator} --out {operator}.approval");
        Some(Failure::new(Exit::Refused, message).help(help).into())
    }

    /// Asks governance about one act.
    fn ask<'a>(&'a self, verb: Verb, act: &'a Act<'a>) -> anyhow::Result<Asked<'a>> {
        let (id, principal) = match act.on_behalf_of {
            Some(id) if !self.is_solo() => (id, Some(self.known(id)?)),
            _ => (self.id.as_str(), self.operator.as_ref()),
        };
        let signs = act.signs.unwrap_or(act.of);
        // Under `solo` nobody is known, and governance itself says that there is no second person.
        let nobody = Operator::default();
        let confirming = match act.confirmed_by.as_slice() {
            [_, ..] if self.is_solo() => vec![&nobody],
            named => self.confirming(verb, signs, named)?,
        };
        let plan = act.plan.cloned().unwrap_or_default();
        let approves = verb == Verb::ApproveDisposal;
        let circumstances = Circumstances {
            of: act.of,
            authors: plan.authors,
            requesters: plan.requesters,
            approvers: plan.approvers,
            confirmed_by: confirming,
            conflicted: act.conflicted,
            excepted: act.excepted,
            shortens: act.shortens,
            silent: act.silent,
            signed: self.signatures(id, verb, signs, plan.since).next().is_some(),
            stage: act.plan.filter(|_| approves).map_or("", |plan| &plan.stage),
        };
        let answer = match !KEEPING.contains(&verb) && self.is_forsaken()? {
            true => nobody_known(),
            false => self.governance.may(principal, verb, &circumstances),
        };
        Ok(Asked {
            verb,
            act,
            id,
            named: principal.is_some(),
            answer,
            approvals: self.approvals.iter().filter(|one| one.covers(verb, signs)).collect(),
        })
    }

    /// Whether operators govern the home, by what was last put on record of that, and this call knows none: somebody stands in
    /// another folder than usual, or a document is gone. Only settings that say so make one person govern from then on.
    fn is_forsaken(&self) -> anyhow::Result<bool> {
        if !self.is_solo() || self.solo_by_choice {
            return Ok(false);
        }
        if let Some(known) = self.forsaken.get() {
            return Ok(*known);
        }
        let forsaken = match Home::open(&self.home) {
            Ok(home) => is_governed(&home)?,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        Ok(*self.forsaken.get_or_init(|| forsaken))
    }

    /// Those who stand by an act: who is named, and who signed it. Who has a key is named in vain without a signature.
    fn confirming(&self, verb: Verb, of: &str, named: &[&str]) -> anyhow::Result<Vec<&Operator>> {
        let signers = self.approvals.iter().filter(|approval| approval.covers(verb, of));
        let signers = signers.map(|approval| approval.statement.operator.as_str());
        let ids: BTreeSet<&str> = named
            .iter()
            .copied()
            .chain(signers)
            .filter(|id| *id != self.id)
            .collect();
        let mut confirming = Vec::new();
        for id in ids {
            let operator = self.known(id)?;
            if operator.public_key.is_none() && self.signed {
                return Err(no_key(id).into());
            }
            if operator.public_key.is_some() && !self.has_signed(id, verb, of) {
                let action = verb.as_str();
                let message = format!("`{id}` has not signed `{action}` of {of}");
                let help = format!(
                    "{id} writes: lexhold sign {of} --action {action} --as {id} --out {id}.approval; then --approval {id}.approval"
                );
                return Err(Failure::new(Exit::Refused, message).help(help).into());
            }
            confirming.push(operator);
        }
        Ok(confirming)
    }

    fn has_signed(&self, id: &str, verb: Verb, of: &str) -> bool {
        self.signatures(id, verb, of, Timestamp::default()).next().is_some()
    }

    /// The signatures of an operator over an act, from an instant on.
    fn signatures(&self, id: &str, verb: Verb, of: &str, since: Timestamp) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(move |approval| {
            let statement = &approval.statement;
            statement.operator == id && statement.signed_at >= since && approval.covers(verb, of)
        })
    }

    /// Puts on record what was asked before there was a home.
    pub fn note_pending(&self, home: &Home) -> anyhow::Result<()> {
        for payload in self.pending.take() {
            self.append(home, &payload)?;
        }
        Ok(())
    }

    /// Puts on record what was asked and answered, in one entry.
    fn put_on_record(&self, asked: &[&Asked<'_>]) -> anyhow::Result<()> {
        let Some(payload) = Asked::payload(asked) else {
            return Ok(());
        };
        match Home::open(&self.home) {
            Ok(home) => self.append(&home, &payload),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.pending.borrow_mut().push(payload);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same of a refusal, which stands whether or not it can be recorded. Without a home nothing is recorded.
    fn put_refusal_on_record(&self, asked: &Asked<'_>) {
        if self.put_on_record(&[asked]).is_err() {
            say("warning: this refusal could not be put on record");
        }
    }

    fn append(&self, home: &Home, payload: &Value) -> anyhow::Result<()> {
        let stamp = crate::home::stamp(&self.id);
        home.journal()
            .append(EntryKind::Governance, Some(Payload::Json(payload)), stamp)?;
        Ok(())
    }

    /// The approvals given, each by a known operator, over this home, signed with their key and not lapsed.
    fn read_approvals(
        &self,
        settings: &Settings,
        home: impl FnOnce() -> anyhow::Result<String>,
    ) -> anyhow::Result<Vec<Approval>> {
        if settings.approvals.is_empty() {
            return Ok(Vec::new());
        }
        let home = home()?;
        settings
            .approvals
            .iter()
            .map(|path| self.approval(settings, path, &home))
            .collect()
    }

    fn approval(&self, settings: &Settings, path: &Path, home: &str) -> anyhow::Result<Approval> {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
        let approval: Approval = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(Exit::Policy, format!("{name} is no approval: {error}")))?;
        let by = &approval.statement.operator;
        let Some(key) = &self.known(by)?.public_key else {
            return Err(no_key(by).into());
        };
        let why = if !approval.is_signed_with(key) {
            format!("is not signed with the key of `{by}`")
        } else if approval.statement.home != home {
            "is for another home".to_owned()
        } else if !approval.counts_at(settings.now) {
            format!(
                "was signed at {}, and counts for thirty days from then",
                approval.statement.signed_at
            )
        } else {
            return Ok(approval);
        };
        Err(Failure::new(Exit::Refused, format!("the approval {name} {why}")).into())
    }

    fn known(&self, id: &str) -> anyhow::Result<&Operator> {
        let unknown = || Failure::new(Exit::Refused, format!("no operator is called `{id}`"));
        Ok(self.operators.get(id).ok_or_else(unknown)?)
    }
}

/// One question to governance and its answer.
struct Asked<'a> {
    verb: Verb,
    act: &'a Act<'a>,
    /// Whose right is used.
    id: &'a str,
    /// Whether that is an operator.
    named: bool,
    answer: GovernanceAnswer,
    /// The signatures that count for it.
    approvals: Vec<&'a Approval>,
}

impl<'a> Asked<'a> {
    /// A question that was refused before any policy was asked.
    fn unheard(verb: Verb, act: &'a Act<'a>, id: &'a str, why: &anyhow::Error) -> Self {
        Self {
            verb,
            act,
            id,
            named: true,
            answer: GovernanceAnswer {
                allowed: false,
                reasons: vec![why.to_string()],
                errors: Vec::new(),
                needs: Vec::new(),
                solo: false,
            },
            approvals: Vec::new(),
        }
    }

    /// What the journal says of questions with the same answer: who asked for what, on which things, and which policies
    /// decided.
    fn payload(asked: &[&Self]) -> Option<Value> {
        let first = asked.first()?;
        let of: Vec<&str> = asked.iter().map(|one| one.act.signs.unwrap_or(one.act.of)).collect();
        let policies: BTreeSet<&String> = asked.iter().flat_map(|one| &one.answer.reasons).collect();
        let mut approvals: Vec<&Approval> = Vec::new();
        for approval in asked.iter().flat_map(|one| &one.approvals) {
            if !approvals.contains(approval) {
                approvals.push(approval);
            }
        }
        Some(json!({
            "verb": first.verb.as_str(),
            "of": match of.as_slice() { [one] => json!(one), all => json!(all) },
            "operator": first.id,
            "allowed": first.answer.allowed,
            "policies": policies,
            "errors": first.answer.errors,
            "needs": first.answer.needs,
            "confirmed_by": first.act.confirmed_by,
            "approvals": approvals,
            "solo": first.answer.solo,
        }))
    }
}

/// What the journal says of a question to governance.
#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    verb: String,
    #[serde(default)]
    allowed: bool,
    /// Whether one person governed alone, where that is said.
    solo: Option<bool>,
}

/// Whether operators govern a home: so says the last entry that tells. One that was erased may have said so.
fn is_governed(home: &Home) -> anyhow::Result<bool> {
    let journal = home.journal();
    let mut asked = Vec::new();
    for entry in journal.entries(1)? {
        let entry = entry?;
        if entry.kind == EntryKind::Governance {
            asked.push(entry);
        }
    }
    for entry in asked.iter().rev() {
        let Some(answered) = journal.payload_json::<Answered>(entry)? else {
            return Ok(true);
        };
        let tells = answered.allowed && !KEEPING.iter().any(|verb| verb.as_str() == answered.verb);
        match answered.solo {
            Some(false) => return Ok(true),
            Some(true) if tells => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

/// The answer to whoever knows none of the operators that govern a home.
fn nobody_known() -> GovernanceAnswer {
    GovernanceAnswer {
        allowed: false,
        reasons: vec!["operators govern this home, and none are known here".to_owned()],
        errors: Vec::new(),
        needs: vec![format!(
            "their operators.yaml and --as; where one person is to govern alone from now on, `governance: solo` in {FILE}"
        )],
        solo: true,
    }
}

/// A refusal in words: which policy refused, and what it would take.
fn refused(asked: &Asked<'_>) -> anyhow::Error {
    let Asked { verb, id, answer, .. } = asked;
    let why: Vec<&str> = answer
        .reasons
        .iter()
        .chain(&answer.errors)
        .map(String::as_str)
        .collect();
    let why = if why.is_empty() {
        "no policy permits it".to_owned()
    } else {
        why.join(", ")
    };
    let help = if !answer.needs.is_empty() {
        format!("it takes {}", answer.needs.join("; and "))
    } else if asked.named {
        "lexhold whoami lists what you may do".to_owned()
    } else {
        "name an operator of operators.yaml with --as".to_owned()
    };
    let failure = Failure::new(Exit::Refused, format!("`{id}` may not `{}`: {why}", verb.as_str()));
    failure.help(help).into()
}

fn no_key(id: &str) -> Failure {
    Failure::new(Exit::Refused, format!("`{id}` has no public key"))
        .help("lexhold keys new makes one; its public half goes into operators.yaml")
}

/// The id of the home that approvals have to be for; none has it where there is no home yet.
fn home_id(settings: &Settings) -> anyhow::Result<String> {
    match Home::open(&settings.home) {
        Ok(home) => Ok(home.id().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}

/// The operators that the settings name, if any.
pub fn read_operators(settings: &Settings) -> anyhow::Result<Option<Operators>> {
    let Some(path) = &settings.operators else {
        return Ok(None);
    };
    // Without a Cedar schema, which they need none of: it may be that of a bundle, and whoever signed that is among them.
    let bare = Settings {
        policies: Vec::new(),
        schema: None,
        ..settings.clone()
    };
    let mut project = Project::read(&bare, std::slice::from_ref(path))?;
    let document = project.documents.first().cloned();
    let operators = document.and_then(|document| compile_operators(&document, &mut project.diagnostics));
    project.report(settings, "the operators")?;
    let none = || {
        Failure::new(
            Exit::Policy,
            format!("{} holds no `operators:` document", path.display()),
        )
    };
    Ok(Some(operators.ok_or_else(none)?))
}

/// The firm's governance policies where it has any, else those that are shipped.
fn read_governance(settings: &Settings) -> anyhow::Result<Governance> {
    let mut files = Files::new();
    let mut ids: Vec<FileId> = Vec::new();
    let mut diagnostics = Diagnostics::new();
    for folder in settings
        .own_policies
        .iter()
        .map(|path| path.join("governance"))
        .filter(|path| path.is_dir())
    {
        let mut paths: Vec<_> = std::fs::read_dir(&folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.sort();
        for path in paths
            .iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "cedar"))
        {
            ids.extend(files.add_bytes(
                &path.display().to_string(),
                crate::load::read_bytes(path)?,
                &mut diagnostics,
            ));
        }
    }
    if ids.is_empty() {
        return Ok(Governance::shipped());
    }
    let governance = Governance::compile(&files, &ids, &mut diagnostics);
    for diagnostic in diagnostics.sorted(&files) {
        say(&crate::render::text(
            &files,
            &diagnostic,
            crate::terminal::colour_on_stderr(settings.color),
        ));
    }
    governance.ok_or_else(|| Failure::new(Exit::Policy, "the governance policies do not compile").into())
}
