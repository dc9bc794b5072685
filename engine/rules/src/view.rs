//! A view of a text: what terms and patterns are matched against, and the way back to the original.
//!
//! The *raw* view is the text itself; the *digits* view writes every decimal digit in ASCII and changes nothing else.
//!
//! The *folded* view leaves out default-ignorable characters and skin tones, puts the rest in NFKC, folds each
//! character by simple case folding (C and S), and makes a run of white space one space. Ignorables go first, so that
//! one between a letter and its accent hides nothing. The text is worked through in *segments*: a character and all
//! that follow it and may compose with it. A segment normalises to the same characters wherever it stands, which is why
//! a hit mapped back to whole segments of the original contains the normalised hit when it is folded again.
//!
//! The *skeleton* is made from the folded view: see [`crate::skeleton`].

use unicode_normalization::UnicodeNormalization;

use crate::runs::for_each_wide_space;
use crate::unicode::{JOINER, decimal, fold, is_dropped, simple, starts_segment};

/// A text in some view, with the way back. Kept and refilled, so that filling allocates nothing once warm.
#[derive(Debug, Default)]
pub(crate) struct View {
    text: String,
    pieces: Vec<Piece>,
    /// Where white space that holds a paragraph break begins.
    breaks: Vec<u32>,
    /// Where a joiner was left out between two segments.
    joins: Vec<u32>,
    space: Space,
}

/// A stretch of a view's text that maps back by one rule.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the view.
    at: u32,
    /// Where it begins in the original.
    start: u32,
    /// Where it ends in the original; for a linear piece this follows from its length.
    end: u32,
    /// Whether each character has the same length on both sides; otherwise the piece maps as a whole.
    linear: bool,
}

/// The run of white space that the folded text ends with, while it lasts.
#[derive(Clone, Copy, Debug, Default)]
struct Space {
    open: bool,
    /// Where its space stands in the folded text.
    at: u32,
    /// Where the run begins in the original.
    start: u32,
    lines: Lines,
}

/// The line breaks of a run of white space so far.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    n_lines: u32,
    after_return: bool,
}

impl Lines {
    /// Passes one white space character, and says whether it is the one that makes a paragraph break.
    fn pass(&mut self, c: char) -> bool {
        let before = self.n_lines;
        self.n_lines += match c {
            '\n' if self.after_return => 0,
            '\n' | '\r' | '\u{b}' | '\u{85}' | '\u{2028}' => 1,
            '\u{c}' | '\u{2029}' => 2,
            _ => 0,
        };
        self.after_return = c == '\r';
        before < 2 && self.n_lines >= 2
    }
}

impl View {
    /// Takes a text as it is, in place of what this view held.
    ///
    /// Here as in what follows, the text may not be longer than [`crate::limits::PART_BYTES`].
    pub(crate) fn fill_raw(&mut self, source: &str) {
        self.clear();
        self.push_as_is(source, 0);
        self.find_breaks();
    }

    /// Takes a text with its decimal digits in ASCII, in place of what this view held.
    pub(crate) fn fill_digits(&mut self, source: &str) {
        self.clear();
        let mut at = 0;
        for (start, c) in source.char_indices().filter(|(_, c)| !c.is_ascii()) {
            if let Some(digit) = decimal(c) {
                self.push_as_is(&source[at..start], at);
                at = start + c.len_utf8();
                self.push_char(digit, start, at);
            }
        }
        self.push_as_is(&source[at..], at);
        self.find_breaks();
    }

    /// Folds a text into this view, in place of what it held.
    pub(crate) fn fill(&mut self, source: &str) {
        self.clear();
        if source.is_ascii() {
            self.fill_ascii(source.as_bytes());
            return;
        }
        let mut at = 0;
        loop {
            at = self.push_ascii(source, at);
            let Some(c) = source[at..].chars().next() else { break };
            let end = at + c.len_utf8();
            // One look tells of most characters that they are neither white space nor dropped.
            let is_plain = simple(c).is_some();
            if !is_plain && c.is_whitespace() {
                self.push_space(c, at, end);
                at = end;
            } else if !is_plain && is_dropped(c) {
                self.drop_char(c);
                at = end;
            } else {
                at = self.push_segment(source, c, at, end);
            }
        }
    }

