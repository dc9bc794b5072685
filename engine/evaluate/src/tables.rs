//! An evaluation as the tables that are written to disk and projected into the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use lexhold_model::tables::Table;
use lexhold_model::{Key, MessageBatch, PartKind, Row};
use lexhold_retention::{HoldSpec, Schedule};
use lexhold_rules::{Confidence, Support, TextView};
use serde_json::json;

use crate::Bundle;
use crate::evaluation::{DutySet, Evaluation, HoldRow, Reassignment, RuleRef};
use crate::identity::{Fate, Identity};

/// The tables of one batch, given what became of each message. Tables without a row are left out.
///
/// `batch` is the one that was evaluated; `holds` are those of the facts.
pub fn record(
    bundle: &Bundle,
    holds: &[HoldSpec],
    batch: &MessageBatch,
    evaluation: &Evaluation,
    fates: &[Fate],
) -> Vec<(Table, RecordBatch)> {
    let recorder = Recorder {
        bundle,
        batch,
        evaluation,
        fates,
    };
    let hold_members = || hold_members(holds, &evaluation.holds, |row| recorder.identity(row));
    let tables = Table::ALL.into_iter().map(|table| {
        let columns = match table {
            Table::Message => recorder.messages(),
            Table::Recipient => recorder.recipients(),
            Table::Custodian => recorder.custodians(),
            Table::Source => recorder.sources(),
            Table::Facts => recorder.facts(),
            Table::Hit => recorder.hits(),
            Table::Part => recorder.parts(),
            Table::ConversationEvent => recorder.events(),
            Table::Rule => recorder.rules(),
            Table::Schedule => schedules(bundle, &evaluation.sets),
            Table::DutySet => duty_sets(bundle, &evaluation.sets),
            Table::Days => recorder.days(),
            Table::Assignment => recorder.assignments(),
            Table::Reassignment | Table::DisposalItem => return (table, RecordBatch::new_empty(table.schema())),
            Table::HoldMember => hold_members(),
            Table::Handle => recorder.handles(),
            Table::Diagnostic => recorder.diagnostics(),
        };
        (table, built(table, columns))
    });
    tables.filter(|(_, batch)| batch.num_rows() > 0).collect()
}

/// The hold memberships of messages that are in the home already; `identity` tells who each row is.
pub fn record_holds<'a>(
    holds: &[HoldSpec],
    rows: &[HoldRow],
    identity: impl Fn(usize) -> &'a Identity,
) -> Option<(Table, RecordBatch)> {
    let batch = built(Table::HoldMember, hold_members(holds, rows, identity));
    (batch.num_rows() > 0).then_some((Table::HoldMember, batch))
}

/// The tables of an activation: what the bundle gives to facts that the home has, with its sets and schedules.
pub fn record_reassignments(bundle: &Bundle, rows: &[Reassignment], sets: &[DutySet]) -> Vec<(Table, RecordBatch)> {
    let columns = vec![
        keys(rows.iter().map(|row| Some(row.facts_id))),
        flags(rows.iter().map(|row| row.scan_incomplete)),
        instants(rows.iter().map(|row| row.sent_at)),
        keys(rows.iter().map(|row| Some(row.set_id))),
    ];
    let tables = [
        (Table::Schedule, schedules(bundle, sets)),
        (Table::DutySet, duty_sets(bundle, sets)),
        (Table::Reassignment, columns),
    ];
    tables
        .into_iter()
        .map(|(table, columns)| (table, built(table, columns)))
        .filter(|(_, batch)| batch.num_rows() > 0)
        .collect()
}

