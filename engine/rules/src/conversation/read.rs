//! From rulesets to conversation rules.

use jiff::{Span, SpanRelativeTo, Timestamp, civil};
use lexhold_document::{
    Diagnostic, Diagnostics, Document, Entry, Kind, Node, Shape, Value, choice, did_you_mean, list, map, one_or_many,
    optional, required,
};
use rustc_hash::FxHashMap;

use super::{Conversation, ConversationRule, Demand, Exchange, Grouping, Utterance};
use crate::{RuleInfo, codes, limits};

/// The keys of which one says what the hits have to amount to.
const DEMANDS: [&str; 4] = ["count", "distinct", "all_of", "ordered"];

/// The keys of a rule that has `conversation` in place of `match`.
pub(crate) fn shape() -> Shape {
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
    map([
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
    ])
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
