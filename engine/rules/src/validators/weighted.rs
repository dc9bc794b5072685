//! Weighted sums: what most national numbers have for a check digit.

/// A sum of the characters' values, each times a weight, that has to leave a remainder.
///
/// A digit is worth itself, a letter 10 (`A`) to 35 (`Z`); a last `X` where the modulus is 11 is worth 10.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Weighted {
    /// The weight of each character of the number, that of a check character being 1.
    pub(super) weights: Vec<i32>,
    pub(super) modulus: u32,
    /// What the sum leaves.
    pub(super) remainder: u32,
    /// Where the check character stands, if it is told apart: one whose value would be 10 is then written `0`.
    pub(super) ten_is_zero: Option<usize>,
    /// How the number is written where its separators are of two sorts.
    pub(super) layout: Option<String>,
}

impl Weighted {
    /// Whether a number has the remainder.
    pub(super) fn accepts(&self, number: &str) -> bool {
        if number.len() != self.weights.len() {
            return false;
        }
        let last = self.weights.len() - 1;
        let value = |(at, c): (usize, char)| match c {
            'X' if at == last && self.modulus == 11 => Some(10),
            c => c.to_digit(36),
        };
        let Some(values) = number.chars().enumerate().map(value).collect::<Option<Vec<u32>>>() else {
            return false;
        };
        let leaves = |values: &[u32]| {
            let terms = values
                .iter()
                .zip(&self.weights)
                .map(|(value, weight)| i64::from(*value) * i64::from(*weight));
            terms.sum::<i64>().rem_euclid(i64::from(self.modulus)) == i64::from(self.remainder)
        };
        let as_ten = |at: usize| {
            let mut values = values.clone();
            values[at] == 0 && {
                values[at] = 10;
                leaves(&values)
            }
        };
        leaves(&values) || self.ten_is_zero.is_some_and(as_ten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(weights: &[i32], modulus: u32, remainder: u32, ten_is_zero: Option<usize>, number: &str) -> bool {
        let weighted = Weighted {
            weights: weights.to_vec(),
            modulus,
            remainder,
            ten_is_zero,
            layout: None,
        };
        weighted.accepts(number)
    }

    #[test]
    fn v1_national_numbers_as_weights() {
        let abn = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
        // The first digit counts one less.
        assert!(accepts(&abn, 89, 10, None, "51824753556"));
        assert!(!accepts(&abn, 89, 10, None, "51824753557"));
        assert!(accepts(&[9, 8, 7, 6, 5, 4, 3, 2, -1], 11, 0, None, "111222333"));
        assert!(accepts(&[1, 4, 3, 7, 5, 8, 6, 9, 10], 11, 0, None, "876543210"));
        assert!(accepts(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 11, 0, None, "080442957X"));
        assert!(!accepts(&[1, 1], 11, 0, None, "X1"));
    }

    #[test]
    fn v1_a_check_digit_of_ten() {
        let inn = [-2, -4, -10, -3, -5, -9, -4, -6, -8, 1];
        assert!(accepts(&inn, 11, 0, Some(9), "7830002293"));
        // 10 written as 0.
        let sum: i32 = [1, 0, 0, 0, 0, 0, 0, 0, 1]
            .iter()
            .zip(&inn)
            .map(|(digit, weight)| digit * weight)
            .sum();
        assert_eq!(sum, -10);
        assert!(accepts(&inn, 11, 0, Some(9), "1000000010"));
        assert!(!accepts(&inn, 11, 0, None, "1000000010"));
    }
}
