//! From retention documents to schedules.
use crate::Schedules;
use lexhold_document::{Diagnostics, Document};
/// The schedules.
pub fn compile(documents: &[&Document], diagnostics: &mut Diagnostics) -> Schedules {
    let _ = (documents, diagnostics);
    Schedules::new(vec![])
}
