//! The automaton that finds all literals of the patterns in one pass.

use std::fmt;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;
use daachorse::DoubleArrayAhoCorasick;

/// Most literals in a full table. Above that it falls out of the processor's caches, and the double array, which is a
/// thirtieth of its size, is faster (benches/record).
const TABLE_LITERALS: usize = 3_000;

/// Finds literals, overlapping ones too.
pub(crate) enum Automaton {
    /// A full table: one step a byte.
    Table(Box<DFA>),
    /// A double array.
    Double(Box<DoubleArrayAhoCorasick<u32>>),
}

impl fmt::Debug for Automaton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Automaton::Table(_) => "Table",
            Automaton::Double(_) => "Double",
        })
    }
}

impl Automaton {
    /// The automaton of some literals, which are named by their position. `None` if there are none, or too many.
    pub(crate) fn new(literals: &[&str]) -> Option<Automaton> {
        if literals.len() <= TABLE_LITERALS {
            let table = DFA::builder()
                .start_kind(aho_corasick::StartKind::Unanchored)
                .build(literals)
                .ok()?;
            Some(Automaton::Table(Box::new(table)))
        } else {
            let double = DoubleArrayAhoCorasick::new(literals).ok()?;
            Some(Automaton::Double(Box::new(double)))
        }
    }

    /// The bytes that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Automaton::Table(table) => table.memory_usage(),
            Automaton::Double(double) => double.heap_bytes(),
        }
    }

    /// Calls `found` with each literal that stands in a text and where it ends, by where they end.
    pub(crate) fn find(&self, text: &str, mut found: impl FnMut(u32, usize)) {
        match self {
            Automaton::Table(table) => walk(table, text.as_bytes(), found),
            Automaton::Double(double) => {
                double
                    .find_overlapping_iter(text)
                    .for_each(|literal| found(literal.value(), literal.end()));
            }
        }
    }
}

fn walk(table: &DFA, text: &[u8], mut found: impl FnMut(u32, usize)) {
    let Ok(mut state) = table.start_state(Anchored::No) else {
        return;
    };
    for (at, byte) in text.iter().enumerate() {
        state = table.next_state(Anchored::No, state, *byte);
        if table.is_special(state) && table.is_match(state) {
            for n in 0..table.match_len(state) {
                found(table.match_pattern(state, n).as_u32(), at + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(automaton: &Automaton, text: &str) -> Vec<(u32, usize)> {
        let mut all = Vec::new();
        automaton.find(text, |literal, end| all.push((literal, end)));
        all.sort_unstable();
        all
    }

    #[test]
    fn both_find_overlapping_literals() {
        let many: Vec<String> = (0..TABLE_LITERALS).map(|n| format!("x{n}y")).collect();
        let few = ["ab", "b", "bc", "abc"];
        let both: Vec<&str> = few.into_iter().chain(many.iter().map(String::as_str)).collect();
        let (table, double) = (Automaton::new(&few).unwrap(), Automaton::new(&both).unwrap());
        assert!(matches!((&table, &double), (Automaton::Table(_), Automaton::Double(_))));
        let expected = [(0, 3), (1, 3), (1, 5), (2, 4), (3, 4)];
        assert_eq!(found(&table, "xabcb"), expected);
        assert_eq!(found(&double, "xabcb"), expected);
    }
}
