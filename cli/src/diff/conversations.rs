//! Rules over several messages under two bundles.

use std::collections::{BTreeMap, HashMap};

use lexhold_evaluate::{Bundle, ConversationJudge, Evaluation, GroupEvent, Occurrence, RuleRef};
use lexhold_model::{Key, MessageBatch, Severity};

use super::alerts::AlertFigures;

/// What messages contribute to the rules over several messages of one bundle, by the position of the rule.
#[derive(Debug, Default)]
pub struct Events(BTreeMap<u32, Vec<GroupEvent>>);

impl Events {
    /// Takes what one batch contributes.
    pub fn note(&mut self, batch: &MessageBatch, evaluation: &Evaluation) {
        for event in &evaluation.events {
            let of_rule = self.0.entry(event.rule).or_default();
            of_rule.push(GroupEvent::of(batch, evaluation, event));
        }
    }

    /// Takes what other messages contribute.
    pub fn merge(&mut self, other: Self) {
        for (rule, events) in other.0 {
            self.0.entry(rule).or_default().extend(events);
        }
    }

    fn alerts(self, bundle: &Bundle) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for (at, events) in self.0 {
            let rule = bundle.rule(RuleRef::Conversation(at));
            let Some(conversation) = rule.conversation else {
                continue;
            };
            let found = ConversationJudge::new(rule.id, conversation.clone()).judge(events);
            alerts.extend(found.into_iter().map(
                |Occurrence {
                     alert_id, mut aliases, ..
                 }| {
                    aliases.push(alert_id);
                    Alert {
                        rule: rule.id.to_owned(),
                        severity: rule.severity,
                        names: aliases,
                    }
                },
            ));
        }
        alerts
    }
}

/// An alert of a rule over several messages.
struct Alert {
    rule: String,
    severity: Severity,
    /// The names that any of its messages gives it. An alert of the other bundle with one of them is the same.
    names: Vec<Key>,
}

/// Counts what becomes of the alerts of rules over several messages.
pub fn compare(figures: &mut AlertFigures, (old, before): (&Bundle, Events), (new, after): (&Bundle, Events)) {
    let (before, after) = (before.alerts(old), after.alerts(new));
    let named = |alerts: &[Alert]| -> HashMap<Key, Severity> {
        let names = alerts
            .iter()
            .flat_map(|alert| alert.names.iter().map(|name| (*name, alert.severity)));
        names.collect()
    };
    let same =
        |alert: &Alert, others: &HashMap<Key, Severity>| alert.names.iter().find_map(|name| others.get(name).copied());
    let (of_before, of_after) = (named(&before), named(&after));
    for alert in &before {
        figures.count_old(&alert.rule, alert.severity, same(alert, &of_after));
    }
    for alert in &after {
        figures.count_new(&alert.rule, same(alert, &of_before).is_none());
    }
}
