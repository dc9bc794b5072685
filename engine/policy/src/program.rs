//! All conditions of one action, put to Cedar's authorizer once for each part of a message that they can tell apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, EvaluationError, Policy, PolicyId, PolicySet, Response};
use lexhold_model::Key;
use rustc_hash::FxHashMap;

use crate::entities::{Principal, question};
use crate::project::project;
use crate::reads::Reads;
use crate::{Action, Condition, FactsRow};

/// Answers kept by a [`Decider`] before it starts anew.
const KEPT_ANSWERS: usize = 65_536;

/// The compiled conditions of one action. Immutable; see [`Decider`] for asking.
#[derive(Clone, Debug)]
pub struct Program {
    action: Action,
    conditions: Vec<Condition>,
    slices: Vec<Slice>,
}

/// Conditions that read the same attributes from one message to the next, evaluated together.
#[derive(Clone, Debug)]
struct Slice {
    policies: PolicySet,
    members: Vec<usize>,
    reads: Reads,
}

/// What the conditions of an action say of one message. Read the errors first: a condition that failed is not
/// a condition that did not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The conditions that hold, by their position in the program, in ascending order.
    pub determining: BTreeSet<usize>,
    /// The conditions that could not be evaluated, each with the reason, in ascending order.
    pub errors: BTreeSet<(usize, String)>,
}

impl Answer {
    fn unite(&mut self, other: &Self) {
        self.determining.extend(&other.determining);
        self.errors.extend(other.errors.iter().cloned());
    }
}

impl Program {
    /// The program of an action; positions in an [`Answer`] are positions in `conditions`.
    ///
    /// Conditions compiled for another action are never asked.
    pub fn build(action: Action, conditions: Vec<Condition>) -> Self {
        let mut slices: Vec<Slice> = Vec::new();
        for (position, condition) in conditions.iter().enumerate().filter(|(_, it)| it.action() == action) {
            let slice = match slices
                .iter()
                .position(|slice| belong_together(&slice.reads, &condition.reads))
            {
                Some(at) => &mut slices[at],
                None => {
                    slices.push(Slice::default());
                    let last = slices.len() - 1;
                    &mut slices[last]
                }
            };
            slice.add(position, &condition.policy);
            slice.reads.merge(&condition.reads);
        }
        Self {
            action,
            conditions,
            slices,
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
}

impl Default for Slice {
    fn default() -> Self {
        Self {
            policies: PolicySet::new(),
            members: Vec::new(),
            reads: Reads::default(),
        }
    }
}

impl Slice {
    fn add(&mut self, position: usize, policy: &Policy) {
        #[expect(clippy::expect_used, reason = "positions are unique, and so are ids made of them")]
        self.policies
            .add(policy.new_id(PolicyId::new(position.to_string())))
            .expect("a new id");
        self.members.push(position);
    }
}

/// Whether two sets of conditions are better evaluated together: attributes that change with every message are
/// kept apart from the rest, so that the rest is asked rarely.
fn belong_together(one: &Reads, other: &Reads) -> bool {
    const VOLATILE: [&str; 6] = [
        "resource.sent_at",
        "resource.sender_local",
        "resource.attachments",
        "resource.accounts",
        "resource.firm",
        "principal.firm",
    ];
    VOLATILE.iter().all(|path| one.includes(path) == other.includes(path))
}

/// Asks a program about messages and remembers the answers: one for each thread.
pub struct Decider<'p> {
    program: &'p Program,
    authorizer: Authorizer,
    memos: Vec<Memo>,
    projection: Vec<u8>,
    evaluations: u64,
}

#[derive(Default)]
struct Memo {
    by_row: FxHashMap<Key, Arc<Answer>>,
    by_projection: FxHashMap<Vec<u8>, Arc<Answer>>,
}

impl<'p> Decider<'p> {
    /// A decider that remembers nothing yet.
    pub fn new(program: &'p Program) -> Self {
        Self {
            program,
            authorizer: Authorizer::new(),
            memos: program.slices.iter().map(|_| Memo::default()).collect(),
            projection: Vec::new(),
            evaluations: 0,
        }
    }

