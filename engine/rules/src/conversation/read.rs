//! From rulesets to conversation rules.

use jiff::{Span, SpanRelativeTo, Timestamp, civil};
use lexhold_document::{
    Diagnostic, Diagnostics, Document, Entry, Field, Kind, Node, Shape, Value, choice, closer, did_you_mean, either,
    list, map, one_or_many, optional, required,
};
use rustc_hash::FxHashMap;

use super::{Conversation, ConversationRule, Demand, Exchange, Grouping, Utterance};
use crate::{RuleInfo, codes, limits};

/// The keys of which one says what the hits have to amount to.
const DEMANDS: [&str; 4] = ["count", "distinct", "all_of", "ordered"];

/// The keys of a rule that has `conversation` in place of `match`.
///
/// Those of a pattern rule may stand here too as far as the shape goes, so that a conversation rule is told from a
/// pattern rule by `conversation` alone; [`read`] reports them.
pub(crate) fn shape() -> Shape {
    let mut own = own_fields();
    own.extend(
        pattern_fields().map(|field| optional(field.name, closer("of-pattern-rules-alone", || either([])), field.doc)),
    );
    map(own)
}

/// The keys that pattern rules alone have.
fn pattern_fields() -> impl Iterator<Item = Field> {
    let Shape::Map(rule) = crate::shape::rule() else {
        return Vec::new().into_iter();
    };
    let mut fields = rule.fields;
    fields.retain(|field| !OWN.contains(&field.name));
    fields.into_iter()
}

/// The keys of a conversation rule.
const OWN: [&str; 10] = [
    "id",
    "title",
    "severity",
    "status",
    "risk",
    "why",
    "cites",
    "conversation",
    "hits",
    "misses",
];

fn own_fields() -> Vec<Field> {
    let ids = || list(Shape::Text);
    let counted = || {
        map([
            required("of", one_or_many(Shape::Text), "the rules whose hits count"),
            required("at_least", Shape::Integer, "how many are wanted"),
        ])
    };
    let conversation = map([
        optional("count", counted(), "so many messages with a hit of one of these rules"),
        optional("distinct", counted(), "hits of so many different ones of these rules"),
        optional("all_of", ids(), "a hit of each of these rules"),
        optional("ordered", ids(), "hits of these rules, one after the other"),
        required(
            "by",
            one_or_many(choice(&["conversation", "sender", "pair", "desk"])),
            "what the messages have to share",
        ),
        required("within", Shape::Duration, "the period, at most P31D"),
        optional("participants", Shape::Integer, "how many different senders are wanted"),
    ])
    .exactly_one(&DEMANDS);
    let message = map([
        required("at", Shape::Text, "when, as 10:59 or 2026-11-21T10:59:00Z"),
        required("from", Shape::Text, "who sent it"),
        required("text", Shape::Text, "what it says"),
        optional("to", one_or_many(Shape::Text), "to whom; to everybody else by default"),
        optional("conversation", Shape::Text, "the conversation, if there are several"),
        optional("desk", one_or_many(Shape::Text), "the desks of the sender"),
    ]);
    vec![
        required("id", Shape::Id, "unique within the ruleset"),
        optional("title", Shape::Text, "one line for people"),
        required("severity", choice(crate::shape::SEVERITIES), "how grave a hit is"),
        optional("status", choice(crate::shape::STATUSES), "how settled the rule is"),
        optional("risk", Shape::Text, "the risk that the rule speaks of"),
        required("why", Shape::Text, "why somebody should look"),
        optional(
            "cites",
            one_or_many(Shape::Text),
            "the paragraphs that the rule rests on",
        ),
        required("conversation", conversation, "what several messages have to show"),
        required(
            "hits",
            list(list(message.clone())),
            "conversations that the rule has to hit",
        ),
        required("misses", list(list(message)), "conversations that it must not hit"),
    ]
}

