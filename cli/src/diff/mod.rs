//! `diff`: what a change of policy does to the messages that the home has.
//!
//! `sample` makes a home of the moment where there is none, `sides` finds the bundles, `simulate` activates one in a copy of the catalog,
//! `periods` says which of a schedule's periods are others and where they stand,
//! `figures` counts what becomes of dates, `alerts` and `conversations` evaluate the archive under both, `print` says it.

mod alerts;
mod conversations;
mod documents;
mod fail_on;
pub mod figures;
mod periods;
mod print;
mod sample;
mod sides;
pub mod simulate;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_catalog::Catalog;
use lexhold_evaluate::Bundle;
use lexhold_model::{Digest, canonical_json};
use lexhold_store::Home;
use serde_json::{Value, json};

use self::alerts::{AlertFigures, Choice};
use self::documents::ChangedDocument;
pub use self::fail_on::FailOn;
use self::figures::Figures;
use self::periods::ChangedPeriod;
use self::sample::Sample;
use self::simulate::Supposed;
use crate::args::{Diff, DiffFormat as Format};
use crate::failure::Exit;
use crate::ledger::{Activation, History};
use crate::settings::Settings;
use crate::{home, review};

/// A comparison of two bundles over the messages of a home.
pub struct Comparison {
    /// The bundle before.
    pub from: Digest,
    /// The bundle after.
    pub to: Digest,
    /// The documents that say something else, where both bundles are at hand.
    pub documents: Vec<ChangedDocument>,
    /// The periods that are others, where both bundles are at hand.
    pub periods: Vec<ChangedPeriod>,
    /// The instant at which messages are or are not eligible.
    pub judged_at: Timestamp,
    /// What becomes of dates.
    pub retention: Figures,
    /// What becomes of alerts, where that was looked at.
    pub alerts: Option<AlertFigures>,
}

impl Comparison {
    /// The digest of the simulation: bundles and figures on dates, in RFC 8785 JSON. Alerts are no part of it: they free
    /// nothing.
    pub fn digest(&self) -> Digest {
        Digest::of(canonical_json(&self.simulation()).as_bytes())
    }

    /// What is stored with an activation.
    pub fn simulation(&self) -> Value {
        json!({
            "from": self.from,
            "to": self.to,
            "judged_at": self.judged_at.to_string(),
            "retention": self.retention,
        })
    }

    fn json(&self) -> Value {
        let mut all = self.simulation();
        all["schema"] = json!("lexhold/diff/1");
        all["digest"] = json!(self.digest());
        all["documents"] = json!(self.documents);
        all["periods"] = json!(self.periods);
        all["semantic_change"] = json!(self.from != self.to);
        all["unverified_bundles"] = json!(crate::bundle::unverified());
        if let Some(alerts) = &self.alerts {
            all["alerts"] = json!(alerts);
        }
        all
    }
}

/// Compares.
pub fn diff(settings: &Settings, args: &Diff) -> anyhow::Result<Exit> {
    let sample = match args.messages.is_empty() {
        true => None,
        false => Some(Sample::taken_in(settings, args)?),
    };
    let settings = sample.as_ref().map_or(settings, |sample| &sample.settings);
    let home = home::open(settings)?;
    drop(home::catalog(settings, &home)?);
    let history = history(settings, &home)?;
    let old = sides::side(settings, &home, &history, &args.old)?;
    let new = sides::side(settings, &home, &history, &args.new)?;
    let before = (!old.is_active).then_some(&old.bundle);
    let retention = dates(settings, &home, before, &new.bundle)?;
    let alerts = if args.no_alerts || !alerts::differ(&old.bundle, &new.bundle) {
        None
    } else {
        let facts = alerts::facts(&home, review::directory(settings)?)?;
        let choice = Choice {
            sample: args.sample,
            seed: args.seed,
            of: retention.messages,
        };
        Some(alerts::compare(&home, &old.bundle, &new.bundle, &facts, choice)?)
    };
    let comparison = Comparison {
        from: old.bundle.digest,
        to: new.bundle.digest,
        documents: documents::changed(&old.bundle, &new.bundle),
        periods: periods::changed(&old.bundle, &new),
        judged_at: judged_at(settings),
        retention,
        alerts,
    };
    print::print(&mut std::io::stdout().lock(), &comparison, args.format)?;
    let failing = args.fail_on.iter().any(|fail_on| fail_on.is_met(&comparison));
    Ok(if failing { Exit::Negative } else { Exit::Done })
}

/// Prints a comparison as `diff` does.
pub fn print_text(comparison: &Comparison) -> anyhow::Result<()> {
    Ok(print::print(&mut std::io::stderr().lock(), comparison, Format::Text)?)
}

/// Prints figures on dates as `diff` does.
pub fn print_figures(title: &str, figures: &Figures, digest: &Digest) -> anyhow::Result<()> {
    Ok(print::figures(&mut std::io::stderr().lock(), title, figures, digest)?)
}

fn history(settings: &Settings, home: &Home) -> anyhow::Result<History> {
    let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
    History::read(&catalog)
}

/// The figures on dates, from the active bundle or another one to a bundle.
pub fn dates(settings: &Settings, home: &Home, from: Option<&Bundle>, to: &Bundle) -> anyhow::Result<Figures> {
    let real = home.catalog_path();
    if from.is_none() && same_retention(settings, home, to)? {
        let catalog = Catalog::open_reader(&real, &home::catalog_settings(settings, home)?)?;
        return Figures::unchanged(&catalog);
    }
    let old = from
        .map(|bundle| Supposed::active(settings, home, &real, bundle, settings.now))
        .transpose()?;
    let old_path = old.as_ref().map_or(real.as_path(), Supposed::path);
    let new = Supposed::active(settings, home, old_path, to, settings.now)?;
    simulate::compare(settings, home, old_path, new.path(), judged_at(settings))
}

/// Whether a bundle has the very schedules and calendars of the active one, so that no date can change.
fn same_retention(settings: &Settings, home: &Home, bundle: &Bundle) -> anyhow::Result<bool> {
    let history = history(settings, home)?;
    let Some(active) = history.active() else {
        return Ok(false);
    };
    let dating = |activation: &Activation| -> Vec<(String, Digest)> {
        let documents = activation.documents.iter();
        let mine = documents.filter(|document| matches!(document.kind.as_str(), "retention" | "calendar"));
        mine.map(|document| (format!("{} {}", document.kind, document.name), document.digest))
            .collect()
    };
    Ok(dating(active) == dating(&Activation::of(bundle, settings.now)))
}

/// When eligibility is judged: at `--as-of`, else at the end of today in UTC, so that a simulation looked at in the morning is
/// still the same in the evening.
pub fn judged_at(settings: &Settings) -> Timestamp {
    if settings.as_of != settings.now {
        return settings.as_of;
    }
    let today = TimeZone::UTC.to_datetime(settings.now).date();
    let end = today.tomorrow().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    end.map_or(settings.now, |end| end.timestamp())
}