    /// What the program says of a message with these facts, sent at this instant (µs since 1970, UTC).
    ///
    /// `scan` and `communicate` are asked of the sender; `retain` and `hold` of every participant inside the
    /// firm, or of the sender where there is none, all answers and errors united.
    pub fn decide(&mut self, row: &FactsRow, sent_at_us: Option<i64>) -> Arc<Answer> {
        match self.program.slices.len() {
            0 => Arc::default(),
            1 => self.decide_slice(0, row, sent_at_us),
            slices => {
                let mut answer = Answer::default();
                (0..slices).for_each(|slice| answer.unite(&self.decide_slice(slice, row, sent_at_us)));
                Arc::new(answer)
            }
        }
    }

    /// How many times Cedar was asked so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    fn decide_slice(&mut self, slice: usize, row: &FactsRow, sent_at_us: Option<i64>) -> Arc<Answer> {
        let timeless = !self.program.slices[slice].reads.time();
        if let Some(answer) = self.memos[slice].by_row.get(&row.id).filter(|_| timeless) {
            return answer.clone();
        }
        let mut united: Option<Arc<Answer>> = None;
        for principal in principals(self.program.action, &self.program.slices[slice].reads, row) {
            let answer = self.answer(slice, principal, row, sent_at_us);
            united = Some(match united {
                None => answer,
                Some(mut all) => {
                    Arc::make_mut(&mut all).unite(&answer);
                    all
                }
            });
        }
        let answer = united.unwrap_or_default();
        if timeless {
            let memo = &mut self.memos[slice].by_row;
            if memo.len() >= KEPT_ANSWERS {
                memo.clear();
            }
            memo.insert(row.id, answer.clone());
        }
        answer
    }

    fn answer(
        &mut self,
        slice: usize,
        principal: Principal<'_>,
        row: &FactsRow,
        sent_at_us: Option<i64>,
    ) -> Arc<Answer> {
        let asked = &self.program.slices[slice];
        project(&asked.reads, principal, row, sent_at_us, &mut self.projection);
        let memo = &mut self.memos[slice].by_projection;
        if let Some(answer) = memo.get(self.projection.as_slice()) {
            return answer.clone();
        }
        self.evaluations += 1;
        let answer = Arc::new(ask(
            &self.authorizer,
            self.program.action,
            asked,
            principal,
            row,
            sent_at_us,
        ));
        if memo.len() >= KEPT_ANSWERS {
            memo.clear();
        }
        memo.insert(self.projection.clone(), answer.clone());
        answer
    }
}

/// The people of whom a request is made, one for each set of facts that the policies can tell apart.
fn principals<'a>(action: Action, reads: &Reads, row: &'a FactsRow) -> Vec<Principal<'a>> {
    let facts = &row.facts;
    let sender = Principal {
        id: &facts.sender.id,
        facts: &facts.sender.facts,
    };
    if action.asks_sender_only() || facts.insiders.is_empty() {
        return vec![sender];
    }
    let by_id = reads.includes("principal#id");
    let each = facts.insiders.iter().flat_map(|alike| {
        let shown = if by_id { usize::MAX } else { 1 };
        alike.ids.iter().take(shown).map(|id| Principal {
            id,
            facts: &alike.facts,
        })
    });
    each.collect()
}

fn ask(
    authorizer: &Authorizer,
    action: Action,
    slice: &Slice,
    principal: Principal<'_>,
    row: &FactsRow,
    sent_at_us: Option<i64>,
) -> Answer {
    let Some(question) = question(action, principal, row, sent_at_us) else {
        let reason = "the facts contradict themselves";
        let errors = slice
            .members
            .iter()
            .map(|position| (*position, reason.to_owned()))
            .collect();
        return Answer {
            determining: BTreeSet::new(),
            errors,
        };
    };
    read(&authorizer.is_authorized(&question.request, &slice.policies, &question.entities))
}

/// The determining policies and errors of a response. The decision itself says nothing: with one effect only,
/// the determining policies are all that hold.
fn read(response: &Response) -> Answer {
    let position = |id: &PolicyId| AsRef::<str>::as_ref(id).parse::<usize>().ok();
    let diagnostics = response.diagnostics();
    let errors = diagnostics
        .errors()
        .map(|AuthorizationError::PolicyEvaluationError(error)| {
            Some((position(error.policy_id())?, reason(error.inner())))
        });
    Answer {
        determining: diagnostics.reason().filter_map(position).collect(),
        errors: errors.flatten().collect(),
    }
}

