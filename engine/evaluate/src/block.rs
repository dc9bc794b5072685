//! Paragraphs as they can be known again in a quote: without quote marks, case and the breaks of lines.

use lexhold_model::{ByteSpan, ContentKey, Field, Key};
use lexhold_rules::Part;
use rustc_hash::FxHashMap;

/// The keyed hashes of the paragraphs around hits. Each paragraph is hashed at most once, however many hits it has.
pub(crate) struct Blocks<'p> {
    key: &'p ContentKey,
    parts: &'p [Part<'p>],
    /// Where the paragraphs of a part begin, once it had a hit.
    starts: FxHashMap<usize, Vec<usize>>,
    /// By part and first and last paragraph.
    hashes: FxHashMap<(usize, usize, usize), Key>,
}

impl<'p> Blocks<'p> {
    pub(crate) fn new(key: &'p ContentKey, parts: &'p [Part<'p>]) -> Self {
        Self {
            key,
            parts,
            starts: FxHashMap::default(),
            hashes: FxHashMap::default(),
        }
    }

    /// The hash of the paragraph, or paragraphs, that a hit lies in.
    pub(crate) fn around(&mut self, field: Field, span: ByteSpan) -> Option<Key> {
        let at = self
            .parts
            .iter()
            .rposition(|part| part.field == field && part.base <= span.start())?;
        let part = self.parts[at];
        let starts = self.starts.entry(at).or_insert_with(|| paragraphs(part.text));
        let of = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let first = of(span.start() - part.base);
        let last = of((span.end() - part.base).saturating_sub(1)).max(first);
        let begin = starts.get(first).copied().unwrap_or(0);
        let end = starts.get(last + 1).copied().unwrap_or(part.text.len());
        let key = self.key;
        let hash = || hash(key, part.text.get(begin..end).unwrap_or_default());
        Some(*self.hashes.entry((at, first, last)).or_insert_with(hash))
    }
}

/// A keyed hash of the words of a text, the same for a text and its quote.
pub(crate) fn hash(key: &ContentKey, text: &str) -> Key {
    let mut words = String::with_capacity(text.len());
    for line in text.lines() {
        for word in unmarked(line).1.split_whitespace() {
            words.extend(word.chars().flat_map(char::to_lowercase));
            words.push(' ');
        }
    }
    key.keyed("lexhold block 1", [words.as_bytes()])
}

/// Where the paragraphs of a text begin: after a blank line, after a line of dashes, and where the depth of quoting changes,
/// so that the line that names an author is no part of what he wrote.
fn paragraphs(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = 0;
    let mut before = None;
    for line in text.split_inclusive('\n') {
        let (depth, rest) = unmarked(line);
        let is_break = rest.trim().trim_matches('-').is_empty();
        if (is_break || before != Some(depth)) && at > 0 {
            starts.push(at);
        }
        before = (!is_break).then_some(depth);
        at += line.len();
    }
    starts
}

/// A line's depth of quoting, and the line without its marks.
fn unmarked(line: &str) -> (usize, &str) {
    let mut rest = line.trim_start();
    let mut depth = 0;
    while let Some(less) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("&gt;")) {
        rest = less.trim_start_matches([' ', '\t']);
        depth += 1;
    }
    (depth, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str, what: &str) -> Key {
        let key = ContentKey::new([1; 32]);
        let parts = [Part::authored(Field::Text, text)];
        let start = text.find(what).unwrap();
        let span = ByteSpan::new(start, start + what.len()).unwrap();
        Blocks::new(&key, &parts).around(Field::Text, span).unwrap()
    }

    #[test]
    fn q2_a_paragraph_and_its_quote_have_one_hash() {
        let original = around("Hi Bob,\n\nlet us take\nthis offline, I say\n\nAnn\n", "offline");
        for quote in [
            "On Monday Ann wrote:\n> Hi Bob,\n>\n> let us take this\n> offline, I say\n>\n> Ann\n",
            "Ann wrote:\n\n>> let us take this offline,\n>> I say\n> yes\n",
            "&gt; Let us take this offline, I say\nno",
            "let us take this offline, I say\r\n-- \r\nAnn\r\n",
        ] {
            assert_eq!(around(quote, "offline"), original, "{quote}");
        }
        for other in [
            "let us take this offline, I said\n",
            "> let us take this offline, I say\n> Ann\n",
            "> let us take this offline,\nI say\n",
        ] {
            assert_ne!(around(other, "offline"), original, "{other}");
        }
    }

    #[test]
    fn hits_across_paragraphs_and_at_the_ends_have_a_hash() {
        for (text, what) in [
            ("a\n\nb", "a\n\nb"),
            ("a", "a"),
            ("\n\na", "a"),
            ("a\n", "a\n"),
            (">", ">"),
        ] {
            around(text, what);
        }
        assert_ne!(around("a\n\nb", "a\n\nb"), around("a\n\nb", "a"));
    }
}
