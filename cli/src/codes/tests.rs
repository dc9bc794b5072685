//! Every code has a page, and what the page says is tried.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::date;
use lexhold_document::{Diagnostic, Diagnostics, Files, Kind, Level};
use lexhold_evaluate::{Outcome, compile_directory, run_documents};
use lexhold_policy::Governance;
use lexhold_store::SourceFiles;

use super::page::{Example, Page};
use super::{all, shown};
use crate::files::regulations;
use crate::load::Project;

/// Codes whose examples are too large to try here, or need another disk: where they are raised instead, and by what name.
const ELSEWHERE: [(&str, &str, &str); 17] = [
    ("LX0012", "engine/document/src/read.rs", "[codes::TOO_MANY_NODES]"),
    ("LX0410", "engine/rules/src/compile.rs", "[\"LX0410: "),
    ("LX0420", "engine/rules/src/limits.rs", "\"LX0420\""),
    ("LX0458", "engine/rules/src/disclaimer.rs", "\"LX0458\""),
    ("LX0504", "engine/document/tests/document/imports.rs", "LX0504 "),
    ("LX0505", "engine/document/tests/document/imports.rs", "LX0505 "),
    ("LX0507", "engine/document/tests/document/imports.rs", "LX0507 "),
    ("LX0705", "tests/cli/test.rs", "lexhold: allow LX0705"),
    ("LX1001", "tests/cli/bundle.rs", "\"LX1001\""),
    ("LX1002", "tests/cli/bundle.rs", "\"LX1002\""),
    ("LX1003", "tests/cli/bundle.rs", "\"LX1003\""),
    ("LX1004", "tests/cli/bundle.rs", "\"LX1004\""),
    ("LX1005", "tests/cli/bundle.rs", "\"LX1005\""),
    ("LX1006", "tests/cli/bundle.rs", "\"LX1006\""),
    ("LX1007", "tests/cli/bundle.rs", "(LX1007)"),
    ("LX1008", "tests/cli/bundle.rs", "\"LX1008\""),
    ("LX1009", "tests/cli/bundle.rs", "\"LX1009\""),
];

const RULESET: &str = "lexhold: 1\nruleset: example\nversion: 1.0.0\nowner: surveillance@firm.example\n\
                       lexicons:\n  messengers: [whatsapp, signal, we chat]\nrules:\n";
const RULE: &str =
    "  - id: example\n    severity: medium\n    why: An example.\n    hits: [one, two]\n    misses: [three, four]\n";
const PARTS: &str = "  - {id: promise, severity: low, why: A part., match: promise, hits: [a, b], misses: [c, d]}\n\
                     \x20 - {id: meet, severity: low, why: A part., match: meet, hits: [a, b], misses: [c, d]}\n\
                     \x20 - id: talk\n    severity: low\n    why: An example.\n";
const TALK: &str = "    hits: [[{at: '10:00', from: x, text: a}], [{at: '10:00', from: x, text: a}]]\n\
                    \x20   misses: [[{at: '10:00', from: x, text: c}], [{at: '10:00', from: x, text: c}]]\n    conversation:\n";
const RETENTION: &str = "lexhold: 1\nretention: example\nversion: 1.0.0\nowner: records@firm.example\n";

/// The documents that an example is a piece of.
fn files_of(example: &Example) -> Vec<(String, Vec<u8>)> {
    let text = expanded(&example.text);
    let indented = |by: usize| -> String { text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect() };
    let schedule = |keys: String| format!("{RETENTION}zone: America/New_York\nschedules:\n  - id: example\n{keys}");
    let whole = match example.frame {
        "bytes" => return vec![("a.yaml".into(), unescaped(&text))],
        "match" => format!("{RULESET}{RULE}    match:\n{}", indented(6)),
        "rule" => format!("{RULESET}{RULE}{}", indented(4)),
        "rules" => format!("{RULESET}{}", indented(2)),
        "talk" => format!("{RULESET}{PARTS}{}", indented(4)),
        "conversation" => format!("{RULESET}{PARTS}{TALK}{}", indented(6)),
        "retention" => format!("{RETENTION}{text}"),
        "schedule" => schedule(indented(4)),
        "when" => schedule(format!(
            "    retain: {{ for: P1Y, from: sent }}\n    when: |\n{}",
            indented(6)
        )),
        "hold" => format!("lexhold: 1\nhold: example\nmatter: Orion\nzone: UTC\n{text}"),
        "yaml" | "schema" | "governance" => text,
        other => panic!("there is no frame `{other}`"),
    };
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in whole.split_inclusive('\n') {
        match line.strip_prefix("--- ") {
            Some(name) => files.push((name.trim_end().to_owned(), Vec::new())),
            None if files.is_empty() => files.push(("a.yaml".into(), line.into())),
            None => files.last_mut().unwrap().1.extend(line.as_bytes()),
        }
    }
    files
}

