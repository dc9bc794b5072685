//! Reading `validate`.

use lexhold_document::{Diagnostic, Entry, Node, Value, did_you_mean};

use super::date::DateCheck;
use super::weighted::Weighted;
use super::{NAMED, Validator};
use crate::codes;

/// Validators with parameters, each with an example.
const WITH_PARAMETERS: [(&str, &str); 3] = [
    (
        "weighted",
        "{weighted: {weights: [10, 9, 8, 7, 6, 5, 4, 3, 2], modulus: 11, position: 10}}",
    ),
    ("date", "{date: {format: YYMMDD, offset: 0}}"),
    ("entropy", "{entropy: {min: 3.5}}"),
];

/// Most weights.
const WEIGHTS: usize = 64;

/// Largest weight and modulus.
const LARGEST: i64 = 10_000;

/// Reads one validator or a list of them, all of which a hit has to pass.
pub(crate) fn read(node: &Node) -> Result<Vec<Validator>, Vec<Diagnostic>> {
    let items = match &node.value {
        Value::List(items) if items.is_empty() => return Err(vec![wrong(node, "the list is empty")]),
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut validators = Vec::new();
    let mut errors = Vec::new();
    for item in items {
        match validator(item) {
            Ok(validator) => validators.push(validator),
            Err(error) => errors.push(*error),
        }
    }
    if errors.is_empty() { Ok(validators) } else { Err(errors) }
}

fn validator(node: &Node) -> Result<Validator, Box<Diagnostic>> {
    if let Some(name) = node.as_text() {
        return by_name(node, name);
    }
    match node.as_map() {
        Some([entry]) => match entry.key.as_str() {
            "weighted" => weighted(entry),
            "date" => date(entry),
            "entropy" => entropy(entry),
            key => refuse(unknown(key).at(entry.key_place, "")),
        },
        _ => refuse(wrong(node, "a validator is a name or has one key").help(WITH_PARAMETERS[0].1)),
    }
}

fn by_name(node: &Node, name: &str) -> Result<Validator, Box<Diagnostic>> {
    if let Some(named) = NAMED.iter().find(|named| named.name == name) {
        return Ok(Validator::Named(named));
    }
    match WITH_PARAMETERS.iter().find(|(known, _)| *known == name) {
        Some((_, example)) => refuse(wrong(node, format!("validator `{name}` wants parameters")).help(*example)),
        None => refuse(unknown(name).at(node.place, "")),
    }
}

fn unknown(name: &str) -> Diagnostic {
    let names = || {
        NAMED
            .iter()
            .map(|named| named.name)
            .chain(WITH_PARAMETERS.iter().map(|(name, _)| *name))
    };
    let help = did_you_mean(name, names());
    let help = help.or_else(|| Some(format!("there are {}", names().collect::<Vec<_>>().join(", "))));
    Diagnostic::error(codes::VALIDATOR, format!("validator `{name}` is not known")).maybe_help(help)
}

fn weighted(entry: &Entry) -> Result<Validator, Box<Diagnostic>> {
    only(entry, &["weights", "modulus", "position", "remainder", "ten", "layout"])?;
    let node = wanted(entry, "weights")?;
    let weights = node.as_list().filter(|weights| (2..=WEIGHTS).contains(&weights.len()));
    let Some(weights) = weights else {
        return refuse(wrong(
            node,
            format!("`weights` has to be a list of 2 to {WEIGHTS} whole numbers"),
        ));
    };
    let mut weights = weights
        .iter()
        .map(|weight| whole(weight, "a weight", -LARGEST).map(|weight| weight as i32))
        .collect::<Result<Vec<i32>, Box<Diagnostic>>>()?;
    let modulus = whole(wanted(entry, "modulus")?, "`modulus`", 2)? as u32;
    let remainder = match entry.node.get("remainder") {
        Some(node) => whole(node, "`remainder`", 0)? as u32,
        None => 0,
    };
    let position = entry
        .node
        .get("position")
        .map(|node| position(node, weights.len() + 1))
        .transpose()?;
    if let Some(position) = position {
        weights.insert(position, 1);
    }
    let ten_is_zero = match (entry.node.get("ten"), position) {
        (None, _) => None,
        (Some(node), Some(position)) if node.as_text() == Some("zero") => Some(position),
        (Some(node), None) => return refuse(wrong(node, "`ten` wants `position`")),
        (Some(node), Some(_)) => {
            return refuse(wrong(node, "`ten` has to be `zero`").help("a last `X` is worth 10 anyway"));
        }
    };
    let layout = entry
        .node
        .get("layout")
        .map(|node| layout(node, weights.len()))
        .transpose()?;
    Ok(Validator::Weighted(Weighted {
        weights,
        modulus,
        remainder,
        ten_is_zero,
        layout,
    }))
}

/// How the number is written: a letter or digit for each character, with separators.
fn layout(node: &Node, len: usize) -> Result<String, Box<Diagnostic>> {
    let layout = node
        .as_text()
        .filter(|layout| layout.chars().filter(char::is_ascii_alphanumeric).count() == len);
    let error =
        || wrong(node, format!("`layout` has to have {len} letters or digits")).help("layout: '000.000.000-00'");
    layout.map(String::from).ok_or_else(|| Box::new(error()))
}

/// Where the check character stands, counted from one in the document and from nought here.
fn position(node: &Node, len: usize) -> Result<usize, Box<Diagnostic>> {
    let position = whole(node, "`position`", 1)? as usize;
    if position > len {
        let message = format!("`position` is {position}, but with its check character the number has {len}");
        return refuse(wrong(node, message).help("`weights` are those of the other characters"));
    }
    Ok(position - 1)
}

fn date(entry: &Entry) -> Result<Validator, Box<Diagnostic>> {
    only(entry, &["format", "offset"])?;
    let node = wanted(entry, "format")?;
    let Some(format) = node.as_text().filter(|format| DateCheck::is_format(format)) else {
        return refuse(wrong(node, "`format` has to be made of `YYYY` or `YY`, `MM` and `DD`").help("format: YYMMDD"));
    };
    let offset = match entry.node.get("offset") {
        Some(node) => whole(node, "`offset`", 0)? as usize,
        None => 0,
    };
    Ok(Validator::Date(DateCheck {
        format: format.to_owned(),
        offset,
    }))
}

fn entropy(entry: &Entry) -> Result<Validator, Box<Diagnostic>> {
    only(entry, &["min"])?;
    let node = wanted(entry, "min")?;
    let bits = match node.value {
        Value::Int(bits) => i32::try_from(bits).ok().map(f64::from),
        Value::Float(bits) => Some(bits),
        _ => None,
    };
    match bits.filter(|bits| (0.0..=8.0).contains(bits)) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8,000")]
        Some(bits) => Ok(Validator::Entropy((bits * 1_000.0).round() as u32)),
        None => refuse(wrong(node, "`min` has to be a number of bits a character, from 0 to 8")),
    }
}

