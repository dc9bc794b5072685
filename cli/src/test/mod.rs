//! `test`: runs what documents say of themselves, and case files.

mod beside;
mod gather;
mod text;

use lexhold_document::Diagnostic;
use lexhold_evaluate::{CaseResult, Outcome, Trial};
use rayon::prelude::*;

use crate::args::Test;
use crate::failure::{Exit, Failure};
use crate::load::Project;
use crate::render;
use crate::settings::Settings;
use crate::terminal::{colour_on_stderr, say};
use gather::{Gathered, Group, gather};

/// How all tests came out.
pub struct Report {
    /// In the order of files and places.
    pub results: Vec<CaseResult>,
}

impl Report {
    /// How many came out so.
    pub fn count(&self, outcome: &str) -> usize {
        self.results
            .iter()
            .filter(|result| result.outcome.as_str() == outcome)
            .count()
    }

    /// How many files they stand in.
    fn n_files(&self) -> usize {
        let mut files: Vec<_> = self.results.iter().map(|result| result.place.file).collect();
        files.sort_unstable();
        files.dedup();
        files.len()
    }
}

/// Runs tests and says how they came out.
pub fn test(settings: &Settings, args: &Test) -> anyhow::Result<Exit> {
    let Gathered {
        mut project, groups, ..
    } = gather(settings, args)?;
    let report = run(settings, args, &project, &groups)?;
    if report.results.is_empty() && !project.diagnostics.has_errors() {
        return Err(nothing(args).into());
    }
    for result in &report.results {
        if let Outcome::Error(errors) = &result.outcome {
            project.diagnostics.extend(errors.iter().cloned());
        }
    }
    let n_errors = complain(settings, &project);
    text::print(settings, &project.files, &report)?;
    if !settings.quiet {
        say(&summary(&report));
    }
    Ok(match (n_errors, report.count("fail")) {
        (1.., _) => Exit::Policy,
        (0, 1..) => Exit::Negative,
        (0, 0) => Exit::Done,
    })
}

fn nothing(args: &Test) -> Failure {
    match &args.filter {
        Some(filter) => Failure::new(Exit::Policy, format!("no test has `{filter}` in its name or file")),
        None => Failure::new(Exit::Policy, "no tests found")
            .help("write `tests:` in a document, `hits` and `misses` at a rule, or a case file (`cases: NAME`)"),
    }
}

/// Runs everything on all cores; the order of the results is that of the files.
fn run(settings: &Settings, args: &Test, project: &Project, groups: &[Group]) -> anyhow::Result<Report> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.jobs.unwrap_or(0))
        .build()?;
    let trials: Vec<(&Group, Trial<'_>)> = groups
        .iter()
        .flat_map(|group| group.trials().into_iter().map(move |trial| (group, trial)))
        .collect();
    let mut results: Vec<CaseResult> = pool.install(|| {
        trials
            .into_par_iter()
            .flat_map_iter(|(group, trial)| trial.run(&group.bundle))
            .collect()
    });
    let files = &project.files;
    if let Some(filter) = &args.filter {
        results.retain(|result| result.name.contains(filter) || files.path(result.place.file).contains(filter));
    }
    results.sort_by(|a, b| {
        let key = |result: &CaseResult| (result.place.start, result.place.end);
        (files.path(a.place.file), key(a)).cmp(&(files.path(b.place.file), key(b)))
    });
    Ok(Report { results })
}

/// Prints what is wrong with documents and tests; how many errors there are.
fn complain(settings: &Settings, project: &Project) -> usize {
    let colour = colour_on_stderr(settings.color);
    let errors: Vec<Diagnostic> = project
        .sorted()
        .into_iter()
        .filter(|diagnostic| diagnostic.level == lexhold_document::Level::Error)
        .collect();
    for error in &errors {
        say(&(render::text(&project.files, error, colour) + "\n"));
    }
    errors.len()
}

fn summary(report: &Report) -> String {
    let counts = [("fail", "failed"), ("error", "in error"), ("todo", "todo")];
    let more: String = counts
        .iter()
        .map(|(outcome, words)| (report.count(outcome), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!(", {count} {words}"))
        .collect();
    let n_files = report.n_files();
    let files = if n_files == 1 { "file" } else { "files" };
    format!("test: {} passed{more} in {n_files} {files}", report.count("pass"))
}
