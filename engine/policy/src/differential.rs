//! Random conditions and facts: the compiled program against Cedar's authorizer, one request at a time.
//!
//! Each case makes up what the firm declares, conditions over that schema and messages. Every operator that a condition
//! can pass the strict type check with occurs; so do overflows, dates out of range and facts that lack what the firm
//! declares or have it with another type, because errors are part of the answer. `LEXHOLD_DIFFERENTIAL_CASES` says how many
//! cases are tried instead of a few:
//! `LEXHOLD_DIFFERENTIAL_CASES=20000 cargo test --release -p lexhold-policy --lib -- --nocapture differential`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lexhold_document::Diagnostics;
use proptest::prelude::*;

use crate::facts::{AttachmentFacts, Audience, ChannelFacts, Direction, Facts, Insiders, PersonFacts, Sender};
use crate::firm::{Firm, FirmType, FirmValue};
use crate::testing::{compile, file, row};
use crate::{Action, Condition, Decider, FactsRow, Oracle, Program, Schemas};

const ACTIONS: [Action; 4] = [Action::Scan, Action::Communicate, Action::Retain, Action::Hold];

/// Cases that are tried where nobody asks for more.
const CASES: u64 = 24;

/// Every operator and method of Cedar that a condition can use.
const OPERATORS: [&str; 48] = [
    "&&",
    "||",
    "!(",
    "if ",
    "==",
    "!=",
    "< ",
    "<= ",
    "> ",
    ">= ",
    " + ",
    " - ",
    " * ",
    "(-",
    " in ",
    " is ",
    " has ",
    " like ",
    ".contains(",
    ".containsAll(",
    ".containsAny(",
    ".isEmpty()",
    "{a: ",
    "datetime(",
    "duration(",
    ".offset(",
    ".durationSince(",
    ".toDate()",
    ".toTime()",
    ".toMilliseconds()",
    ".toSeconds()",
    ".toMinutes()",
    ".toHours()",
    ".toDays()",
    "decimal(",
    ".lessThan(",
    ".lessThanOrEqual(",
    ".greaterThan(",
    ".greaterThanOrEqual(",
    "ip(",
    ".isIpv4()",
    ".isIpv6()",
    ".isLoopback()",
    ".isMulticast()",
    ".isInRange(",
    "Group::",
    "Person::",
    "Channel::",
];

/// An attribute that the made-up firm declares.
#[derive(Clone, Debug)]
struct Declared {
    name: String,
    optional: bool,
    of: Type,
}

#[derive(Clone, Debug)]
enum Type {
    Bool,
    Long,
    Text,
    Instant,
    Decimal,
    Address,
    Set(Box<Type>),
    Record(Vec<Declared>),
}

impl Type {
    /// As a file of Cedar schema text has it.
    fn text(&self) -> String {
        match self {
            Self::Bool => "Bool".into(),
            Self::Long => "Long".into(),
            Self::Text => "String".into(),
            Self::Instant => "datetime".into(),
            Self::Decimal => "decimal".into(),
            Self::Address => "ipaddr".into(),
            Self::Set(element) => format!("Set<{}>", element.text()),
            Self::Record(fields) => record_text(fields),
        }
    }
}

