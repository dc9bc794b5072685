//! Tables with columns of their own, read by a mapping.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;

use common::{Files, Whole};
use jiff::tz::TimeZone;
use lexhold_model::{ConversationKind, Digest, Role};
use lexhold_source::{DateFormat, ErrorKind, Mapping, Options, Target, open_mapped};

fn target(field: &str, columns: &[&str]) -> Target {
    Target {
        field: field.into(),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        constant: None,
        separator: None,
    }
}

/// What a broker's table needs.
fn mapping() -> Mapping {
    Mapping {
        name: "broker".into(),
        digest: Digest::of(b"broker"),
        delimiter: None,
        encoding: None,
        targets: vec![
            Target {
                constant: Some("chat".into()),
                ..target("platform", &[])
            },
            target("sent_at", &["Date", "Time"]),
            target("sender", &["From"]),
            Target {
                separator: Some(",".into()),
                ..target("recipients", &["To"])
            },
            target("cc", &["Copy"]),
            target("text", &["Body"]),
            Target {
                constant: Some("direct".into()),
                ..target("conversation_kind", &["Kind"])
            },
        ],
        dates: Some(DateFormat::new("%d/%m/%Y %H:%M").unwrap()),
        zone: Some(TimeZone::get("Europe/London").unwrap()),
    }
}

fn read_with(bytes: impl AsRef<[u8]>, mapping: Mapping, options: Options) -> Whole {
    let files = Files::new();
    let path = files.with("table.csv", bytes);
    Whole::of(open_mapped(
        &path,
        &path.display().to_string(),
        options,
        Arc::new(mapping),
        None,
    ))
}

fn read(bytes: impl AsRef<[u8]>, mapping: Mapping) -> Whole {
    read_with(bytes, mapping, Options::default())
}

const TABLE: &str = "Date;Time;From;To;Copy;Body;Kind;Desk;Desk\n\
                     01/07/2024;12:00;ann;bob, eve;cyd;\"hi; there\";group;rates;fx\n\
                     02/07/2024;;ann;;;no time;;;\n\
                     03/07/2024;09:30;bob;ann;;x;;;\n\
                     ;;;;;;;;\n";

#[test]
fn columns_become_fields_and_all_others_metadata() {
    let whole = read(TABLE, mapping());
    assert_eq!(whole.format, "csv");
    let first = &whole.messages[0];
    assert_eq!(
        first.sent_at,
        Some(lexhold_source::instant("2024-07-01T11:00:00Z").unwrap())
    );
    assert_eq!(first.sent_precision.as_deref(), Some("minute"));
    assert_eq!(
        (first.platform.as_str(), first.sender.as_str(), first.text.as_deref()),
        ("chat", "ann", Some("hi; there"))
    );
    let recipients: Vec<_> = first
        .recipients
        .iter()
        .map(|one| (one.handle.as_str(), one.role))
        .collect();
    assert_eq!(recipients, [("bob", Role::To), ("eve", Role::To), ("cyd", Role::Cc)]);
    let kept: Vec<_> = first
        .metadata
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("Desk", "rates"),
        ("column 9", "fx"),
        ("mapping", "broker"),
        ("written_at", "01/07/2024 12:00"),
        ("zone", "Europe/London"),
    ];
    assert_eq!(kept, expected);
    let kinds: Vec<_> = whole.messages.iter().map(|one| one.conversation_kind).collect();
    let expected = [
        ConversationKind::Group,
        ConversationKind::Direct,
        ConversationKind::Direct,
    ];
    assert_eq!(kinds, expected, "a constant fills what is empty");
    assert_eq!((first.source.offset, whole.messages[2].source.offset), (2, 4));
    assert_eq!(whole.messages[1].sent_at, None);
    assert_eq!(
        whole.notes[0].reason,
        "`sent_at` is not written as the mapping says and was left out"
    );
    assert_eq!(
        whole.messages[1].metadata["written_at"], "02/07/2024",
        "the words of the table stay"
    );
    assert_eq!(whole.reasons(), ["5: no column has a value"]);
}

#[test]
fn every_chunk_size_gives_the_same_messages() {
    let whole = read(TABLE, mapping());
    for chunk_rows in [1, 2, 3] {
        let options = Options {
            chunk_rows,
            ..Options::default()
        };
        assert_eq!(
            read_with(TABLE, mapping(), options).messages.len(),
            whole.messages.len()
        );
    }
}

#[test]
fn delimiters_and_encodings_are_as_the_mapping_says() {
    let table = "Date|Time|From|To|Copy|Body|Kind\n01/07/2024|12:00|Zo\u{e9}|b|c|na\u{ef}ve, \u{20ac}|\n";
    let (latin, ..) = encoding_rs::WINDOWS_1252.encode(table);
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(table.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let with_bom = format!("\u{feff}{table}");
    for (encoding, bytes) in [
        (Some("windows-1252"), latin.as_ref()),
        (Some("utf-16"), &utf16),
        (Some("utf-8"), table.as_bytes()),
        (None, with_bom.as_bytes()),
    ] {
        let mapping = Mapping {
            delimiter: Some(b'|'),
            encoding: encoding.map(str::to_owned),
            ..mapping()
        };
        let whole = read(bytes, mapping).clean();
        let message = &whole.messages[0];
        assert_eq!(
            (message.sender.as_str(), message.text.as_deref()),
            ("Zoé", Some("naïve, €")),
            "{encoding:?}"
        );
        assert!(!message.undecodable);
    }
    let damaged = read(
        &latin,
        Mapping {
            delimiter: Some(b'|'),
            ..mapping()
        },
    )
    .clean();
    assert!(damaged.messages[0].undecodable);
}

#[test]
fn what_the_header_lacks_and_what_nobody_said_is_an_error() {
    let missing = read("Date;Time;From;To;Copy;Text\nx;x;x;x;x;x\n", mapping())
        .error
        .unwrap();
    assert_eq!(missing.kind(), ErrorKind::Header);
    let said = missing.to_string();
    assert!(
        said.contains("no column `Body`, which the mapping names; it has `Date`, `Time`"),
        "{said}"
    );
    let twice = read("Date;Time;From;To;Copy;Body;Body;Kind\n", mapping())
        .error
        .unwrap();
    assert!(twice.to_string().contains("names the column `Body` twice"), "{twice}");
    let zoneless = read(
        TABLE,
        Mapping {
            zone: None,
            ..mapping()
        },
    )
    .error
    .unwrap();
    assert_eq!(zoneless.kind(), ErrorKind::Undecided);
    assert!(zoneless.to_string().contains("--source-zone"), "{zoneless}");
    let empty = read("", mapping()).error.unwrap();
    assert_eq!(empty.kind(), ErrorKind::Header);
}

#[test]
fn damaged_rows_are_reported_by_line_and_quote_nothing() {
    let table = "Date;Time;From;To;Copy;Body;Kind\n1;2;secret\n01/07/2024;12:00;a;b;c;\"secret\"x;\n01/07/2024;12:00;a;b;c;ok;odd\n";
    let whole = read(table, mapping());
    assert_eq!(whole.texts(), ["ok"]);
    assert_eq!(whole.messages[0].metadata["conversation_kind"], "odd");
    assert_eq!(whole.reasons()[0], "2: 3 fields where the header has 7");
    assert!(
        whole.reasons().iter().all(|reason| !reason.contains("secret")),
        "{:?}",
        whole.reasons()
    );
}
