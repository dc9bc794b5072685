//! `checkpoint`: what outsiders keep, so that nobody can write the journal anew.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use lexhold_store::{Agreement, Checkpoint, Home, NoteFault, NoteKey};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::files::{cannot_read, why};
use crate::home;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// Runs the verb.
pub fn checkpoint(settings: &Settings, args: &args::Checkpoint) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    match args {
        args::Checkpoint::Export { out } => export(settings, &actor, &home, out.as_deref()),
        args::Checkpoint::Witness { file } => witness(settings, &actor, &home, file),
    }
}

fn export(settings: &Settings, actor: &Actor, home: &Home, out: Option<&Path>) -> anyhow::Result<Exit> {
    let has_some = |path: &&Path| path.metadata().is_ok_and(|file| file.len() > 0);
    let before = match out.filter(has_some) {
        Some(path) => read(path)?,
        None => Vec::new(),
    };
    for (checkpoint, agreement) in before.iter().zip(home.agreements(&before)?) {
        if agreement != Agreement::Agrees {
            let message = format!(
                "a checkpoint of {}: {agreement}",
                counted(checkpoint.head().size, "entry", "entries")
            );
            let help = "nothing was added; lexhold verify --checkpoint says more";
            return Err(Failure::new(Exit::Data, message).help(help).into());
        }
    }
    // A file that cannot be written is found out before anything is on record.
    let kept = out.map(Kept::open).transpose()?;
    let checkpoint = home.export_checkpoint(home::stamp(&actor.id))?;
    match kept {
        None => write!(std::io::stdout().lock(), "{checkpoint}")?,
        Some(kept) => kept.append(&checkpoint)?,
    }
    if !settings.quiet {
        say(&format!(
            "checkpoint of {}: keep it where nobody who can write this home can change it",
            counted(checkpoint.head().size, "entry", "entries")
        ));
    }
    Ok(Exit::Done)
}

/// The file in which somebody keeps checkpoints.
struct Kept<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Kept<'a> {
    fn open(path: &'a Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|error| Failure::new(Exit::Data, cannot_write(path, &error)))?;
        Ok(Self { path, file })
    }

    /// Adds a checkpoint whole, or nothing.
    #[expect(
        clippy::disallowed_methods,
        reason = "half a line goes from a file of the caller's, outside any home"
    )]
    fn append(mut self, checkpoint: &Checkpoint) -> anyhow::Result<()> {
        let written = self.file.metadata().and_then(|file| {
            let between = if file.len() == 0 { "" } else { "\n" };
            let added = self.file.write_all(format!("{between}{checkpoint}").as_bytes());
            added.and_then(|()| self.file.sync_all()).inspect_err(|_| {
                // What was there stays readable; what cannot be taken back is told as unreadable next time.
                let _ = self.file.set_len(file.len());
            })
        });
        Ok(written.map_err(|error| {
            Failure::new(Exit::Data, cannot_write(self.path, &error))
                .help("the checkpoint is in the journal; export again once there is room")
        })?)
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {}", path.display(), why(error))
}

fn witness(settings: &Settings, actor: &Actor, home: &Home, file: &Path) -> anyhow::Result<Exit> {
    let witnesses = witnesses(settings)?;
    let mut recorded = 0;
    let mut signed = false;
    for checkpoint in read(file)? {
        for witness in &witnesses {
            if checkpoint.witnessed_by(witness) == Err(NoteFault::Unsigned) {
                continue;
            }
            signed = true;
            let entry = home.record_witness(&checkpoint, witness, home::stamp(&actor.id))?;
            recorded += usize::from(entry.is_some());
        }
    }
    if !signed {
        let message = format!("no witness that lexhold.yaml names has signed {}", file.display());
        let help = "witnesses: lists their keys, as `name+id+key`";
        return Err(Failure::new(Exit::Refused, message).help(help).into());
    }
    if !settings.quiet {
        let new = match recorded {
            1 => "is new, and on record",
            _ => "are new, and on record",
        };
        say(&format!(
            "{} of witnesses {new}",
            counted(recorded, "signature", "signatures")
        ));
    }
    Ok(Exit::Done)
}

/// The keys of `lexhold.yaml`'s witnesses.
fn witnesses(settings: &Settings) -> anyhow::Result<Vec<NoteKey>> {
    let parsed = settings.witnesses.iter().map(|text| {
        let failure = |fault: NoteFault| Failure::new(Exit::Policy, format!("lexhold.yaml: witnesses: {fault}"));
        Ok(text.parse().map_err(failure)?)
    });
    parsed.collect()
}

/// The checkpoints in a file.
pub fn read(path: &Path) -> anyhow::Result<Vec<Checkpoint>> {
    let text = std::fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
    Checkpoint::all_in(&text).map_err(|fault| {
        let message = format!("{} is no file of checkpoints: {fault}", path.display());
        Failure::new(Exit::Data, message).into()
    })
}
