//! Signed approvals: somebody stands by one act on one thing in one home, with a key that only they have.

use jiff::{SignedDuration, Timestamp};
use lexhold_model::{PublicKey, SecretKey, Signature, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Verb;

/// What stands before the signed text, so that a signature under it means nothing anywhere else.
const DOMAIN: &[u8] = b"lexhold approval 1\n";

/// How long an approval counts.
const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How far the clocks of two machines may be apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);

/// What somebody stands by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The id of the home.
    pub home: String,
    /// The verb, by its name in the governance schema.
    pub verb: String,
    /// The thing: a bundle's digest, an event's `type/key@day`, an alert; `home` for a home as a whole.
    pub of: String,
    /// Who stands by it.
    pub operator: String,
    /// When it was signed, by the clock of whoever signed.
    pub signed_at: Timestamp,
}

/// A statement and the signature over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// What is stated.
    pub statement: Statement,
    /// The Ed25519 signature over its canonical JSON.
    pub signature: Signature,
}

impl Approval {
    /// Signs a statement with a secret key.
    pub fn sign(statement: Statement, secret: &[u8; 32]) -> Self {
        let signature = SecretKey::new(secret).sign(&signed_text(&statement));
        Self { statement, signature }
    }

    /// Whether the signature is that of the holder of a public key.
    pub fn is_signed_with(&self, public_key: &str) -> bool {
        let key = public_key.parse::<PublicKey>();
        key.is_ok_and(|key| key.has_signed(&signed_text(&self.statement), &self.signature))
    }

    /// Whether it speaks of this act on this thing.
    pub fn covers(&self, verb: Verb, of: &str) -> bool {
        self.statement.verb == verb.as_str() && self.statement.of == of
    }

    /// Whether it counts at an instant: for thirty days after it was signed, and not before.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.statement.signed_at);
        -CLOCKS_APART <= age && age <= LAPSES_AFTER
    }
}

/// The public key that belongs to a secret one, as 64 hexadecimal digits.
pub fn public_key(secret: &[u8; 32]) -> String {
    SecretKey::new(secret).public().to_string()
}

fn signed_text(statement: &Statement) -> Vec<u8> {
    [DOMAIN, canonical_json(&json!(statement)).as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(secret: u8) -> Approval {
        let statement = Statement {
            home: "h".into(),
            verb: "activate".into(),
            of: "d".into(),
            operator: "rex".into(),
            signed_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        Approval::sign(statement, &[secret; 32])
    }

    #[test]
    fn a_signature_is_of_one_key_over_every_word() {
        let (key, other) = (public_key(&[1; 32]), public_key(&[2; 32]));
        let signed = approval(1);
        assert!(signed.is_signed_with(&key) && !signed.is_signed_with(&other));
        let changes: [fn(&mut Statement); 5] = [
            |it| it.home = "g".into(),
            |it| it.verb = "restore".into(),
            |it| it.of = "e".into(),
            |it| it.operator = "eve".into(),
            |it| it.signed_at = "2026-01-01T00:00:01Z".parse().unwrap(),
        ];
        for change in changes {
            let mut forged = signed.clone();
            change(&mut forged.statement);
            assert!(!forged.is_signed_with(&key), "{forged:?}");
        }
        assert!(!signed.is_signed_with("zz"));
    }

    #[test]
    fn it_counts_for_thirty_days_and_for_one_act() {
        let signed = approval(1);
        assert!(signed.covers(Verb::Activate, "d") && !signed.covers(Verb::Activate, "e"));
        assert!(!signed.covers(Verb::Restore, "d"));
        let counts = |at: &str| signed.counts_at(at.parse().unwrap());
        assert!(counts("2026-01-01T00:00:00Z") && counts("2026-01-31T00:00:00Z"));
        assert!(!counts("2026-01-31T00:00:01Z") && !counts("2025-12-31T12:00:00Z"));
    }
}
