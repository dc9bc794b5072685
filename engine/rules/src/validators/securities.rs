//! Numbers of accounts, securities and firms.

/// An IBAN, with the length and form that its country has in SWIFT's registry.
pub(super) fn iban(number: &str) -> bool {
    number.parse::<iban::Iban>().is_ok()
}

/// A legal entity identifier, ISO 17442.
pub(super) fn lei(number: &str) -> bool {
    lei::validate(number)
}

/// Either of the two that carry mod 97-10.
pub(super) fn mod97_10(number: &str) -> bool {
    iban(number) || lei(number)
}

/// An ISIN, ISO 6166.
pub(super) fn isin(number: &str) -> bool {
    isin::parse(number).is_ok()
}

/// A CUSIP or CINS number, ANSI X9.6.
pub(super) fn cusip(number: &str) -> bool {
    cusip::validate(number)
}

/// A SEDOL: digits and consonants, weights 1, 3, 1, 7, 3, 9, 1.
pub(super) fn sedol(number: &str) -> bool {
    let value = |c: char| c.to_digit(36).filter(|_| !"AEIOU".contains(c));
    let Some(values) = number.chars().map(value).collect::<Option<Vec<u32>>>() else {
        return false;
    };
    let weights = [1, 3, 1, 7, 3, 9, 1];
    // Numbers from before 2004 are digits alone; those since begin with a letter.
    let well_formed =
        number.bytes().all(|byte| byte.is_ascii_digit()) || !number.starts_with(|c: char| c.is_ascii_digit());
    let ends_in_digit = number.ends_with(|c: char| c.is_ascii_digit());
    number.len() == weights.len()
        && well_formed
        && ends_in_digit
        && super::check_digits::weighted_sum(&values, &weights).is_multiple_of(10)
}
