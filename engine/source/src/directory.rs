//! The directory as a table, in CSV or Parquet: one row a person, group, channel or mail domain.
//!
//! | column | holds |
//! | --- | --- |
//! | `kind` | `person` (the default), `group`, `channel` or `domain` |
//! | `id` | the person's or group's id, the channel's name, the domain |
//! | `name` `desk` `jurisdiction` `supervisor` `deputy` | of a person |
//! | `handles` | of a person: `platform:handle`, joined by `;`; without a platform it holds on all; the id, if there is none |
//! | `groups` | groups that the person, or the group, belongs to, joined by `;` |
//! | `licences` | of a person, joined by `;` |
//! | `valid_from` `valid_to` | first and last day of a person's row, as `2024-12-31` |
//! | `platform` `approved` | of a channel; `approved` is `true` or `false`, and absent means false |
//!
//! Any other column is an attribute of the person for the firm's own `FirmPerson`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use lexhold_model::{Channel, Directory, Group, Person, Validity};

use crate::input::{Input, Packing};
use crate::message::is_mail;
use crate::open::{PROBE_BYTES, without_bom};
use crate::parquet::Table;
use crate::records::{Header, Records};
use crate::value::Value;
use crate::{ErrorKind, Options, Place, SourceError, cell};

/// Reads a directory from CSV or Parquet.
///
/// # Errors
/// When the file cannot be read, its header has no `id` or names a column twice, or any row is wrong: a directory
/// that silently lacks somebody would misjudge all that he wrote.
pub fn read_directory(path: &Path) -> Result<Directory, SourceError> {
    let mut input = Input::open(path)?;
    let name = input.name.clone();
    let mut rows = Rows::default();
    if input.peek(4) == b"PAR1" && input.packing == Packing::None {
        let mut table = Table::open(path, &name, Options::default())?;
        while let Some((place, values)) = table.next_owned()? {
            rows.add(place, values.and_then(Cells::new));
        }
    } else {
        read_csv(input, &mut rows)?;
    }
    let directory = Directory::new(rows.people, rows.groups, rows.channels, rows.domains);
    let directory = directory.map_err(|problems| rows.wrong.extend(problems.iter().map(ToString::to_string)));
    match directory {
        Ok(directory) if rows.wrong.is_empty() => Ok(directory),
        _ => Err(SourceError::new(ErrorKind::Rows, &name, listed(&rows.wrong))),
    }
}

/// The first few of what is wrong, on one line, and how many more there are.
fn listed(wrong: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = wrong[..wrong.len().min(SHOWN)].join("; ");
    if wrong.len() > SHOWN {
        format!("{shown}; and {} more", wrong.len() - SHOWN)
    } else {
        shown
    }
}

/// What a table says of people, groups, channels and domains, and which rows are wrong.
#[derive(Default)]
struct Rows {
    people: Vec<Person>,
    groups: Vec<Group>,
    channels: Vec<Channel>,
    domains: Vec<String>,
    wrong: Vec<String>,
}

fn read_csv(mut input: Input, rows: &mut Rows) -> Result<(), SourceError> {
    let first = input.peek(PROBE_BYTES);
    let wrong = |why: String| Err(SourceError::new(ErrorKind::Header, &input.name, why));
    let Some(header) =
        Header::widest(without_bom(&first)).filter(|header| header.columns.iter().any(|name| name == "id"))
    else {
        return wrong("a directory must have a header with the column `id`".to_owned());
    };
    if let Some(name) = header.repeated() {
        return wrong(format!("its header names the column `{name}` twice"));
    }
    let (bytes, origin) = input.split();
    let mut records = Records::new(bytes, header.delimiter, Options::default().line_bytes);
    let mut in_header = true;
    while let Some((line, record)) = records.next().map_err(|error| origin.broken(error))? {
        if std::mem::take(&mut in_header) {
            continue;
        }
        let cells = record.and_then(|record| {
            if record.len() != header.columns.len() {
                return Err(format!(
                    "{} fields where the header has {}",
                    record.len(),
                    header.columns.len()
                ));
            }
            let texts = record.texts().map(|text| Value::Text(Cow::Owned(text.into_owned())));
            Cells::new(header.columns.iter().cloned().zip(texts).collect())
        });
        rows.add(Place::Line(line), cells);
    }
    Ok(())
}

impl Rows {
    fn add(&mut self, place: Place, cells: Result<Cells, String>) {
        if let Err(reason) = cells.and_then(|cells| self.add_row(cells)) {
            self.wrong.push(match place {
                Place::Line(line) => format!("line {line}: {reason}"),
                place => format!("{place}: {reason}"),
            });
        }
    }

    fn add_row(&mut self, mut cells: Cells) -> Result<(), String> {
        let id = cells.text("id")?.ok_or("`id` is empty")?;
        match cells.text("kind")?.as_deref() {
            None | Some("person") => self.people.push(person(id, cells)?),
            Some("group") => self.groups.push(Group {
                id,
                parents: cells.texts("groups")?,
            }),
            Some("channel") => self.channels.push(channel(id, cells)?),
            Some("domain") => self.domains.push(id.to_lowercase()),
            Some(_) => return Err("`kind` is not one of person, group, channel, domain".to_owned()),
        }
        Ok(())
    }
}

