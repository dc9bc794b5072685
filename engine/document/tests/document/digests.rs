//! What a digest covers.

use crate::support::{load_files, sound};

const RULES: &str = "lexhold: 1\nruleset: r\nversion: 1.0.0\nlexicons:\n  hits: [a]\nrules:\n  - id: x\n    match: {word: y}\n    hits: [y]\n    misses: [z]\n    tests: [t]\ntests:\n  - name: n\n";

fn digest(text: &str) -> String {
    sound(text).1.digest.to_string()
}

#[test]
fn how_it_is_written_does_not_count() {
    let other = "# A comment.\nlexhold: 1\nruleset: \"r\"\nrules:\n  - match:\n      word: 'y' # why\n    id: x\nlexicons: {'hits': [a]}\nversion: 1.0.0\n";
    assert_eq!(digest(RULES), digest(other));
}

#[test]
fn examples_and_tests_do_not_count() {
    assert_eq!(digest(RULES), digest(&RULES.replace("hits: [y]", "hits: [changed]")));
    assert_eq!(digest(RULES), digest(&RULES.replace("    misses: [z]\n", "")));
    assert_eq!(digest(RULES), digest(&RULES.replace("name: n", "name: other")));
}

#[test]
fn everything_else_counts() {
    for (from, to) in [
        ("word: y", "word: z"),
        ("1.0.0", "1.0.1"),
        ("ruleset: r", "ruleset: s"),
        ("hits: [a]", "hits: [b]"),
    ] {
        assert_ne!(digest(RULES), digest(&RULES.replacen(from, to, 1)), "{from}");
    }
    assert_ne!(
        digest(&RULES.replace("word: y", "word: '1'")),
        digest(&RULES.replace("word: y", "word: 1"))
    );
}

#[test]
fn imported_documents_count_but_not_where_they_lie() {
    let importing = |path: &str, text: &str| {
        let main = format!("lexhold: 1\nlexicon: m\nimports: [{{file: {path}}}]\n");
        let loaded = load_files(&[("a.yaml", &main), (path, text)]);
        assert_eq!(loaded.lines(), [""; 0]);
        loaded
            .documents
            .iter()
            .find(|document| document.name == "m")
            .unwrap()
            .digest
    };
    let base = importing("b.yaml", "lexhold: 1\nlexicon: b\nterms: [x]\n");
    assert_eq!(
        base,
        importing("deep/c.yaml", "lexhold: 1\nlexicon: b\nterms: [x] # same\n")
    );
    assert_ne!(base, importing("b.yaml", "lexhold: 1\nlexicon: b\nterms: [y]\n"));
}

#[test]
fn values_that_are_put_in_count() {
    let with = |zone: &str| {
        let main = format!("lexhold: 1\nlexicon: m\nimports: [{{file: p.yaml, with: {{zone: {zone}}}}}]\n");
        let pack = "lexhold: 1\nlexicon: p\nparameters: {zone: UTC}\nterms: ['${zone}']\n";
        let loaded = load_files(&[("a.yaml", &main), ("p.yaml", pack)]);
        assert_eq!(loaded.lines(), [""; 0]);
        loaded
            .documents
            .iter()
            .map(|document| document.digest)
            .collect::<Vec<_>>()
    };
    let (utc, paris) = (with("UTC"), with("Europe/Paris"));
    assert!(utc[0] != paris[0] && utc[1] != paris[1]);
}

#[test]
fn the_order_of_schedules_and_rules_does_not_count() {
    let list = |key: &str, items: [&str; 3]| {
        format!(
            "lexhold: 1\nretention: r\nversion: 1.0.0\n{key}:\n  - {}\n",
            items.join("\n  - ")
        )
    };
    for key in ["schedules", "rules"] {
        let of = |items| digest(&list(key, items));
        let sorted = of(["{ id: a, x: 1 }", "{ id: b, x: [1, 2] }", "{ id: c }"]);
        assert_eq!(
            sorted,
            of(["{ id: c }", "{ id: b, x: [1, 2] }", "{ id: a, x: 1 }"]),
            "{key}"
        );
        assert_ne!(
            sorted,
            of(["{ id: a, x: 1 }", "{ id: b, x: [2, 1] }", "{ id: c }"]),
            "lists within keep theirs"
        );
        assert_ne!(
            sorted,
            of(["{ id: b, x: 1 }", "{ id: a, x: [1, 2] }", "{ id: c }"]),
            "{key}"
        );
    }
}
