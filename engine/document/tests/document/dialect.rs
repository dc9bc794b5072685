//! The small YAML dialect: what is refused, where, and that reading goes on behind it.

use lexhold_document::{Level, Style, Value, codes};

use crate::support::{load_text, sound, told};

const FRONT: &str = "lexhold: 1\nlexicon: x\n";

/// What is told about lines behind a good front; they begin on line 3.
fn refused(lines: &str) -> Vec<String> {
    told(&format!("{FRONT}{lines}"))
}

#[test]
fn an_empty_file_is_answered_with_an_example() {
    for text in [
        "",
        "\n\n",
        "# nothing\n",
        "---\n",
        "--- # c\n",
        "\u{feff}",
        "---\n...\n",
    ] {
        let loaded = load_text(text);
        let error = loaded.found.iter().find(|d| d.level == Level::Error).unwrap();
        assert_eq!(error.code, codes::EMPTY, "{text:?}");
        assert_eq!(error.helps[0].lines().count(), 4);
        assert!(loaded.documents.is_empty());
    }
}

#[test]
fn the_example_of_an_empty_file_is_a_document() {
    let loaded = load_text("");
    let (_, example) = loaded.found[0].helps[0].split_once('\n').unwrap();
    sound(example);
}

#[test]
fn a_document_is_a_map() {
    assert_eq!(told("- a\n"), ["1:1: LX0008 a document is a map, but this is a list"]);
    assert_eq!(told("text\n"), ["1:1: LX0008 a document is a map, but this is text"]);
}

#[test]
fn one_document_a_file() {
    assert_eq!(
        refused("---\nlexhold: 1\n"),
        ["3:1: LX0006 a file holds one document, but here begins another"]
    );
    sound(&format!("---\n{FRONT}...\n"));
}

#[test]
fn a_byte_order_mark_is_a_warning_and_moves_nothing() {
    let loaded = load_text(&format!("\u{feff}{FRONT}a: [b\n"));
    let lines = ["a.yaml:1:1: LX0003 the file begins with a byte-order mark"];
    assert_eq!(loaded.lines()[..1], lines);
    assert_eq!(loaded.found[0].level, Level::Warning);
    let loaded = load_text(&format!("\u{feff}{FRONT}a: yes\nb: 'it''s'\n"));
    assert_eq!(
        loaded.lines()[1],
        "a.yaml:3:4: LX0015 `yes` is a boolean to some readers of YAML and text to others"
    );
    let node = loaded.documents[0].root.get("b").unwrap();
    assert_eq!(loaded.files.slice(node.inner(3..4)), "s");
}

#[test]
fn everything_refused_is_told_in_one_pass() {
    let text = "a: &x 1\nb: *x\nc: !t y\n<<: {d: 1}\ne: yes\nf: 0x1f\n1: g\na: 2\nh: ?x\n";
    assert_eq!(
        refused(text),
        [
            "3:4: LX0010 anchor not allowed",
            "4:4: LX0010 alias not allowed",
            "5:4: LX0013 tag not allowed",
            "6:1: LX0014 merge keys are not allowed",
            "7:4: LX0015 `yes` is a boolean to some readers of YAML and text to others",
            "8:4: LX0016 the number `0x1f` is not decimal",
            "9:1: LX0017 a key has to be text, but this is an integer",
            "10:1: LX0104 the key `a` stands twice in one map",
            "11:4: LX0025 a text that begins with `?` or `:` means something else to some readers of YAML",
        ]
    );
}

#[test]
fn a_duplicate_key_points_at_both() {
    let loaded = load_text(&format!("{FRONT}rules:\n  - {{a: 1, b: 2, 'a': 3}}\n"));
    let [error] = &loaded.found[..] else {
        panic!("{:?}", loaded.lines())
    };
    assert_eq!(loaded.files.position(error.place.unwrap()), (4, 18));
    assert_eq!(loaded.files.position(error.secondary[0].0), (4, 6));
    assert_eq!(error.secondary[0].1, "first defined here");
}

#[test]
fn what_is_refused_leaves_a_hole_and_no_typed_value() {
    let mut loaded = load_text(&format!("{FRONT}a: yes\nb: 2\n"));
    let document = loaded.documents.remove(0);
    assert!(!document.is_sound());
    assert_eq!(document.root.get("a").unwrap().style, Style::Refused);
    assert_eq!(document.root.get("b").unwrap().value, Value::Int(2));
    assert_eq!(
        document.typed::<serde_yaml::Value>(&mut lexhold_document::Diagnostics::new()),
        None
    );
}

