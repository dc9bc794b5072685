//! Scenarios of authoring that no other file has: each a document with one thing wrong, and what its author is told.
//!
//! Of the others, `check` has 1 to 3 and 23, `test` 12 and 13, `run` and `scan` 14, `bad_input` 10, 15 and 24, `dispose` 16
//! and 17, `activate` 18, `bundle` 19, `lock` 20, `explain` 21, `replay` 22, `check_forms` 25.

use crate::support::Firm;

/// A ruleset with one rule for this pattern.
fn rule(pattern: &str) -> String {
    format!(
        "lexhold: 1\nruleset: r\nversion: 1.0.0\nowner: me@firm.example\nrules:\n  - id: guarantee\n    severity: high\n    why: x\n    match: {{ regex: '{pattern}' }}\n    hits: [a, b]\n    misses: [c, d]\n"
    )
}

/// A retention document with one schedule under this condition.
fn schedule(when: &str) -> String {
    format!(
        "lexhold: 1\nretention: r\nversion: 1.0.0\nzone: UTC\nschedules:\n  - id: a\n    when: {when}\n    retain: {{ for: P1Y, from: sent }}\n"
    )
}

fn lexicon(name: &str, import: &str) -> String {
    format!(
        "lexhold: 1\nlexicon: {name}\nowner: me\nreviewed: 2026-01-01\nimports: [{{ file: {import} }}]\nterms: [{name}]\n"
    )
}

/// Checks one document, the same way twice, and finds these words in what is said.
#[track_caller]
fn told(firm: &Firm, name: &str, words: &[&str]) {
    let ran = firm.call(&["check", name]).ended(3);
    words
        .iter()
        .for_each(|said| assert!(ran.stderr.contains(said), "`{said}` is missing in:\n{}", ran.stderr));
    assert_eq!(ran.stdout, "");
    assert!(
        !ran.stderr.contains("panicked") && !ran.stderr.contains('\u{1b}'),
        "{}",
        ran.stderr
    );
    assert_eq!(firm.call(&["check", name]).stderr, ran.stderr);
}

#[test]
fn scenario_4_a_pattern_that_does_not_compile_is_shown_at_its_character() {
    let firm = Firm::empty();
    for (pattern, words) in [
        (
            r"\b(guarantee((d)?\s+returns?\b",
            [
                "error[LX0412]: pattern does not compile: unclosed group",
                "--> r.yaml:9:34",
            ],
        ),
        (
            "(?=x)y",
            ["error[LX0415]: look-around is not supported", "--> r.yaml:9:22"],
        ),
        (
            "a{1000000}",
            ["error[LX0413]: pattern is larger than", "--> r.yaml:9:21"],
        ),
    ] {
        firm.write("r.yaml", rule(pattern));
        told(&firm, "r.yaml", &words);
    }
}

#[test]
fn scenario_5_a_condition_is_shown_at_its_line_and_column_of_the_yaml() {
    let firm = Firm::empty();
    for (when, words) in [
        (
            "|\n      resource.business\n      && resource.hold == }",
            ["error[LX06", "--> r.yaml:9:27"],
        ),
        ("resource.bussiness", ["error[LX06", "did you mean `business`?"]),
    ] {
        firm.write("r.yaml", schedule(when));
        told(&firm, "r.yaml", &words);
    }
}

#[test]
fn scenario_6_each_wrong_import_has_a_code_of_its_own_and_is_found_at_once() {
    let firm = Firm::empty();
    firm.write("cyc/a.yaml", lexicon("a", "b.yaml"));
    firm.write("cyc/b.yaml", lexicon("b", "a.yaml"));
    firm.write("self.yaml", lexicon("self", "self.yaml"));
    firm.write("p/outside.yaml", lexicon("outside", "../../elsewhere.yaml"));
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), firm.path("p/link.yaml")).unwrap();
    firm.write("p/symlink.yaml", lexicon("symlink", "link.yaml"));
    for at in 1..=18 {
        firm.write(
            &format!("d{at}.yaml"),
            lexicon(&format!("l{at}"), &format!("d{}.yaml", at + 1)),
        );
    }
    firm.write("d19.yaml", "lexhold: 1\nlexicon: l19\nowner: me\nterms: [x]\n");
    for (name, words) in [
        (
            "cyc/a.yaml",
            ["LX0501", "import cycle: cyc/a.yaml:5 -> cyc/b.yaml:5 -> cyc/a.yaml"],
        ),
        ("self.yaml", ["LX0502", "imports itself"]),
        ("p/outside.yaml", ["LX0503", "leads out of the project"]),
        ("p/symlink.yaml", ["LX0504", "leads through a symbolic link"]),
        ("d1.yaml", ["LX0505", "imports nested deeper than 16"]),
    ] {
        told(&firm, name, &words);
    }
}

