//! Small foreign lists of every format, and what becomes of them.

use lexhold_model::Severity;

use crate::{Format, Imported, Options, Words, import};

fn options() -> Options {
    Options {
        name: "foreign".to_owned(),
        owner: "me@example.com".to_owned(),
        origin: "list.txt".to_owned(),
        severity: Severity::Medium,
        words: Words::default(),
    }
}

/// What comes out of a list: its one document.
fn imported(format: Format, text: &str) -> (Imported, String) {
    let imported = import(format, text, &options()).unwrap();
    let yaml = imported
        .documents
        .first()
        .map(|document| document.yaml.clone())
        .unwrap_or_default();
    (imported, yaml)
}

/// The losses, a line each.
fn losses(imported: &Imported) -> Vec<String> {
    let line = |loss: &crate::Loss| format!("{}: {} {} {}", loss.item, loss.what, loss.reason, loss.detail);
    imported
        .losses
        .iter()
        .map(|loss| line(loss).trim().to_owned())
        .collect()
}

#[test]
fn gitleaks_becomes_a_ruleset() {
    let (result, yaml) = imported(
        Format::Gitleaks,
        r#"
[allowlist]
paths = ["vendor/"]
[[rules]]
id = "key"
description = "A key"
regex = '''\b(k-[a-z0-9]{4})\b'''
entropy = 1.5
keywords = ["k-"]
[[rules.allowlists]]
regexes = ["^k-aaaa$", "k-b"]
[[rules]]
id = "look"
regex = "a(?=b)"
[[rules]]
id = "file"
path = "x"
"#,
    );
    assert_eq!((result.n_read, result.n_carried), (3, 1));
    assert_eq!(
        losses(&result),
        [
            "allowlist 1: allowlist it looks at the names of files 1 entry",
            "key: allowlist it looks inside the match or beside it k-b",
            "file: rule it looks at the names of files only",
            "look: rule refused by the rule language LX0415: look-around is not supported",
        ]
    );
    let expected = r"
  - id: key
    severity: medium
    why: A key
    view: raw
    match:
      regex: '\b(k-[a-z0-9]{4})\b'
      validate: { entropy: { min: 1.5 } }
      unless:
        - regex: '\b(?:k-aaaa)\b'
    hits:
";
    assert!(yaml.contains(expected), "{yaml}");
    assert!(
        yaml.starts_with("lexhold: 1\nruleset: foreign\nversion: 1.0.0\nowner: me@example.com\n"),
        "{yaml}"
    );
}

#[test]
fn what_stands_behind_a_secret_is_no_part_of_it() {
    let (result, yaml) = imported(
        Format::Gitleaks,
        "[[rules]]\nid = \"key\"\nregex = '''\\b(k-[a-z0-9]{4,})(?:[\\x60'\"\\s;]|\\\\[nr]|$)'''\nentropy = 1.5\n",
    );
    assert_eq!(losses(&result), [""; 0]);
    let expected = r#"      regex: '\b(k-[a-z0-9]{4,})'
      not_followed_by:
        - '[^\x60''"\s;\\]'
        - '\\(?:[^nrNR]|$)'
      validate: { entropy: { min: 1.5 } }
"#;
    assert!(yaml.contains(expected), "{yaml}");
}

#[test]
fn secrets_keep_their_own_examples() {
    let (result, yaml) = imported(
        Format::NoseyParker,
        "rules:\n- name: A key\n  id: np.key.1\n  pattern: |\n    (?x)\n    key- (?# of ours ) ([0-9]{3})\n  categories: [secret]\n  \
         examples: [it is key-123, no]\n  negative_examples: [key-12]\n  references: [somewhere]\n",
    );
    assert_eq!(losses(&result), ["np.key.1: key there is nothing like it references"]);
    for line in [
        "      - it is key-123\n",
        "      - key-12\n",
        "    labels: [secret]\n",
        "        key-  ([0-9]{3})\n",
    ] {
        assert!(yaml.contains(line), "{line} is missing in\n{yaml}");
    }
    assert!(!yaml.contains("- no\n"));
}

#[test]
fn spamassassin_becomes_a_ruleset() {
    let (result, yaml) = imported(
        Format::SpamAssassin,
        "body MONEY /\\bmillion dollars?\\b/i\ndescribe MONEY Much money\nscore MONEY 3.5\nheader S Subject =~ /^urgent/i\n\
         header F From =~ /x/\nbody EVERY /./\nmeta BOTH (MONEY && S)\nbody LATIN /\\xe9/\n",
    );
    assert_eq!((result.n_read, result.n_carried), (6, 2));
    assert_eq!(
        losses(&result),
        [
            "F: rule it looks at a header From",
            "BOTH: rule it combines other rules",
            "LATIN: rule it looks for bytes, not characters",
            "EVERY: rule it hits ordinary text",
        ]
    );
    assert!(
        yaml.contains("  - id: money\n    severity: high\n    why: Much money\n    match:\n"),
        "{yaml}"
    );
    assert!(
        yaml.contains("    parts: [subject]\n    match:\n      regex: '^urgent'\n"),
        "{yaml}"
    );
}

