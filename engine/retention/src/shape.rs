//! The keys of retention documents and of holds.

use lexhold_document::Shape;

/// The keys of a `retention` document.
pub fn retention_shape() -> Shape {
    Shape::Any
}
/// The keys of a `hold` document.
pub fn hold_shape() -> Shape {
    Shape::Any
}
