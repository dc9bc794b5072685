//! A JSON document of an export: its values go to the format's module, its damage into reports.

use std::io::Read;
use std::sync::Arc;

use lexhold_model::SourcePlace;
use lexhold_source::{Chunks, ErrorKind, Place, Reading, SourceError, without_bom};

use crate::format::Part;
use crate::items::{Items, Step};
use crate::object::{self, Object};

/// A document under way.
pub(crate) struct Document {
    /// The path inside the input, for reports.
    path: Arc<str>,
    /// The same with the input's name, for messages.
    file: String,
    items: Items<Box<dyn Read + Send>>,
    limit_bytes: usize,
}

/// What stands next in a document.
pub(crate) enum Found<'a> {
    /// A container of the spine begins.
    Open,
    /// It ends.
    Close,
    /// A value.
    Value(Value<'a>),
}

/// A value of a document.
pub(crate) struct Value<'a> {
    /// Where it stands in the document, such as `messages[]`.
    pub(crate) path: &'a str,
    pub(crate) bytes: &'a [u8],
    /// Where a message that it holds was read.
    pub(crate) place: SourcePlace,
}

/// The messages that a value holds, and the reasons where it holds none.
pub(crate) type Readings = Vec<Result<Reading, String>>;

impl Value<'_> {
    /// Reads the object that the value is; `true` says that bytes of it had to be replaced.
    pub(crate) fn read(self, read: impl FnOnce(Object<'_>, bool, SourcePlace) -> Readings) -> Readings {
        let (text, mended) = object::text(self.bytes);
        match Object::parse(&text) {
            Ok(object) => read(object, mended, self.place),
            Err(why) => vec![Err(why)],
        }
    }
}

impl Document {
    /// Opens an entry, to go into these containers of it.
    pub(crate) fn open(part: &Part, at: usize, spine: &'static [&'static str]) -> Result<Self, SourceError> {
        let entry = &part.tree.entries[at];
        let limit_bytes = part.options.chunks.line_bytes;
        Ok(Self {
            path: entry.path.as_str().into(),
            file: part.tree.full_name(entry),
            items: Items::new(part.tree.read(entry)?, spine, limit_bytes),
            limit_bytes,
        })
    }

    /// The path of what was read last.
    pub(crate) fn path(&self) -> &str {
        self.items.path()
    }

    /// Reads one step on; false at the end.
    pub(crate) fn read(&mut self, to: &mut Chunks, on: impl FnOnce(Found<'_>) -> Readings) -> bool {
        let step = self.items.next();
        let number = self.items.number();
        let readings = match step {
            Ok(None) => return false,
            Ok(Some(Step::Open)) => on(Found::Open),
            Ok(Some(Step::Close)) => on(Found::Close),
            Ok(Some(Step::Value)) => on(Found::Value(Value {
                path: self.items.path(),
                bytes: self.items.value(),
                place: SourcePlace {
                    file: self.file.clone(),
                    offset: number,
                },
            })),
            Ok(Some(Step::TooLong)) => vec![Err(format!("is longer than the limit of {} bytes", self.limit_bytes))],
            Ok(Some(Step::Broken(why))) => vec![Err(format!("{why}; the rest of the file is lost"))],
            Err(error) => {
                let why = format!("cannot be read on, the rest of the file is lost: {error}");
                self.push(to, number, vec![Err(why)]);
                return false;
            }
        };
        self.push(to, number, readings);
        true
    }

    fn push(&self, to: &mut Chunks, number: u64, readings: Readings) {
        for reading in readings {
            if self.path.is_empty() {
                to.push(Place::Item(number), reading);
            } else {
                to.push_in(&self.path, Place::Item(number), reading);
            }
        }
    }
}

/// The values at the beginning of a document, with their paths: enough to tell by its shape what it is. Nothing, where the bytes
/// are no object or list.
pub(crate) fn beginning(first: &[u8], spine: &'static [&'static str]) -> Vec<(String, Vec<u8>)> {
    const MOST: usize = 64;
    let mut found = Vec::new();
    if !matches!(without_bom(first).trim_ascii_start().first(), Some(b'{' | b'[')) {
        return found;
    }
    let mut items = Items::new(first, spine, first.len());
    while let Ok(Some(step @ (Step::Open | Step::Close | Step::Value))) = items.next() {
        if step == Step::Value {
            found.push((items.path().to_owned(), items.value().to_vec()));
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Reads each object of a list, if it is there. A list that cannot be read is an error: without its names and members every
/// message would lose some.
pub(crate) fn each(part: &Part, path: &str, mut then: impl FnMut(Object<'_>)) -> Result<(), SourceError> {
    each_in(part, path, &[""], |_, object| then(object))
}

/// The same for several lists of a document, which are told apart by their paths. What stands beside them is passed by.
pub(crate) fn each_in(
    part: &Part,
    path: &str,
    spine: &'static [&'static str],
    mut then: impl FnMut(&str, Object<'_>),
) -> Result<(), SourceError> {
    let Some(at) = part.tree.find(path) else { return Ok(()) };
    let entry = &part.tree.entries[at];
    let name = part.tree.full_name(entry);
    let limit_bytes = part.options.chunks.line_bytes;
    let mut items = Items::new(part.tree.read(entry)?, spine, limit_bytes);
    let damaged = |why: &str| SourceError::new(ErrorKind::Corrupt, &name, why.to_owned());
    while let Some(step) = items.next().map_err(|error| SourceError::io(&name, error))? {
        let beside = !items.path().ends_with("[]") && spine.len() > 1;
        match step {
            Step::Open | Step::Close => {}
            Step::Broken(why) => return Err(damaged(why)),
            Step::TooLong | Step::Value if beside => {}
            Step::TooLong => return Err(damaged("an item is longer than the limit")),
            Step::Value => {
                let (text, _) = object::text(items.value());
                let object = Object::parse(&text).map_err(|why| damaged(&why))?;
                then(items.path(), object);
            }
        }
    }
    Ok(())
}
