//! A foreign rule on its way to one of ours.

use lexhold_model::Severity;

use crate::loss::Losses;
use crate::pattern::edged;
use crate::yaml::Yaml;

/// Rules as read, with what was lost on the way.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    /// The rules that may become rules of ours.
    pub(crate) rules: Vec<Draft>,
    /// What was lost so far.
    pub(crate) losses: Losses,
    /// How many rules the file has.
    pub(crate) n_read: usize,
    /// What they are called in the document's description.
    pub(crate) format: &'static str,
}

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Its id where it comes from.
    pub(crate) item: String,
    /// One line for people.
    pub(crate) title: Option<String>,
    pub(crate) severity: Severity,
    /// Why somebody should look.
    pub(crate) why: String,
    pub(crate) labels: Vec<String>,
    pub(crate) view: View,
    /// Further keys of the rule.
    pub(crate) keys: Vec<(&'static str, Yaml)>,
    /// What stands under `match`.
    pub(crate) matches: Vec<(&'static str, Yaml)>,
    /// Patterns of which texts to hit can be made; any of them hits.
    pub(crate) patterns: Vec<String>,
    /// Texts that the foreign rule promises to hit.
    pub(crate) hits: Vec<String>,
    /// Texts that it promises not to.
    pub(crate) misses: Vec<String>,
}

/// The view that a rule runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// No case, no white space but single spaces.
    Folded,
    /// The text as it is.
    Raw,
}

/// A pattern as `regex` and what stands beside it, every part of it under the same flags.
pub(crate) fn regex(pattern: &str, flags: &str) -> (Vec<(&'static str, Yaml)>, String) {
    let flags = if flags.is_empty() {
        String::new()
    } else {
        format!("(?{flags})")
    };
    let edged = edged(pattern);
    let body = format!("{flags}{}", edged.body);
    let mut entries = vec![("regex", Yaml::text(&body))];
    for (key, patterns) in [
        ("not_preceded_by", edged.not_preceded_by),
        ("not_followed_by", edged.not_followed_by),
    ] {
        if !patterns.is_empty() {
            let patterns = patterns.iter().map(|pattern| format!("{flags}{pattern}"));
            entries.push((key, Yaml::texts(patterns)));
        }
    }
    (entries, body)
}
