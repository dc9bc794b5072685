//! What a condition can ask about one message: every attribute of the schema, without the body.

use std::collections::BTreeSet;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use lexhold_model::Key;
use serde::{Deserialize, Serialize};

use crate::firm::Firm;

/// Everything of a message that conditions can read, apart from the instant it was sent.
///
/// Written as canonical JSON into the catalog, so that a hold placed years later is evaluated without a body.
/// The instant stands in the message's own row: with it in here, no two messages would share their facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Accounts that it names.
    pub accounts: BTreeSet<String>,
    /// The files that came with it.
    pub attachments: AttachmentFacts,
    /// False only where the source says that it is not about business.
    pub business: bool,
    /// Where it was written.
    pub channel: ChannelFacts,
    /// What kind of place it was written in.
    pub conversation_kind: String,
    /// Whose mailbox or export it came from: ids in the directory, else handles. Events go by them, conditions do not
    /// see them apart from the other participants.
    pub custodians: BTreeSet<String>,
    /// `outbound`, `inbound` or `internal`.
    pub direction: Direction,
    /// At least one participant is outside the firm.
    pub external: bool,
    /// What the firm declares about messages.
    pub firm: Firm,
    /// Labels given by people and by the source. Conditions see all labels alike; schedules and deletion go by these.
    pub given_labels: BTreeSet<String>,
    /// The participants inside the firm, those with equal facts together.
    pub insiders: Vec<Insiders>,
    /// What kind of entry it is.
    pub kind: String,
    /// Labels given by people, by the source and by pattern rules.
    pub labels: BTreeSet<String>,
    /// The sender, recipients and custodians.
    pub participants: Audience,
    /// Where it comes from: `slack`, `email`, ….
    pub platform: String,
    /// To, cc, bcc and members.
    pub recipients: Audience,
    /// Who wrote it.
    pub sender: Sender,
    /// The zone of `sender_local`, by its IANA name.
    pub zone: String,
}

/// Which way a message went across the firm's border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Someone inside wrote to anyone outside.
    Outbound,
    /// The sender is outside.
    Inbound,
    /// Neither.
    #[default]
    Internal,
}

impl Direction {
    /// The word in the schema and in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Internal => "internal",
        }
    }
}

/// Where a message was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelFacts {
    /// The directory lists it as approved.
    pub approved: bool,
    /// The channel's name, or the platform's where the message names no channel.
    pub id: String,
    /// The directory lists it.
    pub listed: bool,
}

/// What the directory says of a person on the day of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonFacts {
    /// The directory's entry had ended.
    pub departed: bool,
    /// Mail domains, in lower case.
    pub domains: BTreeSet<String>,
    /// Nobody in the directory has the handle.
    pub external: bool,
    /// What the firm declares about people.
    pub firm: Firm,
    /// Groups, those that contain them included.
    pub groups: BTreeSet<String>,
    /// The jurisdiction, where one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// Licences and registrations.
    pub licences: BTreeSet<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// What is known about them.
    pub facts: PersonFacts,
    /// The directory's id, or the handle of someone outside.
    pub id: String,
}

/// Participants inside the firm who differ in nothing but their id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Insiders {
    /// What is known about each of them.
    pub facts: PersonFacts,
    /// Their ids in the directory; never empty.
    pub ids: BTreeSet<String>,
}

/// Some of the people of a message, taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Every mail domain at least one of them has.
    pub domains: BTreeSet<String>,
    /// At least one of them is outside.
    pub external: bool,
    /// Every group at least one of them is in.
    pub groups: BTreeSet<String>,
    /// Their ids.
    pub people: BTreeSet<String>,
}

impl Audience {
    /// How many different people they are.
    pub fn count(&self) -> i64 {
        i64::try_from(self.people.len()).unwrap_or(i64::MAX)
    }
}

/// The files that came with a message, without their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentFacts {
    /// Their sizes added up, as far as they are known.
    pub bytes: i64,
    /// How many.
    pub count: i64,
    /// The ends of their names, in lower case.
    pub extensions: BTreeSet<String>,
    /// Their media types, in lower case.
    pub media_types: BTreeSet<String>,
}

/// The time a message was sent, on the clock of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: i64,
    /// `monday` to `sunday`.
    pub weekday: &'static str,
    /// Monday to Friday.
    pub business_day: bool,
}

impl LocalTime {
    /// The local time of an instant in microseconds; `None` outside the calendar.
    pub fn of(sent_at_us: i64, zone: &TimeZone) -> Option<Self> {
        let sent = zone.to_datetime(jiff::Timestamp::from_microsecond(sent_at_us).ok()?);
        let weekday = sent.weekday();
        Some(Self {
            hour: i64::from(sent.hour()),
            weekday: weekday_name(weekday),
            business_day: !matches!(weekday, Weekday::Saturday | Weekday::Sunday),
        })
    }
}

fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

