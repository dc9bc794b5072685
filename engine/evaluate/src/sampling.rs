//! Samples: which messages of a period people look at, drawn so that anybody with the key can draw them again.
//!
//! There are two draws, from messages with a hit (how much there is to review) and from those without (what the rules
//! miss). A message is drawn if its hash under the period's key lies below the rate, or if it is one of the lowest
//! hashes of one of its strata, up to the stratum's minimum. No random generator and no order takes part, so a rerun, other
//! batches or another machine draw the same set; what was drawn once stays drawn when late messages come in.
//!
//! The key of a period is derived from the home's secret and says nothing about it. Its commitment, with rates and strata,
//! goes into the journal before the period begins; the key itself comes out when an auditor asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use lexhold_model::{ContentKey, Digest, Key, canonical_json};
use lexhold_retention::Zone;
use serde::{Deserialize, Serialize};
use serde_json::json;

mod document;
#[cfg(test)]
mod tests;

pub use document::{compile_sampling, sampling_shape};

/// One sampling document, compiled.
#[derive(Clone, Debug)]
pub struct Sampling {
    /// Its name.
    pub name: String,
    /// The digest of what it says.
    pub digest: Digest,
    /// Who answers for it.
    pub owner: String,
    /// The zone whose days it counts in.
    pub zone: Zone,
    /// Its periods.
    pub cadence: Cadence,
    /// What is drawn, and how.
    pub plan: Plan,
}

/// What is drawn in a period, and how: what is committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The share of messages with a hit; none where there is no such draw.
    pub hits: Option<Rate>,
    /// The share of messages without one.
    pub non_hits: Option<Rate>,
    /// What messages are grouped by, each on its own.
    pub strata: Vec<Stratum>,
    /// How many messages of each stratum are wanted at least, if it has so many.
    pub minimum: u32,
    /// Rules (`document.rule`) or whole documents whose every message is reviewed. Such a message is in no draw.
    pub review_all: Vec<String>,
}

/// A share, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(u32);

/// What messages are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stratum {
    /// The sender.
    Sender,
    /// The desks of the sender.
    Desk,
    /// The channel; the conversation where a message has none.
    Channel,
}

/// When the periods of a sample begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Every calendar month.
    Month,
    /// Every calendar quarter.
    Quarter,
    /// Once, from the first day to the last one.
    Once(Date, Date),
}

/// A period of a sample: whole days in its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// How it is named: `2026-11`, `2026-Q4`, `2026-11-01..2026-11-30`.
    pub name: String,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant behind it.
    pub until: Timestamp,
}

/// The secret of one period of one sample.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SampleKey(Key);

/// Which draw a message is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Messages with a hit, excluded or not.
    Hits,
    /// Messages without one.
    NonHits,
    /// Messages that are all reviewed.
    All,
}

/// A message that could be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The message's key.
    pub key: Key,
    /// Its id, which is what is hashed.
    pub message_id: String,
    /// Which draw it is in.
    pub of: Of,
    /// What it is grouped by; see [`strata`].
    pub strata: Vec<String>,
}

/// A message that was drawn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The draw.
    pub of: Of,
    /// Its hash; the lower, the sooner drawn.
    pub hash: Key,
    /// The message's key.
    pub key: Key,
    /// The message's id.
    pub message_id: String,
    /// What it is grouped by.
    pub strata: Vec<String>,
}

/// What a draw came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The messages, by draw and hash.
    pub items: Vec<Item>,
    /// Population and size of each draw, then of each of its strata.
    pub tallies: Vec<Tally>,
}

/// The size of a draw or of one of its strata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The draw.
    pub of: Of,
    /// The stratum; none for the whole draw.
    pub stratum: Option<String>,
    /// The messages that could be drawn.
    pub population: u64,
    /// The rate, in millionths.
    pub rate_ppm: u32,
    /// The messages that were drawn.
    pub drawn: u64,
}

impl Rate {
    /// Everything.
    pub const ALL: Self = Self(1_000_000);

