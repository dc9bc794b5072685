//! Splitting the folded view into tokens.
//!
//! Word boundaries are those of UAX #29, which leave Han, Hiragana, Thai, Lao and Khmer characters one token each
//! and keep Latin, Cyrillic, Hangul or Katakana runs whole. UAX #29 also keeps `don't`, `example.com` and `1.5`
//! whole, while a word edge holds beside every character that is not a letter, mark, digit or connector. Both are
//! served: such a word is split at its inner punctuation into tokens that are matched on their own, and these share
//! one *word*, which is what distances count.

use unicode_segmentation::UnicodeSegmentation;

use crate::unicode::{is_emoji, is_word};
use crate::view::View;

/// One token of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The first byte in the folded text.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// The word of UAX #29 that it belongs to, counted from zero.
    pub(crate) word: u32,
    /// What the vocabulary calls it.
    pub(crate) id: u32,
    /// Whether a paragraph break stands between it and the token before.
    pub(crate) after_break: bool,
}

/// Splits a view into tokens, in place of what the list held. `identify` gives each its id.
pub(crate) fn tokenize(view: &View, tokens: &mut Vec<Token>, identify: impl Fn(&[u8]) -> u32) {
    tokens.clear();
    let mut sink = Sink {
        view,
        tokens,
        identify,
        n_words: 0,
        breaks: view.breaks(),
    };
    if view.text().is_ascii() {
        sink.push_ascii(0, view.text().len());
        return;
    }
    // A space is always a boundary, so that what lies between two can be split on its own.
    let mut start = 0;
    for end in memchr::memchr_iter(b' ', view.text().as_bytes()).chain([view.text().len()]) {
        if view.text()[start..end].is_ascii() {
            sink.push_ascii(start, end);
        } else {
            sink.push_unicode(start, end);
        }
        start = end + 1;
    }
}

struct Sink<'a, F> {
    view: &'a View,
    tokens: &'a mut Vec<Token>,
    identify: F,
    n_words: u32,
    /// The paragraph breaks that no token has come after yet.
    breaks: &'a [u32],
}

impl<F: Fn(&[u8]) -> u32> Sink<'_, F> {
    /// Splits an ASCII range. UAX #29 comes down to runs of letters, digits and underscores there, joined by one
    /// inner character between two letters or two digits.
    fn push_ascii(&mut self, start: usize, end: usize) {
        let view = self.view;
        let bytes = &view.text().as_bytes()[..end];
        let mut at = start;
        let mut before = None;
        while let Some(from) = (at..end).find(|at| CLASS[bytes[*at] as usize] != Class::Other) {
            let to = (from..end)
                .find(|at| CLASS[bytes[*at] as usize] == Class::Other)
                .unwrap_or(end);
            if bytes[from..to].iter().any(|byte| *byte != b'_') {
                let joined = before.is_some_and(|before| joins_words(bytes, before, from));
                self.push(from, to, !joined);
                before = Some(to);
            }
            at = to;
        }
    }

    fn push_unicode(&mut self, start: usize, end: usize) {
        let view = self.view;
        let mut emoji_end = None;
        for (at, segment) in view.text()[start..end].split_word_bound_indices() {
            let from = start + at;
            if segment.contains(char::is_alphanumeric) {
                self.push_word(from, segment);
            } else if segment.contains(is_emoji) {
                let to = from + segment.len();
                match self.tokens.last_mut() {
                    Some(last) if emoji_end == Some(from) && view.is_joined(from) => {
                        last.end = offset(to);
                        last.id = (self.identify)(&view.text().as_bytes()[last.start as usize..to]);
                    }
                    _ => self.push(from, to, true),
                }
                emoji_end = Some(to);
            }
        }
    }

    /// Splits a word of UAX #29 at its inner punctuation.
    fn push_word(&mut self, start: usize, word: &str) {
        let mut first = true;
        let mut at = 0;
        for token in word.split(|c| !is_word(c)) {
            if token.contains(char::is_alphanumeric) {
                self.push(start + at, start + at + token.len(), first);
                first = false;
            }
            at += token.len();
            at += word[at..].chars().next().map_or(0, char::len_utf8);
        }
    }

    fn push(&mut self, start: usize, end: usize, new_word: bool) {
        let after_break = self.pass_breaks(start);
        self.n_words += u32::from(new_word);
        let id = (self.identify)(&self.view.text().as_bytes()[start..end]);
        let word = self.n_words.saturating_sub(1);
        self.tokens.push(Token {
            start: offset(start),
            end: offset(end),
            word,
            id,
            after_break,
        });
    }

    /// Takes the paragraph breaks before `start` and says whether there was one.
    fn pass_breaks(&mut self, start: usize) -> bool {
        let passed = self.breaks.iter().take_while(|at| (**at as usize) < start).count();
        self.breaks = &self.breaks[passed..];
        passed > 0
    }
}

