//! Finds the reader for a file by what is in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::csv::Csv;
use crate::input::{Input, Packing};
use crate::mapped::Mapped;
use crate::mapping::Mapping;
use crate::ndjson::Ndjson;
use crate::parquet::Parquet;
use crate::records::Header;
use crate::row::Field;
use crate::stream::{Rows, Stream};
use crate::{ErrorKind, Options, Reader, SourceError};

/// How much of a file is looked at to tell what it is.
pub(crate) const PROBE_BYTES: usize = 64 << 10;

/// Opens an input, `-` being standard input. Its kind is told by its content, never by its name.
///
/// # Errors
/// When there is no such file, or it is a directory, or of no kind that can be read.
pub fn open(path: &Path, options: Options) -> Result<Box<dyn Reader>, SourceError> {
    open_named(path, &path.display().to_string(), options)
}

/// The same under another name, which messages and errors have in the place of the path.
///
/// # Errors
/// As [`open`].
pub fn open_named(path: &Path, name: &str, options: Options) -> Result<Box<dyn Reader>, SourceError> {
    let mut input = Input::named(path, name)?;
    let first = input.peek(PROBE_BYTES);
    let unsupported = |why| Err(SourceError::new(ErrorKind::Unsupported, &input.name, why));
    match Kind::of(&first) {
        Kind::Ndjson => Ok(Box::new(Stream::new(Ndjson::new(input, options), options))),
        Kind::Csv(header) => Ok(Box::new(Stream::new(Csv::new(input, &header, options)?, options))),
        Kind::Parquet if input.packing != Packing::None => {
            unsupported("it is a compressed Parquet file; unpack it first")
        }
        Kind::Parquet if input.total_bytes.is_none() => {
            unsupported("Parquet cannot be read from a pipe, because its index stands at the end; name the file")
        }
        Kind::Parquet => Ok(Box::new(Stream::new(Parquet::open(path, name, options)?, options))),
        Kind::Utf16 => unsupported("it is text in UTF-16; save it as UTF-8"),
        Kind::JsonList => unsupported("it is one JSON list; NDJSON has one object a line"),
        Kind::Archive => unsupported("it is a ZIP archive or a workbook; unpack it, or save it as CSV"),
        Kind::Unknown => {
            let why = "it is neither NDJSON, CSV with a header that names fields of a message, nor Parquet, nor an export; \
                       `lexhold sources` lists what is read";
            Err(SourceError::new(ErrorKind::UnknownFormat, &input.name, why))
        }
    }
}

/// Opens a table whose columns a mapping names, `-` being standard input, under a name. `zone` is that of its clock, unless the mapping says it.
///
/// # Errors
/// When there is no such file, or its header has not what the mapping names, or nobody says in which zone its dates are.
pub fn open_mapped(
    path: &Path,
    name: &str,
    options: Options,
    mapping: Arc<Mapping>,
    zone: Option<&TimeZone>,
) -> Result<Box<dyn Reader>, SourceError> {
    let input = Input::named(path, name)?;
    let rows = Mapped::new(input, options, mapping, zone)?;
    Ok(Box::new(Stream::new(rows, options)))
}

/// Whether a file inside an export that begins so is a table of messages beyond doubt: Parquet, or text whose header or first line
/// names two fields of a message at least.
pub fn is_table(first: &[u8]) -> bool {
    const SURE: usize = 2;
    let known = |names: &mut dyn Iterator<Item = &str>| names.filter(|name| Field::of_column(name).is_some()).count();
    match Kind::of(first) {
        Kind::Parquet => true,
        Kind::Csv(header) => known(&mut header.columns.iter().map(String::as_str)) >= SURE,
        Kind::Ndjson => {
            let line = without_bom(first)
                .trim_ascii_start()
                .split(|byte| *byte == b'\n')
                .next();
            let object = serde_json::from_slice::<serde_json::Map<_, _>>(line.unwrap_or_default());
            object.is_ok_and(|object| known(&mut object.keys().map(String::as_str)) >= SURE)
        }
        _ => false,
    }
}

/// Opens a table of messages that stands inside something else, see [`is_table`]; `whole` makes a file of bytes that have to be
/// read from anywhere.
///
/// # Errors
/// When it is no such table, or cannot be read.
pub fn open_table(
    name: &str,
    bytes: Box<dyn Read + Send>,
    options: Options,
    whole: impl FnOnce(&mut dyn Read) -> io::Result<File>,
) -> Result<Box<dyn Rows>, SourceError> {
    let mut input = Input::of(name, bytes)?;
    match Kind::of(&input.peek(PROBE_BYTES)) {
        Kind::Ndjson => Ok(Box::new(Ndjson::new(input, options))),
        Kind::Csv(header) => Ok(Box::new(Csv::new(input, &header, options)?)),
        Kind::Parquet => {
            let file = whole(&mut input.bytes).map_err(|error| SourceError::io(name, error))?;
            Ok(Box::new(Parquet::of_file(name, file, options)?))
        }
        _ => Err(SourceError::new(
            ErrorKind::UnknownFormat,
            name,
            "it is no table of messages",
        )),
    }
}

/// What the first bytes of a file say that it is.
enum Kind {
    Ndjson,
    Csv(Header),
    Parquet,
    Utf16,
    JsonList,
    Archive,
    Unknown,
}

impl Kind {
    fn of(first: &[u8]) -> Self {
        if first.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            return Self::Utf16;
        }
        if first.starts_with(b"PK\x03\x04") {
            return Self::Archive;
        }
        match without_bom(first).trim_ascii_start().first() {
            None | Some(b'{') => return Self::Ndjson,
            Some(b'[') => return Self::JsonList,
            Some(_) => {}
        }
        if let Some(header) = Header::find(without_bom(first)) {
            return Self::Csv(header);
        }
        // A first line that is damaged makes NDJSON no less NDJSON: that line is reported like any other.
        if first.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"{")) {
            Self::Ndjson
        } else {
            Self::Unknown
        }
    }
}

/// The bytes after a UTF-8 byte order mark.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
