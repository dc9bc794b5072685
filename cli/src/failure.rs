//! How a verb ends: the exit codes of every verb, and the errors that carry one.

use std::fmt;
use std::process::ExitCode;

/// What the exit code says, for every verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, nothing at or above the fail level.
    Done = 0,
    /// Done, with a negative answer.
    Negative = 1,
    /// Called wrongly.
    Usage = 2,
    /// A policy, ruleset or the configuration is invalid, missing or unreadable; or nothing was selected.
    Policy = 3,
    /// Input data, catalog, archive or journal cannot be read, is corrupt, fails verification or cannot be written.
    Data = 4,
    /// Refused for safety or by governance.
    Refused = 5,
    /// Done, and something has changed: only with `--detailed-exitcode`.
    Changed = 10,
    /// A fault of Lexhold itself.
    Internal = 70,
    /// Another process is at work; try again.
    Busy = 75,
    /// Interrupted; partial output removed.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Refuses a word for the record, a reason say, that nobody could read later.
pub fn reasoned(flag: &str, text: &str) -> anyhow::Result<()> {
    if text.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, format!("--{flag} is empty")).into());
    }
    Ok(())
}

/// An error that ends the program, with the code it ends with and what helps.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// An error with this code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            help: None,
        }
    }

    /// The same with a line that says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What to do about it.
    pub fn how(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Gives a foreign error its exit code.
pub trait OrExit<T> {
    /// The value, or a failure with this code and what was being done.
    fn or_exit(self, exit: Exit, doing: &str) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit, doing: &str) -> anyhow::Result<T> {
        self.map_err(|error| {
            let error: anyhow::Error = error.into();
            error.context(Failure::new(exit, doing.to_owned()))
        })
    }
}

/// The code that an error ends the program with: that of the first cause that has one.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.exit;
    }
    error.chain().find_map(exit_of_cause).unwrap_or(Exit::Internal)
}

fn exit_of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    use lexhold_catalog as catalog;
    use lexhold_store as store;
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if let Some(error) = cause.downcast_ref::<store::StoreError>() {
        return Some(match error.kind() {
            store::ErrorKind::Busy => Exit::Busy,
            store::ErrorKind::Refused => Exit::Refused,
            _ => Exit::Data,
        });
    }
    if let Some(error) = cause.downcast_ref::<catalog::CatalogError>() {
        return Some(if error.is_busy() { Exit::Busy } else { Exit::Data });
    }
    let data = cause.is::<lexhold_source::SourceError>()
        || cause.is::<parquet::errors::ParquetError>()
        || io_kind(cause).is_some();
    data.then_some(Exit::Data)
}

/// The kind of an input or output error, whichever library wrapped it.
fn io_kind(cause: &(dyn std::error::Error + 'static)) -> Option<std::io::ErrorKind> {
    if let Some(error) = cause.downcast_ref::<std::io::Error>() {
        return Some(error.kind());
    }
    if let Some(error) = cause.downcast_ref::<serde_json::Error>() {
        return error.io_error_kind();
    }
    match cause.downcast_ref::<csv::Error>()?.kind() {
        csv::ErrorKind::Io(error) => Some(error.kind()),
        _ => None,
    }
}

/// Whether the reader of our output went away, which is no error.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| io_kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}
