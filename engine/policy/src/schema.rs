//! The schema that conditions are checked against, with the firm's own attributes.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Policy, PolicySet, Schema, SchemaFragment, ValidationMode, ValidationResult, Validator};
use lexhold_document::{Diagnostic, Diagnostics, FileId, Files};
use serde_json::Value;

use crate::firm::FirmType;
use crate::{Action, codes, trouble};

const BUILT_IN: &str = include_str!("../../../policies/schema.cedarschema");

/// The version of the language that conditions are written in.
pub fn cedar_version() -> String {
    cedar_policy::get_lang_version().to_string()
}

/// The types that a firm replaces, and nothing else.
const FIRM_TYPES: [&str; 2] = ["FirmPerson", "FirmMessage"];

/// The schema, compiled, with and without the labels that pattern rules must not read.
pub struct Schemas {
    full: Checked,
    without_labels: Checked,
    firm: FirmTypes,
    text: String,
}

/// One form of the schema.
pub(crate) struct Checked {
    validator: Validator,
    /// Every attribute within reach of a condition, as its path: `resource.sender.licences`.
    pub attributes: BTreeSet<String>,
}

/// What a firm declares about people and messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirmTypes {
    pub(crate) person: BTreeMap<String, FirmType>,
    pub(crate) message: BTreeMap<String, FirmType>,
}

impl Schemas {
    /// The schema as shipped, where a firm declares nothing.
    pub fn built_in() -> Self {
        #[expect(clippy::expect_used, reason = "the built-in schema is compiled by a test")]
        Self::assemble(base(), FirmTypes::default(), String::new()).expect("the built-in schema compiles")
    }

    /// The schema with the firm's `FirmPerson` and `FirmMessage` from a file of Cedar schema text.
    pub fn extended(files: &Files, extension: FileId, diagnostics: &mut Diagnostics) -> Option<Self> {
        let text = files.text(extension);
        let fragment = match SchemaFragment::from_cedarschema_str(text) {
            Ok((fragment, _warnings)) => fragment,
            Err(error) => {
                diagnostics.extend(trouble::in_file(codes::BAD_EXTENSION, &error, files, extension));
                return None;
            }
        };
        let declared = fragment.to_json_value().ok()?;
        let before = diagnostics.len();
        let firm = firm_types(&declared, files, extension, diagnostics);
        if diagnostics.len() > before {
            return None;
        }
        match Self::assemble(merged(&declared), firm, text.to_owned()) {
            Ok(schemas) => Some(schemas),
            Err(error) => {
                diagnostics.extend(trouble::in_file(codes::BAD_EXTENSION, &*error, files, extension));
                None
            }
        }
    }

    fn assemble(schema: Value, firm: FirmTypes, text: String) -> Result<Self, Box<cedar_policy::SchemaError>> {
        Ok(Self {
            without_labels: Checked::compile(stripped(schema.clone()))?,
            full: Checked::compile(schema)?,
            firm,
            text,
        })
    }

    /// The firm's own attributes.
    pub fn firm(&self) -> &FirmTypes {
        &self.firm
    }

    /// The built-in schema and the firm's extension, as a bundle's digest covers them.
    pub fn texts(&self) -> [&str; 2] {
        [BUILT_IN, &self.text]
    }

    /// Every attribute that a condition of an action can ask about, as its path: `resource.sender.licences`.
    pub fn attributes(&self, action: Action) -> impl Iterator<Item = &str> {
        self.of(action).attributes.iter().map(String::as_str)
    }

    pub(crate) fn of(&self, action: Action) -> &Checked {
        match action {
            Action::Scan => &self.without_labels,
            Action::Communicate | Action::Retain | Action::Hold => &self.full,
        }
    }
}

impl Checked {
    /// Strict type check of one policy.
    pub fn validate(&self, policy: &Policy) -> ValidationResult {
        #[expect(clippy::expect_used, reason = "a set of one policy has no two of one id")]
        let policies = PolicySet::from_policies([policy.clone()]).expect("one policy");
        self.validator.validate(&policies, ValidationMode::Strict)
    }

