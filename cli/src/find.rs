//! The message that somebody means by an id.

use lexhold_catalog::{Catalog, FoundMessage, Header};

use crate::failure::{Exit, Failure};

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
