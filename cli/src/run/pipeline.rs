//! Reading, evaluating on all cores, and one writer, with a bounded number of batches on the way.
//!
//! One thread reads. Rayon workers evaluate whatever batch is next. The caller's thread writes the batches in the order in
//! which they were read, so that the number of threads changes nothing. A token goes with each batch; when none is left
//! the reader waits, so memory does not grow with the input.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use jiff::tz::TimeZone;
use lexhold_evaluate::{Evaluation, Evaluator};
use lexhold_model::{Digest, MessageBatch};
use lexhold_source::{Note, Options, Unreadable};
use lexhold_store::Home;

use super::summary::say_remarks;
use super::{Input, Meter, interrupted};
use crate::failure::{Exit, Failure};
use crate::remote;
use crate::settings::Settings;

/// How much is read at a time: small enough that a few batches on the way take little memory.
pub const CHUNK: Options = Options {
    chunk_rows: 4_096,
    chunk_bytes: 3 << 19,
    line_bytes: 64 << 20,
};

/// One batch on its way.
pub struct Piece {
    /// Which input it comes from.
    pub input: usize,
    /// What the input is, such as `slack (zip)`; empty before that is known.
    pub format: String,
    /// The digest of that input.
    pub digest: Option<Digest>,
    /// The messages.
    pub batch: MessageBatch,
    /// What they are parts of, as [`lexhold_source::Chunk::parts`] has it.
    pub parts: Vec<(Arc<str>, usize)>,
    /// Rows that are no messages.
    pub unreadable: Vec<Unreadable>,
    /// How many of these an earlier run has put on record.
    pub told_before: usize,
    /// What had to be put right.
    pub notes: Vec<Note>,
    /// Whether the input has been read to its end.
    pub complete: bool,
    /// Messages that an earlier run took in already.
    pub skipped: u64,
    /// How many bytes of the input have been read so far.
    pub position_bytes: u64,
    /// Why the rest of the input cannot be read.
    pub broken: Option<anyhow::Error>,
}

/// How much of an input an earlier run took in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Messages.
    pub messages: u64,
    /// Rows that are no messages.
    pub unreadable: u64,
    /// Whether that was all of it.
    pub complete: bool,
}

/// What the writer of a pipeline does.
pub trait Sink {
    /// What comes of it all.
    type Total;
    /// How much earlier runs took in of inputs, by their digests.
    fn taken(&self) -> HashMap<Digest, Taken> {
        HashMap::new()
    }
    /// Takes a batch; called in the order of the input.
    fn take(&mut self, input: &Input, piece: Piece, evaluation: Evaluation) -> anyhow::Result<()>;
    /// What came of it all.
    fn finish(self) -> anyhow::Result<Self::Total>;
}

/// How to run.
pub struct Pipeline<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// Whether old captures were declared.
    pub backfill: bool,
    /// How many workers.
    pub jobs: usize,
    /// How exports are read.
    pub read_as: lexhold_formats::Options,
    /// Where objects are fetched to, if anywhere in particular.
    pub home: Option<&'a Home>,
}

type Numbered<T> = (u64, T);

/// A batch with what evaluation says of it.
pub type Evaluated = (Piece, Evaluation);

impl Piece {
    /// A piece of an input without anything in it.
    pub fn empty(input: usize, digest: Option<Digest>) -> Self {
        Self {
            input,
            format: String::new(),
            digest,
            batch: MessageBatch::empty(),
            parts: Vec::new(),
            unreadable: Vec::new(),
            told_before: 0,
            notes: Vec::new(),
            complete: false,
            skipped: 0,
            position_bytes: 0,
            broken: None,
        }
    }
}

