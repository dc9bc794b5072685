//! Comparisons with words first, where their order makes no difference: they cost next to nothing.

use super::expr::Test;
use super::sure::sure;

/// Puts the tests that are bits before those that are not, among neighbours that cannot fail.
///
/// The others keep their order: the one that reads an optional attribute stands behind the one that asks for it.
pub(crate) fn bits_first(test: &mut Test) {
    match test {
        Test::All(tests) | Test::Any(tests) => {
            tests.iter_mut().for_each(bits_first);
            for neighbours in tests.chunk_by_mut(|one, other| sure(one) && sure(other)) {
                neighbours.sort_by_key(|test| !is_bits(test));
            }
        }
        Test::Not(test) => bits_first(test),
        Test::If(branches) => branches.iter_mut().for_each(bits_first),
        Test::Const(_) | Test::Atom(_) | Test::Fails(_) | Test::Value(_) => {}
    }
}

/// Whether a test is made of comparisons with words alone.
fn is_bits(test: &Test) -> bool {
    match test {
        Test::Const(_) | Test::Atom(_) => true,
        Test::Not(test) => is_bits(test),
        Test::All(tests) | Test::Any(tests) => tests.iter().all(is_bits),
        Test::If(branches) => branches.iter().all(is_bits),
        Test::Fails(_) | Test::Value(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiled::expr::{Binary, Expr};
    use crate::compiled::value::Literal;

    fn count_over_five() -> Test {
        let attr = |of, name: &str| Expr::Attr(Box::new(of), name.into());
        let count = attr(attr(Expr::Resource, "recipients"), "count");
        let operands = (Expr::Literal(Literal::Long(5)), count);
        Test::Value(Box::new(Expr::Binary(Binary::Less, Box::new(operands))))
    }

    #[test]
    fn bits_go_before_what_cannot_fail_and_stay_behind_what_can() {
        let fails = Test::Fails("a number is too large".into());
        let not = |atom| Test::Not(Box::new(Test::Atom(atom)));
        let mut test = Test::All(
            [
                count_over_five(),
                not(1),
                fails.clone(),
                count_over_five(),
                Test::Atom(2),
            ]
            .into(),
        );
        bits_first(&mut test);
        let expected = [not(1), count_over_five(), fails, Test::Atom(2), count_over_five()];
        assert_eq!(test, Test::All(expected.into()));
    }
}
