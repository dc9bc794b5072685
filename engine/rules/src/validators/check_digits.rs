//! Check digits that are used for more than one thing.

use iso_iec_7064::system::System;

/// Luhn's, over digits alone and at least two of them.
pub(super) fn luhn(number: &str) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let Some(digits) = digits(number).filter(|digits| digits.len() > 1) else {
        return false;
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| if n % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    sum.is_multiple_of(10)
}

/// Verhoeff's, which also catches every swap of two neighbours.
pub(super) fn verhoeff(number: &str) -> bool {
    const TURNS: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    // The product in the symmetries of a pentagon: 0 to 4 turn it, 5 to 9 turn it over.
    let product = |a: usize, b: usize| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (5 + a - b) % 5,
    };
    let Some(digits) = digits(number).filter(|digits| digits.len() > 1) else {
        return false;
    };
    let turned = |digit: u32, times: usize| (0..times % 8).fold(digit as usize, |digit, _| usize::from(TURNS[digit]));
    let check = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |check, (n, digit)| product(check, turned(*digit, n)));
    check == 0
}

/// Of routing numbers: weights 3, 7, 1.
pub(super) fn aba(number: &str) -> bool {
    let weights = [3, 7, 1, 3, 7, 1, 3, 7, 1];
    digits(number).is_some_and(|digits| {
        digits.len() == 9 && digits.iter().any(|digit| *digit > 0) && weighted_sum(&digits, &weights).is_multiple_of(10)
    })
}

/// Of NHS numbers: weights 10 to 2, modulo 11.
pub(super) fn nhs(number: &str) -> bool {
    let weights = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    digits(number).is_some_and(|digits| digits.len() == 10 && weighted_sum(&digits, &weights).is_multiple_of(11))
}

/// ISO 7064 mod 11,10, over digits alone.
pub(super) fn mod11_10(number: &str) -> bool {
    number.len() > 1 && iso_iec_7064::MOD_11_10.validate_string(number)
}

/// ISO 7064 mod 11-2, over digits with a last digit or `X`.
pub(super) fn mod11_2(number: &str) -> bool {
    number.len() > 1 && iso_iec_7064::MOD_11_2.validate_string(number)
}

/// Two different characters at least.
pub(super) fn not_all_same(number: &str) -> bool {
    let mut chars = number.chars();
    let first = chars.next();
    chars.any(|c| Some(c) != first)
}

/// The digits, if there is nothing else.
pub(super) fn digits(number: &str) -> Option<Vec<u32>> {
    number.chars().map(|c| c.to_digit(10)).collect()
}

/// The sum of the digits, each times its weight.
pub(super) fn weighted_sum(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}
