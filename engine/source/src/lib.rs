//! Readers for files of messages: NDJSON, CSV and Parquet, plain or compressed, in constant memory.
//!
//! Opens the files it is handed and writes nothing. A row that cannot be read is reported with its place and a
//! reason that quotes nothing of it, and the reader goes on; what a message means is for others.
//!
//! # What is read
//! The kind of a file is told by its content. Text may be packed with gzip or zstd. Fields have the names of
//! [`lexhold_model::Message`]; these shorter forms are understood too:
//!
//! | written | means |
//! | --- | --- |
//! | `recipients`: texts | handles in the role `to` |
//! | `account`, or a text where a list is due | `accounts`, a list of one |
//! | `source`: a text | `platform` |
//! | `sent_at_precision` | `sent_precision` |
//! | in attachments `content_type`, `size`, or a text | `media_type`, `bytes`, the name |
//! | no `conversation_kind` | `mail` by mail, else `channel` if there is one, `direct` to one recipient, else `group` |
//! | no `sender` | `unknown` |
//! | any other key | `metadata`: text as it is, anything else as JSON, null not at all |
//!
//! In CSV, lists are joined by `;` or written as JSON, structures are JSON, and an empty cell is absent. In mail
//! `Name <address>` becomes the bare address in lower case. A `sent_at` that is no RFC 3339 instant, or a timestamp
//! without a zone, is left out with a note and kept in `metadata`; text that is not UTF-8 is replaced and marked
//! `undecodable`. Anything of the wrong type makes its row unreadable.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed"))]

mod array;
mod cell;
mod chunk;
mod csv;
mod decoded;
mod directory;
mod error;
mod fingerprint;
mod guard;
mod input;
mod json;
mod lines;
mod local;
mod mapped;
mod mapping;
mod message;
mod ndjson;
mod open;
mod parquet;
mod reader;
mod records;
mod row;
mod sent;
mod stream;
mod value;
mod window;

pub use chunk::Chunks;
pub use directory::read_directory;
pub use error::{ErrorKind, SourceError};
pub use fingerprint::{digest, fingerprint};
pub use guard::guarded;
pub use input::open_file;
pub use json::{metadata, reason_of, without_lone_surrogates};
pub use lines::{Line, Lines};
pub use local::local_instant;
pub use mapping::{DateFormat, Mapping, Target};
pub use message::{Notes, Reading};
pub use open::{is_table, open, open_mapped, open_named, open_table, without_bom};
pub use parquet::read_batch;
pub use reader::{Chunk, Note, Options, Place, Reader, Unreadable};
pub use sent::{DateProblem, instant, show as show_instant};
pub use stream::{Rows, Stream};
pub use value::text_of;
pub use window::Window;
