//! x
use crate::*;
use std::ops::Range;
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece;
pub(crate) fn place(node: &Node, range: Range<usize>) -> Place {
    todo!()
}
