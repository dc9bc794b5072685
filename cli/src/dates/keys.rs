//! The keys by which a message's events are looked up, from its stored facts.

use lexhold_retention::EventKey;
use serde::Deserialize;

/// The parts of stored facts that event keys come from.
#[derive(Debug, Deserialize)]
pub struct KeyFacts {
    accounts: Vec<String>,
    channel: Named,
    custodians: Vec<String>,
    insiders: Vec<Ids>,
    platform: String,
    sender: Named,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Ids {
    ids: Vec<String>,
}

impl KeyFacts {
    /// The people inside; where there are none, the sender.
    pub fn people(&self) -> Vec<&str> {
        let inside: Vec<&str> = self
            .insiders
            .iter()
            .flat_map(|alike| &alike.ids)
            .map(String::as_str)
            .collect();
        if inside.is_empty() {
            vec![self.sender.id.as_str()]
        } else {
            inside
        }
    }

    /// The values that the message has for the attribute that an event's key comes from; none is a missing key.
    pub fn values(&self, event: &EventKey) -> Vec<&str> {
        match event.key.as_str() {
            "accounts" => texts(&self.accounts),
            "channel" => Vec::from_iter(Some(self.channel.id.as_str()).filter(|id| *id != self.platform)),
            "custodians" => texts(&self.custodians),
            "insiders" => self
                .insiders
                .iter()
                .flat_map(|alike| &alike.ids)
                .map(String::as_str)
                .collect(),
            "sender" => Vec::from_iter(Some(self.sender.id.as_str()).filter(|id| *id != "unknown")),
            _ => Vec::new(),
        }
    }
}

fn texts(of: &[String]) -> Vec<&str> {
    of.iter().map(String::as_str).collect()
}
