//! What one file may hold; reaching a limit is an error that names it.

/// Largest file, in bytes; a larger one is refused before it is parsed.
pub const FILE_BYTES: usize = 16 * 1024 * 1024;

/// Deepest nesting of lists and maps; the outermost map counts as one.
pub const DEPTH: usize = 64;

/// Most nodes in a file: every scalar, list and map counts as one, and so does every key.
pub const NODES: usize = 2_000_000;

/// Longest chain of imports below a root document.
pub const IMPORT_DEPTH: usize = 16;

/// Most dialect errors reported for one file; after them the file is not read on.
pub const ERRORS: usize = 1000;
