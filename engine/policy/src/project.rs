//! The part of a message that some policies read, as bytes: equal bytes, equal answer.

use std::collections::BTreeSet;

use crate::FactsRow;
use crate::entities::Principal;
use crate::facts::{Audience, Facts, LocalTime, PersonFacts};
use crate::firm::{Firm, FirmValue};
use crate::reads::{Extent, Reads, Slot};

/// Writes what `reads` covers of a message and one of its people.
pub(crate) fn project(
    reads: &Reads,
    principal: Principal<'_>,
    row: &FactsRow,
    sent_at_us: Option<i64>,
    into: &mut Vec<u8>,
) {
    into.clear();
    let mut writer = Writer { into };
    for (slot, extent) in &reads.0 {
        writer.slot(slot, extent, principal, row, sent_at_us);
    }
}

/// Values one after another, each delimited, so that no two different sequences give the same bytes.
struct Writer<'a> {
    into: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn slot(&mut self, slot: Slot, extent: &Extent, principal: Principal<'_>, row: &FactsRow, sent_at_us: Option<i64>) {
        let facts = &row.facts;
        if let Some(of) = slot.strip_prefix("principal") {
            return self.person(of, extent, principal.id, principal.facts);
        }
        if let Some(of) = slot
            .strip_prefix("resource.sender")
            .filter(|of| of.starts_with(['#', '.']))
        {
            return self.person(of, extent, &facts.sender.id, &facts.sender.facts);
        }
        if let Some(of) = slot.strip_prefix("resource.recipients") {
            return self.audience(of, extent, &facts.recipients);
        }
        if let Some(of) = slot.strip_prefix("resource.participants") {
            return self.audience(of, extent, &facts.participants);
        }
        match slot {
            "resource.platform" => self.text(extent, &facts.platform),
            "resource.kind" => self.text(extent, &facts.kind),
            "resource.conversation_kind" => self.text(extent, &facts.conversation_kind),
            "resource.direction" => self.text(extent, facts.direction.as_str()),
            "resource.channel#id" => self.text(extent, &facts.channel.id),
            "resource.channel.listed" => self.truth(facts.channel.listed),
            "resource.channel.approved" => self.truth(facts.channel.approved),
            "resource.sent_at" => self.number(sent_at_us.map(|at| at.div_euclid(1000))),
            "resource.external" => self.truth(facts.external),
            "resource.business" => self.truth(facts.business),
            "resource.accounts" => self.set(extent, &facts.accounts),
            "resource.labels" => self.set(extent, &facts.labels),
            "resource.attachments" => self.attachments(facts),
            "resource.sender_local" => self.local(sent_at_us.and_then(|at| LocalTime::of(at, &row.zone))),
            _ => self.firm(&facts.firm),
        }
    }

    fn person(&mut self, of: &str, extent: &Extent, id: &str, facts: &PersonFacts) {
        match of {
            "#id" => self.text(extent, id),
            "#groups" => self.set(extent, &facts.groups),
            ".external" => self.truth(facts.external),
            ".departed" => self.truth(facts.departed),
            ".domains" => self.set(extent, &facts.domains),
            ".licences" => self.set(extent, &facts.licences),
            ".jurisdiction" => match &facts.jurisdiction {
                Some(jurisdiction) => self.some(jurisdiction),
                None => self.truth(false),
            },
            _ => self.firm(&facts.firm),
        }
    }

    fn audience(&mut self, of: &str, extent: &Extent, audience: &Audience) {
        match of {
            ".people" => self.set(extent, &audience.people),
            ".groups" => self.set(extent, &audience.groups),
            ".domains" => self.set(extent, &audience.domains),
            ".external" => self.truth(audience.external),
            _ => self.number(Some(audience.count())),
        }
    }

    fn attachments(&mut self, facts: &Facts) {
        self.number(Some(facts.attachments.count));
        self.number(Some(facts.attachments.bytes));
        self.words(&facts.attachments.media_types);
        self.words(&facts.attachments.extensions);
    }

    fn local(&mut self, local: Option<LocalTime>) {
        self.number(local.map(|local| local.hour));
        self.word(local.map_or("", |local| local.weekday));
    }

    fn firm(&mut self, values: &Firm) {
        self.length(values.len());
        for (name, value) in values {
            self.word(name);
            match value {
                FirmValue::Bool(value) => self.into.extend([b'b', u8::from(*value)]),
                FirmValue::Long(value) => {
                    self.into.push(b'l');
                    self.number(Some(*value));
                }
                FirmValue::Text(value) => self.some(value),
                FirmValue::Texts(values) => {
                    self.into.push(b's');
                    self.words(values);
                }
                FirmValue::Set(_) | FirmValue::Extension(_) | FirmValue::Record(_) => {
                    self.into.push(b'j');
                    self.word(&serde_json::to_string(value).unwrap_or_default());
                }
            }
        }
    }

    /// A text; of one that is only compared with some words, which of them it is.
    fn text(&mut self, extent: &Extent, text: &str) {
        match extent {
            Extent::Only(words) if !words.contains(text) => self.truth(false),
            Extent::Whole | Extent::Only(_) => self.some(text),
        }
    }

    /// A set; of one that is only asked for some words, whether it has each of them.
    fn set(&mut self, extent: &Extent, set: &BTreeSet<String>) {
        match extent {
            Extent::Whole => self.words(set),
            Extent::Only(words) => words.iter().for_each(|word| self.truth(set.contains(word))),
        }
    }

    fn words(&mut self, words: &BTreeSet<String>) {
        self.length(words.len());
        words.iter().for_each(|word| self.word(word));
    }

    fn some(&mut self, text: &str) {
        self.truth(true);
        self.word(text);
    }

    fn word(&mut self, text: &str) {
        self.length(text.len());
        self.into.extend_from_slice(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.into.extend_from_slice(&length.to_le_bytes());
    }

    fn truth(&mut self, value: bool) {
        self.into.push(u8::from(value));
    }

    fn number(&mut self, number: Option<i64>) {
        self.truth(number.is_some());
        self.into.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
    }
}
