//! From sampling documents to samples.

use std::collections::BTreeSet;

use jiff::civil::Date;
use lexhold_document::{
    Diagnostic, Diagnostics, Document, Kind, Node, Shape, Value, choice, did_you_mean, map, one_or_many, optional,
    required,
};
use lexhold_retention::Zone;

use super::{Cadence, Plan, Rate, Sampling, Stratum};
use crate::{codes, fits};

/// Largest minimum of a stratum.
const MINIMUM: i64 = 10_000;

/// The keys of a sampling document.
pub fn sampling_shape() -> Shape {
    map([
        required("owner", Shape::Text, "who answers for the sample"),
        optional("title", Shape::Text, "one line for people"),
        optional("why", Shape::Text, "what the sample is for"),
        required("zone", Shape::Text, "the time zone whose days are counted"),
        optional("cadence", choice(&["month", "quarter"]), "a sample for each of these"),
        optional(
            "period",
            map([
                required("from", Shape::Date, "the first day"),
                required("to", Shape::Date, "the last day"),
            ]),
            "one sample",
        ),
        required(
            "of",
            map([
                optional("hits", Shape::Text, "the share of messages with a hit, such as 5%"),
                optional("non_hits", Shape::Text, "the share of messages without one"),
            ])
            .at_least_one(&["hits", "non_hits"]),
            "what is drawn",
        ),
        optional(
            "strata",
            one_or_many(choice(&["sender", "desk", "channel"])),
            "what messages are grouped by, each on its own",
        ),
        optional("minimum", Shape::Integer, "how many messages of each stratum at least"),
        optional(
            "review_all",
            one_or_many(Shape::Text),
            "rules or documents whose every message is reviewed, and none is sampled",
        ),
    ])
    .exactly_one(&["cadence", "period"])
}

/// Compiles sampling documents; other kinds are passed over. `rules` are the ids of all rules, as `document.rule`, with
/// their documents.
pub fn compile_sampling(
    documents: &[&Document],
    rules: &BTreeSet<(&str, &str)>,
    diagnostics: &mut Diagnostics,
) -> Vec<Sampling> {
    let mine = documents.iter().filter(|document| document.kind == Kind::Sampling);
    let compiled = mine.filter_map(|document| {
        let fits = fits(document, &sampling_shape(), diagnostics);
        let mut reader = Reader {
            document,
            rules,
            diagnostics,
        };
        fits.then(|| reader.sampling()).flatten()
    });
    compiled.collect()
}

struct Reader<'a> {
    document: &'a Document,
    rules: &'a BTreeSet<(&'a str, &'a str)>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Reader<'a> {
    fn sampling(&mut self) -> Option<Sampling> {
        let zone = self.zone();
        let cadence = self.cadence();
        let of = self.get("of")?;
        let hits = of.get("hits").map(|node| self.rate(node));
        let non_hits = of.get("non_hits").map(|node| self.rate(node));
        let minimum = self.minimum();
        let review_all = self.review_all();
        let mut strata: Vec<Stratum> = self.texts("strata").filter_map(|(_, text)| stratum(text)).collect();
        strata.sort_unstable();
        strata.dedup();
        Some(Sampling {
            name: self.document.name.clone(),
            digest: self.document.digest,
            owner: self.document.owner()?.to_owned(),
            zone: zone?,
            cadence: cadence?,
            plan: Plan {
                hits: match hits {
                    Some(rate) => Some(rate?),
                    None => None,
                },
                non_hits: match non_hits {
                    Some(rate) => Some(rate?),
                    None => None,
                },
                strata,
                minimum: minimum?,
                review_all: review_all?,
            },
        })
    }

    fn get(&self, key: &str) -> Option<&'a Node> {
        self.document.root.get(key)
    }

    fn texts(&self, key: &str) -> impl Iterator<Item = (&'a Node, &'a str)> + use<'a> {
        let items = self
            .get(key)
            .map_or(&[][..], |node| node.as_list().unwrap_or(std::slice::from_ref(node)));
        items.iter().filter_map(|node| Some((node, node.as_text()?)))
    }

    fn zone(&mut self) -> Option<Zone> {
        let node = self.get("zone")?;
        let name = node.as_text()?;
        let zone = Zone::named(name);
        if zone.is_none() {
            let message = format!("`{name}` is not a time zone of the IANA database");
            let error = Diagnostic::error(codes::SAMPLING_ZONE, message).at(node.place, "");
            self.diagnostics.push(error.maybe_help(Zone::suggestion(name)));
        }
        zone
    }

    fn cadence(&mut self) -> Option<Cadence> {
        if let Some(node) = self.get("cadence") {
            return match node.as_text()? {
                "quarter" => Some(Cadence::Quarter),
                _ => Some(Cadence::Month),
            };
        }
        let node = self.get("period")?;
        let day = |key: &str| node.get(key)?.as_text()?.parse::<Date>().ok();
        let (from, to) = (day("from")?, day("to")?);
        if to < from {
            let error = Diagnostic::error(codes::SAMPLING_RANGE, "the period ends before it begins");
            self.diagnostics.push(error.at(node.place, ""));
            return None;
        }
        Some(Cadence::Once(from, to))
    }

    fn rate(&mut self, node: &Node) -> Option<Rate> {
        let text = node.as_text()?;
        let rate = Rate::percent(text);
        if rate.is_none() {
            let message = format!("`{text}` is not a percentage above 0 % and at most 100 %");
            let error = Diagnostic::error(codes::SAMPLING_RATE, message).at(node.place, "");
            self.diagnostics
                .push(error.help("write it as 5% or 0.25%, with up to four decimals"));
        }
        rate
    }

    fn minimum(&mut self) -> Option<u32> {
        let Some(node) = self.get("minimum") else {
            return Some(0);
        };
        let Value::Int(number) = node.value else { return None };
        let minimum = u32::try_from(number).ok().filter(|_| number <= MINIMUM);
        if minimum.is_none() {
            let message = format!("`minimum` has to be a whole number from 0 to {MINIMUM}");
            self.diagnostics
                .push(Diagnostic::error(codes::SAMPLING_RANGE, message).at(node.place, ""));
        }
        minimum
    }

    fn review_all(&mut self) -> Option<Vec<String>> {
        let mut named = BTreeSet::new();
        let mut sound = true;
        for (node, text) in self.texts("review_all") {
            if self.rules.iter().any(|(id, document)| *id == text || *document == text) {
                named.insert(text.to_owned());
                continue;
            }
            sound = false;
            let known = self.rules.iter().flat_map(|(id, document)| [*id, *document]);
            let message = format!("there is no rule or document `{text}`");
            let error = Diagnostic::error(codes::SAMPLING_CLASS, message).at(node.place, "");
            self.diagnostics.push(error.maybe_help(did_you_mean(text, known)));
        }
        sound.then(|| named.into_iter().collect())
    }
}

fn stratum(text: &str) -> Option<Stratum> {
    match text {
        "sender" => Some(Stratum::Sender),
        "desk" => Some(Stratum::Desk),
        "channel" => Some(Stratum::Channel),
        _ => None,
    }
}
