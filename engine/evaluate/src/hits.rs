//! What rules find in one message: hits, breaches, and what it contributes to rules over several messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lexhold_model::{Field, Key, PartKind, Row, Severity};
use lexhold_policy::FactsRow;
use lexhold_rules::conversation::{Participants, groups};
use lexhold_rules::{Part, RuleHit, RuleOutcome, Status};

use crate::block::{self, Blocks};
use crate::codes;
use crate::evaluation::{Evaluation, EventRow, HitRow, PartRow, RuleRef};
use crate::message::{Evaluator, error_at, report};
use crate::parts::Range;

impl Evaluator<'_> {
    /// Pattern hits; says whether the text could not be scanned to the end.
    pub(crate) fn scan(&mut self, row: Row<'_>, parts: &[Part<'_>], out: &mut Evaluation) -> bool {
        self.hits.clear();
        let outcome = self.scanner.scan(parts, &mut self.hits);
        if outcome.incomplete {
            let detail = "the text could not be scanned to the end";
            report(out, row, codes::SCAN_INCOMPLETE, "", detail);
        }
        if self.hits.is_empty() {
            return outcome.incomplete;
        }
        let doubts = self.drop_inapplicable(row, out);
        self.hits.sort_by_key(|hit| (hit.rule, hit.field, hit.span));
        let hits = std::mem::take(&mut self.hits);
        let facts = self.facts;
        let mut blocks = Blocks::new(&facts.key, parts);
        for of_rule in hits.chunk_by(|one, next| one.rule == next.rule) {
            let rule = RuleRef::Pattern(of_rule[0].rule);
            let found = outcome.rules.iter().find(|found| found.rule == of_rule[0].rule);
            let alert = self
                .makes_alerts(of_rule[0].rule)
                .then(|| self.alert_id(row, rule, &evidence_of(of_rule)));
            out.hits.extend(of_rule.iter().map(|hit| HitRow {
                row: row.index(),
                rule,
                place: Some((hit.field, hit.span)),
                part: Some(hit.part),
                evasion: hit.evasion,
                confidence: hit.confidence,
                support: hit.support.clone(),
                severity: self.severity(hit.rule, found),
                n_hits: found.filter(|found| found.truncated).map(|found| found.n_hits),
                excluded_by: hit.excluded_by.as_deref().map(str::to_owned),
                indeterminate: doubts.get(&hit.rule).cloned(),
                alert,
                evidence: facts.key.keyed("lexhold evidence 1", [hit.evidence.as_bytes()]),
                block: blocks.around(hit.field, hit.span),
            }));
        }
        self.hits = hits;
        outcome.incomplete
    }

    fn makes_alerts(&self, rule: u32) -> bool {
        self.bundle.rules.rules()[rule as usize].alerts
    }

    fn severity(&self, rule: u32, found: Option<&RuleOutcome>) -> Severity {
        let own = self.bundle.rules.rules()[rule as usize].severity;
        found.map_or(own, |found| own.max(found.severity))
    }

    /// Drops hits of rules whose `when` does not hold; a `when` that fails is taken to hold, and named.
    fn drop_inapplicable(&mut self, row: Row<'_>, out: &mut Evaluation) -> BTreeMap<u32, String> {
        let when_of = &self.bundle.when_of;
        let condition = |rule: u32| when_of[rule as usize];
        if self.hits.iter().all(|hit| condition(hit.rule).is_none()) {
            return BTreeMap::new();
        }
        let facts = self.maker.row(row, &BTreeSet::new());
        let answer = self.scan.decide(&facts, row.sent_at());
        let mut doubts = BTreeMap::new();
        self.hits.retain(|hit| {
            let Some(at) = condition(hit.rule) else { return true };
            if let Some(error) = error_at(&answer, at) {
                doubts.insert(hit.rule, error.to_owned());
                return true;
            }
            answer.determining.contains(&at)
        });
        for (rule, error) in &doubts {
            report(
                out,
                row,
                codes::WHEN_FAILED,
                self.bundle.rule(RuleRef::Pattern(*rule)).id,
                error,
            );
        }
        doubts
    }

    /// Puts the ranges of the text on record that are not simply authored.
    pub(crate) fn note_parts(&self, row: Row<'_>, ranges: &[Range], out: &mut Evaluation) {
        let text = row.text().unwrap_or_default();
        out.parts.extend(ranges.iter().map(|range| PartRow {
            row: row.index(),
            range: *range,
            hash: block::hash(
                &self.facts.key,
                text.get(range.span.start()..range.span.end()).unwrap_or_default(),
            ),
        }));
    }

    /// What the standing hits of this message contribute to rules over several messages.
    pub(crate) fn events(&self, row: Row<'_>, facts: &FactsRow, out: &mut Evaluation) {
        let components = &self.bundle.components;
        let mine = out.hits.iter().rev().take_while(|hit| hit.row == row.index());
        let met: BTreeSet<(u32, u32)> = mine
            .filter(|hit| hit.excluded_by.is_none())
            .flat_map(|hit| match hit.rule {
                RuleRef::Pattern(rule) => components[rule as usize].as_slice(),
                RuleRef::Supervision(_) | RuleRef::Conversation(_) => &[],
            })
            .copied()
            .collect();
        if met.is_empty() {
            return;
        }
        let of = self.participants(row, facts);
        let mut events = Vec::new();
        for (rule, component) in met {
            let conversation = &self.bundle.rules.conversations()[rule as usize];
            if conversation.info.status == Status::Retired {
                continue;
            }
            events.extend(groups(&conversation.conversation, &of).into_iter().map(|group| {
                EventRow {
                    row: row.index(),
                    rule,
                    group: self
                        .facts
                        .key
                        .keyed("lexhold group 1", group.iter().map(String::as_bytes)),
                    component,
                }
            }));
            if row.sent_at().is_none() {
                let detail = "the message has no usable date, so its place among others is not known";
                report(out, row, codes::EVENT_WITHOUT_DATE, &conversation.info.id, detail);
            }
        }
        events.sort_unstable();
        out.events.extend(events);
    }

    fn participants<'r>(&'r self, row: Row<'r>, facts: &'r FactsRow) -> Participants<'r> {
        let sender = facts.facts.sender.id.as_str();
        let standing = self.facts.directory.standing(sender, row.sent_at());
        Participants {
            conversation: [row.platform(), row.conversation()],
            sender,
            recipients: facts.facts.recipients.people.iter().map(String::as_str).collect(),
            desks: standing
                .and_then(|standing| standing.person.desk.as_deref())
                .into_iter()
                .collect(),
        }
    }

    /// Messages in breach of supervision rules.
    pub(crate) fn breaches(&mut self, row: Row<'_>, facts: &FactsRow, out: &mut Evaluation) {
        let answer = self.communicate.decide(facts, row.sent_at());
        for (at, error) in &answer.errors {
            report(out, row, codes::FORBID_FAILED, &self.bundle.supervision[*at].id, error);
        }
        for at in &answer.determining {
            let rule = RuleRef::Supervision(u32::try_from(*at).unwrap_or(u32::MAX));
            out.hits.push(HitRow {
                row: row.index(),
                rule,
                place: None,
                part: None,
                evasion: false,
                confidence: None,
                support: Box::default(),
                severity: self.bundle.supervision[*at].severity,
                n_hits: None,
                excluded_by: None,
                indeterminate: None,
                alert: Some(self.alert_id(row, rule, &BTreeSet::new())),
                evidence: self.facts.key.keyed("lexhold evidence 1", []),
                block: None,
            });
        }
    }

    /// The same rule, conversation, evidence, sender and local day are one alert, however many mailboxes it reached.
    fn alert_id(&self, row: Row<'_>, rule: RuleRef, evidence: &BTreeSet<&str>) -> Key {
        let day = row
            .sent_at()
            .and_then(|at| Timestamp::from_microsecond(at).ok())
            .map(|at| self.facts.zone.to_datetime(at).date().to_string());
        let head = [
            self.bundle.rule(rule).id,
            row.platform(),
            row.conversation(),
            row.sender(),
            day.as_deref().unwrap_or_default(),
        ];
        self.facts.key.keyed(
            "lexhold alert 1",
            head.into_iter().chain(evidence.iter().copied()).map(str::as_bytes),
        )
    }
}

