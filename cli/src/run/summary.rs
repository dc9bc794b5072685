//! What a run says at its end: to a person as a table, to a pipeline as JSON, to the journal as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use indicatif::HumanCount;
use lexhold_evaluate::{Bundle, Evaluation, Fate};
use lexhold_model::Severity;
use lexhold_source::{Note, Unreadable};
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::{Map, Value, json};

use super::pipeline::Piece;
use super::{Input, interrupted};
use crate::args::{Run, SummaryFormat};
use crate::expected::{Compared, Expected, say_differences};
use crate::failure::Exit;
use crate::operators::Actor;
use crate::report::figures;
use crate::settings::Settings;
use crate::terminal::say;
use crate::{home, report};

/// Unreadable rows that are named one by one.
const NAMED: usize = 20;

/// What a run counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Messages read, those of earlier runs included.
    pub messages: u64,
    /// Taken in.
    pub new: u64,
    /// Taken in under an id of their own, since another message has theirs.
    pub collision: u64,
    /// There before.
    pub duplicate: u64,
    /// Destroyed by an earlier disposal, and not taken in again, as far as this operator may know.
    pub previously_destroyed: u64,
    /// Rows that are no messages.
    pub unreadable: u64,
    /// Messages that could not be scanned to the end.
    pub scan_incomplete: u64,
    /// Inputs whose rest could not be read.
    pub broken: u64,
    /// The digests of the inputs.
    pub digests: BTreeSet<String>,
}

impl Counts {
    /// Counts a batch.
    pub fn add(&mut self, piece: &Piece, evaluation: &Evaluation, fates: &[Fate]) {
        self.messages += piece.skipped + piece.batch.len() as u64;
        self.duplicate += piece.skipped;
        self.unreadable += piece.unreadable.iter().map(|row| row.place.rows()).sum::<u64>();
        self.scan_incomplete += evaluation
            .messages
            .iter()
            .filter(|message| message.scan_incomplete)
            .count() as u64;
        fates.iter().for_each(|fate| *self.of(fate) += 1);
    }

    fn of(&mut self, fate: &Fate) -> &mut u64 {
        match fate {
            Fate::New => &mut self.new,
            Fate::Collision(_) => &mut self.collision,
            Fate::Duplicate(_) => &mut self.duplicate,
        }
    }

    /// Counts a message as one that stays destroyed, though it is there: this operator may not know why.
    pub fn withhold(&mut self, fate: &Fate) {
        *self.of(fate) -= 1;
        self.messages -= 1;
        self.previously_destroyed += 1;
    }
}

/// The input, with the file inside it.
fn place_of(name: &str, file: Option<&str>) -> String {
    match file {
        Some(file) => format!("{}/{}", name.trim_end_matches('/'), lexhold_document::printable(file)),
        None => name.to_owned(),
    }
}

/// Names rows that could not be read, the first of them one by one.
pub fn say_unreadable(settings: &Settings, input: &Input, unreadable: &[Unreadable], notes: &[Note]) {
    let name = lexhold_document::printable(&input.name);
    for row in unreadable.iter().take(NAMED) {
        say(&format!(
            "{}:{}: {}",
            place_of(&name, row.file.as_deref()),
            row.place,
            lexhold_document::printable(&row.reason)
        ));
    }
    if unreadable.len() > NAMED {
        say(&format!(
            "{name}: … and {} more rows that cannot be read",
            unreadable.len() - NAMED
        ));
    }
    if settings.verbose > 0 {
        for note in notes {
            let file = place_of(&name, note.file.as_deref());
            say(&format!("{file}:{}: {}: {}", note.place, note.field, note.reason));
        }
    } else if !notes.is_empty() && !settings.quiet {
        say(&format!("{name}: {} fields were put right; -v names them", notes.len()));
    }
}

/// Says what else there is to know of an input.
pub fn say_remarks(settings: &Settings, input: &Input, remarks: &[String]) {
    for remark in remarks.iter().filter(|_| !settings.quiet) {
        say(&format!("{}: {remark}", lexhold_document::printable(&input.name)));
    }
}

/// Journals the summary, writes the reports, prints the summary.
#[expect(clippy::too_many_arguments, reason = "a run is made of these")]
pub fn finish(
    settings: &Settings,
    args: &Run,
    actor: &Actor,
    home: &Home,
    run: &str,
    bundle: &Bundle,
    counts: &Counts,
    (expected, seconds): (Option<Expected>, f64),
) -> anyhow::Result<Exit> {
    let (figures, compared) = {
        let catalog = home::catalog(settings, home)?;
        let mut sources = catalog.sources()?;
        sources.retain(|source| counts.digests.contains(&source.digest));
        (
            figures::of_run(&catalog, run, settings.as_of, actor)?,
            expected.map(|expected| expected.compare(&sources)),
        )
    };
    let mut summary = summary(settings, actor, run, bundle, counts, &figures, seconds);
    if let Some(compared) = &compared {
        summary["expected"] = compared.iter().map(Compared::json).collect();
    }
    let payload = json!({"run": run, "summary": summary});
    home.journal().append(
        EntryKind::RunFinished,
        Some(Payload::Json(&payload)),
        home::stamp(&actor.id),
    )?;
    home::close_up(settings, home)?;
    if let Some(folder) = &args.out {
        report::write_all(settings, actor, home, folder)?;
    }
    print(settings, args.format, &summary)?;
    let is_short = compared.is_some_and(|compared| say_differences(&compared));
    Ok(match exit(args, counts, &figures.alerts_by_severity) {
        Exit::Done if is_short => Exit::Negative,
        exit => exit,
    })
}

