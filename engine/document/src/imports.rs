//! x
/// Why a file that a document imports could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// There is no such file.
    NotFound,
    /// The path leads out of the project.
    Outside,
    /// The path leads through a symbolic link.
    Symlink,
    /// The file is not UTF-8; see [`crate::text`].
    NotText(crate::NotText),
    /// The file is larger than [`crate::limits::FILE_BYTES`].
    TooLarge,
    /// The file exists but cannot be read, for this reason.
    Unreadable(String),
}
