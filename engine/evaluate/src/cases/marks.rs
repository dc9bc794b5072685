//! «Marks» around the words of a test's text that a hit has to cover, no more and no less.

use std::ops::Range;

/// A text without its marks, and the ranges that they stood around.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    /// What the message says.
    pub text: String,
    /// Bytes of it.
    pub spans: Vec<Range<usize>>,
}

/// Takes the marks out of a text. Doubled ones mean themselves.
///
/// # Errors
/// The byte of the text as written at which a mark has no other half, and why.
pub(super) fn unmarked(written: &str) -> Result<Marked, (usize, &'static str)> {
    let mut marked = Marked::default();
    let mut open = None;
    let mut characters = written.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if !matches!(c, '«' | '»') || characters.next_if(|(_, next)| *next == c).is_some() {
            marked.text.push(c);
            continue;
        }
        open = match (c, open) {
            ('«', None) => Some((at, marked.text.len())),
            ('«', Some(_)) => return Err((at, "a mark inside another")),
            (_, Some((_, start))) => {
                marked.spans.push(start..marked.text.len());
                None
            }
            (_, None) => return Err((at, "a mark that closes none")),
        };
    }
    match open {
        Some((at, _)) => Err((at, "a mark that is never closed")),
        None => Ok(marked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> (String, Vec<String>) {
        let marked = unmarked(written).unwrap();
        let spans = marked.spans.iter().map(|span| marked.text[span.clone()].to_owned());
        (marked.text.clone(), spans.collect())
    }

    #[test]
    fn marks_are_taken_out_and_doubled_ones_kept() {
        assert_eq!(read("no marks"), ("no marks".into(), vec![]));
        assert_eq!(
            read("é «guarantee returns» and «more»"),
            (
                "é guarantee returns and more".into(),
                vec!["guarantee returns".into(), "more".into()]
            )
        );
        assert_eq!(read("««non»» «x««y»»»"), ("«non» x«y»".into(), vec!["x«y»".into()]));
        assert_eq!(unmarked("a «b"), Err((2, "a mark that is never closed")));
        assert_eq!(unmarked("a b»"), Err((3, "a mark that closes none")));
        assert_eq!(unmarked("«a «b»»"), Err((4, "a mark inside another")));
    }
}
