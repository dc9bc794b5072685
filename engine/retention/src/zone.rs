//! Time zones by their IANA names, from the database that is built in, never from the host.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use lexhold_document::did_you_mean;
use serde::{Deserialize, Serialize};

/// A time zone of the IANA database; cheap to copy about.
#[derive(Clone)]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
}

impl Zone {
    /// The zone of exactly this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        let rules = TimeZoneDatabase::bundled().get(name).ok()?;
        // The database itself does not mind the case, but a second spelling would be a second zone to us.
        (rules.iana_name() == Some(name)).then(|| Self {
            name: name.into(),
            rules,
        })
    }

    /// A help that names the zone nearest to a misspelt one.
    pub fn suggestion(name: &str) -> Option<String> {
        let known: Vec<String> = TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.to_string())
            .collect();
        let city = name.replace(' ', "_");
        let same = |known: &&String| {
            let last = known.rsplit_once('/').map_or(known.as_str(), |(_, last)| last);
            known.eq_ignore_ascii_case(name) || last.eq_ignore_ascii_case(&city)
        };
        // The shortest, so that `utc` is `UTC` and not `Etc/UTC`.
        match known.iter().filter(same).min_by_key(|known| known.len()) {
            Some(known) => Some(format!("did you mean `{known}`?")),
            None => did_you_mean(name, known.iter().map(String::as_str)),
        }
    }

    /// The name, such as `America/New_York`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local day on which an instant falls.
    pub fn date(&self, at: Timestamp) -> Date {
        self.rules.to_datetime(at).date()
    }

    /// The instant at which a local day begins; `None` beyond the calendar.
    pub fn start_of_day(&self, day: Date) -> Option<Timestamp> {
        start_of_day(&self.rules, day)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Zone::named(&name).ok_or_else(|| serde::de::Error::custom("not a time zone of the IANA database"))
    }
}

/// The instant from which on the local date is this day or later, and never again an earlier one.
///
/// Midnight, as a rule. Where clocks skip midnight, the first instant after the gap; where they go back over it, the
/// midnight after which the day before does not come again. `None` where the calendar of instants ends, which is in
/// the year 9999.
fn start_of_day(rules: &TimeZone, day: Date) -> Option<Timestamp> {
    let midnight = rules.to_ambiguous_timestamp(day.to_datetime(Time::midnight()));
    match midnight.offset() {
        AmbiguousOffset::Unambiguous { .. } => midnight.unambiguous().ok(),
        AmbiguousOffset::Gap { .. } => {
            // Read with the offset that holds after the gap, the missing midnight is an instant before the gap.
            let before = midnight.earlier().ok()?;
            let mut later = rules.following(before).map(|transition| transition.timestamp());
            later.find(|at| rules.to_datetime(*at).date() >= day)
        }
        AmbiguousOffset::Fold { .. } => {
            let last_moment = day.yesterday().ok()?.to_datetime(Time::MAX);
            let eve_repeats = rules.to_ambiguous_timestamp(last_moment).is_ambiguous();
            if eve_repeats {
                midnight.later()
            } else {
                midnight.earlier()
            }
            .ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn start(zone: &str, day: Date) -> String {
        Zone::named(zone).unwrap().start_of_day(day).unwrap().to_string()
    }

    #[test]
    fn a_day_begins_at_its_first_instant() {
        let cases = [
            ("UTC", date(2022, 1, 2), "2022-01-02T00:00:00Z"),
            ("America/New_York", date(2022, 1, 1), "2022-01-01T05:00:00Z"),
            ("America/New_York", date(2022, 7, 1), "2022-07-01T04:00:00Z"),
            // Midnight does not exist: the clock goes from 23:59:59 to 01:00.
            ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00Z"),
            // The gap begins before midnight, at 23:30, and the day at 00:30.
            ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00Z"),
            // The whole day was left out, and the next one begins instead.
            ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00Z"),
        ];
        for (zone, day, instant) in cases {
            assert_eq!(start(zone, day), instant, "{zone} {day}");
        }
    }

    #[test]
    fn a_midnight_that_comes_twice() {
        // From 01:00 back to 00:00: both belong to the new day, which begins with the first.
        assert_eq!(start("America/Havana", date(2023, 11, 5)), "2023-11-05T04:00:00Z");
        // From 00:01 back to 23:01: the day before comes again, and is over only with the second.
        assert_eq!(start("America/St_Johns", date(2005, 10, 30)), "2005-10-30T03:30:00Z");
        // From 00:00 back to 23:00: the day before lasts 25 hours.
        assert_eq!(start("America/Sao_Paulo", date(2018, 2, 18)), "2018-02-18T03:00:00Z");
    }

    #[test]
    fn local_days() {
        let at: Timestamp = "2019-01-01T04:30:00Z".parse().unwrap();
        assert_eq!(Zone::named("America/New_York").unwrap().date(at), date(2018, 12, 31));
        assert_eq!(Zone::named("UTC").unwrap().date(at), date(2019, 1, 1));
    }

    #[test]
    fn the_calendar_ends_without_a_panic() {
        for zone in ["UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Apia"] {
            let zone = Zone::named(zone).unwrap();
            for day in [Date::MIN, Date::MAX, Date::MAX.yesterday().unwrap()] {
                let _ = zone.start_of_day(day);
            }
            let _ = (zone.date(Timestamp::MIN), zone.date(Timestamp::MAX));
        }
        assert_eq!(Zone::named("UTC").unwrap().start_of_day(Date::MAX), None);
    }

    #[test]
    fn names_are_exact_and_near_ones_are_suggested() {
        for name in ["america/new_york", "EST5", "+02:00", "Etc/Unknown", "local", ""] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
        for (name, meant) in [
            ("america/new_york", "America/New_York"),
            ("America/NewYork", "America/New_York"),
            ("New York", "America/New_York"),
            ("Berlin", "Europe/Berlin"),
            ("Europe/Berln", "Europe/Berlin"),
            ("utc", "UTC"),
        ] {
            assert_eq!(
                Zone::suggestion(name),
                Some(format!("did you mean `{meant}`?")),
                "{name}"
            );
        }
    }

    #[test]
    fn reads_back_from_json() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let json = serde_json::to_string(&zone).unwrap();
        assert_eq!(json, r#""Europe/Berlin""#);
        assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), zone);
        assert!(serde_json::from_str::<Zone>(r#""Europe/Atlantis""#).is_err());
    }

    const RESTLESS: [&str; 8] = [
        "America/Sao_Paulo",
        "America/St_Johns",
        "America/Havana",
        "America/Toronto",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Pacific/Apia",
        "Atlantic/Azores",
    ];

    proptest! {
        /// What the words promise, tried second by second around the start.
        #[test]
        fn nothing_of_the_day_before_follows_the_start(zone in 0..RESTLESS.len(), days in -30_000..30_000) {
            let zone = Zone::named(RESTLESS[zone]).unwrap();
            let day = date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let start = zone.start_of_day(day).unwrap();
            let second = jiff::SignedDuration::from_secs(1);
            prop_assert!(zone.date(start) >= day);
            prop_assert!(zone.date(start - jiff::SignedDuration::from_micros(1)) < day);
            for step in 0..5000 {
                prop_assert!(zone.date(start + second * step) >= day);
            }
        }
    }
}
