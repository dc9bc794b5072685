//! Conditions compiled to tests over bits, so that they can be asked about every message.
//!
//! The attributes that conditions compare with words are interned: a message becomes the few comparisons that are true
//! of it, its *atoms*. An index gives the tests that can be true, or fail, with these atoms; only they are evaluated,
//! from left to right and with Cedar's own errors. What the compiler does not know stays with Cedar's authorizer, which
//! is also the oracle: decision, determining policies and errors are equal, or it is a bug.

mod bits;
mod expr;
mod index;
mod order;
mod pattern;
mod source;
mod sure;
mod time;
mod translate;
mod value;
mod vocabulary;
mod worlds;

pub(crate) use bits::Bits;
pub(crate) use expr::{Asked, Moment, Test};
use index::required;
use order::bits_first;
pub(crate) use time::instant;
use translate::Translator;
use vocabulary::{Interner, Vocabulary};
pub(crate) use worlds::Verdict;

use crate::asked::{Cast, Person};
use crate::facts::Facts;
use crate::{Condition, FactsRow};

/// How much of the person asked about a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Nothing: the message alone.
    Message,
    /// What is known of them, but not who they are.
    Person,
    /// Who they are.
    Id,
}

/// Why an evaluation stopped without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault<'a> {
    /// The instant is asked for and not known at this stage: no error, but a reason to ask again.
    NeedsTime,
    Type,
    Overflow,
    Extension,
    NoField(&'a str),
    NoAttribute,
    NoEntity,
    /// A constant that always fails, with Cedar's reason.
    Known(&'a str),
}

/// The compiled conditions of one action.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiled {
    policies: Vec<Policy>,
    /// Policies that are always evaluated.
    unindexed: Vec<u32>,
    /// By atom, the policies that are evaluated where it is true.
    postings: Vec<Vec<u32>>,
    message: Interner,
    principal: Interner,
    uses: Option<Use>,
}

/// One compiled condition.
#[derive(Clone, Debug)]
struct Policy {
    position: usize,
    test: Test,
    uses: Use,
}

