//! `report`: the catalog's answers, as tables for people and machines and as one page.

mod alerts;
mod awaiting;
mod coverage;
pub mod figures;
mod forecast;
mod holds;
pub mod html;
mod over_retention;
pub mod print;
pub mod resolve;
mod retention;
mod reviews;
mod sight;
mod sources;
mod supervision;
pub mod table;

use std::io::Write;
use std::path::{Path, PathBuf};

use lexhold_catalog::Catalog;
use lexhold_document::printable;
use lexhold_policy::Verb;
use lexhold_store::Home;

use crate::args::{HtmlReport, Report, ReportKind, TableFormat, TableReport};
use crate::dates::Grounds;
use crate::expected::{Expected, say_differences};
use crate::failure::{Exit, Failure};
use crate::operators::Actor;
use crate::review::{self, ReviewLog};
use crate::settings::Settings;
use crate::terminal::say;
use crate::{bundle, dispose, erasure, files, hold, home};
use sight::Sight;
use table::{Columns, Heading, TableWriter, write_whole};

pub use alerts::{COLUMNS as ALERTS, WORKLIST, row as alert_row, span as alert_span};
pub use holds::{HoldFigures, seen as seen_holds};
pub use over_retention::SOON;
pub use retention::{Lookups, row as retention_row};
pub use reviews::row as review_row;
pub use sight::Sight as ViewerSight;
pub use sources::name as source_name;

/// Writes a report.
pub fn report(settings: &Settings, args: &Report) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let sight = Sight::of(&actor)?;
    let catalog = home::catalog(settings, &home)?;
    // The page says so itself.
    let is_page = matches!(args.what, ReportKind::Html(_));
    if let Some(bundle) = bundle::taken_unverified(&home, catalog.active_bundle()?.as_ref())?.filter(|_| !is_page) {
        let bundle = printable(&bundle);
        say(&format!(
            "warning: the bundle came as {bundle} and was not verified (--insecure-no-verify)"
        ));
    }
    match &args.what {
        ReportKind::Alerts(to) => {
            let log = ReviewLog::load(settings, &home, &catalog)?;
            each_form(to, alerts::COLUMNS, |table| alerts::write(&catalog, &log, table))?;
        }
        ReportKind::Reviews(to) => {
            let log = ReviewLog::load(settings, &home, &catalog)?;
            each_form(to, reviews::COLUMNS, |table| reviews::write(&log, table))?;
        }
        ReportKind::Supervision(to) => {
            let log = ReviewLog::load(settings, &home, &catalog)?;
            let directory = review::directory(settings)?;
            each_form(to, supervision::COLUMNS, |table| {
                supervision::write(&catalog, &log, &directory, table)
            })?;
        }
        ReportKind::Retention(to) => each_form(to, retention::COLUMNS, |table| {
            retention::write(&catalog, settings.as_of, &sight, table)
        })?,
        ReportKind::Holds(to) => {
            let directory = hold::directory(settings, &home)?;
            each_page(to, holds::COLUMNS, &heading(&home, &actor, settings, &HOLDS), |table| {
                holds::write(&catalog, &directory, settings.as_of, &sight, table)
            })?;
        }
        ReportKind::Awaiting(to) => each_form(to, awaiting::COLUMNS, |table| {
            awaiting::write(&catalog, settings.as_of, &sight, table)
        })?,
        ReportKind::Forecast(args) => each_form(&args.table, forecast::COLUMNS, |table| {
            forecast::write(&catalog, settings.as_of, &sight, args.months, table)
        })?,
        ReportKind::OverRetention(args) => {
            let until = over_retention::end_of(&args.within, settings.as_of)?;
            each_form(&args.table, over_retention::COLUMNS, |table| {
                over_retention::write(&catalog, settings.as_of, until, &sight, table)
            })?;
        }
        ReportKind::Coverage(args) => {
            let mut n_ungoverned = 0;
            each_form(&args.table, coverage::COLUMNS, |table| {
                n_ungoverned = coverage::write(&catalog, settings.as_of, &sight, table)?;
                Ok(())
            })?;
            if args.strict && n_ungoverned > 0 {
                say(&format!("{n_ungoverned} messages are ungoverned"));
                for line in coverage::ungoverned(&catalog, settings.as_of, &sight)? {
                    say(&format!("  {line}"));
                }
                return Ok(Exit::Negative);
            }
        }
        ReportKind::Disposal(to) => {
            let heading = heading(&home, &actor, settings, &DISPOSAL);
            each_page(to, dispose::REGISTER, &heading, |table| {
                dispose::write_register(&home, &catalog, table)
            })?;
        }
        ReportKind::Erasure(to) => {
            actor.require(Verb::RequestErasure, home.id(), &[])?;
            each_page(
                to,
                erasure::COLUMNS,
                &heading(&home, &actor, settings, &ERASURE),
                |table| erasure::write(&catalog, settings.as_of, table),
            )?;
        }
        ReportKind::Sources(args) if args.gaps => each_form(&args.table, sources::GAPS, |table| {
            sources::write_gaps(&catalog, &sight, table)
        })?,
        ReportKind::Sources(args) => {
            let expected = args.expected.as_deref();
            let expected = expected.map(|text| Expected::read(settings, text)).transpose()?;
            let rows = catalog.sources()?;
            let heading = heading(&home, &actor, settings, &SOURCES);
            each_page(&args.table, sources::COLUMNS, &heading, |table| {
                sources::write(&rows, table)
            })?;
            if expected.is_some_and(|expected| say_differences(&expected.compare(&rows))) {
                return Ok(Exit::Negative);
            }
        }
        ReportKind::Html(HtmlReport { output }) => {
            write_page(settings, &actor, &home, &catalog, output)?;
            say_written(settings, output);
        }
    }
    Ok(Exit::Done)
}

