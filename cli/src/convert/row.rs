//! A message as a row of a table that `run` reads again.

use lexhold_model::{MessageKind, VersionKind};
use serde_json::{Map, Value, json};

use crate::args::MessageFormat;
use crate::report::table::{Columns, Kind, Row, instant};

/// Every field of a message, in the order of the model.
pub const COLUMNS: Columns = Columns {
    all: &[
        ("id", Kind::Text),
        ("platform", Kind::Text),
        ("conversation", Kind::Text),
        ("conversation_kind", Kind::Text),
        ("channel", Kind::Text),
        ("kind", Kind::Text),
        ("sent_at", Kind::Text),
        ("captured_at", Kind::Text),
        ("sent_precision", Kind::Text),
        ("sender", Kind::Text),
        ("recipients", Kind::Json),
        ("custodians", Kind::Json),
        ("subject", Kind::Text),
        ("text", Kind::Text),
        ("parts", Kind::Json),
        ("attachments", Kind::Json),
        ("reply_to", Kind::Text),
        ("version", Kind::Int),
        ("version_kind", Kind::Text),
        ("labels", Kind::Json),
        ("accounts", Kind::Json),
        ("business", Kind::Bool),
        ("undecodable", Kind::Bool),
        ("metadata", Kind::Json),
        ("source", Kind::Json),
    ],
    shown: &[],
};

/// The row of a message. What has its usual value is left out.
pub fn of(message: lexhold_model::Row<'_>, format: MessageFormat) -> Row {
    let mut row = Row::new();
    let mut put = |name: &str, value: Value| {
        let value = match value {
            // A list of a CSV is JSON, because its texts may hold what would part them.
            Value::Array(_) | Value::Object(_) if format == MessageFormat::Csv => Value::from(value.to_string()),
            other => other,
        };
        row.insert(name.to_owned(), value);
    };
    for (name, text) in [
        ("id", message.id()),
        ("platform", Some(message.platform())),
        ("conversation", Some(message.conversation())),
        ("conversation_kind", Some(message.conversation_kind().as_str())),
        ("channel", message.channel()),
        (
            "kind",
            Some(message.kind().as_str()).filter(|_| message.kind() != MessageKind::Message),
        ),
        ("sent_precision", message.sent_precision()),
        ("sender", Some(message.sender())),
        ("subject", message.subject()),
        ("text", message.text()),
        ("reply_to", message.reply_to()),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            put(name, text.into());
        }
    }
    for (name, at) in [("sent_at", message.sent_at()), ("captured_at", message.captured_at())] {
        if let Some(at) = at {
            put(name, instant(at).into());
        }
    }
    for (name, list) in lists(message) {
        if !list.is_empty() {
            put(name, list.into());
        }
    }
    if message.version_kind() != VersionKind::Original || message.version() != 0 {
        put("version", message.version().into());
        put("version_kind", message.version_kind().as_str().into());
    }
    if let Some(business) = message.business() {
        put("business", business.into());
    }
    if message.undecodable() {
        put("undecodable", true.into());
    }
    let metadata: Map<String, Value> = message
        .metadata()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    if !metadata.is_empty() {
        put("metadata", metadata.into());
    }
    put(
        "source",
        json!({"file": message.source_file(), "offset": message.source_offset()}),
    );
    row
}

fn lists(message: lexhold_model::Row<'_>) -> [(&'static str, Vec<Value>); 6] {
    let recipients = message
        .recipients()
        .map(|(handle, role)| json!({"handle": handle, "role": role}));
    let parts = message.parts().map(|part| json!(part));
    let attachments = message.attachments().map(|one| json!(one));
    [
        ("recipients", recipients.collect()),
        ("custodians", message.custodians().map(Value::from).collect()),
        ("parts", parts.collect()),
        ("attachments", attachments.collect()),
        ("labels", message.labels().map(Value::from).collect()),
        ("accounts", message.accounts().map(Value::from).collect()),
    ]
}
