//! The message that somebody means by an id.

use std::collections::BTreeMap;
use std::path::Path;

use lexhold_catalog::{Catalog, FoundMessage, Header};
use lexhold_model::Key;

use crate::failure::{Exit, Failure};
use crate::load::read_bytes;

/// All versions of the message, oldest first, or why it is not clear which one is meant.
pub fn message(catalog: &Catalog, id: &str) -> anyhow::Result<Vec<Header>> {
    let printable = lexhold_document::printable(id);
    match catalog.find_message(id)? {
        FoundMessage::One(headers) => Ok(headers),
        FoundMessage::Several(ids) => {
            let shown = lexhold_document::printable(&ids.join("\n        "));
            Err(Failure::new(Exit::Usage, format!("several messages fit `{printable}`"))
                .help(format!("name one of\n        {shown}"))
                .into())
        }
        FoundMessage::None => Err(Failure::new(Exit::Policy, format!("no message `{printable}` in this home")).into()),
    }
}

/// The messages of these ids and of a file with one on each line: the family of each, and its id in reports.
pub fn families(catalog: &Catalog, ids: &[String], file: Option<&Path>) -> anyhow::Result<BTreeMap<Key, String>> {
    let mut ids = ids.to_vec();
    if let Some(path) = file {
        let text = String::from_utf8(read_bytes(path)?)
            .map_err(|_| Failure::new(Exit::Data, format!("{} is not UTF-8", path.display())))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        ids.extend(lines.map(str::to_owned));
    }
    let mut found = BTreeMap::new();
    for id in &ids {
        for header in message(catalog, id)? {
            found.insert(header.family, header.message_id);
        }
    }
    Ok(found)
}
