//! `hold`: placed by people, in the journal first; released with a grace; never learned of by those who may not know.

use std::time::Duration;

use lexhold_store::{EntryKind, Home, Payload, Stamp};
use serde_json::{Value, json};

use crate::dispose::{copy_of, files};
use crate::support::{Firm, Ran, many, message};

fn old(id: &str, sender: &str, text: &str) -> Value {
    let mut message = message(id, "2019-06-01T12:00:00Z", text);
    message["sender"] = json!(sender);
    message["recipients"] = json!(["eve"]);
    message
}

/// A firm whose home has three messages that are due for disposal.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.messages(
        "old.ndjson",
        &[
            old("m1", "ann", "about project orion"),
            old("m2", "bob", "lunch"),
            old("m3", "bob", "orion again"),
        ],
    );
    firm.messages("none.ndjson", &[]);
    firm.run(&["old.ndjson"]).ended(0);
    firm
}

/// Places a hold of one matter.
pub fn place(firm: &Firm, flags: &[&str]) -> Ran {
    let mut all = vec![
        "hold",
        "place",
        "--zone",
        "America/New_York",
        "--matter",
        "Orion v. Lyra",
        "--format",
        "json",
    ];
    all.extend(flags);
    firm.call(&all)
}

fn rows(firm: &Firm, arguments: &[&str]) -> Vec<Value> {
    let mut all = arguments.to_vec();
    all.extend(["--format", "ndjson"]);
    firm.call(&all).ended(0).rows()
}

/// Short ids of messages, each with its state at a day.
fn states(firm: &Firm, as_of: &str) -> Vec<(String, String)> {
    let rows = rows(firm, &["report", "retention", "--as-of", as_of]);
    let short = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let mut states: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                short(row["message_id"].as_str().unwrap()),
                row["state"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    states.sort();
    states
}

fn held(firm: &Firm) -> Vec<String> {
    let held = states(firm, "2026-01-01")
        .into_iter()
        .filter(|(_, state)| state == "held");
    held.map(|(id, _)| id[id.len() - 2..].to_owned()).collect()
}

#[test]
fn a_hold_placed_by_flags_answers_what_it_covers() {
    let firm = firm();
    let answer = place(&firm, &["--name", "orion", "--custodian", "ann"]).ended(0).json();
    assert_eq!(
        answer,
        json!({
            "schema": "lexhold/hold-place/1", "hold": "orion", "matter": "Orion v. Lyra", "applied": true, "held": 1,
            "unevaluable": 0, "already_destroyed": [], "destroyed_untold": 0, "surviving_copies": [], "pending_destroy_recalled": []
        })
    );
    assert_eq!(held(&firm), ["m1"]);
    place(&firm, &["--name", "orion", "--custodian", "ann"]).ended(0);
    place(&firm, &["--name", "orion", "--custodian", "bob"])
        .ended(5)
        .said("never replaced");
    place(&firm, &["--name", "all"])
        .ended(3)
        .said("names nobody and nothing");
    place(&firm, &["--name", "two", "--custodian", "zed"])
        .ended(0)
        .said("does not list zed");
    let listed = rows(&firm, &["hold", "list"]);
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (&listed[0]["hold"], &listed[0]["state"]),
        (&json!("orion"), &json!("in_force"))
    );
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(held(&firm), ["m1"]);
    firm.call(&["verify"]).ended(0);
    firm.call(&["replay", "last"]).ended(0);
}

#[test]
fn a_hold_stands_while_another_process_is_at_work() {
    let firm = firm();
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let dice = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    };
    let stamp = Stamp {
        at: "2026-11-22T08:00:00Z".parse().unwrap(),
        actor: "test",
        entropy: &dice,
    };
    let lock = home.lock_run("run", Duration::ZERO, stamp).unwrap();
    let answer = place(&firm, &["--name", "orion", "--custodian", "ann"])
        .ended(0)
        .said("another process is at work");
    let answer = answer.json();
    assert_eq!((&answer["applied"], &answer["held"]), (&json!(false), &Value::Null));
    firm.call(&["hold", "apply"]).ended(75);
    // What it covers has to be known before it ends: its grace is theirs.
    firm.call(&["hold", "release", "orion", "--reason", "settled"])
        .ended(75)
        .said("not known yet what the hold covers");
    drop(lock);
    firm.call(&["hold", "apply"]).ended(0);
    assert_eq!(held(&firm), ["m1"]);
    assert_eq!(rows(&firm, &["hold", "list"])[0]["applied"], true);
}

