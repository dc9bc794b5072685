//! The manual of schedules: its examples compile, and it has every key.

use lexhold_document::Shape;

use crate::testing::compiled;
use crate::{calendar_shape, compile, retention_shape};

const MANUAL: &str = include_str!("../SCHEDULES.md");

fn blocks() -> impl Iterator<Item = &'static str> {
    MANUAL
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
}

/// The examples as documents: what is no document of its own is a list of schedules.
fn documents() -> Vec<String> {
    let document = |(at, block): (usize, &str)| {
        if block.starts_with("lexhold: 1\n") {
            return block.to_owned();
        }
        let items: String = block.lines().map(|line| format!("  {line}\n")).collect();
        format!("lexhold: 1\nretention: page-{at}\nversion: 1.0.0\nzone: UTC\nschedules:\n{items}")
    };
    blocks().enumerate().map(document).collect()
}

#[test]
fn the_examples_of_the_manual_compile() {
    let documents = documents();
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    let (schedules, said) = compiled(&texts, compile);
    assert_eq!(said, [""; 0]);
    assert!(schedules.iter().len() >= 17, "{}", schedules.iter().len());
}

/// The keys of a shape at any depth, and the words that may stand for a value.
fn keys(shape: &Shape, found: &mut Vec<&'static str>, words: &mut Vec<&'static str>) {
    match shape {
        Shape::Map(fields) => {
            for field in &fields.fields {
                found.push(field.name);
                keys(&field.shape, found, words);
            }
        }
        Shape::List(inner) | Shape::OneOrMany(inner) | Shape::Open(inner) => keys(inner, found, words),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| keys(shape, found, words)),
        Shape::Choice(choice) => words.extend(*choice),
        _ => {}
    }
}

#[test]
fn the_manual_has_an_example_of_every_key_and_names_every_word() {
    let (mut all, mut choices) = (Vec::new(), Vec::new());
    keys(&retention_shape(), &mut all, &mut choices);
    keys(&calendar_shape(), &mut all, &mut choices);
    assert!(all.len() > 50, "{all:?}");
    let examples: String = blocks().collect();
    for key in all {
        assert!(examples.contains(&format!("{key}:")), "{key}");
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named: Vec<&str> = MANUAL.split(|c| !is_part(c)).collect();
    for word in choices
        .into_iter()
        .filter(|word| !word.ends_with("day") || word.contains('_'))
    {
        assert!(named.contains(&word), "{word}");
    }
}
