//! The files a run was given, looked at before anything begins.

use std::path::{Path, PathBuf};

use lexhold_model::Digest;
use lexhold_source::fingerprint;

use crate::failure::{Exit, Failure};
use crate::files::{near_name, why};

/// One input.
#[derive(Clone, Debug)]
pub struct Input {
    /// The path as typed.
    pub path: PathBuf,
    /// Its name in reports and on messages.
    pub name: String,
    /// Its size, unless it is a pipe.
    pub bytes: Option<u64>,
}

impl Input {
    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    /// The digest of the file; none for a pipe.
    pub fn fingerprint(&self) -> anyhow::Result<Option<Digest>> {
        if self.is_stdin() {
            return Ok(None);
        }
        Ok(Some(fingerprint(&self.path)?.0))
    }
}

/// The inputs, each of which must be a file that can be read.
pub fn inputs(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::new(Exit::Usage, "standard input can be read once only").into());
    }
    paths.iter().map(|path| input(path)).collect()
}

fn input(path: &Path) -> anyhow::Result<Input> {
    let name = path.display().to_string();
    if path.as_os_str() == "-" {
        return Ok(Input {
            path: path.to_owned(),
            name: "stdin".into(),
            bytes: None,
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
    if metadata.is_dir() {
        return Err(cannot("it is a folder".into()).help("name the files in it").into());
    }
    std::fs::File::open(path).map_err(|error| cannot(why(&error)))?;
    Ok(Input {
        path: path.to_owned(),
        bytes: metadata.is_file().then_some(metadata.len()),
        name,
    })
}
