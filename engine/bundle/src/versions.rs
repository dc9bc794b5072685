//! The versions of what reads documents, and whether this program reads them as another did.

use std::collections::BTreeMap;

use lexhold_model::Digest;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

/// This Lexhold.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// The format of documents that it reads.
pub const DOCUMENTS: u32 = 1;

/// The versions that what documents mean depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The format of documents.
    pub documents: u32,
    /// The range of engines that read them alike.
    pub engine: String,
    /// The language of conditions.
    pub cedar: String,
    /// What conditions can ask, the firm's own attributes among it.
    pub cedar_schema: Digest,
    /// The syntax of patterns.
    pub regex: String,
    /// The versions of Unicode, by what they are used for.
    pub unicode: BTreeMap<String, String>,
    /// The time zone database.
    pub tz_database: String,
}

impl Versions {
    /// Why this binary cannot be trusted to read the files as the one did that wrote this.
    pub fn other_version(&self) -> Option<String> {
        let range = VersionReq::parse(&self.engine);
        let engine = Version::parse(ENGINE);
        if !engine.is_ok_and(|engine| range.is_ok_and(|range| range.matches(&engine))) {
            return Some(format!("engine {} -> {}", self.engine, ENGINE));
        }
        (self.documents != DOCUMENTS).then(|| format!("documents {} -> {DOCUMENTS}", self.documents))
    }

    /// What is no longer as it was; nothing where this binary reads documents as the one did that wrote this.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found: Vec<String> = self.other_version().into_iter().collect();
        let mut differ = |what: &str, then: &str, now: &str| {
            if then != now {
                found.push(format!("{what} {then} -> {now}"));
            }
        };
        differ("cedar", &self.cedar, &now.cedar);
        differ("cedar_schema", &self.cedar_schema.short(), &now.cedar_schema.short());
        differ("regex", &self.regex, &now.regex);
        differ("tz_database", &self.tz_database, &now.tz_database);
        for (what, version) in &now.unicode {
            let then = self.unicode.get(what).map_or("none", String::as_str);
            differ(&format!("unicode of {what}"), then, version);
        }
        found
    }
}
