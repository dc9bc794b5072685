//! What the firm knows besides its policies: people, holds in force, zone and key.

use std::collections::{BTreeSet, HashMap};

use jiff::tz::TimeZone;
use lexhold_document::{Diagnostics, Document, Node};
use lexhold_model::{ContentKey, Directory};
use lexhold_policy::{Action, Condition, Program as Conditions, Schemas};
use lexhold_retention::HoldSpec;
use lexhold_rules::Program as Rules;

use crate::hold::as_mail;

/// Everything that an evaluation depends on besides the bundle and the batch.
#[derive(Debug)]
pub struct Facts {
    /// The directory.
    pub directory: Directory,
    /// The holds in force.
    pub holds: HoldSet,
    /// The home's zone, for local days in alerts and the sender's local time.
    pub zone: TimeZone,
    /// The home's key for hashes of content.
    pub key: ContentKey,
    /// Whether the batch was declared old, so that its dates are believed.
    pub backfill: bool,
}

/// Holds, compiled: their scopes, conditions and queries.
#[derive(Debug)]
pub struct HoldSet {
    pub(crate) specs: Vec<HoldSpec>,
    pub(crate) conditions: Conditions,
    /// For each hold, the position of its condition.
    pub(crate) condition_of: Vec<Option<usize>>,
    /// For each hold, its pattern query.
    pub(crate) queries: Vec<Option<Rules>>,
    /// For each hold, its explicit ids, custodians and conversations are looked up through these.
    pub(crate) by_id: HashMap<String, Vec<usize>>,
    /// For each hold, handles of its custodians.
    pub(crate) handles: Vec<BTreeSet<(String, String)>>,
}

impl HoldSet {
    /// No hold.
    pub fn none() -> Self {
        Self {
            specs: Vec::new(),
            conditions: Conditions::build(Action::Hold, Vec::new()),
            condition_of: Vec::new(),
            queries: Vec::new(),
            by_id: HashMap::new(),
            handles: Vec::new(),
        }
    }

    /// Compiles hold documents; other kinds are passed over. `None` when anything is wrong.
    pub fn compile(documents: &[&Document], schemas: &Schemas, diagnostics: &mut Diagnostics) -> Option<Self> {
        let specs = lexhold_retention::compile_holds(documents, diagnostics);
        let mut conditions = Vec::new();
        let mut condition_of = Vec::new();
        let mut queries = Vec::new();
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, hold) in specs.iter().enumerate() {
            condition_of.push(hold.condition.as_ref().and_then(|condition| {
                let node: &Node = documents[condition.document].get(&condition.path)?;
                conditions.push(Condition::compile(
                    schemas,
                    &hold.name,
                    Action::Hold,
                    &[node],
                    diagnostics,
                )?);
                Some(conditions.len() - 1)
            }));
            queries.push(
                hold.query
                    .as_ref()
                    .map(|query| lexhold_rules::compile_query(documents, query.document, &query.path, diagnostics)),
            );
            for id in &hold.ids {
                by_id.entry(id.clone()).or_default().push(at);
            }
        }
        let conditions = Conditions::build(Action::Hold, conditions);
        let of_mail = |hold: &HoldSpec| hold.custodians.iter().flat_map(|handle| as_mail(handle)).collect();
        (!diagnostics.has_errors()).then_some(Self {
            handles: specs.iter().map(of_mail).collect(),
            specs,
            conditions,
            condition_of,
            queries,
            by_id,
        })
    }

    /// The holds.
    pub fn specs(&self) -> &[HoldSpec] {
        &self.specs
    }

    /// Whether there is no hold.
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }

    /// People whom any hold names, whom a directory may not drop.
    pub fn custodians(&self) -> BTreeSet<&str> {
        self.specs
            .iter()
            .flat_map(|hold| hold.custodians.iter().map(String::as_str))
            .collect()
    }
}
