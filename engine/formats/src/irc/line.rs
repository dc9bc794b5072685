//! One line of a log: its time, and what happened.

use jiff::civil::{Date, Time};

/// A line of a log.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// Something happened.
    Entry { at: Stamp, entry: Entry<'a> },
    /// A day begins here, as irssi writes; none, when the words for it are not known.
    Day(Option<Date>),
    /// What a client says of its log.
    Remark,
}

/// The time at the front of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stamp {
    /// An exact instant: microseconds since 1970.
    Instant(i64),
    /// A day and a clock, in no zone that is named.
    Local(Date, Clock),
    /// A clock alone.
    Clock(Clock),
    /// Nothing: it happened after the line before.
    None,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    pub(super) time: Time,
    pub(super) has_seconds: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Entry<'a> {
    Said { nick: &'a str, text: &'a str },
    Action { nick: &'a str, text: &'a str },
    Notice { nick: &'a str, text: &'a str },
    Event(&'a str),
}

impl<'a> Line<'a> {
    /// What a line says, if it is a line of a log.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        if let Some(rest) = line.strip_prefix("--- ") {
            let day = rest.strip_prefix("Log opened ").or(rest.strip_prefix("Day changed "));
            let closed = rest.starts_with("Log closed ");
            return match day {
                Some(words) => Some(Self::Day(super::day::of_words(words))),
                None => closed.then_some(Self::Remark),
            };
        }
        if let Some(text) = line.strip_prefix("=== ") {
            let entry = Entry::Event(text);
            return Some(Self::Entry { at: Stamp::None, entry });
        }
        let (at, rest) = stamp(line)?;
        let entry = match rest.strip_prefix('\t') {
            Some(rest) => tabbed(rest),
            None => entry(rest.trim_start_matches(' ')),
        };
        Some(Self::Entry { at, entry: entry? })
    }

    /// Whether it can hardly be a line of anything else.
    pub(super) fn is_sure(&self) -> bool {
        match self {
            Self::Entry { entry, .. } => matches!(entry, Entry::Said { .. } | Entry::Event(_)),
            Self::Day(day) => day.is_some(),
            Self::Remark => false,
        }
    }
}

/// The time at the front of a line, and what stands behind it.
fn stamp(line: &str) -> Option<(Stamp, &str)> {
    if let Some(inside) = line.strip_prefix('[') {
        let (time, rest) = inside.split_once("] ")?;
        return Some((whole_stamp(time)?, rest));
    }
    let bytes = line.as_bytes();
    if bytes.get(4) == Some(&b'-') {
        // The clock ends where the next blank stands, `T` or not.
        let end = memchr::memchr2(b' ', b'\t', bytes.get(11..)?)? + 11;
        return Some((whole_stamp(line.get(..end)?)?, line.get(end..)?));
    }
    let end = memchr::memchr(b' ', bytes)?;
    Some((whole_stamp(&line[..end])?, &line[end..]))
}

fn whole_stamp(text: &str) -> Option<Stamp> {
    if text.as_bytes().get(4) != Some(&b'-') {
        let (clock, zone) = clock(text)?;
        return zone.is_empty().then_some(Stamp::Clock(clock));
    }
    let date: Date = text.get(..10)?.parse().ok()?;
    let rest = text.get(10..)?.strip_prefix(['T', ' '])?;
    let (clock, zone) = clock(rest)?;
    if zone.is_empty() {
        return Some(Stamp::Local(date, clock));
    }
    lexhold_source::instant(text).ok().map(Stamp::Instant)
}

/// A clock, and what stands behind it: a fraction and a zone.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let bytes = text.as_bytes();
    let pair = |at: usize| match bytes.get(at..at + 2)? {
        [ten @ b'0'..=b'9', one @ b'0'..=b'9'] => i8::try_from((ten - b'0') * 10 + one - b'0').ok(),
        _ => None,
    };
    let (hour, minute) = (pair(0)?, pair(3)?);
    (bytes.get(2) == Some(&b':')).then_some(())?;
    let second = (bytes.get(5) == Some(&b':')).then(|| pair(6)).flatten();
    let end = if second.is_some() { 8 } else { 5 };
    let time = Time::new(hour, minute, second.unwrap_or(0).min(59), 0).ok()?;
    let clock = Clock {
        time,
        has_seconds: second.is_some(),
    };
    Some((clock, text.get(end..)?))
}

