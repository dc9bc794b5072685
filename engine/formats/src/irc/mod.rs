//! IRC: the logs that bots and clients write, a line for everything that happened in a channel.
//!
//! Supybot and what irclog2html reads, irssi, WeeChat, ZNC, and the public logs of Ubuntu. Most have a clock alone: the day
//! comes from lines in between or from the name of the file, the zone from whoever hands the log over.

mod codes;
mod day;
mod line;
mod log;
mod survey;

use lexhold_source::{ErrorKind, SourceError};

use crate::format::{About, Format, Messages, Part};

use line::Line;
use log::Log;
use survey::Survey;

pub(crate) struct Irc;

static ABOUT: About = About {
    name: "irc",
    title: "IRC logs: supybot, irssi, WeeChat, ZNC, Ubuntu",
    input: "txt, zip, folder",
    preserves: &[
        "channels",
        "nicks",
        "whom a line addresses",
        "actions",
        "notices",
        "joins, parts, quits, kicks",
        "nick changes",
        "topics",
        "modes",
    ],
    lacks: &[
        "zone (mostly)",
        "day (often)",
        "seconds (often)",
        "ids",
        "who was there",
        "identities",
    ],
    page: include_str!("../../pages/irc.md"),
};

/// How many lines are looked at to tell a log from any other text.
const LOOKED_AT: usize = 30;

impl Format for Irc {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_file(&self, first: &[u8]) -> bool {
        // The last line may be cut.
        let whole = memchr::memrchr(b'\n', first).map_or(first, |end| &first[..end]);
        let lines = lexhold_source::without_bom(whole).split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.trim_ascii().is_empty()).take(LOOKED_AT);
        let (mut known, mut sure, mut strange) = (0, 0, 0);
        for line in lines {
            match Line::parse(&codes::decode(line).0) {
                Some(line) => {
                    known += 1;
                    sure += usize::from(line.is_sure());
                }
                None => strange += 1,
            }
        }
        sure > 0 && strange * 5 <= known
    }

    fn check(&self, part: &Part) -> Result<(), SourceError> {
        let has_day = day::of_path(&full_name(part)).is_some();
        if has_day && part.options.zone.is_some() {
            return Ok(());
        }
        let survey = Survey::read(part)?;
        if survey.needs_day && !has_day {
            let why = "its lines have a clock and no day, and the name of the file has none; name it by its day, such as \
                       2024-01-31.log";
            return Err(undecided(part, why));
        }
        if survey.needs_zone && part.options.zone.is_none() {
            let why = "its times are those of some clock, and it does not say in which zone; say it with --source-zone, such \
                       as --source-zone UTC";
            return Err(undecided(part, why));
        }
        Ok(())
    }

    fn open(&self, part: Part) -> Result<Box<dyn Messages>, SourceError> {
        Ok(Box::new(Log::open(part)?))
    }
}

fn full_name(part: &Part) -> String {
    let entry = part.entries.first().map(|at| &part.tree.entries[*at]);
    entry.map_or_else(|| part.tree.name.clone(), |entry| part.tree.full_name(entry))
}

fn undecided(part: &Part, why: &str) -> SourceError {
    SourceError::new(ErrorKind::Undecided, &full_name(part), why)
}
