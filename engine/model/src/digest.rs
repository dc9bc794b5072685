//! Digests of what may be known, keyed hashes of what may not.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, shown and stored as 64 hexadecimal digits.
///
/// For documents, bundles, files and journal lines. Never for message content, which can be guessed from a
/// plain hash when it is short: see [`ContentKey`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The first twelve digits, enough for a person to tell digests apart.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a digest has 64 hexadecimal digits";
        if text.len() != 64 || !text.is_ascii() {
            return Err(WRONG);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A 120-bit name for a message, a set of facts, an alert: 30 hexadecimal digits to people, a
/// `DECIMAL(38,0)` to Arrow, Parquet and DuckDB, which join it as fast as an integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u128);

impl Key {
    const BYTES: usize = 15;

    /// The key of a sequence of parts, with no way for two different sequences to run into each other.
    pub fn of<'a>(domain: &str, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::absorb(blake3::Hasher::new_derive_key(domain), parts)
    }

    /// The key as Arrow and DuckDB hold it; never negative.
    pub fn as_i128(self) -> i128 {
        self.0.cast_signed()
    }

    /// The key that Arrow or DuckDB held; `None` when the number is no key.
    pub fn from_i128(number: i128) -> Option<Self> {
        u128::try_from(number)
            .ok()
            .filter(|number| number >> (8 * Self::BYTES) == 0)
            .map(Self)
    }

    fn absorb<'a>(mut hasher: blake3::Hasher, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        feed(&mut hasher, parts);
        let mut bytes = [0; 16];
        bytes[1..].copy_from_slice(&hasher.finalize().as_bytes()[..Self::BYTES]);
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:030x}", self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Key {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 2 * Self::BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
            .ok_or("a key has 30 hexadecimal digits")
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The home's secret for hashes of content, so that nobody without it can test a guess at a chat line.
#[derive(Clone)]
pub struct ContentKey([u8; 32]);

impl ContentKey {
    /// The key made of these secret bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The secret bytes, for the one place that stores them.
    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash of content that only holders of this key can compute; `domain` keeps uses apart.
    pub fn keyed<'a>(&self, domain: &str, parts: impl IntoIterator<Item = &'a [u8]>) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&(domain.len() as u64).to_le_bytes());
        hasher.update(domain.as_bytes());
        Key::absorb(hasher, parts)
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(secret)")
    }
}

/// The plain BLAKE3 hash of a sequence of parts. Only for what lies beside the content itself.
pub fn plain_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    feed(&mut hasher, parts);
    hasher.finalize().into()
}

fn feed<'a>(hasher: &mut blake3::Hasher, parts: impl IntoIterator<Item = &'a [u8]>) {
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
}

/// RFC 8785 canonical JSON: one text for one value, whatever the order of keys it was written in.
///
/// # Panics
/// If the value has a key that is no text, or a number that is not finite. A [`serde_json::Value`] has neither.
pub fn canonical_json(value: &impl serde::Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "what JSON cannot hold is a fault of the caller, as the documentation says"
    )]
    serde_json_canonicalizer::to_string(value).expect("a JSON value is always canonicalisable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_keys_read_back_what_they_print() {
        let digest = Digest::of(b"lexhold");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let key = Key::of("test", [b"a".as_slice()]);
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(Key::from_i128(key.as_i128()), Some(key));
        assert_eq!(Key::from_i128(-1), None);
        assert_eq!(Key::from_i128(1 << 120), None);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let split = |a: &str, b: &str| Key::of("test", [a.as_bytes(), b.as_bytes()]);
        assert_ne!(split("ab", "c"), split("a", "bc"));
        assert_ne!(Key::of("x", [b"a".as_slice()]), Key::of("y", [b"a".as_slice()]));
    }

    #[test]
    fn keyed_hashes_differ_between_homes_and_uses() {
        let (one, other) = (ContentKey::new([1; 32]), ContentKey::new([2; 32]));
        let hash = |key: &ContentKey, domain| key.keyed(domain, [b"yes".as_slice()]);
        assert_ne!(hash(&one, "content"), hash(&other, "content"));
        assert_ne!(hash(&one, "content"), hash(&one, "evidence"));
        assert_eq!(format!("{one:?}"), "ContentKey(secret)");
    }

    #[test]
    fn canonical_json_orders_keys_and_normalises_numbers() {
        let value = serde_json::json!({"b": 1.0, "a": ["x", null, true]});
        assert_eq!(canonical_json(&value), r#"{"a":["x",null,true],"b":1}"#);
    }
}
