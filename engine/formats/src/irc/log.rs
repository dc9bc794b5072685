//! The lines of a log as messages.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use lexhold_model::{ConversationKind, Message, MessageKind, Participant, Role};
use lexhold_source::{Chunks, Reading, SourceError};

use super::codes::{decode, without_codes};
use super::line::{Clock, Entry, Line, Stamp, event};
use super::survey::Survey;
use super::{day, full_name};
use crate::document::Readings;
use crate::format::{Messages, Part};
use crate::local;
use crate::repeats::Repeats;
use crate::text::Text;

/// A log under way.
pub(super) struct Log {
    text: Text,
    now: Now,
    survey: Survey,
    conversation: String,
    repeats: Repeats,
}

/// What the lines so far say of the time.
struct Now {
    zone: TimeZone,
    day: Option<Date>,
    /// Whether the day comes from the name of the file.
    day_of_name: bool,
    half_days: bool,
    /// The first midnight is still to come, and the day of the name begins with it.
    evening_before: bool,
    clock: Option<Clock>,
    last: Option<i64>,
}

/// When a line happened, and how exactly that is known.
#[derive(Default)]
struct When {
    at: Option<i64>,
    precision: Option<&'static str>,
}

impl Log {
    pub(super) fn open(part: Part) -> Result<Self, SourceError> {
        let survey = Survey::read(&part)?;
        let path = full_name(&part);
        let named = day::of_path(&path).filter(|_| survey.needs_day);
        let one_day: Span = 1.day();
        let day = named.and_then(|day| {
            let before = survey.evening_before.then(|| day.checked_sub(one_day).ok());
            before.unwrap_or(Some(day))
        });
        Ok(Self {
            text: Text::open(&part, part.entries[0])?,
            now: Now {
                zone: part.options.zone.clone().unwrap_or(TimeZone::UTC),
                day,
                day_of_name: day.is_some(),
                half_days: survey.half_days,
                evening_before: survey.evening_before,
                clock: None,
                last: None,
            },
            conversation: survey.channel.clone().unwrap_or_else(|| place_of(&path)),
            repeats: Repeats::default(),
            survey,
        })
    }
}

impl Messages for Log {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        let Self {
            text,
            now,
            survey,
            conversation,
            repeats,
        } = self;
        Ok(text.read(to, |bytes, place| {
            let (line, foreign) = decode(bytes);
            let (at, entry) = match Line::parse(&line) {
                Some(Line::Entry { at, entry }) => (at, entry),
                Some(Line::Day(Some(day))) => {
                    (now.day, now.day_of_name) = (Some(day), false);
                    return Vec::new();
                }
                Some(Line::Day(None)) => {
                    now.day = None;
                    return vec![Err("names a day in words that are not known".to_owned())];
                }
                Some(Line::Remark) => return Vec::new(),
                None => return vec![Err("is no line of a log: a time, and who said or did what".to_owned())],
            };
            let when = now.on(at);
            let mut readings = reading(&when, now, entry, survey, conversation, repeats);
            for reading in readings.iter_mut().flatten() {
                reading.message.source = place.clone();
                if foreign {
                    reading.message.undecodable = true;
                    let charset = ("charset".to_owned(), "windows-1252".to_owned());
                    reading.message.metadata.extend([charset]);
                }
            }
            readings
        }))
    }
}

impl Now {
    /// The instant of a line's time.
    fn on(&mut self, at: Stamp) -> When {
        let when = match at {
            Stamp::Instant(at) => When {
                at: Some(at),
                precision: None,
            },
            Stamp::Local(date, clock) => self.local(Some(date), clock),
            Stamp::Clock(clock) => {
                self.roll(clock);
                self.local(self.day, clock)
            }
            Stamp::None => When {
                at: self.last,
                precision: self.last.map(|_| "line before"),
            },
        };
        self.last = when.at.or(self.last);
        when
    }

    /// Goes on to the next day when the clock has passed midnight, and no line has said so.
    fn roll(&mut self, clock: Clock) {
        let passed = self
            .clock
            .is_some_and(|before| before.time.hour() >= 18 && clock.time.hour() < 6);
        if passed && self.day_of_name {
            self.day = self.day.and_then(|day| day.tomorrow().ok());
            self.evening_before = false;
        }
        self.clock = Some(clock);
    }

