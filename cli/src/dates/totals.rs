//! Totals over a whole archive: each combination resolved once, times its messages.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_catalog::{CaseEnds, Catalog, Combination, Covered, RetentionRow, Scope};
use lexhold_model::Key;
use lexhold_retention::{Days, Resolved, State, Zone};
use rustc_hash::FxHashMap;

use super::governed::classify;
use super::groups::names;
use super::{Class, Conversation, Dates, Grounds, Group, MessageDates};
use crate::report::ViewerSight;

/// How many messages become eligible in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMonth {
    /// `2027-05`, in UTC.
    pub month: String,
    /// `document.schedule`: the one that decides when they may go.
    pub schedule: String,
    /// How many messages, held ones included.
    pub n_messages: u64,
}

/// Messages by state, and by the month in which they become eligible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many are in each state.
    pub states: BTreeMap<&'static str, u64>,
    /// How many become eligible in each month, those left out that never do.
    pub due: Vec<DueMonth>,
    /// How many of each run were left out of all that: see [`Dates::withheld`].
    pub withheld: BTreeMap<String, u64>,
}

/// A combination as far as totals tell it apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Alike {
    class: u32,
    /// The first days that are the same where the class looks.
    days: u32,
    conversation: Option<u32>,
    sent_at: Option<i64>,
    captured_at: Option<i64>,
}

#[derive(Default)]
struct Sums {
    states: BTreeMap<State, i64>,
    due: BTreeMap<(i32, String), i64>,
}

/// What messages that are counted apart are told apart by.
type Apart = (Vec<Combination>, Covered, CaseEnds);

impl Totals {
    /// Counts the messages of a catalog, or of one run.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn count(catalog: &Catalog, dates: &Dates<'_>, run: Option<&str>, sight: &ViewerSight) -> anyhow::Result<Self> {
        let mut sums = Sums::default();
        let names = names(dates.schedules);
        dates.each_month(catalog, run, |group| sums.add(dates.as_of, &names, group, sight))?;
        let withheld = dates.withheld(catalog, sight)?;
        let mut by_run: BTreeMap<String, u64> = BTreeMap::new();
        for row in withheld.iter().filter(|row| run.is_none_or(|run| row.run == run)) {
            *by_run.entry(row.run.clone()).or_default() += 1;
            // To whoever may not know what keeps it, it reads as retained and has no month.
            *sums.states.entry(State::Retained).or_default() -= 1;
        }
        Ok(Totals {
            withheld: by_run,
            ..sums.totals()
        })
    }
}

impl Sums {
    /// Counts every message once, as `report forecast` does.
    fn add(&mut self, as_of: Timestamp, names: &HashMap<Key, String>, group: &Group, sight: &ViewerSight) {
        let Group {
            dates: of,
            covered,
            n_messages,
        } = group;
        let n = i64::try_from(*n_messages).unwrap_or(i64::MAX);
        let (state, _) = of.state(as_of, covered, sight);
        *self.states.entry(state).or_default() += n;
        let Some(until) = of.eligible_from(&sight.seen(covered)).until() else {
            return;
        };
        if of.is_doubtful() || sight.hides(covered, as_of) {
            return;
        }
        let day = TimeZone::UTC.to_datetime(until).date();
        let month = i32::from(day.year()) * 12 + i32::from(day.month()) - 1;
        let schedule = group.decided_by(names).unwrap_or_default().to_owned();
        *self.due.entry((month, schedule)).or_default() += n;
    }

    fn totals(self) -> Totals {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let states = self.states.into_iter().filter(|(_, n)| *n > 0);
        let due = self.due.into_iter().filter(|(_, n)| *n > 0);
        Totals {
            withheld: BTreeMap::new(),
            states: states.map(|(state, n)| (state.as_str(), count(n))).collect(),
            due: due
                .map(|((month, schedule), n)| DueMonth {
                    month: format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1),
                    schedule,
                    n_messages: count(n),
                })
                .collect(),
        }
    }
}

