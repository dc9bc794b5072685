//! What a table says against what it said: rows that differ, whatever order they stand in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Decimal128Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::Timestamp;
use lexhold_model::Key;
use lexhold_model::tables::{KEY, Table};
use serde_json::{Value, json};

/// No value is shown longer than this many characters.
const SHOWN: usize = 80;

/// How the rows of one table differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differing {
    /// Rows of the same thing with other values.
    pub changed: u64,
    /// Rows on record that the replay does not make.
    pub only_stored: u64,
    /// Rows that the replay makes and that are not on record.
    pub only_now: u64,
    /// Some of them.
    pub examples: Vec<Value>,
}

impl Differing {
    /// How many rows there are.
    pub fn n(&self) -> u64 {
        self.changed + self.only_stored + self.only_now
    }

    /// Adds those of another batch, keeping `limit` examples.
    pub fn add(&mut self, other: Self, limit: usize) {
        self.changed += other.changed;
        self.only_stored += other.only_stored;
        self.only_now += other.only_now;
        self.examples.extend(other.examples);
        self.examples.truncate(limit);
    }
}

/// The rows of two tables with the same columns that are in one and not in the other, each as often as it is.
pub fn difference(stored: &RecordBatch, now: &RecordBatch) -> Result<(RecordBatch, RecordBatch), ArrowError> {
    let schema = now.schema();
    let fields = schema
        .fields()
        .iter()
        .map(|field| SortField::new(field.data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let (rows_stored, rows_now) = (
        converter.convert_columns(stored.columns())?,
        converter.convert_columns(now.columns())?,
    );
    let sorted = |rows: &arrow::row::Rows| {
        let mut order: Vec<usize> = (0..rows.num_rows()).collect();
        order.sort_unstable_by(|one, other| rows.row(*one).cmp(&rows.row(*other)));
        order
    };
    let (order_stored, order_now) = (sorted(&rows_stored), sorted(&rows_now));
    let (mut only_stored, mut only_now) = (Vec::new(), Vec::new());
    let (mut at, mut again) = (0, 0);
    while at < order_stored.len() || again < order_now.len() {
        let step = match (order_stored.get(at), order_now.get(again)) {
            (Some(one), Some(other)) => rows_stored.row(*one).cmp(&rows_now.row(*other)),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, _) => std::cmp::Ordering::Greater,
        };
        if step.is_lt() {
            only_stored.push(order_stored[at]);
        }
        if step.is_gt() {
            only_now.push(order_now[again]);
        }
        at += usize::from(step.is_le());
        again += usize::from(step.is_ge());
    }
    Ok((taken(stored, &mut only_stored)?, taken(now, &mut only_now)?))
}

/// These rows, in the order in which they stand.
fn taken(rows: &RecordBatch, which: &mut [usize]) -> Result<RecordBatch, ArrowError> {
    which.sort_unstable();
    let positions = which.iter().map(|at| u32::try_from(*at).unwrap_or(u32::MAX));
    arrow::compute::take_record_batch(rows, &UInt32Array::from_iter_values(positions))
}

/// The values of a column of keys.
pub fn keys(rows: &RecordBatch, column: &str) -> Vec<Key> {
    let values = rows
        .column_by_name(column)
        .and_then(|column| column.as_primitive_opt::<Decimal128Type>());
    let values = values.into_iter().flat_map(|values| values.iter());
    values.filter_map(|value| value.and_then(Key::from_i128)).collect()
}

/// Pairs the rows that differ, and shows some of them; `names` are the messages of the batch.
pub fn differing(
    table: Table,
    stored: &RecordBatch,
    now: &RecordBatch,
    names: &HashMap<Key, String>,
    limit: usize,
) -> Result<Differing, ArrowError> {
    let (stored, now) = (Shown::of(stored)?, Shown::of(now)?);
    let identity = naming_columns(table);
    let mut unpaired: BTreeMap<Vec<Option<String>>, BTreeSet<usize>> = BTreeMap::new();
    for row in 0..now.n_rows {
        unpaired.entry(now.values(row, identity)).or_default().insert(row);
    }
    let mut found = Differing::default();
    let mut example = |shown: Value| {
        if found.examples.len() < limit {
            found.examples.push(shown);
        }
    };
    let message = |shown: &Shown<'_>, row| shown.key(row).and_then(|key| names.get(&key));
    for row in 0..stored.n_rows {
        match unpaired
            .get_mut(&stored.values(row, identity))
            .and_then(BTreeSet::pop_first)
        {
            Some(other) => {
                found.changed += 1;
                let changed = stored.named_columns().filter_map(|(at, name)| {
                    let (was, is) = (stored.value(row, at), now.value(other, at));
                    (was != is).then(|| (name.to_owned(), json!({"stored": clipped(was), "now": clipped(is)})))
                });
                let changed: serde_json::Map<_, _> = changed.collect();
                example(
                    json!({"message": message(&stored, row), "row": stored.named(row, identity), "changed": changed}),
                );
            }
            None => {
                found.only_stored += 1;
                example(json!({"message": message(&stored, row), "only_stored": stored.named(row, usize::MAX)}));
            }
        }
    }
    for row in unpaired.into_values().flatten() {
        found.only_now += 1;
        example(json!({"message": message(&now, row), "only_now": now.named(row, usize::MAX)}));
    }
    Ok(found)
}

/// How many of the first columns say which thing a row is about.
fn naming_columns(table: Table) -> usize {
    match table {
        Table::Hit | Table::Part | Table::DutySet | Table::Days | Table::Assignment | Table::HoldMember => 2,
        Table::Recipient | Table::Custodian | Table::Handle => 2,
        Table::ConversationEvent | Table::Diagnostic => 3,
        _ => 1,
    }
}

/// Rows as text.
struct Shown<'a> {
    rows: &'a RecordBatch,
    /// None for an instant, which is written as everywhere else.
    columns: Vec<Option<ArrayFormatter<'a>>>,
    n_rows: usize,
}

