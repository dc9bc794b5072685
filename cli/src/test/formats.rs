//! Results for machines: JSON, JUnit, annotations, TAP 14, and lcov for what tests have seen.
//!
//! Every string of a document is escaped twice over: control and bidirectional characters as everywhere, and then as the
//! format wants it.

use std::collections::BTreeMap;

use askama::Template;
use lexhold_document::{Files, Place, printable};
use lexhold_evaluate::{CaseResult, Mismatch, Outcome};
use serde_json::{Value, json};

use super::Report;
use super::coverage::{Coverage, Share};
use super::text::{at, details};
use crate::forms::github::Annotation;
use crate::forms::junit::{Case, Junit};
use crate::render;

/// One JSON document.
pub fn json(files: &Files, report: &Report, ok: bool) -> String {
    let tests: Vec<Value> = report.results.iter().map(|result| test(files, result)).collect();
    let value = json!({
        "schema": "lexhold/test/1",
        "ok": ok,
        "passed": report.count("pass"),
        "failed": report.count("fail"),
        "todo": report.count("todo"),
        "errors": report.count("error"),
        "tests": tests,
        "mutants": report.mutants.as_ref().map(|mutants| mutants.json(files)),
        "coverage": report.coverage.as_ref().map(|coverage| covered(files, coverage)),
    });
    format!("{value:#}\n")
}

fn test(files: &Files, result: &CaseResult) -> Value {
    let (mut todo, mut wrong, mut errors) = (None, Vec::new(), Vec::new());
    match &result.outcome {
        Outcome::Pass => {}
        Outcome::Todo(why) => todo = Some(why),
        Outcome::Fail(mismatches) => wrong = mismatches.iter().map(|one| mismatch(files, one)).collect(),
        Outcome::Error(diagnostics) => errors = diagnostics.iter().map(|one| render::json(files, one)).collect(),
    }
    json!({
        "name": result.name,
        "file": files.path(result.place.file),
        "span": render::span(files, result.place),
        "outcome": result.outcome.as_str(),
        "todo": todo,
        "mismatches": wrong,
        "diagnostics": errors,
    })
}

fn mismatch(files: &Files, wrong: &Mismatch) -> Value {
    json!({
        "what": wrong.what,
        "expected": wrong.expected,
        "found": wrong.found,
        "file": files.path(wrong.place.file),
        "span": render::span(files, wrong.place),
    })
}

fn covered(files: &Files, coverage: &Coverage) -> Value {
    let share = |share: Share| json!({"seen": share.seen, "of": share.of});
    let by_file = coverage.by_file(files);
    let by_file: Vec<Value> = by_file
        .into_iter()
        .map(|(file, of)| json!({"file": file, "seen": of.seen, "of": of.of}))
        .collect();
    let unseen: Vec<Value> = coverage
        .unseen()
        .map(|(unit, side)| {
            json!({
                "what": unit.what.as_str(),
                "name": unit.name,
                "never": side,
                "file": files.path(unit.place.file),
                "span": render::span(files, unit.place),
            })
        })
        .collect();
    json!({"total": share(coverage.total()), "files": by_file, "uncovered": unseen})
}

/// JUnit's XML: a suite a file, a case a test.
pub fn junit(files: &Files, report: &Report) -> anyhow::Result<String> {
    let cases = report.results.iter().map(|result| Case {
        file: files.path(result.place.file),
        name: &result.name,
        line: files.position(result.place).0,
        outcome: result.outcome.as_str(),
        message: message(result),
        lines: details(files, result).lines().map(str::to_owned).collect(),
    });
    Ok(Junit::new("lexhold test", cases).render()?)
}

/// What went wrong with a test, or why it is not expected to pass, in one line.
fn message(result: &CaseResult) -> String {
    let first = match &result.outcome {
        Outcome::Pass => None,
        Outcome::Todo(why) => Some(why.clone()),
        Outcome::Fail(wrong) => wrong
            .first()
            .map(|one| format!("{}: expected {}, found {}", one.what, one.expected, one.found)),
        Outcome::Error(errors) => errors.first().map(|error| format!("{}: {}", error.code, error.message)),
    };
    first.unwrap_or_default()
}

