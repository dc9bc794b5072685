//! Every diagnostic code of every crate, and what `explain` says of one.

mod page;
#[cfg(test)]
mod tests;

use std::io::Write;

use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use page::Page;

/// Every code with its title.
pub fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let all = [
        lexhold_document::codes::ALL,
        lexhold_rules::codes::ALL,
        lexhold_policy::codes::ALL,
        lexhold_retention::CODES,
        lexhold_evaluate::codes::ALL,
        lexhold_bundle::codes::ALL,
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
        "10" => "bundles",
        _ => "directory, operators and configuration",
    }
}

/// The file that has the page of a code.
pub fn file(code: &str) -> Option<&'static str> {
    let family = code.get(2..4)?;
    page::FILES.into_iter().find(|name| name.starts_with(family))
}

/// The page of a code, as Markdown shows it.
pub fn page_of(code: &str) -> Option<String> {
    let (code, title) = all().find(|(known, _)| *known == code)?;
    Some(shown(code, title))
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
    std::io::stdout().lock().write_all(shown(code, title).as_bytes())?;
    Ok(Exit::Done)
}

/// Lists every code with its title, or prints all pages as one JSON document.
pub fn explain_all(as_json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if as_json {
        let pages: Vec<Value> = all().map(|(code, title)| as_value(code, title)).collect();
        writeln!(out, "{:#}", Value::from(pages))?;
    } else {
        for (code, title) in all() {
            writeln!(out, "{code}  {title}")?;
        }
    }
    Ok(Exit::Done)
}

/// The page as text.
fn shown(code: &str, title: &str) -> String {
    let mut text = format!("{code}: {title}\n\n");
    let Some(page) = Page::of(code) else { return text };
    text += &format!("{}\n", page.text);
    for example in &page.examples {
        let word = if example.is_bad { "Wrong" } else { "Right" };
        text += &format!("\n{word}{}:\n\n", example.place());
        for line in example.text.lines() {
            text += &format!("    {line}\n");
        }
    }
    text
}

fn as_value(code: &str, title: &str) -> Value {
    let page = Page::of(code);
    let example = |is_bad: bool| {
        let mut examples = page.iter().flat_map(|page| &page.examples);
        examples.find(|one| one.is_bad == is_bad).map(|one| &one.text)
    };
    json!({
        "code": code,
        "title": title,
        "family": family(code),
        "text": page.as_ref().map(|page| &page.text),
        "bad": example(true),
        "good": example(false),
    })
}
