//! Requests for erasure: frozen, confirmed by a second person, queued or kept on a ground, answered.

use lexhold_catalog::Fingerprint;
use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: pia, person: none, roles: [privacy] }
  - { id: pat, person: none, roles: [privacy] }
  - { id: lea, person: none, roles: [legal, silent] }
  - { id: leo, person: none, roles: [legal, silent] }
  - { id: sam, person: none, roles: [records] }
  - { id: rex, person: none, roles: [records] }
  - { id: ann, person: none, roles: [approver] }
";

/// What is kept by German law in one channel, by contract in another, deleted late in a third, ungoverned in the rest.
const KEPT: &str = r#"lexhold: 1
retention: german
version: 1.0.0
title: Business letters
owner: records@firm.example
zone: Europe/Berlin
basis: law
jurisdiction: DE
scope: resource.channel == Channel::"law"
schedules:
  - { id: letters, title: Letters, retain: { for: P10Y, from: sent } }
"#;

const CONTRACT: &str = r#"lexhold: 1
retention: contract
version: 1.0.0
title: What a client asked for
owner: records@firm.example
zone: Europe/Berlin
mode: operational
basis: contract
jurisdiction: DE
scope: resource.channel == Channel::"contract"
schedules:
  - { id: chats, title: Chats, retain: { for: P10Y, from: sent } }
"#;

const LATE: &str = r#"lexhold: 1
retention: late
version: 1.0.0
title: What goes some day
owner: records@firm.example
zone: Europe/Berlin
mode: operational
scope: resource.channel == Channel::"late"
schedules:
  - { id: chats, title: Chats, dispose: { after: P30Y, from: sent } }
"#;

const DIRECTORY: &str = "lexhold: 1
directory: staff
domains: [firm.example]
people:
  - { id: bob, handles: { slack: [bob, bobby] } }
  - { id: ann, handles: { slack: ann } }
channels:
  - { id: law, platform: slack, approved: true }
  - { id: contract, platform: slack, approved: true }
  - { id: late, platform: slack, approved: true }
";

fn said(id: &str, channel: &str, sender: &str) -> Value {
    let mut message = message(id, "2024-03-10T09:00:00Z", "see you");
    message["channel"] = json!(channel);
    message["conversation"] = json!(channel);
    message["sender"] = json!(sender);
    message["recipients"] = json!(["ann"]);
    message
}

/// Bob's messages of each kind, and one that is not his.
fn firm() -> Firm {
    let firm = Firm::empty();
    firm.write("policies/german.yaml", KEPT);
    firm.write("policies/contract.yaml", CONTRACT);
    firm.write("policies/late.yaml", LATE);
    firm.write("directory.yaml", DIRECTORY);
    firm.messages(
        "in.ndjson",
        &[
            said("m1", "law", "bob"),
            said("m2", "contract", "bobby"),
            said("m3", "late", "bob"),
            said("m4", "other", "bob"),
            said("m5", "late", "ann"),
        ],
    );
    firm.run(&["in.ndjson"]).ended(0);
    firm.write("operators.yaml", OPERATORS);
    firm
}

fn call(firm: &Firm, who: &str, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--as", who]);
    firm.call(&all)
}

const ASKED: [&str; 15] = [
    "erasure",
    "request",
    "er-1",
    "--subject",
    "Bob",
    "--law",
    "gdpr",
    "--located",
    "DE",
    "--established",
    "IE",
    "--zone",
    "Europe/Berlin",
    "--received",
    "2026-01-31",
];

fn ask(firm: &Firm, more: &[&str]) -> Ran {
    call(firm, "pia", &[&ASKED[..], more].concat())
}

fn confirm(firm: &Firm) {
    let confirm = ["erasure", "confirm", "er-1", "--evidence", "passport seen"];
    call(firm, "pat", &confirm).ended(0);
}

/// How each message of the request stands, and on which grounds.
fn standings(firm: &Firm, more: &[&str]) -> Vec<(String, String, Vec<String>)> {
    let status = ["erasure", "status", "er-1", "--format", "ndjson"];
    let rows = call(firm, "pia", &[&status[..], more].concat()).ended(0).rows();
    rows.iter()
        .map(|row| {
            let grounds = row["grounds"].as_array().into_iter().flatten();
            let article = |ground: &Value| ground.as_str().unwrap().split(' ').next().unwrap().to_owned();
            (
                short(row),
                row["standing"].as_str().unwrap().to_owned(),
                grounds.map(article).collect(),
            )
        })
        .collect()
}

