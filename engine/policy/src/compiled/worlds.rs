//! Whether a condition can be true at all, and whether it can be false: its test, tried in every kind of world that its
//! comparisons can tell apart.
//!
//! A world says of each comparison whether it holds. More worlds are tried than there can be messages (what is not
//! understood may hold or not, groups and labels are free), so a condition that is true in none of them is never true,
//! and one that cannot fail and is true in all of them always is. Where there are too many worlds nothing is said.

use lexhold_model::{ConversationKind, MessageKind};

use super::expr::{Binary, Expr, Test};
use super::source::{OfMessage, Shape, Source};
use super::sure::sure;
use super::value::Literal;
use super::vocabulary::Vocabulary;
use crate::facts::Direction;

/// Worlds beyond which nothing is said.
const MOST_WORLDS: usize = 1 << 12;

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// What can be said of a test whatever the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// True of no message.
    Never,
    /// True of every message.
    Always,
    /// It depends, or nobody knows.
    Open,
}

/// What can be said of all these tests taken together.
pub(crate) fn verdict(tests: &[&Test], vocabulary: &Vocabulary) -> Verdict {
    let mut claims = Claims {
        vocabulary,
        leaves: Vec::new(),
        subjects: Vec::new(),
    };
    let formulas: Vec<Formula> = tests.iter().map(|test| claims.formula(test)).collect();
    let alternatives: Vec<Vec<Vec<usize>>> = claims.subjects.iter().map(Subject::alternatives).collect();
    let worlds = alternatives
        .iter()
        .try_fold(1_usize, |worlds, of| worlds.checked_mul(of.len()));
    let Some(worlds) = worlds.filter(|worlds| *worlds <= MOST_WORLDS) else {
        return Verdict::Open;
    };
    let mut truths = 0;
    for world in 0..worlds {
        let holding = holding(&alternatives, world, claims.leaves.len());
        truths += usize::from(formulas.iter().all(|formula| formula.holds(&holding)));
    }
    match truths {
        0 => Verdict::Never,
        _ if truths == worlds && tests.iter().all(|test| sure(test)) => Verdict::Always,
        _ => Verdict::Open,
    }
}

/// A comparison with a word that an attribute never is.
pub(crate) fn foreign_words(vocabulary: &Vocabulary) -> Vec<(String, Vec<&'static str>)> {
    let entries = vocabulary.entries().filter_map(|(_, source, word)| {
        let known = words_of(source)?;
        let word = word.filter(|word| !known.contains(word))?;
        Some((word.to_owned(), known))
    });
    let mut found: Vec<_> = entries.collect();
    found.sort();
    found
}

/// Which comparisons hold in a world.
fn holding(alternatives: &[Vec<Vec<usize>>], mut world: usize, leaves: usize) -> Vec<bool> {
    let mut holding = vec![false; leaves];
    for of in alternatives {
        of[world % of.len()].iter().for_each(|leaf| holding[*leaf] = true);
        world /= of.len();
    }
    holding
}

/// A test without its comparisons.
enum Formula {
    Leaf(usize),
    Const(bool),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
    If(Box<[Formula; 3]>),
}

impl Formula {
    fn holds(&self, holding: &[bool]) -> bool {
        match self {
            Self::Leaf(leaf) => holding[*leaf],
            Self::Const(value) => *value,
            Self::Not(formula) => !formula.holds(holding),
            Self::All(formulas) => formulas.iter().all(|formula| formula.holds(holding)),
            Self::Any(formulas) => formulas.iter().any(|formula| formula.holds(holding)),
            Self::If(branches) => {
                let [condition, then, otherwise] = &**branches;
                let branch = if condition.holds(holding) { then } else { otherwise };
                branch.holds(holding)
            }
        }
    }
}

/// The comparisons of some tests, and what they are about.
struct Claims<'t> {
    vocabulary: &'t Vocabulary,
    leaves: Vec<&'t Test>,
    subjects: Vec<Subject<'t>>,
}

/// Something that has one value in each world, with the leaves that compare it.
enum Subject<'t> {
    /// May hold or not.
    Free(usize),
    /// One word, of a fixed list or of any.
    Word {
        of: WordOf<'t>,
        known: Option<Vec<&'static str>>,
        leaves: Vec<(String, usize)>,
    },
    /// A number, an instant or a duration between two ends.
    Number {
        of: &'t Expr,
        ends: (i64, i64),
        leaves: Vec<(Comparison, usize)>,
    },
}

#[derive(PartialEq)]
enum WordOf<'t> {
    Source(Source),
    Expr(&'t Expr),
}

/// `left operator right`, of which one is the number and the other is written in the condition.
struct Comparison {
    operator: Binary,
    written: i64,
    written_left: bool,
}

impl Comparison {
    fn holds(&self, number: i64) -> bool {
        let (left, right) = if self.written_left {
            (self.written, number)
        } else {
            (number, self.written)
        };
        match self.operator {
            Binary::Less => left < right,
            Binary::LessOrEqual => left <= right,
            _ => left == right,
        }
    }
}

impl<'t> Claims<'t> {
    fn formula(&mut self, test: &'t Test) -> Formula {
        match test {
            Test::Const(value) => Formula::Const(*value),
            Test::Not(test) => Formula::Not(Box::new(self.formula(test))),
            Test::All(tests) => Formula::All(tests.iter().map(|test| self.formula(test)).collect()),
            Test::Any(tests) => Formula::Any(tests.iter().map(|test| self.formula(test)).collect()),
            Test::If(branches) => Formula::If(Box::new([0, 1, 2].map(|at| self.formula(&branches[at])))),
            Test::Atom(_) | Test::Value(_) | Test::Fails(_) => Formula::Leaf(self.leaf(test)),
        }
    }

