//! An evaluation as rows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, RecordBatch, StringArray, StructArray, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Fields};
use lexhold_model::{Message, MessageBatch, MessageBatchBuilder, PartKind, SourcePlace};
use lexhold_rules::Confidence;

use super::fields::{DIAGNOSTIC, DUTY, EVENT, HIT, HOLD, OF_MESSAGE, PART, item, schema};
use super::{Evaluation, Rows, UnreadableRow};
use crate::evaluation::RuleRef;
use crate::message::handles;
use crate::tables::{flags, numbers, support_json, texts};

impl Rows<'_> {
    /// Messages and what evaluation says of them as rows, in their order.
    pub fn of(&self, batch: &MessageBatch, evaluation: &Evaluation) -> RecordBatch {
        let n = batch.len();
        let messages = &evaluation.messages;
        let keys = written(messages.iter().map(|it| Some(it.identity.key)));
        let content_hashes = written(messages.iter().map(|it| Some(it.identity.content_hash)));
        let facts: HashMap<_, _> = evaluation.facts.iter().map(|(id, json)| (*id, json.as_str())).collect();
        let columns = vec![
            borrowed(&keys),
            texts(messages.iter().map(|it| Some(it.identity.message_id.as_str()))),
            borrowed(&content_hashes),
            texts(messages.iter().map(|it| Some(it.direction.as_str()))),
            flags(messages.iter().map(|it| it.trigger_suspect)),
            flags(messages.iter().map(|it| it.scan_incomplete)),
            texts(messages.iter().map(|it| facts.get(&it.facts_id).copied())),
            self.hits(n, evaluation),
            parts(n, evaluation),
            self.events(n, evaluation),
            self.duties(n, evaluation),
            self.holds(n, evaluation),
            unknown_handles(batch, evaluation),
            diagnostics(n, evaluation),
        ];
        let evaluated: ArrayRef = Arc::new(structure(&OF_MESSAGE, columns));
        let more = [new_null_array(&DataType::Utf8, n), evaluated];
        let columns = batch.as_arrow().columns().iter().cloned().chain(more).collect();
        #[expect(clippy::expect_used, reason = "columns of the schema, equally long")]
        RecordBatch::try_new(schema(), columns).expect("columns of the schema")
    }

    /// Rows that are no messages: where each was read, and why.
    pub fn unreadable(rows: &[UnreadableRow]) -> RecordBatch {
        let mut nothing = MessageBatchBuilder::new();
        for row in rows {
            nothing.push(&Message {
                source: SourcePlace {
                    file: row.file.clone(),
                    offset: row.offset,
                },
                ..Message::default()
            });
        }
        let reasons = texts(rows.iter().map(|row| Some(row.reason.as_str())));
        let evaluated = new_null_array(&DataType::Struct(OF_MESSAGE.clone()), rows.len());
        let nothing = nothing.finish();
        let columns = nothing.as_arrow().columns().iter().cloned();
        #[expect(clippy::expect_used, reason = "columns of the schema, equally long")]
        RecordBatch::try_new(schema(), columns.chain([reasons, evaluated]).collect()).expect("columns of the schema")
    }

    fn hits(&self, n: usize, evaluation: &Evaluation) -> ArrayRef {
        let all = evaluation.hits.iter();
        let rules: Vec<_> = all.clone().map(|it| self.bundle.rule(it.rule)).collect();
        let rule_keys = written(rules.iter().map(|rule| Some(rule.key())));
        let fields = written(all.clone().map(|it| it.place.map(|(field, _)| field)));
        let supports: Vec<Option<String>> = all.clone().map(|it| support_json(&it.support)).collect();
        let alerts = written(all.clone().map(|it| it.alert));
        let evidence = written(all.clone().map(|it| Some(it.evidence)));
        let blocks = written(all.clone().map(|it| it.block));
        let columns = vec![
            borrowed(&rule_keys),
            texts(rules.iter().map(|it| Some(it.id))),
            texts(rules.iter().map(|it| Some(it.version))),
            texts(all.clone().map(|it| Some(it.severity.as_str()))),
            borrowed(&fields),
            numbers(all.clone().map(|it| it.place.map(|(_, span)| span.start()))),
            numbers(all.clone().map(|it| it.place.map(|(_, span)| span.end()))),
            texts(all.clone().map(|it| it.part.map(PartKind::as_str))),
            flags(all.clone().map(|it| it.evasion)),
            texts(all.clone().map(|it| it.confidence.map(Confidence::as_str))),
            borrowed(&supports),
            numbers(all.clone().map(|it| it.n_hits.and_then(|n| usize::try_from(n).ok()))),
            texts(all.clone().map(|it| it.excluded_by.as_deref())),
            texts(all.clone().map(|it| it.indeterminate.as_deref())),
            borrowed(&alerts),
            borrowed(&evidence),
            borrowed(&blocks),
        ];
        list(n, all.map(|it| it.row), &HIT, columns)
    }

    fn events(&self, n: usize, evaluation: &Evaluation) -> ArrayRef {
        let all = evaluation.events.iter();
        let rules: Vec<_> = all
            .clone()
            .map(|it| self.bundle.rule(RuleRef::Conversation(it.rule)))
            .collect();
        let rule_keys = written(rules.iter().map(|rule| Some(rule.key())));
        let groups = written(all.clone().map(|it| Some(it.group)));
        let columns = vec![
            borrowed(&rule_keys),
            texts(rules.iter().map(|it| Some(it.id))),
            borrowed(&groups),
            numbers(all.clone().map(|it| Some(it.component as usize))),
        ];
        list(n, all.map(|it| it.row), &EVENT, columns)
    }

    fn duties(&self, n: usize, evaluation: &Evaluation) -> ArrayRef {
        let sets: HashMap<_, _> = evaluation.sets.iter().map(|set| (set.id, &set.assigned)).collect();
        let mut all = Vec::new();
        for (row, message) in evaluation.messages.iter().enumerate() {
            let assigned = sets.get(&message.set_id).copied().into_iter().flatten();
            all.extend(assigned.map(|one| (row, one, self.bundle.schedule(one.schedule))));
        }
        let all = all.iter();
        let schedule_keys = written(all.clone().map(|it| Some(it.2.key())));
        let columns = vec![
            borrowed(&schedule_keys),
            texts(all.clone().map(|it| Some(it.2.id.as_str()))),
            texts(all.clone().map(|it| Some(it.2.document.as_str()))),
            texts(all.clone().map(|it| Some(it.2.version.as_str()))),
            texts(all.clone().map(|it| Some(it.1.outcome.as_str()))),
            texts(all.clone().map(|it| it.1.outcome.reason())),
        ];
        list(n, all.map(|it| it.0), &DUTY, columns)
    }

    fn holds(&self, n: usize, evaluation: &Evaluation) -> ArrayRef {
        let all = evaluation.holds.iter();
        let specs = self.facts.holds.specs();
        let columns = vec![
            texts(all.clone().map(|it| Some(specs[it.hold].name.as_str()))),
            texts(all.clone().map(|it| Some(it.membership.as_str()))),
        ];
        list(n, all.map(|it| it.row), &HOLD, columns)
    }
}

