//! Operators that say where things stand to one another.

use lexhold_document::{Diagnostic, Entry, Node, Value, did_you_mean};

use super::{Reader, wrong};
use crate::beside::Window;
use crate::expression::{Expression, Scope};
use crate::near::Nearness;
use crate::{codes, limits};

impl Reader<'_, '_> {
    /// Reads `near` or `before`.
    pub(super) fn near(&mut self, entry: &Entry, ordered: bool) -> Option<Expression> {
        let (name, node) = (entry.key.as_str(), &entry.node);
        let sound = self.has_keys(
            entry,
            &["of", "within"],
            &format!("{name}: {{of: [move, whatsapp], within: 5}}"),
        )?;
        let within = self.within(name, entry);
        let operands = match node.get("of") {
            Some(of) => self.operands(name, of),
            None => self.lacks(entry, "of", "what to find"),
        };
        let nearness = Nearness {
            within: within?,
            ordered,
        };
        sound.then_some(Expression::Near(operands?, nearness))
    }

    /// Reads `not_near`.
    pub(super) fn not_near(&mut self, entry: &Entry) -> Option<Expression> {
        let node = &entry.node;
        let example = "not_near: {of: guarantee, without: [no, not], within: 3}";
        let sound = self.has_keys(entry, &["of", "without", "within", "side"], example)?;
        let within = self.within("not_near", entry);
        let side = self.side(node);
        let mut operand = |key, label| match node.get(key) {
            Some(operand) => self.operand(operand),
            None => self.lacks(entry, key, label),
        };
        let of = operand("of", "what to find");
        let without = operand("without", "what must not stand beside it");
        let window = side?.window(within?);
        let operands = (of?, without?);
        sound.then(|| Expression::NotNear(Box::new(operands), window))
    }

    /// Reads `same_sentence` or `same_paragraph`.
    pub(super) fn same_stretch(&mut self, entry: &Entry, scope: Scope) -> Option<Expression> {
        let operands = self.operands(&entry.key, &entry.node)?;
        Some(Expression::Within(operands, scope))
    }

    /// Reads `same_message`.
    pub(super) fn same_message(&mut self, entry: &Entry) -> Option<Expression> {
        let items = self.list(entry)?;
        if self.in_part {
            return self.refuse(
                Diagnostic::error(
                    codes::MISPLACED_SCOPE,
                    "`same_message` stands where one part is looked at",
                )
                .at(entry.key_place, "")
                .note("proximity, `unless` and `support` never cross the border of two parts of a message")
                .help(
                    "put it at the top of `match`, or under `any`, `all` or another `same_message`, and the \
                           operator into its items",
                ),
            );
        }
        if items.is_empty() {
            return self.refuse(wrong(&entry.node, "the list is empty"));
        }
        let all: Vec<Option<Expression>> = items.iter().map(|item| self.expression(item)).collect();
        Some(Expression::Message(all.into_iter().collect::<Option<_>>()?))
    }

    /// Reads a condition on one part, below an operator that looks at one part.
    pub(super) fn operand(&mut self, node: &Node) -> Option<Expression> {
        self.operand_without(node, &[])
    }

    /// The same, of a map that may hold some keys that are no operators.
    pub(super) fn operand_without(&mut self, node: &Node, aside: &[&str]) -> Option<Expression> {
        let outside = std::mem::replace(&mut self.in_part, true);
        let expression = self.without(node, aside);
        self.in_part = outside;
        expression
    }

    fn operands(&mut self, name: &str, of: &Node) -> Option<Vec<Expression>> {
        let Some(items) = of.as_list() else {
            return self.refuse(wrong(
                of,
                format!("the operands of `{name}` have to be a list, not {}", of.type_name()),
            ));
        };
        let operands: Vec<Option<Expression>> = items.iter().map(|item| self.operand(item)).collect();
        let operands: Vec<Expression> = operands.into_iter().collect::<Option<_>>()?;
        if !(2..=limits::NEAR_OPERANDS).contains(&operands.len()) {
            let message = format!(
                "`{name}` has {} operands, not 2 to {}",
                operands.len(),
                limits::NEAR_OPERANDS
            );
            return self.refuse(Diagnostic::error(codes::OUT_OF_RANGE, message).at(of.place, ""));
        }
        Some(operands)
    }

