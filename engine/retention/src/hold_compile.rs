//! From hold documents to holds.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Place, check_shape, path};

use crate::calendar_compile::Calendars;
use crate::compile::twice;
use crate::read::{Reader, flag, key_place, text, texts};
use crate::{Content, HoldSpec, Query, codes, hold_shape};

/// Compiles every hold among these documents, and reports all that is wrong with them.
///
/// A [`crate::Condition`] and a [`Query`] name their document by its position in `documents`. A hold with an error is
/// left out, so place none of them once the diagnostics have errors.
pub fn compile_holds(documents: &[&Document], diagnostics: &mut Diagnostics) -> Vec<HoldSpec> {
    let mut names: BTreeMap<&str, Place> = BTreeMap::new();
    let mut holds = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        if document.kind != Kind::Hold {
            continue;
        }
        check_shape(document, &hold_shape(), diagnostics);
        let place = document.name_place();
        if let Some(first) = names.insert(&document.name, place) {
            diagnostics.push(twice(codes::DUPLICATE_HOLD, "hold", &document.name, place, first));
            continue;
        }
        let mut reader = Reader {
            document,
            index,
            calendars: &Calendars::new(),
            diagnostics,
        };
        holds.extend(read_hold(&mut reader));
    }
    holds
}

/// `None` if anything is wrong, all of which has been reported.
fn read_hold(reader: &mut Reader<'_>) -> Option<HoldSpec> {
    let (document, index, root) = (reader.document, reader.index, reader.root());
    let names = |key| -> BTreeSet<String> { texts(root, key).into_iter().collect() };
    let zone = reader.zone();
    let (from, to) = reader.days(root.get("content"));
    let hold = HoldSpec {
        name: document.name.clone(),
        digest: document.digest,
        matter: text(root, "matter")?,
        title: document.title().map(str::to_owned),
        zone: zone?,
        custodians: names("custodians"),
        conversations: names("conversations"),
        ids: names("ids"),
        everything: text(root, "scope").is_some_and(|scope| scope == "everything"),
        content: Content { from, to },
        condition: reader.condition(&path!["when"]),
        query: root.get("query").map(|_| Query {
            document: index,
            path: path!["query"].to_vec(),
        }),
        silent: flag(root, "silent"),
        whole_threads: text(root, "expand").is_some_and(|expand| expand == "thread"),
    };
    check_scope(reader, root, &hold).then_some(hold)
}