#[test]
fn a_hold_that_nobody_could_ask_yet_stands_and_says_so() {
    let firm = firm();
    let archive = firm.path(".lexhold/archive");
    for path in files(&archive) {
        std::fs::write(path, "damaged").unwrap();
    }
    place(&firm, &["--name", "h", "--conversation", "c1", "--query", "orion"])
        .ended(4)
        .said("the hold stands in the journal");
}

#[test]
fn a_hold_in_a_new_home_says_that_there_was_none() {
    let firm = firm();
    place(&firm, &["--name", "h", "--conversation", "c1", "--home", "elsewhere"])
        .ended(0)
        .said("warning: there was no home at")
        .said("elsewhere");
}

#[test]
fn what_a_stored_message_tells_makes_the_members_that_its_body_would() {
    let mut messages = many(60);
    for (at, message) in messages.iter_mut().enumerate() {
        match at % 12 {
            0 => message["sender"] = Value::Null,
            1 => message["sent_at"] = Value::Null,
            2 => message["sent_at_precision"] = json!("day"),
            3 => message["recipients"] = json!(["cyd", "x@elsewhere.example"]),
            4 => message["custodians"] = json!(["cyd"]),
            _ => {}
        }
    }
    let scopes = [
        "custodians: [ann, cyd]",
        "custodians: [cyd]\ncontent: { from: 2021-02-01, to: 2023-06-30 }",
        "scope: everything\nwhen: 'resource.sender in Group::\"trading\" && resource.labels.contains(\"off-channel\")'",
        "custodians: [bob]\nwhen: 'resource has sent_at && resource.sent_at < datetime(\"2022-01-01T00:00:00Z\")'",
        "conversations: [c3]\nids: [m7, m8]\ncontent: { from: 2022-01-01 }",
        "scope: everything\nquery: { word: whatsapp }",
        "custodians: [x@elsewhere.example]",
    ];
    let document =
        |at: usize, scope: &str| format!("lexhold: 1\nhold: h{at}\nmatter: M\nzone: Asia/Kolkata\n{scope}\n");
    let [before, after] = [Firm::new(), Firm::new()];
    for firm in [&before, &after] {
        firm.messages("in.ndjson", &messages);
        firm.messages("none.ndjson", &[]);
        for (at, scope) in scopes.iter().enumerate() {
            firm.write(&format!("h{at}.yaml"), document(at, scope));
        }
    }
    let files: Vec<String> = (0..scopes.len()).map(|at| format!("h{at}.yaml")).collect();
    let mut run = vec!["in.ndjson"];
    run.extend(files.iter().flat_map(|file| ["--holds", file]));
    before.run(&run).ended(0);
    after.run(&["in.ndjson"]).ended(0);
    for file in &files {
        after.call(&["hold", "place", file]).ended(0);
    }
    let members = |firm: &Firm| -> Vec<(Value, Value)> {
        let rows = rows(firm, &["report", "retention", "--as-of", "2026-01-01"]);
        rows.into_iter()
            .map(|row| (row["message_id"].clone(), row["holds"].clone()))
            .collect()
    };
    let counts = |firm: &Firm| -> Vec<(Value, Value, Value)> {
        let rows = rows(firm, &["report", "holds"]).into_iter();
        rows.map(|row| (row["hold"].clone(), row["held"].clone(), row["unevaluable"].clone()))
            .collect()
    };
    assert_eq!(counts(&before), counts(&after));
    let (before, after) = (members(&before), members(&after));
    // Captured at two instants, messages without an id of their own differ in nothing else.
    assert_eq!(before, after);
    assert!(before.iter().any(|(_, holds)| holds.as_array().unwrap().len() > 2));
}

