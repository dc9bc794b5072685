//! Public rule and term collections, imported, compiled and run over real messages.
//!
//! What of each collection is carried over, and why the rest is not, is pinned in `collections.txt` beside this file. With
//! `UPDATE_SNAPSHOTS=1` and one thread it is written anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests panic, read the collections, and say when they skip"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use lexhold_document::{Diagnostics, Files, Level, OpenError, load};
use lexhold_import::{Format, Imported, Options, Words, import};
use lexhold_model::{Field, Severity};
use lexhold_rules::{Part, Program, Scanner, check_examples, compile};

/// Messages of each corpus that a collection is run over.
const MESSAGES: usize = 100;

/// A collection: its file, its format, and where in a word list the words are.
struct Collection {
    file: &'static str,
    format: Format,
    column: Option<&'static str>,
    field: Option<&'static str>,
    separator: Option<&'static str>,
}

const fn rules(file: &'static str, format: Format) -> Collection {
    Collection {
        file,
        format,
        column: None,
        field: None,
        separator: None,
    }
}

const fn words(file: &'static str) -> Collection {
    rules(file, Format::WordList)
}

const COLLECTIONS: [Collection; 14] = [
    rules("gitleaks.toml", Format::Gitleaks),
    rules("kingfisher_rules.jsonl", Format::Kingfisher),
    rules("noseyparker_rules.jsonl", Format::NoseyParker),
    rules("presidio_recognizers.json", Format::Presidio),
    rules("spamassassin_rules.jsonl", Format::SpamAssassin),
    words("disposable_email_domains.txt"),
    Collection {
        field: Some("match"),
        separator: Some("|"),
        ..words("dsojevic_profanity_emoji.json")
    },
    Collection {
        field: Some("match"),
        separator: Some("|"),
        ..words("dsojevic_profanity_en.json")
    },
    words("english_words.txt"),
    Collection {
        column: Some("name"),
        ..words("issuer_names.tsv")
    },
    Collection {
        field: Some("term"),
        ..words("ldnoobw.jsonl")
    },
    Collection {
        column: Some("name"),
        ..words("ofac_sdn_names.tsv")
    },
    words("rustrict_false_positives.txt"),
    Collection {
        column: Some("word"),
        ..words("rustrict_profanity.csv")
    },
];

#[test]
fn import_gitleaks() {
    check(0);
}

#[test]
fn import_kingfisher() {
    check(1);
}

#[test]
fn import_noseyparker() {
    check(2);
}

#[test]
fn import_presidio() {
    check(3);
}

#[test]
fn import_spamassassin() {
    check(4);
}

#[test]
fn import_word_lists() {
    (5..COLLECTIONS.len()).for_each(check);
}

/// Imports one collection, tries what comes out, and compares it to its record.
fn check(index: usize) {
    let collection = &COLLECTIONS[index];
    let Some(text) =
        shared(&format!("lexicons/{}", collection.file)).map(|path| std::fs::read_to_string(path).unwrap())
    else {
        return;
    };
    let owned = |text: Option<&str>| text.map(String::from);
    let options = Options {
        name: "collection".to_owned(),
        owner: "tests@example.com".to_owned(),
        origin: collection.file.to_owned(),
        severity: Severity::Medium,
        words: Words {
            column: owned(collection.column),
            field: owned(collection.field),
            separator: owned(collection.separator),
        },
    };
    let imported = import(collection.format, &text, &options).unwrap();
    let whole = imported.losses.iter().filter(|loss| loss.whole).count();
    assert_eq!(
        imported.n_carried + whole,
        imported.n_read,
        "{}: the counts add up",
        collection.file
    );
    let program = program(&imported);
    let own = (0..program.rules().len()).filter(|rule| program.rules()[*rule].document == options.name);
    for rule in own {
        let failures = check_examples(&program, u32::try_from(rule).unwrap());
        assert!(failures.is_empty(), "{}: {failures:?}", program.rules()[rule].id);
    }
    scan(&program, collection.file);
    compare(collection.file, &record(collection.file, &imported));
}

/// The documents compiled together, lexicons with a rule that looks for them.
fn program(imported: &Imported) -> Program {
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let mut roots: Vec<_> = imported
        .documents
        .iter()
        .map(|document| files.add(&format!("{}.yaml", document.name), document.yaml.clone()))
        .collect();
    if imported
        .documents
        .iter()
        .all(|document| document.yaml.contains("\nlexicon: "))
    {
        let names: Vec<&str> = imported
            .documents
            .iter()
            .map(|document| document.name.as_str())
            .collect();
        let rule = format!(
            "lexhold: 1\nruleset: words\nversion: 1.0.0\nowner: tests@example.com\nrules:\n- id: any\n  severity: low\n  why: \
             A word of the list.\n  match: {{ lexicon: [{}] }}\n  hits: [a, b]\n  misses: [c, d]\n",
            names.join(", ")
        );
        roots.push(files.add("words.yaml", rule));
    }
    let documents = load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let program = compile(&documents.iter().collect::<Vec<_>>(), &mut diagnostics);
    let errors: Vec<_> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    program
}

/// Runs a program over some messages of every corpus; each has to be scanned to its end.
fn scan(program: &Program, file: &str) {
    let mut scanner = Scanner::new(program);
    let mut hits = Vec::new();
    for corpus in ["linux-mips-1996-2009", "nus-sms", "ubuntu-irc"] {
        let Some(path) = shared(&format!("messages/{corpus}.ndjson.zst")) else {
            continue;
        };
        let lines = BufReader::new(zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap()).lines();
        for line in lines.take(MESSAGES) {
            let message: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            let text = message["text"].as_str().unwrap_or_default();
            hits.clear();
            let outcome = scanner.scan(&[Part::authored(Field::Text, text)], &mut hits);
            assert!(!outcome.incomplete, "{file} over {}", message["id"]);
        }
    }
}

/// What is kept of an import: counts, and the losses by reason.
fn record(file: &str, imported: &Imported) -> String {
    let mut reasons: BTreeMap<(bool, &str, &str), usize> = BTreeMap::new();
    for loss in &imported.losses {
        *reasons.entry((!loss.whole, loss.what, loss.reason)).or_default() += 1;
    }
    let mut record = format!(
        "{file}: {} of {} carried over, {} documents\n",
        imported.n_carried,
        imported.n_read,
        imported.documents.len()
    );
    for ((part, what, reason), count) in reasons {
        let sort = if part { "in part" } else { "whole" };
        writeln!(record, "{count:>8}  {sort:<8}{what:<12}{reason}").unwrap();
    }
    record
}

fn compare(file: &str, record: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collections.txt");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let is_of = |part: &&str| part.starts_with(&format!("{file}: "));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let mut parts: Vec<&str> = kept.split_inclusive("\n\n").filter(|part| !is_of(part)).collect();
        let record = format!("{record}\n");
        parts.push(&record);
        parts.sort_unstable();
        std::fs::write(&path, parts.concat()).unwrap();
        return;
    }
    let part = kept.split_inclusive("\n\n").find(is_of).unwrap_or_default();
    assert_eq!(
        part.trim_end(),
        record.trim_end(),
        "the record in {} is another",
        path.display()
    );
}

/// A file of the corpora, which lie beside the repository where they are at all.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora")
        .join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}
