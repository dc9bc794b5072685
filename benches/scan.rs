//! The scanner, measured: beside Hyperscan on the same terms and texts, by number of terms, by script, and on text made
//! to hurt.
//!
//! `cargo bench --bench scan` measures Lexhold alone. With `-- --python PYTHON`, an interpreter that has the package
//! `hyperscan`, both are measured alternately. The input is the corpora beside the repository; without them nothing is
//! measured. Counts are stated, so that a wrong answer fails. Ratios within one run are what counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lexhold_benches::hyperscan::Hyperscan;
use lexhold_benches::terms;
use lexhold_document::{Diagnostics, Files, OpenError, load};
use lexhold_model::Field;
use lexhold_rules::{Part, Program, Scanner, compile};
use lexhold_source::Options;

/// How often each figure is taken; the median is told.
const ROUNDS: usize = 5;

/// Numbers of terms, each with the hits that the terms have in the corpora.
const SIZES: [(usize, u64); 3] = [(1_000, 17_503), (10_000, 595_969), (40_000, 1_722_012)];

fn main() {
    let corpora = root().join("../shared/corpora");
    if !corpora.is_dir() {
        println!("the corpora are not beside the repository: nothing is measured");
        return;
    }
    let texts = messages(&corpora.join("messages"));
    let bytes: usize = texts.iter().map(String::len).sum();
    println!("{} messages, {:.1} MB of text", texts.len(), mb(bytes));
    let folder = tempfile::tempdir().unwrap();
    let mut hyperscan = Hyperscan::start(folder.path(), &texts);
    for (n_terms, n_hits) in SIZES {
        let terms = terms::latin(&corpora.join("lexicons"), n_terms);
        sizes(&texts, bytes, &terms, n_hits, hyperscan.as_mut());
    }
    scripts(&corpora, &texts);
    hostile(&corpora, &texts);
    compilation(&corpora, &texts);
}

/// One number of terms, beside Hyperscan.
fn sizes(texts: &[String], bytes: usize, terms: &[String], n_hits: u64, mut hyperscan: Option<&mut Hyperscan>) {
    println!("\n{} terms", terms.len());
    let program = program(terms);
    if let Some(hyperscan) = hyperscan.as_mut() {
        hyperscan.compile(terms);
    }
    let (mut bare, mut whole, mut by_message, mut by_buffer) =
        (Times::default(), Times::default(), Times::default(), Times::default());
    let mut n_candidates = 0;
    for _ in 0..ROUNDS {
        bare.push(timed(|| {
            n_candidates = texts.iter().map(|text| program.candidates(text)).sum::<usize>()
        }));
        whole.push(timed(|| {
            assert_eq!(scan(&program, texts), n_hits, "hits of {} terms", terms.len())
        }));
        if let Some(hyperscan) = hyperscan.as_mut() {
            by_message.push(
                hyperscan
                    .measure("messages")
                    .saturating_sub(hyperscan.measure("overhead")),
            );
            by_buffer.push(hyperscan.measure("buffer"));
        }
    }
    let show = |name: &str, times: &Times| {
        let time = times.median().as_secs_f64();
        let ratio = |other: &Times| other.median().as_secs_f64() / time;
        let beside = match by_buffer.0.is_empty() {
            true => String::new(),
            false => format!(
                "  {:>5.2} of Hyperscan by message, {:>5.2} of one buffer",
                ratio(&by_message),
                ratio(&by_buffer)
            ),
        };
        println!("  {name:<28} {:>7.0} MB/s{beside}", mb(bytes) / time);
    };
    show("bare pass", &bare);
    show("end to end", &whole);
    if !by_buffer.0.is_empty() {
        show("Hyperscan, a call a message", &by_message);
        show("Hyperscan, one buffer", &by_buffer);
    }
    println!(
        "  {n_candidates} candidates, {n_hits} hits, {:.1} MB",
        mb(program.memory_bytes())
    );
}