    /// Whether an operator's map has these keys alone; `None` if it is no map. What is wrong has been reported.
    fn has_keys(&mut self, entry: &Entry, known: &[&'static str], example: &str) -> Option<bool> {
        let name = &entry.key;
        let Some(entries) = entry.node.as_map() else {
            let message = format!("`{name}` wants {}, not {}", listed(known), entry.node.type_name());
            return self.refuse(wrong(&entry.node, message).help(example));
        };
        let unknown = entries.iter().filter(|entry| !known.contains(&entry.key.as_str()));
        let unknown: Vec<Diagnostic> = unknown.map(|key| unknown_key(name, key, known)).collect();
        let sound = unknown.is_empty();
        self.diagnostics.extend(unknown);
        Some(sound)
    }

    fn lacks<T>(&mut self, entry: &Entry, key: &str, label: &str) -> Option<T> {
        let message = format!("`{}` wants `{key}`", entry.key);
        self.refuse(Diagnostic::error(codes::OPERAND, message).at(entry.key_place, label))
    }

    fn within(&mut self, name: &str, entry: &Entry) -> Option<u32> {
        match entry.node.get("within") {
            Some(within) => self.count(within),
            None => self.refuse(
                Diagnostic::error(codes::OPERAND, format!("`{name}` wants `within`"))
                    .at(entry.key_place, "how far apart at most")
                    .help("the distance of neighbours is 1"),
            ),
        }
    }

    /// Reads a distance in words or characters.
    pub(super) fn count(&mut self, node: &Node) -> Option<u32> {
        let within = match node.value {
            Value::Int(number) => u32::try_from(number)
                .ok()
                .filter(|number| (1..=limits::WITHIN).contains(number)),
            _ => None,
        };
        match within {
            Some(within) => Some(within),
            None => {
                let message = format!("a distance has to be a whole number from 1 to {}", limits::WITHIN);
                self.refuse(Diagnostic::error(codes::OUT_OF_RANGE, message).at(node.place, ""))
            }
        }
    }

    /// Reads `side`.
    pub(super) fn side(&mut self, node: &Node) -> Option<Side> {
        let Some(entry) = node.entry("side") else {
            return Some(Side::Both);
        };
        match entry.node.as_text() {
            Some("before") => Some(Side::Before),
            Some("after") => Some(Side::After),
            Some("both") => Some(Side::Both),
            _ => self.refuse(wrong(&entry.node, "`side` has to be `before`, `after` or `both`")),
        }
    }
}

/// Where a window lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
    Both,
}

impl Side {
    /// The window of this width on this side.
    pub(crate) fn window(self, within: u32) -> Window {
        Window {
            before: if self == Side::After { 0 } else { within },
            after: if self == Side::Before { 0 } else { within },
        }
    }
}

