//! Splitting the folded view into tokens.
//!
//! Word boundaries are those of UAX #29, which leave Han, Hiragana, Thai, Lao and Khmer characters one token each
//! and keep Latin, Cyrillic, Hangul or Katakana runs whole. UAX #29 also keeps `don't`, `example.com` and `1.5`
//! whole, while a word edge holds beside every character that is not a letter, mark, digit or connector. Both are
//! served: such a word is split at its inner punctuation into tokens that are matched on their own, and these share
//! one *word*, which is what distances count.

//!
//! The rules are applied by hand where they are few: to ASCII, and to letters and ideographs that stand alone, by a
//! class of their own each. What else there is, marks for instance, goes to the library, from space to space.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation;

use crate::runs::for_each_run;
use crate::unicode::{is_emoji, is_word};
use crate::view::View;

/// One token of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The first byte in the view.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// The word of UAX #29 that it belongs to, counted from zero.
    pub(crate) word: u32,
    /// Whether a paragraph break stands between it and the token before.
    pub(crate) after_break: bool,
}

/// Splits a view into tokens, in place of what the list held, and tells `each` the number and bytes of each.
pub(crate) fn tokenize(view: &View, tokens: &mut Vec<Token>, each: impl FnMut(usize, usize, usize)) {
    tokens.clear();
    let text = view.text();
    let mut sink = Sink {
        view,
        tokens,
        each,
        n_words: 0,
        breaks: view.breaks(),
    };
    if text.is_ascii() {
        sink.push_ascii();
        return;
    }
    // A space is always a boundary, so that what lies between two can be split on its own.
    let mut start = 0;
    for end in memchr::memchr_iter(b' ', text.as_bytes()).chain([text.len()]) {
        if !sink.push_classes(start, end) {
            sink.push_unicode(start, end);
        }
        start = end + 1;
    }
}

struct Sink<'a, F> {
    view: &'a View,
    tokens: &'a mut Vec<Token>,
    each: F,
    n_words: u32,
    /// The paragraph breaks that no token has come after yet.
    breaks: &'a [u32],
}

impl<F: FnMut(usize, usize, usize)> Sink<'_, F> {
    /// Splits a text of ASCII. UAX #29 comes down to runs of letters, digits and underscores there, joined by one
    /// inner character between two letters or two digits.
    fn push_ascii(&mut self) {
        let bytes = self.view.text().as_bytes();
        let mut before = usize::MAX - 1;
        let _ = for_each_run(bytes, |start, end| {
            let is_joined = start == before + 1 && joins_words(bytes, before, start);
            before = end;
            self.push(start, end, !is_joined);
            ControlFlow::<()>::Continue(())
        });
    }

    /// Splits a range in which every character has a class, as there are few rules then; says whether that is so.
    fn push_classes(&mut self, start: usize, end: usize) -> bool {
        let view = self.view;
        let text = &view.text()[start..end];
        if text.chars().any(|c| class(c) == Class::Complex) {
            return false;
        }
        let mut run = Run::default();
        for (at, c) in text.char_indices() {
            let class = class(c);
            let belongs = matches!(class, Class::Letter | Class::Digit | Class::Underscore);
            if belongs && run.is_open {
                run.last = class;
            } else {
                self.end_run(&mut run, start + at);
                if belongs {
                    run.open(start + at, class);
                } else if class == Class::Single {
                    self.push(start + at, start + at + c.len_utf8(), true);
                }
            }
            if !belongs {
                run.pass(class);
            }
        }
        self.end_run(&mut run, end);
        true
    }

    fn end_run(&mut self, run: &mut Run, end: usize) {
        if std::mem::take(&mut run.is_open) {
            let bytes = self.view.text().as_bytes();
            if bytes[run.start..end].iter().any(|byte| *byte != b'_') {
                self.push(run.start, end, !run.is_joined);
            }
            run.between = Between::Nothing;
        }
    }

    fn push_unicode(&mut self, start: usize, end: usize) {
        let view = self.view;
        // An emoji sequence goes on where a joiner was left out between two.
        let mut emoji: Option<(usize, usize)> = None;
        for (at, segment) in view.text()[start..end].split_word_bound_indices() {
            let (from, to) = (start + at, start + at + segment.len());
            let is_word = segment.contains(char::is_alphanumeric);
            let is_emoji = !is_word && segment.contains(is_emoji);
            match &mut emoji {
                Some((_, last)) if is_emoji && *last == from && view.is_joined(from) => {
                    *last = to;
                    continue;
                }
                _ => emoji
                    .take()
                    .into_iter()
                    .for_each(|(from, to)| self.push(from, to, true)),
            }
            if is_word {
                self.push_word(from, segment);
            } else if is_emoji {
                emoji = Some((from, to));
            }
        }
        emoji.into_iter().for_each(|(from, to)| self.push(from, to, true));
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

    #[inline]
    fn push(&mut self, start: usize, end: usize, new_word: bool) {
        let after_break = self.pass_breaks(start);
        self.n_words += u32::from(new_word);
        (self.each)(self.tokens.len(), start, end);
        self.tokens.push(Token {
            start: offset(start),
            end: offset(end),
            word: self.n_words.saturating_sub(1),
            after_break,
        });
    }

    /// Takes the paragraph breaks before `start` and says whether there was one.
    #[inline]
    fn pass_breaks(&mut self, start: usize) -> bool {
        let mut passed = false;
        while let [first, rest @ ..] = self.breaks
            && (*first as usize) < start
        {
            (self.breaks, passed) = (rest, true);
        }
        passed
    }
}

