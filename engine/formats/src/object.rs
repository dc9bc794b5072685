//! A JSON object from which a reader takes what it knows; the rest is kept as it was written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use lexhold_source::{metadata, reason_of, text_of, without_lone_surrogates};
use serde_json::value::RawValue;

/// The members of an object, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'a> {
    members: BTreeMap<String, &'a RawValue>,
}

/// The text of a JSON value, and whether bytes of it had to be replaced: those that are not UTF-8, and halves of characters
/// that some programs escape one by one.
pub(crate) fn text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let text = text_of(bytes);
    let mended = matches!(text, Cow::Owned(_));
    let halves = memchr::memmem::find(text.as_bytes(), b"\\u").is_some();
    match halves.then(|| without_lone_surrogates(&text)).flatten() {
        Some(whole) => (Cow::Owned(whole), true),
        None => (text, mended),
    }
}

impl<'a> Object<'a> {
    /// The object that a text holds.
    ///
    /// # Errors
    /// The reason why it holds none.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        if !text.trim_start().starts_with('{') {
            return Err("not a JSON object".to_owned());
        }
        let mut parser = serde_json::Deserializer::from_str(text);
        let object = serde::Deserializer::deserialize_any(&mut parser, Members);
        let object = object.and_then(|object| parser.end().map(|()| object));
        let object = object.map_err(|error| reason_of(&error))?;
        object.ok_or_else(|| "a name stands twice in the object".to_owned())
    }

    /// The value of a member, which stays.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.members.get(name).copied()
    }

    /// Takes a text; anything else stays. Empty text counts as none.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let text: String = self.take(name)?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// Takes a whole number.
    pub(crate) fn whole(&mut self, name: &str) -> Option<u64> {
        self.take(name)
    }

    /// The items of a list, which stays.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        let raw = self.raw(name);
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }

    /// The objects of a list, which stays.
    pub(crate) fn objects(&self, name: &str) -> Vec<Object<'a>> {
        let items = self.list(name).into_iter();
        items.filter_map(|item| Object::parse(item.get()).ok()).collect()
    }

    /// The object that a member holds, which stays.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        Object::parse(self.raw(name)?.get()).ok()
    }

    /// The same members, their names without a capital in front. Of two that differ in it alone the one without stays.
    pub(crate) fn decapitalised(self) -> Self {
        let mut members = BTreeMap::new();
        for (name, raw) in self.members {
            let mut chars = name.chars();
            let first = chars.next().map(|first| first.to_ascii_lowercase());
            // Capitals sort first, so that the other one comes later.
            members.insert(first.into_iter().chain(chars).collect(), raw);
        }
        Self { members }
    }

    /// Leaves a member out, because it says nothing that is not kept elsewhere.
    pub(crate) fn drop(&mut self, name: &str) {
        self.members.remove(name);
    }

    /// Everything that was not taken; what is null says nothing.
    pub(crate) fn into_metadata(self) -> BTreeMap<String, String> {
        let kept = self.members.into_iter();
        kept.filter_map(|(name, raw)| Some((name, metadata(raw)?))).collect()
    }

    fn take<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = serde_json::from_str(self.raw(name)?.get()).ok()?;
        self.members.remove(name);
        Some(value)
    }
}

/// Reads members; `None` is an object that has a name twice.
struct Members;

impl<'de> serde::de::Visitor<'de> for Members {
    type Value = Option<Object<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        let mut twice = false;
        while let Some((name, raw)) = map.next_entry()? {
            twice |= object.members.insert(name, raw).is_some();
        }
        Ok((!twice).then_some(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_taken_and_the_rest_kept_as_written() {
        let text = r#"{"a":"x","b":1.50,"c":null,"d":{"e": [1]},"n":7,"t":""}"#;
        let mut object = Object::parse(text).unwrap();
        assert_eq!(object.text("a").as_deref(), Some("x"));
        assert_eq!(object.text("b"), None, "a number is no text");
        assert_eq!(object.whole("n"), Some(7));
        assert_eq!(object.text("t"), None);
        let kept = object.into_metadata();
        let kept: Vec<_> = kept
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(kept, [("b", "1.50"), ("d", r#"{"e": [1]}"#)]);
    }

    #[test]
    fn what_is_no_object_says_why_and_quotes_nothing() {
        for (text, why) in [
            (r#"["secret"]"#, "not a JSON object"),
            (r#""secret""#, "not a JSON object"),
            (r#"{"secret":1,"secret":2}"#, "a name stands twice in the object"),
            (r#"{"secret":"#, "the JSON ends in the middle"),
            (r#"{"secret" 1}"#, "not valid JSON at byte 11"),
        ] {
            assert_eq!(Object::parse(text).err().as_deref(), Some(why), "{text}");
        }
    }

    #[test]
    fn halves_of_characters_are_replaced_and_told() {
        assert_eq!(text(br#""a\ud83d""#), (Cow::Owned(r#""a\ufffd""#.to_owned()), true));
        assert!(text(b"\"\xff\"").1);
        assert_eq!(text(br#""\ud83d\ude00""#), (Cow::Borrowed(r#""\ud83d\ude00""#), false));
    }
}
