//! Cedar's own authorizer: for conditions that are not compiled, and as the oracle of those that are.

use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, EvaluationError, Policy, PolicyId, PolicySet, Response};
use rustc_hash::FxHashMap;

use crate::asked::{CONTRADICTION, Cast};
use crate::entities::{Principal, question};
use crate::project::project;
use crate::reads::Reads;
use crate::{Action, Answer, Condition, FactsRow, Program};

/// Answers kept for each slice before it starts anew.
const KEPT_ANSWERS: usize = 65_536;

/// Conditions that the authorizer evaluates, those together that read the same attributes from one message to the
/// next.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    policies: PolicySet,
    members: Vec<usize>,
    reads: Reads,
}

impl Slice {
    /// Puts conditions, each with its position in the program, into slices.
    pub(crate) fn of<'c>(conditions: impl Iterator<Item = (usize, &'c Condition)>) -> Vec<Self> {
        let mut slices: Vec<Self> = Vec::new();
        for (position, condition) in conditions {
            let found = slices
                .iter()
                .position(|slice| belong_together(&slice.reads, &condition.reads));
            let at = found.unwrap_or_else(|| {
                slices.push(Self {
                    policies: PolicySet::new(),
                    members: Vec::new(),
                    reads: Reads::default(),
                });
                slices.len() - 1
            });
            slices[at].add(position, &condition.policy);
            slices[at].reads.merge(&condition.reads);
        }
        slices
    }

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

/// Asks the authorizer about one slice and remembers its answers by what the slice reads.
pub(crate) struct Remembering<'p> {
    action: Action,
    slice: &'p Slice,
    authorizer: Authorizer,
    by_projection: FxHashMap<Vec<u8>, Arc<Answer>>,
    projection: Vec<u8>,
}

impl<'p> Remembering<'p> {
    pub(crate) fn new(action: Action, slice: &'p Slice) -> Self {
        Self {
            action,
            slice,
            authorizer: Authorizer::new(),
            by_projection: FxHashMap::default(),
            projection: Vec::new(),
        }
    }

    /// Adds what the slice says of a message to an answer; how often the authorizer was asked.
    pub(crate) fn decide(&mut self, cast: Cast<'_>, row: &FactsRow, sent_at_us: Option<i64>, into: &mut Answer) -> u64 {
        if cast.contradicts() {
            let errors = self.slice.members.iter();
            into.errors
                .extend(errors.map(|position| (*position, CONTRADICTION.to_owned())));
        }
        let by_id = self.slice.reads.includes("principal#id");
        let mut asked = 0;
        for person in cast.people().filter(|person| by_id || person.first_of_its_kind) {
            let principal = person.principal;
            project(&self.slice.reads, principal, row, sent_at_us, &mut self.projection);
            if let Some(answer) = self.by_projection.get(self.projection.as_slice()) {
                *into = std::mem::take(into).and(answer);
                continue;
            }
            asked += 1;
            let answer = ask(
                &self.authorizer,
                self.action,
                &self.slice.policies,
                principal,
                row,
                sent_at_us,
            );
            let answer = Arc::new(answer.unwrap_or_else(|| contradiction(self.slice.members.iter().copied())));
            *into = std::mem::take(into).and(&answer);
            if self.by_projection.len() >= KEPT_ANSWERS {
                self.by_projection.clear();
            }
            self.by_projection.insert(self.projection.clone(), answer);
        }
        asked
    }
}

/// The slow and obvious way to an answer: one fresh request of Cedar's authorizer for every person asked about, with
/// everything that is known, and nothing remembered. What tests and benchmarks hold a [`crate::Decider`] against.
pub struct Oracle<'p> {
    program: &'p Program,
    policies: PolicySet,
    authorizer: Authorizer,
}

impl<'p> Oracle<'p> {
    /// An oracle for a program.
    pub fn new(program: &'p Program) -> Self {
        let mut all = Slice {
            policies: PolicySet::new(),
            members: Vec::new(),
            reads: Reads::default(),
        };
        program
            .mine()
            .for_each(|(at, condition)| all.add(at, &condition.policy));
        Self {
            program,
            policies: all.policies,
            authorizer: Authorizer::new(),
        }
    }

    /// What Cedar says of a message with these facts, sent at this instant (µs since 1970, UTC).
    pub fn decide(&self, row: &FactsRow, sent_at_us: Option<i64>) -> Answer {
        let mut answer = Answer::default();
        let facts = &row.facts;
        let sender = Principal {
            id: &facts.sender.id,
            facts: &facts.sender.facts,
        };
        let insiders = facts.insiders.iter().flat_map(|alike| {
            alike.ids.iter().map(|id| Principal {
                id,
                facts: &alike.facts,
            })
        });
        let mut people: Vec<Principal<'_>> = insiders.collect();
        if self.program.action().asks_sender_only() || people.is_empty() {
            people = vec![sender];
        }
        for person in people {
            let found = ask(
                &self.authorizer,
                self.program.action(),
                &self.policies,
                person,
                row,
                sent_at_us,
            );
            answer = answer.and(&found.unwrap_or_else(|| contradiction(self.program.mine().map(|(at, _)| at))));
        }
        answer
    }
}

fn contradiction(positions: impl Iterator<Item = usize>) -> Answer {
    Answer {
        determining: Vec::new(),
        errors: positions.map(|position| (position, CONTRADICTION.to_owned())).collect(),
    }
}

/// `None` when the facts contradict themselves.
fn ask(
    authorizer: &Authorizer,
    action: Action,
    policies: &PolicySet,
    principal: Principal<'_>,
    row: &FactsRow,
    sent_at_us: Option<i64>,
) -> Option<Answer> {
    let question = question(action, principal, row, sent_at_us)?;
    Some(read(&authorizer.is_authorized(
        &question.request,
        policies,
        &question.entities,
    )))
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
    Answer::new(
        diagnostics.reason().filter_map(position).collect(),
        errors.flatten().collect(),
    )
}

/// Why a policy failed, without the values it failed on.
pub(crate) fn reason(error: &EvaluationError) -> String {
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
