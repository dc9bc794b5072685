//! Regexes, measured: public collections of them over the corpora, against a plain loop over crate `regex` in the same
//! run, and against Hyperscan.
//!
//! `cargo bench --bench patterns` measures Lexhold and the loop. With `-- --python PYTHON`, an interpreter that has the
//! package `hyperscan`, that is measured too. The input is the corpora beside the repository; without them nothing is
//! measured. Every hit of the loop has to be one of Lexhold's, rule by rule. Ratios within one run are what counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use lexhold_document::{Diagnostics, Files, OpenError, load};
use lexhold_model::{Field, PartKind};
use lexhold_rules::{Part, Program, Scanner, compile};
use lexhold_source::Options;
use regex::Regex;

/// How often each figure is taken; the median is told.
const ROUNDS: usize = 3;

/// Bytes of the messages that Lexhold and Hyperscan scan.
const SAMPLE_BYTES: usize = 6_000_000;

/// The loop scans every so many of them, because it is slow.
const LOOP_STEP: usize = 20;

fn main() {
    if let Some(input) = std::env::args().skip_while(|arg| arg != "--compile").nth(1) {
        return compile_once(Path::new(&input));
    }
    let corpora = root().join("../shared/corpora");
    if !corpora.is_dir() {
        println!("the corpora are not beside the repository: nothing is measured");
        return;
    }
    let texts = sample(&corpora.join("messages"));
    println!(
        "{} messages, {:.1} MB of ASCII text; the loop scans one in {LOOP_STEP}",
        texts.len(),
        mb(bytes(&texts))
    );
    let lexicons = corpora.join("lexicons");
    let secrets = accepted([kingfisher(&lexicons), gitleaks(&lexicons)].concat());
    against_the_loop("kingfisher and gitleaks", &secrets, &texts);
    against_the_loop("presidio", &accepted(presidio(&lexicons)), &texts);
    compilation(&secrets, &lexicons);
    hostile();
}

/// A collection beside the plain loop, without the patterns that are run on every text.
fn against_the_loop(name: &str, sources: &[String], texts: &[String]) {
    let program = program(sources);
    let always = program.always_run();
    println!(
        "\n{name}: {} regexes, {} of them with neither literal nor digits",
        sources.len(),
        always.len()
    );
    let bearing: Vec<String> = (0..)
        .zip(sources)
        .filter(|(rule, _)| !always.contains(rule))
        .map(|(_, source)| source.clone())
        .collect();
    let sets = [("those with one", &bearing[..]), ("all", sources)];
    for (which, sources) in sets.into_iter().filter(|(_, sources)| !sources.is_empty()) {
        let (program, regexes) = (self::program(sources), regexes(sources));
        let few: Vec<String> = texts.iter().step_by(LOOP_STEP).cloned().collect();
        let (mut ours, mut loops, mut n_hits) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            let mut expected = Vec::new();
            loops.push(timed(|| expected = plain_loop(&regexes, &few)));
            for (source, (expected, found)) in sources.iter().zip(expected.iter().zip(scan(&program, &few))) {
                assert_eq!(*expected, found, "hits of {source}");
            }
            ours.push(timed(|| n_hits = scan(&program, texts).iter().sum::<u64>()));
        }
        let (ours, loops) = (median(ours), median(loops));
        let speed = mb(bytes(texts)) / ours.as_secs_f64();
        let loop_speed = mb(bytes(&few)) / loops.as_secs_f64();
        println!(
            "  {which:<16} {:>5} regexes  loop {loop_speed:>6.2} MB/s  Lexhold {speed:>6.1} MB/s  {:>6.1} times  {n_hits} hits",
            sources.len(),
            speed / loop_speed,
        );
        hyperscan(sources, texts, ours);
    }
}

/// The same patterns and texts for Hyperscan, which takes fewer of them.
fn hyperscan(sources: &[String], texts: &[String], ours: Duration) {
    let Some(python) = std::env::args().skip_while(|arg| arg != "--python").nth(1) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.json");
    fs::write(&input, serde_json::to_vec(&(sources, texts)).unwrap()).unwrap();
    let output = Command::new(python)
        .arg(root().join("benches/hyperscan_patterns.py"))
        .arg(&input)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (n_compiled, compiling, by_message, buffer): (usize, f64, f64, f64) =
        serde_json::from_slice(&output.stdout).unwrap();
    println!(
        "  Hyperscan takes  {n_compiled:>5}, compiled in {compiling:.2} s; a call a message {:.1} MB/s, one buffer {:.1} MB/s; Lexhold on all {:.2} and {:.2} times that",
        mb(bytes(texts)) / by_message,
        mb(bytes(texts)) / buffer,
        by_message / ours.as_secs_f64(),
        buffer / ours.as_secs_f64(),
    );
}

