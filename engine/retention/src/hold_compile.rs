//! From hold documents to holds.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Place, check_shape, path};

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
    };
    check_scope(reader, root, &hold).then_some(hold)
}

fn check_scope(reader: &mut Reader<'_>, root: &Node, hold: &HoldSpec) -> bool {
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
