//! Whether the clock can be believed when something is about to be destroyed.
//!
//! Log times can only refuse. Nothing here moves a clock forward: what may go is judged by the clock alone, so an entry
//! written while it was ahead frees nothing, then or later.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{EntryKind, Journal, Result};

/// The longest silence that nobody has to explain.
pub const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What an entry says about time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTime {
    /// The entry's number.
    pub seq: u64,
    /// Its time, by the clock of whoever wrote it.
    pub at: Timestamp,
    /// What else it says.
    pub word: TimeWord,
}

/// What an entry says about the times of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TimeWord {
    /// Nothing.
    #[default]
    Silent,
    /// A witness outside saw the journal at this time, by its own clock.
    Witnessed(Timestamp),
    /// The home was brought back without the journal that had gone on meanwhile.
    Blind,
    /// Two people say that the clock is right, and that these earlier entries have wrong times.
    Attested(Vec<RangeInclusive<u64>>),
}

/// Why the clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockRefusal {
    /// It is before the time of an entry.
    Behind {
        /// The entry.
        seq: u64,
        /// Its time.
        at: Timestamp,
    },
    /// The home was brought back without the journal that had gone on meanwhile: nobody knows what was held since.
    Blind {
        /// The entry that says so.
        seq: u64,
    },
    /// An entry was written long before one in front of it: what counts from its time may end too early.
    SetBack {
        /// The entry in front, and its time.
        after: (u64, Timestamp),
        /// The entry, and its time.
        entry: (u64, Timestamp),
    },
    /// Nothing was written for too long, and nobody has said that the clock did not jump.
    Silence {
        /// The entry before, and its time.
        after: (u64, Timestamp),
        /// The entry behind; `None` for the time from the last entry to now.
        until: (Option<u64>, Timestamp),
    },
}

impl fmt::Display for ClockRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind { seq, at } => write!(f, "the clock is before {at}, when journal entry {seq} was written"),
            Self::Blind { seq } => write!(
                f,
                "journal entry {seq} restored the home without the journal that had gone on meanwhile: holds placed since are unknown"
            ),
            Self::SetBack { after, entry } => write!(
                f,
                "journal entry {} was written at {}, and entry {} in front of it at {}",
                entry.0, entry.1, after.0, after.1
            ),
            Self::Silence { after, until } => {
                let days = until.1.duration_since(after.1).as_hours() / 24;
                let (seq, at) = after;
                write!(f, "{days} days lie between journal entry {seq} ({at}) and ")?;
                match until {
                    (Some(seq), at) => write!(f, "entry {seq} ({at})"),
                    (None, now) => write!(f, "now ({now})"),
                }
            }
        }
    }
}

/// The first reason not to believe that it is `now`.
///
/// Entries that a later attestation declared wrong count for nothing, what they said about others included. A silence is
/// excused by an attestation behind it, and by a witness behind it whose own clock had come within
/// [`LONGEST_SILENCE`] of its end. A home that was brought back blindly waits for an attestation too.
pub fn clock_refusal(log: &[LogTime], now: Timestamp) -> Option<ClockRefusal> {
    let valid = valid(log);
    let attested = valid
        .iter()
        .rev()
        .find(|time| matches!(time.word, TimeWord::Attested(_)));
    let attested = attested.map_or(0, |time| time.seq);
    if let Some(blind) = valid
        .iter()
        .find(|time| time.word == TimeWord::Blind && time.seq > attested)
    {
        return Some(ClockRefusal::Blind { seq: blind.seq });
    }
    let mut before: Option<(u64, Timestamp)> = None;
    let ends = valid.iter().map(|time| (Some(time.seq), time.at));
    for (seq, at) in ends.chain([(None, now)]) {
        if let Some(after) = before
            && at.duration_since(after.1) > LONGEST_SILENCE
            && !is_excused(&valid, seq, at)
        {
            return Some(ClockRefusal::Silence {
                after,
                until: (seq, at),
            });
        }
        if let (Some(after), Some(seq)) = (before, seq)
            && after.1.duration_since(at) > LONGEST_SILENCE
            && attested < seq
        {
            let entry = (seq, at);
            return Some(ClockRefusal::SetBack { after, entry });
        }
        if let Some(seq) = seq
            && before.is_none_or(|(_, latest)| latest <= at)
        {
            before = Some((seq, at));
        }
    }
    let (seq, at) = before.filter(|(_, latest)| now < *latest)?;
    Some(ClockRefusal::Behind { seq, at })
}

