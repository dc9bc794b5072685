//! A row of any format: the known fields by position, everything else as metadata.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::value::Value;

/// The fields of a message that a source may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Platform,
    Conversation,
    ConversationKind,
    Channel,
    Kind,
    SentAt,
    CapturedAt,
    SentPrecision,
    Sender,
    Recipients,
    Custodians,
    Subject,
    Text,
    Parts,
    Attachments,
    ReplyTo,
    Version,
    VersionKind,
    Labels,
    Accounts,
    Business,
    Metadata,
    Source,
    Undecodable,
}

impl Field {
    const COUNT: usize = Self::Undecodable as usize + 1;

    /// The field of this name, short forms included.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "platform" => Self::Platform,
            "conversation" => Self::Conversation,
            "conversation_kind" => Self::ConversationKind,
            "channel" => Self::Channel,
            "kind" => Self::Kind,
            "sent_at" => Self::SentAt,
            "captured_at" => Self::CapturedAt,
            "sent_precision" | "sent_at_precision" => Self::SentPrecision,
            "sender" => Self::Sender,
            "recipients" => Self::Recipients,
            "custodians" => Self::Custodians,
            "subject" => Self::Subject,
            "text" => Self::Text,
            "parts" => Self::Parts,
            "attachments" => Self::Attachments,
            "reply_to" => Self::ReplyTo,
            "version" => Self::Version,
            "version_kind" => Self::VersionKind,
            "labels" => Self::Labels,
            "accounts" | "account" => Self::Accounts,
            "business" => Self::Business,
            "metadata" => Self::Metadata,
            "source" => Self::Source,
            "undecodable" => Self::Undecodable,
            _ => return None,
        })
    }

    /// The field that a column of this name holds; capitals do not matter there.
    pub(crate) fn of_column(name: &str) -> Option<Self> {
        Self::named(&name.to_ascii_lowercase())
    }

    /// The field's name in the message.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Platform => "platform",
            Self::Conversation => "conversation",
            Self::ConversationKind => "conversation_kind",
            Self::Channel => "channel",
            Self::Kind => "kind",
            Self::SentAt => "sent_at",
            Self::CapturedAt => "captured_at",
            Self::SentPrecision => "sent_precision",
            Self::Sender => "sender",
            Self::Recipients => "recipients",
            Self::Custodians => "custodians",
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Parts => "parts",
            Self::Attachments => "attachments",
            Self::ReplyTo => "reply_to",
            Self::Version => "version",
            Self::VersionKind => "version_kind",
            Self::Labels => "labels",
            Self::Accounts => "accounts",
            Self::Business => "business",
            Self::Metadata => "metadata",
            Self::Source => "source",
            Self::Undecodable => "undecodable",
        }
    }

    /// How the field is written in a cell of text.
    pub(crate) fn cell(self) -> Cell {
        match self {
            Self::Recipients | Self::Custodians | Self::Attachments | Self::Labels | Self::Accounts => Cell::List,
            Self::Parts | Self::Metadata => Cell::Json,
            Self::Source => Cell::TextOrJson,
            Self::Version => Cell::Number,
            Self::Business | Self::Undecodable => Cell::Bool,
            _ => Cell::Text,
        }
    }
}

/// How a field is written in a cell of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// As it is.
    Text,
    /// Joined by `;`, or a JSON list.
    List,
    /// JSON.
    Json,
    /// A JSON object, else text.
    TextOrJson,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Bool,
}

/// One row, borrowed from where it was read.
#[derive(Debug, Default)]
pub(crate) struct Row<'a> {
    values: [Value<'a>; Field::COUNT],
    given: u32,
    has_value: bool,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Bytes that are not UTF-8 were replaced.
    pub(crate) undecodable: bool,
}

impl<'a> Row<'a> {
    /// Puts a value where it belongs.
    ///
    /// # Errors
    /// When the field was given before: nobody could say which of the two counts.
    pub(crate) fn set(&mut self, field: Field, value: Value<'a>) -> Result<(), String> {
        let bit = 1 << field as u32;
        if self.given & bit != 0 {
            return Err(format!("`{}` is given twice", field.name()));
        }
        self.given |= bit;
        self.has_value |= value != Value::Null;
        self.values[field as usize] = value;
        Ok(())
    }

    /// Keeps something that is no field of a message.
    pub(crate) fn keep(&mut self, name: Cow<'_, str>, value: Option<String>) -> Result<(), String> {
        let Some(value) = value else { return Ok(()) };
        match self.metadata.insert(name.into_owned(), value) {
            None => Ok(()),
            Some(_) => Err("a key that is not a field of a message is given twice".to_owned()),
        }
    }

    /// The value of a field, leaving null behind.
    pub(crate) fn take(&mut self, field: Field) -> Value<'a> {
        std::mem::take(&mut self.values[field as usize])
    }

    /// Whether no field of a message has a value; metadata alone makes none.
    pub(crate) fn is_blank(&self) -> bool {
        !self.has_value
    }
}
