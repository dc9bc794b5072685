//! The worked examples of the manual and the golden table, as data: documents, what is assigned, clocks and events in,
//! dates out. Each is resolved in several orders, from compiled documents and from stored ones, with words and without.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lexhold_document::Kind;
use serde::Deserialize;

use crate::testing::compiled;
use crate::{
    Assigned, Clocks, EventEntry, EventFacts, EventStep, Outcome, Register, Resolved, Schedule, Schedules, Standing,
    Triggers, compile, register, unite,
};

const FILES: [&str; 4] = [
    include_str!("../../../tests/cases/retention/outcome.yaml"),
    include_str!("../../../tests/cases/retention/periods.yaml"),
    include_str!("../../../tests/cases/retention/triggers.yaml"),
    include_str!("../../../tests/cases/retention/versions.yaml"),
];

#[derive(Deserialize)]
struct File {
    documents: Vec<String>,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    sent: Timestamp,
    activity: Option<Timestamp>,
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
    assigned: Vec<Given>,
    #[serde(default)]
    events: Vec<Entry>,
    expect: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Schedule(String),
    Version(Version),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    schedule: String,
    version: Option<String>,
    #[serde(default)]
    standing: Standing,
    outcome: Option<String>,
    since: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    event: Option<String>,
    key: Option<String>,
    date: Option<jiff::civil::Date>,
    corrects: Option<usize>,
    cancels: Option<usize>,
}

fn file(text: &str) -> File {
    let (file, said) = compiled(&[text], |documents, diagnostics| {
        assert!(documents.iter().all(|document| document.kind == Kind::Cases));
        documents.first().and_then(|document| document.typed(diagnostics))
    });
    assert_eq!(said, [""; 0]);
    file.unwrap()
}

/// Every schedule of these documents; each is compiled with the calendars alone, so that there can be many versions.
fn schedules(documents: &[String]) -> Vec<Schedule> {
    let (calendars, others): (Vec<&String>, Vec<&String>) =
        documents.iter().partition(|text| text.contains("\ncalendar: "));
    let compiled = others.iter().flat_map(|text| {
        let texts: Vec<&str> = calendars.iter().copied().chain([*text]).map(String::as_str).collect();
        let (schedules, said) = compiled(&texts, compile);
        assert!(said.iter().all(|said| said.starts_with("LX0332")), "{said:?}");
        schedules.iter().cloned().collect::<Vec<_>>()
    });
    compiled.collect()
}

impl Example {
    /// The schedules assigned, each with its standing, and how.
    fn assigned(&self, all: &[Schedule]) -> (Vec<Schedule>, Vec<Assigned>) {
        let mut chosen = Vec::new();
        let mut assigned = Vec::new();
        for given in &self.assigned {
            let (id, version) = match given {
                Given::Schedule(id) => (id, None),
                Given::Version(version) => (&version.schedule, Some(version)),
            };
            let wanted = version.and_then(|version| version.version.as_ref());
            let is_it = |one: &&Schedule| one.id == *id && wanted.is_none_or(|wanted| one.version == *wanted);
            let found: Vec<&Schedule> = all.iter().filter(is_it).collect();
            assert_eq!(found.len(), 1, "{}: `{id}`", self.name);
            assigned.push(Assigned {
                schedule: chosen.len(),
                outcome: match version.and_then(|version| version.outcome.as_deref()) {
                    None => Outcome::Assigned,
                    Some("by_pattern") => Outcome::ByPattern,
                    Some("indeterminate") => Outcome::Indeterminate {
                        reason: "because".into(),
                    },
                    Some(other) => panic!("{other}"),
                },
                since: version.and_then(|version| version.since),
            });
            chosen.push(Schedule {
                standing: version.map_or(Standing::InForce, |version| version.standing),
                ..found[0].clone()
            });
        }
        // One schedule that is assigned twice is one schedule.
        let mut once: Vec<Schedule> = Vec::new();
        for one in &mut assigned {
            let schedule = &chosen[one.schedule];
            let same = |other: &Schedule| (other.key(), other.standing) == (schedule.key(), schedule.standing);
            one.schedule = once.iter().position(same).unwrap_or_else(|| {
                once.push(schedule.clone());
                once.len() - 1
            });
        }
        (once, assigned)
    }

    fn register(&self) -> Register {
        let mut entries: Vec<EventEntry> = Vec::new();
        for (at, entry) in self.events.iter().enumerate() {
            let of = entry.corrects.or(entry.cancels).map(|of| entries[of - 1].clone());
            let (event, key) = match &of {
                Some(of) => (of.event.clone(), of.key.clone()),
                None => (entry.event.clone().unwrap(), entry.key.clone().unwrap()),
            };
            let step = match (of, entry.cancels) {
                (None, _) => EventStep::Recorded(entry.date.unwrap()),
                (Some(of), Some(_)) => EventStep::Cancelled { of: of.id },
                (Some(of), None) => EventStep::Corrected {
                    of: of.id,
                    to: entry.date.unwrap(),
                },
            };
            entries.push(EventEntry {
                id: (at + 1).to_string(),
                event,
                key,
                step,
            });
        }
        register(entries)
    }

