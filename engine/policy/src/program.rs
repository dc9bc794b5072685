//! All conditions of one action, asked about message after message.

use std::sync::Arc;

use lexhold_model::Key;
use rustc_hash::FxHashMap;

use crate::asked::Cast;
use crate::compiled::{Compiled, Found, PutOff, Scratch};
use crate::official::{Remembering, Slice};
use crate::{Action, Condition, FactsRow};

/// Facts rows whose answers a [`Decider`] keeps before it starts anew.
const KEPT_ROWS: usize = 16_384;

/// Bytes of what is kept beside the answers, before it starts anew.
const KEPT_BYTES: usize = 8 << 20;

/// The compiled conditions of one action. Immutable; see [`Decider`] for asking.
#[derive(Clone, Debug)]
pub struct Program {
    action: Action,
    conditions: Vec<Condition>,
    compiled: Compiled,
    official: Vec<Slice>,
    /// Positions of the conditions in `official`.
    uncompiled: Vec<usize>,
}

/// What the conditions of an action say of one message. Read the errors first: a condition that failed is not
/// a condition that did not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The conditions that hold, by their position in the program, in ascending order.
    pub determining: Vec<usize>,
    /// The conditions that could not be evaluated, each with the reason, in ascending order.
    pub errors: Vec<(usize, String)>,
}

impl Answer {
    pub(crate) fn new(mut determining: Vec<usize>, mut errors: Vec<(usize, String)>) -> Self {
        determining.sort_unstable();
        determining.dedup();
        errors.sort_unstable();
        errors.dedup();
        Self { determining, errors }
    }

    /// Leaves `found` its memory, to be used again.
    fn of(found: &mut Found) -> Self {
        Self::new(found.determining.clone(), std::mem::take(&mut found.errors))
    }

    /// What two answers say together.
    #[must_use]
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.determining.extend(&other.determining);
        self.errors.extend(other.errors.iter().cloned());
        Self::new(self.determining, self.errors)
    }

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let errors = self
            .errors
            .iter()
            .map(|(_, reason)| size_of::<(usize, String)>() + reason.len());
        size_of::<Self>() + self.determining.len() * size_of::<usize>() + errors.sum::<usize>()
    }
}

impl Program {
    /// The program of an action; positions in an [`Answer`] are positions in `conditions`.
    ///
    /// Conditions compiled for another action are never asked.
    pub fn build(action: Action, conditions: Vec<Condition>) -> Self {
        let mine = conditions.iter().enumerate().filter(|(_, it)| it.action() == action);
        let (compiled, rest) = Compiled::of(mine);
        let uncompiled = rest.iter().map(|(position, _)| *position).collect();
        Self {
            official: Slice::of(rest.into_iter()),
            uncompiled,
            compiled,
            action,
            conditions,
        }
    }

    /// What the program decides.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The conditions, in the order of their positions.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The conditions that are left to Cedar's own authorizer, a hundred times slower than the rest.
    pub fn uncompiled(&self) -> impl Iterator<Item = &Condition> {
        self.uncompiled.iter().map(|position| &self.conditions[*position])
    }

    /// The conditions that are asked, with their positions.
    pub(crate) fn mine(&self) -> impl Iterator<Item = (usize, &Condition)> {
        let all = self.conditions.iter().enumerate();
        all.filter(|(_, condition)| condition.action() == self.action)
    }
}

/// Asks a program about messages and remembers the answers: one for each thread.
pub struct Decider<'p> {
    program: &'p Program,
    official: Vec<Remembering<'p>>,
    scratch: Scratch,
    rows: FxHashMap<Key, Known>,
    row_bytes: usize,
    evaluations: u64,
}

/// What is known of a facts row, whenever its message was sent.
struct Known {
    answer: Arc<Answer>,
    /// What has to be asked of each message.
    put_off: PutOff,
}

impl<'p> Decider<'p> {
    /// A decider that remembers nothing yet.
    pub fn new(program: &'p Program) -> Self {
        let slices = program.official.iter();
        Self {
            program,
            official: slices.map(|slice| Remembering::new(program.action, slice)).collect(),
            scratch: Scratch::default(),
            rows: FxHashMap::default(),
            row_bytes: 0,
            evaluations: 0,
        }
    }

