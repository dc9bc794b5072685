//! `status`: what the home holds, and how far a run in progress has come.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration};
use jiff::Timestamp;
use lexhold_store::{Holder, Home, Progress};
use serde_json::{Value, json};

use crate::args::Status;
use crate::bundle;
use crate::failure::Exit;
use crate::home;
use crate::operators::Actor;
use crate::report::resolve::judge_conversations;
use crate::report::{ViewerSight, figures};
use crate::review::ReviewLog;
use crate::settings::Settings;

/// How often `--watch` looks.
const LOOK: Duration = Duration::from_secs(1);

/// Prints the status, once or until a run in progress ends.
pub fn status(settings: &Settings, args: &Status) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    loop {
        let running = home.run_holder()?;
        let shown = match &running {
            Some(holder) if args.watch => progress(&home, holder)?,
            _ => whole(settings, &actor, &home, running.as_ref())?,
        };
        print(args, &shown)?;
        if !args.watch || running.is_none() {
            return Ok(Exit::Done);
        }
        std::thread::sleep(LOOK);
    }
}

fn print(args: &Status, shown: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{shown}")?;
    } else {
        let text = text(shown);
        if args.watch && out.is_terminal() {
            // Home and clear, so that the figures stand still on the screen.
            write!(out, "\x1b[H\x1b[2J")?;
        }
        out.write_all(text.as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

fn progress(home: &Home, holder: &Holder) -> anyhow::Result<Value> {
    Ok(json!({"schema": "lexhold/status/1", "home": home.id(), "in_progress": in_progress(home, holder)?}))
}

fn in_progress(home: &Home, holder: &Holder) -> anyhow::Result<Value> {
    let Progress {
        run,
        phase,
        messages,
        bytes,
        total_bytes,
        alerts,
        messages_per_second,
        ..
    } = home.progress()?.unwrap_or_default();
    let process = json!({"process": holder.process, "actor": holder.actor, "what": holder.purpose, "since": holder.since.to_string()});
    Ok(
        json!({"run": run, "phase": phase, "messages": messages, "bytes": bytes, "total_bytes": total_bytes, "hits": alerts, "messages_per_second": messages_per_second, "by": process}),
    )
}

fn whole(settings: &Settings, actor: &Actor, home: &Home, running: Option<&Holder>) -> anyhow::Result<Value> {
    let sight = ViewerSight::of(actor)?;
    let catalog = home::catalog(settings, home)?;
    let status = catalog.status()?;
    let totals = figures::totals(&catalog, None, settings.as_of, &sight)?;
    let (states, withheld) = (totals.states, totals.withheld);
    judge_conversations(&catalog)?;
    let n_alerts: u64 = catalog.alerts_by_month()?.iter().map(|month| month.n_alerts).sum();
    let names = catalog.hold_names()?.into_iter();
    let holds = names.filter(|hold| hold.active && sight.shows(hold.silent)).count();
    let instant = |at: i64| {
        Timestamp::from_microsecond(at)
            .map(|at| at.to_string())
            .unwrap_or_default()
    };
    let runs: Vec<Value> = catalog
        .runs(5)?
        .iter()
        .map(|run| json!({"run": run.run, "actor": run.actor, "started_at": instant(run.started_at), "finished_at": run.finished_at.map(instant), "messages": run.n_messages.saturating_sub(withheld.get(&run.run).copied().unwrap_or(0))}))
        .collect();
    let unverified = bundle::taken_unverified(home, status.bundle.as_ref())?;
    let review = figures::reviews(&catalog, &ReviewLog::load(settings, home, &catalog)?)?;
    drop(catalog);
    let ungoverned = states.get("ungoverned").copied().unwrap_or(0);
    let due = states.get("eligible").copied().unwrap_or(0);
    Ok(json!({
        "schema": "lexhold/status/1",
        "home": home.id(),
        "path": home.root().display().to_string(),
        "zone": home.zone(),
        "archive": home.object_archive().map(|archive| &archive.url),
        "governance": if actor.is_solo() { "solo" } else { "operators" },
        "bundle": status.bundle.as_ref().map(|bundle| bundle.digest),
        "unverified_bundle": unverified,
        "activated_at": status.bundle.as_ref().map(|bundle| instant(bundle.activated_at)),
        "as_of": settings.as_of.to_string(),
        "messages": status.n_messages.saturating_sub(withheld.values().sum()),
        "alerts": n_alerts,
        "unreviewed": review.unreviewed,
        "overdue": review.overdue,
        "suppressed": review.suppressed,
        "holds": holds,
        "states": states,
        "ungoverned": ungoverned,
        "due": due,
        "unknown_handles": status.n_unknown_handles,
        "runs": runs,
        "in_progress": running.map(|holder| in_progress(home, holder)).transpose()?,
    }))
}

fn text(shown: &Value) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    let count = |value: &Value| HumanCount(value.as_u64().unwrap_or(0)).to_string();
    let word = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    if shown.get("messages").is_some() {
        line("home", format!("{} ({})", word(&shown["path"]), word(&shown["zone"])));
        if let Some(archive) = shown["archive"].as_str() {
            line("archive", lexhold_document::printable(archive));
        }
        line("governance", word(&shown["governance"]));
        line("bundle", word(&shown["bundle"]));
        if let Some(unverified) = shown["unverified_bundle"].as_str() {
            line(
                "warning",
                format!("the bundle came as {unverified} and was not verified (--insecure-no-verify)"),
            );
        }
        line("messages", count(&shown["messages"]));
        let states = shown["states"].as_object().into_iter().flatten();
        line(
            "states",
            states
                .map(|(state, n)| format!("{} {state}", count(n)))
                .collect::<Vec<_>>()
                .join(", "),
        );
        line(
            "alerts",
            format!(
                "{}: {} unreviewed, of which {} overdue; {} suppressed",
                count(&shown["alerts"]),
                count(&shown["unreviewed"]),
                count(&shown["overdue"]),
                count(&shown["suppressed"])
            ),
        );
        line("holds", count(&shown["holds"]));
        line("due", format!("{} eligible for disposal", count(&shown["due"])));
        line("unknown handles", count(&shown["unknown_handles"]));
        for run in shown["runs"].as_array().into_iter().flatten() {
            let end = run["finished_at"]
                .as_str()
                .map_or_else(|| "not finished".to_owned(), |at| format!("finished {at}"));
            line(
                "run",
                format!(
                    "{} by {}: {} messages, {end}",
                    word(&run["run"]),
                    word(&run["actor"]),
                    count(&run["messages"])
                ),
            );
        }
    }
    if let Some(now) = shown.get("in_progress").filter(|now| !now.is_null()) {
        line("in progress", in_progress_text(now));
    }
    lines
        .into_iter()
        .map(|(name, value)| format!("{name:<16} {}\n", lexhold_document::printable(&value)))
        .collect()
}

fn in_progress_text(now: &Value) -> String {
    let messages = now["messages"].as_u64().unwrap_or(0);
    let rate = now["messages_per_second"].as_f64().unwrap_or(0.0);
    let (bytes, total) = (now["bytes"].as_u64().unwrap_or(0), now["total_bytes"].as_u64());
    let by = &now["by"];
    let mut text = format!(
        "{}{} (process {}): {} messages, {rate} a second",
        by["what"].as_str().unwrap_or("run"),
        match by["actor"].as_str() {
            Some("") | None => String::new(),
            Some(actor) => format!(" by {actor}"),
        },
        by["process"],
        HumanCount(messages)
    );
    if let Some(total) = total.filter(|total| *total > 0) {
        text += &format!(", {} %", bytes * 100 / total);
    }
    if let Some(since) = by["since"].as_str().and_then(|since| since.parse::<Timestamp>().ok()) {
        let seconds = Timestamp::now().duration_since(since).as_secs().unsigned_abs();
        text += &format!(", for {}", HumanDuration(Duration::from_secs(seconds)));
    }
    text
}