/// A handle that somebody turns out to have had covers what they wrote under it before anybody knew, however it is learned.
#[test]
fn a_handle_learned_later_finds_what_was_written_under_it() {
    let knows = |handles: &str| {
        format!("lexhold: 1\ndirectory: firm\npeople:\n  - {{ id: kim, handles: {{ slack: [{handles}] }} }}\n")
    };
    let learned_by: [(&str, &[&str]); 4] = [
        ("asked for", &["hold", "apply"]),
        ("a run", &["run", "none.ndjson"]),
        ("a proposal", &["dispose", "propose"]),
        ("the very same hold", &["hold", "place", "h.yaml"]),
    ];
    let template = firm();
    let text = "lexhold: 1\nhold: h\nmatter: M\nzone: UTC\ncustodians: [kim]\n";
    template.write("h.yaml", text);
    template.write("people.yaml", knows("ann"));
    let with = |firm: &Firm, call: &[&str]| firm.call(&[call, &["--directory", "people.yaml"]].concat());
    with(&template, &["hold", "place", "h.yaml"]).ended(0);
    assert_eq!(held(&template), ["m1"]);
    let home = Home::open(&template.path(".lexhold")).unwrap();
    let last = home.journal().last_seq().unwrap();
    with(&template, &["hold", "apply"]).ended(0);
    assert_eq!(home.journal().last_seq().unwrap(), last, "nothing is new");
    for (what, call) in learned_by {
        let firm = copy_of(&template);
        firm.write("h.yaml", text);
        firm.write("people.yaml", knows("ann, bob"));
        with(&firm, call).ended(0);
        // Sticky, also for what comes in when the directory has forgotten.
        firm.write("people.yaml", knows("cat"));
        firm.messages("late.ndjson", &[old("m4", "bob", "late")]);
        with(&firm, &["run", "late.ndjson"]).ended(0);
        assert_eq!(held(&firm), ["m1", "m2", "m3", "m4"], "{what}");
    }
}

