//! SARIF 2.1.0, as code scanning reads it.

use std::collections::BTreeSet;

use lexhold_document::{Diagnostic, Files, Place, printable};
use serde_json::{Value, json};

use super::report::{Report, fingerprints};
use crate::codes;
use crate::render;

/// Results that code scanning accepts in one run.
const RESULTS: usize = 25_000;

/// One log with one run.
pub fn sarif(files: &Files, report: &Report<'_>) -> String {
    let all = || {
        let allowed = report
            .allowed
            .iter()
            .map(|one| (&one.diagnostic, Some(one.reason.as_str())));
        report.shown.iter().map(|one| (one, None)).chain(allowed)
    };
    let used: BTreeSet<&str> = all().map(|(one, _)| one.code).collect();
    let used: Vec<&str> = used.into_iter().collect();
    let names = fingerprints(files, all().map(|(one, _)| one));
    let results: Vec<Value> = all()
        .zip(names)
        .take(RESULTS)
        .map(|((one, reason), name)| {
            let mut result = json!({
                "ruleId": one.code,
                "ruleIndex": used.binary_search(&one.code).ok(),
                "level": render::level_name(one.level),
                "message": { "text": render::sentences(one) },
                "locations": one.place.map(|place| location(files, place)).into_iter().collect::<Vec<_>>(),
                "relatedLocations": related(files, one),
                "partialFingerprints": { "lexhold/v1": name.to_string() },
            });
            if let Some(reason) = reason {
                result["suppressions"] = json!([{ "kind": "inSource", "justification": printable(reason) }]);
            }
            result
        })
        .collect();
    let left = (report.n_errors + report.n_warnings + report.allowed.len()).saturating_sub(results.len());
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Lexhold",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": used.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.failure.is_none(),
                "toolExecutionNotifications": notifications(report, left),
            }],
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: &str) -> Value {
    json!({
        "id": code,
        "shortDescription": { "text": codes::title(code) },
        "help": { "text": format!("lexhold explain {code}") },
        "properties": { "tags": [codes::family(code)] },
    })
}

/// Why nothing was checked, and how many problems are not listed.
fn notifications(report: &Report<'_>, left: usize) -> Vec<Value> {
    let note = |level: &str, text: String| json!({ "level": level, "message": { "text": printable(&text) } });
    match &report.failure {
        Some(failure) => vec![note("error", failure.clone())],
        None if left > 0 => vec![note("note", format!("{}; {left} are not listed", report.counted()))],
        None => Vec::new(),
    }
}

fn related(files: &Files, one: &Diagnostic) -> Vec<Value> {
    let places = one.secondary.iter().enumerate().map(|(id, (place, label))| {
        let mut location = location(files, *place);
        location["id"] = json!(id);
        location["message"] = json!({ "text": printable(label) });
        location
    });
    places.collect()
}

fn location(files: &Files, place: Place) -> Value {
    let (start_line, start_column) = files.position_at(place.file, place.start);
    let (end_line, end_column) = files.position_at(place.file, place.end);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(files.path(place.file)) },
        "region": {
            "startLine": start_line,
            "startColumn": start_column,
            "endLine": end_line,
            "endColumn": end_column,
        },
    }})
}

/// A path as a URI: relative as it is, or of a file on this machine.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = if path.starts_with('/') {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_uris() {
        for (path, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("./a b.yaml", "a%20b.yaml"),
            ("ä:b%.yaml", "%C3%A4%3Ab%25.yaml"),
            ("/srv/a.yaml", "file:///srv/a.yaml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