    /// Folds a text of ASCII: only runs of white space change their length.
    fn fill_ascii(&mut self, source: &[u8]) {
        let mut text = std::mem::take(&mut self.text).into_bytes();
        let (pieces, breaks) = (&mut self.pieces, &mut self.breaks);
        let mut at = 0;
        let push_linear = |text: &mut Vec<u8>, pieces: &mut Vec<Piece>, start: usize, end: usize| {
            if start < end {
                pieces.push(Piece {
                    at: offset(text.len()),
                    start: offset(start),
                    end: offset(end),
                    linear: true,
                });
                text.extend(source[start..end].iter().map(|byte| folded_ascii(*byte)));
            }
        };
        for_each_wide_space(source, |start, end| {
            push_linear(&mut text, pieces, at, start);
            let here = offset(text.len());
            pieces.push(Piece {
                at: here,
                start: offset(start),
                end: offset(end),
                linear: false,
            });
            text.push(b' ');
            let mut lines = Lines::default();
            if source[start..end].iter().any(|byte| lines.pass(char::from(*byte))) {
                breaks.push(here);
            }
            at = end;
        });
        push_linear(&mut text, pieces, at, source.len());
        // What was ASCII has stayed so.
        self.text = String::from_utf8(text).unwrap_or_default();
    }

    /// The text of the view.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the original of the character at `at` begins.
    pub(crate) fn original_start(&self, at: usize) -> usize {
        let at = offset(at);
        match self
            .pieces
            .partition_point(|piece| piece.at <= at)
            .checked_sub(1)
            .map(|index| self.pieces[index])
        {
            None => 0,
            Some(piece) if piece.linear => (piece.start + (at - piece.at)) as usize,
            Some(piece) => piece.start as usize,
        }
    }

    /// Where the original of the character that ends at `end` ends.
    pub(crate) fn original_end(&self, end: usize) -> usize {
        let end = offset(end);
        match self
            .pieces
            .partition_point(|piece| piece.at < end)
            .checked_sub(1)
            .map(|index| self.pieces[index])
        {
            None => 0,
            Some(piece) if piece.linear => (piece.start + (end - piece.at)) as usize,
            Some(piece) => piece.end as usize,
        }
    }

    /// Where white space that holds a paragraph break begins, in order.
    pub(crate) fn breaks(&self) -> &[u32] {
        &self.breaks
    }

    /// Whether a joiner was left out just before the character at `at`.
    pub(crate) fn is_joined(&self, at: usize) -> bool {
        self.joins.binary_search(&offset(at)).is_ok()
    }