impl Pipeline<'_> {
    /// Runs all inputs through evaluation into the sink.
    pub fn run<'e, S: Sink>(
        &self,
        inputs: &[Input],
        evaluator: impl Fn() -> Evaluator<'e> + Sync,
        sink: S,
        meter: &Meter,
    ) -> anyhow::Result<S::Total> {
        let taken = sink.taken();
        let evaluate = || {
            let mut evaluator = evaluator();
            move |piece: Piece| {
                let evaluation = evaluator.evaluate(&piece.batch);
                Ok((piece, evaluation))
            }
        };
        self.drive(inputs, |send| self.read(inputs, &taken, send), evaluate, sink, meter)
    }

    /// Runs whatever `read` sends through workers, each of which has a function that `worker` makes, into the sink. `send` says
    /// whether there is anybody left to read for.
    pub fn drive<T: Send, S: Sink, W>(
        &self,
        inputs: &[Input],
        read: impl FnOnce(&mut dyn FnMut(T) -> bool) -> anyhow::Result<()> + Send,
        worker: impl Fn() -> W + Sync,
        mut sink: S,
        meter: &Meter,
    ) -> anyhow::Result<S::Total>
    where
        W: FnMut(T) -> anyhow::Result<Evaluated>,
    {
        let jobs = self.jobs.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build()
            .map_err(anyhow::Error::from)?;
        let on_the_way = jobs + 1;
        let (token_back, token) = bounded::<()>(on_the_way);
        for _ in 0..on_the_way {
            let _ = token_back.send(());
        }
        let (to_worker, work) = bounded::<Numbered<T>>(on_the_way);
        let (to_writer, done) = bounded::<Numbered<anyhow::Result<Evaluated>>>(on_the_way);
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut number = 0;
                read(&mut |item| {
                    let sent = token.recv().is_ok() && to_worker.send((number, item)).is_ok();
                    number += 1;
                    sent
                })
            });
            let workers = scope.spawn(|| {
                pool.scope(|scope| {
                    for _ in 0..jobs {
                        let (work, to_writer) = (work.clone(), to_writer.clone());
                        scope.spawn(|_| work_all(worker(), work, to_writer));
                    }
                });
                drop((work, to_writer));
            });
            let written = write_in_order(inputs, &mut sink, done, &token_back, meter);
            // A writer that failed takes its end of the channels with it, and everybody stops.
            drop(token_back);
            let read = reader
                .join()
                .unwrap_or_else(|_| Err(Failure::new(Exit::Internal, "the reader stopped unexpectedly").into()));
            workers
                .join()
                .map_err(|_| Failure::new(Exit::Internal, "a worker stopped unexpectedly"))?;
            written.and(read)
        })?;
        meter.finish();
        sink.finish()
    }

    fn read(
        &self,
        inputs: &[Input],
        taken: &HashMap<Digest, Taken>,
        send: &mut dyn FnMut(Piece) -> bool,
    ) -> anyhow::Result<()> {
        for (at, input) in inputs.iter().enumerate() {
            if !self.read_input(at, input, taken, send)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads one input; false when there is nobody left to read for.
    fn read_input(
        &self,
        at: usize,
        input: &Input,
        taken: &HashMap<Digest, Taken>,
        send: &mut dyn FnMut(Piece) -> bool,
    ) -> anyhow::Result<bool> {
        let near = match input.near(self.home) {
            Err(error) if remote::is_lost(&error) => {
                return Ok(send(Piece {
                    broken: Some(error),
                    ..Piece::empty(at, None)
                }));
            }
            near => near?,
        };
        if interrupted() {
            return Ok(false);
        }
        let digest = input.fingerprint(&near)?;
        let before = digest
            .and_then(|digest| taken.get(&digest).copied())
            .unwrap_or_default();
        let piece = |batch: MessageBatch| Piece {
            batch,
            ..Piece::empty(at, digest)
        };
        let empty = || Piece::empty(at, digest);
        if before.complete {
            return Ok(send(Piece {
                skipped: before.messages,
                complete: true,
                ..empty()
            }));
        }
        let mut reader = match lexhold_formats::open_named(&near.path, &input.name, &self.read_as) {
            Ok(reader) => reader,
            Err(error) => {
                return Ok(send(Piece {
                    broken: Some(error.into()),
                    ..empty()
                }));
            }
        };
        let (mut to_skip, mut told) = (before.messages, before.unreadable);
        let mut pending: Option<Piece> = None;
        loop {
            if interrupted() {
                pending.map(send);
                return Ok(false);
            }
            match reader.next() {
                Ok(Some(chunk)) => {
                    say_remarks(self.settings, input, &chunk.remarks);
                    let skipped = to_skip.min(chunk.batch.len() as u64);
                    to_skip -= skipped;
                    let from = usize::try_from(skipped).unwrap_or(usize::MAX);
                    let batch = self.captured(chunk.batch.slice(from, chunk.batch.len() - from))?;
                    let next = Piece {
                        parts: behind(chunk.parts, from),
                        told_before: told_of(&chunk.unreadable, &mut told),
                        unreadable: chunk.unreadable,
                        notes: chunk.notes,
                        skipped,
                        position_bytes: reader.position_bytes(),
                        format: reader.format().to_owned(),
                        ..piece(batch)
                    };
                    if pending.replace(next).is_some_and(|piece| !send(piece)) {
                        return Ok(false);
                    }
                }
                Ok(None) => {
                    return Ok(send(Piece {
                        complete: true,
                        ..pending.unwrap_or_else(empty)
                    }));
                }
                Err(error) => {
                    return Ok(send(Piece {
                        broken: Some(error.into()),
                        ..pending.unwrap_or_else(empty)
                    }));
                }
            }
        }
    }

    /// Fills in the capture. One before today has to be declared, since old dates can make a message fall due at once.
    fn captured(&self, batch: MessageBatch) -> anyhow::Result<MessageBatch> {
        let day = |at: jiff::Timestamp| TimeZone::UTC.to_datetime(at).date();
        let past = day(self.settings.as_of) < day(self.settings.now);
        if past && !self.backfill && batch.rows().any(|row| row.captured_at().is_none()) {
            let message = "messages without `captured_at` cannot be taken in with an --as-of before today";
            return Err(Failure::new(Exit::Refused, message)
                .help("--backfill declares them old, and is put on record")
                .into());
        }
        Ok(batch.captured_by(self.settings.as_of.as_microsecond()))
    }
}

/// The parts of the messages behind the first so many.
fn behind(parts: Vec<(Arc<str>, usize)>, mut skipped: usize) -> Vec<(Arc<str>, usize)> {
    let rest = parts.into_iter().map(|(part, n)| {
        let passed = n.min(skipped);
        skipped -= passed;
        (part, n - passed)
    });
    rest.filter(|(_, n)| *n > 0).collect()
}

/// How many of these are among the rows that an earlier run has put on record; so many fewer are left.
fn told_of(unreadable: &[Unreadable], left: &mut u64) -> usize {
    let told = unreadable.iter().take_while(|row| {
        let rows = row.place.rows();
        let told = rows <= *left;
        *left = left.saturating_sub(rows);
        told
    });
    told.count()
}

fn work_all<T>(
    mut work_on: impl FnMut(T) -> anyhow::Result<Evaluated>,
    work: Receiver<Numbered<T>>,
    to_writer: Sender<Numbered<anyhow::Result<Evaluated>>>,
) {
    for (number, item) in work {
        let span = tracing::debug_span!("evaluate", number).entered();
        let evaluated = work_on(item);
        drop(span);
        if to_writer.send((number, evaluated)).is_err() {
            return;
        }
    }
}

fn write_in_order<S: Sink>(
    inputs: &[Input],
    sink: &mut S,
    done: Receiver<Numbered<anyhow::Result<Evaluated>>>,
    token_back: &Sender<()>,
    meter: &Meter,
) -> anyhow::Result<()> {
    let mut early: BTreeMap<u64, anyhow::Result<Evaluated>> = BTreeMap::new();
    let mut next = 0;
    for (number, pair) in done {
        early.insert(number, pair);
        while let Some(evaluated) = early.remove(&next) {
            let (piece, evaluation) = evaluated?;
            let input = &inputs[piece.input];
            meter.batch(&piece, evaluation.hits.len());
            sink.take(input, piece, evaluation)?;
            next += 1;
            let _ = token_back.send(());
        }
    }
    Ok(())
}

/// The zone of this name.
pub fn zone(name: &str) -> anyhow::Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        Failure::new(Exit::Policy, format!("`{name}` is no time zone"))
            .help("write an IANA name such as America/New_York")
            .into()
    })
}
