//! Every fixture of every format, whole, cut off, damaged, and in chunks of every size; new formats join by having a fixture.
//!
//! Damage comes from a fixed seed, so that a failure is the same everywhere. `LEXHOLD_FUZZ_ROUNDS` asks for more of it,
//! `LEXHOLD_FUZZ_SEED` for other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]

use std::path::{Path, PathBuf};

#[path = "../../../fuzz/readers.rs"]
mod readers;

use readers::{any_input, read};

/// Damaged inputs that are tried by default.
const ROUNDS: u64 = 120;
/// What damage puts in beside bytes of its own.
const PIECES: [&[u8]; 14] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\ud800",
    b"null",
    b"-1e999",
    b"99999999999999999999",
    b"\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"<",
];

/// The fixtures beside the repository, which does not ship them.
fn fixtures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/formats");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_format_reads_the_same_in_chunks_of_every_size() {
    let Some(fixtures) = fixtures() else { return };
    let mut formats: Vec<PathBuf> = std::fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    formats.retain(|path| path.is_dir());
    for format in formats {
        let whole = read(&format, 4_096, 1 << 20);
        for (rows, bytes) in [(1, 1), (7, 200)] {
            assert!(
                read(&format, rows, bytes) == whole,
                "{} in chunks of {rows}",
                format.display()
            );
        }
        assert!(
            whole.error.is_some() || !whole.messages.is_empty(),
            "{}",
            format.display()
        );
    }
}

#[test]
fn whatever_is_cut_off_or_damaged_comes_to_an_end_and_tells_no_content() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions/any_input");
    let kept = files(&kept);
    assert!(!kept.is_empty(), "the kept inputs are gone");
    for path in &kept {
        any_input(&input, &std::fs::read(path).unwrap());
    }
    let Some(fixtures) = fixtures() else { return };
    let seeds: Vec<PathBuf> = files(&fixtures);
    let number = |name: &str, otherwise: u64| std::env::var(name).map_or(otherwise, |n| n.parse().unwrap());
    let mut dice = Dice(number("LEXHOLD_FUZZ_SEED", 8));
    for _ in 0..number("LEXHOLD_FUZZ_ROUNDS", ROUNDS) {
        let path = &seeds[dice.below(seeds.len())];
        let mut data = std::fs::read(path).unwrap();
        damage(&mut data, &mut dice);
        let caught = std::panic::catch_unwind(|| any_input(&input, &data));
        if let Err(panic) = caught {
            let kept = std::env::temp_dir().join("lexhold-any-input");
            std::fs::write(&kept, &data).unwrap();
            eprintln!("{}, damaged, is kept as {}", path.display(), kept.display());
            std::panic::resume_unwind(panic);
        }
    }
}

/// Cuts an input off, or changes some of it.
fn damage(data: &mut Vec<u8>, dice: &mut Dice) {
    if dice.below(3) == 0 {
        data.truncate(dice.below(data.len() + 1));
        return;
    }
    for _ in 0..=dice.below(6) {
        let at = dice.below(data.len() + 1);
        let end = (at + dice.below(24)).min(data.len());
        match dice.below(4) {
            0 => drop(data.drain(at..end)),
            1 => {
                let piece = PIECES[dice.below(PIECES.len())];
                data.splice(at..at, piece.iter().copied());
            }
            2 => {
                let again = data[at..end].to_vec();
                data.splice(at..at, again);
            }
            _ => {
                if let Some(byte) = data.get_mut(at) {
                    *byte = u8::try_from(dice.below(256)).unwrap_or(0);
                }
            }
        }
    }
}

/// Numbers that look random and are always the same: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap_or(0)
    }
}
