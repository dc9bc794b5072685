//! How evenly a text uses its characters.

use rustc_hash::FxHashMap;

/// Shannon's entropy of a text's characters, in thousandths of a bit a character.
pub(super) fn per_mille(text: &str) -> u32 {
    let mut counts: FxHashMap<char, u32> = FxHashMap::default();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1);
    let mut counts: Vec<u32> = counts.into_values().collect();
    // In a fixed order, so that the sum is rounded alike on every run.
    counts.sort_unstable();
    let n_chars = f64::from(counts.iter().sum::<u32>());
    let bits: f64 = counts
        .iter()
        .map(|count| f64::from(*count) / n_chars)
        .map(|share| -share * share.log2())
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 21 bits"
    )]
    let per_mille = (bits * 1_000.0).round() as u32;
    per_mille
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_texts_have_more() {
        assert_eq!(per_mille("aaaa"), 0);
        assert_eq!(per_mille("abab"), 1_000);
        assert_eq!(per_mille("abcdefgh"), 3_000);
        assert_eq!(per_mille(""), 0);
    }
}
