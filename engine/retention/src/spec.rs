//! A schedule as one line of text that says it all, and back.

use std::fmt;

use jiff::civil::Date;
use lexhold_model::{Digest, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Basis, Ceiling, Condition, Dispose, Extend, InForce, Mode, Retain, Schedule, Standing, Tier, Zone};

/// A schedule in the words of a document, with everything that it takes from elsewhere written out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    id: String,
    document: String,
    version: String,
    digest: Digest,
    name: String,
    title: String,
    zone: Zone,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<Basis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cites: Vec<String>,
    tier: Tier,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<InForce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retain: Option<Retain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extend: Option<Extend>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispose: Option<Dispose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ceiling: Option<Ceiling>,
}

/// Why a text is no schedule.
#[derive(Debug)]
pub struct SpecError(serde_json::Error);

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a schedule as it is stored: {}", self.0)
    }
}

impl std::error::Error for SpecError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Schedule {
    /// The schedule of a stored [`Schedule::spec`]. Its key is that of the one that was stored; it stands in force, and
    /// its conditions are text that no document holds.
    ///
    /// # Errors
    /// If the text is not one that was stored by this version or an earlier one.
    pub fn from_spec(spec: &str) -> Result<Self, SpecError> {
        let said: Spec = serde_json::from_str(spec).map_err(SpecError)?;
        let condition = |text: String| Condition {
            document: 0,
            path: Vec::new(),
            text,
        };
        Ok(Self {
            id: said.id,
            at: (0, 0),
            document: said.document,
            version: said.version,
            digest: said.digest,
            name: said.name,
            title: said.title,
            zone: said.zone,
            mode: said.mode,
            basis: said.basis,
            jurisdiction: said.jurisdiction,
            cites: said.cites,
            tier: said.tier,
            label: said.label,
            scope: said.scope.map(condition),
            when: said.when.map(condition),
            in_force: said.in_force.unwrap_or_default(),
            effective_from: said.effective_from,
            standing: Standing::InForce,
            superseded_from: None,
            retired: said.retired,
            retain: said.retain,
            extend: said.extend,
            dispose: said.dispose,
            ceiling: said.ceiling,
            spec: spec.to_owned(),
        })
    }

    /// The schedule with its [`Schedule::spec`] filled in.
    pub(crate) fn with_spec(self) -> Self {
        let text = |condition: &Option<Condition>| condition.as_ref().map(|condition| condition.text.clone());
        let spec = Spec {
            id: self.id.clone(),
            document: self.document.clone(),
            version: self.version.clone(),
            digest: self.digest,
            name: self.name.clone(),
            title: self.title.clone(),
            zone: self.zone.clone(),
            mode: self.mode,
            basis: self.basis,
            jurisdiction: self.jurisdiction.clone(),
            cites: self.cites.clone(),
            tier: self.tier,
            label: self.label.clone(),
            scope: text(&self.scope),
            when: text(&self.when),
            in_force: Some(self.in_force).filter(|in_force| *in_force != InForce::default()),
            effective_from: self.effective_from,
            retired: self.retired,
            retain: self.retain.clone(),
            extend: self.extend.clone(),
            dispose: self.dispose.clone(),
            ceiling: self.ceiling.clone(),
        };
        Self {
            spec: canonical_json(&json!(spec)),
            ..self
        }
    }
}
