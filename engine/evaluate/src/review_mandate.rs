//! Who may act beyond what follows from their own place: `delegation` and `exception` documents.

use std::collections::BTreeSet;

use jiff::civil::Date;
use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Shape, list, map, optional, path, required};
use lexhold_model::Digest;
use serde::Deserialize;

use crate::{codes, fits};

/// An operator acts for another one, who stays responsible and is named beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The document's name.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
    /// The operator who stays responsible.
    pub from: String,
    /// The operator who acts.
    pub to: String,
    /// What they may do, by the names that governance has for it.
    pub actions: BTreeSet<String>,
    days: Days,
}

/// Somebody may review although they took part, or report to somebody who did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The document's name.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
    /// The person of the directory who may review.
    pub reviewer: String,
    /// Whose messages; none means everybody's.
    pub of: BTreeSet<String>,
    /// Why there is no other way.
    pub reason: String,
    /// The operator who approved it.
    pub approved_by: String,
    days: Days,
}

/// The first and the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days(Date, Date);

impl Days {
    fn cover(self, day: Date) -> bool {
        self.0 <= day && day <= self.1
    }
}

impl Delegation {
    /// Whether one may do this for the other on this day.
    pub fn covers(&self, from: &str, to: &str, action: &str, day: Date) -> bool {
        self.from == from && self.to == to && self.actions.contains(action) && self.days.cover(day)
    }
}

impl Exception {
    /// Whether this person may review messages of that participant on this day.
    pub fn covers(&self, reviewer: &str, participant: &str, day: Date) -> bool {
        self.reviewer == reviewer && (self.of.is_empty() || self.of.contains(participant)) && self.days.cover(day)
    }
}

/// The keys of a delegation.
pub fn delegation_shape() -> Shape {
    map([
        optional("title", Shape::Text, "one line for people"),
        required("from", Shape::Id, "the operator who stays responsible"),
        required("to", Shape::Id, "the operator who acts for them"),
        required(
            "actions",
            list(Shape::Id),
            "what they may do: review_alert, close_alert, escalate_alert, …",
        ),
        required("begins", Shape::Date, "the first day"),
        required("ends", Shape::Date, "the last day"),
        required("reason", Shape::Text, "why"),
    ])
}

/// The keys of an exception.
pub fn exception_shape() -> Shape {
    map([
        optional("title", Shape::Text, "one line for people"),
        required(
            "reviewer",
            Shape::Text,
            "the person of the directory who may review nonetheless",
        ),
        optional("of", list(Shape::Text), "whose messages; absent means everybody's"),
        required("reason", Shape::Text, "why nobody else can review them"),
        required(
            "approved_by",
            Shape::Id,
            "the operator who approved it, somebody other than the reviewer",
        ),
        required("begins", Shape::Date, "the first day"),
        required("ends", Shape::Date, "the last day"),
        optional("cites", list(Shape::Text), "what it rests on"),
    ])
}

/// The delegations and exceptions among documents; what is wrong with them is in `diagnostics`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mandates {
    /// Who acts for whom.
    pub delegations: Vec<Delegation>,
    /// Who may review what they otherwise might not.
    pub exceptions: Vec<Exception>,
}

impl Mandates {
    /// Reads them; documents of other kinds are passed over.
    pub fn compile(documents: &[Document], diagnostics: &mut Diagnostics) -> Self {
        let of = |kind| documents.iter().filter(move |document| document.kind == kind);
        Self {
            delegations: of(Kind::Delegation)
                .filter_map(|document| delegation(document, diagnostics))
                .collect(),
            exceptions: of(Kind::Exception)
                .filter_map(|document| exception(document, diagnostics))
                .collect(),
        }
    }
}

fn delegation(document: &Document, diagnostics: &mut Diagnostics) -> Option<Delegation> {
    #[derive(Deserialize)]
    struct Text {
        from: String,
        to: String,
        actions: BTreeSet<String>,
        begins: Date,
        ends: Date,
    }
    if !fits(document, &delegation_shape(), diagnostics) {
        return None;
    }
    let text: Text = document.typed(diagnostics)?;
    let days = days(document, (text.begins, text.ends), diagnostics)?;
    let unknown = text
        .actions
        .iter()
        .find(|action| lexhold_policy::Verb::ALL.iter().all(|verb| verb.as_str() != **action));
    if let Some(action) = unknown {
        let known: Vec<&str> = lexhold_policy::Verb::ALL.iter().map(|verb| verb.as_str()).collect();
        diagnostics.push(
            Diagnostic::error(
                codes::MANDATE,
                format!("nothing that can be delegated is called `{action}`"),
            )
            .at(document.place(&path!["actions"]), "")
            .maybe_help(lexhold_document::did_you_mean(action, known)),
        );
        return None;
    }
    if text.from == text.to {
        let problem = Diagnostic::error(codes::MANDATE, "nobody acts for themselves");
        diagnostics.push(problem.at(document.place(&path!["to"]), ""));
        return None;
    }
    Some(Delegation {
        name: document.name.clone(),
        digest: document.digest,
        from: text.from,
        to: text.to,
        actions: text.actions,
        days,
    })
}