    fn compile(schema: Value) -> Result<Self, Box<cedar_policy::SchemaError>> {
        let mut attributes = BTreeSet::new();
        for (variable, entity) in [("principal", "Person"), ("resource", "Message")] {
            let shape = schema.pointer(&format!("//entityTypes/{entity}/shape"));
            shape
                .into_iter()
                .for_each(|shape| list_attributes(&schema, variable, shape, &mut attributes));
        }
        Ok(Self {
            validator: Validator::new(Schema::from_json_value(schema).map_err(Box::new)?),
            attributes,
        })
    }
}

/// Adds the attributes inside a type, down through records, named types and entities, none of which nest in
/// themselves.
fn list_attributes(schema: &Value, path: &str, shape: &Value, attributes: &mut BTreeSet<String>) {
    for (name, inner) in shape.get("attributes").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}.{name}");
        list_attributes(schema, &path, inner, attributes);
        attributes.insert(path);
    }
    if let Some(name) = shape.get("name").and_then(Value::as_str) {
        let entity = schema.pointer(&format!("//entityTypes/{name}/shape"));
        let named = entity.or_else(|| schema.pointer(&format!("//commonTypes/{name}")));
        named
            .into_iter()
            .for_each(|named| list_attributes(schema, path, named, attributes));
    }
}

#[expect(clippy::expect_used, reason = "the built-in schema is compiled by a test")]
fn base() -> Value {
    let (fragment, _warnings) = SchemaFragment::from_cedarschema_str(BUILT_IN).expect("the built-in schema is Cedar");
    fragment.to_json_value().expect("a schema has a JSON form")
}

fn merged(declared: &Value) -> Value {
    let mut schema = base();
    for name in FIRM_TYPES {
        if let Some(declaration) = declared.pointer(&format!("//commonTypes/{name}")) {
            schema[""]["commonTypes"][name] = declaration.clone();
        }
    }
    schema
}

fn stripped(mut schema: Value) -> Value {
    if let Some(attributes) = schema.pointer_mut("//entityTypes/Message/shape/attributes") {
        attributes.as_object_mut().map(|attributes| attributes.remove("labels"));
    }
    schema
}

fn firm_types(declared: &Value, files: &Files, extension: FileId, diagnostics: &mut Diagnostics) -> FirmTypes {
    let mut firm = FirmTypes::default();
    for (namespace, declarations) in declared.as_object().into_iter().flatten() {
        for (what, name, declaration) in declarations_of(declarations) {
            if !namespace.is_empty() || what != "commonTypes" || !FIRM_TYPES.contains(&name) {
                diagnostics.push(foreign(name, files, extension));
                continue;
            }
            let types = if name == "FirmPerson" {
                &mut firm.person
            } else {
                &mut firm.message
            };
            for (attribute, shape) in declaration
                .get("attributes")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                match named(attribute, shape) {
                    Some(found) => drop(types.insert(attribute.clone(), found)),
                    None => diagnostics.push(unfillable(name, attribute, files, extension)),
                }
            }
            if declaration.get("type").and_then(Value::as_str) != Some("Record") {
                diagnostics.push(foreign(name, files, extension));
            }
        }
    }
    firm
}

fn declarations_of(namespace: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    ["commonTypes", "entityTypes", "actions"].into_iter().flat_map(|what| {
        let declared = namespace.get(what).and_then(Value::as_object).into_iter().flatten();
        declared.map(move |(name, declaration)| (what, name.as_str(), declaration))
    })
}

/// The type of an attribute. A schema file writes `String` as the name of a type that it may itself declare;
/// it cannot here, so the name means Cedar's own.
fn firm_type(shape: &Value) -> Option<FirmType> {
    let name = match shape.get("type")?.as_str()? {
        "EntityOrCommon" => shape.get("name")?.as_str()?,
        "Extension" => shape.get("name")?.as_str()?,
        name => name,
    };
    match name.strip_prefix("__cedar::").unwrap_or(name) {
        "Bool" | "Boolean" => Some(FirmType::Bool),
        "Long" => Some(FirmType::Long),
        "String" => Some(FirmType::Text),
        "datetime" => Some(FirmType::Instant),
        "decimal" => Some(FirmType::Decimal),
        "ipaddr" => Some(FirmType::Address),
        "Set" => Some(FirmType::Set(Box::new(firm_type(shape.get("element")?)?))),
        "Record" => {
            let fields = shape.get("attributes")?.as_object()?.iter();
            let fields = fields.map(|(name, shape)| Some((name.clone(), named(name, shape)?)));
            fields.collect::<Option<_>>().map(FirmType::Record)
        }
        _ => None,
    }
}

