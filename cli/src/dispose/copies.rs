//! The copies of what a plan destroyed: those that Lexhold keeps, the backups that it made, and those outside that
//! `lexhold.yaml` declares. A plan is complete when none of them is still to go.

use std::collections::HashMap;

use jiff::{Span, Timestamp};
use lexhold_catalog::payload::{BackupMade, CopyGone};
use lexhold_policy::Verb;
use lexhold_retention::Zone;
use lexhold_store::{EntryKind, Home, Payload, StoreMode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::plan::Plan;
use crate::args::CopyGoneArgs;
use crate::failure::{Exit, Failure, reasoned};
use crate::home;
use crate::operators::Actor;
use crate::settings::{FILE, Settings};
use crate::terminal::say;

/// A copy outside the home, as `lexhold.yaml` declares it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredCopy {
    /// What people call it.
    name: String,
    /// How long it still has what is gone from the home: `P90D`.
    expires: Option<String>,
    /// Why what is in it need not go.
    exempt: Option<String>,
}

/// How it stands with one copy of what a plan destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// What it is called.
    pub copy: String,
    /// `destroyed`, `pending`, `exempt`.
    pub state: &'static str,
    /// When it ends by itself, where it is pending and does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why it is exempt, or why it counts as destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Copy {
    fn of_home(copy: &str, is_done: bool) -> Self {
        Self {
            copy: copy.to_owned(),
            state: if is_done { "destroyed" } else { "pending" },
            until: None,
            reason: None,
        }
    }

    /// Whether it is still to go.
    pub fn is_pending(&self) -> bool {
        self.state == "pending"
    }
}

/// What the journal says of copies.
#[derive(Debug, Default)]
pub struct CopyLog {
    backups: Vec<(u64, BackupMade)>,
    /// The last entry that says of a copy that it is gone.
    gone: HashMap<String, u64>,
}

impl CopyLog {
    /// Reads the journal.
    pub fn read(home: &Home) -> anyhow::Result<Self> {
        let mut log = Self::default();
        for entry in home.journal().entries(1)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::BackupMade => {
                    if let Some(made) = home.journal().payload_json(&entry)? {
                        log.backups.push((entry.seq, made));
                    }
                }
                EntryKind::CopyGone => {
                    if let Some(CopyGone { copy, .. }) = home.journal().payload_json(&entry)? {
                        log.gone.insert(copy, entry.seq);
                    }
                }
                _ => {}
            }
        }
        Ok(log)
    }

    /// The copies of what a plan destroyed, as they stand at an instant; none before it destroyed anything.
    ///
    /// # Errors
    /// Where a period in `lexhold.yaml` is none.
    pub fn of(&self, settings: &Settings, home: &Home, plan: &Plan, now: Timestamp) -> anyhow::Result<Vec<Copy>> {
        let Some(last_intent) = plan.items.iter().filter_map(|item| item.intent).max() else {
            return Ok(Vec::new());
        };
        let is_done = plan.row.rejected.is_some() || plan.remaining().next().is_none();
        let archive = match home.store_mode() {
            StoreMode::Archive => "archive segments",
            StoreMode::External => "the firm's archive",
        };
        let mut copies: Vec<Copy> = [archive, "evaluations", "catalog"]
            .map(|copy| Copy::of_home(copy, is_done))
            .into();
        for (seq, made) in self.backups.iter().filter(|(_, made)| made.entries < last_intent) {
            let until = made.expires.as_deref().and_then(|until| until.parse().ok());
            copies.push(self.outside(format!("backup-{seq}"), until, last_intent, now));
        }
        let last = plan.items.iter().filter_map(|item| item.destroyed_at).max();
        let last = last.and_then(|at| Timestamp::from_microsecond(at).ok()).unwrap_or(now);
        for declared in &settings.disposal.copies {
            let mut copy = match &declared.expires {
                None => self.outside(declared.name.clone(), None, last_intent, now),
                Some(period) => {
                    let until = end_of(home, last, period)?;
                    self.outside(declared.name.clone(), Some(until), last_intent, now)
                }
            };
            if let (Some(reason), true) = (&declared.exempt, copy.is_pending()) {
                (copy.state, copy.until, copy.reason) = ("exempt", None, Some(reason.clone()));
            }
            copies.push(copy);
        }
        if settings.disposal.copies.is_empty() {
            copies.push(Copy {
                copy: "copies outside the home".into(),
                state: "exempt",
                until: None,
                reason: Some(format!("{FILE} declares none; what others have is not known here")),
            });
        }
        Ok(copies)
    }

    fn outside(&self, copy: String, until: Option<Timestamp>, last_intent: u64, now: Timestamp) -> Copy {
        let said = self.gone.get(&copy).filter(|seq| **seq > last_intent);
        let (state, until, reason) = match (said, until) {
            (Some(seq), _) => ("destroyed", None, Some(format!("so says journal entry {seq}"))),
            (None, Some(until)) if until <= now => ("destroyed", None, Some(format!("it ended {until}"))),
            (None, until) => ("pending", until, None),
        };
        Copy {
            copy,
            state,
            until,
            reason,
        }
    }
}

/// The end of the day on which a period from an instant ends, in the home's zone.
///
/// # Errors
/// Where the period is none.
pub fn end_of(home: &Home, from: Timestamp, period: &str) -> anyhow::Result<Timestamp> {
    let end = || {
        let span: Span = period.parse().ok().filter(|span: &Span| span.is_positive())?;
        let zone = Zone::named(home.zone())?;
        let day = zone.date(from).checked_add(span).ok()?;
        zone.start_of_day(day.tomorrow().ok()?)
    };
    Ok(end().ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{period}` is no period")).help("write days, months or years: P90D, P1Y")
    })?)
}

/// `dispose gone`: somebody says that a copy outside is no more.
pub fn gone(settings: &Settings, args: &CopyGoneArgs) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let log = CopyLog::read(&home)?;
    let backups = log.backups.iter().map(|(seq, _)| format!("backup-{seq}"));
    let known: Vec<String> = backups
        .chain(settings.disposal.copies.iter().map(|copy| copy.name.clone()))
        .collect();
    if !known.contains(&args.copy) {
        let message = format!("no copy is called `{}`", lexhold_document::printable(&args.copy));
        return Err(Failure::new(Exit::Usage, message)
            .help(format!("known are: {}", lexhold_document::printable(&known.join(", "))))
            .into());
    }
    reasoned("reason", &args.reason)?;
    actor.require(Verb::ExecuteDisposal, &args.copy, &[])?;
    let payload = json!(CopyGone {
        copy: args.copy.clone(),
        reason: args.reason.clone(),
    });
    let stamp = home::stamp(&actor.id);
    let entry = home
        .journal()
        .append(EntryKind::CopyGone, Some(Payload::Json(&payload)), stamp)?;
    if !settings.quiet {
        let copy = lexhold_document::printable(&args.copy);
        say(&format!(
            "{copy} counts as gone, with all that was destroyed before journal entry {}",
            entry.seq
        ));
    }
    Ok(Exit::Done)
}
