//! `test`: runs what documents say of themselves, and case files, and says what they have seen.

mod beside;
mod coverage;
mod formats;
mod gather;
mod mutants;
mod text;
mod update;

use lexhold_document::{Diagnostic, Files, Level, printable};
use lexhold_evaluate::{CaseResult, Outcome, Trial};
use rayon::prelude::*;

use crate::args::{Test, TestFormat};
use crate::failure::{Exit, Failure};
use crate::forms::{Forms, github};
use crate::load::Project;
use crate::render;
use crate::settings::Settings;
use crate::terminal::{colour_on_stderr, say};
use coverage::{Coverage, Share, measure};
use gather::{Group, gather};
use mutants::{Mutants, try_all};

/// How all tests came out.
pub struct Report {
    /// In the order of files and places.
    pub results: Vec<CaseResult>,
    /// What they have seen, where that is asked for.
    pub coverage: Option<Coverage>,
    /// Which changes they would not notice, where that is asked for and all of them pass.
    pub mutants: Option<Mutants>,
}

impl Report {
    /// How many came out so.
    pub fn count(&self, outcome: &str) -> usize {
        self.results
            .iter()
            .filter(|result| result.outcome.as_str() == outcome)
            .count()
    }

    /// How they came out, in one line.
    fn summary(&self) -> String {
        let counts = [("fail", "failed"), ("error", "in error"), ("todo", "todo")];
        let more: String = counts
            .iter()
            .map(|(outcome, words)| (self.count(outcome), words))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!(", {count} {words}"))
            .collect();
        let n_files = self.n_files();
        let files = if n_files == 1 { "file" } else { "files" };
        format!("{} passed{more} in {n_files} {files}", self.count("pass"))
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
    let forms = Forms::new(args.format.iter().copied(), &args.output)?;
    let mut gathered = gather(settings, args)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.jobs.unwrap_or(0))
        .build()?;
    if args.update {
        let results = pool.install(|| run(args, &gathered.project, &gathered.groups));
        let diff = update::update(settings, &gathered.project, &results)?;
        say(diff.trim_end());
        gathered = gather(settings, args)?;
    }
    let mut report = pool.install(|| Report {
        results: run(args, &gathered.project, &gathered.groups),
        coverage: args.wants_coverage().then(|| measure(&gathered)),
        mutants: None,
    });
    if args.mutate && report.count("fail") + report.count("error") == 0 {
        report.mutants = Some(pool.install(|| try_all(&gathered)));
    }
    let project = &mut gathered.project;
    if report.results.is_empty() && !project.diagnostics.has_errors() {
        return Err(nothing(args).into());
    }
    for result in &report.results {
        if let Outcome::Error(errors) = &result.outcome {
            project.diagnostics.extend(errors.iter().cloned());
        }
    }
    let n_errors = complain(settings, project);
    let files = &project.files;
    let low = low(files, args, &report);
    let survived = report.mutants.as_ref().map_or(0, |mutants| mutants.survivors.len());
    let too_many = usize::from(args.max_survivors.is_some_and(|most| survived > most));
    let exit = match (n_errors, report.count("fail") + low.len() + too_many) {
        (1.., _) => Exit::Policy,
        (0, 1..) => Exit::Negative,
        (0, 0) => Exit::Done,
    };
    forms.deliver(|format| written(settings, format, files, &report, exit))?;
    if forms.has(TestFormat::Github) {
        github::summarize("lexhold test", &formats::annotations(files, &report), &report.summary())?;
    }
    for wrong in report.mutants.iter().flat_map(|mutants| &mutants.wrong) {
        say(&(render::text(files, wrong, colour_on_stderr(settings.color)) + "\n"));
    }
    conclude(settings, args, &report, &low);
    Ok(exit)
}

fn written(
    settings: &Settings,
    format: TestFormat,
    files: &Files,
    report: &Report,
    exit: Exit,
) -> anyhow::Result<String> {
    Ok(match format {
        TestFormat::Text => text::text(files, report, settings.verbose > 0),
        TestFormat::Json => formats::json(files, report, exit == Exit::Done),
        TestFormat::Junit => formats::junit(files, report)?,
        TestFormat::Github => github::commands(&formats::annotations(files, report), &report.summary()),
        TestFormat::Tap => formats::tap(files, report),
        TestFormat::Lcov => report
            .coverage
            .as_ref()
            .map_or_else(String::new, |coverage| formats::lcov(files, coverage)),
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
fn run(args: &Test, project: &Project, groups: &[Group]) -> Vec<CaseResult> {
    let trials: Vec<(&Group, Trial<'_>)> = groups
        .iter()
        .flat_map(|group| group.trials().into_iter().map(move |trial| (group, trial)))
        .collect();
    let mut results: Vec<CaseResult> = trials
        .into_par_iter()
        .flat_map_iter(|(group, trial)| trial.run(&group.bundle))
        .collect();
    let files = &project.files;
    if let Some(filter) = &args.filter {
        results.retain(|result| result.name.contains(filter) || files.path(result.place.file).contains(filter));
    }
    results.sort_by(|a, b| {
        let key = |result: &CaseResult| (result.place.start, result.place.end);
        (files.path(a.place.file), key(a)).cmp(&(files.path(b.place.file), key(b)))
    });
    results
}

/// Prints what is wrong with documents and tests; how many errors there are.
fn complain(settings: &Settings, project: &Project) -> usize {
    let colour = colour_on_stderr(settings.color);
    let mut errors: Vec<Diagnostic> = project
        .sorted()
        .into_iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .collect();
    // A file that several case files name is read for each of them.
    errors.dedup();
    for error in &errors {
        say(&(render::text(&project.files, error, colour) + "\n"));
    }
    errors.len()
}

/// What lies below the share that has to be seen: files, and everything together.
fn low(files: &Files, args: &Test, report: &Report) -> Vec<String> {
    let (Some(percent), Some(coverage)) = (args.min_coverage, &report.coverage) else {
        return Vec::new();
    };
    let all = coverage
        .by_file(files)
        .into_iter()
        .chain([("all together".to_owned(), coverage.total())]);
    let low = all.filter(|(_, share)| !share.reaches(percent));
    low.map(|(what, share)| format!("{}: {}, which is below {percent} %", printable(&what), told(share)))
        .collect()
}

fn told(share: Share) -> String {
    format!("{} of {} seen ({})", share.seen, share.of, share.percent())
}

fn conclude(settings: &Settings, args: &Test, report: &Report, low: &[String]) {
    low.iter().for_each(|line| say(&format!("coverage: {line}")));
    if settings.quiet {
        return;
    }
    match &report.mutants {
        Some(mutants) => say(&mutants.summary()),
        None if args.mutate => say("mutants: none tried while tests fail"),
        None => {}
    }
    let seen = report
        .coverage
        .as_ref()
        .map_or_else(String::new, |coverage| format!("; {}", told(coverage.total())));
    say(&format!("test: {}{seen}", report.summary()));
}
