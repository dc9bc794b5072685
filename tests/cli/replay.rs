//! `replay`: a past run evaluated again says what it said, and whoever changed what is on record is found out.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use lexhold_model::Digest;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::support::{Firm, Ran, many, message};

const HOLD: &str = r#"lexhold: 1
hold: orion
matter: M-7
zone: America/New_York
custodians: [ann]
query: { phrase: see you }
"#;

fn replay(firm: &Firm, arguments: &[&str]) -> Ran {
    let mut all = vec!["replay", "--format", "json"];
    all.extend(arguments);
    firm.call(&all)
}

/// Runs of every kind: several files, duplicates with custodians of their own, a taken id, edits, no dates, holds.
fn eventful() -> Firm {
    let firm = Firm::new();
    firm.messages("one.ndjson", &many(120));
    let mut again = many(40);
    for message in &mut again {
        message["custodians"] = json!(["eve"]);
    }
    let mut odd = vec![message("m1", "2021-03-01T00:00:00Z", "another text under a taken id")];
    odd.push(message("x1", "not a date", "Let's move this to WhatsApp"));
    let mut edit = message("m2", "2021-03-02T00:00:00Z", "call me on +44 7700 900123");
    (edit["version"], edit["version_kind"]) = (json!(1), json!("edit"));
    odd.push(edit);
    firm.messages("two.ndjson", &[again, odd].concat());
    firm.messages("three.ndjson", &many(200)[110..]);
    firm.write("orion.yaml", HOLD);
    firm.run(&["one.ndjson", "two.ndjson"]).ended(0);
    firm.run(&["three.ndjson", "--holds", "orion.yaml"]).ended(0);
    firm.call(&["run", "one.ndjson", "--quiet"]).ended(0);
    firm
}

#[test]
fn every_run_says_again_what_it_said() {
    let firm = eventful();
    let said = replay(&firm, &["--all"]).ended(0).json();
    assert_eq!(said["identical"], true, "{said:#}");
    let of = |run: usize, what: &str| said["runs"][run][what].as_u64().unwrap();
    assert_eq!((of(0, "messages"), of(0, "duplicates")), (123, 40));
    assert_eq!((of(1, "messages"), of(1, "duplicates")), (80, 10), "{said:#}");
    assert!(of(1, "batches") > 1, "memberships of the new hold are replayed too");
    assert_eq!(of(2, "messages"), 0, "nothing was taken in a second time");
    let last = replay(&firm, &["last", "--jobs", "1"]).ended(0).json();
    assert_eq!(last["runs"][0]["run"], said["runs"][2]["run"]);
    let text = firm
        .call(&["replay", said["runs"][0]["run"].as_str().unwrap()])
        .ended(0);
    for words in [
        "identical: 123 messages in 2 batches",
        "40 duplicates have no body of their own",
    ] {
        assert!(text.stdout.contains(words), "{}", text.stdout);
    }
    assert!(
        !text.stdout.contains("then,"),
        "no version has changed: {}",
        text.stdout
    );
}

#[test]
fn a_file_in_many_batches_is_replayed_on_any_number_of_threads() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(9_000));
    firm.run(&["in.ndjson"]).ended(0);
    let one = replay(&firm, &["last", "--jobs", "1"]).ended(0).stdout;
    assert_eq!(one, replay(&firm, &["last", "--jobs", "3"]).ended(0).stdout);
    let said: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(said["runs"][0]["messages"], 9_000);
    assert!(said["runs"][0]["batches"].as_u64() > Some(1), "{said:#}");
}

