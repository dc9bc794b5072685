//! The files and folders a run was given, looked at before anything begins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lexhold_formats::{DateOrder, Options, fingerprint};
use lexhold_model::Digest;
use lexhold_source::{ErrorKind, SourceError};
use lexhold_store::Home;

use super::far::{Far, Near};
use super::pipeline::{CHUNK, zone};
use crate::args::{DatesAre, ReadAs};
use crate::failure::{Exit, Failure};
use crate::files::{near_name, why};
use crate::settings::Settings;
use crate::{mapping, remote};

/// One input.
#[derive(Clone, Debug)]
pub struct Input {
    /// The path or URL as typed.
    pub path: PathBuf,
    /// Its name in reports and on messages.
    pub name: String,
    /// Its size, unless it is a pipe.
    pub bytes: Option<u64>,
    /// Where it lies, if that is behind a URL.
    pub far: Option<Far>,
}

impl Input {
    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    /// What can be read of it here. An object is fetched, into the scratch of a home where there is one.
    pub fn near(&self, home: Option<&Home>) -> anyhow::Result<Near> {
        match &self.far {
            Some(far) => far.fetch(home),
            None => Ok(Near::here(&self.path)),
        }
    }

    /// The digest of the file or folder; none for a pipe.
    pub fn fingerprint(&self, near: &Near) -> anyhow::Result<Option<Digest>> {
        if self.is_stdin() {
            return Ok(None);
        }
        Ok(Some(fingerprint(&near.path)?.0))
    }
}

/// The inputs, each of which must be there and say all that it has to.
pub fn inputs(paths: &[PathBuf], read_as: &Options) -> anyhow::Result<Vec<Input>> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::new(Exit::Usage, "standard input can be read once only").into());
    }
    paths.iter().map(|path| input(path, read_as)).collect()
}

fn input(path: &Path, read_as: &Options) -> anyhow::Result<Input> {
    let name = path.display().to_string();
    if path.as_os_str() == "-" {
        return Ok(Input {
            path: path.to_owned(),
            name: "stdin".into(),
            bytes: None,
            far: None,
        });
    }
    if let Some(url) = remote::url(path) {
        let far = Far::look(url)?;
        return Ok(Input {
            path: path.to_owned(),
            name,
            bytes: Some(far.bytes()),
            far: Some(far),
        });
    }
    let cannot = |why: String| Failure::new(Exit::Data, format!("cannot read {name}: {why}"));
    let metadata = std::fs::metadata(path).map_err(|error| {
        let failure = cannot(why(&error));
        match near_name(path) {
            Some(help) if error.kind() == std::io::ErrorKind::NotFound => failure.help(help),
            _ => failure,
        }
    })?;
    if !metadata.is_dir() {
        std::fs::File::open(path).map_err(|error| cannot(why(&error)))?;
    }
    // What is wrong with a file goes on record with the run; a folder of nothing, or a clock without a zone, is the caller's slip.
    // A pipe is left alone: what is read of it is gone.
    let read = (metadata.is_dir() || metadata.is_file()).then(|| lexhold_formats::open(path, read_as));
    match read {
        Some(Err(error)) if error.kind() == ErrorKind::Undecided || is_misnamed(&error, read_as) => {
            return Err(Failure::new(Exit::Usage, error.to_string()).into());
        }
        Some(Err(error)) if metadata.is_dir() => return Err(error.into()),
        _ => {}
    }
    Ok(Input {
        path: path.to_owned(),
        bytes: metadata.is_file().then_some(metadata.len()),
        name,
        far: None,
    })
}

/// Whether a table has not the columns that a mapping names.
fn is_misnamed(error: &SourceError, read_as: &Options) -> bool {
    read_as.mapping.is_some() && error.kind() == ErrorKind::Header
}

/// How exports are read that do not say everything of themselves.
pub fn read_as(settings: &Settings, args: &ReadAs) -> anyhow::Result<Options> {
    let mapping = args.mapping.as_deref();
    Ok(Options {
        mapping: mapping
            .map(|path| mapping::read(settings, path))
            .transpose()?
            .map(Arc::new),
        chunks: CHUNK,
        zone: args.source_zone.as_deref().map(zone).transpose()?,
        dates: args.source_dates.map(|order| match order {
            DatesAre::Dmy => DateOrder::DayMonthYear,
            DatesAre::Mdy => DateOrder::MonthDayYear,
            DatesAre::Ymd => DateOrder::YearMonthDay,
        }),
    })
}
