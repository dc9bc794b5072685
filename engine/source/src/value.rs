//! A value as a source wrote it, before anybody asks whether it fits the field it is for.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::sent;

/// One value of a row. Text is borrowed from the row wherever it can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    #[default]
    Null,
    Bool(bool),
    Whole(u64),
    /// A number that is negative or has a fraction.
    Number(f64),
    /// Microseconds since 1970, UTC, from a typed column.
    Instant(i64),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl Value<'_> {
    /// The same value, borrowing nothing.
    pub(crate) fn into_owned(self) -> Value<'static> {
        let text = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Whole(number) => Value::Whole(number),
            Self::Number(number) => Value::Number(number),
            Self::Instant(micros) => Value::Instant(micros),
            Self::Text(words) => Value::Text(text(words)),
            Self::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
            Self::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (text(key), value.into_owned()))
                    .collect(),
            ),
        }
    }

    /// What it is, in a word or two, for a reason.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Whole(_) | Self::Number(_) => "a number",
            Self::Instant(_) => "an instant",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    /// The value as `metadata` keeps it: text as it is, null not at all, anything else as JSON.
    pub(crate) fn into_metadata(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.into_owned()),
            Self::Instant(micros) => Some(sent::show(micros)),
            other => {
                let mut json = String::new();
                other.write_json(&mut json);
                Some(json)
            }
        }
    }

    fn write_json(&self, to: &mut String) {
        // Writing to a `String` cannot fail, so the results carry nothing.
        let _ = match self {
            Self::Null => write!(to, "null"),
            Self::Bool(value) => write!(to, "{value}"),
            Self::Whole(value) => write!(to, "{value}"),
            Self::Number(value) if value.is_finite() => write!(to, "{value}"),
            Self::Number(_) => write!(to, "null"),
            Self::Instant(micros) => write!(to, "{}", quoted(&sent::show(*micros))),
            Self::Text(text) => write!(to, "{}", quoted(text)),
            Self::List(items) => {
                to.push('[');
                separated(to, items, |to, item| item.write_json(to));
                write!(to, "]")
            }
            Self::Map(entries) => {
                to.push('{');
                separated(to, entries, |to, (key, value)| {
                    to.push_str(&quoted(key));
                    to.push(':');
                    value.write_json(to);
                });
                write!(to, "}}")
            }
        };
    }
}

/// Bytes as text. Those that are not UTF-8 are replaced, and the text is then owned.
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    // Checking alone is several times faster than checking in order to replace.
    std::str::from_utf8(bytes).map_or_else(
        |_| Cow::Owned(String::from_utf8_lossy(bytes).into_owned()),
        Cow::Borrowed,
    )
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn separated<T>(to: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            to.push(',');
        }
        write(to, item);
    }
}
