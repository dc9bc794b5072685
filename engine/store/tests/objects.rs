//! What holds for a home whose archive lies in it holds where it lies elsewhere as objects: here, in another folder.

#[path = "disposal.rs"]
mod disposal;
