//! `run --from-evaluation`: what another machine, or a cluster, evaluated. `engine/python/EVALUATION.md` says what lies in the
//! folder. All of it is looked at before anything goes on record.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexhold_evaluate::portable::{EarlierVersion, Portable};
use lexhold_evaluate::rows::Rows;
use lexhold_evaluate::{Bundle, Evaluation as Evaluated, Facts};
use lexhold_model::Digest;
use lexhold_source::{Place, Unreadable, fingerprint};
use lexhold_store::{ErrorKind, Home};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pipeline::{Piece, Pipeline, Sink, Taken};
use super::{Input, Meter, interrupted};
use crate::args::Run;
use crate::failure::{Exit, Failure};
use crate::files::why;
use crate::settings::Settings;
use crate::{past, versions};

/// Where the manifest lies in the folder; it is written last.
pub const MANIFEST: &str = "manifest.json";
/// The only kind of manifest that this version reads.
const SCHEMA: &str = "lexhold/evaluation/1";
/// Messages that go on record together: more at a time than a run has, since all that is left to do is to write them.
const BATCH_ROWS: usize = 16_384;
const AGAIN: &str = "evaluate again with the facts that lexhold run --facts-to writes now";

/// A folder with an evaluation.
pub struct Evaluation {
    folder: PathBuf,
    manifest: Manifest,
    /// The digest of the manifest's bytes.
    pub digest: Digest,
}

/// What the manifest says, as the manual has it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: String,
    bundle: Digest,
    earlier: Vec<EarlierVersion>,
    facts: Digest,
    key: String,
    zone: String,
    backfill: bool,
    captured_at: Timestamp,
    engine: String,
    tz_database: String,
    unicode: Value,
    messages: u64,
    unreadable: u64,
    partitions: Vec<Partition>,
}

/// A file of an evaluation.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Its path below the folder.
    pub file: String,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// Messages in it.
    pub messages: u64,
    /// Rows in it that are no messages.
    pub unreadable: u64,
}

impl Manifest {
    /// The manifest of what was made with these facts and a bundle of this digest.
    pub fn of(facts: &Portable, digest: Digest, key: String, partitions: Vec<Partition>) -> anyhow::Result<Self> {
        let of_home = facts.facts.ok_or_else(|| {
            Failure::new(
                Exit::Policy,
                "no home has these facts on record, so that none could take in what comes of them",
            )
            .help("lexhold run --facts-to FILE puts facts on record and writes them")
        })?;
        Ok(Self {
            schema: SCHEMA.to_owned(),
            bundle: digest,
            earlier: facts.earlier.clone(),
            facts: of_home,
            key,
            zone: facts.zone.clone(),
            backfill: facts.backfill,
            captured_at: facts.captured_at,
            engine: facts.engine.clone(),
            tz_database: facts.tz_database.clone(),
            unicode: facts.unicode.clone(),
            messages: partitions.iter().map(|it| it.messages).sum(),
            unreadable: partitions.iter().map(|it| it.unreadable).sum(),
            partitions,
        })
    }
}

/// Rows of a partition, on their way to a worker.
struct RawRows {
    piece: Piece,
    rows: RecordBatch,
}

