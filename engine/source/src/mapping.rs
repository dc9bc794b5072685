//! What somebody says of a table whose columns are not those of messages.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use lexhold_model::Digest;

use crate::local::local_instant;

/// How the columns of a foreign table become messages.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Its name, which every message keeps in `metadata`.
    pub name: String,
    /// The digest of the document that says it.
    pub digest: Digest,
    /// What separates the fields; `None` is whichever separator finds the most columns.
    pub delimiter: Option<u8>,
    /// The label of the encoding, such as `windows-1252`; `None` is UTF-8.
    pub encoding: Option<String>,
    /// What becomes of which columns.
    pub targets: Vec<Target>,
    /// How `sent_at` is written; `None` is RFC 3339.
    pub dates: Option<DateFormat>,
    /// The zone of dates that name none.
    pub zone: Option<TimeZone>,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub struct Target {
    /// The field, as in [`lexhold_model::Message`], or `cc` or `bcc`.
    pub field: String,
    /// The columns that make it, in their order.
    pub columns: Vec<String>,
    /// What stands there where all columns are empty.
    pub constant: Option<String>,
    /// What separates the items of a list; `None` is `;`, or a JSON list.
    pub separator: Option<String>,
}

impl Mapping {
    /// The fields that a column may become.
    pub const FIELDS: &'static [&'static str] = &[
        "id",
        "platform",
        "conversation",
        "conversation_kind",
        "channel",
        "kind",
        "sent_at",
        "sender",
        "recipients",
        "cc",
        "bcc",
        "custodians",
        "subject",
        "text",
        "attachments",
        "reply_to",
        "version",
        "version_kind",
        "labels",
        "accounts",
        "business",
    ];

    /// Whether there is an encoding of this label.
    pub fn is_encoding(label: &str) -> bool {
        encoding_rs::Encoding::for_label(label.as_bytes()).is_some()
    }
}

/// How dates are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// By directives of `strftime`, such as `%d/%m/%Y %H:%M`.
    Pattern(String),
    /// Seconds since 1970 in UTC, with or without a fraction.
    UnixSeconds,
    /// Milliseconds since 1970 in UTC.
    UnixMillis,
}

impl DateFormat {
    /// The format that a word or a pattern names.
    ///
    /// # Errors
    /// Why the pattern can be none.
    pub fn new(text: &str) -> Result<Self, String> {
        match text {
            "unix" => return Ok(Self::UnixSeconds),
            "unix_ms" => return Ok(Self::UnixMillis),
            _ => {}
        }
        let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        let written = strtime::format(text, &sample).map_err(|error| error.to_string())?;
        let read = BrokenDownTime::parse(text, &written).map_err(|error| error.to_string())?;
        if read.to_timestamp().is_err() && read.to_date().is_err() {
            return Err("it names no whole date: year, month and day".to_owned());
        }
        Ok(Self::Pattern(text.to_owned()))
    }

    /// Whether dates say themselves which instant they are.
    pub fn has_zone(&self) -> bool {
        let Self::Pattern(pattern) = self else { return true };
        let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        let read = strtime::format(pattern, &sample).and_then(|text| BrokenDownTime::parse(pattern, &text));
        read.is_ok_and(|read| read.to_timestamp().is_ok())
    }

    /// The instant of a date in microseconds since 1970, and how exact it is when not to the second.
    pub(crate) fn read(&self, text: &str, zone: &TimeZone) -> Option<(i64, Option<&'static str>)> {
        let text = text.trim();
        let Self::Pattern(pattern) = self else {
            return self.unix(text);
        };
        let read = BrokenDownTime::parse(pattern, text).ok()?;
        if let Ok(instant) = read.to_timestamp() {
            return Some((instant.as_microsecond(), None));
        }
        let (time, precision) = match (read.hour(), read.minute(), read.second()) {
            (None, ..) => (Time::midnight(), Some("day")),
            (Some(_), None, _) => (read.to_time().ok()?, Some("hour")),
            (Some(_), Some(_), None) => (read.to_time().ok()?, Some("minute")),
            (Some(_), Some(_), Some(_)) => (read.to_time().ok()?, None),
        };
        let (at, change) = local_instant(read.to_date().ok()?.to_datetime(time), zone)?;
        Some((at, change.or(precision)))
    }

    fn unix(&self, text: &str) -> Option<(i64, Option<&'static str>)> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = fraction.get(..6).unwrap_or(fraction);
        let micros: i64 = format!("{digits:0<6}").parse().ok()?;
        let whole: i64 = whole.parse().ok()?;
        let at = match self {
            Self::UnixMillis => whole.checked_mul(1000)?.checked_add(micros / 1000)?,
            _ => whole.checked_mul(1_000_000)?.checked_add(micros)?,
        };
        Some((crate::sent::in_range(Some(at)).ok()?, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_their_format_says_and_say_how_exact_they_are() {
        let zone = TimeZone::get("Europe/London").unwrap();
        for (format, text, utc, precision) in [
            ("%d/%m/%Y %H:%M:%S", "01/07/2024 12:00:05", "2024-07-01T11:00:05Z", None),
            (
                "%m/%d/%y %I:%M %p",
                "07/01/24 12:30 AM",
                "2024-06-30T23:30:00Z",
                Some("minute"),
            ),
            ("%Y-%m-%d", " 2024-01-31 ", "2024-01-31T00:00:00Z", Some("day")),
            (
                "%Y-%m-%d %H:%M",
                "2024-10-27 01:30",
                "2024-10-27T01:30:00Z",
                Some("hour of a clock change"),
            ),
            (
                "%Y-%m-%dT%H:%M:%S%z",
                "2024-07-01T12:00:00+0200",
                "2024-07-01T10:00:00Z",
                None,
            ),
            (
                "%d-%b-%Y %H:%M:%S%.f",
                "01-Jul-2024 12:00:05.25",
                "2024-07-01T11:00:05.25Z",
                None,
            ),
            ("unix", "1720000000.5", "2024-07-03T09:46:40.5Z", None),
            ("unix_ms", "1720000000123", "2024-07-03T09:46:40.123Z", None),
        ] {
            let found = DateFormat::new(format).unwrap().read(text, &zone);
            assert_eq!(found, Some((crate::instant(utc).unwrap(), precision)), "{format}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let zone = TimeZone::UTC;
        for (format, text) in [
            ("%d/%m/%Y", "31/02/2024"),
            ("%d/%m/%Y", "2024-01-01"),
            ("%d/%m/%Y", "01/01/2024 extra"),
            ("unix", "1e9"),
            ("unix", "99999999999999999999"),
            ("unix_ms", "9223372036854775807"),
            ("unix", ""),
        ] {
            assert_eq!(
                DateFormat::new(format).unwrap().read(text, &zone),
                None,
                "{format} {text}"
            );
        }
        for pattern in ["%Q!%", "%H:%M", "%d %m", "never"] {
            assert!(DateFormat::new(pattern).is_err(), "{pattern}");
        }
        assert!(!DateFormat::new("%Y-%m-%d").unwrap().has_zone());
        assert!(DateFormat::new("%Y-%m-%d %H:%M %z").unwrap().has_zone());
    }
}
