//! Alerts, made of hits: what a reviewer gets.
//!
//! The hits of a set of messages come in one order (see [`alerts`]), whatever order or batches the messages came in, and
//! each knows its alert already: `resolve` says how.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lexhold_model::{Key, PartKind, Severity};
use lexhold_rules::Confidence;

/// What an alert says of its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// `document.rule`.
    pub id: String,
    /// The document.
    pub document: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The rule's own severity.
    pub severity: Severity,
    /// One line for people.
    pub title: String,
    /// What its hits are labelled.
    pub labels: Vec<String>,
    /// The view of the text that it runs on; none for a rule that reads no text.
    pub view: Option<String>,
}

/// One hit of an alert, with what a report says of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertHit {
    /// The alert.
    pub alert_id: Key,
    /// Other names of the alert: those of quotes that joined it, and of episodes that began without their first message.
    pub aliases: Vec<Key>,
    /// The rule of the alert.
    pub rule: Arc<AlertRule>,
    /// The message.
    pub key: Key,
    /// When it was sent, in microseconds since 1970.
    pub sent_at: Option<i64>,
    /// Its id in reports.
    pub message_id: String,
    /// Where in it: field, first byte, one past the last; none for a supervision rule.
    pub place: Option<(String, u64, u64)>,
    /// What the part is that it lies in; none for a supervision rule.
    pub part: Option<PartKind>,
    /// It quotes a hit of the alert, and is nothing more.
    pub echo: bool,
    /// Only a view that undoes disguises shows it.
    pub evasion: bool,
    /// The highest tier whose demands hold.
    pub confidence: Option<Confidence>,
    /// How grave the rule's hits are in this message.
    pub severity: Severity,
    /// The supporting evidence, as JSON.
    pub support: Option<String>,
    /// Whether the message has more hits of the rule than are stored.
    pub truncated: bool,
    /// The exclusion that took it away.
    pub excluded_by: Option<String>,
    /// Why it is not certain.
    pub indeterminate: Option<String>,
    /// Whose mailboxes the message came from, or who took part.
    pub custodians: Vec<String>,
    /// The conversation.
    pub conversation: String,
    /// Who wrote it.
    pub sender: String,
}

impl AlertHit {
    /// What hits of one alert are sorted by.
    fn place_in_alert(&self) -> impl Ord + '_ {
        (
            self.sent_at.is_none(),
            self.sent_at,
            &self.message_id,
            self.key,
            &self.place,
        )
    }

    fn is_quoted(&self) -> bool {
        matches!(self.part, Some(PartKind::Quoted | PartKind::Forwarded))
    }
}

/// What a reviewer gets: hits of one rule on the same words by the same sender on one day in one conversation, or the
/// messages that together met a rule over several messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub id: Key,
    /// Names that it had, or could have had, while messages were missing; sorted.
    pub aliases: Vec<Key>,
    /// Its rule. Where several versions of it hit, the one that hit first.
    pub rule: Arc<AlertRule>,
    /// The gravest of its hits; never below the rule's own severity.
    pub severity: Severity,
    /// The surest of its hits, if the rule has tiers.
    pub confidence: Option<Confidence>,
    /// Whether some hit shows only once disguises are undone.
    pub evasion: bool,
    /// Whether some message has more hits of the rule than are stored.
    pub truncated: bool,
    /// Whether every hit lies in quoted or forwarded text.
    pub quoted: bool,
    /// The messages, each once, in order of time, undated ones last.
    pub members: Vec<AlertMember>,
    /// Whose mailboxes they came from.
    pub custodians: Vec<String>,
    /// Where the hits are.
    pub places: Vec<AlertPlace>,
    /// The conversation of the first message.
    pub conversation: String,
    /// The sender of the first message.
    pub sender: String,
    /// The exclusion, where every hit was taken away.
    pub excluded_by: Option<String>,
    /// Why it is not certain, if a hit is not.
    pub indeterminate: Option<String>,
}

impl Alert {
    /// When the first message was sent, in microseconds since 1970.
    pub fn sent_at(&self) -> Option<i64> {
        self.members.first().and_then(|first| first.sent_at)
    }

    /// What alerts are sorted by for people: the gravest first, then the oldest, then by id.
    pub fn order(&self) -> impl Ord + use<> {
        (
            Reverse(self.severity),
            self.sent_at().is_none(),
            self.sent_at(),
            self.id,
        )
    }
}

