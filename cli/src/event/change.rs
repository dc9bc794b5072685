//! What is to be written into the register: as typed, then as the register lets it be meant.

use jiff::civil::Date;
use lexhold_catalog::EventRowStep;
use lexhold_catalog::payload::EventItem;
use lexhold_model::Digest;
use lexhold_policy::Verb;
use lexhold_retention::{OWN_EVENTS, Register};
use lexhold_store::EntryKind;

use super::csv_file;
use crate::args::{Named, Recording};
use crate::failure::{Exit, Failure};
use crate::load::read_bytes;

/// Events written at once at most; more are several files.
pub const MOST: usize = 100_000;
/// Bytes that a type, a key or a text of an event may have.
const TEXT_BYTES: usize = 4_096;

/// What somebody wants of the register: all of it or nothing.
pub struct Change {
    /// What is done to events.
    pub step: EventRowStep,
    /// The events. A correction or cancellation names an entry only; its type and key are the register's.
    pub items: Vec<EventItem>,
}

impl Change {
    /// What governance is asked for.
    pub fn verb(&self) -> Verb {
        match self.step {
            EventRowStep::Recorded => Verb::RecordEvent,
            EventRowStep::Corrected => Verb::CorrectEvent,
            EventRowStep::Cancelled => Verb::CancelEvent,
        }
    }

    /// The kind of entry that it becomes.
    pub fn kind(&self) -> EntryKind {
        match self.step {
            EventRowStep::Recorded => EntryKind::EventRecorded,
            EventRowStep::Corrected => EntryKind::EventCorrected,
            EventRowStep::Cancelled => EntryKind::EventCancelled,
        }
    }

    /// What is left to write: the types and keys filled in, and without what the register says already.
    pub fn on(&self, register: &Register) -> anyhow::Result<Vec<EventItem>> {
        let mut left = Vec::new();
        for item in &self.items {
            if OWN_EVENTS.iter().any(|(own, _)| *own == item.event) {
                let message = format!("nobody records `{}`: it follows from what is closed", item.event);
                return Err(Failure::new(Exit::Usage, message)
                    .help("lexhold alerts close, or lexhold case close")
                    .into());
            }
            match &item.supersedes {
                None => left.extend((!stands(register, item)).then(|| item.clone())),
                Some(named) => left.extend(replacing(register, item, named)?),
            }
        }
        Ok(left)
    }
}

/// Whether an event of this type, key and day stands already.
fn stands(register: &Register, item: &EventItem) -> bool {
    let day = item.date.as_deref().and_then(|date| date.parse::<Date>().ok());
    register
        .of(&item.event, &item.key)
        .any(|event| event.date.is_some() && event.date == day)
}

/// A correction or cancellation of an event that stands; `None` where it was done before.
fn replacing(register: &Register, item: &EventItem, named: &str) -> anyhow::Result<Option<EventItem>> {
    let Some(event) = register.event(named) else {
        let message = format!("no event is called `{}`", lexhold_document::printable(named));
        return Err(Failure::new(Exit::Usage, message)
            .help("lexhold event list names them")
            .into());
    };
    let to = item.date.as_deref().and_then(|date| date.parse::<Date>().ok());
    if event.date == to {
        return Ok(None);
    }
    if event.date.is_none() {
        let message = format!(
            "event {} was taken back by {}, and is not brought back by a correction",
            event.id, event.last
        );
        return Err(Failure::new(Exit::Usage, message)
            .help("record it again: lexhold event record")
            .into());
    }
    Ok(Some(EventItem {
        event: event.event.clone(),
        key: event.key.clone(),
        supersedes: Some(event.last.clone()),
        ..item.clone()
    }))
}

