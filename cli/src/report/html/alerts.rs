//! Alerts by severity, by rule, over time and one by one.

use std::collections::BTreeMap;

use lexhold_catalog::{AlertMonth, RuleRow};
use lexhold_model::Severity;
use serde_json::Value;

use super::timeline::{Source, Timeline, bar};
use super::words::{counted, minute_of, number, short, title};
use crate::report::table::Row;

/// Message ids shown of one alert.
const IDS_SHOWN: usize = 2;

/// How many alerts one severity has.
pub struct Counts {
    /// `High`
    pub name: String,
    /// `sev-high`
    pub class: String,
    /// How many.
    pub n: String,
}

/// How many alerts one rule has.
pub struct RuleBar {
    /// `document.rule`
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Its severity's name.
    pub severity: String,
    /// Its severity's class.
    pub class: String,
    /// How many.
    pub n: String,
    /// The bar's length.
    pub width: String,
    /// What the rule rests on.
    pub cites: Vec<String>,
}

/// An alert.
pub struct AlertLine<'a> {
    /// Its severity's name.
    pub severity: String,
    /// Its severity's class.
    pub class: String,
    /// `document.rule`
    pub rule: &'a str,
    /// The rule's title.
    pub title: &'a str,
    /// When its first message was sent.
    pub sent: String,
    /// Where.
    pub conversation: &'a str,
    /// By whom.
    pub sender: &'a str,
    /// Its first messages.
    pub messages: Vec<&'a str>,
    /// How many more there are.
    pub more: usize,
    /// Its id.
    pub id: &'a str,
    /// The beginning of it.
    pub short: String,
    /// Why it is not certain, if it is not.
    pub doubt: &'a str,
    /// The state of its review.
    pub state: String,
    /// Why it is in it, where no person put it there.
    pub because: &'a str,
    /// When a decision is due.
    pub due: String,
    /// Whose it is.
    pub assignee: &'a str,
}

/// Whether a severity is high or critical. What nobody knows is taken for the gravest.
pub fn grave(severity: &str) -> bool {
    read(severity) >= Severity::High
}

/// A sentence that sums them up.
pub fn lead(n_alerts: u64, months: &[AlertMonth]) -> String {
    let mut rules: Vec<&str> = months.iter().map(|month| month.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let rules = counted(rules.len() as u64, "rule", "rules");
    format!("{} raised by {rules}.", counted(n_alerts, "alert", "alerts"))
}

/// Totals by severity, the gravest first, those without alerts too.
pub fn by_severity(months: &[AlertMonth]) -> Vec<Counts> {
    let sum = |severity| {
        months
            .iter()
            .filter(|month| read(&month.severity) == severity)
            .map(|month| month.n_alerts)
            .sum()
    };
    let line = |severity: Severity| Counts {
        name: title(severity.as_str()),
        class: class(severity),
        n: number(sum(severity)),
    };
    Severity::ALL.into_iter().rev().map(line).collect()
}

/// Alerts over time by severity, the gravest at the foot, where columns are compared best.
pub fn timeline(months: &[AlertMonth]) -> Option<Timeline> {
    let mut found: Vec<Severity> = months.iter().map(|month| read(&month.severity)).collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.dedup();
    let place = |severity: &str| found.iter().position(|one| *one == read(severity)).unwrap_or(0);
    Timeline::new(&Source {
        id: "alerts-over-time",
        title: "Alerts over time by severity",
        noun: ("alert", "alerts"),
        series: found
            .iter()
            .map(|severity| (title(severity.as_str()), class(*severity)))
            .collect(),
        counts: months
            .iter()
            .map(|month| (month.month.as_str(), place(&month.severity), month.n_alerts))
            .collect(),
        mark: None,
    })
}

/// Totals by rule, most first.
pub fn by_rule(months: &[AlertMonth], rules: &[RuleRow]) -> Vec<RuleBar> {
    let mut sums: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
    for month in months {
        *sums.entry((&month.rule, read(&month.severity))).or_default() += month.n_alerts;
    }
    let most = sums.values().copied().max().unwrap_or(0);
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|((one, a), n), ((other, b), m)| m.cmp(n).then(b.cmp(a)).then(one.cmp(other)));
    sums.into_iter()
        .map(|((rule, severity), n)| rule_bar(rule, severity, n, most, rules))
        .collect()
}

fn rule_bar(rule: &str, severity: Severity, n: u64, most: u64, rules: &[RuleRow]) -> RuleBar {
    let mut cites: Vec<String> = rules
        .iter()
        .filter(|row| row.rule == rule)
        .flat_map(|row| row.cites.clone())
        .collect();
    cites.sort_unstable();
    cites.dedup();
    RuleBar {
        rule: rule.to_owned(),
        title: title_of(rule, rules).to_owned(),
        severity: title(severity.as_str()),
        class: class(severity),
        n: number(n),
        width: bar(n, most),
        cites,
    }
}

impl<'a> AlertLine<'a> {
    /// From a row of `report alerts`.
    pub fn of(row: &'a Row, rules: &'a [RuleRow]) -> Self {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let messages = row
            .get("message_ids")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let severity = read(text("severity"));
        let sent = text("sent_at");
        Self {
            severity: title(severity.as_str()),
            class: class(severity),
            rule: text("rule"),
            title: title_of(text("rule"), rules),
            sent: if sent.is_empty() {
                "–".to_owned()
            } else {
                minute_of(sent)
            },
            conversation: text("conversation"),
            sender: text("sender"),
            messages: messages.iter().take(IDS_SHOWN).filter_map(Value::as_str).collect(),
            more: messages.len().saturating_sub(IDS_SHOWN),
            id: text("alert_id"),
            short: short(text("alert_id")),
            doubt: text("indeterminate"),
            state: title(text("state")),
            because: text("state_reason"),
            due: match text("due_at") {
                "" => String::new(),
                due => minute_of(due),
            },
            assignee: text("assignee"),
        }
    }
}

/// The title of the latest version, or the rule itself where nobody knows one.
fn title_of<'a>(rule: &'a str, rules: &'a [RuleRow]) -> &'a str {
    rules
        .iter()
        .rev()
        .find(|row| row.rule == rule && !row.title.is_empty())
        .map_or(rule, |row| &row.title)
}

fn read(severity: &str) -> Severity {
    severity.parse().unwrap_or(Severity::Critical)
}

fn class(severity: Severity) -> String {
    format!("sev-{severity}")
}
