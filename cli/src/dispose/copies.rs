//! The copies of what a plan destroyed: those that Lexhold keeps, the backups that it made, and those outside that
//! `lexhold.yaml` declares. A plan is complete when none of them is still to go.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use jiff::{Span, Timestamp};
use lexhold_catalog::payload::{BackupBegun, BackupMade, CopyGone, Restored};
use lexhold_policy::Verb;
use lexhold_retention::Zone;
use lexhold_store::{EntryKind, Home, Payload, StoreMode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::plan::Plan;
use super::transfer::receiver;
use crate::args::CopyGoneArgs;
use crate::failure::{Exit, Failure, reasoned};
use crate::home;
use crate::operators::Actor;
use crate::settings::{FILE, Settings};
use crate::terminal::say;

/// Why a copy whose end has passed is pending.
const UNCONFIRMED: &str = "its end has passed, and nobody has said that it is gone: lexhold dispose gone";

/// What the copy of another keeper is called, before its name.
const RECEIVER: &str = "the keeper ";

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
    /// When it is to end by itself, where it is pending and does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why it is exempt, why it counts as destroyed, or why it does not although its end has passed.
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

    /// Whether what was destroyed here is there: it is still to go, or another keeper has it.
    pub fn survives(&self) -> bool {
        self.is_pending() || self.copy.starts_with(RECEIVER)
    }
}

/// A copy of the whole home that the journal knows of.
#[derive(Debug)]
struct HomeCopy {
    name: String,
    /// How many entries its journal has: what was destroyed later is in it.
    entries: u64,
    expires: Option<Timestamp>,
}

/// What the journal says of copies.
#[derive(Debug, Default)]
pub struct CopyLog {
    homes: Vec<HomeCopy>,
    /// Digests of the manifests of the backups among them.
    manifests: HashSet<String>,
    /// The last entry that says of a copy that it is gone.
    gone: HashMap<String, u64>,
}

impl CopyLog {
    /// Reads the journal. A copy of which nothing more is on record than that there is one may have anything, for ever.
    pub fn read(home: &Home) -> anyhow::Result<Self> {
        let mut log = Self::default();
        for entry in home.journal().entries(1)? {
            let entry = entry?;
            let seq = entry.seq;
            match entry.kind {
                // Until it is whole it has what the home had then, and may have more.
                EntryKind::BackupBegun => {
                    let begun: Option<BackupBegun> = home.journal().payload_json(&entry)?;
                    let expires = begun.and_then(|begun| begun.expires?.parse().ok());
                    log.add("backup", seq, seq - 1, expires);
                }
                EntryKind::BackupMade => {
                    let made: Option<BackupMade> = home.journal().payload_json(&entry)?;
                    let expires = made.as_ref().and_then(|made| made.expires.as_deref()?.parse().ok());
                    let entries = made.as_ref().map_or(0, |made| made.entries);
                    let begun = made.as_ref().and_then(|made| made.begun);
                    log.manifests.extend(made.map(|made| made.backup));
                    match begun {
                        Some(begun) => log.replace(begun, entries, expires),
                        None => log.add("backup", seq, entries, expires),
                    }
                }
                // The home as it was before may still lie somewhere, and so does the backup, whose entry came after it was made.
                EntryKind::Restored => {
                    let restored: Option<Restored> = home.journal().payload_json(&entry)?;
                    log.add("home", seq, seq - 1, None);
                    match restored {
                        Some(Restored { backup, .. }) if backup.is_empty() || !log.manifests.insert(backup.clone()) => {
                        }
                        // It was about to be made when its own journal ended.
                        Some(Restored {
                            begun: Some(begun),
                            backup_entries,
                            ..
                        }) => log.replace(begun, backup_entries, None),
                        restored => log.add("backup", seq, restored.map_or(0, |one| one.backup_entries), None),
                    }
                }
                EntryKind::CopyGone => {
                    if let Some(CopyGone { copy, .. }) = home.journal().payload_json(&entry)? {
                        log.gone.insert(copy, seq);
                    }
                }
                _ => {}
            }
        }
        Ok(log)
    }

    /// What is known of a backup that was about to be made, now that it is.
    fn replace(&mut self, begun: u64, entries: u64, expires: Option<Timestamp>) {
        let name = format!("backup-{begun}");
        self.homes.retain(|one| one.name != name);
        self.homes.push(HomeCopy { name, entries, expires });
    }

    fn add(&mut self, what: &str, seq: u64, entries: u64, expires: Option<Timestamp>) {
        let name = format!("{what}-{seq}");
        self.homes.push(HomeCopy { name, entries, expires });
    }

