//! Trees and proofs against the definitions of RFC 6962, taken word for word, and against published vectors.

use super::*;

/// Section 2.1: the Merkle Tree Hash.
fn defined(leaves: &[Vec<u8>]) -> Digest {
    match leaves.len() {
        0 => Digest::of(b""),
        1 => leaf_hash(&leaves[0]),
        n => {
            let (left, right) = leaves.split_at(half(n));
            node(&defined(left), &defined(right))
        }
    }
}

/// Section 2.1.1: the audit path of leaf `m`.
fn path(m: usize, leaves: &[Vec<u8>]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = half(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if m < k {
        (path(m, left), defined(right))
    } else {
        (path(m - k, right), defined(left))
    };
    path.push(sibling);
    path
}

/// Section 2.1.2: the consistency proof from the first `m` leaves; `whole` as its third argument.
fn consistency(m: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<Digest> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![defined(leaves)] };
    }
    let k = half(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if m <= k {
        (consistency(m, left, whole), defined(right))
    } else {
        (consistency(m - k, right, false), defined(left))
    };
    proof.push(sibling);
    proof
}

/// The largest power of two below `n`.
fn half(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn leaves(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|at| vec![at as u8; at]).collect()
}

fn tree(leaves: &[Vec<u8>]) -> MerkleTree {
    MerkleTree::over(leaves.iter().map(|leaf| leaf_hash(leaf)))
}

#[test]
fn heads_and_proofs_are_those_of_the_definition() {
    for n in 0..70 {
        let leaves = leaves(n);
        let tree = tree(&leaves);
        let head = tree.head();
        assert_eq!((head.size, head.root), (n as u64, defined(&leaves)), "{n} leaves");
        assert_eq!(
            super::head(leaves.iter().map(|leaf| Ok(leaf_hash(leaf)))).unwrap(),
            head
        );
        for at in 0..n {
            let proof = tree.proof(at as u64).unwrap();
            assert_eq!(proof, path(at, &leaves), "leaf {at} of {n}");
            assert!(verify_inclusion(&leaves[at], at as u64, &proof, &head));
        }
        assert_eq!(tree.proof(n as u64), None);
        for first in 1..=n {
            let proof = tree.consistency(first as u64).unwrap();
            assert_eq!(proof, consistency(first, &leaves, true), "{first} of {n}");
            let older = super::tests::tree(&leaves[..first]).head();
            assert_eq!(tree.head_of_first(first as u64), Some(older));
            assert!(verify_consistency(&older, &head, &proof));
        }
        assert_eq!(tree.consistency(n as u64 + 1), None);
        assert_eq!(tree.head_of_first(n as u64 + 1), None);
        assert!(verify_consistency(&MerkleTree::over([]).head(), &head, &[]));
    }
}

#[test]
fn nothing_but_the_proof_itself_proves() {
    let leaves = leaves(11);
    let (tree, other) = (tree(&leaves), leaf_hash(b"other"));
    let head = tree.head();
    let wrong_root = TreeHead { root: other, ..head };
    for at in 0..11_u64 {
        let proof = tree.proof(at).unwrap();
        let proves = |leaf: &[u8], index, proof: &[Digest], head: &TreeHead| verify_inclusion(leaf, index, proof, head);
        let leaf = &leaves[at as usize];
        assert!(!proves(b"other", at, &proof, &head));
        assert!(!proves(leaf, at, &proof, &wrong_root));
        for index in (0..13).chain([u64::MAX, u64::MAX / 2 + 1]).filter(|index| *index != at) {
            assert!(!proves(leaf, index, &proof, &head), "{at} as {index}");
        }
        for changed in 0..proof.len() {
            let mut forged = proof.clone();
            forged[changed] = other;
            assert!(!proves(leaf, at, &forged, &head));
            forged.remove(changed);
            assert!(!proves(leaf, at, &forged, &head));
        }
        assert!(!proves(leaf, at, &[proof.as_slice(), &[other]].concat(), &head));
    }
    for first in 1..11_u64 {
        let proof = tree.consistency(first).unwrap();
        let older = super::tests::tree(&leaves[..first as usize]).head();
        assert!(!verify_consistency(&TreeHead { root: other, ..older }, &head, &proof));
        assert!(!verify_consistency(&older, &wrong_root, &proof));
        for changed in 0..proof.len() {
            let mut forged = proof.clone();
            forged[changed] = other;
            assert!(!verify_consistency(&older, &head, &forged), "{first}, hash {changed}");
        }
        assert!(!verify_consistency(&head, &older, &proof), "a tree does not shrink");
    }
}

#[test]
fn sizes_without_measure_prove_nothing_and_break_nothing() {
    for size in [0, MAX_LEAVES + 1, u64::MAX / 2 + 1, u64::MAX] {
        let head = TreeHead {
            size,
            root: leaf_hash(b""),
        };
        for proof in [&[][..], &[head.root], &[head.root; 64]] {
            assert!(!verify_inclusion(b"", 0, proof, &head), "{size}");
            assert!(size == 0 || !verify_consistency(&TreeHead { size: 1, ..head }, &head, proof));
            assert!(!verify_consistency(&head, &TreeHead { size: 3, ..head }, proof));
        }
    }
}

/// The vectors of Certificate Transparency, as transparency-dev/merkle publishes them.
#[test]
fn proofs_are_those_of_certificate_transparency() {
    let leaves: Vec<Vec<u8>> = vec![
        vec![],
        vec![0x00],
        vec![0x10],
        vec![0x20, 0x21],
        vec![0x30, 0x31],
        vec![0x40, 0x41, 0x42, 0x43],
        (0x50..=0x57).collect(),
        (0x60..=0x6f).collect(),
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let text = |proof: Vec<Digest>| proof.iter().map(Digest::to_string).collect::<Vec<_>>();
    for (n, root) in (1..).zip(roots) {
        assert_eq!(tree(&leaves[..n]).head().root.to_string(), root);
    }
    assert_eq!(
        text(tree(&leaves).proof(5).unwrap()),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        text(tree(&leaves).consistency(6).unwrap()),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        text(tree(&leaves[..5]).consistency(2).unwrap()),
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ]
    );
}
