//! What came of a test, held against what was expected.

use jiff::Timestamp;
use lexhold_model::Severity;
use lexhold_retention::{Action, Circumstances, Reason, Resolved, state};
use lexhold_rules::Confidence;

use super::outcome::{Instead, Mismatch};
use super::read::{At, Body, ExpectedAlert, ExpectedHold, Mark};
use super::run::Came;
use crate::{Alert, AlertPlace, Bundle, RuleKind, RuleRef};

/// Every expectation that was not met, in the order in which they are written.
pub(super) fn mismatches(bundle: &Bundle, body: &Body, came: &Came) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let expect = &body.expect;
    let standing = || came.alerts.iter().filter(|alert| alert.excluded_by.is_none());
    if let Some(expected) = &expect.alerts {
        check_alerts("alerts", expected, standing(), &mut found);
    }
    if let Some(expected) = &expect.supervision {
        let of_supervision = |id: &str| {
            let mut all = bundle
                .all_rules()
                .filter(|rule| matches!(rule, RuleRef::Supervision(_)));
            all.any(|rule| bundle.rule(rule).kind == RuleKind::Supervision && bundle.rule(rule).id == id)
        };
        let alerts = standing().filter(|alert| of_supervision(&alert.rule.id));
        check_alerts("supervision", expected, alerts, &mut found);
    }
    check_marks(body, came, &mut found);
    if let (Some(expected), Some(resolved)) = (&expect.retention, &came.resolved) {
        check_retention(
            bundle,
            resolved,
            expected,
            !came.holds.is_empty(),
            body.as_of,
            &mut found,
        );
    }
    if let Some(expected) = &expect.holds {
        check_holds(expected, &came.holds, &mut found);
    }
    found.sort_by_key(|wrong| wrong.place);
    found
}

/// What an alert is compared by.
type Found<'a> = (&'a str, Severity, Option<Confidence>);

fn check_alerts<'a>(
    what: &'static str,
    expected: &At<Vec<At<ExpectedAlert>>>,
    alerts: impl Iterator<Item = &'a Alert>,
    into: &mut Vec<Mismatch>,
) {
    let mut found: Vec<Found<'_>> = alerts
        .map(|alert| (alert.rule.id.as_str(), alert.severity, alert.confidence))
        .collect();
    let all = listed(&found);
    let instead = alerts_written(expected, &found);
    // What asks for more is served first, so that it is not left what suits another.
    let mut wanted: Vec<&At<ExpectedAlert>> = expected.value.iter().collect();
    wanted.sort_by_key(|one| usize::from(one.value.severity.is_none()) + usize::from(one.value.confidence.is_none()));
    for one in wanted {
        match found.iter().position(|alert| meets(&one.value, alert)) {
            Some(at) => drop(found.remove(at)),
            None => into.push(Mismatch {
                place: one.place,
                what,
                expected: asked(&one.value),
                found: all.clone(),
                instead: Some(instead.clone()),
            }),
        }
    }
    if !found.is_empty() {
        into.push(Mismatch {
            place: expected.place,
            what,
            expected: if expected.value.is_empty() { "none" } else { "no others" }.into(),
            found: listed(&found),
            instead: Some(instead),
        });
    }
}

