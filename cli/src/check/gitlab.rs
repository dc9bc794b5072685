//! GitLab's code quality report: a list of issues that a merge request shows beside its lines.

use lexhold_document::{Files, Level, printable};
use serde_json::{Value, json};

use super::report::{Report, fingerprints};

/// The problems that have a place; GitLab shows no others.
pub fn gitlab(files: &Files, report: &Report<'_>) -> String {
    let names = fingerprints(files, report.shown);
    let issues: Vec<Value> = report
        .shown
        .iter()
        .zip(names)
        .filter_map(|(one, name)| {
            let place = one.place?;
            let path = files.path(place.file);
            Some(json!({
                "description": printable(&one.message),
                "check_name": one.code,
                "fingerprint": name.to_string(),
                "severity": if one.level == Level::Error { "major" } else { "minor" },
                "location": {
                    "path": path.strip_prefix("./").unwrap_or(path),
                    "lines": { "begin": files.position(place).0 },
                },
            }))
        })
        .collect();
    format!("{:#}\n", Value::from(issues))
}
