//! What may not be activated, whatever it does to messages.

use lexhold_evaluate::Bundle;
use lexhold_retention::Mode;

use crate::diff::figures::Figures;
use crate::failure::{Exit, Failure};
use crate::ledger::{Activation, History};

/// A version says one thing for ever: one that was active with another text is refused, as a package registry refuses it.
pub fn reused_version(history: &History, bundle: &Bundle) -> Result<(), Failure> {
    for document in bundle.documents.iter().filter(|document| document.version.is_some()) {
        let mut seen = history.activations.iter().flat_map(|activation| &activation.documents);
        let other = seen.find(|seen| {
            seen.kind == document.kind
                && seen.name == document.name
                && seen.version == document.version
                && seen.digest != document.digest
        });
        if let Some(other) = other {
            let message = format!(
                "version {} of the {} `{}` was active before and said something else: {} then, {} now",
                document.version.as_deref().unwrap_or_default(),
                document.kind,
                document.name,
                other.digest.short(),
                document.digest.short()
            );
            return Err(Failure::new(Exit::Refused, message).help("give the changed document a version of its own"));
        }
    }
    Ok(())
}

/// A document that was ever `compliance` stays so: else two activations could do what the ratchet forbids one.
pub fn leaving_compliance(history: &History, bundle: &Bundle) -> Result<(), Failure> {
    for schedule in bundle
        .schedules()
        .iter()
        .filter(|schedule| schedule.mode != Mode::Compliance)
    {
        let mut seen = history
            .activations
            .iter()
            .filter_map(|activation| activation.retention(&schedule.document));
        if seen.any(|document| document.mode == Some(Mode::Compliance)) {
            let message = format!(
                "the document `{}` was `mode: compliance` and may not become operational",
                schedule.document
            );
            let help = "keep the mode; a version that is wrong is taken back with lexhold retention correct";
            return Err(Failure::new(Exit::Refused, message).help(help));
        }
    }
    Ok(())
}

/// A new version of a `compliance` document that shortens acts on what is sent and captured from its day on, which may not lie
/// before it is activated.
pub fn early_effect(history: &History, activation: &Activation, figures: &Figures) -> Result<(), Failure> {
    let today = jiff::tz::TimeZone::UTC.to_datetime(activation.at).date();
    for document in &activation.documents {
        let Some(from) = document.effective_from.filter(|from| *from < today) else {
            continue;
        };
        let mut seen = history
            .activations
            .iter()
            .filter_map(|past| past.retention(&document.name));
        let is_new = seen.all(|seen| seen.digest != document.digest);
        let shortens = figures.kept_by_earlier_versions.contains_key(&document.name);
        if is_new && shortens && document.mode == Some(Mode::Compliance) {
            let message = format!(
                "version {} of `{}` shortens and is to act from {from}, before its activation today, {today}",
                document.version.as_deref().unwrap_or_default(),
                document.name
            );
            return Err(Failure::new(Exit::Refused, message).help("leave effective_from out, or name a day to come"));
        }
    }
    Ok(())
}
