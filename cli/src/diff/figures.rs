//! The figures of a comparison: how many messages fall when, before and after.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_catalog::Catalog;
use lexhold_retention::{Circumstances, Decided, DutyKind, Limit, Mode, Resolved, State, state};
use serde::Serialize;

use crate::dates::MessageDates;
use crate::ledger::Ledger;

/// How far a date moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    Same,
    /// By so many days; none where one of the two has no day.
    Earlier(Option<u64>),
    Later(Option<u64>),
}

/// How many messages have a date earlier or later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// How many have it earlier.
    pub earlier: u64,
    /// By how many days at most, among those that have a day before and after.
    pub earlier_days_max: u64,
    /// How many have it earlier than never.
    pub earlier_from_never: u64,
    /// How many have it later.
    pub later: u64,
    /// By how many days at most.
    pub later_days_max: u64,
    /// How many have none any more.
    pub later_to_never: u64,
}

/// What becomes of the messages that one schedule decides on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScheduleFigures {
    /// Duties to keep.
    pub retain_until: Moved,
    /// The first instant at which they may go.
    pub eligible_from: Moved,
    /// Messages that are eligible now and were not.
    pub newly_eligible: u64,
}

/// All figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// How many messages were compared, every version of each.
    pub messages: u64,
    /// The last day on which a duty protects them.
    pub retain_until: Moved,
    /// The chosen day of disposal.
    pub dispose_at: Moved,
    /// The first instant at which they may go.
    pub eligible_from: Moved,
    /// Messages that are eligible after and not before. Holds are left out of account: they keep whatever they cover.
    pub newly_eligible: u64,
    /// Messages that are not eligible any more.
    pub no_longer_eligible: u64,
    /// Messages that no schedule governs any more.
    pub newly_ungoverned: u64,
    /// Messages that no schedule governed.
    pub newly_governed: u64,
    /// Messages with a conflict between a ceiling and a duty that they did not have.
    pub conflicts_gained: u64,
    /// Messages that have such a conflict no more.
    pub conflicts_lost: u64,
    /// Messages whose duties under an operational document fall earlier.
    pub operational_earlier: u64,
    /// Messages that a document's own new version would let go earlier, and that an earlier version goes on keeping, by
    /// document.
    pub kept_by_earlier_versions: BTreeMap<String, u64>,
    /// By the schedule that decides: the one before where a date falls earlier, the one after where it falls later.
    pub by_schedule: BTreeMap<String, ScheduleFigures>,
    /// The same by document.
    pub by_document: BTreeMap<String, ScheduleFigures>,
}

/// What changes for one message.
#[derive(Clone, Debug)]
pub struct Change {
    retain_until: (Shift, Option<Decider>),
    dispose_at: Shift,
    eligible_from: (Shift, Option<Decider>),
    eligible: [bool; 2],
    governed: [bool; 2],
    conflict: [bool; 2],
    operational_earlier: bool,
    kept_by_earlier: Vec<String>,
}

/// The schedule that a change is counted under.
#[derive(Clone, Debug)]
struct Decider {
    schedule: String,
    document: String,
}

type Side<'a> = (&'a Ledger, &'a MessageDates);

impl Change {
    /// What changes from one ledger to another, judged at an instant.
    pub fn between(old: Side<'_>, new: Side<'_>, at: Timestamp) -> Self {
        let [before, after] = [&old.1.resolved, &new.1.resolved];
        let retain = shift(
            before.retain_until.limit,
            after.retain_until.limit,
            Nothing::KeepsNothing,
        );
        let eligible = shift(
            before.eligible_from.limit,
            after.eligible_from.limit,
            Nothing::FreesNothing,
        );
        let both = |of: fn(&Resolved) -> bool| [of(before), of(after)];
        let is_eligible = |side: Side<'_>| {
            let circumstances = Circumstances {
                indeterminate: side.1.is_doubtful(),
                ..Circumstances::default()
            };
            state(&side.1.resolved, at, &circumstances).0 == State::Eligible
        };
        Self {
            retain_until: (retain, decider(retain, old, new, |resolved| &resolved.retain_until)),
            dispose_at: shift(before.dispose_at.limit, after.dispose_at.limit, Nothing::FreesNothing),
            eligible_from: (
                eligible,
                decider(eligible, old, new, |resolved| &resolved.eligible_from),
            ),
            eligible: [is_eligible(old), is_eligible(new)],
            governed: both(|resolved| resolved.parts.iter().all(|part| !part.duties.is_empty())),
            conflict: both(|resolved| !resolved.conflicts.is_empty()),
            operational_earlier: operational_earlier(old, new),
            kept_by_earlier: kept_by_earlier(new),
        }
    }
}

/// What it means that there is no date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nothing {
    /// No duty: earlier than any.
    KeepsNothing,
    /// No deletion: later than any.
    FreesNothing,
}

fn shift(old: Limit, new: Limit, nothing: Nothing) -> Shift {
    let place = |limit: Limit| match limit {
        Limit::None if nothing == Nothing::KeepsNothing => Timestamp::MIN,
        Limit::None | Limit::Infinity { .. } => Timestamp::MAX,
        Limit::Through { until, .. } => until,
    };
    let days = match (old, new) {
        (Limit::Through { last: one, .. }, Limit::Through { last: other, .. }) => {
            let days = one.until(other).map_or(0, |span| span.get_days());
            Some(u64::from(days.unsigned_abs()))
        }
        _ => None,
    };
    match place(new).cmp(&place(old)) {
        std::cmp::Ordering::Less => Shift::Earlier(days),
        std::cmp::Ordering::Equal => Shift::Same,
        std::cmp::Ordering::Greater => Shift::Later(days),
    }
}

