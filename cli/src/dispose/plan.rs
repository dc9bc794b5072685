//! A plan and its digest: the root of a Merkle tree over its items, so that one item can be shown to be in it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field};
use jiff::{SignedDuration, Timestamp};
use lexhold_catalog::{ApprovalRow, Catalog, ItemRow, PlanRow};
use lexhold_model::tables::Table;
use lexhold_model::{Key, canonical_json};
use lexhold_store::{MerkleTree, leaf_hash};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};

/// How long an approval counts.
pub const APPROVED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A plan with its items and what people said of it.
pub struct Plan {
    /// What the catalog has of it.
    pub row: PlanRow,
    /// Its items, in order.
    pub items: Vec<ItemRow>,
    /// Its approvals.
    pub approvals: Vec<ApprovalRow>,
}

impl Plan {
    /// The plan of this name, whose items have to be the ones that its digest stands for.
    pub fn read(catalog: &Catalog, name: &str) -> anyhow::Result<Self> {
        Self::of(catalog, Self::row(catalog, name)?)
    }

    /// What the catalog has of the plan of this name, without its items.
    pub fn row(catalog: &Catalog, name: &str) -> anyhow::Result<PlanRow> {
        let unknown = || {
            Failure::new(Exit::Usage, format!("there is no plan `{name}`")).help("lexhold dispose status lists them")
        };
        let mut plans = catalog.plans()?.into_iter();
        Ok(plans.find(|plan| plan.plan == name).ok_or_else(unknown)?)
    }

    /// A plan that the catalog has listed, whose items have to be the ones that its digest stands for.
    pub fn of(catalog: &Catalog, row: PlanRow) -> anyhow::Result<Self> {
        let items = catalog.plan_items(&row.plan)?;
        let mut approvals = catalog.plan_approvals()?;
        approvals.retain(|approval| approval.plan == row.plan);
        let plan = Self { row, items, approvals };
        if tree(&plan.items).head().root.to_string() != plan.row.digest || plan.items.len() as u64 != plan.row.n_items {
            let message = format!(
                "the items of `{}` are not those that its digest stands for",
                plan.row.plan
            );
            return Err(Failure::new(Exit::Data, message)
                .help("lexhold verify, then lexhold rebuild")
                .into());
        }
        Ok(plan)
    }

    /// Whether one person governed alone, in any step of it.
    pub fn is_solo(&self) -> bool {
        self.row.solo || self.approvals.iter().any(|approval| approval.solo)
    }

    /// Refuses what was rejected or is done.
    pub fn refuse_unless_pending(&self) -> anyhow::Result<()> {
        let name = &self.row.plan;
        if let Some(reason) = &self.row.rejected {
            let message = format!("`{name}` was rejected: {reason}");
            return Err(Failure::new(Exit::Refused, message)
                .help("lexhold dispose propose makes another")
                .into());
        }
        if self.row.certified.is_some() {
            return Err(Failure::new(Exit::Refused, format!("`{name}` has been carried out")).into());
        }
        Ok(())
    }

    /// The approvals that count at an instant, one for each stage that has been passed: none from before the release of a hold
    /// over any item or a restore without the newer journal, none that lapsed, none that a clock which was ahead wrote, none of whoever asked for the plan or approved
    /// a stage before, unless one person governs alone, and none of a stage behind one that does not count.
    pub fn standing(&self, now: Timestamp) -> Vec<&ApprovalRow> {
        let mut standing: Vec<&ApprovalRow> = Vec::new();
        for approval in &self.approvals {
            let someone_else = approval.approved_by != self.row.proposed_by
                && standing.iter().all(|other| other.approved_by != approval.approved_by);
            let counts = approval.stage == standing.len() as u64
                && self.row.voided.is_none_or(|voided| approval.seq > voided)
                && (approval.approved_at..lapses(approval).as_microsecond()).contains(&now.as_microsecond())
                && (approval.solo || someone_else);
            if counts {
                standing.push(approval);
            }
        }
        standing
    }

    /// The names of its stages, in order.
    pub fn stages(&self) -> Vec<String> {
        let stages: Vec<String> = serde_json::from_str(&self.row.stages).unwrap_or_default();
        match stages.is_empty() {
            true => vec!["approval".to_owned()],
            false => stages,
        }
    }

