//! A field written as one cell of text: lists joined by `;`, structures as JSON.

use std::borrow::Cow;

use crate::json;
use crate::row::{Cell, Field, Row};
use crate::value::Value;

/// Puts a cell into a row; an empty one counts as absent.
///
/// # Errors
/// When a cell of JSON is none.
pub(crate) fn set<'a>(row: &mut Row<'a>, field: Field, text: Cow<'a, str>) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    if field == Field::Metadata {
        row.set(field, Value::Null)?;
        return json::keep_metadata(row, &text).map_err(|_| not_json(field));
    }
    let value = match field.cell() {
        Cell::Text => Value::Text(text),
        Cell::List => list(text),
        Cell::Json => json_value(&text).ok_or_else(|| not_json(field))?,
        Cell::TextOrJson => match json_value(&text).filter(|_| text.starts_with('{')) {
            Some(value) => value,
            None => Value::Text(text),
        },
        Cell::Number => text.trim().parse().map_or(Value::Text(text), Value::Whole),
        Cell::Bool => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::Text(text),
        },
    };
    row.set(field, value)
}

fn not_json(field: Field) -> String {
    format!("`{}` is not valid JSON", field.name())
}

fn json_value(text: &str) -> Option<Value<'static>> {
    json::value(text).ok().map(Value::into_owned)
}

/// The items of a cell: a JSON list, or texts joined by `;`.
pub(crate) fn list(text: Cow<'_, str>) -> Value<'_> {
    if text.trim_start().starts_with('[')
        && let Some(list @ Value::List(_)) = json_value(&text)
    {
        return list;
    }
    match text {
        Cow::Borrowed(text) => Value::List(items(text).map(|item| Value::Text(Cow::Borrowed(item))).collect()),
        Cow::Owned(text) => Value::List(
            items(&text)
                .map(|item| Value::Text(Cow::Owned(item.to_owned())))
                .collect(),
        ),
    }
}

/// The texts between `;`, though not inside double quotes, which mail puts around names that hold one.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let paired = text.matches('"').count().is_multiple_of(2);
    let split = text.split(move |character| {
        quoted ^= paired && character == '"';
        character == ';' && !quoted
    });
    split.map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_joined_by_semicolons_or_json() {
        let texts = |text: &'static str| match list(text.into()) {
            Value::List(items) => items.into_iter().filter_map(Value::into_metadata).collect::<Vec<_>>(),
            _ => vec![],
        };
        assert_eq!(texts("a; b;;c "), ["a", "b", "c"]);
        assert_eq!(texts(r#""Doe; Jane" <j@x>;k@x"#), [r#""Doe; Jane" <j@x>"#, "k@x"]);
        assert_eq!(texts(r#"5" disk;k@x"#), [r#"5" disk"#, "k@x"]);
        assert_eq!(texts(r#"["a;b",{"handle":"c"}]"#), ["a;b", r#"{"handle":"c"}"#]);
        assert_eq!(texts("[irc] ann;bob"), ["[irc] ann", "bob"]);
    }
}