/// The schedule whose duty decided, on the side that has the later date.
fn decider(shift: Shift, old: Side<'_>, new: Side<'_>, of: fn(&Resolved) -> &Decided) -> Option<Decider> {
    let (ledger, dates) = match shift {
        Shift::Same => return None,
        Shift::Earlier(_) => old,
        Shift::Later(_) => new,
    };
    let resolved = &dates.resolved;
    let by = of(resolved).by.first().or_else(|| resolved.retain_until.by.first());
    let duty = resolved.duties.get(*by?)?;
    let schedule = ledger.schedules().get(ledger.position(duty.schedule)?)?;
    Some(Decider {
        schedule: format!("{} {}", schedule.id, schedule.version),
        document: schedule.document.clone(),
    })
}

/// The latest duty to keep under each document, with the version it belongs to.
fn latest_by_document<'a>((ledger, dates): Side<'a>, mut each: impl FnMut(&'a lexhold_retention::Schedule, Limit)) {
    for duty in dates
        .resolved
        .duties
        .iter()
        .filter(|duty| duty.kind == DutyKind::Retain)
    {
        let position = ledger.position(duty.schedule);
        if let Some(schedule) = position.and_then(|at| ledger.schedules().get(at)) {
            each(schedule, duty.ends);
        }
    }
}

fn operational_earlier(old: Side<'_>, new: Side<'_>) -> bool {
    let of = |side: Side<'_>| {
        let mut latest: BTreeMap<String, Limit> = BTreeMap::new();
        latest_by_document(side, |schedule, ends| {
            if schedule.mode == Mode::Operational {
                let kept = latest.entry(schedule.document.clone()).or_insert(ends);
                *kept = later(*kept, ends);
            }
        });
        latest
    };
    let after = of(new);
    of(old).iter().any(|(document, before)| {
        let now = after.get(document).copied().unwrap_or(Limit::None);
        matches!(shift(*before, now, Nothing::KeepsNothing), Shift::Earlier(_))
    })
}

fn later(one: Limit, other: Limit) -> Limit {
    match shift(one, other, Nothing::KeepsNothing) {
        Shift::Later(_) => other,
        _ => one,
    }
}

/// The documents of whose versions one that is superseded keeps the message longer than the one in force.
fn kept_by_earlier(side: Side<'_>) -> Vec<String> {
    let mut latest: BTreeMap<&str, [Limit; 2]> = BTreeMap::new();
    latest_by_document(side, |schedule, ends| {
        let in_force = usize::from(schedule.standing == lexhold_retention::Standing::InForce);
        let kept = latest.entry(&schedule.document).or_insert([Limit::None; 2]);
        kept[in_force] = later(kept[in_force], ends);
    });
    let longer = latest.into_iter().filter(|(_, [earlier, in_force])| {
        matches!(shift(*in_force, *earlier, Nothing::KeepsNothing), Shift::Later(_))
    });
    longer.map(|(document, _)| document.to_owned()).collect()
}

impl Moved {
    fn add(&mut self, shift: Shift) {
        match shift {
            Shift::Same => {}
            Shift::Earlier(days) => {
                self.earlier += 1;
                self.earlier_from_never += u64::from(days.is_none());
                self.earlier_days_max = self.earlier_days_max.max(days.unwrap_or(0));
            }
            Shift::Later(days) => {
                self.later += 1;
                self.later_to_never += u64::from(days.is_none());
                self.later_days_max = self.later_days_max.max(days.unwrap_or(0));
            }
        }
    }
}

impl Figures {
    /// Nothing changes.
    pub fn unchanged(catalog: &Catalog) -> anyhow::Result<Self> {
        Ok(Self {
            messages: catalog.status()?.n_messages,
            ..Self::default()
        })
    }

    /// Adds one message.
    pub fn add(&mut self, change: &Change) {
        let gained = |[before, after]: [bool; 2]| u64::from(!before && after);
        let lost = |[before, after]: [bool; 2]| u64::from(before && !after);
        self.messages += 1;
        self.retain_until.add(change.retain_until.0);
        self.dispose_at.add(change.dispose_at);
        self.eligible_from.add(change.eligible_from.0);
        self.newly_eligible += gained(change.eligible);
        self.no_longer_eligible += lost(change.eligible);
        self.newly_governed += gained(change.governed);
        self.newly_ungoverned += lost(change.governed);
        self.conflicts_gained += gained(change.conflict);
        self.conflicts_lost += lost(change.conflict);
        self.operational_earlier += u64::from(change.operational_earlier);
        for document in &change.kept_by_earlier {
            *self.kept_by_earlier_versions.entry(document.clone()).or_default() += 1;
        }
        self.add_by_decider(&change.retain_until, |figures| &mut figures.retain_until);
        self.add_by_decider(&change.eligible_from, |figures| &mut figures.eligible_from);
        if let (1, Some(decider)) = (gained(change.eligible), &change.eligible_from.1) {
            self.of(decider, |figures| figures.newly_eligible += 1);
        }
    }

    fn add_by_decider(
        &mut self,
        (shift, decider): &(Shift, Option<Decider>),
        of: fn(&mut ScheduleFigures) -> &mut Moved,
    ) {
        if let Some(decider) = decider {
            self.of(decider, |figures| of(figures).add(*shift));
        }
    }

    fn of(&mut self, decider: &Decider, mut add: impl FnMut(&mut ScheduleFigures)) {
        add(self.by_schedule.entry(decider.schedule.clone()).or_default());
        add(self.by_document.entry(decider.document.clone()).or_default());
    }

    /// Whether nothing changes.
    pub fn is_unchanged(&self) -> bool {
        let kept = (self.messages, self.kept_by_earlier_versions.clone());
        *self
            == Self {
                messages: kept.0,
                kept_by_earlier_versions: kept.1,
                ..Self::default()
            }
    }
}
