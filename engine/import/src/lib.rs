//! Foreign rule lists, turned into documents of ours.
//!
//! [`import`] takes the text of a rule list that another tool reads and gives back rulesets or lexicons as YAML, and a
//! row for everything that could not be carried over ([`Loss`]): nothing is dropped in silence. What comes out has been
//! compiled, and every rule has examples that were tried against it.
//!
//! Each format has a file that reads it into [`draft::Draft`]s or terms; `pattern` puts foreign patterns in our syntax,
//! `sample` makes texts that a pattern hits, `trial` compiles and tries, `ruleset` and `lexicon` assemble the documents,
//! and `yaml` writes them. Files are the caller's.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod draft;
mod gitleaks;
mod json_lines;
mod lexicon;
mod loss;
mod names;
mod pattern;
mod presidio;
mod ruleset;
mod sample;
mod secrets;
mod sigma;
mod spamassassin;
#[cfg(test)]
mod tests;
mod trial;
mod word_list;
mod yaml;

use lexhold_model::Severity;

pub use loss::Loss;
pub use names::id;

/// The formats that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The TOML configuration of gitleaks.
    Gitleaks,
    /// YAML rules of Kingfisher.
    Kingfisher,
    /// YAML rules of Nosey Parker.
    NoseyParker,
    /// A `.cf` file of SpamAssassin.
    SpamAssassin,
    /// Recognisers of Presidio, YAML or JSON.
    Presidio,
    /// Sigma rules that look for keywords.
    SigmaKeywords,
    /// Words: a line each, or a column of a table.
    WordList,
}

/// What the caller says about the import.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the document.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// How the document speaks of where its content comes from.
    pub origin: String,
    /// The severity of rules whose format knows none.
    pub severity: Severity,
    /// Where in a word list the words are.
    pub words: Words,
}

/// Where in a word list the words are.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// The column of a CSV or TSV file, by its name in the first row.
    pub column: Option<String>,
    /// The field of a JSON object.
    pub field: Option<String>,
    /// What stands between several words in one value.
    pub separator: Option<String>,
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The documents: one, or several lexicons where the words are too many for one.
    pub documents: Vec<Written>,
    /// Rules or words that were read.
    pub n_read: usize,
    /// Rules or words that were carried over, in whole or in part.
    pub n_carried: usize,
    /// What was not, in the order of the file.
    pub losses: Vec<Loss>,
}

/// A document to write to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its text.
    pub yaml: String,
}

/// Why nothing could be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The text is not of the format.
    #[error("not {format}: {reason}")]
    Unreadable {
        /// The format that was expected.
        format: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// The words' place is not given, or not there.
    #[error("{0}")]
    Words(String),
    /// The documents would be refused.
    #[error("the document would be refused: {0}")]
    Refused(String),
}

/// Turns a foreign rule list into documents.
///
/// # Errors
/// If the text cannot be read as the format at all. What is wrong with single rules or words is a [`Loss`].
pub fn import(format: Format, text: &str, options: &Options) -> Result<Imported, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Gitleaks => ruleset::assemble(gitleaks::read(text, options)?, options),
        Format::Kingfisher => ruleset::assemble(secrets::read("Kingfisher", text, options)?, options),
        Format::NoseyParker => ruleset::assemble(secrets::read("Nosey Parker", text, options)?, options),
        Format::SpamAssassin => ruleset::assemble(spamassassin::read(text)?, options),
        Format::Presidio => ruleset::assemble(presidio::read(text)?, options),
        Format::SigmaKeywords => ruleset::assemble(sigma::read(text)?, options),
        Format::WordList => lexicon::assemble(word_list::read(text, &options.words)?, options),
    }
}
