//! `erasure answer`: a letter, and what it said on record.

use std::io::Write;

use lexhold_catalog::payload::ErasureAnswered;
use lexhold_policy::Verb;
use lexhold_retention::Zone;
use lexhold_store::EntryKind;
use serde_json::{Value, json};

use super::{Desk, confirmed, letter, one, seen, standing};
use crate::args::{AnswerErasure, LetterFormat};
use crate::dates::Grounds;
use crate::failure::{Exit, Failure};
use crate::report::table::{writable, write_whole};
use crate::settings::Settings;

/// Answers a request, or prints what was answered.
pub fn answer(settings: &Settings, args: &AnswerErasure) -> anyhow::Result<Exit> {
    args.out.as_deref().map(writable).transpose()?;
    let desk = Desk::open(settings)?;
    if args.again {
        desk.actor.require(Verb::RequestErasure, &args.name, &[])?;
        let request = one(&desk.catalog()?, &args.name)?;
        let none = || Failure::new(Exit::Refused, format!("`{}` has not been answered", args.name));
        let last = request.step("answered").ok_or_else(none)?;
        return print(args, &last.detail);
    }
    let by = &args.stands.confirmed_by;
    let (verb, others) = match args.preview {
        true => (Verb::RequestErasure, &[][..]),
        false => (Verb::AnswerErasure, by.as_slice()),
    };
    desk.actor.require(verb, &args.name, others)?;
    let catalog = desk.catalog()?;
    let request = confirmed(&catalog, &args.name)?;
    let grounds = Grounds::read(&catalog, settings.now)?;
    let items = standing::of_request(&catalog, &grounds, &request, settings.now)?;
    let seen = seen(&catalog)?;
    drop(catalog);
    let zone = Zone::named(&request.zone).map(|zone| zone.date(settings.now));
    let body = letter::body(&request, &items, &zone.map(|day| day.to_string()).unwrap_or_default());
    if !args.preview {
        let payload = json!(ErasureAnswered {
            request: args.name.clone(),
            answer: body.clone(),
            confirmed_by: by.clone(),
            solo: desk.actor.is_solo(),
        });
        desk.append(EntryKind::ErasureAnswered, &payload, seen)?;
    }
    print(args, &body)
}

fn print(args: &AnswerErasure, body: &Value) -> anyhow::Result<Exit> {
    let text = match args.format {
        LetterFormat::Text => letter::text(body),
        LetterFormat::Json => format!("{body:#}\n"),
        LetterFormat::Html => letter::page(body)?,
    };
    match &args.out {
        Some(path) => write_whole(path, |mut out| Ok(out.write_all(text.as_bytes())?))?,
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(Exit::Done)
}
