//! From bytes of a text to the lines and columns of an editor, and back.

/// In what an editor counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of sixteen bits: a character beyond the basic plane, most emoji say, takes two.
    Utf16,
}

impl Encoding {
    fn width(self, text: &str) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// A place between two characters of a text, as an editor names it.
///
/// # Units
/// Both count from zero; columns in the units of an [`Encoding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// Where each line of a text begins. Lines end with `\n`, `\r\n` or `\r`, as editors have it.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    /// Finds the lines of a text.
    pub fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = (0..bytes.len()).filter(|at| match bytes[*at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|at| at + 1)).collect();
        Self { text, starts, encoding }
    }

    /// The spot of a byte; one inside a character is taken for its beginning, one behind the text for its end.
    pub fn spot(&self, byte: usize) -> Spot {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        let column = self.encoding.width(&self.text[self.starts[line]..byte]);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Spot {
            line: count(line),
            column: count(column),
        }
    }

    /// The byte at a spot; one behind its line's end is taken for that end, one behind the text for the text's.
    pub fn byte(&self, spot: Spot) -> usize {
        let line = spot.line as usize;
        let Some(start) = self.starts.get(line).copied() else {
            return self.text.len();
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim_end_matches(['\r', '\n']);
        let mut left = spot.column as usize;
        for (at, character) in line.char_indices() {
            let width = self.encoding.width(&line[at..at + character.len_utf8()]);
            if left < width {
                return start + at;
            }
            left -= width;
        }
        start + line.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spot(line: u32, column: u32) -> Spot {
        Spot { line, column }
    }

    #[test]
    fn columns_are_counted_in_the_units_of_the_editor() {
        let text = "a: é\r\nb: 😀x\rc\n";
        for (needle, utf8, utf16) in [
            ("a", (0, 0), (0, 0)),
            ("é", (0, 3), (0, 3)),
            ("\r\nb", (0, 5), (0, 4)),
            ("😀", (1, 3), (1, 3)),
            ("x", (1, 7), (1, 5)),
            ("c", (2, 0), (2, 0)),
        ] {
            let byte = text.find(needle).unwrap();
            for (encoding, (line, column)) in [(Encoding::Utf8, utf8), (Encoding::Utf16, utf16)] {
                let lines = Lines::new(text, encoding);
                assert_eq!(lines.spot(byte), spot(line, column), "{needle:?} {encoding:?}");
                assert_eq!(lines.byte(spot(line, column)), byte, "{needle:?} {encoding:?}");
            }
        }
        assert_eq!(Lines::new(text, Encoding::Utf16).spot(text.len()), spot(3, 0));
    }

    #[test]
    fn what_lies_outside_is_taken_for_the_nearest_inside() {
        let text = "a: 😀\r\nb\n";
        let lines = Lines::new(text, Encoding::Utf16);
        for (at, expected) in [
            ((0, 4), "a: ".len()),
            ((0, 99), "a: 😀".len()),
            ((1, u32::MAX), "a: 😀\r\nb".len()),
            ((2, 0), text.len()),
            ((u32::MAX, 7), text.len()),
        ] {
            assert_eq!(lines.byte(spot(at.0, at.1)), expected, "{at:?}");
        }
        assert_eq!(lines.spot(usize::MAX), spot(2, 0));
        assert_eq!(Lines::new("", Encoding::Utf8).spot(3), spot(0, 0));
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(text in "[a\u{e9}\u{1f600}\u{1f468}\u{200d}\r\n]{0,40}", utf16: bool) {
            let encoding = if utf16 { Encoding::Utf16 } else { Encoding::Utf8 };
            let lines = Lines::new(&text, encoding);
            for (byte, _) in text.char_indices() {
                // Inside of `\r\n` there is no spot.
                if text[..byte].ends_with('\r') && text[byte..].starts_with('\n') {
                    continue;
                }
                prop_assert_eq!(lines.byte(lines.spot(byte)), byte);
            }
        }
    }
}
