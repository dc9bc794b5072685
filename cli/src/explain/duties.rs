//! What `explain --message` says of duties: where each comes from, what it rests on, what it decides, and what would change it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lexhold_catalog::{Catalog, ResolutionRow, RetentionRow};
use lexhold_retention::{Assigned, Duty, Mode, Resolved, Schedule, Standing, Trigger};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dates::{Dates, Grounds, Keys};
use crate::report::table::Row;
use crate::settings::Settings;

/// The table of regulations, where it is at hand beside the policies.
const REGULATIONS: &str = "regulations.yaml";

/// What a regulation is called.
#[derive(Clone, Debug, Deserialize)]
struct Regulation {
    id: String,
    title: Option<String>,
    citation: Option<String>,
}

/// Everything that duties of one message are explained from.
pub struct Explainer<'a> {
    grounds: &'a Grounds,
    regulations: BTreeMap<String, Regulation>,
    assigned: Vec<Assigned>,
    keys: Keys,
    origins: Vec<u32>,
    conversation: &'a str,
    /// What people decided where something was indeterminate.
    resolutions: Vec<ResolutionRow>,
}

impl<'a> Explainer<'a> {
    /// Reads what the duties of a message follow from.
    pub fn of(
        settings: &Settings,
        catalog: &Catalog,
        grounds: &'a Grounds,
        dates: &Dates<'_>,
        message: &'a RetentionRow,
    ) -> anyhow::Result<Self> {
        let assigned = message.assigned.iter().flat_map(|one| dates.assigned(one));
        let origins: BTreeSet<u32> = message.assigned.iter().map(|one| one.origin).collect();
        let origins: Vec<u32> = origins.into_iter().collect();
        let mut resolutions = catalog.resolutions()?;
        resolutions.retain(|one| one.family == message.family);
        Ok(Self {
            grounds,
            regulations: regulations(settings),
            assigned: assigned.collect(),
            keys: Keys::read(catalog, &origins)?,
            origins,
            conversation: &message.conversation,
            resolutions,
        })
    }

    /// Adds to a row of `report retention` what it leaves out. A row that hides what it rests on says nothing more.
    pub fn extend(&self, row: &mut Row, resolved: &Resolved, hidden: bool) {
        let Some(duties) = row.get_mut("duties").and_then(Value::as_array_mut).filter(|_| !hidden) else {
            row.insert("ledger".into(), json!([]));
            row.insert("resolved".into(), json!([]));
            row.insert("would_change".into(), json!([]));
            return;
        };
        for (at, (shown, duty)) in duties.iter_mut().zip(&resolved.duties).enumerate() {
            shown["decides"] = json!(decides(resolved, at));
            shown["arithmetic"] = json!(duty.explain(None));
            if let Some(schedule) = self.schedule(duty) {
                shown["title"] = json!(schedule.title);
                shown["cites"] = self.cites(schedule);
            }
        }
        let holds = row.get("holds").and_then(Value::as_array).cloned().unwrap_or_default();
        row.insert("ledger".into(), json!(self.ledger()));
        row.insert("resolved".into(), json!(self.resolved()));
        row.insert("would_change".into(), json!(self.would_change(resolved, &holds)));
    }

    fn schedule(&self, duty: &Duty) -> Option<&Schedule> {
        let ledger = &self.grounds.ledger;
        ledger.schedules().get(ledger.position(duty.schedule)?)
    }

    fn cites(&self, schedule: &Schedule) -> Value {
        let cite = |id: &String| {
            let regulation = self.regulations.get(id);
            json!({
                "id": id,
                "citation": regulation.and_then(|regulation| regulation.citation.as_ref()),
                "title": regulation.and_then(|regulation| regulation.title.as_ref()),
            })
        };
        schedule.cites.iter().map(cite).collect()
    }