/// The schedules that sets name.
fn schedules(bundle: &Bundle, sets: &[DutySet]) -> Vec<ArrayRef> {
    let assigned: BTreeSet<usize> = sets
        .iter()
        .flat_map(|set| set.assigned.iter().map(|one| one.schedule))
        .collect();
    let all: Vec<&Schedule> = assigned.into_iter().map(|at| bundle.schedule(at)).collect();
    let digests: Vec<String> = all.iter().map(|it| it.digest.to_string()).collect();
    let bases: Vec<Option<String>> = all.iter().map(|it| it.basis.map(|basis| word(&json!(basis)))).collect();
    vec![
        keys(all.iter().map(|it| Some(it.key()))),
        texts(all.iter().map(|it| Some(it.document.as_str()))),
        texts(all.iter().map(|it| Some(it.version.as_str()))),
        texts(digests.iter().map(|it| Some(it.as_str()))),
        texts(all.iter().map(|it| Some(it.id.as_str()))),
        texts(all.iter().map(|it| Some(it.title.as_str()))),
        texts(all.iter().map(|it| Some(it.zone.name()))),
        texts(all.iter().map(|it| it.jurisdiction.as_deref())),
        texts(bases.iter().map(Option::as_deref)),
        lists(all.iter().map(|it| it.cites.as_slice())),
        texts(all.iter().map(|it| Some(it.spec.as_str()))),
    ]
}

fn duty_sets(bundle: &Bundle, sets: &[DutySet]) -> Vec<ArrayRef> {
    let all = sets.iter().flat_map(|set| {
        set.assigned
            .iter()
            .enumerate()
            .map(move |(ordinal, one)| (set.id, ordinal, one))
    });
    vec![
        keys(all.clone().map(|it| Some(it.0))),
        Arc::new(Int32Array::from_iter_values(
            all.clone().map(|it| i32::try_from(it.1).unwrap_or(i32::MAX)),
        )),
        keys(all.clone().map(|it| Some(bundle.schedule(it.2.schedule).key()))),
        texts(all.clone().map(|it| Some(it.2.outcome.as_str()))),
        texts(all.map(|it| it.2.outcome.reason())),
    ]
}

fn hold_members<'a>(holds: &[HoldSpec], rows: &[HoldRow], identity: impl Fn(usize) -> &'a Identity) -> Vec<ArrayRef> {
    vec![
        texts(rows.iter().map(|row| Some(holds[row.hold].name.as_str()))),
        keys(rows.iter().map(|row| Some(identity(row.row).key))),
        keys(rows.iter().map(|row| Some(identity(row.row).family))),
        texts(rows.iter().map(|row| Some(row.membership.as_str()))),
    ]
}

fn built(table: Table, columns: Vec<ArrayRef>) -> RecordBatch {
    #[expect(
        clippy::expect_used,
        reason = "each table's columns are built from its own schema, equally long"
    )]
    RecordBatch::try_new(table.schema(), columns).expect("columns of the table's schema")
}

struct Recorder<'a> {
    bundle: &'a Bundle,
    batch: &'a MessageBatch,
    evaluation: &'a Evaluation,
    fates: &'a [Fate],
}

