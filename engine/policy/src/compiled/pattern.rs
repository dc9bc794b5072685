//! Patterns of `like`: text with `*` for anything.

use cedar_policy::pst::PatternElem;

/// The texts between the wildcards: one text where there is no wildcard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern(Box<[Box<str>]>);

impl Pattern {
    pub(crate) fn new(elements: &[PatternElem]) -> Self {
        let mut texts = vec![String::new()];
        for element in elements {
            match element {
                PatternElem::Char(c) => {
                    let last = texts.len() - 1;
                    texts[last].push(*c);
                }
                PatternElem::Wildcard => texts.push(String::new()),
            }
        }
        Self(texts.into_iter().map(String::into_boxed_str).collect())
    }

    /// Whether the whole text fits the pattern.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let [first, between @ .., last] = &*self.0 else {
            return self.0.iter().all(|only| **only == *text);
        };
        let Some(mut rest) = text.strip_prefix(&**first) else {
            return false;
        };
        for part in between {
            // The leftmost place leaves the most for what follows.
            match rest.find(&**part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(&**last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let elements: Vec<_> = text
            .chars()
            .map(|c| {
                if c == '*' {
                    PatternElem::Wildcard
                } else {
                    PatternElem::Char(c)
                }
            })
            .collect();
        Pattern::new(&elements)
    }

    #[test]
    fn wildcards_stand_for_anything() {
        for (shape, fits, misses) in [
            ("abc", &["abc"][..], &["", "ab", "abcd"][..]),
            ("", &[""], &["a"]),
            ("*", &["", "a", "é"], &[]),
            ("a*", &["a", "abc"], &["", "ba"]),
            ("*a", &["a", "cba"], &["ab"]),
            ("a*a", &["aa", "aba"], &["a"]),
            ("a**b", &["ab", "axb"], &["a"]),
            ("*ab*ab*", &["abab", "xabyabz"], &["ab", "aab"]),
            ("ab*ba", &["abba", "abcba"], &["aba"]),
        ] {
            fits.iter()
                .for_each(|text| assert!(pattern(shape).matches(text), "{shape} {text}"));
            misses
                .iter()
                .for_each(|text| assert!(!pattern(shape).matches(text), "{shape} {text}"));
        }
    }
}
