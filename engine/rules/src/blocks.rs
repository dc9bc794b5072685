//! Sixty-four bytes at a time: one bit for each that belongs to a class.

use wide::i8x16;

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 64;

/// A block of text, as four times sixteen bytes. Bytes outside ASCII are negative, so below all others.
#[derive(Clone, Copy)]
pub(crate) struct Block([i8x16; 4]);

impl Block {
    /// The block of these bytes.
    #[inline(always)]
    pub(crate) fn new(bytes: &[u8; BLOCK]) -> Self {
        let sixteen = |at: usize| i8x16::new(std::array::from_fn(|more| bytes[16 * at + more].cast_signed()));
        Block([sixteen(0), sixteen(1), sixteen(2), sixteen(3)])
    }

    /// ASCII letters, digits and underscores.
    #[inline(always)]
    pub(crate) fn words(self) -> u64 {
        self.bits(|bytes| {
            let lower = bytes | i8x16::splat(0x20);
            is_within(lower, b'a', b'z') | is_within(bytes, b'0', b'9') | is(bytes, b'_')
        })
    }

    /// ASCII white space.
    #[inline(always)]
    pub(crate) fn spaces(self) -> u64 {
        self.bits(|bytes| is_within(bytes, b'\t', b'\r') | is(bytes, b' '))
    }

    /// Form feeds.
    #[inline(always)]
    pub(crate) fn form_feeds(self) -> u64 {
        self.bits(|bytes| is(bytes, b'\x0c'))
    }

    #[inline(always)]
    fn bits(self, class: impl Fn(i8x16) -> i8x16) -> u64 {
        let bits = |at: usize| u64::from(class(self.0[at]).to_bitmask()) << (16 * at);
        bits(0) | bits(1) | bits(2) | bits(3)
    }
}

#[inline(always)]
fn is(bytes: i8x16, byte: u8) -> i8x16 {
    bytes.simd_eq(i8x16::splat(byte.cast_signed()))
}

/// The bytes from `first` to `last`, both ASCII.
#[inline(always)]
fn is_within(bytes: i8x16, first: u8, last: u8) -> i8x16 {
    let above = bytes.simd_gt(i8x16::splat(first.cast_signed() - 1));
    let below = i8x16::splat(last.cast_signed() + 1).simd_gt(bytes);
    above & below
}
