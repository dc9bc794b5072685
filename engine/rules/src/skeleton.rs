//! The skeleton of a folded text: disguises undone, word by word.
//!
//! 1. Letters that stand alone, three or more of them apart by the same separator, are joined: `i.n.s.i.d.e.r`.
//! 2. Look-alikes become what they look like (UTS #39): a Cyrillic `а` is a Latin one. `rn` is an `m`.
//! 3. Digits and signs inside a word that holds a letter become the letters that they pass for: `s1gn@l`.
//! 4. A letter that stands three or more times in a row is kept twice.
//!
//! Terms and patterns of a skeleton rule meet this text, terms after having become skeletons themselves. Each word
//! maps back to the original as a whole, since a part of it may have another skeleton than it has within the word.

use std::sync::LazyLock;

use crate::term::is_stand_in;
use crate::tokens::Token;
use crate::unicode::fold;
use crate::view::View;

/// Fewest single letters that are joined.
const JOINED: usize = 3;

/// Longest separator of joined letters, in bytes.
const SEPARATOR_BYTES: usize = 4;

/// Fills a view with the skeleton of a folded one, given the tokens of that.
pub(crate) fn fill(skeleton: &mut View, folded: &View, tokens: &[Token]) {
    skeleton.clear();
    let (text, mut word, mut at) = (folded.text(), String::new(), 0);
    let mut rest = tokens;
    while !rest.is_empty() {
        let group = Group::first(text, rest);
        let (start, end) = group.range(text, rest);
        word.clear();
        group.spell(text, rest, start, end, &mut word);
        skeleton.push_between(folded, at, start);
        skeleton.push_whole(folded.original_start(start), folded.original_end(end), |plain| {
            push_plain(&word, plain)
        });
        (at, rest) = (end, &rest[group.n_tokens..]);
    }
    skeleton.push_between(folded, at, text.len());
}

/// The tokens that make one word of the skeleton.
#[derive(Clone, Copy, Debug)]
struct Group {
    n_tokens: usize,
    /// Whether they are single letters, whose separators are left out.
    is_joined: bool,
}

impl Group {
    /// The group that some tokens begin with.
    fn first(text: &str, tokens: &[Token]) -> Self {
        let n_single = single_letters(text, tokens);
        if n_single >= JOINED {
            return Group {
                n_tokens: n_single,
                is_joined: true,
            };
        }
        let holds = |pair: &&[Token]| is_leet_sign(between(text, pair));
        Group {
            n_tokens: 1 + tokens.windows(2).take_while(holds).count(),
            is_joined: false,
        }
    }

    /// The bytes of the group, with a `$` in front that passes for a letter.
    fn range(self, text: &str, tokens: &[Token]) -> (usize, usize) {
        let (start, end) = (tokens[0].start as usize, tokens[self.n_tokens - 1].end as usize);
        let is_dressed = text[..start].ends_with('$') && text[start..].starts_with(char::is_alphabetic);
        (start - usize::from(is_dressed), end)
    }

    fn spell(self, text: &str, tokens: &[Token], start: usize, end: usize, word: &mut String) {
        if self.is_joined {
            tokens[..self.n_tokens]
                .iter()
                .for_each(|token| word.push_str(text_of(text, token)));
        } else {
            word.push_str(&text[start..end]);
        }
    }
}

/// How many single letters some tokens begin with, all apart by the same separator.
fn single_letters(text: &str, tokens: &[Token]) -> usize {
    if tokens.len() < JOINED || !is_letter(text_of(text, &tokens[0])) {
        return 0;
    }
    let separator = between(text, &tokens[..2]);
    if separator.is_empty() || separator.len() > SEPARATOR_BYTES {
        return 0;
    }
    let goes_on = |pair: &&[Token]| {
        !pair[1].after_break && is_letter(text_of(text, &pair[1])) && between(text, pair) == separator
    };
    1 + tokens.windows(2).take_while(goes_on).count()
}

fn text_of<'t>(text: &'t str, token: &Token) -> &'t str {
    &text[token.start as usize..token.end as usize]
}

fn between<'t>(text: &'t str, pair: &[Token]) -> &'t str {
    &text[pair[0].end as usize..pair[1].start as usize]
}

