//! Parquet: row group by row group, so that a damaged one costs only itself.
//!
//! Text columns are read as bytes, whatever their type, because one value that is not UTF-8 must not cost a file.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, TimeUnit};
use lexhold_model::SourcePlace;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use crate::chunk::Chunks;
use crate::csv::Column;
use crate::guard::guarded;
use crate::input::open_file;
use crate::message::Reading;
use crate::reader::{Options, Place};
use crate::records::Header;
use crate::row::{Field, Row};
use crate::stream::Rows;
use crate::value::Value;
use crate::{ErrorKind, SourceError, array, cell, message};

/// The rows of a Parquet file, in order.
pub(crate) struct Table {
    file: File,
    name: String,
    total_bytes: u64,
    options: Options,
    metadata: ArrowReaderMetadata,
    groups: VecDeque<usize>,
    reader: Option<ParquetRecordBatchReader>,
    batch: Option<RecordBatch>,
    /// The row of the batch that comes next.
    next_row: usize,
    /// Rows of the file before the next one, and before the end of this group.
    rows_before: u64,
    group_end: u64,
    position_bytes: u64,
}

/// What comes next in a table.
pub(crate) enum Found<'a> {
    /// A row of a batch, numbered from 1 in the file.
    Row {
        number: u64,
        batch: &'a RecordBatch,
        row: usize,
    },
    /// Rows that cannot be read.
    Damaged(Place),
    End,
}

impl Table {
    pub(crate) fn open(path: &Path, name: &str, options: Options) -> Result<Self, SourceError> {
        let (file, total_bytes) = open_file(path)?;
        Self::of_file(name.to_owned(), file, total_bytes, options)
    }

    fn of_file(name: String, file: File, total_bytes: Option<u64>, options: Options) -> Result<Self, SourceError> {
        let metadata = guarded(|| load(&file)).unwrap_or_else(|| Err(ParquetError::General(String::new())));
        let metadata = metadata.map_err(|error| broken(&name, &error))?;
        let groups = (0..metadata.metadata().num_row_groups()).collect();
        Ok(Self {
            file,
            name,
            total_bytes: total_bytes.unwrap_or(0),
            options,
            metadata,
            groups,
            reader: None,
            batch: None,
            next_row: 0,
            rows_before: 0,
            group_end: 0,
            position_bytes: 0,
        })
    }

    /// The names of the columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.metadata
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
    }

    /// The next row, or the next rows that are damaged.
    pub(crate) fn next(&mut self) -> Result<Found<'_>, SourceError> {
        while self
            .batch
            .as_ref()
            .is_none_or(|batch| self.next_row >= batch.num_rows())
        {
            self.next_row = 0;
            self.batch = self.reader.as_mut().and_then(|reader| guarded(|| reader.next())??.ok());
            if self.batch.is_some() {
                continue;
            }
            // The group ends here, in the middle perhaps, or its data makes no sense: the rows left in it are gone.
            self.reader = None;
            if self.rows_before < self.group_end {
                let first = self.rows_before + 1;
                self.rows_before = self.group_end;
                return Ok(Found::Damaged(Place::Rows(first, self.group_end)));
            }
            if !self.open_group()? {
                return Ok(Found::End);
            }
        }
        let row = self.next_row;
        self.next_row += 1;
        self.rows_before += 1;
        match &self.batch {
            Some(batch) => Ok(Found::Row {
                number: self.rows_before,
                batch,
                row,
            }),
            None => Ok(Found::End),
        }
    }

    /// The next row with the names of its columns, borrowing nothing.
    #[expect(
        clippy::type_complexity,
        reason = "each part is plain, and a name for the whole would say less"
    )]
    pub(crate) fn next_owned(
        &mut self,
    ) -> Result<Option<(Place, Result<Vec<(String, Value<'static>)>, String>)>, SourceError> {
        let (number, batch, row) = match self.next()? {
            Found::End => return Ok(None),
            Found::Damaged(place) => return Ok(Some((place, Err(DAMAGED.to_owned())))),
            Found::Row { number, batch, row } => (number, batch, row),
        };
        let schema = batch.schema();
        let values = batch
            .columns()
            .iter()
            .map(|column| array::value(column, row, &mut false).into_owned());
        let named = schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .zip(values)
            .collect();
        Ok(Some((Place::Rows(number, number), Ok(named))))
    }

    /// Opens the next row group; false when there is none.
    fn open_group(&mut self) -> Result<bool, SourceError> {
        let Some(group) = self.groups.pop_front() else {
            return Ok(false);
        };
        let about = self.metadata.metadata().row_group(group);
        let rows = u64::try_from(about.num_rows()).unwrap_or(0);
        let bytes = u64::try_from(about.total_byte_size()).unwrap_or(0);
        self.position_bytes += u64::try_from(about.compressed_size()).unwrap_or(0);
        self.group_end = self.rows_before + rows;
        // Long texts come in small batches, so that memory stays as small as the chunks ask.
        let fitting = (self.options.chunk_bytes as u64).checked_div(bytes.checked_div(rows).unwrap_or(0));
        let batch_rows = fitting.map_or(self.options.chunk_rows, |rows| {
            usize::try_from(rows).unwrap_or(usize::MAX)
        });
        let file = self
            .file
            .try_clone()
            .map_err(|error| SourceError::io(&self.name, error))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_batch_size(batch_rows.clamp(1, self.options.chunk_rows.max(1)));
        // A group that cannot even be opened counts as damaged from its first row.
        self.reader = guarded(|| reader.build().ok()).flatten();
        Ok(true)
    }
}