    /// Reads a percentage with up to four decimals, above 0 % and at most 100 %.
    pub fn percent(text: &str) -> Option<Self> {
        let number = text.trim().strip_suffix('%')?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || part.len() > 4 || !digits(whole) || !digits(part) {
            return None;
        }
        if number.ends_with('.') {
            return None;
        }
        let ppm: u32 = format!("{whole}{part:0<4}").parse().ok()?;
        Self::from_ppm(ppm)
    }

    /// The rate of so many millionths, above none and at most all of them.
    pub fn from_ppm(ppm: u32) -> Option<Self> {
        (1..=Self::ALL.0).contains(&ppm).then_some(Self(ppm))
    }

    /// In millionths.
    pub fn ppm(self) -> u32 {
        self.0
    }

    /// Whether a hash lies below the rate: its first 64 bits, as a whole number, below that share of all such numbers.
    fn takes(self, hash: Key) -> bool {
        let first_bits = hash.as_i128().unsigned_abs() >> 56;
        first_bits * u128::from(Self::ALL.0) < u128::from(self.0) << 64
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        match part {
            0 => write!(f, "{whole} %"),
            part => write!(f, "{whole}.{} %", format!("{part:04}").trim_end_matches('0')),
        }
    }
}

impl Cadence {
    /// The period that a day belongs to.
    pub fn period(self, day: Date, zone: &Zone) -> Option<Period> {
        let (name, first, last) = match self {
            Cadence::Month => (
                day.strftime("%Y-%m").to_string(),
                day.first_of_month(),
                day.last_of_month(),
            ),
            Cadence::Quarter => {
                let quarter = (day.month() - 1) / 3;
                let first = date(day.year(), quarter * 3 + 1, 1);
                let last = first.checked_add(2.months()).ok()?.last_of_month();
                (format!("{:04}-Q{}", day.year(), quarter + 1), first, last)
            }
            Cadence::Once(first, last) if first <= day && day <= last => (format!("{first}..{last}"), first, last),
            Cadence::Once(..) => return None,
        };
        Some(Period {
            name,
            from: zone.start_of_day(first)?,
            until: zone.start_of_day(last.tomorrow().ok()?)?,
        })
    }

    /// The period of this name.
    pub fn named(self, name: &str, zone: &Zone) -> Option<Period> {
        let first = match self {
            Cadence::Once(first, _) => first,
            Cadence::Month => format!("{name}-01").parse().ok()?,
            Cadence::Quarter => {
                let (year, quarter) = name.split_once("-Q")?;
                let month = 3 * quarter.parse::<i8>().ok().filter(|quarter| (1..=4).contains(quarter))? - 2;
                Date::new(year.parse().ok()?, month, 1).ok()?
            }
        };
        self.period(first, zone).filter(|period| period.name == name)
    }
}

impl SampleKey {
    /// The key of a period.
    pub fn derive(home: &ContentKey, sample: &str, period: &str) -> Self {
        Self(home.keyed("lexhold sample key 1", [sample.as_bytes(), period.as_bytes()]))
    }

    /// The key that an auditor was given.
    pub fn revealed(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The key in words for an auditor; nobody else gets to see it.
    pub fn reveal(self) -> String {
        self.0.to_string()
    }

    /// What is journalled before the period begins: a digest that fixes key, rates and strata, and tells none of them.
    pub fn commitment(self, sample: &str, period: &str, plan: &Plan) -> Digest {
        let all = json!({ "key": self.reveal(), "sample": sample, "period": period, "plan": plan });
        Digest::of(canonical_json(&all).as_bytes())
    }

    fn hash(self, sample: &str, message_id: &str) -> Key {
        let key = self.0.as_i128().to_be_bytes();
        Key::of(
            "lexhold sample draw 1",
            [key.as_slice(), sample.as_bytes(), message_id.as_bytes()],
        )
    }
}

impl fmt::Debug for SampleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SampleKey(secret)")
    }
}

