//! `config show`, `required-version`, and flags as variables of the environment.

use serde_json::{Value, json};

use crate::support::{Firm, message};

fn origins(firm: &Firm, environment: &[(&str, &str)], flags: &[&str]) -> Vec<Value> {
    let call = [&["config", "show", "--origin", "--format", "ndjson"], flags].concat();
    let mut command = firm.command(&call);
    command.envs(environment.iter().copied());
    crate::support::Ran::from(command.output().unwrap()).ended(0).rows()
}

#[track_caller]
fn assert_origin(rows: &[Value], setting: &str, expected: (&str, &str, Option<&str>)) {
    let row = rows.iter().find(|row| row["setting"] == setting).unwrap();
    let (value, origin, at) = expected;
    let expected = (&json!(value), &json!(origin), &at.map_or(Value::Null, Value::from));
    assert_eq!((&row["value"], &row["origin"], &row["at"]), expected, "{setting}");
}

#[test]
fn each_value_tells_where_it_comes_from() {
    let firm = Firm::new();
    firm.write(
        "lexhold.yaml",
        "home: archive\n# where days are counted\nzone: Europe/Berlin\n",
    );
    firm.write(".config/lexhold/config.yaml", "color: always\nprogress: never\n");
    let rows = origins(
        &firm,
        &[
            ("LEXHOLD_JOBS", "3"),
            ("LEXHOLD_PROGRESS", "auto"),
            ("LEXHOLD_QUIET", "1"),
        ],
        &["--wait", "7"],
    );
    for (setting, value, origin, at) in [
        ("wait", "7", "flag", Some("--wait")),
        ("jobs", "3", "env", Some("LEXHOLD_JOBS")),
        ("progress", "auto", "env", Some("LEXHOLD_PROGRESS")),
        ("quiet", "true", "env", Some("LEXHOLD_QUIET")),
        ("home", "archive", "project", Some("lexhold.yaml:1")),
        ("zone", "Europe/Berlin", "project", Some("lexhold.yaml:3")),
        ("rulesets", "rulesets", "default", None),
        ("as-of", "now", "default", None),
    ] {
        assert_origin(&rows, setting, (value, origin, at));
    }
    let color = rows.iter().find(|row| row["setting"] == "color").unwrap();
    assert_eq!((&color["value"], &color["origin"]), (&json!("always"), &json!("user")));
    let text = firm.call(&["config", "show"]).ended(0).stdout;
    assert!(text.contains("archive") && !text.contains("project"), "{text}");
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_project() {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "home: third\n");
    let environment = [("LEXHOLD_HOME", "second")];
    for (environment, flags, value, origin) in [
        (&environment[..0], &[][..], "third", "project"),
        (&environment, &[], "second", "env"),
        (&environment, &["--home", "first"], "first", "flag"),
        (&environment, &["--no-config"], "second", "env"),
        (&[], &["--no-config"], ".lexhold", "default"),
    ] {
        let rows = origins(&firm, environment, flags);
        let row = rows.iter().find(|row| row["setting"] == "home").unwrap();
        assert_eq!((&row["value"], &row["origin"]), (&json!(value), &json!(origin)));
    }
}

#[test]
fn the_users_own_file_changes_how_things_look_and_never_what_comes_of_them() {
    let firm = Firm::new();
    for key in ["home: elsewhere", "policies: mine", "governance: solo", "quiet: true"] {
        firm.write(".config/lexhold/config.yaml", key);
        firm.call(&["check"])
            .ended(3)
            .said("it says how things look and nothing else");
    }
}

#[test]
fn a_project_for_another_version_is_refused_before_anything_else_in_its_file() {
    let firm = Firm::new();
    firm.write(
        "lexhold.yaml",
        "required-version: \">=90.1, <91\"\nfrom_the_future: 1\n",
    );
    firm.call(&["check"])
        .ended(3)
        .said("lexhold.yaml wants lexhold >=90.1, <91, and this is ")
        .said("help: use a version in that range");
    firm.write("lexhold.yaml", "required-version: soon\n");
    firm.call(&["check"]).ended(3).said("is no range of versions");
    firm.write(
        "lexhold.yaml",
        format!("required-version: \"={}\"\n", env!("CARGO_PKG_VERSION")),
    );
    firm.call(&["check"]).ended(0);
}

#[test]
fn flags_of_a_verb_are_variables_and_those_that_could_mislead_are_not() {
    let firm = Firm::new();
    firm.messages(
        "m.ndjson",
        &[message("m1", "2024-03-05T15:00:00Z", "let's move this to WhatsApp")],
    );
    let ran = |variable: (&str, &str), call: &[&str]| {
        let mut command = firm.command(call);
        command.env(variable.0, variable.1);
        crate::support::Ran::from(command.output().unwrap())
    };
    let scan = ["scan", "m.ndjson"];
    ran(("LEXHOLD_SCAN_FAIL_ON", "high"), &scan).ended(1);
    let formatted = ran(("LEXHOLD_SCAN_FORMAT", "ndjson"), &scan).ended(0);
    assert_eq!(formatted.rows()[0]["rule"], "off-channel.venue");
    let shown = ran(("LEXHOLD_SHOW_CONTENT", "full"), &scan).ended(0);
    assert!(!shown.stdout.contains("move this"), "{}", shown.stdout);
    let rows = ran(
        ("LEXHOLD_AS_OF", "2001-01-01"),
        &["config", "show", "--format", "ndjson"],
    )
    .rows();
    assert_origin(&rows, "as-of", ("now", "default", None));
}
