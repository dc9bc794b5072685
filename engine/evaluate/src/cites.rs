//! What documents cite, held against the table of regulations.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Diagnostic, Diagnostics, Document, Files, Kind, Node, Value};

use crate::codes;

/// The table of regulations: for each entry, whether a page has confirmed it.
pub type Regulations = BTreeMap<String, bool>;

/// Warns of citations that the table does not have, and of retention documents that cite an unconfirmed entry without a
/// comment that names it: a period that nobody has looked up is not to be taken for one that somebody has.
pub fn lint_cites(files: &Files, documents: &[&Document], table: &Regulations, diagnostics: &mut Diagnostics) {
    for document in documents {
        let mut cites = Vec::new();
        collect(&document.root, &mut cites);
        let mut said = BTreeSet::new();
        for (cite, node) in cites {
            match table.get(cite) {
                None => diagnostics.push(
                    Diagnostic::warning(
                        codes::UNKNOWN_CITATION,
                        format!("the table of regulations has no `{cite}`"),
                    )
                    .at(node.place, "nothing says what this is")
                    .maybe_help(lexhold_document::did_you_mean(cite, table.keys().map(String::as_str))),
                ),
                Some(false) if document.kind == Kind::Retention && said.insert(cite) => {
                    if !is_named_in_a_comment(files.text(document.file), cite) {
                        let message = format!("`{cite}` is unverified in the table of regulations");
                        diagnostics.push(
                            Diagnostic::warning(codes::UNVERIFIED_CITATION, message)
                                .at(node.place, "cited as if somebody had looked it up")
                                .help(format!(
                                    "look it up, then say so in the table; until then name `{cite}` in a comment"
                                )),
                        );
                    }
                }
                Some(_) => {}
            }
        }
    }
}

/// Every text under a key `cites`.
fn collect<'a>(node: &'a Node, cites: &mut Vec<(&'a str, &'a Node)>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| collect(item, cites)),
        Value::Map(entries) => {
            for entry in entries {
                match entry.node.as_list() {
                    Some(items) if entry.key == "cites" => {
                        cites.extend(items.iter().filter_map(|item| Some((item.as_text()?, item))));
                    }
                    _ => collect(&entry.node, cites),
                }
            }
        }
        _ => {}
    }
}

fn is_named_in_a_comment(text: &str, id: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    text.lines()
        .filter_map(|line| line.split_once('#'))
        .any(|(_, comment)| {
            comment.match_indices(id).any(|(at, _)| {
                let bytes = comment.as_bytes();
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                !is_part(before) && !is_part(bytes.get(at + id.len()))
            })
        })
}

#[cfg(test)]
mod tests {
    use lexhold_document::{OpenError, load};

    use super::*;

    fn warnings(text: &str) -> Vec<String> {
        let (mut files, mut diagnostics) = (Files::new(), Diagnostics::new());
        let root = files.add("a.yaml", text.to_owned());
        let documents = load(&mut files, &[root], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
        let table = Regulations::from([("us-sec-17a-4-b4".into(), true), ("us-sec-17a-4-c".into(), false)]);
        lint_cites(&files, &documents.iter().collect::<Vec<_>>(), &table, &mut diagnostics);
        let sorted = diagnostics.sorted(&files);
        sorted.iter().map(|it| format!("{} {}", it.code, it.message)).collect()
    }

    fn pack(comment: &str, cite: &str) -> String {
        format!(
            "# {comment}\nlexhold: 1\nretention: desk\nversion: 1.0.0\nschedules:\n  - id: a\n    cites: [{cite}]\n"
        )
    }

    #[test]
    fn what_the_table_lacks_or_nobody_looked_up_is_said_unless_the_pack_says_so() {
        assert!(warnings(&pack("", "us-sec-17a-4-b4")).is_empty());
        assert_eq!(
            warnings(&pack("", "us-sec-17a-4-b5")),
            ["LX0970 the table of regulations has no `us-sec-17a-4-b5`"]
        );
        let unverified = ["LX0971 `us-sec-17a-4-c` is unverified in the table of regulations"];
        assert_eq!(
            warnings(&pack("", "us-sec-17a-4-c, us-sec-17a-4-c")),
            unverified,
            "once a document"
        );
        assert_eq!(warnings(&pack("see us-sec-17a-4-c2", "us-sec-17a-4-c")), unverified);
        assert!(warnings(&pack("not looked up: us-sec-17a-4-c.", "us-sec-17a-4-c")).is_empty());
        let ruleset = pack("", "us-sec-17a-4-c")
            .replace("retention:", "ruleset:")
            .replace("schedules", "rules");
        assert!(warnings(&ruleset).is_empty(), "a rule promises no period");
    }
}
