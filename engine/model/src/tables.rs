//! The tables of an evaluation: what a run records of a batch, without a body.
//!
//! `evaluate` fills them, `store` writes them as Parquet, `catalog` projects them, so their columns stand here once.
//! Keys are [`crate::Key`]s as `Decimal128(38, 0)`; instants are microseconds in UTC.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The Arrow type of a [`crate::Key`].
pub const KEY: DataType = DataType::Decimal128(38, 0);

/// One table of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row a version of a message: every field that is not body.
    Message,
    /// Who received it.
    Recipient,
    /// Whose mailbox or export it came from; duplicates add rows.
    Custodian,
    /// Every place it was read; duplicates add rows.
    Source,
    /// Distinct facts: every attribute of the Cedar schema, as canonical JSON.
    Facts,
    /// One row a place where a rule matched; supervision rules without a span.
    Hit,
    /// The ranges of a text that are not simply authored, with the reason for each.
    Part,
    /// One row a message, group and component of a rule over several messages: what its windows are made of.
    ConversationEvent,
    /// The rules that the hits name.
    Rule,
    /// The schedules that the duty sets name.
    Schedule,
    /// Distinct sets of assigned schedules.
    DutySet,
    /// Distinct local dates of (sent, captured) by zone.
    Days,
    /// Which duty set a message was assigned, and by which facts, append-only; duplicates with new custodians add rows.
    Assignment,
    /// Which duty set a bundle that was activated later gives to the same facts.
    Reassignment,
    /// Which messages a hold covers.
    HoldMember,
    /// Handles met, and whether the directory knows them.
    Handle,
    /// What went wrong on single messages, without their text.
    Diagnostic,
    /// The items of a disposal plan, and all that is left of a message once it is destroyed.
    DisposalItem,
}

impl Table {
    /// All tables.
    pub const ALL: [Table; 18] = [
        Self::Message,
        Self::Recipient,
        Self::Custodian,
        Self::Source,
        Self::Facts,
        Self::Hit,
        Self::Part,
        Self::ConversationEvent,
        Self::Rule,
        Self::Schedule,
        Self::DutySet,
        Self::Days,
        Self::Assignment,
        Self::Reassignment,
        Self::HoldMember,
        Self::Handle,
        Self::Diagnostic,
        Self::DisposalItem,
    ];

