//! The one error of this crate.

use std::error::Error;
use std::fmt;
use std::io;

use object_store::client::HttpError;

/// Why an object could not be read or written. Never says what is in one, and no secret.
#[derive(Debug)]
pub struct RemoteError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    code: Option<String>,
    cause: Option<io::Error>,
}

/// The kinds of trouble a caller may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// There is no such object, version or bucket.
    NotFound,
    /// Nobody says who asks, or who asks may not.
    Denied,
    /// A retention or a legal hold keeps it.
    Locked,
    /// It is no longer what it was a moment ago.
    Changed,
    /// The server could not be reached or had no time for us, also after several attempts.
    Busy,
    /// What was asked for makes no sense to us or to the server: an address, an option, a region.
    Refused,
    /// Anything else, files on this machine included.
    Io,
}

impl RemoteError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            code: None,
            cause: None,
        }))
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// What a server said instead of doing it. `code` is its word for it.
    pub(crate) fn answer(url: &str, status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let said = match (code, message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, _) => "no reason given".to_owned(),
        };
        let mut error = Self::new(Kind::of_status(status), format!("{url}: status {status}, {said}"));
        error.0.code = code.map(str::to_owned);
        error
    }

    pub(crate) fn io(name: &str, cause: io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            io::ErrorKind::PermissionDenied => Kind::Denied,
            _ => Kind::Io,
        };
        let mut error = Self::new(kind, name);
        error.0.cause = Some(cause);
        error
    }

    /// What `object_store` tells. Of a server's answer its code and message alone are kept: the rest of it has what was signed.
    pub(crate) fn of_store(url: &str, error: &object_store::Error) -> Self {
        let mut kind = None;
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        let mut innermost = String::new();
        while let Some(error) = cause {
            kind = kind.or_else(|| Kind::of_cause(error));
            innermost = error.to_string();
            cause = error.source();
        }
        let text = error.to_string();
        if let Some(status) = status(&text) {
            let mut answer = Self::answer(url, status, element(&text, "Code"), element(&text, "Message"));
            answer.0.kind = kind.unwrap_or(answer.0.kind);
            return answer;
        }
        // Without a status, and for one reason only: the bucket is in another region.
        if innermost.contains("redirect") {
            kind = Some(Kind::Refused);
        }
        Self::new(kind.unwrap_or(Kind::Io), format!("{url}: {innermost}"))
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The server's word for it, such as `NoSuchBucket`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }
}

impl Kind {
    fn of_status(status: u16) -> Self {
        match status {
            404 => Self::NotFound,
            401 | 403 => Self::Denied,
            409 | 412 => Self::Changed,
            408 | 429 | 500 | 502..=599 => Self::Busy,
            300..=499 | 501 => Self::Refused,
            _ => Self::Io,
        }
    }

    fn of_cause(error: &(dyn Error + 'static)) -> Option<Self> {
        use object_store::Error as Store;
        if error.is::<HttpError>() {
            return Some(Self::Busy);
        }
        match error.downcast_ref::<Store>()? {
            Store::NotFound { .. } => Some(Self::NotFound),
            Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => Some(Self::Denied),
            Store::Precondition { .. } | Store::AlreadyExists { .. } | Store::NotModified { .. } => Some(Self::Changed),
            Store::InvalidPath { .. } | Store::NotSupported { .. } | Store::NotImplemented { .. } => {
                Some(Self::Refused)
            }
            _ => None,
        }
    }
}

/// The status in the words of `object_store`, which has no other way to tell it.
fn status(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// The text of an element of XML that needs no more care: a code or a sentence in English.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(inside, _)| inside)
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for RemoteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
