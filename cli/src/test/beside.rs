//! The files that tests name beside themselves.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use lexhold_document::{Document, FileId, Kind};
use lexhold_evaluate::{Beside, compile_directory};
use lexhold_model::{Directory, Message};

use crate::files::{is_yaml, near_name, why};
use crate::load::Project;

/// Reads files beside documents of a project, each once, and none that lies outside these folders.
pub struct Neighbours<'p> {
    /// Where documents are read into.
    pub project: &'p mut Project,
    /// Where files may lie.
    pub folders: &'p [PathBuf],
    directories: HashMap<PathBuf, Result<Directory, String>>,
}

impl<'p> Neighbours<'p> {
    /// The files beside a project's documents.
    pub fn new(project: &'p mut Project, folders: &'p [PathBuf]) -> Self {
        Self {
            project,
            folders,
            directories: HashMap::new(),
        }
    }

    /// The path of a file named beside another.
    ///
    /// # Errors
    /// When there is no such file, or it lies outside the folders.
    pub fn find(&self, from: FileId, path: &str) -> Result<PathBuf, String> {
        if Path::new(path).is_absolute() {
            return Err("it has to be named by a path beside this file".into());
        }
        let folder = Path::new(self.project.files.path(from))
            .parent()
            .unwrap_or(Path::new(""));
        let found = without_dots(&folder.join(path));
        let real = found.canonicalize().map_err(|error| {
            let help = near_name(&found).map_or_else(String::new, |help| format!("; {help}"));
            format!("{}{help}", why(&error))
        })?;
        let inside = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
        if self.folders.iter().any(inside) {
            Ok(found)
        } else {
            Err("it lies outside the project".into())
        }
    }

    fn document(&mut self, path: &Path) -> Result<Document, String> {
        let documents = self.project.read_apart(self.folders, &[path.to_owned()]);
        let id = self.project.files.find(&path.display().to_string());
        let found = documents.map_err(|error| error.to_string())?.into_iter();
        let mut found = found.filter(|document| Some(document.file) == id);
        found.next().ok_or_else(|| "it is no document".into())
    }

    fn read_directory(&mut self, path: &Path) -> Result<Directory, String> {
        if !is_yaml(path) {
            return lexhold_source::read_directory(path).map_err(|error| error.to_string());
        }
        let document = self.document(path)?;
        if document.kind != Kind::Directory {
            return Err(format!("it is no directory, but a {}", document.kind));
        }
        let directory = compile_directory(&document, &mut self.project.diagnostics);
        directory.ok_or_else(|| "it has errors of its own".into())
    }
}

impl Beside for Neighbours<'_> {
    fn directory(&mut self, from: FileId, path: &str) -> Result<Directory, String> {
        let path = self.find(from, path)?;
        if let Some(known) = self.directories.get(&path) {
            return known.clone();
        }
        let directory = self.read_directory(&path);
        self.directories.insert(path, directory.clone());
        directory
    }

    fn hold(&mut self, from: FileId, path: &str) -> Result<Document, String> {
        let path = self.find(from, path)?;
        let document = self.document(&path)?;
        match document.kind {
            Kind::Hold => Ok(document),
            other => Err(format!("it is no hold, but a {other}")),
        }
    }

    fn messages(&mut self, from: FileId, path: &str) -> Result<Vec<Message>, String> {
        let path = self.find(from, path)?;
        let mut reader =
            lexhold_formats::open(&path, &lexhold_formats::Options::default()).map_err(|error| error.to_string())?;
        let mut messages = Vec::new();
        while let Some(chunk) = reader.next().map_err(|error| error.to_string())? {
            if let Some(row) = chunk.unreadable.first() {
                return Err(format!("at {}: {}", row.place, row.reason));
            }
            messages.extend(chunk.batch.rows().map(|row| row.to_message()));
        }
        Ok(messages)
    }
}

/// The path without `.` and, where a folder stands before it, `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
