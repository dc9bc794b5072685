//! `check --fix`: what is sure is mended, comments and layout stay, and one more check finds nothing to mend.

use crate::support::Firm;

const HEAD: &str = "lexhold: 1\nlexicon: words\nowner: me@firm.example\nreviewed: 2026-11-01\n";

/// What stands behind the head of a lexicon, before and after, with how many problems are mended and how `check` ends.
const LEXICONS: &[(&str, &str, usize, i32)] = &[
    // Nothing to do.
    ("terms: [a, 'no'] # few\n", "terms: [a, 'no'] # few\n", 0, 0),
    // Words that some take for booleans, and numbers among words.
    (
        "terms: [ yes,no ,  off]  # of three\n",
        "terms: [ 'yes','no' ,  'off']  # of three\n",
        3,
        0,
    ),
    (
        "terms:\n  - on # here\n  - a\n",
        "terms:\n  - 'on' # here\n  - a\n",
        1,
        0,
    ),
    // A key that can only mean one thing; its value, comment and place stay.
    (
        "# what it is\ntitel:   Words # for people\nterms: [a]\n",
        "# what it is\ntitle:   Words # for people\nterms: [a]\n",
        1,
        0,
    ),
    // What is hidden behind it is mended too.
    ("\"tems\": [yes]\n", "terms: ['yes']\n", 2, 0),
    // Both are meant, or neither: left to a person.
    (
        "title: a\ntitel: b\nterms: [a]\n",
        "title: a\ntitel: b\nterms: [a]\n",
        0,
        3,
    ),
    ("title: ?x\nterms: [a]\n", "title: '?x'\nterms: [a]\n", 1, 0),
    ("title: ?it's\nterms: [a]\n", "title: ?it's\nterms: [a]\n", 0, 3),
    ("title: no\nterms: [a]\n", "title: 'no'\nterms: [a]\n", 1, 0),
    ("title: 007\nterms: [a]\n", "title: '007'\nterms: [a]\n", 1, 0),
    ("title: 12\nterms: [a]\n", "title: '12'\nterms: [a]\n", 1, 0),
    ("title: 1.50\nterms: [a]\n", "title: '1.50'\nterms: [a]\n", 1, 0),
    ("terms: [a]\n1: x\n", "terms: [a]\n'1': x\n", 1, 3),
    // Allowances that allow nothing go, with their line or without; others stay.
    ("# lexhold: allow LX0486, it is old\nterms: [a]\n", "terms: [a]\n", 1, 0),
    (
        "terms: [a] # lexhold: allow LX0486 LX0407, it is old\n",
        "terms: [a]\n",
        1,
        0,
    ),
    ("terms: [a] # first\n", "terms: [a] # first\n", 0, 0),
];

#[test]
fn what_is_sure_is_mended_and_all_else_stays() {
    for (before, after, n_fixed, code) in LEXICONS {
        let firm = Firm::empty();
        let (before, after) = (format!("{HEAD}{before}"), format!("{HEAD}{after}"));
        firm.write("rulesets/words.yaml", &before);
        let ran = firm
            .call(&["check", "--fix", "rulesets", "--format", "json"])
            .ended(*code);
        assert_eq!(firm.read("rulesets/words.yaml"), after, "{}", ran.stderr);
        let report = ran.json();
        assert_eq!(report["fixed"], *n_fixed, "{before}");
        // One more check has nothing left to do, and says the same.
        let again = firm
            .call(&["check", "--fix", "rulesets", "--format", "json"])
            .ended(*code)
            .json();
        assert_eq!(
            (&again["fixed"], &again["diagnostics"]),
            (&0.into(), &report["diagnostics"]),
            "{before}"
        );
        assert_eq!(firm.read("rulesets/words.yaml"), after);
    }
}

