//! `fmt`: documents in their one layout, written only when every one of them can be read.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use lexhold_document::{Diagnostics, FileId, Files, Level, NotFormatted, format, limits};
use lexhold_evaluate::shape_of;
use similar::TextDiff;

use crate::args::Fmt;
use crate::failure::{Exit, Failure, OrExit};
use crate::files::{cannot_read, write_document, yaml_files};
use crate::render;
use crate::settings::Settings;
use crate::terminal::{colour_on_stderr, say};

/// A file in its layout.
struct LaidOut {
    /// Where it is written to; `None` for stdin.
    path: Option<PathBuf>,
    file: FileId,
    text: String,
}

/// Lays documents out, or says which would change.
pub fn fmt(settings: &Settings, args: &Fmt) -> anyhow::Result<Exit> {
    let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
    let mut laid_out = Vec::new();
    for (path, bytes) in sources(settings, args)? {
        let name = path
            .as_ref()
            .map_or_else(|| args.stdin_filename.clone(), |path| path.display().to_string());
        let Some(file) = files.add_bytes(&name, bytes, &mut diagnostics) else {
            continue;
        };
        match format(&files, file, shape_of, &mut diagnostics) {
            Ok(text) => laid_out.push(LaidOut { path, file, text }),
            Err(NotFormatted::Unreadable) => {}
            Err(NotFormatted::Unproven) => return Err(unproven(&name).into()),
        }
    }
    refuse(settings, &files, diagnostics)?;
    let n_files = laid_out.len();
    let only_told = args.check || args.diff;
    // From stdin to stdout goes what is as it should be, too.
    laid_out.retain(|one| one.text != files.text(one.file) || (one.path.is_none() && !only_told));
    if args.diff {
        print_changes(&files, &laid_out)?;
    } else if args.check {
        let mut out = std::io::stdout().lock();
        for one in &laid_out {
            writeln!(out, "{}", lexhold_document::printable(files.path(one.file)))?;
        }
    } else {
        laid_out.iter().try_for_each(write)?;
    }
    if !settings.quiet && (only_told || !from_stdin(args)) {
        let would = if only_told { "would be " } else { "" };
        let noun = if n_files == 1 { "file" } else { "files" };
        say(&format!("fmt: {} of {n_files} {noun} {would}changed", laid_out.len()));
    }
    Ok(if only_told && !laid_out.is_empty() {
        Exit::Negative
    } else {
        Exit::Done
    })
}

/// Whether stdin is what is laid out.
fn from_stdin(args: &Fmt) -> bool {
    args.paths.iter().any(|path| path == Path::new("-"))
}

/// Every file that is to be laid out: its path, unless it is stdin, and what it holds.
fn sources(settings: &Settings, args: &Fmt) -> anyhow::Result<Vec<(Option<PathBuf>, Vec<u8>)>> {
    if from_stdin(args) {
        if args.paths.len() > 1 {
            return Err(Failure::new(Exit::Usage, "`-` is stdin, and goes with no other path").into());
        }
        let mut bytes = Vec::new();
        // One more than a document may have is enough to refuse it.
        std::io::stdin()
            .lock()
            .take(limits::FILE_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .or_exit(Exit::Policy, "cannot read stdin")?;
        return Ok(vec![(None, bytes)]);
    }
    let paths = if args.paths.is_empty() {
        settings.documents_there()
    } else {
        args.paths.clone()
    };
    let found = yaml_files(&paths)?;
    if found.is_empty() {
        return Err(Failure::new(Exit::Policy, "no YAML file was found").into());
    }
    found
        .into_iter()
        .map(|path| {
            let bytes = std::fs::read(&path).map_err(|error| cannot_read(&path, &error))?;
            Ok((Some(path), bytes))
        })
        .collect()
}

fn write(one: &LaidOut) -> anyhow::Result<()> {
    match &one.path {
        Some(path) => {
            write_document(path, one.text.as_bytes())
                .or_exit(Exit::Data, &format!("cannot write {}", path.display()))?;
        }
        None => std::io::stdout().lock().write_all(one.text.as_bytes())?,
    }
    Ok(())
}

fn unproven(path: &str) -> Failure {
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

fn print_changes(files: &Files, changes: &[LaidOut]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for change in changes {
        let path = lexhold_document::printable(files.path(change.file));
        let diff = TextDiff::from_lines(files.text(change.file), &change.text);
        write!(out, "{}", diff.unified_diff().header(&path, &path))?;
    }
    Ok(())
}
