//! `check`: compile everything, tell every problem, in whatever forms are wanted.

mod fix;
mod gitlab;
mod report;
mod sarif;

use std::path::PathBuf;

use jiff::tz::TimeZone;
use lexhold_document::{Allowed, Diagnostic, Files, Level, printable};
use lexhold_evaluate::Bundle;

use crate::args::{Check, CheckFormat, CheckLevel};
use crate::failure::{Exit, Failure, exit_of};
use crate::files::{Unsaved, regulations};
use crate::forms::{Forms, github};
use crate::load::Project;
use crate::render;
use crate::settings::Settings;
use crate::terminal::{colour_on_stderr, say};
use fix::Mended;
use report::{Report, Stem};

/// Compiles documents and tells what is wrong; text and the closing count go to stderr.
pub fn check(settings: &Settings, args: &Check) -> anyhow::Result<Exit> {
    let text = CheckFormat::Text;
    let machines = args.format.iter().copied().filter(|format| *format != text);
    let forms = Forms::new(machines, &args.output)?;
    if args.diff && forms.has_stdout() {
        let message = "both the report and what would change are to go to stdout";
        return Err(Failure::new(Exit::Usage, message)
            .help("send the report to a file: --output json=report.json")
            .into());
    }
    let checked = match checked(settings, args) {
        Err(error) if exit_of(&error) == Exit::Policy => {
            // Whoever reads a report waits for it also when nothing could be read.
            let report = Report::unread(&error);
            forms.deliver(|format| written(&Files::new(), &report, format))?;
            return Err(error);
        }
        checked => checked?,
    };
    let (checked, mended) = checked;
    let report = checked.report(args, mended.n_fixed);
    let files = &checked.project.files;
    if args.format.contains(&text) && !args.output.iter().any(|(format, _)| *format == text) {
        let colour = colour_on_stderr(settings.color);
        // Who asked for quiet still hears why the answer is negative.
        let told = |one: &&Diagnostic| !settings.quiet || report.strict || one.level == Level::Error;
        report
            .shown
            .iter()
            .filter(told)
            .for_each(|diagnostic| say(&(render::text(files, diagnostic, colour) + "\n")));
    }
    forms.deliver(|format| written(files, &report, format))?;
    if args.diff {
        mended.print()?;
    } else {
        mended.write()?;
    }
    if forms.has(CheckFormat::Github) {
        github::summarize("lexhold check", &report.annotations(files), &report.counted())?;
    }
    if settings.verbose > 0 {
        for one in report.allowed {
            say(&format!(
                "{}: allowed: {}",
                render::concise(files, &one.diagnostic),
                printable(&one.reason)
            ));
        }
        say_details(&report.stems, checked.bundle.as_ref());
    }
    if !settings.quiet {
        mended.conclude(args.diff);
        conclude(&checked, &report);
    }
    let exit = match report.ok {
        false => Exit::Policy,
        true if args.diff && mended.n_fixed > 0 => Exit::Negative,
        true => Exit::Done,
    };
    // The program ends here: taking a hundred thousand rules apart before would be a tenth of its time.
    std::mem::forget(checked);
    Ok(exit)
}

/// What is wrong, with what was done about it: nothing, unless fixes are wanted.
fn checked(settings: &Settings, args: &Check) -> anyhow::Result<(Checked, Mended)> {
    let paths: Vec<PathBuf> = if args.paths.is_empty() {
        settings.documents()
    } else {
        args.paths.clone()
    };
    let first = Checked::of_paths(settings, &paths, Unsaved::new())?;
    if first.project.n_files() == 0 {
        return Err(Failure::new(Exit::Policy, "no YAML file was found").into());
    }
    if !args.fix {
        return Ok((first, Mended::default()));
    }
    let (mended, last) = fix::fix(settings, &paths, &first)?;
    Ok((if args.diff { first } else { last.unwrap_or(first) }, mended))
}

fn written(files: &Files, report: &Report<'_>, format: CheckFormat) -> anyhow::Result<String> {
    Ok(match format {
        CheckFormat::Text => report.lines(|one| render::text(files, one, false) + "\n"),
        CheckFormat::Concise => report.lines(|one| render::concise(files, one)),
        CheckFormat::Json => report.json(files),
        CheckFormat::Sarif => sarif::sarif(files, report),
        CheckFormat::Junit => report.junit(files)?,
        CheckFormat::Github => github::commands(&report.annotations(files), &report.counted()),
        CheckFormat::Gitlab => gitlab::gitlab(files, report),
    })
}

/// Documents with all that is wrong with them.
pub struct Checked {
    /// The documents.
    pub project: Project,
    bundle: Option<Bundle>,
    /// What is wrong, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Warnings that comments let stand.
    allowed: Vec<Allowed>,
}

impl Checked {
    /// Checks everything under some paths, with texts that stand in place of their files.
    pub fn of_paths(settings: &Settings, paths: &[PathBuf], unsaved: Unsaved) -> anyhow::Result<Self> {
        let mut project = Project::read_over(settings, paths, unsaved)?;
        let bundle = project.compile();
        project.compile_the_rest();
        if let Some(bundle) = &bundle {
            let beside: Vec<PathBuf> = paths.iter().chain(&settings.policies).cloned().collect();
            let regulations = regulations(&beside)?;
            project.lint(bundle, &regulations, settings.as_of.to_zoned(TimeZone::UTC).date());
        }
        let allowed = project.allow(bundle.is_some());
        Ok(Self {
            diagnostics: project.sorted(),
            allowed,
            project,
            bundle,
        })
    }

    fn report(&self, args: &Check, n_fixed: usize) -> Report<'_> {
        let count = |level: Level| self.diagnostics.iter().filter(|one| one.level == level).count();
        let (n_errors, n_warnings) = (count(Level::Error), count(Level::Warning));
        let strict = args.fail_on == CheckLevel::Warning;
        let n_shown = args.max_errors.unwrap_or(usize::MAX).min(self.diagnostics.len());
        Report {
            ok: n_errors == 0 && !(strict && n_warnings > 0),
            strict,
            n_errors,
            n_warnings,
            n_fixed,
            paths: self.project.paths(),
            shown: &self.diagnostics[..n_shown],
            allowed: &self.allowed,
            bundle: self.bundle.as_ref().map(|bundle| bundle.digest),
            stems: self
                .bundle
                .as_ref()
                .map_or_else(Vec::new, |bundle| stems(&self.project.files, bundle)),
            failure: None,
        }
    }
}

fn conclude(checked: &Checked, report: &Report<'_>) {
    let left = checked.diagnostics.len() - report.shown.len();
    if left > 0 {
        say(&format!("… and {left} more"));
    }
    let what = checked.bundle.as_ref().map_or_else(String::new, |bundle| {
        format!(
            " ({} rules, {} schedules, bundle {})",
            bundle.n_rules(),
            bundle.schedules().iter().len(),
            bundle.digest.short()
        )
    });
    let n_files = report::many(checked.project.n_files(), "file");
    say(&format!("check: {} in {n_files}{what}", report.counted()));
}

/// What only the curious want to know: words with all their forms, rules and conditions that cost time, memory.
fn say_details(stems: &[Stem<'_>], bundle: Option<&Bundle>) {
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
fn stems<'b>(files: &Files, bundle: &'b Bundle) -> Vec<Stem<'b>> {
    let shown = bundle.rules().stems().iter().map(|stem| {
        let (line, column) = files.position(stem.place);
        let path = printable(files.path(stem.place.file));
        (format!("{path}:{line}:{column}"), stem.forms.as_slice())
    });
    shown.collect()
}
