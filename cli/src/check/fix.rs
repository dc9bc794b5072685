//! `check --fix`: the fixes that are safe, made until there is none left, and each proved before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use lexhold_document::{Diagnostic, FileId, Fix, Level, Place, mend};
use lexhold_model::Digest;

use super::Checked;
use super::report::many;
use crate::failure::{Exit, Failure, OrExit};
use crate::files::{Unsaved, real, write_document, yaml_files};
use crate::forms::diff::unified;
use crate::settings::Settings;
use crate::terminal::say;

/// How often files are read anew: what is mended may show what it has hidden, as deep as documents are nested.
const ROUNDS: usize = 10;

/// Files with fixes made in them.
#[derive(Default)]
pub struct Mended {
    /// Each file that changes: its path, its text as it was, and the new one.
    files: Vec<(PathBuf, String, String)>,
    /// How many fixes were made in all.
    pub n_fixed: usize,
}

/// Makes every safe fix in the files under these paths, and checks again until there is none left.
///
/// Errors are mended first. Once no error can be, warnings are, and then every document has to say what it said before, by its
/// digest. Imported files that lie elsewhere are left as they are.
///
/// # Errors
/// When a fix cannot be proved to do what it says; no file has been changed then.
pub fn fix(settings: &Settings, paths: &[PathBuf], first: &Checked) -> anyhow::Result<(Mended, Option<Checked>)> {
    if first.project.shipped.is_some() {
        let message = "a bundle is signed as it is, and cannot be changed";
        return Err(Failure::new(Exit::Usage, message)
            .help("fix the files that it was built of")
            .into());
    }
    let ours: BTreeSet<String> = yaml_files(paths)?
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let mut texts = Unsaved::new();
    let mut changed: BTreeMap<String, String> = BTreeMap::new();
    let mut n_fixed = 0;
    let mut last: Option<Checked> = None;
    for n_rounds in 0.. {
        let before = last.as_ref().unwrap_or(first);
        let Some(round) = Round::of(before, &ours) else { break };
        if n_rounds == ROUNDS {
            return Err(unproven("the fixes come to no end").into());
        }
        for (file, text, n_made) in round.mended(before) {
            let path = before.project.files.path(file);
            texts.insert(real(Path::new(path)), text.clone());
            changed.insert(path.to_owned(), text);
            n_fixed += n_made;
        }
        let after = Checked::of_paths(settings, paths, texts.clone())?;
        round.prove(before, &after)?;
        last = Some(after);
    }
    let files = changed.into_iter().filter_map(|(path, text)| {
        let was = first
            .project
            .files
            .find(&path)
            .map(|file| first.project.files.text(file).to_owned())?;
        Some((PathBuf::from(path), was, text))
    });
    let files = files.collect();
    Ok((Mended { files, n_fixed }, last))
}

/// The safe fixes of one level in each file.
struct Round<'c> {
    level: Level,
    by_file: BTreeMap<FileId, Vec<&'c Diagnostic>>,
}

impl<'c> Round<'c> {
    /// What can be mended: errors, or warnings where no error can be.
    fn of(compiled: &'c Checked, ours: &BTreeSet<String>) -> Option<Self> {
        let of_level = |level: Level| {
            let mut by_file: BTreeMap<FileId, Vec<&Diagnostic>> = BTreeMap::new();
            let fixable = compiled
                .diagnostics
                .iter()
                .filter(|one| one.level == level && safe(one).is_some());
            for one in fixable {
                let file = one.place.map(|place| place.file);
                if let Some(file) = file.filter(|file| ours.contains(compiled.project.files.path(*file))) {
                    by_file.entry(file).or_default().push(one);
                }
            }
            (!by_file.is_empty()).then_some(Self { level, by_file })
        };
        of_level(Level::Error).or_else(|| of_level(Level::Warning))
    }

    /// Each file's text with the fixes made, and how many these are.
    fn mended<'s>(&'s self, compiled: &'s Checked) -> impl Iterator<Item = (FileId, String, usize)> + 's {
        self.by_file.iter().map(|(file, found)| {
            let fixes = found.iter().filter_map(|one| safe(one));
            let mended = mend(*file, compiled.project.files.text(*file), fixes);
            (*file, mended.text, mended.n_made)
        })
    }

    /// Whether the files can be read as well as before, and no warning's fix has changed what they say.
    fn prove(&self, before: &Checked, after: &Checked) -> anyhow::Result<()> {
        for file in self.by_file.keys() {
            let path = before.project.files.path(*file);
            let readable = is_unreadable(before, path) || !is_unreadable(after, path);
            let same = self.level == Level::Error || digest(before, path) == digest(after, path);
            if !(readable && same) {
                return Err(unproven(&format!("{path}: a fix does not do what it says")).into());
            }
        }
        Ok(())
    }
}

fn unproven(what: &str) -> Failure {
    Failure::new(Exit::Internal, format!("{what}, so that no file was changed"))
        .help("please report it, with the file if you may")
}

/// The first fix of a problem that may be made unasked.
fn safe(one: &Diagnostic) -> Option<&Fix> {
    one.fixes.iter().find_map(Fix::if_safe)
}

/// Whether a file is no document by itself.
fn is_unreadable(compiled: &Checked, path: &str) -> bool {
    let here = |place: Place| compiled.project.files.path(place.file) == path;
    let mut told = compiled.diagnostics.iter().filter(|one| one.place.is_some_and(here));
    told.any(|one| one.level == Level::Error && one.code.starts_with("LX00"))
}

/// What the document in a file says.
fn digest(compiled: &Checked, path: &str) -> Option<Digest> {
    let project = &compiled.project;
    let mut documents = project.documents.iter();
    let document = documents.find(|document| project.files.path(document.file) == path);
    document.map(|document| document.digest)
}

impl Mended {
    /// Writes the files, each whole or not at all.
    pub fn write(&self) -> anyhow::Result<()> {
        for (path, _, text) in &self.files {
            write_document(path, text.as_bytes()).or_exit(Exit::Data, &format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Prints what would change.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        for (path, was, text) in &self.files {
            out.write_all(unified(&path.display().to_string(), was, text).as_bytes())?;
        }
        Ok(())
    }

    /// Says how much was done; nothing where there was nothing to do.
    pub fn conclude(&self, only_told: bool) {
        if self.n_fixed > 0 {
            let would = if only_told { "would be " } else { "" };
            let (problems, files) = (many(self.n_fixed, "problem"), many(self.files.len(), "file"));
            say(&format!("fix: {problems} {would}mended in {files}"));
        }
    }
}