/// The type of an attribute with a name that the stored form of values leaves free.
fn named(name: &str, shape: &Value) -> Option<FirmType> {
    firm_type(shape).filter(|_| !name.starts_with("__"))
}

fn foreign(name: &str, files: &Files, extension: FileId) -> Diagnostic {
    trouble::at_word(
        Diagnostic::error(codes::FOREIGN_DECLARATION, format!("`{name}` cannot be declared here")),
        name,
        files,
        extension,
    )
    .help("declare `type FirmPerson = { … };` and `type FirmMessage = { … };` only")
}

fn unfillable(of: &str, attribute: &str, files: &Files, extension: FileId) -> Diagnostic {
    trouble::at_word(
        Diagnostic::error(
            codes::UNFILLABLE_TYPE,
            format!("`{attribute}` of `{of}` has a type that no source fills"),
        ),
        attribute,
        files,
        extension,
    )
    .help("use `Bool`, `Long`, `String`, `datetime`, `decimal`, `ipaddr`, and records and sets of these")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{compile, file, line};

    fn extended(text: &str) -> Result<Schemas, Vec<String>> {
        let (files, file) = file(text);
        let mut diagnostics = Diagnostics::new();
        let schemas = Schemas::extended(&files, file, &mut diagnostics);
        let lines = diagnostics.sorted(&files);
        schemas.ok_or_else(|| lines.iter().map(|diagnostic| line(&files, diagnostic)).collect())
    }

    #[test]
    fn the_built_in_schema_compiles() {
        let schemas = Schemas::built_in();
        let names = |action| schemas.of(action).validator.schema().entity_types().count();
        assert_eq!((names(Action::Hold), names(Action::Scan)), (4, 4));
    }

    #[test]
    fn a_firm_adds_its_own_attributes() {
        let schemas = extended(
            "// ours\ntype FirmPerson = { tier?: Long, hubs: Set<String> };\ntype FirmMessage = { desk: String, urgent: Bool };",
        )
        .unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        assert_eq!(schemas.firm().person["hubs"], FirmType::Set(Box::new(FirmType::Text)));
        let clauses = [
            r#"resource.firm.urgent && resource.firm.desk == "x""#,
            r#"principal.firm.hubs.contains("ny")"#,
        ];
        assert!(compile(&schemas, Action::Scan, &clauses).is_ok());
        assert!(
            compile(&schemas, Action::Hold, &["principal.firm.tier > 1"]).is_err(),
            "not asked for first"
        );
        assert!(compile(&Schemas::built_in(), Action::Hold, &["resource.firm.urgent"]).is_err());
    }

    #[test]
    fn a_firm_declares_nothing_else() {
        let found = extended("type FirmPerson = { at: Set<Group> };\nentity Person;\ntype Other = {};")
            .err()
            .unwrap();
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(
            found[0].starts_with("LX0622 1:21 `at` `at` of `FirmPerson` has a type"),
            "{found:#?}"
        );
        assert!(
            found[1].starts_with("LX0621 2:8 `Person` `Person` cannot be declared here"),
            "{found:#?}"
        );
        assert!(found[2].starts_with("LX0621 3:6 `Other`"), "{found:#?}");
        assert!(extended("namespace N { type FirmPerson = {}; }").is_err());
        let found = extended("type FirmPerson = { a: String, };\ntype FirmMessage = {{};")
            .err()
            .unwrap();
        assert!(found[0].starts_with("LX0620 2:21"), "{found:#?}");
        assert!(extended("type FirmPerson = Long;").is_err());
    }
}