/// The same work on other scripts, in messages of the same size.
fn scripts(corpora: &Path, texts: &[String]) {
    println!("\nscripts, 10,000 terms each, end to end per byte");
    let sample: Vec<String> = texts
        .iter()
        .filter(|text| text.is_ascii() && text.len() < 4_000)
        .take(60_000)
        .cloned()
        .collect();
    let latin = terms::latin(&corpora.join("lexicons"), 10_000);
    let russian: Vec<String> = sample.iter().map(|text| terms::in_cyrillic(text)).collect();
    let chinese: Vec<String> = texts.iter().filter(|text| terms::is_han(text)).cloned().collect();
    let cases = [
        ("English", latin.clone(), sample),
        (
            "Russian (transliterated)",
            latin.iter().map(|term| terms::in_cyrillic(term)).collect(),
            russian,
        ),
        ("Chinese", terms::han(&chinese, 10_000), chinese),
    ];
    let cases = cases.map(|(name, terms, texts)| (name, terms, gathered(&texts)));
    let programs: Vec<Program> = cases.iter().map(|(_, terms, _)| program(terms)).collect();
    let mut times = [(); 3].map(|()| Times::default());
    for _ in 0..ROUNDS {
        for ((program, (_, _, texts)), times) in programs.iter().zip(&cases).zip(&mut times) {
            times.push(timed(|| assert!(scan(program, texts) > 0)));
        }
    }
    let speed = |n: usize| mb(cases[n].2.iter().map(String::len).sum()) / times[n].median().as_secs_f64();
    for (n, (name, ..)) in cases.iter().enumerate() {
        println!(
            "  {name:<28} {:>7.0} MB/s  {:>5.2} of English",
            speed(n),
            speed(n) / speed(0)
        );
    }
}

/// The texts in messages of some 4 KB, so that what a message costs by itself counts for little.
fn gathered(texts: &[String]) -> Vec<String> {
    let mut messages = vec![String::new()];
    for text in texts {
        if messages.last().is_some_and(|message| message.len() > 4_000) {
            messages.push(String::new());
        }
        messages.last_mut().into_iter().for_each(|message| {
            message.push_str(text);
            message.push('\n');
        });
    }
    messages
}

/// Text made to hurt, beside plain text of the same size; and twice as much of it.
fn hostile(corpora: &Path, texts: &[String]) {
    println!("\nhostile messages of 256 KiB, 10,000 terms, end to end");
    let terms = terms::latin(&corpora.join("lexicons"), 10_000);
    let program = program(&terms);
    const BYTES: usize = 256 * 1024;
    let plain = texts
        .iter()
        .filter(|text| text.is_ascii())
        .fold(
            String::new(),
            |all, text| if all.len() < 2 * BYTES { all + text } else { all },
        );
    let phrase = terms.iter().find(|term| term.split(' ').count() > 2).unwrap();
    let mut heads = String::new();
    terms
        .iter()
        .filter_map(|term| term.split_once(' '))
        .for_each(|(head, _)| write!(heads, "{head} ").unwrap());
    let cases = [
        ("one term over and over", format!("{} ", terms[0])),
        (
            "a phrase that never ends",
            format!("{} ", phrase.rsplit_once(' ').unwrap().0),
        ),
        ("first words of phrases", heads),
        ("one long word", "a".to_owned()),
        ("joined words", "a.".to_owned()),
        ("accents apart", "e\u{301}a\u{308}".to_owned()),
        ("accents upon accents", format!("a{}", "\u{301}\u{323}".repeat(500))),
        ("ignorable characters", "i\u{200b}n\u{ad}s ".to_owned()),
        (
            "emoji sequences",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} ".to_owned(),
        ),
        ("ligatures that expand", "\u{fdfa}".to_owned()),
        ("full-width letters", "\u{ff49}\u{ff4e}\u{ff53} ".to_owned()),
        ("white space", " \n\t ".to_owned()),
        ("paragraphs", "a\n\n".to_owned()),
        ("scripts by turns", "a\u{673a}\u{430}\u{5d0}\u{30ab}".to_owned()),
    ];
    let of = |text: &str, bytes: usize| vec![terms::cut(text, bytes).to_owned()];
    let plain = of(&plain, BYTES);
    for (name, unit) in cases {
        let long = unit.repeat(2 * BYTES / unit.len() + 1);
        let (once, twice) = (of(&long, BYTES), of(&long, 2 * BYTES));
        let mut times = [(); 3].map(|()| Times::default());
        for _ in 0..ROUNDS {
            for (texts, times) in [&plain, &once, &twice].into_iter().zip(&mut times) {
                times.push(timed(|| {
                    (0..24).for_each(|_| {
                        std::hint::black_box(scan(&program, texts));
                    })
                }));
            }
        }
        let [plain, once, twice] = times.map(|times| times.median().as_secs_f64());
        println!(
            "  {name:<28} {:>5.2} times plain text, doubled {:>5.2} times",
            once / plain,
            twice / once
        );
    }
}