/// A run is replayed by the bundle of its day and the superseded versions that bound beside it, whatever is active now.
#[test]
fn runs_before_and_after_an_activation_are_each_replayed_by_their_own_bundle() {
    let firm = Firm::new();
    firm.messages("one.ndjson", &many(30));
    firm.messages("two.ndjson", &many(60)[30..]);
    firm.run(&["one.ndjson"]).ended(0);
    let desk = firm.read("policies/retention/desk.yaml");
    let desk = desk
        .replace("version: 1.0.0", "version: 2.0.0")
        .replace("for: P3Y", "for: P5Y");
    firm.write("policies/retention/desk.yaml", desk);
    firm.call(&["activate", "--reason", "the regulator asks for more"])
        .ended(0);
    firm.run(&["two.ndjson"]).ended(0);
    let said = replay(&firm, &["--all"]).ended(0).json();
    let bundle = |run: usize| &said["runs"][run]["bundle"];
    assert_ne!(bundle(0), bundle(1));
    assert_eq!(said["runs"][1]["messages"], 30);
    let sets = firm
        .path(".lexhold/evaluations")
        .join(said["runs"][1]["run"].as_str().unwrap());
    let schedules = files(&sets)
        .into_iter()
        .find(|path| path.to_str().unwrap().ends_with("-schedule.parquet"));
    rewrite(&schedules.unwrap(), |rows| {
        let column = rows.column_by_name("version").unwrap().as_string::<i32>();
        assert!(
            column.iter().any(|version| version == Some("1.0.0")),
            "version 1.0.0 still binds old messages"
        );
        rows.clone()
    });
}

#[test]
fn what_is_asked_for_has_to_be_a_run() {
    let firm = Firm::new();
    firm.call(&["replay", "last"]).ended(4).said("there is no home");
    firm.messages("in.ndjson", &many(3));
    firm.run(&["in.ndjson"]).ended(0);
    firm.run(&["in.ndjson"]).ended(0);
    firm.call(&["replay", "nope"]).ended(2).said("no run is called `nope`");
    firm.call(&["replay", "20"]).ended(2).said("2 runs begin with `20`");
    firm.call(&["replay"]).ended(2);
    firm.call(&["replay", "--all"]).ended(0);
}

#[test]
fn what_is_missing_or_damaged_is_named_and_the_rest_is_replayed() {
    let firm = eventful();
    let segment = files(&firm.path(".lexhold/archive")).remove(0);
    fs::remove_file(&segment).unwrap();
    let said = replay(&firm, &["--all"]).ended(4).json();
    assert!(
        said["runs"][0]["damaged"][0]
            .as_str()
            .unwrap()
            .contains("archive/platform=slack"),
        "{said:#}"
    );
    assert_eq!(said["runs"][2]["identical"], true);

    let firm = eventful();
    let directory = files(&firm.path(".lexhold/facts"))
        .into_iter()
        .find(|path| path.ends_with("directory.yaml"));
    fs::write(directory.unwrap(), "lexhold: 1\ndirectory: staff\n").unwrap();
    let text = firm.call(&["replay", "--all"]).ended(4).stdout;
    assert!(text.contains("stored sources have been changed"), "{text}");

    let firm = eventful();
    fs::remove_dir_all(firm.path(".lexhold/bundles")).unwrap();
    let text = firm.call(&["replay", "last"]).ended(4).stdout;
    assert!(text.contains("CANNOT BE REPLAYED"), "{text}");
}

#[test]
fn a_changed_evaluation_file_is_damage_and_its_rows_are_named() {
    let firm = eventful();
    let file = evaluation(&firm, "hit");
    rewrite(&file, |rows| {
        replaced(
            rows,
            "severity",
            |was| if was == "high" { "low".into() } else { was.into() },
        )
    });
    let said = replay(&firm, &["--all"]).ended(4).json();
    let run = &said["runs"][0];
    assert!(
        run["damaged"][0]
            .as_str()
            .unwrap()
            .contains("not the one that was journalled"),
        "{said:#}"
    );
    assert_eq!(run["differing"][0]["table"], "hit", "{said:#}");
    assert_eq!(
        run["differing"][0]["examples"][0]["changed"],
        json!({"severity": {"stored": "low", "now": "high"}})
    );
}