    /// The stage that comes next, from 0; none once all have been passed.
    pub fn next_stage(&self, now: Timestamp) -> Option<(usize, String)> {
        let next = self.standing(now).len();
        self.stages().into_iter().nth(next).map(|name| (next, name))
    }

    /// Whether it may be carried out at an instant: approved in every stage, neither rejected nor done.
    pub fn may_go_on(&self, now: Timestamp) -> bool {
        self.row.rejected.is_none() && self.row.certified.is_none() && self.next_stage(now).is_none()
    }

    /// When the first of the approvals that count lapses.
    pub fn lapses_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.standing(now).into_iter().map(lapses).min()
    }

    /// Items that nobody sent back and that are there.
    pub fn remaining(&self) -> impl Iterator<Item = &ItemRow> {
        self.items
            .iter()
            .filter(|item| item.sent_back.is_none() && item.intent.is_none())
    }

    /// How far it has come, in a word.
    pub fn state(&self, now: Timestamp) -> String {
        let row = &self.row;
        let settled = self.remaining().next().is_none();
        match self.next_stage(now) {
            _ if row.rejected.is_some() => "rejected".to_owned(),
            _ if row.certified.is_some() => "certified".to_owned(),
            _ if row.n_destroyed > 0 => "partial".to_owned(),
            _ if settled => "sent_back".to_owned(),
            None => "approved".to_owned(),
            Some(_) if self.approvals.is_empty() => "proposed".to_owned(),
            Some((at, _)) => format!("in_review({})", at + 1),
        }
    }
}

/// When an approval lapses. One whose time cannot be read has lapsed.
fn lapses(approval: &ApprovalRow) -> Timestamp {
    let at = Timestamp::from_microsecond(approval.approved_at).ok();
    at.and_then(|at| at.checked_add(APPROVED_FOR).ok())
        .unwrap_or(Timestamp::MIN)
}

/// How far an item has come in a plan of that state.
pub fn item_state(item: &ItemRow, plan_state: &str) -> String {
    match (item.intent, &item.sent_back, plan_state) {
        (Some(_), ..) => "tombstoned",
        (None, Some(_), _) | (None, None, "rejected") => "sent_back",
        (None, None, "approved" | "partial") => "approved",
        (None, None, review) if review.starts_with("in_review") => review,
        (None, None, _) => "proposed",
    }
    .to_owned()
}

/// What is signed for of an item. Its place in the plan is that of its leaf.
pub fn leaf(item: &ItemRow) -> Value {
    json!({
        "message_id": item.message_id,
        "key": item.key,
        "version": item.version,
        "content_hash": item.content_hash,
        "schedules": item.schedules,
        "action": item.action,
        "triggers": item.triggers,
        "retain_until": item.retain_until,
        "eligible_from": item.eligible_from,
        "dispose_at": item.dispose_at,
        "must_dispose_by": item.must_dispose_by,
    })
}

/// The tree over items in their order.
pub fn tree(items: &[ItemRow]) -> MerkleTree {
    MerkleTree::over(
        items
            .iter()
            .map(|item| leaf_hash(canonical_json(&leaf(item)).as_bytes())),
    )
}

/// How many items each schedule has.
pub fn by_schedule(items: &[ItemRow]) -> Vec<(String, u64)> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for schedule in items.iter().flat_map(|item| &item.schedules) {
        *counts.entry(schedule).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
    counts.sort();
    counts
}

