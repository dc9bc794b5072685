//! RFC 6962 trees: hashes of leaves and nodes, heads, proofs that a leaf is in a tree and that one tree began another.
//!
//! Which nodes a proof consists of, and whether it proves anything, is `ct-merkle`'s to say; here are the nodes.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use lexhold_model::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Result;

/// Far more than any journal or plan has, and few enough that no arithmetic on node numbers overflows.
const MAX_LEAVES: u64 = 1 << 48;

/// The head of a Merkle tree, such as that over the journal's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The root; for an empty tree the digest of nothing.
    pub root: Digest,
}

/// The hash of a leaf: SHA-256 of a zero byte and its bytes.
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    hash(&[&[0], leaf])
}

/// A tree whose every node is at hand, for proofs of many leaves. It takes 64 bytes a leaf.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    /// INVARIANT: the leaves, then each level of parents up to the root alone. A node without a sibling goes up as it is.
    levels: Vec<Vec<Digest>>,
}

impl MerkleTree {
    /// The tree over leaves by their [`leaf_hash`].
    pub fn over(leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut levels = vec![leaves.into_iter().collect::<Vec<_>>()];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let pairs = level.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                alone => alone[0],
            });
            let parents = pairs.collect();
            levels.push(parents);
        }
        Self { levels }
    }

    /// Its head.
    pub fn head(&self) -> TreeHead {
        let root = self.levels.last().and_then(|level| level.first());
        TreeHead {
            size: self.levels[0].len() as u64,
            root: root.copied().unwrap_or_else(|| Digest::of(b"")),
        }
    }

    /// The head that it had when it had so many leaves; `None` where it has fewer.
    pub fn head_of_first(&self, size: u64) -> Option<TreeHead> {
        if size > self.head().size {
            return None;
        }
        // One perfect subtree for each bit that is set, the largest first.
        let (mut start, mut subtrees) = (0, Vec::new());
        for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
            subtrees.push(self.levels[level as usize][(start >> level) as usize]);
            start += 1 << level;
        }
        let root = subtrees.into_iter().rev().reduce(|right, left| node(&left, &right));
        let root = root.unwrap_or_else(|| Digest::of(b""));
        Some(TreeHead { size, root })
    }

    /// The proof that the leaf of a number, from 0, is in this tree: RFC 6962, section 2.1.1. `None` where there is none.
    pub fn proof(&self, index: u64) -> Option<Vec<Digest>> {
        let size = self.head().size;
        (index < size).then(|| self.nodes(&ct_merkle::indices_for_inclusion_proof(size, index)))
    }

    /// The proof that this tree began with so many of its leaves: RFC 6962, section 2.1.2. `None` where it has fewer.
    pub fn consistency(&self, first: u64) -> Option<Vec<Digest>> {
        let size = self.head().size;
        match first {
            0 => Some(Vec::new()),
            first if first > size => None,
            first => Some(self.nodes(&ct_merkle::indices_for_consistency_proof(first, size - first))),
        }
    }

    /// Nodes by the numbers that `ct-merkle` gives them: those of level k end in k ones below a zero.
    fn nodes(&self, numbers: &[u64]) -> Vec<Digest> {
        let at = |number: &u64| {
            let level = number.trailing_ones();
            self.levels[level as usize][(number >> (level + 1)) as usize]
        };
        numbers.iter().map(at).collect()
    }
}

/// Whether a proof shows that the leaf of this number, from 0, is in the tree of that head.
pub fn verify_inclusion(leaf: &[u8], index: u64, proof: &[Digest], head: &TreeHead) -> bool {
    let Some(root) = root(head) else { return false };
    let proof = InclusionProof::try_from_bytes(bytes(proof));
    proof.is_ok_and(|proof| root.verify_inclusion(&leaf, index, &proof).is_ok())
}

/// Whether a proof shows that the newer tree begins with the leaves of the older one. Every tree begins with none.
pub fn verify_consistency(older: &TreeHead, newer: &TreeHead, proof: &[Digest]) -> bool {
    if older.size == 0 {
        return proof.is_empty() && older.root == Digest::of(b"");
    }
    let (Some(old), Some(new)) = (root(older), root(newer)) else {
        return false;
    };
    let proof = ConsistencyProof::try_from_bytes(bytes(proof));
    proof.is_ok_and(|proof| new.verify_consistency(&old, &proof).is_ok())
}

/// The head of the tree over these leaves, holding one hash a level.
pub(crate) fn head(leaves: impl Iterator<Item = Result<Digest>>) -> Result<TreeHead> {
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

fn root(head: &TreeHead) -> Option<RootHash<Sha256>> {
    (1..=MAX_LEAVES)
        .contains(&head.size)
        .then(|| RootHash::new(head.root.0.into(), head.size))
}

fn bytes(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|digest| digest.0).collect()
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
mod tests;
