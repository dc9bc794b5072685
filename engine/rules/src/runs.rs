//! Runs of word bytes and of white space in ASCII text, found 64 bytes at a time, and the hashes of tokens.

use std::ops::ControlFlow;

use crate::blocks::{BLOCK, Block};

const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// Calls `found` with every run of ASCII letters, digits and underscores that holds more than underscores, until it
/// breaks. Bytes outside ASCII belong to no run.
#[inline(always)]
pub(crate) fn for_each_run<B>(text: &[u8], mut found: impl FnMut(usize, usize) -> ControlFlow<B>) -> ControlFlow<B> {
    // Where the run that goes on from the block before begins.
    let (mut start, mut goes_on) = (0, false);
    for_each_block(text, |base, block| {
        let words = block.words();
        let behind = words << 1 | u64::from(goes_on);
        let (mut starts, mut ends) = (words & !behind, !words & behind);
        let first = |starts: u64| base + starts.trailing_zeros() as usize;
        if !goes_on {
            start = first(starts);
            starts &= starts.wrapping_sub(1);
        }
        while ends != 0 {
            let end = first(ends);
            if text[start] != b'_' || text[start..end].iter().any(|byte| *byte != b'_') {
                found(start, end)?;
            }
            start = first(starts);
            (starts, ends) = (starts & starts.wrapping_sub(1), ends & (ends - 1));
        }
        goes_on = words >> (BLOCK - 1) == 1;
        ControlFlow::Continue(())
    })
}

/// Calls `found` with every run of ASCII white space that is longer than one byte or holds a form feed.
pub(crate) fn for_each_wide_space(text: &[u8], mut found: impl FnMut(usize, usize)) {
    let (mut goes_on, mut passed) = (false, 0);
    let _ = for_each_block(text, |base, block| {
        let spaces = block.spaces();
        let mut wide = spaces & (spaces << 1 | u64::from(goes_on)) | block.form_feeds();
        goes_on = spaces >> (BLOCK - 1) == 1;
        while wide != 0 {
            let at = base + wide.trailing_zeros() as usize;
            wide &= wide - 1;
            if at >= passed {
                let start = at - usize::from(at > passed && is_space(text[at - 1]));
                passed = at + text[at..].iter().take_while(|byte| is_space(**byte)).count();
                found(start, passed);
            }
        }
        ControlFlow::<()>::Continue(())
    });
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// Calls `look` with every block of a text and where it begins. The last one is padded with zeros, at least one.
#[inline(always)]
fn for_each_block<B>(text: &[u8], mut look: impl FnMut(usize, Block) -> ControlFlow<B>) -> ControlFlow<B> {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    for at in 0..=blocks.len() {
        look(at * BLOCK, Block::new(blocks.get(at).unwrap_or(&last)))?;
    }
    ControlFlow::Continue(())
}

/// The hash of a token, the same for both cases of ASCII letters. It reads beyond the token where the text goes on,
/// so that short tokens take one step.
#[inline(always)]
pub(crate) fn hash(text: &[u8], start: usize, end: usize) -> u64 {
    const CASE: u64 = ONES * 0x20;
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = end - start;
    let mixed = if length <= 8 {
        (load(text, start, end) | CASE) & (u64::MAX >> (64 - 8 * length))
    } else {
        let mut mixed = length as u64;
        let mut at = start;
        while at + 8 < end {
            mixed = (mixed ^ (load(text, at, end) | CASE)).wrapping_mul(ODD).rotate_left(29);
            at += 8;
        }
        mixed ^ (load(text, end - 8, end) | CASE)
    };
    let product = mixed.wrapping_mul(ODD);
    product ^ (product >> 32)
}

/// The hash of two tokens in a row.
#[inline]
pub(crate) fn pair(first: u64, second: u64) -> u64 {
    let product = (first.rotate_left(23) ^ second).wrapping_mul(0xd6e8_feb8_6659_fd93);
    product ^ (product >> 32)
}

/// Eight bytes from `at` on; where the text ends before, those up to `end`.
#[inline(always)]
fn load(text: &[u8], at: usize, end: usize) -> u64 {
    match text[at..].first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text[at..end]
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(text: &[u8]) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let _ = for_each_run(text, |start, end| {
            runs.push((start, end));
            ControlFlow::<()>::Continue(())
        });
        runs
    }

    fn by_definition(text: &[u8]) -> Vec<(usize, usize)> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let mut at = 0;
        let mut runs = Vec::new();
        for run in text.chunk_by(|one, other| is_word(one) == is_word(other)) {
            if run.iter().all(is_word) && run.iter().any(|byte| *byte != b'_') {
                runs.push((at, at + run.len()));
            }
            at += run.len();
        }
        runs
    }

    fn wide_spaces(text: &[u8]) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        for_each_wide_space(text, |start, end| runs.push((start, end)));
        runs
    }

    fn wide_by_definition(text: &[u8]) -> Vec<(usize, usize)> {
        let mut at = 0;
        let mut runs = Vec::new();
        for run in text.chunk_by(|one, other| is_space(*one) == is_space(*other)) {
            if is_space(run[0]) && (run.len() > 1 || run[0] == b'\x0c') {
                runs.push((at, at + run.len()));
            }
            at += run.len();
        }
        runs
    }

    #[test]
    fn every_byte_is_told() {
        for byte in 0..=255 {
            let text = [b' ', byte, b' '];
            assert_eq!(runs(&text), by_definition(&text), "{byte}");
            let text = [b'a', byte, byte, b'a'];
            assert_eq!(wide_spaces(&text), wide_by_definition(&text), "{byte}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn runs_are_those_of_the_definition(text in "[a-cX0_ .\u{e9}]{0,200}") {
            prop_assert_eq!(runs(text.as_bytes()), by_definition(text.as_bytes()));
        }

        #[test]
        fn wide_spaces_are_those_of_the_definition(text in "(a|[a ]{0,3}|[ \n\x0c\x0b]{0,4}|[ ]{60,70}|[a]{55,70}){0,20}") {
            prop_assert_eq!(wide_spaces(text.as_bytes()), wide_by_definition(text.as_bytes()));
        }

        #[test]
        fn hashes_tell_tokens_wherever_they_stand(token in "[a-z0-9\u{430}\u{e9}]{1,30}", before in "[a-z ]{0,9}", behind in "[a-z ]{0,9}") {
            let alone = hash(token.as_bytes(), 0, token.len());
            let text = format!("{before}{}{behind}", token.to_ascii_uppercase());
            prop_assert_eq!(hash(text.as_bytes(), before.len(), before.len() + token.len()), alone);
            let longer = format!("{token}a");
            prop_assert_ne!(hash(longer.as_bytes(), 0, longer.len()), alone);
        }
    }
}
