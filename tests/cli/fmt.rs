//! `fmt`: one layout for all documents, and never another meaning.

use std::path::Path;

use crate::support::Firm;

const UGLY: &str = "lexhold: 1\nlexicon:  words\n# who answers\nowner: 'me'\nreviewed: 2026-11-01\ntitle: \"Words\" # few\nterms: [ a,'yes' ]\n";
const TIDY: &str = "lexhold: 1\nlexicon: words\ntitle: Words # few\n# who answers\nowner: me\nreviewed: 2026-11-01\nterms: [a, 'yes']\n";

#[test]
fn documents_are_laid_out_and_say_the_same() {
    let firm = Firm::empty();
    firm.write("rulesets/words.yaml", UGLY);
    let digest = |firm: &Firm| firm.call(&["check", "rulesets", "--format", "json"]).ended(0).json()["bundle"].clone();
    let before = digest(&firm);
    let listed = firm
        .call(&["fmt", "rulesets", "--check"])
        .ended(1)
        .said("fmt: 1 of 1 file would be changed");
    assert_eq!(listed.stdout, "rulesets/words.yaml\n");
    let diff = firm.call(&["fmt", "rulesets", "--diff"]).ended(1).stdout;
    assert!(
        diff.starts_with("--- rulesets/words.yaml\n+++ rulesets/words.yaml\n@@ ")
            && diff.contains("\n+lexicon: words\n"),
        "{diff}"
    );
    assert_eq!(firm.read("rulesets/words.yaml"), UGLY);
    firm.call(&["fmt", "rulesets"])
        .ended(0)
        .said("fmt: 1 of 1 file changed");
    assert_eq!(firm.read("rulesets/words.yaml"), TIDY);
    assert_eq!(digest(&firm), before);
    let again = firm
        .call(&["fmt", "rulesets", "--check"])
        .ended(0)
        .said("fmt: 0 of 1 file would be changed");
    assert_eq!(again.stdout, "");
}

#[test]
fn nothing_is_changed_while_a_file_cannot_be_read() {
    let firm = Firm::empty();
    firm.write("rulesets/a.yaml", UGLY);
    firm.write("rulesets/b.yaml", "lexhold: 1\nlexicon: b\nterms: [off]\n");
    firm.call(&["fmt", "rulesets"])
        .ended(3)
        .said("LX0015")
        .said("no file was changed");
    assert_eq!(firm.read("rulesets/a.yaml"), UGLY);
    firm.call(&["fmt", "nope.yaml"]).ended(3).said("cannot read nope.yaml");
}

#[test]
fn shipped_documents_have_a_layout_that_is_its_own() {
    let firm = Firm::empty();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut count = 0;
    for folder in [
        "policies/retention",
        "policies/supervision",
        "rulesets/lexicons",
        "rulesets/off-channel",
    ] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                firm.write(&format!("rulesets/{count}.yaml"), std::fs::read(path).unwrap());
                count += 1;
            }
        }
    }
    assert!(count > 40);
    firm.call(&["fmt", "rulesets"]).ended(0);
    firm.call(&["fmt", "rulesets", "--check"]).ended(0).said("fmt: 0 of");
}
