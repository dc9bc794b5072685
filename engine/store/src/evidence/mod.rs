//! What proves to outsiders that the journal is the journal: trees, checkpoints, certificates.
//!
//! Pure: texts and bytes in, answers out. Making keys, reading the journal and writing files is for `keys`, `journal`
//! and `home`; the formats are described, with worked bytes, in `engine/store/EVIDENCE.md`.

mod certificate;
mod checkpoint;
mod note;
mod rotation;
pub(crate) mod tree;

pub(crate) use certificate::Parts;
pub use certificate::{Certificate, CertificateFault, Certified, Consistency, ItemProof};
pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::home_key;
pub use note::{NoteFault, NoteKey, NoteSignature, SignatureKind, SignedNote};
pub use rotation::{Rotation, trusted};
pub use tree::{MerkleTree, TreeHead, leaf_hash, verify_consistency, verify_inclusion};

#[cfg(test)]
mod manual {
    //! The worked bytes of `EVIDENCE.md`.

    use lexhold_model::SecretKey;

    use super::*;

    const MANUAL: &str = include_str!("../../EVIDENCE.md");

    #[test]
    fn the_worked_example_is_what_the_code_says() {
        let lines = [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#];
        let tree = MerkleTree::over(lines.iter().map(|line| leaf_hash(line.as_bytes())));
        let secret = SecretKey::new(&[1; 32]);
        let home = "00112233445566778899aabbccddeeff";
        let mut worked: Vec<String> = lines.map(|line| leaf_hash(line.as_bytes()).to_string()).into();
        worked.extend([1, 2, 3].map(|size| {
            tree.head_of_first(size)
                .map_or_else(String::new, |head| head.root.to_string())
        }));
        worked.extend(tree.proof(1).unwrap_or_default().iter().map(ToString::to_string));
        worked.push(secret.public().to_string());
        worked.push(home_key(home, secret.public()).to_string());
        worked.push(Checkpoint::sign(home, tree.head(), &secret).to_string());
        for bytes in worked {
            assert!(MANUAL.contains(&bytes), "{bytes}");
        }
    }
}
