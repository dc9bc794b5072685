//! `test --update`: what came, in place of what was expected. Only expectations that failed are written anew, each where it
//! stands; no expectation is added, none is taken away, and a person reads the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lexhold_document::{FileId, Files, comments, printable};
use lexhold_evaluate::{CaseResult, Instead, Outcome};
use similar::TextDiff;

use crate::failure::{Exit, Failure, OrExit};
use crate::files::write_document;
use crate::load::Project;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Writes expectations anew; the difference, for people to read.
pub fn update(settings: &Settings, project: &Project, results: &[CaseResult]) -> anyhow::Result<String> {
    if project.shipped.is_some() {
        return Err(Failure::new(Exit::Usage, "what is in a bundle cannot be written to")
            .help("name the files that it was built from")
            .into());
    }
    let files = &project.files;
    let wrong = results.iter().filter_map(|result| match &result.outcome {
        Outcome::Fail(wrong) => Some(wrong),
        _ => None,
    });
    let (mut by_file, mut left): (BTreeMap<FileId, BTreeSet<Edit>>, usize) = (BTreeMap::new(), 0);
    for one in wrong.flatten() {
        match one.instead.as_ref().and_then(|instead| edit(files, instead)) {
            Some(edit) => drop(by_file.entry(one.place.file).or_default().insert(edit)),
            None => left += 1,
        }
    }
    let mut shown = String::new();
    for (file, edits) in &by_file {
        shown += &rewrite(files, *file, edits)?;
    }
    if !settings.quiet {
        let changed: usize = by_file.values().map(BTreeSet::len).sum();
        let by_hand = match left {
            0 => String::new(),
            n => format!("; {n} to be changed by hand"),
        };
        say(&format!(
            "update: {} changed in {}{by_hand}",
            counted(changed, "expectation", "expectations"),
            counted(by_file.len(), "file", "files")
        ));
    }
    Ok(shown)
}

/// The bytes that are taken away, and what is put there.
type Edit = (usize, usize, String);

/// What is written; `None` where a comment or a parameter would be lost.
fn edit(files: &Files, instead: &Instead) -> Option<Edit> {
    let place = instead.place;
    let written = files.slice(place);
    let has_comment = comments(files, place.file)
        .iter()
        .any(|comment| place.start <= comment.place.start && comment.place.start < place.end);
    if has_comment || written.contains("${") {
        return None;
    }
    let yaml = if written.starts_with(['"', '\'']) {
        serde_json::Value::from(instead.yaml.as_str()).to_string()
    } else {
        instead.yaml.clone()
    };
    Some((place.start, place.end, yaml))
}

/// Writes a file with its edits; the difference.
fn rewrite(files: &Files, file: FileId, edits: &BTreeSet<Edit>) -> anyhow::Result<String> {
    let (path, before) = (files.path(file), files.text(file));
    let mut after = before.to_owned();
    for (start, end, yaml) in edits.iter().rev() {
        after.replace_range(start..end, yaml);
    }
    write_document(Path::new(path), after.as_bytes()).or_exit(Exit::Data, &format!("cannot write {path}"))?;
    let path = printable(path);
    let diff = TextDiff::from_lines(before, &after);
    Ok(diff.unified_diff().header(&path, &path).to_string())
}
