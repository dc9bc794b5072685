//! Which parts of a message a rule looks at.

use lexhold_model::{Field, PartKind};

use crate::Part;

/// A set of the parts that a message can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartSet(u8);

/// What a rule may name under `parts`, in the order of the bits.
pub(crate) const PART_NAMES: [&str; 7] = [
    "subject",
    "authored",
    "quoted",
    "forwarded",
    "signature",
    "disclaimer",
    "attachment_names",
];

impl PartSet {
    /// Every part.
    pub const ALL: PartSet = PartSet((1 << PART_NAMES.len()) - 1);

    /// No part.
    pub(crate) const NONE: PartSet = PartSet(0);

    /// The set with one more part, given by its name; `None` if there is none of that name.
    pub(crate) fn with(self, name: &str) -> Option<Self> {
        let bit = PART_NAMES.iter().position(|known| *known == name)?;
        Some(PartSet(self.0 | 1 << bit))
    }

    /// Whether a part belongs to the set.
    pub fn contains(self, part: &Part<'_>) -> bool {
        let bit = match (part.field, part.kind) {
            (Field::Subject, _) => 0,
            (Field::AttachmentName(_), _) => 6,
            (Field::Text, PartKind::Authored) => 1,
            (Field::Text, PartKind::Quoted) => 2,
            (Field::Text, PartKind::Forwarded) => 3,
            (Field::Text, PartKind::Signature) => 4,
            (Field::Text, PartKind::Disclaimer) => 5,
        };
        self.0 & (1 << bit) != 0
    }

    /// The names of its parts, as rules write them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let is_in = move |(bit, name): (usize, &'static str)| (self.0 & (1 << bit) != 0).then_some(name);
        PART_NAMES.into_iter().enumerate().filter_map(is_in)
    }
}

impl Default for PartSet {
    fn default() -> Self {
        PartSet::ALL
    }
}
