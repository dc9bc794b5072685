//! Compliance XML: the file dump of FaceTime and Actiance, which Bloomberg, Mattermost and others write too, and the persistent
//! chat of Lync and Skype for Business.
//!
//! Both are conversations with events in them. Who could read a message follows from who entered and left when, and that may
//! stand behind the message: so each conversation is read ahead once before it is read.

mod event;
mod filedump;
mod lync;
mod presence;

use std::sync::Arc;

use lexhold_model::SourcePlace;
use lexhold_source::{Chunks, Place, SourceError};

use crate::document::Readings;
use crate::format::{About, Format, Messages, Part};
use crate::repeats::Repeats;
use crate::xml::{self, Element, Found, Xml};

use presence::Conversation;

pub(crate) struct Compliance;

static ABOUT: About = About {
    name: "compliance-xml",
    title: "Compliance XML: Actiance (FaceTime) file dump, Lync persistent chat",
    input: "xml, zip, folder",
    preserves: &[
        "conversations",
        "who was there when",
        "edits and deletions (Mattermost)",
        "files",
        "history shown to who joined",
        "joins and leaves",
    ],
    lacks: &["ids (mostly)", "replies", "reactions", "platform (file dump)"],
    page: include_str!("../../pages/compliance-xml.md"),
};

/// Which of the two a document is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    FileDump,
    Lync,
}

impl Dialect {
    fn of(first: &[u8]) -> Option<Self> {
        let (root, text) = xml::root(first)?;
        match root.as_str() {
            "FileDump" => Some(Self::FileDump),
            "Conversations" if text.contains("since1970=") && text.contains("<Channel") => Some(Self::Lync),
            _ => None,
        }
    }

    fn spine(self) -> &'static [&'static str] {
        match self {
            Self::FileDump => &["FileDump", "Conversation"],
            Self::Lync => &["Conversations", "Conversation", "Messages"],
        }
    }
}

impl Format for Compliance {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        Dialect::of(first).is_some()
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let entry = &part.tree.entries[part.entries[0]];
        let dialect = Dialect::of(&part.tree.peek(entry, 64 << 10)?).unwrap_or(Dialect::FileDump);
        let limit_bytes = part.options.chunks.line_bytes;
        let document = || Ok::<_, SourceError>(Xml::new(part.tree.read(entry)?, dialect.spine(), limit_bytes));
        Ok(Box::new(Dump {
            dialect,
            document: document()?,
            ahead: document()?,
            conversation: None,
            repeats: Repeats::default(),
            path: entry.path.as_str().into(),
            file: part.tree.full_name(entry),
            part,
        }))
    }
}

/// A document under way.
struct Dump {
    dialect: Dialect,
    document: Xml,
    /// The same document, one conversation further.
    ahead: Xml,
    conversation: Option<Conversation>,
    repeats: Repeats,
    path: Arc<str>,
    file: String,
    part: Part,
}

impl Messages for Dump {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some(found) = self.document.next() else {
            return Ok(false);
        };
        let mut readings = match found {
            Found::Open(element) if element.name == "Conversation" => {
                self.conversation = Some(Conversation::ahead(&mut self.ahead, self.dialect));
                Vec::new()
            }
            Found::Open(_) | Found::Close => Vec::new(),
            Found::Element(element) => self.element(element),
            Found::Damaged(why) => vec![Err(why.to_owned())],
            Found::Broken(why) => vec![Err(format!("{why}; the rest of the file is lost"))],
        };
        let number = self.document.number();
        for reading in readings.iter_mut().flatten() {
            let message = &mut reading.message;
            message.undecodable = message.text.as_ref().is_some_and(|text| text.contains('\u{fffd}'));
            message.source = SourcePlace {
                file: self.file.clone(),
                offset: number,
            };
        }
        for reading in readings {
            if self.path.is_empty() {
                to.push(Place::Item(number), reading);
            } else {
                to.push_in(&self.path, Place::Item(number), reading);
            }
        }
        Ok(true)
    }
}

impl Dump {
    fn element(&mut self, element: Element) -> Readings {
        let is_event = match self.dialect {
            Dialect::FileDump => !element.children.is_empty(),
            Dialect::Lync => element.name == "Message",
        };
        match &self.conversation {
            // What stands for itself is a fact about the conversation, and was read ahead.
            _ if !is_event => Vec::new(),
            None => vec![Err("stands outside of a conversation".to_owned())],
            Some(conversation) => match self.dialect {
                Dialect::FileDump => filedump::read(element, conversation, &self.part, &mut self.repeats),
                Dialect::Lync => lync::read(element, conversation, &self.part, &mut self.repeats),
            },
        }
    }
}
