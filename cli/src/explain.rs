//! `explain`: what a diagnostic code means, or everything behind one message or one alert.

mod conditions;
mod destroyed;
mod duties;

use std::collections::HashSet;
use std::io::Write;

use jiff::Timestamp;
use lexhold_catalog::{Catalog, FoundMessage, Header, Hits, RetentionRow, Scope, Surroundings};
use lexhold_evaluate::Alert;
use lexhold_model::{Key, MessageBatch};
use lexhold_policy::Verb;
use lexhold_rules::Confidence;
use lexhold_store::{EntryKind, Home, StoredFile};
use serde_json::{Value, json};

use crate::args::{Explain, ShowContent};
use crate::codes;
use crate::dates::{Dates, Grounds};
use crate::erasure;
use crate::failure::{Exit, Failure};
use crate::find;
use crate::home;
use crate::operators::Actor;
use crate::report::resolve::each_alert;
use crate::report::{Lookups, ViewerSight, alert_span, retention_row};
use crate::review;
use crate::settings::Settings;

/// Explains a code or a message.
pub fn explain(settings: &Settings, args: &Explain) -> anyhow::Result<Exit> {
    if args.all {
        return codes::explain_all(args.json);
    }
    match (&args.code, &args.message, &args.alert) {
        (Some(code), ..) => codes::explain(code),
        (None, Some(id), _) => explain_message(settings, args, id),
        (None, None, Some(id)) => explain_alert(settings, args, id),
        (None, None, None) => {
            let message = "name a code, a message with --message, or an alert with --alert";
            Err(Failure::new(Exit::Usage, message).into())
        }
    }
}

fn explain_alert(settings: &Settings, args: &Explain, id: &str) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    if settings.show_content != ShowContent::Never {
        actor.require(Verb::ViewContent, "alert", &[])?;
    }
    let home = home::open(settings)?;
    let explained = review::explain_alert(settings, &actor, &home, id)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{explained:#}")?
    } else {
        out.write_all(review::explained_text(&explained).as_bytes())?
    }
    Ok(Exit::Done)
}

fn explain_message(settings: &Settings, args: &Explain, id: &str) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    if settings.show_content != ShowContent::Never {
        actor.require(Verb::ViewContent, "message", &[])?;
    }
    let home = home::open(settings)?;
    let sight = ViewerSight::of(&actor)?;
    let catalog = home::catalog(settings, &home)?;
    let there = catalog.find_message(id)? != FoundMessage::None;
    let gone = match there && sight.sees_silent() {
        true => Vec::new(),
        false => catalog.tombstones_of(id)?,
    };
    if !gone.is_empty() && (!there || is_withheld(settings, &sight, &catalog, id)?) {
        let mut out = std::io::stdout().lock();
        match args.json {
            true => writeln!(out, "{:#}", destroyed::value(settings, &gone))?,
            false => out.write_all(destroyed::text(settings, &gone).as_bytes())?,
        }
        return Ok(Exit::Done);
    }
    let headers = find::message(&catalog, id)?;
    if settings.show_content != ShowContent::Never {
        review::note_viewed(settings, &actor, &home, "message", &headers[0].message_id)?;
    }
    let explained = Explained::gather(settings, (&actor, &sight), &home, &catalog, &headers)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{:#}", explained.0)?
    } else {
        out.write_all(text(&explained.0).as_bytes())?
    }
    Ok(Exit::Done)
}

/// Whether a message came in again only because of what this viewer may not know of: to them it is gone.
fn is_withheld(settings: &Settings, sight: &ViewerSight, catalog: &Catalog, id: &str) -> anyhow::Result<bool> {
    let headers = find::message(catalog, id)?;
    let grounds = Grounds::read(catalog, settings.as_of)?;
    let withheld = Dates::open(catalog, &grounds, settings.as_of)?.withheld(catalog, sight)?;
    Ok(headers
        .iter()
        .all(|header| withheld.iter().any(|row| row.key == header.key)))
}

/// Everything behind one message, all its versions included.
struct Explained(Value);

