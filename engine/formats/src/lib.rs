//! Readers for what messengers and mail programs export: a folder, an archive or a file in, messages out.
//!
//! Each format is a small module that knows one product. What they share stands beside them: `tree` shows a folder, a ZIP archive
//! or a single file as the same list of entries, `items` cuts a JSON document into its messages without holding it, `object` keeps
//! what a module does not know. Kinds are told by content, never by name. Nothing is executed, fetched or written.
//!
//! # What every reader keeps to
//! - A message that cannot be read is reported with its file and place, without a word of its content; the reader goes on.
//! - An instant is exact, or its message says how far it is not (`sent_precision`). A zone that an export does not name is asked
//!   for ([`Options::zone`]) and never guessed.
//! - What a module does not understand stays in `metadata`, under the name that the export gives it.
//! - `source` names the file inside the input and the message's place in it.
//!
//! What each format holds, and what the product leaves out of it, is told by its page ([`About::page`]).

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed"))]

mod archive;
mod compliance;
mod discord;
mod document;
mod email;
mod format;
mod gitter;
mod html;
mod imessage;
mod irc;
mod items;
mod local;
mod mattermost;
mod media;
mod messenger;
mod object;
mod open;
mod packed;
mod parts;
mod repeats;
mod rocketchat;
mod signal;
mod slack;
mod sqlite;
mod table;
mod tape;
mod teams;
mod telegram;
mod text;
mod tree;
mod viber;
mod whatsapp;
mod xml;
mod zulip;

pub use format::{About, DateOrder, Options};
pub use open::{fingerprint, formats, open, open_named};