impl<'a> Recorder<'a> {
    fn identity(&self, row: usize) -> &'a Identity {
        self.fates[row].identity(&self.evaluation.messages[row].identity)
    }

    /// Messages that are taken in: duplicates only add to what is there.
    fn taken(&self) -> impl Iterator<Item = Row<'a>> + Clone {
        let fates = self.fates;
        self.batch
            .rows()
            .filter(move |row| !matches!(fates[row.index()], Fate::Duplicate(_)))
    }

    fn is_taken(&self, row: usize) -> bool {
        !matches!(self.fates[row], Fate::Duplicate(_))
    }

    fn messages(&self) -> Vec<ArrayRef> {
        let row = |row: Row<'a>| &self.evaluation.messages[row.index()];
        let identity = |row: Row<'a>| self.identity(row.index());
        let kind = |row: Row<'a>| match self.fates[row.index()] {
            Fate::Collision(_) => "collision",
            _ => row.version_kind().as_str(),
        };
        let taken = self.taken();
        vec![
            keys(taken.clone().map(|it| Some(identity(it).key))),
            keys(taken.clone().map(|it| Some(identity(it).family))),
            texts(taken.clone().map(|it| Some(identity(it).message_id.as_str()))),
            texts(taken.clone().map(Row::id)),
            texts(taken.clone().map(|it| Some(it.platform()))),
            texts(taken.clone().map(|it| Some(it.conversation()))),
            texts(taken.clone().map(|it| Some(it.conversation_kind().as_str()))),
            texts(taken.clone().map(Row::channel)),
            texts(taken.clone().map(|it| Some(it.kind().as_str()))),
            instants(taken.clone().map(Row::sent_at)),
            instants(taken.clone().map(Row::captured_at)),
            texts(taken.clone().map(Row::sent_precision)),
            texts(taken.clone().map(|it| Some(it.sender()))),
            texts(taken.clone().map(Row::reply_to)),
            Arc::new(Int32Array::from_iter_values(taken.clone().map(Row::version))),
            texts(taken.clone().map(|it| Some(kind(it)))),
            keys(taken.clone().map(|it| Some(identity(it).content_hash))),
            texts(taken.clone().map(|it| Some(row(it).direction.as_str()))),
            numbers(taken.clone().map(|it| Some(it.text().map_or(0, str::len)))),
            numbers(taken.clone().map(|it| Some(it.attachment_names().len()))),
            Arc::new(taken.clone().map(Row::business).collect::<BooleanArray>()),
            flags(taken.clone().map(Row::undecodable)),
            flags(taken.clone().map(|it| row(it).trigger_suspect)),
            flags(taken.clone().map(|it| row(it).scan_incomplete)),
            texts(taken.clone().map(|it| Some(it.source_file()))),
            numbers(taken.clone().map(|it| usize::try_from(it.source_offset()).ok())),
            keys(taken.map(|it| Some(row(it).facts_id))),
        ]
    }

    fn recipients(&self) -> Vec<ArrayRef> {
        let all = self.taken().flat_map(|row| {
            row.recipients()
                .map(move |(handle, role)| (self.identity(row.index()).key, handle, role))
        });
        vec![
            keys(all.clone().map(|it| Some(it.0))),
            texts(all.clone().map(|it| Some(it.1))),
            texts(all.map(|it| Some(it.2.as_str()))),
        ]
    }

    fn custodians(&self) -> Vec<ArrayRef> {
        let all = self.batch.rows().flat_map(|row| {
            row.custodians()
                .map(move |handle| (self.identity(row.index()).key, handle))
        });
        vec![keys(all.clone().map(|it| Some(it.0))), texts(all.map(|it| Some(it.1)))]
    }

    fn sources(&self) -> Vec<ArrayRef> {
        let all = self.batch.rows();
        vec![
            keys(all.clone().map(|it| Some(self.identity(it.index()).key))),
            texts(all.clone().map(|it| Some(it.source_file()))),
            numbers(all.map(|it| usize::try_from(it.source_offset()).ok())),
        ]
    }

    fn facts(&self) -> Vec<ArrayRef> {
        // Those of duplicates too: their custodians may bring duties of their own.
        let all = self.evaluation.facts.iter();
        vec![
            keys(all.clone().map(|it| Some(it.0))),
            texts(all.map(|it| Some(it.1.as_str()))),
        ]
    }

    fn hits(&self) -> Vec<ArrayRef> {
        let all = self.evaluation.hits.iter().filter(|hit| self.is_taken(hit.row));
        let rule_keys = self.rule_keys();
        let fields: Vec<Option<String>> = all
            .clone()
            .map(|hit| hit.place.map(|(field, _)| field.to_string()))
            .collect();
        let supports: Vec<Option<String>> = all.clone().map(|hit| support_json(&hit.support)).collect();
        vec![
            keys(all.clone().map(|it| Some(self.identity(it.row).key))),
            keys(all.clone().map(|it| rule_keys.get(&it.rule).copied())),
            texts(fields.iter().map(Option::as_deref)),
            numbers(all.clone().map(|it| it.place.map(|(_, span)| span.start()))),
            numbers(all.clone().map(|it| it.place.map(|(_, span)| span.end()))),
            texts(all.clone().map(|it| it.part.map(PartKind::as_str))),
            flags(all.clone().map(|it| it.evasion)),
            texts(all.clone().map(|it| it.confidence.map(Confidence::as_str))),
            texts(all.clone().map(|it| Some(it.severity.as_str()))),
            texts(all.clone().map(|it| it.excluded_by.as_deref())),
            texts(all.clone().map(|it| it.indeterminate.as_deref())),
            keys(all.clone().map(|it| it.alert)),
            keys(all.clone().map(|it| Some(it.evidence))),
            keys(all.clone().map(|it| it.block)),
            texts(supports.iter().map(Option::as_deref)),
            numbers(all.map(|it| it.n_hits.and_then(|n| usize::try_from(n).ok()))),
        ]
    }

    fn parts(&self) -> Vec<ArrayRef> {
        let parts = &self.evaluation.parts;
        let of_messages = parts.chunk_by(|one, next| one.row == next.row);
        let all = of_messages
            .flat_map(|parts| (0_i32..).zip(parts))
            .filter(|(_, part)| self.is_taken(part.row));
        vec![
            keys(all.clone().map(|(_, it)| Some(self.identity(it.row).key))),
            Arc::new(Int32Array::from_iter_values(all.clone().map(|(ordinal, _)| ordinal))),
            texts(all.clone().map(|(_, it)| Some(it.range.kind.as_str()))),
            numbers(all.clone().map(|(_, it)| Some(it.range.span.start()))),
            numbers(all.clone().map(|(_, it)| Some(it.range.span.end()))),
            texts(all.clone().map(|(_, it)| Some(it.range.reason.as_str()))),
            keys(all.map(|(_, it)| Some(it.hash))),
        ]
    }

    fn events(&self) -> Vec<ArrayRef> {
        let all = self.evaluation.events.iter().filter(|event| self.is_taken(event.row));
        let rule_keys = self.rule_keys();
        vec![
            keys(all.clone().map(|it| Some(self.identity(it.row).key))),
            keys(
                all.clone()
                    .map(|it| rule_keys.get(&RuleRef::Conversation(it.rule)).copied()),
            ),
            keys(all.clone().map(|it| Some(it.group))),
            Arc::new(Int32Array::from_iter_values(
                all.map(|it| i32::try_from(it.component).unwrap_or(i32::MAX)),
            )),
        ]
    }

    /// The rules that hits and events name.
    fn rules_met(&self) -> BTreeSet<RuleRef> {
        let hit = self.evaluation.hits.iter().map(|hit| (hit.row, hit.rule));
        let met = self.evaluation.events.iter();
        hit.chain(met.map(|event| (event.row, RuleRef::Conversation(event.rule))))
            .filter(|(row, _)| self.is_taken(*row))
            .map(|(_, rule)| rule)
            .collect()
    }

    fn rule_keys(&self) -> BTreeMap<RuleRef, Key> {
        let met = self.rules_met().into_iter();
        met.map(|rule| (rule, self.bundle.rule(rule).key())).collect()
    }

    fn rules(&self) -> Vec<ArrayRef> {
        let rules: Vec<_> = self
            .rules_met()
            .into_iter()
            .map(|rule| self.bundle.rule(rule))
            .collect();
        let digests: Vec<String> = rules.iter().map(|rule| rule.digest.to_string()).collect();
        let specs: Vec<Option<String>> = rules
            .iter()
            .map(|rule| {
                rule.conversation
                    .map(|conversation| lexhold_model::canonical_json(&json!(conversation)))
            })
            .collect();
        vec![
            keys(rules.iter().map(|it| Some(it.key()))),
            texts(rules.iter().map(|it| Some(it.kind.as_str()))),
            texts(rules.iter().map(|it| Some(it.id))),
            texts(rules.iter().map(|it| Some(it.document))),
            texts(rules.iter().map(|it| Some(it.version))),
            texts(digests.iter().map(|it| Some(it.as_str()))),
            texts(rules.iter().map(|it| Some(it.severity.as_str()))),
            texts(rules.iter().map(|it| Some(it.title))),
            lists(rules.iter().map(|it| it.labels)),
            lists(rules.iter().map(|it| it.cites)),
            texts(rules.iter().map(|it| it.view.map(TextView::as_str))),
            flags(rules.iter().map(|it| it.alerts)),
            texts(specs.iter().map(Option::as_deref)),
        ]
    }

    fn days(&self) -> Vec<ArrayRef> {
        let rows: Vec<(Key, &str, Option<String>, String)> = self
            .evaluation
            .days
            .iter()
            .flat_map(|days| {
                days.days.rows.iter().map(|day| {
                    (
                        days.id,
                        day.zone.name(),
                        day.sent.map(|day| day.to_string()),
                        day.captured.to_string(),
                    )
                })
            })
            .collect();
        vec![
            keys(rows.iter().map(|it| Some(it.0))),
            texts(rows.iter().map(|it| Some(it.1))),
            texts(rows.iter().map(|it| it.2.as_deref())),
            texts(rows.iter().map(|it| Some(it.3.as_str()))),
        ]
    }

    fn assignments(&self) -> Vec<ArrayRef> {
        let all = self
            .evaluation
            .messages
            .iter()
            .enumerate()
            .map(|(row, message)| (self.identity(row), message));
        vec![
            keys(all.clone().map(|it| Some(it.0.family))),
            keys(all.clone().map(|it| Some(it.0.key))),
            keys(all.clone().map(|it| Some(it.1.set_id))),
            keys(all.clone().map(|it| Some(it.1.days_id))),
            keys(all.clone().map(|it| Some(it.1.facts_id))),
            flags(all.clone().map(|it| it.1.scan_incomplete)),
            flags(all.map(|it| it.1.trigger_suspect)),
        ]
    }

    fn handles(&self) -> Vec<ArrayRef> {
        let all = &self.evaluation.handles;
        vec![
            texts(all.iter().map(|it| Some(it.0.as_str()))),
            texts(all.iter().map(|it| Some(it.1.as_str()))),
            flags(all.iter().map(|it| it.2)),
        ]
    }

    fn diagnostics(&self) -> Vec<ArrayRef> {
        let all = self.evaluation.diagnostics.iter().filter(|it| self.is_taken(it.row));
        vec![
            keys(all.clone().map(|it| Some(self.identity(it.row).key))),
            texts(all.clone().map(|it| Some(it.code))),
            texts(all.clone().map(|it| Some(it.subject.as_str()))),
            texts(all.map(|it| Some(it.detail.as_str()))),
        ]
    }
}

