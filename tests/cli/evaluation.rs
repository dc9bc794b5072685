//! Evaluated elsewhere and recorded by `run --from-evaluation`, a home is equal to one in which `run` did all of it.

use std::fs;
use std::path::Path;

use lexhold_catalog::{Fingerprint, TableFingerprint};
use lexhold_model::Digest;
use lexhold_store::Step;
use serde_json::{Value, json};

use crate::support::{AS_OF, Firm, Ran, many, message};

/// Everything of a catalog but where messages came in from: an evaluation's files stand there for those of the run.
fn outcome(firm: &Firm) -> Vec<TableFingerprint> {
    let mut tables = firm.fingerprint(Fingerprint::Decisions);
    tables.retain(|table| table.table != "ingested_file");
    tables
}

/// A firm whose home begins with nothing, so that copies of it have one and the same key.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.messages("none.ndjson", &[]);
    firm.run(&["none.ndjson"]).ended(0);
    firm
}

/// The same firm once more, home and all.
fn twin(of: &Firm) -> Firm {
    let firm = Firm::empty();
    copy(&of.path("."), &firm.path("."));
    firm
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Messages of every kind: hits, duplicates with custodians of their own, a taken id, an edit, one without a date.
fn eventful() -> Vec<Value> {
    let mut all = many(150);
    let mut again = many(20);
    for message in &mut again {
        message["custodians"] = json!(["eve"]);
    }
    let mut edit = message("m2", "2021-03-02T00:00:00Z", "call me on +44 7700 900123");
    (edit["version"], edit["version_kind"]) = (json!(1), json!("edit"));
    all.extend(again);
    all.push(message("m1", "2021-03-01T00:00:00Z", "another text under a taken id"));
    all.push(message("x1", "not a date", "Let's move this to WhatsApp"));
    all.push(edit);
    all
}

/// Facts for another machine, and what that machine makes of inputs with them.
fn evaluate(firm: &Firm, inputs: &[&str], out: &str) -> Ran {
    let facts = format!("{out}.facts");
    let writes = ["run", "--facts-to", &facts, "--as-of", AS_OF, "--backfill"];
    firm.call(&writes).ended(0).said("keep it as you keep the home");
    let mut arguments = vec!["evaluate", "--facts", &facts, "--out", out, "--home", "nowhere"];
    arguments.extend(inputs);
    firm.call(&arguments)
}

fn import(firm: &Firm, folder: &str) -> Ran {
    firm.run(&["--from-evaluation", folder])
}

#[test]
fn recorded_elsewhere_or_here_a_home_is_the_same() {
    let here = firm();
    here.messages("in.ndjson", &eventful());
    let there = twin(&here);
    let want = here.run(&["in.ndjson"]).ended(0).json();
    evaluate(&there, &["in.ndjson"], "evaluated").ended(0);
    let said = import(&there, "evaluated").ended(0).json();
    for count in [
        "messages",
        "new",
        "collision",
        "duplicate",
        "unreadable",
        "states",
        "alerts_by_severity",
        "unknown_handles",
    ] {
        assert_eq!(said[count], want[count], "{count}");
    }
    assert_eq!(outcome(&there), outcome(&here));
    // A second time it adds nothing, and whoever evaluates again finds nothing else.
    let before = there.fingerprint(Fingerprint::Decisions);
    let again = import(&there, "evaluated")
        .ended(0)
        .said("taken in before; nothing is added")
        .json();
    assert_eq!((&again["new"], &again["duplicate"]), (&json!(0), &want["messages"]));
    assert_eq!(there.fingerprint(Fingerprint::Decisions), before);
    there.call(&["verify"]).ended(0);
    let said = there.call(&["replay", "--all", "--format", "json"]).ended(0).json();
    assert_eq!(said["identical"], true, "{said:#}");
    let whole = there.fingerprint(Fingerprint::Everything);
    there.call(&["rebuild"]).ended(0);
    assert_eq!(there.fingerprint(Fingerprint::Everything), whole);
}

#[test]
fn what_the_home_has_is_known_and_the_next_run_goes_on() {
    let here = firm();
    here.messages("one.ndjson", &many(60));
    here.messages("two.ndjson", &eventful());
    here.messages("three.ndjson", &many(200)[120..]);
    let there = twin(&here);
    here.run(&["one.ndjson", "two.ndjson", "three.ndjson"]).ended(0);
    there.run(&["one.ndjson"]).ended(0);
    evaluate(&there, &["two.ndjson"], "evaluated").ended(0);
    import(&there, "evaluated").ended(0);
    there.run(&["three.ndjson"]).ended(0);
    assert_eq!(outcome(&there), outcome(&here));
}

#[test]
fn killed_after_any_step_it_goes_on_where_it_was() {
    let here = firm();
    here.messages("one.ndjson", &many(90));
    here.messages("two.ndjson", &eventful());
    evaluate(&here, &["one.ndjson"], "first").ended(0);
    evaluate(&here, &["two.ndjson"], "second").ended(0);
    // Two partitions in one evaluation, so that a batch boundary lies between them.
    join(&here, "first", "second");
    let undisturbed = twin(&here);
    import(&undisturbed, "first").ended(0);
    let want = outcome(&undisturbed);
    for step in Step::ALL {
        for time in [1, 2] {
            let firm = twin(&here);
            let place = format!("{}:{time}", step.as_str());
            let arguments = ["run", "--from-evaluation", "first", "--as-of", AS_OF, "--backfill"];
            let mut command = firm.command(&arguments);
            let killed = command.env("LEXHOLD_TEST_STOP_AT", &place).output().unwrap();
            assert_eq!(killed.status.code(), None, "not killed at {place}");
            import(&firm, "first").ended(0);
            assert_eq!(outcome(&firm), want, "killed at {place}");
            firm.call(&["verify"]).ended(0);
        }
    }
}

/// Puts the partitions of a second evaluation behind those of the first.
fn join(firm: &Firm, first: &str, second: &str) {
    let mut one = manifest(firm, first);
    let mut more = manifest(firm, second);
    for partition in more["partitions"].as_array_mut().unwrap() {
        let file = format!("messages/second-{}.parquet", partition["bytes"]);
        let from = firm.path(&format!("{second}/{}", partition["file"].as_str().unwrap()));
        fs::copy(from, firm.path(&format!("{first}/{file}"))).unwrap();
        partition["file"] = json!(file);
        one["partitions"].as_array_mut().unwrap().push(partition.clone());
    }
    for count in ["messages", "unreadable"] {
        one[count] = json!(one[count].as_u64().unwrap() + more[count].as_u64().unwrap());
    }
    firm.write(&format!("{first}/manifest.json"), one.to_string());
}

fn manifest(firm: &Firm, folder: &str) -> Value {
    serde_json::from_str(&firm.read(&format!("{folder}/manifest.json"))).unwrap()
}

#[test]
fn a_hold_of_today_covers_what_was_evaluated_before_it() {
    const HOLD: &str =
        "lexhold: 1\nhold: orion\nmatter: M-7\nzone: America/New_York\ncustodians: [ann]\nquery: { phrase: see you }\n";
    let here = firm();
    here.messages("in.ndjson", &eventful());
    here.write("orion.yaml", HOLD);
    let there = twin(&here);
    here.call(&["hold", "place", "orion.yaml"]).ended(0);
    here.run(&["in.ndjson"]).ended(0);
    evaluate(&there, &["in.ndjson"], "evaluated").ended(0);
    there.call(&["hold", "place", "orion.yaml"]).ended(0);
    import(&there, "evaluated").ended(0);
    assert_eq!(outcome(&there), outcome(&here));
    let held = there
        .call(&["report", "retention", "--format", "ndjson", "--as-of", "2060-01-01"])
        .ended(0)
        .rows();
    assert!(
        held.iter().any(|row| row["holds"] == json!(["orion"])),
        "nothing is held"
    );
}

#[test]
fn a_file_listed_twice_counts_once() {
    let firm = firm();
    firm.messages("in.ndjson", &many(50));
    evaluate(&firm, &["in.ndjson"], "evaluated").ended(0);
    fs::copy(
        firm.path("evaluated/messages/000000.parquet"),
        firm.path("evaluated/messages/again.parquet"),
    )
    .unwrap();
    let mut told = manifest(&firm, "evaluated");
    let mut again = told["partitions"][0].clone();
    again["file"] = json!("messages/again.parquet");
    told["partitions"].as_array_mut().unwrap().push(again);
    told["messages"] = json!(100);
    firm.write("evaluated/manifest.json", told.to_string());
    // Whatever lies beside it and is not named is nobody's.
    firm.write("evaluated/messages/killed.parquet", "half a file");
    let said = import(&firm, "evaluated").ended(0).json();
    assert_eq!((&said["new"], &said["duplicate"]), (&json!(50), &json!(50)));
}

#[test]
fn unreadable_rows_travel_too() {
    let firm = firm();
    let good = message("m1", "2021-03-01T00:00:00Z", "hello");
    firm.write(
        "in.ndjson",
        format!("{good}\n{{broken\n{}\n", message("m2", "2021-03-01T00:00:00Z", "hello")),
    );
    evaluate(&firm, &["in.ndjson"], "evaluated").ended(4);
    let said = import(&firm, "evaluated").ended(4);
    assert_eq!(
        (&said.json()["new"], &said.json()["unreadable"]),
        (&json!(2), &json!(1))
    );
    firm.run(&["--from-evaluation", "evaluated", "--max-unreadable", "1"])
        .ended(0);
}

/// One thing that is wrong with an evaluation, how the import ends, and what it says.
type Case = (&'static str, fn(&Firm, &mut Value), i32, &'static str);

const REFUSED: &[Case] = &[
    (
        "another bundle",
        |_, told| told["bundle"] = json!(Digest::of(b"other")),
        5,
        "was made with bundle",
    ),
    (
        "other facts",
        |_, told| told["facts"] = json!(Digest::of(b"other")),
        5,
        "has not the facts",
    ),
    (
        "another key",
        |_, told| told["key"] = json!("0".repeat(30)),
        5,
        "of another home",
    ),
    (
        "another zone",
        |_, told| told["zone"] = json!("Asia/Tokyo"),
        5,
        "of another home",
    ),
    (
        "another engine",
        |_, told| told["engine"] = json!("9.9.9"),
        5,
        "made by Lexhold 9.9.9",
    ),
    (
        "other zones",
        |_, told| told["tz_database"] = json!("1999a"),
        5,
        "time zones of 1999a",
    ),
    (
        "an earlier version",
        |_, told| {
            let digest = Digest::of(b"other");
            told["earlier"] =
                json!([{"bundle": digest, "document": "d", "digest": digest, "superseded_from": "2020-01-01"}]);
        },
        5,
        "earlier versions",
    ),
    (
        "another schema",
        |_, told| told["schema"] = json!("lexhold/evaluation/2"),
        4,
        "another version of Lexhold wrote it",
    ),
    (
        "a field too many",
        |_, told| told["more"] = json!(1),
        4,
        "no manifest of an evaluation",
    ),
    (
        "a wrong sum",
        |_, told| told["messages"] = json!(7),
        4,
        "not as many messages",
    ),
    (
        "a wrong count",
        |_, told| {
            told["messages"] = json!(174);
            told["partitions"][0]["messages"] = json!(174);
        },
        4,
        "by the manifest 174",
    ),
    (
        "a way out",
        |_, told| told["partitions"][0]["file"] = json!("../in.ndjson"),
        4,
        "does not lie below",
    ),
    (
        "a missing file",
        |_, told| told["partitions"][0]["file"] = json!("messages/none.parquet"),
        4,
        "none.parquet",
    ),
    (
        "another digest",
        |_, told| told["partitions"][0]["sha256"] = json!(Digest::of(b"other")),
        4,
        "is not the file",
    ),
    (
        "no Parquet",
        |firm, told| {
            let path = firm.write("evaluated/messages/000000.parquet", "PAR1 and nothing else");
            told["partitions"][0]["bytes"] = json!(fs::metadata(&path).unwrap().len());
            told["partitions"][0]["sha256"] = json!(Digest::of(&fs::read(path).unwrap()));
        },
        4,
        "cannot be read as Parquet",
    ),
];

#[test]
fn whatever_does_not_fit_is_refused_whole() {
    let firm = firm();
    firm.messages("in.ndjson", &eventful());
    evaluate(&firm, &["in.ndjson"], "evaluated").ended(0);
    let (good, before) = (manifest(&firm, "evaluated"), on_record(&firm));
    for (what, change, code, said) in REFUSED {
        let mut told = good.clone();
        change(&firm, &mut told);
        firm.write("evaluated/manifest.json", told.to_string());
        let ran = import(&firm, "evaluated").said(said);
        assert_eq!(ran.code, *code, "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("help"), "{what} teaches nothing: {}", ran.stderr);
    }
    fs::remove_file(firm.path("evaluated/manifest.json")).unwrap();
    import(&firm, "evaluated").ended(4).said("not come to its end");
    assert_eq!(on_record(&firm), before);
}

/// What the journal says, but for who was allowed to try, and what the catalog has.
fn on_record(firm: &Firm) -> (usize, Vec<TableFingerprint>) {
    let journal = firm.read(".lexhold/journal/log.ndjson");
    let tries = journal.lines().filter(|line| line.contains(r#""kind":"governance""#));
    let others = journal.lines().count() - tries.count();
    (others, firm.fingerprint(Fingerprint::Decisions))
}

#[test]
fn old_captures_are_declared_where_they_are_recorded() {
    let firm = firm();
    firm.messages("in.ndjson", &many(5));
    evaluate(&firm, &["in.ndjson"], "evaluated").ended(0);
    let undeclared = firm.call(&["run", "--from-evaluation", "evaluated"]).ended(5);
    assert!(undeclared.stderr.contains("--backfill"), "{}", undeclared.stderr);
}

#[test]
fn facts_are_a_secret_and_go_with_one_bundle() {
    let firm = firm();
    firm.messages("in.ndjson", &many(5));
    evaluate(&firm, &["in.ndjson"], "evaluated").ended(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(firm.path("evaluated.facts")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    firm.call(&["run", "--facts-to", "evaluated.facts"])
        .ended(4)
        .said("left alone");
    firm.call(&[
        "evaluate",
        "in.ndjson",
        "--facts",
        "evaluated.facts",
        "--out",
        "evaluated",
    ])
    .ended(4)
    .said("nothing that is there is written over");
    let ruleset = firm.read("rulesets/off-channel/ruleset.yaml");
    firm.write(
        "rulesets/off-channel/ruleset.yaml",
        ruleset.replace("version: 1.0.0", "version: 1.0.1"),
    );
    let other = ["evaluate", "in.ndjson", "--facts", "evaluated.facts", "--out", "other"];
    firm.call(&other).ended(3).said("the facts go with bundle");
    firm.write("evaluated.facts", "{}");
    firm.call(&other).ended(3).said("run --facts-to FILE");
}
