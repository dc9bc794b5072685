//! Every diagnostic code of every crate, and what `explain` says of one.

use std::io::Write;

use crate::failure::{Exit, Failure};

/// Every code with its title.
pub fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let all = [
        lexhold_document::codes::ALL,
        lexhold_rules::codes::ALL,
        lexhold_policy::codes::ALL,
        lexhold_retention::CODES,
        lexhold_evaluate::codes::ALL,
    ];
    all.into_iter().flatten()
}

/// A code's one-line title; empty if there is no such code.
pub fn title(code: &str) -> &'static str {
    all().find(|(known, _)| *known == code).map_or("", |(_, title)| title)
}

/// What the code is about, by its first two digits.
pub fn family(code: &str) -> &'static str {
    match code.get(2..4).unwrap_or_default() {
        "00" => "the file and its YAML",
        "01" => "the keys of a document and their values",
        "02" => "ids, names and references between documents",
        "03" => "retention schedules",
        "04" => "pattern rules",
        "05" => "imports and parameters",
        "06" => "Cedar conditions",
        "07" => "tests and case files",
        "08" => "legal holds",
        _ => "directory, operators and configuration",
    }
}

/// Prints the page of a code.
pub fn explain(code: &str) -> anyhow::Result<Exit> {
    let wanted = code.to_uppercase();
    let Some((code, title)) = all().find(|(code, _)| *code == wanted) else {
        let help = lexhold_document::did_you_mean(&wanted, all().map(|(code, _)| *code))
            .unwrap_or_else(|| "codes look like LX0412".into());
        return Err(Failure::new(
            Exit::Usage,
            format!("unknown code `{}`", lexhold_document::printable(code)),
        )
        .help(help)
        .into());
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{code}: {title}\n\nIt belongs to the checks of {}. `lexhold check` shows the place, what was found there and what to do.",
        family(code)
    )?;
    Ok(Exit::Done)
}
