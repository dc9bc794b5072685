//! From documents to tests that can be run.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lexhold_document::{
    Diagnostic, Diagnostics, Document, FileId, Kind, Node, Place, Value, check_node, did_you_mean, path,
};
use lexhold_model::{Attachment, ContentKey, ConversationKind, Directory, Message, MessageKind, Participant, Severity};
use lexhold_retention::{EventEntry, EventStep, Register, Schedule, register};
use serde::Deserialize;

use super::marks::unmarked;
use super::shape::{case_shape, cases_shape, no_cases, written};
use super::{Beside, Named, World};
use crate::directory::DirectoryText;
use crate::{Facts, HoldSet, codes, directory_shape, fits};

/// One test, ready to be run or known not to be.
#[derive(Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Why it is known to fail.
    pub(super) todo: Option<String>,
    /// What it says, or all that is wrong with it.
    pub(crate) body: Result<Body, Vec<Diagnostic>>,
}

/// What a test says.
#[derive(Debug)]
pub(crate) struct Body {
    pub messages: Vec<Message>,
    pub marks: Vec<Mark>,
    pub facts: Facts,
    /// The hold documents behind the facts.
    pub holds: Vec<Document>,
    pub register: Register,
    pub as_of: Timestamp,
    pub expect: Expected,
}

/// Words of a message that a hit has to cover exactly.
#[derive(Debug)]
pub(crate) struct Mark {
    /// The message's position.
    pub message: usize,
    pub field: &'static str,
    pub span: Range<usize>,
    /// The marked words.
    pub text: String,
    pub place: Place,
}

/// An expectation with its place.
#[derive(Debug)]
pub(crate) struct At<T> {
    pub place: Place,
    pub value: T,
}

#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub alerts: Option<At<Vec<At<ExpectedAlert>>>>,
    pub supervision: Option<At<Vec<At<ExpectedAlert>>>>,
    /// The keys of `retention` with what they ask for.
    pub retention: Option<Vec<(String, At<String>)>>,
    pub holds: Option<At<Vec<ExpectedHold>>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExpectedAlert {
    pub rule: String,
    pub severity: Option<Severity>,
    pub confidence: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExpectedHold {
    pub hold: String,
    pub membership: &'static str,
}

/// The tests of a document or case file, in their order. What is wrong with the document as a whole is in `diagnostics`; what
/// is wrong with a test is with that test.
pub fn read_cases(
    document: &Document,
    world: World<'_>,
    beside: &mut dyn Beside,
    diagnostics: &mut Diagnostics,
) -> Vec<Case> {
    if document.kind == Kind::Cases && !fits(document, &cases_shape_alone(), diagnostics) {
        return Vec::new();
    }
    let tests = written(document);
    if document.kind == Kind::Cases && tests.is_empty() {
        diagnostics.push(no_cases(document));
    }
    let shape = case_shape();
    let mut reader = Reader {
        document,
        world,
        beside,
        diagnostics: Diagnostics::new(),
    };
    let read = |test: &Node| {
        let (name, place) = name_of(test);
        check_node(test, &shape, &mut reader.diagnostics);
        let body = if reader.diagnostics.has_errors() {
            None
        } else {
            reader.case(test)
        };
        let told = std::mem::take(&mut reader.diagnostics);
        Case {
            name,
            place,
            todo: test.get("todo").and_then(Node::as_text).map(str::to_owned),
            body: body
                .filter(|_| !told.has_errors())
                .ok_or_else(|| told.into_iter().collect()),
        }
    };
    tests.iter().map(read).collect()
}

/// The shape of a case file but for its cases, each of which is held against its own.
fn cases_shape_alone() -> lexhold_document::Shape {
    let mut shape = cases_shape();
    if let lexhold_document::Shape::Map(fields) = &mut shape {
        for field in fields.fields.iter_mut().filter(|field| field.name == "list") {
            field.shape = lexhold_document::list(lexhold_document::Shape::Any);
        }
    }
    shape
}

fn name_of(test: &Node) -> Named {
    let name = test.get("name").and_then(Node::as_text).unwrap_or("a test");
    (name.to_owned(), test.place)
}

struct Reader<'a> {
    document: &'a Document,
    world: World<'a>,
    beside: &'a mut dyn Beside,
    diagnostics: Diagnostics,
}

