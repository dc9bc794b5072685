//! RFC 6962 hashing: what a leaf is, what a tree's head is.

use lexhold_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::Result;

/// The head of the Merkle tree over the journal's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of entries.
    pub size: u64,
    /// The root; for an empty journal the digest of nothing.
    pub root: Digest,
}

/// The hash of a leaf: SHA-256 of a zero byte and the line.
pub(super) fn leaf(line: &[u8]) -> Digest {
    hash(&[&[0], line])
}

/// The head of the tree over these leaves, holding one hash a level.
pub(super) fn head(leaves: impl Iterator<Item = Result<Digest>>) -> Result<TreeHead> {
    let mut size: u64 = 0;
    // INVARIANT: one perfect subtree for each set bit of `size`, the largest first.
    let mut subtrees: Vec<Digest> = Vec::new();
    for leaf in leaves {
        let mut right = leaf?;
        for _ in 0..size.trailing_ones() {
            if let Some(left) = subtrees.pop() {
                right = node(&left, &right);
            }
        }
        subtrees.push(right);
        size += 1;
    }
    let root = subtrees.into_iter().rev().reduce(|right, left| node(&left, &right));
    Ok(TreeHead {
        size,
        root: root.unwrap_or_else(|| Digest::of(b"")),
    })
}

fn node(left: &Digest, right: &Digest) -> Digest {
    hash(&[&[1], &left.0, &right.0])
}

fn hash(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursive definition of RFC 6962 §2.1, word for word.
    fn defined(lines: &[Vec<u8>]) -> Digest {
        match lines.len() {
            0 => Digest::of(b""),
            1 => leaf(&lines[0]),
            n => {
                let half = n.next_power_of_two() / 2;
                node(&defined(&lines[..half]), &defined(&lines[half..]))
            }
        }
    }

    #[test]
    fn the_head_is_that_of_the_definition() {
        for n in 0..70_u8 {
            let lines: Vec<_> = (0..n).map(|at| vec![at; usize::from(at)]).collect();
            let head = head(lines.iter().map(|line| Ok(leaf(line)))).unwrap();
            assert_eq!((head.size, head.root), (u64::from(n), defined(&lines)), "{n} leaves");
        }
    }

    #[test]
    fn an_empty_leaf_has_the_known_hash() {
        let known = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(leaf(b"").to_string(), known);
    }
}