/// Whoever can write the whole home can make a journal that is sound in itself. What the bodies say is another matter.
#[test]
fn a_forged_evaluation_under_a_forged_journal_is_found_by_its_table() {
    type Forgery = fn(&RecordBatch) -> RecordBatch;
    let forgeries: [(&str, Forgery); 7] = [
        ("message", |rows| replaced(rows, "direction", |_| "outbound".into())),
        ("hit", |rows| rows.slice(1, rows.num_rows() - 1)),
        ("assignment", |rows| rows.slice(1, rows.num_rows() - 1)),
        ("duty_set", |rows| replaced(rows, "outcome", |_| "by_pattern".into())),
        ("days", |rows| replaced(rows, "captured_day", |_| "2019-01-01".into())),
        ("source", |rows| replaced(rows, "file", |_| "elsewhere.ndjson".into())),
        ("custodian", |rows| replaced(rows, "handle", |was| format!("{was}x"))),
    ];
    let firm = eventful();
    let copy = |from: &str, to: &str| {
        let _ = fs::remove_dir_all(firm.path(to));
        let copied = Command::new("cp")
            .arg("-a")
            .args([firm.path(from), firm.path(to)])
            .status();
        assert!(copied.unwrap().success());
    };
    copy(".lexhold", "as-it-was");
    for (table, forge) in forgeries {
        copy("as-it-was", ".lexhold");
        let file = evaluation(&firm, table);
        let stored = rewrite(&file, forge);
        forge_journal(&firm, |kind, payload| {
            if kind != "batch" || payload["run"] != run_of(&file) {
                return;
            }
            for entry in payload["files"].as_array_mut().unwrap() {
                if file.ends_with(entry["path"].as_str().unwrap()) {
                    (entry["sha256"], entry["bytes"], entry["rows"]) =
                        (json!(stored.0), json!(stored.1), json!(stored.2));
                }
            }
        });
        if table == "hit" {
            firm.call(&["rebuild", "--quiet"]).ended(0);
            firm.call(&["verify"]).ended(0).said("sound");
        }
        let said = replay(&firm, &["--all"])
            .ended(if table == "custodian" { 0 } else { 1 })
            .json();
        let found: Vec<&str> = said["runs"][0]["differing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|differing| differing["table"].as_str().unwrap())
            .collect();
        // The custodians that duplicates brought are on record alone, and nothing else speaks of them.
        if table == "custodian" {
            assert!(found.is_empty(), "{said:#}");
        } else {
            assert!(found.contains(&table), "{table}: {said:#}");
            assert_eq!(said["runs"][0]["differing"][0]["causes"], json!(["unexplained"]));
        }
    }
}

#[test]
fn other_versions_are_said_first_and_named_as_causes() {
    let firm = eventful();
    forge_journal(&firm, |kind, payload| {
        if kind == "run_started" {
            (payload["engine"], payload["tz_database"]) = (json!("0.0.9"), json!("1999a"));
        }
    });
    let text = firm.call(&["replay", "last"]).ended(0).stdout;
    assert!(
        text.contains("tz database: 1999a then"),
        "a note, since nothing differs: {text}"
    );
    rewrite(&evaluation(&firm, "days"), |rows| {
        replaced(rows, "captured_day", |_| "2019-01-01".into())
    });
    let text = firm.call(&["replay", "--all"]).ended(4).stdout;
    let (said, found) = (
        text.find("engine: 0.0.9 then"),
        text.find("cause: engine or tz database"),
    );
    assert!(said.is_some() && said < found, "{text}");
}

#[test]
fn a_silent_hold_shows_to_nobody_who_may_not_know() {
    let firm = eventful();
    firm.write("silent.yaml", HOLD.replace("orion", "vega") + "silent: true\n");
    firm.write("operators.yaml", OPERATORS);
    firm.messages("late.ndjson", &many(3));
    firm.run(&[
        "late.ndjson",
        "--holds",
        "silent.yaml",
        "--as",
        "lea",
        "--confirmed-by",
        "rex",
    ])
    .ended(0);
    rewrite(&evaluation(&firm, "hold_member"), |rows| rows.slice(0, 0));
    let said = |who: &str| replay(&firm, &["last", "--as", who]).stdout;
    assert!(said("lea").contains("vega"), "{}", said("lea"));
    assert!(!said("rex").contains("vega"), "{}", said("rex"));
}

const OPERATORS: &str = r#"lexhold: 1
operators: firm
people:
  - { id: lea, roles: [engineer, legal, silent] }
  - { id: rex, roles: [engineer, records] }
"#;

/// Every file below a folder, sorted.
fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The last file of a table that the first run recorded; of memberships, the last of all.
fn evaluation(firm: &Firm, table: &str) -> PathBuf {
    let all = files(&firm.path(".lexhold/evaluations"));
    let named = |path: &&PathBuf| path.to_str().unwrap().ends_with(&format!("-{table}.parquet"));
    if table == "hold_member" {
        return all.iter().rfind(named).unwrap().clone();
    }
    // Of two runs in one second either folder may sort first; the journal knows which came first.
    let said = replay(firm, &["--all"]).json();
    let first = said["runs"][0]["run"].as_str().unwrap();
    all.iter()
        .filter(named)
        .rfind(|path| run_of(path) == first)
        .unwrap()
        .clone()
}

fn run_of(file: &std::path::Path) -> String {
    file.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned()
}

/// Changes a table on disk; says the digest, length and rows of what is there now.
fn rewrite(path: &std::path::Path, change: impl Fn(&RecordBatch) -> RecordBatch) -> (String, usize, usize) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let pieces: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let rows = change(&arrow::compute::concat_batches(&schema, &pieces).unwrap());
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    fs::write(path, &bytes).unwrap();
    (Digest::of(&bytes).to_string(), bytes.len(), rows.num_rows())
}