/// The strata of a message under a plan: `sender bob`, `desk fx`, `channel general`.
///
/// Each attribute is a grouping of its own, so that a minimum holds for every sender *and* for every desk.
pub fn strata(plan: &Plan, sender: &str, desks: &[&str], channel: &str) -> Vec<String> {
    let mut all = Vec::new();
    for stratum in &plan.strata {
        match stratum {
            Stratum::Sender => all.push(format!("sender {sender}")),
            Stratum::Desk if desks.is_empty() => all.push("desk none".to_owned()),
            Stratum::Desk => all.extend(desks.iter().map(|desk| format!("desk {desk}"))),
            Stratum::Channel => all.push(format!("channel {channel}")),
        }
    }
    all
}

/// A draw from the messages of a period, message by message and in any order.
///
/// Memory follows what is drawn and the strata, not the population.
pub struct Drawing<'a> {
    sample: &'a str,
    key: SampleKey,
    plan: &'a Plan,
    earlier: &'a BTreeSet<Key>,
    draws: BTreeMap<Of, Draw>,
}

impl<'a> Drawing<'a> {
    /// A draw that has seen no message; `earlier` are the keys of those that were drawn before.
    pub fn new(sample: &'a str, key: SampleKey, plan: &'a Plan, earlier: &'a BTreeSet<Key>) -> Self {
        Self {
            sample,
            key,
            plan,
            earlier,
            draws: BTreeMap::new(),
        }
    }

    /// Takes a message that could be drawn.
    pub fn take(&mut self, candidate: Candidate) {
        let Some(rate) = self.plan.rate(candidate.of) else {
            return;
        };
        let item = Item {
            of: candidate.of,
            hash: self.key.hash(self.sample, &candidate.message_id),
            key: candidate.key,
            message_id: candidate.message_id,
            strata: candidate.strata,
        };
        let draw = self.draws.entry(item.of).or_default();
        draw.take(item, rate, self.plan.minimum, self.earlier);
    }

    /// What was drawn.
    pub fn finish(self) -> Drawn {
        let mut drawn = Drawn::default();
        for (of, draw) in self.draws {
            let rate = self.plan.rate(of).map_or(0, Rate::ppm);
            draw.finish(of, rate, &mut drawn);
        }
        drawn
    }
}

impl Plan {
    /// The rate of a draw; none where the plan has no such draw.
    pub fn rate(&self, of: Of) -> Option<Rate> {
        match of {
            Of::Hits => self.hits,
            Of::NonHits => self.non_hits,
            Of::All => Some(Rate::ALL),
        }
    }
}

/// One draw under way.
#[derive(Default)]
struct Draw {
    population: u64,
    /// Drawn whatever else comes.
    taken: BTreeSet<Item>,
    strata: BTreeMap<String, InStratum>,
}

#[derive(Default)]
struct InStratum {
    population: u64,
    /// The lowest hashes, up to the minimum.
    lowest: BTreeSet<Item>,
}

impl Draw {
    fn take(&mut self, item: Item, rate: Rate, minimum: u32, earlier: &BTreeSet<Key>) {
        self.population += 1;
        for stratum in &item.strata {
            let stratum = self.strata.entry(stratum.clone()).or_default();
            stratum.population += 1;
            if minimum > 0 {
                stratum.lowest.insert(item.clone());
            }
            if stratum.lowest.len() > minimum as usize {
                stratum.lowest.pop_last();
            }
        }
        if rate.takes(item.hash) || earlier.contains(&item.key) {
            self.taken.insert(item);
        }
    }

    fn finish(self, of: Of, rate_ppm: u32, drawn: &mut Drawn) {
        let mut items = self.taken;
        let mut populations = BTreeMap::new();
        for (name, stratum) in self.strata {
            items.extend(stratum.lowest);
            populations.insert(name, (stratum.population, 0));
        }
        for stratum in items.iter().flat_map(|item| &item.strata) {
            if let Some((_, drawn)) = populations.get_mut(stratum) {
                *drawn += 1;
            }
        }
        let tally = |stratum, population, drawn| Tally {
            of,
            stratum,
            population,
            rate_ppm,
            drawn,
        };
        drawn.tallies.push(tally(None, self.population, items.len() as u64));
        let of_strata = populations.into_iter();
        drawn
            .tallies
            .extend(of_strata.map(|(name, (population, drawn))| tally(Some(name), population, drawn)));
        drawn.items.extend(items);
    }
}