fn record_text(fields: &[Declared]) -> String {
    let field = |field: &Declared| {
        let mark = if field.optional { "?" } else { "" };
        format!("{}{mark}: {}", field.name, field.of.text())
    };
    format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

/// A small generator of numbers, so that one seed tells a whole case.
struct Dice {
    state: u64,
    /// What the firm declares about people, and about messages.
    person: Vec<Declared>,
    message: Vec<Declared>,
}

impl Dice {
    fn new(seed: u64) -> Self {
        let (person, message) = (Vec::new(), Vec::new());
        let mut dice = Self {
            state: seed,
            person,
            message,
        };
        dice.person = dice.declared(2);
        dice.message = dice.declared(2);
        dice
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 1).unwrap() % sides
    }

    fn coin(&mut self) -> bool {
        self.roll(2) == 0
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// Makes a schema up.
impl Dice {
    fn declared(&mut self, deep: usize) -> Vec<Declared> {
        let many = self.roll(5);
        let attribute = |at| Declared {
            name: format!("x{at}"),
            optional: self.coin(),
            of: self.type_of(deep),
        };
        (0..many).map(attribute).collect()
    }

    fn type_of(&mut self, deep: usize) -> Type {
        match self.roll(if deep == 0 { 8 } else { 10 }) {
            0 => Type::Bool,
            1 | 2 => Type::Long,
            3 => Type::Text,
            4 => Type::Instant,
            5 => Type::Decimal,
            6 => Type::Address,
            7 | 8 => match self.roll(3) {
                0 => Type::Set(Box::new(Type::Long)),
                1 => Type::Set(Box::new(Type::Decimal)),
                _ => Type::Set(Box::new(Type::Text)),
            },
            _ => Type::Record(self.declared(deep - 1)),
        }
    }

    fn schemas(&self) -> Schemas {
        let [person, message] = [&self.person, &self.message].map(|of| record_text(of));
        let (files, file) = file(&format!("type FirmPerson = {person}; type FirmMessage = {message};"));
        let mut diagnostics = Diagnostics::new();
        Schemas::extended(&files, file, &mut diagnostics)
            .unwrap_or_else(|| panic!("{person}, {message}: {diagnostics:?}"))
    }
}

/// Writes conditions as a person could, by type. `deep` bounds the nesting.
impl Dice {
    fn word(&mut self) -> &'static str {
        self.one(&["w0", "w1", "w2", "US", "slack", "inbound"])
    }

    fn boolean(&mut self, deep: usize) -> String {
        if deep == 0 {
            return self.atom();
        }
        let deep = deep - 1;
        match self.roll(24) {
            0..=3 => format!("({} && {})", self.boolean(deep), self.boolean(deep)),
            4..=6 => format!("({} || {})", self.boolean(deep), self.boolean(deep)),
            7 | 8 => format!("!({})", self.boolean(deep)),
            9 => format!(
                "(if {} then {} else {})",
                self.boolean(deep),
                self.boolean(deep),
                self.boolean(deep)
            ),
            10 => {
                let operator = self.one(&["<", "<=", ">", ">=", "==", "!="]);
                format!("({} {operator} {})", self.long(deep), self.long(deep))
            }
            11 => {
                let operator = self.one(&["<", "<=", ">", ">=", "==", "!="]);
                format!("({} {operator} {})", self.instant(deep), self.instant(deep))
            }
            12 => {
                let operator = self.one(&["<", "<=", ">", ">=", "==", "!="]);
                format!("({} {operator} {})", self.span(deep), self.span(deep))
            }
            13 => format!("({} {} {})", self.text(deep), self.one(&["==", "!="]), self.text(deep)),
            14 => {
                let pattern = self.one(&["*", "w*", "*0", "w*1", "*a*", "s*c*k", ""]);
                format!("({} like \"{pattern}\")", self.text(deep))
            }
            15 => self.about_sets(deep),
            16 => self.about_people(deep),
            17 => format!("{{a: {}, b: {}}}.b", self.long(deep), self.boolean(deep)),
            18 => format!(
                "({{a: {}, b: {}}} == {{b: {}, a: {}}})",
                self.text(deep),
                self.long(deep),
                self.long(deep),
                self.text(deep)
            ),
            19 => self.about_extensions(deep),
            20..=22 => self.about_firm(deep),
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> String {
        let (w, v) = (self.word(), self.word());
        let side = self.one(&["recipients", "participants"]);
        let who = self.one(&["principal", "resource.sender"]);
        match self.roll(30) {
            0 => format!("{who}.external"),
            1 => format!("{who}.departed"),
            2 => "resource.external".into(),
            3 => "resource.business".into(),
            4 => "resource.channel.approved".into(),
            5 => format!("resource.{side}.external"),
            6 => format!("resource.labels.contains(\"{w}\")"),
            7 => format!("resource.accounts.containsAny([\"{w}\", \"{v}\"])"),
            8 => format!("resource.attachments.extensions.containsAll([\"{w}\", \"{v}\"])"),
            9 => format!("[\"{w}\", \"{v}\"].containsAny(resource.{side}.domains)"),
            10 => format!("resource.platform == \"{w}\""),
            11 => format!("\"{w}\" != resource.direction"),
            12 => format!("[\"{w}\", \"{v}\"].contains(resource.kind)"),
            13 => format!("{who} in Group::\"{w}\""),
            14 => format!("{who} in [Group::\"{w}\", Group::\"{v}\"]"),
            15 => format!("{who} == Person::\"p{}\"", self.roll(3)),
            16 => format!("resource.channel == Channel::\"{w}\""),
            17 => format!("resource.{side}.groups.contains(Group::\"{w}\")"),
            18 => format!("resource.{side}.people.contains(Person::\"p{}\")", self.roll(3)),
            19 => format!("resource.{side}.groups.containsAny([Group::\"{w}\", Group::\"{v}\"])"),
            20 => format!("({who} has jurisdiction && {who}.jurisdiction == \"{w}\")"),
            21 => format!("{who} has jurisdiction"),
            22 => "resource has sender_local.hour".into(),
            23 => "(resource has sender_local && !resource.sender_local.business_day)".into(),
            24 => "resource has sent_at".into(),
            25 => self.one(&["true", "false"]).into(),
            26 => format!("{who} is Person in Group::\"{w}\""),
            27 => "principal == resource.sender".into(),
            28 => format!("{who}.licences.contains(\"{w}\")"),
            _ => format!("{who}.domains == resource.{side}.domains"),
        }
    }

    fn about_sets(&mut self, deep: usize) -> String {
        let operator = self.one(&["containsAll", "containsAny"]);
        match self.roll(6) {
            0 => format!("{}.{operator}({})", self.texts(deep), self.texts(deep)),
            1 => format!("{}.contains({})", self.texts(deep), self.text(deep)),
            2 => format!(
                "({} {} {})",
                self.texts(deep),
                self.one(&["==", "!="]),
                self.texts(deep)
            ),
            3 => format!("{}.isEmpty()", self.texts(deep)),
            4 => format!(
                "[{}, {}].contains({})",
                self.long(deep),
                self.long(deep),
                self.long(deep)
            ),
            _ => format!("[{}].contains({})", self.texts(deep), self.texts(deep)),
        }
    }

    fn about_people(&mut self, deep: usize) -> String {
        let who = self.known_person(deep);
        let side = self.one(&["recipients", "participants"]);
        match self.roll(7) {
            0 => format!("({who} in resource.{side}.groups)"),
            1 => format!("resource.{side}.people.contains({})", self.person(deep)),
            2 => format!("({} == {})", self.person(deep), self.person(deep)),
            3 => format!("{who}.external"),
            4 => format!(
                "({who} in (if {} then Group::\"w0\" else Group::\"w1\"))",
                self.boolean(deep)
            ),
            5 => format!("{{a: {who}}}.a.departed"),
            _ => format!("({who} in [{}, {}])", self.person(deep), self.person(deep)),
        }
    }

    fn about_extensions(&mut self, deep: usize) -> String {
        match self.roll(6) {
            0 => {
                let of = self.decimal_literal();
                self.about_decimal(of)
            }
            1 => {
                let of = self.address_literal();
                self.about_address(of)
            }
            2 => "decimal(\"1.0\") == decimal(\"1.00\")".into(),
            3 => "ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"))".into(),
            _ => {
                let of = format!(
                    "(if {} then decimal(\"1.0\") else decimal(\"-2.5\"))",
                    self.boolean(deep)
                );
                self.about_decimal(of)
            }
        }
    }

    fn about_decimal(&mut self, of: String) -> String {
        let other = self.decimal_literal();
        match self.roll(6) {
            0 => format!("({of} == {other})"),
            1 => format!("({of} != {other})"),
            at => {
                let method = ["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"][at - 2];
                format!("{of}.{method}({other})")
            }
        }
    }

    fn decimal_literal(&mut self) -> String {
        let literals = ["1.5", "1.50", "-2.5", "0.0", "922337203685477.5807"];
        format!("decimal(\"{}\")", self.one(&literals))
    }

    fn about_address(&mut self, of: String) -> String {
        let other = self.address_literal();
        match self.roll(6) {
            0 => format!("({of} == {other})"),
            1 => format!("{of}.isInRange({other})"),
            at => {
                let method = ["isIpv4", "isIpv6", "isLoopback", "isMulticast"][at - 2];
                format!("{of}.{method}()")
            }
        }
    }

    fn address_literal(&mut self) -> String {
        let literals = ["10.1.2.3", "10.0.0.0/8", "127.0.0.1", "::1", "ff00::/8", "224.0.0.1"];
        format!("ip(\"{}\")", self.one(&literals))
    }

    /// Something that the firm declares; sometimes without asking first for what may be missing, which is refused.
    fn about_firm(&mut self, deep: usize) -> String {
        let root = self.one(&["principal.firm", "resource.sender.firm", "resource.firm"]);
        let fields = if root == "resource.firm" {
            self.message.clone()
        } else {
            self.person.clone()
        };
        self.about_record(root, &fields, deep)
    }

    fn about_record(&mut self, path: &str, fields: &[Declared], deep: usize) -> String {
        if fields.is_empty() || self.roll(8) == 0 {
            return format!("({path} == {})", path.replace("principal", "resource.sender"));
        }
        let field = &fields[self.roll(fields.len())];
        let inner = format!("{path}.{}", field.name);
        let about = self.about(&inner, &field.of, deep);
        match self.roll(8) {
            0 => format!("({path} has {})", field.name),
            1 => about,
            _ if field.optional => format!("({path} has {} && {about})", field.name),
            _ => about,
        }
    }

    fn about(&mut self, path: &str, of: &Type, deep: usize) -> String {
        let compared = self.one(&["<", "<=", ">", ">=", "==", "!="]);
        match of {
            Type::Bool => path.into(),
            Type::Long => match self.roll(3) {
                0 => format!("((-{path}) < {})", self.long(deep)),
                1 => format!("({path} * {} > 3)", self.long(deep)),
                _ => format!("({path} {compared} {})", self.long(deep)),
            },
            Type::Text => match self.roll(2) {
                0 => format!("({path} like \"w*\")"),
                _ => format!("({path} == {})", self.text(deep)),
            },
            Type::Instant => match self.roll(3) {
                0 => format!("({path}.toDate() {compared} {})", self.instant(deep)),
                1 => format!("({path}.offset({}) {compared} {})", self.span(deep), self.instant(deep)),
                _ => format!("({path} {compared} {})", self.instant(deep)),
            },
            Type::Decimal => self.about_decimal(path.into()),
            Type::Address => self.about_address(path.into()),
            Type::Set(element) => self.about_set(path, element, deep),
            Type::Record(fields) => self.about_record(path, fields, deep),
        }
    }

    fn about_set(&mut self, path: &str, element: &Type, deep: usize) -> String {
        let one = match element {
            Type::Long => self.long(deep),
            Type::Decimal => self.decimal_literal(),
            _ => self.text(deep),
        };
        match self.roll(4) {
            0 => format!("{path}.isEmpty()"),
            1 => format!("{path}.contains({one})"),
            2 => format!("({path} == [{one}])"),
            _ => format!("{path}.containsAny([{one}])"),
        }
    }

    fn long(&mut self, deep: usize) -> String {
        if deep == 0 {
            return match self.roll(7) {
                0 => "resource.recipients.count".into(),
                1 => "resource.attachments.bytes".into(),
                2 => "resource.participants.count".into(),
                3 => "9223372036854775807".into(),
                4 => "(if resource has sender_local then resource.sender_local.hour else 0)".into(),
                _ => self.roll(4).to_string(),
            };
        }
        let deep = deep - 1;
        match self.roll(6) {
            0 => format!("({} + {})", self.long(deep), self.long(deep)),
            1 => format!("({} - {})", self.long(deep), self.long(deep)),
            2 => format!("({} * {})", self.long(deep), self.long(deep)),
            3 => format!("(-({}))", self.long(deep)),
            4 => {
                let unit = self.one(&["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"]);
                format!("{}.{unit}()", self.span(deep))
            }
            _ => format!(
                "(if {} then {} else {})",
                self.boolean(deep),
                self.long(deep),
                self.long(deep)
            ),
        }
    }

    fn text(&mut self, deep: usize) -> String {
        match self.roll(7) {
            0 => "resource.platform".into(),
            1 => "resource.conversation_kind".into(),
            2 => "resource.direction".into(),
            3 => "(if principal has jurisdiction then principal.jurisdiction else \"w2\")".into(),
            4 if deep > 0 => format!(
                "(if {} then {} else {})",
                self.boolean(deep - 1),
                self.text(deep - 1),
                self.text(deep - 1)
            ),
            _ => format!("\"{}\"", self.word()),
        }
    }

    fn texts(&mut self, deep: usize) -> String {
        match self.roll(7) {
            0 => "resource.labels".into(),
            1 => "resource.accounts".into(),
            2 => "principal.licences".into(),
            3 => "resource.recipients.domains".into(),
            4 => "resource.attachments.media_types".into(),
            5 if deep > 0 => format!("[{}, {}]", self.text(deep - 1), self.text(deep - 1)),
            _ => format!("[\"{}\", \"{}\"]", self.word(), self.word()),
        }
    }

    /// A person about whom something is known.
    fn known_person(&mut self, deep: usize) -> String {
        match self.roll(3) {
            0 => "principal".into(),
            1 => "resource.sender".into(),
            _ => format!("(if {} then principal else resource.sender)", self.boolean(deep)),
        }
    }

    fn person(&mut self, deep: usize) -> String {
        match self.roll(3) {
            0 => format!("Person::\"p{}\"", self.roll(3)),
            _ => self.known_person(deep),
        }
    }

    fn instant(&mut self, deep: usize) -> String {
        let literals = [
            "1970-01-01",
            "1970-01-02T03:04:05Z",
            "9999-12-31T23:59:59.999Z",
            "0000-01-01",
            "1969-12-31T23:59:59.5-0100",
        ];
        match self.roll(6) {
            0 if deep > 0 => format!("{}.offset({})", self.instant(deep - 1), self.span(deep - 1)),
            1 if deep > 0 => format!("{}.toDate()", self.instant(deep - 1)),
            2 => format!("datetime(\"{}\")", self.one(&literals)),
            3 => "datetime(\"1970-01-03T00:00:00.001Z\")".into(),
            _ => "(if resource has sent_at then resource.sent_at else datetime(\"1970-01-01\"))".into(),
        }
    }

    fn span(&mut self, deep: usize) -> String {
        let literals = [
            "1h",
            "-1d2h3m4s5ms",
            "9223372036854775807ms",
            "0ms",
            "-9223372036854775808ms",
        ];
        match self.roll(4) {
            0 if deep > 0 => format!("{}.durationSince({})", self.instant(deep - 1), self.instant(deep - 1)),
            1 if deep > 0 => format!("{}.toTime()", self.instant(deep - 1)),
            _ => format!("duration(\"{}\")", self.one(&literals)),
        }
    }
}

/// Makes facts up.
impl Dice {
    fn words(&mut self) -> std::collections::BTreeSet<String> {
        (0..self.roll(4)).map(|_| self.word().to_owned()).collect()
    }

    fn ids(&mut self) -> std::collections::BTreeSet<String> {
        (0..self.roll(4)).map(|_| format!("p{}", self.roll(4))).collect()
    }

    /// Most of what the firm declares, now and then with a type that it had in another year.
    fn firm(&mut self, fields: &[Declared]) -> Firm {
        let mut firm = Firm::new();
        for field in fields {
            let value = match self.roll(12) {
                0 => continue,
                1 | 2 if field.optional => continue,
                3 => FirmValue::Bool(self.coin()),
                _ => self.value(&field.of),
            };
            firm.insert(field.name.clone(), value);
        }
        firm
    }

    fn value(&mut self, of: &Type) -> FirmValue {
        let parsed = |of: FirmType, text: &str| of.of_text(text).unwrap();
        match of {
            Type::Bool => FirmValue::Bool(self.coin()),
            Type::Long => FirmValue::Long([0, 1, 2, i64::MAX, i64::MIN][self.roll(5)]),
            Type::Text => FirmValue::Text(self.word().to_owned()),
            Type::Instant => {
                let texts = ["1970-01-01", "2020-02-03T04:05:06.789Z", "0000-01-01", "9999-12-30"];
                parsed(FirmType::Instant, self.one(&texts))
            }
            Type::Decimal => parsed(
                FirmType::Decimal,
                self.one(&["1.5", "-2.5", "0", "-922337203685477.5808"]),
            ),
            Type::Address => {
                let texts = [
                    "10.1.2.3",
                    "127.0.0.1",
                    "::1",
                    "::ffff:10.0.0.1",
                    "ff00::/8",
                    "10.0.0.0/8",
                ];
                parsed(FirmType::Address, self.one(&texts))
            }
            Type::Set(element) => match **element {
                Type::Text => FirmValue::Texts(self.words()),
                _ => FirmValue::Set((0..self.roll(3)).map(|_| self.value(element)).collect()),
            },
            Type::Record(fields) => FirmValue::Record(self.firm(fields)),
        }
    }

    fn person_facts(&mut self) -> PersonFacts {
        let declared = self.person.clone();
        PersonFacts {
            departed: self.coin(),
            external: self.coin(),
            domains: self.words(),
            licences: self.words(),
            groups: self.words(),
            jurisdiction: self.coin().then(|| self.word().to_owned()),
            firm: self.firm(&declared),
        }
    }

    fn audience(&mut self) -> Audience {
        Audience {
            people: self.ids(),
            groups: self.words(),
            domains: self.words(),
            external: self.coin(),
        }
    }

    fn facts(&mut self) -> Facts {
        let sender = Sender {
            id: format!("p{}", self.roll(4)),
            facts: self.person_facts(),
        };
        let insiders = (0..self.roll(3)).map(|at| {
            // Sometimes the sender, and sometimes with other facts than the sender has.
            let facts = if self.coin() {
                sender.facts.clone()
            } else {
                self.person_facts()
            };
            Insiders {
                ids: [format!("p{at}"), format!("q{at}")].into(),
                facts,
            }
        });
        let insiders: Vec<_> = insiders.collect();
        let declared = self.message.clone();
        Facts {
            insiders,
            sender,
            accounts: self.words(),
            attachments: AttachmentFacts {
                bytes: [0, 1, 77, i64::MAX][self.roll(4)],
                count: 1,
                extensions: self.words(),
                media_types: self.words(),
            },
            business: self.coin(),
            channel: ChannelFacts {
                approved: self.coin(),
                id: self.word().to_owned(),
                listed: self.coin(),
            },
            conversation_kind: self.word().to_owned(),
            direction: [Direction::Inbound, Direction::Outbound, Direction::Internal][self.roll(3)],
            external: self.coin(),
            firm: self.firm(&declared),
            kind: self.word().to_owned(),
            labels: self.words(),
            participants: self.audience(),
            platform: self.word().to_owned(),
            recipients: self.audience(),
            ..Facts::default()
        }
    }

    fn sent_at(&mut self) -> Option<i64> {
        const EXTREMES: [i64; 6] = [
            i64::MAX,
            i64::MIN,
            253_402_207_200_999_999,
            253_402_207_201_000_000,
            -62_167_219_200_000_000,
            -62_167_219_200_000_001,
        ];
        match self.roll(8) {
            0 => None,
            1 => Some(EXTREMES[self.roll(6)]),
            _ => Some(i64::try_from(self.roll(400_000_000_000)).unwrap() - 100_000_000_000),
        }
    }
}

/// What some cases were made of, and what they showed.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    conditions: usize,
    refused: usize,
    uncompiled: usize,
    requests: usize,
    held: usize,
    failed: usize,
    operators: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn note(&mut self, clauses: &[String]) {
        self.conditions += 1;
        for operator in OPERATORS {
            if clauses.iter().any(|clause| clause.contains(operator)) {
                *self.operators.entry(operator).or_default() += 1;
            }
        }
    }
}