impl Compiled {
    /// Compiles conditions, each with its position in the program; those that are not compiled are given back.
    pub(crate) fn of<'c>(
        conditions: impl Iterator<Item = (usize, &'c Condition)>,
    ) -> (Self, Vec<(usize, &'c Condition)>) {
        let mut vocabulary = Vocabulary::default();
        let mut policies = Vec::new();
        let mut rest = Vec::new();
        for (position, condition) in conditions {
            match Translator::policy(&condition.policy, &mut vocabulary) {
                Ok((mut test, uses)) => {
                    bits_first(&mut test);
                    policies.push(Policy { position, test, uses });
                }
                Err(_) => rest.push((position, condition)),
            }
        }
        let mut compiled = Self {
            postings: vec![Vec::new(); vocabulary.atoms()],
            uses: policies.iter().map(|policy| policy.uses).max(),
            ..Self::default()
        };
        compiled.index(&policies, &vocabulary);
        compiled.policies = policies;
        (compiled.message, compiled.principal) = vocabulary.finish();
        (compiled, rest)
    }

    /// Puts each policy under the atoms without which it is false; of several choices, under those that the fewest
    /// policies ask about. Truth values are a last resort: they are true of half of all messages.
    fn index(&mut self, policies: &[Policy], vocabulary: &Vocabulary) {
        const TRUTH: u64 = 1 << 32;
        let mut cost = vec![1; vocabulary.atoms()];
        for (atom, _, word) in vocabulary.entries() {
            cost[atom as usize] = if word.is_some() { 1 } else { TRUTH };
        }
        let mut all = Vec::new();
        policies.iter().for_each(|policy| index::atoms(&policy.test, &mut all));
        all.iter().for_each(|atom| cost[*atom as usize] += 1);
        for (at, policy) in (0..).zip(policies) {
            match required(&policy.test, &|atom| cost[atom as usize]) {
                Some(atoms) => atoms.iter().for_each(|atom| self.postings[*atom as usize].push(at)),
                None => self.unindexed.push(at),
            }
        }
    }

    /// What the policies say of a message whenever it was sent, into `scratch.found`; those that ask for the instant are
    /// put off.
    pub(crate) fn timeless(&self, row: &FactsRow, cast: Cast<'_>, scratch: &mut Scratch) -> PutOff {
        scratch.start(self);
        if cast.contradicts() {
            let reason = crate::asked::CONTRADICTION;
            let errors = self.policies.iter().map(|policy| (policy.position, reason.to_owned()));
            scratch.found.errors.extend(errors);
        }
        let mut bits = Vec::new();
        for (at, person) in cast.people().enumerate() {
            let Some(uses) = self.asks(at, &person) else {
                continue;
            };
            scratch.intern(self, &row.facts, &person, at == 0);
            scratch.find_due(self, uses);
            if self.evaluate(&row.facts, &person, at, scratch) {
                bits.push((at, scratch.bits.clone()));
            }
        }
        PutOff {
            bits: bits.into(),
            policies: scratch.late.as_slice().into(),
        }
    }

    /// The least that a condition must look at for this person to matter; `None` where nobody has to be asked again.
    fn asks(&self, at: usize, person: &Person<'_>) -> Option<Use> {
        let least = match (at, person.first_of_its_kind) {
            (0, _) => Use::Message,
            (_, true) => Use::Person,
            (_, false) => Use::Id,
        };
        self.uses.filter(|most| least <= *most).map(|_| least)
    }

    /// Evaluates the policies that are due; whether some of them ask for the instant.
    fn evaluate(&self, facts: &Facts, person: &Person<'_>, number: usize, scratch: &mut Scratch) -> bool {
        let asked = Asked {
            facts,
            principal: person.principal,
            bits: &scratch.bits,
            moment: &Moment::Later,
        };
        let late = scratch.late.len();
        for at in &scratch.due {
            if !self.ask(*at, &asked, &mut scratch.found) {
                scratch.late.push((number, *at));
            }
        }
        scratch.late.len() > late
    }

    /// What the policies that were put off say, now that the instant is known.
    pub(crate) fn timely(
        &self,
        row: &FactsRow,
        cast: Cast<'_>,
        sent_at_us: Option<i64>,
        put_off: &PutOff,
        found: &mut Found,
    ) {
        let moment = Moment::Now {
            sent_at_us,
            zone: &row.zone,
            local: Default::default(),
        };
        let mut people = cast.people().enumerate();
        for (number, bits) in &put_off.bits {
            let Some((_, person)) = people.find(|(at, _)| at == number) else {
                return;
            };
            let asked = Asked {
                facts: &row.facts,
                principal: person.principal,
                bits,
                moment: &moment,
            };
            for (_, at) in put_off.policies.iter().filter(|(of, _)| of == number) {
                self.ask(*at, &asked, found);
            }
        }
    }

    /// Evaluates a policy; false if it asks for an instant that is not known.
    fn ask<'a>(&'a self, at: u32, asked: &Asked<'a>, found: &mut Found) -> bool {
        let policy = &self.policies[at as usize];
        match policy.test.holds(asked) {
            Ok(false) => {}
            Ok(true) => found.determining.push(policy.position),
            Err(fault) => match fault.reason() {
                Some(reason) => found.errors.push((policy.position, reason)),
                None => return false,
            },
        }
        true
    }
}

