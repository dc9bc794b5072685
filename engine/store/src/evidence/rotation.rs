//! A home's new key, named by its old one.

use jiff::Timestamp;
use lexhold_model::{PublicKey, SecretKey, Signature, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What stands before the signed text.
const DOMAIN: &[u8] = b"lexhold key rotation 1\n";

/// What the old key says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    home: String,
    from: PublicKey,
    to: PublicKey,
    at: Timestamp,
}

/// A signed statement that from now on another key signs for a home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    statement: Statement,
    signature: Signature,
}

impl Rotation {
    /// The old key's word for the new one.
    pub(crate) fn sign(home: &str, old: &SecretKey, new: PublicKey, at: Timestamp) -> Self {
        let statement = Statement {
            home: home.to_owned(),
            from: old.public(),
            to: new,
            at,
        };
        let signature = old.sign(&signed_text(&statement));
        Self { statement, signature }
    }

    /// The key that came after this one in this home, where the statement is that key's own.
    fn after(&self, home: &str, key: PublicKey) -> Option<PublicKey> {
        let Self { statement, signature } = self;
        let ours = statement.home == home && statement.from == key;
        (ours && key.has_signed(&signed_text(statement), signature)).then_some(statement.to)
    }
}

fn signed_text(statement: &Statement) -> Vec<u8> {
    [DOMAIN, canonical_json(&json!(statement)).as_bytes()].concat()
}

/// The keys of a home that whoever trusts one of them may trust: that one, and those that came after it, each named by
/// the one before. Never one that came earlier: it may have been replaced because somebody else had it.
pub fn trusted(home: &str, first: PublicKey, rotations: &[Rotation]) -> Vec<PublicKey> {
    let mut keys = vec![first];
    while let Some(next) = rotations
        .iter()
        .filter_map(|rotation| rotation.after(home, keys[keys.len() - 1]))
        .find(|next| !keys.contains(next))
    {
        keys.push(next);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_goes_forward_along_signed_statements_alone() {
        let secrets: Vec<_> = (1..=4).map(|byte| SecretKey::new(&[byte; 32])).collect();
        let keys: Vec<_> = secrets.iter().map(SecretKey::public).collect();
        let at = Timestamp::UNIX_EPOCH;
        let rotations = [
            Rotation::sign("h", &secrets[1], keys[2], at),
            Rotation::sign("h", &secrets[0], keys[1], at),
            Rotation::sign("h", &secrets[2], keys[0], at),
        ];
        assert_eq!(trusted("h", keys[0], &rotations), [keys[0], keys[1], keys[2]]);
        assert_eq!(trusted("h", keys[3], &rotations), [keys[3]]);
        assert_eq!(trusted("g", keys[0], &rotations), [keys[0]], "of another home");
        let mut forged = rotations[1].clone();
        forged.statement.to = keys[3];
        assert_eq!(trusted("h", keys[0], &[forged]), [keys[0]]);
        let mut stolen = rotations[1].clone();
        stolen.statement.from = keys[3];
        assert_eq!(trusted("h", keys[3], &[stolen]), [keys[3]]);
        assert_eq!(trusted("h", keys[1], &rotations[1..2]), [keys[1]], "never backwards");
    }
}