impl Explained {
    fn gather(
        settings: &Settings,
        (actor, sight): (&Actor, &ViewerSight),
        home: &Home,
        catalog: &Catalog,
        headers: &[Header],
    ) -> anyhow::Result<Self> {
        let mut rows: Vec<RetentionRow> = Vec::new();
        catalog.retention(Scope::Family(headers[0].family), |row| {
            rows.push(row);
            Ok::<(), anyhow::Error>(())
        })?;
        let grounds = Grounds::read(catalog, settings.as_of)?;
        let lookups = Lookups::of(&grounds);
        let mut dates = Dates::for_messages(catalog, &grounds, settings.as_of, &rows)?;
        let mut hides = false;
        let mut asked = Vec::new();
        let retention = match rows.first() {
            Some(row) => {
                let of_message = dates.of_message(row);
                let mut shown = retention_row(row, &of_message, &lookups, settings.as_of, sight);
                let explainer = duties::Explainer::of(settings, catalog, &grounds, &dates, row)?;
                hides = sight.hides(&of_message.covered(row), settings.as_of);
                asked = erasure::of_message(catalog, row, &of_message, settings.as_of)?;
                explainer.extend(&mut shown, &of_message.resolved, hides);
                Some(Value::Object(shown))
            }
            None => None,
        };
        // That a condition of a silent hold failed is on record with the message.
        let hidden = catalog
            .hold_names()?
            .into_iter()
            .filter(|hold| !sight.shows(hold.silent));
        let hidden: Vec<String> = hidden.map(|hold| hold.hold).collect();
        let mut versions = Vec::new();
        for header in headers {
            versions.push(version(settings, home, catalog, header, (&hidden, hides))?);
        }
        // Art. 18 of the General Data Protection Regulation: surveillance goes on, looking things up does not.
        let restricted = rows.first().is_some_and(|row| row.asked.is_some());
        if restricted {
            versions.iter_mut().for_each(|version| version["text"] = Value::Null);
        }
        let bundle = catalog.active_bundle()?.map(|bundle| bundle.digest);
        Ok(Self(json!({
            "schema": "lexhold/explain-message/1",
            "message_id": headers[0].message_id,
            "as_of": settings.as_of.to_string(),
            "bundle": bundle,
            "governance": if actor.is_solo() { "solo" } else { "operators" },
            "versions": versions,
            "retention": retention,
            "restricted": restricted,
            "erasure": asked,
        })))
    }
}

