//! `case`: what people keep together because it may matter. Nothing that an open case rests on is disposed of; its age is
//! shown, and only people close it.

mod evidence;
mod list;
mod log;

use std::io::Write;

use lexhold_catalog::payload::{CaseAdded, CaseClosed, CaseItem, CaseOpened};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::{Value, json};

use crate::args::{Case, CaseKind, Evidence};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use log::{CaseLog, Standing};

/// Characters that a name may have.
const NAME_CHARS: usize = 64;
/// How often it is tried again because somebody else wrote of cases meanwhile.
const TRIES: usize = 8;

/// Lists cases, or writes of one.
pub fn case(settings: &Settings, args: &Case) -> anyhow::Result<Exit> {
    match &args.what {
        CaseKind::List { all, table } => return list::cases(settings, *all, table),
        CaseKind::Show { name, table } => return list::messages(settings, name, table),
        CaseKind::Open { .. } | CaseKind::Add { .. } | CaseKind::Close { .. } => {}
    }
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    for _ in 0..TRIES {
        let log = CaseLog::load(settings, &home)?;
        let Some(wanted) = wanted(settings, &actor, &home, &log, &args.what)? else {
            return told("nothing to do: it was so before");
        };
        let stamp = home::stamp(&actor.id);
        let payload = Some(Payload::Json(&wanted.payload));
        let entry = home
            .journal()
            .append_if(wanted.kind, payload, stamp, |journal| log.is_current(journal))?;
        if let Some(entry) = entry {
            return told(&format!("{}, journal entry {}", wanted.done, entry.seq));
        }
    }
    Err(Failure::new(Exit::Busy, "others keep writing of cases; nothing was done").into())
}

fn told(what: &str) -> anyhow::Result<Exit> {
    writeln!(std::io::stdout().lock(), "{}", lexhold_document::printable(what))?;
    Ok(Exit::Done)
}

/// An entry to be written, once governance lets it pass.
struct Wanted {
    kind: EntryKind,
    payload: Value,
    /// What has been done, for people.
    done: String,
}

/// What is left to write; `None` where it was done before.
fn wanted(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    log: &CaseLog,
    what: &CaseKind,
) -> anyhow::Result<Option<Wanted>> {
    match what {
        CaseKind::Open { name, matter, evidence } => {
            open(settings, actor, home, log, (name, matter, evidence)).map(Some)
        }
        CaseKind::Add { name, evidence } => add(settings, actor, home, log, name, evidence),
        CaseKind::Close {
            name,
            reason,
            confirmed_by,
        } => close(actor, log, name, reason, confirmed_by.as_deref()).map(Some),
        CaseKind::List { .. } | CaseKind::Show { .. } => Ok(None),
    }
}

fn open(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    log: &CaseLog,
    (name, matter, evidence): (&str, &str, &Evidence),
) -> anyhow::Result<Wanted> {
    sound_name("a case", name)?;
    if log.standing(name).is_some() {
        let message = format!("a case was called `{name}` before, and no name is used twice");
        return Err(Failure::new(Exit::Usage, message)
            .help("lexhold case add adds to one that is open")
            .into());
    }
    actor.require(Verb::OpenCase, name, &[])?;
    let items = evidence::read(settings, home, evidence)?;
    let done = format!("case {name} is open over {}", messages(&items));
    let opened = CaseOpened {
        case: name.to_owned(),
        matter: matter.to_owned(),
        reason: evidence.reason.clone(),
        items,
        solo: actor.is_solo(),
    };
    Ok(Wanted {
        kind: EntryKind::CaseOpened,
        payload: json!(opened),
        done,
    })
}

fn add(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    log: &CaseLog,
    name: &str,
    evidence: &Evidence,
) -> anyhow::Result<Option<Wanted>> {
    must_be_open(log, name)?;
    actor.require(Verb::OpenCase, name, &[])?;
    let mut items = evidence::read(settings, home, evidence)?;
    items.retain(|item| !log.has(name, item.family));
    if items.is_empty() {
        return Ok(None);
    }
    let done = format!("{} added to case {name}", messages(&items));
    let added = CaseAdded {
        case: name.to_owned(),
        reason: evidence.reason.clone(),
        items,
        solo: actor.is_solo(),
    };
    Ok(Some(Wanted {
        kind: EntryKind::CaseAdded,
        payload: json!(added),
        done,
    }))
}

fn close(actor: &Actor, log: &CaseLog, name: &str, reason: &str, confirmed_by: Option<&str>) -> anyhow::Result<Wanted> {
    must_be_open(log, name)?;
    let others: Vec<String> = confirmed_by.into_iter().map(str::to_owned).collect();
    actor.require(Verb::CloseCase, name, &others)?;
    let closed = CaseClosed {
        case: name.to_owned(),
        reason: reason.to_owned(),
        confirmed_by: confirmed_by.map(str::to_owned),
        solo: actor.is_solo(),
    };
    Ok(Wanted {
        kind: EntryKind::CaseClosed,
        payload: json!(closed),
        done: format!("case {name} is closed"),
    })
}

fn messages(items: &[CaseItem]) -> String {
    match items.len() {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    }
}

fn must_be_open(log: &CaseLog, name: &str) -> Result<(), Failure> {
    let printable = lexhold_document::printable(name);
    match log.standing(name) {
        Some(Standing::Open) => Ok(()),
        Some(Standing::Closed) => {
            let message = format!("case `{printable}` is closed");
            Err(Failure::new(Exit::Usage, message).help("lexhold case open makes another, under a name of its own"))
        }
        None => Err(Failure::new(Exit::Usage, format!("no case is called `{printable}`"))
            .help("lexhold case list --all names them")),
    }
}

/// Refuses a name that could be taken for something else on a command line.
pub fn sound_name(of: &str, name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if !name.is_empty() && name.chars().count() <= NAME_CHARS && name.chars().all(plain) {
        return Ok(());
    }
    let message = format!("`{}` is no name of {of}", lexhold_document::printable(name));
    Err(Failure::new(Exit::Usage, message).help(format!("letters, digits, - _ . and /, {NAME_CHARS} at most")))
}
