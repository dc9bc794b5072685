//! `clock`: whether the clock is believed, and two people's word that it is right.

use lexhold_policy::Verb;
use lexhold_store::{ClockAttested, EntryKind, Home, Payload};
use serde_json::json;

use crate::args;
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::say;

/// Runs the verb.
pub fn clock(settings: &Settings, args: &args::Clock) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    match args {
        args::Clock::Check => check(settings, &home),
        args::Clock::Attest {
            reason,
            confirmed_by,
            wrong,
        } => attest(settings, &home, reason, confirmed_by, wrong),
    }
}

fn check(settings: &Settings, home: &Home) -> anyhow::Result<Exit> {
    believed(home)?;
    if !settings.quiet {
        say("the clock is believed");
    }
    Ok(Exit::Done)
}

/// Refuses while the clock is not believed. It is read now, and nowhere else.
pub fn believed(home: &Home) -> anyhow::Result<()> {
    let now = home::stamp("").at;
    match home.journal().clock_refusal(now)? {
        None => Ok(()),
        Some(refusal) => Err(Failure::new(Exit::Refused, refusal.to_string())
            .help("once the clock is right, lexhold clock attest --reason … --confirmed-by … says so")
            .into()),
    }
}

fn attest(settings: &Settings, home: &Home, reason: &str, also: &[String], wrong: &[String]) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let last = home.journal().last_seq()?;
    let wrong = wrong
        .iter()
        .map(|entries| range(entries, last))
        .collect::<anyhow::Result<_>>()?;
    actor.require(Verb::AttestClock, "home", also)?;
    let payload = json!(ClockAttested {
        reason: reason.to_owned(),
        confirmed_by: also.to_vec(),
        wrong,
    });
    let stamp = home::stamp(&actor.id);
    home.journal()
        .append(EntryKind::ClockAttested, Some(Payload::Json(&payload)), stamp)?;
    check(settings, home)
}

/// Entries as typed: `12`, or `12-15`.
fn range(text: &str, last: u64) -> anyhow::Result<(u64, u64)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) if 1 <= from && from <= to && to <= last => Ok((from, to)),
        _ => Err(
            Failure::new(Exit::Usage, format!("--wrong `{text}` names no journal entries"))
                .help(format!("write 12, or 12-15; the journal has {last}"))
                .into(),
        ),
    }
}
