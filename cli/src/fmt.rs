//! `fmt`: documents in their one layout, written only when every one of them can be read.

use std::io::Write;
use std::path::PathBuf;

use lexhold_document::{Diagnostics, FileId, Files, Level, NotFormatted, format};
use lexhold_evaluate::shape_of;
use similar::TextDiff;

use crate::args::Fmt;
use crate::failure::{Exit, Failure, OrExit};
use crate::files::{cannot_read, write_whole, yaml_files};
use crate::render;
use crate::settings::Settings;
use crate::terminal::{colour_on_stderr, say};

/// A file whose layout is another.
struct Change {
    path: PathBuf,
    file: FileId,
    text: String,
}

/// Lays documents out, or says which would change.
pub fn fmt(settings: &Settings, args: &Fmt) -> anyhow::Result<Exit> {
    let paths = if args.paths.is_empty() {
        settings.documents_there()
    } else {
        args.paths.clone()
    };
    let found = yaml_files(&paths)?;
    if found.is_empty() {
        return Err(Failure::new(Exit::Policy, "no YAML file was found").into());
    }
    let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
    let mut changes = Vec::new();
    for path in &found {
        let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
        let Some(file) = files.add_bytes(&path.display().to_string(), bytes, &mut diagnostics) else {
            continue;
        };
        match format(&files, file, shape_of, &mut diagnostics) {
            Ok(text) if text == files.text(file) => {}
            Ok(text) => changes.push(Change {
                path: path.clone(),
                file,
                text,
            }),
            Err(NotFormatted::Unreadable) => {}
            Err(NotFormatted::Unproven) => return Err(unproven(path.display().to_string()).into()),
        }
    }
    refuse(settings, &files, diagnostics)?;
    if args.diff {
        print_changes(&files, &changes)?;
    } else if args.check {
        let mut out = std::io::stdout().lock();
        for change in &changes {
            writeln!(out, "{}", lexhold_document::printable(files.path(change.file)))?;
        }
    } else {
        for Change { path, text, .. } in &changes {
            write_whole(path, text).or_exit(Exit::Data, &format!("cannot write {}", path.display()))?;
        }
    }
    let only_told = args.check || args.diff;
    if !settings.quiet {
        let would = if only_told { "would be " } else { "" };
        let n_files = if found.len() == 1 { "file" } else { "files" };
        say(&format!(
            "fmt: {} of {} {n_files} {would}changed",
            changes.len(),
            found.len()
        ));
    }
    Ok(if only_told && !changes.is_empty() {
        Exit::Negative
    } else {
        Exit::Done
    })
}

fn unproven(path: String) -> Failure {
    let message =
        format!("{path}: its layout cannot be changed without changing what it says, so that no file was changed");
    Failure::new(Exit::Internal, message).help("please report it, with the file if you may")
}

/// Prints why files cannot be read; an error if there is any.
fn refuse(settings: &Settings, files: &Files, diagnostics: Diagnostics) -> anyhow::Result<()> {
    let colour = colour_on_stderr(settings.color);
    let sorted = diagnostics.sorted(files);
    let errors: Vec<_> = sorted.iter().filter(|one| one.level == Level::Error).collect();
    errors
        .iter()
        .for_each(|one| say(&(render::text(files, one, colour) + "\n")));
    if errors.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Policy,
        "there are files that cannot be read, so that no file was changed",
    )
    .into())
}

fn print_changes(files: &Files, changes: &[Change]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for change in changes {
        let path = lexhold_document::printable(files.path(change.file));
        let diff = TextDiff::from_lines(files.text(change.file), &change.text);
        write!(out, "{}", diff.unified_diff().header(&path, &path))?;
    }
    Ok(())
}