fn exception(document: &Document, diagnostics: &mut Diagnostics) -> Option<Exception> {
    #[derive(Deserialize)]
    struct Text {
        reviewer: String,
        #[serde(default)]
        of: BTreeSet<String>,
        reason: String,
        approved_by: String,
        begins: Date,
        ends: Date,
    }
    if !fits(document, &exception_shape(), diagnostics) {
        return None;
    }
    let text: Text = document.typed(diagnostics)?;
    let days = days(document, (text.begins, text.ends), diagnostics)?;
    if text.approved_by == text.reviewer {
        let problem = Diagnostic::error(codes::MANDATE, "nobody approves an exception for themselves");
        diagnostics.push(problem.at(document.place(&path!["approved_by"]), ""));
        return None;
    }
    Some(Exception {
        name: document.name.clone(),
        digest: document.digest,
        reviewer: text.reviewer,
        of: text.of,
        reason: text.reason,
        approved_by: text.approved_by,
        days,
    })
}

/// The days of a mandate, which ends after it begins, within a year.
fn days(document: &Document, (begins, ends): (Date, Date), diagnostics: &mut Diagnostics) -> Option<Days> {
    use jiff::ToSpan as _;
    let latest = begins.checked_add(1.year()).unwrap_or(Date::MAX);
    if begins <= ends && ends <= latest {
        return Some(Days(begins, ends));
    }
    let problem = Diagnostic::error(
        codes::MANDATE,
        "it must end on the day it begins or later, within a year",
    );
    diagnostics.push(problem.at(document.place(&path!["ends"]), ""));
    None
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use lexhold_document::{Files, load};

    use super::*;

    fn read(text: &str) -> Result<Mandates, Vec<String>> {
        let mut files = Files::new();
        let file = files.add("test.yaml", format!("lexhold: 1\n{text}"));
        let mut diagnostics = Diagnostics::new();
        let documents = load(
            &mut files,
            &[file],
            &mut |_| Err(lexhold_document::OpenError::NotFound),
            &mut diagnostics,
        );
        let mandates = Mandates::compile(&documents, &mut diagnostics);
        let wrong: Vec<String> = diagnostics
            .sorted(&files)
            .iter()
            .map(|one| one.message.clone())
            .collect();
        if wrong.is_empty() { Ok(mandates) } else { Err(wrong) }
    }

    const DELEGATION: &str = "delegation: cover\nfrom: dana\nto: ria\nactions: [close_alert, review_alert]\nbegins: 2026-12-20\nends: 2027-01-05\nreason: Holiday\n";
    const EXCEPTION: &str = "exception: small\nreviewer: pat\nof: [cal]\nreason: Two people in the office\napproved_by: cho\nbegins: 2026-01-01\nends: 2026-12-31\n";

    #[test]
    fn a10_a_delegation_covers_its_actions_on_its_days() {
        let found = read(DELEGATION).unwrap().delegations.remove(0);
        let covers = |from, to, action, day| found.covers(from, to, action, day);
        assert!(
            covers("dana", "ria", "close_alert", date(2026, 12, 20))
                && covers("dana", "ria", "review_alert", date(2027, 1, 5))
        );
        assert!(
            !covers("dana", "ria", "close_alert", date(2026, 12, 19))
                && !covers("dana", "ria", "close_alert", date(2027, 1, 6))
        );
        assert!(
            !covers("ria", "dana", "close_alert", date(2026, 12, 25))
                && !covers("dana", "ria", "suppress", date(2026, 12, 25))
        );
    }

    #[test]
    fn a8_an_exception_covers_its_people_on_its_days() {
        let found = read(EXCEPTION).unwrap().exceptions.remove(0);
        let day = date(2026, 6, 1);
        assert!(found.covers("pat", "cal", day));
        assert!(!found.covers("pat", "dan", day) && !found.covers("cal", "cal", day));
        assert!(!found.covers("pat", "cal", date(2027, 1, 1)));
        let all = read(&EXCEPTION.replace("of: [cal]\n", ""))
            .unwrap()
            .exceptions
            .remove(0);
        assert!(all.covers("pat", "anybody", day));
    }

    #[test]
    fn mandates_that_cannot_be_are_refused() {
        for (text, want) in [
            (DELEGATION.replace("2027-01-05", "2026-12-19"), "within a year"),
            (DELEGATION.replace("2027-01-05", "2027-12-21"), "within a year"),
            (DELEGATION.replace("to: ria", "to: dana"), "for themselves"),
            (DELEGATION.replace("close_alert", "clsoe_alert"), "clsoe_alert"),
            (EXCEPTION.replace("cho", "pat"), "for themselves"),
            (EXCEPTION.replace("reason: Two people in the office\n", ""), "reason"),
        ] {
            let wrong = read(&text).unwrap_err();
            assert!(wrong.iter().any(|line| line.contains(want)), "{text}\n{wrong:?}");
        }
    }
}