impl Evaluation {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// [`Exit::Data`] where there is none, or one that cannot be read.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let bytes = std::fs::read(&path).map_err(|error| {
            Failure::new(Exit::Data, format!("cannot read {}: {}", path.display(), why(&error)))
                .help("the manifest is written last: without one the evaluation has not come to its end")
        })?;
        let cannot = |why: &dyn std::fmt::Display| {
            let message = format!("{} is no manifest of an evaluation: {why}", path.display());
            Failure::new(Exit::Data, message).help(AGAIN)
        };
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| cannot(&error))?;
        if value["schema"] != SCHEMA {
            let failure = cannot(&format_args!("its schema is not {SCHEMA}"));
            return Err(failure
                .help("another version of Lexhold wrote it; evaluate again with this one")
                .into());
        }
        let manifest: Manifest = serde_json::from_value(value).map_err(|error| cannot(&error))?;
        if let Some(partition) = manifest.partitions.iter().find(|partition| !is_plain(&partition.file)) {
            let name = lexhold_document::printable(&partition.file);
            return Err(cannot(&format_args!("{name} does not lie below the folder")).into());
        }
        let sums = |of: fn(&Partition) -> u64| manifest.partitions.iter().map(of).sum::<u64>();
        if (sums(|it| it.messages), sums(|it| it.unreadable)) != (manifest.messages, manifest.unreadable) {
            return Err(cannot(&"its partitions have not as many messages as it says").into());
        }
        Ok(Self {
            folder: folder.to_owned(),
            digest: Digest::of(&bytes),
            manifest,
        })
    }

    /// The partitions, as inputs of the run.
    pub fn inputs(&self) -> Vec<Input> {
        let partitions = self.manifest.partitions.iter();
        let input = |partition: &Partition| {
            let path = self.folder.join(&partition.file);
            Input {
                name: path.display().to_string(),
                bytes: Some(partition.bytes),
                path,
                far: None,
            }
        };
        partitions.map(input).collect()
    }

    /// The digest of the facts that it was made with.
    pub fn facts_digest(&self) -> Digest {
        self.manifest.facts
    }

    /// The facts that it was made with, as this home has them.
    ///
    /// # Errors
    /// [`Exit::Refused`] where it was made for another home, by another version, or with dates that have to be declared.
    pub fn facts(&self, settings: &Settings, args: &Run, home: &Home) -> anyhow::Result<Facts> {
        self.require_versions()?;
        let day = |at: Timestamp| TimeZone::UTC.to_datetime(at).date();
        if !args.backfill && (self.manifest.backfill || day(self.manifest.captured_at) < day(settings.now)) {
            let captured = day(self.manifest.captured_at);
            let message = format!("the evaluation takes its messages as captured on {captured}, or declares them old");
            let help = "--backfill says the same here, and is put on record; or evaluate again today";
            return Err(Failure::new(Exit::Refused, message).help(help).into());
        }
        let sources = home
            .facts()
            .get(&self.manifest.facts)
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => refused("this home has not the facts that the evaluation was made with"),
                _ => error.into(),
            })?;
        let facts = past::facts(home, &sources, self.manifest.backfill)?;
        let facts = facts.map_err(|why| refused(&format!("the facts of the evaluation: {why}")))?;
        if self.manifest.key != facts.key_check().to_string() || self.manifest.zone != home.zone() {
            return Err(refused(
                "the evaluation was made with the key or the zone of another home",
            ));
        }
        Ok(facts)
    }

    /// Refuses what another bundle was made with than the one in force.
    ///
    /// # Errors
    /// [`Exit::Refused`], with what is to be done.
    pub fn require_bundle(&self, bundle: &Digest) -> anyhow::Result<()> {
        if self.manifest.bundle == *bundle {
            return Ok(());
        }
        let (made, given) = (self.manifest.bundle.short(), bundle.short());
        Err(refused(&format!(
            "the evaluation was made with bundle {made}, the policies and rulesets given are {given}"
        )))
    }

    /// Refuses what was made without a version that still binds.
    ///
    /// # Errors
    /// [`Exit::Refused`].
    pub fn require_bound(&self, bound: &[EarlierVersion]) -> anyhow::Result<()> {
        if self.manifest.earlier == bound {
            return Ok(());
        }
        Err(refused(
            "other earlier versions of retention documents bind today than those that the evaluation was made with",
        ))
    }

    fn require_versions(&self) -> anyhow::Result<()> {
        let Manifest {
            engine,
            tz_database,
            unicode,
            ..
        } = &self.manifest;
        let ours = [versions::ENGINE, versions::tz_database()];
        if [engine.as_str(), tz_database.as_str()] == ours && *unicode == versions::unicode() {
            return Ok(());
        }
        let message = format!(
            "the evaluation was made by Lexhold {} with time zones of {}; this is {} with {}",
            lexhold_document::printable(engine),
            lexhold_document::printable(tz_database),
            ours[0],
            ours[1]
        );
        let help = "evaluate and record with one and the same version";
        Err(Failure::new(Exit::Refused, message).help(help).into())
    }

    /// Looks at every partition from its first byte to its last row.
    ///
    /// # Errors
    /// [`Exit::Data`] for a partition that is missing, another one than the manifest's, or says what cannot be.
    pub fn verify(&self, pipeline: &Pipeline<'_>, bundle: &Bundle, facts: &Facts) -> anyhow::Result<()> {
        let inputs = self.inputs();
        let sink = Counted(vec![(0, 0); inputs.len()]);
        let seen = self.record(
            pipeline,
            bundle,
            facts,
            sink,
            &Meter::new(pipeline.settings, &inputs, None),
        )?;
        if interrupted() {
            return Err(Failure::new(Exit::Interrupted, "interrupted; nothing was recorded").into());
        }
        for ((partition, input), seen) in self.manifest.partitions.iter().zip(&inputs).zip(seen) {
            if seen != (partition.messages, partition.unreadable) {
                let message = format!(
                    "{} has {} messages and {} unreadable rows, by the manifest {} and {}",
                    input.name, seen.0, seen.1, partition.messages, partition.unreadable
                );
                return Err(Failure::new(Exit::Data, message).help(AGAIN).into());
            }
        }
        Ok(())
    }

    /// Hands everything that was not taken in before to a sink.
    ///
    /// # Errors
    /// Those of [`Self::verify`] and the sink's.
    pub fn record<S: Sink>(
        &self,
        pipeline: &Pipeline<'_>,
        bundle: &Bundle,
        facts: &Facts,
        sink: S,
        meter: &Meter<'_>,
    ) -> anyhow::Result<S::Total> {
        let taken = sink.taken();
        let read = |send: &mut dyn FnMut(RawRows) -> bool| {
            self.read(|digest| taken.get(digest).copied().unwrap_or_default(), send)
        };
        pipeline.drive(&self.inputs(), read, || self.unfold(bundle, facts), sink, meter)
    }

    /// Reads the partitions, each as far as it was not taken in before.
    ///
    /// # Errors
    /// [`Exit::Data`] for a partition that is missing or another one than the manifest's.
    fn read(&self, taken: impl Fn(&Digest) -> Taken, send: &mut dyn FnMut(RawRows) -> bool) -> anyhow::Result<()> {
        for (at, (partition, input)) in self.manifest.partitions.iter().zip(self.inputs()).enumerate() {
            let found = fingerprint(&input.path);
            let (digest, bytes) = found.map_err(|error| Failure::new(Exit::Data, error.to_string()).help(AGAIN))?;
            if (digest, bytes) != (partition.sha256, partition.bytes) {
                let message = format!("{} is not the file that the manifest names", input.name);
                let help = "it was written again or damaged on the way; copy it again, or evaluate again";
                return Err(Failure::new(Exit::Data, message).help(help).into());
            }
            let before = taken(&digest);
            if !read_partition(at, partition, &input, before, send)? || interrupted() {
                break;
            }
        }
        Ok(())
    }

    /// What a worker does: rows become messages and what evaluation says of them.
    fn unfold<'a>(
        &self,
        bundle: &'a Bundle,
        facts: &'a Facts,
    ) -> impl FnMut(RawRows) -> anyhow::Result<(Piece, Evaluated)> + 'a {
        let names: Vec<String> = self.inputs().into_iter().map(|input| input.name).collect();
        let reader = Rows::new(bundle, facts);
        move |RawRows { piece, rows }| {
            let read = reader
                .read(&rows)
                .map_err(|error| Failure::new(Exit::Data, format!("{}: {error}", names[piece.input])).help(AGAIN))?;
            let unreadable = read.unreadable.into_iter().map(|row| Unreadable {
                part: "".into(),
                file: Some(row.file.into()),
                place: Place::Line(row.offset),
                reason: row.reason,
            });
            let piece = Piece {
                parts: vec![("".into(), read.batch.len())],
                unreadable: unreadable.collect(),
                batch: read.batch,
                ..piece
            };
            Ok((piece, read.evaluation))
        }
    }
}