/// Tests that did not come out as written, each beside its line.
pub fn annotations(files: &Files, report: &Report) -> Vec<Annotation> {
    let wrong = |result: &&CaseResult| matches!(result.outcome, Outcome::Fail(_) | Outcome::Error(_));
    let shown = report.results.iter().filter(wrong).map(|result| {
        let (line, column) = files.position(result.place);
        Annotation {
            is_error: true,
            at: Some((files.path(result.place.file).to_owned(), line, column)),
            title: result.name.clone(),
            message: message(result),
        }
    });
    shown.collect()
}

/// The Test Anything Protocol, version 14.
pub fn tap(files: &Files, report: &Report) -> String {
    let mut lines = vec!["TAP version 14".to_owned(), format!("1..{}", report.results.len())];
    for (number, result) in (1..).zip(&report.results) {
        let word = match result.outcome {
            Outcome::Pass => "ok",
            Outcome::Fail(_) | Outcome::Error(_) | Outcome::Todo(_) => "not ok",
        };
        let todo = match &result.outcome {
            Outcome::Todo(why) => format!(" # TODO {}", described(why)),
            _ => String::new(),
        };
        let place = described(&at(files, result.place));
        lines.push(format!("{word} {number} - {place}: {}{todo}", described(&result.name)));
        lines.extend(block(files, result));
    }
    lines.join("\n") + "\n"
}

/// What TAP takes for something else in a description is escaped.
fn described(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// The YAML block below a test; JSON is YAML.
fn block(files: &Files, result: &CaseResult) -> Vec<String> {
    let item = |place: Option<Place>, what: &str, expected: &str, found: &str| {
        let place = place.map(|place| at(files, place));
        let shown = [Some(what), Some(expected), Some(found)].map(|text| text.map(printable));
        let [what, expected, found] = shown;
        format!(
            "    - {}",
            json!({"at": place, "what": what, "expected": expected, "found": found})
        )
    };
    let items: Vec<String> = match &result.outcome {
        Outcome::Fail(wrong) => wrong
            .iter()
            .map(|one| item(Some(one.place), one.what, &one.expected, &one.found))
            .collect(),
        Outcome::Error(errors) => errors
            .iter()
            .map(|error| item(error.place, error.code, "a test that can be run", &error.message))
            .collect(),
        Outcome::Pass | Outcome::Todo(_) => return Vec::new(),
    };
    let head = ["  ---".to_owned(), "  wrong:".to_owned()];
    head.into_iter().chain(items).chain(["  ...".to_owned()]).collect()
}

/// What tests have seen, in lcov's trace format: a line with units counts as hit as often as the rarest side on it.
pub fn lcov(files: &Files, coverage: &Coverage) -> String {
    let mut by_file: BTreeMap<String, BTreeMap<usize, Vec<u64>>> = BTreeMap::new();
    for counted in &coverage.units {
        let (line, _) = files.position(counted.unit.place);
        let path = printable(files.path(counted.unit.place.file));
        by_file
            .entry(path)
            .or_default()
            .entry(line)
            .or_default()
            .extend(&counted.seen);
    }
    let mut lines = Vec::new();
    for (path, of_file) in by_file {
        lines.push(format!("TN:\nSF:{path}"));
        let (mut sides, mut seen) = (0, 0);
        for (line, counts) in &of_file {
            for (branch, count) in counts.iter().enumerate() {
                lines.push(format!("BRDA:{line},0,{branch},{count}"));
                sides += 1;
                seen += usize::from(*count > 0);
            }
        }
        lines.push(format!("BRF:{sides}\nBRH:{seen}"));
        let hits: Vec<(usize, u64)> = of_file
            .iter()
            .map(|(line, counts)| (*line, counts.iter().copied().min().unwrap_or(0)))
            .collect();
        lines.extend(hits.iter().map(|(line, count)| format!("DA:{line},{count}")));
        let hit = hits.iter().filter(|(_, count)| *count > 0).count();
        lines.push(format!("LF:{}\nLH:{hit}\nend_of_record", hits.len()));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}
