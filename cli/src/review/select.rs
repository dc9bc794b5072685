//! Which alerts are meant: by id, or by filter.

use jiff::Timestamp;
use lexhold_catalog::{Catalog, Hits};
use lexhold_evaluate::Alert;
use lexhold_evaluate::review::{ReviewStanding, ReviewState};

use super::log::{ReviewLog, ids};
use crate::args::{AlertFilter, Which};
use crate::failure::{Exit, Failure};
use crate::report::resolve::each_alert;
use crate::settings::{Settings, instant, last_instant};

/// The fewest digits of an id that a person may type.
const FEWEST_DIGITS: usize = 8;
/// Ids named in an error.
const NAMED: usize = 10;

/// An alert, and where it stands.
pub struct Selected {
    /// The alert.
    pub alert: Alert,
    /// Where it stands.
    pub standing: ReviewStanding,
}

/// The states that are meant where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usual {
    /// Whatever waits for somebody.
    Waiting,
    /// What has been closed.
    Closed,
    /// What has been set aside.
    Suppressed,
}

/// The alerts named by id, in that order, or those that the filters leave, as many as are expected.
pub fn select(
    settings: &Settings,
    catalog: &Catalog,
    log: &ReviewLog,
    which: &Which,
    usual: Usual,
) -> anyhow::Result<Vec<Selected>> {
    if which.all_matching {
        let found = matching(settings, catalog, log, &which.filter, usual)?;
        return confirmed(which, found);
    }
    named(catalog, log, &which.ids)
}

fn confirmed(which: &Which, found: Vec<Selected>) -> anyhow::Result<Vec<Selected>> {
    match which.count {
        Some(count) if count == found.len() => Ok(found),
        Some(count) => Err(Failure::new(
            Exit::Refused,
            format!("{} alerts match, not {count}; nothing was done", found.len()),
        )
        .into()),
        None => Err(
            Failure::new(Exit::Refused, format!("{} alerts match; nothing was done", found.len()))
                .help(format!(
                    "look at them with `lexhold alerts` and the same filters, then say --count {}",
                    found.len()
                ))
                .into(),
        ),
    }
}

/// The alerts of these ids, each once.
pub fn named(catalog: &Catalog, log: &ReviewLog, wanted: &[String]) -> anyhow::Result<Vec<Selected>> {
    let short = wanted
        .iter()
        .find(|id| id.len() < FEWEST_DIGITS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if let Some(id) = short {
        let message = format!("`{}` is no alert's id", lexhold_document::printable(id));
        return Err(Failure::new(Exit::Usage, message)
            .help(format!(
                "an id has 30 hexadecimal digits, of which the first {FEWEST_DIGITS} or more will do"
            ))
            .into());
    }
    let mut found: Vec<Vec<Alert>> = wanted.iter().map(|_| Vec::new()).collect();
    each_alert(catalog, Hits::All, None, |alert| {
        for (id, found) in wanted.iter().zip(&mut found) {
            if ids(&alert).any(|own| own.to_string().starts_with(&id.to_lowercase())) && found.len() < NAMED {
                found.push(alert.clone());
            }
        }
        Ok(())
    })?;
    let mut selected: Vec<Selected> = Vec::new();
    for (id, mut found) in wanted.iter().zip(found) {
        let alert = match found.len() {
            0 => return Err(Failure::new(Exit::Policy, format!("no alert `{id}` in this home")).into()),
            1 => found.remove(0),
            _ => {
                let all: Vec<String> = found.iter().map(|alert| alert.id.to_string()).collect();
                return Err(Failure::new(Exit::Usage, format!("several alerts begin with `{id}`"))
                    .help(format!("name one of {}", all.join(", ")))
                    .into());
            }
        };
        if selected.iter().all(|other| other.alert.id != alert.id) {
            let standing = log.standing(&alert);
            selected.push(Selected { alert, standing });
        }
    }
    Ok(selected)
}

/// The alerts that the filters leave, overdue ones first, then by severity and date.
pub fn matching(
    settings: &Settings,
    catalog: &Catalog,
    log: &ReviewLog,
    filter: &AlertFilter,
    usual: Usual,
) -> anyhow::Result<Vec<Selected>> {
    let filter = Filter::read(settings, filter, usual)?;
    let mut found = Vec::new();
    each_alert(catalog, Hits::All, None, |alert| {
        if alert.excluded_by.is_none() {
            let standing = log.standing(&alert);
            if filter.fits(&alert, &standing) {
                found.push(Selected { alert, standing });
            }
        }
        Ok(())
    })?;
    // They come as people want them, the gravest first, then the oldest; overdue ones go before.
    found.sort_by_key(|one| !one.standing.overdue());
    Ok(found)
}

/// The filters as meant.
struct Filter<'a> {
    text: &'a AlertFilter,
    usual: Usual,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    due: Option<Due>,
}

enum Due {
    Over,
    By(Timestamp),
}

impl<'a> Filter<'a> {
    fn read(settings: &Settings, text: &'a AlertFilter, usual: Usual) -> anyhow::Result<Self> {
        let due = match text.due.as_deref() {
            None => None,
            Some("overdue") => Some(Due::Over),
            Some("now") => Some(Due::By(settings.as_of)),
            Some(when) => Some(Due::By(last_instant("--due", when)?)),
        };
        Ok(Self {
            since: text.since.as_deref().map(|when| instant("--since", when)).transpose()?,
            until: text
                .until
                .as_deref()
                .map(|when| last_instant("--until", when))
                .transpose()?,
            text,
            usual,
            due,
        })
    }

    fn fits(&self, alert: &Alert, standing: &ReviewStanding) -> bool {
        let sent = alert.sent_at().and_then(|at| Timestamp::from_microsecond(at).ok());
        let same = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        self.fits_state(standing)
            && (self.text.severity.is_empty() || self.text.severity.contains(&alert.severity))
            && (self.text.rule.is_empty()
                || self
                    .text
                    .rule
                    .iter()
                    .any(|rule| *rule == alert.rule.id || *rule == alert.rule.document))
            && same(&self.text.sender, &alert.sender)
            && same(&self.text.conversation, &alert.conversation)
            && self.fits_assignee(standing.assignee.as_deref())
            && self.since.is_none_or(|since| sent.is_some_and(|sent| since <= sent))
            && self.until.is_none_or(|until| sent.is_some_and(|sent| sent < until))
            && match self.due {
                None => true,
                Some(Due::Over) => standing.overdue(),
                Some(Due::By(when)) => standing.due_at.is_some_and(|due| due <= when),
            }
    }

    fn fits_state(&self, standing: &ReviewStanding) -> bool {
        let set_aside = standing.suppressed_until.is_some();
        if self.text.all {
            return true;
        }
        if self.text.suppressed || (self.usual == Usual::Suppressed && self.text.state.is_empty()) {
            return set_aside;
        }
        if !self.text.state.is_empty() {
            return self.text.state.contains(&standing.state()) && !set_aside;
        }
        match self.usual {
            Usual::Closed => standing.decided == ReviewState::Closed,
            _ => standing.waits(),
        }
    }

    fn fits_assignee(&self, assignee: Option<&str>) -> bool {
        match self.text.assignee.as_deref() {
            None => true,
            Some("none") => assignee.is_none(),
            wanted => wanted == assignee,
        }
    }
}
