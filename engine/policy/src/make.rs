//! Facts of messages, as they stand in a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use lexhold_model::{Directory, Row};
use rustc_hash::FxHashMap;

use crate::facts::{
    AttachmentFacts, Audience, ChannelFacts, Direction, Facts, FactsRow, Insiders, PersonFacts, Sender,
};
use crate::firm::Firm;
use crate::people::{Known, NamedBy, People, ids};
use crate::schema::FirmTypes;

/// JSON of the rows remembered before the maker starts anew; a row takes a few times as much, in each thread.
const KEPT_BYTES: usize = 2 << 20;

/// Makes the facts of messages, remembering people and whole rows: one for each thread.
pub struct FactsMaker<'d> {
    directory: &'d Directory,
    firm: &'d FirmTypes,
    zone: TimeZone,
    zone_name: String,
    people: People<'d>,
    rows: FxHashMap<Vec<u8>, Arc<FactsRow>>,
    bytes: usize,
    cast: Cast,
    key: Vec<u8>,
}

/// The people of one message, by number.
#[derive(Default)]
struct Cast {
    sender: Vec<u32>,
    recipients: Vec<u32>,
    custodians: Vec<u32>,
}

impl<'d> FactsMaker<'d> {
    /// A maker for one directory, one zone of `sender_local` and the firm's own attributes.
    ///
    /// # Errors
    /// Says so when the zone has no name of the tz database.
    pub fn new(directory: &'d Directory, zone: &TimeZone, firm: &'d FirmTypes) -> Result<Self, crate::FactsError> {
        let named = FactsRow::new(Facts {
            zone: zone.iana_name().unwrap_or("").to_owned(),
            ..Facts::default()
        })?;
        Ok(Self {
            directory,
            firm,
            zone: named.zone,
            zone_name: named.facts.zone,
            people: People::new(directory, firm),
            rows: FxHashMap::default(),
            bytes: 0,
            cast: Cast::default(),
            key: Vec::new(),
        })
    }

    /// The facts of a message; `labels` are those of the pattern rules that hit, its own are added.
    ///
    /// Equal facts give the same row, mostly without being made again.
    pub fn row(&mut self, message: Row<'_>, labels: &BTreeSet<String>) -> Arc<FactsRow> {
        if self.people.forget_when_full() || self.bytes >= KEPT_BYTES {
            self.rows.clear();
            self.bytes = 0;
        }
        self.find_people(message);
        self.write_key(message, labels);
        if let Some(row) = self.rows.get(self.key.as_slice()) {
            return row.clone();
        }
        let row = Arc::new(FactsRow::in_zone(self.facts(message, labels), self.zone.clone()));
        self.bytes += row.json.len();
        self.rows.insert(self.key.clone(), row.clone());
        row
    }

    fn find_people(&mut self, message: Row<'_>) {
        let (platform, at) = (message.platform(), message.sent_at());
        let Cast {
            sender,
            recipients,
            custodians,
        } = &mut self.cast;
        [&mut *sender, &mut *recipients, &mut *custodians]
            .into_iter()
            .for_each(Vec::clear);
        self.people
            .numbers(platform, at, NamedBy::Handle, [message.sender()].into_iter(), sender);
        let handles = message.recipients().map(|(handle, _)| handle);
        self.people.numbers(platform, at, NamedBy::Handle, handles, recipients);
        if message.custodians().len() > 0 {
            self.people
                .numbers(platform, at, NamedBy::HandleOrId, message.custodians(), custodians);
        }
    }