fn version(
    settings: &Settings,
    home: &Home,
    catalog: &Catalog,
    header: &Header,
    (hidden, hides): (&[String], bool),
) -> anyhow::Result<Value> {
    let Surroundings {
        recipients,
        custodians,
        sources,
        facts,
        diagnostics,
        parts,
    } = catalog.surroundings(header)?;
    let mut alerts = Vec::new();
    let mut add = |alert: Alert| {
        let here = alert.places.iter().filter(|place| place.key == header.key);
        let echo = alert
            .members
            .iter()
            .any(|member| member.key == header.key && member.echo);
        alerts.push(json!({
            "alert_id": alert.id,
            "rule": alert.rule.id,
            "version": alert.rule.version,
            "digest": alert.rule.digest,
            "view": alert.rule.view,
            "severity": alert.severity,
            "base_severity": alert.rule.severity,
            "confidence": alert.confidence.map(Confidence::as_str),
            "evasion": alert.evasion,
            "echo": echo,
            "messages": alert.members.len(),
            "spans": here.map(alert_span).collect::<Vec<_>>(),
            "excluded_by": alert.excluded_by,
            "indeterminate": alert.indeterminate,
        }));
        Ok(())
    };
    if catalog.has_hits(header.key)? {
        each_alert(catalog, Hits::InMessage(header.key), None, &mut add)?;
    }
    let body = match settings.show_content {
        ShowContent::Never => None,
        ShowContent::Match | ShowContent::Full => {
            stored(home, header.key, &header.run)?.and_then(|batch| batch.row(0).text().map(str::to_owned))
        }
    };
    let alerting: Vec<&str> = alerts.iter().filter_map(|alert| alert["rule"].as_str()).collect();
    let conditions = conditions::of(home, catalog, header, facts.as_deref(), &alerting, !hides)?;
    let instant = |at: Option<i64>| {
        at.and_then(|at| Timestamp::from_microsecond(at).ok())
            .map(|at| at.to_string())
    };
    Ok(json!({
        "key": header.key,
        "version": header.version,
        "version_kind": header.version_kind,
        "native_id": header.native_id,
        "platform": header.platform,
        "conversation": header.conversation,
        "conversation_kind": header.conversation_kind,
        "channel": header.channel,
        "kind": header.kind,
        "direction": header.direction,
        "sender": header.sender,
        "recipients": recipients.iter().map(|(handle, role)| json!({"handle": handle, "role": role})).collect::<Vec<_>>(),
        "custodians": custodians,
        "sent_at": instant(header.sent_at),
        "sent_precision": header.sent_precision,
        "captured_at": instant(Some(header.captured_at)),
        "trigger_suspect": header.trigger_suspect,
        "undecodable": header.undecodable,
        "scan_incomplete": header.scan_incomplete,
        "text_bytes": header.text_bytes,
        "attachments": header.attachments,
        "content_hash": header.content_hash,
        "sources": sources.iter().map(|(file, offset)| json!({"file": file, "offset": offset})).collect::<Vec<_>>(),
        "parts": parts.iter().map(|part| json!({"kind": part.kind, "start": part.start, "end": part.end, "reason": part.reason})).collect::<Vec<_>>(),
        "run": header.run,
        "evaluated_with": evaluated_with(home, &header.run)?,
        "facts": facts.and_then(|facts| serde_json::from_str::<Value>(&facts).ok()),
        "diagnostics": diagnostics.iter().filter(|(_, subject, _)| !hidden.contains(subject)).map(|(code, subject, detail)| json!({"code": code, "subject": subject, "detail": detail})).collect::<Vec<_>>(),
        "conditions": conditions,
        "alerts": alerts,
        "text": body,
    }))
}

/// The versions that decided what rules and schedules find, as the run put them on record.
pub fn evaluated_with(home: &Home, run: &str) -> anyhow::Result<Value> {
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind != EntryKind::RunStarted {
            continue;
        }
        let started: Value = home.journal().payload_json(&entry)?.unwrap_or_default();
        if started["run"] == run {
            let versions =
                ["engine", "unicode", "tz_database", "bundle"].map(|key| (key.to_owned(), started[key].clone()));
            return Ok(Value::Object(versions.into_iter().collect()));
        }
    }
    Ok(Value::Null)
}

/// A message with its body, from the segments of the run that brought it; `None` once it is gone.
pub fn stored(home: &Home, key: Key, run: &str) -> anyhow::Result<Option<MessageBatch>> {
    let mut segments: Vec<StoredFile> = Vec::new();
    let wanted = HashSet::from([key]);
    for batch in home.batches(1)? {
        let (_, record) = batch?;
        if record.run == run && home.may_have(&record, &wanted)? {
            segments.extend(record.files.into_iter().filter(StoredFile::is_segment));
        }
    }
    Ok(home.archive().find(key, &segments)?)
}

