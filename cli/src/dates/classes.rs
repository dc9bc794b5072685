//! Classes of origins: what many of them have in common, so that dates are resolved once for all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use lexhold_catalog::{Catalog, Cover, Instants, OriginClass};
use lexhold_model::Key;
use lexhold_retention::{
    Assigned, EventFacts, EventKey, EventState, Outcome, Register, Schedule, Schedules, Trigger, Zone,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Grounds;
use super::keys::KeyFacts;
use crate::ledger::Ledger;

/// The key attribute that is a message's own and not its facts'.
pub const CONVERSATION: &str = "conversation";
/// The key of what ends with a message's last alert.
pub const ALERT: &str = "alert";

/// What the dates of an origin's messages follow from, their days and conversations aside.
pub struct Class {
    /// The schedules assigned, whatever the instant sent.
    steady: Arc<[Assigned]>,
    /// What later activations assign to messages sent at a certain instant.
    timed: Vec<Timed>,
    /// A set or schedule is not on record, so nothing is certain.
    doubtful: bool,
    /// What the register says by the keys of the facts.
    pub events: EventFacts,
    /// The events whose key is the conversation.
    pub conversation_events: Vec<EventKey>,
    /// The events that nobody records. While nothing rests on a message, none of them concerns it.
    pub own_events: Vec<EventKey>,
    /// Whether a schedule counts from the last activity.
    pub by_activity: bool,
    /// Whether a schedule looks at the day of capture.
    pub by_capture: bool,
    /// The zones of its schedules.
    pub zones: Vec<Zone>,
    /// Whether stored days lack one of them.
    lacks_zone: bool,
}

/// What one activation assigns, by instant sent.
struct Timed(HashMap<Option<i64>, Arc<[Assigned]>>);

impl Class {
    /// The schedules assigned to a message sent at an instant.
    pub fn assigned(&self, sent_at: Option<i64>) -> Vec<Assigned> {
        let mut all = self.steady.to_vec();
        for timed in &self.timed {
            all.extend(timed.0.get(&sent_at).into_iter().flat_map(|more| more.iter().cloned()));
        }
        all
    }

    /// Whether something of it is not on record.
    pub fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Whether its dates depend on the conversation.
    pub fn by_conversation(&self) -> bool {
        self.by_activity || !self.conversation_events.is_empty()
    }

    /// Whether its dates depend on instants that the stored days do not tell.
    pub fn instants(&self) -> Instants {
        match (self.timed.is_empty(), self.lacks_zone) {
            (false, _) => Instants::Exact,
            (true, true) => Instants::Quarters,
            (true, false) => Instants::Never,
        }
    }
}

/// The classes, and which origin belongs to which.
pub struct Classes {
    all: Vec<Class>,
    of_origin: HashMap<u32, u32>,
}

/// What a class is told apart by while origins are read: the sets in order, and the events of the facts.
type Sets = Vec<(Key, Option<u64>)>;

/// The sets that one activation assigns, by instant sent.
type ByInstant = Vec<(Option<i64>, Key)>;

/// What the duties of some origins come from.
#[derive(Clone, Copy)]
struct Given<'g> {
    sets: &'g Sets,
    /// What activations assign by instant sent, each under its number in the journal.
    timed: &'g [(u64, ByInstant)],
    /// What people decided since, in the order of the journal; `None` where that is not on record.
    decided: Option<&'g [&'g Decision]>,
}

impl Given<'_> {
    fn decided(&self) -> &[&Decision] {
        self.decided.unwrap_or_default()
    }

    /// Every set that it names.
    fn all_sets(&self) -> impl Iterator<Item = Key> + '_ {
        let timed = self.timed.iter().flat_map(|(_, sets)| sets.iter().map(|(_, set)| *set));
        let decided = self.decided().iter().map(|decision| decision.set_id);
        self.sets.iter().map(|(set, _)| *set).chain(timed).chain(decided)
    }
}

/// What people decided of one document for one message that was indeterminate.
struct Decision {
    seq: u64,
    at: Timestamp,
    family: Key,
    document: String,
    /// The schedules that apply.
    set_id: Key,
    /// What it takes away of all that was assigned before it: positions and outcomes.
    replaces: Vec<(usize, String)>,
}