/// The alerts that came as a list in brackets, as closely described as the expected ones.
fn alerts_written(expected: &At<Vec<At<ExpectedAlert>>>, found: &[Found<'_>]) -> Instead {
    let asks = |what: fn(&ExpectedAlert) -> bool| expected.value.iter().any(|one| what(&one.value));
    let with_severity = asks(|one| one.severity.is_some());
    let with_confidence = asks(|one| one.confidence.is_some());
    let items = found.iter().map(|(rule, severity, confidence)| {
        let severity = with_severity.then(|| format!(", severity: {severity}"));
        let confidence = confidence.filter(|_| with_confidence);
        let confidence = confidence.map(|tier| format!(", confidence: {}", tier.as_str()));
        format!(
            "{{ rule: {rule}{}{} }}",
            severity.unwrap_or_default(),
            confidence.unwrap_or_default()
        )
    });
    Instead {
        place: expected.place,
        yaml: format!("[{}]", items.collect::<Vec<_>>().join(", ")),
    }
}

fn meets(wanted: &ExpectedAlert, (rule, severity, confidence): &Found<'_>) -> bool {
    let tier = confidence.map(Confidence::as_str);
    *rule == wanted.rule
        && wanted.severity.is_none_or(|wanted| wanted == *severity)
        && wanted.confidence.as_deref().is_none_or(|wanted| tier == Some(wanted))
}

fn asked(wanted: &ExpectedAlert) -> String {
    let severity = wanted.severity.map(|severity| severity.to_string());
    let confidence = wanted.confidence.as_ref().map(|tier| format!("confidence {tier}"));
    let more: Vec<String> = severity.into_iter().chain(confidence).collect();
    if more.is_empty() {
        wanted.rule.clone()
    } else {
        format!("{} ({})", wanted.rule, more.join(", "))
    }
}

fn listed(found: &[Found<'_>]) -> String {
    let items = found.iter().map(|(rule, severity, confidence)| {
        let confidence = confidence.map_or_else(String::new, |tier| format!(", confidence {}", tier.as_str()));
        format!("{rule} ({severity}{confidence})")
    });
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        "none".into()
    } else {
        items.join("; ")
    }
}

/// Each mark has to be covered exactly by a hit of a rule that is expected.
fn check_marks(body: &Body, came: &Came, into: &mut Vec<Mismatch>) {
    let asked = [&body.expect.alerts, &body.expect.supervision].into_iter().flatten();
    let rules: Vec<&str> = asked
        .flat_map(|alerts| &alerts.value)
        .map(|one| one.value.rule.as_str())
        .collect();
    let alerts = || {
        came.alerts
            .iter()
            .filter(|alert| rules.contains(&alert.rule.id.as_str()))
    };
    for mark in &body.marks {
        let mine =
            |place: &&AlertPlace| place.message_id == came.message_ids[mark.message] && place.field == mark.field;
        let places: Vec<&AlertPlace> = alerts().flat_map(|alert| &alert.places).filter(mine).collect();
        let exact = |place: &&AlertPlace| (place.start, place.end) == (mark.span.start as u64, mark.span.end as u64);
        if !places.iter().any(exact) {
            into.push(Mismatch {
                place: mark.place,
                what: mark.field,
                expected: format!("a hit on «{}»", mark.text),
                found: covered(body, mark, &places),
                instead: None,
            });
        }
    }
}

/// The words that hits cover in the field of a mark.
fn covered(body: &Body, mark: &Mark, places: &[&AlertPlace]) -> String {
    let message = &body.messages[mark.message];
    let text = if mark.field == "subject" {
        &message.subject
    } else {
        &message.text
    };
    let words = |place: &&AlertPlace| {
        let range = usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?;
        Some(format!("«{}»", text.as_deref()?.get(range)?))
    };
    let words: Vec<String> = places.iter().filter_map(words).collect();
    if words.is_empty() {
        "none there".into()
    } else {
        words.join(", ")
    }
}

fn check_retention(
    bundle: &Bundle,
    resolved: &Resolved,
    expected: &[(String, At<String>)],
    held: bool,
    as_of: Timestamp,
    into: &mut Vec<Mismatch>,
) {
    for (key, wanted) in expected {
        let (what, found, met, instead) = if key == "schedule" {
            let deciding = deciding(bundle, resolved);
            let met = deciding.contains(&wanted.value.as_str());
            let found = if deciding.is_empty() {
                "no schedule".into()
            } else {
                deciding.join(", ")
            };
            ("schedule", found, met, deciding.first().map(|id| (*id).to_owned()))
        } else {
            let (what, found) = value(resolved, key, held, as_of);
            let met = found == wanted.value;
            (what, found.clone(), met, Some(found))
        };
        if !met {
            into.push(Mismatch {
                place: wanted.place,
                what,
                expected: wanted.value.clone(),
                found,
                instead: instead.map(|yaml| Instead {
                    place: wanted.place,
                    yaml,
                }),
            });
        }
    }
}

/// What came of one key of `retention`.
fn value(resolved: &Resolved, key: &str, held: bool, as_of: Timestamp) -> (&'static str, String) {
    let circumstances = Circumstances {
        held,
        ..Circumstances::default()
    };
    match key {
        "retain_until" => ("retain_until", resolved.retain_until.limit.day_text()),
        "eligible_from" => ("eligible_from", resolved.eligible_from.limit.instant_text()),
        "dispose_at" => ("dispose_at", resolved.dispose_at.limit.day_text()),
        "must_dispose_by" => ("must_dispose_by", resolved.must_dispose_by.limit.day_text()),
        "accessible_until" => ("accessible_until", resolved.accessible_until.limit.day_text()),
        "reason" => {
            let reason = resolved.eligible_from.limit.reason();
            ("reason", reason.map_or("none", Reason::as_str).into())
        }
        "disposition" => ("disposition", disposition(resolved.action).into()),
        _ => ("state", state(resolved, as_of, &circumstances).0.as_str().into()),
    }
}

fn disposition(action: Action) -> &'static str {
    match action {
        Action::Destroy => "destroy",
        Action::Transfer => "transfer",
        Action::Review => "review",
    }
}

fn deciding<'b>(bundle: &'b Bundle, resolved: &Resolved) -> Vec<&'b str> {
    let named = |key| {
        let schedule = bundle.schedules.iter().find(|schedule| schedule.key() == key);
        schedule.map(|schedule| schedule.id.as_str())
    };
    let deciding = resolved.decided_by().into_iter();
    let mut ids: Vec<&str> = deciding.filter_map(|at| named(resolved.duties[at].schedule)).collect();
    ids.dedup();
    ids
}

fn check_holds(expected: &At<Vec<ExpectedHold>>, found: &[ExpectedHold], into: &mut Vec<Mismatch>) {
    if expected.value != found {
        into.push(Mismatch {
            place: expected.place,
            what: "holds",
            expected: holds_listed(&expected.value),
            found: holds_listed(found),
            instead: Some(Instead {
                place: expected.place,
                yaml: holds_written(found),
            }),
        });
    }
}

fn holds_written(holds: &[ExpectedHold]) -> String {
    let items = holds.iter().map(|hold| match hold.membership {
        "held" => hold.hold.clone(),
        other => format!("{{ hold: {}, membership: {other} }}", hold.hold),
    });
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn holds_listed(holds: &[ExpectedHold]) -> String {
    let items = holds.iter().map(|hold| match hold.membership {
        "held" => hold.hold.clone(),
        other => format!("{} ({other})", hold.hold),
    });
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        "none".into()
    } else {
        items.join(", ")
    }
}
