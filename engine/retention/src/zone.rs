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
    pub(crate) fn suggestion(name: &str) -> Option<String> {
        let known: Vec<String> = TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.to_string())
            .collect();
        let same_city = known.iter().find(|known| {
            known
                .rsplit_once('/')
                .is_some_and(|(_, city)| city.eq_ignore_ascii_case(&name.replace(' ', "_")))
        });
        match same_city {
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
