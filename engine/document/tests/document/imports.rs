//! Following `imports:`.

use lexhold_document::{Diagnostics, Files, OpenError, load, text};

use crate::support::{Loaded, load_files, load_roots};

/// A lexicon that imports these files, each on a line of its own from line 4.
fn lexicon(name: &str, imports: &[&str]) -> String {
    let imports: String = imports.iter().map(|file| format!("  - file: {file}\n")).collect();
    format!("lexhold: 1\nlexicon: {name}\nimports:\n{imports}")
        .replace("imports:\n", if imports.is_empty() { "" } else { "imports:\n" })
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.documents.iter().map(|document| document.name.as_str()).collect()
}

#[test]
fn imported_documents_come_along_once() {
    let a = lexicon("a", &["./lib/b.yaml", "c.yaml"]);
    let b = lexicon("b", &["../c.yaml"]);
    let c = lexicon("c", &[]);
    let all = [("a.yaml", a.as_str()), ("c.yaml", &c), ("lib/b.yaml", &b)];
    for roots in [vec!["a.yaml"], vec!["c.yaml", "a.yaml", "lib/b.yaml"]] {
        let loaded = load_roots(&all, &roots);
        assert_eq!(loaded.lines(), [""; 0]);
        assert_eq!(names(&loaded), ["a", "c", "b"], "by path");
        let paths: Vec<&str> = loaded.documents[0]
            .imports
            .iter()
            .map(|file| loaded.files.path(*file))
            .collect();
        assert_eq!(paths, ["lib/b.yaml", "c.yaml"], "as written");
    }
}

#[test]
fn a_cycle_is_told_once_with_its_chain() {
    let a = lexicon("a", &["b.yaml"]);
    let b = lexicon("b", &["c.yaml"]);
    let c = lexicon("c", &["a.yaml"]);
    let all = [("a.yaml", a.as_str()), ("b.yaml", &b), ("c.yaml", &c)];
    let loaded = load_roots(&all, &["a.yaml", "b.yaml", "c.yaml"]);
    let line = "c.yaml:4:11: LX0501 import cycle: a.yaml:4 -> b.yaml:4 -> c.yaml:4 -> a.yaml";
    assert_eq!(loaded.lines(), [line]);
    assert_eq!(loaded.found[0].secondary.len(), 2);
    assert_eq!(names(&loaded), ["a", "b", "c"]);
}

#[test]
fn a_cycle_below_the_root_does_not_name_the_root() {
    let files = [
        ("r.yaml", lexicon("r", &["a.yaml"])),
        ("a.yaml", lexicon("a", &["b.yaml"])),
        ("b.yaml", lexicon("b", &["a.yaml"])),
    ];
    let loaded = load_files(&files.each_ref().map(|(path, text)| (*path, text.as_str())));
    assert_eq!(
        loaded.lines(),
        ["b.yaml:4:11: LX0501 import cycle: a.yaml:4 -> b.yaml:4 -> a.yaml"]
    );
}

#[test]
fn importing_oneself() {
    let loaded = load_files(&[("x/a.yaml", &lexicon("a", &["../x/./a.yaml"]))]);
    assert_eq!(loaded.lines(), ["x/a.yaml:4:11: LX0502 `x/a.yaml` imports itself"]);
}

#[test]
fn paths_stay_inside_the_project() {
    let text = lexicon("a", &["../b.yaml", "../../b.yaml", "/etc/passwd", "x/../../../b.yaml"]);
    let b = lexicon("b", &[]);
    let loaded = load_files(&[("x/a.yaml", &text), ("b.yaml", &b)]);
    assert_eq!(
        loaded.lines(),
        [
            "x/a.yaml:5:11: LX0503 `../../b.yaml` leads out of the project",
            "x/a.yaml:6:11: LX0503 `/etc/passwd` leads out of the project",
            "x/a.yaml:7:11: LX0503 `x/../../../b.yaml` leads out of the project",
        ]
    );
}

