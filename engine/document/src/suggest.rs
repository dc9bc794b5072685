//! Guessing what was meant.

/// A help that names the known word nearest to a misspelt one, if one is near.
///
/// ```
/// use lexhold_document::did_you_mean;
/// let help = did_you_mean("severty", ["title", "severity"]);
/// assert_eq!(help.as_deref(), Some("did you mean `severity`?"));
/// assert_eq!(did_you_mean("colour", ["title", "severity"]), None);
/// ```
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = word.chars().count();
    // A third of the letters may be wrong; in a short word, one.
    let furthest = (length / 3).max(1);
    known
        .into_iter()
        .filter(|name| name.len().abs_diff(word.len()) <= 4 * furthest)
        .map(|name| (strsim::osa_distance(&word.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= furthest && *distance < name.chars().count())
        .min()
        .map(|(_, name)| format!("did you mean `{name}`?"))
}
