//! `lexhold: 1`, the kind, the name, the version.

use lexhold_document::{Diagnostics, Kind, check_shape, front_fields, map};

use crate::support::{load_text, sound, told};

#[test]
fn every_kind_is_named_by_its_key() {
    for kind in Kind::ALL {
        let version = if kind.is_versioned() { "version: 1.2.0\n" } else { "" };
        let (files, document) = sound(&format!("lexhold: 1\n{kind}: a-name\n{version}title: T\nowner: o\n"));
        assert_eq!((document.kind, document.name.as_str()), (kind, "a-name"));
        assert_eq!(document.version.is_some(), kind.is_versioned());
        assert_eq!((document.title(), document.owner()), (Some("T"), Some("o")));
        assert_eq!(files.slice(document.name_place()), "a-name");
        let mut found = Diagnostics::new();
        check_shape(&document, &map([]), &mut found);
        assert!(found.is_empty(), "the front keys may stand in every document");
        assert!(front_fields(kind).iter().all(|field| !field.doc.is_empty()));
    }
}

#[test]
fn the_first_key_is_lexhold() {
    assert_eq!(told("lexicon: x\n"), ["1:1: LX0020 the first key has to be `lexhold`"]);
    assert_eq!(
        told("lexicon: x\nlexhold: 1\n"),
        ["2:1: LX0020 `lexhold` has to be the first key"]
    );
    let other = "this version of lexhold reads the format `1` only";
    assert_eq!(told("lexhold: 2\nlexicon: x\n"), [format!("1:10: LX0021 {other}")]);
    assert_eq!(told("lexhold: '1'\nlexicon: x\n"), [format!("1:10: LX0021 {other}")]);
}

#[test]
fn the_second_key_is_the_kind() {
    let wrong = "LX0022 the second key has to name the kind of document";
    assert_eq!(told("lexhold: 1\n"), [format!("1:1: {wrong}")]);
    assert_eq!(told("lexhold: 1\ntitle: t\nlexicon: x\n"), [format!("2:1: {wrong}")]);
    let loaded = load_text("lexhold: 1\nrulset: x\nyes: 2\n");
    assert_eq!(loaded.lines()[0], format!("a.yaml:2:1: {wrong}"));
    assert_eq!(loaded.found[0].helps, ["did you mean `ruleset`?"]);
    assert_eq!(loaded.found[1].code, "LX0015", "the rest of the file is told as well");
}

#[test]
fn names_are_ids() {
    assert_eq!(
        told("lexhold: 1\nlexicon: Big Words\n"),
        ["2:10: LX0105 `lexicon`: `Big Words` is not an id"]
    );
    assert_eq!(
        told("lexhold: 1\nlexicon:\n"),
        ["2:9: LX0102 `lexicon`: expected an id, found nothing"]
    );
}

#[test]
fn versions_belong_to_kinds() {
    assert_eq!(
        told("lexhold: 1\nruleset: x\n"),
        ["2:1: LX0023 a ruleset has to have a version"]
    );
    assert_eq!(
        told("lexhold: 1\nhold: x\nversion: 1.0.0\n"),
        ["3:1: LX0024 a hold has no version"]
    );
    assert_eq!(
        told("lexhold: 1\nruleset: x\nversion: 1.2\n"),
        ["3:10: LX0102 `version`: expected a version, found a number"]
    );
    assert_eq!(
        told("lexhold: 1\nruleset: x\nversion: v1.2\n"),
        ["3:10: LX0105 `version`: `v1.2` is not a version"]
    );
}
