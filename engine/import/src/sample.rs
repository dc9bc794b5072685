//! Texts that a pattern matches, made from the pattern.
//!
//! They are guesses: what stands beside a match (`\b`, `^`) is not looked at, so whoever asks has to try them. The same
//! seed gives the same text everywhere.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Longest text that is made, in bytes.
const LONGEST: usize = 2_000;

/// Repetitions beyond the fewest that are asked for.
const MORE: u64 = 4;

/// What a text is put into, so that edges of words, lines and texts come out right in one of them.
const AROUND: [(&str, &str); 9] = [
    ("", ""),
    ("See ", " for more"),
    ("", " and more"),
    ("As said: ", ""),
    ("a", "b"),
    ("a", ""),
    ("", "b"),
    ("1\n", "\n2"),
    (" ", " "),
];

/// The texts of one pattern.
#[derive(Debug)]
pub(crate) struct Samples(Hir);

impl Samples {
    /// `None` if the pattern cannot be read.
    pub(crate) fn new(pattern: &str) -> Option<Samples> {
        regex_syntax::parse(pattern).ok().map(Samples)
    }

    /// Texts for a seed: one match in several surroundings.
    pub(crate) fn texts(&self, seed: u64) -> Vec<String> {
        let mut text = String::new();
        let mut dice = Dice(seed);
        if write(&self.0, &mut dice, &mut text).is_none() {
            return Vec::new();
        }
        // The plain text and the one in a sentence take turns, so that two hits do not look alike.
        let first = usize::from(seed % 2 == 1);
        let around = |n: usize| AROUND[if n < 2 { n ^ first } else { n }];
        (0..AROUND.len())
            .map(around)
            .map(|(before, after)| format!("{before}{text}{after}"))
            .collect()
    }
}

/// Appends a match; `None` if it would become too long or there is none.
fn write(hir: &Hir, dice: &mut Dice, out: &mut String) -> Option<()> {
    if out.len() > LONGEST {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => out.push(pick(class, dice)?),
        HirKind::Capture(capture) => write(&capture.sub, dice, out)?,
        HirKind::Concat(items) => items.iter().try_for_each(|item| write(item, dice, out))?,
        HirKind::Alternation(items) => write(&items[dice.below(items.len() as u64) as usize], dice, out)?,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX) - repetition.min;
            let n = u64::from(repetition.min) + dice.below(u64::from(most).min(MORE) + 1);
            for _ in 0..n {
                write(&repetition.sub, dice, out)?;
            }
        }
    }
    Some(())
}

/// A character of a class: a letter or digit if there is one, otherwise something that can be seen, otherwise the first.
///
/// A class that also has spaces and the like stands for "anything": every other character is then one of those, so that
/// a word may end there.
fn pick(class: &Class, dice: &mut Dice) -> Option<char> {
    let has = |c: char| match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&(c as u8))),
    };
    let among = |wanted: fn(&char) -> bool| (0..=0x7f_u8).map(char::from).filter(|c| has(*c) && wanted(c)).collect();
    let words: Vec<char> = among(char::is_ascii_alphanumeric);
    let between: Vec<char> = among(|c| matches!(c, ' ' | '=' | ':'));
    let visible: Vec<char> = among(char::is_ascii_graphic);
    let any: Vec<char> = among(|_| true);
    let order = if between.len() == 3 && dice.below(2) == 0 {
        [&between, &words, &visible, &any]
    } else {
        [&words, &visible, &between, &any]
    };
    if let Some(chars) = order.into_iter().find(|chars| !chars.is_empty()) {
        return Some(chars[dice.below(chars.len() as u64) as usize]);
    }
    match class {
        Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
        Class::Bytes(_) => None,
    }
}

/// SplitMix64: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_matches() {
        let patterns = [
            r"\bsk-[a-zA-Z0-9]{20,}\b",
            r"^(?:a|b\d{2})+[^\w\s]$",
            r"(?i)call\s+me",
            r"[\x00-\x1f]x\p{Greek}",
        ];
        for pattern in patterns {
            let regex = regex_lite(pattern);
            let samples = Samples::new(pattern).unwrap();
            for seed in 0..20 {
                let texts = samples.texts(seed);
                assert!(texts.iter().any(|text| regex.is_match(text)), "{pattern} {texts:?}");
                assert_eq!(texts, samples.texts(seed));
            }
        }
    }

    fn regex_lite(pattern: &str) -> regex::Regex {
        regex::Regex::new(pattern).unwrap()
    }

    #[test]
    fn what_would_be_endless_is_given_up() {
        assert!(Samples::new("(?:a{100}){100}").unwrap().texts(0).is_empty());
        assert!(Samples::new("a(").is_none());
    }
}
