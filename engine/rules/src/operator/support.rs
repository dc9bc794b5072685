//! Supporting evidence, as a rule writes it.

use std::collections::BTreeMap;

use lexhold_document::{Diagnostic, Node, Place, Value};

use super::Reader;
use crate::codes;
use crate::support::{Supporting, Unit};

impl Reader<'_, '_> {
    /// Reads what stands under `support`. `None` if something in it was refused, which has been reported.
    pub(crate) fn support(&mut self, node: &Node) -> Option<Vec<Supporting>> {
        let mut names: BTreeMap<&str, Place> = BTreeMap::new();
        let mut all = Vec::new();
        for item in node.as_list().unwrap_or_default() {
            // What lacks a name or a condition has been reported by the shape.
            let (Some(name), Some(matched)) = (item.get("name"), item.get("match")) else {
                all.push(None);
                continue;
            };
            let text = name.as_text().unwrap_or_default();
            if let Some(first) = names.insert(text, name.place) {
                let error = Diagnostic::error(
                    codes::DUPLICATE_SUPPORT,
                    format!("there are two sorts of evidence `{text}`"),
                );
                self.diagnostics
                    .push(error.at(name.place, "").also(first, "first defined here"));
            }
            all.push(self.supporting(item, text, matched));
        }
        all.into_iter().collect()
    }

    fn supporting(&mut self, item: &Node, name: &str, matched: &Node) -> Option<Supporting> {
        let width = match (item.get("within"), item.get("characters")) {
            (Some(within), None) => self.count(within).map(|within| (within, Unit::Words)),
            (None, Some(characters)) => self.count(characters).map(|within| (within, Unit::Characters)),
            _ => self.refuse(
                Diagnostic::error(
                    codes::OPERAND,
                    format!("evidence `{name}` wants `within` or `characters`"),
                )
                .at(item.place, "one of them")
                .help("`within: 10` is ten words, `characters: 300` three hundred characters"),
            ),
        };
        let side = self.side(item);
        let expression = self.operand(matched);
        let (width, unit) = width?;
        Some(Supporting {
            name: name.into(),
            window: side?.window(width),
            expression: expression?,
            unit,
            itself: item
                .get("itself")
                .is_some_and(|itself| itself.value == Value::Bool(true)),
        })
    }
}