    /// Every version that was ever assigned, and what brought it.
    fn ledger(&self) -> Vec<Value> {
        let mut entries = Vec::new();
        for (assigned, schedule) in self.each_assigned() {
            let activations = &self.grounds.ledger.history().activations;
            let by = assigned
                .since
                .and_then(|since| activations.iter().find(|activation| activation.at == since));
            entries.push(json!({
                "schedule": schedule.id,
                "document": schedule.document,
                "version": schedule.version,
                "digest": schedule.digest,
                "standing": schedule.standing.as_str(),
                "outcome": assigned.outcome.as_str(),
                "activated_at": assigned.since.map(|since| since.to_string()),
                "bundle": by.map(|activation| activation.bundle),
                "resolved_by": self.resolutions.iter().find(|one| instant(one) == assigned.since).map(|one| &one.actor),
            }));
        }
        // By name: the order in which documents were read says nothing.
        entries.sort_by_cached_key(|entry| {
            ["document", "version", "schedule", "activated_at", "outcome"].map(|key| entry[key].to_string())
        });
        entries
    }

    /// What people decided of each document, in the order in which they did.
    fn resolved(&self) -> Vec<Value> {
        let of = |one: &ResolutionRow| {
            json!({
                "document": one.document,
                "schedules": one.schedules,
                "resolved_at": instant(one).map(|at| at.to_string()),
                "by": one.actor,
                "confirmed_by": one.confirmed_by,
                "reason": one.reason,
                "entry": one.seq,
            })
        };
        self.resolutions.iter().map(of).collect()
    }

    fn each_assigned(&self) -> impl Iterator<Item = (&Assigned, &Schedule)> {
        let schedules = self.grounds.ledger.schedules();
        let found = self.assigned.iter();
        let mut all: Vec<(&Assigned, &Schedule)> = found
            .filter_map(|one| Some((one, schedules.get(one.schedule)?)))
            .collect();
        // By name: the order in which documents were read, and their schedules written, says nothing.
        all.sort_by_key(|(one, schedule)| (&schedule.id, &schedule.version, schedule.digest, one.since));
        all.dedup_by_key(|(one, _)| one.schedule);
        all.into_iter()
    }

    fn would_change(&self, resolved: &Resolved, holds: &[Value]) -> Vec<Value> {
        let mut all: Vec<String> = Vec::new();
        for (_, schedule) in self
            .each_assigned()
            .filter(|(_, schedule)| schedule.standing != Standing::Corrected)
        {
            self.events(schedule, &mut all);
            if schedule.triggers().any(|trigger| *trigger == Trigger::LastActivity) {
                all.push(format!("a later message in the conversation moves `{}`", schedule.id));
            }
        }
        let deciding: BTreeSet<(&str, bool)> = resolved
            .decided_by()
            .iter()
            .filter_map(|at| self.schedule(&resolved.duties[*at]))
            .map(|schedule| (schedule.document.as_str(), schedule.mode == Mode::Compliance))
            .collect();
        for (document, ratchets) in deciding {
            all.push(if ratchets {
                format!("a version of `{document}` that keeps longer; one that keeps shorter does not")
            } else {
                format!("another version of `{document}`; one that keeps shorter takes two people")
            });
        }
        let hold = |hold: &Value| format!("the release of the hold `{}`", hold.as_str().unwrap_or_default());
        all.extend(holds.iter().map(hold));
        all.into_iter().map(Value::String).collect()
    }

    /// What the register could say that it does not, and what it says that could be otherwise.
    fn events(&self, schedule: &Schedule, all: &mut Vec<String>) {
        let register = &self.grounds.register;
        let id = &schedule.id;
        let values = |event| -> BTreeSet<&str> {
            let of = |origin: &u32| self.keys.values(*origin, event, Some(self.conversation));
            self.origins.iter().flat_map(of).collect()
        };
        for event in schedule.events() {
            for key in values(event) {
                all.push(match register.date(&event.event, key) {
                    None => format!("an event `{}` of `{key}`, which `{id}` waits for", event.event),
                    Some(date) => format!(
                        "a correction or cancellation of `{}` of `{key}` on {date}, from which `{id}` counts",
                        event.event
                    ),
                });
            }
        }
        if let Some(extend) = &schedule.extend {
            for key in values(&extend.event) {
                if !register.is_recorded(&extend.event.event, [key]) {
                    all.push(format!(
                        "an event `{}` of `{key}`, by which `{id}` keeps it for {} instead",
                        extend.event.event,
                        length(&extend.to)
                    ));
                }
            }
        }
        all.dedup();
    }
}

