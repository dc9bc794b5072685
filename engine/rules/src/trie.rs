//! All terms of all rules as one trie over token ids.
//!
//! A sieve tells the few tokens at which a term could begin; a walk from each of them finds every term that does,
//! however many terms there are, so that the cost of a part follows its tokens and the longest term.

use std::ops::{ControlFlow, Range};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::runs::{for_each_run, hash};
use crate::sieve::{Before, Sieve};
use crate::term::{Step, Term};
use crate::tokens::Token;
use crate::vocabulary::{UNKNOWN, Vocabulary, VocabularyBuilder};
use crate::wildcard::{Wildcard, WildcardSieve};

/// An immutable trie with the vocabulary of its tokens.
#[derive(Debug)]
pub(crate) struct Trie {
    sieve: Sieve,
    vocabulary: Vocabulary,
    /// The node behind each token as the first of a term; 0 for none.
    first: Vec<u32>,
    /// The node behind a node, a token and whether the token is joined.
    edges: FxHashMap<(u32, u32, bool), u32>,
    /// The words with wildcards behind each node that has any; 0 is the root.
    wildcards: FxHashMap<u32, Vec<WildcardEdge>>,
    nodes: Vec<Node>,
    leaves: Vec<u32>,
}

/// A step over a word with wildcards.
#[derive(Debug)]
struct WildcardEdge {
    wildcard: Wildcard,
    joined: bool,
    child: u32,
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

    /// Whether a term could begin in a text of ASCII, whatever the view.
    pub(crate) fn could_match(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut before = Before::default();
        let found = for_each_run(bytes, |start, end| {
            match self.sieve.look(&mut before, bytes, start, end) {
                (false, false) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        found.is_break()
    }

    /// How many tokens of a text of ASCII a term could begin at.
    pub(crate) fn n_candidates(&self, text: &str) -> usize {
        let bytes = text.as_bytes();
        let (mut before, mut n_candidates) = (Before::default(), 0);
        let _ = for_each_run(bytes, |start, end| {
            let (here, at_the_one_before) = self.sieve.look(&mut before, bytes, start, end);
            n_candidates += usize::from(here) + usize::from(at_the_one_before);
            ControlFlow::<()>::Continue(())
        });
        n_candidates
    }

    /// Something to be told all tokens of a text one by one, which notes in `starts` where a term could begin.
    pub(crate) fn starts<'a>(&'a self, text: &'a str, starts: &'a mut Vec<u32>) -> impl FnMut(usize, usize, usize) {
        starts.clear();
        let mut before = Before::default();
        move |token, start, end| {
            let token = offset(token);
            let (here, at_the_one_before) = self.sieve.look(&mut before, text.as_bytes(), start, end);
            if at_the_one_before && token > 0 && starts.last() != Some(&(token - 1)) {
                starts.push(token - 1);
            }
            if here {
                starts.push(token);
            }
        }
    }

    /// Calls `found` with a leaf and the positions of the first and last token for each term in a part, given where
    /// terms could begin.
    pub(crate) fn walk(&self, text: &str, tokens: &[Token], starts: &[u32], mut found: impl FnMut(u32, usize, usize)) {
        let walk = Walk {
            trie: self,
            text,
            tokens,
        };
        for start in starts.iter().map(|start| *start as usize) {
            let id = walk.id(start);
            if id != UNKNOWN && self.first[id as usize] != 0 {
                walk.follow(self.first[id as usize], start, start, &mut found);
            }
            for edge in self.wildcards.get(&0).into_iter().flatten() {
                if edge.wildcard.matches(walk.token(start)) {
                    walk.follow(edge.child, start, start, &mut found);
                }
            }
        }
    }

    /// The bytes that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        // A hash table keeps a byte of its own for each place, and an eighth of the places free.
        let edges = self.edges.capacity() * 8 / 7 * (size_of::<((u32, u32, bool), u32)>() + 1);
        let lists = size_of_val(&*self.first) + size_of_val(&*self.nodes) + size_of_val(&*self.leaves);
        self.sieve.memory_bytes() + self.vocabulary.memory_bytes() + edges + lists
    }
}

/// The terms of a part.
struct Walk<'a> {
    trie: &'a Trie,
    text: &'a str,
    tokens: &'a [Token],
}

