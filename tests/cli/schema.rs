//! Documents against JSON Schemas: the keywords that our schemas and that of SARIF use, and a panic at any other.
//!
//! The libraries that know all of them turn on features of crates under Arrow, so that a second Arrow would be built for tests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

/// Asserts that a document is what a schema in `tests/schemas` says.
#[track_caller]
pub fn assert_fits(document: &Value, schema: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/schemas")
        .join(schema);
    let root: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let wrong = misfits(document, &root);
    assert!(wrong.is_empty(), "{wrong:#?}\n{document:#}");
}

/// What of a document a schema does not allow.
pub fn misfits(document: &Value, schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Check { root: schema }.value(schema, document, "", &mut wrong);
    wrong
}

/// Whether a pattern is found in a text; each is compiled once.
fn is_found(pattern: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let known = compiled.entry(pattern.to_owned());
        known.or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
    })
}

struct Check<'s> {
    root: &'s Value,
}

impl Check<'_> {
    fn value(&self, schema: &Value, of: &Value, at: &str, wrong: &mut Vec<String>) {
        for (keyword, wanted) in schema.as_object().into_iter().flatten() {
            if !self.keyword(keyword, wanted, schema, of, at, wrong) {
                wrong.push(format!("{at}: not {keyword} {wanted}: {of}"));
            }
        }
    }

    /// Whether the value is what one keyword wants; what is wrong below it is added to `wrong`.
    fn keyword(
        &self,
        keyword: &str,
        wanted: &Value,
        schema: &Value,
        of: &Value,
        at: &str,
        wrong: &mut Vec<String>,
    ) -> bool {
        let fits = |one: &Value| {
            let mut wrong = Vec::new();
            self.value(one, of, at, &mut wrong);
            wrong.is_empty()
        };
        let number = |limit: &Value| of.as_f64().zip(limit.as_f64());
        match keyword {
            "$schema" | "$id" | "$defs" | "definitions" | "title" | "description" | "default" | "examples"
            | "format" => {}
            // Looked at together with `if`.
            "then" => {}
            "if" => return !fits(wanted) || fits(&schema["then"]),
            "$ref" => {
                let target = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                self.value(self.root.pointer(target).unwrap(), of, at, wrong);
            }
            "type" => return words(wanted).iter().any(|name| is_of(of, name)),
            "enum" => return wanted.as_array().unwrap().contains(of),
            "const" => return wanted == of,
            "minimum" => return number(wanted).is_none_or(|(value, limit)| value >= limit),
            "maximum" => return number(wanted).is_none_or(|(value, limit)| value <= limit),
            "minLength" => {
                return of
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 >= wanted.as_u64().unwrap());
            }
            "pattern" => {
                return of.as_str().is_none_or(|text| is_found(wanted.as_str().unwrap(), text));
            }
            "minItems" => {
                return of
                    .as_array()
                    .is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap());
            }
            "maxItems" => {
                return of
                    .as_array()
                    .is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap());
            }
            "uniqueItems" => {
                return wanted == false
                    || of
                        .as_array()
                        .is_none_or(|items| (1..items.len()).all(|at| !items[..at].contains(&items[at])));
            }
            "anyOf" => return wanted.as_array().unwrap().iter().any(fits),
            "oneOf" => return wanted.as_array().unwrap().iter().filter(|one| fits(one)).count() == 1,
            "allOf" => return wanted.as_array().unwrap().iter().all(fits),
            "not" => return !fits(wanted),
            "required" => {
                return of
                    .as_object()
                    .is_none_or(|of| words(wanted).iter().all(|key| of.contains_key(*key)));
            }
            "dependencies" => {
                let lacks = |of: &serde_json::Map<String, Value>| {
                    let mut given = wanted
                        .as_object()
                        .unwrap()
                        .iter()
                        .filter(|(key, _)| of.contains_key(*key));
                    given.any(|(_, keys)| words(keys).iter().any(|key| !of.contains_key(*key)))
                };
                return !of.as_object().is_some_and(lacks);
            }
            "items" => {
                for (position, item) in of.as_array().into_iter().flatten().enumerate() {
                    self.value(wanted, item, &format!("{at}/{position}"), wrong);
                }
            }
            "properties" | "additionalProperties" => {
                let known = |key: &str| schema["properties"].get(key);
                for (key, value) in of.as_object().into_iter().flatten() {
                    let below = format!("{at}/{key}");
                    match (keyword, known(key), wanted) {
                        ("properties", Some(schema), _) => self.value(schema, value, &below, wrong),
                        ("additionalProperties", None, Value::Bool(false)) => {
                            wrong.push(format!("{below}: an unknown key"))
                        }
                        ("additionalProperties", None, schema) => self.value(schema, value, &below, wrong),
                        _ => {}
                    }
                }
            }
            unknown => panic!("this checker does not know `{unknown}`"),
        }
        true
    }
}

fn words(of: &Value) -> Vec<&str> {
    match of {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is_of(of: &Value, name: &str) -> bool {
    match name {
        "null" => of.is_null(),
        "boolean" => of.is_boolean(),
        "integer" => of.is_i64() || of.is_u64(),
        "number" => of.is_number(),
        "string" => of.is_string(),
        "array" => of.is_array(),
        "object" => of.is_object(),
        other => panic!("there is no type `{other}`"),
    }
}

#[test]
fn a_schema_refuses_what_it_does_not_allow() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {
            "a": { "type": ["integer", "null"], "minimum": 1 },
            "b": { "type": "array", "uniqueItems": true, "minItems": 1, "items": { "enum": ["x", "y"] } },
            "c": { "anyOf": [{ "pattern": "^d" }, { "const": 7 }], "not": { "const": "dd" } },
        },
    });
    let fits = |text: &str| {
        let mut wrong = Vec::new();
        Check { root: &schema }.value(&schema, &serde_json::from_str(text).unwrap(), "", &mut wrong);
        wrong.is_empty()
    };
    for good in [
        r#"{"a": 1}"#,
        r#"{"a": null, "b": ["x", "y"]}"#,
        r#"{"a": 2, "c": "de"}"#,
        r#"{"a": 2, "c": 7}"#,
    ] {
        assert!(fits(good), "{good}");
    }
    for bad in [
        "[]",
        "{}",
        r#"{"a": 0}"#,
        r#"{"a": "1"}"#,
        r#"{"a": 1, "d": 1}"#,
        r#"{"a": 1, "b": []}"#,
        r#"{"a": 1, "b": ["x", "x"]}"#,
        r#"{"a": 1, "b": ["z"]}"#,
        r#"{"a": 1, "c": "e"}"#,
        r#"{"a": 1, "c": "dd"}"#,
    ] {
        assert!(!fits(bad), "{bad}");
    }
}
