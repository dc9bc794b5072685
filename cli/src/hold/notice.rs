//! `hold notice` and `hold ack`: what custodians were told, and whether they answered. Files are written, nothing is sent.

use std::io::Write as _;
use std::path::Path;

use lexhold_catalog::payload::{HoldNotice, HoldPlaced};
use lexhold_model::{Digest, Directory};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::json;

use super::log::HoldLog;
use super::{compiled, one};
use crate::args::{AckHold, NoticeOfHold, NoticeStep};
use crate::failure::{Exit, Failure};
use crate::files::why;
use crate::home;
use crate::operators::Actor;
use crate::report::HoldFigures;
use crate::report::table::write_whole;
use crate::settings::Settings;
use crate::terminal::say;

/// What custodians are told where a document has no words of its own.
const NOTICE: &str = "You have, or may have, messages that bear on this matter. From now on keep all of them, wherever they are: \
                      on paper, on every device, in every account. Delete, change and throw away nothing, also where a rule \
                      would have you do so. This holds until you are told in writing that it has ended.";

/// What custodians are told once a hold has ended.
const ENDED: &str = "This hold has ended. You need no longer keep messages because of it. Whatever other holds, the law or the firm's \
                     own rules keep stays as it is: delete nothing on account of this letter alone.";

/// Tells custodians of a hold or of its end, reminds them, or tells those above them.
pub fn notice(settings: &Settings, args: &NoticeOfHold) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let log = HoldLog::read(&home)?;
    let ended = args.step == NoticeStep::Release;
    let placed = open(&actor, &log, &args.name, ended)?;
    let directory = compiled::directory(settings, &home)?;
    let figures = HoldFigures::of(&home::catalog(settings, &home)?, &directory, settings.now)?;
    let told = figures.by_custodian_of(&placed.hold, &placed.document);
    named(placed, &args.custodian)?;
    let wanted = told.iter().filter(|one| {
        let asked = args.custodian.is_empty() || args.custodian.contains(&one.custodian);
        asked
            && match args.step {
                NoticeStep::Issue => one.issued_at.is_none() || !args.custodian.is_empty(),
                NoticeStep::Remind => {
                    one.issued_at.is_some() && (one.acknowledged_at.is_none() || one.reminder_is_due(settings.now))
                }
                NoticeStep::Escalate => one.issued_at.is_some() && one.acknowledged_at.is_none(),
                NoticeStep::Release => one.issued_at.is_some() && one.released_at.is_none(),
            }
    });
    let custodians: Vec<String> = wanted.map(|one| one.custodian.clone()).collect();
    if custodians.is_empty() {
        say("nobody is left to be told");
        return Ok(Exit::Done);
    }
    let words = match args.step {
        NoticeStep::Release => ENDED.to_owned(),
        _ => placed.document["notice"].as_str().unwrap_or(NOTICE).trim().to_owned(),
    };
    std::fs::create_dir_all(&args.out).map_err(|error| cannot(&args.out, &error))?;
    let step = match args.step {
        NoticeStep::Issue => "issued",
        NoticeStep::Remind => "reminded",
        NoticeStep::Escalate => "escalated",
        NoticeStep::Release => "released",
    };
    for custodian in &custodians {
        let to = match args.step {
            NoticeStep::Escalate => superior(&directory, custodian),
            _ => None,
        };
        let text = letter(settings, placed, custodian, to.as_deref(), step, &words);
        let path = args.out.join(file_name(&placed.hold, custodian, step));
        write_whole(&path, |mut out| Ok(out.write_all(text.as_bytes())?))?;
        if !settings.quiet {
            say(&format!("wrote {}", path.display()));
        }
    }
    let text = Some(Digest::of(words.as_bytes()).to_string());
    note(&actor, &home, &placed.hold, step, custodians, text)?;
    Ok(Exit::Done)
}

