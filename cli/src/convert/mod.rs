//! `convert`: exports of messengers and mail as messages in NDJSON, CSV or Parquet. Reading what it writes gives the same messages.

mod row;

use std::io::Write;

use lexhold_model::{MessageBatch, message_schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::args::{Convert, MessageFormat, TableFormat};
use crate::failure::Exit;
use crate::report::table::{TableWriter, write_whole};
use crate::run::{Input, inputs, read_as, say_remarks, say_unreadable};
use crate::settings::Settings;
use crate::terminal::say;

pub use row::of as message_row;

/// Converts.
pub fn convert(settings: &Settings, args: &Convert) -> anyhow::Result<Exit> {
    let read_as = read_as(settings, &args.read_as)?;
    let inputs = inputs(&args.inputs, &read_as)?;
    let mut counts = Counts::default();
    let mut fill = |out: Box<dyn Write + Send>| -> anyhow::Result<()> {
        let mut to = Messages::new(args.format, out)?;
        for input in &inputs {
            counts.read(settings, input, &read_as, &mut to)?;
        }
        to.finish()
    };
    match &args.output {
        Some(path) => write_whole(path, &mut fill)?,
        None => fill(Box::new(std::io::BufWriter::new(std::io::stdout())))?,
    }
    if !settings.quiet {
        say(&format!(
            "convert: {} messages, {} unreadable",
            counts.messages, counts.unreadable
        ));
    }
    let lost = counts.broken || counts.unreadable > args.max_unreadable;
    Ok(if lost { Exit::Data } else { Exit::Done })
}

#[derive(Default)]
struct Counts {
    messages: u64,
    unreadable: u64,
    broken: bool,
}

impl Counts {
    fn read(
        &mut self,
        settings: &Settings,
        input: &Input,
        read_as: &lexhold_formats::Options,
        to: &mut Messages,
    ) -> anyhow::Result<()> {
        let near = input.near(None)?;
        let mut reader = lexhold_formats::open_named(&near.path, &input.name, read_as)?;
        loop {
            match reader.next() {
                Ok(None) => return Ok(()),
                Ok(Some(chunk)) => {
                    self.messages += chunk.batch.len() as u64;
                    self.unreadable += chunk.unreadable.iter().map(|row| row.place.rows()).sum::<u64>();
                    say_remarks(settings, input, &chunk.remarks);
                    say_unreadable(settings, input, &chunk.unreadable, &chunk.notes);
                    to.write(&chunk.batch)?;
                }
                Err(error) => {
                    say(&lexhold_document::printable(&format!("error: {error}")));
                    self.broken = true;
                    return Ok(());
                }
            }
        }
    }
}

/// Where messages go.
enum Messages {
    Table(Box<TableWriter>, MessageFormat),
    Parquet(Box<ArrowWriter<Box<dyn Write + Send>>>),
}

impl Messages {
    fn new(format: MessageFormat, out: Box<dyn Write + Send>) -> anyhow::Result<Self> {
        let table = match format {
            MessageFormat::Ndjson => TableFormat::Ndjson,
            MessageFormat::Csv => TableFormat::Csv,
            MessageFormat::Parquet => {
                let zstd = Compression::ZSTD(ZstdLevel::try_new(3)?);
                let properties = WriterProperties::builder().set_compression(zstd).build();
                let writer = ArrowWriter::try_new(out, message_schema(), Some(properties))?;
                return Ok(Self::Parquet(Box::new(writer)));
            }
        };
        Ok(Self::Table(
            Box::new(TableWriter::new(table, row::COLUMNS, out)?),
            format,
        ))
    }

    fn write(&mut self, batch: &MessageBatch) -> anyhow::Result<()> {
        match self {
            Self::Table(table, format) => batch
                .rows()
                .try_for_each(|message| table.write(row::of(message, *format))),
            Self::Parquet(writer) => Ok(writer.write(batch.as_arrow())?),
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Table(table, _) => drop(table.finish()?),
            Self::Parquet(writer) => drop(writer.close()?),
        }
        Ok(())
    }
}