/// Reads the conversation rules of all rulesets. `info` makes what a rule says about itself.
pub(crate) fn read(
    documents: &[&Document],
    info: impl Fn(&Document, usize, usize, &Node) -> Option<RuleInfo>,
    diagnostics: &mut Diagnostics,
) -> Vec<ConversationRule> {
    let rulesets = || {
        let all = documents.iter().enumerate();
        all.filter(|(_, document)| document.kind == Kind::Ruleset)
    };
    let known: FxHashMap<String, bool> = rulesets().flat_map(|(_, document)| ids(document)).collect();
    let mut out = Vec::new();
    for (index, document) in rulesets() {
        for (position, node) in rules(document).iter().enumerate() {
            let Some(conversation) = node.entry("conversation") else {
                continue;
            };
            let mut reader = Reader {
                ruleset: &document.name,
                known: &known,
                diagnostics,
            };
            reader.misplaced(node);
            let conversation = reader.conversation(conversation);
            let hits = reader.exchanges(node.get("hits"));
            let misses = reader.exchanges(node.get("misses"));
            if let (Some(conversation), Some(info)) = (conversation, info(document, index, position, node)) {
                out.push(ConversationRule {
                    info,
                    conversation,
                    hits,
                    misses,
                });
            }
        }
    }
    out
}

fn rules(document: &Document) -> &[Node] {
    document.root.get("rules").and_then(Node::as_list).unwrap_or_default()
}

/// The full ids of a ruleset's rules, and whether each is a conversation rule.
fn ids(document: &Document) -> impl Iterator<Item = (String, bool)> {
    rules(document).iter().filter_map(|node| {
        let id = node.get("id")?.as_text()?;
        Some((format!("{}.{id}", document.name), node.get("conversation").is_some()))
    })
}

