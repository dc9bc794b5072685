//! Messages as NDJSON, and the list of what was planted as CSV.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_model::{Attachment, Message, Participant};
use serde::Serialize;

use super::Generated;

/// The fields that a generated message may have, in the order in which people like to read them.
#[derive(Serialize)]
struct Line<'a> {
    id: Option<&'a str>,
    platform: &'a str,
    conversation: &'a str,
    conversation_kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    kind: &'a str,
    sent_at: Option<String>,
    captured_at: Option<String>,
    sender: &'a str,
    recipients: &'a [Participant],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    custodians: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'a [Attachment],
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
    #[serde(skip_serializing_if = "is_zero")]
    version: i32,
    version_kind: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    labels: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    accounts: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    business: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// One message as a line of NDJSON, without its end.
///
/// # Errors
/// Never for a generated message: whatever JSON cannot say is not in it.
pub fn ndjson_line(message: &Message) -> serde_json::Result<String> {
    let instant = |micros: Option<i64>| Some(Timestamp::from_microsecond(micros?).ok()?.to_string());
    serde_json::to_string(&Line {
        id: message.id.as_deref(),
        platform: &message.platform,
        conversation: &message.conversation,
        conversation_kind: message.conversation_kind.as_str(),
        channel: message.channel.as_deref(),
        kind: message.kind.as_str(),
        sent_at: instant(message.sent_at),
        captured_at: instant(message.captured_at),
        sender: &message.sender,
        recipients: &message.recipients,
        custodians: &message.custodians,
        subject: message.subject.as_deref(),
        text: message.text.as_deref(),
        attachments: &message.attachments,
        reply_to: message.reply_to.as_deref(),
        version: message.version,
        version_kind: message.version_kind.as_str(),
        labels: &message.labels,
        accounts: &message.accounts,
        business: message.business,
        metadata: &message.metadata,
    })
}

/// The header of the list of what was planted.
pub fn csv_header() -> &'static str {
    "platform,conversation,id,family,rule,decoy"
}

/// The line about a message in that list; `None` when nothing was planted there.
pub fn csv_line(generated: &Generated) -> Option<String> {
    let planted = generated.planted?;
    let message = &generated.message;
    let id = message.id.as_deref().unwrap_or_default();
    // None of these holds a comma, a quote or a line end.
    let (family, rule, decoy) = (planted.family, planted.rule, planted.decoy);
    Some(format!(
        "{},{},{id},{family},{rule},{decoy}",
        message.platform, message.conversation
    ))
}
