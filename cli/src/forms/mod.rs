//! One report in several forms: one to stdout, the others to files of their own.

pub mod diff;
pub mod github;
pub mod junit;

use std::io::Write;
use std::path::PathBuf;

use crate::failure::{Exit, Failure, OrExit};
use crate::files::write_document;

/// Where each form of a report goes.
pub struct Forms<'a, F> {
    stdout: Option<F>,
    files: &'a [(F, PathBuf)],
}

impl<'a, F: Copy + PartialEq> Forms<'a, F> {
    /// The forms that were asked for, and those of them that have a file.
    ///
    /// # Errors
    /// When two of them would go to stdout.
    pub fn new(asked: impl IntoIterator<Item = F>, files: &'a [(F, PathBuf)]) -> anyhow::Result<Self> {
        let has_file = |format: &F| files.iter().any(|(of, _)| of == format);
        let mut left = asked.into_iter().filter(|format| !has_file(format));
        match (left.next(), left.next()) {
            (stdout, None) => Ok(Self { stdout, files }),
            _ => Err(Failure::new(Exit::Usage, "several forms of the report, but one stdout")
                .help("send all but one of them to files: --output junit=report.xml")
                .into()),
        }
    }

    /// Whether a form is wanted anywhere.
    pub fn has(&self, format: F) -> bool {
        self.stdout == Some(format) || self.files.iter().any(|(of, _)| *of == format)
    }

    /// Whether a form goes to stdout.
    pub fn has_stdout(&self) -> bool {
        self.stdout.is_some()
    }

    /// Writes the report in each form, files first.
    pub fn deliver(&self, written: impl Fn(F) -> anyhow::Result<String>) -> anyhow::Result<()> {
        for (format, file) in self.files {
            write_document(file, written(*format)?.as_bytes())
                .or_exit(Exit::Data, &format!("cannot write {}", file.display()))?;
        }
        if let Some(format) = self.stdout {
            std::io::stdout().lock().write_all(written(format)?.as_bytes())?;
        }
        Ok(())
    }
}
