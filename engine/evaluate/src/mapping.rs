//! Mapping documents: how the columns of a foreign table become messages. What reads tables compiles them.

use lexhold_document::{Field, Shape, map, one_or_many, optional, required};

/// The fields of a message that a column may become, and what they are.
const FIELDS: &[(&str, &str)] = &[
    ("id", "the id that the other system gives the message"),
    ("platform", "where it was written, such as `bloomberg`"),
    ("conversation", "the id of the chat, room or thread"),
    ("conversation_kind", "direct, group, channel or mail"),
    ("channel", "the name of the channel"),
    ("kind", "message, action, notice, system, call or reaction"),
    (
        "sent_at",
        "when it was sent, as `dates` says; several columns are joined by a blank",
    ),
    ("sender", "the handle of who wrote it"),
    ("recipients", "handles of those it went to"),
    ("cc", "handles of those who got a copy"),
    ("bcc", "handles of those who got a copy without the others seeing it"),
    ("custodians", "whose mailbox or export it came from"),
    ("subject", "the subject line"),
    ("text", "the text; several columns are joined by a blank"),
    ("attachments", "names of files"),
    ("reply_to", "the id of the message that this one answers"),
    ("version", "which version of the message it is, from 0"),
    ("version_kind", "original, edit or delete"),
    ("labels", "labels"),
    ("accounts", "accounts of clients that the message concerns"),
    ("business", "true or false"),
];

/// The fields that are lists.
const LISTS: &[&str] = &[
    "recipients",
    "cc",
    "bcc",
    "custodians",
    "attachments",
    "labels",
    "accounts",
];

/// The keys of a mapping document.
pub fn mapping_shape() -> Shape {
    let fields = |shape: fn() -> Shape| map(FIELDS.iter().map(|(name, doc)| optional(name, shape(), doc)));
    let separators = FIELDS.iter().filter(|(name, _)| LISTS.contains(name));
    let separators = separators.map(|(name, doc)| optional(name, Shape::Text, doc));
    map([
        optional("title", Shape::Text, "one line for people"),
        optional("owner", Shape::Text, "who answers for the mapping"),
        optional("table", table_shape(), "how the table is written"),
        required(
            "columns",
            fields(|| one_or_many(Shape::Text)),
            "which columns a field is made of; columns that are named nowhere are kept in `metadata`",
        ),
        optional(
            "constants",
            fields(|| Shape::Text),
            "what stands in a field that has no column, or whose column is empty",
        ),
        optional(
            "dates",
            dates_shape(),
            "how `sent_at` is written; RFC 3339 where nothing is said",
        ),
        optional(
            "separators",
            map(separators.collect::<Vec<Field>>()),
            "what separates the items of a list; `;` or a JSON list where nothing is said",
        ),
    ])
}

fn table_shape() -> Shape {
    map([
        optional(
            "delimiter",
            Shape::Text,
            "what separates the fields: one character, or `tab`; else whichever of comma, semicolon and tab finds the most columns",
        ),
        optional(
            "encoding",
            Shape::Text,
            "the encoding, such as `windows-1252` or `utf-16`; else UTF-8",
        ),
    ])
}

fn dates_shape() -> Shape {
    map([
        required(
            "format",
            Shape::Text,
            "directives of strftime, such as `%d/%m/%Y %H:%M:%S`; or `unix`, `unix_ms`",
        ),
        optional(
            "zone",
            Shape::Text,
            "the zone of dates that name none, such as `Europe/London`",
        ),
    ])
}
