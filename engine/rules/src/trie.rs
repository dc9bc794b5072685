//! All terms of all rules as one trie over token ids.
//!
//! A walk from each token of a part finds every term that begins there, however many terms there are, so that the
//! cost of a part follows its tokens and the longest term.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::term::Term;
use crate::tokens::Token;
use crate::vocabulary::{UNKNOWN, Vocabulary, VocabularyBuilder};

/// An immutable trie with the vocabulary of its tokens.
#[derive(Debug)]
pub(crate) struct Trie {
    vocabulary: Vocabulary,
    /// The node behind each token as the first of a term; 0 for none.
    first: Vec<u32>,
    /// The node behind a node, a token and whether the token is joined.
    edges: FxHashMap<(u32, u32, bool), u32>,
    nodes: Vec<Node>,
    leaves: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// What the terms that end here belong to, as a range of `leaves`.
    leaves: Range<u32>,
    has_edges: bool,
}

impl Trie {
    /// Whether there are no terms.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// The id of a token, to be put into [`Token::id`].
    pub(crate) fn id(&self, token: &[u8]) -> u32 {
        self.vocabulary.id(token)
    }

    /// Calls `found` with a leaf and the positions of the first and last token for each term in a part.
    pub(crate) fn walk(&self, tokens: &[Token], mut found: impl FnMut(u32, usize, usize)) {
        for (at, token) in tokens.iter().enumerate() {
            if token.id != UNKNOWN && self.first[token.id as usize] != 0 {
                self.follow(self.first[token.id as usize], tokens, at, at, &mut found);
            }
        }
    }

    fn follow(
        &self,
        node: u32,
        tokens: &[Token],
        first: usize,
        last: usize,
        found: &mut impl FnMut(u32, usize, usize),
    ) {
        let here = &self.nodes[node as usize];
        for leaf in &self.leaves[here.leaves.start as usize..here.leaves.end as usize] {
            found(*leaf, first, last);
        }
        let Some(next) = tokens.get(last + 1).filter(|next| here.has_edges && next.id != UNKNOWN) else {
            return;
        };
        if !next.after_break
            && let Some(child) = self.edges.get(&(node, next.id, false))
        {
            self.follow(*child, tokens, first, last + 1, found);
        }
        if next.word == tokens[last].word
            && let Some(child) = self.edges.get(&(node, next.id, true))
        {
            self.follow(*child, tokens, first, last + 1, found);
        }
    }
}

/// Collects terms.
#[derive(Debug, Default)]
pub(crate) struct TrieBuilder {
    vocabulary: VocabularyBuilder,
    first: FxHashMap<u32, u32>,
    edges: FxHashMap<(u32, u32, bool), u32>,
    /// The leaves of each node but the root.
    nodes: Vec<Vec<u32>>,
}

impl TrieBuilder {
    /// Adds a term that belongs to a leaf.
    pub(crate) fn insert(&mut self, term: &Term, leaf: u32) {
        let mut node = 0;
        for (at, step) in term.steps().iter().enumerate() {
            let token = self.vocabulary.intern(&step.token);
            let nodes = &mut self.nodes;
            node = match at {
                0 => *self.first.entry(token).or_insert_with(|| push(nodes)),
                _ => *self
                    .edges
                    .entry((node, token, step.joined))
                    .or_insert_with(|| push(nodes)),
            };
        }
        if node > 0 && !self.nodes[node as usize - 1].contains(&leaf) {
            self.nodes[node as usize - 1].push(leaf);
        }
    }

    /// The finished trie.
    pub(crate) fn build(self) -> Trie {
        let vocabulary = self.vocabulary.build();
        let mut first = vec![0; vocabulary.len()];
        for (token, node) in self.first {
            first[token as usize] = node;
        }
        let mut nodes = vec![Node::default()];
        let mut leaves: Vec<u32> = Vec::new();
        for of_node in &self.nodes {
            let start = offset(leaves.len());
            leaves.extend(of_node);
            nodes.push(Node {
                leaves: start..offset(leaves.len()),
                has_edges: false,
            });
        }
        for (from, ..) in self.edges.keys() {
            nodes[*from as usize].has_edges = true;
        }
        Trie {
            vocabulary,
            first,
            edges: self.edges,
            nodes,
            leaves,
        }
    }
}

/// Adds a node and returns its number; the root, which is not stored, is 0.
fn push(nodes: &mut Vec<Vec<u32>>) -> u32 {
    nodes.push(Vec::new());
    offset(nodes.len())
}

fn offset(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
