//! `store: external`: the firm's own archive is told what to destroy, and what it answers decides; here it is a folder with a file
//! for each message.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_catalog::Fingerprint;
use lexhold_store::Step;
use serde_json::{Value, json};

use crate::support::{self, Firm, Ran, message};

/// What the archive does with an order.
#[derive(Clone, Copy)]
enum Does {
    /// Destroys it, looks again, and says so.
    Destroys,
    /// Destroys it, and the answer is lost on the way.
    TimesOut,
    /// Destroys it, and does not look again.
    LooksNowhere,
    Refuses,
    /// Has it under a lock that ends in 2090.
    Locks,
}

/// A firm whose bodies lie in the folder `archive`, with a plan over four messages that is approved.
fn firm() -> (Firm, String) {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "store: external\n");
    let all: Vec<Value> = (1..=4)
        .map(|at| message(&format!("m{at}"), "2019-06-01T12:00:00Z", &format!("canary{at}zq")))
        .chain([message("m5", "2025-06-01T12:00:00Z", "canary5zq")])
        .collect();
    firm.messages("in.ndjson", &all);
    for one in &all {
        firm.write(
            &format!("archive/{}", one["id"].as_str().unwrap()),
            one["text"].as_str().unwrap(),
        );
    }
    firm.run(&["in.ndjson"]).ended(0);
    let plan = firm.call(&["dispose", "propose", "--format", "json"]).ended(0).json();
    assert_eq!(plan["items"], 4);
    let plan = plan["plan"].as_str().unwrap().to_owned();
    firm.call(&["dispose", "approve", &plan]).ended(0);
    (firm, plan)
}

fn execute(firm: &Firm, plan: &str) -> Ran {
    firm.call(&["dispose", "execute", plan, "--work", "work.json", "--format", "json"])
}

/// What there is to do: message and step.
fn work(firm: &Firm) -> Vec<(String, String)> {
    let work: Value = serde_json::from_str(&firm.read("work.json")).unwrap();
    let items = work["items"].as_array().unwrap().iter();
    items
        .map(|item| (id(item), item["do"].as_str().unwrap().to_owned()))
        .collect()
}

