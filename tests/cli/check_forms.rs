//! `check` in every form: each is what its readers expect, all say the same, and none changes how the call ends.

use crate::schema::assert_fits;
use crate::support::{Firm, Ran};

/// The forms that are JSON documents, with the schema of each.
const SCHEMAS: [(&str, &str); 3] = [
    ("json", "lexhold-check-1.json"),
    ("sarif", "sarif-2.1.0.json"),
    ("gitlab", "gitlab-code-quality.json"),
];

/// Asserts that a text is what readers of JUnit's XML expect, and returns how many cases, failures and errors it has.
pub fn junit_counts(text: &str) -> [usize; 3] {
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let number =
        |node: &roxmltree::Node<'_, '_>, name: &str| -> usize { node.attribute(name).unwrap().parse().unwrap() };
    let mut totals = [0; 3];
    for suite in root.children().filter(roxmltree::Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        let cases: Vec<_> = suite.children().filter(roxmltree::Node::is_element).collect();
        let count = |what: &str| {
            let found = cases.iter().flat_map(roxmltree::Node::children);
            found.filter(|child| child.has_tag_name(what)).count()
        };
        let counted = [cases.len(), count("failure"), count("error")];
        for (at, name) in ["tests", "failures", "errors"].into_iter().enumerate() {
            assert_eq!(number(&suite, name), counted[at], "{text}");
            totals[at] += counted[at];
        }
        for case in cases {
            assert!(case.has_tag_name("testcase") && case.has_attribute("name") && case.has_attribute("classname"));
            assert!(number(&case, "line") >= 1);
        }
    }
    for (at, name) in ["tests", "failures", "errors"].into_iter().enumerate() {
        assert_eq!(number(&root, name), totals[at], "{text}");
    }
    totals
}

/// Two errors and a warning, in two files, with a name that is hostile everywhere.
fn broken() -> Firm {
    let firm = Firm::new();
    firm.write(
        "policies/a b%,:\u{e9}.yaml",
        "lexhold: 1\nlexicon: a\nowner: me\n\"k\\e[31m\\u202e<b>%0A::error::x\": 1\nterms: [x]\n",
    );
    let ruleset = firm.read("rulesets/off-channel/ruleset.yaml");
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset.replace("severity: low", "severty: low"),
    );
    firm
}

fn in_form(firm: &Firm, form: &str) -> Ran {
    firm.call(&["check", "--format", form])
}

#[test]
fn each_form_fits_its_schema_and_ends_alike() {
    for (firm, code) in [(broken(), 3), (Firm::new(), 0)] {
        let told = in_form(&firm, "json").ended(code).json();
        let n_told = told["diagnostics"].as_array().unwrap().len();
        for (form, schema) in SCHEMAS {
            let document = in_form(&firm, form).ended(code).json();
            assert_fits(&document, schema);
            let found = match form {
                "json" => &document["diagnostics"],
                "sarif" => &document["runs"][0]["results"],
                _ => &document,
            };
            assert_eq!(found.as_array().unwrap().len(), n_told, "{form}");
        }
        let [cases, failures, errors] = junit_counts(&in_form(&firm, "junit").ended(code).stdout);
        assert_eq!([failures, errors], [n_told, 0]);
        assert!(cases >= 3);
        assert_eq!(in_form(&firm, "concise").ended(code).stdout.lines().count(), n_told);
    }
}

#[test]
fn sarif_says_what_code_scanning_asks_for() {
    let log = in_form(&broken(), "sarif").ended(3).json();
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().unwrap();
    for result in results {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        for edge in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[edge].as_u64().unwrap() >= 1, "{result:#}");
        }
        assert!(result["partialFingerprints"]["lexhold/v1"].as_str().unwrap().len() >= 32);
        let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 20);
    }
    let uri = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str();
    assert_eq!(uri, Some("policies/a%20b%25%2C%3A%C3%A9.yaml"));
}