    /// Empties the view.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        self.breaks.clear();
        self.joins.clear();
        self.space = Space::default();
    }

    /// Pushes what stands between two words of a folded view, with its breaks and joins. `at` is where it begins
    /// there.
    pub(crate) fn push_between(&mut self, folded: &View, at: usize, end: usize) {
        let (from, here) = (offset(at), offset(self.text.len()));
        let within = |positions: &[u32]| {
            let first = positions.partition_point(|position| *position < from);
            let behind = positions.partition_point(|position| *position <= offset(end));
            first..behind.max(first)
        };
        let moved = |position: &u32| position - from + here;
        self.breaks
            .extend(folded.breaks[within(&folded.breaks)].iter().map(moved));
        self.joins.extend(folded.joins[within(&folded.joins)].iter().map(moved));
        for (offset, c) in folded.text[at..end].char_indices() {
            let start = at + offset;
            let original = (folded.original_start(start), folded.original_end(start + c.len_utf8()));
            self.push_char(c, original.0, original.1);
        }
    }

    /// Pushes what `write` appends, which stands for a range of the original as a whole.
    pub(crate) fn push_whole(&mut self, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        self.pieces.push(Piece {
            at: offset(self.text.len()),
            start: offset(start),
            end: offset(end),
            linear: false,
        });
        write(&mut self.text);
    }

    /// Pushes a stretch of the original that begins at `start` as it is.
    fn push_as_is(&mut self, stretch: &str, start: usize) {
        if !stretch.is_empty() {
            self.extend_linear(start, start + stretch.len());
            self.text.push_str(stretch);
        }
    }

    /// Finds the paragraph breaks of a text whose white space was left as it is.
    fn find_breaks(&mut self) {
        let mut run: Option<(usize, Lines)> = None;
        for (at, c) in self.text.char_indices() {
            if c.is_whitespace() {
                let (start, lines) = run.get_or_insert((at, Lines::default()));
                if lines.pass(c) {
                    self.breaks.push(offset(*start));
                }
            } else if !is_dropped(c) {
                run = None;
            }
        }
    }

    /// Pushes the run of plain ASCII at `at`, and returns where it ends: most texts are one such run.
    fn push_ascii(&mut self, source: &str, at: usize) -> usize {
        let end = at + plain_run(&source.as_bytes()[at..]);
        if end > at {
            self.space.open = false;
            self.extend_linear(at, end);
            let folded = self.text.len();
            self.text.push_str(&source[at..end]);
            self.text[folded..].make_ascii_lowercase();
        }
        end
    }

    fn drop_char(&mut self, c: char) {
        let at = offset(self.text.len());
        if c == JOINER && self.joins.last() != Some(&at) {
            self.joins.push(at);
        }
    }

    /// Pushes the segment that begins with `first` and returns where its last character ends.
    fn push_segment(&mut self, source: &str, first: char, start: usize, first_end: usize) -> usize {
        self.space.open = false;
        let end = segment_end(source, first_end);
        let folded = if first.is_ascii() {
            Some(first.to_ascii_lowercase())
        } else {
            simple(first)
        };
        match folded {
            Some(folded) if end == first_end => self.push_char(folded, start, end),
            _ => self.push_normalised(source, start, end),
        }
        end
    }

    /// Pushes one character that stands for one character.
    fn push_char(&mut self, folded: char, start: usize, end: usize) {
        if folded.len_utf8() == end - start {
            self.extend_linear(start, end);
        } else {
            let at = offset(self.text.len());
            self.pieces.push(Piece {
                at,
                start: offset(start),
                end: offset(end),
                linear: false,
            });
        }
        self.text.push(folded);
    }

    /// Lets what is pushed next map back to this range of the original, character by character.
    fn extend_linear(&mut self, start: usize, end: usize) {
        let at = offset(self.text.len());
        match self.pieces.last_mut() {
            Some(last) if last.linear && last.end == offset(start) => last.end = offset(end),
            _ => self.pieces.push(Piece {
                at,
                start: offset(start),
                end: offset(end),
                linear: true,
            }),
        }
    }

    /// Pushes what a segment normalises to; it maps back as a whole.
    fn push_normalised(&mut self, source: &str, start: usize, end: usize) {
        let at = self.text.len();
        let kept = source[start..end].chars().filter(|c| !is_dropped(*c));
        for c in kept.nfkc().map(fold) {
            // Spacing accents are a space with a mark, and their space may continue a run.
            if c != ' ' || !self.text.ends_with(' ') {
                self.text.push(c);
            }
        }
        if self.text.len() > at {
            self.pieces.push(Piece {
                at: offset(at),
                start: offset(start),
                end: offset(end),
                linear: false,
            });
        }
    }

    fn push_space(&mut self, c: char, start: usize, end: usize) {
        if self.space.open {
            self.widen_space(end);
        } else {
            self.space = Space {
                open: true,
                at: offset(self.text.len()),
                start: offset(start),
                ..Space::default()
            };
            self.push_char(' ', start, end);
        }
        if self.space.lines.pass(c) {
            self.breaks.push(self.space.at);
        }
    }

    /// Lets the space at the end of the folded text stand for the original up to `end`.
    fn widen_space(&mut self, end: usize) {
        let Space { at, start, .. } = self.space;
        let whole = Piece {
            at,
            start,
            end: offset(end),
            linear: false,
        };
        match self.pieces.last_mut() {
            Some(last) if last.at == at => *last = whole,
            Some(last) => {
                last.end = start;
                self.pieces.push(whole);
            }
            None => self.pieces.push(whole),
        }
    }
}

/// The folded form of a byte of ASCII.
fn folded_ascii(byte: u8) -> u8 {
    match byte {
        b'\t'..=b'\r' => b' ',
        other => other.to_ascii_lowercase(),
    }
}

/// The length of the run of ASCII that folding does not move: no white space but single spaces between other
/// characters. The last character before one that is not ASCII is left: it may compose with it.
fn plain_run(bytes: &[u8]) -> usize {
    let is_other = |byte: u8| byte.is_ascii() && !matches!(byte, b'\t'..=b'\r' | b' ');
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let between = byte == b' ' && at > 0 && bytes.get(at + 1).is_some_and(|next| is_other(*next));
        if !is_other(byte) && !between {
            break;
        }
        at += 1;
    }
    let composes = bytes.get(at).is_some_and(|byte| !byte.is_ascii());
    if composes && at > 0 && bytes[at - 1] != b' ' {
        at - 1
    } else {
        at
    }
}

/// Where the segment whose first character ends at `first_end` ends. Dropped characters belong to it only if one
/// that composes follows them.
fn segment_end(source: &str, first_end: usize) -> usize {
    let mut end = first_end;
    for (at, c) in source[first_end..].char_indices() {
        if c.is_ascii() || simple(c).is_some() {
            break;
        }
        if is_dropped(c) {
            continue;
        }
        if starts_segment(c) {
            break;
        }
        end = first_end + at + c.len_utf8();
    }
    end
}

