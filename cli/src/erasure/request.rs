//! `erasure request`: which messages somebody means, frozen once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use jiff::civil::Date;
use lexhold_catalog::payload::{ErasureItem, ErasureRequested};
use lexhold_catalog::{Catalog, ErasureChoice};
use lexhold_model::{Digest, Key, canonical_json};
use lexhold_policy::Verb;
use lexhold_retention::{PrivacyLaw, Zone};
use lexhold_store::{EntryKind, Home};
use serde_json::{Value, json};

use super::{Desk, named, seen};
use crate::args::{Law, RequestErasure, SummaryFormat};
use crate::case::sound_name;
use crate::failure::{Exit, Failure, reasoned};
use crate::hold::compiled::handles_of_person;
use crate::operators::Actor;
use crate::review;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Freezes a request.
pub fn request(settings: &Settings, args: &RequestErasure) -> anyhow::Result<Exit> {
    sound_name("a request", &args.name)?;
    reasoned("subject", &args.subject)?;
    let law = law(args)?;
    let zone = zone(settings, args)?;
    let due = due(settings, args, law, &zone)?;
    let desk = Desk::open(settings)?;
    desk.actor.require(Verb::RequestErasure, &args.name, &[])?;
    let catalog = desk.catalog()?;
    if catalog.erasures()?.iter().any(|before| before.request == args.name) {
        let message = format!("a request was called `{}` before, and no name is used twice", args.name);
        return Err(Failure::new(Exit::Usage, message).into());
    }
    let choice = choice(settings, args, &desk.home, &catalog, &zone)?;
    let items = chosen(args, &catalog, &choice)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let digest = Digest::of(canonical_json(&json!(items)).as_bytes()).to_string();
    let mut entry = None;
    if !args.dry_run {
        let payload = json!(ErasureRequested {
            request: args.name.clone(),
            subject: args.subject.clone(),
            law: law.as_str().to_owned(),
            located: args.located.clone(),
            established: args.established.clone(),
            received: args.received.to_string(),
            zone: zone.name().to_owned(),
            due: due.to_string(),
            chosen_by: chosen_by(args, &choice),
            digest: digest.clone(),
            items: items.clone(),
            solo: desk.actor.is_solo(),
        });
        entry = Some(desk.append(EntryKind::ErasureRequested, &payload, seen)?);
    }
    print((settings, &desk.actor), args, (&items, &digest), due, entry)?;
    Ok(Exit::Done)
}

fn law(args: &RequestErasure) -> anyhow::Result<PrivacyLaw> {
    let law = match args.law {
        Law::Gdpr => PrivacyLaw::Gdpr,
        Law::UkGdpr => PrivacyLaw::UkGdpr,
        Law::Ccpa => PrivacyLaw::Ccpa,
    };
    if law.applies(&args.located, &args.established) {
        return Ok(law);
    }
    let needs = match law {
        PrivacyLaw::Gdpr => "the person or an establishment of the controller in the European Economic Area",
        PrivacyLaw::UkGdpr => "the person or an establishment of the controller in the United Kingdom (GB)",
        PrivacyLaw::Ccpa => "a person in California: --located US-CA",
    };
    let message = format!("`{}` does not speak of these places", law.as_str());
    Err(Failure::new(Exit::Usage, message)
        .help(format!("it takes {needs}"))
        .into())
}

fn zone(settings: &Settings, args: &RequestErasure) -> anyhow::Result<Zone> {
    let name = args.zone.as_ref().unwrap_or(&settings.zone);
    let unknown = || {
        let failure = Failure::new(Exit::Usage, format!("`{name}` is no time zone"));
        match Zone::suggestion(name) {
            Some(help) => failure.help(help),
            None => failure,
        }
    };
    Ok(Zone::named(name).ok_or_else(unknown)?)
}

fn due(settings: &Settings, args: &RequestErasure, law: PrivacyLaw, zone: &Zone) -> anyhow::Result<Date> {
    let today = zone.date(settings.now);
    if args.received > today {
        let message = format!("--received {} has not come yet: today is {today}", args.received);
        return Err(Failure::new(Exit::Usage, message).into());
    }
    let beyond = || Failure::new(Exit::Usage, "the last day for an answer lies beyond the calendar");
    Ok(law.due(args.received).ok_or_else(beyond)?)
}

