//! The filter for patterns of digits, which have no literal to look for: card, account and telephone numbers.
//!
//! Such a pattern cannot match without so many digits in a *chain*, a stretch of text without letters, of which so
//! many stand side by side. One pass over a text finds its chains with their numbers of digits.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// The fewest digits that are worth looking for: three in a chain are an everyday time of day.
const WORTH: u32 = 4;

/// Largest class that is looked at character by character: the digits of all scripts are fewer.
const CLASS_CHARS: usize = 1_024;

/// What a pattern needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    /// Digits in one stretch without letters.
    pub(crate) digits: u32,
    /// Digits side by side.
    pub(crate) run: u32,
}

/// A stretch of text without letters that holds digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) shape: Shape,
}

impl Shape {
    /// What every match of a pattern holds, if that is worth looking for.
    pub(crate) fn of(hir: &Hir) -> Option<Shape> {
        let digits = Stretch::of(hir, &|c| !c.is_alphabetic()).best;
        let run = Stretch::of(hir, &is_digit).best;
        (digits >= WORTH).then_some(Shape { digits, run })
    }

    /// Whether a chain has what is needed.
    pub(crate) fn fits(self, chain: Shape) -> bool {
        self.digits <= chain.digits && self.run <= chain.run
    }
}

/// Finds the chains of a text with at least so many digits, in place of what the list held.
pub(crate) fn chains(text: &str, least: u32, chains: &mut Vec<Chain>) {
    chains.clear();
    let mut at = 0;
    while let Some(found) = text.as_bytes()[at..].iter().position(|byte| may_be_digit(*byte)) {
        let (chain, behind) = chain(text, at + found);
        chains.extend(chain.filter(|chain| chain.shape.digits >= least));
        at = behind;
    }
}

/// Whether a character counts as a digit: those of all scripts, and some more that no `\d` matches.
fn is_digit(c: char) -> bool {
    c.is_numeric()
}

/// Whether a digit may begin with this byte.
fn may_be_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte >= 0xc2
}

/// The chain from a place on, if there is a digit there, and where to look for the next.
fn chain(text: &str, start: usize) -> (Option<Chain>, usize) {
    let mut chain = Chain {
        start: offset(start),
        end: offset(start),
        shape: Shape { digits: 0, run: 0 },
    };
    let mut run = 0;
    for (at, c) in text[start..].char_indices() {
        if is_digit(c) {
            run += 1;
            chain.end = offset(start + at + c.len_utf8());
            chain.shape.digits += 1;
            chain.shape.run = chain.shape.run.max(run);
        } else if c.is_alphabetic() || chain.shape.digits == 0 {
            return ((chain.shape.digits > 0).then_some(chain), start + at + c.len_utf8());
        } else {
            run = 0;
        }
    }
    ((chain.shape.digits > 0).then_some(chain), text.len())
}

/// How many digits every match of a part of a pattern has without a character of another sort between them.
#[derive(Clone, Copy)]
struct Stretch {
    /// Whether all of its characters are of the sort.
    whole: bool,
    /// Digits from its start on.
    head: u32,
    /// Digits up to its end.
    tail: u32,
    /// The most anywhere.
    best: u32,
}

impl Stretch {
    const NOTHING: Stretch = Stretch {
        whole: true,
        head: 0,
        tail: 0,
        best: 0,
    };
    const OTHER: Stretch = Stretch {
        whole: false,
        ..Stretch::NOTHING
    };

