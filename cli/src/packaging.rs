//! `completions` and `man`: what packages ship beside the binary, made of the command line itself.

use std::io::Write;

use crate::args::{Completions, Man};
use crate::failure::{Exit, Failure};
use crate::files::why;

/// Prints completions for a shell.
pub fn completions(args: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::command(), "lexhold", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}

/// Writes a manual page for each verb.
pub fn man(args: &Man) -> anyhow::Result<Exit> {
    let cannot = |error: std::io::Error| {
        let message = format!(
            "cannot write manual pages into {}: {}",
            args.folder.display(),
            why(&error)
        );
        Failure::new(Exit::Data, message)
    };
    std::fs::create_dir_all(&args.folder).map_err(cannot)?;
    clap_mangen::generate_to(crate::command(), &args.folder).map_err(cannot)?;
    Ok(Exit::Done)
}
