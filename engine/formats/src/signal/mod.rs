//! Signal, in the three forms in which people have it: the database of Signal Desktop, decrypted; what signal-cli receives; what
//! signal-export writes. A message has one id in the first two: when it was sent, by its sender's clock, and by whom.

mod cli;
mod desktop;
mod export;
mod people;

use lexhold_model::ConversationKind;

pub(crate) use cli::SignalCli;
pub(crate) use desktop::Signal;
pub(crate) use export::SignalExport;

/// The owner of a device, where nothing says by which number or id.
const OWNER: &str = "me";

/// The id of a message: milliseconds by the clock of its sender, and who that is.
fn id(sent_ms: u64, author: &str) -> String {
    format!("{sent_ms}/{author}")
}

/// The instant of milliseconds since 1970, unless it lies beyond the calendar.
fn micros(millis: u64) -> Option<i64> {
    crate::sqlite::micros_of_millis(i64::try_from(millis).ok()?)
}

/// Between two people, or among a group.
fn kind(is_group: bool) -> ConversationKind {
    if is_group {
        ConversationKind::Group
    } else {
        ConversationKind::Direct
    }
}
