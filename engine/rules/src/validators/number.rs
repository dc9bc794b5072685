//! The number in a hit, without what people put between its groups.

use icu_properties::props::{EnumeratedProperty, GeneralCategory};

/// The number: decimal digits as ASCII, ASCII letters in upper case, no separators. `None` if there is anything else in
/// it, or separators of two sorts that do not stand as in a layout, where any letter or digit stands for one.
pub(super) fn compact(hit: &str, layouts: &[&str]) -> Option<String> {
    let hit = hit.trim_matches(is_separator);
    let mut number = String::with_capacity(hit.len());
    let mut separators = Vec::new();
    for c in hit.chars() {
        if c.is_ascii_alphanumeric() {
            number.push(c.to_ascii_uppercase());
        } else if is_separator(c) {
            separators.push((number.len(), if c.is_whitespace() { ' ' } else { c }));
        } else {
            number.push(ascii_digit(c)?);
        }
    }
    let of_one_sort = separators.windows(2).all(|pair| pair[0].1 == pair[1].1);
    (of_one_sort || layouts.iter().any(|layout| separators_of(layout) == separators)).then_some(number)
}

/// The separators of a layout, each with how many characters stand before it.
fn separators_of(layout: &str) -> Vec<(usize, char)> {
    let mut n_chars = 0;
    let mut separators = Vec::new();
    for c in layout.chars() {
        if is_separator(c) {
            separators.push((n_chars, c));
        } else {
            n_chars += 1;
        }
    }
    separators
}

/// What people put between the groups of a number.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '/' | '_' | ',' | '\'' | '\u{b7}' | '\u{2010}'..='\u{2015}' | '\u{2212}'
        )
}

/// A decimal digit of any script as ASCII: its set of ten is one range, with zero in front.
fn ascii_digit(c: char) -> Option<char> {
    let is_digit = |c: char| GeneralCategory::for_char(c) == GeneralCategory::DecimalNumber;
    if !is_digit(c) {
        return None;
    }
    // Sets follow one another without a gap only among the mathematical digits, which begin at U+1D7CE.
    let point = u32::from(c);
    let value = if (0x1d7ce..=0x1d7ff).contains(&point) {
        (point - 0x1d7ce) % 10
    } else {
        (1..10)
            .take_while(|back| char::from_u32(point - back).is_some_and(is_digit))
            .count() as u32
    };
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts() {
        let digits = "\u{0660}\u{0669}\u{0967}\u{ff15}\u{1d7ce}\u{1d7d8}\u{1d7ff}\u{1fbf3}";
        assert_eq!(compact(digits, &[]).as_deref(), Some("09150093"));
        assert_eq!(compact("\u{bd}", &[]), None);
    }

    #[test]
    fn v3_one_sort_of_separator() {
        assert_eq!(compact("12 34\u{a0}56", &[]).as_deref(), Some("123456"));
        assert_eq!(compact("12-34 56", &[]), None);
        assert_eq!(compact("ab-12 ", &[]).as_deref(), Some("AB12"));
        assert_eq!(compact("(12)", &[]), None);
    }

    #[test]
    fn v3_two_sorts_where_the_number_is_written_so() {
        let cpf = &["000.000.000-00"];
        assert_eq!(compact("123.456.789-09", cpf).as_deref(), Some("12345678909"));
        assert_eq!(compact("123-456-789-09", cpf).as_deref(), Some("12345678909"));
        assert_eq!(compact("123.456-789.09", cpf), None);
        assert_eq!(compact("123.456.789-09", &[]), None);
    }
}