fn person(id: String, mut cells: Cells) -> Result<Person, String> {
    let mut handles = handles(cells.take("handles"))?;
    if handles.is_empty() {
        handles.insert("*".to_owned(), vec![id.clone()]);
    }
    Ok(Person {
        id,
        name: cells.text("name")?,
        handles,
        groups: cells.texts("groups")?,
        desk: cells.text("desk")?,
        licences: cells.texts("licences")?,
        jurisdiction: cells.text("jurisdiction")?,
        supervisor: cells.text("supervisor")?,
        deputy: cells.text("deputy")?,
        valid: Validity {
            from: cells.date("valid_from")?,
            to: cells.date("valid_to")?,
        },
        firm: cells.attributes(),
    })
}

fn channel(id: String, mut cells: Cells) -> Result<Channel, String> {
    let approved = match cells.take("approved") {
        Value::Null => false,
        Value::Bool(approved) => approved,
        Value::Text(text) if text.eq_ignore_ascii_case("true") => true,
        Value::Text(text) if text.eq_ignore_ascii_case("false") => false,
        _ => return Err("`approved` must be true or false".to_owned()),
    };
    Ok(Channel {
        id,
        platform: cells.text("platform")?.map(|name| name.to_ascii_lowercase()),
        approved,
    })
}

/// Handles by platform, from `platform:handle` texts or from a map of lists.
fn handles(value: Value<'_>) -> Result<BTreeMap<String, Vec<String>>, String> {
    const DUE: &str = "`handles` must be texts like `platform:handle`";
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |platform: &str, handle: &str| {
        let platform = platform.trim().to_ascii_lowercase();
        let handle = if is_mail(&platform) {
            handle.trim().to_lowercase()
        } else {
            handle.trim().to_owned()
        };
        all.entry(platform).or_default().push(handle);
    };
    match value {
        Value::Map(entries) => {
            for (platform, value) in entries {
                texts(value)
                    .ok_or(DUE)?
                    .iter()
                    .for_each(|handle| add(&platform, handle));
            }
        }
        other => {
            for text in texts(other).ok_or(DUE)? {
                let (platform, handle) = text.split_once(':').unwrap_or(("*", &text));
                add(platform, handle);
            }
        }
    }
    Ok(all)
}

/// A list of texts, or one cell of them.
fn texts(value: Value<'_>) -> Option<Vec<String>> {
    let items = match value {
        Value::Null => Vec::new(),
        Value::List(items) => items,
        Value::Text(text) => match cell::list(text) {
            Value::List(items) => items,
            _ => return None,
        },
        _ => return None,
    };
    let text = |item| match item {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    };
    items.into_iter().map(text).collect()
}

/// The cells of one row that have not been used yet.
struct Cells(BTreeMap<String, Value<'static>>);

impl Cells {
    fn new(values: Vec<(String, Value<'static>)>) -> Result<Self, String> {
        let given =
            |value: &Value<'_>| !matches!(value, Value::Null) && !matches!(value, Value::Text(text) if text.is_empty());
        let cells: BTreeMap<_, _> = values.into_iter().filter(|(_, value)| given(value)).collect();
        if cells.is_empty() {
            Err("every field is empty".to_owned())
        } else {
            Ok(Self(cells))
        }
    }

    fn take(&mut self, name: &str) -> Value<'static> {
        self.0.remove(name).unwrap_or_default()
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.trim().to_owned())),
            other => Err(format!("`{name}` must be text, not {}", other.noun())),
        }
    }

    fn texts(&mut self, name: &str) -> Result<Vec<String>, String> {
        texts(self.take(name)).ok_or_else(|| format!("`{name}` must be a list of texts"))
    }

    fn date(&mut self, name: &str) -> Result<Option<Date>, String> {
        let text = self.text(name)?;
        text.map(|text| {
            text.parse()
                .map_err(|_| format!("`{name}` must be a day like 2024-12-31"))
        })
        .transpose()
    }

    /// What is left: attributes that only the firm knows.
    fn attributes(self) -> BTreeMap<String, serde_json::Value> {
        let ours = ["platform", "approved", "kind"];
        let kept = self.0.into_iter().filter(|(name, _)| !ours.contains(&name.as_str()));
        kept.filter_map(|(name, value)| Some((name, attribute(value)?)))
            .collect()
    }
}

fn attribute(value: Value<'_>) -> Option<serde_json::Value> {
    match value {
        Value::Bool(truth) => Some(truth.into()),
        Value::Whole(number) => Some(number.into()),
        Value::Number(number) => Some(number.into()),
        Value::List(items) => Some(items.into_iter().filter_map(attribute).collect()),
        other => other.into_metadata().map(Into::into),
    }
}
