//! JSON Schema of a kind of document, made of the same shape that checking uses.
//!
//! A schema says what can be said of one value at a time. It leaves to `check` what takes more: that days exist, that ids are
//! unique, that conditions and patterns compile, and that `lexhold` is the first key.

use serde_json::{Map, Value, json};

use crate::{Field, Fields, Kind, Shape, front};

/// Which edition of JSON Schema is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draft {
    /// 2020-12, the newest.
    Latest,
    /// Draft-07, for editors that know no newer one.
    Seven,
}

impl Draft {
    fn uri(self) -> &'static str {
        match self {
            Draft::Latest => "https://json-schema.org/draft/2020-12/schema",
            Draft::Seven => "http://json-schema.org/draft-07/schema#",
        }
    }

    /// The key under which definitions stand.
    fn definitions(self) -> &'static str {
        match self {
            Draft::Latest => "$defs",
            Draft::Seven => "definitions",
        }
    }
}

/// The schema of one kind of document, given its own keys; those of every document stand beside them.
///
/// `examples` are parsed documents, for editors to show.
pub fn json_schema(kind: Kind, own: &Shape, examples: &[Value], draft: Draft) -> Value {
    let mut writer = Writer::new(draft);
    let mut schema = writer.document(kind, own);
    schema.insert("$schema".into(), json!(draft.uri()));
    schema.insert("$id".into(), json!(format!("urn:lexhold:schema:{kind}:1")));
    if !examples.is_empty() {
        schema.insert("examples".into(), json!(examples));
    }
    writer.finish(schema)
}

/// One schema for documents of every kind, each told by its key.
pub fn json_schema_of_all(kinds: &[(Kind, Shape)], draft: Draft) -> Value {
    let mut writer = Writer::new(draft);
    let mut of_kinds = Vec::new();
    for (kind, own) in kinds {
        let document = writer.document(*kind, own);
        writer.definitions.insert(kind.key().into(), Value::Object(document));
        of_kinds.push(json!({ "if": { "required": [kind.key()] }, "then": writer.reference(kind.key()) }));
    }
    let named = kinds.iter().map(|(kind, _)| json!({ "required": [kind.key()] }));
    let schema = json!({
        "$schema": draft.uri(),
        "$id": "urn:lexhold:schema:document:1",
        "title": "a document of Lexhold",
        "type": "object",
        "anyOf": named.collect::<Vec<_>>(),
        "allOf": of_kinds,
    });
    writer.finish(schema.as_object().cloned().unwrap_or_default())
}

/// Years, months, weeks and days of a duration, one of them at least.
const DAYS: &str = "([0-9]+Y([0-9]+M)?([0-9]+W)?([0-9]+D)?|[0-9]+M([0-9]+W)?([0-9]+D)?|[0-9]+W([0-9]+D)?|[0-9]+D)";
/// Hours, minutes and seconds, one of them at least.
const TIME: &str = "T([0-9]+H([0-9]+M)?([0-9]+S)?|[0-9]+M([0-9]+S)?|[0-9]+S)";

/// A text that is nothing but a parameter, in place of any scalar.
const PARAMETER: &str = r"^\$\{[a-z][a-z0-9_-]*\}$";

struct Writer {
    draft: Draft,
    definitions: Map<String, Value>,
}

impl Writer {
    fn new(draft: Draft) -> Self {
        let definitions = Map::new();
        Self { draft, definitions }
    }

    fn finish(self, mut schema: Map<String, Value>) -> Value {
        if !self.definitions.is_empty() {
            schema.insert(self.draft.definitions().into(), Value::Object(self.definitions));
        }
        Value::Object(schema)
    }

    fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("#/{}/{name}", self.draft.definitions()) })
    }

    fn document(&mut self, kind: Kind, own: &Shape) -> Map<String, Value> {
        let fields = match own {
            Shape::Map(fields) => front::whole(kind, fields),
            _ => Fields::default(),
        };
        let mut schema = self.map(&fields);
        schema.insert("title".into(), json!(kind.key()));
        schema.insert("description".into(), json!(kind.doc()));
        if let Some(Value::Object(keys)) = schema.get_mut("properties") {
            keys.insert(
                "lexhold".into(),
                json!({ "const": 1, "description": "the format of the document, 1" }),
            );
        }
        schema
    }

    fn map(&mut self, fields: &Fields) -> Map<String, Value> {
        let keys = fields
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), self.field(field)));
        let keys: Map<String, Value> = keys.collect();
        let required = fields.fields.iter().filter(|field| field.required);
        let required: Vec<&str> = required.map(|field| field.name).collect();
        let mut schema = Map::new();
        schema.insert("type".into(), json!("object"));
        schema.insert("properties".into(), Value::Object(keys));
        schema.insert("additionalProperties".into(), json!(false));
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        let one_of = |keys: &&[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>();
        let groups = fields.exactly_one.iter().map(|keys| json!({ "oneOf": one_of(keys) }));
        let looser = fields.at_least_one.iter().map(|keys| json!({ "anyOf": one_of(keys) }));
        let needing = fields
            .needing
            .iter()
            .map(|(keys, key)| json!({ "if": { "anyOf": one_of(keys) }, "then": { "required": [key] } }));
        let groups: Vec<Value> = groups.chain(looser).chain(needing).collect();
        if !groups.is_empty() {
            schema.insert("allOf".into(), json!(groups));
        }
        schema
    }

    fn field(&mut self, field: &Field) -> Value {
        let schema = self.shape(&field.shape);
        let mut schema = match schema {
            // Draft-07 reads nothing beside a reference.
            Value::Object(schema) if !schema.contains_key("$ref") => schema,
            reference => Map::from_iter([("allOf".to_owned(), json!([reference]))]),
        };
        schema.insert("description".into(), json!(field.doc));
        Value::Object(schema)
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Any => json!({}),
            Shape::Text => json!({ "type": "string" }),
            Shape::Integer => scalar("integer"),
            Shape::Number => scalar("number"),
            Shape::Bool => scalar("boolean"),
            Shape::Id => written("[a-z0-9][a-z0-9._-]*", "off-channel"),
            Shape::Date => written("[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "2026-11-21"),
            Shape::Instant => written(
                r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
                "2026-11-21T09:30:00Z",
            ),
            Shape::Duration => written(&format!("P({DAYS}({TIME})?|{TIME})"), "P7Y"),
            Shape::Version => written(
                r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
                "1.2.0",
            ),
            Shape::Choice(words) => json!({ "anyOf": [{ "enum": words }, parameter()] }),
            Shape::List(items) => json!({ "type": "array", "items": self.shape(items) }),
            Shape::Counted(items, least, most) => {
                let mut schema = json!({ "type": "array", "items": self.shape(items), "minItems": least });
                if let Some(most) = most {
                    schema["maxItems"] = json!(most);
                }
                schema
            }
            Shape::OneOrMany(items) => {
                let one = self.shape(items);
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
            Shape::Open(values) => json!({ "type": "object", "additionalProperties": self.shape(values) }),
            Shape::Map(fields) => Value::Object(self.map(fields)),
            // Nothing fits none.
            Shape::Either(shapes) if shapes.is_empty() => json!({ "not": {} }),
            Shape::Either(shapes) => {
                let shapes: Vec<Value> = shapes.iter().map(|shape| self.shape(shape)).collect();
                json!({ "anyOf": shapes })
            }
            Shape::Named(name, shape) | Shape::Closer(name, shape) => {
                if !self.definitions.contains_key(*name) {
                    // A place is kept first, so that a shape may nest in itself.
                    self.definitions.insert((*name).to_owned(), json!({}));
                    let schema = self.shape(&shape());
                    self.definitions.insert((*name).to_owned(), schema);
                }
                self.reference(name)
            }
        }
    }
}

fn parameter() -> Value {
    json!({ "type": "string", "pattern": PARAMETER })
}

/// A scalar that is no text, or a parameter in its place.
fn scalar(name: &str) -> Value {
    json!({ "type": [name, "string"], "pattern": PARAMETER })
}

/// A text that has to be written in some way, unless there is a parameter in it.
fn written(form: &str, example: &str) -> Value {
    json!({ "type": "string", "pattern": format!(r"^({form})$|\$\{{"), "examples": [example] })
}
