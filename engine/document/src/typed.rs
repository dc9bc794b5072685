//! x
use crate::*;
use serde::de::DeserializeOwned;
impl Node {
    /// Reads the node into a type; an error is placed on the exact node below.
    pub fn typed<T: DeserializeOwned>(&self, diagnostics: &mut Diagnostics) -> Option<T> {
        todo!()
    }
}
