//! Whether a bundle counts here: by what the one who reads it trusts, never by what it says of itself.

use std::collections::BTreeMap;

use lexhold_bundle::{Manifest, Parts, Refusal, codes};
use lexhold_model::PublicKey;
use lexhold_store::{EntryKind, ErrorKind, Home};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::operators::read_operators;
use crate::settings::Settings;

/// `trust:` in `lexhold.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Operators of `operators.yaml` whose signatures count.
    #[serde(default)]
    signers: Vec<String>,
    /// Signers that are no operators, with their public keys.
    #[serde(default)]
    keys: BTreeMap<String, PublicKey>,
    /// How many of them have to have signed.
    signatures: Option<usize>,
    /// The least revision of a bundle, by its name.
    #[serde(default)]
    revisions: BTreeMap<String, u64>,
}

/// Who signed a bundle, once all that is asked of it has been found to hold.
///
/// # Errors
/// A refusal with its code; or that the trust itself cannot be read.
pub fn signers(settings: &Settings, parts: &Parts) -> anyhow::Result<Result<Vec<String>, Refusal>> {
    let keys = trusted_keys(settings)?;
    let signers = match signed_by(settings, parts, &keys) {
        Ok(signers) => signers,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let least = least_revision(settings, &parts.manifest.name)?;
    // By the clock, never by `--as-of`: a date that somebody types extends nothing.
    let refused = parts
        .manifest
        .not_now(settings.now)
        .or_else(|| older(&parts.manifest, least))
        .or_else(|| parts.manifest.other_version());
    Ok(refused.map_or(Ok(signers), Err))
}

/// The keys whose signatures count, by signer.
fn trusted_keys(settings: &Settings) -> anyhow::Result<BTreeMap<String, PublicKey>> {
    let mut keys = settings.trust.keys.clone();
    if settings.trust.signers.is_empty() {
        return Ok(keys);
    }
    let operators = read_operators(settings)?.unwrap_or_default();
    for signer in &settings.trust.signers {
        let key = operators
            .get(signer)
            .and_then(|operator| operator.public_key.as_ref()?.parse().ok());
        let Some(key) = key else {
            let message = format!("trust: `{signer}` is no operator with a public key");
            return Err(Failure::new(Exit::Policy, message)
                .help("list them in operators.yaml, or name the key under `trust: { keys: … }`")
                .into());
        };
        keys.insert(signer.clone(), key);
    }
    Ok(keys)
}

fn signed_by(settings: &Settings, parts: &Parts, keys: &BTreeMap<String, PublicKey>) -> Result<Vec<String>, Refusal> {
    if keys.is_empty() {
        let message = "lexhold.yaml names nobody whose signature counts".to_owned();
        return Err(Refusal::new(codes::NOBODY_TRUSTED, message));
    }
    parts.signed_by(keys, settings.trust.signatures.unwrap_or(1).max(1))
}

fn older(manifest: &Manifest, least: u64) -> Option<Refusal> {
    (manifest.revision < least).then(|| {
        let message = format!(
            "revision {} of `{}` is older than revision {least}",
            manifest.revision, manifest.name
        );
        Refusal::new(codes::OLDER_REVISION, message)
    })
}

/// The least revision of a bundle: what `lexhold.yaml` says, or the highest one that was put into force in the home.
fn least_revision(settings: &Settings, name: &str) -> anyhow::Result<u64> {
    let mut least = settings.trust.revisions.get(name).copied().unwrap_or(0);
    let home = match Home::open(&settings.home) {
        Ok(home) => home,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(least),
        Err(error) => return Err(error.into()),
    };
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind == EntryKind::Activation {
            let payload: Value = home.journal().payload_json(&entry)?.unwrap_or_default();
            let shipped = &payload["shipped"];
            if shipped["name"] == name {
                least = least.max(shipped["revision"].as_u64().unwrap_or(0));
            }
        }
    }
    Ok(least)
}
