//! The guarded front of every YAML document: text in, spanned and resolved trees out.
//!
//! Reading goes through four small steps, each reporting all that it finds:
//!
//! 1. [`Files`] takes bytes and keeps text ([`Files::add_bytes`]);
//! 2. an event pass enforces the small dialect (one document, no tags, anchors, aliases, merge
//!    keys, duplicate keys or YAML 1.1 booleans; [`limits`]) and builds a tree of [`Node`]s that
//!    know where they stand;
//! 3. [`load`] follows `imports:` and puts `parameters:` in, which yields [`Document`]s;
//! 4. the crate that owns a kind checks its [`Shape`] ([`check_shape`]) and reads typed values
//!    ([`Document::typed`]).
//!
//! What a document *means* is left to `rules`, `policy` and `retention`. Nothing here touches a
//! disk: imported files come through the caller's opener, which alone knows the project root.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod codes;
pub mod limits;

mod allow;
mod characters;
mod check;
mod comments;
mod diagnostic;
mod digest;
mod document;
mod files;
mod fix;
mod format;
mod front;
mod imports;
mod inner;
mod kind;
mod load;
mod lost;
mod node;
mod parameters;
mod path;
mod printable;
mod read;
mod refusals;
mod scalar;
mod schema;
mod shape;
mod suggest;
mod typed;

pub use allow::{Allowed, allow};
pub use check::{check_node, check_shape};
pub use comments::{Comment, comments};
pub use diagnostic::{Diagnostic, Diagnostics, Level};
pub use document::Document;
pub use files::{FileId, Files, NotText, Place, text};
pub use fix::{Applicability, Edit, Fix, Mended, mend};
pub use format::{NotFormatted, format};
pub use front::front_fields;
pub use imports::OpenError;
pub use kind::Kind;
pub use load::load;
pub use lost::lint_comments;
pub use node::{Entry, Node, Style, Value};
pub use path::Seg;
pub use printable::printable;
pub use schema::{Draft, json_schema, json_schema_of_all};
pub use shape::{
    Field, Fields, Shape, choice, closer, counted, either, list, map, named, one_or_many, open, optional, required,
};
pub use suggest::{did_you_mean, nearest};
