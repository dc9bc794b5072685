//! The way of one message through rules, policy and retention.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use lexhold_model::{Key, MessageBatch, Row};
use lexhold_policy::{Answer, Decider, FactsMaker, FactsRow};
use lexhold_retention::{Assigned, Days, HoldInputs, Membership, Outcome, Tri, Triggers, member};
use lexhold_rules::{Part, RuleHit, Scanner};
use rustc_hash::FxHashMap;

use crate::assign::{Assigner, Inputs, NOT_SCANNED};
use crate::evaluation::{DaysRow, DiagnosticRow, DutySet, Evaluation, HoldRow, MessageRow};
use crate::hits::parts_of;
use crate::hold::query;
use crate::identity::Identity;
use crate::parts::split;
use crate::{Bundle, Facts, HoldSet, codes};

/// Evaluates one batch: a pure function of bundle, facts and batch.
pub fn evaluate(bundle: &Bundle, facts: &Facts, batch: &MessageBatch) -> Evaluation {
    Evaluator::new(bundle, facts).evaluate(batch)
}

/// Evaluates batch after batch, keeping scratch and memos between them: one for each thread.
///
/// What it remembers changes no result.
pub struct Evaluator<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) facts: &'a Facts,
    pub(crate) scanner: Scanner<'a>,
    queries: Vec<Option<Scanner<'a>>>,
    pub(crate) maker: FactsMaker<'a>,
    pub(crate) scan: Decider<'a>,
    pub(crate) communicate: Decider<'a>,
    retain: Assigner<'a>,
    hold: Decider<'a>,
    pub(crate) hits: Vec<RuleHit>,
    distinct: Distinct,
}

/// What has occurred in the batch at hand, so that equal things are recorded once.
#[derive(Default)]
struct Distinct {
    facts: FxHashMap<Key, ()>,
    sets: FxHashMap<Vec<Assigned>, Key>,
    days: FxHashMap<Days, Key>,
    handles: BTreeMap<(String, String), bool>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator for one bundle and one set of facts.
    ///
    /// # Panics
    /// If the zone of the facts has no IANA name; zones are looked up by name.
    pub fn new(bundle: &'a Bundle, facts: &'a Facts) -> Self {
        #[expect(clippy::expect_used, reason = "a zone that was looked up by name has that name")]
        let maker = FactsMaker::new(&facts.directory, &facts.zone, &bundle.firm).expect("a named zone");
        Self {
            bundle,
            facts,
            scanner: Scanner::new(&bundle.rules),
            queries: facts
                .holds
                .queries
                .iter()
                .map(|query| query.as_ref().map(Scanner::new))
                .collect(),
            maker,
            scan: Decider::new(&bundle.scan),
            communicate: Decider::new(&bundle.communicate),
            retain: Assigner::new(bundle),
            hold: Decider::new(&facts.holds.conditions),
            hits: Vec::new(),
            distinct: Distinct::default(),
        }
    }

    /// Evaluates one batch.
    pub fn evaluate(&mut self, batch: &MessageBatch) -> Evaluation {
        self.distinct = Distinct::default();
        let mut out = Evaluation::default();
        for row in batch.rows() {
            self.message(row, &mut out);
        }
        out.handles = std::mem::take(&mut self.distinct.handles)
            .into_iter()
            .map(|((platform, handle), known)| (platform, handle, known))
            .collect();
        out
    }

    fn message(&mut self, row: Row<'_>, out: &mut Evaluation) {
        let ranges = split(row);
        let parts = parts_of(row, &ranges);
        let identity = Identity::of(&self.facts.key, row);
        let incomplete = self.scan(row, &parts, out);
        let labels = self.labels(row, out);
        let facts = self.maker.row(row, &labels);
        if self.distinct.facts.insert(facts.id, ()).is_none() {
            out.facts.push((facts.id, facts.json.clone()));
        }
        self.note_parts(row, &ranges, out);
        self.events(row, &facts, out);
        self.breaches(row, &facts, out);
        let (set_id, assigned) = self.duties(row, &facts, incomplete, out);
        let (suspect, days_id) = self.dates(row, &assigned, out);
        let parts = (parts.as_slice(), !ranges.is_empty());
        self.holds(row, &identity, &facts, parts, (incomplete, suspect), out);
        self.note_handles(row);
        if row.sent_at().is_none() {
            report(out, row, codes::NO_DATE, "", "the message has no usable date");
        }
        out.messages.push(MessageRow {
            identity,
            direction: facts.facts.direction,
            trigger_suspect: suspect,
            scan_incomplete: incomplete,
            facts_id: facts.id,
            set_id,
            days_id,
        });
    }

    /// Labels of the rules that hit this message.
    fn labels(&self, row: Row<'_>, out: &Evaluation) -> BTreeSet<String> {
        let mine = out.hits.iter().rev().take_while(|hit| hit.row == row.index());
        mine.filter(|hit| hit.excluded_by.is_none())
            .flat_map(|hit| self.bundle.rule(hit.rule).labels.iter().cloned())
            .collect()
    }

    fn duties(
        &mut self,
        row: Row<'_>,
        facts: &Arc<FactsRow>,
        incomplete: bool,
        out: &mut Evaluation,
    ) -> (Key, Vec<Assigned>) {
        let inputs = Inputs {
            sent_at: row.sent_at(),
            captured_at: row.captured_at(),
            scan_incomplete: incomplete,
        };
        let assigned = self.retain.assign(facts, inputs);
        for one in &assigned {
            if let Outcome::Indeterminate { reason } = &one.outcome
                && reason != NOT_SCANNED
            {
                report(
                    out,
                    row,
                    codes::RETAIN_FAILED,
                    &self.bundle.schedule(one.schedule).id,
                    reason,
                );
            }
        }
        (self.set_id(&assigned, out), assigned)
    }