/// The entries whose times nobody has declared wrong, by what later entries say first.
fn valid(log: &[LogTime]) -> Vec<&LogTime> {
    let mut wrong: Vec<&RangeInclusive<u64>> = Vec::new();
    let mut valid = Vec::new();
    for time in log.iter().rev() {
        if wrong.iter().any(|range| range.contains(&time.seq)) {
            continue;
        }
        if let TimeWord::Attested(ranges) = &time.word {
            wrong.extend(ranges);
        }
        valid.push(time);
    }
    valid.reverse();
    valid
}

/// Whether somebody vouches for the end of a silence, which is an entry or, without a number, now.
fn is_excused(valid: &[&LogTime], end: Option<u64>, at: Timestamp) -> bool {
    let behind = valid.iter().filter(|time| end.is_none_or(|seq| seq <= time.seq));
    behind.into_iter().any(|time| match time.word {
        TimeWord::Silent | TimeWord::Blind => false,
        TimeWord::Witnessed(seen) => at.duration_since(seen) <= LONGEST_SILENCE,
        // Now is later than every attestation.
        TimeWord::Attested(_) => end.is_some(),
    })
}

/// The payload of `clock_attested`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClockAttested {
    /// Why it had to be said.
    pub reason: String,
    /// Who else stands by it.
    pub confirmed_by: Vec<String>,
    /// The first and last of earlier entries with wrong times.
    #[serde(default)]
    pub wrong: Vec<(u64, u64)>,
}

/// The part of `checkpoint_witnessed` that tells a time.
#[derive(Deserialize)]
struct WitnessedAt {
    witnessed_at: Option<Timestamp>,
}

/// The part of `restored` that says how much is known.
#[derive(Deserialize)]
struct RestoredWith {
    newer_journal: bool,
}

impl Journal {
    /// The first reason not to believe that it is `now`, by every time in this journal: see [`clock_refusal`]. `now` is
    /// a clock read for this very call.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn clock_refusal(&self, now: Timestamp) -> Result<Option<ClockRefusal>> {
        let mut log = Vec::new();
        for entry in self.entries(1)? {
            let entry = entry?;
            // A word that was erased is not said.
            let word = match entry.kind {
                EntryKind::ClockAttested => self
                    .payload_json::<ClockAttested>(&entry)?
                    .map(|attested| TimeWord::Attested(earlier(&attested, entry.seq))),
                EntryKind::CheckpointWitnessed => self
                    .payload_json::<WitnessedAt>(&entry)?
                    .and_then(|witnessed| witnessed.witnessed_at)
                    .map(TimeWord::Witnessed),
                EntryKind::Restored => self
                    .payload_json::<RestoredWith>(&entry)?
                    .is_none_or(|restored| !restored.newer_journal)
                    .then_some(TimeWord::Blind),
                _ => None,
            };
            log.push(LogTime {
                seq: entry.seq,
                at: entry.at,
                word: word.unwrap_or_default(),
            });
        }
        Ok(clock_refusal(&log, now))
    }
}

