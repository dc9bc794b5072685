//! What is told about someone's text: what is wrong, where, and what to do.

use crate::{Applicability, Files, Fix, Place, codes};

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The document works, but something in it deserves a look.
    Warning,
    /// The document cannot be used.
    Error,
}

/// One thing wrong with someone's text.
///
/// Messages are lower case, without a full stop, with the user's words in backticks. They are
/// *not* sanitised: whoever shows one passes every string through [`crate::printable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code, `LX` and four digits.
    pub code: &'static str,
    /// How grave it is.
    pub level: Level,
    /// One sentence that names the user's thing.
    pub message: String,
    /// The exact token, unless the trouble has no place in any file.
    pub place: Option<Place>,
    /// What stands under the token.
    pub label: String,
    /// Other places that matter, each with its label.
    pub secondary: Vec<(Place, String)>,
    /// Facts.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<String>,
    /// Changes that mend it, each by itself.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Error, code, message.into())
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, code, message.into())
    }

    fn new(level: Level, code: &'static str, message: String) -> Self {
        Diagnostic {
            code,
            level,
            message,
            place: None,
            label: String::new(),
            secondary: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Points at the exact token; the label may be empty.
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.place = Some(place);
        self.label = label.into();
        self
    }

    /// Points at another place that matters.
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.secondary.push((place, label.into()));
        self
    }

    /// Adds a fact.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds something to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// Adds a change that mends it, if there is one.
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fixes.extend(fix.into());
        self
    }

    /// Adds something to do, if there is something.
    pub fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }
}

/// Diagnostics as they are found; [`Diagnostics::sorted`] puts them in the order to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Says of a scalar at this place that was refused, since readers disagree about it, which of its readings was meant: the
    /// text, or another. The fix that writes it so can then mean nothing else.
    pub(crate) fn settle(&mut self, place: Place, is_text: bool) {
        let text = Fix::quote(place).edits;
        let refused = self.0.iter_mut().rev().filter(|one| one.place == Some(place));
        let ambiguous = |code| matches!(code, codes::AMBIGUOUS_BOOLEAN | codes::AMBIGUOUS_NUMBER);
        for one in refused.filter(|one| ambiguous(one.code)) {
            for fix in one.fixes.iter_mut().filter(|fix| (fix.edits == text) == is_text) {
                fix.applicability = Applicability::Safe;
            }
        }
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.level == Level::Error)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// By file path, place and code; those without a place come last.
    pub fn sorted(mut self, files: &Files) -> Vec<Diagnostic> {
        self.0.sort_by(|a, b| {
            let key = |d: &Diagnostic| {
                d.place.map_or((true, String::new(), 0, 0), |p| {
                    (false, files.path(p.file).to_owned(), p.start, p.end)
                })
            };
            (key(a), a.code, &a.message).cmp(&(key(b), b.code, &b.message))
        });
        self.0
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
