//! How a file is cut into chunks changes nothing but the chunks.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod common;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use common::{Files, Whole, read};
use lexhold_source::Options;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

/// Texts of several kinds: `None` makes a row that cannot be read.
fn rows() -> impl Strategy<Value = Vec<Option<String>>> {
    let text = prop_oneof![
        4 => "[a-z ,;\"\n\r]{0,40}".prop_map(Some),
        2 => "\\PC{0,60}".prop_map(Some),
        1 => Just(None),
    ];
    prop::collection::vec(text, 0..60)
}

fn ndjson(files: &Files, rows: &[Option<String>]) -> PathBuf {
    let mut text = String::new();
    for row in rows {
        match row {
            Some(row) => writeln!(
                text,
                "{}",
                serde_json::json!({"id": "1", "sent_at": "never", "text": row})
            )
            .unwrap(),
            None => text.push_str("{\"id\":\n"),
        }
    }
    files.with("in.ndjson", text)
}

fn csv(files: &Files, rows: &[Option<String>]) -> PathBuf {
    let mut text = "id,text\n".to_owned();
    for row in rows {
        match row {
            Some(row) => writeln!(text, "1,\"{}\"", row.replace('"', "\"\"")).unwrap(),
            None => text.push_str("1,2,3\n"),
        }
    }
    files.with("in.csv", text)
}

fn parquet(files: &Files, rows: &[Option<String>]) -> PathBuf {
    let texts: ArrayRef = Arc::new(rows.iter().cloned().collect::<StringArray>());
    let batch = RecordBatch::try_from_iter_with_nullable([("text", texts, true)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    files.with("in.parquet", bytes)
}

fn same(one: &Whole, other: &Whole) {
    assert_eq!(one.messages, other.messages);
    assert_eq!(one.unreadable, other.unreadable);
    let plain = |whole: &Whole| {
        whole
            .notes
            .iter()
            .map(|note| (note.place, note.field, note.reason.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(plain(one), plain(other));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunk_sizes_change_nothing(rows in rows(), chunk_rows in 1_usize..20, chunk_bytes in 1_usize..200) {
        let files = Files::new();
        let options = Options { chunk_rows, chunk_bytes, ..Options::default() };
        for path in [ndjson(&files, &rows), csv(&files, &rows), parquet(&files, &rows)] {
            let (whole, cut) = (read(&path, Options::default()), read(&path, options));
            same(&whole, &cut);
            // A Parquet row whose only field is empty holds no message.
            let is_parquet = path.extension().unwrap() == "parquet";
            let texts: Vec<_> = rows.iter().flatten().filter(|text| !is_parquet || !text.is_empty()).collect();
            prop_assert_eq!(whole.texts(), texts);
            prop_assert_eq!(whole.messages.len() + whole.unreadable.len(), rows.len());
            for rows in &cut.chunk_rows {
                prop_assert!(*rows <= chunk_rows);
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), header in prop_oneof![Just(""), Just("id,text\n"), Just("{\"id\":\"1\"}\n")]) {
        let files = Files::new();
        let path = files.with("in", [header.as_bytes(), &bytes].concat());
        read(&path, Options { line_bytes: 64, chunk_rows: 3, ..Options::default() });
    }
}

#[test]
fn a_chunk_holds_no_more_text_than_it_may_unless_one_message_does() {
    let files = Files::new();
    let text: String = [10, 10, 10, 50, 10]
        .iter()
        .map(|length| format!("{{\"text\":\"{}\"}}\n", "x".repeat(*length)))
        .collect();
    let whole = read(
        &files.with("in", text),
        Options {
            chunk_bytes: 25,
            ..Options::default()
        },
    );
    assert_eq!(whole.chunk_rows, [2, 1, 1, 1]);
}
