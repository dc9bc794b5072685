//! From hold documents to holds.
use crate::HoldSpec;
use lexhold_document::{Diagnostics, Document};
/// The holds.
pub fn compile_holds(documents: &[&Document], diagnostics: &mut Diagnostics) -> Vec<HoldSpec> {
    let _ = (documents, diagnostics);
    vec![]
}
