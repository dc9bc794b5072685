//! `evaluate`: what `run` finds out of messages, on a machine that has no home, in a folder that `run --from-evaluation` records.
//! It is what a cluster does with one partition, without the cluster.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::Context as _;
use lexhold_evaluate::portable::Portable;
use lexhold_evaluate::rows::{Rows, UnreadableRow};
use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts};
use lexhold_model::Digest;
use lexhold_source::fingerprint;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::args::Evaluate;
use crate::failure::{Exit, Failure};
use crate::files::{cannot_read, why, write_document};
use crate::run::evaluation::{MANIFEST, Manifest, Partition};
use crate::run::{Input, Meter, Piece, Pipeline, Sink, heed_interrupts, inputs, interrupted, read_as, say_unreadable};
use crate::settings::Settings;
use crate::terminal::{counted, say};
use crate::{home, load, versions};

/// From so many messages on a file is closed and the next one begun.
const FILE_ROWS: u64 = 1 << 20;

/// Evaluates.
pub fn evaluate(settings: &Settings, args: &Evaluate) -> anyhow::Result<Exit> {
    let read_as = read_as(settings, &args.read_as)?;
    let inputs = inputs(&args.inputs, &read_as)?;
    let text = std::fs::read_to_string(&args.facts).map_err(|error| cannot_read(&args.facts, &error))?;
    let unusable = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Policy, format!("{}: {error}", args.facts.display()))
            .help("lexhold run --facts-to FILE writes the facts of now")
    };
    let portable = Portable::read(&text).map_err(|error| unusable(&error))?;
    if (portable.engine.as_str(), portable.tz_database.as_str()) != (versions::ENGINE, versions::tz_database()) {
        return Err(unusable(&format_args!("another version of Lexhold wrote these facts")).into());
    }
    let (_, bundle) = load::bundle(settings)?;
    let bundle = portable.bind(bundle).map_err(|error| unusable(&error))?;
    let facts = portable.facts().map_err(|error| unusable(&error))?;
    let pipeline = Pipeline {
        settings: &Settings {
            as_of: portable.captured_at,
            ..settings.clone()
        },
        // Whether captures may be filled in was asked where the facts were written.
        backfill: true,
        jobs: settings.jobs.unwrap_or_else(home::cores),
        read_as,
        home: None,
    };
    heed_interrupts();
    let folder = &args.out;
    std::fs::create_dir(folder).map_err(|error| {
        let message = format!("cannot make the folder {}: {}", folder.display(), why(&error));
        Failure::new(Exit::Data, message)
            .help("--out is the name of a new folder: nothing that is there is written over")
    })?;
    std::fs::create_dir(folder.join("messages")).with_context(|| format!("cannot write {}", folder.display()))?;
    let sink = Writer {
        settings,
        folder,
        rows: Rows::new(&bundle, &facts),
        open: None,
        partitions: Vec::new(),
        broken: false,
    };
    let meter = Meter::new(settings, &inputs, None);
    let written = pipeline.run(&inputs, || Evaluator::new(&bundle, &facts), sink, &meter)?;
    if interrupted() {
        return Ok(Exit::Interrupted);
    }
    finish(settings, args, &portable, (&bundle, &facts), written)
}