    fn of(hir: &Hir, is_of_sort: &impl Fn(char) -> bool) -> Stretch {
        let inner = |hir: &Hir| Stretch::of(hir, is_of_sort);
        let character = |c: char| match (is_digit(c), is_of_sort(c)) {
            (true, _) => Stretch::digits(1),
            (false, true) => Stretch::NOTHING,
            (false, false) => Stretch::OTHER,
        };
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Stretch::NOTHING,
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => text.chars().map(character).fold(Stretch::NOTHING, Stretch::then),
                Err(_) => Stretch::OTHER,
            },
            HirKind::Class(Class::Unicode(class)) => {
                let n_chars: usize = class.ranges().iter().map(|range| range.len()).sum();
                let chars = class.ranges().iter().flat_map(|range| range.start()..=range.end());
                // A larger one holds letters, and asking of each character would take most of the compiling.
                if n_chars > CLASS_CHARS {
                    return Stretch::OTHER;
                }
                chars.map(character).reduce(Stretch::or).unwrap_or(Stretch::OTHER)
            }
            HirKind::Class(Class::Bytes(_)) => Stretch::OTHER,
            HirKind::Capture(capture) => inner(&capture.sub),
            HirKind::Repetition(repetition) => inner(&repetition.sub).repeated(repetition),
            HirKind::Concat(parts) => parts.iter().map(inner).fold(Stretch::NOTHING, Stretch::then),
            HirKind::Alternation(parts) => parts.iter().map(inner).reduce(Stretch::or).unwrap_or(Stretch::NOTHING),
        }
    }

    fn digits(n: u32) -> Stretch {
        Stretch {
            whole: true,
            head: n,
            tail: n,
            best: n,
        }
    }

    fn then(self, next: Stretch) -> Stretch {
        let both = |one: u32, other: u32| one.saturating_add(other);
        Stretch {
            whole: self.whole && next.whole,
            head: if self.whole {
                both(self.head, next.head)
            } else {
                self.head
            },
            tail: if next.whole {
                both(self.tail, next.tail)
            } else {
                next.tail
            },
            best: self.best.max(next.best).max(both(self.tail, next.head)),
        }
    }

    fn or(self, other: Stretch) -> Stretch {
        Stretch {
            whole: self.whole && other.whole,
            head: self.head.min(other.head),
            tail: self.tail.min(other.tail),
            best: self.best.min(other.best),
        }
    }

    fn repeated(self, repetition: &Repetition) -> Stretch {
        match repetition.min {
            0 => Stretch {
                whole: self.whole,
                ..Stretch::NOTHING
            },
            1 => self,
            rounds if self.whole => Stretch::digits(self.best.saturating_mul(rounds)),
            _ => self.then(self),
        }
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_syntax::Parser;

    use super::*;

    fn shape(pattern: &str) -> Option<(u32, u32)> {
        let shape = Shape::of(&Parser::new().parse(pattern).unwrap())?;
        Some((shape.digits, shape.run))
    }

    fn found(text: &str) -> Vec<(&str, u32, u32)> {
        let mut found = Vec::new();
        chains(text, 0, &mut found);
        let shown = |chain: &Chain| {
            (
                &text[chain.start as usize..chain.end as usize],
                chain.shape.digits,
                chain.shape.run,
            )
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn shapes_of_numbers() {
        assert_eq!(shape(r"\b\d{16}\b"), Some((16, 16)));
        assert_eq!(shape(r"\b\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}\b"), Some((16, 4)));
        assert_eq!(shape(r"\b[A-Z]{2}\d{6}[A-Z]?"), Some((6, 6)));
        assert_eq!(shape(r"(?:\d[ -]*){13,19}"), Some((13, 1)));
        assert_eq!(shape(r"\b(?:\d{9}|\d{3} \d{4})\b"), Some((7, 4)));
        assert_eq!(shape(r"[A-Z0-9]{8}"), None);
        assert_eq!(shape(r"\d{2}:\d"), None);
        assert_eq!(shape(r"(?:\d{9})?x"), None);
    }

    #[test]
    fn chains_of_a_text() {
        assert_eq!(
            found("call 4111-1111 1111 1111 at 5pm, ٥٠٠ é7"),
            [("4111-1111 1111 1111", 16, 4), ("5", 1, 1), ("٥٠٠", 3, 3), ("7", 1, 1)]
        );
        assert_eq!(found("none"), []);
    }

    #[test]
    fn every_digit_of_a_pattern_is_one_here() {
        let Class::Unicode(class) =
            regex_syntax::hir::Class::Unicode(match Parser::new().parse(r"\d").unwrap().into_kind() {
                HirKind::Class(Class::Unicode(class)) => class,
                _ => unreachable!(),
            })
        else {
            unreachable!()
        };
        assert!(
            class
                .ranges()
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .all(is_digit)
        );
    }

    fn patterns() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec!["1", "[0-9]", r"\d", "a", "-", "[- ]", ".", "[a1]", r"\b"])
            .prop_map(String::from);
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
                (inner, prop::sample::select(vec!["?", "*", "+", "{2}", "{3,}", "{1,3}"]))
                    .prop_map(|(part, times)| format!("(?:{part}){times}")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn every_match_touches_a_chain_that_fits(pattern in patterns(), text in "[019a ٥-]{0,16}") {
            let Some(shape) = Shape::of(&Parser::new().parse(&pattern).unwrap()) else { return Ok(()) };
            let mut chains = Vec::new();
            super::chains(&text, shape.digits, &mut chains);
            for found in regex::Regex::new(&pattern).unwrap().find_iter(&text) {
                let fits = |chain: &Chain| {
                    shape.fits(chain.shape) && (chain.start as usize) < found.end() && found.start() < chain.end as usize
                };
                prop_assert!(chains.iter().any(fits), "{:?} in {:?}", found.as_str(), text);
            }
        }
    }
}
