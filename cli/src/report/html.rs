//! `report html`: one page for people, in one file, with nothing in it that runs or is fetched.
//!
//! `gather` asks the catalog, `page` lays out what it was given: the same data make the same page, byte for byte.

mod alerts;
pub mod escape;
mod kept;
mod limits;
mod review;
mod timeline;
mod words;

use std::collections::BTreeMap;

use askama::Template;
use lexhold_catalog::{
    AlertMonth, Catalog, CoverageRow, HoldRow, ReviewRow, RuleRow, RunRow, ScheduleRow, UnknownHandle,
};
use serde_json::Value;

use super::figures::ReviewFigures;
use super::resolve;
use super::table::Row;
use crate::dates::{DueMonth, Totals};
use alerts::{AlertLine, Counts, RuleBar};
use kept::{Coverage, HoldLine, ScheduleLine, StateBar};
use limits::LimitLine;
pub use limits::{Awaiting, Ceiling, Limits};
pub use review::{DECISIONS_SHOWN, Month};
use review::{Decided, MonthLine};
use timeline::Timeline;

/// Alerts shown one by one.
pub const ALERTS_SHOWN: usize = 200;
/// Runs shown.
const RUNS_SHOWN: usize = 20;
/// Handles shown that the directory does not know.
const HANDLES_SHOWN: usize = 50;

/// What the page says of itself.
pub struct About {
    /// The home's id.
    pub home: String,
    /// The instant it judges by.
    pub as_of: String,
    /// Lexhold's version.
    pub engine: String,
    /// Whether one person governs alone.
    pub solo: bool,
    /// Whether the viewer may know of silent holds.
    pub see_silent: bool,
    /// The active bundle's name and revision, where it was taken without being verified.
    pub unverified: Option<String>,
}

/// How alerts were reviewed.
#[derive(Default)]
pub struct Reviewed {
    /// How many are in which state.
    pub figures: ReviewFigures,
    /// What was sent, found and looked at, by month, the latest first.
    pub months: Vec<Month>,
    /// The latest decisions, one more than are shown.
    pub latest: Vec<ReviewRow>,
}

/// Everything that the page shows.
pub struct PageData {
    about: About,
    bundle: Option<String>,
    n_messages: u64,
    n_alerts: u64,
    states: BTreeMap<&'static str, u64>,
    /// Latest first, one more than are shown.
    runs: Vec<RunRow>,
    months: Vec<AlertMonth>,
    rules: Vec<RuleRow>,
    gravest: Vec<Row>,
    reviewed: Reviewed,
    due: Vec<DueMonth>,
    limits: Limits,
    schedules: Vec<ScheduleRow>,
    coverage: Vec<CoverageRow>,
    holds: Vec<HoldRow>,
    unknown: Vec<UnknownHandle>,
}

/// Asks the catalog for what the page shows. Of a silent hold nothing gets further than this for who may not know of it.
pub fn gather(
    catalog: &Catalog,
    about: About,
    totals: Totals,
    coverage: Vec<CoverageRow>,
    limits: Limits,
    gravest: Vec<Row>,
    reviewed: Reviewed,
) -> anyhow::Result<PageData> {
    let status = catalog.status()?;
    resolve::judge_conversations(catalog)?;
    let months = catalog.alerts_by_month()?;
    let hide_silent = !about.see_silent;
    let mut holds = catalog.holds()?;
    holds.retain(|hold| hold.is_active() && !(hide_silent && hold.silent));
    Ok(PageData {
        about,
        bundle: status.bundle.map(|bundle| bundle.digest.to_string()),
        n_messages: status.n_messages,
        n_alerts: months.iter().map(|month| month.n_alerts).sum(),
        states: totals.states,
        runs: catalog.runs(RUNS_SHOWN + 1)?,
        months,
        rules: catalog.rules()?,
        gravest,
        reviewed,
        due: totals.due,
        limits,
        schedules: catalog.schedules()?,
        coverage,
        holds,
        unknown: catalog.unknown_handles()?,
    })
}

/// The page.
pub fn page(data: &PageData) -> anyhow::Result<String> {
    Ok(View::of(data).render()?.trim_start().to_owned())
}

/// The page as the template wants it.
#[derive(Template)]
#[template(path = "page.html")]
struct View<'a> {
    about: &'a About,
    as_of: String,
    bundle: &'a str,
    tiles: Vec<Tile>,
    alerts_lead: String,
    severities: Vec<Counts>,
    alerts: Option<Timeline>,
    rules: Vec<RuleBar>,
    gravest: Vec<AlertLine<'a>>,
    /// Says how many alerts the table leaves out.
    more_alerts: Option<String>,
    review_lead: String,
    review_states: Vec<StateBar>,
    months: Vec<MonthLine>,
    more_months: bool,
    decisions: Vec<Decided>,
    more_decisions: bool,
    states: Vec<StateBar>,
    due: Option<Timeline>,
    awaiting: Vec<LimitLine<'a>>,
    more_awaiting: Option<String>,
    ceilings: Vec<LimitLine<'a>>,
    more_ceilings: Option<String>,
    schedules: Vec<ScheduleLine<'a>>,
    coverage: Vec<Coverage<'a>>,
    holds: Vec<HoldLine<'a>>,
    any_silent: bool,
    unknown: Vec<(&'a UnknownHandle, String)>,
    n_unknown: String,
    more_unknown: Option<String>,
    runs: Vec<RunLine<'a>>,
    more_runs: bool,
}