/// The items as the table that the journal vouches for.
pub fn rows(plan: &str, items: &[ItemRow]) -> anyhow::Result<RecordBatch> {
    let text = |of: fn(&ItemRow) -> &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(items.iter().map(of))) };
    let keys = |of: fn(&ItemRow) -> Key| -> anyhow::Result<ArrayRef> {
        let numbers = Decimal128Array::from_iter_values(items.iter().map(|item| of(item).as_i128()));
        Ok(Arc::new(numbers.with_precision_and_scale(38, 0)?))
    };
    let lists = |of: fn(&ItemRow) -> &[String]| -> ArrayRef {
        let field = Field::new("item", DataType::Utf8, false);
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(field);
        items
            .iter()
            .for_each(|item| lists.append_value(of(item).iter().map(Some)));
        Arc::new(lists.finish())
    };
    let columns = vec![
        Arc::new(StringArray::from_iter_values(items.iter().map(|_| plan))) as ArrayRef,
        Arc::new(Int64Array::from_iter_values((0..).take(items.len()))),
        keys(|item| item.key)?,
        keys(|item| item.family)?,
        text(|item| &item.message_id),
        Arc::new(Int32Array::from_iter_values(items.iter().map(|item| item.version))),
        keys(|item| item.content_hash)?,
        lists(|item| &item.schedules),
        text(|item| &item.action),
        lists(|item| &item.triggers),
        text(|item| &item.retain_until),
        text(|item| &item.eligible_from),
        text(|item| &item.dispose_at),
        text(|item| &item.must_dispose_by),
    ];
    Ok(RecordBatch::try_new(Table::DisposalItem.schema(), columns)?)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An item under a schedule.
    pub fn item(schedule: &str) -> ItemRow {
        let key = Key::of("test", [schedule.as_bytes()]);
        ItemRow {
            item: 0,
            key,
            family: key,
            message_id: schedule.to_owned(),
            version: 0,
            content_hash: key,
            schedules: vec![schedule.to_owned()],
            action: String::new(),
            triggers: vec![],
            retain_until: String::new(),
            eligible_from: String::new(),
            dispose_at: String::new(),
            must_dispose_by: String::new(),
            sent_back: None,
            intent: None,
            done: None,
            destroyed_at: None,
        }
    }

    const DAY: i64 = 86_400_000_000;

    /// By whom, of which stage, how many days ago.
    type Given<'a> = (&'a str, u64, i64);

    /// A plan of two stages that `rex` proposed, with approvals.
    fn plan(approvals: &[Given<'_>], voided: Option<u64>, now: Timestamp) -> Plan {
        let approval = |(seq, (by, stage, days)): (u64, &Given<'_>)| ApprovalRow {
            plan: "p".into(),
            seq,
            approved_at: now.as_microsecond() - days * DAY,
            approved_by: (*by).to_owned(),
            signed: true,
            solo: *by == "solo",
            stage: *stage,
        };
        Plan {
            row: PlanRow {
                plan: "p".into(),
                seq: 1,
                proposed_at: 0,
                proposed_by: "rex".into(),
                digest: String::new(),
                as_of: 0,
                n_items: 1,
                by_schedule: String::new(),
                held_back: String::new(),
                authors: String::new(),
                solo: false,
                stages: r#"["desk","counsel"]"#.into(),
                rejected: None,
                n_sent_back: 0,
                n_destroyed: 0,
                certified: None,
                voided,
            },
            items: vec![item("a.x@1")],
            approvals: (10..).zip(approvals).map(approval).collect(),
        }
    }

    #[test]
    fn approvals_count_in_order_each_of_somebody_else_for_thirty_days() {
        let now: Timestamp = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000);
        // Approvals from entry 10 on, the last release, the state.
        let cases: [(&[Given<'_>], Option<u64>, &str); 14] = [
            (&[], None, "proposed"),
            (&[("amy", 0, 29)], None, "in_review(2)"),
            (&[("amy", 0, 29), ("ben", 1, 29)], None, "approved"),
            (&[("amy", 0, 30), ("ben", 1, 29)], None, "in_review(1)"),
            (&[("amy", 0, 29), ("ben", 1, 30)], None, "in_review(2)"),
            (&[("amy", 0, 31), ("ben", 1, 2), ("amy", 0, 1)], None, "in_review(2)"),
            (&[("amy", 0, 31), ("amy", 0, 2), ("ben", 1, 1)], None, "approved"),
            (&[("amy", 0, 1), ("amy", 1, 1)], None, "in_review(2)"),
            (&[("rex", 0, 1)], None, "in_review(1)"),
            (&[("ben", 1, 1)], None, "in_review(1)"),
            (&[("amy", 0, 1), ("ben", 1, 1)], Some(11), "in_review(1)"),
            (&[("amy", 0, 1), ("amy", 0, 1), ("ben", 1, 1)], Some(10), "approved"),
            (&[("solo", 0, 1), ("solo", 1, 1)], None, "approved"),
            (&[("amy", 0, -1), ("ben", 1, 1)], None, "in_review(1)"),
        ];
        for (approvals, voided, state) in cases {
            assert_eq!(
                plan(approvals, voided, now).state(now),
                state,
                "{approvals:?} {voided:?}"
            );
        }
    }
}