/// `⟨3 × x⟩` is `xxx`.
fn expanded(text: &str) -> String {
    let mut parts = text.split('⟨');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |whole, part| {
        let (repeated, rest) = part.split_once('⟩').unwrap();
        let (count, what) = repeated.split_once(" × ").unwrap();
        whole + &what.repeat(count.parse().unwrap()) + rest
    })
}

/// `\xe9` is that byte, `\u{85}` that character, `\t` a tab.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let rest = match part.split_at(1) {
            ("x", rest) => {
                bytes.push(u8::from_str_radix(&rest[..2], 16).unwrap());
                &rest[2..]
            }
            ("t", rest) => {
                bytes.push(b'\t');
                rest
            }
            (_, rest) => {
                let (code, rest) = rest[1..].split_once('}').unwrap();
                let c = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
                bytes.extend(c.to_string().as_bytes());
                rest
            }
        };
        bytes.extend(rest.as_bytes());
    }
    bytes
}

/// Everything that is said about an example, by whichever verb.
fn told(example: &Example) -> Vec<Diagnostic> {
    let given = files_of(example);
    if example.frame == "governance" {
        let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
        let sources: Vec<_> = given
            .into_iter()
            .filter_map(|(path, bytes)| files.add_bytes(&path, bytes, &mut diagnostics))
            .collect();
        Governance::compile(&files, &sources, &mut diagnostics);
        return diagnostics.sorted(&files);
    }
    let mut project = if example.frame == "schema" {
        Project::stored(Some(&given[0].1), &SourceFiles::new())
    } else {
        Project::stored(None, &given.into_iter().collect())
    };
    if let Some(bundle) = project.compile() {
        project.lint(&bundle, &regulations(&[]).unwrap(), date(2026, 11, 22));
        let directories = project
            .documents
            .iter()
            .filter(|document| document.kind == Kind::Directory);
        for directory in directories {
            if let Some(directory) = compile_directory(directory, &mut Diagnostics::new()) {
                bundle.check_groups(&directory, &mut project.diagnostics);
            }
        }
        let results = run_documents(&bundle, &project.schemas, &project.documents, &mut project.diagnostics);
        for result in results {
            if let Outcome::Error(errors) = result.outcome {
                project.diagnostics.extend(errors);
            }
        }
    }
    project.compile_the_rest();
    project.allow(true);
    project.sorted()
}

#[test]
fn every_code_has_a_page_with_an_example_that_raises_it_and_one_that_does_not() {
    let mut wrong = Vec::new();
    for (code, _) in all() {
        let Some(page) = Page::of(code) else {
            wrong.push(format!("{code} has no page"));
            continue;
        };
        if page.text.is_empty() || page.examples.len() != 2 || !page.examples[0].is_bad || page.examples[1].is_bad {
            wrong.push(format!("{code} wants a text, a bad example and a good one"));
            continue;
        }
        if !ELSEWHERE.iter().any(|(elsewhere, ..)| elsewhere == code) {
            let found = told(&page.examples[0]);
            if !found.iter().any(|one| one.code == *code) {
                let found: Vec<String> = found
                    .iter()
                    .map(|one| format!("{} {}", one.code, one.message))
                    .collect();
                wrong.push(format!("{code} is not raised by its example: {found:?}"));
            }
        }
        // What is typed is no document.
        if page.examples[1].frame == "console" {
            continue;
        }
        let found = told(&page.examples[1]);
        let found: Vec<String> = found
            .iter()
            .filter(|one| one.level == Level::Error || one.code == *code)
            .map(|one| format!("{} {}", one.code, one.message))
            .collect();
        if !found.is_empty() {
            wrong.push(format!("{code}: the good example is not: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_not_tried_here_is_tried_where_it_is_said_to_be() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (code, file, needle) in ELSEWHERE {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(needle), "{file} does not raise {code}");
    }
}

#[test]
fn codes_are_unique_over_all_crates_and_pages_speak_of_codes_that_there_are() {
    let known: Vec<&str> = all().map(|(code, _)| *code).collect();
    let distinct: BTreeSet<&str> = known.iter().copied().collect();
    assert_eq!(distinct.len(), known.len());
    let headings = super::page::FAMILIES.iter().flat_map(|family| family.lines());
    for code in headings.filter_map(|line| line.strip_prefix("## ")) {
        assert!(distinct.contains(code), "there is no {code}");
    }
}

#[test]
fn a_page_says_what_to_do() {
    let page = shown("LX0421", "A word is not one word.");
    assert_eq!(
        page,
        "LX0421: A word is not one word.\n\n`word` takes single words. Write `phrase` for several in a row.\n\n\
         Wrong, under `match`:\n\n    word: wall street\n\nRight, under `match`:\n\n    phrase: wall street\n"
    );
}
