//! Several forms of one report: `--format` may repeat, `--output FORMAT=FILE` sends one to a file.

use std::path::PathBuf;

use clap::ValueEnum;

/// Reads `FORMAT=FILE`.
pub fn output<F: ValueEnum>(text: &str) -> Result<(F, PathBuf), String> {
    let (format, file) = text
        .split_once('=')
        .ok_or("write FORMAT=FILE, such as junit=report.xml")?;
    Ok((F::from_str(format, false)?, file.into()))
}