/// The entries that an attestation declares wrong: earlier ones alone.
fn earlier(attested: &ClockAttested, seq: u64) -> Vec<RangeInclusive<u64>> {
    let ranges = attested.wrong.iter();
    ranges.map(|(from, to)| *from..=(*to).min(seq - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log from days since 2026-01-01, with words.
    fn log(times: &[(i64, TimeWord)]) -> Vec<LogTime> {
        let times = times.iter().cloned().zip(1..);
        times
            .map(|((days, word), seq)| LogTime {
                seq,
                at: day(days),
                word,
            })
            .collect()
    }

    fn day(days: i64) -> Timestamp {
        let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        first + SignedDuration::from_hours(24 * days)
    }

    fn silent(days: &[i64]) -> Vec<(i64, TimeWord)> {
        days.iter().map(|days| (*days, TimeWord::Silent)).collect()
    }

    fn attested(wrong: &[RangeInclusive<u64>]) -> TimeWord {
        TimeWord::Attested(wrong.to_vec())
    }

    /// The day and the number of the entry from which on a silence was too long.
    fn silence(refusal: Option<ClockRefusal>) -> (u64, Option<u64>) {
        match refusal {
            Some(ClockRefusal::Silence { after, until }) => (after.0, until.0),
            other => panic!("{other:?}"),
        }
    }

    fn behind(refusal: Option<ClockRefusal>) -> u64 {
        match refusal {
            Some(ClockRefusal::Behind { seq, .. }) => seq,
            other => panic!("{other:?}"),
        }
    }

    const TEN_YEARS: i64 = 3653;

    #[test]
    fn a_clock_that_goes_on_is_believed_to_the_day() {
        let log = log(&silent(&[0, 35, 35, 34, 70]));
        assert_eq!(clock_refusal(&log, day(70)), None);
        assert_eq!(clock_refusal(&log, day(105)), None);
        let beyond = day(105) + SignedDuration::from_micros(1);
        assert_eq!(silence(clock_refusal(&log, beyond)), (5, None));
        let short = day(70) - SignedDuration::from_micros(1);
        assert_eq!(behind(clock_refusal(&log, short)), 5);
        assert_eq!(clock_refusal(&[], day(0)), None);
    }

    #[test]
    fn ten_years_ahead_is_refused_and_set_back_nothing_is_freed_by_it() {
        let mut times = silent(&[0, 1]);
        assert_eq!(silence(clock_refusal(&log(&times), day(TEN_YEARS))), (2, None));
        // Something is written all the same, and the clock goes on from there.
        times.extend(silent(&[TEN_YEARS, TEN_YEARS + 1]));
        assert_eq!(silence(clock_refusal(&log(&times), day(TEN_YEARS + 2))), (2, Some(3)));
        // Set back: until somebody says which times were wrong, nothing goes at all.
        assert_eq!(silence(clock_refusal(&log(&times), day(3))), (2, Some(3)));
        times.push((3, attested(&[])));
        assert_eq!(behind(clock_refusal(&log(&times), day(3))), 4);
        times.push((3, attested(&[3..=4])));
        assert_eq!(clock_refusal(&log(&times), day(3)), None);
        // What was said while it was ahead frees nothing when it jumps again.
        assert_eq!(silence(clock_refusal(&log(&times), day(TEN_YEARS))), (6, None));
    }

    #[test]
    fn a_clock_that_was_set_back_for_a_while_is_refused_like_one_that_was_ahead() {
        let set_back = |times: &[(i64, TimeWord)], now: i64| match clock_refusal(&log(times), day(now)) {
            Some(ClockRefusal::SetBack { after, entry }) => (after.0, entry.0),
            other => panic!("{other:?}"),
        };
        assert_eq!(clock_refusal(&log(&silent(&[40, 5, 41])), day(41)), None);
        let mut times = silent(&[40, 4, 41]);
        assert_eq!(set_back(&times, 41), (1, 2));
        times.push((41, attested(&[])));
        assert_eq!(clock_refusal(&log(&times), day(41)), None, "two people said so");
        times.extend(silent(&[-TEN_YEARS]));
        assert_eq!(set_back(&times, 41), (4, 5));
        // A witness vouches for the end of a silence alone.
        times.push((41, TimeWord::Witnessed(day(-TEN_YEARS))));
        assert_eq!(set_back(&times, 41), (4, 5));
        times.push((41, attested(&[5..=5])));
        assert_eq!(clock_refusal(&log(&times), day(41)), None);
    }

    #[test]
    fn an_attestation_excuses_what_lies_before_it_alone() {
        let mut times = silent(&[0, 100]);
        times.push((101, attested(&[])));
        assert_eq!(clock_refusal(&log(&times), day(102)), None);
        assert_eq!(silence(clock_refusal(&log(&times), day(200))), (3, None));
        times.extend(silent(&[200]));
        assert_eq!(silence(clock_refusal(&log(&times), day(201))), (3, Some(4)));
        let itself = [(0, TimeWord::Silent), (100, attested(&[]))];
        assert_eq!(clock_refusal(&log(&itself), day(100)), None);
    }

    #[test]
    fn an_attestation_that_was_itself_declared_wrong_excuses_nothing() {
        let mut times = silent(&[0, TEN_YEARS]);
        times.push((TEN_YEARS, attested(&[])));
        assert_eq!(clock_refusal(&log(&times), day(TEN_YEARS)), None, "two people said so");
        times.push((1, attested(&[2..=3])));
        assert_eq!(clock_refusal(&log(&times), day(1)), None);
        times.extend(silent(&[TEN_YEARS]));
        assert_eq!(silence(clock_refusal(&log(&times), day(TEN_YEARS))), (4, Some(5)));
    }

    #[test]
    fn a_witness_excuses_a_silence_that_its_own_clock_saw_the_end_of() {
        let with = |seen: i64| {
            let mut times = silent(&[0, 100]);
            times.push((101, TimeWord::Witnessed(day(seen))));
            clock_refusal(&log(&times), day(101))
        };
        assert_eq!(with(100), None);
        assert_eq!(with(65), None);
        assert_eq!(silence(with(64)), (1, Some(2)));
        // A witness's time is no reason to think it later than the clock says, nor earlier.
        let times = [(0, TimeWord::Silent), (1, TimeWord::Witnessed(day(500)))];
        assert_eq!(clock_refusal(&log(&times), day(2)), None);
    }
}
