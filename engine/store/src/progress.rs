//! How far a run has come, for another shell to look at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Home, Result, StoreError, files, gate};

pub(crate) const FILE: &str = "progress.json";

/// The state of the current or last run, as `progress.json` holds it. Advice, not a record.
///
/// Whether the run is still alive is known by its lock alone: see [`Home::run_holder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The run's id.
    pub run: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When these figures were taken.
    pub updated_at: Timestamp,
    /// What it is doing: `reading`, `committing`, `finished`.
    pub phase: String,
    /// Messages accounted for.
    pub messages: u64,
    /// Bytes of input read.
    pub bytes: u64,
    /// Bytes of input there are, where that is known.
    pub total_bytes: Option<u64>,
    /// Hits recorded.
    pub alerts: u64,
    /// Messages a second so far.
    pub messages_per_second: f64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            run: String::new(),
            started_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            phase: String::new(),
            messages: 0,
            bytes: 0,
            total_bytes: None,
            alerts: 0,
            messages_per_second: 0.0,
        }
    }
}

impl Home {
    /// Replaces the progress of the run in one step, so that no reader sees half of it.
    ///
    /// # Errors
    /// When the home cannot be written.
    pub fn write_progress(&self, progress: &Progress) -> Result<()> {
        let text = serde_json::to_vec(progress)
            .map_err(|cause| StoreError::refused("progress holds a number JSON cannot write").because(cause))?;
        gate::replace_state(self.root(), FILE, &text)
    }

    /// The progress last written; `None` when no run has ever written any, or what is there cannot be read as such.
    ///
    /// # Errors
    /// When the file is there and the file system does not hand it out.
    pub fn progress(&self) -> Result<Option<Progress>> {
        Ok(files::read_if_there(&self.root().join(FILE))?.and_then(|text| serde_json::from_slice(&text).ok()))
    }
}
