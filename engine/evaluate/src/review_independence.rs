//! Nobody reviews himself or those above: who may not review which messages.
//!
//! # Regulation
//! FINRA Rule 3110(b)(6): nobody supervises their own activities, or those of somebody to whom they report.

use std::collections::BTreeSet;

use lexhold_model::Directory;

/// A message under review, as far as the question goes who may review it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub message_id: String,
    /// When it was sent, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// Sender, recipients, members and custodians: ids of the directory, and handles that it does not know.
    pub people: BTreeSet<String>,
}

/// Why somebody may not review a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Who took part: the reviewer, or somebody to whom the reviewer reports.
    pub participant: String,
    /// Whether that is somebody to whom the reviewer reports.
    pub superior: bool,
    /// The first message of those under review that they took part in.
    pub message_id: String,
}

/// Everything that stands between a reviewer and these messages, each participant once.
///
/// Who reports to whom is asked for the day of each message and for today: neither a promotion nor a move since then makes
/// anybody free to decide.
pub fn conflicts(directory: &Directory, reviewer: &str, messages: &[Subject], today: i64) -> Vec<Conflict> {
    let now = superiors(directory, reviewer, Some(today));
    let mut found: Vec<Conflict> = Vec::new();
    for message in messages {
        let then = superiors(directory, reviewer, message.sent_at);
        for person in &message.people {
            let superior = then.contains(person) || now.contains(person);
            if (person == reviewer || superior) && found.iter().all(|known| known.participant != *person) {
                found.push(Conflict {
                    participant: person.clone(),
                    superior: person != reviewer,
                    message_id: message.message_id.clone(),
                });
            }
        }
    }
    found.sort();
    found
}

/// Everybody above a person at an instant, by the directory's rows of that day; a circle ends where it closes.
fn superiors(directory: &Directory, person: &str, at: Option<i64>) -> BTreeSet<String> {
    let mut above = BTreeSet::new();
    let mut next = directory.standing(person, at);
    while let Some(supervisor) = next.and_then(|standing| standing.person.supervisor.clone()) {
        next = directory.standing(&supervisor, at);
        if !above.insert(supervisor) {
            break;
        }
    }
    above.remove(person);
    above
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::Date;
    use lexhold_model::{Person, Validity};

    use super::*;

    fn person(id: &str, supervisor: Option<&str>, from: Option<&str>, to: Option<&str>) -> Person {
        let day = |text: Option<&str>| text.map(|text| text.parse::<Date>().unwrap());
        Person {
            id: id.into(),
            supervisor: supervisor.map(Into::into),
            valid: Validity {
                from: day(from),
                to: day(to),
            },
            ..Person::default()
        }
    }

    /// Ria reported to Cal until 2024, then to Dan; both report to Eve.
    fn firm() -> Directory {
        let people = vec![
            person("ria", Some("cal"), None, Some("2024-12-31")),
            person("ria", Some("dan"), Some("2025-01-01"), None),
            person("cal", Some("eve"), None, None),
            person("dan", Some("eve"), None, None),
            person("eve", None, None, None),
            person("ann", Some("cal"), None, None),
        ];
        Directory::new(people, vec![], vec![], vec![]).unwrap()
    }

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn message(sent_at: Option<&str>, people: &[&str]) -> Subject {
        Subject {
            message_id: "m".into(),
            sent_at: sent_at.map(micros),
            people: people.iter().map(ToString::to_string).collect(),
        }
    }

    fn found(reviewer: &str, message: Subject) -> Vec<(String, bool)> {
        conflicts(&firm(), reviewer, &[message], micros("2026-01-01T00:00:00Z"))
            .into_iter()
            .map(|one| (one.participant, one.superior))
            .collect()
    }

    #[test]
    fn a8_neither_oneself_nor_those_above() {
        let day = Some("2025-06-01T00:00:00Z");
        let none: &[(&str, bool)] = &[];
        for (people, want) in [
            (&["ann", "bob"][..], none),
            (&["ria", "bob"], &[("ria", false)]),
            (&["dan"], &[("dan", true)]),
            (&["eve", "dan", "ria"], &[("dan", true), ("eve", true), ("ria", false)]),
            (&["cal"], none),
        ] {
            let want: Vec<_> = want
                .iter()
                .map(|(who, superior)| ((*who).to_owned(), *superior))
                .collect();
            assert_eq!(found("ria", message(day, people)), want, "{people:?}");
        }
        assert_eq!(
            found("eve", message(day, &["ria", "dan"])),
            [],
            "who is above may review"
        );
        assert_eq!(found("stranger", message(day, &["ria"])), []);
    }

    #[test]
    fn a8_reports_are_those_of_the_day_and_of_today() {
        let then = Some("2024-06-01T00:00:00Z");
        assert_eq!(found("ria", message(then, &["cal"])), [("cal".to_owned(), true)]);
        assert_eq!(
            found("ria", message(then, &["dan"])),
            [("dan".to_owned(), true)],
            "today she reports to him"
        );
        assert_eq!(found("ria", message(None, &["dan"])), [("dan".to_owned(), true)]);
    }

    #[test]
    fn a8_a_circle_of_supervisors_ends() {
        let people = vec![person("a", Some("b"), None, None), person("b", Some("a"), None, None)];
        let directory = Directory::new(people, vec![], vec![], vec![]).unwrap();
        let found = conflicts(&directory, "a", &[message(None, &["a", "b"])], 0);
        assert_eq!(
            found
                .iter()
                .map(|one| (one.participant.as_str(), one.superior))
                .collect::<Vec<_>>(),
            [("a", false), ("b", true)]
        );
    }
}
