//! Rules over several messages, held against events that an engine has brought together and sorted.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, ListBuilder, RecordBatch, RecordBatchReader, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ffi_stream::ArrowArrayStreamReader;
use lexhold_evaluate::{ConversationJudge, GroupEvent, Occurrence, RuleKind};
use lexhold_model::Key;
use lexhold_rules::conversation::Event;

use crate::Compiled;

/// The occurrences among events, as one batch at the end: they are few.
pub struct Occurrences {
    compiled: Arc<Compiled>,
    events: Option<ArrowArrayStreamReader>,
}

impl Occurrences {
    pub fn new(compiled: Arc<Compiled>, events: ArrowArrayStreamReader) -> Self {
        Self {
            compiled,
            events: Some(events),
        }
    }
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let texts = |name: &str| {
        Field::new(
            name,
            DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
            true,
        )
    };
    Arc::new(Schema::new(vec![
        text("alert_id"),
        text("rule"),
        texts("aliases"),
        texts("members"),
        Field::new("truncated", DataType::Boolean, true),
        text("crowded"),
        text("indeterminate"),
    ]))
}

fn wrong(why: &str) -> ArrowError {
    ArrowError::SchemaError(why.to_owned())
}

/// The events of a batch, each with its rule.
fn events_of(batch: &RecordBatch) -> Result<Vec<(String, GroupEvent)>, ArrowError> {
    let column = |name: &str, kind: &DataType| {
        let column = batch.column_by_name(name);
        column
            .map(|column| cast(column, kind))
            .unwrap_or_else(|| Err(wrong(&format!("column `{name}` is missing"))))
    };
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let texts = ["rule", "group_id", "message_id", "key", "sender"].map(|name| column(name, &DataType::Utf8));
    let [rules, groups, ids, keys, senders] = texts;
    let (rules, groups, ids, keys, senders) = (rules?, groups?, ids?, keys?, senders?);
    let at = cast(&column("sent_at", &instant)?, &DataType::Int64)?;
    let components = column("component", &DataType::Int64)?;
    let text = |column: &ArrayRef, row: usize| column.as_string::<i32>().value(row).to_owned();
    let key = |column: &ArrayRef, row: usize| -> Result<Key, ArrowError> { text(column, row).parse().map_err(wrong) };
    let of = |row: usize| {
        let component = components.as_primitive::<Int64Type>().value(row);
        let event = Event {
            at_us: (!at.is_null(row)).then(|| at.as_primitive::<Int64Type>().value(row)),
            message_id: text(&ids, row),
            key: key(&keys, row)?,
            sender: text(&senders, row),
            component: u32::try_from(component).map_err(|_| wrong("a component is no position"))?,
        };
        let group = key(&groups, row)?;
        Ok((text(&rules, row), GroupEvent { group, event }))
    };
    (0..batch.num_rows()).map(of).collect()
}

impl Occurrences {
    fn judge(&self, rule: &str) -> Result<ConversationJudge, ArrowError> {
        let bundle = &self.compiled.bundle;
        let all = bundle.all_rules().map(|it| bundle.rule(it));
        let found = all
            .filter(|it| it.kind == RuleKind::Conversation)
            .find(|it| it.id == rule);
        let conversation = found.and_then(|it| it.conversation);
        let conversation = conversation.ok_or_else(|| wrong("an event names a rule that is not of this bundle"))?;
        Ok(ConversationJudge::new(rule, conversation.clone()))
    }

    fn found_in(&self, events: &mut ArrowArrayStreamReader) -> Result<Vec<(String, Occurrence)>, ArrowError> {
        let mut found = Vec::new();
        let mut events = events.map(|batch| batch.and_then(|batch| events_of(&batch)));
        let mut waiting: std::vec::IntoIter<(String, GroupEvent)> = Vec::new().into_iter();
        let mut next = || -> Result<Option<(String, GroupEvent)>, ArrowError> {
            loop {
                if let Some(event) = waiting.next() {
                    return Ok(Some(event));
                }
                match events.next().transpose()? {
                    Some(batch) => waiting = batch.into_iter(),
                    None => return Ok(None),
                }
            }
        };
        let mut first = next()?;
        while let Some((rule, event)) = first {
            let judge = self.judge(&rule)?;
            let mut look = judge.look();
            let mut all = look.push(event);
            first = next()?;
            while let Some((_, event)) = first.take_if(|(other, _)| *other == rule) {
                all.extend(look.push(event));
                first = next()?;
            }
            all.extend(look.finish());
            found.extend(all.into_iter().map(|one| (rule.clone(), one)));
        }
        Ok(found)
    }
}

fn written(found: &[(String, Occurrence)]) -> Result<RecordBatch, ArrowError> {
    let texts = |of: &dyn Fn(&(String, Occurrence)) -> Option<String>| -> ArrayRef {
        Arc::new(found.iter().map(of).collect::<StringArray>())
    };
    let lists = |of: &dyn Fn(&Occurrence) -> &[Key]| -> ArrayRef {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for (_, one) in found {
            of(one)
                .iter()
                .for_each(|key| builder.values().append_value(key.to_string()));
            builder.append(true);
        }
        Arc::new(builder.finish())
    };
    let truncated: BooleanArray = found.iter().map(|(_, one)| Some(one.truncated)).collect();
    let columns = vec![
        texts(&|(_, one)| Some(one.alert_id.to_string())),
        texts(&|(rule, _)| Some(rule.clone())),
        lists(&|one| &one.aliases),
        lists(&|one| &one.members),
        Arc::new(truncated),
        texts(&|(_, one)| one.crowded.map(|group| group.to_string())),
        texts(&|(_, one)| one.indeterminate.map(str::to_owned)),
    ];
    RecordBatch::try_new(schema(), columns)
}

impl Iterator for Occurrences {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut events = self.events.take()?;
        Some(self.found_in(&mut events).and_then(|found| written(&found)))
    }
}

impl RecordBatchReader for Occurrences {
    fn schema(&self) -> SchemaRef {
        schema()
    }
}