/// Why a policy failed, without the values it failed on.
fn reason(error: &EvaluationError) -> String {
    match error {
        EvaluationError::RecordAttrDoesNotExist(error) => error.to_string(),
        EvaluationError::EntityDoesNotExist(_) => "an entity is not known".to_owned(),
        EvaluationError::EntityAttrDoesNotExist(_) => "an attribute is missing".to_owned(),
        EvaluationError::TypeError(_) => "a value has another type than the schema says".to_owned(),
        EvaluationError::IntegerOverflow(_) => "a number is too large".to_owned(),
        EvaluationError::FailedExtensionFunctionExecution(_) => {
            "a date, duration or decimal is out of range".to_owned()
        }
        EvaluationError::RecursionLimit(_) => "the condition is nested too deeply".to_owned(),
        _ => "the condition cannot be evaluated".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Facts, FirmValue, Insiders, PersonFacts, Sender};
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
            assert_eq!(answer.determining, [1].into(), "{action}");
            assert_eq!(
                answer.errors,
                [(2, "a number is too large".to_owned())].into(),
                "{action}"
            );
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
        assert_eq!(
            decide(Action::Retain, &groups, facts.clone()).determining,
            [0, 1].into()
        );
        assert_eq!(
            decide(Action::Hold, &[r#"principal == Person::"cid""#], facts.clone()).determining,
            [0].into()
        );
        assert_eq!(
            decide(Action::Communicate, &groups, facts.clone()).determining,
            [2].into(),
            "the sender alone"
        );
        let nobody_inside = Facts {
            insiders: vec![],
            ..facts
        };
        assert_eq!(
            decide(Action::Retain, &groups, nobody_inside).determining,
            [2].into(),
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
    fn messages_that_no_policy_can_tell_apart_are_evaluated_once() {
        let clauses = [r#"resource.labels.contains("a")"#, r#"principal in Group::"research""#];
        let program = Program::build(
            Action::Retain,
            clauses.map(|clause| condition(Action::Retain, clause)).into(),
        );
        let mut decider = Decider::new(&program);
        for platform in 0..500 {
            let mut facts = Facts {
                platform: platform.to_string(),
                sender: outsider(),
                ..Facts::default()
            };
            facts.labels = set(if platform % 2 == 0 { &["a", "b"] } else { &["b"] });
            facts.insiders = vec![insiders(&["ann", "bob"], &["research"]), insiders(&["cid"], &["sales"])];
            let answer = decider.decide(&row(facts), Some(platform * 1_000_000));
            assert_eq!(answer.determining.contains(&0), platform % 2 == 0);
            assert!(answer.determining.contains(&1));
        }
        assert_eq!(decider.evaluations(), 4, "two sets of labels, two sets of groups");
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
        assert_eq!(decider.decide(&row, Some(at + 999)).determining, [0, 1].into());
        assert_eq!(decider.decide(&row, Some(at + 1000)).determining, [1].into());
        assert_eq!(decider.decide(&row, None).determining, [].into());
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
            [(0, "record does not have the attribute `desk`".to_owned())].into()
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
            [0].into()
        );
    }
}

#[cfg(test)]
mod oracle {
    use std::sync::LazyLock;

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::facts::{
        AttachmentFacts, Audience, ChannelFacts, Direction, Facts, FirmValue, Insiders, PersonFacts, Sender,
    };
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

    /// One fresh request for each condition and each participant inside, with all that is known.
    fn plainly(conditions: &[Condition], row: &FactsRow, sent_at_us: Option<i64>) -> Answer {
        let mut answer = Answer::default();
        let facts = &row.facts;
        let mut people: Vec<Principal<'_>> = Vec::new();
        for alike in &facts.insiders {
            people.extend(alike.ids.iter().map(|id| Principal {
                id,
                facts: &alike.facts,
            }));
        }
        if people.is_empty() {
            people.push(Principal {
                id: &facts.sender.id,
                facts: &facts.sender.facts,
            });
        }
        for (position, condition) in conditions.iter().enumerate() {
            let policies = PolicySet::from_policies([condition.policy.new_id(PolicyId::new(position.to_string()))]);
            for person in &people {
                let question = question(Action::Hold, *person, row, sent_at_us).unwrap();
                let authorizer = Authorizer::new();
                let response =
                    authorizer.is_authorized(&question.request, policies.as_ref().unwrap(), &question.entities);
                answer.unite(&read(&response));
            }
        }
        answer
    }

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
            let program = Program::build(Action::Hold, conditions.clone());
            let mut decider = Decider::new(&program);
            for (facts, sent_at_us) in messages {
                let row = row(facts);
                prop_assert_eq!(&*decider.decide(&row, sent_at_us), &plainly(&conditions, &row, sent_at_us));
            }
        }
    }
}
