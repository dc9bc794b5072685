//! A table with columns of its own, read as a mapping says.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use encoding_rs::Encoding;
use jiff::tz::TimeZone;
use lexhold_model::SourcePlace;

use crate::chunk::Chunks;
use crate::decoded::Decoded;
use crate::input::{Input, Origin};
use crate::mapping::{Mapping, Target};
use crate::message::Reading;
use crate::open::PROBE_BYTES;
use crate::reader::{Options, Place};
use crate::records::{Header, Record, Records};
use crate::row::{Field, Row};
use crate::stream::Rows;
use crate::value::Value;
use crate::{ErrorKind, SourceError, cell, message};

/// The records of a table.
pub(crate) struct Mapped {
    records: Records<Box<dyn Read + Send>>,
    shape: Shape,
    origin: Origin,
    format: String,
}

/// The mapping, held against the header.
struct Shape {
    mapping: Arc<Mapping>,
    zone: TimeZone,
    /// Its name, where dates need it.
    zone_name: Option<String>,
    n_columns: usize,
    /// Each target with the positions of its columns.
    targets: Vec<(Target, Vec<usize>)>,
    /// Columns that nothing is made of, and the names that they keep.
    others: Vec<(usize, String)>,
}

impl Mapped {
    pub(crate) fn new(
        mut input: Input,
        options: Options,
        mapping: Arc<Mapping>,
        zone: Option<&TimeZone>,
    ) -> Result<Self, SourceError> {
        let encoding = mapping.encoding.as_deref().unwrap_or("utf-8");
        // Its own label was checked with the mapping.
        let encoding = Encoding::for_label(encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
        if encoding == encoding_rs::UTF_8 {
            // The bytes stay as they are, so that a row with damaged ones is marked.
            if input.peek(3).starts_with(b"\xef\xbb\xbf") {
                let skipped = input.bytes.read_exact(&mut [0; 3]);
                skipped.map_err(|error| SourceError::io(&input.name, error))?;
            }
        } else {
            let raw = std::mem::replace(&mut input.bytes, Box::new(std::io::empty()));
            input.bytes = Box::new(Decoded::new(raw, encoding));
        }
        let first = input.peek(PROBE_BYTES);
        let wrong = |why: String| SourceError::new(ErrorKind::Header, &input.name, why);
        let header = match mapping.delimiter {
            Some(delimiter) => Header::with(&first, delimiter),
            None => Header::widest(&first),
        };
        let header = header.ok_or_else(|| wrong("its first line is no header".to_owned()))?;
        let shape = Shape::new(mapping, zone, &header, &input.name)?;
        let (bytes, origin) = input.split();
        let mut records = Records::new(bytes, header.delimiter, options.line_bytes);
        records.next().map_err(|error| origin.broken(error))?;
        Ok(Self {
            records,
            shape,
            format: origin.format("csv"),
            origin,
        })
    }
}

impl Shape {
    fn new(mapping: Arc<Mapping>, zone: Option<&TimeZone>, header: &Header, name: &str) -> Result<Self, SourceError> {
        let needs_zone = mapping.dates.as_ref().is_some_and(|dates| !dates.has_zone());
        let zone = mapping.zone.as_ref().or(zone);
        if needs_zone && zone.is_none() {
            let why = "its dates name no zone, and neither does the mapping; say it under `dates` as `zone`, or with --source-zone";
            return Err(SourceError::new(ErrorKind::Undecided, name, why));
        }
        let wrong = |why: String| SourceError::new(ErrorKind::Header, name, why);
        let find = |column: &String| {
            let mut found = (0..).zip(&header.columns).filter(|(_, name)| *name == column);
            match (found.next(), found.next()) {
                (Some((at, _)), None) => Ok(at),
                (Some(_), Some(_)) => Err(wrong(format!("its header names the column `{column}` twice"))),
                (None, _) => Err(wrong(format!(
                    "its header has no column `{column}`, which the mapping names; it has {}",
                    listed(&header.columns)
                ))),
            }
        };
        let mut targets = Vec::new();
        for target in &mapping.targets {
            let columns = target.columns.iter().map(find).collect::<Result<Vec<usize>, _>>()?;
            targets.push((target.clone(), columns));
        }
        let mut others: Vec<(usize, String)> = Vec::new();
        for (at, name) in header.columns.iter().enumerate() {
            if targets.iter().any(|(_, columns)| columns.contains(&at)) {
                continue;
            }
            let free = |name: &String| !name.is_empty() && others.iter().all(|(_, other)| other != name);
            let name = Some(name.clone()).filter(free);
            others.push((at, name.unwrap_or_else(|| format!("column {}", at + 1))));
        }
        Ok(Self {
            zone_name: zone
                .filter(|_| needs_zone)
                .and_then(|zone| Some(zone.iana_name()?.to_owned())),
            zone: zone.cloned().unwrap_or(TimeZone::UTC),
            n_columns: header.columns.len(),
            mapping,
            targets,
            others,
        })
    }

