//! `parameters:`, `with:` and `${…}`.

use lexhold_document::{Node, Value};

use crate::support::{Loaded, load_files, load_roots, load_text, sound};

const PACK: &str = "lexhold: 1\nlexicon: pack\nparameters:\n  zone: America/New_York\n  days: 3\n  strict: true\nzone: ${zone}\ntext: in ${zone} and $${zone}, ${days} days\nn: ${days}\nq: '${days}'\nb:\n  - ${strict}\n";

fn value<'d>(loaded: &'d Loaded, name: &str, key: &str) -> &'d Value {
    let document = loaded.documents.iter().find(|document| document.name == name).unwrap();
    &document.root.get(key).unwrap().value
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn defaults_hold_where_nobody_imports() {
    let loaded = load_text(PACK);
    assert_eq!(loaded.lines(), [""; 0]);
    assert_eq!(*value(&loaded, "pack", "zone"), text("America/New_York"));
    assert_eq!(
        *value(&loaded, "pack", "text"),
        text("in America/New_York and ${zone}, 3 days")
    );
    assert_eq!(*value(&loaded, "pack", "n"), Value::Int(3));
    assert_eq!(*value(&loaded, "pack", "q"), text("3"));
    let Value::List(items) = value(&loaded, "pack", "b") else {
        panic!("a list")
    };
    assert_eq!(items[0].value, Value::Bool(true));
}

fn importing(with: &str) -> String {
    format!(
        "lexhold: 1\nlexicon: main\nparameters: {{mine: Asia/Tokyo}}\nimports: [{{file: pack.yaml, with: {with}}}]\n"
    )
}

#[test]
fn the_importers_values_win_also_for_a_root() {
    let main = importing("{zone: Europe/Paris, days: 5}");
    for roots in [
        vec!["main.yaml"],
        vec!["pack.yaml", "main.yaml"],
        vec!["main.yaml", "pack.yaml"],
    ] {
        let loaded = load_roots(&[("main.yaml", &main), ("pack.yaml", PACK)], &roots);
        assert_eq!(loaded.lines(), [""; 0]);
        assert_eq!(loaded.documents.len(), 2);
        assert_eq!(
            *value(&loaded, "pack", "text"),
            text("in Europe/Paris and ${zone}, 5 days")
        );
        let Value::Map(values) = value(&loaded, "pack", "parameters") else {
            panic!("a map")
        };
        assert_eq!(values[0].node.value, text("Europe/Paris"));
    }
}

#[test]
fn values_are_handed_on() {
    let main = importing("{zone: '${mine}'}");
    let loaded = load_files(&[("main.yaml", &main), ("pack.yaml", PACK)]);
    assert_eq!(*value(&loaded, "pack", "zone"), text("Asia/Tokyo"));
}

#[test]
fn a_value_is_put_in_as_it_is() {
    let loaded = load_text("lexhold: 1\nlexicon: x\nparameters: {a: '${b}', b: c}\nt: ${a} ${b}\n");
    assert_eq!(*value(&loaded, "x", "t"), text("${b} c"));
}

#[test]
fn unknown_parameters_are_told_where_they_stand() {
    let loaded =
        load_text("lexhold: 1\nlexicon: x\nparameters: {zone: UTC}\nt: |\n  one\n  ü ${zome} ${other}\nu: ${Zone}\n");
    assert_eq!(
        loaded.lines(),
        [
            "a.yaml:6:5: LX0509 unknown parameter `zome`",
            "a.yaml:6:13: LX0509 unknown parameter `other`",
            "a.yaml:7:4: LX0509 unknown parameter `Zone`",
        ]
    );
    assert_eq!(loaded.found[0].helps[0], "did you mean `zone`?");
    assert_eq!(loaded.files.slice(loaded.found[0].place.unwrap()), "${zome}");
    assert!(!loaded.documents[0].is_sound());
}

#[test]
fn unknown_values_are_told_at_their_key() {
    let main = importing("{zome: UTC}");
    let loaded = load_files(&[("main.yaml", &main), ("pack.yaml", PACK)]);
    assert_eq!(loaded.lines(), ["main.yaml:4:36: LX0509 unknown parameter `zome`"]);
    assert_eq!(loaded.found[0].helps[0], "did you mean `zone`?");
}

#[test]
fn what_cannot_be_meant_as_a_parameter_stays() {
    let (_, document) = sound("lexhold: 1\nlexicon: x\na: 'x${2,3}y'\nb: 'costs $5 {x}'\nc: '${open'\nd: '${}'\n");
    let all = ["a", "b", "c", "d"].map(|key| document.root.get(key).and_then(Node::as_text).unwrap());
    assert_eq!(all, ["x${2,3}y", "costs $5 {x}", "${open", "${}"]);
}

#[test]
fn two_importers_have_to_agree() {
    let import = |name: &str, with: &str| {
        format!("lexhold: 1\nlexicon: {name}\nimports:\n  - file: pack.yaml\n    with: {with}\n")
    };
    let (a, b) = (import("a", "{days: 4}"), import("b", "{days: 4, strict: true}"));
    let all = [("a.yaml", a.as_str()), ("b.yaml", &b), ("pack.yaml", PACK)];
    let loaded = load_roots(&all, &["a.yaml", "b.yaml"]);
    assert_eq!(loaded.lines(), [""; 0], "the same values after all");
    let c = import("c", "{}");
    let all = [("a.yaml", a.as_str()), ("c.yaml", &c), ("pack.yaml", PACK)];
    let loaded = load_roots(&all, &["a.yaml", "c.yaml"]);
    assert_eq!(loaded.found.len(), 1, "{:?}", loaded.lines());
    assert_eq!((loaded.found[0].code, loaded.found[0].secondary.len()), ("LX0508", 1));
}

#[test]
fn names_and_values_are_checked() {
    let loaded = load_text("lexhold: 1\nlexicon: x\nparameters: {Zone: UTC, b: [c], d: }\n");
    let codes: Vec<&str> = loaded.found.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["LX0510", "LX0102", "LX0102"], "{:?}", loaded.lines());
}

#[test]
fn places_inside_a_text_survive_what_is_put_in() {
    let lines = "lexhold: 1\nlexicon: x\nparameters: {zone: America/New_York}\nt: |\n  über ${zone} bad\n  zwei ${zone} $${ drei\n";
    let (files, document) = sound(lines);
    let node = document.root.get("t").unwrap();
    let decoded = node.as_text().unwrap();
    assert_eq!(decoded, "über America/New_York bad\nzwei America/New_York ${ drei\n");
    let found = |needle: &str| {
        let start = decoded.find(needle).unwrap();
        files.slice(node.inner(start..start + needle.len()))
    };
    for needle in ["über", "bad", "zwei", "drei"] {
        assert_eq!(found(needle), needle);
    }
    assert_eq!(found("New_York"), "${zone}");
    assert_eq!(found("ber Amer"), "ber ${zone}");
    assert_eq!(found("{ drei"), "{ drei");
}
