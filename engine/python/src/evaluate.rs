//! A stream of messages as a stream of rows.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchReader, StringArray, StructArray, UInt32Array, new_null_array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi_stream::ArrowArrayStreamReader;
use lexhold_evaluate::Evaluator;
use lexhold_evaluate::rows::Rows as Written;
use lexhold_model::{Message, MessageBatch, MessageBatchBuilder, SourcePlace};
use lexhold_source::read_batch;
use self_cell::self_cell;

use crate::Compiled;

/// Messages evaluated at a time: what an engine hands over in larger batches is cut, so that memory stays small.
const ROWS: usize = 4_096;

self_cell! {
    /// An evaluator with what it borrows, so that its memory of what repeats lasts as long as the stream.
    struct Evaluating {
        owner: Arc<Compiled>,
        #[not_covariant]
        dependent: Evaluator,
    }
}

/// The rows of an evaluation.
pub struct Rows {
    evaluating: Evaluating,
    messages: ArrowArrayStreamReader,
    /// What is left of the batch at hand.
    rest: Option<RecordBatch>,
    rows_before: usize,
}

impl Rows {
    pub fn new(compiled: Arc<Compiled>, messages: ArrowArrayStreamReader) -> Self {
        Self {
            evaluating: Evaluating::new(compiled, |compiled| Evaluator::new(&compiled.bundle, &compiled.facts)),
            messages,
            rest: None,
            rows_before: 0,
        }
    }

    fn next_piece(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        loop {
            match self.rest.take() {
                Some(batch) if batch.num_rows() > 0 => {
                    let n = batch.num_rows().min(ROWS);
                    self.rest = Some(batch.slice(n, batch.num_rows() - n));
                    return Some(Ok(batch.slice(0, n)));
                }
                _ => match self.messages.next()? {
                    Ok(batch) => self.rest = Some(batch),
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }

    fn evaluate(&mut self, given: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let wrong = |why: String| ArrowError::SchemaError(why);
        let before = self.rows_before;
        self.rows_before += given.num_rows();
        let places = Places::of(given);
        let readings = read_batch(given, |row| places.at(row, before)).map_err(wrong)?;
        let (mut all, mut messages) = (MessageBatchBuilder::new(), MessageBatchBuilder::new());
        let (mut reasons, mut positions, mut n_read) = (Vec::new(), Vec::new(), 0_u32);
        for (row, reading) in readings.into_iter().enumerate() {
            match reading {
                Ok(reading) => {
                    all.push(&reading.message);
                    messages.push(&reading.message);
                    positions.push(Some(n_read));
                    reasons.push(None);
                    n_read += 1;
                }
                Err(reason) => {
                    all.push(&Message {
                        source: places.at(row, before),
                        ..Message::default()
                    });
                    positions.push(None);
                    reasons.push(Some(reason));
                }
            }
        }
        let captured_at = self.evaluating.borrow_owner().captured_at.as_microsecond();
        let messages = messages.finish().captured_by(captured_at);
        let rows = self.rows_of(&messages);
        if messages.len() == reasons.len() {
            return Ok(rows);
        }
        with_unreadable(&rows, &all.finish(), reasons, positions)
    }

    fn rows_of(&mut self, messages: &MessageBatch) -> RecordBatch {
        self.evaluating.with_dependent_mut(|compiled, evaluator| {
            let evaluation = evaluator.evaluate(messages);
            Written::new(&compiled.bundle, &compiled.facts).of(messages, &evaluation)
        })
    }
}

/// Rows with those between them that are no messages.
fn with_unreadable(
    rows: &RecordBatch,
    all: &MessageBatch,
    reasons: Vec<Option<String>>,
    positions: Vec<Option<u32>>,
) -> Result<RecordBatch, ArrowError> {
    let n = all.as_arrow().num_columns();
    let positions = UInt32Array::from(positions);
    let evaluation = rows.column(n + 1);
    let evaluation = if rows.num_rows() == 0 {
        new_null_array(evaluation.data_type(), reasons.len())
    } else {
        take(evaluation, &positions, None)?
    };
    let reasons: ArrayRef = Arc::new(StringArray::from(reasons));
    // What is filled in of a capture stands in the rows; where there is none, no capture is due.
    let columns = all.as_arrow().columns().iter().cloned().chain([reasons, evaluation]);
    let columns = columns.collect::<Vec<_>>();
    let columns = captured(columns, rows, &positions)?;
    RecordBatch::try_new(Written::schema(), columns)
}

fn captured(
    mut columns: Vec<ArrayRef>,
    rows: &RecordBatch,
    positions: &UInt32Array,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let at = rows.schema().index_of("captured_at")?;
    if rows.num_rows() > 0 {
        columns[at] = take(rows.column(at), positions, None)?;
    }
    Ok(columns)
}

/// Where rows say that they come from.
struct Places {
    files: Option<ArrayRef>,
    offsets: Option<ArrayRef>,
}

impl Places {
    fn of(given: &RecordBatch) -> Self {
        let source: Option<&StructArray> = given.column_by_name("source").and_then(|it| it.as_struct_opt());
        let column = |name: &str, kind: DataType| {
            let column = source.and_then(|source| source.column_by_name(name))?;
            arrow::compute::cast(column, &kind).ok()
        };
        Self {
            files: column("file", DataType::Utf8),
            offsets: column("offset", DataType::Int64),
        }
    }

    /// The place that a row states, or else its number in the stream.
    fn at(&self, row: usize, before: usize) -> SourcePlace {
        let file = self.files.as_ref().map(|files| files.as_string::<i32>());
        let offset = self.offsets.as_ref().map(|offsets| offsets.as_primitive::<Int64Type>());
        let file = file
            .filter(|files| files.is_valid(row))
            .map_or("", |files| files.value(row));
        let offset = offset.filter(|all| all.is_valid(row)).map(|all| all.value(row));
        SourcePlace {
            file: file.to_owned(),
            offset: offset
                .and_then(|offset| u64::try_from(offset).ok())
                .unwrap_or((before + row + 1) as u64),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.next_piece()?;
        Some(piece.and_then(|piece| self.evaluate(&piece)))
    }
}

impl RecordBatchReader for Rows {
    fn schema(&self) -> SchemaRef {
        Written::schema()
    }
}
