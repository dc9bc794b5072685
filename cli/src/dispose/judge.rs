//! Which messages may go at an instant, and what keeps those whose time is over.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use lexhold_catalog::{Catalog, Hits, RetentionRow, Scope};
use lexhold_evaluate::review::ReviewState;
use lexhold_model::Key;
use lexhold_retention::{Action, State};
use lexhold_store::Home;

use crate::dates::{Dates, Grounds, MessageDates};
use crate::hold::HoldLog;
use crate::report::ViewerSight;
use crate::report::resolve::each_alert;
use crate::review::ReviewLog;
use crate::settings::Settings;

/// What becomes of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Go,
    /// Its time is over, and something keeps it nonetheless.
    Kept(&'static str),
    /// It is not due. What a silent hold keeps reads so too.
    NotDue,
}

/// Why a message that is not due is sent back; a silent hold says nothing else.
pub const NOT_ELIGIBLE: &str = "not_eligible";

/// What keeps messages besides their dates and holds.
pub struct Judge<'a> {
    catalog: &'a Catalog,
    as_of: Timestamp,
    /// Families, and why they stay.
    kept: HashMap<Key, &'static str>,
    /// A hold has not been asked about every message: it may cover any.
    unasked: bool,
}

impl<'a> Judge<'a> {
    /// Reads cases, alerts and the journal's holds.
    pub fn read(settings: &Settings, home: &Home, catalog: &'a Catalog, as_of: Timestamp) -> anyhow::Result<Self> {
        let holds = HoldLog::read(home)?;
        let unasked = holds.active().any(|placed| !holds.unevaluated(&placed.hold).is_empty());
        let mut kept = of_alerts(settings, home, catalog)?;
        kept.extend(
            catalog
                .families_in_cases()?
                .into_iter()
                .map(|family| (family, State::InCase.as_str())),
        );
        Ok(Self {
            catalog,
            as_of,
            kept,
            unasked,
        })
    }

    /// Whether some hold may cover anything, since it has not been asked about every message.
    pub fn is_unasked(&self) -> bool {
        self.unasked
    }

    /// Hands over every version of every message with its dates and verdict, versions of one behind each other.
    pub fn each(
        &self,
        grounds: &Grounds,
        mut each: impl FnMut(&RetentionRow, &MessageDates, Verdict) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let dates = Dates::open(self.catalog, grounds, self.as_of)?;
        self.catalog.retention(Scope::All, |row| {
            let of = dates.of_message_briefly(&row);
            let verdict = self.verdict(&row, &of);
            each(&row, &of, verdict)
        })
    }

    fn verdict(&self, row: &RetentionRow, dates: &MessageDates) -> Verdict {
        let (state, also) = dates.state(self.as_of, &row.covered(), &ViewerSight::EVERYBODY);
        match state {
            State::Eligible if self.unasked => Verdict::Kept(NOT_ELIGIBLE),
            State::Eligible => match self.kept.get(&row.family) {
                Some(reason) => Verdict::Kept(reason),
                None if dates.resolved.action == Action::Transfer => Verdict::Kept("transfer"),
                None => Verdict::Go,
            },
            state if also.contains(&State::Eligible) => Verdict::Kept(state.as_str()),
            _ => Verdict::NotDue,
        }
    }
}

/// Families that alerts rest on: open ones are evidence. One that rests on several messages would become another without
/// one of them, so that these stay even when it is closed.
fn of_alerts(settings: &Settings, home: &Home, catalog: &Catalog) -> anyhow::Result<HashMap<Key, &'static str>> {
    let log = ReviewLog::load(settings, home, catalog)?;
    let mut of_messages: HashMap<Key, &'static str> = HashMap::new();
    each_alert(catalog, Hits::All, None, |alert| {
        let open = log.standing(&alert).state() != ReviewState::Closed;
        let reason = match (open, alert.members.len()) {
            (true, _) => State::InCase.as_str(),
            (false, 2..) => "shared_alert",
            (false, _) => return Ok(()),
        };
        for member in &alert.members {
            let kept = of_messages.entry(member.key).or_insert(reason);
            if open {
                *kept = reason;
            }
        }
        Ok(())
    })?;
    let keys: Vec<Key> = of_messages.keys().copied().collect();
    let known = catalog.known(&keys)?;
    Ok(of_messages
        .into_iter()
        .map(|(key, reason)| (known.get(&key).map_or(key, |known| known.family), reason))
        .collect())
}

/// Families of which something may go and something may not: none of them goes.
pub fn torn(of: impl Iterator<Item = (Key, bool)>) -> HashSet<Key> {
    let mut seen: HashMap<Key, bool> = HashMap::new();
    let mut torn = HashSet::new();
    for (family, goes) in of {
        if *seen.entry(family).or_insert(goes) != goes {
            torn.insert(family);
        }
    }
    torn
}