/// A figure that stands by itself.
struct Tile {
    label: &'static str,
    value: String,
    note: String,
}

/// A run.
struct RunLine<'a> {
    run: &'a str,
    actor: &'a str,
    started: String,
    as_of: String,
    added: String,
    read: String,
    duplicates: String,
    unreadable: String,
    seconds: String,
}

impl<'a> View<'a> {
    fn of(data: &'a PageData) -> Self {
        let n_shown = data.gravest.len().min(ALERTS_SHOWN);
        let n_left = data.n_alerts.saturating_sub(n_shown as u64);
        let n_unknown = data.unknown.len();
        let handles = data.unknown.iter().take(HANDLES_SHOWN);
        let (awaiting, more_awaiting) = limits::awaiting(&data.limits.awaiting);
        let (ceilings, more_ceilings) = limits::ceilings(&data.limits.ceilings);
        Self {
            about: &data.about,
            as_of: words::minute_of(&data.about.as_of),
            bundle: data.bundle.as_deref().unwrap_or("none yet"),
            tiles: tiles(data),
            alerts_lead: alerts::lead(data.n_alerts, &data.months),
            severities: alerts::by_severity(&data.months),
            alerts: alerts::timeline(&data.months),
            rules: alerts::by_rule(&data.months, &data.rules),
            gravest: data
                .gravest
                .iter()
                .take(ALERTS_SHOWN)
                .map(|row| AlertLine::of(row, &data.rules))
                .collect(),
            more_alerts: (n_left > 0).then(|| words::counted(n_left, "more alert", "more alerts")),
            review_lead: review::lead(&data.reviewed.figures),
            review_states: review::states(&data.reviewed.figures),
            months: review::months(&data.reviewed.months),
            more_months: data.reviewed.months.len() > review::MONTHS_SHOWN,
            decisions: review::decisions(&data.reviewed.latest),
            more_decisions: data.reviewed.latest.len() > review::DECISIONS_SHOWN,
            states: kept::states(&data.states),
            due: kept::due(&data.due, &data.about.as_of),
            awaiting,
            more_awaiting,
            ceilings,
            more_ceilings,
            schedules: kept::schedules(&data.schedules, &data.due),
            coverage: kept::coverage(&data.coverage),
            holds: data.holds.iter().map(HoldLine::of).collect(),
            any_silent: data.holds.iter().any(|hold| hold.silent),
            unknown: handles.map(|handle| (handle, words::number(handle.n_sent))).collect(),
            n_unknown: words::counted(n_unknown as u64, "handle", "handles"),
            more_unknown: (n_unknown > HANDLES_SHOWN).then(|| words::number((n_unknown - HANDLES_SHOWN) as u64)),
            runs: data.runs.iter().take(RUNS_SHOWN).map(RunLine::of).collect(),
            more_runs: data.runs.len() > RUNS_SHOWN,
        }
    }
}

fn tiles(data: &PageData) -> Vec<Tile> {
    let in_state = |name| data.states.get(name).copied().unwrap_or(0);
    let of_all = |n| format!("{} of all messages", words::share(n, data.n_messages));
    let tile = |label, n, note| Tile {
        label,
        value: words::number(n),
        note,
    };
    let grave = data
        .months
        .iter()
        .filter(|month| alerts::grave(&month.severity))
        .map(|month| month.n_alerts)
        .sum();
    let runs = match data.runs.len() {
        n if n > RUNS_SHOWN => format!("from more than {RUNS_SHOWN} runs"),
        n => format!("from {}", words::counted(n as u64, "run", "runs")),
    };
    vec![
        tile("Messages", data.n_messages, runs),
        tile(
            "Alerts",
            data.n_alerts,
            format!("{} high or critical", words::number(grave)),
        ),
        tile(
            "Unreviewed",
            data.reviewed.figures.unreviewed,
            format!("{} overdue", words::number(data.reviewed.figures.overdue)),
        ),
        tile("Due for disposal", in_state("eligible"), of_all(in_state("eligible"))),
        tile(
            "Held",
            in_state("held"),
            words::counted(data.holds.len() as u64, "hold", "holds"),
        ),
        tile("Ungoverned", in_state("ungoverned"), of_all(in_state("ungoverned"))),
    ]
}

impl<'a> RunLine<'a> {
    fn of(run: &'a RunRow) -> Self {
        let summary: Value = run
            .summary
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let count = |name: &str| summary[name].as_u64().map_or_else(|| "–".to_owned(), words::number);
        Self {
            run: &run.run,
            actor: &run.actor,
            started: words::minute(Some(run.started_at)),
            as_of: words::minute(Some(run.as_of)),
            added: words::number(run.n_messages),
            read: count("messages"),
            duplicates: count("duplicate"),
            unreadable: count("unreadable"),
            seconds: match (run.finished_at, summary["seconds"].as_f64()) {
                (None, _) => "not finished".to_owned(),
                (_, Some(seconds)) => format!("{seconds:.1} s"),
                (_, None) => "–".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
