//! One table, four forms: text for people, NDJSON, CSV and Parquet for machines, streamed row by row.
//!
//! The columns of a report are a contract. NDJSON leaves absent values out; CSV joins lists by `;` and writes structures
//! as JSON; Parquet holds lists as lists and structures as JSON text.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::{ArrayRef, BooleanBuilder, Int64Builder, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use jiff::Timestamp;
use lexhold_document::printable;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value};

use super::print::{Page, Table};
use crate::args::TableFormat;
use crate::failure::{Exit, Failure};

/// Rows of a text table shown before the rest is only counted.
const TEXT_ROWS: usize = 200;
/// Characters of a value shown in a text table.
const CELL_CHARS: usize = 34;
/// Rows of a page before the rest is only counted.
const PAGE_ROWS: usize = 20_000;
/// Rows of a Parquet table gathered before they are written.
const PARQUET_ROWS: usize = 8_192;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; dates and instants too.
    Text,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// A list of texts.
    Texts,
    /// A structure or a list of structures.
    Json,
}

/// A report's columns in order, and which of them the text form shows.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// Name and kind of each column.
    pub all: &'static [(&'static str, Kind)],
    /// Those that fit a terminal.
    pub shown: &'static [&'static str],
}

/// What stands above the table of a page.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The title.
    pub title: String,
    /// What the page says of itself: name and value.
    pub about: Vec<(String, String)>,
    /// What its readers should know.
    pub note: String,
    /// The columns that it prints, in order; all, where none are named.
    pub columns: &'static [&'static str],
}

impl Default for Heading {
    fn default() -> Self {
        Self {
            title: "Lexhold".to_owned(),
            about: Vec::new(),
            note: String::new(),
            columns: &[],
        }
    }
}

/// One row: column name to value; absent columns are null.
pub type Row = Map<String, Value>;

/// The fields of a JSON object as a row.
pub fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// Microseconds since 1970 as an instant in text; nothing where they lie beyond the calendar.
pub fn instant(at: i64) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| String::new(), |at| at.to_string())
}

/// Writes one table in one form.
pub struct TableWriter {
    columns: Columns,
    sink: Sink,
    rows: usize,
}

enum Sink {
    Text {
        out: Box<dyn Write + Send>,
        table: comfy_table::Table,
    },
    Ndjson(Box<dyn Write + Send>),
    Csv(Box<csv::Writer<Box<dyn Write + Send>>>),
    Parquet {
        writer: Box<ArrowWriter<Box<dyn Write + Send>>>,
        schema: Arc<Schema>,
        pending: Vec<Row>,
    },
    Html {
        out: Box<dyn Write + Send>,
        heading: Heading,
        rows: Vec<Row>,
    },
}