#[test]
fn patterns_in_double_quotes_are_put_into_single_ones() {
    let rule = |pattern: &str| {
        format!(
            "lexhold: 1\nruleset: calls\nversion: 1.0.0\nowner: me@firm.example\nparameters: {{who: us}}\nrules:\n  - id: call\n    \
             severity: low\n    why: An example.\n    match: {{ regex: {pattern} }} # a call\n    hits: [one, two]\n    misses: [three, four]\n"
        )
    };
    for (before, after) in [
        (r#""\bcall me\b""#, r"'\bcall me\b'"),
        (
            r#""\b(don't|can\\x27t) \"call\" ${who}\x21\b""#,
            r#"'\b(don''t|can\x27t) "call" ${who}\x21\b'"#,
        ),
    ] {
        let firm = Firm::empty();
        firm.write("rulesets/calls.yaml", rule(before));
        firm.call(&["check", "rulesets", "--fix"])
            .ended(0)
            .said("fix: 1 problem mended in 1 file");
        assert_eq!(firm.read("rulesets/calls.yaml"), rule(after));
    }
    // What patterns have no short escape for is left to a person, and so is a list of one pattern.
    for left in [r#""\bcall\_me""#, "[a-z]"] {
        let firm = Firm::empty();
        firm.write("rulesets/calls.yaml", rule(left));
        firm.call(&["check", "rulesets", "--fix"]);
        assert_eq!(firm.read("rulesets/calls.yaml"), rule(left));
    }
}

#[test]
fn a_retention_document_says_the_same_with_its_fixes() {
    let firm = Firm::new();
    let path = "policies/retention/desk.yaml";
    let good = firm.read(path);
    let digest = firm.call(&["check", "--format", "json"]).ended(0).json()["bundle"].clone();
    let bad = format!("\u{feff}{good}")
        .replace("basis: law", "Basis: 'law'")
        .replace("for: P", "for: p")
        .replace(
            "schedules:\n",
            "# lexhold: allow LX0311, nobody knows why\nschedules: # all of them\n",
        );
    assert_ne!(bad.replace('\u{feff}', ""), good);
    firm.write(path, &bad);
    let diff = firm.call(&["check", "--fix", "--diff"]).ended(3);
    assert!(
        diff.stdout.starts_with(&format!("--- {path}\n+++ {path}\n@@ ")),
        "{}",
        diff.stdout
    );
    assert!(diff.stderr.contains("would be mended in 1 file"), "{}", diff.stderr);
    assert_eq!(firm.read(path), bad, "--diff changes nothing");
    let fixed = firm.call(&["check", "--fix", "--format", "json"]).ended(0);
    assert_eq!(fixed.json()["bundle"], digest);
    let mended = good
        .replace("basis: law", "basis: 'law'")
        .replace("schedules:\n", "schedules: # all of them\n");
    assert_eq!(firm.read(path), mended);
}

#[test]
fn a_diff_of_warnings_alone_is_a_negative_answer() {
    let firm = Firm::empty();
    firm.write("rulesets/words.yaml", format!("\u{feff}{HEAD}terms: [a]\n"));
    let diff = firm
        .call(&["check", "rulesets", "--fix", "--diff"])
        .ended(1)
        .said("fix: 1 problem would be mended");
    assert!(diff.stdout.contains("\n-\\u{feff}lexhold: 1\n+lexhold: 1\n") || diff.stdout.contains("+lexhold: 1\n"));
    firm.call(&["check", "rulesets", "--diff"]).ended(2);
    firm.call(&["check", "rulesets", "--fix", "--diff", "--format", "json"])
        .ended(2)
        .said("send the report to a file");
    firm.call(&["check", "rulesets", "--fix"])
        .ended(0)
        .said("fix: 1 problem mended in 1 file");
    firm.call(&["check", "rulesets", "--fix", "--diff"]).ended(0);
}

#[test]
fn what_is_imported_from_elsewhere_is_left_alone() {
    let firm = Firm::empty();
    let shared = format!("{HEAD}terms: [yes]\n");
    firm.write("shared/words.yaml", &shared);
    firm.write(
        "rulesets/more.yaml",
        format!(
            "{}imports: [{{file: ../shared/words.yaml}}]\nterms: [no]\n",
            HEAD.replace("words", "more")
        ),
    );
    firm.call(&["check", "rulesets", "--fix"])
        .ended(3)
        .said("shared/words.yaml:5:9");
    assert_eq!(firm.read("shared/words.yaml"), shared);
    assert!(firm.read("rulesets/more.yaml").ends_with("terms: ['no']\n"));
}

#[test]
fn a_folder_may_hold_the_configuration_beside_documents() {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "policies: [policies]\nrulesets: [rulesets]\n");
    for verb in [&["check", "."][..], &["fmt", ".", "--check"], &["check", "--fix", "."]] {
        let ran = firm.call(verb);
        assert!(!ran.stderr.contains("lexhold.yaml") && ran.code <= 1, "{}", ran.stderr);
    }
}