struct Reader<'a> {
    /// The name of the ruleset at hand.
    ruleset: &'a str,
    /// The full id of every rule, and whether it is a conversation rule.
    known: &'a FxHashMap<String, bool>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// Reports the keys that belong to a pattern rule.
    fn misplaced(&mut self, node: &Node) {
        for entry in pattern_fields().filter_map(|field| node.entry(field.name)) {
            let message = format!("a conversation rule has no `{}`", entry.key);
            let error = Diagnostic::error(codes::CONVERSATION_KEY, message).at(entry.key_place, "");
            self.diagnostics
                .push(error.help("it belongs to the rules that `conversation` names"));
        }
    }

    /// Reads what stands under `conversation`; what the shape has reported is not reported again.
    fn conversation(&mut self, entry: &Entry) -> Option<Conversation> {
        let node = &entry.node;
        let by = self.groupings(node.get("by")?);
        let within = self.period(node.get("within")?);
        let participants = match node.get("participants") {
            Some(count) => self.number(count, "`participants`", 1, limits::PARTICIPANTS),
            None => Some(1),
        };
        let mut demands = DEMANDS.iter().filter_map(|key| node.entry(key));
        let demand = demands.next().filter(|_| demands.next().is_none());
        let (components, demand) = self.demand(demand?)?;
        Some(Conversation {
            components,
            demand,
            by: by?,
            within_us: within?,
            participants: participants?,
        })
    }

    fn demand(&mut self, entry: &Entry) -> Option<(Vec<String>, Demand)> {
        let (key, node) = (entry.key.as_str(), &entry.node);
        let counts = matches!(key, "count" | "distinct");
        let of = if counts { node.get("of")? } else { node };
        let named = self.components(of)?;
        let mut components: Vec<String> = Vec::new();
        let positions = named.into_iter().map(|id| position(&mut components, id));
        let steps: Vec<u32> = positions.collect();
        let n_components = u32::try_from(components.len()).unwrap_or(u32::MAX);
        let demand = match key {
            "count" => {
                let at_least = node.get("at_least")?;
                Demand::Count(self.number(at_least, "`at_least`", 2, limits::CONVERSATION_MESSAGES)?)
            }
            "distinct" => Demand::Distinct(self.number(node.get("at_least")?, "`at_least`", 1, n_components)?),
            "ordered" => Demand::Ordered(steps),
            _ => Demand::Distinct(n_components),
        };
        let n_wanted = if key == "ordered" {
            entry_len(of)
        } else {
            components.len()
        };
        if !counts && n_wanted < 2 {
            let message = format!("`{key}` names fewer than 2 rules");
            return self.refuse(Diagnostic::error(codes::OPERAND, message).at(of.place, ""));
        }
        Some((components, demand))
    }

    /// The full ids of the rules that a list names.
    fn components(&mut self, node: &Node) -> Option<Vec<String>> {
        let items = one_or_many_of(node);
        if !(1..=limits::COMPONENTS).contains(&items.len()) {
            let message = format!("names {} rules, not 1 to {}", items.len(), limits::COMPONENTS);
            return self.refuse(Diagnostic::error(codes::OUT_OF_RANGE, message).at(node.place, ""));
        }
        let ids: Vec<Option<String>> = items.into_iter().map(|item| self.component(item)).collect();
        ids.into_iter().collect()
    }

    fn component(&mut self, node: &Node) -> Option<String> {
        let name = node.as_text()?;
        let here = format!("{}.{name}", self.ruleset);
        let id = if self.known.contains_key(&here) {
            here
        } else {
            name.to_owned()
        };
        match self.known.get(&id) {
            Some(false) => Some(id),
            Some(true) => {
                let message = format!("`{name}` is a conversation rule itself");
                let error = Diagnostic::error(codes::COMPONENT_KIND, message).at(node.place, "");
                self.refuse(error.help("name the rules that match single messages"))
            }
            None => {
                let prefix = format!("{}.", self.ruleset);
                let mut known: Vec<&str> = self.known.keys().map(String::as_str).collect();
                known.sort_unstable();
                let short = known.iter().filter_map(|id| id.strip_prefix(&prefix));
                let help = did_you_mean(name, short.chain(known.iter().copied()));
                let error = Diagnostic::error(codes::UNKNOWN_COMPONENT, format!("there is no rule `{name}`"));
                let error = error.at(node.place, "").maybe_help(help);
                self.refuse(error.note("a rule of another ruleset is named in full, `ruleset.rule`"))
            }
        }
    }

    fn groupings(&mut self, node: &Node) -> Option<Vec<Grouping>> {
        let mut by: Vec<Grouping> = one_or_many_of(node)
            .into_iter()
            .map(|item| match item.as_text()? {
                "conversation" => Some(Grouping::Conversation),
                "sender" => Some(Grouping::Sender),
                "pair" => Some(Grouping::Pair),
                "desk" => Some(Grouping::Desk),
                _ => None,
            })
            .collect::<Option<_>>()?;
        by.sort_unstable();
        by.dedup();
        if by.is_empty() {
            return self.refuse(Diagnostic::error(codes::OPERAND, "`by` is empty").at(node.place, ""));
        }
        Some(by)
    }

    /// A period in microseconds. A day has 24 hours: windows lie on the line of time, not on a calendar.
    fn period(&mut self, node: &Node) -> Option<i64> {
        let span: Span = node.as_text()?.parse().ok()?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
        let length = length.and_then(|length| i64::try_from(length.as_micros()).ok());
        let length = length.filter(|length| (1..=limits::CONVERSATION_US).contains(length));
        if length.is_none() {
            let error = Diagnostic::error(
                codes::OUT_OF_RANGE,
                "the period has to be longer than nothing, P31D at most",
            );
            return self.refuse(error.at(node.place, "").help("write it as PT10M, P1D or P2W"));
        }
        length
    }

    fn number(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<u32> {
        let Value::Int(number) = node.value else { return None };
        let number = u32::try_from(number)
            .ok()
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let message = format!("{what} has to be a whole number from {least} to {most}");
            return self.refuse(Diagnostic::error(codes::OUT_OF_RANGE, message).at(node.place, ""));
        }
        number
    }

    fn exchanges(&mut self, node: Option<&Node>) -> Vec<Exchange> {
        let items = node.and_then(Node::as_list).unwrap_or_default();
        items.iter().filter_map(|item| self.exchange(item)).collect()
    }

    fn exchange(&mut self, node: &Node) -> Option<Exchange> {
        let messages: Vec<Option<Utterance>> = node.as_list()?.iter().map(|item| self.utterance(item)).collect();
        let messages: Vec<Utterance> = messages.into_iter().collect::<Option<_>>()?;
        if messages.is_empty() {
            let error = Diagnostic::error(codes::CONVERSATION_EXAMPLE, "the example has no message");
            return self.refuse(error.at(node.place, ""));
        }
        Some(Exchange {
            messages,
            place: node.place,
        })
    }

    fn utterance(&mut self, node: &Node) -> Option<Utterance> {
        let text = |key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
        let at = node.get("at")?;
        let Some(at_us) = instant(at.as_text()?) else {
            let message = format!("`{}` is not a time", at.as_text()?);
            let error = Diagnostic::error(codes::CONVERSATION_EXAMPLE, message).at(at.place, "");
            return self.refuse(error.help("write it in quotes as \"10:59\", or as 2026-11-21T10:59:00Z"));
        };
        Some(Utterance {
            at_us,
            from: text("from")?,
            to: node.get("to").map(texts),
            conversation: text("conversation").unwrap_or_default(),
            desks: node.get("desk").map(texts).unwrap_or_default(),
            text: text("text")?,
        })
    }

    fn refuse<T>(&mut self, error: Diagnostic) -> Option<T> {
        self.diagnostics.push(error);
        None
    }
}

