//! The second pure function: over a *set* of results, whatever order or batches they came in.
//!
//! [`alerts_of_set`] makes the alerts of messages that lie in memory: for tests inside documents, and as the oracle of what
//! the catalog does for millions with a sort. What depends on other messages:
//!
//! - a quoted hit joins the alert of its original: the earliest authored hit with the same version of the rule, the same
//!   evidence and the same paragraph, in a message that came before. Otherwise it counts as authored, so that nothing hides in
//!   a quote that nobody wrote;
//! - a hit in a signature drops out once the sender has signed three earlier messages with the very same words;
//! - rules over several messages hold where [`ConversationJudge`] says so.
//!
//! A message without a date is neither an original nor an earlier one, and its quotes count as authored: a doubt never
//! takes an alert away.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use lexhold_model::{Key, MessageBatch, PartKind, Row};
use lexhold_retention::{Resolved, unite};
use lexhold_rules::conversation::Event;

use crate::Bundle;
use crate::alert::{Alert, AlertHit, AlertRule, alerts};
use crate::evaluation::{Evaluation, HitRow, RuleRef};
use crate::occurrence::{ConversationJudge, GroupEvent};

/// How many earlier messages have to bear a signature before hits in it drop out.
const SIGNED_BEFORE: usize = 3;

/// Why a hit in a signature is out.
const SIGNATURE: &str = "signature";

/// The alerts of a set of messages, each batch with its evaluation; sorted for people, those included of which every hit
/// was excluded. Messages are told apart by their keys; one that is there twice counts once.
pub fn alerts_of_set(bundle: &Bundle, set: &[(MessageBatch, Evaluation)]) -> Vec<Alert> {
    let mut set = Set::gather(bundle, set);
    set.drop_signatures();
    set.join_originals();
    let mut hits: Vec<AlertHit> = set.loose.into_iter().filter_map(Loose::settled).collect();
    hits.extend(set.of_conversations);
    hits.sort_by_key(|hit| hit.alert_id);
    let mut alerts: Vec<Alert> = alerts(hits.into_iter()).collect();
    alerts.sort_by_cached_key(Alert::order);
    alerts
}

/// Where a message stands among others: time, id, key. Undated messages have no place.
type Place = (i64, String, Key);

/// A hit before it is known which alert it belongs to.
struct Loose {
    hit: AlertHit,
    /// Whether the rule makes alerts of its hits.
    alerts: bool,
    /// Equal for a hit and its quotes.
    likeness: (Key, Key, Option<Key>),
    place: Option<Place>,
    joined: Option<Key>,
}

impl Loose {
    fn stands(&self) -> bool {
        self.hit.excluded_by.is_none()
    }

    fn is_quoted(&self) -> bool {
        matches!(self.hit.part, Some(PartKind::Quoted | PartKind::Forwarded))
    }

    fn settled(mut self) -> Option<AlertHit> {
        if let Some(joined) = self.joined {
            self.hit.alert_id = joined;
            // Who passes a text on does something of his own; who answers below it does not.
            self.hit.echo = self.hit.part == Some(PartKind::Quoted);
        }
        self.alerts.then_some(self.hit)
    }
}

/// A signature: whose, which words, where it stands.
struct Signed {
    by: (String, String, Key),
    place: Option<Place>,
    message: Key,
    span: (u64, u64),
}

struct Set {
    loose: Vec<Loose>,
    signed: Vec<Signed>,
    of_conversations: Vec<AlertHit>,
}