#[test]
fn what_the_opener_refuses_is_told_at_the_import() {
    let refusals = [
        (OpenError::NotFound, "4:11: LX0506 cannot import `b.yaml`: not found"),
        (OpenError::Outside, "4:11: LX0503 `b.yaml` leads out of the project"),
        (
            OpenError::Symlink,
            "4:11: LX0504 `b.yaml` leads through a symbolic link",
        ),
        (
            OpenError::TooLarge,
            "4:11: LX0004 cannot import `b.yaml`: larger than 16 MiB",
        ),
        (
            OpenError::Unreadable("permission denied".into()),
            "4:11: LX0507 cannot import `b.yaml`: permission denied",
        ),
        (
            OpenError::NotText(text(vec![b'a', 0xe9]).unwrap_err()),
            "1:2: LX0001 not valid UTF-8: byte 0xe9 at offset 1, line 1",
        ),
    ];
    for (reason, line) in refusals {
        let mut files = Files::new();
        let mut found = Diagnostics::new();
        let root = files.add("x/a.yaml", lexicon("a", &["b.yaml"]));
        let mut asked = Vec::new();
        let mut open = |path: &str| {
            asked.push(path.to_owned());
            Err(reason.clone())
        };
        let documents = load(&mut files, &[root], &mut open, &mut found);
        assert_eq!((asked, documents.len()), (vec!["x/b.yaml".to_owned()], 1));
        let found = found.sorted(&files);
        let place = found[0].place.unwrap();
        let (row, column) = files.position(place);
        assert_eq!(format!("{row}:{column}: {} {}", found[0].code, found[0].message), line);
    }
}

/// A chain of files `0.yaml` to `last.yaml`, each importing the next.
fn chain(last: usize) -> Vec<(String, String)> {
    let file = |at: usize| {
        let next = format!("{}.yaml", at + 1);
        let imports: &[&str] = if at < last { &[&next] } else { &[] };
        (format!("{at}.yaml"), lexicon(&format!("n{at}"), imports))
    };
    (0..=last).map(file).collect()
}

fn load_chain(last: usize, roots: &[&str]) -> Loaded {
    let files = chain(last);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    load_roots(&files, roots)
}

#[test]
fn chains_have_a_limit() {
    let loaded = load_chain(16, &["0.yaml"]);
    assert_eq!((loaded.lines(), loaded.documents.len()), (vec![], 17));
    let loaded = load_chain(17, &["0.yaml"]);
    assert_eq!(loaded.lines(), ["16.yaml:4:11: LX0505 imports nested deeper than 16"]);
}

#[test]
fn a_chain_that_was_read_from_its_middle_is_still_too_long() {
    assert_eq!(load_chain(16, &["9.yaml", "0.yaml"]).lines(), [""; 0]);
    assert_eq!(
        load_chain(17, &["9.yaml", "0.yaml"]).lines(),
        ["8.yaml:4:11: LX0505 imports nested deeper than 16"]
    );
}

#[test]
fn errors_in_an_imported_file_are_told_once() {
    let a = lexicon("a", &["c.yaml"]);
    let b = lexicon("b", &["c.yaml"]);
    let loaded = load_roots(
        &[("a.yaml", &a), ("b.yaml", &b), ("c.yaml", "lexhold: 1\n")],
        &["a.yaml", "b.yaml"],
    );
    assert_eq!(
        loaded.lines(),
        ["c.yaml:1:1: LX0022 the second key has to name the kind of document"]
    );
    assert!(loaded.documents.iter().all(|document| document.imports.is_empty()));
}

#[test]
fn the_form_of_imports_is_checked() {
    let loaded = load_files(&[("a.yaml", "lexhold: 1\nlexicon: a\nimports: [b.yaml, {fle: c.yaml}]\n")]);
    assert_eq!(
        loaded.lines(),
        [
            "a.yaml:3:11: LX0102 an item of `imports`: expected a map, found text",
            "a.yaml:3:20: LX0101 missing key `file`",
            "a.yaml:3:20: LX0103 unknown key `fle`",
        ]
    );
}
