//! Schedules and days for tests, in as few words as they allow.

use jiff::Timestamp;
use lexhold_document::{Diagnostics, Document, Files, OpenError, load};
use lexhold_model::Digest;

use crate::{
    Action, Assigned, Basis, Ceiling, Clocks, Days, Dispose, DisposeAfter, EventKey, InForce, Length, Mode, MonthEnd,
    Outcome, Resolved, Retain, Schedule, Schedules, Standing, Term, Tier, Trigger, Triggers, Zone,
};

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// From the day sent; `event` for a period that awaits one.
pub fn term(period: &str) -> Term {
    let (length, from) = match period.split_once(' ') {
        Some((period, "event")) => (
            period,
            Trigger::Event(EventKey {
                event: "account_closed".into(),
                key: "accounts".into(),
            }),
        ),
        Some((period, "captured")) => (period, Trigger::Captured),
        Some((period, date)) => (
            period,
            Trigger::Date {
                date: date.parse().unwrap(),
            },
        ),
        None => (period, Trigger::Sent),
    };
    Term {
        length: match length {
            "permanent" => Length::Permanent,
            period => Length::Period(period.parse().unwrap()),
        },
        from,
        cutoff: None,
        roll: None,
        month_end: MonthEnd::LastDay,
    }
}

/// An organisation-wide schedule of a document of the same name, in UTC.
pub fn schedule(name: &str) -> Schedule {
    Schedule {
        id: format!("{name}.{name}"),
        at: (0, 0),
        document: name.into(),
        version: "1.0.0".into(),
        digest: Digest::of(name.as_bytes()),
        name: name.into(),
        title: name.into(),
        zone: Zone::named("UTC").unwrap(),
        mode: Mode::Compliance,
        basis: Some(Basis::Law),
        jurisdiction: Some("US".into()),
        cites: Vec::new(),
        tier: Tier::Organisation,
        label: None,
        scope: None,
        when: None,
        in_force: InForce::default(),
        effective_from: None,
        standing: Standing::InForce,
        superseded_from: None,
        retired: None,
        retain: None,
        extend: None,
        dispose: None,
        ceiling: None,
        spec: String::new(),
    }
}

impl Schedule {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn zone(self, zone: &str) -> Self {
        self.with(|schedule| schedule.zone = Zone::named(zone).unwrap())
    }

    pub(crate) fn tier(self, tier: Tier) -> Self {
        self.with(|schedule| schedule.tier = tier)
    }

    pub(crate) fn retain(self, period: &str) -> Self {
        self.with(|schedule| {
            schedule.retain = Some(Retain {
                term: term(period),
                accessible: None,
                expect_within: None,
            });
        })
    }

    /// Deletion after `retain` or a period.
    pub(crate) fn delete(self, after: &str) -> Self {
        let after = match after {
            "retain" => DisposeAfter::Retain,
            period => DisposeAfter::Term(term(period)),
        };
        self.with(|schedule| {
            schedule.dispose = Some(Dispose {
                after,
                action: Action::Destroy,
                to: None,
            });
        })
    }

    pub(crate) fn ceiling(self, period: &str) -> Self {
        self.with(|schedule| {
            schedule.ceiling = Some(Ceiling {
                term: term(period),
                within: None,
                yields_to: Vec::new(),
            });
        })
    }
}

pub fn sent(at: &str) -> Triggers {
    Triggers {
        sent: Some(instant(at)),
        captured: instant(at),
        suspect: false,
    }
}

pub fn all(schedules: &Schedules) -> Vec<Assigned> {
    let assigned = schedules.indexes().map(|schedule| Assigned {
        schedule,
        outcome: Outcome::Assigned,
        since: None,
    });
    assigned.collect()
}

/// The dates of a message to which all of these are assigned.
pub fn resolved(schedules: impl IntoIterator<Item = Schedule>, triggers: &Triggers) -> Resolved {
    let schedules = Schedules::new(schedules.into_iter().collect());
    schedules.resolve(&all(&schedules), &Clocks::of(&Days::of(schedules.zones(), triggers)))
}

/// Documents of these texts, and what reading them and `compile` have to say, as `code line «what is pointed at» message`.
pub fn compiled<T>(texts: &[&str], compile: impl FnOnce(&[&Document], &mut Diagnostics) -> T) -> (T, Vec<String>) {
    let mut files = Files::default();
    let named = texts.iter().enumerate();
    let roots: Vec<_> = named
        .map(|(at, text)| files.add(&format!("{at}.yaml"), (*text).to_owned()))
        .collect();
    let mut diagnostics = Diagnostics::new();
    let mut open = |_: &str| Err(OpenError::NotFound);
    let documents = load(&mut files, &roots, &mut open, &mut diagnostics);
    let documents: Vec<&Document> = documents.iter().collect();
    let found = compile(&documents, &mut diagnostics);
    let said = diagnostics.sorted(&files).into_iter().map(|diagnostic| {
        let place = diagnostic.place.unwrap();
        let line = files.position(place).0;
        format!(
            "{} {line} «{}» {}",
            diagnostic.code,
            files.slice(place),
            diagnostic.message
        )
    });
    (found, said.collect())
}