const DAMAGED: &str = "the Parquet data is damaged here";

/// The messages of a Parquet file.
pub(crate) struct Parquet {
    table: Table,
    columns: Vec<Column>,
}

impl Parquet {
    pub(crate) fn open(path: &Path, name: &str, options: Options) -> Result<Self, SourceError> {
        Self::of_table(Table::open(path, name, options)?)
    }

    /// The messages of an open file.
    pub(crate) fn of_file(name: &str, file: File, options: Options) -> Result<Self, SourceError> {
        Self::of_table(Table::of_file(name.to_owned(), file, None, options)?)
    }

    fn of_table(table: Table) -> Result<Self, SourceError> {
        let columns = columns(table.columns().map(str::to_owned).collect());
        let columns = columns.map_err(|why| SourceError::new(ErrorKind::Header, &table.name, why))?;
        Ok(Self { table, columns })
    }
}

/// What columns of these names hold.
fn columns(names: Vec<String>) -> Result<Vec<Column>, String> {
    let header = Header {
        delimiter: b',',
        columns: names,
    };
    if let Some(name) = header.repeated() {
        return Err(format!("it has the column `{name}` twice"));
    }
    let columns: Vec<_> = header
        .columns
        .iter()
        .zip(1..)
        .map(|(name, at)| Column::named(name, at))
        .collect();
    if !columns.iter().any(|column| matches!(column, Column::Known(_))) {
        return Err("none of its columns is a field of a message".to_owned());
    }
    Ok(columns)
}

/// The messages of an Arrow batch in memory, read as those of a Parquet file: each, or the reason why it is none. `place` says where
/// a row stands that does not say so itself.
///
/// # Errors
/// When no column is a field of a message, or one stands there twice.
pub fn read_batch(
    batch: &RecordBatch,
    place: impl Fn(usize) -> SourcePlace,
) -> Result<Vec<Result<Reading, String>>, String> {
    let names = batch.schema();
    let columns = columns(names.fields().iter().map(|field| field.name().clone()).collect())?;
    Ok((0..batch.num_rows())
        .map(|row| read(batch, row, &columns, place(row)))
        .collect())
}

fn read(batch: &RecordBatch, at: usize, columns: &[Column], place: SourcePlace) -> Result<Reading, String> {
    let mut row = Row::default();
    for (column, array) in columns.iter().zip(batch.columns()) {
        let mut undecodable = false;
        let value = array::value(array, at, &mut undecodable);
        row.undecodable |= undecodable;
        match (column, value) {
            (Column::Known(field), Value::Text(text)) => cell::set(&mut row, *field, text)?,
            (Column::Known(Field::Metadata), Value::Map(entries)) => {
                entries
                    .into_iter()
                    .try_for_each(|(name, value)| row.keep(name, value.into_metadata()))?;
            }
            (Column::Known(field), value) => row.set(*field, value)?,
            (Column::Other(name), value) => row.keep(name.into(), value.into_metadata())?,
        }
    }
    message::read(row, place)
}

