//! A comparison for people and for machines: text, JSON, and Markdown fit for a pull request.

use std::io::{self, Write};

use lexhold_document::printable;
use lexhold_model::Digest;

use super::figures::{Figures, Moved};
use super::{Comparison, Format};
use crate::bundle;

/// What is said of two bundles with one digest.
const UNCHANGED: &str = "no semantic change: both say the same, whatever their layout and comments";

/// Prints a comparison.
pub fn print(out: &mut dyn Write, comparison: &Comparison, format: Format) -> io::Result<()> {
    match format {
        Format::Json => writeln!(out, "{}", lexhold_model::canonical_json(&comparison.json())),
        Format::Text => text(out, comparison),
        Format::Md => markdown(out, comparison),
    }
}

/// Each figure with its name, those that say something first.
fn lines(figures: &Figures) -> Vec<(&'static str, u64, String)> {
    let plain = |name, count| (name, count, String::new());
    vec![
        earlier("kept for a shorter time (retain_until)", &figures.retain_until),
        later("kept for a longer time (retain_until)", &figures.retain_until),
        earlier("may go earlier (eligible_from)", &figures.eligible_from),
        later("may go later (eligible_from)", &figures.eligible_from),
        earlier("to be disposed of earlier (dispose_at)", &figures.dispose_at),
        later("to be disposed of later (dispose_at)", &figures.dispose_at),
        plain("newly eligible", figures.newly_eligible),
        plain("no longer eligible", figures.no_longer_eligible),
        plain("newly ungoverned", figures.newly_ungoverned),
        plain("newly governed", figures.newly_governed),
        plain("conflicts gained", figures.conflicts_gained),
        plain("conflicts lost", figures.conflicts_lost),
        (
            "kept on by an earlier version",
            figures.kept_by_earlier_versions.values().sum(),
            figures
                .kept_by_earlier_versions
                .iter()
                .map(|(document, count)| format!("{document} {count}"))
                .collect::<Vec<_>>()
                .join(", "),
        ),
    ]
}

fn earlier(name: &'static str, moved: &Moved) -> (&'static str, u64, String) {
    (
        name,
        moved.earlier,
        by(moved.earlier_days_max, moved.earlier_from_never, "had no end before"),
    )
}

fn later(name: &'static str, moved: &Moved) -> (&'static str, u64, String) {
    (
        name,
        moved.later,
        by(
            moved.later_days_max,
            moved.later_to_never,
            "without end, or without a date before",
        ),
    )
}

fn by(days: u64, endless: u64, what: &str) -> String {
    let days = (days > 0).then(|| format!("by {days} days at most"));
    let endless = (endless > 0).then(|| format!("{endless} {what}"));
    days.into_iter().chain(endless).collect::<Vec<_>>().join(", ")
}

/// Figures on dates, as text.
pub fn figures(out: &mut dyn Write, title: &str, figures: &Figures, digest: &Digest) -> io::Result<()> {
    writeln!(out, "{}, {} messages", printable(title), figures.messages)?;
    dates(out, figures)?;
    writeln!(out, "simulation {digest}")
}

fn dates(out: &mut dyn Write, figures: &Figures) -> io::Result<()> {
    for (name, count, more) in lines(figures).into_iter().filter(|(_, count, _)| *count > 0) {
        let more = if more.is_empty() { more } else { format!(": {more}") };
        writeln!(out, "  {count:>9}  {name}{}", printable(&more))?;
    }
    if figures.is_unchanged() {
        writeln!(out, "  no date of any message changes")?;
    }
    for (schedule, figures) in &figures.by_schedule {
        writeln!(
            out,
            "    {}: kept shorter {}, longer {}; may go earlier {}, later {}; newly eligible {}",
            printable(schedule),
            figures.retain_until.earlier,
            figures.retain_until.later,
            figures.eligible_from.earlier,
            figures.eligible_from.later,
            figures.newly_eligible
        )?;
    }
    Ok(())
}