/// What stands behind the time.
fn entry(rest: &str) -> Option<Entry<'_>> {
    if let Some(inside) = rest.strip_prefix('<') {
        // Logs that went through HTML may have lost the sign itself.
        let escaped = inside.split_once("&gt;").filter(|(nick, _)| !nick.contains('>'));
        let (nick, text) = escaped.or_else(|| inside.split_once('>'))?;
        let nick = nick_of(nick)?;
        return Some(Entry::Said {
            nick,
            text: text.strip_prefix(' ').unwrap_or(text),
        });
    }
    for mark in ["*** ", "-!- "] {
        if let Some(text) = rest.strip_prefix(mark) {
            return Some(Entry::Event(text));
        }
    }
    if let Some(words) = rest.strip_prefix('*') {
        let words = words.trim_start_matches(' ');
        let (nick, text) = words.split_once(' ').unwrap_or((words, ""));
        return Some(Entry::Action {
            nick: nick_of(nick)?,
            text,
        });
    }
    let inside = rest.strip_prefix('-')?;
    let (nick, text) = inside.split_once('-').map(|(nick, text)| {
        // A nick may have dashes; a notice has a blank behind the last one.
        inside
            .find("- ")
            .map_or((nick, text), |at| (&inside[..at], &inside[at + 1..]))
    })?;
    let nick = nick.split(['(', ':']).next().unwrap_or(nick);
    Some(Entry::Notice {
        nick: nick_of(nick)?,
        text: text.trim_start_matches(' '),
    })
}

/// What WeeChat writes behind the time: a prefix, a tab, and the rest.
fn tabbed(rest: &str) -> Option<Entry<'_>> {
    let (prefix, text) = rest.split_once('\t')?;
    match prefix.trim() {
        "-->" | "<--" | "--" | "=!=" | "" => Some(Entry::Event(text)),
        "*" => {
            let (nick, text) = text.split_once(' ').unwrap_or((text, ""));
            Some(Entry::Action {
                nick: nick_of(nick)?,
                text,
            })
        }
        nick => Some(Entry::Said {
            nick: nick_of(nick)?,
            text,
        }),
    }
}

/// A nick without the sign of its rank in the channel, and without its host.
fn nick_of(nick: &str) -> Option<&str> {
    let nick = nick.trim().trim_start_matches(['@', '+', '%', '&', '~']);
    let nick = nick.split('!').next().unwrap_or(nick);
    let possible = !nick.is_empty() && nick.len() <= 64 && !nick.contains([' ', '\t', '<', '>', '*']);
    possible.then_some(nick)
}

