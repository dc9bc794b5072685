//! Parquet as others write it: every type of date and text, missing columns, damaged groups.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Int32Type};
use common::{Files, read};
use lexhold_model::Role;
use lexhold_source::{ErrorKind, Options, Place};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

const SENT: &str = "2024-05-06T07:08:09Z";
const SENT_SECONDS: i64 = 1_714_979_289;

fn write(files: &Files, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    write_with(files, columns, WriterProperties::default(), false)
}

fn write_with(files: &Files, columns: Vec<(&str, ArrayRef)>, properties: WriterProperties, no_hints: bool) -> PathBuf {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(no_hints);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    files.with("in", bytes)
}

fn texts(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

#[test]
fn dates_of_every_unit_and_zone() {
    let files = Files::new();
    let zoned: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![SENT_SECONDS]).with_timezone("UTC")),
        Arc::new(TimestampMillisecondArray::from(vec![SENT_SECONDS * 1000]).with_timezone("America/New_York")),
        Arc::new(TimestampMicrosecondArray::from(vec![SENT_SECONDS * 1_000_000]).with_timezone("+09:00")),
        Arc::new(TimestampNanosecondArray::from(vec![SENT_SECONDS * 1_000_000_000 + 999]).with_timezone("UTC")),
        texts(&["2024-05-06T09:08:09+02:00"]),
    ];
    for column in zoned {
        let kind = column.data_type().clone();
        let whole = read(
            &write(&files, vec![("text", texts(&["x"])), ("sent_at", column)]),
            Options::default(),
        );
        assert_eq!(
            whole.messages[0].sent_at,
            Some(SENT_SECONDS * 1_000_000),
            "{kind}: {:?}",
            whole.error
        );
        assert!(whole.notes.is_empty());
    }
    let local: Vec<(ArrayRef, &str)> = vec![
        (
            Arc::new(TimestampMillisecondArray::from(vec![SENT_SECONDS * 1000])),
            "2024-05-06T07:08:09",
        ),
        (
            Arc::new(TimestampSecondArray::from(vec![SENT_SECONDS])),
            "2024-05-06T07:08:09",
        ),
        (Arc::new(Date32Array::from(vec![19_849])), "2024-05-06"),
        (
            Arc::new(TimestampSecondArray::from(vec![i64::MAX]).with_timezone("UTC")),
            "9223372036854775807",
        ),
    ];
    for (column, words) in local {
        let kind = column.data_type().clone();
        let whole = read(
            &write(&files, vec![("text", texts(&["x"])), ("sent_at", column)]),
            Options::default(),
        );
        assert_eq!((whole.messages[0].sent_at, whole.notes.len()), (None, 1), "{kind}");
        assert_eq!(whole.messages[0].metadata["sent_at"], words);
    }
}

#[test]
fn text_of_every_type_with_and_without_the_hints_of_arrow() {
    let files = Files::new();
    let columns: Vec<ArrayRef> = vec![
        texts(&["ann", "bob", "ann"]),
        Arc::new(LargeStringArray::from(vec!["ann", "bob", "ann"])),
        Arc::new(StringViewArray::from(vec!["ann", "bob", "ann"])),
        Arc::new(BinaryArray::from(vec![b"ann".as_slice(), b"bob", b"ann"])),
        Arc::new(
            vec!["ann", "bob", "ann"]
                .into_iter()
                .collect::<DictionaryArray<Int32Type>>(),
        ),
    ];
    for column in columns {
        for no_hints in [false, true] {
            let kind = column.data_type().clone();
            let path = write_with(
                &files,
                vec![("sender", column.clone())],
                WriterProperties::default(),
                no_hints,
            );
            let whole = read(&path, Options::default());
            let senders: Vec<_> = whole.messages.iter().map(|message| message.sender.as_str()).collect();
            assert_eq!(senders, ["ann", "bob", "ann"], "{kind}: {:?}", whole.error);
        }
    }
}

