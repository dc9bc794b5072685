//! One step on alerts: all of them or none, written once, as one journal entry.

use jiff::Timestamp;
use lexhold_catalog::payload::{Review, ReviewItem};
use lexhold_catalog::{Catalog, ReviewRow};
use lexhold_evaluate::review::{ReviewState, ReviewStep, permitted};
use lexhold_model::Key;
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::{Value, json};

use super::log::{ALERT, ReviewLog};
use super::select::{Selected, Usual, select};
use super::who::{Grounds, Others, Who};
use crate::args::{Finding, Which};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;

/// How often a step is tried again because somebody else decided something meanwhile.
const TRIES: usize = 8;
/// Alerts named in a refusal.
const NAMED: usize = 10;

/// What is to be done with alerts.
pub struct Plan<'a> {
    /// The step.
    pub step: ReviewStep,
    /// What governance is asked for.
    pub verb: Verb,
    /// Which alerts are meant where no filter says so.
    pub usual: Usual,
    /// What was found, at a closing.
    pub finding: Option<&'a Finding>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who stands by it.
    pub approved_by: Option<&'a str>,
}

/// What was done.
pub struct Done {
    /// The journal's entry; none where everything had been done before.
    pub entry: Option<u64>,
    /// The alerts that it was done to.
    pub alerts: Vec<Key>,
    /// How many were so already.
    pub n_before: usize,
}

/// Takes a step on the alerts that are meant, or refuses it for all.
pub fn take(settings: &Settings, actor: &Actor, home: &Home, which: &Which, plan: &Plan<'_>) -> anyhow::Result<Done> {
    let who = Who::read(settings, home, actor)?;
    for _ in 0..TRIES {
        let catalog = home::catalog(settings, home)?;
        let log = ReviewLog::load(settings, home, &catalog)?;
        let selected = select(settings, &catalog, &log, which, plan.usual)?;
        let n_selected = selected.len();
        let others = Others {
            on_behalf_of: which.on_behalf_of.as_deref(),
            approved_by: plan.approved_by,
            to: match &plan.step {
                ReviewStep::Assign { to } | ReviewStep::Escalate { to } => Some(to),
                _ => None,
            },
        };
        let open: Vec<Selected> = selected
            .into_iter()
            .filter(|one| !is_done(actor, &log, one, plan))
            .collect();
        refuse_what_is_not_permitted(settings, &open, plan)?;
        let keys: Vec<Key> = open
            .iter()
            .flat_map(|one| one.alert.members.iter().map(|member| member.key))
            .collect();
        let of = open.first().map(|one| one.alert.id.to_string()).unwrap_or_default();
        let grounds = who.require(plan.verb, &of, &catalog, &keys, others)?;
        drop(catalog);
        let n_before = n_selected - open.len();
        if open.is_empty() {
            return Ok(Done {
                entry: None,
                alerts: Vec::new(),
                n_before,
            });
        }
        let payload = json!(payload(actor, grounds, &open, others, plan));
        if let Some(entry) = append(actor, home, &log, &payload)? {
            let alerts = open.iter().map(|one| one.alert.id).collect();
            return Ok(Done {
                entry: Some(entry),
                alerts,
                n_before,
            });
        }
    }
    Err(Failure::new(Exit::Busy, "others keep deciding on alerts; nothing was done").into())
}