/// How long it takes to compile 700 regexes, and with 20,000 terms beside them. Each is done in a process of its own,
/// whose memory tells the size of the program.
fn compilation(sources: &[String], lexicons: &Path) {
    let sources = &sources[..700.min(sources.len())];
    let rule = "- {id: names, severity: low, why: bench, match: {lexicon: names}, hits: [a, b], misses: [c, d]}\n";
    let (regexes, both) = (ruleset(sources, ""), ruleset(sources, rule));
    println!("\ncompiling, documents read");
    for (name, texts) in [
        ("700 regexes", vec![regexes]),
        ("and 20,000 terms", vec![both, names(lexicons)]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input.json");
        fs::write(&input, serde_json::to_vec(&texts).unwrap()).unwrap();
        let runs = (0..ROUNDS).map(|_| {
            let this = std::env::current_exe().unwrap();
            let output = Command::new(this).arg("--compile").arg(&input).output().unwrap();
            serde_json::from_slice::<(f64, usize)>(&output.stdout).unwrap()
        });
        let (times, sizes): (Vec<f64>, Vec<usize>) = runs.unzip();
        let time = median(times.into_iter().map(Duration::from_secs_f64).collect());
        let size = sizes.into_iter().max().unwrap();
        println!("  {name:<20} {:>6.0} ms, {:.0} MB", time.as_secs_f64() * 1e3, mb(size));
    }
}

/// Compiles documents once, and tells the seconds and how much memory the program takes.
fn compile_once(input: &Path) {
    let texts: Vec<String> = serde_json::from_slice(&fs::read(input).unwrap()).unwrap();
    let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
    let texts = texts.into_iter().enumerate();
    let roots: Vec<_> = texts.map(|(n, text)| files.add(&format!("{n}.yaml"), text)).collect();
    let documents = load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let documents: Vec<_> = documents.iter().collect();
    let before = resident_bytes();
    let begun = Instant::now();
    let program = compile(&documents, &mut diagnostics);
    let time = begun.elapsed();
    assert!(!diagnostics.has_errors() && !program.rules().is_empty());
    let size = resident_bytes().saturating_sub(before);
    println!("{}", serde_json::to_string(&(time.as_secs_f64(), size)).unwrap());
}

/// A lexicon of 20,000 names.
fn names(lexicons: &Path) -> String {
    let names = fs::read_to_string(lexicons.join("ofac_sdn_names.tsv")).unwrap();
    let plain = |name: &str| {
        let words = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ").to_lowercase()
    };
    let names = names.lines().skip(1).filter_map(|line| line.split('\t').nth(2));
    let mut terms: Vec<String> = names.map(plain).filter(|name| !name.is_empty()).collect();
    terms.sort_unstable();
    terms.dedup();
    terms.truncate(20_000);
    format!(
        "lexhold: 1\nlexicon: names\nowner: bench\nterms: {}\n",
        serde_json::to_string(&terms).unwrap()
    )
}

/// Patterns that read the text over and over, on text made for them.
fn hostile() {
    println!("\nhostile text, doubled");
    let cases = [
        ("read to the end each time", ".*[^A-Z]|[A-Z]", "A"),
        ("candidates everywhere", "skype.{0,40}x", "skype"),
        ("nested counters", "(?:a{1,5}){1,5}{1,5}b", "a"),
        ("a literal in front of all", "[a-z]+@[a-z]+x", "a@"),
        ("digits everywhere", r"\b\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}\b", "1234 "),
    ];
    for (name, source, unit) in cases {
        let program = program(&[source.to_owned()]);
        let of = |n_bytes: usize| vec![unit.repeat(n_bytes / unit.len())];
        let (once, twice) = (of(256 * 1024), of(512 * 1024));
        let plain = vec!["please call me when you can ".repeat(9_362)];
        let time = |texts: &[String]| median((0..ROUNDS).map(|_| timed(|| drop(scan_any(&program, texts)))).collect());
        let (plain, once, twice) = (time(&plain), time(&once), time(&twice));
        println!(
            "  {name:<28} {:>8.2} ms, doubled {:>5.2} times; {:>6.2} times plain text",
            once.as_secs_f64() * 1e3,
            twice.as_secs_f64() / once.as_secs_f64(),
            once.as_secs_f64() / plain.as_secs_f64(),
        );
    }
}

/// The hits of each regex in all texts.
fn plain_loop(regexes: &[Regex], texts: &[String]) -> Vec<u64> {
    let hits = |regex: &Regex| texts.iter().map(|text| regex.find_iter(text).count() as u64).sum();
    regexes.iter().map(hits).collect()
}

/// The hits of each rule in all texts, each scanned to its end.
fn scan(program: &Program, texts: &[String]) -> Vec<u64> {
    let (counts, incomplete) = scan_any(program, texts);
    assert!(!incomplete);
    counts
}

fn scan_any(program: &Program, texts: &[String]) -> (Vec<u64>, bool) {
    let mut scanner = Scanner::new(program);
    let mut counts = vec![0; program.rules().len()];
    let mut hits = Vec::new();
    let mut incomplete = false;
    for text in texts {
        hits.clear();
        let part = Part {
            field: Field::Text,
            base: 0,
            text,
            kind: PartKind::Authored,
        };
        let outcome = scanner.scan(&[part], &mut hits);
        incomplete |= outcome.incomplete;
        outcome
            .rules
            .iter()
            .for_each(|rule| counts[rule.rule as usize] += rule.n_hits);
    }
    (counts, incomplete)
}

fn regexes(sources: &[String]) -> Vec<Regex> {
    sources.iter().map(|source| Regex::new(source).unwrap()).collect()
}

/// The patterns that both crate `regex` and the rule language take.
fn accepted(sources: Vec<String>) -> Vec<String> {
    let taken = |source: &String| {
        let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
        try_program(&ruleset(std::slice::from_ref(source), ""), &mut files, &mut diagnostics);
        !diagnostics.has_errors() && Regex::new(source).is_ok()
    };
    sources.into_iter().filter(taken).collect()
}

fn program(sources: &[String]) -> Program {
    let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
    let program = try_program(&ruleset(sources, ""), &mut files, &mut diagnostics);
    assert!(!diagnostics.has_errors());
    program
}

fn try_program(text: &str, files: &mut Files, diagnostics: &mut Diagnostics) -> Program {
    let root = files.add("bench.yaml", text.to_owned());
    let documents = load(files, &[root], &mut |_| Err(OpenError::NotFound), diagnostics);
    compile(&documents.iter().collect::<Vec<_>>(), diagnostics)
}

/// One rule a pattern, on the raw view, so that case counts as in crate `regex`.
fn ruleset(sources: &[String], more: &str) -> String {
    let mut text = "lexhold: 1\nruleset: bench\nversion: 1.0.0\nowner: bench\nrules:\n".to_owned();
    for (n, source) in sources.iter().enumerate() {
        let source = serde_json::to_string(source).unwrap();
        writeln!(
            text,
            "- {{id: r{n}, severity: low, why: bench, view: raw, match: {{regex: {source}}}, hits: [a, b], misses: [c, d]}}"
        )
        .unwrap();
    }
    text + more
}

fn kingfisher(lexicons: &Path) -> Vec<String> {
    let lines = fs::read_to_string(lexicons.join("kingfisher_rules.jsonl")).unwrap();
    let regex = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["regex"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    lines.lines().map(regex).collect()
}

fn gitleaks(lexicons: &Path) -> Vec<String> {
    let file = fs::read_to_string(lexicons.join("gitleaks.toml")).unwrap();
    let rules = file.split("[[rules]]").skip(1);
    let regex = |rule: &str| Some(rule.split_once("\nregex = '''")?.1.split_once("'''")?.0.to_owned());
    rules.filter_map(regex).collect()
}

fn presidio(lexicons: &Path) -> Vec<String> {
    let file = fs::read_to_string(lexicons.join("presidio_recognizers.json")).unwrap();
    let recognizers: Vec<serde_json::Value> = serde_json::from_str(&file).unwrap();
    let patterns = recognizers
        .iter()
        .flat_map(|recognizer| recognizer["patterns"].as_array().unwrap());
    patterns
        .map(|pattern| pattern["regex"].as_str().unwrap().to_owned())
        .collect()
}

/// Every so many messages of all corpora, those in ASCII, where classes of ASCII and of Unicode are one.
fn sample(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "zst"));
    paths.sort_unstable();
    let mut texts = Vec::new();
    for path in paths {
        let mut reader = lexhold_source::open(&path, Options::default()).unwrap();
        while let Some(chunk) = reader.next().unwrap() {
            texts.extend(chunk.batch.rows().filter_map(|row| row.text().map(String::from)));
        }
    }
    texts.retain(|text| text.is_ascii() && !text.is_empty());
    let step = bytes(&texts) / SAMPLE_BYTES + 1;
    texts.into_iter().step_by(step).collect()
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn bytes(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// What the process holds in memory; nought where the system does not tell.
fn resident_bytes() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|pages| pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()));
    pages.unwrap_or(0) * 4096
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