/// Writes every report into a folder, in the forms that people and machines ask for most.
pub fn write_all(settings: &Settings, actor: &Actor, home: &Home, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(
            Exit::Data,
            format!("cannot make {}: {}", folder.display(), files::why(&error)),
        )
    })?;
    let sight = Sight::of(actor)?;
    let catalog = home::catalog(settings, home)?;
    let log = ReviewLog::load(settings, home, &catalog)?;
    let directory = review::directory(settings)?;
    let to = |name: &str,
              columns: Columns,
              fill: &mut dyn FnMut(&mut TableWriter) -> anyhow::Result<()>|
     -> anyhow::Result<()> {
        for (format, ending) in [(TableFormat::Ndjson, "ndjson"), (TableFormat::Csv, "csv")] {
            to_file(
                &folder.join(format!("{name}.{ending}")),
                format,
                columns,
                &Heading::default(),
                fill,
            )?;
        }
        Ok(())
    };
    to("alerts", alerts::COLUMNS, &mut |table| {
        alerts::write(&catalog, &log, table)
    })?;
    to("reviews", reviews::COLUMNS, &mut |table| reviews::write(&log, table))?;
    to("supervision", supervision::COLUMNS, &mut |table| {
        supervision::write(&catalog, &log, &directory, table)
    })?;
    to("retention", retention::COLUMNS, &mut |table| {
        retention::write(&catalog, settings.as_of, &sight, table)
    })?;
    to("coverage", coverage::COLUMNS, &mut |table| {
        coverage::write(&catalog, settings.as_of, &sight, table).map(drop)
    })?;
    to("awaiting", awaiting::COLUMNS, &mut |table| {
        awaiting::write(&catalog, settings.as_of, &sight, table)
    })?;
    to("forecast", forecast::COLUMNS, &mut |table| {
        forecast::write(&catalog, settings.as_of, &sight, None, table)
    })?;
    let soon = over_retention::end_of(over_retention::SOON, settings.as_of)?;
    to("over-retention", over_retention::COLUMNS, &mut |table| {
        over_retention::write(&catalog, settings.as_of, soon, &sight, table)
    })?;
    let sources = catalog.sources()?;
    to("sources", sources::COLUMNS, &mut |table| {
        sources::write(&sources, table)
    })?;
    to("holds", holds::COLUMNS, &mut |table| {
        holds::write(
            &catalog,
            &hold::directory(settings, home)?,
            settings.as_of,
            &sight,
            table,
        )
    })?;
    let page = folder.join("report.html");
    write_page(settings, actor, home, &catalog, &page)?;
    say_written(settings, &page);
    Ok(())
}