/// One row of the catalog's `facts` table: facts with their name and their canonical JSON.
#[derive(Clone, Debug)]
pub struct FactsRow {
    /// The key of the JSON: equal facts, equal key.
    pub id: Key,
    /// Canonical JSON of the facts.
    pub json: String,
    /// The facts themselves.
    pub facts: Facts,
    pub(crate) zone: TimeZone,
}

impl FactsRow {
    /// The row of these facts.
    ///
    /// # Errors
    /// Says so when `facts.zone` names no zone of the embedded database.
    pub fn new(facts: Facts) -> Result<Self, FactsError> {
        let zone = TimeZone::get(&facts.zone).map_err(|_| FactsError(format!("`{}` is no time zone", facts.zone)))?;
        Ok(Self::in_zone(facts, zone))
    }

    /// The row that the catalog stored.
    ///
    /// # Errors
    /// Says what is wrong when the text is no facts row of this version.
    pub fn from_json(json: &str) -> Result<Self, FactsError> {
        let facts = serde_json::from_str(json).map_err(|error| FactsError(format!("not a facts row: {error}")))?;
        Self::new(facts)
    }

    /// The key of facts as canonical JSON.
    pub fn key_of(json: &str) -> Key {
        Key::of("lexhold 2026 facts row", [json.as_bytes()])
    }

    /// The row of other facts in the same zone.
    #[must_use]
    pub fn with(&self, facts: Facts) -> Self {
        let zone = self.facts.zone.clone();
        Self::in_zone(Facts { zone, ..facts }, self.zone.clone())
    }

    pub(crate) fn in_zone(facts: Facts, zone: TimeZone) -> Self {
        // INVARIANT: fields stand in the order of their names, sets and maps are sorted, so this text is the only
        // one for these facts: what RFC 8785 asks, except that whole numbers stay exact beyond 2^53.
        #[expect(
            clippy::expect_used,
            reason = "the type has string keys, whole numbers and text only"
        )]
        let json = serde_json::to_string(&facts).expect("facts are plain JSON");
        Self {
            id: Self::key_of(&json),
            json,
            facts,
            zone,
        }
    }
}

/// A stored facts row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactsError(String);

impl std::fmt::Display for FactsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FactsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firm::FirmValue;

    fn facts() -> Facts {
        Facts {
            platform: "slack".into(),
            zone: "America/New_York".into(),
            labels: ["b".to_owned(), "a".to_owned()].into(),
            firm: [
                ("desk".to_owned(), FirmValue::Text("rates".into())),
                ("tier".to_owned(), FirmValue::Long(2)),
            ]
            .into(),
            ..Facts::default()
        }
    }

    #[test]
    fn a_row_reads_back_from_its_json() {
        let row = FactsRow::new(facts()).unwrap();
        let back = FactsRow::from_json(&row.json).unwrap();
        assert_eq!((back.id, &back.json, &back.facts), (row.id, &row.json, &row.facts));
    }

    #[test]
    fn the_json_is_canonical_and_its_numbers_exact() {
        let mut facts = facts();
        facts.sender.facts.groups = ["z\u{1}\"\n\u{7f}é".to_owned()].into();
        facts.insiders = vec![Insiders {
            ids: ["ann".to_owned()].into(),
            ..Insiders::default()
        }];
        let row = FactsRow::new(facts.clone()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&row.json).unwrap();
        assert_eq!(row.json, lexhold_model::canonical_json(&value));
        facts.attachments.bytes = i64::MAX;
        let row = FactsRow::new(facts.clone()).unwrap();
        assert_eq!(FactsRow::from_json(&row.json).unwrap().facts, facts);
    }

    #[test]
    fn one_changed_attribute_changes_the_key() {
        let row = FactsRow::new(facts()).unwrap();
        let other = FactsRow::new(Facts {
            external: true,
            ..facts()
        })
        .unwrap();
        assert_ne!(row.id, other.id);
    }

    #[test]
    fn a_row_that_is_none_says_why() {
        assert!(
            FactsRow::from_json("{}")
                .unwrap_err()
                .to_string()
                .contains("not a facts row")
        );
        let nowhere = Facts {
            zone: "Mars/Olympus".into(),
            ..facts()
        };
        assert_eq!(
            FactsRow::new(nowhere).unwrap_err().to_string(),
            "`Mars/Olympus` is no time zone"
        );
    }

    #[test]
    fn local_time_is_that_of_the_zone() {
        let zone = TimeZone::get("America/New_York").unwrap();
        // 2019-01-01T04:30Z, a Tuesday, is the evening of Monday in New York.
        let local = LocalTime::of(1_546_317_000_000_000, &zone);
        assert_eq!(
            local,
            Some(LocalTime {
                hour: 23,
                weekday: "monday",
                business_day: true
            })
        );
        assert_eq!(LocalTime::of(i64::MAX, &zone), None);
    }
}