fn choice(
    settings: &Settings,
    args: &RequestErasure,
    home: &Home,
    catalog: &Catalog,
    zone: &Zone,
) -> anyhow::Result<ErasureChoice> {
    let mut handles: BTreeSet<(String, String)> = args.handle.iter().map(|handle| on_platform(handle)).collect();
    if !args.person.is_empty() {
        let directory = review::directory(settings)?;
        for person in &args.person {
            let of = handles_of_person(home, catalog, person, &directory)?;
            if of.is_empty() {
                let message = format!("nobody knows a handle of `{}`", lexhold_document::printable(person));
                return Err(Failure::new(Exit::Policy, message)
                    .help("--directory names the directory; --handle names a handle as messages have it")
                    .into());
            }
            handles.extend(of);
        }
    }
    let start = |day: Option<Date>| day.and_then(|day| zone.start_of_day(day)).map(|at| at.as_microsecond());
    Ok(ErasureChoice {
        handles,
        conversations: args.conversation.iter().cloned().collect(),
        from: start(args.from),
        to: start(args.to.and_then(|day| day.tomorrow().ok())),
    })
}

/// `slack:bob` is bob on one platform; `bob` is anywhere.
fn on_platform(handle: &str) -> (String, String) {
    match handle.split_once(':') {
        Some((platform, handle)) if !platform.is_empty() && !handle.is_empty() => {
            (platform.to_owned(), handle.to_owned())
        }
        _ => ("*".to_owned(), handle.to_owned()),
    }
}

fn chosen(args: &RequestErasure, catalog: &Catalog, choice: &ErasureChoice) -> anyhow::Result<Vec<ErasureItem>> {
    let mut items: BTreeMap<(String, Key), ErasureItem> = BTreeMap::new();
    let mut add = |found: Vec<ErasureItem>| {
        items.extend(
            found
                .into_iter()
                .map(|item| ((item.message_id.clone(), item.family), item)),
        );
    };
    if !choice.handles.is_empty() || !choice.conversations.is_empty() {
        add(catalog.choose_for_erasure(choice)?);
    }
    let ids = named(catalog, &args.named)?;
    if !ids.is_empty() {
        add(catalog.named_for_erasure(&ids, choice)?);
    }
    if items.is_empty() {
        return Err(Failure::new(Exit::Policy, "the request means no message of this home")
            .help("--person, --handle or --conversation choose, --message and --messages name them")
            .into());
    }
    Ok(items.into_values().collect())
}

fn chosen_by(args: &RequestErasure, choice: &ErasureChoice) -> Value {
    json!({
        "people": args.person,
        "handles": choice.handles,
        "conversations": choice.conversations,
        "from": args.from.map(|day| day.to_string()),
        "to": args.to.map(|day| day.to_string()),
        "named": args.named.message,
    })
}

fn print(
    (settings, actor): (&Settings, &Actor),
    args: &RequestErasure,
    (items, digest): (&[ErasureItem], &str),
    due: Date,
    entry: Option<u64>,
) -> anyhow::Result<()> {
    let shared = items.iter().filter(|item| item.others > 0).count();
    let mut out = std::io::stdout().lock();
    if args.format == SummaryFormat::Json {
        let ids: Vec<&str> = items.iter().map(|item| item.message_id.as_str()).collect();
        let value = json!({
            "request": args.name, "messages": items.len(), "shared": shared, "due": due.to_string(), "digest": digest,
            "seq": entry, "message_ids": ids,
        });
        return Ok(writeln!(out, "{value}")?);
    }
    if args.dry_run {
        for item in items {
            writeln!(out, "{}", lexhold_document::printable(&item.message_id))?;
        }
    }
    writeln!(
        out,
        "{}: {}, of which others took part in {shared}",
        args.name,
        counted(items.len(), "message", "messages")
    )?;
    writeln!(out, "  to be answered by {due}")?;
    if entry.is_some() && !settings.quiet {
        say(&actor.next(
            "somebody else looks at the list and writes",
            &format!("lexhold erasure confirm {} --evidence …", args.name),
        ));
        if actor.is_solo() {
            return Ok(());
        }
        say(&format!(
            "      with a signature: lexhold sign {digest} --action answer_erasure"
        ));
    }
    Ok(())
}
