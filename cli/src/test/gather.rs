//! Which tests are to be run, and with which bundle.
//!
//! Tests of documents that belong to the project run with all of its policies and rulesets, as they would in use; tests of
//! other documents with what was named beside them; cases of a case file with its `subject`, or else with the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lexhold_document::{Diagnostic, Document, FileId, Kind};
use lexhold_evaluate::{Bundle, Case, Trial, World, codes, read_cases, subjects, trials};

use lexhold_policy::Schemas;

use super::beside::Neighbours;
use crate::args::Test;
use crate::failure::{Exit, Failure};
use crate::files::yaml_files;
use crate::load::Project;
use crate::settings::Settings;

/// Everything that is to be run.
pub struct Gathered {
    /// Where the documents were read into.
    pub project: Project,
    /// The tests by what they are run with.
    pub groups: Vec<Group>,
    /// The files that are under test.
    pub under_test: BTreeSet<FileId>,
    /// What conditions are checked against.
    pub schemas: Schemas,
}

/// Tests that are run with one bundle.
pub struct Group {
    /// What they are run with.
    pub bundle: Bundle,
    /// The documents of the bundle.
    pub documents: Vec<Document>,
    /// The tests.
    pub cases: Vec<Case>,
    /// The files whose rules' examples are run too.
    examples_in: BTreeSet<FileId>,
}

impl Group {
    /// Everything of the group that can be run on its own.
    pub fn trials(&self) -> Vec<Trial<'_>> {
        trials(&self.bundle, |file| self.examples_in.contains(&file), &self.cases)
    }
}

/// Reads documents and tests. An error where the documents have errors, after these were printed.
pub fn gather(settings: &Settings, args: &Test) -> anyhow::Result<Gathered> {
    let ours = settings.documents_there();
    let paths = if args.paths.is_empty() {
        ours.clone()
    } else {
        args.paths.clone()
    };
    let selected: BTreeSet<PathBuf> = yaml_files(&paths)?
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut project = read(settings, &ours, &paths)?;
    let bundle = project.compile();
    project.report(settings, "policies and rulesets")?;
    let bundle = bundle.ok_or_else(|| Failure::new(Exit::Policy, "the policies and rulesets do not compile"))?;
    let is_selected = |file: FileId, project: &Project| {
        let path = Path::new(project.files.path(file)).canonicalize();
        // What came in a bundle is no file of its own, and whoever names a bundle means all of it.
        project.shipped.is_some() || path.is_ok_and(|path| selected.contains(&path))
    };
    // Tests are read with the schema in one hand and the project, which may have to read more, in the other.
    let schemas = std::mem::replace(&mut project.schemas, Schemas::built_in());
    let documents = std::mem::take(&mut project.documents);
    let chosen: Vec<&Document> = documents
        .iter()
        .filter(|document| is_selected(document.file, &project))
        .collect();
    let folders: Vec<PathBuf> = std::iter::once(settings.root.clone()).chain(paths).collect();
    let (apart, with_all): (Vec<&Document>, Vec<&Document>) =
        chosen.iter().partition(|document| !subjects(document).is_empty());
    let mut groups = subject_groups(&mut project, &schemas, &folders, &apart)?;
    let mut under_test: BTreeSet<FileId> = chosen.iter().map(|document| document.file).collect();
    under_test.extend(
        groups
            .iter()
            .flat_map(|group| &group.documents)
            .map(|document| document.file),
    );
    let only_cases = chosen.iter().all(|document| document.kind == Kind::Cases);
    if only_cases && !with_all.is_empty() {
        under_test.extend(documents.iter().map(|document| document.file));
    }
    let examples_in = chosen.iter().map(|document| document.file).collect();
    let cases = read_all(&mut project, &schemas, &folders, &bundle, &[], &with_all);
    groups.push(Group {
        bundle,
        cases,
        examples_in,
        documents,
    });
    if let Some(filter) = &args.filter {
        let files = &project.files;
        for group in &mut groups {
            group
                .cases
                .retain(|case| case.name.contains(filter) || files.path(case.place.file).contains(filter));
        }
    }
    Ok(Gathered {
        project,
        groups,
        under_test,
        schemas,
    })
}

/// The documents under the paths; where these belong to the project or hold cases alone, with the rest of the project.
fn read(settings: &Settings, ours: &[PathBuf], paths: &[PathBuf]) -> anyhow::Result<Project> {
    let real = |path: &PathBuf| path.canonicalize().ok();
    let folders: Vec<PathBuf> = ours.iter().filter_map(real).collect();
    let belongs =
        |path: &&PathBuf| real(path).is_some_and(|path| folders.iter().any(|folder| path.starts_with(folder)));
    let strangers: Vec<PathBuf> = paths.iter().filter(|path| !belongs(path)).cloned().collect();
    if strangers.is_empty() {
        return Project::read(settings, ours);
    }
    let alone = Project::read(settings, paths)?;
    if alone
        .documents
        .iter()
        .any(|document| document.kind != Kind::Cases && document.kind != Kind::Directory)
    {
        return Ok(alone);
    }
    let all: Vec<PathBuf> = ours.iter().cloned().chain(strangers).collect();
    Project::read(settings, &all)
}

fn read_all(
    project: &mut Project,
    schemas: &Schemas,
    folders: &[PathBuf],
    bundle: &Bundle,
    holds: &[Document],
    documents: &[&Document],
) -> Vec<Case> {
    let world = World { bundle, schemas, holds };
    let mut diagnostics = lexhold_document::Diagnostics::new();
    let mut beside = Neighbours::new(project, folders);
    let mut cases = Vec::new();
    for document in documents {
        cases.extend(read_cases(document, world, &mut beside, &mut diagnostics));
    }
    project.diagnostics.extend(diagnostics);
    cases
}

/// A group for every list of subjects.
fn subject_groups(
    project: &mut Project,
    schemas: &Schemas,
    folders: &[PathBuf],
    documents: &[&Document],
) -> anyhow::Result<Vec<Group>> {
    let mut by_subject: BTreeMap<Vec<PathBuf>, Vec<&Document>> = BTreeMap::new();
    for document in documents {
        let mut paths = Vec::new();
        for (path, place) in subjects(document) {
            match Neighbours::new(project, folders).find(document.file, path) {
                Ok(path) => paths.push(path),
                Err(why) => {
                    let message = format!("cannot read `{path}`: {why}");
                    project
                        .diagnostics
                        .push(Diagnostic::error(codes::CASE_FILE, message).at(place, "a subject"));
                }
            }
        }
        if paths.len() == subjects(document).len() {
            by_subject.entry(paths).or_default().push(document);
        }
    }
    let mut groups = Vec::new();
    for (paths, with_these) in by_subject {
        let documents = project.read_apart(folders, &paths)?;
        let Some(bundle) = Bundle::compile(&documents, schemas, &mut project.diagnostics) else {
            continue;
        };
        let (holds, documents): (Vec<Document>, Vec<Document>) =
            documents.into_iter().partition(|document| document.kind == Kind::Hold);
        let cases = read_all(project, schemas, folders, &bundle, &holds, &with_these);
        groups.push(Group {
            bundle,
            documents,
            cases,
            examples_in: BTreeSet::new(),
        });
    }
    Ok(groups)
}