/// Whether UAX #29 finds no boundary between two ASCII runs, the first ending at `before`, the second beginning at
/// `from`.
fn joins_words(bytes: &[u8], before: usize, from: usize) -> bool {
    if from != before + 1 {
        return false;
    }
    matches!(
        (
            CLASS[bytes[before - 1] as usize],
            bytes[before],
            CLASS[bytes[from] as usize]
        ),
        (Class::Letter, b'.' | b'\'' | b':', Class::Letter) | (Class::Digit, b'.' | b'\'' | b',' | b';', Class::Digit)
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Letter,
    Digit,
    Underscore,
}

static CLASS: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Underscore,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tokens with `+` in front of those that continue a word, and `¶` in front of those after a paragraph break.
    fn split(source: &str) -> Vec<String> {
        let mut view = View::default();
        view.fill(source);
        let mut tokens = Vec::new();
        tokenize(&view, &mut tokens, |_| 0);
        let mut before = None;
        let show = |token: &Token| {
            let continued = if before == Some(token.word) { "+" } else { "" };
            before = Some(token.word);
            let broken = if token.after_break { "\u{b6}" } else { "" };
            format!(
                "{broken}{continued}{}",
                &view.text()[token.start as usize..token.end as usize]
            )
        };
        tokens.iter().map(show).collect()
    }

    #[test]
    fn t1_scripts() {
        assert_eq!(split("Meet me at 5pm, ok?"), ["meet", "me", "at", "5pm", "ok"]);
        assert_eq!(split("机密document"), ["机", "密", "document"]);
        assert_eq!(split("ひみつ"), ["ひ", "み", "つ"]);
        assert_eq!(split("インサイダー取引"), ["インサイダー", "取", "引"]);
        assert_eq!(split("내부정보 usage"), ["내부정보", "usage"]);
        assert_eq!(split("ความลับ").len(), 6);
        assert_eq!(split("Инсайдер, торговля"), ["инсайдер", "торговля"]);
    }

    #[test]
    fn t1_emoji_sequences_are_one_token() {
        assert_eq!(split("go 👨\u{200d}👩\u{200d}👧 now"), ["go", "👨👩👧", "now"]);
        assert_eq!(split("👍🏽👍"), ["👍", "👍"]);
        assert_eq!(split("🇺🇸🇩🇪"), ["🇺🇸", "🇩🇪"]);
        assert_eq!(split("1\u{fe0f}\u{20e3}"), ["1\u{20e3}"]);
    }

    #[test]
    fn t2_edges_beside_punctuation() {
        assert_eq!(split("done.call me"), ["done", "+call", "me"]);
        assert_eq!(
            split("don\u{2019}t 1,000.50 foo_bar U.S. a.1"),
            ["don", "+t", "1", "+000", "+50", "foo_bar", "u", "+s", "a", "1"]
        );
    }

    #[test]
    fn t3_paragraphs() {
        assert_eq!(split("a\nb\n\nc"), ["a", "b", "\u{b6}c"]);
    }

    /// The same, from UAX #29 alone.
    fn by_definition(folded: &str) -> Vec<String> {
        let mut out = Vec::new();
        for word in folded
            .split_word_bounds()
            .filter(|word| word.contains(char::is_alphanumeric))
        {
            let tokens = word
                .split(|c| !is_word(c))
                .filter(|token| token.contains(char::is_alphanumeric));
            out.extend(
                tokens
                    .enumerate()
                    .map(|(n, token)| format!("{}{token}", if n > 0 { "+" } else { "" })),
            );
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn t1_the_fast_way_is_uax_29(source in "[a-zA-Z0-9_.,:;'\" \\-]{0,24}") {
            prop_assert_eq!(split(&source), by_definition(&source.to_lowercase()));
        }

        #[test]
        fn t1_splitting_at_spaces_is_uax_29(source in "[aя机あカ한ก1_.,:;'’ \u{301}\u{30fc}\u{5d0}\"]{0,24}") {
            let mut view = View::default();
            view.fill(&source);
            prop_assert_eq!(split(&source), by_definition(view.text()));
        }
    }
}
