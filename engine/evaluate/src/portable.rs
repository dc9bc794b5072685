//! What another machine needs beside the bundle to evaluate as this home would: facts, as one JSON document.
//!
//! It holds the home's content key, so it is a secret like the home itself, and people's handles, which are nobody else's affair.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use lexhold_model::{Channel, ContentKey, Digest, Directory, Group, Key, Person};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bundle::{Bundle, Earlier};
use crate::hold::Handles;
use crate::texts::{retention_of, stored_holds};
use crate::{Facts, HoldSet};

/// What the document says that it is.
pub const SCHEMA: &str = "lexhold/facts/1";

/// Facts on their way to another machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portable {
    /// [`SCHEMA`].
    pub schema: String,
    /// The digest of the bundle that these facts go with; none where they go with any.
    pub bundle: Option<Digest>,
    /// The versions that still bind beside that bundle.
    pub earlier: Vec<EarlierVersion>,
    /// The texts of the bundles that those were part of, by path.
    pub earlier_sources: BTreeMap<Digest, BTreeMap<String, String>>,
    /// The digest under which the home has the sources of these facts; none where no home has them.
    pub facts: Option<Digest>,
    /// The home's zone.
    pub zone: String,
    /// The home's content key, 64 hexadecimal digits.
    pub key: String,
    /// Whether captures were declared old.
    pub backfill: bool,
    /// When messages were captured that do not say so.
    pub captured_at: Timestamp,
    /// The firm's extension of the Cedar schema.
    pub cedar_schema: Option<String>,
    /// The documents of the holds in force, by name.
    pub holds: BTreeMap<String, String>,
    /// The handles by which their custodians are known.
    pub handles: Handles,
    /// The directory.
    pub directory: DirectoryRows,
    /// The version of Lexhold that wrote this.
    pub engine: String,
    /// The version of its time zone database.
    pub tz_database: String,
    /// Its versions of Unicode.
    pub unicode: Value,
}

/// A version that binds messages beside those of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierVersion {
    /// A bundle that the version was part of.
    pub bundle: Digest,
    /// The document's name.
    pub document: String,
    /// The digest of the version.
    pub digest: Digest,
    /// It binds no message that was both sent and captured from this day on.
    pub superseded_from: Date,
}

/// The rows of a directory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DirectoryRows {
    people: Vec<Person>,
    groups: Vec<Group>,
    channels: Vec<Channel>,
    domains: Vec<String>,
}

impl From<&Directory> for DirectoryRows {
    fn from(directory: &Directory) -> Self {
        Self {
            people: directory.people().to_vec(),
            groups: directory.groups().to_vec(),
            channels: directory.channels().to_vec(),
            domains: directory.domains().to_vec(),
        }
    }
}

/// Why facts cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableError(String);

impl fmt::Display for PortableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PortableError {}

fn no(what: impl Into<String>) -> PortableError {
    PortableError(what.into())
}

impl Portable {
    /// The facts in a text.
    ///
    /// # Errors
    /// When it is no facts document of this version.
    pub fn read(text: &str) -> Result<Self, PortableError> {
        // The library's words are left out: they may quote a secret.
        let wrong = |error: serde_json::Error| no(format!("no facts document: line {} cannot be read", error.line()));
        let facts: Self = serde_json::from_str(text).map_err(wrong)?;
        if facts.schema == SCHEMA {
            Ok(facts)
        } else {
            Err(no(format!("no facts document: its schema is not {SCHEMA}")))
        }
    }

    /// The text of these facts.
    pub fn text(&self) -> String {
        #[expect(clippy::expect_used, reason = "text, numbers, and maps with keys of text")]
        serde_json::to_string_pretty(self).expect("plain JSON")
    }

    /// The facts, compiled.
    ///
    /// # Errors
    /// When zone, key, directory or a hold cannot be read.
    pub fn facts(&self) -> Result<Facts, PortableError> {
        let rows = self.directory.clone();
        let directory = Directory::new(rows.people, rows.groups, rows.channels, rows.domains);
        Ok(Facts {
            directory: directory.map_err(|_| no("the directory of the facts contradicts itself"))?,
            holds: self.hold_set()?,
            zone: TimeZone::get(&self.zone).map_err(|_| no(format!("`{}` is no time zone", self.zone)))?,
            key: ContentKey::new(secret(&self.key).ok_or_else(|| no("a content key has 64 hexadecimal digits"))?),
            backfill: self.backfill,
        })
    }

    fn hold_set(&self) -> Result<HoldSet, PortableError> {
        let texts = self.holds.iter();
        let sources = texts.map(|(name, text)| (format!("holds/{name}.yaml"), text.clone().into_bytes()));
        let schema = self.cedar_schema.as_deref().map(str::as_bytes);
        stored_holds(schema, &sources.collect(), Some(&self.handles))
            .ok_or_else(|| no("a hold of the facts does not compile"))
    }

    /// The bundle with the versions that still bind beside it.
    ///
    /// # Errors
    /// When these facts go with another bundle, or an earlier version does not compile.
    pub fn bind(&self, bundle: Bundle) -> Result<Bundle, PortableError> {
        if let Some(wanted) = self.bundle.filter(|wanted| *wanted != bundle.digest) {
            let (wanted, given) = (wanted.short(), bundle.digest.short());
            return Err(no(format!("the facts go with bundle {wanted}, and {given} was given")));
        }
        let mut compiled = BTreeMap::new();
        for (digest, texts) in &self.earlier_sources {
            let sources = texts
                .iter()
                .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
            let past = retention_of(&sources.collect());
            compiled.insert(
                digest,
                past.ok_or_else(|| no("an earlier version in the facts does not compile"))?,
            );
        }
        let mut earlier = Vec::new();
        for version in &self.earlier {
            let past = compiled.get(&version.bundle);
            let is_it = |past: &&Bundle| {
                let mut all = past.documents.iter();
                all.any(|info| info.name == version.document && info.digest == version.digest)
            };
            earlier.push(Earlier {
                bundle: past
                    .filter(is_it)
                    .ok_or_else(|| no("an earlier version is missing in the facts"))?,
                document: &version.document,
                superseded_from: version.superseded_from,
            });
        }
        Ok(bundle.with_earlier(&earlier))
    }
}

impl Facts {
    /// What the home's content key makes of nothing: by it an evaluation says which home's key it was made with.
    pub fn key_check(&self) -> Key {
        self.key.keyed("lexhold evaluation 1", [])
    }
}

/// A key as 64 hexadecimal digits.
pub fn key_text(key: &ContentKey) -> String {
    key.secret().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn secret(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