fn is_letter(token: &str) -> bool {
    let mut chars = token.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

fn is_leet_sign(text: &str) -> bool {
    matches!(text, "@" | "$" | "!" | "|")
}

/// The letter that a digit or sign passes for.
fn leet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

/// Appends the skeleton of one word.
fn push_plain(word: &str, plain: &mut String) {
    if !word.contains(char::is_alphabetic) {
        plain.push_str(word);
        return;
    }
    let start = plain.len();
    for c in word.chars() {
        for_each_look_alike(c, |c| {
            match leet(c) {
                'n' if plain[start..].ends_with('r') => {
                    plain.pop();
                    plain.push('m');
                }
                c => plain.push(c),
            }
            cut_repeats(plain, start);
        });
    }
}

/// Takes the last character away if it is a letter that stood there twice before.
fn cut_repeats(plain: &mut String, start: usize) {
    let mut last = plain[start..].chars().rev();
    if let (Some(c), Some(before), Some(first)) = (last.next(), last.next(), last.next())
        && (c, c) == (before, first)
        && c.is_alphabetic()
        && !is_stand_in(c)
    {
        plain.pop();
    }
}

/// Calls `found` with what a character looks like: itself for ASCII, else its prototype in UTS #39, which may be
/// several characters.
fn for_each_look_alike(c: char, mut found: impl FnMut(char)) {
    /// The prototypes in the basic plane that are one character of it; 0 for all else.
    static SINGLE: LazyLock<Box<[u16]>> =
        LazyLock::new(|| (0..=0xffff).map(|point| single(point).unwrap_or(0)).collect());
    match SINGLE.get(c as usize) {
        _ if c.is_ascii() => found(c),
        Some(one) if *one > 0 => char::from_u32(u32::from(*one)).into_iter().for_each(found),
        _ => prototype(c.encode_utf8(&mut [0; 4])).for_each(&mut found),
    }
}

fn prototype(c: &str) -> impl Iterator<Item = char> {
    unicode_security::skeleton(c).map(fold)
}

fn single(point: u32) -> Option<u16> {
    let c = char::from_u32(point)?;
    let mut bytes = [0; 4];
    let mut prototype = prototype(c.encode_utf8(&mut bytes));
    let one = prototype.next().filter(|_| prototype.next().is_none())?;
    u16::try_from(u32::from(one)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::limits;
    use crate::tokens::tokenize;

    fn skeleton_of(source: &str) -> View {
        let (mut folded, mut tokens, mut skeleton) = (View::default(), Vec::new(), View::default());
        folded.fill(source);
        tokenize(&folded, &mut tokens, |_, _, _| ());
        fill(&mut skeleton, &folded, &tokens);
        skeleton
    }

    fn skeleton(source: &str) -> String {
        skeleton_of(source).text().to_owned()
    }

    #[test]
    fn u1_skeleton_view() {
        let disguises = [
            ("\u{456}nsid\u{435}r", "insider"),
            ("s1gn@l, $ignal", "signal, signal"),
            ("modern rnarket", "modem market"),
            ("soooo coooool", "soo cool"),
            ("i.n.s.i.d.e.r i n f o", "insider info"),
            ("w-h-a-t-s app", "whats app"),
            ("100 5! 4@3", "100 5! 4@3"),
            ("a b", "a b"),
            ("a b-c d", "a b-c d"),
            ("a b\n\nc", "a b c"),
            ("insider! (yes!)", "insider! (yes!)"),
            ("me@example.com", "meaexample.com"),
        ];
        for (text, expected) in disguises {
            assert_eq!(skeleton(text), expected, "{text}");
        }
    }

    #[test]
    fn u1_a_word_maps_back_as_a_whole() {
        let view = skeleton_of("an s.1.x i.n.f.o!");
        assert_eq!(view.text(), "an s.1.x info!");
        assert_eq!((view.original_start(10), view.original_end(11)), (9, 16));
        assert_eq!((view.original_start(13), view.original_end(14)), (16, 17));
    }

    #[test]
    fn b5_no_view_can_outgrow_its_offsets() {
        // Characters grow each by itself, and a part of the longest has to stay below four gigabytes.
        let grown = |c: char| {
            let (mut folded, mut alike) = (0, 0);
            for c in std::iter::once(c).nfkc().map(fold) {
                folded += c.len_utf8();
                for_each_look_alike(c, |c| alike += c.len_utf8());
            }
            folded.max(alike) as f64 / c.len_utf8() as f64
        };
        // What stands outside the first planes neither decomposes nor looks like several.
        let longest = ('\0'..='\u{2ffff}').map(grown).fold(0.0, f64::max);
        assert!((11.0..20.0).contains(&longest), "{longest}");
        assert!(longest * (limits::PART_BYTES as f64) < f64::from(u32::MAX));
    }

    /// Pieces of which disguises are made.
    fn disguised() -> impl Strategy<Value = String> {
        let pieces = [
            "a",
            "i",
            "n",
            "s",
            "r",
            "1",
            "0",
            "@",
            "$",
            "!",
            "|",
            ".",
            "-",
            " ",
            " ",
            "\n\n",
            "\u{430}",
            "\u{3bf}",
            "\u{301}",
            "\u{fb01}",
            "\u{200d}",
            "\u{200b}",
            "\u{1f44d}",
            "\u{673a}",
            "rn",
            "\u{2126}",
            "\u{131}",
            "\u{bd}",
            "\u{1c3}",
            "\u{149}",
        ];
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn u2_every_skeleton_hit_leads_back(source in disguised()) {
            let view = skeleton_of(&source);
            let edges: Vec<usize> = view.text().char_indices().map(|(at, _)| at).chain([view.text().len()]).collect();
            for (index, &start) in edges.iter().enumerate() {
                for &end in &edges[index + 1..] {
                    let (from, to) = (view.original_start(start), view.original_end(end));
                    prop_assert!(from < to && source.is_char_boundary(from) && source.is_char_boundary(to), "{source:?} {start}..{end}");
                    let again = skeleton(&source[from..to]);
                    prop_assert!(again.contains(&view.text()[start..end]), "{:?} {:?} {:?} {:?}", source, &source[from..to], again, &view.text()[start..end]);
                }
            }
        }
    }
}