impl Decision {
    fn takes(&self, assigned: &Assigned, since: Option<u64>) -> bool {
        let same = |(schedule, outcome): &(usize, String)| {
            (*schedule, outcome.as_str()) == (assigned.schedule, assigned.outcome.as_str())
        };
        since.unwrap_or(0) < self.seq && self.replaces.iter().any(same)
    }
}

impl Classes {
    /// Reads origins and groups them.
    ///
    /// # Errors
    /// Those of the catalog; facts that cannot be read.
    pub fn read(
        catalog: &Catalog,
        grounds: &Grounds,
        stored_zones: &BTreeSet<Zone>,
        only: Option<&[u32]>,
    ) -> anyhow::Result<Self> {
        let Grounds { ledger, register } = grounds;
        let mut sets_of: HashMap<u32, Sets> = HashMap::new();
        let mut resolved: HashMap<u32, u64> = HashMap::new();
        catalog.origins::<anyhow::Error>(only, |row| {
            sets_of.insert(row.origin, vec![(row.set_id, None)]);
            resolved.extend(row.resolved.map(|seq| (row.origin, seq)));
            Ok(())
        })?;
        let mut timed_of: HashMap<u32, BTreeMap<u64, ByInstant>> = HashMap::new();
        catalog.reassignments::<anyhow::Error>(only, |row| {
            if row.by_instant {
                let timed = timed_of.entry(row.origin).or_default().entry(row.seq).or_default();
                timed.push((row.sent_at, row.set_id));
            } else if let Some(sets) = sets_of.get_mut(&row.origin) {
                sets.push((row.set_id, Some(row.seq)));
            }
            Ok(())
        })?;
        let reader = Reader::new(catalog, ledger, stored_zones)?;
        let mut ledgers: HashMap<Sets, Vec<u32>> = HashMap::new();
        for (origin, mut sets) in sets_of {
            sets[1..].sort_unstable_by_key(|(_, seq)| *seq);
            ledgers.entry(sets).or_default().push(origin);
        }
        let mut ledgers: Vec<(Sets, Vec<u32>)> = ledgers.into_iter().collect();
        ledgers.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut classes = Self {
            all: Vec::new(),
            of_origin: HashMap::new(),
        };
        let mut asking: Vec<Asking<'_>> = Vec::new();
        for (sets, origins) in ledgers {
            let is_own = |origin: &u32| timed_of.contains_key(origin) || resolved.contains_key(origin);
            let (own, plain): (Vec<u32>, Vec<u32>) = origins.into_iter().partition(is_own);
            if !plain.is_empty() {
                asking.push(Asking::of(&reader, sets.clone(), Vec::new(), Some(Vec::new()), plain));
            }
            for origin in own {
                let later: Vec<_> = timed_of.remove(&origin).into_iter().flatten().collect();
                let decided = match resolved.get(&origin) {
                    Some(first) => reader.decided_from(*first),
                    None => Some(Vec::new()),
                };
                asking.push(Asking::of(&reader, sets.clone(), later, decided, vec![origin]));
            }
        }
        for (asking, by_events) in events_of(catalog, register, asking)? {
            classes.add(&reader, &asking, by_events)?;
        }
        Ok(classes)
    }

    /// Adds origins with the same sets, apart where their facts name events with other dates.
    fn add(
        &mut self,
        reader: &Reader<'_>,
        asking: &Asking<'_>,
        by_events: BTreeMap<EventFacts, Vec<u32>>,
    ) -> anyhow::Result<()> {
        for (events, origins) in by_events {
            let number = u32::try_from(self.all.len())?;
            self.of_origin
                .extend(origins.into_iter().map(|origin| (origin, number)));
            self.all.push(reader.class(asking.given(), &asking.events, events));
        }
        Ok(())
    }

    /// The class of an origin.
    pub fn of_origin(&self, origin: u32) -> Option<&Class> {
        self.at(*self.of_origin.get(&origin)?)
    }

    /// The class of a number; none where it is in doubt.
    pub fn at(&self, number: u32) -> Option<&Class> {
        self.all
            .get(usize::try_from(number).ok()?)
            .filter(|class| !class.doubtful)
    }