/// Parts are far shorter than four gigabytes: see [`crate::limits::PART_BYTES`].
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(source: &str) -> String {
        let mut view = View::default();
        view.fill(source);
        view.text().to_owned()
    }

    /// The folded view as its definition reads, without a way back.
    fn by_definition(source: &str) -> String {
        let kept: String = source.chars().filter(|c| !is_dropped(*c)).collect();
        let mut text = String::new();
        for c in kept.nfkc().map(fold) {
            let c = if c.is_whitespace() { ' ' } else { c };
            if c != ' ' || !text.ends_with(' ') {
                text.push(c);
            }
        }
        text
    }

    #[test]
    fn u1_folded_view() {
        assert_eq!(folded("Let\u{ad}'s  MEET\r\n\tnow"), "let's meet now");
        assert_eq!(folded("cafe\u{200b}\u{301}"), "caf\u{e9}");
        assert_eq!(folded("a \u{200b} b"), "a b");
    }

    #[test]
    fn u3_listed_characters() {
        let listed = [
            ("Stra\u{df}e", "stra\u{df}e"), // ss only under full folding
            ("STRA\u{1e9e}E", "stra\u{df}e"),
            ("\u{fb01}le", "file"),
            ("\u{130}", "\u{130}"), // folds only under F and T
            ("\u{131}", "\u{131}"),
            ("\u{212a}", "k"),
            ("\u{17f}ecret", "secret"),
            ("\u{ff29}\u{ff4e}\u{ff53}\u{ff49}\u{ff44}\u{ff45}\u{ff52}", "insider"),
            ("\u{3c2}\u{3a3}", "\u{3c3}\u{3c3}"),
        ];
        for (text, expected) in listed {
            assert_eq!(folded(text), expected);
        }
    }

    #[test]
    fn u4_joiners_and_skin_tones_are_ignored() {
        assert_eq!(folded("\u{1f44d}\u{1f3fd}"), "\u{1f44d}");
        assert_eq!(folded("\u{2764}\u{fe0f}"), "\u{2764}");
        assert_eq!(folded("\u{915}\u{94d}\u{200d}\u{937}"), "\u{915}\u{94d}\u{937}");
    }

    #[test]
    fn t3_paragraph_breaks_are_remembered() {
        let mut view = View::default();
        for (text, n_breaks) in [
            ("a\nb", 0),
            ("a\r\nb", 0),
            ("a\n\nb", 1),
            ("a\r\n \r\nb", 1),
            ("a\u{2029}b", 1),
        ] {
            view.fill(text);
            assert_eq!((view.text(), view.breaks().len()), ("a b", n_breaks), "{text:?}");
        }
    }

    #[test]
    fn u2_half_a_ligature_covers_it_whole() {
        let mut view = View::default();
        view.fill("a \u{fb01}x");
        assert_eq!(view.text(), "a fix");
        assert_eq!((view.original_start(3), view.original_end(4)), (2, 5));
        assert_eq!((view.original_start(4), view.original_end(5)), (5, 6));
    }

    /// Characters that compose, vanish, expand or change their length, among plain ones.
    fn hostile() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(
            "aAeK k\u{301}\u{308}\u{323}\u{345}\u{200b}\u{200d}\u{ad}\u{fe0f}\u{fb01}\u{df}\u{1e9e}\u{130}\u{212a}\u{b4}\u{a0}\u{3000}\n\r\t  \u{2029}\
             \u{1100}\u{1161}\u{11a8}\u{ac00}\u{ff9e}\u{ff76}\u{30ab}\u{fdfa}\u{3392}\u{1d160}\u{915}\u{93c}\u{9c7}\u{9be}\u{1f44d}\u{1f3fd}\u{673a}\u{23a}\u{fc5e}"
                .chars()
                .collect::<Vec<_>>(),
        );
        prop::collection::vec(prop_oneof![4 => odd, 1 => any::<char>()], 0..24).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn u1_segments_change_nothing(source in hostile()) {
            prop_assert_eq!(folded(&source), by_definition(&source));
        }

        #[test]
        fn u2_every_hit_leads_back(source in hostile()) {
            for fill in [View::fill, View::fill_raw, View::fill_digits] {
                let mut view = View::default();
                fill(&mut view, &source);
                let mut again = View::default();
                let edges: Vec<usize> = view.text().char_indices().map(|(at, _)| at).chain([view.text().len()]).collect();
                for (index, &start) in edges.iter().enumerate() {
                    for &end in &edges[index + 1..] {
                        let (from, to) = (view.original_start(start), view.original_end(end));
                        prop_assert!(from < to && source.is_char_boundary(from) && source.is_char_boundary(to));
                        fill(&mut again, &source[from..to]);
                        let wanted = &view.text()[start..end];
                        prop_assert!(again.text().contains(wanted), "{:?} {:?} {:?}", source, &source[from..to], again);
                    }
                }
            }
        }

        #[test]
        fn u1_digits_change_nothing_else(source in "[a7\u{661}\u{ff19}\u{1d7d8}\u{e9}\n ]{0,12}") {
            let mut view = View::default();
            view.fill_digits(&source);
            let expected: String = source.chars().map(|c| decimal(c).unwrap_or(c)).collect();
            prop_assert_eq!(view.text(), expected);
        }
    }
}
