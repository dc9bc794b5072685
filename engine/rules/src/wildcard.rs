//! Wildcards in the words of terms: `*` for any characters of a word or none, `?` for one letter or digit.
//!
//! A word is matched as a whole, so a wildcard never reaches beyond its edges.

use std::ops::Range;

/// Fewest characters of a word with wildcards that are fixed.
const FIXED: usize = 3;

/// Bytes of a word that have to agree before all of it is looked at.
const GRAM: usize = 3;

/// A word with wildcards, in the view that its term was read in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wildcard(Box<str>);

/// Whether a word of a term holds a wildcard.
pub(crate) fn has_wildcard(word: &str) -> bool {
    word.contains(['*', '?'])
}

/// Whether enough of a word with wildcards is fixed.
pub(crate) fn is_fixed_enough(word: &str) -> bool {
    word.chars().filter(|c| !matches!(c, '*' | '?')).count() >= FIXED
}

impl Wildcard {
    /// The wildcard that a word of a term writes.
    pub(crate) fn new(word: &str) -> Self {
        Wildcard(word.into())
    }

    /// Whether a token is one of the words that it stands for. Linear but for a few returns to the last `*`.
    pub(crate) fn matches(&self, token: &str) -> bool {
        let (pattern, token) = (&*self.0, token);
        let (mut at, mut from) = (0, 0);
        // Behind the last `*` of the pattern, and what of the token it has left over.
        let mut again: Option<(usize, usize)> = None;
        loop {
            let (wanted, given) = (pattern[at..].chars().next(), token[from..].chars().next());
            match (wanted, given) {
                (Some('*'), _) => {
                    at += 1;
                    again = Some((at, from));
                }
                (None, None) => return true,
                (Some(wanted), Some(given)) if wanted == given || wanted == '?' && given.is_alphanumeric() => {
                    at += wanted.len_utf8();
                    from += given.len_utf8();
                }
                _ => {
                    let Some((behind, left)) = again else { return false };
                    let Some(skipped) = token[left..].chars().next() else {
                        return false;
                    };
                    (at, from) = (behind, left + skipped.len_utf8());
                    again = Some((at, from));
                }
            }
        }
    }

    /// The longest run of bytes before, between or behind wildcards, and where it stands in the pattern.
    fn longest_run(&self) -> Range<usize> {
        let mut start = 0;
        let runs = self.0.split(['*', '?']).map(|run| {
            let range = start..start + run.len();
            start = range.end + 1;
            range
        });
        runs.max_by_key(Range::len).unwrap_or_default()
    }
}

/// A first look at a token: could one of some wildcards match it? Three bytes of each are known.
#[derive(Debug, Default)]
pub(crate) struct WildcardSieve {
    /// At the beginning of a word.
    first: Grams,
    /// At its end.
    last: Grams,
    /// Anywhere in it.
    inner: Grams,
    /// Whether some wildcard has no three bytes in a row.
    takes_all: bool,
    is_in_use: bool,
}

impl WildcardSieve {
    /// Adds a wildcard.
    pub(crate) fn insert(&mut self, wildcard: &Wildcard) {
        self.is_in_use = true;
        let run = wildcard.longest_run();
        let pattern = wildcard.0.as_bytes();
        let gram = |at: usize| gram(&pattern[at..at + GRAM]);
        if run.len() < GRAM {
            self.takes_all = true;
        } else if run.start == 0 {
            self.first.insert(gram(0));
        } else if run.end == pattern.len() {
            self.last.insert(gram(run.end - GRAM));
        } else {
            self.inner.insert(gram(run.start));
        }
    }

    /// Whether a token could be matched, whatever the case of its ASCII letters.
    #[inline(always)]
    pub(crate) fn could_match(&self, token: &[u8]) -> bool {
        self.is_in_use && self.look_closer(token)
    }

    fn look_closer(&self, token: &[u8]) -> bool {
        let mut grams = token.windows(GRAM).map(gram);
        self.takes_all
            || token
                .first_chunk::<GRAM>()
                .is_some_and(|bytes| self.first.contains(gram(bytes)))
            || token
                .last_chunk::<GRAM>()
                .is_some_and(|bytes| self.last.contains(gram(bytes)))
            || !self.inner.is_empty() && grams.any(|gram| self.inner.contains(gram))
    }
}

/// A set of runs of three bytes that may take others for members.
#[derive(Debug)]
struct Grams([u64; 64]);

impl Default for Grams {
    fn default() -> Self {
        Grams([0; 64])
    }
}

impl Grams {
    fn insert(&mut self, gram: u32) {
        self.0[(gram >> 6 & 63) as usize] |= 1 << (gram & 63);
    }

    fn contains(&self, gram: u32) -> bool {
        self.0[(gram >> 6 & 63) as usize] & 1 << (gram & 63) != 0
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// Three bytes as a number of twelve bits, the same for both cases of ASCII letters.
fn gram(bytes: &[u8]) -> u32 {
    let number = bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(byte | 0x20));
    number.wrapping_mul(0x9e37_79b1) >> 20
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same as a regex.
    fn by_definition(pattern: &str, token: &str) -> bool {
        let regex = pattern.replace('*', ".*").replace('?', r"[\p{Alphabetic}\p{N}]");
        regex::Regex::new(&format!("^(?:{regex})$")).unwrap().is_match(token)
    }

    #[test]
    fn k3_wildcards() {
        let cases = [
            ("guarante*", "guaranteed", true),
            ("guarante*", "guarante", true),
            ("*sider", "insider", true),
            ("in*der", "insider", true),
            ("*sid*", "insider", true),
            ("wom?n", "women", true),
            ("wom?n", "womn", false),
            ("wom?n", "wom_n", false),
            ("organi?ation*", "organisations", true),
            ("guarante*", "aguarantee", false),
        ];
        for (pattern, token, matches) in cases {
            assert_eq!(Wildcard::new(pattern).matches(token), matches, "{pattern} {token}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn k3_matching_agrees_with_a_regex(pattern in "[ab\u{e9}*?]{1,8}", tokens in prop::collection::vec("[ab\u{e9}_]{1,8}", 8)) {
            let wildcard = Wildcard::new(&pattern);
            let mut sieve = WildcardSieve::default();
            sieve.insert(&wildcard);
            for token in tokens {
                let matches = wildcard.matches(&token);
                prop_assert_eq!(matches, by_definition(&pattern, &token), "{} {}", pattern, token);
                prop_assert!(!matches || sieve.could_match(token.to_uppercase().to_lowercase().as_bytes()));
            }
        }
    }
}