    /// All classes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Class> {
        self.all.iter()
    }

    /// Every origin with the number of its class.
    pub fn origins(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.of_origin.iter().map(|(origin, class)| (*origin, *class))
    }

    /// The number of an origin's class.
    pub fn number_of(&self, origin: u32) -> Option<u32> {
        self.of_origin.get(&origin).copied()
    }

    /// Whether all classes are of a kind.
    pub fn all_are(&self, kind: impl Fn(u32) -> bool) -> bool {
        (0..).take(self.all.len()).all(kind)
    }

    /// Whether any class depends on conversations.
    pub fn any_by_conversation(&self) -> bool {
        self.all.iter().any(Class::by_conversation)
    }

    /// Whether any class has an event whose key is the conversation.
    pub fn any_event_by_conversation(&self) -> bool {
        self.all.iter().any(|class| !class.conversation_events.is_empty())
    }

    /// What the catalog counts by, for each origin.
    pub fn for_catalog(&self, covers: &[Cover], streamed: &dyn Fn(u32) -> bool) -> Vec<OriginClass> {
        let rows = self.of_origin.iter().filter_map(|(origin, number)| {
            let at = usize::try_from(*number).ok()?;
            let class = self.all.get(at)?;
            Some(OriginClass {
                origin: *origin,
                class: *number,
                cover: *covers.get(at)?,
                by_conversation: class.by_conversation(),
                instants: class.instants(),
                streamed: streamed(*number),
            })
        });
        let mut rows: Vec<OriginClass> = rows.collect();
        rows.sort_unstable_by_key(|row| row.origin);
        rows
    }
}

/// Origins whose duties come from the same, and the events that their schedules ask for.
struct Asking<'r> {
    sets: Sets,
    timed: Vec<(u64, ByInstant)>,
    decided: Option<Vec<&'r Decision>>,
    events: Vec<EventKey>,
    origins: Vec<u32>,
}

impl<'r> Asking<'r> {
    fn of(
        reader: &Reader<'_>,
        sets: Sets,
        timed: Vec<(u64, ByInstant)>,
        decided: Option<Vec<&'r Decision>>,
        origins: Vec<u32>,
    ) -> Self {
        let mut asking = Self {
            sets,
            timed,
            decided,
            events: Vec::new(),
            origins,
        };
        asking.events = reader.asked(asking.given());
        asking
    }

    fn given(&self) -> Given<'_> {
        Given {
            sets: &self.sets,
            timed: &self.timed,
            decided: self.decided.as_deref(),
        }
    }

    /// Those whose key is in the facts.
    fn of_facts(&self) -> impl Iterator<Item = &EventKey> {
        let of_message = |event: &&EventKey| event.key == CONVERSATION || event.is_own();
        self.events.iter().filter(move |event| !of_message(event))
    }
}

/// Texts of facts that are read at once, by all threads.
const AT_ONCE: usize = 8_192;

/// Origins by what the register says of the events that they ask for.
type ByFacts = BTreeMap<EventFacts, Vec<u32>>;

/// What the register says of events, in the order in which they are asked: the state, and whether any is on record.
type States = Vec<(EventState, bool)>;

/// What the register says of the events that origins ask for. Facts are read once, and only where they are asked.
fn events_of<'r>(
    catalog: &Catalog,
    register: &Register,
    asking: Vec<Asking<'r>>,
) -> anyhow::Result<Vec<(Asking<'r>, ByFacts)>> {
    let asks = |one: &Asking<'_>| one.of_facts().next().is_some();
    let places = asking.iter().enumerate().filter(|(_, one)| asks(one));
    let places = places.flat_map(|(at, one)| one.origins.iter().map(move |origin| (*origin, at)));
    let places: FxHashMap<u32, usize> = places.collect();
    let mut found: FxHashMap<(usize, States), Vec<u32>> = FxHashMap::default();
    if !places.is_empty() {
        let mut origins: Vec<u32> = places.keys().copied().collect();
        origins.sort_unstable();
        let read = |(origin, facts): (u32, String)| {
            let Some(at) = places.get(&origin) else { return Ok(None) };
            let facts: KeyFacts = serde_json::from_str(&facts)
                .map_err(|_| anyhow::anyhow!("facts on record cannot be read; `lexhold rebuild` may mend it"))?;
            let state = |event: &EventKey| {
                let keys = facts.values(event);
                let keys = || keys.iter().copied();
                (
                    register.state(&event.event, keys()),
                    register.is_recorded(&event.event, keys()),
                )
            };
            Ok(Some(((*at, asking[*at].of_facts().map(state).collect()), origin)))
        };
        let mut add = |texts: &mut Vec<(u32, String)>| -> anyhow::Result<()> {
            let read: anyhow::Result<Vec<_>> = texts.par_drain(..).map(read).collect();
            for (states, origin) in read?.into_iter().flatten() {
                found.entry(states).or_default().push(origin);
            }
            Ok(())
        };
        let mut texts = Vec::new();
        catalog.facts_of_origins::<anyhow::Error>(&origins, |origin, facts| {
            texts.push((origin, facts.to_owned()));
            if texts.len() < AT_ONCE { Ok(()) } else { add(&mut texts) }
        })?;
        add(&mut texts)?;
    }
    let mut by_facts: Vec<ByFacts> = asking
        .iter()
        .map(|one| match asks(one) {
            true => BTreeMap::new(),
            false => BTreeMap::from([(EventFacts::default(), one.origins.clone())]),
        })
        .collect();
    for ((at, states), mut origins) in found {
        origins.sort_unstable();
        by_facts[at].insert(facts(asking[at].of_facts().zip(states)), origins);
    }
    Ok(asking.into_iter().zip(by_facts).collect())
}