/// The kind of an event, who caused it, and the new nick where that is what it is about.
pub(super) fn event(text: &str) -> (&'static str, Option<&str>, Option<&str>) {
    let first = text.split_whitespace().next().and_then(nick_of);
    let behind = |mark: &str| {
        text.split_once(mark)
            .and_then(|(_, rest)| rest.split_whitespace().next())
    };
    for (mark, kind) in [("Joins: ", "join"), ("Parts: ", "part"), ("Quits: ", "quit")] {
        if text.starts_with(mark) {
            return (kind, behind(mark).and_then(nick_of), None);
        }
    }
    if let Some(by) = text.strip_prefix("mode/").and_then(|_| behind(" by ")) {
        return ("mode", nick_of(by), None);
    }
    if let Some(nick) = behind(" now known as ") {
        return ("nick", first, Some(nick));
    }
    if text.contains(" was kicked ") {
        return ("kick", behind(" by ").and_then(nick_of).or(first), None);
    }
    let kind = [
        (" has joined ", "join"),
        (" has left", "part"),
        (" has quit", "quit"),
        (" has kicked ", "kick"),
        (" topic", "topic"),
        ("mode", "mode"),
    ];
    let kind = kind.iter().find(|(mark, _)| text.contains(mark));
    (kind.map_or("other", |(_, kind)| kind), first, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        match Line::parse(line) {
            Some(Line::Entry { at, entry }) => {
                let at = match at {
                    Stamp::Instant(at) => lexhold_source::show_instant(at),
                    Stamp::Local(date, clock) => format!("{date} {}", clock.time),
                    Stamp::Clock(clock) if clock.has_seconds => clock.time.to_string(),
                    Stamp::Clock(clock) => clock.time.to_string()[..5].to_owned(),
                    Stamp::None => String::new(),
                };
                let (kind, nick, text) = match entry {
                    Entry::Said { nick, text } => ("said", nick, text),
                    Entry::Action { nick, text } => ("action", nick, text),
                    Entry::Notice { nick, text } => ("notice", nick, text),
                    Entry::Event(text) => (
                        event(text).0,
                        event(text).1.unwrap_or("?"),
                        event(text).2.unwrap_or_default(),
                    ),
                };
                format!("{at}|{kind}|{nick}|{text}")
            }
            Some(Line::Day(day)) => day.map_or("?".to_owned(), |day| day.to_string()),
            Some(Line::Remark) => "remark".to_owned(),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn every_kind_of_line() {
        for (line, expected) in [
            (
                "2005-01-08T23:34:46  <mgedmin> let's see",
                "2005-01-08 23:34:46|said|mgedmin|let's see",
            ),
            ("2012-10-17T09:16:21+0200  <a> b", "2012-10-17T07:16:21Z|said|a|b"),
            (
                "2012-10-17T09:16:21+0000  * benpol is",
                "2012-10-17T09:16:21Z|action|benpol|is",
            ),
            (
                "2012-10-17T09:16:21+0000  *benpol is",
                "2012-10-17T09:16:21Z|action|benpol|is",
            ),
            (
                "2012-10-17T09:16:21+0000  -emptybot- ",
                "2012-10-17T09:16:21Z|notice|emptybot|",
            ),
            (
                "2012-10-17T09:16:21+0000  *** a has quit IRC",
                "2012-10-17T09:16:21Z|quit|a|",
            ),
            ("2012-10-17T09:16:21+0000  Tv_ http", "none"),
            ("2012-10-17T09:16:51 0000  *** a has quit IRC", "none"),
            ("[02:42]  * nickrud feels", "02:42|action|nickrud|feels"),
            ("[02:34] <joao&gt; a -> b", "02:34|said|joao|a -> b"),
            ("[02:34] <Ttech>", "02:34|said|Ttech|"),
            ("=== u is now known as v", "|nick|u|v"),
            ("=== u [n=u@h] has joined #ubuntu", "|join|u|"),
            ("[10:01:02] *** Joins: ann (a@h)", "10:01:02|join|ann|"),
            ("[10:01:02] *** ann sets mode: +o bob", "10:01:02|mode|ann|"),
            ("[10:01:02] *** ann changes topic to 'x'", "10:01:02|topic|ann|"),
            (
                "[10:01:02] -Nick-Serv- hi - there",
                "10:01:02|notice|Nick-Serv|hi - there",
            ),
            (
                "[2024-01-31 10:01:02] <@ann> x > y",
                "2024-01-31 10:01:02|said|ann|x > y",
            ),
            ("10:01 <@ann> hi", "10:01|said|ann|hi"),
            ("10:01 < ann> hi", "10:01|said|ann|hi"),
            ("10:01  * ann waves", "10:01|action|ann|waves"),
            ("10:01 -!- ann [a@h] has joined #c", "10:01|join|ann|"),
            ("10:01 -!- mode/#c [+o bob] by ann", "10:01|mode|ann|"),
            ("10:01 -!- bob was kicked from #c by ann [out]", "10:01|kick|ann|"),
            ("10:01 -ann(a@h)- psst", "10:01|notice|ann|psst"),
            ("--- Log opened Sat Jan 08 23:33:54 2005", "2005-01-08"),
            ("--- Day changed Sun Jan 09 2005", "2005-01-09"),
            ("--- Tag gewechselt", "none"),
            ("--- Log closed Sun Jan 09 2005", "remark"),
            (
                "2024-01-31 10:01:02\t@ann\thi\tyou",
                "2024-01-31 10:01:02|said|ann|hi\tyou",
            ),
            (
                "2024-01-31 10:01:02\t *\tann waves",
                "2024-01-31 10:01:02|action|ann|waves",
            ),
            (
                "2024-01-31 10:01:02\t-->\tann (a@h) has joined #c",
                "2024-01-31 10:01:02|join|ann|",
            ),
            ("25:01 <a> b", "none"),
            ("2024-02-30T10:00:00 <a> b", "none"),
            ("plain text", "none"),
            ("[é] <a> b", "none"),
            ("é", "none"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }
}
