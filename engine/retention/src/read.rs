//! Reading values out of a document whose shape has been checked.
//!
//! A value of the wrong type has been reported with its shape and reads as absent here.

use jiff::civil::Date;
use lexhold_document::{Diagnostic, Diagnostics, Document, Node, Place, Seg, Value};
use serde::de::DeserializeOwned;

use crate::calendar_compile::Calendars;
use crate::{Condition, RetentionPeriod, Zone, codes};

/// One document being read.
pub struct Reader<'a> {
    /// The document.
    pub document: &'a Document,
    /// Its position among those that are compiled together.
    pub index: usize,
    /// The calendars that it may name.
    pub calendars: &'a Calendars,
    /// Where trouble goes.
    pub diagnostics: &'a mut Diagnostics,
}

impl<'a> Reader<'a> {
    /// The top of the document.
    pub fn root(&self) -> &'a Node {
        &self.document.root
    }

    /// Adds what is wrong.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds what is wrong with a value, unless its shape has said so already.
    fn report_once(&mut self, diagnostic: Diagnostic) {
        let known = self.diagnostics.iter().any(|other| other.place == diagnostic.place);
        if !known {
            self.report(diagnostic);
        }
    }

    /// The zone that the document names, which has to be known.
    pub fn zone(&mut self) -> Option<Zone> {
        let node = self.root().get("zone")?;
        let name = node.as_text()?;
        let zone = Zone::named(name);
        if zone.is_none() {
            self.report(
                Diagnostic::error(
                    codes::UNKNOWN_ZONE,
                    format!("`{name}` is not a time zone of the IANA database"),
                )
                .at(node.place, "")
                .maybe_help(Zone::suggestion(name)),
            );
        }
        zone
    }

    /// A period, with a warning where its days look like years.
    pub fn period(&mut self, node: &Node) -> Option<RetentionPeriod> {
        let text = node.as_text()?;
        let period = match text.parse::<RetentionPeriod>() {
            Ok(period) => period,
            Err(error) => {
                self.report_once(
                    Diagnostic::error(codes::PERIOD, format!("`{text}`: {error}"))
                        .at(node.place, "")
                        .help(error.help()),
                );
                return None;
            }
        };
        if let Some(years) = period.disguised_years() {
            self.report(
                Diagnostic::warning(codes::DAYS_FOR_YEARS, format!("`{text}` is not {years} calendar years"))
                    .at(node.place, "days are counted here, leap days among them")
                    .help(format!("write `P{years}Y` if years are meant")),
            );
        }
        Some(period)
    }

    /// The period under a key.
    pub fn period_at(&mut self, node: &Node, key: &str) -> Option<RetentionPeriod> {
        self.period(node.get(key)?)
    }

    /// Two days, of which the first may not lie after the last.
    pub fn days(&mut self, node: Option<&Node>) -> (Option<Date>, Option<Date>) {
        let day = |key| node.and_then(|node| date(node, key));
        let (from, to) = (day("from"), day("to"));
        if let (Some(from), Some(to), Some(node)) = (from, to, node)
            && from > to
        {
            let place = |key| node.get(key).map_or(node.place, |node| node.place);
            self.report(
                Diagnostic::error(
                    codes::DATES_REVERSED,
                    format!("the first day, {from}, lies after the last, {to}"),
                )
                .at(place("to"), "the last day")
                .also(place("from"), "the first day"),
            );
        }
        (from, to)
    }

    /// The condition at a path.
    pub fn condition(&self, path: &[Seg]) -> Option<Condition> {
        Some(Condition {
            document: self.index,
            path: path.to_vec(),
            text: self.document.get(path)?.as_text()?.to_owned(),
        })
    }
}

/// The text under a key.
pub fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.as_text().map(str::to_owned)
}

/// The texts of a list under a key.
pub fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).and_then(Node::as_list).unwrap_or_default();
    items.iter().filter_map(Node::as_text).map(str::to_owned).collect()
}

/// The day under a key.
pub fn date(node: &Node, key: &str) -> Option<Date> {
    node.get(key)?.as_text()?.parse().ok()
}

/// One of a few words under a key.
pub fn word<T: DeserializeOwned>(node: &Node, key: &str) -> Option<T> {
    serde_json::from_value(text(node, key)?.into()).ok()
}

/// Whether a key says `true`.
pub fn flag(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|node| node.value == Value::Bool(true))
}

/// Where a key stands, or else the whole.
pub fn key_place(node: &Node, key: &str) -> Place {
    node.entry(key).map_or(node.place, |entry| entry.key_place)
}