    fn leaf(&mut self, test: &'t Test) -> usize {
        if let Some(known) = self.leaves.iter().position(|leaf| *leaf == test) {
            return known;
        }
        let leaf = self.leaves.len();
        self.leaves.push(test);
        match test {
            Test::Atom(atom) => self.atom(*atom, leaf),
            Test::Value(expr) => self.expr(expr, leaf),
            _ => self.subjects.push(Subject::Free(leaf)),
        }
        leaf
    }

    fn atom(&mut self, atom: u32, leaf: usize) {
        let entry = self.vocabulary.entries().find(|(known, ..)| *known == atom);
        match entry {
            Some((_, source, Some(word))) if matches!(source.shape(), Shape::Word(_)) => {
                self.word(WordOf::Source(source), word.to_owned(), words_of(source), leaf);
            }
            _ => self.subjects.push(Subject::Free(leaf)),
        }
    }

    fn expr(&mut self, expr: &'t Expr, leaf: usize) {
        if let Expr::Binary(operator @ (Binary::Equal | Binary::Less | Binary::LessOrEqual), operands) = expr {
            let (of, written, written_left) = match &**operands {
                (Expr::Literal(written), of) => (of, written, true),
                (of, Expr::Literal(written)) => (of, written, false),
                _ => return self.subjects.push(Subject::Free(leaf)),
            };
            match written {
                Literal::Text(text) if *operator == Binary::Equal => {
                    let known = is_attribute(of, "weekday").then(|| WEEKDAYS.to_vec());
                    return self.word(WordOf::Expr(of), text.to_string(), known, leaf);
                }
                Literal::Long(number) | Literal::Instant(number) | Literal::Span(number) => {
                    let comparison = Comparison {
                        operator: *operator,
                        written: *number,
                        written_left,
                    };
                    return self.number(of, comparison, leaf);
                }
                _ => {}
            }
        }
        self.subjects.push(Subject::Free(leaf));
    }

    fn word(&mut self, subject: WordOf<'t>, word: String, list: Option<Vec<&'static str>>, leaf: usize) {
        for known in &mut self.subjects {
            match known {
                Subject::Word { of, leaves, .. } if *of == subject => return leaves.push((word, leaf)),
                _ => {}
            }
        }
        self.subjects.push(Subject::Word {
            of: subject,
            known: list,
            leaves: vec![(word, leaf)],
        });
    }

    fn number(&mut self, subject: &'t Expr, comparison: Comparison, leaf: usize) {
        for known in &mut self.subjects {
            match known {
                Subject::Number { of, leaves, .. } if *of == subject => return leaves.push((comparison, leaf)),
                _ => {}
            }
        }
        self.subjects.push(Subject::Number {
            of: subject,
            ends: ends_of(subject),
            leaves: vec![(comparison, leaf)],
        });
    }
}

impl Subject<'_> {
    /// For each value that the comparisons can tell apart, those that hold of it.
    fn alternatives(&self) -> Vec<Vec<usize>> {
        match self {
            Self::Free(leaf) => vec![vec![], vec![*leaf]],
            Self::Word { known, leaves, .. } => {
                let fits = |word: &str| known.as_ref().is_none_or(|known| known.contains(&word));
                let mut alternatives: Vec<Vec<usize>> = leaves
                    .iter()
                    .filter(|(word, _)| fits(word))
                    .map(|(_, leaf)| vec![*leaf])
                    .collect();
                let is_whole_list = known.as_ref().is_some_and(|known| known.len() == alternatives.len());
                if !is_whole_list {
                    alternatives.push(vec![]);
                }
                alternatives
            }
            Self::Number { ends, leaves, .. } => {
                let around = leaves.iter().flat_map(|(comparison, _)| {
                    let at = comparison.written;
                    [at.saturating_sub(1), at, at.saturating_add(1)]
                });
                let mut numbers: Vec<i64> = around.chain([ends.0, ends.1]).collect();
                numbers.retain(|number| (ends.0..=ends.1).contains(number));
                numbers.sort_unstable();
                numbers.dedup();
                let of = |number: i64| {
                    let holds = leaves.iter().filter(|(comparison, _)| comparison.holds(number));
                    holds.map(|(_, leaf)| *leaf).collect::<Vec<_>>()
                };
                let mut alternatives: Vec<_> = numbers.into_iter().map(of).collect();
                alternatives.sort();
                alternatives.dedup();
                alternatives
            }
        }
    }
}

/// The words that an attribute can be, where they are few.
fn words_of(source: Source) -> Option<Vec<&'static str>> {
    let Source::Message(of) = source else {
        return None;
    };
    match of {
        OfMessage::Direction => {
            let all = [Direction::Outbound, Direction::Inbound, Direction::Internal];
            Some(all.iter().map(|direction| direction.as_str()).collect())
        }
        OfMessage::Kind => Some(MessageKind::ALL.iter().map(|kind| kind.as_str()).collect()),
        OfMessage::ConversationKind => Some(ConversationKind::ALL.iter().map(|kind| kind.as_str()).collect()),
        _ => None,
    }
}

/// The least and the greatest that a number can be.
fn ends_of(expr: &Expr) -> (i64, i64) {
    if is_attribute(expr, "hour") {
        (0, 23)
    } else if is_attribute(expr, "count") || is_attribute(expr, "bytes") {
        (0, i64::MAX)
    } else {
        (i64::MIN, i64::MAX)
    }
}

/// Whether an expression is an attribute of this name in the built-in part of a message.
fn is_attribute(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Attr(of, known) if **known == *name => match &**of {
            Expr::Attr(of, part) => **of == Expr::Resource && &**part != "firm",
            _ => false,
        },
        _ => false,
    }
}
