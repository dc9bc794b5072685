//! One communication, field by field.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ContentKey;

/// Declares an enum whose variants are known by one lower-case word each, in every format.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for it in every format.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

words! {
    /// What kind of place a message was written in.
    ConversationKind {
        /// Between two people.
        Direct = "direct",
        /// Among a closed group.
        Group = "group",
        /// In a channel that people join.
        #[default]
        Channel = "channel",
        /// By mail.
        Mail = "mail",
    }
}

words! {
    /// What kind of entry a message is.
    MessageKind {
        /// Something a person wrote.
        #[default]
        Message = "message",
        /// An emote (`/me waves`).
        Action = "action",
        /// A notice, usually from a program.
        Notice = "notice",
        /// A join, a rename, a setting changed.
        System = "system",
        /// A call that took place.
        Call = "call",
        /// A reaction to another message.
        Reaction = "reaction",
    }
}

words! {
    /// In what role somebody received a message.
    Role {
        /// Addressed.
        #[default]
        To = "to",
        /// Copied.
        Cc = "cc",
        /// Copied without the others seeing it.
        Bcc = "bcc",
        /// A member of the conversation when it was sent.
        Member = "member",
    }
}

words! {
    /// What a range of the text is.
    PartKind {
        /// Written by the sender.
        #[default]
        Authored = "authored",
        /// Quoted from an earlier message.
        Quoted = "quoted",
        /// Forwarded from another conversation.
        Forwarded = "forwarded",
        /// A signature block.
        Signature = "signature",
        /// A registered disclaimer.
        Disclaimer = "disclaimer",
    }
}

words! {
    /// How this version of a message came about. Versions are kept, never overwritten.
    VersionKind {
        /// As first sent.
        #[default]
        Original = "original",
        /// Changed by its sender.
        Edit = "edit",
        /// Deleted by its sender: a version like any other.
        Delete = "delete",
        /// Another message that came in under an id already taken.
        Collision = "collision",
    }
}

/// A recipient: a handle on the message's platform and the role it received in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The handle, as the platform writes it; a bare lower-case address in mail.
    pub handle: String,
    /// To, cc, bcc or member.
    pub role: Role,
}

/// A range of the text and what it is. Bytes of the stored text, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What the range is.
    pub kind: PartKind,
    /// The first byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// A file that came with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name: part of the body, never shown unasked.
    pub name: Option<String>,
    /// The media type, such as `application/pdf`.
    pub media_type: Option<String>,
    /// The size in bytes.
    pub bytes: Option<u64>,
    /// The SHA-256 of the bytes, in hexadecimal digits.
    pub sha256: Option<String>,
}

/// The name in [`Message::metadata`] under which a reader keeps the number that a platform gives to a message, where it counts the
/// messages of each conversation without leaving one out: a number that is missing is a message that is missing.
pub const SEQUENCE: &str = "conversation_sequence";

/// Where a message was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlace {
    /// The file, as it was named to Lexhold.
    pub file: String,
    /// The line, record or row in it, from 1.
    pub offset: u64,
}

/// One communication as its reader understood it: the same fields in Arrow, NDJSON, CSV and Parquet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The platform's own id; for mail the Message-ID. Absent ids are made at ingest.
    pub id: Option<String>,
    /// Where it was written: `slack`, `email`, `whatsapp`, ….
    pub platform: String,
    /// The conversation, as the platform names it; empty when it has none.
    pub conversation: String,
    /// What kind of place that is.
    pub conversation_kind: ConversationKind,
    /// The channel, when there is one.
    pub channel: Option<String>,
    /// What kind of entry it is.
    pub kind: MessageKind,
    /// When it was sent: microseconds since 1970 in UTC. Absent or impossible dates are `None`.
    pub sent_at: Option<i64>,
    /// When it was captured: microseconds since 1970 in UTC. Absent means the run's `as_of`.
    pub captured_at: Option<i64>,
    /// How exact `sent_at` is, when it is not exact to the second in a known zone.
    pub sent_precision: Option<String>,
    /// Who wrote it; `unknown` when nobody is named.
    pub sender: String,
    /// Who received it.
    pub recipients: Vec<Participant>,
    /// Whose mailbox or export it came from.
    pub custodians: Vec<String>,
    /// The subject line: part of the body.
    pub subject: Option<String>,
    /// The text: the body.
    pub text: Option<String>,
    /// Which ranges of the text are quoted, forwarded, signature; the rest is authored.
    pub parts: Vec<Part>,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// The native id of the message that this one answers.
    pub reply_to: Option<String>,
    /// Counts the versions of one message, from 0.
    pub version: i32,
    /// How this version came about.
    pub version_kind: VersionKind,
    /// Labels set by a person or a source. Rules add theirs later.
    pub labels: Vec<String>,
    /// Accounts of clients that the message concerns.
    pub accounts: Vec<String>,
    /// Whether it is business; absent means it is.
    pub business: Option<bool>,
    /// Everything else that the source said, by name.
    pub metadata: BTreeMap<String, String>,
    /// Where it was read.
    pub source: SourcePlace,
    /// Whether the text held bytes that are not UTF-8 and were replaced.
    pub undecodable: bool,
}

/// The id a message is known by: platform, conversation and native id; for mail the Message-ID alone;
/// without a native id a keyed hash of sender, time, conversation and text.
///
/// Platform and conversation are percent-escaped where they hold `/` or `%`, so that no two messages share an id.
pub fn message_id(key: &ContentKey, message: &crate::Row<'_>) -> String {
    match message.id() {
        Some(id) if message.conversation_kind() == ConversationKind::Mail => id.to_owned(),
        Some(id) => format!(
            "{}/{}/{id}",
            escaped(message.platform()),
            escaped(message.conversation())
        ),
        None => {
            let sent = message.sent_at().unwrap_or(i64::MIN).to_le_bytes();
            let (sender, conversation) = (message.sender(), message.conversation());
            let parts = [
                message.platform(),
                sender,
                conversation,
                message.text().unwrap_or_default(),
            ];
            let hash = key.keyed(
                "lexhold message id",
                parts.map(str::as_bytes).into_iter().chain([sent.as_slice()]),
            );
            format!("{}/{}/~{hash}", escaped(message.platform()), escaped(conversation))
        }
    }
}

fn escaped(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(['/', '%']) {
        text.replace('%', "%25").replace('/', "%2F").into()
    } else {
        text.into()
    }
}
