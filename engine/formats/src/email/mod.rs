//! E-mail: single messages (EML), mailboxes (mbox in its dialects) and folders of messages (Maildir).

mod mailbox;
mod maildir;
mod message;

use std::sync::Arc;

use lexhold_model::SourcePlace;
use lexhold_source::{Chunks, Place, SourceError};

use crate::format::{About, Format, Messages, Part};
use crate::tree::Tree;

use mailbox::Mailbox;

pub(crate) struct Email;

static ABOUT: About = About {
    name: "email",
    title: "E-mail: EML, mbox, Maildir",
    input: "eml, mbox, folder, zip",
    preserves: &[
        "participants with roles",
        "threads",
        "all headers",
        "attachments",
        "forwarded messages",
        "html",
        "mailbox owner",
        "flags",
    ],
    lacks: &["bytes of attachments", "text of encrypted messages", "winmail.dat"],
    page: include_str!("../../pages/email.md"),
};

impl Format for Email {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn folders(&self, tree: &Tree) -> Vec<String> {
        maildir::folders(tree)
    }

    fn is_file(&self, first: &[u8]) -> bool {
        mailbox::is_mailbox(first) || message::is_message(first)
    }

    fn is_single(&self, first: &[u8]) -> bool {
        !mailbox::is_mailbox(first)
    }

    fn passes_by(&self, name: &str) -> bool {
        // What servers keep beside the messages of a Maildir.
        ["dovecot", "courier", "maildirfolder", "maildirsize", "subscriptions"]
            .iter()
            .any(|known| name.trim_start_matches('.').starts_with(known))
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        let files: Vec<usize> = match part.entries[..] {
            [file] => vec![file],
            _ => {
                let all = part.entries.iter().copied();
                all.filter(|at| maildir::is_message(&part.root, &part.tree.entries[*at]))
                    .collect()
            }
        };
        Ok(Box::new(Mail {
            files: files.into_iter(),
            file: None,
            part,
        }))
    }
}

/// Files of mail, one after the other.
struct Mail {
    part: Part,
    files: std::vec::IntoIter<usize>,
    file: Option<MailFile>,
}

struct MailFile {
    /// The path inside the input, for reports.
    path: Arc<str>,
    name: String,
    mailbox: Mailbox,
    /// What the folder says of its messages.
    known: Vec<(String, String)>,
}

impl Mail {
    fn open_file(&self, at: usize) -> Result<MailFile, SourceError> {
        let (tree, entry) = (&self.part.tree, &self.part.tree.entries[at]);
        Ok(MailFile {
            path: entry.path.as_str().into(),
            name: tree.full_name(entry),
            mailbox: Mailbox::new(tree.read(entry)?, self.part.options.chunks.line_bytes),
            known: maildir::known(&self.part.root, &entry.path),
        })
    }
}

impl Messages for Mail {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Some(file) = &mut self.file else {
            let Some(at) = self.files.next() else { return Ok(false) };
            self.file = Some(self.open_file(at)?);
            return Ok(true);
        };
        let (line, bytes) = match file.mailbox.next_message() {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.file = None;
                return Ok(true);
            }
            Err(error) => {
                let why = format!("cannot be read on, the rest of the file is lost: {error}");
                to.push_in(&file.path, Place::Whole, Err(why));
                self.file = None;
                return Ok(true);
            }
        };
        let place = SourcePlace {
            file: file.name.clone(),
            offset: line,
        };
        let reading = bytes.and_then(|found| message::read(&found, place, &file.known));
        if file.path.is_empty() {
            to.push(Place::Line(line), reading);
        } else {
            to.push_in(&file.path, Place::Line(line), reading);
        }
        Ok(true)
    }
}