fn say_written(settings: &Settings, path: &Path) {
    if !settings.quiet {
        say(&format!("report: {}", path.display()));
    }
}

fn write_page(settings: &Settings, actor: &Actor, home: &Home, catalog: &Catalog, path: &Path) -> anyhow::Result<()> {
    let sight = Sight::of(actor)?;
    let totals = figures::totals(catalog, None, settings.as_of, &sight)?;
    let log = ReviewLog::load(settings, home, catalog)?;
    let mut top = Vec::new();
    let mut review_figures = figures::ReviewFigures::default();
    resolve::each_alert(catalog, lexhold_catalog::Hits::All, None, |alert| {
        if alert.excluded_by.is_none() {
            let standing = log.standing(&alert);
            review_figures.add(&standing);
            top.push((alert.severity, alerts::row(&alert, &standing)));
            // The gravest and latest are shown; the rest is only counted.
            if top.len() > 4 * html::ALERTS_SHOWN {
                keep_gravest(&mut top);
            }
        }
        Ok(())
    })?;
    keep_gravest(&mut top);
    let about = html::About {
        home: home.id().to_owned(),
        as_of: settings.as_of.to_string(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        solo: actor.is_solo(),
        see_silent: sight.sees_silent(),
        unverified: bundle::taken_unverified(home, catalog.active_bundle()?.as_ref())?,
    };
    let directory = review::directory(settings)?;
    let reviewed = html::Reviewed {
        figures: review_figures,
        months: supervision::months(catalog, &log, &directory)?,
        latest: log
            .rows()
            .iter()
            .rev()
            .take(html::DECISIONS_SHOWN + 1)
            .cloned()
            .collect(),
    };
    let coverage = coverage::rows(catalog, settings.as_of, sight.hide_at(settings.as_of))?;
    let limits = limits(settings, catalog, &sight)?;
    let gravest = top.into_iter().map(|(_, row)| row).collect();
    let data = html::gather(catalog, about, totals, coverage, limits, gravest, reviewed)?;
    let page = html::page(&data)?;
    write_whole(path, |mut out| Ok(out.write_all(page.as_bytes())?))
}

/// What waits for an event and what must be gone, for the page.
fn limits(settings: &Settings, catalog: &Catalog, sight: &Sight) -> anyhow::Result<html::Limits> {
    let grounds = Grounds::read(catalog, settings.as_of)?;
    let names = grounds.names();
    let name = |key| names.get(&key).cloned();
    let soon = over_retention::end_of(over_retention::SOON, settings.as_of)?;
    let awaiting = awaiting::lines(catalog, &grounds, settings.as_of, sight)?;
    let ceilings = over_retention::count(catalog, &grounds, settings.as_of, soon, sight)?;
    Ok(html::Limits {
        awaiting: awaiting.iter().map(html::Awaiting::from).collect(),
        ceilings: ceilings
            .iter()
            .map(|(case, sum)| html::Ceiling::of(case, sum, name))
            .collect(),
    })
}

fn keep_gravest(alerts: &mut Vec<(lexhold_model::Severity, table::Row)>) {
    let at = |row: &table::Row| {
        row.get("sent_at")
            .and_then(|at| at.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    alerts.sort_by(|(a, one), (b, other)| {
        b.cmp(a)
            .then_with(|| at(other).cmp(&at(one)))
            .then_with(|| one["alert_id"].as_str().cmp(&other["alert_id"].as_str()))
    });
    alerts.truncate(html::ALERTS_SHOWN);
}

/// What stands above a table, and which columns it has, on paper.
struct Paper {
    title: &'static str,
    note: &'static str,
    columns: &'static [&'static str],
}

const HOLDS: Paper = Paper {
    title: "Legal holds",
    note: "Deletion of what a hold covers stopped at the instant at which it was placed. After a release it begins no earlier \
           than at the end of the grace.",
    columns: &[
        "matter",
        "hold",
        "state",
        "custodians",
        "anticipated_on",
        "placed_at",
        "placed_by",
        "released_at",
        "released_by",
        "reason",
        "grace_until",
        "held",
        "unevaluable",
        "unacknowledged",
    ],
};

const DISPOSAL: Paper = Paper {
    title: "Register of disposal",
    note: "Every version of every message that a plan named, and what became of it.",
    columns: &[
        "plan",
        "message_id",
        "disposal_state",
        "reason",
        "schedules",
        "triggers",
        "retain_until",
        "eligible_from",
        "action",
        "approved_by",
        "destroyed_at",
        "seq",
        "content_hash",
    ],
};

const SOURCES: Paper = Paper {
    title: "Sources",
    note: "What was read of each source on each day. Every row that was read was written, was there before, had been destroyed \
           before, or was unreadable.",
    columns: &[
        "source",
        "format",
        "day",
        "platform",
        "read",
        "written",
        "duplicate",
        "destroyed_before",
        "unreadable",
        "system",
        "complete",
    ],
};

const ERASURE: Paper = Paper {
    title: "Requests for erasure",
    note: "Every message that a request names, and how it stands: gone, queued for disposal, or kept and on which ground.",
    columns: &[],
};

fn heading(home: &Home, actor: &Actor, settings: &Settings, paper: &Paper) -> Heading {
    let mut about = vec![
        ("Home".to_owned(), home.id().to_owned()),
        ("As of".to_owned(), settings.as_of.to_string()),
        ("Printed for".to_owned(), actor.id.clone()),
    ];
    if actor.is_solo() {
        about.push(("Governance".to_owned(), "one person alone".to_owned()));
    }
    Heading {
        title: paper.title.to_owned(),
        about,
        note: paper.note.to_owned(),
        columns: paper.columns,
    }
}

/// Writes a table in every form asked for: to files where they are named, else to stdout.
pub fn each_form(
    to: &TableReport,
    columns: Columns,
    fill: impl FnMut(&mut TableWriter) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    each_page(to, columns, &Heading::default(), fill)
}

/// The same with a heading for the page.
fn each_page(
    to: &TableReport,
    columns: Columns,
    heading: &Heading,
    mut fill: impl FnMut(&mut TableWriter) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let outputs = outputs(to)?;
    for (format, file) in outputs {
        match file {
            Some(path) => to_file(&path, format, columns, heading, &mut fill)?,
            None => {
                let out = Box::new(std::io::BufWriter::new(std::io::stdout()));
                let mut table = TableWriter::new(format, columns, out)?.under(heading).on_screen();
                fill(&mut table)?;
                table.finish()?;
            }
        }
    }
    Ok(())
}

fn to_file(
    path: &Path,
    format: TableFormat,
    columns: Columns,
    heading: &Heading,
    fill: &mut dyn FnMut(&mut TableWriter) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_whole(path, |out| {
        let mut table = TableWriter::new(format, columns, out)?.under(heading);
        fill(&mut table)?;
        table.finish().map(drop)
    })
}

fn outputs(to: &TableReport) -> anyhow::Result<Vec<(TableFormat, Option<PathBuf>)>> {
    let named: Vec<(TableFormat, PathBuf)> = to
        .output
        .iter()
        .map(|text| named_output(text))
        .collect::<anyhow::Result<_>>()?;
    let mut formats = to.format.clone();
    formats.extend(
        named
            .iter()
            .map(|(format, _)| *format)
            .filter(|format| !to.format.contains(format)),
    );
    if formats.is_empty() {
        formats.push(TableFormat::Text);
    }
    let outputs: Vec<_> = formats
        .into_iter()
        .map(|format| {
            (
                format,
                named.iter().find(|(of, _)| *of == format).map(|(_, path)| path.clone()),
            )
        })
        .collect();
    if outputs.iter().filter(|(_, path)| path.is_none()).count() > 1 {
        return Err(Failure::new(Exit::Usage, "only one form can go to stdout")
            .help("give the others a file: --output csv=alerts.csv")
            .into());
    }
    Ok(outputs)
}

fn named_output(text: &str) -> anyhow::Result<(TableFormat, PathBuf)> {
    use clap::ValueEnum as _;
    let wrong = || {
        Failure::new(Exit::Usage, format!("--output `{text}` does not say FORMAT=FILE"))
            .help("for example --output csv=alerts.csv")
    };
    let (format, path) = text.split_once('=').ok_or_else(wrong)?;
    let format = TableFormat::from_str(format, true).map_err(|_| wrong())?;
    Ok((format, path.into()))
}