    /// What the program says of a message with these facts, sent at this instant (µs since 1970, UTC).
    ///
    /// `scan` and `communicate` are asked of the sender; `retain` and `hold` of every participant inside the
    /// firm, or of the sender where there is none, all answers and errors united.
    pub fn decide(&mut self, row: &FactsRow, sent_at_us: Option<i64>) -> Arc<Answer> {
        let cast = Cast::of(self.program.action, row);
        let answer = match self.rows.get(&row.id) {
            Some(known) => known.at(self.program, row, cast, sent_at_us),
            None => {
                let known = self.learn(row, cast);
                let answer = known.at(self.program, row, cast, sent_at_us);
                self.remember(row.id, known);
                answer
            }
        };
        if self.official.is_empty() {
            return answer;
        }
        let mut answer = Answer::clone(&answer);
        for slice in &mut self.official {
            self.evaluations += slice.decide(cast, row, sent_at_us, &mut answer);
        }
        Arc::new(answer)
    }

    /// How many facts rows were evaluated so far, and requests made of Cedar's authorizer.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    fn learn(&mut self, row: &FactsRow, cast: Cast<'_>) -> Known {
        self.evaluations += 1;
        let put_off = self.program.compiled.timeless(row, cast, &mut self.scratch);
        Known {
            answer: Arc::new(Answer::of(&mut self.scratch.found)),
            put_off,
        }
    }

    fn remember(&mut self, row: Key, known: Known) {
        if self.rows.len() >= KEPT_ROWS || self.row_bytes >= KEPT_BYTES {
            self.rows.clear();
            self.row_bytes = 0;
        }
        self.row_bytes += known.answer.bytes() + known.put_off.bytes();
        self.rows.insert(row, known);
    }
}

