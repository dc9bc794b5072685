//! The comparisons with words that are true of a message, as bits.

/// A set of atoms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn new(atoms: usize) -> Self {
        Self(vec![0; atoms.div_ceil(64)])
    }

    pub(crate) fn has(&self, atom: u32) -> bool {
        self.0[atom as usize / 64] >> (atom % 64) & 1 == 1
    }

    pub(crate) fn set(&mut self, atom: u32) {
        self.0[atom as usize / 64] |= 1 << (atom % 64);
    }

    pub(crate) fn unset(&mut self, atom: u32) {
        self.0[atom as usize / 64] &= !(1 << (atom % 64));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * 8
    }
}