impl<'a> Shown<'a> {
    fn of(rows: &'a RecordBatch) -> Result<Self, ArrowError> {
        let options = FormatOptions::default();
        let columns = rows.columns().iter().map(|column| {
            let is_instant = matches!(column.data_type(), DataType::Timestamp(..));
            let formatter = (!is_instant).then(|| ArrayFormatter::try_new(column.as_ref(), &options));
            formatter.transpose()
        });
        Ok(Self {
            rows,
            columns: columns.collect::<Result<_, _>>()?,
            n_rows: rows.num_rows(),
        })
    }

    fn named_columns(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let names = self
            .rows
            .schema_ref()
            .fields()
            .iter()
            .map(|field| field.name().as_str());
        names.enumerate().collect::<Vec<_>>().into_iter()
    }

    fn value(&self, row: usize, column: usize) -> Option<String> {
        let values = self.rows.column(column);
        if values.is_null(row) {
            return None;
        }
        let Some(formatter) = &self.columns[column] else {
            let micros = values.as_primitive_opt::<TimestampMicrosecondType>()?.value(row);
            return Some(Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |at| at.to_string()));
        };
        let key = (values.data_type() == &KEY).then(|| values.as_primitive::<Decimal128Type>().value(row));
        Some(match key.and_then(Key::from_i128) {
            Some(key) => key.to_string(),
            None => formatter.value(row).to_string(),
        })
    }

    fn values(&self, row: usize, n_columns: usize) -> Vec<Option<String>> {
        (0..n_columns.min(self.columns.len()))
            .map(|column| self.value(row, column))
            .collect()
    }

    fn named(&self, row: usize, n_columns: usize) -> Value {
        let columns = self.named_columns().take(n_columns);
        columns
            .map(|(at, name)| (name.to_owned(), json!(clipped(self.value(row, at)))))
            .collect()
    }

    /// The message that a row is about.
    fn key(&self, row: usize) -> Option<Key> {
        let values = self.rows.column_by_name("key")?.as_primitive_opt::<Decimal128Type>()?;
        Key::from_i128(values.value(row))
    }
}

fn clipped(value: Option<String>) -> Option<String> {
    value.map(|value| match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Decimal128Array, StringArray};

    use super::*;

    fn custodians(rows: &[(i128, &str)]) -> RecordBatch {
        let keys = Decimal128Array::from_iter_values(rows.iter().map(|row| row.0));
        let keys: ArrayRef = Arc::new(keys.with_precision_and_scale(38, 0).unwrap());
        let handles: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1)));
        RecordBatch::try_new(Table::Custodian.schema(), vec![keys, handles]).unwrap()
    }

    fn apart(stored: &[(i128, &str)], now: &[(i128, &str)]) -> (usize, usize) {
        let (stored, now) = difference(&custodians(stored), &custodians(now)).unwrap();
        (stored.num_rows(), now.num_rows())
    }

    #[test]
    fn order_is_nothing_and_number_is_something() {
        assert_eq!(apart(&[(1, "a"), (2, "b")], &[(2, "b"), (1, "a")]), (0, 0));
        assert_eq!(apart(&[(1, "a"), (1, "a")], &[(1, "a")]), (1, 0));
        assert_eq!(apart(&[], &[(1, "a"), (1, "b")]), (0, 2));
        assert_eq!(apart(&[(1, "a"), (3, "c")], &[(1, "b"), (3, "c")]), (1, 1));
    }

    #[test]
    fn rows_of_one_thing_are_shown_as_a_change() {
        let handles = |rows: &[(&str, &str, bool)]| {
            let text = |of: fn(&(&str, &str, bool)) -> String| -> ArrayRef {
                Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
            };
            let known = arrow::array::BooleanArray::from(rows.iter().map(|row| row.2).collect::<Vec<_>>());
            let columns = vec![
                text(|row| row.0.into()),
                text(|row| row.1.into()),
                Arc::new(known) as ArrayRef,
            ];
            RecordBatch::try_new(Table::Handle.schema(), columns).unwrap()
        };
        let stored = handles(&[("slack", "ann", true), ("slack", "old", true)]);
        let now = handles(&[("slack", "ann", false), ("slack", "new", true)]);
        let found = differing(Table::Handle, &stored, &now, &HashMap::new(), 2).unwrap();
        assert_eq!(
            (found.changed, found.only_stored, found.only_now, found.n()),
            (1, 1, 1, 3)
        );
        assert_eq!(found.examples.len(), 2);
        assert_eq!(
            found.examples[0]["changed"],
            json!({"known": {"stored": "true", "now": "false"}})
        );
    }
}