fn instant(resolution: &ResolutionRow) -> Option<Timestamp> {
    Timestamp::from_microsecond(resolution.resolved_at).ok()
}

fn length(length: &lexhold_retention::Length) -> String {
    match length {
        lexhold_retention::Length::Permanent => "ever".to_owned(),
        lexhold_retention::Length::Period(period) => period.to_string(),
    }
}

/// Which dates of the message a duty decides.
fn decides(resolved: &Resolved, at: usize) -> Vec<&'static str> {
    let dates = [
        ("retain_until", &resolved.retain_until),
        ("eligible_from", &resolved.eligible_from),
        ("dispose_at", &resolved.dispose_at),
        ("must_dispose_by", &resolved.must_dispose_by),
        ("accessible_until", &resolved.accessible_until),
    ];
    let deciding = dates.into_iter().filter(|(_, decided)| decided.by.contains(&at));
    deciding.map(|(name, _)| name).collect()
}

/// The titles of regulations, where the table is at hand; it explains and decides nothing, so one that cannot be read is passed
/// over.
fn regulations(settings: &Settings) -> BTreeMap<String, Regulation> {
    let paths = settings.policies.iter().map(|path| path.join(REGULATIONS));
    let texts = paths.filter_map(|path| std::fs::read_to_string(path).ok());
    let read = texts.filter_map(|text| serde_yaml::from_str::<Vec<Regulation>>(&text).ok());
    read.flatten()
        .map(|regulation| (regulation.id.clone(), regulation))
        .collect()
}

/// The same for people, line by line.
pub fn lines(retention: &Value) -> Vec<String> {
    let word = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => lexhold_document::printable(text),
        other => other.to_string(),
    };
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for duty in list(&retention["duties"]) {
        let decides: Vec<String> = list(&duty["decides"])
            .iter()
            .map(|date| word(date).replace('_', " "))
            .collect();
        let decides = if decides.is_empty() {
            String::new()
        } else {
            format!(", decides {}", decides.join(", "))
        };
        lines.push(format!(
            "├─ {} {} (version {}, {}){decides}",
            word(&duty["kind"]),
            word(&duty["schedule"]),
            word(&duty["version"]),
            word(&duty["standing"]).replace('_', " ")
        ));
        if duty["title"].is_string() {
            lines.push(format!("│  {}", word(&duty["title"])));
        }
        lines.push(format!("│  {}", word(&duty["arithmetic"]).replace("->", "→")));
        for cite in list(&duty["cites"]) {
            let words = ["citation", "title"].map(|key| cite[key].as_str().map(|text| format!(", {text}")));
            let words: String = words.into_iter().flatten().collect();
            lines.push(format!(
                "│  rests on {}{}",
                word(&cite["id"]),
                lexhold_document::printable(&words)
            ));
        }
    }
    for entry in list(&retention["ledger"]) {
        let brought = match (entry["activated_at"].as_str(), entry["bundle"].as_str()) {
            (Some(at), _) if entry["resolved_by"].is_string() => {
                format!("named by {} on {at}", word(&entry["resolved_by"]))
            }
            (None, _) => "assigned when the message came in".to_owned(),
            (Some(at), None) => format!("brought by the activation of {at}"),
            (Some(at), Some(bundle)) => format!("brought by bundle {} on {at}", bundle.get(..12).unwrap_or(bundle)),
        };
        lines.push(format!(
            "├─ ledger: {} {}, {brought}",
            word(&entry["schedule"]),
            word(&entry["version"])
        ));
    }
    for one in list(&retention["resolved"]) {
        let names: Vec<String> = list(&one["schedules"]).iter().map(word).collect();
        let applies = if names.is_empty() {
            format!("no schedule of {} applies", word(&one["document"]))
        } else {
            format!("{} applies", names.join(", "))
        };
        let others: Vec<String> = list(&one["confirmed_by"]).iter().map(word).collect();
        lines.push(format!(
            "├─ resolved: {applies}, said {} with {} on {}: {}",
            word(&one["by"]),
            others.join(", "),
            word(&one["resolved_at"]),
            word(&one["reason"])
        ));
    }
    for change in list(&retention["would_change"]) {
        lines.push(format!("├─ would change it: {}", word(&change)));
    }
    lines
}