/// The supporting evidence of a hit as reports repeat it: names and places.
pub(crate) fn support_json(support: &[Support]) -> Option<String> {
    let items = support.iter().map(|one| {
        json!({"name": one.name, "field": one.field.to_string(), "start": one.span.start(), "end": one.span.end()})
    });
    (!support.is_empty()).then(|| lexhold_model::canonical_json(&items.collect::<Vec<_>>()))
}

fn word(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn keys(values: impl Iterator<Item = Option<Key>>) -> ArrayRef {
    let array: Decimal128Array = values.map(|key| key.map(Key::as_i128)).collect();
    #[expect(clippy::expect_used, reason = "38 digits without a fraction is what the type allows")]
    Arc::new(array.with_precision_and_scale(38, 0).expect("a valid precision"))
}

pub(crate) fn texts<'t>(values: impl Iterator<Item = Option<&'t str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn lists<'t>(values: impl Iterator<Item = &'t [String]>) -> ArrayRef {
    let mut array = ListBuilder::new(StringBuilder::new()).with_field(Field::new("item", DataType::Utf8, false));
    for items in values {
        items.iter().for_each(|item| array.values().append_value(item));
        array.append(true);
    }
    Arc::new(array.finish())
}

pub(crate) fn numbers(values: impl Iterator<Item = Option<usize>>) -> ArrayRef {
    Arc::new(
        values
            .map(|number| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)))
            .collect::<Int64Array>(),
    )
}

pub(crate) fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

fn instants(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}