fn short(row: &Value) -> String {
    let id = row["message_id"].as_str().unwrap();
    id.rsplit('/').next().unwrap().to_owned()
}

fn want(rows: &[(&str, &str, &[&str])]) -> Vec<(String, String, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|(id, standing, grounds)| ((*id).to_owned(), (*standing).to_owned(), owned(grounds)))
        .collect();
    rows.sort();
    rows
}

fn sorted<T: Ord>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort();
    rows
}

/// The state of each message, as somebody sees it.
fn states(firm: &Firm, who: &str) -> Vec<(String, String)> {
    let report = ["report", "retention", "--format", "ndjson"];
    let rows = call(firm, who, &report).ended(0).rows();
    let state = |row: &Value| (short(row), row["state"].as_str().unwrap().to_owned());
    sorted(rows.iter().map(state).collect())
}

fn states_are(firm: &Firm, who: &str, want: [&str; 5]) {
    let want: Vec<_> = (1..)
        .zip(want)
        .map(|(n, state)| (format!("m{n}"), state.to_owned()))
        .collect();
    assert_eq!(states(firm, who), want, "as {who}");
}

#[test]
fn a_request_is_frozen_and_counts_once_a_second_person_has_confirmed_it() {
    let firm = firm();
    let before = ["retained", "retained", "retained", "ungoverned", "retained"];
    ask(&firm, &["--person", "bob", "--dry-run"]).ended(0);
    call(&firm, "pia", &["erasure", "status", "er-1"])
        .ended(3)
        .said("no request is called");
    let asked = ask(&firm, &["--person", "bob", "--format", "json"]).ended(0).json();
    assert_eq!(
        (&asked["messages"], &asked["shared"], &asked["due"]),
        (&json!(4), &json!(4), &json!("2026-02-28"))
    );
    states_are(&firm, "lea", before);
    let answer = ["erasure", "answer", "er-1", "--confirmed-by", "pat"];
    call(&firm, "pia", &answer).ended(5).said("nobody has confirmed");
    let confirm = ["erasure", "confirm", "er-1", "--evidence", "passport seen"];
    call(&firm, "pia", &confirm).ended(5).said("erasure-needs-two");
    call(&firm, "sam", &confirm).ended(5).said("may not `answer_erasure`");
    call(&firm, "pat", &confirm).ended(0);
    call(&firm, "pat", &confirm).ended(2).said("was confirmed before");
    states_are(
        &firm,
        "lea",
        ["restricted", "restricted", "eligible", "ungoverned", "retained"],
    );
    assert_eq!(
        sorted(standings(&firm, &[])),
        want(&[
            ("m1", "deferred", &["17(3)(b)"]),
            ("m2", "deferred", &["being"]),
            ("m3", "queued", &[]),
            ("m4", "ungoverned", &[]),
        ])
    );
    // Totals count the same.
    let status = call(&firm, "lea", &["status", "--json"]).ended(0).json();
    assert_eq!(status["states"]["restricted"], 2, "{status}");
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let firm = firm();
    let all = |changed: &[(&str, &str)], more: &[&str]| {
        let mut arguments: Vec<String> = ASKED.iter().map(|one| (*one).to_owned()).collect();
        for (flag, value) in changed {
            let at = arguments.iter().position(|one| one == flag).unwrap();
            arguments[at + 1] = (*value).to_owned();
        }
        arguments.extend(more.iter().map(|one| (*one).to_owned()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        call(&firm, "pia", &arguments)
    };
    let bob: &[&str] = &["--person", "bob"];
    all(&[], &[]).ended(3).said("means no message");
    all(&[], &["--person", "zoe"]).ended(3).said("nobody knows a handle");
    all(&[("--law", "ccpa")], bob).ended(2).said("--located US-CA");
    all(&[("--law", "uk-gdpr")], bob).ended(2).said("United Kingdom");
    all(&[("--located", "Germany")], bob).ended(2).said("DE, GB or US-CA");
    all(&[("--received", "2999-01-01")], bob)
        .ended(2)
        .said("has not come yet");
    all(&[("--zone", "Europe/Berlln")], bob)
        .ended(2)
        .said("did you mean `Europe/Berlin`?");
    all(&[("--subject", " ")], bob).ended(2).said("--subject is empty");
    call(&firm, "sam", &[&ASKED[..], bob].concat())
        .ended(5)
        .said("may not `request_erasure`");
    all(&[], &["--person", "bob", "--conversation", "late"]).ended(0);
    all(&[], bob).ended(2).said("no name is used twice");
    call(&firm, "sam", &["erasure", "status"]).ended(5);
    call(&firm, "sam", &["report", "erasure"]).ended(5);
}

#[test]
fn messages_are_chosen_as_somebody_means_them() {
    let firm = firm();
    for (flags, want) in [
        (&["--person", "bob"][..], "m1 m2 m3 m4"),
        (&["--handle", "bob"], "m1 m3 m4"),
        (&["--handle", "slack:bobby"], "m2"),
        (
            &["--person", "bob", "--conversation", "late", "--conversation", "law"],
            "m1 m3",
        ),
        (&["--conversation", "late"], "m3 m5"),
        (&["--message", "/m5", "--handle", "bobby"], "m2 m5"),
        (&["--person", "bob", "--to", "2024-03-10"], "m1 m2 m3 m4"),
        (&["--person", "bob", "--from", "2024-03-11", "--message", "/m1"], "m1"),
    ] {
        let asked = ask(&firm, &[flags, &["--dry-run", "--format", "json"]].concat())
            .ended(0)
            .json();
        let ids = asked["message_ids"].as_array().unwrap().iter();
        let ids: Vec<_> = ids
            .map(|id| id.as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect();
        assert_eq!(sorted(ids).join(" "), want, "{flags:?}");
    }
}

#[test]
fn what_nothing_keeps_goes_by_plan_and_certificate_and_the_answer_says_so() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    let plan = call(&firm, "sam", &["dispose", "propose", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(plan["items"], json!(1), "{plan}");
    dispose(&firm, plan["plan"].as_str().unwrap(), 1);
    let rows = call(&firm, "sam", &["report", "disposal", "--format", "ndjson"])
        .ended(0)
        .rows();
    assert_eq!((short(&rows[0]).as_str(), &rows[0]["action"]), ("m3", &json!("erase")));
    let triggers = rows[0]["triggers"].to_string();
    assert!(triggers.contains("erasure_request 20"), "{triggers}");

    let answer = ["erasure", "answer", "er-1", "--format", "json", "--confirmed-by", "pat"];
    let letter = call(&firm, "pia", &answer).ended(0).json();
    for (field, want) in [
        ("messages", 4),
        ("erased", 1),
        ("queued", 0),
        ("deferred", 2),
        ("waiting", 1),
    ] {
        assert_eq!(letter[field], json!(want), "{field} in {letter}");
    }
    let again = call(
        &firm,
        "pia",
        &["erasure", "answer", "er-1", "--again", "--format", "json"],
    )
    .ended(0)
    .json();
    assert_eq!(again, letter);
    let text = call(&firm, "pia", &["erasure", "answer", "er-1", "--again"])
        .ended(0)
        .stdout;
    assert!(
        text.contains("1  have been erased") && text.contains("Article 17(3)(b), legal obligation"),
        "{text}"
    );
    let page = call(
        &firm,
        "pia",
        &["erasure", "answer", "er-1", "--again", "--format", "html"],
    )
    .ended(0)
    .stdout;
    assert!(
        page.contains("<td>have been erased</td>") && !page.contains("<script"),
        "{page}"
    );

    // The same message comes in again: it was destroyed, and stays out.
    firm.messages("again.ndjson", &[said("m3", "late", "bob")]);
    let ran = firm
        .run(&["again.ndjson", "--as", "sam", "--confirmed-by", "rex"])
        .ended(0)
        .json();
    assert_eq!(ran["previously_destroyed"], json!(1), "{ran}");
    assert!(
        standings(&firm, &[])
            .iter()
            .any(|(id, standing, _)| id == "m3" && standing == "erased")
    );

    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
    call(&firm, "rex", &["verify"]).ended(0);
}

/// Approves and carries out, as one person who governs alone: separation of duties is another test's.
fn dispose(firm: &Firm, plan: &str, n: u64) {
    firm.govern_alone();
    firm.call(&["dispose", "approve", plan]).ended(0);
    let done = firm
        .call(&["dispose", "execute", plan, "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(done["destroyed"], json!(n), "{done}");
    firm.govern_with(OPERATORS);
}

fn decide(firm: &Firm, who: &str, what: &str, more: &[&str]) -> Ran {
    let all = [
        "erasure",
        what,
        "er-1",
        "--reason",
        "looked at",
        "--confirmed-by",
        "leo",
    ];
    call(firm, who, &[&all[..], more].concat())
}

fn hold(firm: &Firm, name: &str, id: &str, more: &[&str]) {
    let all = [
        "hold",
        "place",
        "--name",
        name,
        "--matter",
        "In re Orion",
        "--zone",
        "UTC",
        "--id",
        id,
    ];
    call(firm, "lea", &[&all[..], more].concat()).ended(0);
}

/// Everything that the privacy side is told.
fn told(firm: &Firm) -> Vec<String> {
    let mut all = Vec::new();
    for verb in [
        &["erasure", "status", "er-1", "--format", "ndjson"][..],
        &["report", "erasure", "--format", "csv"],
        &["erasure", "answer", "er-1", "--preview"],
        &["erasure", "answer", "er-1", "--confirmed-by", "pat", "--format", "json"],
        &["erasure", "answer", "er-1", "--again", "--format", "html"],
    ] {
        let ran = call(firm, "pia", verb);
        all.push(format!("{} {} {}", ran.code, ran.stdout, ran.stderr));
    }
    all
}

#[test]
fn an_answer_tells_nothing_of_a_silent_hold() {
    // Kept by law, by contract, and by nothing that anybody has a name for: with a silent hold, and without one.
    let [silent, without] = [true, false].map(|silent| {
        let firm = firm();
        ask(
            &firm,
            &[
                "--person",
                "bob",
                "--conversation",
                "law",
                "--conversation",
                "contract",
                "--message",
                "/m4",
            ],
        )
        .ended(0);
        confirm(&firm);
        if silent {
            for id in ["slack/law/m1", "slack/contract/m2", "slack/other/m4"] {
                hold(&firm, &format!("h-{}", &id[id.len() - 1..]), id, &["--silent"]);
            }
            states_are(&firm, "lea", ["held", "held", "retained", "held", "retained"]);
            states_are(
                &firm,
                "pia",
                ["retained", "retained", "retained", "retained", "retained"],
            );
        }
        told(&firm)
    });
    assert_eq!(silent, without);
    // What nothing else keeps reads as what an open case keeps.
    let [silent, in_case] = [true, false].map(|silent| {
        let firm = firm();
        ask(&firm, &["--person", "bob"]).ended(0);
        confirm(&firm);
        if silent {
            hold(&firm, "quiet", "slack/late/m3", &["--silent"]);
        } else {
            let open = [
                "case",
                "open",
                "talk",
                "--matter",
                "Talk",
                "--reason",
                "odd",
                "--message",
                "/m3",
            ];
            call(&firm, "lea", &open).ended(0);
        }
        let plan = call(&firm, "sam", &["dispose", "propose"]).ended(0);
        let mut all = told(&firm);
        all.push(plan.stdout);
        all
    });
    assert_eq!(silent, in_case);
    assert!(silent[3].contains("\"deferred\": 3"), "{}", silent[3]);
    assert!(!silent.concat().contains("Orion"));
}

#[test]
fn a_hold_that_everybody_may_know_of_is_a_ground_and_comes_first() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    for (name, id) in [
        ("one", "slack/law/m1"),
        ("two", "slack/late/m3"),
        ("three", "slack/other/m4"),
    ] {
        hold(&firm, name, id, &[]);
    }
    states_are(&firm, "pia", ["held", "restricted", "held", "held", "retained"]);
    assert_eq!(
        sorted(standings(&firm, &[])),
        want(&[
            ("m1", "deferred", &["17(3)(b)", "17(3)(e)"]),
            ("m2", "deferred", &["being"]),
            ("m3", "deferred", &["17(3)(e)"]),
            ("m4", "deferred", &["17(3)(e)"]),
        ])
    );
    let plan = call(&firm, "sam", &["dispose", "propose", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(plan["items"], json!(0), "{plan}");
    assert_eq!(plan["held_back"], json!([{"reason": "held", "count": 1}]));
    let release = ["hold", "release", "two", "--reason", "settled", "--confirmed-by", "leo"];
    call(&firm, "lea", &release).ended(0);
    let in_grace = standings(&firm, &[]).into_iter().find(|(id, ..)| id == "m3").unwrap();
    assert_eq!(
        (in_grace.1.as_str(), in_grace.2),
        ("deferred", vec!["being".to_owned()])
    );
    let later = standings(&firm, &["--as-of", "2100-01-01"]);
    assert!(
        later.iter().any(|(id, standing, _)| id == "m3" && standing == "queued"),
        "{later:?}"
    );
}

#[test]
fn a_message_is_queued_on_the_day_on_which_its_duty_ends() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    // Sent on 10 March 2024 and kept for ten years by days in Berlin.
    for (as_of, want) in [("2034-03-10T22:59:59Z", "deferred"), ("2034-03-10T23:00:00Z", "queued")] {
        let found = standings(&firm, &["--as-of", as_of]);
        let m1 = found.iter().find(|(id, ..)| id == "m1").unwrap();
        assert_eq!(m1.1, want, "{as_of}");
    }
    let status = ["erasure", "status", "er-1", "--format", "ndjson"];
    let rows = call(&firm, "pia", &status).ended(0).rows();
    let until: Vec<_> = rows.iter().map(|row| row["deferred_until"].as_str()).collect();
    assert_eq!(until.iter().flatten().collect::<Vec<_>>(), [&"2034-03-10T23:00:00Z"]);
    // Of what a schedule says nothing, the answer is overdue.
    let overdue = |as_of: &str| {
        let rows = call(&firm, "pia", &[&status[..], &["--as-of", as_of]].concat())
            .ended(0)
            .rows();
        sorted(
            rows.iter()
                .filter(|row| row["overdue"] == true)
                .map(short)
                .collect::<Vec<_>>(),
        )
    };
    assert!(overdue("2026-02-28T22:59:59Z").is_empty());
    assert_eq!(overdue("2026-02-28T23:00:00Z"), ["m4"]);
    let forecast = call(
        &firm,
        "lea",
        &["report", "forecast", "--format", "ndjson", "--as-of", "2026-01-01"],
    );
    let months: Vec<_> = forecast
        .ended(0)
        .rows()
        .iter()
        .map(|row| row["month"].clone())
        .collect();
    assert!(
        months.contains(&json!("2034-03")),
        "it no longer waits for the deletion: {months:?}"
    );
}

#[test]
fn counsel_records_a_ground_or_grants_where_no_law_binds() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    decide(&firm, "lea", "grant", &["--message", "/m2"])
        .ended(5)
        .said("nobody has confirmed");
    confirm(&firm);
    decide(&firm, "lea", "ground", &["--article", "17(3)(z)", "--message", "/m2"])
        .ended(2)
        .said("17(3)(e)");
    decide(&firm, "lea", "ground", &["--article", "17(3)(e)"])
        .ended(2)
        .said("no message is named");
    decide(&firm, "lea", "ground", &["--article", "17(3)(e)", "--message", "/m5"])
        .ended(2)
        .said("is none of");
    decide(&firm, "leo", "ground", &["--article", "17(3)(e)", "--message", "/m2"])
        .ended(5)
        .said("erasure-needs-two");
    decide(&firm, "lea", "ground", &["--article", "17(3)(e)", "--message", "/m2"]).ended(0);
    let of = |id: &str| standings(&firm, &[]).into_iter().find(|(one, ..)| one == id).unwrap();
    assert_eq!(of("m2").2, ["17(3)(e)"]);
    decide(&firm, "lea", "grant", &["--message", "/m1"])
        .ended(5)
        .said("german.letters");
    assert_eq!(of("m1").1, "deferred");
    decide(&firm, "lea", "grant", &["--message", "/m2"]).ended(0);
    assert_eq!(of("m2").1, "queued");
    states_are(
        &firm,
        "lea",
        ["restricted", "eligible", "eligible", "ungoverned", "retained"],
    );
    let plan = call(&firm, "sam", &["dispose", "propose", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(plan["items"], json!(2), "{plan}");
    // What was granted can be taken back, and the plan does not carry it out.
    decide(&firm, "lea", "ground", &["--article", "17(3)(e)", "--message", "/m2"]).ended(0);
    states_are(
        &firm,
        "lea",
        ["restricted", "restricted", "eligible", "ungoverned", "retained"],
    );
    firm.govern_alone();
    let name = plan["plan"].as_str().unwrap();
    firm.call(&["dispose", "approve", name]).ended(0);
    let done = firm
        .call(&["dispose", "execute", name, "--format", "json"])
        .ended(1)
        .json();
    assert_eq!(done["destroyed"], json!(1), "{done}");
    assert_eq!(done["sent_back"][0]["reason"], json!("not_eligible"));
    firm.govern_with(OPERATORS);
    assert_eq!((of("m2").1.as_str(), of("m3").1.as_str()), ("deferred", "erased"));
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
}

#[test]
fn a_ground_holds_what_nothing_else_keeps_to_its_ordinary_date() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    let propose = ["dispose", "propose", "--format", "json"];
    let plan = call(&firm, "sam", &propose).ended(0).json();
    assert_eq!(plan["items"], 1, "m3");
    decide(&firm, "lea", "ground", &["--article", "17(1)", "--message", "/m3"]).ended(0);
    let m3 = want(&[("m3", "deferred", &["17(1)"])]).remove(0);
    assert!(standings(&firm, &[]).contains(&m3));
    let kept = ["restricted", "restricted", "restricted", "ungoverned", "retained"];
    states_are(&firm, "lea", kept);
    assert_eq!(call(&firm, "sam", &propose).ended(0).json()["items"], 0);
    // Thirty years on, the rule that deletes it is asked, as if nobody had asked for anything.
    let later = ["--as-of", "2054-03-12"];
    let plan = call(&firm, "sam", &[&propose[..], &later].concat()).ended(0).json();
    let actions = |plan: &Value| {
        firm.call(&["report", "disposal", "--format", "ndjson"])
            .rows()
            .into_iter()
            .filter(|row| row["plan"] == plan["plan"] && short(row) == "m3")
            .map(|row| row["action"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(actions(&plan), [json!("review")]);
}

#[test]
fn a_grant_ends_with_the_next_request_and_with_a_ground_of_any() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    let grant = || decide(&firm, "lea", "grant", &["--message", "/m2"]).ended(0);
    let m2 = || states(&firm, "lea")[1].1.clone();
    grant();
    assert_eq!(m2(), "eligible");
    let of_another: Vec<&str> = ASKED
        .iter()
        .map(|word| if *word == "er-1" { "er-2" } else { *word })
        .collect();
    call(&firm, "pia", &[&of_another[..], &["--message", "/m2"]].concat()).ended(0);
    assert_eq!(m2(), "eligible", "nobody has confirmed it");
    call(&firm, "pat", &["erasure", "confirm", "er-2", "--evidence", "seen"]).ended(0);
    assert_eq!(m2(), "restricted", "what was granted was not weighed against it");
    grant();
    assert_eq!(m2(), "eligible");
    let ground = [
        "erasure",
        "ground",
        "er-2",
        "--article",
        "17(3)(e)",
        "--message",
        "/m2",
        "--reason",
        "r",
    ];
    call(&firm, "lea", &[&ground[..], &["--confirmed-by", "leo"]].concat()).ended(0);
    grant();
    assert_eq!(m2(), "restricted", "it stays for the other request");
    let close = [
        "erasure",
        "close",
        "er-2",
        "--outcome",
        "withdrawn",
        "--reason",
        "withdrawn",
        "--confirmed-by",
        "leo",
    ];
    call(&firm, "lea", &close).ended(0);
    assert_eq!(m2(), "eligible");
}

/// However much the messages differ in what is waived for them, a kill leaves all of a grant or nothing.
#[test]
fn a_grant_is_one_entry() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    decide(&firm, "lea", "ground", &["--article", "17(3)(e)", "--message", "/m3"]).ended(0);
    let before = firm.read(".lexhold/journal/log.ndjson");
    decide(&firm, "lea", "grant", &["--message", "/m2", "--message", "/m3"]).ended(0);
    let journal = firm.read(".lexhold/journal/log.ndjson");
    let decided = |journal: &str| journal.matches("\"erasure_decided\"").count();
    assert_eq!(decided(&journal), decided(&before) + 1);
    let queued = standings(&firm, &[]).into_iter().filter(|(_, how, _)| how == "queued");
    assert_eq!(queued.count(), 2);
    let found = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), found);
    firm.call(&["verify"]).ended(0);
}

#[test]
fn a_day_for_the_answer_is_kept_extended_once_and_missed() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    let shown = |as_of: &str| {
        let status = ["erasure", "status", "--format", "ndjson", "--as-of", as_of];
        let row = call(&firm, "pia", &status).ended(0).rows().remove(0);
        (
            row["due"].as_str().unwrap().to_owned(),
            row["overdue"].as_bool().unwrap(),
        )
    };
    // Received on 31 January: one month ends with February, three with April.
    assert_eq!(shown("2026-02-28T22:59:59Z"), ("2026-02-28".to_owned(), false));
    assert_eq!(shown("2026-02-28T23:00:00Z"), ("2026-02-28".to_owned(), true));
    let extend = |day: &str| {
        let all = [
            "erasure",
            "extend",
            "er-1",
            "--reason",
            "many requests",
            "--notified",
            day,
        ];
        call(&firm, "pia", &all)
    };
    extend("2026-03-01").ended(5).said("between 2026-01-31 and 2026-02-28");
    let notice = extend("2026-02-20").ended(0).stdout;
    assert!(
        notice.contains("many requests") && notice.contains("by 2026-04-30"),
        "{notice}"
    );
    extend("2026-02-20").ended(5).said("extended before");
    assert_eq!(shown("2026-04-30T21:59:59Z"), ("2026-04-30".to_owned(), false));
    assert_eq!(shown("2026-04-30T22:00:00Z"), ("2026-04-30".to_owned(), true));
    confirm(&firm);
    call(&firm, "pia", &["erasure", "answer", "er-1", "--confirmed-by", "pat"]).ended(0);
    extend("2026-02-20").ended(5).said("was answered");
}

#[test]
fn a_request_that_ends_restricts_nothing() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    let explain = |who: &str| {
        let all = ["explain", "--message", "/m1", "--show-content", "full"];
        call(&firm, who, &all).ended(0).stdout
    };
    let restricted = explain("lea");
    assert!(
        restricted.contains("er-1 (gdpr): deferred, 17(3)(b) legal obligation"),
        "{restricted}"
    );
    assert!(
        restricted.contains("restricted") && !restricted.contains("see you"),
        "{restricted}"
    );
    let close = [
        "erasure",
        "close",
        "er-1",
        "--outcome",
        "withdrawn",
        "--reason",
        "by letter",
    ];
    call(&firm, "pia", &close).ended(5);
    call(&firm, "pia", &[&close[..], &["--confirmed-by", "pat"]].concat()).ended(0);
    call(&firm, "pia", &[&close[..], &["--confirmed-by", "pat"]].concat())
        .ended(5)
        .said("is over: withdrawn");
    states_are(
        &firm,
        "lea",
        ["retained", "retained", "retained", "ungoverned", "retained"],
    );
    assert!(explain("lea").contains("see you"));
    let listed = |more: &[&str]| {
        let status = ["erasure", "status", "--format", "ndjson"];
        call(&firm, "pia", &[&status[..], more].concat()).ended(0).rows().len()
    };
    assert_eq!((listed(&[]), listed(&["--all"])), (0, 1));
}

#[test]
fn a_backup_takes_requests_along_and_brings_them_back() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    call(&firm, "rex", &["backup", "copy"]).ended(0);
    confirm(&firm);
    let (before, states_before) = (standings(&firm, &[]), states(&firm, "lea"));
    let restore = [
        "--home",
        "back",
        "restore",
        "copy",
        "--journal",
        ".lexhold",
        "--confirmed-by",
        "ann",
    ];
    call(&firm, "sam", &restore).ended(0);
    std::fs::rename(firm.path(".lexhold"), firm.path("gone")).unwrap();
    std::fs::rename(firm.path("back"), firm.path(".lexhold")).unwrap();
    assert_eq!(standings(&firm, &[]), before);
    assert_eq!(
        states(&firm, "lea"),
        states_before,
        "the confirmation came after the backup"
    );
}

#[test]
fn what_is_under_way_stands_in_the_report_of_retention_and_pages_can_be_printed() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    confirm(&firm);
    let progress = |who: &str| {
        let rows = call(&firm, who, &["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows();
        let of = |row: &Value| Some(format!("{} {}", short(row), row["disposal_state"].as_str()?));
        rows.iter().filter_map(of).collect::<Vec<_>>()
    };
    assert!(progress("lea").is_empty());
    let plan = call(&firm, "sam", &["dispose", "propose", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(progress("lea"), ["m3 proposed"]);
    hold(&firm, "quiet", "slack/late/m3", &["--silent"]);
    assert_eq!(progress("lea"), ["m3 blocked_hold"]);
    assert_eq!(progress("pia"), ["m3 proposed"], "as without the hold");
    hold(&firm, "loud", "slack/law/m1", &[]);
    let reject = [
        "dispose",
        "reject",
        plan["plan"].as_str().unwrap(),
        "--reason",
        "not now",
    ];
    call(&firm, "sam", &reject).ended(0);
    assert!(progress("lea").is_empty());
    call(
        &firm,
        "lea",
        &[
            "hold",
            "release",
            "loud",
            "--reason",
            "settled",
            "--confirmed-by",
            "leo",
        ],
    )
    .ended(0);
    for (who, report, has, lacks) in [
        ("pia", "holds", "settled", "quiet"),
        ("lea", "holds", "quiet", "<script"),
        ("sam", "disposal", "not now", "<script"),
        ("pia", "erasure", "17(3)(b) legal obligation", "quiet"),
    ] {
        let page = call(&firm, who, &["report", report, "--format", "html"])
            .ended(0)
            .stdout;
        assert!(
            page.starts_with("<!doctype html>") && page.contains("default-src 'none'"),
            "{page}"
        );
        assert!(page.contains(has) && !page.contains(lacks), "{report} as {who}: {page}");
    }
}

#[test]
fn an_answer_is_not_put_on_record_where_its_letter_cannot_be_written() {
    let firm = firm();
    ask(&firm, &["--person", "bob", "--message", "m1"]).ended(0);
    confirm(&firm);
    let answer = ["erasure", "answer", "er-1", "--confirmed-by", "pat"];
    call(&firm, "pia", &[&answer[..], &["--out", "nowhere/letter.txt"]].concat())
        .ended(4)
        .said("cannot write nowhere/letter.txt");
    assert!(!firm.read(".lexhold/journal/log.ndjson").contains("erasure_answered"));
    call(&firm, "pia", &[&answer[..], &["--out", "letter.txt"]].concat()).ended(0);
}

#[test]
fn the_time_stands_still_while_proof_is_awaited() {
    let firm = firm();
    ask(&firm, &["--person", "bob"]).ended(0);
    let shown = |as_of: &str| {
        let status = ["erasure", "status", "--format", "ndjson", "--as-of", as_of];
        let row = call(&firm, "pia", &status).ended(0).rows().remove(0);
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("state"), text("due"), row["overdue"].as_bool().unwrap())
    };
    let row = |state: &str, due: &str, overdue: bool| (state.to_owned(), due.to_owned(), overdue);
    let proof = |flags: &[&str]| call(&firm, "pia", &[&["erasure", "proof", "er-1"], flags].concat());
    proof(&[]).ended(2);
    proof(&["--asked", "2026-02-10"]).ended(2).said("--reason");
    proof(&["--received", "2026-02-15"]).ended(5).said("waits for no proof");
    for day in ["2026-01-30", "2026-03-01"] {
        let flags = ["--asked", day, "--reason", "two people are called Bob"];
        proof(&flags).ended(2).said("between 2026-01-31 and 2026-02-28");
    }
    proof(&["--asked", "2026-02-10", "--reason", "two people are called Bob"]).ended(0);
    assert_eq!(shown("2026-06-01"), row("awaiting_proof", "2026-02-28", false));
    let evidence = ["erasure", "confirm", "er-1", "--evidence", "passport seen"];
    call(&firm, "pat", &evidence).ended(5).said("waits for proof");
    let extend = [
        "erasure",
        "extend",
        "er-1",
        "--reason",
        "many",
        "--notified",
        "2026-03-02",
    ];
    call(&firm, "pia", &extend).ended(5).said("waits for proof");
    proof(&["--asked", "2026-02-11", "--reason", "again"]).ended(5);
    proof(&["--received", "2026-02-09"])
        .ended(2)
        .said("between 2026-02-10 and");
    let told = proof(&["--received", "2026-02-15"]).ended(0).stdout;
    assert!(told.contains("to be answered by 2026-03-05"), "{told}");
    assert_eq!(shown("2026-03-05T22:59:59Z"), row("unconfirmed", "2026-03-05", false));
    assert_eq!(shown("2026-03-05T23:00:00Z"), row("unconfirmed", "2026-03-05", true));
    call(&firm, "pia", &extend).ended(0);
    assert_eq!(shown("2026-05-01"), row("unconfirmed", "2026-05-05", false));
    confirm(&firm);
    proof(&["--asked", "2026-03-03", "--reason", "late"])
        .ended(5)
        .said("is confirmed");
    // What the journal says is all there is to know.
    let before = firm.fingerprint(Fingerprint::Decisions);
    firm.call(&["rebuild", "--quiet"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Decisions), before);
}

#[test]
fn a_californian_request_gives_no_time_for_proof() {
    let firm = firm();
    let mut asked = ASKED;
    for (was, is) in [("gdpr", "ccpa"), ("DE", "US-CA"), ("IE", "US")] {
        *asked.iter_mut().find(|word| **word == was).unwrap() = is;
    }
    call(&firm, "pia", &[&asked[..], &["--person", "bob"]].concat()).ended(0);
    let proof = [
        "erasure",
        "proof",
        "er-1",
        "--asked",
        "2026-02-10",
        "--reason",
        "two Bobs",
    ];
    call(&firm, "pia", &proof).ended(5).said("gives no time for proof");
}