    fn set_id(&mut self, assigned: &[Assigned], out: &mut Evaluation) -> Key {
        if let Some(id) = self.distinct.sets.get(assigned) {
            return *id;
        }
        let id = self.bundle.schedules.set_key(assigned);
        self.distinct.sets.insert(assigned.to_vec(), id);
        out.sets.push(DutySet {
            id,
            assigned: assigned.to_vec(),
        });
        id
    }

    /// Whether the date sent is suspect, and the key of the message's days.
    fn dates(&mut self, row: Row<'_>, assigned: &[Assigned], out: &mut Evaluation) -> (bool, Key) {
        let believed = triggers(row, false);
        let suspect = !self.facts.backfill
            && believed
                .sent
                .is_some_and(|sent| self.bundle.schedules.suspect(assigned, sent, believed.captured));
        let days = self.bundle.schedules.days(&Triggers { suspect, ..believed });
        let days_id = match self.distinct.days.get(&days) {
            Some(id) => *id,
            None => {
                let id = days.key();
                out.days.push(DaysRow { id, days: days.clone() });
                self.distinct.days.insert(days.clone(), id);
                id
            }
        };
        (suspect, days_id)
    }

    fn holds(
        &mut self,
        row: Row<'_>,
        identity: &Identity,
        facts: &FactsRow,
        (parts, is_split): (&[Part<'_>], bool),
        (incomplete, suspect): (bool, bool),
        out: &mut Evaluation,
    ) {
        if self.facts.holds.is_empty() {
            return;
        }
        let answer = self.hold.decide(facts, row.sent_at());
        // A hold also asks the text as a whole: a quote mark between two words must not keep them from it.
        let whole = if is_split { parts_of(row, &[]) } else { Vec::new() };
        let captured = row
            .captured_at()
            .and_then(|at| Timestamp::from_microsecond(at).ok())
            .unwrap_or(Timestamp::MAX);
        for (at, spec) in self.facts.holds.specs.iter().enumerate() {
            let named = |id: &str| self.facts.holds.by_id.get(id).is_some_and(|holds| holds.contains(&at));
            let (condition, error) = self.facts.holds.condition(at, &answer, incomplete);
            if let Some(error) = error {
                report(out, row, codes::HOLD_FAILED, &spec.name, error);
            }
            let inputs = HoldInputs {
                id: named(&identity.message_id) || row.id().is_some_and(named),
                custodian: took_part(&self.facts.holds, at, row, facts),
                conversation: spec.conversations.contains(row.conversation()),
                sent: row.sent_at().and_then(|at| Timestamp::from_microsecond(at).ok()),
                captured,
                suspect: suspect || row.sent_precision().is_some(),
                condition,
                query: query(
                    self.queries[at].as_mut(),
                    &[parts, &whole],
                    incomplete || row.undecodable(),
                ),
            };
            let membership = member(spec, &inputs);
            if membership != Membership::No {
                out.holds.push(HoldRow {
                    row: row.index(),
                    hold: at,
                    membership,
                });
            }
        }
    }

    fn note_handles(&mut self, row: Row<'_>) {
        let platform = row.platform();
        for handle in handles(row) {
            let key = (platform.to_owned(), handle.to_owned());
            let directory = &self.facts.directory;
            self.distinct
                .handles
                .entry(key)
                .or_insert_with(|| directory.person_with_handle(platform, handle).is_some());
        }
    }
}

/// The instants that the days of a message count from.
pub(crate) fn triggers(row: Row<'_>, suspect: bool) -> Triggers {
    let instant = |at: Option<i64>| at.and_then(|at| Timestamp::from_microsecond(at).ok());
    Triggers {
        sent: instant(row.sent_at()),
        // A batch enters with every capture filled in; the far end of time keeps what would slip through.
        captured: instant(row.captured_at()).unwrap_or(Timestamp::MAX),
        suspect,
    }
}

/// Every handle of a message.
pub(crate) fn handles(row: Row<'_>) -> impl Iterator<Item = &str> {
    std::iter::once(row.sender())
        .chain(row.recipients().map(|(handle, _)| handle))
        .chain(row.custodians())
}

/// Whether one of a hold's custodians took part, under any handle; unknown where nobody is named as the sender.
fn took_part(holds: &HoldSet, hold: usize, row: Row<'_>, facts: &FactsRow) -> Tri {
    if holds.specs[hold].custodians.is_empty() {
        return Tri::False;
    }
    let named = |handle: &str| holds.is_handle(hold, row.platform(), handle);
    let by_id = facts.facts.participants.people.iter().any(|person| named(person));
    let by_handle =
        || named(row.sender()) || row.recipients().any(|(handle, _)| named(handle)) || row.custodians().any(named);
    if by_id || by_handle() {
        return Tri::True;
    }
    if row.sender() == "unknown" {
        Tri::Unknown
    } else {
        Tri::False
    }
}

/// The attributes of a message that an event's key can come from.
pub(crate) const EVENT_KEYS: [&str; 6] = [
    "accounts",
    "channel",
    "conversation",
    "custodians",
    "insiders",
    "sender",
];

pub(crate) fn error_at(answer: &Answer, position: usize) -> Option<&str> {
    answer
        .errors
        .iter()
        .find(|(at, _)| *at == position)
        .map(|(_, error)| error.as_str())
}

pub(crate) fn report(out: &mut Evaluation, row: Row<'_>, code: &'static str, subject: &str, detail: &str) {
    out.diagnostics.push(DiagnosticRow {
        row: row.index(),
        code,
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    });
}
