//! True, false, and not known.

use std::ops::{BitAnd, BitOr};

use serde::{Deserialize, Serialize};

/// A truth value by Kleene's strong logic: what is unknown stays unknown unless the other side settles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tri {
    /// Definitely not.
    False,
    /// It could not be found out.
    Unknown,
    /// Definitely so.
    True,
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Tri::True } else { Tri::False }
    }
}

impl BitAnd for Tri {
    type Output = Tri;

    fn bitand(self, other: Tri) -> Tri {
        match (self, other) {
            (Tri::False, _) | (_, Tri::False) => Tri::False,
            (Tri::True, Tri::True) => Tri::True,
            _ => Tri::Unknown,
        }
    }
}

impl BitOr for Tri {
    type Output = Tri;

    fn bitor(self, other: Tri) -> Tri {
        match (self, other) {
            (Tri::True, _) | (_, Tri::True) => Tri::True,
            (Tri::False, Tri::False) => Tri::False,
            _ => Tri::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tri::{self, False, True, Unknown};

    const ALL: [Tri; 3] = [False, Unknown, True];

    #[test]
    fn and_is_the_lesser_and_or_the_greater() {
        let table = |op: fn(Tri, Tri) -> Tri| ALL.map(|a| ALL.map(|b| op(a, b)));
        assert_eq!(
            table(|a, b| a & b),
            [[False, False, False], [False, Unknown, Unknown], [False, Unknown, True]]
        );
        assert_eq!(
            table(|a, b| a | b),
            [[False, Unknown, True], [Unknown, Unknown, True], [True, True, True]]
        );
    }
}
