//! Test support: a process that stops dead at a named step, as if it had been killed there, or waits there.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// A step of the commit of a batch, or of a destruction, after which a test may stop the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Some of the files are in staging.
    HalfStaged,
    /// All files are in staging and synced, nothing is journalled.
    Staged,
    /// The journal line stands; no file has been moved.
    Journalled,
    /// The first file has been moved to its place.
    HalfPublished,
    /// All files are in place; the catalog knows nothing of them yet.
    Published,
    /// The catalog has projected the entry. Reached by the caller, not by this crate.
    Projected,
    /// The segments are written again, without the messages that go; the evaluation files are not.
    HalfRewritten,
    /// All files are written again and read back; nothing is journalled.
    Rewritten,
    /// Under the journal's lock: nothing came that could matter.
    TailClean,
    /// The intent stands; no file has been moved.
    Intended,
    /// The new segments are in place beside the old ones.
    SegmentPlaced,
    /// An old segment is gone; of several the others are there.
    SegmentGone,
    /// The old segments are gone, the lock given up; evaluation files are as before.
    BodiesGone,
    /// The first evaluation file has been replaced.
    HalfSwapped,
    /// All files have been replaced; the journal does not say so yet.
    TablesSwapped,
    /// A copy of the catalog without what is gone waits in staging. Reached by the caller, as is the next.
    CatalogCopied,
    /// The copy is in the place of the catalog.
    CatalogReplaced,
    /// The order to the firm's own archive stands; nobody outside knows of it yet. Reached by the caller, as is the next.
    Ordered,
    /// The certificate is on record, and nowhere else.
    Certified,
}

impl Step {
    /// Every step of a commit, in the order they are reached.
    pub const ALL: [Self; 6] = [
        Self::HalfStaged,
        Self::Staged,
        Self::Journalled,
        Self::HalfPublished,
        Self::Published,
        Self::Projected,
    ];

    /// Every step of a destruction, in the order they are reached.
    pub const DESTRUCTION: [Self; 9] = [
        Self::HalfRewritten,
        Self::Rewritten,
        Self::TailClean,
        Self::Intended,
        Self::SegmentPlaced,
        Self::SegmentGone,
        Self::BodiesGone,
        Self::HalfSwapped,
        Self::TablesSwapped,
    ];

    /// Every step of the retirement of catalog bytes, in the order they are reached.
    pub const RETIREMENT: [Self; 2] = [Self::CatalogCopied, Self::CatalogReplaced];

    /// What the program does beside batches and destructions, a step each.
    pub const APART: [Self; 2] = [Self::Ordered, Self::Certified];

    fn all() -> impl Iterator<Item = Self> {
        let commits = Self::ALL.into_iter().chain(Self::DESTRUCTION);
        commits.chain(Self::RETIREMENT).chain(Self::APART)
    }

    /// The name by which a test asks for the step.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HalfStaged => "half-staged",
            Self::Staged => "staged",
            Self::Journalled => "journalled",
            Self::HalfPublished => "half-published",
            Self::Published => "published",
            Self::Projected => "projected",
            Self::HalfRewritten => "half-rewritten",
            Self::Rewritten => "rewritten",
            Self::TailClean => "tail-clean",
            Self::Intended => "intended",
            Self::SegmentPlaced => "segment-placed",
            Self::SegmentGone => "segment-gone",
            Self::BodiesGone => "bodies-gone",
            Self::HalfSwapped => "half-swapped",
            Self::TablesSwapped => "tables-swapped",
            Self::CatalogCopied => "catalog-copied",
            Self::CatalogReplaced => "catalog-replaced",
            Self::Ordered => "ordered",
            Self::Certified => "certified",
        }
    }
}

/// Where, if anywhere, a test wants the process to abort or to wait. The default is nowhere.
///
/// Written `journalled:3`: the third time that step is reached; without a number, the first.
#[derive(Debug, Default)]
pub struct Faults {
    stop: Option<(Step, u32)>,
    /// What is waited for there; without it the process aborts.
    until: Option<&'static AtomicBool>,
    reached: AtomicU32,
}

impl Faults {
    /// A place as it is written, where the process aborts, or waits until something is so.
    ///
    /// # Errors
    /// In words, if there is no such place.
    pub fn at(place: &str, until: Option<&'static AtomicBool>) -> Result<Self, &'static str> {
        Ok(Self {
            until,
            ..place.parse()?
        })
    }

    /// If this is the place a test asked for: aborts the process, without unwinding, or waits.
    #[expect(
        clippy::disallowed_methods,
        reason = "to die without a trace is what a test asked for"
    )]
    pub fn reach(&self, step: Step) {
        if let Some((stop, time)) = self.stop
            && stop == step
            && self.reached.fetch_add(1, Ordering::Relaxed) + 1 == time
        {
            let Some(until) = self.until else { std::process::abort() };
            while !until.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl FromStr for Faults {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, time) = text.split_once(':').unwrap_or((text, "1"));
        let step = Step::all().find(|step| step.as_str() == name).ok_or("no such step")?;
        let time = time
            .parse()
            .ok()
            .filter(|time| *time > 0)
            .ok_or("the step's count is a number from 1")?;
        Ok(Self {
            stop: Some((step, time)),
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_asked_for_by_name_and_count() {
        for step in Step::all() {
            assert_eq!(step.as_str().parse::<Faults>().unwrap().stop, Some((step, 1)));
        }
        assert_eq!(
            "journalled:3".parse::<Faults>().unwrap().stop,
            Some((Step::Journalled, 3))
        );
        static NOW: AtomicBool = AtomicBool::new(true);
        // What is so already is not waited for.
        Faults::at("staged", Some(&NOW)).unwrap().reach(Step::Staged);
        assert!("journalled:0".parse::<Faults>().is_err() && "never".parse::<Faults>().is_err());
        // Nothing asked for, nothing happens.
        Faults::default().reach(Step::Staged);
    }
}
