//! Signed notes: a text of lines, a blank line, and lines of signatures by names, as <https://c2sp.org/signed-note>
//! has them, with the cosignatures of <https://c2sp.org/tlog-cosignature>.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lexhold_model::{PublicKey, SecretKey, Signature};
use sha2::{Digest as _, Sha256};

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "— ";

/// Notes are three lines and a few signatures; whatever is larger is something else.
const MAX_NOTE_BYTES: usize = 1 << 16;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// The text itself: what a log does.
    Text,
    /// The text and a time: what a witness does that has seen how the log grew.
    Cosignature,
}

impl SignatureKind {
    fn byte(self) -> u8 {
        match self {
            Self::Text => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A name with the public key that belongs to it, written `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    /// Whose it is, such as `witness.example.com/w1`.
    pub name: String,
    /// How it signs.
    pub kind: SignatureKind,
    /// The key.
    pub key: PublicKey,
}

impl NoteKey {
    /// The first four bytes of the hash of name, kind and key, by which a signature line says whose it is.
    pub fn id(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', self.kind.byte()]);
        hasher.update(self.key.0);
        let hash: [u8; 32] = hasher.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()][..], &self.key.0].concat();
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(bytes))
    }
}

impl FromStr for NoteKey {
    type Err = NoteFault;

    fn from_str(text: &str) -> Result<Self, NoteFault> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteFault::Key);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteFault::Key)?;
        let (kind, key) = match bytes.split_first() {
            Some((0x01, key)) => (SignatureKind::Text, key),
            Some((0x04, key)) => (SignatureKind::Cosignature, key),
            _ => return Err(NoteFault::Key),
        };
        let key = Self {
            name: name.to_owned(),
            kind,
            key: PublicKey(key.try_into().map_err(|_| NoteFault::Key)?),
        };
        let says = u32::from_str_radix(id, 16).map_err(|_| NoteFault::Key)?;
        if !is_name(name) || id.len() != 8 || says.to_be_bytes() != key.id() {
            return Err(NoteFault::Key);
        }
        Ok(key)
    }
}

/// Why something is no note, or proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteFault {
    /// It has not the form of a signed note.
    Form,
    /// It is no key of a note.
    Key,
    /// Nobody whose key is at hand has signed it.
    Unsigned,
    /// A signature by a key at hand is not its.
    Forged,
}

impl fmt::Display for NoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not a signed note",
            Self::Key => "not a key of a note: `name+8 digits+base64`",
            Self::Unsigned => "not signed with this key",
            Self::Forged => "the signature is not that of the key it names",
        })
    }
}

impl std::error::Error for NoteFault {}

/// A signature line, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Whose it says it is.
    pub name: String,
    id: [u8; 4],
    /// What stands behind the id: the signature, with a time before it where it is a cosignature.
    bytes: Vec<u8>,
}

/// A text and its signature lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Signs a text, which ends in a line feed, under a name.
    pub(crate) fn sign(text: String, name: &str, secret: &SecretKey) -> Self {
        let key = NoteKey {
            name: name.to_owned(),
            kind: SignatureKind::Text,
            key: secret.public(),
        };
        let signature = NoteSignature {
            name: name.to_owned(),
            id: key.id(),
            bytes: secret.sign(text.as_bytes()).0.to_vec(),
        };
        Self {
            text,
            signatures: vec![signature],
        }
    }

    /// The text that was signed, with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds the signatures of another copy of this note that this one has not. `false` where the texts differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.text != other.text {
            return false;
        }
        for signature in &other.signatures {
            if !self.signatures.contains(signature) {
                self.signatures.push(signature.clone());
            }
        }
        true
    }

    /// Whether this key has signed, and at what time, where it is a witness's.
    ///
    /// # Errors
    /// [`NoteFault::Unsigned`] where no line is this key's, [`NoteFault::Forged`] where one says it is and is not.
    pub fn verify(&self, key: &NoteKey) -> Result<Option<Timestamp>, NoteFault> {
        let mut lines = self.signatures.iter();
        let line = lines
            .find(|line| line.name == key.name && line.id == key.id())
            .ok_or(NoteFault::Unsigned)?;
        let (time, signature) = match key.kind {
            SignatureKind::Text => (None, line.bytes.as_slice()),
            SignatureKind::Cosignature => {
                let (time, signature) = line.bytes.split_first_chunk::<8>().ok_or(NoteFault::Forged)?;
                (Some(u64::from_be_bytes(*time)), signature)
            }
        };
        let signed = match time {
            None => self.text.clone(),
            Some(seconds) => format!("cosignature/v1\ntime {seconds}\n{}", self.text),
        };
        let signature = Signature(signature.try_into().map_err(|_| NoteFault::Forged)?);
        if !key.key.has_signed(signed.as_bytes(), &signature) {
            return Err(NoteFault::Forged);
        }
        let at = |seconds: u64| {
            let seconds = i64::try_from(seconds).map_err(|_| NoteFault::Forged)?;
            Timestamp::from_second(seconds).map_err(|_| NoteFault::Forged)
        };
        time.map(at).transpose()
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| {
            let bytes = [&line.id[..], &line.bytes].concat();
            writeln!(f, "{DASH}{} {}", line.name, STANDARD.encode(bytes))
        })
    }
}

impl FromStr for SignedNote {
    type Err = NoteFault;

    fn from_str(note: &str) -> Result<Self, NoteFault> {
        let control = |c: char| c < ' ' && c != '\n';
        if note.len() > MAX_NOTE_BYTES || note.contains(control) {
            return Err(NoteFault::Form);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteFault::Form)?;
        let signatures: Vec<_> = lines
            .strip_suffix('\n')
            .ok_or(NoteFault::Form)?
            .split('\n')
            .map(signature)
            .collect::<Option<_>>()
            .ok_or(NoteFault::Form)?;
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }
}

fn signature(line: &str) -> Option<NoteSignature> {
    let (name, bytes) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = STANDARD.decode(bytes).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    (is_name(name) && !bytes.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        id: *id,
        bytes: bytes.to_vec(),
    })
}

/// Names are not empty and have neither spaces nor plus signs.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Go's `sumdb/note` and of the specification of cosignatures: other people's keys and signatures.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn notes_of_others_verify() {
        let (note, key): (SignedNote, NoteKey) = (NOTE.parse().unwrap(), PETER.parse().unwrap());
        assert_eq!(note.verify(&key), Ok(None));
        assert_eq!((note.to_string(), key.to_string()), (NOTE.into(), PETER.into()));
    }

    #[test]
    fn what_is_changed_does_not() {
        let key: NoteKey = PETER.parse().unwrap();
        let changed: SignedNote = NOTE.replace("answer", "Answer").parse().unwrap();
        assert_eq!(changed.verify(&key), Err(NoteFault::Forged));
        let changed: SignedNote = NOTE.replace("wJnAM=", "wJnAI=").parse().unwrap();
        assert_eq!(changed.verify(&key), Err(NoteFault::Forged));
        let note: SignedNote = NOTE.replace("— Peter", "— Paul").parse().unwrap();
        assert_eq!(note.verify(&key), Err(NoteFault::Unsigned));
        let as_witness = NoteKey {
            kind: SignatureKind::Cosignature,
            ..key
        };
        assert_eq!(note.verify(&as_witness), Err(NoteFault::Unsigned));
    }

    #[test]
    fn a_cosignature_tells_when() {
        let secret = SecretKey::new(&[7; 32]);
        let mut note = SignedNote::sign("log\n1\nAA==\n".into(), "log", &SecretKey::new(&[8; 32]));
        let witness = NoteKey {
            name: "w".into(),
            kind: SignatureKind::Cosignature,
            key: secret.public(),
        };
        let signed = secret.sign(b"cosignature/v1\ntime 1679315147\nlog\n1\nAA==\n");
        let line = |time: u64| NoteSignature {
            name: "w".into(),
            id: witness.id(),
            bytes: [&time.to_be_bytes()[..], &signed.0].concat(),
        };
        let cosigned = |time| SignedNote {
            text: note.text.clone(),
            signatures: vec![line(time)],
        };
        assert_eq!(cosigned(1).verify(&witness), Err(NoteFault::Forged));
        let copy: SignedNote = cosigned(1_679_315_147).to_string().parse().unwrap();
        assert!(note.merge(&copy) && note.merge(&copy) && note.signatures.len() == 2);
        let at: Timestamp = "2023-03-20T12:25:47Z".parse().unwrap();
        assert_eq!(note.verify(&witness), Ok(Some(at)));
        assert_eq!(witness.to_string().parse(), Ok(witness));
    }

    #[test]
    fn what_has_not_the_form_is_refused() {
        let shapes = [
            "",
            "\n",
            "\n\n",
            "a\n",
            "a\n\n",
            "a\n\n— b\n",
            "a\n\n— b AAAA\n",
            "a\n\n— b+c AAAAAAA=\n",
            "a\n\nb AAAAAAA=\n",
            "a\n\n— b AAAAAAA=",
            "a\r\n\n— b AAAAAAA=\n",
            "a\n\n— b AAAAAAA=\n\n",
            "a\n\n—  AAAAAAA=\n",
        ];
        for text in shapes {
            assert_eq!(text.parse::<SignedNote>(), Err(NoteFault::Form), "{text:?}");
        }
        for text in [
            "",
            "a",
            "a+b",
            "a+00000000+AQ==",
            &PETER.replace("c7", "c8"),
            &PETER.replace("+AR", "+Ag"),
        ] {
            assert_eq!(text.parse::<NoteKey>(), Err(NoteFault::Key), "{text:?}");
        }
    }
}