impl Set {
    fn gather(bundle: &Bundle, batches: &[(MessageBatch, Evaluation)]) -> Self {
        let mut set = Self {
            loose: Vec::new(),
            signed: Vec::new(),
            of_conversations: Vec::new(),
        };
        let rules: HashMap<RuleRef, Arc<AlertRule>> = bundle
            .all_rules()
            .map(|rule| (rule, Arc::new(alert_rule(bundle, rule))))
            .collect();
        let mut events: BTreeMap<u32, Vec<GroupEvent>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (batch, evaluation) in batches {
            let fresh: Vec<bool> = evaluation
                .messages
                .iter()
                .map(|it| seen.insert(it.identity.key))
                .collect();
            let message = |row: usize| Message::of(batch.row(row), evaluation);
            for hit in evaluation.hits.iter().filter(|hit| fresh[hit.row]) {
                set.loose.push(message(hit.row).loose(bundle, hit, &rules[&hit.rule]));
            }
            for part in evaluation.parts.iter().filter(|part| fresh[part.row]) {
                if part.range.kind == PartKind::Signature {
                    let of = message(part.row);
                    set.signed.push(Signed {
                        by: (of.row.platform().to_owned(), of.row.sender().to_owned(), part.hash),
                        place: of.place(),
                        message: of.key,
                        span: (part.range.span.start() as u64, part.range.span.end() as u64),
                    });
                }
            }
            for event in evaluation.events.iter().filter(|event| fresh[event.row]) {
                let of = message(event.row);
                events.entry(event.rule).or_default().push(GroupEvent {
                    group: event.group,
                    event: of.event(event.component),
                });
            }
        }
        set.judge_conversations(bundle, &rules, events);
        set
    }

    /// Takes away hits in signatures that their senders have used before.
    fn drop_signatures(&mut self) {
        let mut dated: BTreeMap<&(String, String, Key), BTreeSet<&Place>> = BTreeMap::new();
        for signed in &self.signed {
            dated.entry(&signed.by).or_default().extend(&signed.place);
        }
        let is_old = |signed: &Signed| {
            let before = |place: &Place| dated[&signed.by].iter().take_while(|other| **other < place).count();
            signed
                .place
                .as_ref()
                .is_some_and(|place| before(place) >= SIGNED_BEFORE)
        };
        let old: Vec<(Key, (u64, u64))> = self
            .signed
            .iter()
            .filter(|signed| is_old(signed))
            .map(|signed| (signed.message, signed.span))
            .collect();
        for loose in self
            .loose
            .iter_mut()
            .filter(|loose| loose.hit.part == Some(PartKind::Signature))
        {
            let Some((_, start, end)) = &loose.hit.place else {
                continue;
            };
            let covers =
                |(message, span): &(Key, (u64, u64))| *message == loose.hit.key && span.0 <= *start && *end <= span.1;
            if old.iter().any(covers) {
                loose.hit.excluded_by.get_or_insert_with(|| SIGNATURE.to_owned());
            }
        }
    }

    /// Lets quoted hits join the alerts of their originals; alerts that are empty then are names of those.
    fn join_originals(&mut self) {
        let mut originals: BTreeMap<(Key, Key, Option<Key>), (Place, Key)> = BTreeMap::new();
        for loose in self.loose.iter().filter(|loose| loose.alerts && loose.stands()) {
            let (Some(place), true) = (&loose.place, loose.hit.part == Some(PartKind::Authored)) else {
                continue;
            };
            let here = (place.clone(), loose.hit.alert_id);
            originals
                .entry(loose.likeness)
                .and_modify(|there| *there = here.clone().min(there.clone()))
                .or_insert(here);
        }
        for loose in self
            .loose
            .iter_mut()
            .filter(|loose| loose.stands() && loose.is_quoted())
        {
            let original = originals.get(&loose.likeness);
            let earlier = original.filter(|(place, _)| loose.place.as_ref().is_some_and(|mine| place < mine));
            loose.joined = earlier.map(|(_, alert)| *alert);
        }
        let stays = |loose: &&Loose| loose.stands() && loose.joined.is_none();
        let staying: BTreeSet<Key> = self
            .loose
            .iter()
            .filter(stays)
            .map(|loose| loose.hit.alert_id)
            .collect();
        for loose in self.loose.iter_mut().filter(|loose| loose.joined.is_some()) {
            if !staying.contains(&loose.hit.alert_id) {
                loose.hit.aliases.push(loose.hit.alert_id);
            }
        }
    }

