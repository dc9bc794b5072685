//! Readers for files of messages: NDJSON, CSV and Parquet, plain or compressed, in constant memory.
//!
//! Opens the files it is handed and writes nothing. A row that cannot be read is reported with its place and a
//! reason that quotes nothing of it, and the reader goes on; what a message means is for others.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed"))]

mod array;
mod cell;
mod chunk;
mod csv;
mod directory;
mod error;
mod fingerprint;
mod guard;
mod input;
mod json;
mod lines;
mod message;
mod ndjson;
mod open;
mod parquet;
mod reader;
mod records;
mod row;
mod sent;
mod value;
mod window;

pub use directory::read_directory;
pub use error::{ErrorKind, SourceError};
pub use fingerprint::fingerprint;
pub use open::open;
pub use reader::{Chunk, Note, Options, Place, Reader, Unreadable};
