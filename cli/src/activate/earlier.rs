//! Versions of retention documents that a later one has superseded and that still bind some new messages.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
/// A version that still binds, as a run puts it on record.
pub use lexhold_evaluate::portable::EarlierVersion as BoundVersion;
pub use lexhold_evaluate::retention_of;
use lexhold_evaluate::{Bundle, Earlier};
use lexhold_model::Digest;
use lexhold_retention::Mode;
use lexhold_store::{EntryKind, Home};
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::ledger::{ActivatedDocument, Activation, History};
use crate::past;

/// The versions that bind beside those of the active bundle, sorted by name and age.
///
/// A version of a `compliance` document acts where it shortens on messages both sent and captured from its day on, which never
/// lies before its activation; until then the versions before it bind too. So does a document that was dropped, up to that day.
pub fn bound(history: &History, now: Timestamp) -> Vec<BoundVersion> {
    let Some(active) = history.active() else {
        return Vec::new();
    };
    let mut last: BTreeMap<(&str, Digest), usize> = BTreeMap::new();
    for (at, activation) in history.activations.iter().enumerate() {
        for document in activation
            .documents
            .iter()
            .filter(|document| document.kind == "retention")
        {
            last.insert((&document.name, document.digest), at);
        }
    }
    let mut versions: Vec<(usize, BoundVersion)> = Vec::new();
    for ((name, digest), at) in last {
        let in_force = active.retention(name).is_some_and(|document| document.digest == digest);
        let corrected = history.corrections.iter().any(|correction| {
            correction.document == name && correction.digest == digest && correction.acts_from <= now
        });
        let version = &history.activations[at];
        let Some(document) = version.retention(name).filter(|_| !in_force && !corrected) else {
            continue;
        };
        let later = history.activations[at + 1..].iter();
        if let Some(superseded_from) = later.filter_map(|later| ends(name, document, later)).min() {
            let bundle = version.bundle;
            let document = name.to_owned();
            versions.push((
                at,
                BoundVersion {
                    bundle,
                    document,
                    digest,
                    superseded_from,
                },
            ));
        }
    }
    versions.sort_by(|(one, a), (other, b)| (&a.document, one).cmp(&(&b.document, other)));
    versions.into_iter().map(|(_, version)| version).collect()
}

/// The day from which on a later activation leaves no message to a version.
fn ends(name: &str, version: &ActivatedDocument, later: &Activation) -> Option<Date> {
    let activated = TimeZone::UTC.to_datetime(later.at).date();
    match later.retention(name) {
        Some(document) => {
            let from = later.acts_from(document).max(activated);
            // What is operational may be shortened at once; only a day still to come leaves messages to the version before it.
            (version.mode != Some(Mode::Operational) || from > activated).then_some(from)
        }
        None => (version.mode != Some(Mode::Operational)).then_some(activated),
    }
}

/// The bundle with the versions that bind beside it, compiled from what was stored when they were activated.
pub fn with_bound(home: &Home, bundle: Bundle, versions: &[BoundVersion]) -> anyhow::Result<Bundle> {
    if versions.is_empty() {
        return Ok(bundle);
    }
    let mut compiled: BTreeMap<Digest, Bundle> = BTreeMap::new();
    for version in versions {
        let past = match compiled.entry(version.bundle) {
            Entry::Occupied(past) => past.into_mut(),
            Entry::Vacant(vacant) => {
                let stored = past::bundle_sources(home, &version.bundle.to_string())?;
                let past = stored.and_then(|stored| retention_of(&stored));
                vacant.insert(past.ok_or_else(|| lost(version))?)
            }
        };
        let is_it =
            |info: &lexhold_evaluate::DocumentInfo| info.name == version.document && info.digest == version.digest;
        if !past.documents.iter().any(is_it) {
            return Err(lost(version).into());
        }
    }
    let earlier: Vec<Earlier<'_>> = versions
        .iter()
        .map(|version| Earlier {
            bundle: &compiled[&version.bundle],
            document: &version.document,
            superseded_from: version.superseded_from,
        })
        .collect();
    Ok(bundle.with_earlier(&earlier))
}

fn lost(version: &BoundVersion) -> Failure {
    let message = format!(
        "the version {} of `{}`, which still binds messages, cannot be compiled from bundle {} as it was stored",
        version.digest.short(),
        version.document,
        version.bundle.short()
    );
    Failure::new(Exit::Data, message).help("lexhold verify says what is wrong with the home")
}

/// The versions that a run had beside its bundle, as it put them on record.
pub fn bound_in(home: &Home, run: &str) -> anyhow::Result<Vec<BoundVersion>> {
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind != EntryKind::RunStarted {
            continue;
        }
        let mut payload: Value = home.journal().payload_json(&entry)?.unwrap_or_default();
        if payload["run"] == run {
            let damaged = |_| Failure::new(Exit::Data, format!("journal entry {} cannot be read", entry.seq));
            return Ok(match payload["earlier"].take() {
                Value::Null => Vec::new(),
                earlier => serde_json::from_value(earlier).map_err(damaged)?,
            });
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{document, history};

    fn bound_days(activations: &[(&str, Option<ActivatedDocument>)]) -> Vec<(Digest, String)> {
        let bound = bound(&history(activations), Timestamp::UNIX_EPOCH);
        bound
            .into_iter()
            .map(|version| (version.digest, version.superseded_from.to_string()))
            .collect()
    }

    fn version(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    #[test]
    fn an_earlier_version_binds_until_a_later_one_acts() {
        use Mode::{Compliance, Operational};
        let v = |name: &str, from| Some(document(name, Compliance, from));
        assert_eq!(bound_days(&[]), []);
        assert_eq!(bound_days(&[("2020-01-01", v("1", None))]), []);
        let two = [("2020-01-01", v("1", None)), ("2021-02-03", v("2", None))];
        assert_eq!(bound_days(&two), [(version("1"), "2021-02-03".into())]);
        let later = [("2020-01-01", v("1", None)), ("2021-02-03", v("2", Some("2022-01-01")))];
        assert_eq!(bound_days(&later), [(version("1"), "2022-01-01".into())]);
        let early = [("2020-01-01", v("1", None)), ("2021-02-03", v("2", Some("2019-01-01")))];
        assert_eq!(
            bound_days(&early),
            [(version("1"), "2021-02-03".into())],
            "never before its activation"
        );
        let three = [
            ("2020-01-01", v("1", None)),
            ("2021-01-01", v("2", Some("2025-01-01"))),
            ("2022-01-01", v("3", Some("2023-01-01"))),
        ];
        let both = [(version("1"), "2023-01-01".into()), (version("2"), "2023-01-01".into())];
        assert_eq!(bound_days(&three), both);
        let back = [
            ("2020-01-01", v("1", None)),
            ("2021-01-01", v("2", None)),
            ("2022-01-01", v("1", None)),
        ];
        assert_eq!(
            bound_days(&back),
            [(version("2"), "2022-01-01".into())],
            "what is active again is not earlier"
        );
        let dropped = [("2020-01-01", v("1", None)), ("2021-01-01", None)];
        assert_eq!(bound_days(&dropped), [(version("1"), "2021-01-01".into())]);
        let o = |name: &str, from| Some(document(name, Operational, from));
        assert_eq!(
            bound_days(&[("2020-01-01", o("1", None)), ("2021-01-01", o("2", None))]),
            []
        );
        let waiting = [("2020-01-01", o("1", None)), ("2021-01-01", o("2", Some("2022-01-01")))];
        assert_eq!(bound_days(&waiting), [(version("1"), "2022-01-01".into())]);
    }
}
