//! Ids: small letters, digits, `.`, `_` and `-`, unique within a document.

use rustc_hash::FxHashSet;

/// The id that comes nearest to a foreign name; empty if nothing of it can stand in an id.
pub fn id(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => id.push(c),
            '.' | '_' if !id.is_empty() => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    id.truncate(id.trim_end_matches(['-', '.', '_']).len());
    id
}

/// Ids that were given out.
#[derive(Debug, Default)]
pub(crate) struct Ids(FxHashSet<String>);

impl Ids {
    /// The id of a foreign name, with a number behind it where it was given out before.
    pub(crate) fn unique(&mut self, name: &str) -> String {
        let plain = match id(name) {
            plain if plain.is_empty() => "rule".to_owned(),
            plain => plain,
        };
        let numbered = (2..).map(|n: u64| format!("{plain}-{n}"));
        let mut tries = std::iter::once(plain.clone()).chain(numbered);
        // An endless list of names always has a free one; the fallback is never taken.
        let free = tries.find(|id| !self.0.contains(id)).unwrap_or(plain);
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_names() {
        assert_eq!(id("np.aws.1"), "np.aws.1");
        assert_eq!(id("__FRAUD_VQE"), "fraud_vqe");
        assert_eq!(id("US bank (weak) — Größe"), "us-bank-weak-gr-e");
        assert_eq!(id("内幕"), "");
        let mut ids = Ids::default();
        assert_eq!(
            ["A b", "a-b", "a.b", "", "!"].map(|name| ids.unique(name)),
            ["a-b", "a-b-2", "a.b", "rule", "rule-2"]
        );
    }
}