/// Puts on record that custodians have acknowledged.
pub fn ack(settings: &Settings, args: &AckHold) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let log = HoldLog::read(&home)?;
    let placed = open(&actor, &log, &args.name, false)?;
    named(placed, &args.custodian)?;
    let directory = compiled::directory(settings, &home)?;
    let figures = HoldFigures::of(&home::catalog(settings, &home)?, &directory, settings.now)?;
    let told = figures.by_custodian_of(&placed.hold, &placed.document);
    let untold = told.iter().filter(|one| one.issued_at.is_none());
    let mut untold = untold.filter(|one| args.custodian.contains(&one.custodian));
    if let Some(one) = untold.next() {
        let who = lexhold_document::printable(&one.custodian);
        let message = format!("`{who}` was never told of the hold `{}`", placed.hold);
        return Err(Failure::new(Exit::Refused, message)
            .help(format!("lexhold hold notice issue {} --custodian {who}", placed.hold))
            .into());
    }
    let seq = note(
        &actor,
        &home,
        &placed.hold,
        "acknowledged",
        args.custodian.clone(),
        None,
    )?;
    if !settings.quiet {
        let who = args.custodian.join(", ");
        say(&lexhold_document::printable(&format!(
            "hold {}: acknowledged by {who}, journal entry {seq}",
            placed.hold
        )));
    }
    Ok(Exit::Done)
}

/// A hold of which custodians may be told, in force or ended, by somebody who may place holds.
fn open<'l>(actor: &Actor, log: &'l HoldLog, name: &str, ended: bool) -> anyhow::Result<&'l HoldPlaced> {
    let placed = one(actor, log, name)?;
    actor.require_hold(Verb::PlaceHold, &placed.hold, &[], placed.silent)?;
    let why = if placed.silent {
        "is silent: nobody is told of it"
    } else {
        match (log.is_released(&placed.hold), ended) {
            (true, false) => "has ended",
            (false, true) => "is in force",
            _ => return Ok(placed),
        }
    };
    Err(Failure::new(Exit::Refused, format!("the hold `{name}` {why}")).into())
}

fn named(placed: &HoldPlaced, custodians: &[String]) -> anyhow::Result<()> {
    let of_hold = HoldFigures::custodians_of(&placed.document);
    match custodians.iter().find(|custodian| !of_hold.contains(custodian)) {
        None => Ok(()),
        Some(stranger) => {
            let message = format!("the hold `{}` names no `{stranger}`", placed.hold);
            Err(Failure::new(Exit::Usage, message)
                .help(format!("it names {}", of_hold.join(", ")))
                .into())
        }
    }
}

fn note(
    actor: &Actor,
    home: &Home,
    hold: &str,
    step: &str,
    custodians: Vec<String>,
    text: Option<String>,
) -> anyhow::Result<u64> {
    let payload = json!(HoldNotice {
        hold: hold.to_owned(),
        step: step.to_owned(),
        custodians,
        text,
    });
    let stamp = home::stamp(&actor.id);
    let entry = home
        .journal()
        .append(EntryKind::HoldNotice, Some(Payload::Json(&payload)), stamp)?;
    Ok(entry.seq)
}

fn superior(directory: &Directory, custodian: &str) -> Option<String> {
    directory.standing(custodian, None)?.person.supervisor.clone()
}

fn letter(
    settings: &Settings,
    placed: &HoldPlaced,
    custodian: &str,
    to: Option<&str>,
    step: &str,
    words: &str,
) -> String {
    let heading = match step {
        "issued" => "Notice of a legal hold",
        "reminded" => "Reminder of a legal hold",
        "released" => "A legal hold has ended",
        _ => "A notice of a legal hold that was not acknowledged",
    };
    let closing = match step {
        "released" => "",
        _ => "\n\nAcknowledge this notice to the sender.",
    };
    let about = to.map_or_else(String::new, |_| format!("Custodian: {custodian}\n"));
    format!(
        "{heading}\n\nTo: {}\n{about}Matter: {}\nHold: {}\nDate: {}\n\n{words}{closing}\n",
        to.unwrap_or(custodian),
        placed.matter,
        placed.hold,
        settings.now.strftime("%Y-%m-%d"),
    )
}

/// A name that every file system takes, and that no two custodians share.
fn file_name(hold: &str, custodian: &str, step: &str) -> String {
    let plain = |text: &str| -> String {
        let character = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        text.chars().take(60).map(character).collect()
    };
    let own = &Digest::of(custodian.as_bytes()).to_string()[..6];
    format!("{}-{}-{own}-{step}.txt", plain(hold), plain(custodian))
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Data, format!("cannot write {}: {}", path.display(), why(error)))
}