impl Walk<'_> {
    fn id(&self, token: usize) -> u32 {
        let Token { start, end, .. } = self.tokens[token];
        self.trie
            .vocabulary
            .id(self.text.as_bytes(), start as usize, end as usize)
    }

    fn token(&self, token: usize) -> &str {
        let Token { start, end, .. } = self.tokens[token];
        &self.text[start as usize..end as usize]
    }

    fn follow(&self, node: u32, first: usize, last: usize, found: &mut impl FnMut(u32, usize, usize)) {
        let here = &self.trie.nodes[node as usize];
        for leaf in &self.trie.leaves[here.leaves.start as usize..here.leaves.end as usize] {
            found(*leaf, first, last);
        }
        let Some(next) = self.tokens.get(last + 1).filter(|_| here.has_edges) else {
            return;
        };
        let id = self.id(last + 1);
        let is_joined = next.word == self.tokens[last].word;
        let may_follow = |joined: bool| if joined { is_joined } else { !next.after_break };
        for joined in [false, true] {
            if id != UNKNOWN
                && may_follow(joined)
                && let Some(child) = self.trie.edges.get(&(node, id, joined))
            {
                self.follow(*child, first, last + 1, found);
            }
        }
        for edge in self.trie.wildcards.get(&node).into_iter().flatten() {
            if may_follow(edge.joined) && edge.wildcard.matches(self.token(last + 1)) {
                self.follow(edge.child, first, last + 1, found);
            }
        }
    }
}

/// Collects terms.
#[derive(Debug, Default)]
pub(crate) struct TrieBuilder {
    vocabulary: VocabularyBuilder,
    first: FxHashMap<u32, u32>,
    edges: FxHashMap<(u32, u32, bool), u32>,
    wildcards: FxHashMap<u32, Vec<WildcardEdge>>,
    /// The leaves of each node but the root.
    nodes: Vec<Vec<u32>>,
    /// The hashes of terms of one token, and of the first two tokens of others.
    singles: FxHashSet<u64>,
    pairs: FxHashSet<(u64, u64)>,
    first_wildcards: WildcardSieve,
}

impl TrieBuilder {
    /// Adds a term that belongs to a leaf.
    pub(crate) fn insert(&mut self, term: &Term, leaf: u32) {
        self.sift(term);
        let mut node = 0;
        for (at, step) in term.steps().iter().enumerate() {
            node = match &step.wildcard {
                Some(wildcard) => self.wildcard(node, wildcard, step.joined),
                None => self.token(node, at == 0, step),
            };
        }
        if node > 0 && !self.nodes[node as usize - 1].contains(&leaf) {
            self.nodes[node as usize - 1].push(leaf);
        }
    }

    /// Lets the sieve know how a term begins.
    fn sift(&mut self, term: &Term) {
        let hash = |step: &Step| hash(step.token.as_bytes(), 0, step.token.len());
        match term.steps() {
            [] => {}
            [
                Step {
                    wildcard: Some(wildcard),
                    ..
                },
                ..,
            ] => self.first_wildcards.insert(wildcard),
            [first, second, ..] if second.wildcard.is_none() => {
                self.pairs.insert((hash(first), hash(second)));
            }
            [first, ..] => {
                self.singles.insert(hash(first));
            }
        }
    }

    /// The node behind a node and a token.
    fn token(&mut self, node: u32, is_first: bool, step: &Step) -> u32 {
        let token = self.vocabulary.intern(&step.token);
        let nodes = &mut self.nodes;
        if is_first {
            *self.first.entry(token).or_insert_with(|| push(nodes))
        } else {
            let edge = self.edges.entry((node, token, step.joined));
            *edge.or_insert_with(|| push(nodes))
        }
    }

    /// The node behind a node and a word with wildcards.
    fn wildcard(&mut self, node: u32, wildcard: &Wildcard, joined: bool) -> u32 {
        let edges = self.wildcards.entry(node).or_default();
        if let Some(edge) = edges
            .iter()
            .find(|edge| edge.wildcard == *wildcard && edge.joined == joined)
        {
            return edge.child;
        }
        let child = push(&mut self.nodes);
        edges.push(WildcardEdge {
            wildcard: wildcard.clone(),
            joined,
            child,
        });
        child
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
        for from in self.edges.keys().map(|(from, ..)| from).chain(self.wildcards.keys()) {
            nodes[*from as usize].has_edges = true;
        }
        Trie {
            sieve: Sieve::new(self.singles.into_iter(), self.pairs.into_iter(), self.first_wildcards),
            vocabulary,
            first,
            edges: self.edges,
            wildcards: self.wildcards,
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
