//! Messages of a trading firm and a clinic that do not exist, with breaches hidden among them.
//!
//! Made of sentences written for the purpose, by dice that fall the same for the same seed: no clock, nothing from
//! outside. Every file is byte for byte the same for the same seed and number of messages.

mod firm;
mod mail;
mod planted;
mod random;
mod scene;
mod words;
mod write;

use std::collections::BinaryHeap;

use lexhold_model::Message;

pub use self::write::{csv_header, csv_line, ndjson_line};

use self::firm::Firm;
use self::random::Dice;
use self::scene::Stage;

/// A message, and what was hidden in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The message.
    pub message: Message,
    /// What a surveillance engine should find there, or should not.
    pub planted: Option<Planted>,
}

/// Something hidden in a message on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The document that speaks of it, such as `off-channel`.
    pub family: &'static str,
    /// The rule in that document.
    pub rule: &'static str,
    /// Whether it only looks like a breach and must not be found.
    pub decoy: bool,
}

/// The messages of one seed, roughly in the order in which they were sent.
pub struct Generator {
    stage: Stage,
    /// Messages whose turn has not come, the earliest on top: conversations run side by side.
    waiting: BinaryHeap<Waiting>,
    made: usize,
    left: usize,
}

/// How many messages wait before the earliest of them is let go.
const WINDOW: usize = 64;

impl Generator {
    /// A generator of so many messages, spread over almost eight years.
    pub fn new(seed: u64, n_messages: usize) -> Self {
        let mut dice = Dice::new(seed);
        let firm = Firm::new(&mut dice);
        Self {
            stage: Stage::new(dice, firm, n_messages),
            waiting: BinaryHeap::new(),
            made: 0,
            left: n_messages,
        }
    }

    /// The directory of everybody inside, as a YAML document.
    pub fn directory(&self) -> String {
        self.stage.firm().directory()
    }
}

impl Iterator for Generator {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        if self.left == 0 {
            return None;
        }
        while self.waiting.len() < WINDOW {
            for generated in self.stage.play(self.made) {
                self.waiting.push(Waiting {
                    sent_at: generated.message.sent_at,
                    order: self.made,
                    generated,
                });
                self.made += 1;
            }
        }
        self.left -= 1;
        self.waiting.pop().map(|waiting| waiting.generated)
    }
}

/// A message in the heap, ordered so that the earliest one is the greatest.
struct Waiting {
    sent_at: Option<i64>,
    order: usize,
    generated: Generated,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.sent_at, other.order).cmp(&(self.sent_at, self.order))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn all(seed: u64, n_messages: usize) -> Vec<Generated> {
        Generator::new(seed, n_messages).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_messages_and_another_seed_others() {
        assert_eq!(all(7, 2000), all(7, 2000));
        assert_ne!(all(7, 50), all(8, 50));
        assert_eq!(Generator::new(7, 1).directory(), Generator::new(7, 9).directory());
    }

    #[test]
    fn as_many_messages_as_asked_for_and_every_kind_of_breach_among_them() {
        let messages = all(7, 5000);
        assert_eq!(messages.len(), 5000);
        let found: BTreeSet<_> = messages
            .iter()
            .filter_map(|one| one.planted)
            .map(|one| (one.family, one.rule, one.decoy))
            .collect();
        let wanted: BTreeSet<_> = planted::PLANTS
            .iter()
            .map(|one| (one.family, one.rule, one.decoy))
            .collect();
        assert!(
            wanted.is_subset(&found),
            "{:?}",
            wanted.difference(&found).collect::<Vec<_>>()
        );
        let planted = messages
            .iter()
            .filter(|one| one.planted.is_some_and(|planted| !planted.decoy))
            .count();
        assert!((50..500).contains(&planted), "{planted}");
    }

    #[test]
    fn ids_are_unique_but_for_versions_and_every_slot_is_filled() {
        let mut seen = BTreeSet::new();
        for one in all(3, 5000) {
            let message = one.message;
            assert!(
                seen.insert((message.platform.clone(), message.id.clone(), message.version)),
                "{:?}",
                message.id
            );
            let text = format!(
                "{}{}",
                message.text.unwrap_or_default(),
                message.subject.unwrap_or_default()
            );
            assert!(!text.contains(['{', '}']), "{text}");
            assert!(message.captured_at > message.sent_at);
        }
    }

    #[test]
    fn the_talk_is_varied_and_spread_over_years() {
        let messages = all(7, 5000);
        let texts: BTreeSet<_> = messages.iter().map(|one| one.message.text.as_deref()).collect();
        assert!(texts.len() > 3500, "{}", texts.len());
        let mut by_platform: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &messages {
            *by_platform.entry(&one.message.platform).or_default() += 1;
        }
        for platform in ["slack", "teams", "email"] {
            assert!(by_platform[platform] > 400, "{by_platform:?}");
        }
        let sent: Vec<i64> = messages.iter().filter_map(|one| one.message.sent_at).collect();
        let year = 365 * 86_400_000_000;
        assert!(
            sent.iter()
                .max()
                .zip(sent.iter().min())
                .is_some_and(|(last, first)| last - first > 6 * year)
        );
        assert!(messages.iter().any(|one| !one.message.attachments.is_empty()));
        assert!(messages.iter().any(|one| one.message.version == 1));
    }
}