impl Rows for Parquet {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let file = self.table.name.clone();
        match self.table.next()? {
            Found::End => return Ok(false),
            Found::Damaged(place) => to.push(place, Err(DAMAGED.to_owned())),
            Found::Row { number, batch, row } => {
                let place = SourcePlace { file, offset: number };
                to.push(Place::Rows(number, number), read(batch, row, &self.columns, place));
            }
        }
        Ok(true)
    }

    fn position_bytes(&self) -> u64 {
        self.table.position_bytes
    }

    fn total_bytes(&self) -> Option<u64> {
        Some(self.table.total_bytes)
    }

    fn format(&self) -> &str {
        "parquet"
    }
}

/// The error of a file whose index cannot be read. The library's words are left out: they may quote the content.
fn broken(name: &str, error: &ParquetError) -> SourceError {
    match error {
        ParquetError::NYI(_) => SourceError::new(
            ErrorKind::Unsupported,
            name,
            "it uses a part of Parquet that is not supported",
        ),
        _ => SourceError::new(ErrorKind::Corrupt, name, "its Parquet footer is missing or damaged"),
    }
}

/// The file's index with text columns declared as bytes.
fn load(file: &File) -> Result<ArrowReaderMetadata, ParquetError> {
    let declared = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let as_stored = declared.parquet_schema().root_schema_ptr();
    let plain = Arc::new(SchemaDescriptor::new(without_text(&as_stored)?));
    let fields: Fields = declared
        .schema()
        .fields()
        .iter()
        .zip(as_stored.get_fields())
        .map(|(field, stored)| readable(field, Some(stored)))
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, declared.schema().metadata().clone()));
    let options = ArrowReaderOptions::new().with_parquet_schema(plain).with_schema(schema);
    ArrowReaderMetadata::load(file, options)
}

/// A Parquet type in which text is plain bytes.
fn without_text(of: &TypePtr) -> Result<TypePtr, ParquetError> {
    let about = of.get_basic_info();
    let id = about.has_id().then(|| about.id());
    if of.is_primitive() {
        let texts = [ConvertedType::UTF8, ConvertedType::JSON, ConvertedType::ENUM];
        let is_text = of.get_physical_type() == PhysicalType::BYTE_ARRAY
            && (texts.contains(&about.converted_type())
                || matches!(
                    about.logical_type_ref(),
                    Some(LogicalType::String | LogicalType::Json | LogicalType::Enum)
                ));
        if !is_text {
            return Ok(of.clone());
        }
        let plain = Type::primitive_type_builder(of.name(), PhysicalType::BYTE_ARRAY)
            .with_repetition(about.repetition())
            .with_id(id)
            .build()?;
        return Ok(Arc::new(plain));
    }
    let fields = of.get_fields().iter().map(without_text).collect::<Result<_, _>>()?;
    let mut group = Type::group_type_builder(of.name())
        .with_fields(fields)
        .with_converted_type(about.converted_type())
        .with_logical_type(about.logical_type_ref().cloned())
        .with_id(id);
    if about.has_repetition() {
        group = group.with_repetition(about.repetition());
    }
    Ok(Arc::new(group.build()?))
}

/// The Arrow field as it is to be read: text as views of bytes, dictionaries as their values, and old 96-bit
/// timestamps, which Spark and Impala write in UTC, as such.
fn readable(field: &FieldRef, stored: Option<&TypePtr>) -> FieldRef {
    let inner = |field: &FieldRef| readable(field, None);
    let int96 = stored.is_some_and(|of| of.is_primitive() && of.get_physical_type() == PhysicalType::INT96);
    let of = match field.data_type() {
        _ if int96 => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::List(item) => DataType::List(inner(item)),
        DataType::LargeList(item) => DataType::LargeList(inner(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(inner(item), *length),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        other => as_bytes(other),
    };
    Arc::new(field.as_ref().clone().with_data_type(of))
}

fn as_bytes(of: &DataType) -> DataType {
    match of {
        DataType::Dictionary(_, values) => as_bytes(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::BinaryView,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    }
}
