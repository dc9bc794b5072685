//! Who is acting, and whether governance lets them.

use lexhold_document::{Diagnostics, FileId, Files};
use lexhold_policy::{Circumstances, Governance, GovernanceAnswer, Operator, Operators, Verb};

use crate::failure::{Exit, Failure};
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
        Ok(Self {
            id,
            operator,
            operators,
            governance,
        })
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
        let confirming = confirmed_by.iter().map(|id| self.known(id)).collect::<Result<_, _>>()?;
        let circumstances = Circumstances {
            of,
            confirmed_by: confirming,
            ..Circumstances::default()
        };
        Ok(self.governance.may(self.operator.as_ref(), verb, &circumstances))
    }

    /// The same, refused with its reasons unless allowed.
    pub fn require(&self, verb: Verb, of: &str, confirmed_by: &[String]) -> anyhow::Result<()> {
        let answer = self.may(verb, of, confirmed_by)?;
        self.refuse_unless(answer, &self.id, verb, self.operator.as_ref())
    }

    /// Whether this operator may change what versions do, with those who approve it; refused with its reasons unless so.
    pub fn require_change(&self, verb: Verb, of: &str, approved_by: &[String], shortens: bool) -> anyhow::Result<()> {
        let confirming = approved_by.iter().map(|id| self.known(id)).collect::<Result<_, _>>()?;
        let circumstances = Circumstances {
            of,
            confirmed_by: confirming,
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
            Some(id) if id == self.id => vec![],
            Some(id) => vec![self.known(id)?],
            None => vec![],
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