/// A message of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMember {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// When it was sent, in microseconds since 1970.
    pub sent_at: Option<i64>,
    /// It only quotes what another message of the alert says.
    pub echo: bool,
}

/// Where one hit of an alert is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertPlace {
    /// The message.
    pub key: Key,
    /// Its id in reports.
    pub message_id: String,
    /// `text`, `subject`, `attachment:0`.
    pub field: String,
    /// The first byte in the stored field.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// What the part is that it lies in.
    pub part: Option<PartKind>,
    /// Only a view that undoes disguises shows it.
    pub evasion: bool,
    /// The highest tier whose demands hold.
    pub confidence: Option<Confidence>,
    /// The supporting evidence, as JSON.
    pub support: Option<String>,
}

/// The alerts among hits that come alert by alert. In what order the alerts come is the caller's affair; within an alert
/// the order of hits does not matter. Memory holds one alert at a time.
pub fn alerts(hits: impl Iterator<Item = AlertHit>) -> impl Iterator<Item = Alert> {
    let mut hits = hits.peekable();
    std::iter::from_fn(move || {
        let first = hits.next()?;
        let mut group = vec![first];
        while let Some(next) = hits.next_if(|next| next.alert_id == group[0].alert_id) {
            group.push(next);
        }
        Some(alert(group))
    })
}

fn alert(mut hits: Vec<AlertHit>) -> Alert {
    hits.sort_by(|a, b| {
        a.place_in_alert()
            .cmp(&b.place_in_alert())
            .then_with(|| a.rule.id.cmp(&b.rule.id))
    });
    // They are the alert's, whichever of its hits was told with them.
    let aliases: BTreeSet<Key> = hits
        .iter_mut()
        .flat_map(|hit| std::mem::take(&mut hit.aliases))
        .collect();
    hits.dedup();
    let standing = hits.iter().any(|hit| hit.excluded_by.is_none());
    // Hits that an exclusion took away speak for the alert only where none stands.
    hits.retain(|hit| !standing || hit.excluded_by.is_none());
    let first = &hits[0];
    let custodians: BTreeSet<&String> = hits.iter().flat_map(|hit| &hit.custodians).collect();
    let gravest = hits.iter().map(|hit| hit.severity.max(hit.rule.severity)).max();
    Alert {
        id: first.alert_id,
        aliases: aliases.into_iter().filter(|alias| *alias != first.alert_id).collect(),
        rule: first.rule.clone(),
        severity: gravest.unwrap_or(first.severity),
        confidence: hits.iter().filter_map(|hit| hit.confidence).max(),
        evasion: hits.iter().any(|hit| hit.evasion),
        truncated: hits.iter().any(|hit| hit.truncated),
        quoted: hits.iter().all(AlertHit::is_quoted),
        members: members(&hits),
        custodians: custodians.into_iter().cloned().collect(),
        places: hits.iter().filter_map(place).collect(),
        conversation: first.conversation.clone(),
        sender: first.sender.clone(),
        excluded_by: first.excluded_by.clone(),
        indeterminate: hits.iter().find_map(|hit| hit.indeterminate.clone()),
    }
}

/// The messages of sorted hits. One with a hit of its own is no echo, whatever else it quotes.
fn members(hits: &[AlertHit]) -> Vec<AlertMember> {
    let mut echoes: BTreeMap<Key, bool> = BTreeMap::new();
    for hit in hits {
        *echoes.entry(hit.key).or_insert(true) &= hit.echo;
    }
    let mut members: Vec<AlertMember> = Vec::with_capacity(echoes.len());
    for hit in hits {
        if let Some(echo) = echoes.remove(&hit.key) {
            members.push(AlertMember {
                key: hit.key,
                message_id: hit.message_id.clone(),
                sent_at: hit.sent_at,
                echo,
            });
        }
    }
    members
}

fn place(hit: &AlertHit) -> Option<AlertPlace> {
    let (field, start, end) = hit.place.clone()?;
    Some(AlertPlace {
        key: hit.key,
        message_id: hit.message_id.clone(),
        field,
        start,
        end,
        part: hit.part,
        evasion: hit.evasion,
        confidence: hit.confidence,
        support: hit.support.clone(),
    })
}
