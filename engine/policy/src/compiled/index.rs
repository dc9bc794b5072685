//! Which tests have to be evaluated at all: those that can only be true, or fail, where some atom is true.

use super::expr::Test;
use super::sure::sure;

/// Atoms of which at least one is true wherever a test is true or fails; `None` where none can be named.
///
/// Evaluation goes from left to right. What stands before an operand that cannot be true without an atom decides
/// whether that operand is reached: only if nothing before it can fail is the test false, and not in error, without
/// the atom.
pub(crate) fn required(test: &Test, cost: &impl Fn(u32) -> u64) -> Option<Vec<u32>> {
    match test {
        Test::Const(false) => Some(Vec::new()),
        Test::Const(true) | Test::Not(_) | Test::Fails(_) | Test::Value(_) => None,
        Test::Atom(atom) => Some(vec![*atom]),
        Test::All(tests) => {
            let mut best: Option<Vec<u32>> = None;
            for test in tests {
                let found = required(test, cost);
                let cheaper = |one: &[u32], other: &[u32]| total(one, cost) < total(other, cost);
                best = match (best, found) {
                    (Some(best), Some(found)) if cheaper(&found, &best) => Some(found),
                    (None, found) => found,
                    (best, _) => best,
                };
                if !sure(test) {
                    break;
                }
            }
            best
        }
        Test::Any(tests) => union(tests, cost),
        Test::If(branches) => {
            let [condition, then, otherwise] = &**branches;
            let mut found = sure(condition).then(|| required(then, cost)).flatten()?;
            found.extend(required(otherwise, cost)?);
            Some(found)
        }
    }
}

fn union(tests: &[Test], cost: &impl Fn(u32) -> u64) -> Option<Vec<u32>> {
    let mut found = Vec::new();
    for test in tests {
        found.extend(required(test, cost)?);
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn total(atoms: &[u32], cost: &impl Fn(u32) -> u64) -> u64 {
    atoms.iter().map(|atom| cost(*atom)).sum()
}

/// Every atom of a test, as often as it stands there.
pub(crate) fn atoms(test: &Test, into: &mut Vec<u32>) {
    match test {
        Test::Atom(atom) => into.push(*atom),
        Test::Not(test) => atoms(test, into),
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| atoms(test, into)),
        Test::If(branches) => branches.iter().for_each(|test| atoms(test, into)),
        Test::Const(_) | Test::Fails(_) | Test::Value(_) => {}
    }
}
