//! `import`: a foreign rule list becomes rulesets or lexicons, and a table of what could not be carried over.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use lexhold_document::printable;
use lexhold_import::{Format, ImportError, Imported, Loss, Options, Words, Written};
use serde_json::{Value, json};

use crate::args::{Import, ImportFormat, TableFormat};
use crate::failure::{Exit, Failure};
use crate::files::cannot_read;
use crate::report::table::{Columns, Kind, Row, TableWriter, set_readable, text_table};
use crate::settings::Settings;
use crate::terminal::say;

/// The columns of `--report`.
const COLUMNS: Columns = Columns {
    all: &[
        ("item", Kind::Text),
        ("what", Kind::Text),
        ("whole", Kind::Bool),
        ("reason", Kind::Text),
        ("detail", Kind::Text),
    ],
    shown: &["item", "what", "reason", "detail"],
};

/// Items that the table on stderr names for one reason.
const NAMED: usize = 3;

/// Largest rule list that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Imports.
pub fn import(settings: &Settings, args: &Import) -> anyhow::Result<Exit> {
    let text = read(&args.file)?;
    let stem = args
        .file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("imported");
    let name = args.name.clone().unwrap_or_else(|| lexhold_import::id(stem));
    let options = Options {
        name: if name.is_empty() { "imported".to_owned() } else { name },
        owner: args.owner.clone(),
        origin: args
            .file
            .file_name()
            .map_or_else(|| "stdin".into(), |name| name.to_string_lossy().into_owned()),
        severity: args.severity,
        words: Words {
            column: args.column.clone(),
            field: args.field.clone(),
            separator: args.separator.clone(),
        },
    };
    let imported = lexhold_import::import(format(args.format), &text, &options).map_err(failure)?;
    let targets = targets(args, &imported.documents)?;
    if let Some(report) = &args.report {
        refuse_existing(report, args.force)?;
        write_file(report, args.force, |out| write_report(report, &imported.losses, out))?;
    }
    for (target, document) in &targets {
        match target {
            Some(path) => write_file(path, args.force, |mut out| {
                out.write_all(document.yaml.as_bytes())?;
                Ok(out.flush()?)
            })?,
            None => std::io::stdout().lock().write_all(document.yaml.as_bytes())?,
        }
    }
    close(settings, args, &imported, &targets);
    if imported.documents.is_empty() {
        return Err(Failure::new(Exit::Policy, "nothing could be carried over").into());
    }
    Ok(Exit::Done)
}

fn format(format: ImportFormat) -> Format {
    match format {
        ImportFormat::Gitleaks => Format::Gitleaks,
        ImportFormat::Kingfisher => Format::Kingfisher,
        ImportFormat::Noseyparker => Format::NoseyParker,
        ImportFormat::Spamassassin => Format::SpamAssassin,
        ImportFormat::Presidio => Format::Presidio,
        ImportFormat::SigmaKeywords => Format::SigmaKeywords,
        ImportFormat::WordList => Format::WordList,
    }
}

fn failure(error: ImportError) -> Failure {
    let help = match &error {
        ImportError::Words(_) => "see --column, --field and --separator",
        ImportError::Refused(_) => "split the list into several files and import each",
        _ => "the rest of the call says which format the file should have",
    };
    let exit = if matches!(error, ImportError::Words(_)) {
        Exit::Usage
    } else {
        Exit::Policy
    };
    Failure::new(exit, printable(&error.to_string())).help(help)
}

/// The text of a file, or of stdin for `-`.
fn read(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| cannot_read(path, &error))?)
    };
    source
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("{} has more than {LARGEST} bytes", path.display());
        return Err(Failure::new(Exit::Policy, message).help("split the file").into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("{} is not UTF-8 from byte {at} on", path.display());
        Failure::new(Exit::Policy, message).help("save it as UTF-8").into()
    })
}

