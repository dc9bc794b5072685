//! x
use crate::*;
/// Checks a document
pub fn check_shape(document: &Document, shape: &Shape, diagnostics: &mut Diagnostics) {
    todo!()
}
/// Checks a node
pub fn check_node(node: &Node, shape: &Shape, diagnostics: &mut Diagnostics) {
    todo!()
}
