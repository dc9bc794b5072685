//! The firm's people, groups and channels, and who belonged where on a given day.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// The days on which a row of the directory holds: both ends inclusive, an absent end open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

impl Validity {
    /// Whether the row holds on this day.
    pub fn covers(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// One row about a person. Several rows with one id describe successive times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The firm's id for the person.
    pub id: String,
    /// The name, for people who read reports.
    pub name: Option<String>,
    /// Handles by platform; platform `*` holds everywhere.
    pub handles: BTreeMap<String, Vec<String>>,
    /// Groups that the person belongs to directly.
    pub groups: Vec<String>,
    /// The desk, which counts as one more group.
    pub desk: Option<String>,
    /// Licences held.
    pub licences: Vec<String>,
    /// The jurisdiction that the person works under.
    pub jurisdiction: Option<String>,
    /// The id of the supervisor.
    pub supervisor: Option<String>,
    /// The id of the deputy.
    pub deputy: Option<String>,
    /// When this row holds.
    pub valid: Validity,
    /// Attributes that the firm's own `FirmPerson` type declares.
    pub firm: BTreeMap<String, serde_json::Value>,
}

impl Person {
    /// Every handle with its platform.
    pub fn each_handle(&self) -> impl Iterator<Item = (String, String)> {
        let by_platform = self.handles.iter();
        by_platform.flat_map(|(platform, handles)| handles.iter().map(move |handle| (platform.clone(), handle.clone())))
    }
}

/// A group and the groups that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// The group's id.
    pub id: String,
    /// Groups that contain this one.
    pub parents: Vec<String>,
}

/// A channel that the firm lists. Unlisted channels are not approved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Channel {
    /// The channel's name on its platform, or the platform itself where it has no channels.
    pub id: String,
    /// The platform; absent means any.
    pub platform: Option<String>,
    /// Whether business may be done there.
    pub approved: bool,
}

/// Something wrong in a directory that its readers report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DirectoryProblem {
    /// Two people claim one handle.
    SharedHandle {
        /// The platform.
        platform: String,
        /// The handle.
        handle: String,
        /// The person who has it.
        first: String,
        /// The person who wants it too.
        second: String,
    },
    /// Two rows of one person hold on the same day.
    OverlappingRows {
        /// The person.
        person: String,
    },
    /// Groups that contain each other.
    GroupCycle {
        /// One of them.
        group: String,
    },
    /// A supervisor or deputy whom the directory does not list.
    UnknownPerson {
        /// Whose supervisor or deputy.
        person: String,
        /// The id that nobody has.
        named: String,
    },
    /// A row that ends before it begins.
    EmptyValidity {
        /// The person.
        person: String,
    },
}

impl fmt::Display for DirectoryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SharedHandle {
                platform,
                handle,
                first,
                second,
            } => {
                write!(
                    f,
                    "`{first}` and `{second}` share the handle `{handle}` on `{platform}`"
                )
            }
            Self::OverlappingRows { person } => write!(f, "two rows of `{person}` hold on the same day"),
            Self::GroupCycle { group } => write!(f, "group `{group}` contains itself"),
            Self::UnknownPerson { person, named } => {
                write!(f, "`{person}` names `{named}`, whom the directory does not list")
            }
            Self::EmptyValidity { person } => write!(f, "a row of `{person}` ends before it begins"),
        }
    }
}

/// What the directory knows of a person on a day.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The row that holds, or else the nearest one.
    pub person: &'a Person,
    /// Whether the row holds on that day; groups and licences count only then.
    pub current: bool,
    /// Whether all rows had ended by that day.
    pub departed: bool,
}

/// People, groups, channels and the firm's own mail domains, indexed.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    people: Vec<Person>,
    groups: Vec<Group>,
    channels: Vec<Channel>,
    domains: Vec<String>,
    rows_of: HashMap<String, Vec<usize>>,
    by_handle: HashMap<String, HashMap<String, String>>,
    closures: HashMap<String, Vec<String>>,
    channel_at: HashMap<(Option<String>, String), usize>,
}

impl Directory {
    /// Indexes people, groups, channels and the firm's domains; order does not matter.
    ///
    /// # Errors
    /// All that contradicts itself, sorted.
    pub fn new(
        mut people: Vec<Person>,
        mut groups: Vec<Group>,
        mut channels: Vec<Channel>,
        mut domains: Vec<String>,
    ) -> Result<Self, Vec<DirectoryProblem>> {
        people.sort_by(|a, b| (&a.id, a.valid.from).cmp(&(&b.id, b.valid.from)));
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        channels.sort_by(|a, b| (&a.platform, &a.id).cmp(&(&b.platform, &b.id)));
        domains.sort();
        let mut directory = Self {
            people,
            groups,
            channels,
            domains,
            ..Self::default()
        };
        let mut problems = BTreeSet::new();
        directory.index_people(&mut problems);
        directory.index_groups(&mut problems);
        directory.channel_at = directory
            .channels
            .iter()
            .enumerate()
            .map(|(at, channel)| ((channel.platform.clone(), channel.id.clone()), at))
            .collect();
        if problems.is_empty() {
            Ok(directory)
        } else {
            Err(problems.into_iter().collect())
        }
    }