/// The evidence that names the alert of one rule's hits in one message: what the sender wrote himself; what he quoted or
/// signed with only where he wrote nothing that hits. So the same words have one alert, whatever they answer.
fn evidence_of(hits: &[RuleHit]) -> BTreeSet<&str> {
    let standing = || hits.iter().filter(|hit| hit.excluded_by.is_none());
    let own = standing().filter(|hit| !hit.quoted() && hit.part != PartKind::Signature);
    let own: BTreeSet<&str> = own.map(|hit| &*hit.evidence).collect();
    if own.is_empty() {
        standing().map(|hit| &*hit.evidence).collect()
    } else {
        own
    }
}

/// The parts of a message that are matched on their own: subject, the ranges of the text, attachment names.
pub(crate) fn parts_of<'a>(row: Row<'a>, ranges: &[Range]) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    if let Some(subject) = row.subject() {
        parts.push(Part::authored(Field::Subject, subject));
    }
    let text = row.text().unwrap_or_default();
    let mut add = |kind, start: usize, end: usize| {
        if let Some(text) = text.get(start..end).filter(|text| !text.is_empty()) {
            parts.push(Part {
                field: Field::Text,
                base: start,
                text,
                kind,
            });
        }
    };
    let mut done = 0;
    for range in ranges {
        add(PartKind::Authored, done, range.span.start());
        add(range.kind, range.span.start(), range.span.end());
        done = range.span.end();
    }
    add(PartKind::Authored, done, text.len());
    for (at, name) in row.attachment_names().enumerate() {
        if let (Some(name), Ok(at)) = (name, u16::try_from(at)) {
            parts.push(Part::authored(Field::AttachmentName(at), name));
        }
    }
    parts
}
