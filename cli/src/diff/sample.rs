//! `--messages`: where there is no home, one of the moment, with a sample of messages taken in under the bundle before.

use std::path::Path;

use tempfile::TempDir;

use super::sides;
use crate::args::{Diff, Run, SummaryFormat};
use crate::failure::{Exit, Failure, OrExit};
use crate::run;
use crate::settings::Settings;

/// Messages in a home that goes with this value.
pub struct Sample {
    _folder: TempDir,
    /// Settings that speak of that home.
    pub settings: Settings,
}

impl Sample {
    /// Takes the messages in.
    ///
    /// # Errors
    /// The bundle before can only be known to a home; messages cannot be read.
    pub fn taken_in(settings: &Settings, args: &Diff) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().or_exit(Exit::Data, "making room for the messages")?;
        // Whoever compares policies on a sample needs no leave for what is forgotten at once.
        let alone = Settings {
            home: folder.path().join("home"),
            operators: None,
            operator: None,
            solo: true,
            signed: false,
            ..settings.clone()
        };
        let before = Settings {
            quiet: true,
            ..sides::settings_of(&alone, Path::new(&args.old))?
        };
        let run = Run {
            inputs: args.messages.clone(),
            read_as: args.read_as.clone(),
            holds: Vec::new(),
            backfill: true,
            confirmed_by: Vec::new(),
            max_unreadable: 0,
            out: None,
            format: SummaryFormat::Text,
            fail_on: None,
            expected: None,
            dry_run: false,
            from_evaluation: None,
            facts_to: None,
        };
        match run::run(&before, &run)? {
            // Messages that could not be scanned to the end are there with what was found.
            Exit::Done | Exit::Negative => Ok(Self {
                _folder: folder,
                settings: alone,
            }),
            exit => Err(Failure::new(exit, "the messages could not be taken in whole").into()),
        }
    }
}