#[test]
fn scenario_7_bytes_that_are_no_utf8_are_named() {
    let firm = Firm::empty();
    firm.write("latin1.yaml", b"lexhold: 1\nruleset: caf\xe9\n");
    told(
        &firm,
        "latin1.yaml",
        &[
            "error[LX0001]: not valid UTF-8: byte 0xe9 at offset 23, line 2",
            "--> latin1.yaml:2:13",
        ],
    );
    firm.write("utf16.yaml", b"\xff\xfel\0e\0x\0");
    told(
        &firm,
        "utf16.yaml",
        &["LX0001", "looks like UTF-16", "save the file as UTF-8"],
    );
    firm.write(
        "bom.yaml",
        "\u{feff}lexhold: 1\nlexicon: l\nowner: me\nreviewed: 2026-01-01\nterms: [x]\n",
    );
    firm.call(&["check", "bom.yaml"])
        .ended(0)
        .said("warning[LX0003]: the file begins with a byte-order mark");
}

#[test]
fn scenario_8_what_would_blow_up_is_refused_by_its_code() {
    let firm = Firm::empty();
    let with = |anchored: &str, alias: &str| {
        format!("lexhold: 1\nlexicon: l\nowner: me\nterms: &a [{anchored}]\nb: [{alias}]\n")
    };
    for (name, text, words) in [
        (
            "laughs.yaml",
            with("x", "*a, *a"),
            ["error[LX0010]: anchor not allowed", "error[LX0010]: alias not allowed"],
        ),
        (
            "fan-out.yaml",
            with(&"x,".repeat(6_000), &"*a,".repeat(6_600)),
            ["error[LX0010]: anchor not allowed", "--> fan-out.yaml:5:5"],
        ),
        (
            "deep.yaml",
            "[".repeat(100_000),
            ["error[LX0011]: nesting deeper than 64", "--> deep.yaml:1:65"],
        ),
    ] {
        firm.write(name, text);
        told(&firm, name, &words);
    }
}

#[test]
fn scenario_3_a_key_that_stands_twice_is_told_at_the_second() {
    let firm = Firm::empty();
    let keys: String = (0..40).map(|n| format!("  - key{n}\n")).collect();
    for (again, line) in [("owner: you", 4), ("title: x\ntitle: y", 5)] {
        let text = format!("lexhold: 1\nlexicon: l\nowner: me\n{again}\nterms:\n{keys}");
        firm.write("l.yaml", text);
        let place = format!("--> l.yaml:{line}:1");
        told(&firm, "l.yaml", &["error[LX0104]", &place, "first defined here"]);
    }
    // A map with more keys than are looked through one by one.
    let lexicons: String = (0..40).map(|n| format!("  l{n}: [w{n}]\n")).collect();
    for again in ["l0", "l15", "l16", "l17", "l39"] {
        let text = rule("call").replace("rules:\n", &format!("lexicons:\n{lexicons}  {again}: [z]\nrules:\n"));
        firm.write("r.yaml", text);
        told(
            &firm,
            "r.yaml",
            &["error[LX0104]", "--> r.yaml:46:3", "first defined here"],
        );
    }
}

#[test]
fn scenario_9_an_empty_file_is_answered_with_a_small_document() {
    let firm = Firm::empty();
    for text in ["", "# only a comment\n", "---\n"] {
        firm.write("e.yaml", text);
        told(
            &firm,
            "e.yaml",
            &["error[LX0002]: empty policy file", "lexhold: 1", "lexicon: example"],
        );
    }
}

#[test]
fn scenario_11_a_huge_file_is_refused_by_its_size_alone() {
    let firm = Firm::empty();
    std::fs::File::create(firm.path("huge.yaml"))
        .unwrap()
        .set_len(200 << 20)
        .unwrap();
    told(
        &firm,
        "huge.yaml",
        &[
            "huge.yaml: 209715200 bytes, more than the 16777216",
            "help: split the file",
        ],
    );
}

#[test]
fn scenario_21_a_code_has_a_page_or_is_unknown() {
    let firm = Firm::empty();
    let page = firm.call(&["explain", "LX0412"]).ended(0).stdout;
    assert!(page.starts_with("LX0412"), "{page}");
    firm.call(&["explain", "LX9999"]).ended(2).said("unknown code `LX9999`");
}
