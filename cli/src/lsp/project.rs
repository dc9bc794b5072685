//! Everything that `check` would say, over the texts that an editor has not saved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use lexhold_document::{Diagnostic, Files};
use lexhold_policy::Schemas;

use crate::args::Global;
use crate::check;
use crate::failure::Failure;
use crate::files::{Unsaved, is_yaml, real};
use crate::settings::Settings;

/// Where settings come from: what was typed once, and `lexhold.yaml` as it is now.
pub struct Source<'a> {
    global: Global,
    typed: &'a ArgMatches,
    /// Whether somebody named the folder to work in.
    is_placed: bool,
}

impl<'a> Source<'a> {
    /// Settings as typed.
    pub fn new(global: &Global, typed: &'a ArgMatches) -> Self {
        Self {
            global: global.clone(),
            typed,
            is_placed: global.directory_to_work_in.is_some(),
        }
    }

    /// Works in the editor's folder, unless another was named at the start.
    pub fn place(&mut self, folder: Option<PathBuf>) {
        if !self.is_placed {
            self.global.directory_to_work_in = folder;
        }
    }

    /// The settings as they are now.
    pub fn settings(&mut self) -> anyhow::Result<Settings> {
        let settings = Settings::resolve(&self.global, self.typed);
        // Gone there once; a relative path would lead on from there.
        self.global.directory_to_work_in = None;
        settings
    }
}

/// What to check.
pub struct Task {
    /// Where documents lie, and what they are checked with.
    pub settings: Settings,
    /// What stands for files.
    pub unsaved: Unsaved,
    /// The editor's number for each of these texts.
    pub versions: BTreeMap<PathBuf, i32>,
}

/// What is wrong.
pub struct Checked {
    /// The editor's number for each text that was looked at.
    pub versions: BTreeMap<PathBuf, i32>,
    /// What conditions can ask about.
    pub schemas: Option<Schemas>,
    /// What is wrong with each file.
    pub findings: Vec<Findings>,
    /// What is wrong with no file, such as a folder that cannot be read.
    pub failures: Vec<String>,
}

/// What is wrong with some files.
pub struct Findings {
    /// The texts that places point into.
    pub files: Files,
    /// What is wrong, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// The one file of which to speak, where only that was asked for.
    pub only: Option<PathBuf>,
}

impl Task {
    /// Checks the policies and rulesets, and each open document beside them by itself.
    pub fn run(self) -> Checked {
        let paths = self.settings.documents_there();
        let mut checked = Checked {
            versions: BTreeMap::new(),
            schemas: None,
            findings: Vec::new(),
            failures: Vec::new(),
        };
        let within = self.take(&paths, None, &mut checked);
        for (path, text) in &self.unsaved {
            if !within.contains(path) && is_document(path, text) {
                self.take(std::slice::from_ref(path), Some(path), &mut checked);
            }
        }
        checked.versions = self.versions;
        checked
    }

    /// Checks what lies under some paths, and returns the files that were looked at.
    fn take(&self, paths: &[PathBuf], only: Option<&Path>, checked: &mut Checked) -> BTreeSet<PathBuf> {
        match check::Checked::of_paths(&self.settings, paths, self.unsaved.clone()) {
            Ok(compiled) => {
                let within = compiled.project.files.ids().map(|id| compiled.project.files.path(id));
                let within = within.map(|path| real(Path::new(path))).collect();
                checked.schemas.get_or_insert(compiled.project.schemas);
                checked.findings.push(Findings {
                    files: compiled.project.files,
                    diagnostics: compiled.diagnostics,
                    only: only.map(Path::to_owned),
                });
                within
            }
            Err(error) => {
                let help = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()?.how());
                let help = help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
                checked.failures.push(format!("{error:#}{help}"));
                BTreeSet::new()
            }
        }
    }
}

/// Whether a text is meant for Lexhold: an editor opens other YAML too.
pub fn is_document(path: &Path, text: &str) -> bool {
    is_yaml(path)
        && text
            .lines()
            .any(|line| line.trim_start_matches('\u{feff}').starts_with("lexhold:"))
}
