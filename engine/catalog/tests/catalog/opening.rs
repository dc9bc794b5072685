//! Who may open a catalog when, and what is said when it cannot be opened.
#![allow(
    clippy::disallowed_methods,
    reason = "another process has to hold the catalog, and is told how by a variable"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use lexhold_catalog::{Catalog, ErrorKind, Holder, SCHEMA_VERSION};

use crate::fixture::{Home, beginning, project_all};

#[test]
fn a_reader_makes_no_catalog() {
    let home = Home::new();
    let error = Catalog::open_reader(&home.path("none"), &home.settings()).unwrap_err();
    assert!(error.is_missing());
    assert!(!home.path("none").exists());
}

#[test]
fn what_is_no_catalog_is_said_to_be_none() {
    let home = Home::new();
    std::fs::write(
        home.path("text"),
        "no database, but long enough to be taken for one at first sight".repeat(400),
    )
    .unwrap();
    let error = Catalog::open_reader(&home.path("text"), &home.settings()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unreadable);
    let error = Catalog::open_writer(&home.path("text"), &home.settings()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unreadable);
    let error = Catalog::open_writer(&home.path("no/such/folder"), &home.settings()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unreadable);
}

#[test]
fn another_schema_version_is_refused() {
    let home = Home::new();
    home.writer("old").close().unwrap();
    change(&home, "UPDATE meta SET schema_version = 0");
    let refusal = ErrorKind::SchemaVersion {
        found: Some(0),
        expected: SCHEMA_VERSION,
    };
    assert_eq!(
        *Catalog::open_reader(&home.path("old"), &home.settings())
            .unwrap_err()
            .kind(),
        refusal
    );
    assert_eq!(
        *Catalog::open_writer(&home.path("old"), &home.settings())
            .unwrap_err()
            .kind(),
        refusal
    );
    change(&home, "DROP TABLE meta");
    let refusal = ErrorKind::SchemaVersion {
        found: None,
        expected: SCHEMA_VERSION,
    };
    assert_eq!(
        *Catalog::open_writer(&home.path("old"), &home.settings())
            .unwrap_err()
            .kind(),
        refusal
    );
}

fn change(home: &Home, sql: &str) {
    duckdb::Connection::open(home.path("old"))
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

#[test]
fn a_writer_that_died_before_the_tables_stood_is_made_good() {
    let home = Home::new();
    drop(duckdb::Connection::open(home.path("c")).unwrap());
    assert!(
        Catalog::open_reader(&home.path("c"), &home.settings())
            .unwrap_err()
            .is_missing()
    );
    home.writer("c").close().unwrap();
    assert_eq!(home.reader("c").applied_seq().unwrap(), None);
}

#[test]
fn what_a_writer_leaves_in_the_log_is_read() {
    let home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    drop(writer);
    assert_eq!(home.reader("c").applied_seq().unwrap(), Some(3));
    assert_eq!(home.writer("c").runs(9).unwrap().len(), 1);
    home.writer("c").close().unwrap();
    assert!(!home.path("c.wal").exists(), "closing folds the log in");
    assert_eq!(home.reader("c").applied_seq().unwrap(), Some(3));
}

#[test]
fn one_process_opens_a_catalog_once() {
    let home = Home::new();
    home.writer("c").close().unwrap();
    let reader = home.reader("c");
    let roundabout = home.folder.path().join(".").join("c");
    let error = Catalog::open_reader(&roundabout, &home.settings()).unwrap_err();
    assert_eq!(error.holder(), Some(&Holder::OurOwn));
    drop(reader);
    home.reader("c");
}

#[test]
fn a_catalog_in_use_elsewhere_is_waited_for_and_its_holder_named() {
    let home = Home::new();
    home.writer("c").close().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "opening::hold_a_catalog_until_told",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env("LEXHOLD_TEST_CATALOG", home.path("c"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(words.any(|line| line.unwrap().contains("holding")));

    let error = Catalog::open_reader(&home.path("c"), &home.settings()).unwrap_err();
    assert_eq!(error.holder(), Some(&Holder::Process(holder.id())), "{error:?}");
    let mut settings = home.settings();
    settings.wait = Duration::from_millis(60);
    assert!(Catalog::open_writer(&home.path("c"), &settings).unwrap_err().is_busy());

    settings.wait = Duration::from_secs(60);
    let path = home.path("c");
    let waiting = std::thread::spawn(move || Catalog::open_reader(&path, &settings).map(|_| ()));
    std::thread::sleep(Duration::from_millis(50));
    drop(holder.stdin.take());
    waiting.join().unwrap().unwrap();
    assert!(holder.wait().unwrap().success());
}

/// The other process of the test above.
#[test]
#[ignore = "started by another test"]
fn hold_a_catalog_until_told() {
    let home = Home::new();
    let path = std::env::var_os("LEXHOLD_TEST_CATALOG").unwrap();
    let _writer = Catalog::open_writer(path.as_ref(), &home.settings()).unwrap();
    std::io::Write::write_all(&mut std::io::stdout(), b"\nholding\n").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
