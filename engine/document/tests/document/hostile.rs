//! Texts made to hang or fill a reader. What is not linear in them would not end.

use lexhold_document::limits;

use crate::support::load_text;

const FRONT: &str = "lexhold: 1\nlexicon: x\n";

/// The codes told about a text.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<&str> = load_text(text).found.iter().map(|d| d.code).collect();
    codes.dedup();
    codes
}

#[test]
fn a_hundred_kilobytes_of_brackets() {
    assert_eq!(codes(&"[".repeat(100_000)), ["LX0011"]);
    assert_eq!(codes(&format!("{FRONT}a: {}", "[".repeat(100_000))), ["LX0011"]);
    assert_eq!(codes(&format!("{FRONT}a: {}", "{a: ".repeat(100_000))), ["LX0011"]);
    assert_eq!(codes(&format!("{FRONT}a:\n{}", "- ".repeat(100_000))), ["LX0011"]);
    assert_eq!(codes(&format!("{FRONT}a: {}", "[[],".repeat(25_000))), ["LX0011"]);
}

#[test]
fn nesting_up_to_the_limit() {
    // The outermost map is one level.
    let nested = |levels: usize| format!("{FRONT}a: {}{}\n", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(codes(&nested(limits::DEPTH - 1)), [""; 0]);
    assert_eq!(codes(&nested(limits::DEPTH)), ["LX0011"]);
    let blocks = |levels: usize| {
        (0..levels)
            .map(|at| format!("{}a:\n", " ".repeat(at)))
            .collect::<String>()
    };
    assert_eq!(codes(&format!("{FRONT}{}", blocks(limits::DEPTH))), [""; 0]);
    assert_eq!(codes(&format!("{FRONT}{}", blocks(limits::DEPTH + 1))), ["LX0011"]);
}

#[test]
fn a_billion_laughs() {
    let mut text = format!("{FRONT}a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (level, above) in ('b'..='j').zip('a'..) {
        let aliases = vec![format!("*{above}"); 9].join(", ");
        text.push_str(&format!("{level}: &{level} [{aliases}]\n"));
    }
    assert_eq!(codes(&text), ["LX0010"]);
}

#[test]
fn a_fan_of_aliases_is_not_told_to_the_end() {
    let text = format!("{FRONT}a: &a {{k: v}}\nb: [{}]\n", "*a, ".repeat(13_000));
    assert_eq!(codes(&text), ["LX0010", "LX0019"]);
    assert_eq!(load_text(&text).found.len(), limits::ERRORS + 1);
}

#[test]
fn a_file_larger_than_the_limit_is_not_parsed() {
    let file = |bytes: usize| format!("{FRONT}#{}\n", "x".repeat(bytes - FRONT.len() - 2));
    assert_eq!(load_text(&file(limits::FILE_BYTES)).lines(), [""; 0]);
    assert_eq!(codes(&file(limits::FILE_BYTES + 1)), ["LX0004"]);
}

#[test]
fn many_keys_in_one_map() {
    let keys: String = (0..100_000).map(|at| format!("k{at}: 1\n")).collect();
    assert_eq!(load_text(&format!("{FRONT}{keys}")).lines(), [""; 0]);
}

#[test]
fn parameters_do_not_blow_a_document_up() {
    let front = format!("{FRONT}parameters:\n  a: {}\n", "x".repeat(1_000_000));
    assert_eq!(codes(&format!("{front}b: '{}'\n", "${a}".repeat(16))), [""; 0]);
    assert_eq!(
        codes(&format!(
            "{front}b: '{}'\nc: '{}'\n",
            "${a}".repeat(100_000),
            "${a}".repeat(100)
        )),
        ["LX0004"]
    );
}

#[test]
fn unknown_parameters_are_not_told_to_the_end() {
    let loaded = load_text(&format!("{FRONT}b: '{}'\n", "${a}".repeat(100_000)));
    assert_eq!(loaded.found.len(), limits::ERRORS);
    assert_eq!(codes(&format!("{FRONT}b: '{}'\n", "${a".repeat(100_000))), [""; 0]);
    let lines = "  ${a} x\n".repeat(20_000);
    assert_eq!(codes(&format!("{FRONT}parameters: {{a: b}}\nb: |\n{lines}")), [""; 0]);
}
