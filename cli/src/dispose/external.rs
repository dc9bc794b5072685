//! `store: external`: bodies lie in the firm's own archive, which is told what to destroy and answers what became of it.
//!
//! An order is journalled before anybody outside learns of it, under the journal's lock, as an intent is. A message counts as
//! gone there once that archive does not find it: an answer that it was destroyed is not enough, and one that never came may
//! follow a destruction. Only then do evaluations and catalog lose it, as in any home.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use lexhold_catalog::ItemRow;
use lexhold_catalog::payload::{AnsweredItem, DisposalAnswered, DisposalOrdered, OrderedItem, Outcome};
use lexhold_model::Key;
use lexhold_store::{EntryKind, Home, Payload, StoreMode};
use serde_json::{Value, json};

use super::plan::Plan;
use crate::home;
use crate::operators::Actor;
use crate::report::table::write_whole;

/// A message that the firm's archive was told to destroy.
#[derive(Clone, Debug)]
pub struct Handed {
    /// What it was told of it.
    pub item: OrderedItem,
    /// The entry of the order.
    pub seq: u64,
    /// The last answer.
    pub last: Option<AnsweredItem>,
}

impl Handed {
    /// Whether that archive has looked for it and not found it.
    pub fn is_gone(&self) -> bool {
        self.last.as_ref().is_some_and(|last| {
            let found = last.read_back.unwrap_or(last.outcome);
            found == Outcome::NotFound
        })
    }

    /// When a lock ends that has not ended yet.
    fn locked_until(&self, now: Timestamp) -> Option<&str> {
        let last = self.last.as_ref().filter(|last| last.outcome == Outcome::Locked)?;
        let until = last.until.as_deref()?;
        let over = until.parse().is_ok_and(|until: Timestamp| until <= now);
        (!over).then_some(until)
    }

    /// How far it has come.
    pub fn state(&self, now: Timestamp) -> String {
        match (&self.last, self.locked_until(now)) {
            (None, _) => "intent".into(),
            _ if self.is_gone() => "verified".into(),
            (_, Some(until)) => format!("blocked_storage_lock({until})"),
            (Some(last), _) if last.outcome == Outcome::Refused => "partial".into(),
            _ => "destroying(1)".into(),
        }
    }
}

/// What the firm's archive was told of a plan and what it answered.
#[derive(Debug, Default)]
pub struct HandedOver {
    items: HashMap<Key, Handed>,
    /// Digests of the files of answers.
    files: HashSet<String>,
    /// The entries of the orders.
    orders: Vec<u64>,
}

impl HandedOver {
    /// Reads the journal; a home that has the bodies itself told nobody anything.
    pub fn read(home: &Home, plan: &str) -> anyhow::Result<Self> {
        Ok(Self::by_plan(home)?.remove(plan).unwrap_or_default())
    }

    /// The same of every plan of which the archive was told something, whatever became of the plan.
    pub fn by_plan(home: &Home) -> anyhow::Result<BTreeMap<String, Self>> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        if home.store_mode() == StoreMode::Archive {
            return Ok(all);
        }
        for entry in home.journal().entries(1)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::DisposalOrdered => {
                    let order: Option<DisposalOrdered> = home.journal().payload_json(&entry)?;
                    let Some(order) = order else { continue };
                    let handed = all.entry(order.plan).or_default();
                    handed.orders.push(entry.seq);
                    for item in order.items {
                        let (key, seq) = (item.key, entry.seq);
                        handed.items.entry(key).or_insert(Handed { item, seq, last: None });
                    }
                }
                EntryKind::DisposalAnswered => {
                    let answer: Option<DisposalAnswered> = home.journal().payload_json(&entry)?;
                    let Some(answer) = answer else { continue };
                    let handed = all.entry(answer.plan).or_default();
                    handed.files.insert(answer.file);
                    for item in answer.items {
                        if let Some(handed) = handed.items.get_mut(&item.key) {
                            handed.last = Some(item);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(all)
    }

    /// What became of one message.
    pub fn get(&self, key: Key) -> Option<&Handed> {
        self.items.get(&key)
    }

    /// Each message that was handed over, by its id: the entry that ordered its destruction, and whether every version of it that
    /// was is gone there.
    pub fn messages(&self) -> HashMap<&str, (u64, bool)> {
        let mut messages: HashMap<&str, (u64, bool)> = HashMap::new();
        for handed in self.items.values() {
            let (seq, gone) = messages.entry(&handed.item.message_id).or_insert((handed.seq, true));
            *seq = handed.seq.min(*seq);
            *gone &= handed.is_gone();
        }
        messages
    }

    /// Whether a file of answers has been taken in.
    pub fn knows_file(&self, digest: &str) -> bool {
        self.files.contains(digest)
    }

    /// The messages of families of which every version is gone there.
    pub fn gone(&self, of: &[ItemRow]) -> HashSet<Key> {
        let is_gone = |item: &ItemRow| self.get(item.key).is_some_and(Handed::is_gone);
        let stay: HashSet<Key> = of
            .iter()
            .filter(|item| !is_gone(item))
            .map(|item| item.family)
            .collect();
        let gone = of.iter().filter(|item| !stay.contains(&item.family));
        gone.map(|item| item.key).collect()
    }

    /// Items of a plan that were handed over and are not tombstones yet, with their states.
    pub fn waiting<'p>(&'p self, plan: &'p Plan, now: Timestamp) -> impl Iterator<Item = (&'p ItemRow, String)> {
        let open = plan.items.iter().filter(|item| item.intent.is_none());
        open.filter_map(move |item| Some((item, self.get(item.key)?.state(now))))
    }

    /// How messages that are gone went, in words, with their numbers.
    pub fn methods(&self, gone: &[ItemRow]) -> BTreeMap<&'static str, u64> {
        let mut methods = BTreeMap::new();
        for item in gone {
            let read_back = self.get(item.key).and_then(|handed| handed.last.as_ref()?.read_back);
            let method = match read_back {
                Some(_) => "destroyed by the firm's archive and read back",
                None => "not found in the firm's archive after the order",
            };
            *methods.entry(method).or_default() += 1;
        }
        methods
    }

