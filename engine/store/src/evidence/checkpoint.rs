//! A checkpoint: the home's name, the number of journal entries and the root over them, signed, as
//! <https://c2sp.org/tlog-checkpoint> has it, so that witnesses of any make can add their signatures.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lexhold_model::{Digest, PublicKey, SecretKey};

use super::{NoteFault, NoteKey, SignatureKind, SignedNote, TreeHead};

/// A signed statement that the journal of a home began with these entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    home: String,
    head: TreeHead,
    note: SignedNote,
}

impl Checkpoint {
    /// Signs the head of a home's journal.
    pub(crate) fn sign(home: &str, head: TreeHead, secret: &SecretKey) -> Self {
        let origin = origin(home);
        let text = format!("{origin}\n{}\n{}\n", head.size, STANDARD.encode(head.root.0));
        Self {
            home: home.to_owned(),
            head,
            note: SignedNote::sign(text, &origin, secret),
        }
    }

    /// The checkpoints in a file, where an empty line lies between one and the next.
    ///
    /// # Errors
    /// [`NoteFault::Form`] for a file without any, or with something else between them.
    pub fn all_in(text: &str) -> Result<Vec<Self>, NoteFault> {
        let blocks: Vec<&str> = text.trim_end_matches('\n').split("\n\n").collect();
        let notes = blocks.chunks(2).map(|note| format!("{}\n", note.join("\n\n")).parse());
        notes.collect()
    }

    /// The id of the home.
    pub fn home(&self) -> &str {
        &self.home
    }

    /// The size and root of the journal's tree.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The note around it.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Whether the home signed it with this key.
    ///
    /// # Errors
    /// [`NoteFault::Unsigned`] and [`NoteFault::Forged`].
    pub fn verify(&self, key: PublicKey) -> Result<(), NoteFault> {
        self.note.verify(&home_key(&self.home, key)).map(drop)
    }

    /// Whether a witness signed it, and when it says it did, where it says so.
    ///
    /// # Errors
    /// As with [`Self::verify`].
    pub fn witnessed_by(&self, witness: &NoteKey) -> Result<Option<Timestamp>, NoteFault> {
        self.note.verify(witness)
    }

    /// Adds the signatures of another copy; `false` where it is not one of this checkpoint.
    pub fn merge(&mut self, copy: &Self) -> bool {
        self.note.merge(&copy.note)
    }
}

/// The name under which a home signs, which is also the first line of its checkpoints.
fn origin(home: &str) -> String {
    format!("lexhold/{home}")
}

/// A home's public key as outsiders write it.
pub(crate) fn home_key(home: &str, key: PublicKey) -> NoteKey {
    NoteKey {
        name: origin(home),
        kind: SignatureKind::Text,
        key,
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

impl FromStr for Checkpoint {
    type Err = NoteFault;

    fn from_str(text: &str) -> Result<Self, NoteFault> {
        let note: SignedNote = text.parse()?;
        let lines: Vec<&str> = note.text().lines().collect();
        let &[origin, size, root] = lines.as_slice() else {
            return Err(NoteFault::Form);
        };
        let home = origin.strip_prefix("lexhold/").ok_or(NoteFault::Form)?;
        let parsed: u64 = size.parse().map_err(|_| NoteFault::Form)?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        // One text for one head: no sign and no zero in front.
        if parsed.to_string() != size {
            return Err(NoteFault::Form);
        }
        Ok(Self {
            home: home.to_owned(),
            head: TreeHead {
                size: parsed,
                root: Digest(root.ok_or(NoteFault::Form)?),
            },
            note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let head = TreeHead {
            size: 2,
            root: Digest([9; 32]),
        };
        Checkpoint::sign("00ff", head, &SecretKey::new(&[1; 32]))
    }

    #[test]
    fn a_checkpoint_is_a_note_that_others_can_read() {
        let checkpoint = checkpoint();
        let text = checkpoint.to_string();
        assert!(
            text.starts_with("lexhold/00ff\n2\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n\n— lexhold/00ff "),
            "{text}"
        );
        assert_eq!(text.parse(), Ok(checkpoint.clone()));
        let (key, other) = (SecretKey::new(&[1; 32]).public(), SecretKey::new(&[2; 32]).public());
        assert_eq!(checkpoint.verify(key), Ok(()));
        assert_eq!(checkpoint.verify(other), Err(NoteFault::Unsigned));
        let forged: Checkpoint = text.replacen("\n2\n", "\n3\n", 1).parse().unwrap();
        assert_eq!(forged.verify(key), Err(NoteFault::Forged));
    }

    #[test]
    fn one_head_has_one_text() {
        let text = checkpoint().to_string();
        for (from, to) in [
            ("\n2\n", "\n02\n"),
            ("\n2\n", "\n+2\n"),
            ("\n2\n", "\n2\nmore\n"),
            ("\n2\n", "\n-2\n"),
            ("lexhold/", "other/"),
            ("CQk=\n", "CQ==\n"),
        ] {
            assert_eq!(
                text.replacen(from, to, 1).parse::<Checkpoint>(),
                Err(NoteFault::Form),
                "{to}"
            );
        }
    }
}
