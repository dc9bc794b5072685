//! What the views and tokens ask about characters.

use std::sync::LazyLock;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed};
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// The versions of Unicode behind word boundaries, normalisation and look-alikes. They are pinned by the lock file, and
/// change only with a release that says so, because hits may change with them.
pub const UNICODE_VERSIONS: [(&str, (u64, u64, u64)); 3] = [
    ("word boundaries", unicode_segmentation::UNICODE_VERSION),
    ("normalisation", {
        let (major, minor, update) = unicode_normalization::UNICODE_VERSION;
        (major as u64, minor as u64, update as u64)
    }),
    ("look-alikes", unicode_security::UNICODE_VERSION),
];

/// The version of the library that says what patterns mean.
pub const REGEX_SYNTAX_VERSION: &str = "0.8.11";

const FOLD: CaseMapperBorrowed<'static> = CaseMapper::new();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
const PICTOGRAPHIC: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<ExtendedPictographic>();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();

/// Zero width joiner: vanishes from the folded view, but keeps an emoji sequence one token.
pub(crate) const JOINER: char = '\u{200d}';

/// Simple case folding, statuses C and S, in no locale.
pub(crate) fn fold(c: char) -> char {
    FOLD.simple_fold(c)
}

/// Whether the folded view leaves a character out: default-ignorables and skin tones.
pub(crate) fn is_dropped(c: char) -> bool {
    !c.is_ascii() && (matches!(c, '\u{1f3fb}'..='\u{1f3ff}') || IGNORABLE.contains(c))
}

/// Whether nothing before a character can change what it normalises to.
pub(crate) fn starts_segment(c: char) -> bool {
    if c.is_ascii() || simple(c).is_some() {
        return true;
    }
    let first = first_of_decomposition(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(std::iter::once(first)) == IsNormalized::Yes
}

/// What a character folds to, if it stands for itself under NFKC, starts a segment, and is neither dropped nor
/// white space. Answers for the basic plane outside ASCII; others take the slow way.
pub(crate) fn simple(c: char) -> Option<char> {
    static SIMPLE: LazyLock<Box<[u16]>> = LazyLock::new(simple_table);
    match SIMPLE.get(c as usize) {
        None | Some(0) => None,
        Some(folded) => char::from_u32(u32::from(*folded)),
    }
}

/// The ASCII digit that a decimal digit of another script stands for.
pub(crate) fn decimal(c: char) -> Option<char> {
    if CATEGORY.get(c) != GeneralCategory::DecimalNumber {
        return None;
    }
    // Decimal digits come in runs of ten, in order, from zero: Unicode promises that.
    static ZEROS: LazyLock<Vec<u32>> = LazyLock::new(|| {
        let runs = CATEGORY.iter_ranges_for_value(GeneralCategory::DecimalNumber);
        runs.flat_map(|run| run.step_by(10)).collect()
    });
    let point = u32::from(c);
    let zero = ZEROS[ZEROS.partition_point(|zero| *zero <= point) - 1];
    char::from_digit(point - zero, 10)
}

/// Whether a token may hold a character: a letter, mark, digit or connector.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric()
        || CATEGORY.get(c) == GeneralCategory::ConnectorPunctuation
        || GeneralCategoryGroup::Mark.contains(CATEGORY.get(c))
}

/// Whether a character makes a token without holding a letter or digit: emoji, flags, keycaps.
pub(crate) fn is_emoji(c: char) -> bool {
    c >= '\u{2000}' && (matches!(c, '\u{20e3}' | '\u{1f1e6}'..='\u{1f1ff}') || PICTOGRAPHIC.contains(c))
}

/// Whether a character is a symbol by category: currency, mathematics, modifiers, pictures.
pub(crate) fn is_symbol(c: char) -> bool {
    GeneralCategoryGroup::Symbol.contains(CATEGORY.get(c))
}

fn first_of_decomposition(c: char) -> char {
    let mut first = None;
    decompose_compatible(c, |d| {
        first.get_or_insert(d);
    });
    first.unwrap_or(c)
}

fn simple_table() -> Box<[u16]> {
    let entry = |point: u32| {
        let c = char::from_u32(point).filter(|c| !c.is_ascii())?;
        let itself = || std::iter::once(c).nfkc().eq(std::iter::once(c));
        let starts = canonical_combining_class(c) == 0 && is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes;
        let simple = starts && itself() && !is_dropped(c) && !c.is_whitespace();
        simple.then(|| u16::try_from(u32::from(fold(c))).ok()).flatten()
    };
    (0..=0xffff).map(|point| entry(point).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_slow_way() {
        for c in ('\u{80}'..='\u{ffff}').filter(|c| simple(*c).is_some()) {
            let slow: String = std::iter::once(c).nfkc().map(fold).collect();
            assert_eq!(slow, simple(c).unwrap().to_string(), "{:x}", c as u32);
            assert!(!is_dropped(c) && !c.is_whitespace());
        }
    }

    #[test]
    fn normalising_makes_nothing_that_is_dropped() {
        for c in ('\0'..=char::MAX).filter(|c| !is_dropped(*c)) {
            assert!(!std::iter::once(c).nfkc().any(is_dropped), "{:x}", c as u32);
        }
    }

    #[test]
    fn decimal_digits_are_those_of_the_standard() {
        let digits = [
            ('7', '7'),
            ('\u{665}', '5'),
            ('\u{96f}', '9'),
            ('\u{ff10}', '0'),
            ('\u{1d7ff}', '9'),
            ('\u{1d7d8}', '0'),
        ];
        for (digit, ascii) in digits {
            assert_eq!(decimal(digit), Some(ascii));
        }
        assert!(
            ['\u{b2}', '\u{2460}', '\u{4e00}', 'a']
                .iter()
                .all(|c| decimal(*c).is_none())
        );
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for c in '\0'..=char::MAX {
            assert_eq!(fold(fold(c)), fold(c));
        }
    }
}
