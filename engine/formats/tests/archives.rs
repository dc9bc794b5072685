//! Archives from hostile hands, and folders with more in them than an export.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests write the files they read"
)]

mod common;

use std::io::Write as _;

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

const NDJSON: &str = "{\"platform\":\"sms\",\"conversation\":\"c\",\"sender\":\"ann\",\"sent_at\":\"2024-01-02T00:00:00Z\",\"text\":\"a line\"}\n";
const CSV: &str = "platform,conversation,sender,sent_at,text\nsms,c,ann,2024-01-03T00:00:00Z,a record\n";

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Reads these files of any bytes from a folder.
fn read_files(list: &[(&str, &[u8])]) -> common::Whole {
    let files = Files::new();
    for (name, bytes) in list {
        let path = files.dir().join("in").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    read(&files.dir().join("in"))
}

#[test]
fn tar_archives_are_read_plain_or_compressed_wherever_they_lie() {
    let long = format!("{}/2024-01-02.json", "channel".repeat(30));
    let plain = tar(&[LIST, DAY, (&long, br#"[{"ts":"2.0","text":"long"}]"#)]);
    for (bytes, format) in [
        (plain.clone(), "slack (tar)"),
        (gzip(&plain), "slack (tar)"),
        (zstd(&plain), "slack (tar)"),
    ] {
        let whole = read_zip(&bytes).clean();
        assert_eq!(whole.format, format);
        assert_eq!(whole.texts(), ["long", "hello"]);
    }
    let inner = zip(&[("deep/export.tar.gz", &gzip(&plain))]);
    let whole = read_zip(&inner).clean();
    assert!(
        whole.messages[1]
            .source
            .file
            .ends_with("/deep/export.tar.gz/general/2024-01-02.json")
    );
    let whole = read_files(&[("a.tar", &plain), ("b.tgz", &gzip(&plain))]).clean();
    assert_eq!(whole.texts(), ["long", "hello", "long", "hello"]);
}

#[test]
fn links_and_ways_out_of_a_tar_archive_are_refused_and_told() {
    let mut archive = tar::Builder::new(tar(&[LIST, DAY]));
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive
        .append_link(&mut header, "general/link.json", "/etc/passwd")
        .unwrap();
    let mut bytes = tar(&[("xx/evil.json", b"[]")]);
    // The writer would not write such a name, so it is put in afterwards, with its checksum.
    bytes[..2].copy_from_slice(b"..");
    let mut evil = tar::Header::from_byte_slice(&bytes[..512]).clone();
    evil.set_cksum();
    bytes[..512].copy_from_slice(evil.as_bytes());
    let links = archive.into_inner().unwrap();
    // Two archives in one file: a reader goes on to the end marks of the first.
    let whole = read_files(&[
        ("links.tar", &links[1024 * 2..]),
        ("evil.tar", &bytes),
        ("good.tar", &tar(&[LIST, DAY])),
    ]);
    assert_eq!(whole.texts(), ["hello"]);
    let reasons = whole.reasons();
    assert!(
        reasons
            .iter()
            .any(|why| why == "evil.tar/../evil.json:all of it: names a place outside of the archive"),
        "{reasons:?}"
    );
}

#[test]
fn tables_of_messages_inside_exports_and_archives_are_read() {
    let parquet = |files: &Files| {
        let rows = files.dir().join("t.ndjson");
        std::fs::write(&rows, NDJSON).unwrap();
        let batch = lexhold_source::open(&rows, lexhold_source::Options::default())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .batch;
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(Vec::new(), lexhold_model::message_schema(), None).unwrap();
        writer.write(batch.as_arrow()).unwrap();
        writer.into_inner().unwrap()
    };
    let files = Files::new();
    let parquet = parquet(&files);
    let list: [(&str, &[u8]); 5] = [
        ("a.csv", CSV.as_bytes()),
        ("b.ndjson.gz", &gzip(NDJSON.as_bytes())),
        ("c.parquet", &parquet),
        ("ws/channels.json", LIST.1),
        ("ws/general/2024-01-02.json", DAY.1),
    ];
    for whole in [read_files(&list), read_zip(&zip(&list)), read_zip(&gzip(&tar(&list)))] {
        let whole = whole.clean();
        assert_eq!(whole.texts(), ["a record", "a line", "a line", "hello"]);
    }
    let whole = read_zip(&zip(&[
        (
            "a.csv",
            b"platform,conversation,sent_at\nsms,c,2024-01-02T00:00:00Z\nsms\n",
        ),
        LIST,
        DAY,
    ]));
    assert!(whole.reasons()[0].starts_with("a.csv:3: "), "{:?}", whole.reasons());
}

#[test]
fn bombs_in_every_packing_are_refused() {
    let zeros = vec![b' '; 24 << 20];
    for (name, bytes) in [
        ("bomb.tar.gz", gzip(&tar(&[("x.json", &zeros)]))),
        ("bomb.tar.zst", zstd(&tar(&[("x.json", &zeros)]))),
    ] {
        let whole = read_files(&[(name, &bytes), (LIST.0, LIST.1), (DAY.0, DAY.1)]);
        assert_eq!(whole.texts(), ["hello"]);
        assert_eq!(
            whole.reasons(),
            [format!(
                "{name}:all of it: the archive unpacks to more than 250 times its size, as bombs do"
            )]
        );
    }
    let line = NDJSON.to_owned() + &NDJSON.replace("a line", &"a".repeat(24 << 20));
    let whole = read_zip(&zip(&[("big.ndjson.gz", &gzip(line.as_bytes())), LIST, DAY]));
    assert_eq!(whole.texts(), ["hello", "a line"]);
    assert!(
        whole.reasons()[0].contains("more than 250 times its size"),
        "{:?}",
        whole.reasons()
    );
}

#[test]
fn one_bad_file_costs_only_itself_and_nothing_is_lost_in_silence() {
    let mut bytes = zip(&[LIST, DAY, ("x/notes.bin", &[7; 300])]);
    let at = memchr::memmem::find(&bytes, b"x/notes.bin").unwrap() + 11;
    bytes[at] = 0xff;
    let whole = read_zip(&bytes);
    assert_eq!(
        (whole.texts(), whole.reasons().len()),
        (vec!["hello"], 1),
        "{:?}",
        whole.reasons()
    );
    let whole = read_files(&[
        (LIST.0, LIST.1),
        (DAY.0, DAY.1),
        ("general/photo.jpg", b"\xff\xd8\xff\xe0"),
        ("msgstore.db.crypt15", &[1, 2, 0, 255]),
        ("latin.txt", b"gr\xfc\xdfe"),
        ("mail.7z", b"7z\xbc\xaf\x27\x1c and more"),
        ("empty.txt", b""),
    ]);
    let why = "all of it: is of no kind that Lexhold reads";
    assert_eq!(
        whole.reasons(),
        [
            format!("latin.txt:{why}"),
            "mail.7z:all of it: is packed in a way that is not read; unpack it first".to_owned(),
            format!("msgstore.db.crypt15:{why}"),
        ]
    );
}

#[test]
fn a_damaged_part_of_several_is_told_and_the_rest_read() {
    let whole = read_files(&[
        ("a/channels.json", LIST.1),
        ("a/users.json", b"[{]"),
        ("a/general/2024-01-02.json", DAY.1),
        ("b/channels.json", LIST.1),
        ("b/general/2024-01-02.json", DAY.1),
    ]);
    assert_eq!(whole.texts(), ["hello"]);
    assert!(
        whole.reasons()[0].starts_with("a:all of it: cannot be read on, the rest of it is lost: "),
        "{:?}",
        whole.reasons()
    );
}

#[test]
fn an_encrypted_archive_asks_for_its_password() {
    let mut bytes = zip(&[LIST, DAY]);
    // The first bit of the flags, in front of each file and in the list at the end.
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, mark).collect();
        assert_eq!(places.len(), 2);
        places.iter().for_each(|at| bytes[at + flags] |= 1);
    }
    let whole = read_zip(&bytes);
    assert_eq!(whole.messages, []);
    let why = "all of it: is encrypted; unpack it with its password first";
    assert_eq!(
        whole.reasons(),
        ["channels.json", "general/2024-01-02.json"].map(|file| format!("{file}:{why}"))
    );
}
