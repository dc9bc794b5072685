//! Paths from a document's root to one of its nodes.

/// One step of a path: into a map by its key, or into a list by its position.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Seg {
    /// The value under this key.
    Key(String),
    /// The item at this position, counted from zero.
    Index(usize),
}

impl From<&str> for Seg {
    fn from(key: &str) -> Self {
        Seg::Key(key.to_owned())
    }
}

impl From<String> for Seg {
    fn from(key: String) -> Self {
        Seg::Key(key)
    }
}

impl From<usize> for Seg {
    fn from(index: usize) -> Self {
        Seg::Index(index)
    }
}

/// Writes a path: `path!["rules", 0, "match"]`.
///
/// ```
/// use lexhold_document::{Seg, path};
/// let at: [Seg; 2] = path!["rules", 0];
/// assert_eq!(at, [Seg::Key("rules".into()), Seg::Index(0)]);
/// ```
#[macro_export]
macro_rules! path {
    ($($seg:expr),* $(,)?) => { [$($crate::Seg::from($seg)),*] };
}