    /// Whether something was ordered of which the archive has not said that it is gone.
    pub fn is_outstanding(&self) -> bool {
        self.items.values().any(|handed| !handed.is_gone())
    }

    /// Writes what there is to do into a file: one JSON document, in the order of the plan, with the orders as they can be checked
    /// offline. Everything is called back where `recall` says so.
    pub fn write_work(
        &self,
        home: &Home,
        actor: &Actor,
        plan: &Plan,
        recall: bool,
        path: &Path,
    ) -> anyhow::Result<usize> {
        let now = Timestamp::now();
        let mut orders = Vec::new();
        for seq in &self.orders {
            if let Some(entry) = home.journal().entries(*seq)?.next().transpose()? {
                orders.push(home.certify(&entry, home::stamp(&actor.id))?);
            }
        }
        let items: Vec<Value> = self
            .waiting(plan, now)
            .filter_map(|(item, _)| self.work(item, recall, now))
            .collect();
        let document = json!({
            "schema": "lexhold/disposal-work/1",
            "plan": plan.row.plan,
            "digest": plan.row.digest,
            "items": items,
            "orders": orders,
        });
        write_whole(path, |mut out| Ok(writeln!(out, "{document:#}")?))?;
        Ok(items.len())
    }

    /// What the archive is to do with an item: destroy it, look for it again, or leave it alone after all.
    fn work(&self, item: &ItemRow, recall: bool, now: Timestamp) -> Option<Value> {
        let handed = self.get(item.key)?;
        let outcome = handed.last.as_ref().map(|last| last.outcome);
        let step = match outcome {
            _ if handed.is_gone() => return None,
            _ if recall || item.sent_back.is_some() => "recall",
            _ if handed.locked_until(now).is_some() => return None,
            Some(Outcome::Destroyed) => "read_back",
            _ => "destroy",
        };
        let mut work = json!(handed.item);
        work["do"] = json!(step);
        Some(work)
    }
}

/// Tells the firm's archive of those of these messages that it has not been told of, in the journal first. False where something
/// has come since `seen` that could matter: nothing is ordered then.
pub fn order(home: &Home, actor: &Actor, plan: &Plan, go: &HashMap<Key, String>, seen: u64) -> anyhow::Result<bool> {
    let handed = HandedOver::read(home, &plan.row.plan)?;
    let new = plan.items.iter().filter(|item| go.contains_key(&item.key));
    let items: Vec<OrderedItem> = new
        .filter(|item| handed.get(item.key).is_none())
        .map(|item| OrderedItem {
            key: item.key,
            message_id: item.message_id.clone(),
            version: item.version,
            content_hash: item.content_hash,
        })
        .collect();
    if items.is_empty() {
        return Ok(home.unsettling(seen)?.is_none());
    }
    let payload = json!(DisposalOrdered {
        plan: plan.row.plan.clone(),
        digest: plan.row.digest.clone(),
        seen,
        items,
    });
    let (kind, stamp) = (EntryKind::DisposalOrdered, home::stamp(&actor.id));
    let unchanged = |_: &lexhold_store::Journal| Ok(home.unsettling(seen)?.is_none());
    Ok(home
        .journal()
        .append_if(kind, Some(Payload::Json(&payload)), stamp, unchanged)?
        .is_some())
}
