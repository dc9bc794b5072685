//! `import`, as a user types it.

use std::fs;

use crate::support::Firm;

const WORDS: &str = "insider\nInsider\noff the record\n...\n";

const RULES: &str =
    "body MONEY /\\bmillion dollars?\\b/i\nscore MONEY 3.5\nbody EVERY /./\nmeta BOTH (MONEY && EVERY)\n";

#[test]
fn what_is_imported_passes_check_and_finds() {
    let firm = Firm::new();
    firm.write("words.txt", WORDS);
    firm.write("rules.cf", RULES);
    let ran = firm
        .call(&["import", "word-list", "words.txt", "--out", "rulesets/words.yaml"])
        .ended(0);
    ran.said("2 of 4 words carried over")
        .said("it holds no letter and no digit");
    let ran = firm.call(&[
        "import",
        "spamassassin",
        "rules.cf",
        "--owner",
        "me",
        "--name",
        "spam",
        "--out",
        "rulesets/spam.yaml",
    ]);
    ran.ended(0)
        .said("1 of 3 rules carried over")
        .said("it combines other rules");
    firm.call(&["check"]).ended(0);
    let message = "{\"id\":\"1\",\"platform\":\"sms\",\"conversation\":\"c\",\"sent_at\":\"2026-01-01T00:00:00Z\",\"sender\":\"a\",\
                   \"text\":\"I have a Million  dollars for you\"}\n";
    firm.write("m.ndjson", message);
    let rows = firm.call(&["scan", "m.ndjson", "--format", "ndjson"]).ended(0).rows();
    let found: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {}", row["document"], row["severity"]))
        .collect();
    assert_eq!(found, ["\"spam\" \"high\""]);
}

#[test]
fn a_file_that_is_there_stays() {
    let firm = Firm::new();
    firm.write("words.txt", WORDS);
    firm.write("there.yaml", "mine");
    firm.call(&["import", "word-list", "words.txt", "--out", "there.yaml"])
        .ended(5)
        .said("is there already");
    firm.call(&["import", "word-list", "words.txt", "--report", "there.yaml"])
        .ended(5);
    assert_eq!(fs::read_to_string(firm.path("there.yaml")).unwrap(), "mine");
    firm.call(&["import", "word-list", "words.txt", "--out", "there.yaml", "--force"])
        .ended(0);
    assert!(
        fs::read_to_string(firm.path("there.yaml"))
            .unwrap()
            .starts_with("lexhold: 1\nlexicon: words\n")
    );
}

#[test]
fn the_report_has_every_item() {
    let firm = Firm::new();
    firm.write("words.txt", WORDS);
    let ran = firm
        .call(&["import", "word-list", "words.txt", "--quiet", "--report", "lost.csv"])
        .ended(0);
    assert_eq!(ran.stderr, "");
    assert!(
        ran.stdout.ends_with("terms:\n  - insider\n  - off the record\n"),
        "{}",
        ran.stdout
    );
    let expected = "item,what,whole,reason,detail\n\
                    line 2,word,true,it is equal to an earlier one after folding,Insider\n\
                    line 4,word,true,it holds no letter and no digit,...\n";
    assert_eq!(fs::read_to_string(firm.path("lost.csv")).unwrap(), expected);
}

#[test]
fn words_for_several_lexicons_want_a_file() {
    let firm = Firm::new();
    firm.write("many.txt", (0..100_001).map(|n| format!("w{n}\n")).collect::<String>());
    firm.call(&["import", "word-list", "many.txt"])
        .ended(2)
        .said("2 lexicons");
    firm.call(&["import", "word-list", "many.txt", "--out", "many.yaml"])
        .ended(0)
        .said("many-2.yaml");
    let last = fs::read_to_string(firm.path("many-2.yaml")).unwrap();
    assert!(last.ends_with("terms:\n  - w100000\n"), "{last}");
    assert!(!firm.path("many.yaml").exists());
}

#[test]
fn wrong_calls_say_what_is_wrong() {
    let firm = Firm::new();
    firm.write("words.csv", "word,n\na,1\n");
    firm.call(&["import", "word-list", "words.csv", "--column", "term"])
        .ended(2)
        .said("only word, n");
    firm.call(&["import", "word-list", "nope.txt"])
        .ended(3)
        .said("not found");
    firm.call(&["import", "gitleaks", "words.csv"])
        .ended(3)
        .said("not a configuration of gitleaks");
    firm.call(&["import", "word-list", "words.csv", "--name", "No Name"])
        .ended(2);
    firm.write("empty.txt", "\n");
    firm.call(&["import", "word-list", "empty.txt"])
        .ended(3)
        .said("nothing could be carried over");
    firm.write("latin.txt", b"caf\xe9\n");
    firm.call(&["import", "word-list", "latin.txt"])
        .ended(3)
        .said("not UTF-8 from byte 3 on");
}
