//! Databases as such: logs beside them, archives around them, schemas and damage made on purpose.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod common;

use common::{Database, Files, Whole, read, read_with, zip};
use lexhold_formats::{Options, fingerprint};

const TABLES: &str = "
    CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, handle_id INTEGER, date INTEGER, is_from_me INTEGER, service TEXT);
    CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT);
    CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, chat_identifier TEXT);
    CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);";
const FIRST: &str = "INSERT INTO message VALUES (1, 'a', 'first', 0, 700000000, 1, NULL);";
const SECOND: &str = "INSERT INTO message VALUES (2, 'b', 'second', 0, 700000001, 1, NULL);";

/// Rows with these numbers, each with a text of that many bytes.
fn rows(numbers: std::ops::RangeInclusive<i64>, bytes: usize) -> String {
    let text = "x".repeat(bytes);
    let rows = numbers.map(|n| format!("INSERT INTO message VALUES ({n}, 'g{n}', '{text}', 0, 700000000, 1, NULL);"));
    rows.collect()
}

fn ids(whole: &Whole) -> Vec<&str> {
    whole.messages.iter().filter_map(|one| one.id.as_deref()).collect()
}

/// A database whose second message is in its log alone; the connection keeps it from being carried over.
fn with_log() -> (Database, rusqlite::Connection) {
    let database = Database::new(&["PRAGMA journal_mode = WAL;", TABLES, FIRST]);
    let open = database.connect();
    open.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0;")
        .unwrap();
    open.execute_batch(SECOND).unwrap();
    (database, open)
}

#[test]
fn the_log_beside_a_database_is_read_and_nothing_is_written() {
    let (database, _open) = with_log();
    let files = || {
        let found = std::fs::read_dir(database.folder())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = found.map(|path| (std::fs::read(&path).unwrap(), path)).collect();
        found.sort();
        found
    };
    let before = files();
    assert_eq!(ids(&read(&database.path()).clean()), ["a", "b"]);
    assert_eq!(ids(&read(database.folder()).clean()), ["a", "b"]);
    assert_eq!(files(), before);
}

#[test]
fn a_log_counts_for_the_fingerprint() {
    let (database, _open) = with_log();
    let log = database.path().with_file_name("a database.db-wal");
    let with = fingerprint(&database.path()).unwrap();
    std::fs::remove_file(log).unwrap();
    let without = fingerprint(&database.path()).unwrap();
    assert_ne!(with.0, without.0);
    assert_eq!(without, lexhold_source::fingerprint(&database.path()).unwrap());
    assert!(with.1 > without.1);
}

#[test]
fn databases_in_archives_are_read_with_their_logs() {
    let (database, _open) = with_log();
    let bytes = std::fs::read(database.path()).unwrap();
    let log = std::fs::read(database.path().with_file_name("a database.db-wal")).unwrap();
    let files = Files::new();
    let archive = zip(&[("x/chat.db", &bytes), ("x/chat.db-wal", &log), ("y/chat.db", &bytes)]);
    let whole = read(&files.with("export.zip", archive)).clean();
    assert_eq!(
        (whole.format.as_str(), ids(&whole)),
        ("imessage (zip)", vec!["a", "b", "a"])
    );
}