/// Compiling 20,000 terms and some 700 regexes.
fn compilation(corpora: &Path, texts: &[String]) {
    let terms = terms::latin(&corpora.join("lexicons"), 20_000);
    let patterns: Vec<String> = terms::patterns(&corpora.join("lexicons"))
        .into_iter()
        .filter(|pattern| compiled(&ruleset(&[], std::slice::from_ref(pattern))).is_some())
        .collect();
    let text = ruleset(&terms, &patterns);
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        times.push(timed(|| drop(compiled(&text).unwrap())));
    }
    // Regexes are built when a text first needs them.
    let program = compiled(&text).unwrap();
    scan(&program, &texts[..50_000]);
    let memory = program.memory_bytes();
    println!(
        "\n{} terms and {} regexes: compiled in {:.2} s, {:.1} MB",
        terms.len(),
        patterns.len(),
        times.median().as_secs_f64(),
        mb(memory)
    );
}

/// Scans each text as a message of its own and counts the hits.
fn scan(program: &Program, texts: &[String]) -> u64 {
    let mut scanner = Scanner::new(program);
    let mut hits = Vec::new();
    let mut n_hits = 0;
    for text in texts {
        hits.clear();
        let outcome = scanner.scan(&[Part::authored(Field::Text, text)], &mut hits);
        assert!(!outcome.incomplete);
        n_hits += outcome
            .rules
            .iter()
            .map(|rule| rule.n_hits + rule.n_nested)
            .sum::<u64>();
    }
    n_hits
}

fn program(terms: &[String]) -> Program {
    compiled(&ruleset(terms, &[])).expect("the terms compile")
}

fn compiled(ruleset: &str) -> Option<Program> {
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let id = files.add("bench.yaml", ruleset.to_owned());
    let documents = load(&mut files, &[id], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let program = compile(&documents.iter().collect::<Vec<_>>(), &mut diagnostics);
    (!diagnostics.has_errors()).then_some(program)
}

/// A rule for all of the terms, and one a pattern.
fn ruleset(terms: &[String], patterns: &[String]) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let mut text =
        "lexhold: 1\nruleset: bench\nversion: 1.0.0\nowner: me@example.com\nlexicons:\n  terms:\n  - zzz none\n"
            .to_owned();
    terms
        .iter()
        .for_each(|term| writeln!(text, "  - {}", quoted(term)).unwrap());
    text.push_str("rules:\n");
    let matches = patterns.iter().map(|pattern| format!("{{regex: {}}}", quoted(pattern)));
    for (n, matched) in ["{lexicon: terms}".to_owned()].into_iter().chain(matches).enumerate() {
        writeln!(
            text,
            "- {{id: r{n}, severity: low, why: bench, match: {matched}, hits: [a, b], misses: [c, d]}}"
        )
        .unwrap();
    }
    text
}

fn messages(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for name in ["ubuntu-irc", "nus-sms", "linux-mips-1996-2009"] {
        let mut reader = lexhold_source::open(&folder.join(format!("{name}.ndjson.zst")), Options::default()).unwrap();
        while let Some(chunk) = reader.next().unwrap() {
            texts.extend(chunk.batch.rows().map(|row| row.text().unwrap_or_default().to_owned()));
        }
    }
    assert_eq!(texts.len(), 371_527, "every message is read");
    texts
}

#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    fn median(&self) -> Duration {
        let mut times = self.0.clone();
        times.sort();
        times[times.len() / 2]
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    lexhold_benches::clock::timed(work).1
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