fn parts(n: usize, evaluation: &Evaluation) -> ArrayRef {
    let all = evaluation.parts.iter();
    let hashes = written(all.clone().map(|it| Some(it.hash)));
    let columns = vec![
        texts(all.clone().map(|it| Some(it.range.kind.as_str()))),
        numbers(all.clone().map(|it| Some(it.range.span.start()))),
        numbers(all.clone().map(|it| Some(it.range.span.end()))),
        texts(all.clone().map(|it| Some(it.range.reason.as_str()))),
        borrowed(&hashes),
    ];
    list(n, all.map(|it| it.row), &PART, columns)
}

fn unknown_handles(batch: &MessageBatch, evaluation: &Evaluation) -> ArrayRef {
    let unknown = evaluation.handles.iter().filter(|(_, _, known)| !known);
    let unknown: HashSet<(&str, &str)> = unknown
        .map(|(platform, handle, _)| (platform.as_str(), handle.as_str()))
        .collect();
    let mut all = Vec::new();
    for row in batch.rows() {
        let mine: BTreeSet<&str> = handles(row)
            .filter(|handle| unknown.contains(&(row.platform(), handle)))
            .collect();
        all.extend(mine.into_iter().map(|handle| (row.index(), handle)));
    }
    let values: StringArray = all.iter().map(|(_, handle)| Some(*handle)).collect();
    let offsets = offsets(batch.len(), all.iter().map(|(row, _)| *row));
    Arc::new(ListArray::new(item(DataType::Utf8), offsets, Arc::new(values), None))
}

fn diagnostics(n: usize, evaluation: &Evaluation) -> ArrayRef {
    let all = evaluation.diagnostics.iter();
    let columns = vec![
        texts(all.clone().map(|it| Some(it.code))),
        texts(all.clone().map(|it| Some(it.subject.as_str()))),
        texts(all.clone().map(|it| Some(it.detail.as_str()))),
    ];
    list(n, all.map(|it| it.row), &DIAGNOSTIC, columns)
}

/// Each item of a sorted list at the row that it names.
fn list(n: usize, rows: impl Iterator<Item = usize>, fields: &Fields, columns: Vec<ArrayRef>) -> ArrayRef {
    let kind = item(DataType::Struct(fields.clone()));
    let items = structure(fields, columns);
    Arc::new(ListArray::new(kind, offsets(n, rows), Arc::new(items), None))
}

fn structure(fields: &Fields, columns: Vec<ArrayRef>) -> StructArray {
    StructArray::new(fields.clone(), columns, None)
}

fn offsets(n: usize, rows: impl Iterator<Item = usize>) -> OffsetBuffer<i32> {
    let mut lengths = vec![0; n];
    rows.for_each(|row| lengths[row] += 1);
    OffsetBuffer::from_lengths(lengths)
}

fn written<T: std::fmt::Display>(values: impl Iterator<Item = Option<T>>) -> Vec<Option<String>> {
    values.map(|value| value.map(|value| value.to_string())).collect()
}

fn borrowed(values: &[Option<String>]) -> ArrayRef {
    texts(values.iter().map(Option::as_deref))
}
