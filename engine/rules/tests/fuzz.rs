//! What the fuzzers check, over all that they found before and over mutations of it.
//!
//! The mutations come from a fixed seed, so that a failure is the same everywhere. `LEXHOLD_FUZZ_ROUNDS` asks for more of
//! them, `LEXHOLD_FUZZ_SEED` for others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests"
)]

use std::path::Path;

#[path = "../../../fuzz/checks.rs"]
mod checks;

/// Mutations that are tried by default.
const ROUNDS: u64 = 60;

/// What mutations insert beside bytes of their own: signs of YAML and of patterns, and characters that views change.
const PIECES: [&str; 48] = [
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "|",
    ">",
    "#",
    "&a",
    "*a",
    "!",
    "${a}",
    "\\",
    "(",
    ")",
    "(?i)",
    "(?s-u)",
    "{0,9}",
    "*",
    "+?",
    "|",
    "[^a]",
    "\\b",
    "\\p{L}",
    "^",
    "$",
    "\u{fb01}",
    "e\u{301}",
    "\u{130}",
    "\u{212a}",
    "\u{17f}",
    "\u{200d}",
    "\u{fe0f}",
    "\u{1f468}",
    "\u{1f3fd}",
    "\u{fdfa}",
    "\u{ad}",
    "\u{2029}",
    "\u{0}",
    "\u{3a3}",
    "\u{663}",
    "机",
    "ไ",
];

#[test]
fn rule_texts() {
    run(
        "rule_text",
        &seeds("rule_text", &["rules.yaml", "../engine/rules/LANGUAGE.md"]),
        checks::rule_text,
    );
}

#[test]
fn message_texts() {
    run(
        "message_text",
        &seeds("message_text", &["rules.yaml", "../engine/rules/LANGUAGE.md"]),
        checks::message_text,
    );
}

/// The kept inputs, and pieces of files that look like what is wanted.
fn seeds(target: &str, files: &[&str]) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let kept = std::fs::read_dir(folder.join("regressions").join(target)).unwrap();
    let mut kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    kept.sort();
    let mut seeds: Vec<Vec<u8>> = kept.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "the kept inputs are gone");
    for file in files {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let head = text.split("rules:").next().unwrap();
        seeds.extend(text.split("- id: ").skip(1).map(|rule| {
            let rule = rule.split("```").next().unwrap();
            format!(
                "{}rules:\n  - id: {rule}",
                if head.starts_with('#') { head } else { HEAD }
            )
            .into_bytes()
        }));
    }
    seeds
}

const HEAD: &str = "lexhold: 1\nruleset: a\nversion: 1.0.0\nowner: b\n";

fn run(target: &str, seeds: &[Vec<u8>], check: fn(&[u8])) {
    seeds.iter().for_each(|seed| check(seed));
    let number = |name: &str, otherwise| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let mut dice = Dice(number("LEXHOLD_FUZZ_SEED", 0));
    for round in 0..number("LEXHOLD_FUZZ_ROUNDS", ROUNDS) {
        let input = mutated(seeds, &mut dice);
        if let Err(panic) = std::panic::catch_unwind(|| check(&input)) {
            let kept = std::env::temp_dir().join(format!("lexhold-{target}-{round}"));
            std::fs::write(&kept, &input).unwrap();
            println!("round {round}: the input is in {}", kept.display());
            std::panic::resume_unwind(panic);
        }
    }
}

/// One seed with some bytes removed, doubled, replaced or put in, or with a piece of another seed.
fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut input = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(input.len() + 1);
        let end = (at + dice.below(12)).min(input.len());
        match dice.below(6) {
            0 => drop(input.drain(at..end)),
            1 => {
                let copy = input[at..end].repeat(1 + dice.below(4));
                input.splice(at..at, copy);
            }
            2 => input.splice(at..end, [dice.below(256) as u8]).for_each(drop),
            3 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(40)).min(other.len());
                input.splice(at..end, other[from..to].to_vec()).for_each(drop);
            }
            _ => input
                .splice(at..at, PIECES[dice.below(PIECES.len())].bytes())
                .for_each(drop),
        }
    }
    input
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}
