//! Damaged, oversized and misleading files: every bad row is named, and nothing else is lost.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod common;

use std::path::Path;

use common::{Files, gzip, read, read_bytes, zstd};
use lexhold_source::{ErrorKind, Options, Place, fingerprint, open};

const SECRET: &str = "xyzzy-secret";

fn line(id: u32) -> String {
    format!(
        r#"{{"id":"{id}","source":"slack","conversation":"c","sent_at":"2024-05-06T07:08:09Z","sender":"ann","text":"{SECRET} {id}"}}"#
    ) + "\n"
}

fn lines(ids: std::ops::Range<u32>) -> String {
    ids.map(line).collect()
}

#[test]
fn bad_lines_are_named_and_the_others_kept() {
    let text = [
        line(1),
        format!(r#"{{"id":"2","text":"{SECRET}"#),
        "\n".to_owned(),
        format!("{SECRET}\n"),
        format!(r#"{{"id":4,"text":"{SECRET}"}}"#) + "\n",
        format!(r#"{{"id":"5","text":["{SECRET}"]}}"#) + "\n",
        format!(r#"{{"id":"6","text":"{SECRET}","text":"{SECRET}"}}"#) + "\n",
        format!(r#"{{"id":"7","{SECRET}":1,"{SECRET}":2}}"#) + "\n",
        format!(r#"["{SECRET}"]"#) + "\n",
        "\r\n   \n".to_owned(),
        format!(r#"{{"{SECRET}":"x"}}"#) + "\n",
        format!(r#"{{"id":"12","business":"{SECRET}"}}"#) + "\n",
        format!(r#"{{"id":"13","sent_at":1715000000,"text":"{SECRET}"}}"#) + "\n",
        format!(r#"{{"id":"14","recipients":[{{"role":"{SECRET}"}}]}}"#) + "\n",
        format!(r#"{{"id":"15","metadata":"{SECRET}"}}"#) + "\n",
        format!("{{\"id\":\"16\",\"text\":\"{SECRET}\u{0}\"}}\n"),
        format!(r#"{{"id":"17","x":{}1{}}}"#, "[".repeat(200), "]".repeat(200)) + "\n",
        format!(r#"{{"id":"18","text":true}} {SECRET}"#) + "\n",
        format!(r#"{{"id":"19","version":-1,"text":"{SECRET}"}}"#) + "\n",
        line(20).trim_end().to_owned(),
    ]
    .concat();
    let whole = read_bytes(&text);
    assert!(whole.error.is_none());
    assert_eq!(
        whole
            .messages
            .iter()
            .map(|m| m.id.as_deref().unwrap())
            .collect::<Vec<_>>(),
        ["1", "17", "20"]
    );
    let expected = [
        "2: the JSON ends in the middle",
        "3: not a JSON object",
        "4: `id` must be text, not a number",
        "5: `text` must be text, not a list",
        "6: `text` is given twice",
        "7: a key that is not a field of a message is given twice",
        "8: not a JSON object",
        "11: no field of a message has a value",
        "12: `business` must be true or false, not text",
        "13: `sent_at` must be text, not a number",
        "14: `recipients` must be a list of handles, or of objects with `handle` and `role`",
        "15: `metadata` must be an object",
        "16: not valid JSON at byte 32",
        "18: not valid JSON at byte 25",
        "19: `version` must be a whole number, not a number",
    ];
    assert_eq!(whole.reasons(), expected);
    assert_eq!(whole.messages[2].source.offset, 20);
    assert!(whole.reasons().iter().all(|reason| !reason.contains(SECRET)));
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_and_marked() {
    let mut text = lines(1..3).into_bytes();
    let at = text.windows(5).position(|bytes| bytes == b"xyzzy").unwrap();
    text[at] = 0xff;
    text.extend_from_slice(br#"{"id":"3","text":"cut \ud83d off, whole \ud83d\ude00, odd \\ud800"}"#);
    let whole = read_bytes(&text);
    assert!(whole.unreadable.is_empty(), "{:?}", whole.reasons());
    assert_eq!(
        whole.messages.iter().map(|m| m.undecodable).collect::<Vec<_>>(),
        [true, false, true]
    );
    assert_eq!(whole.texts()[0], "\u{fffd}yzzy-secret 1");
    assert_eq!(whole.texts()[2], "cut \u{fffd} off, whole 😀, odd \\ud800");
}

#[test]
fn nul_characters_stay_in_the_text() {
    assert_eq!(read_bytes(br#"{"id":"1","text":"a\u0000b"}"#).texts(), ["a\0b"]);
    assert_eq!(read_bytes(b"id,text\n1,a\0b\n").texts(), ["a\0b"]);
    let padded = [lines(1..3).as_bytes(), &[0; 5000]].concat();
    let whole = read_bytes(padded);
    assert_eq!(
        (whole.messages.len(), whole.reasons()),
        (2, vec!["3: not a JSON object".to_owned()])
    );
}

#[test]
fn a_line_beyond_the_limit_is_passed_by() {
    let files = Files::new();
    let long = format!("{{\"id\":\"2\",\"text\":\"{}\"}}\n", "x".repeat(1 << 20));
    let path = files.with("in", [line(1), long, line(3)].concat());
    let whole = read(
        &path,
        Options {
            line_bytes: 1 << 16,
            ..Options::default()
        },
    );
    assert_eq!(whole.messages.len(), 2);
    assert_eq!(
        whole.reasons(),
        ["2: a line of 1048596 bytes is longer than the limit of 65536"]
    );
    assert_eq!(read(&path, Options::default()).messages.len(), 3);
}

#[test]
fn dates_that_are_none_cost_the_date_and_not_the_message() {
    let rows = [
        ("2024-05-06T07:08:09", "`sent_at` names no zone and was left out"),
        (
            "2024-02-30T07:08:09Z",
            "`sent_at` is not a possible RFC 3339 date and was left out",
        ),
        (
            "12024-02-03T07:08:09Z",
            "`sent_at` is not a possible RFC 3339 date and was left out",
        ),
    ];
    let text: String = rows
        .iter()
        .map(|(date, _)| format!("{{\"id\":\"1\",\"sent_at\":\"{date}\",\"text\":\"x\"}}\n"))
        .collect();
    let whole = read_bytes(text);
    assert_eq!(whole.notes.len(), 3);
    for (((date, reason), message), note) in rows.iter().zip(&whole.messages).zip(&whole.notes) {
        assert_eq!((message.sent_at, message.metadata["sent_at"].as_str()), (None, *date));
        assert_eq!((note.field, note.reason.as_str()), ("sent_at", *reason));
    }
    assert_eq!((whole.notes[1].row, whole.notes[1].place), (1, Place::Line(2)));
    let last = read_bytes(r#"{"id":"1","sent_at":"9999-12-31T23:59:59.999999Z"}"#);
    assert_eq!(last.messages[0].sent_at, Some(253_402_300_799_999_999));
}

#[test]
fn an_empty_file_holds_no_message() {
    for bytes in [b"".as_slice(), b"\n\n", b"\xef\xbb\xbf", &gzip(b""), &zstd(b"")] {
        let whole = read_bytes(bytes);
        assert!(whole.error.is_none() && whole.messages.is_empty() && whole.unreadable.is_empty());
    }
}

#[test]
fn files_that_cannot_be_opened_say_so_in_a_line() {
    let files = Files::new();
    let error = |path: &Path| open(path, Options::default()).err().unwrap();
    let missing = error(Path::new("nope.ndjson"));
    assert_eq!(
        (missing.to_string().as_str(), missing.kind()),
        ("cannot read nope.ndjson: not found", ErrorKind::NotFound)
    );
    let directory = error(files.dir());
    assert_eq!(directory.kind(), ErrorKind::Directory);
    assert!(directory.to_string().ends_with("is a directory, not a file"));
    for (bytes, kind) in [
        (b"just some words\nand more\n".as_slice(), ErrorKind::UnknownFormat),
        (b"\xff\xfet\0e\0x\0t\0", ErrorKind::Unsupported),
        (b"[{\"id\":\"1\"}]", ErrorKind::Unsupported),
        (b"PK\x03\x04 and so on", ErrorKind::Unsupported),
        (b"id,text,id\n1,2,3\n", ErrorKind::Header),
        (b"id,account,accounts\n1,2,3\n", ErrorKind::Header),
        (b"PAR1 and then nothing of the kind PAR1", ErrorKind::Corrupt),
        (b"PAR1", ErrorKind::Corrupt),
        (&gzip(b"PAR1......"), ErrorKind::Unsupported),
    ] {
        let found = error(&files.with("in", bytes));
        assert_eq!(found.kind(), kind, "{found}");
        assert!(!found.to_string().contains('\n'));
    }
}

#[test]
fn a_damaged_first_line_does_not_hide_the_rest() {
    let whole = read_bytes(format!("{SECRET}\"}}\n{}", lines(2..5)));
    assert_eq!((whole.format.as_str(), whole.messages.len()), ("ndjson", 3));
    assert_eq!(whole.reasons(), ["1: not a JSON object"]);
}

#[test]
fn a_file_that_changes_kind_loses_only_the_lines_of_the_other_kind() {
    let whole = read_bytes(format!("{}id,text\n9,hello\n{}", line(1), line(2)));
    assert_eq!((whole.messages.len(), whole.unreadable.len()), (2, 2));
    let whole = read_bytes(format!("id,text\n1,hello\n{}2,there\n", line(1)));
    assert_eq!(whole.texts(), ["hello", "there"]);
    assert_eq!(whole.reasons().len(), 1);
}

#[test]
fn truncated_compression_keeps_the_rows_before_the_cut() {
    let text = lines(0..20_000);
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        let whole = read_bytes(&packed[..packed.len() / 2]);
        let error = whole.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert!(
            error.to_string().contains(&format!("after byte {}", packed.len() / 2)),
            "{error}"
        );
        assert!(whole.messages.len() > 1000 && whole.messages.len() < 20_000);
        assert!(whole.unreadable.is_empty());
        assert_eq!(
            whole.messages.last().unwrap().id,
            Some((whole.messages.len() - 1).to_string())
        );
    }
    // A stream so short that it breaks before anybody knows what it is.
    let whole = read_bytes(&gzip(text.as_bytes())[..12]);
    assert_eq!(whole.error.map(|error| error.kind()), Some(ErrorKind::Truncated));
}

#[test]
fn damaged_compression_is_an_error() {
    let text = lines(0..20_000);
    for mut packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        let middle = packed.len() / 2;
        packed[middle..middle + 64].fill(0xa5);
        assert_eq!(
            read_bytes(&packed).error.map(|error| error.kind()),
            Some(ErrorKind::Corrupt)
        );
    }
}

#[test]
fn concatenated_members_are_one_file() {
    let (one, two) = (lines(0..10), lines(10..20));
    for packed in [
        [gzip(one.as_bytes()), gzip(two.as_bytes())].concat(),
        [zstd(one.as_bytes()), zstd(two.as_bytes())].concat(),
    ] {
        let whole = read_bytes(packed);
        assert!(whole.error.is_none());
        assert_eq!(whole.messages.len(), 20);
    }
}

#[test]
fn csv_records_that_do_not_fit_the_header_are_named() {
    let text =
        format!("id,text\r\n1,fine\r\n2\r\n3,\"two\r\nlines\"\r\n4,{SECRET},more\r\n5,\"{SECRET}\" x\r\n6,\"open\r\n");
    let whole = read_bytes(&text);
    assert_eq!(whole.texts(), ["fine", "two\r\nlines"]);
    let expected = [
        "3: 1 fields where the header has 2",
        "6: 3 fields where the header has 2",
        "7: text stands after a closing quote",
        "8: a quote is never closed",
    ];
    assert_eq!(whole.reasons(), expected);
}

#[test]
fn csv_cells_that_are_not_utf8_are_replaced_and_marked() {
    let whole = read_bytes(b"id,text\n1,caf\xe9\n2,caf\xc3\xa9\n");
    assert_eq!(whole.texts(), ["caf\u{fffd}", "café"]);
    assert_eq!(
        whole.messages.iter().map(|m| m.undecodable).collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn the_fingerprint_is_the_digest_of_the_stored_bytes() {
    let files = Files::new();
    let bytes = gzip(b"abc");
    let (digest, total_bytes) = fingerprint(&files.with("in", &bytes)).unwrap();
    assert_eq!(
        (digest, total_bytes),
        (lexhold_model::Digest::of(&bytes), bytes.len() as u64)
    );
    assert_eq!(fingerprint(files.dir()).unwrap_err().kind(), ErrorKind::Directory);
    assert_eq!(fingerprint(Path::new("-")).unwrap_err().kind(), ErrorKind::Unsupported);
}