#[test]
fn a_database_without_writing_rights_is_read_in_its_place() {
    use std::os::unix::fs::PermissionsExt;
    let database = Database::new(&["PRAGMA journal_mode = WAL;", TABLES, FIRST]);
    std::fs::set_permissions(database.folder(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let whole = read(&database.path());
    std::fs::set_permissions(database.folder(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(ids(&whole.clean()), ["a"]);
}

#[test]
fn what_was_copied_in_the_middle_of_a_change_is_refused() {
    let database = Database::new(&[TABLES, FIRST]);
    database.beside("a database.db-journal", &[0; 512]);
    assert_eq!(
        ids(&read(&database.path()).clean()),
        ["a"],
        "a journal that is done with"
    );
    database.beside("a database.db-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7rest");
    let whole = read(&database.path());
    assert!(whole.messages.is_empty());
    assert!(
        whole.reasons()[0].contains("in the middle of a change"),
        "{:?}",
        whole.reasons()
    );
}

#[test]
fn nothing_stands_in_for_a_table() {
    let stand_ins = [
        "CREATE TABLE other (a); CREATE VIEW message AS SELECT 1 AS ROWID, 'a' AS guid, 'x' AS text, 0 AS handle_id, 1 AS date, 1 AS is_from_me, '' AS service;",
        "CREATE VIRTUAL TABLE message USING fts5(guid, text, handle_id, date, is_from_me, service);",
        "CREATE TABLE message (guid, text AS (guid), handle_id, date, is_from_me, service);",
    ];
    let others = TABLES.split_once(';').unwrap().1;
    for stand_in in stand_ins {
        let database = Database::new(&[stand_in, others]);
        let whole = read(&database.path());
        let error = whole.error.unwrap().to_string();
        assert!(error.contains("nothing in it is of a kind"), "{error}");
    }
}

#[test]
fn nothing_that_a_schema_could_run_is_run() {
    let generated = "ALTER TABLE message ADD COLUMN bomb AS (hex(zeroblob(20000000)));
        CREATE TRIGGER t AFTER INSERT ON message BEGIN SELECT 1; END;
        CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c;";
    let database = Database::new(&[TABLES, FIRST, generated]);
    let whole = read(&database.path()).clean();
    assert_eq!(ids(&whole), ["a"]);
    assert!(!whole.messages[0].metadata.contains_key("bomb"));
}

#[test]
fn a_value_beyond_the_limit_costs_its_row_alone() {
    let database = Database::new(&[TABLES, &rows(1..=3, 10), &rows(4..=4, 5000), &rows(5..=6, 10)]);
    let mut options = Options::default();
    options.chunks.line_bytes = 4000;
    let whole = read_with(&database.path(), &options);
    assert!(whole.error.is_none());
    assert_eq!(whole.messages.len(), 5);
    assert_eq!(
        whole.reasons(),
        ["row 4: cannot be read: a value is longer than the limit"]
    );
}

#[test]
fn pages_follow_each_other_and_chunks_cut_anywhere() {
    let database = Database::new(&[
        "BEGIN;",
        TABLES,
        &rows(-3..=700, 5),
        &rows(100_000..=100_300, 5),
        "COMMIT;",
    ]);
    let all = read(&database.path()).clean();
    assert_eq!(all.messages.len(), 1005);
    let mut options = Options::default();
    options.chunks.chunk_rows = 7;
    let cut = read_with(&database.path(), &options).clean();
    assert!(cut.chunk_rows.iter().all(|rows| *rows <= 7));
    assert_eq!(cut.messages, all.messages);
}

#[test]
fn damage_anywhere_is_told_and_nothing_of_the_content() {
    let database = Database::new(&[TABLES, &rows(1..=100, 600).replace("xxxxxx", "secret")]);
    let whole = std::fs::read(database.path()).unwrap();
    let files = Files::new();
    let check = |bytes: &[u8]| {
        let found = read(&files.with("damaged.db", bytes));
        let told = found.reasons().join("\n") + &found.error.map(|error| error.to_string()).unwrap_or_default();
        assert!(!told.contains("secret"), "{told}");
        (found.messages.len(), told)
    };
    let mut lost = 0;
    for end in (100..whole.len()).step_by(whole.len() / 11) {
        let (messages, told) = check(&whole[..end]);
        assert!(
            messages == 100 || !told.is_empty(),
            "cut at {end}: {messages} messages and not a word"
        );
        lost += usize::from(messages < 100);
    }
    assert!(lost > 0);
    for at in (16..whole.len()).step_by(whole.len() / 23) {
        let mut bytes = whole.clone();
        bytes[at..].iter_mut().take(9).for_each(|byte| *byte ^= 0xa5);
        check(&bytes);
    }
}
