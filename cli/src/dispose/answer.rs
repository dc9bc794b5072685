//! `dispose answer`: what the firm's own archive says became of the messages that it was to destroy.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use jiff::Timestamp;
use lexhold_catalog::ItemRow;
use lexhold_catalog::payload::{AnsweredItem, DisposalAnswered, Outcome};
use lexhold_model::{Digest, Key};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Payload, StoreMode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::approve::{act, read};
use super::external::{Handed, HandedOver};
use crate::args::AnswerDisposal;
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// One line of an answer: the item as it was ordered, and what became of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: Key,
    content_hash: Key,
    outcome: Outcome,
    #[serde(default)]
    read_back: Option<Outcome>,
    #[serde(default)]
    until: Option<Timestamp>,
    /// What the order says besides may stand there again.
    #[serde(default, rename = "message_id")]
    _message_id: Option<IgnoredAny>,
    #[serde(default, rename = "version")]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "do")]
    _step: Option<IgnoredAny>,
}

/// Takes an answer in: all of it, or nothing.
pub fn answer(settings: &Settings, args: &AnswerDisposal) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    if home.store_mode() != StoreMode::External {
        let message = "bodies lie in this home's own archive: nobody else is asked to destroy them";
        return Err(Failure::new(Exit::Refused, message).into());
    }
    let (plan, _) = read(settings, &home, &args.plan)?;
    actor.require_plan(Verb::ExecuteDisposal, &act(&plan, Timestamp::now(), &home)?)?;
    let text = crate::load::read_bytes(&args.file)?;
    let handed = HandedOver::read(&home, &args.plan)?;
    let file = Digest::of(&text).to_string();
    if handed.knows_file(&file) {
        say("this answer has been taken in before; nothing is added");
        return Ok(Exit::Done);
    }
    let items = parse(&text, &handed, &args.file.display().to_string())?;
    let payload = json!(DisposalAnswered {
        plan: args.plan.clone(),
        file,
        items: items.clone(),
    });
    let stamp = home::stamp(&actor.id);
    home.journal()
        .append(EntryKind::DisposalAnswered, Some(Payload::Json(&payload)), stamp)?;
    let mut by_outcome: BTreeMap<Outcome, u64> = BTreeMap::new();
    items
        .iter()
        .for_each(|item| *by_outcome.entry(item.outcome).or_default() += 1);
    let mut out = std::io::stdout().lock();
    for (outcome, n) in by_outcome {
        let word = json!(outcome);
        writeln!(out, "{n:>8}  {}", word.as_str().unwrap_or_default().replace('_', " "))?;
    }
    let now = HandedOver::read(&home, &args.plan)?;
    let recalled = |item: &ItemRow| item.sent_back.is_some() || plan.row.rejected.is_some() && item.intent.is_none();
    let recalled: BTreeSet<&str> = plan
        .items
        .iter()
        .filter(|item| recalled(item) && now.get(item.key).is_some_and(Handed::is_gone))
        .map(|item| item.message_id.as_str())
        .collect();
    for id in &recalled {
        writeln!(
            out,
            "gone although it was recalled: {}",
            lexhold_document::printable(id)
        )?;
    }
    if !settings.quiet {
        say(&format!(
            "{} taken in; next: lexhold dispose execute {}",
            counted(items.len(), "answer", "answers"),
            args.plan
        ));
    }
    Ok(if recalled.is_empty() {
        Exit::Done
    } else {
        Exit::Negative
    })
}

fn parse(text: &[u8], handed: &HandedOver, file: &str) -> anyhow::Result<Vec<AnsweredItem>> {
    let mut items: Vec<AnsweredItem> = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let refuse = |why: String| {
            let message = format!("{file}:{number}: {why}; nothing of it is taken in");
            Failure::new(Exit::Data, message).help(
                "a line is {\"key\", \"content_hash\", \"outcome\"}, with \"read_back\" where it was looked for again",
            )
        };
        let line: Line = serde_json::from_slice(line).map_err(|error| {
            // What the error quotes may be of a message.
            refuse(format!("no answer, by column {}", error.column()))
        })?;
        let known = handed
            .get(line.key)
            .ok_or_else(|| refuse("nobody ordered this message".into()))?;
        if known.item.content_hash != line.content_hash {
            return Err(refuse("the hash is not that of the order".into()).into());
        }
        if (line.outcome == Outcome::Locked) != line.until.is_some() {
            return Err(refuse("`until` says when a lock ends, and stands with `locked` alone".into()).into());
        }
        if !seen.insert(line.key) {
            return Err(refuse("the message was answered for before in this file".into()).into());
        }
        items.push(AnsweredItem {
            key: line.key,
            outcome: line.outcome,
            read_back: line.read_back,
            until: line.until.map(|until| until.to_string()),
        });
    }
    if items.is_empty() {
        return Err(Failure::new(Exit::Data, format!("{file} has no answer")).into());
    }
    Ok(items)
}