/// What can be said of a policy without any message.
pub(crate) struct Outlook {
    /// Of each clause on its own.
    pub clauses: Vec<Verdict>,
    /// Of all clauses together.
    pub whole: Verdict,
    /// Words that an attribute is compared with and never is, each with those that it can be.
    pub foreign: Vec<(String, Vec<&'static str>)>,
}

/// What can be said of a policy whatever the message; `None` of one that is not compiled.
pub(crate) fn outlook(policy: &cedar_policy::Policy) -> Option<Outlook> {
    let mut vocabulary = Vocabulary::default();
    let (clauses, _) = Translator::clauses(policy, &mut vocabulary).ok()?;
    let all: Vec<&Test> = clauses.iter().collect();
    Some(Outlook {
        clauses: all
            .iter()
            .map(|clause| worlds::verdict(&[clause], &vocabulary))
            .collect(),
        whole: worlds::verdict(&all, &vocabulary),
        foreign: worlds::foreign_words(&vocabulary),
    })
}

/// What was found of a message.
#[derive(Default)]
pub(crate) struct Found {
    pub determining: Vec<usize>,
    pub errors: Vec<(usize, String)>,
}

impl Found {
    pub(crate) fn clear(&mut self) {
        self.determining.clear();
        self.errors.clear();
    }
}

/// Policies that wait for the instant of a message.
#[derive(Debug)]
pub(crate) struct PutOff {
    /// The people whom they are asked about, by number, and what is true of each.
    bits: Box<[(usize, Bits)]>,
    /// Each policy with the number of one of these people.
    policies: Box<[(usize, u32)]>,
}

impl PutOff {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let bits = self
            .bits
            .iter()
            .map(|(_, bits)| size_of::<(usize, Bits)>() + bits.bytes());
        size_of_val(&*self.policies) + bits.sum::<usize>()
    }
}

/// What is used again from message to message.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) found: Found,
    late: Vec<(usize, u32)>,
    bits: Bits,
    message: Vec<u32>,
    principal: Vec<u32>,
    due: Vec<u32>,
    /// For each policy, the round in which it became due last.
    seen: Vec<u64>,
    round: u64,
}

impl Scratch {
    fn start(&mut self, compiled: &Compiled) {
        if self.seen.len() != compiled.policies.len() {
            self.seen = vec![0; compiled.policies.len()];
            self.bits = Bits::new(compiled.postings.len());
        }
        self.forget_principal();
        self.message.iter().for_each(|atom| self.bits.unset(*atom));
        self.message.clear();
        self.found.clear();
        self.late.clear();
    }

    fn forget_principal(&mut self) {
        self.principal.iter().for_each(|atom| self.bits.unset(*atom));
        self.principal.clear();
    }

    fn intern(&mut self, compiled: &Compiled, facts: &Facts, person: &Person<'_>, first: bool) {
        if first {
            compiled.message.true_atoms(facts, person.principal, &mut self.message);
            self.message.iter().for_each(|atom| self.bits.set(*atom));
        }
        self.forget_principal();
        compiled
            .principal
            .true_atoms(facts, person.principal, &mut self.principal);
        self.principal.iter().for_each(|atom| self.bits.set(*atom));
    }

    /// The policies that can be true or fail, of those that look at least at so much.
    fn find_due(&mut self, compiled: &Compiled, least: Use) {
        self.round += 1;
        self.due.clear();
        let atoms = self.message.iter().chain(&self.principal);
        let postings = atoms.map(|atom| compiled.postings[*atom as usize].as_slice());
        for at in postings.chain([compiled.unindexed.as_slice()]).flatten() {
            let seen = &mut self.seen[*at as usize];
            if *seen != self.round && compiled.policies[*at as usize].uses >= least {
                *seen = self.round;
                self.due.push(*at);
            }
        }
    }
}

impl Fault<'_> {
    /// Cedar's reason, in the words of [`crate::official`]; `None` for what is no error.
    fn reason(self) -> Option<String> {
        let reason = match self {
            Self::NeedsTime => return None,
            Self::Type => "a value has another type than the schema says",
            Self::Overflow => "a number is too large",
            Self::Extension => "a date, duration or decimal is out of range",
            Self::NoField(name) => return Some(format!("record does not have the attribute `{name}`")),
            Self::NoAttribute => "an attribute is missing",
            Self::NoEntity => "an entity is not known",
            Self::Known(reason) => reason,
        };
        Some(reason.to_owned())
    }
}
