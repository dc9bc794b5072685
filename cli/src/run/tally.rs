//! What was read of an input and what became of it, counted for the record: by part, platform and day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_catalog::GapRow;
use lexhold_catalog::payload::{SequenceRange, Tally};
use lexhold_evaluate::Fate;
use lexhold_model::{Key, MessageBatch, MessageKind, Row, SEQUENCE};
use lexhold_source::Unreadable;

use super::pipeline::Piece;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was added.
    Written,
    /// It was there.
    Duplicate,
    /// It had been destroyed.
    DestroyedBefore,
}

impl From<&Fate> for Became {
    fn from(fate: &Fate) -> Self {
        match fate {
            Fate::New | Fate::Collision(_) => Self::Written,
            Fate::Duplicate(_) => Self::Duplicate,
        }
    }
}

type Place = (Arc<str>, Option<String>, Option<String>);

/// Counts that are not on record yet.
#[derive(Default)]
pub struct Tallies {
    counts: BTreeMap<Place, Tally>,
    numbers: BTreeSet<(Key, String, u64, Option<String>)>,
}

impl Tallies {
    /// Counts a piece of an input, whose messages became this, in their order.
    pub fn add(&mut self, piece: &Piece, messages: &MessageBatch, became: &[Became], zone: &TimeZone) {
        for row in piece.unreadable.iter().skip(piece.told_before) {
            self.unreadable(row);
        }
        let parts = piece.parts.iter().flat_map(|(part, n)| std::iter::repeat_n(part, *n));
        for ((row, became), part) in messages.rows().zip(became).zip(parts) {
            self.message(row, part, *became, zone);
        }
    }

    fn unreadable(&mut self, row: &Unreadable) {
        let n = row.place.rows();
        let tally = self.counts.entry((row.part.clone(), None, None)).or_default();
        tally.read += n;
        tally.unreadable += n;
    }

    fn message(&mut self, row: Row<'_>, part: &Arc<str>, became: Became, zone: &TimeZone) {
        let day = row.sent_at().and_then(|at| Timestamp::from_microsecond(at).ok());
        let day = day.map(|at| zone.to_datetime(at).date().to_string());
        if became == Became::Written
            && let Some(number) = sequence(row)
        {
            let conversation = GapRow::key(row.platform(), row.conversation());
            let platform = row.platform().to_owned();
            self.numbers.insert((conversation, platform, number, day.clone()));
        }
        let place = (part.clone(), day, Some(row.platform().to_owned()));
        let tally = self.counts.entry(place).or_default();
        tally.read += 1;
        tally.system += u64::from(row.kind() == MessageKind::System);
        match became {
            Became::Written => tally.written += 1,
            Became::Duplicate => tally.duplicate += 1,
            Became::DestroyedBefore => tally.destroyed_before += 1,
        }
    }

    /// Whether there is nothing to put on record.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The rows that were unreadable.
    pub fn n_unreadable(&self) -> u64 {
        self.counts.values().map(|tally| tally.unreadable).sum()
    }

    /// The counts in the order of their places, and the numbers that platforms gave to what was added.
    pub fn into_record(self) -> (Vec<Tally>, Vec<SequenceRange>) {
        let tallies = self.counts.into_iter().map(|((part, day, platform), tally)| Tally {
            part: part.to_string(),
            platform,
            day,
            ..tally
        });
        let mut ranges: Vec<SequenceRange> = Vec::new();
        for (conversation, platform, number, day) in self.numbers {
            match ranges.last_mut() {
                Some(last) if last.conversation == conversation && last.day == day && number <= last.last + 1 => {
                    last.last = number;
                }
                _ => ranges.push(SequenceRange {
                    platform,
                    conversation,
                    day,
                    first: number,
                    last: number,
                }),
            }
        }
        (tallies.collect(), ranges)
    }
}

/// The number that the platform gave to a message, as far as the catalog can hold it.
pub fn sequence(row: Row<'_>) -> Option<u64> {
    let (_, number) = row.metadata().find(|(name, _)| *name == SEQUENCE)?;
    number.parse().ok().filter(|number| i64::try_from(*number).is_ok())
}