impl Dates<'_> {
    /// Messages that were destroyed and came in again because of what this viewer may not know of: to them they are gone.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn withheld(&self, catalog: &Catalog, sight: &ViewerSight) -> anyhow::Result<Vec<RetentionRow>> {
        let mut withheld = Vec::new();
        let returned = if sight.sees_silent() {
            Vec::new()
        } else {
            catalog.returned()?
        };
        if returned.is_empty() {
            return Ok(withheld);
        }
        catalog.choose_families(&returned)?;
        catalog.retention::<anyhow::Error>(Scope::Chosen, |row| {
            if sight.hides(&self.of_message_briefly(&row).covered(&row), self.as_of) {
                withheld.push(row);
            }
            Ok(())
        })?;
        Ok(withheld)
    }

    /// The same for whoever needs no dates else.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn withheld_now(catalog: &Catalog, as_of: Timestamp, sight: &ViewerSight) -> anyhow::Result<Vec<RetentionRow>> {
        if sight.sees_silent() || catalog.returned()?.is_empty() {
            return Ok(Vec::new());
        }
        let grounds = Grounds::read(catalog, as_of)?;
        Dates::open(catalog, &grounds, as_of)?.withheld(catalog, sight)
    }

    /// The families that this viewer may not know to be there, by the holds that cover them.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn withheld_members(
        catalog: &Catalog,
        as_of: Timestamp,
        sight: &ViewerSight,
    ) -> anyhow::Result<HashMap<String, HashSet<Key>>> {
        let mut members: HashMap<String, HashSet<Key>> = HashMap::new();
        for row in &Dates::withheld_now(catalog, as_of, sight)? {
            for held in &row.holds {
                members.entry(held.hold.clone()).or_default().insert(row.family);
            }
        }
        Ok(members)
    }

    /// Hands over all messages of a catalog, or of one run, by what their dates follow from, in no particular order.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn each_group(&self, catalog: &Catalog, run: Option<&str>, mut each: impl FnMut(&Group)) -> anyhow::Result<()> {
        self.count_combinations(catalog, run, None, &mut each)?;
        self.each_apart(catalog, |_, _, _| false, each)
    }

    /// Hands over the messages that are not counted apart; with `streamed`, those of other classes alone.
    pub(super) fn count_combinations(
        &self,
        catalog: &Catalog,
        run: Option<&str>,
        streamed: Option<&dyn Fn(u32) -> bool>,
        each: &mut impl FnMut(&Group),
    ) -> anyhow::Result<()> {
        classify(catalog, self.schedules, &self.classes, streamed.unwrap_or(&|_| false))?;
        let conversations = ConversationClasses::of(self);
        if self.classes.any_by_conversation() {
            catalog.classify_conversations(&conversations.numbers)?;
        }
        let alike_days = AlikeDays::of(self);
        let mut counts: HashMap<(Option<Alike>, Covered), i64> = HashMap::new();
        catalog.count_combinations::<anyhow::Error>(run, streamed.is_none(), |count| {
            let alike = count.class.zip(count.days).map(|(class, days)| Alike {
                class,
                days: alike_days.of_class(class, days),
                conversation: count.conversation,
                sent_at: count.sent_at,
                captured_at: count.captured_at,
            });
            *counts.entry((alike, count.covered)).or_default() += count.n_messages;
            Ok(())
        })?;
        for ((alike, covered), n) in counts {
            let members = alike.map(|alike| self.resolve_alike(&alike, &conversations));
            if let Ok(n @ 1..) = u64::try_from(n) {
                each(&group(members.as_slice(), covered, n));
            }
        }
        Ok(())
    }

    /// Hands over the messages that are counted apart. `taken` gets those whose dates follow from one combination first, and
    /// says whether it took them.
    pub(super) fn each_apart(
        &self,
        catalog: &Catalog,
        mut taken: impl FnMut(&Combination, Covered, u64) -> bool,
        mut each: impl FnMut(&Group),
    ) -> anyhow::Result<()> {
        let mut apart: HashMap<Apart, (Vec<Combination>, u64)> = HashMap::new();
        catalog.count_apart::<anyhow::Error>(|mut count| {
            count.members.sort_by_cached_key(|one| self.essence(one));
            count.members.dedup_by_key(|one| self.essence(one));
            if let [one] = count.members.as_slice()
                && count.ends == CaseEnds::default()
                && taken(one, count.covered, count.n_messages)
            {
                return Ok(());
            }
            let essence = count.members.iter().map(|one| self.essence(one)).collect();
            let found = apart
                .entry((essence, count.covered, count.ends))
                .or_insert((count.members, 0));
            found.1 += count.n_messages;
            Ok(())
        })?;
        for ((_, covered, ends), (members, n)) in apart {
            let members: Vec<Resolved> = members.iter().map(|one| self.resolve(one, ends, false)).collect();
            let group = group(&members, covered, n);
            each(&Group {
                dates: self.waiving(group.dates, covered.asked),
                ..group
            });
        }
        Ok(())
    }

    fn resolve_alike(&self, alike: &Alike, conversations: &ConversationClasses) -> Resolved {
        let Some(class) = self.classes.at(alike.class) else {
            return Resolved::withheld();
        };
        let conversation = alike.conversation.and_then(|class| conversations.example(class));
        let combination = Combination {
            origin: 0,
            days: alike.days,
            conversation: conversation.unwrap_or(u32::MAX),
            sent_at: alike.sent_at,
            captured_at: alike.captured_at.unwrap_or(i64::MAX),
        };
        self.resolve_in(class, &combination, CaseEnds::default(), false)
    }
}

