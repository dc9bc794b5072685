//! `check`: compile everything, print every problem.

use std::io::Write;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use lexhold_document::{Level, printable};
use lexhold_evaluate::Bundle;
use serde_json::json;

use crate::args::{Check, CheckFormat, CheckLevel};
use crate::failure::{Exit, Failure};
use crate::files::regulations;
use crate::load::Project;
use crate::render;
use crate::settings::Settings;
use crate::terminal::{colour_on_stderr, say};

/// Compiles documents and prints what is wrong; the closing count goes to stderr.
pub fn check(settings: &Settings, args: &Check) -> anyhow::Result<Exit> {
    let paths = if args.paths.is_empty() {
        settings.documents()
    } else {
        args.paths.clone()
    };
    let mut project = Project::read(settings, &paths)?;
    if project.n_files() == 0 {
        return Err(Failure::new(Exit::Policy, "no YAML file was found").into());
    }
    let bundle = project.compile();
    project.compile_the_rest();
    if let Some(bundle) = &bundle {
        let beside: Vec<PathBuf> = paths.iter().chain(&settings.policies).cloned().collect();
        let regulations = regulations(&beside)?;
        project.lint(bundle, &regulations, settings.as_of.to_zoned(TimeZone::UTC).date());
    }
    let sorted = project.sorted();
    let shown = &sorted[..sorted.len().min(args.max_errors.unwrap_or(usize::MAX))];
    let count = |level: Level| sorted.iter().filter(|diagnostic| diagnostic.level == level).count();
    let (n_errors, n_warnings) = (count(Level::Error), count(Level::Warning));
    let stems = bundle.as_ref().map_or_else(Vec::new, |bundle| stems(&project, bundle));
    match args.format {
        CheckFormat::Text => {
            let colour = colour_on_stderr(settings.color);
            shown
                .iter()
                .for_each(|diagnostic| say(&(render::text(&project.files, diagnostic, colour) + "\n")));
        }
        CheckFormat::Concise => {
            let mut out = std::io::stdout().lock();
            for diagnostic in shown {
                writeln!(out, "{}", render::concise(&project.files, diagnostic))?;
            }
        }
        CheckFormat::Json => {
            let diagnostics: Vec<_> = shown
                .iter()
                .map(|diagnostic| render::json(&project.files, diagnostic))
                .collect();
            let report = json!({
                "schema": "lexhold/check/1",
                "ok": n_errors == 0,
                "errors": n_errors,
                "warnings": n_warnings,
                "bundle": bundle.as_ref().map(|bundle| bundle.digest),
                "diagnostics": diagnostics,
                "stems": stems.iter().map(|(place, forms)| json!({ "at": place, "forms": forms })).collect::<Vec<_>>(),
            });
            writeln!(std::io::stdout().lock(), "{report:#}")?;
        }
    }
    if settings.verbose > 0 {
        say_details(&stems, bundle.as_ref());
    }
    if !settings.quiet {
        if shown.len() < sorted.len() {
            say(&format!("… and {} more", sorted.len() - shown.len()));
        }
        let what = bundle.as_ref().map_or_else(String::new, |bundle| {
            format!(
                " ({} rules, {} schedules, bundle {})",
                bundle.n_rules(),
                bundle.schedules().iter().len(),
                bundle.digest.short()
            )
        });
        say(&format!(
            "check: {}, {} in {}{what}",
            many(n_errors, "error"),
            many(n_warnings, "warning"),
            many(project.n_files(), "file")
        ));
    }
    let failed = n_errors > 0 || (args.fail_on == CheckLevel::Warning && n_warnings > 0);
    Ok(if failed { Exit::Policy } else { Exit::Done })
}

/// What only the curious want to know: words with all their forms, rules and conditions that cost time, memory.
fn say_details(stems: &[(String, &[String])], bundle: Option<&Bundle>) {
    for (place, forms) in stems {
        say(&format!("{place}: stem {}", forms.join(", ")));
    }
    let Some(bundle) = bundle else {
        return;
    };
    for id in bundle.uncompiled_conditions() {
        say(&format!(
            "{id}: asked of Cedar's own authorizer, which takes a hundred times as long, since the condition is not compiled"
        ));
    }
    let program = bundle.rules();
    for rule in program.always_run() {
        let id = &program.rules()[rule as usize].id;
        say(&format!(
            "{id}: run on every text, since its pattern needs neither a fixed text nor digits"
        ));
    }
    say(&format!("terms and patterns take {} bytes", program.memory_bytes()));
}

/// The words under `stem`: where each stands, and the closed list that it stands for.
fn stems<'b>(project: &Project, bundle: &'b Bundle) -> Vec<(String, &'b [String])> {
    let shown = bundle.rules().stems().iter().map(|stem| {
        let (line, column) = project.files.position(stem.place);
        let path = printable(project.files.path(stem.place.file));
        (format!("{path}:{line}:{column}"), stem.forms.as_slice())
    });
    shown.collect()
}

fn many(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
