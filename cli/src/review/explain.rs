//! `explain --alert`: every hit of an alert found again in the archive, by the rules as they were, and what has changed
//! since: the text, the rule, the program.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lexhold_catalog::{Catalog, RunRow};
use lexhold_evaluate::review::Because;
use lexhold_evaluate::{Alert, AlertMember, Bundle, Evaluation, Facts, HitRow, RuleKind, evaluate};
use lexhold_model::MessageBatch;
use lexhold_store::Home;
use serde_json::{Value, json};

use super::log::{ALERT, ReviewLog};
use super::select::named;
use super::{note_viewed, select::Selected};
use crate::args::ShowContent;
use crate::explain::{evaluated_with, stored};
use crate::load::Project;
use crate::operators::Actor;
use crate::report::{alert_row, review_row};
use crate::settings::Settings;
use crate::{home, past};

/// More runs than a home has.
const EVERY_RUN: usize = u32::MAX as usize;

/// Everything behind one alert. That somebody looked is on record before anything is shown.
pub fn explain_alert(settings: &Settings, actor: &Actor, home: &Home, id: &str) -> anyhow::Result<Value> {
    let catalog = home::catalog(settings, home)?;
    let log = ReviewLog::load(settings, home, &catalog)?;
    let Selected { alert, standing } = named(&catalog, &log, &[id.to_owned()])?.remove(0);
    note_viewed(settings, actor, home, ALERT, &alert.id.to_string())?;
    let runs: BTreeMap<String, RunRow> = catalog
        .runs(EVERY_RUN)?
        .into_iter()
        .map(|run| (run.run.clone(), run))
        .collect();
    let mut past = Past::default();
    let mut messages = Vec::new();
    for member in &alert.members {
        messages.push(message(settings, home, &catalog, &runs, &mut past, &alert, member)?);
    }
    let mut shown = alert_row(&alert, &standing);
    shown.insert("schema".into(), json!("lexhold/explain-alert/1"));
    shown.insert("state_reason".into(), json!(standing.because.map(Because::as_str)));
    shown.insert("now".into(), rule_now(settings, &alert));
    shown.insert("engine".into(), json!(env!("CARGO_PKG_VERSION")));
    shown.insert("messages".into(), json!(messages));
    let reviews: Vec<Value> = log
        .of(&alert)
        .into_iter()
        .map(|row| Value::Object(review_row(row)))
        .collect();
    shown.insert("reviews".into(), json!(reviews));
    Ok(Value::Object(shown))
}

/// What runs evaluated with, each compiled once.
#[derive(Default)]
struct Past {
    of_run: BTreeMap<String, Option<(Bundle, Facts)>>,
}

impl Past {
    fn of(&mut self, home: &Home, run: &RunRow) -> anyhow::Result<Option<&(Bundle, Facts)>> {
        if !self.of_run.contains_key(&run.run) {
            let sources = past::Sources {
                run: &run.run,
                bundle: &run.bundle,
                facts: &run.facts,
                backfill: false,
            };
            self.of_run.insert(run.run.clone(), past::restore(home, sources)?.ok());
        }
        Ok(self.of_run.get(&run.run).and_then(Option::as_ref))
    }
}