/// A run of letters, digits and underscores, and what stands between it and the one before.
#[derive(Debug, Default)]
struct Run {
    is_open: bool,
    start: usize,
    /// Whether it is one word with the run before.
    is_joined: bool,
    /// The class of its last character so far.
    last: Class,
    between: Between,
}

/// What has passed since a run ended.
#[derive(Clone, Copy, Debug, Default)]
enum Between {
    Nothing,
    One(Class),
    #[default]
    More,
}

impl Run {
    fn open(&mut self, start: usize, class: Class) {
        self.is_joined = match self.between {
            Between::One(inner) => inner.joins(self.last, class),
            Between::Nothing | Between::More => false,
        };
        (self.is_open, self.start, self.last) = (true, start, class);
    }

    fn pass(&mut self, class: Class) {
        self.between = match self.between {
            Between::Nothing => Between::One(class),
            Between::One(_) | Between::More => Between::More,
        };
    }
}

/// Whether UAX #29 finds no boundary between two ASCII runs, the first ending at `before`, the second beginning at
/// `start`, one byte behind it.
fn joins_words(bytes: &[u8], before: usize, start: usize) -> bool {
    let class = |at: usize| ASCII[(bytes[at] & 0x7f) as usize];
    class(before).joins(class(before - 1), class(start))
}

/// What a character is to the few rules that hold where there are no marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Class {
    /// Between words.
    #[default]
    Other,
    /// Between words, unless between two letters.
    MidLetter,
    /// Between words, unless between two digits.
    MidDigit,
    /// Between words, unless between two letters or two digits.
    Mid,
    Letter,
    Digit,
    Underscore,
    /// A token by itself: an ideograph or Hiragana.
    Single,
    /// More rules are needed.
    Complex,
}

impl Class {
    /// Whether one such character joins what stands on its two sides.
    fn joins(self, before: Class, behind: Class) -> bool {
        match self {
            Class::MidLetter => (before, behind) == (Class::Letter, Class::Letter),
            Class::MidDigit => (before, behind) == (Class::Digit, Class::Digit),
            Class::Mid => before == behind && matches!(before, Class::Letter | Class::Digit),
            _ => false,
        }
    }
}

static ASCII: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Underscore,
            b'.' | b'\'' => Class::Mid,
            b':' => Class::MidLetter,
            b',' | b';' => Class::MidDigit,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn class(c: char) -> Class {
    static BASIC_PLANE: LazyLock<Box<[Class]>> = LazyLock::new(|| (0..=0xffff).map(class_of).collect());
    BASIC_PLANE.get(c as usize).copied().unwrap_or(Class::Complex)
}

fn class_of(point: u32) -> Class {
    let Some(c) = char::from_u32(point) else {
        return Class::Complex;
    };
    match c {
        '\0'..='\x7f' => ASCII[c as usize],
        '\u{2018}' | '\u{2019}' => Class::Mid,
        // Latin, Greek and Cyrillic, Hangul.
        '\u{c0}'..='\u{24f}'
        | '\u{388}'..='\u{3ff}'
        | '\u{400}'..='\u{481}'
        | '\u{48a}'..='\u{52f}'
        | '\u{ac00}'..='\u{d7a3}'
            if c.is_alphabetic() =>
        {
            Class::Letter
        }
        '\u{3041}'..='\u{3096}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' if c.is_alphabetic() => {
            Class::Single
        }
        // Quotation marks and dashes, the euro, punctuation of Chinese and Japanese.
        '\u{a3}' | '\u{a7}' | '\u{ab}' | '\u{b0}' | '\u{bb}' | '\u{d7}' | '\u{f7}' => Class::Other,
        '\u{2010}'..='\u{2017}' | '\u{201a}'..='\u{201e}' | '\u{2022}' | '\u{2026}' | '\u{20ac}' => Class::Other,
        '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301b}' => Class::Other,
        _ => Class::Complex,
    }
}

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
        split_view(&view)
    }

    fn split_view(view: &View) -> Vec<String> {
        let mut tokens = Vec::new();
        tokenize(view, &mut tokens, |_, _, _| ());
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

    #[test]
    fn t1_every_class_is_uax_29() {
        let many = |c: &char| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
        let classed = ('\0'..='\u{ffff}').filter(|c| class(*c) != Class::Complex && !c.is_whitespace());
        for c in classed.filter(|c| !many(c) || (*c as u32).is_multiple_of(61)) {
            for source in ["aXa", "1X1", "a1X", "XX", "_X_", "X.X", "X:X", "X,1", "\u{673a}X"] {
                let source = source.replace('X', &c.to_string());
                let mut view = View::default();
                view.fill_raw(&source);
                assert_eq!(split_view(&view), by_definition(&source), "{source:?} {:x}", c as u32);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn t1_the_fast_way_is_uax_29(source in "[a-zA-Z0-9_.,:;'\" \\-]{0,24}") {
            prop_assert_eq!(split(&source), by_definition(&source.to_lowercase()));
        }

        #[test]
        fn t1_classes_are_uax_29(source in "[a\u{444}\u{673a}\u{3042}\u{ac00}\u{b5}1_.,:'\u{2019}\u{3002}\u{2014} ]{0,16}") {
            let mut view = View::default();
            view.fill_raw(&source);
            let classes = source.chars().all(|c| class(c) != Class::Complex);
            prop_assert!(classes || source.contains('µ'));
            prop_assert_eq!(split_view(&view), by_definition(&source));
        }

        #[test]
        fn t1_splitting_at_spaces_is_uax_29(source in "[aя机あカ한ก1_.,:;'’ \u{301}\u{30fc}\u{5d0}\"]{0,24}") {
            let mut view = View::default();
            view.fill(&source);
            prop_assert_eq!(split(&source), by_definition(view.text()));
        }
    }
}
