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
    nearest(word, known).map(|(name, _)| format!("did you mean `{name}`?"))
}

/// The known word nearest to a misspelt one, if one is near, and whether no other is as near.
///
/// ```
/// use lexhold_document::nearest;
/// assert_eq!(nearest("fro", ["for", "from"]), Some(("for", false)));
/// assert_eq!(nearest("tittle", ["title", "severity"]), Some(("title", true)));
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, bool)> {
    let length = word.chars().count();
    // A third of the letters may be wrong; in a short word, one.
    let furthest = (length / 3).max(1);
    let word_lower = word.to_lowercase();
    let near = known
        .into_iter()
        .filter(|name| name.len().abs_diff(word.len()) <= 4 * furthest)
        .map(|name| (strsim::osa_distance(&word_lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= furthest && *distance < name.chars().count());
    let mut near: Vec<(usize, &str)> = near.collect();
    near.sort_unstable();
    near.dedup();
    let (distance, name) = *near.first()?;
    let alone = near.get(1).is_none_or(|(next, _)| *next > distance);
    Some((name, alone))
}
