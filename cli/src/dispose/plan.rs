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
const APPROVED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

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
        let unknown = || {
            Failure::new(Exit::Usage, format!("there is no plan `{name}`")).help("lexhold dispose status lists them")
        };
        let row = catalog
            .plans()?
            .into_iter()
            .find(|plan| plan.plan == name)
            .ok_or_else(unknown)?;
        let mut items = Vec::new();
        catalog.plan_items::<anyhow::Error>(Some(name), |_, item| {
            items.push(item);
            Ok(())
        })?;
        let approvals = catalog
            .plan_approvals()?
            .into_iter()
            .filter(|approval| approval.plan == name)
            .collect();
        let plan = Self { row, items, approvals };
        if tree(&plan.items).head().root.to_string() != plan.row.digest || plan.items.len() as u64 != plan.row.n_items {
            let message = format!("the items of `{name}` are not those that its digest stands for");
            return Err(Failure::new(Exit::Data, message)
                .help("lexhold verify, then lexhold rebuild")
                .into());
        }
        Ok(plan)
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

    /// The approvals that count at an instant: none from before the release of a hold over any item, none that lapsed,
    /// none that a clock which was ahead wrote, and none of whoever asked for the plan, unless one person governs alone.
    pub fn standing(&self, now: Timestamp) -> Vec<&ApprovalRow> {
        let counts = |approval: &&ApprovalRow| {
            let at = Timestamp::from_microsecond(approval.approved_at).unwrap_or(Timestamp::MIN);
            at <= now
                && self.row.voided.is_none_or(|voided| approval.seq > voided)
                && now.duration_since(at) <= APPROVED_FOR
                && (approval.solo || approval.approved_by != self.row.proposed_by)
        };
        self.approvals.iter().filter(counts).collect()
    }

    /// Items that nobody sent back and that are there.
    pub fn remaining(&self) -> impl Iterator<Item = &ItemRow> {
        self.items
            .iter()
            .filter(|item| item.sent_back.is_none() && item.intent.is_none())
    }

    /// How far it has come, in a word.
    pub fn state(&self, now: Timestamp) -> &'static str {
        let row = &self.row;
        let settled = self.remaining().next().is_none();
        match () {
            () if row.rejected.is_some() => "rejected",
            () if row.certified.is_some() => "certified",
            () if row.n_destroyed > 0 => "partial",
            () if settled => "sent_back",
            () if !self.standing(now).is_empty() => "approved",
            () if self.approvals.is_empty() => "proposed",
            () => "approval_void",
        }
    }
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
