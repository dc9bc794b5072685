//! `schema`: what it says of documents is what `check` says, as far as JSON Schema can say it.

use std::path::{Path, PathBuf};

use lexhold_document::{
    Diagnostic, Diagnostics, Document, Draft, Files, Kind, Level, OpenError, check_shape, json_schema,
    json_schema_of_all, load,
};
use lexhold_evaluate::shape_of;
use serde_json::Value;

use crate::schema::misfits;
use crate::support::Firm;

#[test]
fn a_schema_of_each_kind_and_one_of_all_in_both_editions() {
    let firm = Firm::empty();
    for (draft, folder, uri) in [
        ("2020-12", "new", "https://json-schema.org/draft/2020-12/schema"),
        ("07", "old", "http://json-schema.org/draft-07/schema#"),
    ] {
        firm.call(&["schema", "--draft", draft, "--out", folder]).ended(0);
        let written = std::fs::read_dir(firm.path(folder)).unwrap().count();
        assert_eq!(written, 16);
        let schema: Value = serde_json::from_str(&firm.read(&format!("{folder}/retention.schema.json"))).unwrap();
        assert_eq!(schema["$schema"], uri);
        assert_eq!(
            schema,
            firm.call(&["schema", "retention", "--draft", draft]).ended(0).json()
        );
        let all: Value = serde_json::from_str(&firm.read(&format!("{folder}/lexhold.schema.json"))).unwrap();
        assert_eq!(all["$schema"], uri);
        assert_eq!(all, firm.call(&["schema", "--draft", draft]).ended(0).json());
    }
    firm.call(&["schema", "retentoin"]).ended(2).said("retention");
}

#[test]
fn every_key_at_every_depth_is_described() {
    fn walk(value: &Value, path: &str, found: &mut usize) {
        if let Some(keys) = value.get("properties").and_then(Value::as_object) {
            for (key, schema) in keys {
                *found += 1;
                let described = schema["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(described, "{path}.{key} is not described");
            }
        }
        match value {
            Value::Object(entries) => entries
                .iter()
                .for_each(|(key, value)| walk(value, &format!("{path}.{key}"), found)),
            Value::Array(items) => items.iter().for_each(|value| walk(value, path, found)),
            _ => {}
        }
    }
    let mut found = 0;
    walk(&Firm::empty().call(&["schema"]).ended(0).json(), "", &mut found);
    assert!(found > 400, "{found}");
}

#[test]
fn the_examples_of_each_kind_pass_check() {
    let firm = Firm::empty();
    for kind in lexhold_document::Kind::ALL {
        firm.write(&format!("examples/{kind}.yaml"), kind.example());
    }
    firm.call(&["check", "examples"])
        .ended(0)
        .said("check: 0 errors, 0 warnings in 15 files");
    firm.call(&["test", "examples", "--rulesets", "examples", "--policies", "examples"])
        .ended(0);
}

/// Whether checking refuses the shape of a document; nothing if it is refused for what a schema cannot say. Imports are another
/// matter.
fn is_refused(text: &str) -> Option<bool> {
    let mut files = Files::new();
    let root = files.add("x.yaml", text.to_owned());
    let mut found = Diagnostics::new();
    let mut nothing = |_: &str| Err(OpenError::NotFound);
    let documents = load(&mut files, &[root], &mut nothing, &mut found);
    for document in &documents {
        check_shape(document, &shape_of(document.kind), &mut found);
    }
    let ours = found
        .sorted(&files)
        .into_iter()
        .filter(|one| !one.code.starts_with("LX05"));
    let errors = ours.filter(|one| one.level == Level::Error).count();
    if errors == 0 && !documents.is_empty() {
        return refused_by_rules(&documents);
    }
    documents
        .first()
        .map(|_| errors > 0)
        .or(Some(true).filter(|_| errors > 0))
}

/// Whether the reader of rules refuses a shape; nothing if it refuses something else, or an empty lexicon, which only it does.
fn refused_by_rules(documents: &[Document]) -> Option<bool> {
    let mut told = Diagnostics::new();
    lexhold_rules::compile(&documents.iter().collect::<Vec<_>>(), &mut told);
    let of_shape = |one: &Diagnostic| OF_SHAPE.contains(&one.code) && !one.message.ends_with("has no terms");
    let mut errors = told.iter().filter(|one| one.level == Level::Error);
    let (refused, sayable) = (told.has_errors(), errors.all(of_shape));
    Some(refused).filter(|_| sayable)
}

fn shipped() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "yaml") && !path.ends_with("regulations.yaml") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    ["policies", "rulesets"]
        .iter()
        .for_each(|folder| walk(&root.join(folder), &mut found));
    found
}

fn kind_of(text: &str) -> Kind {
    let keys = text.lines().filter_map(|line| Kind::from_key(line.split_once(':')?.0));
    keys.into_iter().next().unwrap()
}

#[test]
fn every_shipped_document_fits_the_schema_of_its_kind_and_that_of_all() {
    let kinds: Vec<_> = Kind::ALL.iter().map(|kind| (*kind, shape_of(*kind))).collect();
    let schemas = Kind::ALL.map(|kind| json_schema(kind, &shape_of(kind), &[], Draft::Latest));
    let all = json_schema_of_all(&kinds, Draft::Seven);
    let paths = shipped();
    assert!(paths.len() > 80, "{}", paths.len());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let document: Value = serde_yaml::from_str(&text).unwrap();
        let kind = kind_of(&text);
        let of_kind = &schemas[Kind::ALL.iter().position(|one| *one == kind).unwrap()];
        for schema in [of_kind, &all] {
            let wrong = misfits(&document, schema);
            assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        }
    }
}

