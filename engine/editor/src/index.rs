//! Every document of a project as far as names go, kept up to date file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use lexhold_document::{Diagnostics, Document, FileId, Files, Kind, OpenError, load};

use crate::names::{Mention, Sort, mentions};

/// One document, read by itself.
pub struct Reading {
    /// The text as it was read.
    files: Files,
    file: FileId,
    /// The document of the latest text that could be read.
    document: Document,
    mentions: Vec<Mention>,
}

/// The documents of a project, by path.
#[derive(Default)]
pub struct Index {
    /// The latest state of each that could be read.
    readings: BTreeMap<String, Reading>,
    /// Those whose present text cannot be read.
    unreadable: BTreeSet<String>,
}

/// A stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spotted {
    /// The file.
    pub path: String,
    /// Its bytes.
    pub place: Range<usize>,
}

/// What a name is the name of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its sort.
    pub sort: Sort,
    /// Its full name.
    pub name: String,
    /// The one file in which the name holds, if it does in one only.
    pub local: Option<String>,
    /// Where it was asked for.
    pub place: Range<usize>,
}

/// Why something keeps its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRenamed {
    /// This is no name of an id or a document.
    NoName,
    /// The new name is no id.
    NotAnId,
    /// Something of this sort has the new name.
    Taken,
    /// A file cannot be read at the moment, so that nobody knows what it names.
    Unreadable(String),
}

impl Index {
    /// Takes the present text of a file. Half-typed, it leaves the file's names as they were.
    pub fn put(&mut self, path: &str, text: &str) {
        if self.text(path) == Some(text) {
            self.unreadable.remove(path);
            return;
        }
        match Reading::of(path, text) {
            Some(reading) => {
                self.readings.insert(path.to_owned(), reading);
                self.unreadable.remove(path);
            }
            None => {
                self.unreadable.insert(path.to_owned());
            }
        }
    }

