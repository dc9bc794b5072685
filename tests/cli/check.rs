//! `check`: every problem of every file, at its exact place.

use serde_json::json;

use crate::support::Firm;

#[test]
fn good_documents_say_so_and_print_nothing() {
    let firm = Firm::new();
    let ran = firm
        .call(&["check"])
        .ended(0)
        .said("0 errors, 0 warnings in 3 files (3 rules, 2 schedules");
    assert_eq!(ran.stdout, "");
}

#[test]
fn several_errors_in_several_files_and_languages_at_once() {
    let firm = Firm::new();
    firm.write(
        "policies/retention/desk.yaml",
        firm.read("policies/retention/desk.yaml")
            .replace("basis: law", "basys: law")
            .replace(
                "when: resource.business",
                "when: |\n      resource.business\n      && resource.bussiness",
            ),
    );
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        firm.read("rulesets/off-channel/ruleset.yaml")
            .replace(r"\bcall me", r"\b(call me")
            .replace("severity: low", "severty: low"),
    );
    let ran = firm.call(&["check", "--format", "json"]).ended(3);
    let report = ran.json();
    let found: Vec<(&str, u64, u64)> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["code"].as_str().unwrap(),
                one["span"]["start"]["line"].as_u64().unwrap(),
                one["span"]["start"]["col"].as_u64().unwrap(),
            )
        })
        .collect();
    assert!(
        found
            .iter()
            .any(|(code, line, col)| code.starts_with("LX01") && (*line, *col) == (7, 1)),
        "the misspelt key: {found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(code, line, col)| code.starts_with("LX06") && (*line, *col) == (15, 19)),
        "inside the Cedar block: {found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(code, line, col)| *code == "LX0412" && (*line, *col) == (24, 24)),
        "the group in the regex: {found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(code, line, _)| code.starts_with("LX01") && *line == 22),
        "the second key: {found:?}"
    );
    let text = firm.call(&["check"]).ended(3);
    assert!(
        text.stderr.contains("did you mean") && !text.stderr.contains('\u{1b}'),
        "{}",
        text.stderr
    );
    let concise = firm.call(&["check", "--format", "concise"]).ended(3);
    assert_eq!(concise.stdout.lines().count(), found.len());
    assert!(
        concise.stdout.contains("desk.yaml:7:1: error[LX01"),
        "{}",
        concise.stdout
    );
}

#[test]
fn hostile_yaml_is_refused() {
    let firm = Firm::new();
    let laughs = format!("lexhold: 1\nruleset: x\na: &a [{}]\n", "x,".repeat(9))
        + &(0..20).map(|n| format!("b{n}: &b{n} [*a,*a]\n")).collect::<String>();
    for (name, text) in [
        ("laughs.yaml", laughs),
        ("deep.yaml", "[".repeat(100_000)),
        ("empty.yaml", String::new()),
        ("only.yaml", "# nothing\n---\n".into()),
    ] {
        firm.write(name, text);
        let ran = firm.call(&["check", name]).ended(3);
        assert!(ran.stderr.contains("error[LX00"), "{}", ran.stderr);
    }
}

#[test]
fn wrong_bytes_imports_and_names_have_errors_of_their_own() {
    let firm = Firm::new();
    firm.write("latin1.yaml", b"lexhold: 1\nruleset: caf\xe9\n");
    assert!(firm.call(&["check", "latin1.yaml"]).ended(3).stderr.contains("LX0001"));
    firm.write(
        "a.yaml",
        "lexhold: 1\nlexicon: a\nowner: me\nimports: [{ file: b.yaml }]\nterms: [x]\n",
    );
    firm.write(
        "b.yaml",
        "lexhold: 1\nlexicon: b\nowner: me\nimports: [{ file: a.yaml }]\nterms: [y]\n",
    );
    assert!(firm.call(&["check", "a.yaml"]).ended(3).stderr.contains("LX0501"));
    firm.write(
        "out.yaml",
        "lexhold: 1\nlexicon: o\nowner: me\nimports: [{ file: ../outside.yaml }]\nterms: [y]\n",
    );
    assert!(firm.call(&["check", "out.yaml"]).ended(3).stderr.contains("LX05"));
    let missing = firm.call(&["check", "polices"]).ended(3);
    assert!(
        missing.stderr.contains("cannot read polices: not found") && missing.stderr.contains("did you mean"),
        "{}",
        missing.stderr
    );
}

#[test]
fn imports_are_found_from_wherever_a_folder_is_named() {
    let firm = Firm::new();
    let importing = |name: &str, file: &str| {
        format!("lexhold: 1\nlexicon: {name}\nowner: me\nimports: [{{ file: {file} }}]\nterms: [{name}]\n")
    };
    firm.write("sets/one/a.yaml", importing("a", "../two/b.yaml"));
    firm.write("sets/two/b.yaml", "lexhold: 1\nlexicon: b\nowner: me\nterms: [b]\n");
    let folder = firm.path("sets").display().to_string();
    firm.call(&["check", &folder]).ended(0);
    firm.call(&["-C", "policies", "check", &folder]).ended(0);
    firm.call(&["-C", "sets/one", "check", "../one"]).ended(3).said("LX05");
}