impl TableWriter {
    /// Starts a table on `out`.
    pub fn new(format: TableFormat, columns: Columns, out: Box<dyn Write + Send>) -> anyhow::Result<Self> {
        let sink = match format {
            TableFormat::Text => Sink::Text {
                out,
                table: text_table(columns.shown),
            },
            TableFormat::Ndjson => Sink::Ndjson(out),
            TableFormat::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(columns.all.iter().map(|(name, _)| name))?;
                Sink::Csv(Box::new(writer))
            }
            TableFormat::Parquet => {
                let schema = Arc::new(Schema::new(columns.all.iter().map(arrow_field).collect::<Vec<_>>()));
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                let writer = Box::new(ArrowWriter::try_new(out, schema.clone(), Some(properties))?);
                Sink::Parquet {
                    writer,
                    schema,
                    pending: Vec::new(),
                }
            }
            TableFormat::Html => Sink::Html {
                out,
                heading: Heading::default(),
                rows: Vec::new(),
            },
        };
        Ok(Self { columns, sink, rows: 0 })
    }

    /// The same for stdout: where that is a terminal, what people read fits its width.
    pub fn on_screen(mut self) -> Self {
        let width = terminal_size::terminal_size_of(std::io::stdout());
        if let (Sink::Text { table, .. }, Some((width, _))) = (&mut self.sink, width) {
            table
                .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
                .set_width(width.0);
        }
        self
    }

    /// The same with a heading, where it is a page.
    pub fn under(mut self, of: &Heading) -> Self {
        if let Sink::Html { heading, .. } = &mut self.sink {
            heading.clone_from(of);
        }
        self
    }

    /// How many rows are shown, where it is not all of them.
    pub fn room(&self) -> Option<usize> {
        match self.sink {
            Sink::Text { .. } => Some(TEXT_ROWS),
            Sink::Html { .. } => Some(PAGE_ROWS),
            Sink::Ndjson(_) | Sink::Csv(_) | Sink::Parquet { .. } => None,
        }
    }

    /// Counts rows that there is no room for.
    pub fn count_more(&mut self, n_rows: usize) {
        self.rows += n_rows;
    }

    /// Adds a row.
    pub fn write(&mut self, row: Row) -> anyhow::Result<()> {
        self.rows += 1;
        match &mut self.sink {
            Sink::Text { table, .. } if self.rows <= TEXT_ROWS => {
                table.add_row(self.columns.shown.iter().map(|name| cell(row.get(*name))));
            }
            Sink::Html { rows, .. } if rows.len() < PAGE_ROWS => rows.push(row),
            Sink::Text { .. } | Sink::Html { .. } => {}
            Sink::Ndjson(out) => {
                serde_json::to_writer(&mut *out, &ordered(self.columns, row))?;
                out.write_all(b"\n")?;
            }
            Sink::Csv(writer) => writer.write_record(self.columns.all.iter().map(|(name, _)| plain(row.get(*name))))?,
            Sink::Parquet {
                writer,
                schema,
                pending,
            } => {
                pending.push(row);
                if pending.len() == PARQUET_ROWS {
                    writer.write(&arrow_batch(schema, self.columns, pending)?)?;
                    pending.clear();
                }
            }
        }
        Ok(())
    }

    /// Ends the table; returns its number of rows.
    pub fn finish(self) -> anyhow::Result<usize> {
        match self.sink {
            Sink::Text { mut out, table } => {
                if self.rows > 0 {
                    writeln!(out, "{table}")?;
                }
                if self.rows > TEXT_ROWS {
                    writeln!(
                        out,
                        "… and {} more rows; --format ndjson, csv or parquet gives all of them",
                        self.rows - TEXT_ROWS
                    )?;
                }
                if self.rows == 0 {
                    writeln!(out, "nothing to report")?;
                }
                out.flush()?;
            }
            Sink::Html { mut out, heading, rows } => {
                let page = page(self.columns, heading, &rows, self.rows).html()?;
                out.write_all(page.as_bytes())?;
                out.flush()?;
            }
            Sink::Ndjson(mut out) => out.flush()?,
            Sink::Csv(mut writer) => writer.flush()?,
            Sink::Parquet {
                mut writer,
                schema,
                pending,
            } => {
                if !pending.is_empty() {
                    writer.write(&arrow_batch(&schema, self.columns, &pending)?)?;
                }
                writer.close()?;
            }
        }
        Ok(self.rows)
    }
}

/// A page of the columns that have a value anywhere, structures left out.
fn page(columns: Columns, heading: Heading, rows: &[Row], n_rows: usize) -> Page {
    let filled = |name: &str| rows.iter().any(|row| !plain(row.get(name)).is_empty());
    let Heading {
        title,
        about,
        note,
        columns: named,
    } = heading;
    let all = columns.all.iter().filter(|(_, kind)| *kind != Kind::Json);
    let names: Vec<&str> = match named {
        [] => all.map(|(name, _)| *name).collect(),
        named => named.to_vec(),
    };
    let names: Vec<&str> = names.into_iter().filter(|name| filled(name)).collect();
    let value = |row: &Row, name: &str| printed(&plain(row.get(name)));
    let table = Table {
        columns: names.iter().map(|name| name.replace('_', " ")).collect(),
        rows: rows
            .iter()
            .map(|row| names.iter().map(|name| value(row, name)).collect())
            .collect(),
    };
    let after = match n_rows - rows.len() {
        _ if n_rows == 0 => vec!["Nothing to report.".to_owned()],
        0 => Vec::new(),
        more => vec![format!(
            "… and {more} more rows; --format ndjson, csv or parquet gives all of them."
        )],
    };
    Page {
        title,
        about,
        before: Some(note).filter(|note| !note.is_empty()).into_iter().collect(),
        table: Some(table).filter(|table| !table.rows.is_empty()),
        after,
    }
}

/// A value as people read it: instants to the second, lists with room between their items.
fn printed(value: &str) -> String {
    match value.parse::<Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => value.replace(';', "; "),
    }
}

