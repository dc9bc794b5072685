//! Handles to people, as the directory knew them on the day of a message.

use std::collections::BTreeSet;
use std::sync::Arc;

use lexhold_model::{Directory, Person};
use rustc_hash::FxHashMap;

use crate::facts::PersonFacts;
use crate::schema::FirmTypes;

const DAY_US: i64 = 86_400_000_000;

/// Handles, one a day, remembered before the cache starts anew.
const KEPT_HANDLES: usize = 131_072;

/// Somebody on a certain day.
pub(crate) struct Known {
    /// The directory's id, or the handle of someone outside.
    pub id: String,
    pub facts: PersonFacts,
}

/// In what way a handle names somebody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NamedBy {
    /// By a handle of the platform.
    Handle,
    /// By a handle or by the firm's own id, as custodians are.
    HandleOrId,
}

/// Where and when a handle was used.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Setting {
    platform: Arc<str>,
    day: Option<i64>,
    by: NamedBy,
}

/// The people of a directory by handle, each looked up once a day. Equal people have equal numbers.
pub(crate) struct People<'d> {
    directory: &'d Directory,
    firm: &'d FirmTypes,
    settings: FxHashMap<Setting, FxHashMap<String, u32>>,
    numbers: FxHashMap<Arc<Known>, u32>,
    known: Vec<Arc<Known>>,
    platform: Arc<str>,
    handles: usize,
}

impl<'d> People<'d> {
    pub fn new(directory: &'d Directory, firm: &'d FirmTypes) -> Self {
        Self {
            directory,
            firm,
            settings: FxHashMap::default(),
            numbers: FxHashMap::default(),
            known: Vec::new(),
            platform: Arc::from(""),
            handles: 0,
        }
    }

    /// Forgets everything when much has been remembered; numbers given before mean nothing afterwards.
    pub fn forget_when_full(&mut self) -> bool {
        let full = self.handles >= KEPT_HANDLES;
        if full {
            *self = Self::new(self.directory, self.firm);
        }
        full
    }

    /// Appends the numbers of the people with these handles.
    pub fn numbers<'a>(
        &mut self,
        platform: &str,
        at_us: Option<i64>,
        by: NamedBy,
        handles: impl Iterator<Item = &'a str>,
        into: &mut Vec<u32>,
    ) {
        if *self.platform != *platform {
            self.platform = Arc::from(platform);
        }
        let setting = Setting {
            platform: self.platform.clone(),
            day: at_us.map(|at| at.div_euclid(DAY_US)),
            by,
        };
        let mut numbers = self.settings.remove(&setting).unwrap_or_default();
        for handle in handles {
            let number = match numbers.get(handle) {
                Some(number) => *number,
                None => {
                    let number = self.number(self.look_up(platform, handle, at_us, by));
                    numbers.insert(handle.to_owned(), number);
                    self.handles += 1;
                    number
                }
            };
            into.push(number);
        }
        self.settings.insert(setting, numbers);
    }

    /// The person with a number.
    pub fn get(&self, number: u32) -> &Known {
        &self.known[number as usize]
    }

    fn number(&mut self, known: Known) -> u32 {
        let known = Arc::new(known);
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let people = &mut self.known;
        *self.numbers.entry(known).or_insert_with_key(|known| {
            people.push(known.clone());
            next
        })
    }

    fn look_up(&self, platform: &str, handle: &str, at_us: Option<i64>, by: NamedBy) -> Known {
        let own_id = || Some(handle).filter(|_| by == NamedBy::HandleOrId);
        let id = self.directory.person_with_handle(platform, handle).or_else(own_id);
        match id.and_then(|id| self.directory.standing(id, at_us)) {
            Some(standing) => Known {
                id: standing.person.id.clone(),
                facts: self.listed(standing.person, standing.current, standing.departed),
            },
            None => self.unlisted(platform, handle),
        }
    }

    fn listed(&self, person: &Person, current: bool, departed: bool) -> PersonFacts {
        let groups = person.groups.iter().chain(&person.desk).filter(|_| current);
        let declared = self.firm.person.iter();
        PersonFacts {
            external: false,
            departed,
            domains: person
                .handles
                .values()
                .flatten()
                .filter_map(|handle| domain(handle))
                .collect(),
            licences: person.licences.iter().filter(|_| current).cloned().collect(),
            groups: groups
                .flat_map(|group| self.directory.closure(group))
                .map(str::to_owned)
                .collect(),
            jurisdiction: person.jurisdiction.clone(),
            firm: declared
                .filter_map(|(name, of)| Some((name.clone(), of.of_json(person.firm.get(name)?)?)))
                .collect(),
        }
    }

    /// Someone the directory does not list: outside, unless the address is one of the firm's own.
    fn unlisted(&self, platform: &str, handle: &str) -> Known {
        let domain = domain(handle);
        let external = !domain
            .as_deref()
            .is_some_and(|domain| self.directory.owns_domain(domain));
        // A stranger whose handle happens to be an id of the directory is not that person.
        let taken = self.directory.standing(handle, None).is_some();
        let id = if taken {
            format!("{platform}:{handle}")
        } else {
            handle.to_owned()
        };
        Known {
            id,
            facts: PersonFacts {
                external,
                domains: domain.into_iter().collect(),
                ..PersonFacts::default()
            },
        }
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.facts == other.facts
    }
}

impl Eq for Known {}

impl std::hash::Hash for Known {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
        self.facts.hash(state);
    }
}

/// The domain of a mail address, in lower case.
fn domain(handle: &str) -> Option<String> {
    let (local, domain) = handle.rsplit_once('@')?;
    let plain = domain
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'));
    (!local.is_empty() && !domain.is_empty() && plain).then(|| domain.to_lowercase())
}

/// The ids of some people.
pub(crate) fn ids<'a>(people: impl IntoIterator<Item = &'a Known>) -> BTreeSet<String> {
    people.into_iter().map(|known| known.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_come_from_addresses_only() {
        assert_eq!(domain("Ann@Mail.Example.COM").as_deref(), Some("mail.example.com"));
        for none in ["ann", "@ann", "ann@", "ann@two words", "@a:b.example"] {
            assert_eq!(domain(none), None, "{none}");
        }
    }
}