fn id(item: &Value) -> String {
    item["message_id"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

/// The archive carries its list out, and its answer is taken in.
fn carry_out(firm: &Firm, plan: &str, name: &str, does: impl Fn(&str) -> Does) -> Ran {
    let work: Value = serde_json::from_str(&firm.read("work.json")).unwrap();
    let mut lines = String::new();
    for item in work["items"].as_array().unwrap() {
        let file = firm.path(&format!("archive/{}", id(item)));
        let mut line =
            json!({"key": item["key"], "message_id": item["message_id"], "content_hash": item["content_hash"]});
        let does = does(&id(item));
        if item["do"] == "recall" {
            continue;
        }
        match does {
            _ if !file.exists() => line["outcome"] = json!("not_found"),
            Does::Refuses => line["outcome"] = json!("refused"),
            Does::Locks => {
                line["outcome"] = json!("locked");
                line["until"] = json!("2090-01-01T00:00:00Z");
            }
            Does::Destroys | Does::TimesOut | Does::LooksNowhere => {
                std::fs::remove_file(&file).unwrap();
                line["outcome"] = json!(if matches!(does, Does::TimesOut) {
                    "timeout"
                } else {
                    "destroyed"
                });
                if matches!(does, Does::Destroys) {
                    line["read_back"] = json!("not_found");
                }
            }
        }
        lines += &format!("{line}\n");
    }
    firm.write(name, lines);
    firm.call(&["dispose", "answer", plan, name])
}

fn states(firm: &Firm) -> BTreeMap<String, String> {
    let rows = firm.call(&["report", "disposal", "--format", "ndjson"]).ended(0).rows();
    rows.iter()
        .map(|row| (id(row), row["disposal_state"].as_str().unwrap().to_owned()))
        .collect()
}

/// How many files of the home say a text.
fn saying(firm: &Firm, text: &str) -> usize {
    support::saying(firm.path(".lexhold"), text).len()
}

#[test]
fn what_the_archive_no_longer_finds_is_gone_and_the_rest_waits() {
    let (firm, plan) = firm();
    assert_eq!(saying(&firm, "canary"), 0, "bodies lie elsewhere");
    firm.call(&["dispose", "execute", &plan]).ended(2).said("--work FILE");
    let first = execute(&firm, &plan).ended(0).json();
    assert_eq!((&first["destroyed"], &first["certificate"]), (&json!(0), &Value::Null));
    let all = ["m1", "m2", "m3", "m4"].map(|id| (id.to_owned(), "destroy".to_owned()));
    assert_eq!(work(&firm), all);
    assert!(states(&firm).values().all(|state| state == "intent"));
    carry_out(&firm, &plan, "one", |id| match id {
        "m1" => Does::Destroys,
        "m2" => Does::TimesOut,
        "m3" => Does::LooksNowhere,
        _ => Does::Locks,
    })
    .ended(0);
    let second = execute(&firm, &plan).ended(0).json();
    assert_eq!(
        (&second["destroyed"], &second["certificate"]),
        (&json!(1), &Value::Null)
    );
    let found = states(&firm);
    let found: Vec<&str> = found.values().map(String::as_str).collect();
    let lock = "blocked_storage_lock(2090-01-01T00:00:00Z)";
    assert_eq!(found, ["tombstoned", "destroying(1)", "destroying(1)", lock]);
    assert_eq!(
        work(&firm),
        [("m2".into(), "destroy".into()), ("m3".into(), "read_back".into())]
    );
    // The same answer again adds nothing.
    firm.call(&["dispose", "answer", &plan, "one"])
        .ended(0)
        .said("nothing is added");
    assert_eq!(
        firm.read(".lexhold/journal/log.ndjson")
            .matches("disposal_answered")
            .count(),
        1
    );
    carry_out(&firm, &plan, "two", |_| Does::Refuses).ended(0);
    assert_eq!(execute(&firm, &plan).ended(0).json()["destroyed"], 3);
    // Whoever rejects the locked one ends the plan.
    let row = firm
        .call(&["dispose", "status", "--format", "ndjson"])
        .ended(0)
        .rows()
        .remove(0);
    assert_eq!((&row["state"], &row["complete"]), (&json!("partial"), &json!(false)));
    let exclude = [
        "dispose",
        "reject",
        &plan,
        "--reason",
        "locked",
        "--exclude",
        "slack/c1/m4",
    ];
    firm.call(&exclude).ended(0);
    let done = execute(&firm, &plan).ended(0).json();
    assert_eq!(done["destroyed"], 3);
    assert!(done["certificate"].is_string());
    assert_eq!(
        firm.read(".lexhold/journal/log.ndjson")
            .matches("disposal_certified")
            .count(),
        1
    );
    let body = firm.call(&["dispose", "certificate", &plan]).ended(0).json()["body"].clone();
    assert_eq!(
        body["by_method"],
        json!([
            {"method": "destroyed by the firm's archive and read back", "items": 1},
            {"method": "not found in the firm's archive after the order", "items": 2},
        ])
    );
    assert_eq!(body["copies"][0]["copy"], "the firm's archive");
    firm.call(&["verify"]).ended(0);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before);
    firm.call(&["replay", "last"]).ended(5).said("the firm's own archive");
}

/// Executes and has the archive carry its list out until the plan is over, and stops the program dead at a step the first time that it is
/// reached. The archive destroys one without saying so and another without looking again. Says whether the step was reached.
fn converge(firm: &Firm, plan: &str, step: Step) -> bool {
    let call = ["dispose", "execute", plan, "--work", "work.json", "--format", "json"];
    let mut killed = false;
    for round in 0..6 {
        if !killed {
            let mut command = firm.command(&call);
            let ran = command.env("LEXHOLD_TEST_STOP_AT", step.as_str()).output().unwrap();
            killed = ran.status.code().is_none();
        }
        let done = firm.call(&call).ended(0).json();
        if done["certificate"].is_string() {
            assert_eq!(done["destroyed"], 4, "{}", step.as_str());
            return killed;
        }
        carry_out(firm, plan, &format!("answer{round}"), |id| match id {
            "m2" => Does::TimesOut,
            "m3" => Does::LooksNowhere,
            _ => Does::Destroys,
        })
        .ended(0);
    }
    panic!("it does not end: {}", step.as_str());
}

/// `LEXHOLD_TEST_KILLS` asks for every step.
#[test]
fn killed_at_any_step_the_same_commands_and_answers_converge() {
    let few = [Step::Ordered, Step::Intended, Step::HalfSwapped, Step::Certified];
    let every = Step::DESTRUCTION.into_iter().chain(Step::RETIREMENT);
    let all = every.chain([Step::Ordered, Step::Certified]).collect();
    let steps: Vec<Step> = match std::env::var_os("LEXHOLD_TEST_KILLS") {
        None => few.into(),
        Some(_) => all,
    };
    for step in steps {
        let (firm, plan) = firm();
        assert!(converge(&firm, &plan, step), "not killed at {}", step.as_str());
        let journal = firm.read(".lexhold/journal/log.ndjson");
        let count = |kind: &str| journal.matches(&format!("\"{kind}\"")).count();
        assert_eq!(
            (count("disposal_ordered"), count("disposal_certified")),
            (1, 1),
            "{}",
            step.as_str()
        );
        assert!(firm.path("archive/m5").exists() && saying(&firm, "canary") == 0);
        assert_eq!(
            firm.call(&["report", "retention", "--format", "ndjson"])
                .ended(0)
                .rows()
                .len(),
            1
        );
        firm.call(&["verify"]).ended(0);
    }
}

/// A backup from before the order, the destruction and a hold: with the journal that went on all three stand before anybody can ask,
/// without it the archive is told again, and does not find what is gone.
#[test]
fn a_backup_of_before_comes_back_as_the_journal_says() {
    let (firm, plan) = firm();
    firm.call(&["backup", "copy"]).ended(0);
    execute(&firm, &plan).ended(0);
    carry_out(&firm, &plan, "one", |id| {
        if id == "m4" { Does::Refuses } else { Does::Destroys }
    })
    .ended(0);
    assert_eq!(execute(&firm, &plan).ended(0).json()["destroyed"], 3);
    let place = [
        "hold", "place", "--name", "h", "--matter", "H", "--zone", "UTC", "--id", "m4", "--id", "m5",
    ];
    firm.call(&place).ended(0);
    let before = firm.fingerprint(Fingerprint::Decisions);
    std::fs::rename(firm.path(".lexhold"), firm.path("old")).unwrap();
    firm.call(&["restore", "copy", "--journal", "old"])
        .ended(0)
        .said("1 destruction carried out again");
    assert_eq!(firm.fingerprint(Fingerprint::Decisions), before);
    let kept = || -> Vec<(String, String)> {
        let rows = firm
            .call(&["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows();
        rows.iter()
            .map(|row| (id(row), row["state"].as_str().unwrap().to_owned()))
            .collect()
    };
    let held = |id: &str| (id.to_owned(), "held".to_owned());
    assert_eq!(kept(), [held("m4"), held("m5")]);
    execute(&firm, &plan).ended(1);
    assert_eq!(work(&firm), [("m4".into(), "recall".into())]);
    firm.call(&["verify"]).ended(0);
    // Nothing is left of that journal.
    std::fs::remove_dir_all(firm.path(".lexhold")).unwrap();
    firm.call(&["restore", "copy", "--journal-lost"]).ended(0);
    assert_eq!(kept().len(), 5);
    execute(&firm, &plan).ended(5).said("clock");
    firm.call(&["clock", "attest", "--reason", "holds were placed again"])
        .ended(0);
    execute(&firm, &plan).ended(5).said("no approval that counts");
    firm.call(&["dispose", "approve", &plan]).ended(0);
    execute(&firm, &plan).ended(0);
    assert_eq!(work(&firm).len(), 4);
    carry_out(&firm, &plan, "again", |_| Does::Destroys).ended(0);
    assert_eq!(execute(&firm, &plan).ended(0).json()["destroyed"], 4);
    firm.call(&["verify"]).ended(0);
    let rows = firm.call(&["dispose", "status", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(
        (&rows[0]["state"], &rows[0]["complete"]),
        (&json!("certified"), &json!(false))
    );
}

#[test]
fn a_hold_behind_an_order_recalls_it_and_learns_what_was_gone() {
    let (firm, plan) = firm();
    execute(&firm, &plan).ended(0);
    let place = |name: &str, id: &str| {
        let place = [
            "hold", "place", "--name", name, "--matter", "H", "--zone", "UTC", "--id", id, "--format", "json",
        ];
        firm.call(&place)
    };
    place("one", "m1").ended(0);
    let sent_back = execute(&firm, &plan).ended(1).json()["sent_back"].clone();
    assert_eq!(sent_back, json!([{"message_id": "slack/c1/m1", "reason": "held"}]));
    assert_eq!(work(&firm)[0], ("m1".into(), "recall".into()));
    carry_out(&firm, &plan, "one", |_| Does::Destroys).ended(0);
    // The archive had destroyed it before it heard of the recall: what Lexhold has of it stays.
    let items: Value = serde_json::from_str(&firm.read("work.json")).unwrap();
    let line = json!({"key": items["items"][0]["key"], "content_hash": items["items"][0]["content_hash"], "outcome": "not_found"});
    firm.write("late", format!("{line}\n"));
    let told = firm.call(&["dispose", "answer", &plan, "late"]).ended(1).stdout;
    assert!(told.contains("gone although it was recalled: slack/c1/m1"), "{told}");
    // One that is gone there and held before its rows went stays too.
    let late = place("two", "m2").ended(1).json();
    assert_eq!(late["already_destroyed"][0]["message_id"], "slack/c1/m2");
    assert_eq!(late["pending_destroy_recalled"], json!([]));
    let done = execute(&firm, &plan).ended(1).json();
    assert_eq!(done["destroyed"], 2);
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson"])
        .ended(0)
        .rows();
    let left: Vec<(String, &Value)> = rows.iter().map(|row| (id(row), &row["state"])).collect();
    assert_eq!(left.len(), 3);
    assert!(
        left.iter().filter(|(_, state)| *state == "held").count() == 2,
        "{left:?}"
    );
    firm.call(&["verify"]).ended(0);
}

/// Every step that is left to the archive.
fn steps(firm: &Firm) -> Vec<String> {
    work(firm).into_iter().map(|(_, step)| step).collect()
}

#[test]
fn what_was_ordered_is_called_back_when_the_plan_is_rejected() {
    for one_is_gone in [false, true] {
        let (firm, plan) = firm();
        execute(&firm, &plan).ended(0);
        if one_is_gone {
            carry_out(&firm, &plan, "one", |id| {
                if id == "m1" { Does::Destroys } else { Does::Refuses }
            })
            .ended(0);
            assert_eq!(execute(&firm, &plan).ended(0).json()["destroyed"], 1);
            assert_eq!(steps(&firm), ["destroy"; 3]);
        }
        firm.call(&["dispose", "reject", &plan, "--reason", "counsel needs them"])
            .ended(0);
        execute(&firm, &plan).ended(if one_is_gone { 0 } else { 5 });
        assert_eq!(steps(&firm), vec!["recall"; if one_is_gone { 3 } else { 4 }]);
        let items: Value = serde_json::from_str(&firm.read("work.json")).unwrap();
        let item = &items["items"][0];
        let line = json!({"key": item["key"], "content_hash": item["content_hash"], "outcome": "not_found"});
        firm.write("late", line.to_string());
        let told = firm.call(&["dispose", "answer", &plan, "late"]).ended(1).stdout;
        assert!(told.contains("gone although it was recalled"), "{told}");
        firm.call(&["verify"]).ended(0);
    }
}

/// However a plan ended: of what the archive was told to destroy some is gone, some may still go, and a hold says which.
#[test]
fn a_hold_looks_through_orders_of_plans_that_ended() {
    for certified in [false, true] {
        let (firm, plan) = firm();
        execute(&firm, &plan).ended(0);
        let reject = |more: &[&str]| {
            let call = ["dispose", "reject", &plan, "--reason", "counsel needs them"];
            firm.call(&[&call[..], more].concat()).ended(0);
        };
        if certified {
            // Two are excluded after the order, the others go: the plan is over with two orders that nobody answered.
            reject(&["--exclude", "slack/c1/m1", "--exclude", "slack/c1/m2"]);
            execute(&firm, &plan).ended(0);
            carry_out(&firm, &plan, "rest", |_| Does::Destroys).ended(0);
            assert!(execute(&firm, &plan).ended(0).json()["certificate"].is_string());
        } else {
            reject(&[]);
            execute(&firm, &plan).ended(5);
        }
        let items: Value = serde_json::from_str(&firm.read("work.json")).unwrap();
        assert_eq!(work(&firm)[0], ("m1".into(), "recall".into()));
        let item = &items["items"][0];
        let line = json!({"key": item["key"], "content_hash": item["content_hash"], "outcome": "not_found"});
        firm.write("late", line.to_string());
        firm.call(&["dispose", "answer", &plan, "late"]).ended(1);
        // A later plan has both again; one that is gone by the first is not recalled from the second.
        let next = firm.call(&["dispose", "propose", "--format", "json"]).ended(0).json();
        assert_eq!(next["items"], if certified { 2 } else { 4 });
        let place = [
            "hold", "place", "--name", "h", "--matter", "H", "--zone", "UTC", "--id", "m1", "--id", "m2", "--format",
            "json",
        ];
        let placed = firm.call(&place).ended(1).json();
        let gone = placed["already_destroyed"].as_array().unwrap();
        assert_eq!(
            (gone.len(), &gone[0]["message_id"], &gone[0]["plan"]),
            (1, &json!("slack/c1/m1"), &json!(plan))
        );
        let recalled = placed["pending_destroy_recalled"].as_array().unwrap().iter();
        let recalled: BTreeSet<_> = recalled
            .map(|one| (one["message_id"].as_str(), one["plan"].as_str()))
            .collect();
        let m2 = Some("slack/c1/m2");
        assert_eq!(
            recalled,
            BTreeSet::from([(m2, Some(plan.as_str())), (m2, next["plan"].as_str())])
        );
        assert_eq!(placed["held"], 2);
    }
}

/// What no archive was told of is recalled from plans under way alone.
#[test]
fn a_plan_that_ended_without_an_order_recalls_nothing() {
    let (firm, plan) = firm();
    firm.call(&["dispose", "reject", &plan, "--reason", "no"]).ended(0);
    let place = [
        "hold", "place", "--name", "h", "--matter", "H", "--zone", "UTC", "--id", "m1", "--format", "json",
    ];
    let placed = firm.call(&place).ended(0).json();
    assert_eq!(
        (&placed["already_destroyed"], &placed["pending_destroy_recalled"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn what_was_ordered_is_called_back_when_approvals_no_longer_count() {
    let (firm, plan) = firm();
    execute(&firm, &plan).ended(0);
    assert_eq!(steps(&firm), ["destroy"; 4]);
    // The release of a hold over one of them ends the approval; another hold has come over one more.
    for (name, id) in [("short", "m2"), ("long", "m1")] {
        let place = [
            "hold", "place", "--name", name, "--matter", "H", "--zone", "UTC", "--id", id,
        ];
        firm.call(&place).ended(0);
    }
    firm.call(&["hold", "release", "short", "--reason", "over"]).ended(0);
    execute(&firm, &plan).ended(5).said("called back");
    assert_eq!(steps(&firm), ["recall"; 4]);
    firm.call(&["dispose", "approve", &plan]).ended(0);
    execute(&firm, &plan).ended(1);
    assert_eq!(
        steps(&firm),
        ["recall", "recall", "destroy", "destroy"],
        "held, in grace, and ordered again"
    );
}

#[test]
fn what_is_no_answer_is_not_quoted() {
    let (firm, plan) = firm();
    execute(&firm, &plan).ended(0);
    for line in [r#"{"outcome": "CANARY"}"#, r#"{"until": "CANARY"}"#, r#"["CANARY"]"#] {
        firm.write("answer", line);
        let told = firm
            .call(&["dispose", "answer", &plan, "answer"])
            .ended(4)
            .said("answer:1: no answer");
        assert!(!told.stderr.contains("CANARY"), "{}", told.stderr);
    }
}

#[test]
fn an_answer_is_taken_in_whole_or_not_at_all() {
    let (firm, plan) = firm();
    execute(&firm, &plan).ended(0);
    let items: Value = serde_json::from_str(&firm.read("work.json")).unwrap();
    let (one, other) = (&items["items"][0], &items["items"][1]);
    let line = |item: &Value, more: Value| {
        let mut line = json!({"key": item["key"], "content_hash": item["content_hash"], "outcome": "not_found"});
        more.as_object()
            .unwrap()
            .iter()
            .for_each(|(key, value)| line[key] = value.clone());
        line.to_string()
    };
    let good = line(one, json!({}));
    // What stands in the second line, and what is said of it.
    let cases = [
        ("{".to_owned(), "bad:2: no answer"),
        (line(other, json!({"key": "0000000000000000000000"})), "bad:2: "),
        (
            line(other, json!({"content_hash": one["content_hash"]})),
            "the hash is not that of the order",
        ),
        (
            line(other, json!({"outcome": "locked"})),
            "`until` says when a lock ends",
        ),
        (
            line(other, json!({"until": "2030-01-01T00:00:00Z"})),
            "`until` says when a lock ends",
        ),
        (line(other, json!({"outcome": "vanished"})), "no answer"),
        (line(other, json!({"out_come": "found"})), "no answer"),
        (good.clone(), "answered for before"),
    ];
    for (bad, said) in cases {
        firm.write("bad", format!("{good}\n{bad}\n"));
        firm.call(&["dispose", "answer", &plan, "bad"]).ended(4).said(said);
    }
    firm.write("bad", "\n");
    firm.call(&["dispose", "answer", &plan, "bad"])
        .ended(4)
        .said("has no answer");
    assert!(states(&firm).values().all(|state| state == "intent"));
    let other = Firm::new();
    other.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
    other.run(&["in.ndjson"]).ended(0);
    other.write("good", good);
    other
        .call(&["dispose", "answer", "plan-1", "good"])
        .ended(5)
        .said("this home's own archive");
}

const TRANSFER: &str = "lexhold: 1
retention: desk
version: 1.0.0
title: The desk
owner: x@firm.example
zone: UTC
schedules:
  - id: kept
    title: For the archive
    retain: { for: P3Y, from: sent }
    dispose: { after: retain, action: transfer, to: national archive }
";

/// The firm's archive is told to destroy nothing that another keeper is to have, before that keeper has it.
#[test]
fn what_another_keeper_is_to_have_is_ordered_to_go_after_its_receipt() {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "store: external\n");
    firm.write("policies/retention/desk.yaml", TRANSFER);
    let all: Vec<Value> = (1..=2)
        .map(|at| message(&format!("m{at}"), "2019-06-01T12:00:00Z", &format!("canary{at}zq")))
        .collect();
    firm.messages("in.ndjson", &all);
    for at in 1..=2 {
        firm.write(&format!("archive/m{at}"), format!("canary{at}zq"));
    }
    firm.run(&["in.ndjson"]).ended(0);
    let plan = firm.call(&["dispose", "propose", "--format", "json"]).ended(0).json()["plan"].clone();
    let plan = plan.as_str().unwrap();
    firm.call(&["dispose", "approve", plan]).ended(0);
    execute(&firm, plan).ended(0);
    assert_eq!(work(&firm), []);
    let transfer = ["dispose", "transfer", plan, "--out", "handed.ndjson"];
    firm.call(&transfer)
        .ended(0)
        .said("2 messages")
        .said("national archive");
    let handed = firm.read("handed.ndjson");
    assert!(!handed.contains("canary"), "the archive has the bodies");
    let receipt = |line: &str, field: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        format!("{}\n", json!({"key": line["key"], field: line["content_hash"]}))
    };
    let lines: Vec<&str> = handed.lines().collect();
    firm.write(
        "other.ndjson",
        receipt(lines[0], "content_hash") + &receipt(lines[1], "sha256"),
    );
    firm.call(&["dispose", "receipt", plan, "other.ndjson"])
        .ended(4)
        .said("other.ndjson:2");
    firm.write("one.ndjson", receipt(lines[0], "content_hash"));
    firm.call(&["dispose", "receipt", plan, "one.ndjson"]).ended(0);
    execute(&firm, plan).ended(0);
    assert_eq!(work(&firm), [("m1".to_owned(), "destroy".to_owned())]);
    carry_out(&firm, plan, "first", |_| Does::Destroys).ended(0);
    assert_eq!(execute(&firm, plan).ended(0).json()["destroyed"], 1);
    assert!(firm.path("archive/m2").exists());
    firm.write("two.ndjson", receipt(lines[1], "content_hash"));
    firm.call(&["dispose", "receipt", plan, "two.ndjson"]).ended(0);
    execute(&firm, plan).ended(0);
    carry_out(&firm, plan, "second", |_| Does::Destroys).ended(0);
    let done = execute(&firm, plan).ended(0).json();
    assert_eq!((&done["destroyed"], done["certificate"].is_string()), (&json!(2), true));
    firm.call(&["verify"]).ended(0);
}