/// Every change of one place in a document: a value of another type, a word that is none, a key that is unknown or gone.
fn changed(value: &serde_yaml::Value) -> Vec<serde_yaml::Value> {
    use serde_yaml::Value as Yaml;
    let mut all = Vec::new();
    match value {
        Yaml::Mapping(entries) => {
            for (key, below) in entries {
                let mut without = entries.clone();
                without.shift_remove(key);
                all.push(Yaml::Mapping(without));
                for below in changed(below) {
                    let mut with = entries.clone();
                    with.insert(key.clone(), below);
                    all.push(Yaml::Mapping(with));
                }
            }
            let mut more = entries.clone();
            more.insert("severty".into(), "high".into());
            all.push(Yaml::Mapping(more));
        }
        Yaml::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                for below in changed(item) {
                    let mut with = items.clone();
                    with[at] = below;
                    all.push(Yaml::Sequence(with));
                }
            }
        }
        _ => {}
    }
    all.extend([
        7.into(),
        true.into(),
        "Neither Id nor Word!".into(),
        Yaml::Sequence(vec![]),
        Yaml::Null,
    ]);
    all
}

#[test]
fn what_check_refuses_for_its_shape_the_schema_refuses_and_nothing_else() {
    let mut n_refused = 0;
    for kind in Kind::ALL {
        let schema = json_schema(kind, &shape_of(kind), &[], Draft::Latest);
        let document: serde_yaml::Value = serde_yaml::from_str(kind.example()).unwrap();
        assert_eq!(is_refused(kind.example()), Some(false), "{kind}");
        for changed in changed(&document) {
            let text = serde_yaml::to_string(&changed).unwrap();
            let Some(refused) = is_refused(&text) else { continue };
            let json = serde_json::to_value(&changed).unwrap();
            let wrong = misfits(&json, &schema);
            if wrong.iter().any(|wrong| wrong.starts_with("/query")) {
                // A hold's query is read with the hold, and written as a rule's `match`.
                continue;
            }
            n_refused += usize::from(refused);
            assert_eq!(
                refused,
                !wrong.is_empty(),
                "check and the schema disagree: {wrong:#?}\n{text}"
            );
        }
    }
    assert!(n_refused > 1_000, "only {n_refused} changes were refused");
}

/// Conditions with every operator, each with what it takes.
const MATCHES: [&str; 13] = [
    "guarantee",
    "[guarantee, {regex: 'call me'}, [near by]]",
    "{word: [a, b], phrase: c d}",
    "{stem: {en: [promise]}, lexicon: messengers}",
    "{regex: ['a1', b], unicode: true, edge: word, not_preceded_by: x, not_followed_by: [y, z]}",
    "{regex: '[0-9]{9}', starts_with: '1', validate: [luhn, {weighted: {weights: [3, 1], modulus: 10, position: 3}}]}",
    "{regex: '[0-9]{6}', validate: {date: {format: YYMMDD, offset: 0}}}",
    "{regex: 'key [a-z]{9}', validate: {entropy: {min: 2.5}}}",
    "{near: {of: [[take, move], {lexicon: messengers}], within: 6}}",
    "{before: {of: [a, b], within: 2}, not_near: {of: c, without: [d], within: 3, side: before}}",
    "{any: [{same_sentence: [a, b]}, {same_paragraph: [c, d]}], unless: [{phrase: do not, within: 1, side: before}]}",
    "{all: [a, {same_message: [b]}], unless: x}",
    "{word: a, unless: {word: b, scope: message, acknowledge_bypass: true, approved_by: you@firm.example}}",
];

/// Codes of what a schema can say of `match`: keys, types, what is missing, empty lists.
const OF_SHAPE: [&str; 5] = ["LX0401", "LX0402", "LX0424", "LX0436", "LX0438"];

#[test]
fn what_rules_look_for_has_a_schema_as_strict_as_its_reader() {
    let schema = json_schema(Kind::Ruleset, &shape_of(Kind::Ruleset), &[], Draft::Latest);
    let document = |matched: &serde_yaml::Value| -> serde_yaml::Value {
        serde_yaml::from_str(&format!(
            "lexhold: 1\nruleset: a\nversion: 1.0.0\nowner: me@firm.example\nlexicons: {{messengers: [signal]}}\nrules:\n- id: a\n  \
             severity: low\n  why: An example.\n  hits: [a, b]\n  misses: [c, d]\n  match: {}\n",
            serde_json::to_string(matched).unwrap()
        ))
        .unwrap()
    };
    let (mut n_taken, mut n_refused) = (0, 0);
    for written in MATCHES {
        let whole: serde_yaml::Value = serde_yaml::from_str(written).unwrap();
        for (at, changed) in std::iter::once(whole.clone()).chain(changed(&whole)).enumerate() {
            let document = document(&changed);
            let (mut files, mut found) = (Files::new(), Diagnostics::new());
            let root = files.add("x.yaml", serde_yaml::to_string(&document).unwrap());
            let mut nothing = |_: &str| Err(OpenError::NotFound);
            let documents = load(&mut files, &[root], &mut nothing, &mut found);
            assert!(!found.has_errors(), "{changed:?}");
            let wrong = misfits(&serde_json::to_value(&document).unwrap(), &schema);
            let refused = refused_by_rules(&documents);
            assert!(
                at > 0 || (refused == Some(false) && wrong.is_empty()),
                "{written}: {wrong:#?}"
            );
            let Some(refused) = refused else { continue };
            *(if refused { &mut n_refused } else { &mut n_taken }) += 1;
            assert_eq!(
                refused,
                !wrong.is_empty(),
                "reader and schema disagree: {wrong:#?}\n{changed:?}"
            );
        }
    }
    assert!(n_taken > 100 && n_refused > 300, "{n_taken} taken, {n_refused} refused");
}