#[test]
fn fingerprints_stay_when_lines_move_and_differ_from_each_other() {
    let firm = broken();
    let prints = |firm: &Firm| -> Vec<String> {
        let issues = in_form(firm, "gitlab").json();
        let prints = issues.as_array().unwrap().iter();
        prints
            .map(|issue| issue["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = prints(&firm);
    let ruleset = firm.read("rulesets/off-channel/ruleset.yaml");
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        format!("# one more line\n{ruleset}"),
    );
    assert_eq!(prints(&firm), before);
    let mut distinct = before.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
}

#[test]
fn one_run_feeds_several_readers() {
    let firm = broken();
    let all = "text,json,sarif,junit,github,gitlab";
    let mut call = vec!["check", "--format", all];
    for output in ["sarif=out.sarif", "junit=out.xml", "gitlab=out.json", "github=out.txt"] {
        call.extend(["--output", output]);
    }
    let ran = firm.call(&call).ended(3).said("did you mean");
    assert_fits(&ran.json(), "lexhold-check-1.json");
    for (file, form) in [
        ("out.sarif", "sarif"),
        ("out.xml", "junit"),
        ("out.json", "gitlab"),
        ("out.txt", "github"),
    ] {
        assert_eq!(firm.read(file), in_form(&firm, form).stdout, "{form}");
    }
    firm.call(&["check", "--format", "json,sarif"])
        .ended(2)
        .said("several forms of the report, but one stdout");
    firm.call(&["check", "--output", "sarif=no/such/folder.sarif"])
        .ended(4)
        .said("cannot write no/such/folder.sarif");
}

#[test]
fn workflow_commands_cannot_be_forged_and_are_summed_up() {
    let firm = broken();
    let mut call = firm.command(&["check", "--format", "github"]);
    call.env("GITHUB_STEP_SUMMARY", firm.path("summary.md"));
    firm.write("summary.md", "before\n");
    let ran = Ran::from(call.output().unwrap()).ended(3);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with("::error file=policies/a b%25%2C%3Aé.yaml,line=4,col=1,title=LX0103::"),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("%250A::error::x") && !ran.stdout.contains('\u{1b}'));
    assert!(lines.iter().all(|line| {
        ["::error ", "::warning ", "::notice::"]
            .iter()
            .any(|begin| line.starts_with(begin))
    }));
    assert!(
        lines.last().unwrap().starts_with("::notice::3 errors, 0 warnings"),
        "{lines:?}"
    );
    let summary = firm.read("summary.md");
    assert!(
        summary.starts_with("before\n### lexhold check\n\n3 errors"),
        "{summary}"
    );
    assert!(summary.contains("&lt;b&gt;") && !summary.contains("<b>"), "{summary}");
}

#[test]
fn a_report_comes_also_when_nothing_can_be_read() {
    let firm = Firm::new();
    for (form, schema) in SCHEMAS {
        let ran = firm
            .call(&["check", "nope.yaml", "--format", form])
            .ended(3)
            .said("cannot read nope.yaml");
        assert_fits(&ran.json(), schema);
    }
    let json = firm.call(&["check", "nope.yaml", "--format", "json"]).json();
    assert_eq!(json["ok"], false);
    assert!(json["failure"].as_str().unwrap().contains("not found"));
    let sarif = firm.call(&["check", "nope.yaml", "--format", "sarif"]).json();
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    let junit = firm.call(&["check", "nope.yaml", "--format", "junit"]).ended(3);
    assert_eq!(junit_counts(&junit.stdout), [1, 0, 1]);
}

#[test]
fn warnings_fail_in_junit_only_where_they_fail_the_call() {
    let firm = Firm::new();
    let desk = firm.read("policies/retention/desk.yaml");
    firm.write(
        "policies/retention/desk.yaml",
        desk.replace("us-sec-17a-4-b4", "us-sec-17a-4-b5"),
    );
    for (level, code, failures) in [("error", 0, 0), ("warning", 3, 1)] {
        let ran = firm
            .call(&["check", "--format", "junit", "--fail-on", level])
            .ended(code);
        assert_eq!(junit_counts(&ran.stdout)[1], failures, "{}", ran.stdout);
        assert!(ran.stdout.contains("LX0970"));
    }
}

#[test]
fn what_a_comment_allows_is_counted_and_listed() {
    let firm = Firm::new();
    let desk = firm.read("policies/retention/desk.yaml");
    let cited = desk.replace(
        "us-sec-17a-4-b4]",
        "us-sec-17a-4-b5] # lexhold: allow LX0970, the new table comes in May",
    );
    firm.write("policies/retention/desk.yaml", &cited);
    let ran = firm
        .call(&["check", "--format", "json", "--fail-on", "warning"])
        .ended(0);
    let report = ran.said("check: 0 errors, 0 warnings, 1 allowed in 3 files").json();
    assert_fits(&report, "lexhold-check-1.json");
    assert_eq!(report["allowed"][0]["code"], "LX0970");
    assert_eq!(report["allowed"][0]["reason"], "the new table comes in May");
    let log = in_form(&firm, "sarif").ended(0).json();
    assert_fits(&log, "sarif-2.1.0.json");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["suppressions"][0]["justification"], "the new table comes in May");
    firm.call(&["check", "-v"])
        .ended(0)
        .said("LX0970")
        .said("allowed: the new table comes in May");
    firm.write("policies/retention/desk.yaml", cited.replace("-b5]", "-b4]"));
    firm.call(&["check", "--fail-on", "warning"])
        .ended(3)
        .said("nothing raises `LX0970` here");
    firm.write(
        "policies/retention/desk.yaml",
        cited.replace(", the new table comes in May", ""),
    );
    firm.call(&["check"]).ended(3).said("a warning is allowed for a reason");
}
