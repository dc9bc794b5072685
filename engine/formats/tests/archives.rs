//! Archives from hostile hands, and folders with more in them than an export.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Files, read, read_folder, zip};
use lexhold_formats::fingerprint;
use lexhold_source::ErrorKind;

const LIST: (&str, &[u8]) = ("channels.json", br#"[{"id":"C1","name":"general"}]"#);
const DAY: (&str, &[u8]) = ("general/2024-01-02.json", br#"[{"ts":"1.0","text":"hello"}]"#);

fn read_zip(bytes: &[u8]) -> common::Whole {
    let files = Files::new();
    read(&files.with("whatever.bin", bytes))
}

#[test]
fn an_archive_is_known_by_its_content_and_needs_no_name() {
    let whole = read_zip(&zip(&[LIST, DAY])).clean();
    assert_eq!((whole.format.as_str(), whole.texts()), ("slack (zip)", vec!["hello"]));
    assert!(
        whole.messages[0]
            .source
            .file
            .ends_with("whatever.bin/general/2024-01-02.json")
    );
}

#[test]
fn names_that_lead_outside_are_refused_and_told() {
    for name in ["../evil.json", "a/../../evil.json", "..\\evil.json"] {
        // The writer tidies names, so the bad one is put in afterwards, in both places.
        let good = "x".repeat(name.len());
        let mut bytes = zip(&[LIST, DAY, (&good, b"[]")]);
        while let Some(at) = memchr::memmem::find(&bytes, good.as_bytes()) {
            bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        }
        let whole = read_zip(&bytes);
        assert_eq!(whole.texts(), ["hello"], "the rest is read");
        assert_eq!(whole.reasons().len(), 1, "{name}");
        assert!(
            whole.reasons()[0].ends_with("all of it: names a place outside of the archive"),
            "{:?}",
            whole.reasons()
        );
    }
}

#[test]
fn a_name_that_stands_twice_is_read_once_and_told() {
    let whole = read_zip(&zip(&[LIST, DAY, DAY]));
    assert_eq!(whole.texts(), ["hello"]);
    assert_eq!(
        whole.reasons(),
        ["general/2024-01-02.json:all of it: stands twice in the archive; only the first one is read"]
    );
}

#[test]
fn archives_inside_archives_are_read_three_deep() {
    let one = zip(&[LIST, DAY]);
    let two = zip(&[("inner.zip", &one)]);
    let three = zip(&[("deep/middle.zip", &two)]);
    let whole = read_zip(&three).clean();
    assert!(
        whole.messages[0]
            .source
            .file
            .ends_with("/deep/middle.zip/inner.zip/general/2024-01-02.json")
    );
    let four = read_zip(&zip(&[("outer.zip", &three)]));
    assert_eq!(
        four.reasons(),
        [
            "outer.zip/deep/middle.zip/inner.zip:all of it: is an archive inside 3 others; unpack it, and name it by itself"
        ]
    );
}

#[test]
fn a_bomb_is_refused() {
    let zeros = vec![b' '; 24 << 20];
    let bytes = zip(&[LIST, ("general/2024-01-02.json", &zeros)]);
    assert!(bytes.len() < 1 << 20);
    let whole = read_zip(&bytes);
    assert!(
        whole
            .reasons()
            .iter()
            .any(|why| why.contains("more than 250 times its size")),
        "{:?}",
        whole.reasons()
    );
}

#[test]
fn damage_is_told_and_costs_only_the_file() {
    let mut bytes = zip(&[
        LIST,
        DAY,
        ("general/2024-01-03.json", br#"[{"ts":"2.0","text":"good bye"}]"#),
    ]);
    let whole_archive = bytes.clone();
    let at = memchr::memmem::find(&bytes, b"general/2024-01-02.json").unwrap() + DAY.0.len() + 4;
    bytes[at] ^= 0x55;
    let whole = read_zip(&bytes);
    assert_eq!(whole.texts().last(), Some(&"good bye"));
    assert_eq!(whole.reasons().len(), 1, "{:?}", whole.reasons());
    let cut = read_zip(&whole_archive[..whole_archive.len() - 30]);
    assert_eq!(cut.error.unwrap().kind(), ErrorKind::Corrupt);
}

#[test]
fn what_nobody_reads_is_told_unless_it_is_no_text() {
    let whole = read_folder(&[
        ("ws/channels.json", "[]"),
        ("ws/general/2024-01-02.json", "[]"),
        ("notes.txt", "some words"),
        ("picture.jpg", "\u{0}\u{1}"),
        ("__MACOSX/x.txt", "left behind"),
    ]);
    assert_eq!(
        whole.reasons(),
        ["notes.txt:all of it: is text of no kind that Lexhold reads"]
    );
    let nothing = read_folder(&[("notes.txt", "some words")]);
    assert_eq!(nothing.error.unwrap().kind(), ErrorKind::UnknownFormat);
}

#[test]
fn a_folder_has_a_fingerprint_of_names_and_contents() {
    let files = Files::new();
    let of = |name: &str, list: &[(&str, &str)]| fingerprint(&files.folder(name, list)).unwrap();
    let one = of("one", &[("a", "x"), ("b/c", "yz")]);
    assert_eq!(one, of("two", &[("b/c", "yz"), ("a", "x")]));
    assert_eq!(one.1, 3);
    assert_ne!(one.0, of("three", &[("a", "x"), ("b/d", "yz")]).0);
    assert_ne!(one.0, of("four", &[("a", "x"), ("b/c", "yy")]).0);
}