fn group(members: &[Resolved], covered: Covered, n_messages: u64) -> Group {
    Group {
        dates: MessageDates::united(members.iter()),
        covered,
        n_messages,
    }
}

/// Conversations that no class tells apart: the same local days of the last activity, the same events.
struct ConversationClasses {
    /// The class of each conversation, by its number.
    numbers: Vec<u32>,
    /// One conversation of each class.
    examples: Vec<u32>,
}

impl ConversationClasses {
    fn of(dates: &Dates<'_>) -> Self {
        let zones: Vec<&Zone> = dates.schedules.zones().iter().collect();
        let mut by_quarter = HashMap::new();
        let mut classes = HashMap::new();
        let mut examples = Vec::new();
        let last = dates.conversations.keys().max().map_or(0, |last| last + 1);
        let events: Vec<_> = dates
            .classes
            .iter()
            .flat_map(|class| &class.conversation_events)
            .collect();
        let numbers = (0..last).map(|number| {
            let Some(conversation) = dates.conversations.get(&number) else {
                return u32::MAX;
            };
            let Conversation { id, active_at } = conversation;
            let quarter = active_at.as_second().div_euclid(900);
            let days = by_quarter
                .entry(quarter)
                .or_insert_with(|| zones.iter().map(|zone| zone.date(*active_at)).collect::<Vec<_>>());
            let states: Vec<_> = events
                .iter()
                .map(|event| {
                    let key = || [id.as_str()].into_iter().filter(|id| !id.is_empty());
                    (
                        dates.register.state(&event.event, key()),
                        dates.register.is_recorded(&event.event, key()),
                    )
                })
                .collect();
            *classes.entry((days.clone(), states)).or_insert_with(|| {
                examples.push(number);
                u32::try_from(examples.len() - 1).unwrap_or(u32::MAX)
            })
        });
        let numbers = numbers.collect();
        Self { numbers, examples }
    }

    fn example(&self, class: u32) -> Option<u32> {
        self.examples.get(usize::try_from(class).ok()?).copied()
    }
}

/// Days that a class does not tell apart: it looks at the zones of its schedules alone, and mostly at the day sent.
struct AlikeDays {
    /// For each class, which of the ways to look is its.
    way: Vec<usize>,
    /// For each way, the first days alike, by their number.
    first: Vec<HashMap<u32, u32>>,
}

impl AlikeDays {
    fn of(dates: &Dates<'_>) -> Self {
        let mut ways: HashMap<(Vec<Zone>, bool), usize> = HashMap::new();
        let mut first: Vec<HashMap<u32, u32>> = Vec::new();
        let mut numbers: Vec<u32> = dates.days.keys().copied().collect();
        numbers.sort_unstable();
        let way = dates.classes.iter().map(|class: &Class| {
            *ways.entry((class.zones.clone(), class.by_capture)).or_insert_with(|| {
                first.push(alike(&dates.days, &numbers, class));
                first.len() - 1
            })
        });
        let way = way.collect();
        Self { way, first }
    }

    fn of_class(&self, class: u32, days: u32) -> u32 {
        let way = usize::try_from(class).ok().and_then(|class| self.way.get(class));
        way.and_then(|way| self.first[*way].get(&days)).copied().unwrap_or(days)
    }
}

fn alike(days: &FxHashMap<u32, Days>, numbers: &[u32], class: &Class) -> HashMap<u32, u32> {
    let mut seen = HashMap::new();
    let first = numbers.iter().filter_map(|number| {
        let of = days.get(number)?;
        let looked: Vec<_> = class
            .zones
            .iter()
            .map(|zone| {
                of.at(zone)
                    .map(|day| (day.sent, class.by_capture.then_some(day.captured)))
            })
            .collect();
        Some((*number, *seen.entry((of.suspect, looked)).or_insert(*number)))
    });
    first.collect()
}
