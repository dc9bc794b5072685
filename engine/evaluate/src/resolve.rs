//! The second pure function: over a *set* of results of one group, whatever order or batches they came in.
//!
//! One group's rows come sorted by (time, id), so arrival order and batch splits change nothing. Today it makes alerts of
//! hits and unites the dates of a family of versions; conversation rules, echoes and last activity join it here.

use std::collections::BTreeSet;

use lexhold_model::{Key, Severity};
use lexhold_retention::{Resolved, unite};

/// One hit of an alert, with what a report says of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertHit {
    /// The alert.
    pub alert_id: Key,
    /// When the message was sent, RFC 3339, or empty.
    pub sent_at: String,
    /// The message.
    pub message_id: String,
    /// Where in it: field, first byte, one past the last; none for a supervision rule.
    pub place: Option<(String, u64, u64)>,
    /// It lies in quoted or forwarded text.
    pub quoted: bool,
    /// The exclusion that took it away.
    pub excluded_by: Option<String>,
    /// The rule's `when` could not be evaluated.
    pub indeterminate: Option<String>,
    /// `document.rule`.
    pub rule: String,
    /// The document.
    pub document: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The rule's severity.
    pub severity: Severity,
    /// What the message is labelled.
    pub labels: Vec<String>,
    /// Whose mailboxes it came from, or who took part.
    pub custodians: Vec<String>,
    /// The conversation.
    pub conversation: String,
    /// Who wrote it.
    pub sender: String,
}

/// What a reviewer gets: hits of one rule on the same words by the same sender on one day in one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The first hit, which speaks for what all share.
    pub first: AlertHit,
    /// The messages, each once, in order of time.
    pub message_ids: Vec<String>,
    /// Whose mailboxes they came from.
    pub custodians: Vec<String>,
    /// Message, field, first byte, one past the last.
    pub spans: Vec<(String, String, u64, u64)>,
    /// Whether every hit lies in quoted or forwarded text.
    pub quoted: bool,
    /// The exclusion, where every hit was taken away.
    pub excluded_by: Option<String>,
}

/// The alerts among hits that are sorted by alert, then time, then message id.
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
    hits.sort_by(|a, b| (&a.sent_at, &a.message_id, &a.place).cmp(&(&b.sent_at, &b.message_id, &b.place)));
    hits.dedup();
    let standing = hits.iter().any(|hit| hit.excluded_by.is_none());
    let excluded_by = if standing { None } else { hits[0].excluded_by.clone() };
    let counted = hits.iter().filter(|hit| !standing || hit.excluded_by.is_none());
    let mut message_ids: Vec<String> = counted.clone().map(|hit| hit.message_id.clone()).collect();
    message_ids.dedup();
    let custodians: BTreeSet<&String> = counted.clone().flat_map(|hit| &hit.custodians).collect();
    let spans = counted.clone().filter_map(|hit| {
        let (field, start, end) = hit.place.clone()?;
        Some((hit.message_id.clone(), field, start, end))
    });
    Alert {
        message_ids,
        custodians: custodians.into_iter().cloned().collect(),
        spans: spans.collect(),
        quoted: counted.clone().all(|hit| hit.quoted),
        excluded_by,
        first: hits[0].clone(),
    }
}

/// The dates of one member of a family: a version, or the same message from another mailbox.
pub type FamilyMember = Resolved;

/// The dates of a family, which is kept and goes as one.
pub fn family(members: &[FamilyMember]) -> Resolved {
    match members {
        [only] => only.clone(),
        members => unite(members),
    }
}