#[test]
fn lists_of_texts_or_structs_and_columns_of_our_own_schema() {
    let files = Files::new();
    let mut accounts = ListBuilder::new(LargeStringBuilder::new());
    accounts.append_value([Some("A1"), None, Some("A2")]);
    let fields = vec![
        Field::new("handle", DataType::Utf8, true),
        Field::new("role", DataType::Utf8, true),
    ];
    let mut recipients = ListBuilder::new(StructBuilder::from_fields(fields, 1));
    for (handle, role) in [("ann", Some("bcc")), ("bob", None)] {
        recipients
            .values()
            .field_builder::<StringBuilder>(0)
            .unwrap()
            .append_value(handle);
        recipients
            .values()
            .field_builder::<StringBuilder>(1)
            .unwrap()
            .append_option(role);
        recipients.values().append(true);
    }
    recipients.append(true);
    let mut metadata = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    metadata.keys().append_value("lang");
    metadata.values().append_value("en");
    metadata.append(true).unwrap();
    let path = write(
        &files,
        vec![
            ("id", texts(&["1"])),
            ("source", texts(&["slack"])),
            ("account", Arc::new(accounts.finish())),
            ("recipients", Arc::new(recipients.finish())),
            ("metadata", Arc::new(metadata.finish())),
            ("labels", texts(&["a;b"])),
            ("version", Arc::new(Int64Array::from(vec![2]))),
            ("business", Arc::new(BooleanArray::from(vec![false]))),
            ("score", Arc::new(Float64Array::from(vec![0.5]))),
            (
                "seen",
                Arc::new(TimestampSecondArray::from(vec![SENT_SECONDS]).with_timezone("UTC")),
            ),
        ],
    );
    let whole = read(&path, Options::default());
    assert!(
        whole.error.is_none() && whole.unreadable.is_empty(),
        "{:?}",
        whole.reasons()
    );
    let message = &whole.messages[0];
    assert_eq!(
        (
            message.platform.as_str(),
            message.text.as_deref(),
            message.sender.as_str()
        ),
        ("slack", None, "unknown")
    );
    assert_eq!(
        (&message.accounts, &message.labels),
        (&vec!["A1".to_owned(), "A2".into()], &vec!["a".to_owned(), "b".into()])
    );
    let recipients: Vec<_> = message
        .recipients
        .iter()
        .map(|one| (one.handle.as_str(), one.role))
        .collect();
    assert_eq!(recipients, [("ann", Role::Bcc), ("bob", Role::To)]);
    assert_eq!((message.version, message.business), (2, Some(false)));
    let metadata: Vec<_> = message
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(metadata, [("lang", "en"), ("score", "0.5"), ("seen", SENT)]);
    assert_eq!(message.source.offset, 1);
}

#[test]
fn a_batch_of_messages_comes_back_as_it_was() {
    let files = Files::new();
    let first = read(
        &files.with(
            "a",
            r#"{"id":"1","platform":"email","conversation":"c","sent_at":"2024-05-06T07:08:09.5Z","captured_at":"2024-05-07T00:00:00Z","sender":"Ann <A@x.example>","recipients":[{"handle":"b@x.example","role":"cc"}],"custodians":["b@x.example"],"subject":"s","text":"héllo > q","parts":[{"kind":"quoted","start":7,"end":10}],"attachments":[{"name":"n","content_type":"text/plain","size":5}],"account":"A1","version":1,"version_kind":"edit","labels":["l"],"business":false,"lang":"en"}"#,
        ),
        Options::default(),
    );
    assert_eq!(
        (first.messages.len(), first.messages[0].parts.len()),
        (1, 1),
        "{:?}",
        first.reasons()
    );
    let mut builder = lexhold_model::MessageBatchBuilder::new();
    first.messages.iter().for_each(|message| builder.push(message));
    let batch = builder.finish();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.as_arrow().schema(), None).unwrap();
    writer.write(batch.as_arrow()).unwrap();
    writer.close().unwrap();
    let again = read(&files.with("b", bytes), Options::default());
    assert_eq!(again.messages, first.messages, "its stated source included");
}

