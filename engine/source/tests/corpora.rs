//! The same 850 real messages in five files, and the larger corpora line by line.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::read;
use lexhold_model::{ConversationKind, Message, MessageKind};
use lexhold_source::{Options, open};

/// A path below the shared corpora, which are not part of the repository.
fn corpus(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora")
        .join(path);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn mixed(path: &str) -> Option<Vec<Message>> {
    let whole = read(&corpus(path)?, Options::default());
    assert!(
        whole.error.is_none() && whole.unreadable.is_empty() && whole.notes.is_empty(),
        "{path}: {:?}",
        whole.reasons()
    );
    Some(whole.placeless())
}

#[test]
fn five_files_hold_the_same_850_messages() {
    let Some(expected) = mixed("formats/ndjson/mixed-850.ndjson") else {
        return;
    };
    for path in [
        "parquet/mixed-850.ts_us_utc.snappy.parquet",
        "parquet/mixed-850.ts_string.zstd.parquet",
    ] {
        let found = mixed(&format!("formats/{path}")).unwrap();
        assert_eq!(found.len(), 850);
        found
            .iter()
            .zip(&expected)
            .for_each(|(found, expected)| assert_eq!(found, expected, "{path}"));
    }
    for path in ["csv/mixed-850.comma.crlf.csv", "csv/mixed-850.semicolon.bom.csv"] {
        let found = mixed(&format!("formats/{path}")).unwrap();
        assert_eq!(found.len(), 850);
        for (found, expected) in found.iter().zip(&expected) {
            // These files keep of an attachment its name alone.
            let names = |message: &Message| {
                message
                    .attachments
                    .iter()
                    .filter_map(|file| file.name.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(names(found), names(expected), "{path}");
            let attachments = expected.attachments.clone();
            assert_eq!(
                &Message {
                    attachments,
                    ..found.clone()
                },
                expected,
                "{path}"
            );
        }
    }
}

#[test]
fn the_figures_are_those_of_the_corpus() {
    let Some(messages) = mixed("formats/ndjson/mixed-850.ndjson") else {
        return;
    };
    let stats = std::fs::read_to_string(corpus("formats/ndjson/mixed-850.stats.json").unwrap()).unwrap();
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    let show = |micros: i64| jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
    let sent = || messages.iter().map(|message| message.sent_at.unwrap());
    assert_eq!(stats["messages"], messages.len());
    assert_eq!(stats["first"], show(sent().min().unwrap()));
    assert_eq!(stats["last"], show(sent().max().unwrap()));
    assert_eq!(
        stats["senders"],
        messages
            .iter()
            .map(|message| &message.sender)
            .collect::<BTreeSet<_>>()
            .len()
    );
    assert_eq!(
        stats["attachments"],
        messages.iter().map(|message| message.attachments.len()).sum::<usize>()
    );
    assert_eq!(
        stats["text_bytes_utf8"],
        messages
            .iter()
            .flat_map(|message| &message.text)
            .map(String::len)
            .sum::<usize>()
    );
    let of = |kind| {
        messages
            .iter()
            .filter(|message| message.conversation_kind == kind)
            .count()
    };
    assert_eq!((of(ConversationKind::Mail), of(ConversationKind::Channel)), (150, 700));
    let mails = messages.iter().filter(|message| message.platform == "email");
    assert!(
        mails
            .clone()
            .all(|mail| !mail.sender.contains(['<', ' ']) && mail.sender == mail.sender.to_lowercase())
    );
    assert!(
        mails
            .flat_map(|mail| &mail.recipients)
            .all(|to| !to.handle.contains(['<', ' ']))
    );
}

#[test]
fn the_irc_corpus_reads_to_its_last_line() {
    let Some(path) = corpus("messages/ubuntu-irc.ndjson.zst") else {
        return;
    };
    let mut reader = open(&path, Options::default()).unwrap();
    assert_eq!(reader.format(), "ndjson (zstd)");
    let (mut messages, mut bytes, mut actions, mut replies) = (0, 0, 0, 0);
    while let Some(chunk) = reader.next().unwrap() {
        assert!(chunk.unreadable.is_empty() && chunk.notes.is_empty() && chunk.batch.len() <= 16_384);
        messages += chunk.batch.len();
        bytes += chunk.batch.text_bytes();
        actions += chunk
            .batch
            .rows()
            .filter(|row| row.kind() == MessageKind::Action)
            .count();
        replies += chunk.batch.rows().filter(|row| row.reply_to().is_some()).count();
    }
    assert_eq!((messages, bytes, actions), (247_963, 14_539_890, 513));
    assert!(replies > 0);
    assert_eq!(Some(reader.position_bytes()), reader.total_bytes());
}