#[test]
fn a_release_frees_nothing_before_its_grace_is_over() {
    let firm = firm();
    place(&firm, &["--name", "one", "--custodian", "ann", "--custodian", "bob"]).ended(0);
    place(&firm, &["--name", "two", "--custodian", "ann"]).ended(0);
    firm.call(&["hold", "release", "one", "--reason", " "]).ended(2);
    let answer = firm
        .call(&["hold", "release", "one", "--reason", "settled", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!((&answer["freed"], &answer["still_held"]), (&json!(2), &json!(1)));
    assert_eq!(
        answer["by_schedule"],
        json!([{"schedule": "desk.chats", "messages": 2, "due_after_grace": 2}])
    );
    let until = answer["grace_until"].as_str().unwrap().to_owned();
    let state_at = |at: &str| -> Vec<String> { states(&firm, at).into_iter().map(|(_, state)| state).collect() };
    let just_before = until.parse::<jiff::Timestamp>().unwrap() - Duration::from_micros(1);
    assert_eq!(state_at(&just_before.to_string()), ["held", "retained", "retained"]);
    assert_eq!(state_at(&until), ["held", "eligible", "eligible"]);
    let rows = rows(&firm, &["report", "retention"]);
    assert_eq!(
        (&rows[1]["eligible_from"], &rows[1]["retain_until"]),
        (&json!(until), &json!("2022-06-01"))
    );
    assert_eq!(rows[1]["holds"], json!([]));
    firm.call(&["hold", "release", "one", "--reason", "again"]).ended(5);
    place(&firm, &["--name", "one", "--custodian", "ann", "--custodian", "bob"])
        .ended(5)
        .said("was released");
    firm.call(&["hold", "release", "none", "--reason", "x"]).ended(2);
    // What comes in later is not held by it.
    firm.messages("new.ndjson", &[old("n1", "bob", "later")]);
    firm.run(&["new.ndjson"]).ended(0);
    assert_eq!(state_at("2026-01-01"), ["held", "retained", "retained", "eligible"]);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(state_at("2026-01-01"), ["held", "retained", "retained", "eligible"]);
}

#[test]
fn only_two_of_the_legal_side_release() {
    let firm = firm();
    place(&firm, &["--name", "one", "--custodian", "ann"]).ended(0);
    firm.write(
        "operators.yaml",
        "lexhold: 1\noperators: ops\npeople:\n  - { id: lea, roles: [legal] }\n  - { id: lou, roles: [legal] }\n  - { id: rik, roles: [records] }\n",
    );
    let release = |who: &str, confirmed: &[&str]| {
        let mut all = vec!["hold", "release", "one", "--reason", "settled", "--as", who];
        all.extend(confirmed.iter().flat_map(|who| ["--confirmed-by", who]));
        firm.call(&all)
    };
    release("lea", &[]).ended(5).said("somebody else in the role `legal`");
    release("lea", &["rik"]).ended(5);
    release("rik", &["lea"]).ended(5);
    release("lea", &["lou"]).ended(0);
}

#[test]
fn a_narrowed_hold_releases_the_difference() {
    let firm = firm();
    place(&firm, &["--name", "orion", "--custodian", "ann", "--custodian", "bob"]).ended(0);
    assert_eq!(held(&firm), ["m1", "m2", "m3"]);
    let document =
        |scope: &str| format!("lexhold: 1\nhold: orion\nmatter: Orion v. Lyra\nzone: America/New_York\n{scope}\n");
    firm.write("n.yaml", document("custodians: [ann, bob]\nquery: { word: orion }"));
    let narrow = || {
        firm.call(&[
            "hold", "narrow", "orion", "n.yaml", "--reason", "agreed", "--format", "json",
        ])
    };
    let answer = narrow().ended(0).json();
    assert_eq!((&answer["freed"], &answer["still_held"]), (&json!(1), &json!(2)));
    assert_eq!(held(&firm), ["m1", "m3"]);
    assert_eq!(states(&firm, "2026-01-01")[1].1, "retained");
    narrow().ended(5);
    firm.messages(
        "new.ndjson",
        &[old("n1", "bob", "later"), old("n2", "bob", "orion too")],
    );
    firm.run(&["new.ndjson"]).ended(0);
    assert_eq!(held(&firm), ["m1", "m3", "n2"]);
    firm.call(&["replay", "last"]).ended(0);
    let shown = firm.call(&["hold", "show", "orion", "--json"]).ended(0).json();
    assert_eq!(
        (&shown["hold"], &shown["narrows"]),
        (&json!("orion/2"), &json!("orion"))
    );
    firm.call(&["hold", "release", "orion", "--reason", "over"]).ended(0);
    assert_eq!(held(&firm), [""; 0]);
}

#[test]
fn reactions_and_threads_are_held_with_what_they_belong_to() {
    let firm = Firm::new();
    let reply = |id: &str, sender: &str, to: &str, kind: &str| {
        let mut message = old(id, sender, "so it is");
        message["reply_to"] = json!(to);
        message["kind"] = json!(kind);
        message
    };
    let mut elsewhere = reply("m5", "cyd", "m1", "message");
    elsewhere["conversation"] = json!("c2");
    firm.messages(
        "old.ndjson",
        &[
            old("m1", "ann", "hello"),
            reply("m2", "bob", "m1", "message"),
            reply("m3", "cyd", "m2", "message"),
            reply("m4", "cyd", "m3", "reaction"),
            elsewhere,
        ],
    );
    firm.run(&["old.ndjson"]).ended(0);
    place(&firm, &["--name", "reaction", "--id", "m3"]).ended(0);
    assert_eq!(held(&firm), ["m3", "m4"]);
    place(&firm, &["--name", "thread", "--custodian", "ann", "--expand", "thread"]).ended(0);
    assert_eq!(held(&firm), ["m1", "m2", "m3", "m4"]);
    firm.messages(
        "new.ndjson",
        &[reply("n1", "bob", "m4", "message"), old("n2", "bob", "by itself")],
    );
    firm.run(&["new.ndjson"]).ended(0);
    assert_eq!(held(&firm), ["m1", "m2", "m3", "m4", "n1"]);
    firm.call(&["replay", "last"]).ended(0);
}

/// A hold over two custodians, of whom one was told of it.
fn half_told() -> Firm {
    let firm = firm();
    place(&firm, &["--name", "one", "--custodian", "ann", "--custodian", "bob"]).ended(0);
    let issue = ["hold", "notice", "issue", "one", "--custodian", "ann", "--out", "out"];
    firm.call(&issue).ended(0);
    firm
}

#[test]
fn nobody_acknowledges_what_they_were_never_told() {
    let firm = half_told();
    firm.call(&["hold", "ack", "one", "--custodian", "ann", "--custodian", "bob"])
        .ended(5)
        .said("`bob` was never told of the hold `one`")
        .said("lexhold hold notice issue one --custodian bob");
    let row = rows(&firm, &["report", "holds"]).remove(0);
    assert_eq!(
        row["unacknowledged"],
        json!(["ann", "bob"]),
        "nothing of it is on record"
    );
}

#[test]
fn whoever_was_told_of_a_hold_is_told_that_it_ended() {
    let firm = half_told();
    let end = ["hold", "notice", "release", "one", "--out", "out"];
    firm.call(&end).ended(5).said("is in force");
    firm.call(&["hold", "release", "one", "--reason", "settled"])
        .ended(0)
        .said("lexhold hold notice release one");
    let untold = |firm: &Firm| rows(firm, &["report", "holds"]).remove(0)["not_told_of_end"].clone();
    assert_eq!(untold(&firm), json!(["ann"]));
    firm.call(&end).ended(0).said("released.txt");
    firm.call(&end).ended(0).said("nobody is left to be told");
    assert_eq!(untold(&firm), json!([]));
    let letters = std::fs::read_dir(firm.path("out")).unwrap();
    let mut letters = letters.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    assert!(letters.any(|text| text.starts_with("A legal hold has ended") && text.contains("To: ann")));
    let shown = firm.call(&["hold", "show", "one"]).ended(0).stdout;
    assert!(shown.contains("told of its end"), "{shown}");
}

#[test]
fn without_a_directory_that_of_the_last_run_says_who_is_known() {
    let firm = firm();
    std::fs::remove_file(firm.path("directory.yaml")).unwrap();
    let warned = |name: &str, who: &str| {
        let ran = place(&firm, &["--name", name, "--custodian", who]).ended(0);
        ran.stderr.contains("does not list")
    };
    assert_eq!((warned("one", "ann"), warned("two", "zed")), (false, true));
}

#[test]
fn custodians_are_told_and_answer() {
    let firm = firm();
    place(
        &firm,
        &[
            "--name",
            "one",
            "--custodian",
            "ann",
            "--custodian",
            "bob",
            "--anticipated-on",
            "2026-01-01",
        ],
    )
    .ended(0);
    firm.call(&["hold", "notice", "issue", "one", "--out", "out"]).ended(0);
    let files: Vec<_> = std::fs::read_dir(firm.path("out")).unwrap().collect();
    assert_eq!(files.len(), 2);
    firm.call(&["hold", "ack", "one", "--custodian", "zed"]).ended(2);
    firm.call(&["hold", "ack", "one", "--custodian", "ann"])
        .ended(0)
        .said("hold one: acknowledged by ann, journal entry");
    let row = rows(&firm, &["report", "holds"]).remove(0);
    assert_eq!(
        (&row["unacknowledged"], &row["anticipated_on"]),
        (&json!(["bob"]), &json!("2026-01-01"))
    );
    assert!(row["days_late"].as_i64().unwrap() > 300);
    firm.call(&["hold", "notice", "remind", "one", "--out", "out"]).ended(0);
    let told = firm.call(&["hold", "show", "one", "--json"]).ended(0).json()["by_custodian"].clone();
    assert!(
        told[0]["reminded_at"].is_null() && told[1]["reminded_at"].is_string(),
        "{told}"
    );
    place(&firm, &["--name", "quiet", "--custodian", "ann", "--silent"]).ended(0);
    firm.call(&["hold", "notice", "issue", "quiet"])
        .ended(5)
        .said("nobody is told");
}

/// Everything that somebody without the right to see silent holds reads of a home.
fn read_by_ria(firm: &Firm, as_of: &str) -> Vec<(String, i32, String, String)> {
    let calls: &[&[&str]] = &[
        &["report", "retention", "--format", "ndjson"],
        &["report", "holds", "--format", "ndjson"],
        &["report", "coverage", "--format", "ndjson", "--strict"],
        &["report", "awaiting", "--format", "ndjson"],
        &["report", "forecast", "--format", "ndjson"],
        &["report", "over-retention", "--format", "ndjson"],
        &["report", "alerts", "--format", "ndjson"],
        &["explain", "--message", "m1", "--json"],
        &["explain", "--message", "m1"],
        &["status"],
        &["hold", "list", "--all", "--format", "ndjson"],
        &["hold", "show", "quiet"],
        &["hold", "release", "quiet", "--reason", "x"],
        &["report", "html", "--output", "page.html"],
    ];
    let ran = calls.iter().map(|call| {
        let mut all = call.to_vec();
        all.extend(["--as", "ria", "--as-of", as_of]);
        let Ran { code, stdout, stderr } = firm.call(&all);
        let page = if call.contains(&"html") {
            firm.read("page.html")
        } else {
            String::new()
        };
        (call.join(" "), code, stdout + &page, stderr)
    });
    ran.collect()
}

#[test]
fn a_silent_hold_and_its_grace_cannot_be_told_from_one_another_nor_found() {
    let firm = firm();
    firm.write(
        "quiet.yaml",
        "lexhold: 1
hold: quiet
matter: Hush
zone: UTC
custodians: [ann]
silent: true
",
    );
    firm.call(&["hold", "place", "quiet.yaml"]).ended(0);
    let operators = "lexhold: 1\noperators: ops\npeople:\n  - { id: ria, roles: [reviewer, legal] }\n";
    let read = || {
        firm.govern_with(operators);
        let read = read_by_ria(&firm, "2026-01-01");
        firm.govern_alone();
        read
    };
    let during = read();
    for (call, _, stdout, stderr) in &during {
        for word in ["quiet", "Hush"] {
            assert!(
                call.contains(word) || !stdout.contains(word),
                "{word} in {call}: {stdout}"
            );
            assert!(
                call.contains(word) || !stderr.contains(word),
                "{word} in {call}: {stderr}"
            );
        }
    }
    let of = |read: &[(String, i32, String, String)], verb: &str| {
        read.iter().find(|(call, ..)| call.starts_with(verb)).unwrap().clone()
    };
    let (_, code, _, said) = of(&during, "hold release");
    assert_eq!((code, said.contains("no hold is called `quiet`")), (2, true), "{said}");
    firm.call(&["hold", "release", "quiet", "--reason", "over"]).ended(0);
    let grace = read();
    // The page tells the time at which it was written, and nothing else differs.
    let timeless = |read: &[(String, i32, String, String)]| -> Vec<(String, i32, String)> {
        let kept = read.iter().filter(|(call, ..)| !call.contains("html"));
        kept.map(|(call, code, stdout, _)| (call.clone(), *code, stdout.clone()))
            .collect()
    };
    for (during, grace) in timeless(&during).iter().zip(&timeless(&grace)) {
        assert_eq!(during, grace);
    }
    let states: Vec<Value> = of(&grace, "report retention")
        .2
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["state"].clone())
        .collect();
    assert_eq!(states, ["retained", "eligible", "eligible"]);
}

#[test]
fn a_custodian_of_mail_is_found_in_any_letters() {
    let firm = Firm::new();
    let mut mail = message("m1", "2024-06-03T12:00:00Z", "lunch");
    mail["platform"] = json!("email");
    mail["sender"] = json!("Ann.Smith@Firm.example");
    let mut chat = message("m2", "2024-06-03T12:00:00Z", "lunch");
    chat["sender"] = json!("ANN.SMITH@firm.example");
    firm.messages("in.ndjson", &[mail, chat]);
    firm.run(&["in.ndjson"]).ended(0);
    // The name, its custodian, how many it holds.
    let cases = [
        ("lower", "ann.smith@firm.example", 1),
        ("upper", "ANN.SMITH@firm.example", 2),
    ];
    for (name, custodian, held) in cases {
        let answer = place(&firm, &["--name", name, "--custodian", custodian])
            .ended(0)
            .json();
        assert_eq!(answer["held"], held, "{name}");
    }
    // What comes later is asked by the run.
    let mut later = message("m3", "2024-06-04T12:00:00Z", "tea");
    later["platform"] = json!("email");
    later["sender"] = json!("ann.smith@firm.example");
    firm.messages("later.ndjson", &[later]);
    firm.run(&["later.ndjson"]).ended(0);
    let listed = firm.call(&["hold", "list", "--format", "ndjson"]).ended(0).rows();
    let upper = listed.iter().find(|row| row["hold"] == "upper").unwrap();
    assert_eq!(upper["held"], 3, "{upper}");
}

/// A directory that cannot be read is not an empty one: whoever is known by a handle in it would be free.
#[test]
fn a_stored_directory_that_cannot_be_read_keeps_everything() {
    for sources in ["lexhold: 1\ndirectory: d\npeople: none\n", ""] {
        let firm = Firm::new();
        firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "lunch")]);
        firm.run(&["in.ndjson"]).ended(0);
        let home = Home::open(&firm.path(".lexhold")).unwrap();
        let files = [("directory/people.yaml".to_owned(), sources.as_bytes().to_vec())];
        let digest = home.facts().put(&files.into()).unwrap();
        let payload = json!({"sources": digest.to_string()});
        let stamp = Stamp {
            at: jiff::Timestamp::now(),
            actor: "solo",
            entropy: &|bytes: &mut [u8]| {
                bytes.fill(7);
                Ok(())
            },
        };
        let payload = (!sources.is_empty()).then_some(Payload::Json(&payload));
        home.journal().append(EntryKind::Facts, payload, stamp).unwrap();
        let place = [
            "hold",
            "place",
            "--name",
            "h",
            "--matter",
            "M",
            "--zone",
            "UTC",
            "--custodian",
            "bob",
        ];
        firm.call(&place).ended(4).said("the directory of the last run");
        firm.call(&["dispose", "propose"]).ended(4);
    }
}
