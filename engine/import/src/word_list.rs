//! Word lists: a word or phrase a line, a column of a table, or a field of objects.

use serde_json::Value;

use crate::json_lines::objects;
use crate::loss::Losses;
use crate::{ImportError, Words};

/// Words, each with its place in the file.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) words: Vec<Word>,
    pub(crate) losses: Losses,
}

/// A word or phrase and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// Reads a word list.
pub(crate) fn read(text: &str, words: &Words) -> Result<List, ImportError> {
    let mut list = List::default();
    match (&words.column, &words.field) {
        (Some(_), Some(_)) => return Err(ImportError::Words("a list has either columns or fields".to_owned())),
        (Some(column), None) => table(text, column, words, &mut list)?,
        (None, Some(field)) => fields(text, field, words, &mut list)?,
        (None, None) => lines(text, words, &mut list)?,
    }
    Ok(list)
}

impl List {
    /// Adds what one value holds.
    fn add(&mut self, place: &str, value: &str, words: &Words) {
        let texts = match words.separator.as_deref().filter(|separator| !separator.is_empty()) {
            Some(separator) => value.split(separator).map(str::trim).collect(),
            None => vec![value.trim()],
        };
        for text in texts {
            if text.is_empty() {
                self.losses.whole(place, "word", "it is empty", "");
            } else {
                self.words.push(Word {
                    place: place.to_owned(),
                    text: text.to_owned(),
                });
            }
        }
    }
}

fn lines(text: &str, words: &Words, list: &mut List) -> Result<(), ImportError> {
    if text.trim_start().starts_with('{') {
        return Err(ImportError::Words(
            "the list has objects: say which field has the words".to_owned(),
        ));
    }
    if text.trim_start().starts_with('[') && serde_json::from_str::<Value>(text).is_ok() {
        return json(text, None, words, list);
    }
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        list.add(&format!("line {}", n + 1), line, words);
    }
    Ok(())
}

/// The cells of one column of CSV or, where its first row has tabs, TSV.
fn table(text: &str, column: &str, words: &Words, list: &mut List) -> Result<(), ImportError> {
    let first = text.lines().next().unwrap_or_default();
    let tabs = first.contains('\t');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        // A tab-separated file knows no quotes.
        .quoting(!tabs)
        .flexible(true)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| ImportError::Unreadable {
        format: "a table",
        reason: error.to_string(),
    };
    let header = reader.headers().map_err(unreadable)?;
    let Some(index) = header.iter().position(|name| name == column) else {
        let names: Vec<&str> = header.iter().collect();
        let message = format!("the table has no column `{column}`, only {}", names.join(", "));
        return Err(ImportError::Words(message));
    };
    for (n, record) in reader.records().enumerate() {
        let record = record.map_err(unreadable)?;
        let place = record
            .position()
            .map_or_else(|| format!("row {}", n + 1), |at| format!("line {}", at.line()));
        match record.get(index) {
            Some(value) => list.add(&place, value, words),
            None => list.losses.whole(&place, "word", "the row is too short", ""),
        }
    }
    Ok(())
}

fn fields(text: &str, field: &str, words: &Words, list: &mut List) -> Result<(), ImportError> {
    json(text, Some(field), words, list)
}

fn json(text: &str, field: Option<&str>, words: &Words, list: &mut List) -> Result<(), ImportError> {
    let items = objects(text).map_err(|reason| ImportError::Unreadable {
        format: "a list of objects",
        reason,
    })?;
    let mut found = false;
    for (n, item) in items.iter().enumerate() {
        let place = format!("item {}", n + 1);
        let value = field.map_or(Some(item), |field| item.get(field));
        found |= value.is_some();
        match value {
            Some(Value::String(text)) => list.add(&place, text, words),
            Some(Value::Number(number)) => list.add(&place, &number.to_string(), words),
            Some(Value::Array(texts)) if texts.iter().all(Value::is_string) => {
                texts
                    .iter()
                    .filter_map(Value::as_str)
                    .for_each(|text| list.add(&place, text, words));
            }
            Some(_) => list.losses.whole(&place, "word", "it is no text", ""),
            None => list.losses.whole(&place, "word", "the field is missing", ""),
        }
    }
    match field {
        Some(field) if !found => Err(ImportError::Words(format!("no object has a field `{field}`"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, column: Option<&str>, field: Option<&str>, separator: Option<&str>) -> Vec<String> {
        let owned = |text: Option<&str>| text.map(String::from);
        let options = Words {
            column: owned(column),
            field: owned(field),
            separator: owned(separator),
        };
        let list = read(text, &options).unwrap();
        let lost = list
            .losses
            .0
            .iter()
            .map(|loss| format!("{}: {}", loss.item, loss.reason));
        list.words.iter().map(|word| word.text.clone()).chain(lost).collect()
    }

    #[test]
    fn words_from_all_sorts_of_lists() {
        assert_eq!(words("a\n\n b c \r\n#d", None, None, None), ["a", "b c", "#d"]);
        assert_eq!(
            words("w,n\n\"a, b\",1\nc", Some("n"), None, None),
            ["1", "line 3: the row is too short"]
        );
        assert_eq!(words("w,n\n\"a, b\",1\nc,2", Some("w"), None, None), ["a, b", "c"]);
        assert_eq!(words("w\tn\n\"a\tb\n", Some("w"), None, None), ["\"a"]);
        assert_eq!(words("[\"a\", \"b\"]", None, None, None), ["a", "b"]);
        assert_eq!(
            words("{\"t\": \"a|b||\"}\n{\"u\": 1}", None, Some("t"), Some("|")),
            [
                "a",
                "b",
                "item 1: it is empty",
                "item 1: it is empty",
                "item 2: the field is missing"
            ]
        );
        assert_eq!(words("[{\"t\": [\"a\", \"b\"]}]", None, Some("t"), None), ["a", "b"]);
    }

    #[test]
    fn a_place_that_is_not_there_is_told() {
        let column = Words {
            column: Some("x".to_owned()),
            ..Words::default()
        };
        assert_eq!(
            read("a,b\n1,2", &column).unwrap_err().to_string(),
            "the table has no column `x`, only a, b"
        );
        let field = Words {
            field: Some("x".to_owned()),
            ..Words::default()
        };
        assert_eq!(
            read("{\"a\": 1}", &field).unwrap_err().to_string(),
            "no object has a field `x`"
        );
        assert!(read("{\"a\": 1}", &Words::default()).is_err());
    }
}
