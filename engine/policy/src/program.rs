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
            let slice = match slices.iter().position(|slice| belong_together(&slice.reads, &condition.reads)) {
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
        Self { action, conditions, slices }
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
        Self { policies: PolicySet::new(), members: Vec::new(), reads: Reads::default() }
    }
}

impl Slice {
    fn add(&mut self, position: usize, policy: &Policy) {
        #[expect(clippy::expect_used, reason = "positions are unique, and so are ids made of them")]
        self.policies.add(policy.new_id(PolicyId::new(position.to_string()))).expect("a new id");
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

    fn answer(&mut self, slice: usize, principal: Principal<'_>, row: &FactsRow, sent_at_us: Option<i64>) -> Arc<Answer> {
        let asked = &self.program.slices[slice];
        project(&asked.reads, principal, row, sent_at_us, &mut self.projection);
        let memo = &mut self.memos[slice].by_projection;
        if let Some(answer) = memo.get(self.projection.as_slice()) {
            return answer.clone();
        }
        self.evaluations += 1;
        let answer = Arc::new(ask(&self.authorizer, self.program.action, asked, principal, row, sent_at_us));
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
    let sender = Principal { id: &facts.sender.id, facts: &facts.sender.facts };
    if action.asks_sender_only() || facts.insiders.is_empty() {
        return vec![sender];
    }
    let by_id = reads.includes("principal#id");
    let each = facts.insiders.iter().flat_map(|alike| {
        let shown = if by_id { usize::MAX } else { 1 };
        alike.ids.iter().take(shown).map(|id| Principal { id, facts: &alike.facts })
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
        let errors = slice.members.iter().map(|position| (*position, reason.to_owned())).collect();
        return Answer { determining: BTreeSet::new(), errors };
    };
    read(&authorizer.is_authorized(&question.request, &slice.policies, &question.entities))
}

/// The determining policies and errors of a response. The decision itself says nothing: with one effect only,
/// the determining policies are all that hold.
fn read(response: &Response) -> Answer {
    let position = |id: &PolicyId| AsRef::<str>::as_ref(id).parse::<usize>().ok();
    let diagnostics = response.diagnostics();
    let errors = diagnostics.errors().map(|AuthorizationError::PolicyEvaluationError(error)| {
        Some((position(error.policy_id())?, reason(error.inner())))
    });
    Answer { determining: diagnostics.reason().filter_map(position).collect(), errors: errors.flatten().collect() }
}

/// Why a policy failed, without the values it failed on.
fn reason(error: &EvaluationError) -> String {
    match error {
        EvaluationError::RecordAttrDoesNotExist(error) => error.to_string(),
        EvaluationError::EntityDoesNotExist(_) => "an entity is not known".to_owned(),
        EvaluationError::EntityAttrDoesNotExist(_) => "an attribute is missing".to_owned(),
        EvaluationError::TypeError(_) => "a value has another type than the schema says".to_owned(),
        EvaluationError::IntegerOverflow(_) => "a number is too large".to_owned(),
        EvaluationError::FailedExtensionFunctionExecution(_) => "a date, duration or decimal is out of range".to_owned(),
        EvaluationError::RecursionLimit(_) => "the condition is nested too deeply".to_owned(),
        _ => "the condition cannot be evaluated".to_owned(),
    }
}
