//! `review`: reviews of single messages, and attestations. What is done with alerts is in `alerts`.

mod explain;
mod log;
mod select;
mod step;
mod who;

use std::io::Write;

use jiff::civil::Date;
use lexhold_catalog::payload::{Review, ReviewItem, Viewed};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::json;

pub use explain::{explain_alert, text as explained_text};
pub use log::{ALERT, ReviewLog, entry};
pub use select::{Usual, matching, named};
pub use step::{Done, Plan, take};
pub use who::directory;

use crate::args::{Finding, Review as Args, ReviewKind};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use step::{append, base, messages};
use who::{Grounds, Others, Who};

/// Records a review.
pub fn review(settings: &Settings, args: &Args) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    match &args.what {
        ReviewKind::Message {
            ids,
            sample,
            finding,
            on_behalf_of,
            json,
        } => {
            let reviewed = Reviewed {
                ids,
                sample: sample.as_deref(),
                finding,
                on_behalf_of: on_behalf_of.as_deref(),
            };
            let (entry, n) = review_messages(settings, &actor, &home, &reviewed)?;
            tell(*json, "reviewed", "message", n, entry)
        }
        ReviewKind::Attest {
            month,
            desk,
            reason,
            json,
        } => {
            let entry = attest(settings, &actor, &home, month, desk.as_deref(), reason)?;
            tell(*json, "attested", "month", 1, entry)
        }
    }
}

/// Says what was done.
pub fn tell(json: bool, done: &str, what: &str, n: usize, entry: Option<u64>) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", json!({"done": done, "count": n, "entry": entry}))?;
        return Ok(Exit::Done);
    }
    let plural = if n == 1 { "" } else { "s" };
    match entry {
        Some(entry) => writeln!(out, "{done} {n} {what}{plural}, journal entry {entry}")?,
        None => writeln!(out, "nothing to do: it was so before")?,
    }
    Ok(Exit::Done)
}

struct Reviewed<'a> {
    ids: &'a [String],
    sample: Option<&'a str>,
    finding: &'a Finding,
    on_behalf_of: Option<&'a str>,
}

/// A review of messages; what was recorded so before is not recorded again.
fn review_messages(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    reviewed: &Reviewed<'_>,
) -> anyhow::Result<(Option<u64>, usize)> {
    let who = Who::read(settings, home, actor)?;
    let catalog = home::catalog(settings, home)?;
    let log = ReviewLog::load(settings, home, &catalog)?;
    let object = |id: &str| match reviewed.sample {
        Some(sample) => ("sample".to_owned(), format!("{sample}/{id}")),
        None => ("message".to_owned(), id.to_owned()),
    };
    let mut found = messages(&catalog, reviewed.ids)?;
    found.retain(|(key, id)| {
        let (object, object_id) = object(id);
        let last = log
            .rows()
            .iter()
            .rfind(|row| row.object == object && row.object_id == object_id);
        !last.is_some_and(|last| {
            last.reviewer == actor.id
                && last.decision.as_deref() == Some(reviewed.finding.decision.as_str())
                && last.reason.as_deref() == Some(reviewed.finding.reason.as_str())
                && last.action_taken == reviewed.finding.action_taken
                && last.members.iter().any(|(known, _)| known == key)
        })
    });
    let keys: Vec<_> = found.iter().map(|(key, _)| *key).collect();
    let others = Others {
        on_behalf_of: reviewed.on_behalf_of,
        ..Others::default()
    };
    let of = found.first().map(|(_, id)| id.clone()).unwrap_or_default();
    let grounds = who.require(Verb::ReviewAlert, &of, &catalog, &keys, others)?;
    drop(catalog);
    if found.is_empty() {
        return Ok((None, 0));
    }
    let items: Vec<ReviewItem> = found
        .chunk_by(|(_, one), (_, other)| one == other)
        .map(|versions| {
            let (object, object_id) = object(&versions[0].1);
            ReviewItem {
                object,
                object_id,
                members: versions.iter().map(|(key, _)| *key).collect(),
                message_ids: versions.iter().map(|(_, id)| id.clone()).collect(),
                due_at: None,
            }
        })
        .collect();
    let n = items.len();
    let review = Review {
        action: "review".to_owned(),
        reason: Some(reviewed.finding.reason.clone()),
        items,
        ..base(actor, grounds, reviewed.on_behalf_of, Some(reviewed.finding))
    };
    let entry = append(actor, home, &log, &json!(review))?;
    let entry =
        entry.ok_or_else(|| Failure::new(Exit::Busy, "somebody else decided something meanwhile; try again"))?;
    Ok((Some(entry), n))
}

fn attest(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    month: &str,
    desk: Option<&str>,
    reason: &str,
) -> anyhow::Result<Option<u64>> {
    let first: Date = format!("{month}-01")
        .parse()
        .map_err(|_| Failure::new(Exit::Usage, format!("--month `{month}` is no month")).help("write 2026-10"))?;
    let object_id = desk.map_or_else(|| month.to_owned(), |desk| format!("{month}/{desk}"));
    actor.require(Verb::Attest, &object_id, &[])?;
    let over = jiff::tz::TimeZone::get(home.zone())
        .ok()
        .and_then(|zone| first.last_of_month().tomorrow().ok()?.to_zoned(zone).ok());
    if over.is_none_or(|over| settings.now < over.timestamp()) {
        let message = format!("{month} is not over yet, so nobody can attest that it was reviewed");
        return Err(Failure::new(Exit::Refused, message).into());
    }
    let catalog = home::catalog(settings, home)?;
    let log = ReviewLog::load(settings, home, &catalog)?;
    drop(catalog);
    let same = |row: &&lexhold_catalog::ReviewRow| {
        row.action == "attest" && row.object_id == object_id && row.reviewer == actor.id
    };
    if log
        .rows()
        .iter()
        .rfind(same)
        .is_some_and(|last| last.reason.as_deref() == Some(reason))
    {
        return Ok(None);
    }
    let review = Review {
        action: "attest".to_owned(),
        reason: Some(reason.to_owned()),
        items: vec![ReviewItem {
            object: "period".to_owned(),
            object_id,
            ..ReviewItem::default()
        }],
        ..base(actor, Grounds::default(), None, None)
    };
    let payload = json!(review);
    let entry = home
        .journal()
        .append(EntryKind::Review, Some(Payload::Json(&payload)), home::stamp(&actor.id))?;
    Ok(Some(entry.seq))
}

/// Puts on record that somebody looked, which is no review.
pub fn note_viewed(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    object: &str,
    object_id: &str,
) -> anyhow::Result<()> {
    use clap::ValueEnum as _;
    let content = settings
        .show_content
        .to_possible_value()
        .map(|value| value.get_name().to_owned());
    let viewed = json!(Viewed {
        object: object.to_owned(),
        object_id: object_id.to_owned(),
        content: content.unwrap_or_default(),
    });
    home.journal()
        .append(EntryKind::Viewed, Some(Payload::Json(&viewed)), home::stamp(&actor.id))?;
    Ok(())
}