    /// The person who has, or ever had, this handle on this platform.
    pub fn person_with_handle(&self, platform: &str, handle: &str) -> Option<&str> {
        let on = |platform: &str| self.by_handle.get(platform)?.get(handle).map(String::as_str);
        on(platform).or_else(|| on("*"))
    }

    /// What the directory knows of a person at an instant (µs since 1970, UTC); `None` as the instant means today's row,
    /// the last one.
    pub fn standing(&self, id: &str, at_us: Option<i64>) -> Option<Standing<'_>> {
        let rows = self.rows_of.get(id)?;
        let last = &self.people[*rows.last()?];
        let Some(day) = at_us.and_then(utc_day) else {
            return Some(Standing {
                person: last,
                current: true,
                departed: false,
            });
        };
        let rows = rows.iter().map(|row| &self.people[*row]);
        if let Some(person) = rows.clone().find(|person| person.valid.covers(day)) {
            return Some(Standing {
                person,
                current: true,
                departed: false,
            });
        }
        let before = rows.clone().rfind(|person| person.valid.to.is_some_and(|to| to < day));
        let departed = before.is_some()
            && !rows
                .clone()
                .any(|person| person.valid.from.is_some_and(|from| day < from));
        Some(Standing {
            person: before.unwrap_or(last),
            current: false,
            departed,
        })
    }

    /// The group and every group that contains it, sorted; an unlisted group contains itself only.
    pub fn closure<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a str> {
        let listed = self.closures.get(group);
        let unlisted = listed.is_none().then_some(group);
        listed.into_iter().flatten().map(String::as_str).chain(unlisted)
    }

    /// The channel of this name on this platform, or on any.
    pub fn channel(&self, platform: &str, id: &str) -> Option<&Channel> {
        let at = |platform: Option<&str>| self.channel_at.get(&(platform.map(str::to_owned), id.to_owned()));
        at(Some(platform)).or_else(|| at(None)).map(|at| &self.channels[*at])
    }

    /// Whether a mail domain is the firm's own, or lies below one that is.
    pub fn owns_domain(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| {
            domain
                .strip_suffix(own.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    /// Whether a group of this id is listed or somebody belongs to it.
    pub fn has_group(&self, id: &str) -> bool {
        self.closures.contains_key(id)
    }

    /// All rows about people, sorted by id and time.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// All groups, sorted by id.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All channels, sorted by platform and id.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The firm's own mail domains, sorted.
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    fn index_people(&mut self, problems: &mut BTreeSet<DirectoryProblem>) {
        for (row, person) in self.people.iter().enumerate() {
            if person
                .valid
                .from
                .zip(person.valid.to)
                .is_some_and(|(from, to)| to < from)
            {
                problems.insert(DirectoryProblem::EmptyValidity {
                    person: person.id.clone(),
                });
            }
            self.rows_of.entry(person.id.clone()).or_default().push(row);
            for (platform, handle) in person
                .handles
                .iter()
                .flat_map(|(platform, all)| all.iter().map(move |one| (platform, one)))
            {
                let owner = self
                    .by_handle
                    .entry(platform.clone())
                    .or_default()
                    .entry(handle.clone())
                    .or_insert_with(|| person.id.clone());
                if *owner != person.id {
                    problems.insert(DirectoryProblem::SharedHandle {
                        platform: platform.clone(),
                        handle: handle.clone(),
                        first: owner.clone(),
                        second: person.id.clone(),
                    });
                }
            }
        }
        for (id, rows) in &self.rows_of {
            let overlap = rows.windows(2).any(|pair| {
                let (one, next) = (self.people[pair[0]].valid, self.people[pair[1]].valid);
                one.to.is_none_or(|to| next.from.is_none_or(|from| from <= to))
            });
            if overlap {
                problems.insert(DirectoryProblem::OverlappingRows { person: id.clone() });
            }
        }
        for person in &self.people {
            for named in [&person.supervisor, &person.deputy].into_iter().flatten() {
                if !self.rows_of.contains_key(named) {
                    problems.insert(DirectoryProblem::UnknownPerson {
                        person: person.id.clone(),
                        named: named.clone(),
                    });
                }
            }
        }
    }

    fn index_groups(&mut self, problems: &mut BTreeSet<DirectoryProblem>) {
        let parents: HashMap<&str, &[String]> = self
            .groups
            .iter()
            .map(|group| (group.id.as_str(), group.parents.as_slice()))
            .collect();
        let joined = self
            .people
            .iter()
            .flat_map(|person| person.groups.iter().chain(&person.desk));
        let all = self
            .groups
            .iter()
            .flat_map(|group| group.parents.iter().chain([&group.id]))
            .chain(joined);
        let mut closures = HashMap::new();
        for group in all {
            if closures.contains_key(group) {
                continue;
            }
            let mut closure = BTreeSet::from([group.clone()]);
            let mut open = vec![group.as_str()];
            while let Some(next) = open.pop() {
                for parent in parents.get(next).copied().unwrap_or_default() {
                    if parent == group {
                        problems.insert(DirectoryProblem::GroupCycle { group: group.clone() });
                    }
                    if closure.insert(parent.clone()) {
                        open.push(parent);
                    }
                }
            }
            closures.insert(group.clone(), closure.into_iter().collect());
        }
        self.closures = closures;
    }
}

fn utc_day(at_us: i64) -> Option<Date> {
    Timestamp::from_microsecond(at_us)
        .ok()
        .map(|at| at.to_zoned(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn person(id: &str, groups: &[&str], from: Option<Date>, to: Option<Date>) -> Person {
        Person {
            id: id.into(),
            handles: BTreeMap::from([("slack".into(), vec![format!("{id}-handle")])]),
            groups: groups.iter().map(ToString::to_string).collect(),
            valid: Validity { from, to },
            ..Person::default()
        }
    }

    fn micros(day: Date) -> Option<i64> {
        Some(
            day.to_zoned(TimeZone::UTC)
                .expect("a real day")
                .timestamp()
                .as_microsecond(),
        )
    }

    #[test]
    fn membership_is_taken_as_of_the_day() {
        let rows = vec![
            person("ann", &["sales"], Some(date(2022, 1, 1)), Some(date(2022, 12, 31))),
            person("ann", &["research"], Some(date(2020, 1, 1)), Some(date(2021, 6, 30))),
        ];
        let directory = Directory::new(rows, vec![], vec![], vec![]).expect("consistent");
        let at = |day| {
            directory
                .standing("ann", micros(day))
                .map(|s| (s.person.groups[0].clone(), s.current, s.departed))
        };
        assert_eq!(at(date(2020, 5, 1)), Some(("research".into(), true, false)));
        assert_eq!(
            at(date(2021, 9, 1)),
            Some(("research".into(), false, false)),
            "between two rows"
        );
        assert_eq!(
            at(date(2022, 12, 31)),
            Some(("sales".into(), true, false)),
            "the last day counts"
        );
        assert_eq!(at(date(2023, 1, 1)), Some(("sales".into(), false, true)));
        assert_eq!(
            at(date(2019, 1, 1)).map(|s| (s.1, s.2)),
            Some((false, false)),
            "not yet there"
        );
        assert_eq!(directory.person_with_handle("slack", "ann-handle"), Some("ann"));
        assert!(directory.standing("bob", None).is_none());
    }

    #[test]
    fn groups_contain_their_parents_and_cycles_are_named() {
        let group = |id: &str, parents: &[&str]| Group {
            id: id.into(),
            parents: parents.iter().map(ToString::to_string).collect(),
        };
        let groups = vec![group("rates", &["trading"]), group("trading", &["front-office"])];
        let directory = Directory::new(vec![], groups, vec![], vec![]).expect("consistent");
        assert_eq!(
            directory.closure("rates").collect::<Vec<_>>(),
            ["front-office", "rates", "trading"]
        );
        assert_eq!(directory.closure("nobody").collect::<Vec<_>>(), ["nobody"]);
        assert!(directory.has_group("front-office") && !directory.has_group("nobody"));
        let cycle = Directory::new(vec![], vec![group("a", &["b"]), group("b", &["a"])], vec![], vec![]).unwrap_err();
        assert_eq!(cycle[0].to_string(), "group `a` contains itself");
    }

    #[test]
    fn contradictions_are_all_reported() {
        let mut other = person("bob", &[], None, None);
        other.handles.insert("slack".into(), vec!["ann-handle".into()]);
        other.supervisor = Some("zed".into());
        let rows = vec![
            person("ann", &[], None, None),
            person("ann", &[], Some(date(2020, 1, 1)), None),
            other,
        ];
        let problems = Directory::new(rows, vec![], vec![], vec![]).unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    #[test]
    fn domains_match_whole_labels() {
        let directory = Directory::new(vec![], vec![], vec![], vec!["firm.example".into()]).expect("consistent");
        assert!(directory.owns_domain("firm.example") && directory.owns_domain("mail.firm.example"));
        assert!(!directory.owns_domain("notfirm.example"));
    }
}