fn finish(
    settings: &Settings,
    args: &Evaluate,
    portable: &Portable,
    (bundle, facts): (&Bundle, &Facts),
    (partitions, broken): (Vec<Partition>, bool),
) -> anyhow::Result<Exit> {
    let sums = |of: fn(&Partition) -> u64| partitions.iter().map(of).sum::<u64>();
    let (messages, unreadable) = (sums(|it| it.messages), sums(|it| it.unreadable));
    if broken {
        let message = "some input was not read to its end, and the evaluation has no manifest";
        return Err(Failure::new(Exit::Data, message)
            .help("mend the input, and evaluate again")
            .into());
    }
    let n_files = partitions.len();
    let manifest = Manifest::of(portable, bundle.digest, facts.key_check().to_string(), partitions)?;
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
    let path = args.out.join(MANIFEST);
    write_document(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    if !settings.quiet {
        let (messages, files) = (
            counted(messages, "message", "messages"),
            counted(n_files, "file", "files"),
        );
        say(&format!(
            "evaluate: {messages} in {files}, {unreadable} unreadable, bundle {}",
            bundle.digest.short()
        ));
    }
    Ok(if unreadable > args.max_unreadable {
        Exit::Data
    } else {
        Exit::Done
    })
}

/// Writes rows, one file after the other.
struct Writer<'a> {
    settings: &'a Settings,
    folder: &'a Path,
    rows: Rows<'a>,
    open: Option<(ArrowWriter<BufWriter<File>>, Partition)>,
    partitions: Vec<Partition>,
    broken: bool,
}

impl Writer<'_> {
    fn close(&mut self) -> anyhow::Result<()> {
        let Some((writer, partition)) = self.open.take() else {
            return Ok(());
        };
        let path = self.folder.join(&partition.file);
        let cannot = || format!("cannot write {}", path.display());
        let out = writer.into_inner().with_context(cannot)?;
        let file = out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .with_context(cannot)?;
        file.sync_all().with_context(cannot)?;
        let (sha256, bytes) = fingerprint(&path)?;
        self.partitions.push(Partition {
            sha256,
            bytes,
            ..partition
        });
        Ok(())
    }

    fn begin(&self) -> anyhow::Result<(ArrowWriter<BufWriter<File>>, Partition)> {
        let file = format!("messages/{:06}.parquet", self.partitions.len());
        let path = self.folder.join(&file);
        let cannot = || format!("cannot write {}", path.display());
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(1 << 16))
            .set_created_by("lexhold".to_owned())
            .build();
        let out = BufWriter::new(File::create_new(&path).with_context(cannot)?);
        let writer = ArrowWriter::try_new(out, Rows::schema(), Some(properties)).with_context(cannot)?;
        let partition = Partition {
            file,
            sha256: Digest::of(b""),
            bytes: 0,
            messages: 0,
            unreadable: 0,
        };
        Ok((writer, partition))
    }
}

impl Sink for Writer<'_> {
    type Total = (Vec<Partition>, bool);

    fn take(&mut self, input: &Input, piece: Piece, evaluation: Evaluation) -> anyhow::Result<()> {
        say_unreadable(self.settings, input, &piece.unreadable, &piece.notes);
        if let Some(error) = piece.broken {
            say(&lexhold_document::printable(&format!("error: {error:#}")));
            self.broken = true;
        }
        let unreadable = piece.unreadable.iter().flat_map(|row| {
            let file = row.file.as_deref().unwrap_or(&input.name);
            (0..row.place.rows()).map(move |at| UnreadableRow {
                file: file.to_owned(),
                offset: row.place.first() + at,
                reason: row.reason.clone(),
            })
        });
        let unreadable: Vec<UnreadableRow> = unreadable.collect();
        if piece.batch.is_empty() && unreadable.is_empty() {
            return Ok(());
        }
        let rows = [self.rows.of(&piece.batch, &evaluation), Rows::unreadable(&unreadable)];
        let (mut writer, mut partition) = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        for rows in rows.iter().filter(|rows| rows.num_rows() > 0) {
            writer
                .write(rows)
                .with_context(|| format!("cannot write {}", partition.file))?;
        }
        partition.messages += piece.batch.len() as u64;
        partition.unreadable += unreadable.len() as u64;
        let is_full = partition.messages >= FILE_ROWS;
        self.open = Some((writer, partition));
        if is_full { self.close() } else { Ok(()) }
    }

    fn finish(mut self) -> anyhow::Result<Self::Total> {
        self.close()?;
        Ok((self.partitions, self.broken))
    }
}