    fn read(&self, record: &Record, place: SourcePlace) -> Result<Reading, String> {
        if record.len() != self.n_columns {
            return Err(format!(
                "{} fields where the header has {}",
                record.len(),
                self.n_columns
            ));
        }
        let texts: Vec<Cow<'_, str>> = record.texts().collect();
        let mut row = Row::default();
        row.undecodable = texts
            .iter()
            .any(|text| matches!(text, Cow::Owned(_)) || text.contains('\u{fffd}'));
        if texts.iter().all(|text| text.is_empty()) {
            return Err("no column has a value".to_owned());
        }
        for (at, name) in &self.others {
            if !texts[*at].is_empty() {
                row.keep(name.into(), Some(texts[*at].clone().into_owned()))?;
            }
        }
        let (mut recipients, mut undated) = (Vec::new(), false);
        for (target, columns) in &self.targets {
            let given = columns
                .iter()
                .map(|at| texts[*at].as_ref())
                .filter(|text| !text.is_empty());
            let mut given: Vec<&str> = given.collect();
            if given.is_empty() {
                given.extend(target.constant.as_deref());
            }
            if given.is_empty() {
                continue;
            }
            match (target.field.as_str(), &self.mapping.dates) {
                (role @ ("recipients" | "cc" | "bcc"), _) => {
                    let items = given.iter().flat_map(|text| items(text, target));
                    recipients.extend(items.map(|item| in_role(item, role)));
                }
                ("sent_at", Some(dates)) => {
                    let written = given.join(" ");
                    match dates.read(&written, &self.zone) {
                        Some((at, precision)) => {
                            row.set(Field::SentAt, Value::Instant(at))?;
                            if let Some(precision) = precision {
                                row.set(Field::SentPrecision, Value::Text(precision.into()))?;
                            }
                        }
                        None => undated = true,
                    }
                    keep(&mut row, "written_at", &written);
                    if let Some(name) = &self.zone_name {
                        keep(&mut row, "zone", name);
                    }
                }
                (name, _) => {
                    let Some(field) = Field::named(name) else { continue };
                    if field.cell() == crate::row::Cell::List {
                        let items = given.iter().flat_map(|text| items(text, target)).collect();
                        row.set(field, Value::List(items))?;
                    } else {
                        cell::set(&mut row, field, given.join(" ").into())?;
                    }
                }
            }
        }
        if !recipients.is_empty() {
            row.set(Field::Recipients, Value::List(recipients))?;
        }
        keep(&mut row, "mapping", &self.mapping.name);
        let mut reading = message::read(row, place)?;
        if undated {
            let why = "`sent_at` is not written as the mapping says and was left out";
            reading.notes.push(("sent_at", why.to_owned()));
        }
        Ok(reading)
    }
}

/// Keeps what we say ourselves, unless a column of the table has that name.
fn keep(row: &mut Row<'_>, name: &str, value: &str) {
    row.metadata.entry(name.to_owned()).or_insert_with(|| value.to_owned());
}

/// The items of a cell that is a list.
fn items(text: &str, target: &Target) -> Vec<Value<'static>> {
    let Some(separator) = &target.separator else {
        let Value::List(items) = cell::list(text.into()) else {
            return Vec::new();
        };
        return items.into_iter().map(Value::into_owned).collect();
    };
    let items = text
        .split(separator.as_str())
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items.map(|item| Value::Text(item.to_owned().into())).collect()
}

/// A recipient in the role that its column stands for.
fn in_role(item: Value<'static>, role: &str) -> Value<'static> {
    match item {
        Value::Text(handle) if role != "recipients" => Value::Map(vec![
            ("handle".into(), Value::Text(handle)),
            ("role".into(), Value::Text(role.to_owned().into())),
        ]),
        other => other,
    }
}

fn listed(columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().take(40).map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl Rows for Mapped {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let record = self.records.next().map_err(|error| self.origin.broken(error))?;
        let Some((line, record)) = record else { return Ok(false) };
        let place = self.origin.line(line);
        let shape = &self.shape;
        to.push(Place::Line(line), record.and_then(|record| shape.read(record, place)));
        Ok(true)
    }

    fn position_bytes(&self) -> u64 {
        self.origin.position_bytes()
    }

    fn total_bytes(&self) -> Option<u64> {
        self.origin.total_bytes
    }

    fn format(&self) -> &str {
        &self.format
    }
}