/// One schema, one program and some messages; says what differs.
fn case(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let schemas = dice.schemas();
    let action = ACTIONS[dice.roll(4)];
    let mut clauses = Vec::new();
    let mut conditions: Vec<Condition> = Vec::new();
    for _ in 0..=dice.roll(12) {
        let depth = dice.roll(5);
        let clause: Vec<String> = (0..=dice.roll(2)).map(|_| dice.boolean(depth)).collect();
        let texts: Vec<&str> = clause.iter().map(String::as_str).collect();
        match compile(&schemas, action, &texts) {
            Ok(condition) => {
                tally.note(&clause);
                clauses.push(clause);
                conditions.push(condition);
            }
            Err(_) => tally.refused += 1,
        }
    }
    let program = Program::build(action, conditions);
    tally.cases += 1;
    tally.uncompiled += program.uncompiled().count();
    let (mut decider, oracle) = (Decider::new(&program), Oracle::new(&program));
    for _ in 0..3 {
        let row = row(dice.facts());
        // As the catalog gives it back.
        let stored = FactsRow::from_json(&row.json).map_err(|error| format!("seed {seed}: {error}\n{}", row.json))?;
        for _ in 0..2 {
            let sent_at = dice.sent_at();
            let (found, expected) = (decider.decide(&stored, sent_at), oracle.decide(&row, sent_at));
            tally.requests += 1;
            tally.held += expected.determining.len();
            tally.failed += expected.errors.len();
            if *found != expected {
                let mut text = format!("seed {seed}, {action}, {sent_at:?}\n{}\n", row.json);
                let _ = writeln!(text, "{}\n{}", record_text(&dice.person), record_text(&dice.message));
                for (at, clause) in clauses.iter().enumerate() {
                    let _ = writeln!(text, "{at}: {clause:?}");
                }
                return Err(format!("{text}compiled {found:?}\n   Cedar {expected:?}"));
            }
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a test may run is for whoever starts it"
)]
fn cases() -> u64 {
    let wanted = std::env::var("LEXHOLD_DIFFERENTIAL_CASES").ok();
    wanted.map_or(CASES, |wanted| wanted.parse().unwrap())
}

#[test]
fn compiled_conditions_answer_as_cedar_does() {
    let mut tally = Tally::default();
    for seed in 0..cases() {
        case(seed, &mut tally).unwrap_or_else(|difference| panic!("{difference}"));
    }
    #[expect(clippy::print_stdout, reason = "shown with --nocapture")]
    {
        println!("{tally:#?}");
    }
    assert!(tally.refused < tally.conditions, "{tally:#?}");
    let left = tally.uncompiled;
    assert!(0 < left && left < tally.conditions / 3, "{tally:#?}");
    assert!(tally.held > 20 && tally.failed > 20, "{tally:#?}");
    if cases() > 400 {
        let missing: Vec<_> = OPERATORS
            .iter()
            .filter(|of| !tally.operators.contains_key(*of))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_seed(seed: u64) {
        if let Err(difference) = case(seed, &mut Tally::default()) {
            prop_assert!(false, "{difference}");
        }
    }
}