fn summary(
    settings: &Settings,
    actor: &Actor,
    run: &str,
    bundle: &Bundle,
    counts: &Counts,
    figures: &figures::RunFigures,
    seconds: f64,
) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    let rate = (counts.messages as f64 / seconds.max(0.001)).round() as u64;
    json!({
        "schema": "lexhold/run/1",
        "run": run,
        "as_of": settings.as_of.to_string(),
        "bundle": bundle.digest,
        "messages": counts.messages + counts.previously_destroyed,
        "new": counts.new,
        "collision": counts.collision,
        "duplicate": counts.duplicate,
        "previously_destroyed": counts.previously_destroyed,
        "unreadable": counts.unreadable,
        "unreadable_inputs": counts.broken,
        "scan_incomplete": counts.scan_incomplete,
        "complete": counts.broken == 0 && counts.unreadable == 0 && !interrupted(),
        "alerts_by_severity": by_severity(&figures.alerts_by_severity),
        "states": figures.states.iter().map(|(state, n)| ((*state).to_owned(), json!(n))).collect::<Map<_, _>>(),
        "unknown_handles": figures.unknown_handles,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "messages_per_second": rate,
        "governance": if actor.is_solo() { "solo" } else { "operators" },
        "unverified_bundles": crate::bundle::unverified(),
    })
}

/// Every severity with its count, the gravest first.
pub fn by_severity(counts: &BTreeMap<Severity, u64>) -> Map<String, Value> {
    Severity::ALL
        .iter()
        .rev()
        .map(|severity| (severity.to_string(), json!(counts.get(severity).copied().unwrap_or(0))))
        .collect()
}

fn print(settings: &Settings, format: SummaryFormat, summary: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        SummaryFormat::Json => writeln!(out, "{summary}")?,
        SummaryFormat::Text if settings.quiet => {}
        SummaryFormat::Text => out.write_all(text(summary).as_bytes())?,
    }
    out.flush()?;
    Ok(())
}

fn text(summary: &Value) -> String {
    let number = |key: &str| HumanCount(summary[key].as_u64().unwrap_or(0)).to_string();
    let parts = |key: &str| {
        let map = summary[key].as_object().into_iter().flatten();
        let shown: Vec<String> = map
            .filter(|(_, n)| n.as_u64() != Some(0))
            .map(|(name, n)| format!("{} {name}", HumanCount(n.as_u64().unwrap_or(0))))
            .collect();
        if shown.is_empty() {
            "none".to_owned()
        } else {
            shown.join(", ")
        }
    };
    let destroyed = match summary["previously_destroyed"].as_u64() {
        Some(0) | None => String::new(),
        Some(n) => format!(", {} previously destroyed", HumanCount(n)),
    };
    let mut lines = vec![
        (
            "messages",
            format!(
                "{} read: {} new, {} under an id already taken, {} there before{destroyed}",
                number("messages"),
                number("new"),
                number("collision"),
                number("duplicate")
            ),
        ),
        ("unreadable", number("unreadable")),
        ("alerts", parts("alerts_by_severity")),
        ("states", parts("states")),
        ("unknown handles", number("unknown_handles")),
        (
            "time",
            format!(
                "{} s, {} messages a second",
                summary["seconds"],
                number("messages_per_second")
            ),
        ),
        ("run", summary["run"].as_str().unwrap_or_default().to_owned()),
    ];
    if summary["scan_incomplete"].as_u64() != Some(0) {
        lines.insert(1, ("not scanned to the end", number("scan_incomplete")));
    }
    for bundle in summary["unverified_bundles"].as_array().into_iter().flatten() {
        let what = format!("{} was not verified", bundle.as_str().unwrap_or_default());
        lines.push(("warning", what));
    }
    if summary["complete"] == json!(false) {
        lines.push(("incomplete", "some input was not read; see the lines above".into()));
    }
    lines
        .into_iter()
        .map(|(name, value)| format!("{name:<16} {value}\n"))
        .collect()
}

/// How a run ends.
pub fn exit(args: &Run, counts: &Counts, alerts: &BTreeMap<Severity, u64>) -> Exit {
    if interrupted() {
        return Exit::Interrupted;
    }
    if counts.broken > 0 || counts.unreadable > args.max_unreadable {
        return Exit::Data;
    }
    let found = args
        .fail_on
        .is_some_and(|level| alerts.range(level..).any(|(_, n)| *n > 0));
    if found || counts.scan_incomplete > 0 {
        Exit::Negative
    } else {
        Exit::Done
    }
}
