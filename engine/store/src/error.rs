//! The one error of this crate.

use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::Holder;

/// Why the home could not be read or written.
#[derive(Debug)]
pub struct StoreError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    holder: Option<Holder>,
    cause: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The kinds of trouble a caller may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such home, file or entry.
    NotFound,
    /// Something stored is not what was stored.
    Corrupt,
    /// Another process is at work; see [`StoreError::holder`].
    Busy,
    /// The request would do what the store never does.
    Refused,
    /// The home was made by a newer Lexhold.
    Version,
    /// The disk is full, or the quota is.
    Full,
    /// Any other failure of the file system, a read-only one included.
    Io,
}

impl StoreError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            holder: None,
            cause: None,
        }))
    }

    pub(crate) fn corrupt(message: impl Into<String>, path: &Path) -> Self {
        Self::new(ErrorKind::Corrupt, message).at(path)
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    pub(crate) fn busy(message: impl Into<String>, holder: Option<Holder>) -> Self {
        let mut error = Self::new(ErrorKind::Busy, message);
        error.0.holder = holder;
        error
    }

    /// A failure of the file system, sorted by what the caller can do about it.
    pub(crate) fn io(message: impl Into<String>, path: Option<&Path>, cause: io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => ErrorKind::Full,
            _ => ErrorKind::Io,
        };
        let mut error = Self::new(kind, message).because(cause);
        error.0.path = path.map(Path::to_owned);
        error
    }

    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.0.path = Some(path.to_owned());
        self
    }

    pub(crate) fn because(mut self, cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file or folder it happened to, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Who holds the lock, when the kind is [`ErrorKind::Busy`] and the holder has said so.
    pub fn holder(&self) -> Option<&Holder> {
        self.0.holder.as_ref()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(path) = &self.0.path {
            write!(f, " (`{}`)", path.display())?;
        }
        if let Some(holder) = &self.0.holder {
            write!(f, ", held by {holder}")?;
        }
        Ok(())
    }
}

impl error::Error for StoreError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0
            .cause
            .as_ref()
            .map(|cause| &**cause as &(dyn error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_file_system_are_told_apart() {
        let kind = |cause: io::ErrorKind| StoreError::io("writing", None, cause.into()).kind();
        assert_eq!(kind(io::ErrorKind::StorageFull), ErrorKind::Full);
        assert_eq!(kind(io::ErrorKind::QuotaExceeded), ErrorKind::Full);
        assert_eq!(kind(io::ErrorKind::ReadOnlyFilesystem), ErrorKind::Io);
        assert_eq!(kind(io::ErrorKind::PermissionDenied), ErrorKind::Io);
        assert_eq!(kind(io::ErrorKind::NotFound), ErrorKind::NotFound);
    }

    #[test]
    fn an_error_says_what_where_and_why() {
        let error = StoreError::io(
            "cannot write",
            Some(Path::new("home.json")),
            io::ErrorKind::StorageFull.into(),
        );
        assert_eq!(error.to_string(), "cannot write (`home.json`)");
        assert!(error::Error::source(&error).is_some());
    }
}