    fn judge_conversations(
        &mut self,
        bundle: &Bundle,
        rules: &HashMap<RuleRef, Arc<AlertRule>>,
        events: BTreeMap<u32, Vec<GroupEvent>>,
    ) {
        for (at, events) in events {
            let rule = &bundle.rules.conversations()[at as usize];
            let of_rule = &rules[&RuleRef::Conversation(at)];
            let judge = ConversationJudge::new(&rule.info.id, rule.conversation.clone());
            for found in judge.judge(events) {
                let members: BTreeSet<Key> = found.members.iter().copied().collect();
                let parts = self.loose.iter().filter(|loose| {
                    loose.stands()
                        && members.contains(&loose.hit.key)
                        && rule.conversation.components.contains(&loose.hit.rule.id)
                });
                self.of_conversations.extend(parts.map(|loose| AlertHit {
                    alert_id: found.alert_id,
                    aliases: found.aliases.clone(),
                    rule: of_rule.clone(),
                    severity: of_rule.severity,
                    confidence: None,
                    truncated: found.truncated,
                    indeterminate: found.indeterminate.map(str::to_owned),
                    ..loose.hit.clone()
                }));
            }
        }
    }
}

/// A message of the set.
struct Message<'a> {
    row: Row<'a>,
    key: Key,
    message_id: &'a str,
}

impl<'a> Message<'a> {
    fn of(row: Row<'a>, evaluation: &'a Evaluation) -> Self {
        let identity = &evaluation.messages[row.index()].identity;
        Self {
            row,
            key: identity.key,
            message_id: &identity.message_id,
        }
    }

    fn place(&self) -> Option<Place> {
        self.row.sent_at().map(|at| (at, self.message_id.to_owned(), self.key))
    }

    fn event(&self, component: u32) -> Event {
        Event {
            at_us: self.row.sent_at(),
            message_id: self.message_id.to_owned(),
            key: self.key,
            sender: self.row.sender().to_owned(),
            component,
        }
    }

    fn loose(&self, bundle: &Bundle, hit: &HitRow, rule: &Arc<AlertRule>) -> Loose {
        let mut custodians: Vec<String> = self.row.custodians().map(str::to_owned).collect();
        custodians.sort();
        Loose {
            alerts: hit.alert.is_some(),
            likeness: (bundle.rule(hit.rule).key(), hit.evidence, hit.block),
            place: self.place(),
            joined: None,
            hit: AlertHit {
                // A component of rules over several messages may have no alert of its own; its evidence then stands here.
                alert_id: hit.alert.unwrap_or(hit.evidence),
                aliases: Vec::new(),
                rule: rule.clone(),
                key: self.key,
                sent_at: self.row.sent_at(),
                message_id: self.message_id.to_owned(),
                place: hit
                    .place
                    .map(|(field, span)| (field.to_string(), span.start() as u64, span.end() as u64)),
                part: hit.part,
                echo: false,
                evasion: hit.evasion,
                confidence: hit.confidence,
                severity: hit.severity,
                support: crate::tables::support_json(&hit.support),
                truncated: hit.n_hits.is_some(),
                excluded_by: hit.excluded_by.clone(),
                indeterminate: hit.indeterminate.clone(),
                custodians,
                conversation: self.row.conversation().to_owned(),
                sender: self.row.sender().to_owned(),
            },
        }
    }
}

fn alert_rule(bundle: &Bundle, rule: RuleRef) -> AlertRule {
    let rule = bundle.rule(rule);
    AlertRule {
        id: rule.id.to_owned(),
        document: rule.document.to_owned(),
        version: rule.version.to_owned(),
        digest: rule.digest.to_string(),
        severity: rule.severity,
        title: rule.title.to_owned(),
        labels: rule.labels.to_vec(),
        view: rule.view.map(|view| view.as_str().to_owned()),
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

#[cfg(test)]
mod tests;