/// Events to record, from the command line or a file.
pub fn recording(args: &Recording) -> anyhow::Result<Change> {
    let given = EventItem {
        event: args.event.clone().unwrap_or_default(),
        reason: args.reason.clone(),
        ..EventItem::default()
    };
    let given = with_evidence(given, args.evidence.as_deref())?;
    let mut items = match (&args.from, &args.date) {
        (Some(path), _) => csv_file::read(path, &given)?,
        (None, Some(date)) => {
            let of = |key: &String| EventItem {
                key: key.clone(),
                date: Some(date.clone()),
                ..given.clone()
            };
            args.key.iter().map(of).collect()
        }
        (None, None) => Vec::new(),
    };
    if args.from.is_none() {
        items.iter().try_for_each(|item| sound(item).map_err(usage))?;
    }
    items.sort_by(|one, other| order(one).cmp(&order(other)));
    items.dedup_by(|one, other| order(one) == order(other));
    if items.len() > MOST {
        let message = format!("{} events at once, of {MOST} at most", items.len());
        return Err(Failure::new(Exit::Usage, message).help("split the file").into());
    }
    Ok(Change {
        step: EventRowStep::Recorded,
        items,
    })
}

fn order(item: &EventItem) -> (&str, &str, Option<&str>) {
    (&item.event, &item.key, item.date.as_deref())
}

/// Another day for an event.
pub fn correction(args: &Named, date: &str, reason: Option<&str>) -> anyhow::Result<Change> {
    day(date).map_err(usage)?;
    let item = EventItem {
        date: Some(date.to_owned()),
        ..named(args, reason)?
    };
    Ok(Change {
        step: EventRowStep::Corrected,
        items: vec![item],
    })
}

/// The taking back of events.
pub fn cancellation(args: &Named, reason: &str) -> anyhow::Result<Change> {
    Ok(Change {
        step: EventRowStep::Cancelled,
        items: vec![named(args, Some(reason))?],
    })
}

fn named(args: &Named, reason: Option<&str>) -> anyhow::Result<EventItem> {
    reason
        .map_or(Ok(()), |reason| text("--reason", reason))
        .map_err(usage)?;
    let item = EventItem {
        supersedes: Some(args.id.clone()),
        reason: reason.map(str::to_owned),
        ..EventItem::default()
    };
    with_evidence(item, args.evidence.as_deref())
}

/// Evidence as typed, or, where it is the path of a file, the file's name and digest.
fn with_evidence(item: EventItem, evidence: Option<&str>) -> anyhow::Result<EventItem> {
    let Some(evidence) = evidence else { return Ok(item) };
    let path = std::path::Path::new(evidence);
    let (evidence, digest) = if path.is_file() {
        let digest = Digest::of(&read_bytes(path)?).to_string();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        (name.unwrap_or_default(), Some(digest))
    } else {
        text("--evidence", evidence).map_err(usage)?;
        (evidence.to_owned(), None)
    };
    Ok(EventItem {
        evidence: Some(evidence),
        evidence_digest: digest,
        ..item
    })
}

fn usage(why: String) -> anyhow::Error {
    Failure::new(Exit::Usage, why).into()
}

/// Whether an event can be recorded as it is, or why not.
pub fn sound(item: &EventItem) -> Result<(), String> {
    name("type", &item.event)?;
    name("key", &item.key)?;
    day(item.date.as_deref().unwrap_or_default())?;
    let texts = [("evidence", &item.evidence), ("reason", &item.reason)];
    texts
        .iter()
        .filter_map(|(what, value)| value.as_deref().map(|value| text(what, value)))
        .collect()
}

/// Types and keys match as exact text, so a stray space would make an event that no message ever finds.
fn name(what: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err(format!("an event needs a {what}"));
    }
    if value.trim() != value {
        return Err(format!(
            "the {what} `{value}` begins or ends with a space, and keys match as exact text"
        ));
    }
    text(what, value)
}

fn text(what: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        Err(format!("{what} is empty"))
    } else if value.len() > TEXT_BYTES {
        Err(format!("{what} has more than {TEXT_BYTES} bytes"))
    } else if value.chars().any(char::is_control) {
        Err(format!("{what} has a control character"))
    } else {
        Ok(())
    }
}

/// A day as the register writes it: nothing else, since an instant would be another day in another zone.
fn day(text: &str) -> Result<Date, String> {
    if text.is_empty() {
        return Err("an event needs a date".to_owned());
    }
    let found = text
        .parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == text && date.year() > 0);
    found.ok_or_else(|| format!("`{text}` is no day, such as 2024-05-10"))
}