impl Known {
    /// The answer for a message that was sent at this instant.
    fn at(&self, program: &Program, row: &FactsRow, cast: Cast<'_>, sent_at_us: Option<i64>) -> Arc<Answer> {
        if self.put_off.is_empty() {
            return self.answer.clone();
        }
        let mut found = Found::default();
        let compiled = &program.compiled;
        compiled.timely(row, cast, sent_at_us, &self.put_off, &mut found);
        if found.determining.is_empty() && found.errors.is_empty() {
            return self.answer.clone();
        }
        Arc::new(Answer::new(found.determining, found.errors).and(&self.answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Facts, Insiders, PersonFacts, Sender};
    use crate::firm::FirmValue;
    use crate::testing::{condition, row, set};

    const OVERFLOW: &str = "resource.attachments.bytes * 9223372036854775807 > 0";

    fn decide(action: Action, clauses: &[&str], facts: Facts) -> Answer {
        let program = Program::build(action, clauses.iter().map(|clause| condition(action, clause)).collect());
        let answer = Decider::new(&program).decide(&row(facts), None);
        Answer::clone(&answer)
    }

    fn insiders(ids: &[&str], groups: &[&str]) -> Insiders {
        Insiders {
            ids: set(ids),
            facts: PersonFacts {
                groups: set(groups),
                ..PersonFacts::default()
            },
        }
    }

    fn outsider() -> Sender {
        Sender {
            id: "x@far.example".into(),
            facts: PersonFacts {
                external: true,
                ..PersonFacts::default()
            },
        }
    }

    #[test]
    fn under_every_action_an_error_stands_beside_what_holds() {
        let mut facts = Facts {
            business: true,
            ..Facts::default()
        };
        facts.attachments.bytes = 3;
        for action in [Action::Scan, Action::Communicate, Action::Retain, Action::Hold] {
            let answer = decide(
                action,
                &["resource.external", "resource.business", OVERFLOW],
                facts.clone(),
            );
            assert_eq!(answer.determining, [1], "{action}");
            assert_eq!(answer.errors, [(2, "a number is too large".to_owned())], "{action}");
        }
    }

    #[test]
    fn a_message_received_is_governed_by_those_who_received_it() {
        let facts = Facts {
            sender: outsider(),
            insiders: vec![
                insiders(&["ann"], &["research"]),
                insiders(&["bob", "cid"], &["banking"]),
            ],
            ..Facts::default()
        };
        let groups = [
            r#"principal in Group::"research""#,
            r#"principal in Group::"banking""#,
            "principal.external",
        ];
        assert_eq!(decide(Action::Retain, &groups, facts.clone()).determining, [0, 1]);
        assert_eq!(
            decide(Action::Hold, &[r#"principal == Person::"cid""#], facts.clone()).determining,
            [0]
        );
        assert_eq!(
            decide(Action::Communicate, &groups, facts.clone()).determining,
            [2],
            "the sender alone"
        );
        let nobody_inside = Facts {
            insiders: vec![],
            ..facts
        };
        assert_eq!(
            decide(Action::Retain, &groups, nobody_inside).determining,
            [2],
            "the sender instead"
        );
    }

    #[test]
    fn errors_of_one_principal_do_not_hide_what_holds_for_another() {
        let clause = "if principal.departed then resource.attachments.bytes * 9223372036854775807 > 0 else true";
        let departed = PersonFacts {
            departed: true,
            ..PersonFacts::default()
        };
        let mut facts = Facts {
            insiders: vec![
                insiders(&["ann"], &[]),
                Insiders {
                    ids: set(&["bob"]),
                    facts: departed,
                },
            ],
            ..Facts::default()
        };
        facts.attachments.bytes = 3;
        let answer = decide(Action::Retain, &[clause], facts);
        assert_eq!((answer.determining.len(), answer.errors.len()), (1, 1));
    }

    #[test]
    fn equal_facts_are_evaluated_once_whenever_they_were_sent() {
        let clauses = [
            r#"resource.labels.contains("a")"#,
            r#"principal in Group::"research" && resource has sent_at && resource.sent_at > datetime("1970-01-02")"#,
        ];
        let program = Program::build(
            Action::Retain,
            clauses.map(|clause| condition(Action::Retain, clause)).into(),
        );
        let mut decider = Decider::new(&program);
        for day in 0..500 {
            let facts = Facts {
                labels: set(if day % 2 == 0 { &["a", "b"] } else { &["b"] }),
                insiders: vec![insiders(&["ann", "bob"], &["research"]), insiders(&["cid"], &["sales"])],
                sender: outsider(),
                ..Facts::default()
            };
            let answer = decider.decide(&row(facts), Some(day * 86_400_000_000));
            assert_eq!(answer.determining.contains(&0), day % 2 == 0);
            assert_eq!(answer.determining.contains(&1), day > 1);
        }
        assert_eq!(decider.evaluations(), 2, "two sets of labels");
    }

    #[test]
    fn what_is_not_compiled_is_asked_of_cedar_and_told() {
        let decimals = r#"(if resource.external then decimal("1.5") else decimal("2.5")).lessThan(decimal("2.0"))"#;
        let clauses = ["resource.business", decimals];
        let program = Program::build(
            Action::Retain,
            clauses.map(|clause| condition(Action::Retain, clause)).into(),
        );
        let left: Vec<_> = program.uncompiled().map(Condition::id).collect();
        assert_eq!(left.len(), 1);
        let mut decider = Decider::new(&program);
        for (external, holds) in [(true, &[0, 1][..]), (false, &[0])] {
            let facts = Facts {
                external,
                business: true,
                ..Facts::default()
            };
            let answer = decider.decide(&row(facts), None);
            assert_eq!(answer.determining.to_vec(), holds);
        }
    }

    #[test]
    fn instants_are_read_when_asked_for() {
        let clauses = [
            r#"resource has sent_at && resource.sent_at < datetime("2019-01-01T04:30:00.001Z")"#,
            r#"resource has sender_local && resource.sender_local.weekday == "monday""#,
        ];
        let program = Program::build(
            Action::Hold,
            clauses.map(|clause| condition(Action::Hold, clause)).into(),
        );
        let mut decider = Decider::new(&program);
        let row = row(Facts::default());
        let at = 1_546_317_000_000_000;
        assert_eq!(decider.decide(&row, Some(at + 999)).determining, [0, 1]);
        assert_eq!(decider.decide(&row, Some(at + 1000)).determining, [1]);
        assert_eq!(decider.decide(&row, None).determining, [0; 0]);
        // Beyond Cedar's years there is no instant to compare, which is no error.
        assert_eq!(*decider.decide(&row, Some(i64::MAX)), Answer::default());
    }

    #[test]
    fn facts_that_contradict_themselves_are_an_error_of_every_condition() {
        let sender = Sender {
            id: "ann".into(),
            facts: PersonFacts {
                external: true,
                ..PersonFacts::default()
            },
        };
        let facts = Facts {
            sender,
            insiders: vec![insiders(&["ann"], &[])],
            ..Facts::default()
        };
        let answer = decide(Action::Hold, &["true", "false"], facts);
        assert_eq!((answer.determining.len(), answer.errors.len()), (0, 2));
    }

    #[test]
    fn a_required_attribute_that_the_source_lacks_is_an_error() {
        let (files, file) = crate::testing::file("type FirmMessage = { desk: String };");
        let schemas = crate::Schemas::extended(&files, file, &mut lexhold_document::Diagnostics::new()).unwrap();
        let condition =
            crate::testing::compile(&schemas, Action::Retain, &[r#"resource.firm.desk == "rates""#]).unwrap();
        let program = Program::build(Action::Retain, vec![condition]);
        let mut decider = Decider::new(&program);
        let missing = decider.decide(&row(Facts::default()), None);
        assert_eq!(
            missing.errors,
            [(0, "record does not have the attribute `desk`".to_owned())]
        );
        let firm = [("desk".to_owned(), FirmValue::Text("rates".into()))].into();
        assert_eq!(
            decider
                .decide(
                    &row(Facts {
                        firm,
                        ..Facts::default()
                    }),
                    None
                )
                .determining,
            [0]
        );
    }
}

#[cfg(test)]
mod oracle {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::facts::{AttachmentFacts, Audience, ChannelFacts, Direction, Facts, Insiders, PersonFacts, Sender};
    use crate::firm::FirmValue;
    use crate::testing::{compile, file, row};

    const CLAUSES: [&str; 30] = [
        "true",
        "resource.business",
        r#"resource.platform == "p0""#,
        r#"["p0", "p1"].contains(resource.platform)"#,
        r#"resource.labels.contains("w0")"#,
        r#"resource.labels.containsAny(["w0", "w1"]) && resource.accounts.containsAll(["w1"])"#,
        r#"resource.labels == ["w1", "w2"]"#,
        "resource.labels.isEmpty()",
        r#"principal in Group::"w0""#,
        r#"principal in [Group::"w1", Group::"w2"]"#,
        "principal in resource.recipients.groups",
        r#"resource.sender in Group::"w1" && principal != resource.sender"#,
        r#"principal == Person::"p1""#,
        r#"Person::"p0" == resource.sender || resource.channel == Channel::"p0""#,
        "resource.recipients.people.contains(principal)",
        r#"resource.participants.people.contains(Person::"p1")"#,
        r#"resource.participants.groups.containsAny([Group::"w0", Group::"w2"])"#,
        "resource.recipients.domains.containsAll(resource.sender.domains)",
        r#"principal has jurisdiction && principal.jurisdiction like "w*""#,
        r#"resource.channel.approved && resource.direction != "internal""#,
        r#"resource has sent_at && resource.sent_at < datetime("1970-01-03")"#,
        "resource has sender_local.hour && resource.sender_local.hour >= 20",
        "resource.attachments.bytes * 9223372036854775807 > 0",
        "if principal.departed then resource.attachments.count * 9223372036854775807 > 0 else resource.external",
        "(if resource.business then principal else resource.sender).external",
        r#"resource.firm.desk == "w0""#,
        r#"principal.firm has tier && principal.firm.tier > 1"#,
        "resource.recipients.count > 1 || resource.participants.external",
        r#"resource.attachments.extensions.contains("w0") && principal.licences.contains("w1")"#,
        "{a: resource.sender, b: 1}.a.external",
    ];

    static CONDITIONS: LazyLock<Vec<Condition>> = LazyLock::new(|| {
        let (files, file) = file("type FirmPerson = { tier?: Long }; type FirmMessage = { desk: String };");
        let mut diagnostics = lexhold_document::Diagnostics::new();
        let schemas = crate::Schemas::extended(&files, file, &mut diagnostics).unwrap();
        CLAUSES
            .iter()
            .map(|clause| compile(&schemas, Action::Hold, &[clause]).unwrap())
            .collect()
    });

    fn words(prefix: &'static str) -> impl Strategy<Value = BTreeSet<String>> {
        btree_set((0..3_u8).prop_map(move |n| format!("{prefix}{n}")), 0..3)
    }

    fn person() -> impl Strategy<Value = PersonFacts> {
        let tier = proptest::option::of(0..3_i64);
        (
            any::<(bool, bool)>(),
            words("w"),
            words("w"),
            words("w"),
            proptest::option::of("[wx]"),
            tier,
        )
            .prop_map(
                |((external, departed), domains, licences, groups, jurisdiction, tier)| PersonFacts {
                    external,
                    departed,
                    domains,
                    licences,
                    groups,
                    jurisdiction,
                    firm: tier
                        .map(|tier| ("tier".to_owned(), FirmValue::Long(tier)))
                        .into_iter()
                        .collect(),
                },
            )
    }

    fn audience() -> impl Strategy<Value = Audience> {
        (words("p"), words("w"), words("w"), any::<bool>()).prop_map(|(people, groups, domains, external)| Audience {
            people,
            groups,
            domains,
            external,
        })
    }

    fn facts() -> impl Strategy<Value = Facts> {
        let words_of_message = (words("w"), words("w"), words("w"), 0..3_u8, 0..2_u8);
        let people = (person(), vec(person(), 0..3), audience(), audience());
        let rest = (any::<(bool, bool, bool)>(), 0..3_i64, proptest::option::of("w[01]"));
        (words_of_message, people, rest).prop_map(|(words, people, rest)| {
            let (accounts, labels, extensions, platform, channel) = words;
            let (sender, inside, recipients, participants) = people;
            let ((business, external, approved), size, desk) = rest;
            // Two each, of whom one may also be named in the clauses.
            let insiders = inside.into_iter().enumerate().map(|(n, facts)| Insiders {
                ids: [format!("p{n}"), format!("q{n}")].into(),
                facts,
            });
            Facts {
                platform: format!("p{platform}"),
                direction: if external {
                    Direction::Inbound
                } else {
                    Direction::Internal
                },
                channel: ChannelFacts {
                    id: format!("p{channel}"),
                    listed: approved,
                    approved,
                },
                sender: Sender {
                    id: "s".into(),
                    facts: sender,
                },
                insiders: insiders.collect(),
                external,
                business,
                accounts,
                labels,
                recipients,
                participants,
                attachments: AttachmentFacts {
                    count: size,
                    bytes: size,
                    extensions,
                    ..AttachmentFacts::default()
                },
                firm: desk
                    .map(|desk| ("desk".to_owned(), FirmValue::Text(desk)))
                    .into_iter()
                    .collect(),
                ..Facts::default()
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn remembered_answers_equal_fresh_ones(
            messages in vec((facts(), proptest::option::of(0..400_000_000_000_i64)), 1..24),
            chosen in proptest::sample::subsequence((0..CLAUSES.len()).collect::<Vec<_>>(), 1..CLAUSES.len()),
        ) {
            let conditions: Vec<_> = chosen.into_iter().map(|at| CONDITIONS[at].clone()).collect();
            let program = Program::build(Action::Hold, conditions);
            let oracle = crate::Oracle::new(&program);
            let mut decider = Decider::new(&program);
            for (facts, sent_at_us) in messages {
                let row = row(facts);
                prop_assert_eq!(&*decider.decide(&row, sent_at_us), &oracle.decide(&row, sent_at_us));
            }
        }
    }
}