fn facts<'e>(states: impl Iterator<Item = (&'e EventKey, (EventState, bool))>) -> EventFacts {
    let mut facts = EventFacts::default();
    for (event, (state, recorded)) in states {
        facts.set(event.clone(), state);
        if recorded {
            facts.set_recorded(event.clone());
        }
    }
    facts
}

/// Turns stored sets into assigned schedules of the ledger.
struct Reader<'a> {
    schedules: &'a Schedules,
    sets: HashMap<Key, Option<Vec<(usize, Outcome)>>>,
    activated: HashMap<u64, Timestamp>,
    decisions: Vec<Decision>,
    stored_zones: &'a BTreeSet<Zone>,
}

impl<'a> Reader<'a> {
    fn new(catalog: &'a Catalog, ledger: &'a Ledger, stored_zones: &'a BTreeSet<Zone>) -> anyhow::Result<Self> {
        let outcome = |word: &str, reason: Option<String>| match word {
            "assigned" => Outcome::Assigned,
            "by_pattern" => Outcome::ByPattern,
            _ => Outcome::Indeterminate {
                reason: reason.unwrap_or_else(|| word.to_owned()),
            },
        };
        let sets = catalog.duty_sets()?.into_iter().map(|(id, duties)| {
            let found = duties.into_iter().map(|duty| {
                let position = ledger.position(duty.schedule_id)?;
                Some((position, outcome(&duty.outcome, duty.reason)))
            });
            (id, found.collect())
        });
        let activated = catalog.activations()?.into_iter().map(|row| {
            let at = Timestamp::from_microsecond(row.activated_at).unwrap_or(Timestamp::MAX);
            (row.seq, at)
        });
        Ok(Self {
            schedules: ledger.schedules(),
            sets: sets.collect(),
            activated: activated.collect(),
            decisions: decisions(catalog, ledger)?,
            stored_zones,
        })
    }

    /// The decisions on a message from one of them on; `None` where that one is not on record.
    fn decided_from(&self, first: u64) -> Option<Vec<&Decision>> {
        let family = self.decisions.iter().find(|decision| decision.seq == first)?.family;
        let decisions = self.decisions.iter();
        Some(
            decisions
                .filter(|one| one.family == family && one.seq >= first)
                .collect(),
        )
    }

    /// When an activation was.
    fn activated(&self, seq: u64) -> Timestamp {
        // One that is not on record counts as the latest: never as the capture, which would be earlier.
        self.activated.get(&seq).copied().unwrap_or(Timestamp::MAX)
    }

    /// The schedules of a set, since whatever brought them. The empty set has no row; `None` where another has none, or names a
    /// schedule that is not on record.
    fn assigned(&self, set: Key, since: Option<Timestamp>) -> Option<Vec<Assigned>> {
        let schedules = match self.sets.get(&set) {
            None if set == self.schedules.set_key(&[]) => &Vec::new(),
            None => return None,
            Some(found) => found.as_ref()?,
        };
        let assigned = schedules.iter().map(|(schedule, outcome)| Assigned {
            schedule: *schedule,
            outcome: outcome.clone(),
            since,
        });
        Some(assigned.collect())
    }