/// Appends a review, unless somebody decided something since the log was read.
pub fn append(actor: &Actor, home: &Home, log: &ReviewLog, payload: &Value) -> anyhow::Result<Option<u64>> {
    let stamp = home::stamp(&actor.id);
    let seen = log.seq;
    let entry = home
        .journal()
        .append_if(EntryKind::Review, Some(Payload::Json(payload)), stamp, |journal| {
            for entry in journal.entries(seen + 1)? {
                if entry?.kind == EntryKind::Review {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
    Ok(entry.map(|entry| entry.seq))
}

/// Whether this very step was the last thing done to an alert, so that a repeated call changes nothing.
fn is_done(actor: &Actor, log: &ReviewLog, one: &Selected, plan: &Plan<'_>) -> bool {
    let state = one.standing.decided;
    let stands = match &plan.step {
        ReviewStep::Assign { to } => {
            return state == ReviewState::Assigned && one.standing.assignee.as_ref() == Some(to);
        }
        ReviewStep::Escalate { to } => {
            return state == ReviewState::Escalated && one.standing.assignee.as_ref() == Some(to);
        }
        ReviewStep::Close => state == ReviewState::Closed,
        ReviewStep::Reopen => state == ReviewState::Open,
        ReviewStep::Suppress { until } => one.standing.suppressed_until == Some(*until),
        ReviewStep::Unsuppress => one.standing.suppressed_until.is_none(),
        ReviewStep::Comment => true,
    };
    stands && log.of(&one.alert).last().is_some_and(|last| is_same(actor, last, plan))
}

fn is_same(actor: &Actor, last: &ReviewRow, plan: &Plan<'_>) -> bool {
    let finding = plan.finding;
    last.reviewer == actor.id
        && last.action == plan.step.as_str()
        && last.reason.as_deref() == plan.reason
        && last.decision.as_deref() == finding.map(|finding| finding.decision.as_str())
        && last.action_taken.as_deref() == finding.and_then(|finding| finding.action_taken.as_deref())
}

fn refuse_what_is_not_permitted(settings: &Settings, open: &[Selected], plan: &Plan<'_>) -> anyhow::Result<()> {
    let refused: Vec<String> = open
        .iter()
        .filter_map(|one| {
            let why = permitted(&one.standing, &plan.step, settings.now).err()?;
            Some(format!("alert {}: {why}", one.alert.id))
        })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let more = refused.len().saturating_sub(NAMED);
    let mut lines = refused;
    lines.truncate(NAMED);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let exit = if matches!(plan.step, ReviewStep::Suppress { until } if until <= settings.now) {
        Exit::Usage
    } else {
        Exit::Refused
    };
    Err(Failure::new(exit, lines.join("; "))
        .help("nothing was done to any of them")
        .into())
}

fn payload(actor: &Actor, grounds: Grounds, open: &[Selected], others: Others<'_>, plan: &Plan<'_>) -> Review {
    let finding = plan.finding;
    let until = match &plan.step {
        ReviewStep::Suppress { until } => Some(until.to_string()),
        _ => None,
    };
    let item = |one: &Selected| ReviewItem {
        object: ALERT.to_owned(),
        object_id: one.alert.id.to_string(),
        members: one.alert.members.iter().map(|member| member.key).collect(),
        message_ids: one
            .alert
            .members
            .iter()
            .map(|member| member.message_id.clone())
            .collect(),
        due_at: one.standing.due_at.map(|due: Timestamp| due.to_string()),
    };
    Review {
        action: plan.step.as_str().to_owned(),
        to: others.to.map(str::to_owned),
        until,
        reason: plan.reason.map(str::to_owned),
        approved_by: others.approved_by.map(str::to_owned),
        items: open.iter().map(item).collect(),
        ..base(actor, grounds, others.on_behalf_of, finding)
    }
}

/// What every review says of itself.
pub fn base(actor: &Actor, grounds: Grounds, on_behalf_of: Option<&str>, finding: Option<&Finding>) -> Review {
    use crate::args::Decision;
    Review {
        person: grounds.person,
        on_behalf_of: on_behalf_of.map(str::to_owned),
        decision: finding.map(|finding| finding.decision.as_str().to_owned()),
        significant: finding.is_some_and(|finding| finding.significant || finding.decision == Decision::Breach),
        action_taken: finding.and_then(|finding| finding.action_taken.clone()),
        delegation: grounds.delegation,
        exceptions: grounds.exceptions,
        solo: actor.is_solo(),
        ..Review::default()
    }
}

/// The messages of a catalog that ids stand for; each has to stand for one.
pub fn messages(catalog: &Catalog, ids: &[String]) -> anyhow::Result<Vec<(Key, String)>> {
    use lexhold_catalog::FoundMessage;
    let mut found = Vec::new();
    for id in ids {
        match catalog.find_message(id)? {
            FoundMessage::One(versions) => {
                found.extend(versions.into_iter().map(|header| (header.key, header.message_id)));
            }
            FoundMessage::Several(all) => {
                let message = format!("several messages fit `{}`", lexhold_document::printable(id));
                return Err(Failure::new(Exit::Usage, message)
                    .help(format!("name one of {}", all.join(", ")))
                    .into());
            }
            FoundMessage::None => {
                let message = format!("no message `{}` in this home", lexhold_document::printable(id));
                return Err(Failure::new(Exit::Policy, message).into());
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}
