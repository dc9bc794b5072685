//! What the tests of the store share.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use jiff::Timestamp;
use lexhold_model::tables::Table;
use lexhold_model::{Key, Message, MessageBatchBuilder};
use lexhold_remote::Remote;
use lexhold_store::{
    ArchivedBatch, BatchRecord, Connect, Entry, Faults, Home, NewHome, ObjectArchive, Result, RunLock, Stamp, StoreMode,
};
use tempfile::TempDir;

pub const AT: Timestamp = Timestamp::UNIX_EPOCH;
pub const NEW: NewHome<'static> = NewHome {
    zone: "Europe/Berlin",
    store: StoreMode::Archive,
    archive: None,
};

/// Whether the tests are those of `objects.rs`: the same again, for homes whose archive lies elsewhere as objects.
pub fn with_objects() -> bool {
    module_path!().starts_with("objects::")
}

/// Where a file of a home lies on this disk.
pub fn place(home: &Home, path: impl AsRef<Path>) -> PathBuf {
    match home.object_archive() {
        Some(archive) if path.as_ref().starts_with("archive") => {
            Path::new(archive.url.strip_prefix("file://").unwrap()).join(path)
        }
        _ => home.root().join(path),
    }
}

/// Opens a home, wherever its archive lies.
pub fn open(path: &Path) -> Home {
    let home = Home::open(path).unwrap();
    home.connect(connect());
    home
}

/// How archives of objects are reached here.
pub fn connect() -> Arc<Connect> {
    Arc::new(|url| Remote::open(url, &[]))
}

/// Dice that never give the same bytes twice, within or between the processes of a test.
pub fn dice(bytes: &mut [u8]) -> io::Result<()> {
    static THROWS: AtomicU64 = AtomicU64::new(0);
    for piece in bytes.chunks_mut(32) {
        let throw = THROWS.fetch_add(1, Ordering::Relaxed);
        let seed = Key::of(
            "test dice",
            [u64::from(std::process::id()).to_le_bytes(), throw.to_le_bytes()]
                .iter()
                .map(<_>::as_ref),
        );
        let digest = lexhold_model::Digest::of(seed.to_string().as_bytes());
        piece.copy_from_slice(&digest.0[..piece.len()]);
    }
    Ok(())
}

pub fn stamp() -> Stamp<'static> {
    Stamp {
        at: AT,
        actor: "Žofie",
        entropy: &dice,
    }
}

pub fn new_home() -> (TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    let archive = with_objects().then(|| {
        fs::create_dir(&objects).unwrap();
        ObjectArchive {
            url: format!("file://{}", objects.display()),
            lock: None,
        }
    });
    let new = NewHome {
        archive: archive.as_ref(),
        ..NEW
    };
    let home = Home::open_or_create(&folder.path().join("home"), &new, stamp()).unwrap();
    (folder, open(home.root()))
}

pub fn run_lock(home: &Home) -> RunLock {
    home.lock_run("test", Duration::ZERO, stamp()).unwrap()
}

/// Messages numbered from `first`: two platforms, three years, one without a date.
pub fn messages(first: u64, n: u64) -> ArchivedBatch {
    let mut builder = MessageBatchBuilder::new();
    for number in first..first + n {
        builder.push(&Message {
            id: Some(number.to_string()),
            platform: if number % 2 == 0 {
                "slack".into()
            } else {
                "../mail box".into()
            },
            sender: "alice".into(),
            text: Some(format!("secret text {number}")),
            sent_at: (number % 4 != 3).then_some(1_577_836_799_000_000 + (number % 4).cast_signed() * 1_000_000),
            ..Message::default()
        });
    }
    ArchivedBatch {
        messages: builder.finish(),
        keys: (first..first + n).map(key).collect(),
        content_hashes: (first..first + n)
            .map(|number| lexhold_model::Digest::of(&number.to_le_bytes()).0)
            .collect(),
    }
}

pub fn key(number: u64) -> Key {
    Key::of("test", [number.to_le_bytes().as_slice()])
}

/// Rows of a table of the evaluation.
pub fn recipients(keys: &[Key]) -> RecordBatch {
    let numbers = Decimal128Array::from_iter_values(keys.iter().map(|key| key.as_i128()));
    let numbers = numbers.with_precision_and_scale(38, 0).unwrap();
    let text = |text: &str| Arc::new(StringArray::from(vec![text; keys.len()])) as ArrayRef;
    let columns = vec![Arc::new(numbers) as ArrayRef, text("bob"), text("to")];
    RecordBatch::try_new(Table::Recipient.schema(), columns).unwrap()
}

/// Commits one batch of messages with one table.
pub fn commit(
    home: &Home,
    lock: &RunLock,
    batch: u64,
    messages: &ArchivedBatch,
    faults: &Faults,
) -> Result<(Entry, BatchRecord)> {
    let mut writer = home.stage(lock, "run-1", batch, faults)?;
    writer.archive(messages)?;
    writer.table(Table::Recipient, &recipients(&messages.keys))?;
    writer.commit(serde_json::json!({ "rows": messages.keys.len() }), stamp())
}

/// Every message in the archive by its key, as the journal's batches find them.
pub fn archived(home: &Home) -> Vec<(Key, String)> {
    let mut found = Vec::new();
    for batch in home.batches(1).unwrap() {
        let (_, record) = batch.unwrap();
        for segment in record.files.iter().filter(|file| file.is_segment()) {
            for piece in home.archive().read(segment).unwrap() {
                let piece = piece.unwrap();
                let texts = piece.messages.rows().map(|row| row.text().unwrap().to_owned());
                found.extend(piece.keys.iter().copied().zip(texts));
            }
        }
    }
    found.sort();
    found
}

/// Runs an ignored test of the calling test file in a process of its own.
pub fn child(test: &str, home: &Path, argument: &str) -> Child {
    // Included by another file, the test bears its name too.
    let within = module_path!().split("::").skip(1).filter(|part| *part != "common");
    let test = within.chain([test]).collect::<Vec<_>>().join("::");
    Command::new(std::env::current_exe().unwrap())
        .args([test.as_str(), "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("LEXHOLD_TEST_HOME", home)
        .env("LEXHOLD_TEST_ARGUMENT", argument)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

pub fn finish(mut child: Child) -> ExitStatus {
    child.wait().unwrap()
}

/// What the parent of a [`child`] told it; nothing when somebody runs the ignored test by hand.
pub fn told() -> Option<(PathBuf, String)> {
    let home = std::env::var_os("LEXHOLD_TEST_HOME")?;
    Some((home.into(), std::env::var("LEXHOLD_TEST_ARGUMENT").unwrap()))
}

pub fn flip(path: &Path, at: usize, bit: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}