fn text(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    writeln!(
        out,
        "{} -> {}, {} messages, judged at {}",
        comparison.from.short(),
        comparison.to.short(),
        comparison.retention.messages,
        comparison.judged_at
    )?;
    if comparison.from == comparison.to {
        writeln!(out, "  {UNCHANGED}")?;
    }
    for document in &comparison.documents {
        writeln!(out, "  {}", document.words())?;
    }
    for period in &comparison.periods {
        writeln!(out, "    {}", period.words())?;
    }
    dates(out, &comparison.retention)?;
    if let Some(alerts) = &comparison.alerts {
        let total = alerts.total;
        writeln!(
            out,
            "  alerts on {} messages: {} gained, {} lost, {} with another severity",
            alerts.messages, total.gained, total.lost, total.reclassified
        )?;
        if let Some(sample) = &alerts.sample {
            writeln!(
                out,
                "    a sample (seed {}) of {}: with 95 % confidence at most {} lost and {} gained among all, not counting rules over several messages",
                sample.seed, sample.of, sample.lost_at_most, sample.gained_at_most
            )?;
        }
        for (rule, figures) in &alerts.by_rule {
            writeln!(
                out,
                "    {}: {} gained, {} lost, {} with another severity",
                printable(rule),
                figures.gained,
                figures.lost,
                figures.reclassified
            )?;
        }
    }
    for bundle in bundle::unverified() {
        writeln!(
            out,
            "  warning: {} was not verified (--insecure-no-verify)",
            printable(&bundle)
        )?;
    }
    writeln!(out, "simulation {}", comparison.digest())
}

fn markdown(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    writeln!(
        out,
        "### What this change does to {} messages\n",
        comparison.retention.messages
    )?;
    for bundle in bundle::unverified() {
        writeln!(
            out,
            "**{} was not verified** (`--insecure-no-verify`).\n",
            cell(&bundle)
        )?;
    }
    if comparison.from == comparison.to {
        writeln!(out, "**{UNCHANGED}**\n")?;
    }
    for document in &comparison.documents {
        writeln!(out, "- {}", cell(&document.words()))?;
    }
    for period in &comparison.periods {
        writeln!(out, "  - {}", cell(&period.words()))?;
    }
    if !comparison.documents.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "| | messages | |\n| --- | ---: | --- |")?;
    for (name, count, more) in lines(&comparison.retention)
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
    {
        writeln!(out, "| {name} | {count} | {} |", cell(&more))?;
    }
    if comparison.retention.is_unchanged() {
        writeln!(out, "| no date of any message changes | 0 | |")?;
    }
    if !comparison.retention.by_schedule.is_empty() {
        writeln!(
            out,
            "\n| schedule | kept shorter | kept longer | may go earlier | may go later | newly eligible |"
        )?;
        writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
        for (schedule, figures) in &comparison.retention.by_schedule {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                cell(schedule),
                figures.retain_until.earlier,
                figures.retain_until.later,
                figures.eligible_from.earlier,
                figures.eligible_from.later,
                figures.newly_eligible
            )?;
        }
    }
    if let Some(alerts) = &comparison.alerts {
        writeln!(
            out,
            "\n| rule | alerts gained | lost | other severity |\n| --- | ---: | ---: | ---: |"
        )?;
        for (rule, figures) in &alerts.by_rule {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                cell(rule),
                figures.gained,
                figures.lost,
                figures.reclassified
            )?;
        }
        let total = alerts.total;
        writeln!(
            out,
            "| all, on {} messages | {} | {} | {} |",
            alerts.messages, total.gained, total.lost, total.reclassified
        )?;
        if let Some(sample) = &alerts.sample {
            writeln!(
                out,
                "\nA sample of {} (seed {}): with 95 % confidence at most {} alerts lost and {} gained among all, not counting rules over several messages.",
                sample.of, sample.seed, sample.lost_at_most, sample.gained_at_most
            )?;
        }
    }
    writeln!(
        out,
        "\nFrom `{}` to `{}`, judged at {}. Simulation `{}`.",
        comparison.from.short(),
        comparison.to.short(),
        comparison.judged_at,
        comparison.digest()
    )
}

/// Text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    printable(text).replace('|', "\\|").replace('<', "&lt;")
}