/// One message of the alert: its hits found again or not, and whether its text is what it was.
fn message(
    settings: &Settings,
    home: &Home,
    catalog: &Catalog,
    runs: &BTreeMap<String, RunRow>,
    past: &mut Past,
    alert: &Alert,
    member: &AlertMember,
) -> anyhow::Result<Value> {
    let header = catalog.header(member.key)?;
    let run = header.as_ref().and_then(|header| runs.get(&header.run));
    let body = run.map(|run| stored(home, member.key, &run.run)).transpose()?.flatten();
    let recorded: Vec<(String, u64, u64)> = alert
        .places
        .iter()
        .filter(|place| place.key == member.key)
        .map(|place| (place.field.clone(), place.start, place.end))
        .collect();
    let (text, again) = match (&body, run) {
        (Some(batch), Some(run)) => match past.of(home, run)? {
            Some((bundle, facts)) => {
                let evaluation = evaluate(bundle, facts, batch);
                let same = header.as_ref().is_some_and(|header| {
                    evaluation
                        .messages
                        .first()
                        .is_some_and(|row| row.identity.content_hash == header.content_hash)
                });
                (
                    if same { "unchanged" } else { "changed" },
                    Some(found(bundle, &evaluation, alert)),
                )
            }
            None => ("unchanged", None),
        },
        _ => ("gone", None),
    };
    let spans: Vec<Value> = recorded
        .iter()
        .map(|(field, start, end)| {
            let again = again
                .as_ref()
                .map(|again| again.contains(&Some((field.clone(), *start, *end))));
            let shown = shown(settings, body.as_ref(), field, *start, *end);
            json!({"field": field, "start": start, "end": end, "found_again": again, "match": shown})
        })
        .collect();
    let new: Vec<Value> = again
        .iter()
        .flatten()
        .flatten()
        .filter(|place| !recorded.contains(place))
        .map(|(field, start, end)| json!({"field": field, "start": start, "end": end}))
        .collect();
    let full = match settings.show_content {
        ShowContent::Full => body.as_ref().and_then(|batch| batch.row(0).text().map(str::to_owned)),
        _ => None,
    };
    Ok(json!({
        "message_id": member.message_id,
        "key": member.key,
        "sent_at": header.as_ref().and_then(|header| header.sent_at).and_then(|at| Timestamp::from_microsecond(at).ok()).map(|at| at.to_string()),
        "sender": header.as_ref().map(|header| header.sender.clone()),
        "echo": member.echo,
        "text": text,
        "rule_found_again": again.as_ref().map(|again| !again.is_empty()),
        "spans": spans,
        "not_recorded": new,
        "run": run.map(|run| run.run.clone()),
        "evaluated_with": run.map(|run| evaluated_with(home, &run.run)).transpose()?,
        "full": full,
    }))
}

/// Where the alert's very rule hits now, or of a rule over several messages its parts; `None` inside for a rule that has no
/// place.
fn found(bundle: &Bundle, evaluation: &Evaluation, alert: &Alert) -> Vec<Option<(String, u64, u64)>> {
    let first = &alert.rule;
    let mut rules = bundle.all_rules().map(|rule| bundle.rule(rule));
    let over_several = rules.any(|rule| rule.id == first.id && rule.kind == RuleKind::Conversation);
    let is_its = |hit: &&HitRow| {
        let rule = bundle.rule(hit.rule);
        let same = (rule.id, rule.version) == (first.id.as_str(), first.version.as_str());
        over_several || (same && rule.digest.to_string() == first.digest)
    };
    let place = |hit: &HitRow| {
        let (field, span) = hit.place?;
        Some((field.to_string(), span.start() as u64, span.end() as u64))
    };
    evaluation.hits.iter().filter(is_its).map(place).collect()
}

/// The matched words, where they may be shown.
fn shown(settings: &Settings, body: Option<&MessageBatch>, field: &str, start: u64, end: u64) -> Option<String> {
    if settings.show_content == ShowContent::Never {
        return None;
    }
    let row = body?.row(0);
    let text = match field {
        "text" => row.text()?.to_owned(),
        "subject" => row.subject()?.to_owned(),
        other => {
            let at: usize = other.rsplit(':').next()?.parse().ok()?;
            row.attachment_names().nth(at)??.to_owned()
        }
    };
    text.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
        .map(str::to_owned)
}