fn check_scope(reader: &mut Reader<'_>, root: &Node, hold: &HoldSpec) -> bool {
    if root.get("scope").is_some() && !hold.everything {
        return false;
    }
    let named = hold.custodians.len() + hold.conversations.len();
    let narrowing = ["content", "when", "query"].iter().find(|key| root.get(key).is_some());
    let (diagnostic, usable) = match (hold.everything, named, hold.ids.len(), narrowing) {
        (false, 0, 0, _) => (
            Diagnostic::error(
                codes::EMPTY_SCOPE,
                format!("hold `{}` names nobody and nothing", hold.name),
            )
            .at(
                reader.document.name_place(),
                "neither custodians, conversations nor ids",
            )
            .help("name them, or write `scope: everything`"),
            false,
        ),
        (true, 1.., _, _) => {
            let key = if hold.custodians.is_empty() {
                "conversations"
            } else {
                "custodians"
            };
            let diagnostic = Diagnostic::error(
                codes::SCOPE_AND_MORE,
                format!("`scope: everything` together with `{key}`"),
            )
            .at(key_place(root, key), "already covered")
            .also(key_place(root, "scope"), "covers every message")
            .help("leave one of them out");
            (diagnostic, false)
        }
        (false, 0, 1.., Some(key)) => (
            Diagnostic::warning(codes::NARROWS_NOTHING, format!("`{key}` narrows nothing here")).at(
                key_place(root, key),
                "the hold names messages only, and those are held whatever else is said",
            ),
            true,
        ),
        _ => return true,
    };
    reader.report(diagnostic);
    usable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::compiled;

    /// The hold with these further lines, the first of which is line 5, and what is said about it.
    fn hold(lines: &str) -> (Vec<HoldSpec>, Vec<String>) {
        let text = format!("lexhold: 1\nhold: orion\nmatter: Orion v. Lyra\nzone: America/New_York\n{lines}");
        compiled(&[&text], compile_holds)
    }

    #[test]
    fn a_whole_hold() {
        let (holds, said) = hold(
            "title: Everything of the two\ncustodians: [alice, bob, alice]\nconversations: [C1]\nids: [m1]\n\
             content: { from: 2024-01-01, to: 2024-03-31 }\nwhen: resource.business\nquery: { any: [orion] }\n\
             silent: true\nexpand: thread\nanticipated_on: 2023-12-24\nnotice: Keep it all.\n",
        );
        assert_eq!(said, [""; 0]);
        let hold = &holds[0];
        assert_eq!((hold.name.as_str(), hold.matter.as_str()), ("orion", "Orion v. Lyra"));
        assert_eq!(hold.custodians.iter().collect::<Vec<_>>(), ["alice", "bob"]);
        assert_eq!((hold.conversations.len(), hold.ids.len()), (1, 1));
        assert_eq!(hold.content.to, Some("2024-03-31".parse().unwrap()));
        assert_eq!(hold.condition.as_ref().unwrap().text, "resource.business");
        assert_eq!(hold.query.as_ref().unwrap().path, path!["query"]);
        assert!(hold.silent && hold.whole_threads && !hold.everything);
    }

    #[test]
    fn everything_has_to_be_spelled_out() {
        let empty = "LX0801 2 «orion» hold `orion` names nobody and nothing";
        assert_eq!(hold("").1, [empty]);
        assert_eq!(hold("custodians: []\nids: []\n").1, [empty]);
        assert_eq!(hold("when: resource.business\n").1, [empty]);
        let (holds, said) = hold("scope: everything\nwhen: resource.business\n");
        assert_eq!(said, [""; 0]);
        assert!(holds[0].everything);
        assert!(hold("scope: all\n").1[0].starts_with("LX0106 5 «all» "));
    }

    #[test]
    fn everything_and_someone_besides() {
        let (holds, said) = hold("scope: everything\ncustodians: [alice]\n");
        assert_eq!(
            said,
            ["LX0802 6 «custodians» `scope: everything` together with `custodians`"]
        );
        assert!(holds.is_empty());
        // Nothing narrows explicit ids, so they say something that `everything` does not.
        assert_eq!(
            hold("scope: everything\nids: [m1]\nwhen: resource.business\n").1,
            [""; 0]
        );
    }

    #[test]
    fn messages_alone_cannot_be_narrowed() {
        let (holds, said) = hold("ids: [m1]\ncontent: { from: 2024-01-01 }\n");
        assert_eq!(said, ["LX0804 6 «content» `content` narrows nothing here"]);
        assert_eq!(holds.len(), 1);
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_at_once() {
        let (holds, said) = compiled(
            &["lexhold: 1\nhold: orion\ncustodian: [alice]\ncontent: { from: 2024-02-01, to: 2024-01-31 }\n"],
            compile_holds,
        );
        assert!(holds.is_empty());
        let codes: Vec<_> = said.iter().map(|said| said.split_once(' ').unwrap().0).collect();
        assert_eq!(codes, ["LX0101", "LX0101", "LX0103", "LX0307"], "{said:#?}");
        assert!(said[3].starts_with("LX0307 4 «2024-01-31» "));
    }

    #[test]
    fn names_are_unique() {
        let text = "lexhold: 1\nhold: orion\nmatter: Orion\nzone: UTC\nids: [m1]\n";
        let (holds, said) = compiled(&[text, text], compile_holds);
        assert_eq!(said, ["LX0803 2 «orion» hold `orion` is defined twice"]);
        assert_eq!(holds.len(), 1);
    }
}
