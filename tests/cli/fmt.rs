//! `fmt`: one layout for all documents, and never another meaning.

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
fn shipped_documents_are_laid_out() {
    let firm = Firm::empty();
    let shipped = ["policies", "rulesets"].map(|folder| format!("{}/../{folder}", env!("CARGO_MANIFEST_DIR")));
    let ran = firm.call(&["fmt", "--check", &shipped[0], &shipped[1]]).ended(0);
    assert_eq!(ran.stdout, "");
}

#[test]
fn stdin_is_laid_out_on_stdout() {
    let firm = Firm::empty();
    let call = |arguments: &[&str], text: &str| firm.call_with(&[&["fmt", "-"], arguments].concat(), text);
    for text in [UGLY, TIDY] {
        let ran = call(&[], text).ended(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (TIDY, ""));
    }
    let checked = call(&["--check", "--stdin-filename", "rulesets/words.yaml"], UGLY).ended(1);
    assert_eq!(checked.stdout, "rulesets/words.yaml\n");
    assert_eq!(call(&["--check"], TIDY).ended(0).stdout, "");
    assert!(
        call(&["--diff"], UGLY)
            .ended(1)
            .stdout
            .starts_with("--- stdin\n+++ stdin\n")
    );
    let refused = call(&[], "lexhold: 1\nlexicon: b\nterms: [off]\n")
        .ended(3)
        .said("--> stdin:3:9");
    assert_eq!(refused.stdout, "");
    call(&["rulesets"], UGLY).ended(2).said("`-` is stdin");
}

#[test]
fn settings_are_no_document() {
    let firm = Firm::empty();
    firm.write(
        "lexhold.yaml",
        "# ours\npolicies: policies\ndirectory: directory.yaml\n",
    );
    firm.call(&["fmt", "--check", "lexhold.yaml"]).ended(0);
}