#[test]
fn quotes_make_text_of_anything() {
    let (_, document) = sound(&format!(
        "{FRONT}a: ['yes', \"0x1f\", '<<', '*x', '?x', '1', \"null\"]\n'<<': 1\n'1': 2\n"
    ));
    let items = document.root.get("a").unwrap().as_list().unwrap();
    assert!(items.iter().all(|item| item.as_text().is_some()));
    assert_eq!(document.root.get("<<").unwrap().value, Value::Int(1));
}

#[test]
fn control_characters_and_foreign_line_breaks() {
    assert_eq!(
        refused("a: x\u{85}y\nb: x\u{2028}y\nc: '\u{1b}[31m'\nd: x\ry\ne: \u{7f}\nf: \u{feff}\n"),
        [
            "3:5: LX0007 the character U+0085 is a line break to some readers and not to others",
            "4:5: LX0007 the character U+2028 is a line break to some readers and not to others",
            "5:5: LX0007 the character U+001B is a control character",
            "6:5: LX0007 the character U+000D is a line break to some readers and not to others",
            "7:4: LX0007 the character U+007F is a control character",
            "8:4: LX0007 the character U+FEFF is not allowed here",
        ]
    );
    assert_eq!(
        refused("a: x\0y\nb: *z\n"),
        ["3:5: LX0007 the character U+0000 is a control character"]
    );
    sound(&format!("{FRONT}a: \"x\\u0085y\"\r\nb: |\r\n  x\ty\r\n"));
}

#[test]
fn lines_do_not_begin_with_tabs() {
    assert_eq!(refused("a:\n \tb: c\n")[0], "4:2: LX0009 a line begins with a tab");
    sound(&format!("{FRONT}a:\tb\t# c\n"));
}

#[test]
fn grammar_errors_stand_where_the_parser_stopped() {
    assert_eq!(
        refused("a: b: c\n"),
        ["3:5: LX0005 not YAML: mapping values are not allowed in this context"]
    );
    let told = refused("a: [b\nc: d\n");
    assert!(told[0].contains("LX0005"), "{told:?}");
    assert_eq!(refused("a: @b\n"), ["3:4: LX0005 not YAML: unexpected character: `@`"]);
    assert_eq!(told_at_start("%YAML 1.2\n---\n"), "1:1: LX0018 directive not allowed");
}

fn told_at_start(head: &str) -> String {
    told(&format!("{head}{FRONT}")).remove(0)
}

#[test]
fn an_error_of_the_dialect_is_told_beside_one_of_the_grammar() {
    let codes: Vec<String> = refused("a: yes\nb: [\n")
        .iter()
        .map(|line| line.split(' ').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["LX0015", "LX0005"]);
}

#[test]
fn styles_and_lines_are_told_apart() {
    let text =
        "p: plain\nm: two\n  lines\ns: 'one'\nd: \"two\n  lines\"\nl: |\n  a\n  b\nf: >\n  a\nb:\n  - x\nw: [x]\n";
    let (_, document) = sound(&format!("{FRONT}{text}"));
    let node = |key: &str| document.root.get(key).unwrap();
    let styles = ["p", "s", "d", "l", "f", "b", "w"].map(|key| node(key).style);
    use Style::{Block, DoubleQuoted, Flow, Folded, Literal, Plain, SingleQuoted};
    assert_eq!(
        styles,
        [Plain, SingleQuoted, DoubleQuoted, Literal, Folded, Block, Flow]
    );
    let folded = ["p", "m", "s", "d", "l", "f"].map(|key| node(key).is_folded());
    assert_eq!(folded, [false, true, false, true, false, true]);
}

#[test]
fn places_cover_what_they_name() {
    let text = "a: [x, {y: z}]  # c\nb:\n  - k: |\n      one\n\n      two\n\nc:\nd: 'q'\n";
    let (files, document) = sound(&format!("{FRONT}{text}"));
    let at = |key: &str| files.slice(document.root.get(key).unwrap().place);
    assert_eq!(at("a"), "[x, {y: z}]");
    assert_eq!(at("b"), "- k: |\n      one\n\n      two");
    assert_eq!(at("c"), "");
    assert_eq!(at("d"), "'q'");
    assert_eq!(files.slice(document.root.place), text_from(&files, document.file));
}

fn text_from(files: &lexhold_document::Files, file: lexhold_document::FileId) -> &str {
    files.text(file).trim_end()
}
