//! JSON into rows and values: borrowed where it can be, with reasons that quote nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::row::{Field, Row};
use crate::value::{Value, text_of};

/// Reads the row that one line of NDJSON holds and hands it to `then`.
///
/// Bytes that are not UTF-8, and halves of surrogate pairs, are replaced and the row marked so.
///
/// # Errors
/// The reason why the line holds no row, or that of `then`.
pub(crate) fn with_row<T>(line: &[u8], then: impl FnOnce(Row<'_>) -> Result<T, String>) -> Result<T, String> {
    let text = text_of(line);
    let mended = matches!(text, Cow::Owned(_));
    match parse_row(&text, mended) {
        Ok(row) => then(row),
        Err(reason) => then(parse_row(&without_lone_surrogates(&text).ok_or(reason)?, true)?),
    }
}

fn parse_row(text: &str, undecodable: bool) -> Result<Row<'_>, String> {
    if !text.trim_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    let mut row = Row::default();
    row.undecodable = undecodable;
    let mut reason = None;
    let mut parser = serde_json::Deserializer::from_str(text);
    let parsed = RowSeed {
        row: &mut row,
        reason: &mut reason,
    }
    .deserialize(&mut parser)
    .and_then(|()| parser.end());
    match (reason, parsed) {
        (Some(reason), _) => Err(reason),
        (None, Err(error)) => Err(reason_of(&error)),
        (None, Ok(())) => Ok(row),
    }
}

/// The value that a cell of JSON holds.
///
/// # Errors
/// The reason why it holds none.
pub(crate) fn value(text: &str) -> Result<Value<'_>, String> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = ValueSeed
        .deserialize(&mut parser)
        .and_then(|value| parser.end().map(|()| value));
    value.map_err(|error| reason_of(&error))
}

/// What is wrong, without serde's own words, which may quote the content.
pub fn reason_of(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => "the JSON ends in the middle".to_owned(),
        _ => format!("not valid JSON at byte {}", error.column()),
    }
}

/// The text with every `\ud800`-like escape that has no partner turned into `\ufffd`; `None` when there is none.
///
/// Programs that cut messages between two halves of an emoji write such escapes.
pub fn without_lone_surrogates(text: &str) -> Option<String> {
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    let bytes = text.as_bytes();
    // A line cut off behind a backslash ends before the byte that it escapes.
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let escape = at + found;
        at = escape + 2;
        let Some(half) = surrogate(bytes, escape) else { continue };
        let partner = surrogate(bytes, escape + 6);
        if half < 0xdc00 && partner.is_some_and(|partner| partner >= 0xdc00) {
            at = escape + 12;
            continue;
        }
        mended.push_str(&text[copied..escape]);
        mended.push_str("\\ufffd");
        copied = escape + 6;
        at = copied;
    }
    (copied > 0).then(|| mended + &text[copied..])
}

/// The code of the surrogate that is escaped at this byte.
fn surrogate(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xd800..0xe000).contains(&code).then_some(code)
}

/// Fills a row from an object, or tells the reason why it cannot.
struct RowSeed<'r, 'de> {
    row: &'r mut Row<'de>,
    reason: &'r mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> RowSeed<'_, 'de> {
    fn entry<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, map: &mut A) -> Result<Result<(), String>, A::Error> {
        Ok(match Field::named(&name) {
            Some(Field::Metadata) => {
                let kept = keep_object(self.row, map.next_value()?);
                kept.and_then(|()| self.row.set(Field::Metadata, Value::Null))
            }
            Some(field) => self.row.set(field, map.next_value_seed(ValueSeed)?),
            None => self.row.keep(name, metadata(map.next_value()?)),
        })
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(TextSeed)? {
            if let Err(reason) = self.entry(name, &mut map)? {
                *self.reason = Some(reason);
                return Err(de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// Keeps the object that a cell of metadata holds as unknown keys are kept.
///
/// # Errors
/// The reason why it holds none.
pub(crate) fn keep_metadata(row: &mut Row<'_>, text: &str) -> Result<(), String> {
    keep_object(row, serde_json::from_str(text).map_err(|error| reason_of(&error))?)
}

fn keep_object(row: &mut Row<'_>, raw: &RawValue) -> Result<(), String> {
    if raw.get() == "null" {
        return Ok(());
    }
    if !raw.get().starts_with('{') {
        return Err("`metadata` must be an object".to_owned());
    }
    let mut reason = None;
    let kept = MetadataSeed {
        row,
        reason: &mut reason,
    }
    .deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
    kept.map_err(|error| reason.unwrap_or_else(|| reason_of(&error)))
}

struct MetadataSeed<'r, 'row> {
    row: &'r mut Row<'row>,
    reason: &'r mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for MetadataSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MetadataSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(TextSeed)? {
            if let Err(reason) = self.row.keep(name, metadata(map.next_value()?)) {
                *self.reason = Some(reason);
                return Err(de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// A raw value as `metadata` keeps it: numbers digit for digit, objects as they were written.
pub fn metadata(raw: &RawValue) -> Option<String> {
    match raw.get() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        other => Some(other.to_owned()),
    }
}

struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value<'de>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value<'de>, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "no field takes a negative number, so its digits do not matter"
        )]
        Ok(u64::try_from(value).map_or(Value::Number(value as f64), Value::Whole))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(ValueSeed)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key_seed(TextSeed)? {
            entries.push((name, map.next_value_seed(ValueSeed)?));
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_surrogate_pairs_are_replaced_and_whole_pairs_kept() {
        assert_eq!(
            without_lone_surrogates(r"a \\ud83d"),
            None,
            "escaped backslashes are no escapes"
        );
        assert_eq!(without_lone_surrogates(r"a \ud83d\ude00 \n").as_deref(), None);
        assert_eq!(
            without_lone_surrogates(r"\ud83d\ud83d\ude00 \udc00é").as_deref(),
            Some(r"\ufffd\ud83d\ude00 \ufffdé")
        );
    }

    #[test]
    fn a_line_cut_off_inside_an_escape_is_only_unreadable() {
        for cut in [
            r#"{"text":"a\"#,
            r#"{"text":"a\u"#,
            r#"{"text":"\ud83"#,
            r#"{"text":"\ud83d\"#,
        ] {
            assert!(with_row(cut.as_bytes(), |_| Ok(())).is_err(), "{cut}");
        }
    }

    #[test]
    fn metadata_keeps_what_was_written_digit_for_digit() {
        let line =
            r#"{"id":"1","n":12345678901234567890123.10,"t":"é\n","o":{"a": [1]},"x":null,"metadata":{"k":true}}"#;
        let kept = with_row(line.as_bytes(), |row| Ok(row.metadata)).unwrap();
        let expected = [
            ("k", "true"),
            ("n", "12345678901234567890123.10"),
            ("o", r#"{"a": [1]}"#),
            ("t", "é\n"),
        ];
        assert_eq!(
            kept.iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect::<Vec<_>>(),
            expected
        );
    }
}