/// Hands over the rows of a partition behind those that were taken in; false when there is nobody left to read for.
fn read_partition(
    at: usize,
    partition: &Partition,
    input: &Input,
    before: Taken,
    send: &mut dyn FnMut(RawRows) -> bool,
) -> anyhow::Result<bool> {
    let damaged = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Data, format!("{} cannot be read as Parquet: {why}", input.name)).help(AGAIN)
    };
    let file = File::open(&input.path).map_err(|error| damaged(&why(&error)))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&error))?;
    let schema = builder.schema().clone();
    let n_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
    let done = if before.complete {
        n_rows
    } else {
        before.messages + before.unreadable
    };
    let behind = usize::try_from(done).unwrap_or(usize::MAX);
    let reader = builder.with_offset(behind).with_batch_size(BATCH_ROWS).build();
    let mut reader = reader.map_err(|error| damaged(&error))?.peekable();
    let mut piece = Piece {
        format: "evaluation".into(),
        skipped: before.messages,
        complete: reader.peek().is_none(),
        ..Piece::empty(at, Some(partition.sha256))
    };
    if piece.complete {
        let rows = RecordBatch::new_empty(schema);
        return Ok(send(RawRows { piece, rows }));
    }
    let mut read = done;
    while let Some(rows) = reader.next() {
        if interrupted() {
            return Ok(false);
        }
        let rows = rows.map_err(|error| damaged(&error))?;
        read += rows.num_rows() as u64;
        piece.complete = reader.peek().is_none();
        piece.position_bytes = partition.bytes * read / n_rows.max(1);
        let next = Piece {
            format: piece.format.clone(),
            ..Piece::empty(at, piece.digest)
        };
        let piece = std::mem::replace(&mut piece, next);
        if !send(RawRows { piece, rows }) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Counts messages and unreadable rows by partition.
struct Counted(Vec<(u64, u64)>);

impl Sink for Counted {
    type Total = Vec<(u64, u64)>;

    fn take(&mut self, _input: &Input, piece: Piece, _evaluation: Evaluated) -> anyhow::Result<()> {
        let (messages, unreadable) = &mut self.0[piece.input];
        *messages += piece.batch.len() as u64;
        *unreadable += piece.unreadable.len() as u64;
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Self::Total> {
        Ok(self.0)
    }
}

fn refused(message: &str) -> anyhow::Error {
    Failure::new(Exit::Refused, message).help(AGAIN).into()
}

fn is_plain(file: &str) -> bool {
    let path = Path::new(file);
    !file.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)))
}