/// Writes a whole report or none, for its owner and group: into a temporary file beside it, then renamed.
pub fn write_whole(path: &Path, fill: impl FnOnce(Box<dyn Write + Send>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let named = || format!("cannot write {}", path.display());
    let temporary = tempfile::NamedTempFile::new_in(folder_of(path)).with_context(named)?;
    let out = std::io::BufWriter::new(temporary.reopen().with_context(named)?);
    fill(Box::new(out)).with_context(named)?;
    temporary.as_file().sync_all().with_context(named)?;
    set_readable(temporary.as_file()).with_context(named)?;
    temporary
        .persist(path)
        .map_err(|error| error.error)
        .with_context(named)?;
    Ok(())
}

/// Refuses a place where no file can be written, before anything is done that cannot be undone.
pub fn writable(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        let message = format!("cannot write {}: it is a folder", path.display());
        return Err(Failure::new(Exit::Data, message).into());
    }
    tempfile::NamedTempFile::new_in(folder_of(path))
        .map(drop)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Makes a finished temporary file an ordinary one.
#[cfg(unix)]
pub fn set_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // Temporary files are made for their owner alone; a report is an ordinary file, except that it is about people.
    file.set_permissions(std::fs::Permissions::from_mode(0o640))
}

/// Makes a finished temporary file an ordinary one.
#[cfg(not(unix))]
pub fn set_readable(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// A table for people: no lines but under the header, one column a name.
pub fn text_table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(header.iter().map(|name| name.replace('_', " ")));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn ordered(columns: Columns, mut row: Row) -> Row {
    let mut all = Row::new();
    for (name, _) in columns.all {
        if let Some(value) = row.remove(*name).filter(|value| !value.is_null()) {
            all.insert((*name).to_owned(), value);
        }
    }
    debug_assert!(
        row.is_empty(),
        "columns outside the contract: {:?}",
        row.keys().collect::<Vec<_>>()
    );
    all
}

/// A value in a cell of a text table: the first item of a list, the middle of something long left out.
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::Array(items)) if items.len() > 1 => format!("{} +{}", plain(items.first()), items.len() - 1),
        value => plain(value),
    };
    let text: Vec<char> = printable(&text).chars().collect();
    if text.len() <= CELL_CHARS {
        return text.into_iter().collect();
    }
    let half = CELL_CHARS / 2;
    text[..half]
        .iter()
        .chain(&['…'])
        .chain(&text[text.len() - half + 1..])
        .collect()
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(|item| plain(Some(item))).collect::<Vec<_>>().join(";")
        }
        Some(value) => value.to_string(),
    }
}

fn arrow_field((name, kind): &(&str, Kind)) -> Field {
    let data_type = match kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Int => DataType::Int64,
        Kind::Bool => DataType::Boolean,
        Kind::Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
    };
    Field::new(*name, data_type, true)
}

fn arrow_batch(schema: &Arc<Schema>, columns: Columns, rows: &[Row]) -> anyhow::Result<RecordBatch> {
    let arrays = columns
        .all
        .iter()
        .map(|(name, kind)| arrow_column(*kind, rows.iter().map(|row| row.get(*name))))
        .collect();
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

fn arrow_column<'a>(kind: Kind, values: impl Iterator<Item = Option<&'a Value>>) -> ArrayRef {
    match kind {
        Kind::Int => {
            let mut array = Int64Builder::new();
            values.for_each(|value| array.append_option(value.and_then(Value::as_i64)));
            Arc::new(array.finish())
        }
        Kind::Bool => {
            let mut array = BooleanBuilder::new();
            values.for_each(|value| array.append_option(value.and_then(Value::as_bool)));
            Arc::new(array.finish())
        }
        Kind::Texts => {
            let mut array = ListBuilder::new(StringBuilder::new());
            for value in values {
                let items = value.and_then(Value::as_array);
                items
                    .into_iter()
                    .flatten()
                    .for_each(|item| array.values().append_value(plain(Some(item))));
                array.append(items.is_some());
            }
            Arc::new(array.finish())
        }
        Kind::Text | Kind::Json => {
            let mut array = StringBuilder::new();
            for value in values {
                let value = value.filter(|value| !value.is_null());
                array.append_option(value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            }
            Arc::new(array.finish())
        }
    }
}
