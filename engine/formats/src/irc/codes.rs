//! The bytes of a line as text, and without the codes by which clients colour it.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// The text of a line, and whether it is not UTF-8: then it counts as Windows-1252, which nobody can be sure of.
pub(super) fn decode(line: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(line) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(line).0, true),
    }
}

/// The words without the codes of mIRC for colours and shapes.
pub(super) fn without_codes(text: &str) -> Cow<'_, str> {
    let is_code = |char: char| matches!(char, '\x02'..='\x04' | '\x0f' | '\x11' | '\x16' | '\x1d'..='\x1f');
    if !text.contains(is_code) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_code) {
        shown.push_str(&rest[..at]);
        let code = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        let (most, digit): (usize, fn(&u8) -> bool) = match code {
            0x03 => (2, u8::is_ascii_digit),
            0x04 => (6, u8::is_ascii_hexdigit),
            _ => continue,
        };
        let digits = |text: &str| text.bytes().take(most).take_while(digit).count();
        let front = digits(rest);
        rest = &rest[front..];
        if front > 0
            && let Some(behind) = rest.strip_prefix(',').filter(|behind| digits(behind) > 0)
        {
            rest = &behind[digits(behind)..];
        }
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_words_stay() {
        for (text, shown) in [
            ("plain", "plain"),
            ("\x02bold\x0f \x1dslanted\x1f", "bold slanted"),
            ("\x0304,12red\x03 5 \x031,a \x03123", "red 5 ,a 3"),
            ("\x04ff0000red\x04 é\x16", "red é"),
            ("\x03", ""),
        ] {
            assert_eq!(without_codes(text), shown, "{text:?}");
        }
        assert_eq!(
            decode(b"a\x9ak\xe9"),
            (Cow::Borrowed("aškė").replace('ė', "é").into(), true)
        );
    }
}
