//! Maildir: `cur` and `new` with a file a message; folders inside it begin with a dot, flags stand at the end of a name.

use crate::tree::{Entry, Tree};

/// The folders of a tree that hold a Maildir.
pub(super) fn folders(tree: &Tree) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for entry in &tree.entries {
        let Some(root) = root(entry.folder()) else { continue };
        // A folder inside belongs to the one around it.
        if !found.iter().any(|outer| root.starts_with(outer.as_str())) {
            found.push(root.to_owned());
        }
    }
    let outer = found.clone();
    found.retain(|root| {
        !outer
            .iter()
            .any(|other| other != root && root.starts_with(other.as_str()))
    });
    found
}

/// The Maildir of a folder `cur` or `new`, its own folders aside.
fn root(folder: &str) -> Option<&str> {
    let above = folder.strip_suffix("cur/").or_else(|| folder.strip_suffix("new/"))?;
    if !above.is_empty() && !above.ends_with('/') {
        return None;
    }
    let inner = above.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    Some(if inner.starts_with('.') {
        &above[..above.len() - inner.len() - 1]
    } else {
        above
    })
}

/// Whether an entry of a Maildir is a message, not an index that a server keeps beside them.
pub(super) fn is_message(root: &str, entry: &Entry) -> bool {
    let folder = &entry.folder()[root.len()..];
    folder.ends_with("cur/") || folder.ends_with("new/")
}

/// What path and name say of a message: the folder it lies in, and its flags.
pub(super) fn known(root: &str, path: &str) -> Vec<(String, String)> {
    let mut known = Vec::new();
    let below = path.strip_prefix(root).unwrap_or(path);
    if let Some(folder) = below.strip_prefix('.').and_then(|rest| rest.split('/').next()) {
        known.push(("folder".to_owned(), folder.to_owned()));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let flags = name
        .rsplit_once("2,")
        .map(|(before, flags)| (before.ends_with([':', ';', '!']), flags));
    if let Some((true, flags)) = flags
        && !flags.is_empty()
    {
        known.push(("flags".to_owned(), flags.to_owned()));
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_flags_are_read_off_the_path() {
        assert_eq!(root("cur/"), Some(""));
        assert_eq!(root("box/new/"), Some("box/"));
        assert_eq!(root("box/.Sent Items/cur/"), Some("box/"));
        assert_eq!(root(".Sent/cur/"), Some(""));
        assert_eq!(root("recur/"), None);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            known("box/", "box/.Sent/cur/1.x:2,RS"),
            [pair("folder", "Sent"), pair("flags", "RS")]
        );
        assert_eq!(known("", "cur/1.x;2,S"), [pair("flags", "S")]);
        assert_eq!(known("", "cur/12,3"), []);
    }
}
