//! Numbers of persons whose check does not come down to one weighted sum.

use super::check_digits::{digits, weighted_sum};

/// Whether a US social security number can have been issued: no area 000, 666 or 9xx, no group 00, no serial 0000.
pub(super) fn ssn(number: &str) -> bool {
    let sound = |number: &str| {
        let (area, group, serial) = (&number[..3], &number[3..5], &number[5..]);
        !matches!(area, "000" | "666") && !area.starts_with('9') && group != "00" && serial != "0000"
    };
    number.len() == 9 && digits(number).is_some() && sound(number)
}

/// Belgium: 97 less the first nine digits modulo 97, which have a 2 in front for those born from 2000 on.
pub(super) fn be_rrn(number: &str) -> bool {
    let Some((base, check)) = split(number, 9, 2) else {
        return false;
    };
    97 - base % 97 == check || 97 - (2_000_000_000 + base) % 97 == check
}

/// Spain: a letter by the number modulo 23; a first X, Y or Z stands for 0, 1 or 2.
pub(super) fn es_nif(number: &str) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let number = match number.as_bytes().first() {
        Some(b'X') => format!("0{}", &number[1..]),
        Some(b'Y') => format!("1{}", &number[1..]),
        Some(b'Z') => format!("2{}", &number[1..]),
        _ => number.to_owned(),
    };
    let (Some(digits), Some(letter)) = (number.get(..8), number.as_bytes().get(8)) else {
        return false;
    };
    let value = whole(digits).and_then(|value| usize::try_from(value % 23).ok());
    number.len() == 9 && value.is_some_and(|value| LETTERS[value] == *letter)
}

/// Finland: a character by the nine digits modulo 31. The sign of the century has been stripped or is a letter.
pub(super) fn fi_hetu(number: &str) -> bool {
    const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (date, individual) = match number.len() {
        10 => number.split_at(6),
        11 if number[6..].starts_with(|c: char| "ABCDEFYXWVU".contains(c)) => (&number[..6], &number[7..]),
        _ => return false,
    };
    let Some(value) = whole(&format!("{date}{}", &individual[..3])) else {
        return false;
    };
    let character = usize::try_from(value % 31).map(|value| CHARACTERS[value]);
    character.is_ok_and(|character| character == individual.as_bytes()[3])
}

/// France: 97 less the first thirteen characters modulo 97. Corsica's 2A and 2B count as 19 and 18.
pub(super) fn fr_nir(number: &str) -> bool {
    let Some(department) = number.get(5..7) else {
        return false;
    };
    let number = match department {
        "2A" => format!("{}19{}", &number[..5], &number[7..]),
        "2B" => format!("{}18{}", &number[..5], &number[7..]),
        _ => number.to_owned(),
    };
    split(&number, 13, 2).is_some_and(|(base, check)| 97 - base % 97 == check)
}

/// Italy: a letter by values of the other fifteen, which count differently at odd and at even places.
pub(super) fn it_codice_fiscale(number: &str) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
    ];
    let (Some(head), Some(check)) = (number.get(..15), number.as_bytes().get(15)) else {
        return false;
    };
    let value = |(at, byte): (usize, u8)| {
        let value = if byte.is_ascii_digit() {
            byte - b'0'
        } else {
            byte - b'A'
        };
        if at % 2 == 0 {
            ODD[usize::from(value)]
        } else {
            u32::from(value)
        }
    };
    let sum: u32 = head.bytes().enumerate().map(value).sum();
    number.len() == 16 && check.is_ascii_uppercase() && sum % 26 == u32::from(check - b'A')
}

/// Poland: weights 1, 3, 7, 9, and a date of birth whose month carries the century.
pub(super) fn pl_pesel(number: &str) -> bool {
    let weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1];
    digits(number).is_some_and(|digits| {
        let (month, day) = ((digits.get(2), digits.get(3)), (digits.get(4), digits.get(5)));
        let in_range = |pair: (Option<&u32>, Option<&u32>), modulus: u32, last: u32| match pair {
            (Some(tens), Some(ones)) => (1..=last).contains(&((tens * 10 + ones) % modulus)),
            _ => false,
        };
        digits.len() == 11
            && weighted_sum(&digits, &weights).is_multiple_of(10)
            && in_range(month, 20, 12)
            && in_range(day, 100, 31)
    })
}

/// Singapore: a letter by weights 2, 7, 6, 5, 4, 3, 2, from a list that depends on the first letter.
pub(super) fn sg_nric(number: &str) -> bool {
    let (letters, offset): (&[u8; 11], u32) = match number.as_bytes().first() {
        Some(b'S') => (b"JZIHGFEDCBA", 0),
        Some(b'T') => (b"JZIHGFEDCBA", 4),
        Some(b'F') => (b"XWUTRQPNMLK", 0),
        Some(b'G') => (b"XWUTRQPNMLK", 4),
        Some(b'M') => (b"XWUTRQPNJLK", 3),
        _ => return false,
    };
    let (Some(digits), Some(check)) = (number.get(1..8).and_then(digits), number.as_bytes().get(8)) else {
        return false;
    };
    let sum = weighted_sum(&digits, &[2, 7, 6, 5, 4, 3, 2]) + offset;
    // The list of M is counted from its end.
    let at = if number.starts_with('M') {
        10 - sum as usize % 11
    } else {
        sum as usize % 11
    };
    number.len() == 9 && letters[at] == *check
}

/// Turkey: two check digits, over the odd and even places and over the first ten.
pub(super) fn tr_kimlik(number: &str) -> bool {
    let Some(digits) = digits(number).filter(|digits| digits.len() == 11 && digits[0] > 0) else {
        return false;
    };
    let odd: u32 = digits[..9].iter().step_by(2).sum();
    let even: u32 = digits[1..8].iter().step_by(2).sum();
    let first: u32 = digits[..10].iter().sum();
    (odd * 7 + 90 - even) % 10 == digits[9] && first % 10 == digits[10]
}

/// The first and the second number in one, if it is so many digits and so many more.
fn split(number: &str, first: usize, second: usize) -> Option<(u64, u64)> {
    let (head, tail) = (number.get(..first)?, number.get(first..)?);
    Some((whole(head)?, whole(tail).filter(|_| tail.len() == second)?))
}

/// The number that digits stand for, if there is nothing else.
fn whole(digits: &str) -> Option<u64> {
    super::check_digits::digits(digits)?;
    digits.parse().ok()
}