    /// Everything that the facts are made of, so that equal keys mean equal facts.
    fn write_key(&mut self, message: Row<'_>, labels: &BTreeSet<String>) {
        let key = &mut self.key;
        key.clear();
        for people in [&self.cast.sender, &self.cast.recipients, &self.cast.custodians] {
            key.extend_from_slice(&people.len().to_le_bytes());
            people
                .iter()
                .for_each(|number| key.extend_from_slice(&number.to_le_bytes()));
        }
        let word = |key: &mut Vec<u8>, text: &str| {
            key.extend_from_slice(&text.len().to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        let channel = message.channel();
        word(key, message.platform());
        word(key, message.kind().as_str());
        word(key, message.conversation_kind().as_str());
        key.extend([u8::from(channel.is_some()), u8::from(message.business() != Some(false))]);
        word(key, channel.unwrap_or_default());
        key.extend_from_slice(&message.accounts().len().to_le_bytes());
        message.accounts().for_each(|account| word(key, account));
        key.extend_from_slice(&message.labels().len().to_le_bytes());
        message.labels().for_each(|label| word(key, label));
        key.extend_from_slice(&labels.len().to_le_bytes());
        labels.iter().for_each(|label| word(key, label));
        for attachment in message.attachments() {
            key.push(1);
            word(key, attachment.name.as_deref().unwrap_or_default());
            word(key, attachment.media_type.as_deref().unwrap_or_default());
            key.extend_from_slice(&attachment.bytes.unwrap_or_default().to_le_bytes());
        }
        key.push(0);
        for (name, value) in message
            .metadata()
            .filter(|(name, _)| self.firm.message.contains_key(*name))
        {
            word(key, name);
            word(key, value);
        }
    }

    fn facts(&self, message: Row<'_>, labels: &BTreeSet<String>) -> Facts {
        let known = |numbers: &'_ [u32]| {
            numbers
                .iter()
                .map(|number| self.people.get(*number))
                .collect::<Vec<_>>()
        };
        let (senders, recipients) = (known(&self.cast.sender), known(&self.cast.recipients));
        let custodians = known(&self.cast.custodians);
        let everybody: Vec<&Known> = senders
            .iter()
            .chain(&recipients)
            .copied()
            .chain(custodians.iter().copied())
            .collect();
        let sender = senders.first().map(|known| Sender {
            id: known.id.clone(),
            facts: known.facts.clone(),
        });
        let sender = sender.unwrap_or_default();
        let participants = audience(&everybody);
        let given_labels: BTreeSet<String> = message.labels().map(str::to_owned).collect();
        Facts {
            platform: message.platform().to_owned(),
            kind: message.kind().to_string(),
            conversation_kind: message.conversation_kind().to_string(),
            direction: direction(&sender.facts, &recipients),
            channel: self.channel(message),
            sender,
            insiders: insiders(&everybody),
            external: participants.external,
            business: message.business() != Some(false),
            accounts: message.accounts().map(str::to_owned).collect(),
            custodians: ids(custodians.iter().copied()),
            labels: given_labels.union(labels).cloned().collect(),
            given_labels,
            recipients: audience(&recipients),
            participants,
            attachments: attachments(message),
            zone: self.zone_name.clone(),
            firm: self.declared(message),
        }
    }

    fn channel(&self, message: Row<'_>) -> ChannelFacts {
        let id = message.channel().unwrap_or(message.platform());
        let listed = self.directory.channel(message.platform(), id);
        ChannelFacts {
            id: id.to_owned(),
            listed: listed.is_some(),
            approved: listed.is_some_and(|channel| channel.approved),
        }
    }

    fn declared(&self, message: Row<'_>) -> Firm {
        let values = message.metadata().filter_map(|(name, value)| {
            let value = self.firm.message.get(name)?.of_text(value)?;
            Some((name.to_owned(), value))
        });
        values.collect()
    }
}

fn direction(sender: &PersonFacts, recipients: &[&Known]) -> Direction {
    if sender.external {
        Direction::Inbound
    } else if recipients.iter().any(|known| known.facts.external) {
        Direction::Outbound
    } else {
        Direction::Internal
    }
}

fn audience(people: &[&Known]) -> Audience {
    let all =
        |of: fn(&PersonFacts) -> &BTreeSet<String>| people.iter().flat_map(move |known| of(&known.facts)).cloned();
    Audience {
        people: ids(people.iter().copied()),
        groups: all(|facts| &facts.groups).collect(),
        domains: all(|facts| &facts.domains).collect(),
        external: people.iter().any(|known| known.facts.external),
    }
}

fn insiders(people: &[&Known]) -> Vec<Insiders> {
    let mut alike: BTreeMap<&PersonFacts, BTreeSet<String>> = BTreeMap::new();
    for known in people.iter().filter(|known| !known.facts.external) {
        alike.entry(&known.facts).or_default().insert(known.id.clone());
    }
    alike
        .into_iter()
        .map(|(facts, ids)| Insiders {
            ids,
            facts: facts.clone(),
        })
        .collect()
}

fn attachments(message: Row<'_>) -> AttachmentFacts {
    let mut facts = AttachmentFacts::default();
    for attachment in message.attachments() {
        facts.count += 1;
        facts.bytes = facts
            .bytes
            .saturating_add_unsigned(attachment.bytes.unwrap_or_default());
        facts
            .media_types
            .extend(attachment.media_type.map(|media_type| media_type.to_lowercase()));
        facts.extensions.extend(attachment.name.as_deref().and_then(extension));
    }
    facts
}

/// The end of a file's name, if it is short and plain enough to be one: names themselves are part of the body.
fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = (1..=10).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!stem.is_empty() && plain).then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use lexhold_model::{
        Attachment, Channel, Group, Message, MessageBatch, MessageBatchBuilder, Participant, Person, Role, Validity,
    };

    use super::*;
    use crate::firm::{FirmType, FirmValue};
    use crate::testing::set;

    fn person(id: &str, handle: &str, groups: &[&str]) -> Person {
        Person {
            id: id.into(),
            handles: [
                ("slack".to_owned(), vec![handle.to_owned()]),
                ("email".to_owned(), vec![format!("{id}@firm.example")]),
            ]
            .into(),
            groups: groups.iter().map(ToString::to_string).collect(),
            licences: vec!["series-7".into()],
            jurisdiction: Some("US".into()),
            firm: [
                ("tier".to_owned(), serde_json::json!(2)),
                ("shoe".to_owned(), serde_json::json!(43)),
            ]
            .into(),
            ..Person::default()
        }
    }

    fn directory() -> Directory {
        let mut gone = person("gus", "U3", &["research"]);
        gone.valid = Validity {
            from: None,
            to: Some(jiff::civil::date(2020, 6, 30)),
        };
        let people = vec![person("ann", "U1", &["rates"]), person("bob", "U2", &["rates"]), gone];
        let groups = vec![Group {
            id: "rates".into(),
            parents: vec!["trading".into()],
        }];
        let channels = vec![Channel {
            id: "desk".into(),
            platform: Some("slack".into()),
            approved: true,
        }];
        Directory::new(people, groups, channels, vec!["firm.example".into()]).unwrap()
    }

    fn to(handle: &str) -> Participant {
        Participant {
            handle: handle.into(),
            role: Role::To,
        }
    }

    fn message() -> Message {
        Message {
            platform: "slack".into(),
            channel: Some("desk".into()),
            sender: "U1".into(),
            recipients: vec![to("U2")],
            sent_at: Some(1_577_880_000_000_000), // 2020-01-01T12:00Z
            ..Message::default()
        }
    }

    fn batch(messages: &[Message]) -> MessageBatch {
        let mut builder = MessageBatchBuilder::new();
        messages.iter().for_each(|message| builder.push(message));
        builder.finish()
    }

    fn firm() -> FirmTypes {
        FirmTypes {
            person: [("tier".to_owned(), FirmType::Long)].into(),
            message: [
                ("desk".to_owned(), FirmType::Text),
                ("urgent".to_owned(), FirmType::Bool),
            ]
            .into(),
        }
    }

    fn facts(message: Message) -> Facts {
        let (directory, firm, batch) = (directory(), firm(), batch(&[message]));
        let mut maker = FactsMaker::new(&directory, &TimeZone::UTC, &firm).unwrap();
        maker.row(batch.row(0), &BTreeSet::new()).facts.clone()
    }

    #[test]
    fn people_come_from_the_directory() {
        let facts = facts(message());
        assert_eq!(facts.sender.id, "ann");
        let known = PersonFacts {
            external: false,
            departed: false,
            domains: set(&["firm.example"]),
            licences: set(&["series-7"]),
            groups: set(&["rates", "trading"]),
            jurisdiction: Some("US".into()),
            firm: [("tier".to_owned(), FirmValue::Long(2))].into(),
        };
        assert_eq!(facts.sender.facts, known);
        assert_eq!(
            facts.insiders,
            [Insiders {
                ids: set(&["ann", "bob"]),
                facts: known
            }],
            "alike but for the id"
        );
        assert_eq!(facts.recipients.people, set(&["bob"]));
        assert_eq!((facts.participants.count(), facts.participants.external), (2, false));
        assert!(facts.channel.listed && facts.channel.approved && facts.business && !facts.external);
    }

    #[test]
    fn direction_is_that_of_the_border() {
        let direction = |sender: &str, recipient: &str| {
            facts(Message {
                sender: sender.into(),
                recipients: vec![to(recipient)],
                ..message()
            })
            .direction
        };
        assert_eq!(direction("U1", "U2"), Direction::Internal);
        assert_eq!(direction("U1", "stranger"), Direction::Outbound);
        assert_eq!(direction("stranger", "U2"), Direction::Inbound);
        assert_eq!(direction("stranger", "other"), Direction::Inbound);
        assert_eq!(
            direction("U1", "desk@mail.firm.example"),
            Direction::Internal,
            "an address of the firm"
        );
        assert_eq!(direction("unknown", "U2"), Direction::Inbound);
    }

    #[test]
    fn those_outside_are_named_by_their_handle() {
        let facts = facts(Message {
            recipients: vec![to("Eve@Far.example"), to("bob")],
            ..message()
        });
        assert_eq!(
            facts.recipients.people,
            set(&["Eve@Far.example", "slack:bob"]),
            "a handle is no id"
        );
        assert_eq!(facts.recipients.domains, set(&["far.example"]));
        assert!(facts.external && facts.recipients.external);
        assert_eq!(facts.insiders.len(), 1);
    }

    #[test]
    fn membership_is_that_of_the_day() {
        let on = |sent_at| {
            facts(Message {
                sender: "U3".into(),
                sent_at,
                ..message()
            })
            .sender
            .facts
        };
        let then = on(Some(1_577_880_000_000_000));
        assert!(!then.departed && then.groups == set(&["research"]));
        let later = on(Some(1_609_502_400_000_000));
        assert!(later.departed && !later.external && later.groups.is_empty() && later.licences.is_empty());
    }

    #[test]
    fn custodians_take_part() {
        let facts = facts(Message {
            sender: "stranger".into(),
            recipients: vec![],
            custodians: vec!["ann".into(), "U2".into()],
            ..message()
        });
        assert_eq!(
            facts.participants.people,
            set(&["ann", "bob", "stranger"]),
            "by the firm's id or a handle"
        );
        assert_eq!(facts.recipients, Audience::default());
        assert_eq!(facts.insiders[0].ids, set(&["ann", "bob"]));
        assert_eq!(facts.custodians, set(&["ann", "bob"]));
    }

    #[test]
    fn a_channel_is_always_there() {
        let channel = |channel: Option<&str>| {
            facts(Message {
                channel: channel.map(str::to_owned),
                ..message()
            })
            .channel
        };
        assert_eq!(
            channel(Some("pub")),
            ChannelFacts {
                id: "pub".into(),
                listed: false,
                approved: false
            }
        );
        assert_eq!(
            channel(None),
            ChannelFacts {
                id: "slack".into(),
                listed: false,
                approved: false
            }
        );
    }

    #[test]
    fn no_names_of_files_and_no_undeclared_values_get_in() {
        let file = |name: &str, bytes| Attachment {
            name: Some(name.into()),
            media_type: Some("Application/PDF".into()),
            bytes: Some(bytes),
            sha256: None,
        };
        let message = Message {
            attachments: vec![
                file("Q3 Secret.PDF", 5),
                file("v1. my words to Bob", u64::MAX),
                file(".profile", 1),
            ],
            metadata: [("desk", "rates"), ("urgent", "perhaps"), ("thought", "Secret")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            subject: Some("Secret".into()),
            text: Some("Secret".into()),
            ..message()
        };
        let (directory, firm, batch) = (directory(), firm(), batch(&[message]));
        let mut maker = FactsMaker::new(&directory, &TimeZone::UTC, &firm).unwrap();
        let row = maker.row(batch.row(0), &BTreeSet::new());
        assert_eq!(row.facts.attachments.extensions, set(&["pdf"]));
        assert_eq!(
            (row.facts.attachments.count, row.facts.attachments.bytes),
            (3, i64::MAX)
        );
        assert_eq!(
            row.facts.firm,
            [("desk".to_owned(), FirmValue::Text("rates".into()))].into()
        );
        assert!(
            !row.json.contains("Secret") && !row.json.contains("words"),
            "{}",
            row.json
        );
    }

    #[test]
    fn forgetting_changes_nothing() {
        let (directory, firm) = (directory(), firm());
        let accounts = |n: usize| Message {
            accounts: vec![format!("{n:0>4000}")],
            ..message()
        };
        let messages: Vec<_> = (0..3000).map(accounts).chain([accounts(0)]).collect();
        let batch = batch(&messages);
        let mut maker = FactsMaker::new(&directory, &TimeZone::UTC, &firm).unwrap();
        let rows: Vec<_> = batch.rows().map(|row| maker.row(row, &BTreeSet::new())).collect();
        assert!(!Arc::ptr_eq(&rows[0], &rows[3000]), "the first had been forgotten");
        assert_eq!(rows[0].id, rows[3000].id);
    }

    #[test]
    fn equal_facts_share_a_row_and_labels_are_united() {
        let (directory, firm) = (directory(), firm());
        let labelled = Message {
            labels: vec!["kept".into()],
            ..message()
        };
        let later = Message {
            sent_at: Some(1_577_990_000_000_000),
            text: Some("else".into()),
            ..message()
        };
        let batch = batch(&[message(), later, labelled]);
        let mut maker = FactsMaker::new(&directory, &TimeZone::UTC, &firm).unwrap();
        let first = maker.row(batch.row(0), &set(&["found"]));
        assert!(Arc::ptr_eq(&first, &maker.row(batch.row(1), &set(&["found"]))));
        assert_ne!(first.id, maker.row(batch.row(1), &BTreeSet::new()).id);
        assert_eq!(
            maker.row(batch.row(2), &set(&["found"])).facts.labels,
            set(&["found", "kept"])
        );
        assert_eq!(
            maker.row(batch.row(2), &set(&["found"])).facts.given_labels,
            set(&["kept"]),
            "what people gave stays told apart"
        );
    }
}
