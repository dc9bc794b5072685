//! What `check` does with the shipped content, and with as many rules as a project may have: from texts to diagnostics, beside
//! what the plain parser needs to read the same texts into a tree.
//!
//! Counts are stated, so that a check that does less fails. `RULES` says how many rules there are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::path::Path;
use std::time::Duration;

use lexhold_benches::clock::timed;
use lexhold_document::{Diagnostics, Document, FileId, Files, OpenError, lint_comments, load};
use lexhold_evaluate::{Bundle, Regulations, check_cases, lint_cites};
use lexhold_policy::Schemas;

/// The limit that Lexhold publishes.
const RULES: usize = 100_000;
const FILES: usize = 20;
const ROUNDS: usize = 3;

fn main() {
    let mut shipped = Vec::new();
    for folder in ["policies/retention", "policies/supervision", "rulesets"] {
        read(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder),
            &mut shipped,
        );
    }
    measured("shipped content", &shipped);
    let n_rules = std::env::var("RULES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(RULES);
    measured("a project at the limit", &generated(n_rules));
}

fn read(folder: &Path, texts: &mut Vec<(String, String)>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            read(&path, texts);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    texts.sort();
}

/// Rulesets of rules that are alike in kind, with words of their own: a phrase, words near each other, a pattern.
fn generated(n_rules: usize) -> Vec<(String, String)> {
    let rule = |n: usize| {
        let matched = match n % 3 {
            0 => format!("{{ phrase: 'guarantee return{n}' }}"),
            1 => format!("{{ near: {{ of: [[move{n}, switch{n}], whatsapp{n}], within: 5 }} }}"),
            _ => format!("{{ regex: 'call me on line{n} [0-9]{{1,6}}', edge: word }}"),
        };
        format!(
            "  - id: rule-{n}\n    severity: medium\n    why: Rule {n} of many.\n    match: {matched}\n    hits: [one{n}, two{n}]\n    \
             misses: [three, four]\n"
        )
    };
    let of_file = |file: usize| {
        let rules: String = (0..n_rules).filter(|n| n % FILES == file).map(rule).collect();
        let head = format!("lexhold: 1\nruleset: set-{file}\nversion: 1.0.0\nowner: me@firm.example\nrules:\n");
        (format!("set-{file}.yaml"), head + &rules)
    };
    (0..FILES).map(of_file).collect()
}

fn measured(what: &str, texts: &[(String, String)]) {
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let mut best = [Duration::MAX; 5];
    let mut counts = (0, 0);
    for _ in 0..ROUNDS {
        let plain = timed(|| {
            let parsed = texts
                .iter()
                .map(|(_, text)| serde_yaml::from_str::<serde_yaml::Value>(text));
            parsed.filter(Result::is_ok).count()
        });
        assert_eq!(plain.0, texts.len());
        let (mut files, mut found) = (Files::new(), Diagnostics::new());
        let roots: Vec<FileId> = texts.iter().map(|(path, text)| files.add(path, text.clone())).collect();
        let mut nothing = |_: &str| Err(OpenError::NotFound);
        let (documents, reading) = timed(|| load(&mut files, &roots, &mut nothing, &mut found));
        let (bundle, compiling) = timed(|| Bundle::compile(&documents, &Schemas::built_in(), &mut found));
        let bundle = bundle.expect("documents without errors");
        let ((), linting) = timed(|| lint(&files, &documents, &bundle, &mut found));
        let times = [plain.1, reading, compiling, linting, reading + compiling + linting];
        for (best, took) in best.iter_mut().zip(times) {
            *best = took.min(*best);
        }
        counts = (bundle.n_rules(), found.len());
    }
    let [plain, reading, compiling, linting, all] = best.map(|took| took.as_secs_f64());
    println!(
        "{what}: {} files, {bytes} bytes, {} rules, {} problems\n  plain parser {plain:.3} s; reading {reading:.3}, compiling {compiling:.3}, \
         lints {linting:.3}; check {all:.3} s, {:.1} times the plain parser",
        texts.len(),
        counts.0,
        counts.1,
        all / plain
    );
}

fn lint(files: &Files, documents: &[Document], bundle: &Bundle, found: &mut Diagnostics) {
    let all: Vec<&Document> = documents.iter().collect();
    check_cases(documents, found);
    for document in documents {
        lint_comments(files, document, found);
    }
    lint_cites(files, &all, &Regulations::new(), found);
    lexhold_rules::lint(&all, bundle.rules(), None, found);
}
