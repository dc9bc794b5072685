//! WhatsApp: the text that *Export chat* writes on a phone, alone or in an archive with its media, and the database of a phone
//! with Android.

mod calendar;
mod chat;
mod chats;
mod head;
mod legacy;
mod store;
mod words;

use lexhold_source::{ErrorKind, SourceError};

use crate::format::{About, Format, Messages, Part};

use chat::Chat;
pub(crate) use store::WhatsAppStore;

pub(crate) struct WhatsApp;

static ABOUT: About = About {
    name: "whatsapp",
    title: "WhatsApp chat exported from a phone",
    input: "txt, zip, folder",
    preserves: &[
        "conversations",
        "members",
        "edits",
        "deletions",
        "media",
        "system",
        "calls",
    ],
    lacks: &[
        "zone",
        "seconds (Android)",
        "replies",
        "reactions",
        "text before an edit",
        "ids",
        "silent members",
    ],
    page: include_str!("../../pages/whatsapp.md"),
};

impl Format for WhatsApp {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        let text = String::from_utf8_lossy(first);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.next().is_some_and(|line| head::parse(line).is_some())
    }

    fn check(&self, part: &Part) -> Result<(), SourceError> {
        if part.options.zone.is_none() {
            let why = "its times are those of a phone's clock, and it does not say in which zone; say it with \
                       --source-zone, such as --source-zone America/New_York";
            return Err(undecided(part, why));
        }
        let known = chat::survey(part)?;
        known
            .calendar
            .decide(part.options.dates)
            .map_err(|why| undecided(part, why))?;
        Ok(())
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        Ok(Box::new(Chat::open(part)?))
    }
}

fn undecided(part: &Part, why: &str) -> SourceError {
    let entry = part
        .entries
        .first()
        .map(|at| part.tree.full_name(&part.tree.entries[*at]));
    SourceError::new(ErrorKind::Undecided, entry.as_deref().unwrap_or(&part.tree.name), why)
}