fn text(of: &Value) -> String {
    let mut lines: Vec<String> = Vec::new();
    let word = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => lexhold_document::printable(text),
        other => other.to_string(),
    };
    let many = |value: &Value| {
        let items: Vec<String> = value.as_array().into_iter().flatten().map(word).collect();
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    lines.push(format!("message {}", word(&of["message_id"])));
    for version in of["versions"].as_array().into_iter().flatten() {
        lines.push(format!(
            "├─ {} {}, {} on {} in {}",
            word(&version["version_kind"]),
            version["version"],
            word(&version["kind"]),
            word(&version["platform"]),
            word(&version["conversation"])
        ));
        lines.push(format!(
            "│  from {}, {}, sent {}, captured {}",
            word(&version["sender"]),
            word(&version["direction"]),
            word(&version["sent_at"]),
            word(&version["captured_at"])
        ));
        for source in version["sources"].as_array().into_iter().flatten() {
            lines.push(format!("│  read from {}:{}", word(&source["file"]), source["offset"]));
        }
        if let Some(body) = version["text"].as_str() {
            lines.extend(
                body.lines()
                    .map(|line| format!("│  > {}", lexhold_document::printable(line))),
            );
        }
        for part in version["parts"].as_array().into_iter().flatten() {
            lines.push(format!(
                "│  {} text[{}..{}], by {}",
                word(&part["kind"]),
                part["start"],
                part["end"],
                word(&part["reason"]).replace('_', " ")
            ));
        }
        for diagnostic in version["diagnostics"].as_array().into_iter().flatten() {
            lines.push(format!(
                "│  {}: {} {}",
                word(&diagnostic["code"]),
                word(&diagnostic["subject"]),
                word(&diagnostic["detail"])
            ));
        }
        for alert in version["alerts"].as_array().into_iter().flatten() {
            let spans: Vec<String> = alert["spans"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|span| format!("{}[{}..{}]", word(&span["field"]), span["start"], span["end"]))
                .collect();
            let excluded = alert["excluded_by"].as_str().map_or_else(String::new, |by| {
                format!(", taken away by `{}`", lexhold_document::printable(by))
            });
            let raised = match (&alert["severity"], &alert["base_severity"]) {
                (severity, base) if severity != base => format!(", raised from {}", word(base)),
                _ => String::new(),
            };
            let confidence = alert["confidence"].as_str();
            let confidence = confidence.map_or_else(String::new, |tier| format!(", confidence {tier}"));
            let marks = ["evasion", "echo"]
                .into_iter()
                .filter(|mark| alert[*mark] == json!(true));
            let marks: String = marks.map(|mark| format!(", {mark}")).collect();
            lines.push(format!(
                "├─ alert {} {} {}{raised}{confidence}{marks}{excluded}, rule version {}, alert {}",
                word(&alert["severity"]),
                word(&alert["rule"]),
                spans.join(" "),
                word(&alert["version"]),
                word(&alert["alert_id"])
            ));
        }
        lines.extend(conditions::lines(&version["conditions"]));
    }
    let retention = &of["retention"];
    lines.extend(duties::lines(retention));
    lines.push(format!("├─ holds: {}", many(&retention["holds"])));
    for asked in of["erasure"].as_array().into_iter().flatten() {
        lines.push(format!(
            "├─ erasure asked for by {} ({}{}): {}, {}",
            word(&asked["request"]),
            word(&asked["law"]),
            if asked["confirmed"] == json!(true) {
                ""
            } else {
                ", unconfirmed"
            },
            word(&asked["standing"]),
            many(&asked["grounds"])
        ));
    }
    if of["restricted"] == json!(true) {
        lines.push("├─ restricted: its text is not shown here".to_owned());
    }
    lines.push(format!(
        "├─ retain until {}, eligible from {}, dispose at {}, must be gone by {}",
        word(&retention["retain_until"]),
        word(&retention["eligible_from"]),
        word(&retention["dispose_at"]),
        word(&retention["must_dispose_by"])
    ));
    let reason = retention["reason"]
        .as_str()
        .map_or_else(String::new, |reason| format!(" ({reason})"));
    let also = match many(&retention["also"]).as_str() {
        "none" => String::new(),
        also => format!(", also {also}"),
    };
    // Silent holds and open cases read alike, and say no more.
    let decided = match retention["reason"].as_str() {
        Some("not_eligible") => "; what keeps it, and until when, is not shown to everybody".to_owned(),
        _ => format!(", decided by {}", many(&retention["decided_by"])),
    };
    lines.push(format!(
        "└─ {}{reason}{also} as of {}{decided}",
        word(&retention["state"]),
        word(&of["as_of"]),
    ));
    lines.join("\n") + "\n"
}