fn replaced(rows: &RecordBatch, column: &str, change: impl Fn(&str) -> String) -> RecordBatch {
    let at = rows.schema().index_of(column).unwrap();
    let values = rows.column(at).as_string::<i32>().iter();
    let values: StringArray = values.map(|value| value.map(&change)).collect();
    let mut columns = rows.columns().to_vec();
    columns[at] = Arc::new(values) as ArrayRef;
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

/// Changes payloads, and writes the journal anew so that its chain is whole.
fn forge_journal(firm: &Firm, change: impl Fn(&str, &mut Value)) {
    let (log, mut lines, mut before) = (".lexhold/journal/log.ndjson", String::new(), Value::Null);
    for line in firm.read(log).lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if let Some(digest) = line["payload"].as_str() {
            let file = format!(".lexhold/journal/payload/{digest}");
            let bytes = fs::read(firm.path(&file)).unwrap();
            let mut payload: Value = serde_json::from_slice(&bytes[16..]).unwrap();
            let was = payload.clone();
            change(line["kind"].as_str().unwrap(), &mut payload);
            if payload != was {
                let bytes = [&bytes[..16], payload.to_string().as_bytes()].concat();
                let digest = Digest::of(&bytes).to_string();
                fs::remove_file(firm.path(&file)).unwrap();
                firm.write(&format!(".lexhold/journal/payload/{digest}"), &bytes);
                line["payload"] = json!(digest);
            }
        }
        line["prev"] = before;
        let line = line.to_string();
        before = json!(Digest::of(&[&[0], line.as_bytes()].concat()).to_string());
        lines += &(line + "\n");
    }
    firm.write(log, lines);
}

/// A person on two platforms, of whom one message goes: what is left says again what it would have said alone.
#[test]
fn what_is_left_after_a_destruction_is_replayed() {
    let firm = Firm::new();
    let sent = crate::dispose::old(1, "2019-06-01T12:00:00Z");
    let mut kept = crate::dispose::old(3, "2025-06-01T12:00:00Z");
    kept["platform"] = json!("teams");
    kept["recipients"] = sent["recipients"].clone();
    firm.messages("in.ndjson", &[sent, kept]);
    firm.run(&["in.ndjson"]).ended(0);
    let plan = crate::dispose::approved(&firm);
    crate::dispose::execute(&firm, &plan).ended(0);
    replay(&firm, &["last"]).ended(0);
    let people = firm.call(&["report", "retention", "--format", "ndjson"]).ended(0);
    assert_eq!(people.rows().len(), 1);
}