#[test]
fn a_value_that_is_not_utf8_costs_only_its_own_bytes() {
    let files = Files::new();
    // The annotation says text, the bytes say otherwise: as careless writers leave it.
    let marked = "needle-that-is-not-utf8";
    let path = write(&files, vec![("text", texts(&["fine", marked, "fine too"]))]);
    let mut bytes = std::fs::read(&path).unwrap();
    let mut broken = marked.as_bytes().to_vec();
    broken[0] = 0xff;
    let at = bytes
        .windows(marked.len())
        .position(|window| window == marked.as_bytes())
        .unwrap();
    bytes[at..at + marked.len()].copy_from_slice(&broken);
    let whole = read(&files.with("in", bytes), Options::default());
    assert!(whole.error.is_none() && whole.unreadable.is_empty());
    assert_eq!(whole.texts(), ["fine", "\u{fffd}eedle-that-is-not-utf8", "fine too"]);
    assert_eq!(
        whole
            .messages
            .iter()
            .map(|message| message.undecodable)
            .collect::<Vec<_>>(),
        [false, true, false]
    );
}

#[test]
fn a_damaged_row_group_costs_only_itself() {
    let files = Files::new();
    let all: Vec<String> = (0..400)
        .map(|row| format!("text number {row} {}", row * 7919 % 1009))
        .collect();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(100))
        .set_compression(Compression::SNAPPY)
        .build();
    let column: ArrayRef = Arc::new(StringArray::from(all.clone()));
    let path = write_with(&files, vec![("text", column)], properties, false);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes
        .windows(15)
        .position(|window| window == b"text number 100")
        .unwrap();
    bytes[at..at + 300].fill(0xee);
    let whole = read(&files.with("in", bytes), Options::default());
    assert_eq!(whole.unreadable.len(), 1, "{:?}", whole.reasons());
    assert_eq!(whole.unreadable[0].place, Place::Rows(101, 200));
    assert_eq!(
        (whole.reasons()[0].as_str(), whole.unreadable[0].place.rows()),
        ("rows 101-200: the Parquet data is damaged here", 100)
    );
    assert_eq!(whole.texts(), [&all[..100], &all[200..]].concat());
    assert_eq!(whole.messages[100].source.offset, 201);
}

#[test]
fn a_truncated_or_foreign_file_is_an_error() {
    let files = Files::new();
    let path = write(&files, vec![("text", texts(&["x"; 100]))]);
    let bytes = std::fs::read(&path).unwrap();
    let whole = read(&files.with("cut", &bytes[..bytes.len() - 20]), Options::default());
    assert_eq!(whole.error.map(|error| error.kind()), Some(ErrorKind::Corrupt));
    let whole = read(&write(&files, vec![("colour", texts(&["red"]))]), Options::default());
    assert_eq!(whole.error.map(|error| error.kind()), Some(ErrorKind::Header));
    let whole = read(
        &write(&files, vec![("account", texts(&["1"])), ("accounts", texts(&["2"]))]),
        Options::default(),
    );
    assert_eq!(whole.error.map(|error| error.kind()), Some(ErrorKind::Header));
    let empty = write(&files, vec![("text", new_empty_array(&DataType::Utf8))]);
    let whole = read(&empty, Options::default());
    assert!(whole.error.is_none() && whole.messages.is_empty());
}

#[test]
fn a_number_where_text_is_due_is_an_error_of_its_row() {
    let files = Files::new();
    let path = write(
        &files,
        vec![
            ("text", texts(&["x", "y"])),
            ("id", Arc::new(Int64Array::from(vec![Some(1), None]))),
        ],
    );
    let whole = read(&path, Options::default());
    assert_eq!(whole.reasons(), ["row 1: `id` must be text, not a number"]);
    assert_eq!(whole.texts(), ["y"]);
}

#[test]
fn flipped_bytes_never_panic() {
    let files = Files::new();
    let all: Vec<String> = (0..12).map(|row| format!("text {row}")).collect();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(6)).build();
    let stamps: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![SENT_SECONDS * 1000; 12]).with_timezone("UTC"));
    let path = write_with(
        &files,
        vec![("text", Arc::new(StringArray::from(all))), ("sent_at", stamps)],
        properties,
        false,
    );
    let bytes = std::fs::read(&path).unwrap();
    for at in 4..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
        read(&files.with("flipped", damaged), Options::default());
    }
}