#[test]
fn ids_with_controls_are_shown_escaped() {
    let firm = Firm::new();
    firm.write(
        "evil.yaml",
        "lexhold: 1\nlexicon: a\nowner: me\n\"k\\e[31m\\u202e\": 1\nterms: [x]\n",
    );
    let ran = firm.call(&["check", "evil.yaml"]).ended(3);
    assert!(
        !ran.stderr.contains('\u{1b}') && !ran.stderr.contains('\u{202e}'),
        "{:?}",
        ran.stderr
    );
}

#[test]
fn codes_have_a_page() {
    let firm = Firm::new();
    assert!(firm.call(&["explain", "LX0412"]).ended(0).stdout.starts_with("LX0412"));
    firm.call(&["explain", "lx9999"]).ended(2).said("unknown code");
    let listed = firm.call(&["explain", "--all"]).ended(0).stdout;
    assert!(listed.contains("\nLX0412  A pattern does not compile.\n"), "{listed}");
    let pages = firm.call(&["explain", "--all", "--json"]).ended(0).json();
    let pages = pages.as_array().unwrap();
    assert_eq!(pages.len(), listed.lines().count());
    assert!(
        pages
            .iter()
            .all(|page| page["bad"].is_string() && page["good"].is_string())
    );
}

#[test]
fn the_same_rule_in_two_files_is_named_at_both_places() {
    let firm = Firm::new();
    firm.write("rulesets/copy.yaml", firm.read("rulesets/off-channel/ruleset.yaml"));
    let report = firm.call(&["check", "--format", "json"]).ended(3).json();
    let twice: Vec<_> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"] == json!("LX0201"))
        .collect();
    assert_eq!(twice.len(), 2, "{report:#}");
    assert_ne!(twice[0]["file"], twice[0]["labels"][0]["file"]);
}

#[test]
fn conditions_that_are_slow_or_in_vain_are_told() {
    let firm = Firm::new();
    firm.write(
        "policies/retention/desk.yaml",
        firm.read("policies/retention/desk.yaml").replace(
            "when: resource.business",
            "when: (if resource.business then decimal(\"1.0\") else decimal(\"2.0\")).lessThan(decimal(\"1.5\"))",
        ),
    );
    firm.call(&["check", "-v"])
        .ended(0)
        .said("asked of Cedar's own authorizer, which takes a hundred times as long");
    let firm = Firm::new();
    firm.write(
        "policies/retention/desk.yaml",
        firm.read("policies/retention/desk.yaml").replace(
            "when: resource.business",
            "when: resource.direction == \"inbound\" && resource.direction == \"outgoing\"",
        ),
    );
    firm.call(&["check", "--fail-on", "warning"])
        .ended(3)
        .said("no message has `outgoing` here, but one of `outbound`, `inbound` or `internal`")
        .said("this condition can never be true");
}

#[test]
fn citations_are_held_against_the_table_beside_the_policies_or_the_shipped_one() {
    let firm = Firm::new();
    let desk = firm.read("policies/retention/desk.yaml");
    firm.write(
        "policies/retention/desk.yaml",
        desk.replace("cites: [us-sec-17a-4-b4]", "cites: [us-sec-17a-4-b5, us-sec-17a-4-c]"),
    );
    let concise = |firm: &Firm| firm.call(&["check", "--format", "concise"]).ended(0).stdout;
    let said = concise(&firm);
    let [unknown, unverified] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}")
    };
    assert!(
        unknown.contains("desk.yaml:16:13: ") && unknown.contains("LX0970"),
        "{unknown}"
    );
    assert!(
        unverified.contains("desk.yaml:16:30: ") && unverified.contains("LX0971"),
        "{unverified}"
    );
    firm.call(&["check"])
        .ended(0)
        .said("did you mean `us-sec-17a-4-b")
        .said("2 warnings");
    firm.call(&["check", "--fail-on", "warning"]).ended(3);
    let quiet = firm.call(&["check", "--quiet"]).ended(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    firm.call(&["check", "--quiet", "--fail-on", "warning"])
        .ended(3)
        .said("warning[");
    let table = "- { id: us-sec-17a-4-b5, confidence: verified }\n- { id: us-sec-17a-4-c, confidence: verified }\n";
    firm.write("policies/regulations.yaml", table);
    assert_eq!(concise(&firm), "");
    firm.write("policies/regulations.yaml", "- nonsense\n");
    firm.call(&["check"])
        .ended(3)
        .said("policies/regulations.yaml is no table of regulations");
}