impl Reader<'_> {
    /// The file that paths are beside.
    fn file(&self) -> FileId {
        self.document.file
    }

    fn complain(&mut self, code: &'static str, message: String, place: Place) {
        self.diagnostics.push(Diagnostic::error(code, message).at(place, ""));
    }

    /// `None` if anything is wrong, all of which has been reported.
    fn case(&mut self, test: &Node) -> Option<Body> {
        let base = self
            .document
            .get(&path!["base"])
            .filter(|_| self.document.kind == Kind::Cases);
        let (messages, marks) = self.messages(test, base)?;
        let directory = test.get("directory").or_else(|| base?.get("directory"));
        let directory = directory.map_or_else(|| Some(Directory::default()), |node| self.directory(node));
        let holds = self.holds(test);
        let register = self.register(test.get("events"));
        let as_of = test.get("as_of").or_else(|| {
            let of_file = self.document.get(&path!["as_of"]);
            of_file.filter(|_| self.document.kind == Kind::Cases)
        });
        let as_of = as_of.and_then(|node| self.instant(node));
        let first = messages.first()?;
        let from_message = || Timestamp::from_microsecond(first.captured_at.or(first.sent_at)?).ok();
        let as_of = as_of.or_else(from_message).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut messages = messages;
        for message in &mut messages {
            let captured = message
                .captured_at
                .or(message.sent_at)
                .unwrap_or(as_of.as_microsecond());
            message.captured_at = Some(captured);
        }
        let (holds, hold_documents) = holds?;
        let expect = self.expected(test.get("expect")?, &holds);
        self.check_marks(&marks, &expect);
        Some(Body {
            messages,
            marks,
            facts: Facts {
                directory: directory?,
                holds,
                zone: TimeZone::UTC,
                key: ContentKey::new([0; 32]),
                backfill: false,
            },
            holds: hold_documents,
            register,
            as_of,
            expect,
        })
    }

    fn instant(&mut self, node: &Node) -> Option<Timestamp> {
        let text = node.as_text()?;
        let day = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
        let found = text.parse().ok().or_else(|| day(text.parse().ok()?));
        if found.is_none() {
            let message = format!("`{text}` is no instant such as `2026-01-31T09:00:00Z`");
            self.complain(codes::CASE, message, node.place);
        }
        found
    }

    fn messages(&mut self, test: &Node, base: Option<&Node>) -> Option<(Vec<Message>, Vec<Mark>)> {
        let several = test.get("messages").and_then(Node::as_list).unwrap_or_default();
        let (mut messages, mut marks) = (Vec::new(), Vec::new());
        for node in test.get("message").into_iter().chain(several) {
            if let Some(file) = node.get("file") {
                messages.extend(self.fixture(node, file)?);
                continue;
            }
            let at = messages.len();
            messages.push(self.message(&merged(node, base), at, &mut marks)?);
        }
        if messages.is_empty() {
            self.complain(
                codes::CASE,
                "there is neither `message` nor `messages`".into(),
                test.place,
            );
            return None;
        }
        Some((messages, marks))
    }

    fn fixture(&mut self, node: &Node, file: &Node) -> Option<Vec<Message>> {
        let beside = node.as_map()?.iter().find(|entry| entry.key != "file");
        if let Some(entry) = beside {
            let message = format!("`{}` beside `file`: the file says what its messages are", entry.key);
            self.complain(codes::CASE, message, entry.key_place);
            return None;
        }
        let path = file.as_text()?;
        match self.beside.messages(self.file(), path) {
            Ok(messages) if messages.is_empty() => {
                self.complain(codes::CASE_FILE, format!("`{path}` holds no message"), file.place);
                None
            }
            Ok(messages) => Some(messages),
            Err(why) => {
                self.complain(codes::CASE_FILE, format!("cannot read `{path}`: {why}"), file.place);
                None
            }
        }
    }

    fn message(&mut self, node: &Node, at: usize, marks: &mut Vec<Mark>) -> Option<Message> {
        let mut instant = |key| Some(node.get(key).map(|node| self.instant(node)));
        let (sent, captured) = (instant("sent_at")?, instant("captured_at")?);
        let text: MessageText = node.typed(&mut self.diagnostics)?;
        let micros = |at: Option<Option<Timestamp>>| at.flatten().map(Timestamp::as_microsecond);
        let mut marked = |field| {
            let node = node.get(field)?;
            Some(self.unmarked(node, at, field, marks))
        };
        let (subject, body) = (marked("subject"), marked("text"));
        Some(Message {
            id: Some(text.id.unwrap_or_else(|| format!("case-{}", at + 1))),
            platform: text.platform.unwrap_or_else(|| "chat".into()),
            conversation: text.conversation.unwrap_or_default(),
            conversation_kind: text.conversation_kind.unwrap_or_default(),
            channel: text.channel,
            kind: text.kind.unwrap_or_default(),
            sent_at: micros(sent),
            captured_at: micros(captured),
            sender: text.sender.unwrap_or_else(|| "unknown".into()),
            recipients: text.recipients.into_iter().map(to).collect(),
            custodians: text.custodians,
            subject,
            text: body,
            labels: text.labels,
            accounts: text.accounts,
            attachments: text.attachments,
            business: text.business,
            metadata: text.metadata,
            ..Message::default()
        })
    }

    fn unmarked(&mut self, node: &Node, message: usize, field: &'static str, marks: &mut Vec<Mark>) -> String {
        match unmarked(node.as_text().unwrap_or_default()) {
            Ok(marked) => {
                marks.extend(marked.spans.into_iter().map(|span| Mark {
                    message,
                    field,
                    text: marked.text[span.clone()].to_owned(),
                    span,
                    place: node.place,
                }));
                marked.text
            }
            Err((at, why)) => {
                let place = node.inner(at..at + '«'.len_utf8());
                let error = Diagnostic::error(codes::CASE, why).at(place, "");
                self.diagnostics
                    .push(error.help("close every « with a »; to mean the character itself, write it twice"));
                String::new()
            }
        }
    }

    /// Marks say where a hit has to be; without a hit that is expected they say nothing.
    fn check_marks(&mut self, marks: &[Mark], expect: &Expected) {
        let asked = [&expect.alerts, &expect.supervision];
        if let Some(mark) = marks.first()
            && !asked.into_iter().flatten().any(|alerts| !alerts.value.is_empty())
        {
            let error = Diagnostic::error(codes::CASE, "marked words, but no alert is expected");
            let error = error.at(mark.place, "");
            self.diagnostics
                .push(error.help("expect an alert, or take the marks « » out; doubled they mean themselves"));
        }
    }

    fn directory(&mut self, node: &Node) -> Option<Directory> {
        if let Some(path) = node.as_text() {
            return match self.beside.directory(self.file(), path) {
                Ok(directory) => Some(directory),
                Err(why) => {
                    self.complain(codes::CASE_FILE, format!("cannot read `{path}`: {why}"), node.place);
                    None
                }
            };
        }
        check_node(node, &directory_shape(), &mut self.diagnostics);
        match node.typed::<DirectoryText>(&mut self.diagnostics)?.build() {
            Ok(directory) => Some(directory),
            Err(problems) => {
                for problem in problems {
                    self.complain(codes::DIRECTORY, problem, node.place);
                }
                None
            }
        }
    }

    /// The holds of the world, of the case file and of the test itself.
    fn holds(&mut self, test: &Node) -> Option<(HoldSet, Vec<Document>)> {
        let of_file = self
            .document
            .get(&path!["holds"])
            .filter(|_| self.document.kind == Kind::Cases);
        let lists = [of_file, test.get("holds")]
            .into_iter()
            .flatten()
            .filter_map(Node::as_list);
        let mut documents = self.world.holds.to_vec();
        for node in lists.flatten() {
            documents.push(self.hold(node)?);
        }
        if documents.is_empty() {
            return Some((HoldSet::none(), documents));
        }
        let all: Vec<&Document> = documents.iter().collect();
        let holds = HoldSet::compile(&all, self.world.schemas, &mut self.diagnostics)?;
        Some((holds, documents))
    }

    fn hold(&mut self, node: &Node) -> Option<Document> {
        let Some(path) = node.as_text() else {
            return self.inline_hold(node);
        };
        match self.beside.hold(self.file(), path) {
            Ok(hold) => Some(hold),
            Err(why) => {
                self.complain(codes::CASE_FILE, format!("cannot read `{path}`: {why}"), node.place);
                None
            }
        }
    }

    /// A hold that is written where a test says that it is in force.
    fn inline_hold(&mut self, node: &Node) -> Option<Document> {
        let Some(name) = node.get("hold").and_then(Node::as_text) else {
            self.complain(codes::CASE, "a hold without a name".into(), node.place);
            return None;
        };
        let mut hold = self.document.clone();
        hold.kind = Kind::Hold;
        hold.name = name.to_owned();
        hold.version = None;
        hold.imports = Vec::new();
        hold.root = node.clone();
        Some(hold)
    }

    /// The register of a test's events, each of which some schedule has to ask for.
    fn register(&mut self, events: Option<&Node>) -> Register {
        let asked: BTreeSet<&str> = self
            .world
            .bundle
            .schedules
            .iter()
            .flat_map(Schedule::asked_events)
            .map(|asked| asked.event.as_str())
            .collect();
        let mut entries = Vec::new();
        for (at, node) in events.and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
            let Some(said) = node.typed::<EventText>(&mut self.diagnostics) else {
                continue;
            };
            self.known("event", &said.event, node.get("event"), &asked);
            entries.push(EventEntry {
                id: format!("case-{}", at + 1),
                event: said.event,
                key: said.key,
                step: EventStep::Recorded(said.date),
            });
        }
        register(entries)
    }

    /// Reports a name that nothing has.
    fn known(&mut self, what: &str, name: &str, node: Option<&Node>, known: &BTreeSet<&str>) {
        if known.contains(name) {
            return;
        }
        let message = match what {
            "event" => format!("no schedule asks for the event `{name}`"),
            _ => format!("unknown {what} in expectation: `{name}`"),
        };
        let place = node.map_or_else(|| self.document.name_place(), |node| node.place);
        let error = Diagnostic::error(codes::UNKNOWN_IN_CASE, message).at(place, "");
        self.diagnostics
            .push(error.maybe_help(did_you_mean(name, known.iter().copied())));
    }

    fn expected(&mut self, node: &Node, holds: &HoldSet) -> Expected {
        let retention = node.get("retention").map(|retention| self.retention(retention));
        Expected {
            alerts: node.get("alerts").map(|alerts| self.alerts(alerts)),
            supervision: node.get("supervision").map(|alerts| self.alerts(alerts)),
            retention,
            holds: node.get("holds").map(|node| self.expected_holds(node, holds)),
        }
    }

    fn alerts(&mut self, node: &Node) -> At<Vec<At<ExpectedAlert>>> {
        let bundle = self.world.bundle;
        let rules: BTreeSet<&str> = bundle.all_rules().map(|rule| bundle.rule(rule).id).collect();
        let mut alerts = Vec::new();
        for item in node.as_list().unwrap_or_default() {
            if let Some(value) = item.typed::<ExpectedAlert>(&mut self.diagnostics) {
                self.known("rule", &value.rule, item.get("rule"), &rules);
                alerts.push(At {
                    place: item.place,
                    value,
                });
            }
        }
        At {
            place: node.place,
            value: alerts,
        }
    }

    fn retention(&mut self, node: &Node) -> Vec<(String, At<String>)> {
        let entries = node.as_map().unwrap_or_default().iter();
        let wanted = entries.filter_map(|entry| {
            let value = entry.node.as_text()?.to_owned();
            Some((
                entry.key.clone(),
                At {
                    place: entry.node.place,
                    value,
                },
            ))
        });
        let schedules: BTreeSet<&str> = self
            .world
            .bundle
            .schedules
            .iter()
            .map(|schedule| schedule.id.as_str())
            .collect();
        let wanted: Vec<_> = wanted.collect();
        if let Some((_, at)) = wanted.iter().find(|(key, _)| key == "schedule") {
            self.known("schedule", &at.value, node.get("schedule"), &schedules);
        }
        wanted
    }

    fn expected_holds(&mut self, node: &Node, holds: &HoldSet) -> At<Vec<ExpectedHold>> {
        let names: BTreeSet<&str> = holds.specs().iter().map(|spec| spec.name.as_str()).collect();
        let mut expected = Vec::new();
        for item in node.as_list().unwrap_or_default() {
            let named = item.get("hold").unwrap_or(item);
            let hold = named.as_text().unwrap_or_default();
            self.known("hold", hold, Some(named), &names);
            let unevaluable = item.get("membership").and_then(Node::as_text) == Some("unevaluable");
            expected.push(ExpectedHold {
                hold: hold.to_owned(),
                membership: if unevaluable { "unevaluable" } else { "held" },
            });
        }
        expected.sort();
        At {
            place: node.place,
            value: expected,
        }
    }
}

/// A message with what the base has and it does not.
fn merged(message: &Node, base: Option<&Node>) -> Node {
    let mut message = message.clone();
    let of_base = base.and_then(Node::as_map).unwrap_or_default();
    if let Value::Map(entries) = &mut message.value {
        let own: BTreeSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        let lacking = of_base
            .iter()
            .filter(|entry| entry.key != "directory" && !own.contains(&entry.key));
        entries.extend(lacking.cloned());
    }
    message
}

fn to(handle: String) -> Participant {
    Participant {
        handle,
        ..Participant::default()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageText {
    id: Option<String>,
    platform: Option<String>,
    conversation: Option<String>,
    conversation_kind: Option<ConversationKind>,
    channel: Option<String>,
    kind: Option<MessageKind>,
    sender: Option<String>,
    recipients: Vec<String>,
    custodians: Vec<String>,
    labels: Vec<String>,
    accounts: Vec<String>,
    attachments: Vec<Attachment>,
    business: Option<bool>,
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct EventText {
    event: String,
    key: String,
    date: Date,
}