    /// Forgets the files for which this is not true.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.readings.retain(|path, _| keep(path));
        self.unreadable.retain(|path| keep(path));
    }

    /// The document of a file, in the latest state that could be read.
    pub fn document(&self, path: &str) -> Option<&Document> {
        self.readings.get(path).map(|reading| &reading.document)
    }

    /// The text of that document.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.readings.get(path).map(Reading::text)
    }

    /// Every document with its path.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &Document)> {
        self.readings
            .iter()
            .map(|(path, reading)| (path.as_str(), &reading.document))
    }

    /// What is named at a byte of a file; nothing while the file cannot be read.
    pub fn target(&self, path: &str, at: usize) -> Option<Target> {
        let reading = self.readings.get(path).filter(|_| !self.unreadable.contains(path))?;
        let within = |mention: &&Mention| mention.place.start <= at && at <= mention.place.end;
        let mention = reading.mentions.iter().find(within)?;
        // In `ruleset.rule` the first part names the ruleset.
        let parts = self.parts(mention, reading);
        let (sort, name, place) = parts.into_iter().find(|(_, _, place)| at <= place.end)?;
        Some(Target {
            local: mention.is_local.then(|| path.to_owned()),
            sort,
            name,
            place,
        })
    }

    /// Where something gets its name.
    pub fn definitions(&self, target: &Target) -> Vec<Spotted> {
        self.spots(target, true)
    }

    /// Everywhere it is named, where it gets its name included.
    pub fn references(&self, target: &Target) -> Vec<Spotted> {
        self.spots(target, false)
    }

    fn spots(&self, target: &Target, definitions: bool) -> Vec<Spotted> {
        let mut spots = Vec::new();
        for (path, reading) in &self.readings {
            for mention in &reading.mentions {
                let local = mention.is_local.then_some(path);
                if local != target.local.as_ref() || (definitions && !mention.is_definition) {
                    continue;
                }
                for (sort, name, place) in self.parts(mention, reading) {
                    if sort == target.sort && name == target.name {
                        let path = path.clone();
                        spots.push(Spotted { path, place });
                    }
                }
            }
        }
        spots
    }

    /// What a mention names, and with which of its bytes: `ruleset.rule` is two names.
    fn parts(&self, mention: &Mention, reading: &Reading) -> Vec<(Sort, String, Range<usize>)> {
        let whole = vec![(mention.sort, mention.name.clone(), mention.place.clone())];
        let is_full = mention.place.len() == mention.name.len();
        let Some(kind) = mention.sort.of_documents().filter(|_| is_full) else {
            return whole;
        };
        // The reading at hand is one of them; a document that nobody has is no part.
        let known = self.readings.values().chain([reading]);
        let documents = known
            .map(|reading| &reading.document)
            .filter(|document| document.kind == kind);
        let prefix = documents
            .filter(|document| mention.name.starts_with(&format!("{}.", document.name)))
            .map(|document| document.name.len())
            .max();
        let Some(length) = prefix else { return whole };
        let split = mention.place.start + length;
        vec![
            (
                Sort::Document(kind),
                mention.name[..length].to_owned(),
                mention.place.start..split,
            ),
            (mention.sort, mention.name.clone(), split + 1..mention.place.end),
        ]
    }

    /// Every name of a sort that is known, as it is written in a file, each once.
    pub fn names(&self, sort: Sort, path: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (of, reading) in &self.readings {
            let seen = |mention: &&Mention| mention.sort == sort && (!mention.is_local || of == path);
            names.extend(reading.mentions.iter().filter(seen).map(|mention| mention.name.clone()));
        }
        names.sort();
        names.dedup();
        names
    }

    /// The places to change so that something is called otherwise, each with what to write there.
    ///
    /// # Errors
    /// [`NotRenamed`] says what is in the way.
    pub fn rename(&self, target: &Target, new: &str) -> Result<Vec<(Spotted, String)>, NotRenamed> {
        if !target.sort.is_renamed_here() {
            return Err(NotRenamed::NoName);
        }
        let first = new.bytes().next();
        let is_id = first.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && new
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
        if !is_id {
            return Err(NotRenamed::NotAnId);
        }
        if let Some(path) = self.unreadable.first() {
            return Err(NotRenamed::Unreadable(path.clone()));
        }
        let full = match target.sort.of_documents() {
            Some(_) => {
                let owner = self.owner(target);
                owner.map_or(new.to_owned(), |owner| format!("{owner}.{new}"))
            }
            None => new.to_owned(),
        };
        let renamed = Target {
            name: full,
            ..target.clone()
        };
        if renamed.name != target.name && !self.references(&renamed).is_empty() {
            return Err(NotRenamed::Taken);
        }
        let spots = self.references(target).into_iter();
        Ok(spots.map(|spot| (spot, new.to_owned())).collect())
    }

    /// The document to whose items something belongs.
    fn owner(&self, target: &Target) -> Option<&str> {
        let kind = target.sort.of_documents()?;
        let documents = self.readings.values().map(|reading| &reading.document);
        documents
            .filter(|document| document.kind == kind && target.name.starts_with(&format!("{}.", document.name)))
            .map(|document| document.name.as_str())
            .max_by_key(|name| name.len())
    }

    /// The document that defines something, with the node that describes it.
    pub fn defining(&self, target: &Target) -> Option<(&str, &Document)> {
        let spot = self.definitions(target).into_iter().next()?;
        let (path, reading) = self.readings.get_key_value(&spot.path)?;
        Some((path, &reading.document))
    }

    /// The first document of a kind by its name.
    pub fn named(&self, kind: Kind, name: &str) -> Option<&Document> {
        let mut documents = self.readings.values().map(|reading| &reading.document);
        documents.find(|document| document.kind == kind && document.name == name)
    }
}

impl Reading {
    fn of(path: &str, text: &str) -> Option<Self> {
        let mut files = Files::new();
        let file = files.add(path, text.to_owned());
        // What a document imports is read by itself; what is wrong with it is said by a check.
        let mut nothing = |_: &str| Err(OpenError::NotFound);
        let documents = load(&mut files, &[file], &mut nothing, &mut Diagnostics::new());
        let document = documents.into_iter().find(|document| document.file == file)?;
        Some(Self {
            mentions: mentions(&files, &document),
            files,
            file,
            document,
        })
    }

    fn text(&self) -> &str {
        self.files.text(self.file)
    }
}

#[cfg(test)]
mod tests;