    fn facts(&self, schedules: &[Schedule]) -> EventFacts {
        let none = Vec::new();
        let asked: BTreeSet<_> = schedules.iter().flat_map(Schedule::asked_events).collect();
        let keyed = asked
            .into_iter()
            .map(|event| (event, self.keys.get(&event.key).unwrap_or(&none).as_slice()));
        self.register().facts(keyed)
    }

    fn resolve(&self, schedules: Vec<Schedule>, assigned: &[Assigned]) -> Resolved {
        let facts = self.facts(&schedules);
        let schedules = Schedules::new(schedules);
        let days = schedules.days(&Triggers {
            sent: Some(self.sent),
            captured: self.sent,
            suspect: false,
        });
        let clocks = Clocks {
            days: &days,
            activity: self.activity,
            register: &facts,
        };
        let told = schedules.resolve(assigned, &clocks);
        assert_eq!(
            schedules.resolve_dates(assigned, &clocks),
            untold(&told),
            "{}",
            self.name
        );
        assert_eq!(unite(&[told.clone(), told.clone()]), told, "{}", self.name);
        told
    }

    fn check(&self, resolved: &Resolved) {
        for (what, expected) in &self.expect {
            let found: serde_json::Value = match what.as_str() {
                "retain_until" => resolved.retain_until.limit.day_text().into(),
                "dispose_at" => resolved.dispose_at.limit.day_text().into(),
                "must_dispose_by" => resolved.must_dispose_by.limit.day_text().into(),
                "accessible_until" => resolved.accessible_until.limit.day_text().into(),
                "eligible_from" => resolved.eligible_from.limit.instant_text().into(),
                "reason" => resolved.eligible_from.limit.reason().map(crate::Reason::as_str).into(),
                "action" => serde_json::to_value(resolved.action).unwrap(),
                "conflicts" => resolved.conflicts.len().into(),
                "says" => {
                    let all: Vec<String> = resolved.duties.iter().map(|duty| duty.explain(None)).collect();
                    let words = expected.as_str().unwrap();
                    assert!(all.iter().any(|line| line.contains(words)), "{}: {all:?}", self.name);
                    continue;
                }
                other => panic!("{other}"),
            };
            assert_eq!(found, *expected, "{}: {what}", self.name);
        }
    }
}

fn untold(resolved: &Resolved) -> Resolved {
    let mut untold = resolved.clone();
    untold.duties.iter_mut().for_each(|duty| duty.steps.clear());
    untold
}

#[test]
fn every_example_comes_out_as_written() {
    let mut n = 0;
    for text in FILES {
        let file = file(text);
        let all = schedules(&file.documents);
        for example in &file.examples {
            let (schedules, assigned) = example.assigned(&all);
            let first = example.resolve(schedules.clone(), &assigned);
            example.check(&first);
            n += 1;
        }
    }
    assert!(n >= 60, "{n}");
}

#[test]
fn the_order_of_files_schedules_and_assignments_changes_nothing() {
    for text in FILES {
        let file = file(text);
        let all = schedules(&file.documents);
        let mut turned = file.documents.clone();
        turned.reverse();
        let turned = schedules(&turned);
        for example in &file.examples {
            let (mine, assigned) = example.assigned(&all);
            let first = example.resolve(mine.clone(), &assigned);
            let (from_turned, again) = example.assigned(&turned);
            assert_eq!(example.resolve(from_turned, &again), first, "{}", example.name);
            for by in 0..mine.len() {
                let mut moved = mine.clone();
                moved.rotate_left(by);
                moved.reverse();
                let position = |at: usize| {
                    let turned = (at + mine.len() - by) % mine.len();
                    mine.len() - 1 - turned
                };
                let mut reassigned: Vec<Assigned> = assigned
                    .iter()
                    .map(|one| Assigned {
                        schedule: position(one.schedule),
                        ..one.clone()
                    })
                    .collect();
                reassigned.reverse();
                assert_eq!(example.resolve(moved, &reassigned), first, "{}", example.name);
            }
        }
    }
}

#[test]
fn stored_schedules_give_the_same_dates() {
    for text in FILES {
        let file = file(text);
        let all = schedules(&file.documents);
        for example in &file.examples {
            let (mine, assigned) = example.assigned(&all);
            let first = example.resolve(mine.clone(), &assigned);
            let stored = mine.into_iter().map(|schedule| Schedule {
                standing: schedule.standing,
                ..Schedule::from_spec(&schedule.spec).unwrap()
            });
            assert_eq!(example.resolve(stored.collect(), &assigned), first, "{}", example.name);
        }
    }
}
