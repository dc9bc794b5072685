//! From a range of decoded text to the bytes of the file.

use crate::support::sound;

/// What stands in the file where `needle` stands in the text of `a`.
fn found(written: &str, needle: &str) -> String {
    let (files, document) = sound(&format!("lexhold: 1\nlexicon: x\n{written}\nz: 1\n"));
    let node = document.root.get("a").unwrap();
    let start = node.as_text().unwrap().find(needle).unwrap();
    files.slice(node.inner(start..start + needle.len())).to_owned()
}

/// Asserts that each needle is found as it stands.
fn exact(written: &str, needles: &[&str]) {
    for needle in needles {
        assert_eq!(found(written, needle), *needle, "{written}");
    }
}

#[test]
fn scalars_on_one_line() {
    exact("a: resource.ünd && b", &["resource", "ünd", "b"]);
    exact("a: 'resource.ünd && b'", &["resource", "ünd", "b"]);
    exact("a: \"resource.ünd && b\"", &["resource", "ünd", "b"]);
    exact("a: [x, 'y']\nb: 'é ü'", &[]);
}

#[test]
fn doubled_quotes_and_escapes() {
    exact("a: 'it''s ü ''x'''", &["it", "s ü", "x"]);
    assert_eq!(found("a: 'it''s'", "'"), "''");
    assert_eq!(found("a: 'it''s'", "t's"), "t''s");
    exact(r#"a: "\\b(é|\u00e9x\x41\tü\")y" "#, &["b(", "x", "y"]);
    assert_eq!(found(r#"a: "\\bfoo" "#, "\\bf"), r"\\bf");
    assert_eq!(found(r#"a: "a\u00e9b" "#, "é"), r"\u00e9");
    assert_eq!(found(r#"a: "a\U0001F600b\L\_c" "#, "c"), "c");
    // A pair of surrogates is not taken apart.
    assert_eq!(found(r#"a: "x\uD83D\uDE00" "#, "x"), r#""x\uD83D\uDE00""#);
}

#[test]
fn literal_blocks() {
    for header in ["|", "|-", "|+", "|2", "|2-", "|+2", "| # why"] {
        exact(
            &format!("a: {header}\n  eins ü\n\n    zwei\n  drei"),
            &["eins", "ü", "zwei", "drei", "  zwei"],
        );
    }
    exact("a: |\n\n\n  first", &["first"]);
    exact("a: |1\n   indented\n  less", &["  indented", " less"]);
    exact("a: |\r\n  eins\r\n  zwei\r\n", &["eins", "zwei"]);
    exact("a: |\n      deep\n\n      er", &["deep", "er"]);
    exact("a: |-\n  x\n  \n  y", &["x", "y"]);
}

#[test]
fn a_range_over_lines_holds_their_indentation() {
    assert_eq!(found("a: |\n  eins\n  zwei", "ns\nzw"), "ns\n  zw");
}

#[test]
fn the_empty_range_and_the_end() {
    let (files, document) = sound("lexhold: 1\nlexicon: x\na: |\n  eins\nb: 'zwei'\n");
    let literal = document.root.get("a").unwrap();
    let at = literal.inner(2..2);
    assert_eq!((files.position(at), at.start), ((4, 5), at.end));
    let quoted = document.root.get("b").unwrap();
    assert_eq!(files.position(quoted.inner(4..4)), (5, 9));
}

#[test]
fn folded_scalars_are_pointed_at_as_a_whole() {
    assert_eq!(found("a: >\n  eins\n  zwei", "zwei"), "eins\n  zwei");
    assert_eq!(found("a: eins\n  zwei", "zwei"), "eins\n  zwei");
    assert_eq!(found("a: 'eins\n  zwei'", "zwei"), "'eins\n  zwei'");
    assert_eq!(found("a: \"eins\n  zwei\"", "zwei"), "\"eins\n  zwei\"");
}

#[test]
fn places_by_path() {
    use lexhold_document::path;
    let (files, document) = sound("lexhold: 1\nlexicon: x\na:\n  - {b: 'cd'}\n");
    assert_eq!(files.slice(document.place(&path!["a", 0, "b"])), "'cd'");
    assert_eq!(files.slice(document.key_place(&path!["a", 0, "b"])), "b");
    assert_eq!(files.slice(document.inner(&path!["a", 0, "b"], 1..2)), "d");
    assert_eq!(files.slice(document.place(&path!["a", 0, "nope", 3])), "{b: 'cd'}");
    assert_eq!(files.slice(document.key_place(&path!["a", 0, "nope"])), "{b: 'cd'}");
    assert_eq!(files.slice(document.inner(&path!["a", 9], 1..2)), "- {b: 'cd'}");
}
