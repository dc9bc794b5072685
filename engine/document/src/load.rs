//! x
use crate::*;
/// Reads documents
pub fn load(
    files: &mut Files,
    roots: &[FileId],
    open: &mut dyn FnMut(&str) -> Result<String, OpenError>,
    diagnostics: &mut Diagnostics,
) -> Vec<Document> {
    todo!()
}