#[test]
fn presidio_becomes_a_ruleset() {
    let (result, yaml) = imported(
        Format::Presidio,
        "recognizers:\n- name: Zip\n  supported_entity: ZIP\n  supported_languages: [en]\n  patterns:\n  - {name: zip (weak), regex: \
         '\\b\\d{5}\\b', score: 0.01}\n- name: Titles\n  supported_entity: TITLE\n  deny_list: [Mr., Mrs.]\n",
    );
    assert_eq!(
        (result.n_read, result.n_carried, losses(&result).len()),
        (2, 2, 0),
        "{:?}",
        losses(&result)
    );
    for line in [
        "  - id: zip-zip-weak\n",
        "    labels: [zip]\n",
        "        - Mr.\n        - Mrs.\n",
        "      unicode: true\n",
    ] {
        assert!(yaml.contains(line), "{line} is missing in\n{yaml}");
    }
}

#[test]
fn sigma_keywords_become_a_ruleset() {
    let text = |detection: &str| format!("title: T\nlevel: high\ndetection:\n{detection}");
    let cases = [
        (
            "  k: [a*b.c, xyz]\n  condition: k\n",
            "      regex:\n        - 'a.*b\\.c'\n        - xyz\n",
        ),
        (
            "  k: {'|all': [ab, cd]}\n  condition: k\n",
            "      all:\n        - regex: ab\n        - regex: cd\n",
        ),
        (
            "  k1: ab\n  k2: cd\n  condition: 1 of k*\n",
            "      any:\n        - regex:\n            - ab\n",
        ),
        (
            "  k1: ab\n  k2: cd\n  condition: k1 and k2\n",
            "      all:\n        - regex:\n            - ab\n",
        ),
    ];
    for (detection, expected) in cases {
        let (result, yaml) = imported(Format::SigmaKeywords, &text(detection));
        assert_eq!(losses(&result), [""; 0]);
        assert!(yaml.contains(expected), "{expected} is missing in\n{yaml}");
    }
    for (detection, reason) in [
        (
            "  s: {EventID: 1}\n  condition: s\n",
            "T: rule it looks at fields of an event s",
        ),
        (
            "  k: a\n  condition: not k\n",
            "T: rule its condition is more than lists of keywords not k",
        ),
        (
            "  k: a\n  condition: k | count() > 5\n",
            "T: rule its condition is more than lists of keywords k | count() > 5",
        ),
        ("  k: a\n", "T: rule its condition is no text"),
    ] {
        assert_eq!(losses(&imported(Format::SigmaKeywords, &text(detection)).0), [reason]);
    }
}

#[test]
fn words_become_lexicons() {
    let (result, yaml) = imported(
        Format::WordList,
        "Insider\noff the record\ninsider\n...\nguarante*\nno\nc++\nyes|no\n",
    );
    assert_eq!((result.n_read, result.n_carried), (8, 4));
    assert_eq!(
        losses(&result),
        [
            "line 5: word `*`, `?` and `|` mean something in a term guarante*",
            "line 8: word `*`, `?` and `|` mean something in a term yes|no",
            "line 3: word it is equal to an earlier one after folding insider",
            "line 4: word it holds no letter and no digit ...",
            "line 7: signs signs in it are not matched c++",
        ]
    );
    let expected = "lexhold: 1\nlexicon: foreign\nowner: me@example.com\ndescription: Words imported from list.txt.\nterms:\n  \
                    - Insider\n  - off the record\n  - 'no'\n  - c++\n";
    assert_eq!(yaml, expected);
}

#[test]
fn g5_more_words_than_one_lexicon_may_have() {
    let words: String = (0..100_001).map(|n| format!("w{n}\n")).collect();
    let (result, first) = imported(Format::WordList, &words);
    let names: Vec<&str> = result.documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["foreign-1", "foreign-2"]);
    assert!(first.ends_with("\n  - w99999\n"));
    assert!(result.documents[1].yaml.ends_with("terms:\n  - w100000\n"));
}

#[test]
fn what_is_not_of_the_format_is_told() {
    for (format, text) in [
        (Format::Gitleaks, "[[rules]\nid = 1"),
        (Format::Kingfisher, "{\"id\": 1}\n{"),
        (Format::Presidio, "a: [b"),
        (Format::SigmaKeywords, "a: [b"),
        (Format::WordList, "{\"a\": 1}"),
    ] {
        assert!(import(format, text, &options()).is_err(), "{format:?}");
    }
    for format in [
        Format::Kingfisher,
        Format::NoseyParker,
        Format::Presidio,
        Format::SigmaKeywords,
    ] {
        let result = import(format, "7", &options()).unwrap();
        assert_eq!((result.n_carried, result.losses.len()), (0, 1), "{format:?}");
    }
}

#[test]
fn the_same_list_gives_the_same_bytes() {
    let text = "body A /[a-z]{3}x{2,}|\\d+y/i\nbody B /q.{5,}w/\n";
    assert_eq!(
        imported(Format::SpamAssassin, text).1,
        imported(Format::SpamAssassin, text).1
    );
}
