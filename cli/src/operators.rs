//! Who is acting, and whether governance lets them.

use std::collections::BTreeSet;
use std::path::Path;

use lexhold_document::{Diagnostics, FileId, Files};
use lexhold_policy::{Approval, Circumstances, Governance, GovernanceAnswer, Operator, Operators, Verb};
use lexhold_store::{EntryKind, ErrorKind, Home, Payload};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::files::cannot_read;
use crate::load::{Project, compile_operators};
use crate::settings::Settings;
use crate::terminal::say;

/// What is known of an act under review when governance is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Act<'a> {
    /// The alert, the message, the period.
    pub of: &'a str,
    /// The operator whose right is used, where the actor acts for another.
    pub on_behalf_of: Option<&'a str>,
    /// The operator who approves it.
    pub confirmed_by: Option<&'a str>,
    /// The actor took part in what is reviewed, or reports to somebody who did.
    pub conflicted: bool,
    /// A documented exception lets them review it nonetheless.
    pub excepted: bool,
    /// It lets messages go earlier than before.
    pub shortens: bool,
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
}

impl Actor {
    /// Reads `operators.yaml` and the governance policies. Without operators one person governs alone, and is told so.
    pub fn resolve(settings: &Settings) -> anyhow::Result<Self> {
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
        };
        let approvals = actor.read_approvals(settings)?;
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

    /// Whether this verb is allowed to this operator; `confirmed_by` are ids of others who stand by it.
    pub fn may(&self, verb: Verb, of: &str, confirmed_by: &[String]) -> anyhow::Result<GovernanceAnswer> {
        let named: Vec<&str> = confirmed_by.iter().map(String::as_str).collect();
        let circumstances = Circumstances {
            of,
            confirmed_by: self.confirming(verb, of, &named)?,
            signed: self.has_signed(&self.id, verb, of),
            ..Circumstances::default()
        };
        Ok(self.governance.may(self.operator.as_ref(), verb, &circumstances))
    }

    /// The same, refused with its reasons unless allowed.
    pub fn require(&self, verb: Verb, of: &str, confirmed_by: &[String]) -> anyhow::Result<()> {
        let answer = self.may(verb, of, confirmed_by)?;
        self.refuse_unless(answer, &self.id, verb, self.operator.as_ref())
    }

    /// Whether this operator may place, narrow or release a hold; refused with its reasons unless so.
    pub fn require_hold(&self, verb: Verb, of: &str, confirmed_by: &[String], silent: bool) -> anyhow::Result<()> {
        let named: Vec<&str> = confirmed_by.iter().map(String::as_str).collect();
        let circumstances = Circumstances {
            of,
            confirmed_by: self.confirming(verb, of, &named)?,
            silent,
            ..Circumstances::default()
        };
        let answer = self.governance.may(self.operator.as_ref(), verb, &circumstances);
        self.refuse_unless(answer, &self.id, verb, self.operator.as_ref())
    }

    /// Whether this operator may change what versions do, with those who approve it; refused with its reasons unless so.
    pub fn require_change(&self, verb: Verb, of: &str, approved_by: &[String], shortens: bool) -> anyhow::Result<()> {
        let named: Vec<&str> = approved_by.iter().map(String::as_str).collect();
        let circumstances = Circumstances {
            of,
            confirmed_by: self.confirming(verb, of, &named)?,
            shortens,
            ..Circumstances::default()
        };
        let answer = self.governance.may(self.operator.as_ref(), verb, &circumstances);
        self.refuse_unless(answer, &self.id, verb, self.operator.as_ref())
    }

    /// The operator of this id.
    pub fn operator(&self, id: &str) -> Option<&Operator> {
        self.operators.get(id)
    }

    /// Whether an act under review is allowed, refused with its reasons unless it is. Who acts for another uses the
    /// other's right.
    pub fn require_act(&self, verb: Verb, act: &Act<'_>) -> anyhow::Result<()> {
        let (id, principal) = match act.on_behalf_of {
            Some(id) if !self.is_solo() => (id, Some(self.known(id)?)),
            _ => (self.id.as_str(), self.operator.as_ref()),
        };
        // Under `solo` nobody is known, and governance itself says that there is no second person.
        let nobody;
        let confirming = match act.confirmed_by {
            Some(_) if self.is_solo() => {
                nobody = Operator::default();
                vec![&nobody]
            }
            Some(id) => self.confirming(verb, act.of, &[id])?,
            None => self.confirming(verb, act.of, &[])?,
        };
        let circumstances = Circumstances {
            of: act.of,
            confirmed_by: confirming,
            conflicted: act.conflicted,
            excepted: act.excepted,
            shortens: act.shortens,
            ..Circumstances::default()
        };
        let answer = self.governance.may(principal, verb, &circumstances);
        self.refuse_unless(answer, id, verb, principal)
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
        let mut approvals = self.approvals.iter();
        approvals.any(|approval| approval.statement.operator == id && approval.covers(verb, of))
    }

    /// Puts on record who stood by an act, with the signatures, where anybody did.
    pub fn note(&self, home: &Home, verb: Verb, of: &str, confirmed_by: &[String]) -> anyhow::Result<()> {
        let approvals: Vec<&Approval> = self
            .approvals
            .iter()
            .filter(|approval| approval.covers(verb, of))
            .collect();
        if approvals.is_empty() && confirmed_by.is_empty() {
            return Ok(());
        }
        let payload = json!({"verb": verb.as_str(), "of": of, "confirmed_by": confirmed_by, "approvals": approvals});
        let stamp = crate::home::stamp(&self.id);
        home.journal()
            .append(EntryKind::Governance, Some(Payload::Json(&payload)), stamp)?;
        Ok(())
    }

    /// The approvals given, each by a known operator, over this home, signed with their key and not lapsed.
    fn read_approvals(&self, settings: &Settings) -> anyhow::Result<Vec<Approval>> {
        if settings.approvals.is_empty() {
            return Ok(Vec::new());
        }
        let home = home_id(settings)?;
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

    fn refuse_unless(
        &self,
        answer: GovernanceAnswer,
        id: &str,
        verb: Verb,
        principal: Option<&Operator>,
    ) -> anyhow::Result<()> {
        if answer.allowed {
            return Ok(());
        }
        let why = answer
            .reasons
            .iter()
            .chain(&answer.errors)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let why = if why.is_empty() {
            "no policy permits it".to_owned()
        } else {
            why
        };
        let failure = Failure::new(Exit::Refused, format!("`{id}` may not `{}`: {why}", verb.as_str()));
        let help = match principal {
            None => "name an operator of operators.yaml with --as".to_owned(),
            Some(_) if answer.needs.is_empty() => "lexhold whoami lists what you may do".to_owned(),
            Some(_) => format!("it takes {}", answer.needs.join("; and ")),
        };
        Err(failure.help(help).into())
    }
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

fn read_operators(settings: &Settings) -> anyhow::Result<Option<Operators>> {
    let Some(path) = &settings.operators else {
        return Ok(None);
    };
    let mut project = Project::read(settings, std::slice::from_ref(path))?;
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
        .policies
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
