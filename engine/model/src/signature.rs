//! Ed25519 signatures: by whom a text was signed, and nothing of what the text means.
//!
//! Every use puts its own words in front of what it signs, so that a signature made for one thing never counts for
//! another.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::Digest;

/// A secret key. It is shown nowhere.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of 32 bytes that nobody can guess.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The half that everybody may know.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The signature of a text.
    pub fn sign(&self, text: &[u8]) -> Signature {
        Signature(self.0.sign(text).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

/// A public key, shown and stored as 64 hexadecimal digits. Whether the bytes are a point of the curve shows when a
/// signature is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether the holder of the secret half signed exactly this text. Keys of small order sign nothing.
    pub fn has_signed(&self, text: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest(self.0).fmt(f)
    }
}

impl FromStr for PublicKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: Digest = text.parse().map_err(|_| "a public key has 64 hexadecimal digits")?;
        Ok(Self(bytes.0))
    }
}

/// A signature, shown and stored as 128 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Signature {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Two halves, each as long as a digest.
        let halves = text.split_at_checked(64).and_then(|(one, other)| {
            let (one, other): (Digest, Digest) = (one.parse().ok()?, other.parse().ok()?);
            [one.0, other.0].concat().try_into().ok()
        });
        halves.map(Self).ok_or("a signature has 128 hexadecimal digits")
    }
}

macro_rules! as_text {
    ($($name:ty),+) => {$(
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

as_text!(PublicKey, Signature);

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, tests 1 and 2: what an implementation that is not ours says.
    #[test]
    fn keys_and_signatures_are_those_of_the_standard() {
        for (secret, public, text, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                &b""[..],
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                &b"r"[..],
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ] {
            let secret: Digest = secret.parse().unwrap();
            let key = SecretKey::new(&secret.0);
            assert_eq!(key.public().to_string(), public);
            assert_eq!(key.sign(text).to_string(), signature);
            assert!(key.public().has_signed(text, &signature.parse().unwrap()));
            assert!(!key.public().has_signed(b"other", &signature.parse().unwrap()));
        }
    }

    #[test]
    fn what_is_no_key_or_signature_signs_nothing() {
        let signature = SecretKey::new(&[1; 32]).sign(b"x");
        // Zero and one are points of small order, under which anybody could sign; two is no point at all.
        for byte in [0, 1, 2] {
            let mut key = [0; 32];
            key[0] = byte;
            assert!(!PublicKey(key).has_signed(b"x", &signature), "{byte}");
        }
        assert!("é".repeat(32).parse::<PublicKey>().is_err() && "00".parse::<PublicKey>().is_err());
        for text in ["", "00", &"0".repeat(127), &"é".repeat(64), &"0".repeat(129)] {
            assert!(text.parse::<Signature>().is_err(), "{text}");
        }
    }
}