/// The rule as the policies and rulesets at hand have it now.
fn rule_now(settings: &Settings, alert: &Alert) -> Value {
    let there = settings.documents_there();
    if there.is_empty() {
        return json!({"rule": "unknown: no policies or rulesets are at hand"});
    }
    let bundle = Project::read(settings, &there)
        .ok()
        .and_then(|mut project| project.compile());
    let Some(bundle) = bundle else {
        return json!({"rule": "unknown: the policies and rulesets at hand do not compile"});
    };
    let now = bundle
        .all_rules()
        .map(|rule| bundle.rule(rule))
        .find(|rule| rule.id == alert.rule.id);
    match now {
        None => json!({"rule": "gone"}),
        Some(rule) => {
            let same = rule.version == alert.rule.version && rule.digest.to_string() == alert.rule.digest;
            let rule_is = if same { "the same" } else { "changed" };
            json!({"rule": rule_is, "version": rule.version, "digest": rule.digest, "severity": rule.severity})
        }
    }
}

/// The same for people.
pub fn text(of: &Value) -> String {
    let word = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => lexhold_document::printable(text),
        other => other.to_string(),
    };
    let mut lines = vec![
        format!("alert {}", word(&of["alert_id"])),
        format!(
            "├─ {} {}, version {}",
            word(&of["severity"]),
            word(&of["rule"]),
            word(&of["version"])
        ),
        format!("│  the rule is now: {}", rule_words(&of["now"])),
        format!("│  by {} in {}", word(&of["sender"]), word(&of["conversation"])),
    ];
    for message in of["messages"].as_array().into_iter().flatten() {
        let echo = if message["echo"] == true { ", an echo" } else { "" };
        lines.push(format!(
            "├─ {} sent {}, text {}{echo}",
            word(&message["message_id"]),
            word(&message["sent_at"]),
            word(&message["text"])
        ));
        lines.push(format!(
            "│  evaluated by Lexhold {}",
            word(&message["evaluated_with"]["engine"])
        ));
        lines.extend(span_lines(message));
        if let Some(text) = message["full"].as_str() {
            lines.extend(
                text.lines()
                    .map(|line| format!("│  > {}", lexhold_document::printable(line))),
            );
        }
    }
    for review in of["reviews"].as_array().into_iter().flatten() {
        let decision = review["decision"]
            .as_str()
            .map_or_else(String::new, |decision| format!(", {decision}"));
        let reason = review["reason"].as_str().map_or_else(String::new, |reason| {
            format!(": {}", lexhold_document::printable(reason))
        });
        lines.push(format!(
            "├─ {} {} by {}{decision}{reason}",
            word(&review["reviewed_at"]),
            word(&review["action"]),
            word(&review["reviewer"])
        ));
    }
    let because = of["state_reason"]
        .as_str()
        .map_or_else(String::new, |why| format!(" ({why})"));
    lines.push(format!(
        "└─ {}{because}, due {}, assigned to {}",
        word(&of["state"]),
        word(&of["due_at"]),
        word(&of["assignee"])
    ));
    lines.join("\n") + "\n"
}

fn rule_words(now: &Value) -> String {
    let word = now["rule"].as_str().unwrap_or("unknown");
    match now["version"].as_str() {
        Some(version) if word == "changed" => format!("changed, version {version}"),
        _ => word.to_owned(),
    }
}

fn span_lines(message: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for span in message["spans"].as_array().into_iter().flatten() {
        let again = match span["found_again"].as_bool() {
            Some(true) => "found again",
            Some(false) => "NOT found again",
            None => "cannot be looked for again",
        };
        let shown = span["match"]
            .as_str()
            .map_or_else(String::new, |text| format!(" “{}”", lexhold_document::printable(text)));
        let field = span["field"].as_str().unwrap_or_default();
        lines.push(format!("│  {field}[{}..{}] {again}{shown}", span["start"], span["end"]));
    }
    if lines.is_empty() {
        let again = match message["rule_found_again"].as_bool() {
            Some(true) => "the rule applies again",
            Some(false) => "the rule does NOT apply again",
            None => "cannot be looked for again",
        };
        lines.push(format!("│  {again}"));
    }
    for span in message["not_recorded"].as_array().into_iter().flatten() {
        let field = span["field"].as_str().unwrap_or_default();
        lines.push(format!(
            "│  {field}[{}..{}] found now, not on record",
            span["start"], span["end"]
        ));
    }
    lines
}