    /// The copies of what a plan destroyed, as they stand at an instant; none before it destroyed anything.
    ///
    /// # Errors
    /// Where a period in `lexhold.yaml` is none.
    pub fn of(&self, settings: &Settings, home: &Home, plan: &Plan, now: Timestamp) -> anyhow::Result<Vec<Copy>> {
        let intents = || plan.items.iter().filter_map(|item| item.intent);
        let (Some(first_intent), Some(last_intent)) = (intents().min(), intents().max()) else {
            return Ok(Vec::new());
        };
        // While an intent is carried out its messages are still there, for whoever copies the home.
        let gone_by = plan.items.iter().filter_map(|item| item.done).max();
        let is_done = plan.row.rejected.is_some() || plan.remaining().next().is_none();
        let archive = match home.store_mode() {
            StoreMode::Archive if home.object_archive().is_some() => "archive segments, all versions of their objects",
            StoreMode::Archive => "archive segments",
            StoreMode::External => "the firm's archive",
        };
        let mut copies: Vec<Copy> = [archive, "evaluations", "catalog"]
            .map(|copy| Copy::of_home(copy, is_done))
            .into();
        if holds_older(home, plan)? {
            copies.push(Copy {
                copy: "temporary files of other processes at work".to_owned(),
                state: "pending",
                until: None,
                reason: Some("they began before all of the plan was gone".to_owned()),
            });
        }
        let receivers: BTreeSet<&str> = plan
            .items
            .iter()
            .filter(|item| item.intent.is_some())
            .filter_map(receiver)
            .collect();
        copies.extend(receivers.into_iter().map(|name| Copy {
            copy: format!("{RECEIVER}{name}"),
            state: "exempt",
            until: None,
            reason: Some("handed over, and received".to_owned()),
        }));
        for one in self.homes.iter().filter(|one| Some(one.entries) < gone_by) {
            // What was gone before the plan destroyed anything was no copy of it.
            if self.gone.get(&one.name).is_none_or(|gone| *gone > first_intent) {
                copies.push(self.outside(&one.name, one.expires, 0, now));
            }
        }
        let last = plan.items.iter().filter_map(|item| item.destroyed_at).max();
        let last = last.and_then(|at| Timestamp::from_microsecond(at).ok()).unwrap_or(now);
        for declared in &settings.disposal.copies {
            let until = declared.expires.as_deref();
            let until = until.map(|period| end_of(home, last, period)).transpose()?;
            let mut copy = self.outside(&declared.name, until, last_intent, now);
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

    /// A copy that somebody has to look for: that its end has passed is no proof that it is gone. What was said of it before `since`
    /// says nothing of what has come into it later.
    fn outside(&self, copy: &str, until: Option<Timestamp>, since: u64, now: Timestamp) -> Copy {
        let said = self.gone.get(copy).filter(|seq| **seq > since);
        let is_over = until.is_some_and(|until| until <= now);
        let (state, until, reason) = match said {
            Some(seq) => ("destroyed", None, Some(format!("so says journal entry {seq}"))),
            None => ("pending", until, is_over.then(|| UNCONFIRMED.to_owned())),
        };
        Copy {
            copy: copy.to_owned(),
            state,
            until,
            reason,
        }
    }
}

/// Whether another process has temporary files, a copy of the catalog perhaps, from before the plan was certified.
fn holds_older(home: &Home, plan: &Plan) -> anyhow::Result<bool> {
    let others = home::scratch_of_others(home)?;
    let certified = match plan.row.certified {
        Some(seq) if !others.is_empty() => home.journal().entries(seq)?.next().transpose()?.map(|entry| entry.at),
        _ => None,
    };
    let is_older = |path: &PathBuf| {
        let made = std::fs::metadata(path).and_then(|found| found.created());
        let made = made.ok().and_then(|at| Timestamp::try_from(at).ok());
        made.zip(certified).is_none_or(|(made, certified)| made <= certified)
    };
    Ok(others.iter().any(is_older))
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
    let homes = log.homes.iter().map(|one| one.name.clone());
    let known: Vec<String> = homes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_pending_until_somebody_says_that_it_is_gone() {
        let log = CopyLog {
            gone: HashMap::from([("tape".to_owned(), 7)]),
            ..CopyLog::default()
        };
        let now: Timestamp = Timestamp::UNIX_EPOCH;
        let (over, ahead) = (now - Span::new().hours(1), now + Span::new().hours(1));
        // The copy, when it is to end, since when what was said counts, its state, whether a reason is told.
        let cases = [
            ("disk", None, 0, "pending", false),
            ("disk", Some(ahead), 0, "pending", false),
            ("disk", Some(now), 0, "pending", true),
            ("disk", Some(over), 0, "pending", true),
            ("tape", Some(over), 6, "destroyed", true),
            ("tape", Some(ahead), 6, "destroyed", true),
            ("tape", None, 7, "pending", false),
        ];
        for (name, until, since, state, told) in cases {
            let copy = log.outside(name, until, since, now);
            assert_eq!(
                (copy.state, copy.reason.is_some()),
                (state, told),
                "{name} {until:?} {since}"
            );
        }
    }
}