    fn schedules_of(&self, given: Given<'_>) -> Vec<&'a Schedule> {
        let positions: BTreeSet<usize> = given
            .all_sets()
            .filter_map(|set| self.sets.get(&set)?.as_ref())
            .flatten()
            .map(|(schedule, _)| *schedule)
            .collect();
        positions.into_iter().filter_map(|at| self.schedules.get(at)).collect()
    }

    /// The events that schedules of these sets ask for, each once.
    fn asked(&self, given: Given<'_>) -> Vec<EventKey> {
        let all = self.schedules_of(given).into_iter().flat_map(Schedule::asked_events);
        all.cloned().collect::<BTreeSet<EventKey>>().into_iter().collect()
    }

    fn class(&self, given: Given<'_>, asked: &[EventKey], mut events: EventFacts) -> Class {
        let own: Vec<EventKey> = asked.iter().filter(|event| event.is_own()).cloned().collect();
        for event in &own {
            events.set(event.clone(), EventState::Unconcerned);
        }
        let mut doubtful = given.decided.is_none();
        let decided = given.decided();
        let mut look_up = |set: Key, since: Option<u64>| {
            let mut found = self
                .assigned(set, since.map(|seq| self.activated(seq)))
                .unwrap_or_else(|| {
                    doubtful = true;
                    Vec::new()
                });
            found.retain(|one| !decided.iter().any(|decision| decision.takes(one, since)));
            found
        };
        let mut steady: Vec<Assigned> = given
            .sets
            .iter()
            .flat_map(|(set, since)| look_up(*set, *since))
            .collect();
        let timed: Vec<Timed> = given
            .timed
            .iter()
            .map(|(seq, by_instant)| {
                let by_instant = by_instant
                    .iter()
                    .map(|(at, set)| (*at, look_up(*set, Some(*seq)).into()));
                Timed(by_instant.collect())
            })
            .collect();
        // The last word on each document counts.
        let last: BTreeMap<&str, &&Decision> = decided.iter().map(|one| (one.document.as_str(), one)).collect();
        for decision in last.values() {
            match self.assigned(decision.set_id, Some(decision.at)) {
                Some(named) => steady.extend(named),
                None => doubtful = true,
            }
        }
        let later = timed
            .iter()
            .flat_map(|timed| timed.0.values())
            .flat_map(|assigned| assigned.iter());
        let mut positions: BTreeSet<usize> = later.map(|one| one.schedule).collect();
        positions.extend(steady.iter().map(|one| one.schedule));
        let all: Vec<&Schedule> = positions.into_iter().filter_map(|at| self.schedules.get(at)).collect();
        let zones: BTreeSet<&Zone> = all.iter().map(|schedule| &schedule.zone).collect();
        let starts = |trigger: &Trigger| {
            all.iter()
                .any(|schedule| schedule.triggers().any(|from| from == trigger))
        };
        Class {
            doubtful,
            events,
            own_events: own,
            conversation_events: asked
                .iter()
                .filter(|event| event.key == CONVERSATION)
                .cloned()
                .collect(),
            by_activity: starts(&Trigger::LastActivity),
            by_capture: starts(&Trigger::Captured) || all.iter().any(|schedule| schedule.retired.is_some()),
            lacks_zone: zones.iter().any(|zone| !self.stored_zones.contains(*zone)),
            zones: zones.into_iter().cloned().collect(),
            steady: steady.into(),
            timed,
        }
    }
}

/// What people decided, in the order of the journal.
fn decisions(catalog: &Catalog, ledger: &Ledger) -> anyhow::Result<Vec<Decision>> {
    let decisions = catalog.resolutions()?.into_iter().map(|row| {
        let replaces = row.replaces.into_iter();
        Decision {
            seq: row.seq,
            at: Timestamp::from_microsecond(row.resolved_at).unwrap_or(Timestamp::MAX),
            family: row.family,
            document: row.document,
            set_id: row.set_id,
            replaces: replaces
                .filter_map(|one| Some((ledger.position(one.schedule_id)?, one.outcome)))
                .collect(),
        }
    });
    Ok(decisions.collect())
}