    /// The table's name in file names and in the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Recipient => "recipient",
            Self::Custodian => "custodian",
            Self::Source => "source",
            Self::Facts => "facts",
            Self::Hit => "hit",
            Self::Part => "part",
            Self::ConversationEvent => "conversation_event",
            Self::Rule => "rule",
            Self::Schedule => "schedule",
            Self::DutySet => "duty_set",
            Self::Days => "days",
            Self::Assignment => "assignment",
            Self::Reassignment => "reassignment",
            Self::HoldMember => "hold_member",
            Self::Handle => "handle",
            Self::Diagnostic => "diagnostic",
            Self::DisposalItem => "disposal_item",
        }
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table's columns.
    pub fn schema(self) -> SchemaRef {
        let fields = match self {
            Self::Message => vec![
                key("key"),
                key("family"),
                text("message_id"),
                text_or_null("native_id"),
                text("platform"),
                text("conversation"),
                text("conversation_kind"),
                text_or_null("channel"),
                text("kind"),
                instant("sent_at", true),
                instant("captured_at", false),
                text_or_null("sent_precision"),
                text("sender"),
                text_or_null("reply_to"),
                Field::new("version", DataType::Int32, false),
                text("version_kind"),
                key("content_hash"),
                text("direction"),
                number("text_bytes"),
                number("attachments"),
                Field::new("business", DataType::Boolean, true),
                flag("undecodable"),
                flag("trigger_suspect"),
                flag("scan_incomplete"),
                text("source_file"),
                number("source_offset"),
                key("facts_id"),
            ],
            Self::Recipient => vec![key("key"), text("handle"), text("role")],
            Self::Custodian => vec![key("key"), text("handle")],
            Self::Source => vec![key("key"), text("file"), number("source_offset")],
            Self::Facts => vec![key("facts_id"), text("facts")],
            Self::Hit => vec![
                key("key"),
                key("rule_id"),
                text_or_null("field"),
                number_or_null("span_start"),
                number_or_null("span_end"),
                // What the part is that it lies in; null for supervision rules.
                text_or_null("part"),
                flag("evasion"),
                text_or_null("confidence"),
                // The rule's own, or what this message raised it to.
                text("severity"),
                text_or_null("excluded_by"),
                text_or_null("indeterminate"),
                // Null where the rule makes no alerts of its own. A quoted hit may join another alert when alerts are read.
                Field::new("alert_id", KEY, true),
                // Keyed hashes: of the match, and of the paragraph around it without quote marks.
                key("evidence"),
                Field::new("block", KEY, true),
                // Canonical JSON: the supporting evidence, by name and place.
                text_or_null("support"),
                // How many hits of the rule stand in the message, where more do than are stored.
                number_or_null("n_hits"),
            ],
            Self::Part => vec![
                key("key"),
                Field::new("ordinal", DataType::Int32, false),
                text("kind"),
                number("span_start"),
                number("span_end"),
                text("reason"),
                // A keyed hash of its words without quote marks.
                key("hash"),
            ],
            Self::ConversationEvent => vec![
                key("key"),
                key("rule_id"),
                key("group_id"),
                Field::new("component", DataType::Int32, false),
            ],
            Self::Rule => vec![
                key("rule_id"),
                text("kind"),
                text("rule"),
                text("document"),
                text("version"),
                text("digest"),
                text("severity"),
                text("title"),
                texts("labels"),
                texts("cites"),
                // The view that a pattern rule runs on.
                text_or_null("view"),
                flag("alerts"),
                // Canonical JSON: what a rule over several messages looks for.
                text_or_null("spec"),
            ],
            Self::Schedule => vec![
                key("schedule_id"),
                text("document"),
                text("version"),
                text("digest"),
                text("schedule"),
                text("title"),
                text("zone"),
                text_or_null("jurisdiction"),
                text_or_null("basis"),
                texts("cites"),
                text("spec"),
            ],
            Self::DutySet => vec![
                key("set_id"),
                Field::new("ordinal", DataType::Int32, false),
                key("schedule_id"),
                text("outcome"),
                text_or_null("reason"),
            ],
            Self::Days => vec![
                key("days_id"),
                text("zone"),
                text_or_null("sent_day"),
                text("captured_day"),
            ],
            Self::Assignment => vec![
                key("family"),
                key("key"),
                key("set_id"),
                key("days_id"),
                key("facts_id"),
                flag("scan_incomplete"),
                flag("trigger_suspect"),
            ],
            Self::Reassignment => vec![
                key("facts_id"),
                flag("scan_incomplete"),
                // Filled only where a condition reads the instant; then null stands for messages without one.
                instant("sent_at", true),
                key("set_id"),
            ],
            Self::HoldMember => vec![text("hold"), key("key"), key("family"), text("membership")],
            Self::Handle => vec![text("platform"), text("handle"), flag("known")],
            Self::Diagnostic => vec![
                Field::new("key", KEY, true),
                text("code"),
                text("subject"),
                text("detail"),
            ],
            Self::DisposalItem => vec![
                text("plan"),
                // Its place in the plan, from 0: that of its leaf in the tree whose root is the plan's digest.
                number("item"),
                key("key"),
                key("family"),
                text("message_id"),
                Field::new("version", DataType::Int32, false),
                // The keyed hash of its content.
                key("content_hash"),
                // `document.schedule@version`, those that decided its dates.
                texts("schedules"),
                text("action"),
                texts("triggers"),
                text("retain_until"),
                text("eligible_from"),
                text("dispose_at"),
                text("must_dispose_by"),
            ],
        };
        Arc::new(Schema::new(fields))
    }
}

fn key(name: &str) -> Field {
    Field::new(name, KEY, false)
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

fn text_or_null(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn texts(name: &str) -> Field {
    Field::new(
        name,
        DataType::List(Arc::new(Field::new("item", DataType::Utf8, false))),
        false,
    )
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

fn number_or_null(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, false)
}

fn instant(name: &str, null: bool) -> Field {
    Field::new(
        name,
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        null,
    )
}