/// The position of an id among the components, which it joins if it is new.
fn position(components: &mut Vec<String>, id: String) -> u32 {
    let known = components.iter().position(|known| *known == id);
    let at = known.unwrap_or_else(|| {
        components.push(id);
        components.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A time of day, of a day of its own, or an instant of RFC 3339, in microseconds.
fn instant(text: &str) -> Option<i64> {
    let of_day = || {
        let is_clock = text.starts_with(|c: char| c.is_ascii_digit()) && text.as_bytes().get(2) == Some(&b':');
        let time: civil::Time = is_clock.then(|| text.parse().ok())??;
        let since_midnight = time.duration_since(civil::Time::midnight());
        i64::try_from(since_midnight.as_micros()).ok()
    };
    of_day().or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond))
}

fn one_or_many_of(node: &Node) -> Vec<&Node> {
    match node.as_list() {
        Some(items) => items.iter().collect(),
        None => vec![node],
    }
}

fn entry_len(node: &Node) -> usize {
    node.as_list().map_or(1, <[Node]>::len)
}

fn texts(node: &Node) -> Vec<String> {
    let texts = one_or_many_of(node).into_iter().filter_map(Node::as_text);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::conversation::{Demand, Grouping, check_conversation_examples};
    use crate::testing::{compiled, ruleset};
    use crate::{Expected, Program};

    /// Rules `r0`, `r1` and a conversation rule of these keys.
    fn with(conversation: &str) -> String {
        let rule = format!(
            "- {{id: talk, severity: low, why: test, conversation: {conversation}, hits: [[{HIT}], [{HIT}]], misses: [[{MISS}], [{MISS}]]}}\n"
        );
        ruleset(&["a", "b"]) + &rule
    }

    const HIT: &str = "{at: '10:00', from: x, text: a}, {at: '10:01', from: y, text: b}";
    const MISS: &str = "{at: '10:00', from: x, text: c}";
    const SOUND: &str = "{ordered: [r0, r1], by: pair, within: PT5M}";

    fn diagnostics(conversation: &str) -> Vec<String> {
        compiled(&[&with(conversation)]).1
    }

    fn failures(program: &Program) -> Vec<(Expected, String)> {
        let failures = check_conversation_examples(program, 0);
        failures
            .into_iter()
            .map(|failure| (failure.expected, failure.text))
            .collect()
    }

    #[test]
    fn x1_a_rule_is_read() {
        let text = "{distinct: {of: [r1, r0, test.r1], at_least: 2}, by: [pair, conversation], within: P1DT1H, participants: 2}";
        let (program, diagnostics) = compiled(&[&with(text)]);
        assert_eq!(diagnostics, [""; 0]);
        let rule = &program.conversations()[0];
        assert_eq!((rule.info.id.as_str(), program.rules().len()), ("test.talk", 2));
        let conversation = &rule.conversation;
        assert_eq!(conversation.components, ["test.r1", "test.r0"]);
        assert_eq!(conversation.demand, Demand::Distinct(2));
        assert_eq!(conversation.by, [Grouping::Conversation, Grouping::Pair]);
        assert_eq!(
            (conversation.within_us, conversation.participants),
            (25 * 3_600_000_000, 2)
        );
        assert_eq!(failures(&program), []);
    }

    #[test]
    fn x1_components_stand_in_any_ruleset() {
        let other = ruleset(&["b"]).replace("ruleset: test", "ruleset: other");
        let text = with("{all_of: [r0, other.r0], by: sender, within: P1D}");
        assert_eq!(compiled(&[&text, &other]).1, [""; 0]);
        assert_eq!(compiled(&[&text]).1, ["LX0450: other.r0"]);
    }

    #[test]
    fn x1_what_is_wrong_is_told_at_its_place() {
        let cases = [
            ("{ordered: [r0, r7], by: pair, within: PT5M}", "LX0450: r7"),
            ("{all_of: [r0, talk], by: pair, within: PT5M}", "LX0451: talk"),
            ("{all_of: [r0, r0], by: pair, within: PT5M}", "LX0402: [r0, r0]"),
            ("{ordered: [r0], by: pair, within: PT5M}", "LX0402: [r0]"),
            ("{all_of: [r0, r1], by: [], within: PT5M}", "LX0402: []"),
            ("{count: {of: [r0], at_least: 1}, by: pair, within: PT5M}", "LX0423: 1"),
            (
                "{count: {of: [r0], at_least: 10001}, by: pair, within: PT5M}",
                "LX0423: 10001",
            ),
            (
                "{distinct: {of: [r0, r1], at_least: 3}, by: pair, within: PT5M}",
                "LX0423: 3",
            ),
            ("{all_of: [r0, r1], by: pair, within: PT0S}", "LX0423: PT0S"),
            ("{all_of: [r0, r1], by: pair, within: P31DT1S}", "LX0423: P31DT1S"),
            ("{all_of: [r0, r1], by: pair, within: P1M}", "LX0423: P1M"),
            (
                "{all_of: [r0, r1], by: pair, within: P1D, participants: 0}",
                "LX0423: 0",
            ),
            ("{all_of: [r0, r1], by: room, within: P1D}", "LX0110: room"),
        ];
        for (text, expected) in cases {
            let found = diagnostics(text);
            assert_eq!(
                found.iter().map(|found| &found[6..]).collect::<Vec<_>>(),
                [&expected[6..]],
                "{text}"
            );
            assert!(expected.starts_with("LX01") || found[0] == expected, "{found:?}");
        }
        for text in [
            "{by: pair, within: P1D}",
            "{all_of: [r0, r1], ordered: [r0, r1], by: pair, within: P1D}",
        ] {
            assert_eq!(diagnostics(text).len(), 1, "{text}");
        }
        assert_eq!(diagnostics("{all_of: [r0, r1], by: pair, within: P31D}"), [""; 0]);
    }

    #[test]
    fn x1_a_near_miss_is_suggested() {
        let text = with("{ordered: [r0, offline-tlak], by: pair, within: PT5M}").replace("id: r1", "id: offline-talk");
        let mut files = lexhold_document::Files::new();
        let mut diagnostics = lexhold_document::Diagnostics::new();
        let root = files.add("a.yaml", text);
        let none = &mut |_: &str| Err(lexhold_document::OpenError::NotFound);
        let documents = lexhold_document::load(&mut files, &[root], none, &mut diagnostics);
        crate::compile(&[&documents[0]], &mut diagnostics);
        let helps: Vec<&str> = diagnostics
            .iter()
            .flat_map(|found| &found.helps)
            .map(String::as_str)
            .collect();
        assert_eq!(helps, ["did you mean `offline-talk`?"]);
    }

    #[test]
    fn labels_and_conditions_belong_to_the_components() {
        for key in ["labels: [x]", "when: resource.external", "view: raw", "match: a"] {
            let text = with(SOUND).replace("why: test, conversation", &format!("why: test, {key}, conversation"));
            assert_eq!(compiled(&[&text]).1.len(), 1, "{key}");
        }
    }

    #[test]
    fn g1_examples_are_run_and_read() {
        let program = |text: &str| compiled(&[text]);
        let (sound, diagnostics) = program(&with(SOUND));
        assert_eq!((diagnostics.len(), failures(&sound)), (0, Vec::new()));
        let swapped = with(SOUND)
            .replacen("text: a", "text: b", 1)
            .replacen("text: c", "text: a b", 1);
        assert_eq!(
            failures(&program(&swapped).0),
            [
                (Expected::Hit, "x: b / y: b".to_owned()),
                (Expected::Miss, "x: a b".to_owned())
            ]
        );
        let retired = swapped.replace("id: talk,", "id: talk, status: retired,");
        assert_eq!(failures(&program(&retired).0), []);
        for (text, expected) in [
            (with(SOUND).replacen("'10:00'", "'25:00'", 1), "LX0452: '25:00'"),
            (with(SOUND).replacen("'10:00'", "noon", 1), "LX0452: noon"),
            (with(SOUND).replacen(&format!("[{HIT}]"), "[]", 1), "LX0452: []"),
        ] {
            assert_eq!(program(&text).1, [expected]);
        }
        assert_eq!(
            program(&with(SOUND).replacen(&format!(", [{HIT}]"), "", 1)).1,
            ["LX0403: hits"]
        );
    }

    #[test]
    fn excluded_hits_do_not_count() {
        let text = with(SOUND).replace("match: a,", "match: {word: a, unless: [{word: not, within: 1}]},");
        let denied = text.replace("text: a", "text: not a");
        assert_eq!(failures(&compiled(&[&text]).0), []);
        assert_eq!(failures(&compiled(&[&denied]).0).len(), 2);
    }
}