fn unknown_key(name: &str, entry: &Entry, known: &[&'static str]) -> Diagnostic {
    let help = match entry.key.as_str() {
        "before" | "ordered" => Some("for operands in their order write `before` in place of `near`".to_owned()),
        key => did_you_mean(key, known.iter().copied()),
    };
    let message = format!("`{name}` has no key `{}`", entry.key);
    Diagnostic::error(codes::OPERAND, message)
        .at(entry.key_place, "")
        .maybe_help(help)
}

fn listed(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}

#[cfg(test)]
mod tests {
    use crate::TextView;
    use crate::testing::{diagnostics, hits, program, scan};

    fn not_near(within: u32) -> String {
        format!("{{not_near: {{of: a, without: b, within: {within}}}}}")
    }

    #[test]
    fn p6_not_near_is_an_a_with_no_b_within_n() {
        assert_eq!(hits(&not_near(2), "a x b"), [""; 0]);
        assert_eq!(hits(&not_near(2), "a x y b"), ["a"]);
        assert_eq!(hits(&not_near(2), "b x a"), [""; 0]);
        assert_eq!(hits(&not_near(1), "a"), ["a"]);
        assert_eq!(hits(&not_near(1), "b"), [""; 0]);
    }

    #[test]
    fn p6_of_several_those_that_qualify_are_reported() {
        assert_eq!(hits(&not_near(1), "a b x a x b x a"), ["a", "a"]);
    }

    #[test]
    fn p6_one_side() {
        let before = "{not_near: {of: guarantee, without: ['no', not], within: 2, side: before}}";
        assert_eq!(
            hits(before, "no guarantee, not a guarantee, guarantee no"),
            ["guarantee"]
        );
    }

    #[test]
    fn p6_operands_use_different_tokens() {
        let inside = "{not_near: {of: wall street, without: street, within: 5}}";
        assert_eq!(hits(inside, "wall street"), ["wall street"]);
        assert_eq!(hits(inside, "wall street, a street"), [""; 0]);
    }

    #[test]
    fn p6_stands_inside_other_operators() {
        let near = "{near: {of: [{not_near: {of: a, without: b, within: 1}}, c], within: 3}}";
        assert_eq!(hits(near, "a b c"), [""; 0]);
        assert_eq!(hits(near, "a x c a b"), ["a x c"]);
        assert_eq!(
            hits("{all: [c, {not_near: {of: a, without: b, within: 1}}]}", "a b c"),
            [""; 0]
        );
        let unless = "{word: c, unless: [{not_near: {of: a, without: b, within: 1}, within: 2}]}";
        assert_eq!(hits(unless, "a x c / a b c"), ["(c)", "c"]);
    }

    #[test]
    fn p6_no_negation_stands_alone() {
        assert_eq!(diagnostics("{not: a}"), ["LX0438: not"]);
        assert_eq!(diagnostics("{all: [a, {none_of: [b]}]}"), ["LX0438: none_of"]);
        assert_eq!(diagnostics("{not_near: {without: a, within: 3}}"), ["LX0402: not_near"]);
        assert_eq!(
            diagnostics("{not_near: {of: a, within: 3, order: before}}"),
            ["LX0402: not_near", "LX0402: order"]
        );
        assert_eq!(diagnostics("{not_near: [a, b]}"), ["LX0402: [a, b]"]);
        assert_eq!(diagnostics("{not_near: {of: a, without: b}}"), ["LX0402: not_near"]);
        assert_eq!(
            diagnostics("{not_near: {of: a, without: b, within: 10001, side: left}}"),
            ["LX0423: 10001", "LX0402: left"]
        );
    }

    #[test]
    fn p7_sentences_end_where_uax_29_says() {
        let same = "{same_sentence: [wire, [cash, money]]}";
        assert_eq!(hits(same, "Wire it. Cash is fine."), [""; 0]);
        assert_eq!(hits(same, "No. Wire the cash! Then call."), ["Wire the cash"]);
        assert_eq!(hits(same, "Send money (e.g. by wire) now"), ["money (e.g. by wire"]);
        assert_eq!(hits(same, "wire 1.5 of the cash"), ["wire 1.5 of the cash"]);
        assert_eq!(hits("{same_sentence: [机, 密]}", "机。密"), [""; 0]);
        assert_eq!(hits("{same_sentence: [机, 密]}", "机x密。机"), ["机x密"]);
    }

    #[test]
    fn p7_a_wrapped_line_ends_no_sentence_and_a_paragraph_does() {
        let same = "{same_sentence: [wire, cash]}";
        assert_eq!(hits(same, "wire it\nin cash"), ["wire it\nin cash"]);
        assert_eq!(hits(same, "wire it\r\nin cash"), ["wire it\r\nin cash"]);
        assert_eq!(hits(same, "wire it\n\nin cash"), [""; 0]);
        assert_eq!(hits(same, "wire it\u{2029}in cash"), [""; 0]);
    }

    #[test]
    fn p7_paragraphs_end_at_a_blank_line() {
        let same = "{same_paragraph: [wire, cash]}";
        assert_eq!(hits(same, "Wire it. Cash\nis fine."), ["Wire it. Cash"]);
        assert_eq!(hits(same, "wire it\n \ncash"), [""; 0]);
        assert_eq!(hits(same, "wire\n\ncash or wire"), ["cash or wire"]);
    }

    #[test]
    fn p7_scopes_are_proximity_without_a_distance() {
        assert_eq!(hits("{same_sentence: [x, x]}", "x"), [""; 0]);
        assert_eq!(hits("{same_sentence: [a, b, c]}", "a a b c b. A"), ["a b c"]);
        let nested = "{same_paragraph: [{near: {of: [a, b], within: 1}}, {same_sentence: [c, d]}]}";
        assert_eq!(hits(nested, "A b. C x d."), ["A b. C x d"]);
        assert_eq!(hits(nested, "A b. C. D."), [""; 0]);
        // What crosses a border lies in no sentence.
        assert_eq!(hits("{same_sentence: [{phrase: a b}, c]}", "a. B c"), [""; 0]);
    }

    #[test]
    fn p7_scopes_hold_in_every_view() {
        let text = "Can you wire it, e.g. in\ncash? We wire cash.\n\nCash was wired. A w\u{ad}ire";
        for view in TextView::ALL {
            let of_view = |matched: &str| {
                let program = program(&[&format!("{matched}, view: {}", view.as_str())]);
                let hits = scan(&program, text).into_iter().filter(|hit| !hit.evasion);
                hits.map(|hit| text[hit.span.start()..hit.span.end()].to_owned())
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                of_view("{same_sentence: [wire, cash]}"),
                ["wire it, e.g. in\ncash", "wire cash"],
                "{view:?}"
            );
            assert_eq!(
                of_view("{same_paragraph: [wire, cash]}").len(),
                if view.has_case() { 3 } else { 4 },
                "{view:?}"
            );
        }
    }

    #[test]
    fn p7_operands_are_wanted() {
        assert_eq!(diagnostics("{same_sentence: a}"), ["LX0402: a"]);
        assert_eq!(diagnostics("{same_sentence: [a]}"), ["LX0423: [a]"]);
        assert_eq!(diagnostics("{same_paragraph: [a, b, c, d, e, f, g, h, i]}").len(), 1);
    }
}
