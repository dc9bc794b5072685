//! Rules over several messages, held against everything that was scanned.

use std::collections::{BTreeMap, HashMap};

use lexhold_evaluate::{Bundle, ConversationJudge, Evaluation, GroupEvent, RuleRef};
use lexhold_model::{Digest, Key, Severity};
use serde_json::json;

use crate::report::table::Row;
use crate::run::{Input, Piece};

/// What the messages of a scan contribute to rules over several messages. Grows with the hits of their components only.
#[derive(Default)]
pub struct Conversations {
    /// By the position of the rule.
    events: BTreeMap<u32, Vec<GroupEvent>>,
    /// Messages that contribute something.
    messages: HashMap<Key, Met>,
}

/// What is said of a message.
struct Met {
    message_id: Option<String>,
    platform: String,
    conversation: String,
    sender: String,
    sent_at: Option<i64>,
    file: String,
    offset: u64,
}

impl Conversations {
    /// Takes what one batch contributes.
    pub fn note(&mut self, input: &Input, piece: &Piece, evaluation: &Evaluation) {
        for event in &evaluation.events {
            let row = piece.batch.row(event.row);
            let identity = &evaluation.messages[event.row].identity;
            self.messages.entry(identity.key).or_insert_with(|| Met {
                message_id: row.id().map(|_| identity.message_id.clone()),
                platform: row.platform().to_owned(),
                conversation: row.conversation().to_owned(),
                sender: row.sender().to_owned(),
                sent_at: row.sent_at(),
                file: input.name.clone(),
                offset: row.source_offset(),
            });
            let of_rule = self.events.entry(event.rule).or_default();
            of_rule.push(GroupEvent::of(&piece.batch, evaluation, event));
        }
    }

    /// The alerts, rule by rule.
    pub fn rows(self, bundle: &Bundle) -> Vec<(Row, Severity)> {
        let mut rows = Vec::new();
        for (at, events) in self.events {
            let rule = bundle.rule(RuleRef::Conversation(at));
            let Some(conversation) = rule.conversation else {
                continue;
            };
            let judge = ConversationJudge::new(rule.id, conversation.clone());
            for one in judge.judge(events) {
                let members: Vec<&Met> = one.members.iter().filter_map(|key| self.messages.get(key)).collect();
                let Some(first) = members.first() else { continue };
                let sent_at = first.sent_at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
                let value = json!({
                    "alert_id": Digest::of(format!("{}\n{}", rule.id, one.alert_id).as_bytes()),
                    "rule": rule.id,
                    "document": rule.document,
                    "version": rule.version,
                    "digest": rule.digest,
                    "severity": rule.severity,
                    "base_severity": rule.severity,
                    "title": rule.title,
                    "labels": rule.labels,
                    "message_id": first.message_id,
                    "message_ids": members.iter().filter_map(|member| member.message_id.as_deref()).collect::<Vec<_>>(),
                    "platform": first.platform,
                    "conversation": first.conversation,
                    "sender": first.sender,
                    "sent_at": sent_at.map(|at| at.to_string()),
                    "spans": [],
                    "truncated": one.truncated,
                    "quoted": false,
                    "evasion": false,
                    "indeterminate": one.indeterminate,
                    "file": first.file,
                    "offset": first.offset,
                    "bundle": bundle.digest,
                });
                rows.push((value.as_object().cloned().unwrap_or_default(), rule.severity));
            }
        }
        rows
    }
}