    fn local(&self, date: Option<Date>, clock: Clock) -> When {
        let Some(date) = date else { return When::default() };
        let mut time = DateTime::from_parts(date, clock.time);
        if self.half_days && clock.time.hour() < 12 {
            // Nobody says which half it is; the later one keeps a message longer.
            let later: Span = 12.hours();
            time = time.checked_add(later).unwrap_or(time);
        }
        let Some((at, precision)) = local::instant(time, &self.zone) else {
            return When::default();
        };
        let precision = precision
            .or(self.half_days.then_some("half of the day"))
            .or((self.evening_before && self.day_of_name).then_some("day"))
            .or((!clock.has_seconds).then_some("minute"));
        When {
            at: Some(at),
            precision,
        }
    }
}

fn reading(
    when: &When,
    now: &Now,
    entry: Entry<'_>,
    survey: &Survey,
    conversation: &str,
    repeats: &mut Repeats,
) -> Readings {
    let is_channel = conversation.starts_with('#') || survey.channel.is_some();
    let mut message = Message {
        platform: "irc".into(),
        conversation: conversation.to_owned(),
        conversation_kind: if is_channel {
            ConversationKind::Channel
        } else {
            ConversationKind::Group
        },
        channel: is_channel.then(|| conversation.to_owned()),
        sent_at: when.at,
        sent_precision: when.precision.map(str::to_owned),
        ..Message::default()
    };
    let (kind, nick, written) = match entry {
        Entry::Said { nick, text } => (MessageKind::Message, nick, text),
        Entry::Action { nick, text } => (MessageKind::Action, nick, text),
        Entry::Notice { nick, text } => (MessageKind::Notice, nick, text),
        Entry::Event(text) => {
            let (kind, nick, new_nick) = event(text);
            let known = [("event", Some(kind)), ("new_nick", new_nick)];
            let known = known
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
            message.metadata.extend(known);
            (MessageKind::System, nick.unwrap_or("unknown"), text)
        }
    };
    message.kind = kind;
    message.sender = nick.to_owned();
    let text = without_codes(written);
    if text != written {
        message.metadata.insert("text".to_owned(), written.to_owned());
    }
    if kind != MessageKind::System {
        message.recipients.extend(addressed(&text, nick, survey));
    }
    if now.day_of_name && when.at.is_some() {
        message.metadata.insert("day_from".to_owned(), "file name".to_owned());
    }
    // Nothing has an id. What was said twice at one time gets one, so that it does not count as one message read twice.
    let at = when.at.map(|at| at.to_string()).unwrap_or_default();
    let times = repeats.count(&at, format!("{} {nick} {text}", kind.as_str()));
    message.id = (times > 1).then(|| format!("{at} {nick} {times}"));
    message.text = Some(text.into_owned()).filter(|text| !text.is_empty());
    let missing = || {
        (
            "sent_at",
            "the line has no time or no day, and the date was left out".to_owned(),
        )
    };
    let notes = message.sent_at.is_none().then(missing).into_iter().collect();
    vec![Ok(Reading { message, notes })]
}

/// Whom a line speaks to by the custom of IRC: `nick: …` or `nick, …`, if anybody of that nick speaks in the log.
fn addressed(text: &str, sender: &str, survey: &Survey) -> Option<Participant> {
    let end = text.find([':', ','])?;
    let nick = survey.nicks.get(&text[..end].trim().to_lowercase())?;
    (nick != sender).then(|| Participant {
        handle: nick.clone(),
        role: Role::To,
    })
}

/// What a log is about, by the path of its file: a name with `#`, else the name without day and ending, else the folder's.
fn place_of(path: &str) -> String {
    if let Some(hash) = path.rfind('#') {
        let name = path[hash..].split(['/', '\\']).next().unwrap_or_default();
        return bare(name).to_lowercase();
    }
    let mut names = path.rsplit(['/', '\\']).map(bare).filter(|name| !name.is_empty());
    names
        .next()
        .map_or_else(|| "irc".to_owned(), |name| name.to_lowercase())
}

/// A file name without its ending and the day in it.
fn bare(name: &str) -> &str {
    let name = [".log", ".txt", ".weechatlog"]
        .into_iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let name = match day::find(name) {
        Some((_, at)) if at.start == 0 => &name[at.end..],
        Some((_, at)) => &name[..at.start],
        None => name,
    };
    name.trim_matches(['.', '-', '_', ' '])
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn a_log_is_about_what_its_file_is_called() {
        for (path, place) in [
            ("logs/2007/12/17/#Ubuntu.txt", "#ubuntu"),
            ("irc.libera.#chan.weechatlog", "#chan"),
            ("#chan_20240131.log", "#chan"),
            ("libera/#chan/2024-01-31.log", "#chan"),
            ("libera/ann/2024-01-31.log", "ann"),
            ("2007-12-17.train-a.raw.txt", "train-a.raw"),
            ("2024-01-31.log", "irc"),
        ] {
            assert_eq!(place_of(path), place, "{path}");
        }
    }
}