/// Where each document goes: stdout, `--out`, or beside `--out` with a number where there are several.
fn targets<'d>(args: &Import, documents: &'d [Written]) -> anyhow::Result<Vec<(Option<PathBuf>, &'d Written)>> {
    let Some(out) = &args.out else {
        if documents.len() > 1 {
            let message = format!("the words make {} lexicons, and stdout takes one", documents.len());
            return Err(Failure::new(Exit::Usage, message)
                .help("give --out FILE; each then gets a file of its own")
                .into());
        }
        return Ok(documents.iter().map(|document| (None, document)).collect());
    };
    let numbered = |n: usize| {
        if documents.len() == 1 {
            return out.clone();
        }
        let stem = out.file_stem().unwrap_or_default().to_string_lossy();
        let ending = out
            .extension()
            .map_or_else(|| "yaml".into(), |ending| ending.to_string_lossy());
        out.with_file_name(format!("{stem}-{}.{ending}", n + 1))
    };
    let targets: Vec<_> = documents
        .iter()
        .enumerate()
        .map(|(n, document)| (numbered(n), document))
        .collect();
    for (path, _) in &targets {
        refuse_existing(path, args.force)?;
    }
    Ok(targets
        .into_iter()
        .map(|(path, document)| (Some(path), document))
        .collect())
}

fn refuse_existing(path: &Path, force: bool) -> anyhow::Result<()> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    Ok(())
}

fn exists(path: &Path) -> anyhow::Error {
    Failure::new(Exit::Refused, format!("{} is there already", path.display()))
        .help("name another file, or say --force to replace it")
        .into()
}

/// Writes a file in one step, so that it is there in whole or not at all.
fn write_file(
    path: &Path,
    force: bool,
    fill: impl FnOnce(Box<dyn Write + Send>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let named = || Failure::new(Exit::Data, format!("cannot write {}", path.display()));
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let temporary = tempfile::NamedTempFile::new_in(parent).with_context(named)?;
    fill(Box::new(std::io::BufWriter::new(
        temporary.reopen().with_context(named)?,
    )))
    .with_context(named)?;
    temporary.as_file().sync_all().with_context(named)?;
    set_readable(temporary.as_file()).with_context(named)?;
    if force {
        temporary
            .persist(path)
            .map_err(|error| error.error)
            .with_context(named)?;
        return Ok(());
    }
    match temporary.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(error.error).with_context(named),
    }
}

fn write_report(path: &Path, losses: &[Loss], out: Box<dyn Write + Send>) -> anyhow::Result<()> {
    let is_csv = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let form = if is_csv { TableFormat::Csv } else { TableFormat::Ndjson };
    let mut table = TableWriter::new(form, COLUMNS, out)?;
    for loss in losses {
        table.write(row(loss))?;
    }
    table.finish()?;
    Ok(())
}

fn row(loss: &Loss) -> Row {
    let entries = [
        ("item", json!(loss.item)),
        ("what", json!(loss.what)),
        ("whole", json!(loss.whole)),
        ("reason", json!(loss.reason)),
        (
            "detail",
            if loss.detail.is_empty() {
                Value::Null
            } else {
                json!(loss.detail)
            },
        ),
    ];
    entries
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What was carried over and what was not, on stderr.
fn close(settings: &Settings, args: &Import, imported: &Imported, targets: &[(Option<PathBuf>, &Written)]) {
    if settings.quiet {
        return;
    }
    if !imported.losses.is_empty() {
        say("not carried over:");
        say(&summary(&imported.losses));
    }
    let what = if args.format == ImportFormat::WordList {
        "words"
    } else {
        "rules"
    };
    say(&format!(
        "import: {} of {} {what} carried over",
        imported.n_carried, imported.n_read
    ));
    for (target, document) in targets {
        if let Some(path) = target {
            say(&format!("import: `{}` written to {}", document.name, path.display()));
        }
    }
    if args.report.is_none() && !imported.losses.is_empty() {
        say("import: --report FILE lists every item");
    }
}

/// One line a reason, with the number of items and the first of them; whole items first, then the most frequent.
fn summary(losses: &[Loss]) -> String {
    let mut reasons: BTreeMap<(bool, &str, &str), Vec<&str>> = BTreeMap::new();
    for loss in losses {
        let items = reasons.entry((!loss.whole, loss.what, loss.reason)).or_default();
        items.push(&loss.item);
    }
    let mut lines: Vec<_> = reasons.into_iter().collect();
    lines.sort_by_key(|((part, ..), items)| (*part, std::cmp::Reverse(items.len())));
    let mut table = text_table(&["items", "what", "reason", "for_example"]);
    for ((_, what, reason), items) in lines {
        let named = items.iter().take(NAMED).map(|item| printable(item)).collect::<Vec<_>>();
        let more = if items.len() > NAMED { ", …" } else { "" };
        table.add_row([
            items.len().to_string(),
            what.to_owned(),
            reason.to_owned(),
            named.join(", ") + more,
        ]);
    }
    table.to_string()
}
