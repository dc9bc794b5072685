//! What has to be known of a whole log before its first line is read.

use std::collections::HashMap;

use lexhold_source::SourceError;

use super::codes::decode;
use super::line::{Entry, Line, Stamp, event};
use crate::format::Part;
use crate::text::each_line;

/// More nicks than a log of a day has, so that one without end does not fill the memory.
const MOST_NICKS: usize = 1 << 16;

#[derive(Default)]
pub(super) struct Survey {
    /// Some lines have a clock and no day.
    pub(super) needs_day: bool,
    /// Some times have no zone.
    pub(super) needs_zone: bool,
    /// The clock counts to twelve, without saying which half of the day it is.
    pub(super) half_days: bool,
    /// The log of a day begins in the evening before.
    pub(super) evening_before: bool,
    /// The channel that somebody joined first.
    pub(super) channel: Option<String>,
    /// Who spoke, as the log writes them, by the name in small letters.
    pub(super) nicks: HashMap<String, String>,
}

/// What is followed from line to line.
#[derive(Default)]
struct Course {
    day_known: bool,
    hour: Option<i8>,
    /// Clocks before and after the first midnight.
    before: u64,
    after: u64,
    begins_late: bool,
    crossed_midnight: bool,
    twelve_to_one: bool,
    beyond_twelve: bool,
}

impl Survey {
    /// Reads a log through once. What is wrong with a line is told when it is read again.
    pub(super) fn read(part: &Part) -> Result<Self, SourceError> {
        let (mut survey, mut course) = (Self::default(), Course::default());
        for at in &part.entries {
            each_line(part, *at, |line| {
                if let Some(line) = Line::parse(decode(line).0.trim_end_matches('\r')) {
                    survey.line(&line, &mut course);
                }
            })?;
        }
        survey.half_days = survey.needs_day && course.twelve_to_one && !course.beyond_twelve;
        survey.evening_before = course.crossed_midnight && course.begins_late && course.before < course.after;
        Ok(survey)
    }

    fn line(&mut self, line: &Line<'_>, course: &mut Course) {
        let (at, entry) = match line {
            Line::Entry { at, entry } => (at, entry),
            Line::Day(day) => {
                course.day_known |= day.is_some();
                return;
            }
            Line::Remark => return,
        };
        match at {
            Stamp::Local(..) => self.needs_zone = true,
            Stamp::Clock(clock) => {
                self.needs_zone = true;
                self.needs_day |= !course.day_known;
                course.on(clock.time.hour());
            }
            Stamp::Instant(_) | Stamp::None => {}
        }
        match entry {
            Entry::Said { nick, .. } | Entry::Action { nick, .. } => {
                let name = nick.to_lowercase();
                if self.nicks.len() < MOST_NICKS && !self.nicks.contains_key(&name) {
                    self.nicks.insert(name, (*nick).to_owned());
                }
            }
            Entry::Event(text) if self.channel.is_none() && event(text).0 == "join" => {
                let joined = text.split_whitespace().find(|word| word.starts_with('#'));
                self.channel = joined.map(str::to_lowercase);
            }
            Entry::Event(_) | Entry::Notice { .. } => {}
        }
    }
}

impl Course {
    fn on(&mut self, hour: i8) {
        match self.hour {
            None => self.begins_late = hour >= 18,
            Some(before) => {
                self.crossed_midnight |= before >= 18 && hour < 6;
                self.twelve_to_one |= before == 12 && hour == 1;
            }
        }
        self.beyond_twelve |= hour == 0 || hour > 12;
        *(if self.crossed_midnight {
            &mut self.after
        } else {
            &mut self.before
        }) += 1;
        self.hour = Some(hour);
    }
}
