//! Random conditions and facts: the compiled program against Cedar's authorizer, one request at a time.
//!
//! Every operator that a condition can pass the strict type check with occurs; so do overflows, dates out of range and
//! facts that lack what the firm declares or have it with another type, because errors are part of the answer.

use std::fmt::Write as _;

use lexhold_document::Diagnostics;
use proptest::prelude::*;

use crate::facts::{
    AttachmentFacts, Audience, ChannelFacts, Direction, Facts, Firm, FirmValue, Insiders, PersonFacts, Sender,
};
use crate::testing::{compile, file, row};
use crate::{Action, Condition, Decider, Oracle, Program, Schemas};

const ACTIONS: [Action; 4] = [Action::Scan, Action::Communicate, Action::Retain, Action::Hold];

const EXTENSIONS: [&str; 3] = [
    "type FirmPerson = { tier?: Long, clubs: Set<String> }; type FirmMessage = { desk: String, size?: Long };",
    "type FirmPerson = { tier: Long }; type FirmMessage = { urgent: Bool, desk?: String };",
    "type FirmPerson = {}; type FirmMessage = {};",
];

/// A small generator of numbers, so that one seed tells a whole case.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
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
        match self.roll(22) {
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
            19 => self.about_decimals(deep),
            20 => self.about_firm(deep),
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

    fn about_decimals(&mut self, deep: usize) -> String {
        match self.roll(4) {
            0 => "decimal(\"1.50\").lessThan(decimal(\"1.5001\"))".into(),
            1 => "ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"))".into(),
            2 => "decimal(\"1.0\") == decimal(\"1.00\")".into(),
            _ => format!(
                "(if {} then decimal(\"1.0\") else decimal(\"-2.5\")).greaterThanOrEqual(decimal(\"0.0\"))",
                self.boolean(deep)
            ),
        }
    }

    /// Mostly fits one of the extensions and is refused under the others.
    fn about_firm(&mut self, deep: usize) -> String {
        match self.roll(8) {
            0 => format!("(resource.firm.desk == {})", self.text(deep)),
            1 => "(resource.firm has desk && resource.firm.desk like \"w*\")".into(),
            2 => "(principal.firm has tier && principal.firm.tier > 1)".into(),
            3 => format!("principal.firm.tier * {} > 3", self.long(deep)),
            4 => format!("principal.firm.clubs.containsAny({})", self.texts(deep)),
            5 => "resource.firm.urgent".into(),
            6 => "(resource.firm has size && -resource.firm.size < 0)".into(),
            _ => "principal.firm == resource.sender.firm".into(),
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

    /// Some of what a firm may declare, now and then with a type that it had in another year.
    fn firm(&mut self, names: &[&str]) -> Firm {
        let mut firm = Firm::new();
        for name in names {
            let value = match (*name, self.roll(12)) {
                (_, 0 | 1) => continue,
                (_, 2) => FirmValue::Bool(self.coin()),
                ("tier" | "size", _) => FirmValue::Long([0, 1, 2, i64::MAX][self.roll(4)]),
                ("clubs", _) => FirmValue::Texts(self.words()),
                ("urgent", _) => FirmValue::Bool(self.coin()),
                _ => FirmValue::Text(self.word().to_owned()),
            };
            firm.insert((*name).to_owned(), value);
        }
        firm
    }

    fn person_facts(&mut self) -> PersonFacts {
        PersonFacts {
            departed: self.coin(),
            external: self.coin(),
            domains: self.words(),
            licences: self.words(),
            groups: self.words(),
            jurisdiction: self.coin().then(|| self.word().to_owned()),
            firm: self.firm(&["tier", "clubs"]),
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
            firm: self.firm(&["desk", "size", "urgent"]),
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

/// What a case was made of, and what it showed.
#[derive(Debug, Default)]
struct Tally {
    conditions: usize,
    refused: usize,
    uncompiled: usize,
    requests: usize,
    held: usize,
    failed: usize,
}

fn schemas(extension: usize) -> Schemas {
    let (files, file) = file(EXTENSIONS[extension]);
    Schemas::extended(&files, file, &mut Diagnostics::new()).unwrap()
}

/// One program and some messages; says what differs.
fn case(schemas: &Schemas, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice(seed);
    let action = ACTIONS[dice.roll(4)];
    let mut clauses = Vec::new();
    let mut conditions: Vec<Condition> = Vec::new();
    for _ in 0..=dice.roll(9) {
        let depth = dice.roll(5);
        let clause: Vec<String> = (0..=dice.roll(2)).map(|_| dice.boolean(depth)).collect();
        let texts: Vec<&str> = clause.iter().map(String::as_str).collect();
        match compile(schemas, action, &texts) {
            Ok(condition) => {
                clauses.push(clause);
                conditions.push(condition);
            }
            Err(_) => tally.refused += 1,
        }
    }
    let program = Program::build(action, conditions);
    tally.conditions += clauses.len();
    tally.uncompiled += program.uncompiled().count();
    let (mut decider, oracle) = (Decider::new(&program), Oracle::new(&program));
    for _ in 0..3 {
        let row = row(dice.facts());
        for _ in 0..2 {
            let sent_at = dice.sent_at();
            let (found, expected) = (decider.decide(&row, sent_at), oracle.decide(&row, sent_at));
            tally.requests += 1;
            tally.held += expected.determining.len();
            tally.failed += expected.errors.len();
            if *found != expected {
                let mut text = format!("seed {seed}, {action}, {sent_at:?}\n{}\n", row.json);
                for (at, clause) in clauses.iter().enumerate() {
                    let _ = writeln!(text, "{at}: {clause:?}");
                }
                return Err(format!("{text}compiled {found:?}\n   Cedar {expected:?}"));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn compiled_conditions_answer_as_cedar_does(seed: u64, extension in 0..3_usize) {
        if let Err(difference) = case(&schemas(extension), seed, &mut Tally::default()) {
            prop_assert!(false, "{difference}");
        }
    }
}

/// `cargo test -p lexhold-policy --lib -- --ignored --nocapture long_run`
#[test]
#[ignore = "takes minutes"]
fn long_run() {
    let schemas = [0, 1, 2].map(schemas);
    let mut tally = Tally::default();
    for seed in 0..20_000 {
        let extension = usize::try_from(seed % 3).unwrap();
        case(&schemas[extension], seed, &mut tally).unwrap_or_else(|difference| panic!("{difference}"));
    }
    #[expect(clippy::print_stdout, reason = "asked for by hand")]
    {
        println!("{tally:?}");
    }
}

#[test]
fn the_made_up_conditions_do_what_they_are_made_for() {
    let schemas = [0, 1, 2].map(schemas);
    let mut tally = Tally::default();
    for seed in 0..30 {
        let extension = usize::try_from(seed % 3).unwrap();
        case(&schemas[extension], seed, &mut tally).unwrap_or_else(|difference| panic!("{difference}"));
    }
    assert!(tally.refused < tally.conditions / 2, "{tally:?}");
    assert!(
        0 < tally.uncompiled && tally.uncompiled < tally.conditions / 4,
        "{tally:?}"
    );
    assert!(tally.held > 20 && tally.failed > 20, "{tally:?}");
}
