//! `sources`: the exports that can be read, and the manual of each.

use std::io::Write;

use lexhold_formats::{About, formats};
use serde_json::json;

use crate::args::Sources;
use crate::failure::{Exit, Failure};
use crate::report::table::{Columns, Kind, TableWriter, object};

const COLUMNS: Columns = Columns {
    all: &[
        ("source", Kind::Text),
        ("title", Kind::Text),
        ("input", Kind::Text),
        ("preserves", Kind::Texts),
        ("lacks", Kind::Texts),
    ],
    shown: &["source", "title", "input"],
};

/// Lists the formats, or prints the manual of one.
pub fn sources(args: &Sources) -> anyhow::Result<Exit> {
    let Some(name) = &args.source else {
        let mut table = TableWriter::new(args.format, COLUMNS, Box::new(std::io::stdout()))?.on_screen();
        for about in formats() {
            table.write(object(json!({
                "source": about.name,
                "title": about.title,
                "input": about.input,
                "preserves": about.preserves,
                "lacks": about.lacks,
            })))?;
        }
        table.finish()?;
        return Ok(Exit::Done);
    };
    let page = page(name)?;
    std::io::stdout().lock().write_all(page.page.as_bytes())?;
    Ok(Exit::Done)
}

fn page(name: &str) -> anyhow::Result<&'static About> {
    let found = formats().find(|about| about.name == name);
    found.ok_or_else(|| {
        let failure = Failure::new(Exit::Usage, format!("`{name}` is no format that Lexhold reads"));
        match lexhold_document::did_you_mean(name, formats().map(|about| about.name)) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`lexhold sources` lists them"),
        }
        .into()
    })
}