fn only(entry: &Entry, keys: &[&str]) -> Result<(), Box<Diagnostic>> {
    let name = &entry.key;
    let Some(entries) = entry.node.as_map() else {
        let example = WITH_PARAMETERS
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, example)| example);
        return refuse(wrong(&entry.node, format!("`{name}` wants {}", keys.join(", "))).help(example));
    };
    match entries.iter().find(|entry| !keys.contains(&entry.key.as_str())) {
        None => Ok(()),
        Some(unknown) => refuse(
            Diagnostic::error(codes::VALIDATOR, format!("`{name}` has no key `{}`", unknown.key))
                .at(unknown.key_place, "")
                .maybe_help(did_you_mean(&unknown.key, keys.iter().copied())),
        ),
    }
}

fn wanted<'n>(entry: &'n Entry, key: &str) -> Result<&'n Node, Box<Diagnostic>> {
    let error =
        || Diagnostic::error(codes::VALIDATOR, format!("`{}` wants `{key}`", entry.key)).at(entry.key_place, "");
    entry.node.get(key).ok_or_else(|| Box::new(error()))
}

fn whole(node: &Node, what: &str, least: i64) -> Result<i64, Box<Diagnostic>> {
    match node.value {
        Value::Int(number) if (least..=LARGEST).contains(&number) => Ok(number),
        _ => refuse(wrong(
            node,
            format!("{what} has to be a whole number from {least} to {LARGEST}"),
        )),
    }
}

fn wrong(node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::VALIDATOR, message).at(node.place, "")
}

fn refuse<T>(error: Diagnostic) -> Result<T, Box<Diagnostic>> {
    Err(Box::new(error))
}
