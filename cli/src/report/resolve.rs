//! Alerts, as the catalog's sorts and the second pure function make them of hits.

use std::collections::BTreeMap;
use std::sync::Arc;

use lexhold_catalog::{Catalog, HitRow, Hits, OccurrenceRow, RuleRow};
use lexhold_evaluate::{Alert, AlertHit, AlertRule, ConversationJudge, GroupEvent, Occurrence, alerts};
use lexhold_model::{Key, Severity};
use lexhold_rules::Confidence;
use lexhold_rules::conversation::Event;

/// Hands over alerts, the gravest first, then the oldest; only those that a run took part in, if one is named.
pub fn each_alert(
    catalog: &Catalog,
    which: Hits,
    run: Option<&str>,
    mut each: impl FnMut(Alert) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    judge_conversations(catalog)?;
    let rules: BTreeMap<Key, Arc<AlertRule>> = catalog
        .rules()?
        .into_iter()
        .map(|rule| (rule.rule_id, Arc::new(alert_rule(rule))))
        .collect();
    let mut group: Vec<AlertHit> = Vec::new();
    let mut of_run = run.is_none();
    let mut close = |group: &mut Vec<AlertHit>, of_run: bool| {
        let group = std::mem::take(group);
        if of_run {
            alerts(group.into_iter()).try_for_each(&mut each)
        } else {
            Ok(())
        }
    };
    catalog.hits(which, |hit| {
        if group.first().is_some_and(|first| first.alert_id != hit.alert_id) {
            close(&mut group, of_run)?;
            of_run = run.is_none();
        }
        of_run |= run == Some(hit.run.as_str());
        let Some(rule) = rules.get(&hit.rule_id) else {
            anyhow::bail!("a hit names a rule that the catalog does not have");
        };
        group.push(alert_hit(hit, rule));
        Ok::<(), anyhow::Error>(())
    })?;
    close(&mut group, of_run)
}

/// Finds where rules over several messages hold, and lets the catalog count them among its alerts.
///
/// Memory holds the occurrences of one rule at a time.
pub fn judge_conversations(catalog: &Catalog) -> anyhow::Result<()> {
    catalog.forget_occurrences()?;
    for rule in catalog.rules()? {
        let Some(spec) = &rule.spec else { continue };
        let spec: lexhold_rules::conversation::Conversation = serde_json::from_str(spec)
            .map_err(|_| anyhow::anyhow!("what the rule `{}` looks for cannot be read back", rule.rule))?;
        let components = spec.components.clone();
        let judge = ConversationJudge::new(&rule.rule, spec);
        let mut look = judge.look();
        let mut found: Vec<OccurrenceRow> = Vec::new();
        catalog.conversation_events(rule.rule_id, |row| {
            let event = Event {
                at_us: row.sent_at,
                message_id: row.message_id,
                key: row.key,
                sender: row.sender,
                component: row.component,
            };
            let group = row.group_id;
            found.extend(look.push(GroupEvent { group, event }).into_iter().map(occurrence_row));
            Ok::<(), anyhow::Error>(())
        })?;
        found.extend(look.finish().into_iter().map(occurrence_row));
        catalog.add_occurrences(rule.rule_id, &components, &found)?;
    }
    Ok(())
}

fn occurrence_row(found: Occurrence) -> OccurrenceRow {
    OccurrenceRow {
        alert_id: found.alert_id,
        aliases: found.aliases,
        members: found.members,
        truncated: found.truncated,
        crowded: found.crowded,
        indeterminate: found.indeterminate.map(str::to_owned),
    }
}

fn alert_rule(rule: RuleRow) -> AlertRule {
    AlertRule {
        severity: severity(&rule.severity),
        id: rule.rule,
        document: rule.document,
        version: rule.version,
        digest: rule.digest,
        title: rule.title,
        labels: rule.labels,
        view: rule.view,
    }
}

fn alert_hit(hit: HitRow, rule: &Arc<AlertRule>) -> AlertHit {
    let confidence = hit.confidence.as_deref();
    AlertHit {
        alert_id: hit.alert_id,
        aliases: hit.aliases,
        rule: rule.clone(),
        key: hit.key,
        sent_at: hit.sent_at,
        message_id: hit.message_id,
        place: hit
            .field
            .zip(hit.span)
            .map(|(field, (start, end))| (field, start.unsigned_abs(), end.unsigned_abs())),
        part: hit.part.and_then(|part| part.parse().ok()),
        echo: hit.echo,
        evasion: hit.evasion,
        confidence: confidence.and_then(|word| Confidence::ALL.into_iter().find(|tier| tier.as_str() == word)),
        severity: severity(&hit.severity),
        support: hit.support,
        truncated: hit.truncated,
        excluded_by: hit.excluded_by,
        indeterminate: hit.indeterminate,
        custodians: hit.custodians,
        conversation: hit.conversation,
        sender: hit.sender,
    }
}

/// A word that is no severity counts as the gravest.
fn severity(word: &str) -> Severity {
    word.parse().unwrap_or(Severity::Critical)
}

#[cfg(test)]
mod tests;
