//! Every use of governance is on record: who asked for what, whether it was allowed, and which policies said so.

use std::collections::BTreeSet;

use lexhold_policy::Verb;
use serde_json::{Value, json};

use crate::support::{Firm, message};

const OPERATORS: &str = "lexhold: 1
operators: team
people:
  - { id: rex, person: none, roles: [engineer, records] }
  - { id: rita, person: none, roles: [records, approver] }
  - { id: rob, person: none, roles: [records] }
  - { id: max, person: none, roles: [engineer, legal] }
  - { id: lea, person: none, roles: [legal, silent] }
  - { id: ria, person: none, roles: [reviewer] }
  - { id: sue, person: none, roles: [supervisor] }
  - { id: sam, person: none, roles: [supervisor] }
  - { id: aud, person: none, roles: [auditor] }
";

fn desk(version: &str, period: &str) -> String {
    format!(
        r#"lexhold: 1
retention: desk
version: {version}
owner: records@firm.example
zone: UTC
schedules:
  - id: all
    title: All
    retain: {{ for: {period}, from: sent }}
    dispose: {{ after: retain, action: review }}
  - id: terms
    title: Terms
    when: resource.labels.contains("terms")
    retain: {{ for: P1Y, from: {{ event: account_closed, key: accounts }} }}
"#
    )
}

const HOLD: &str =
    "lexhold: 1\nhold: orion\nmatter: In re Orion\nowner: legal@firm.example\nzone: UTC\ncustodians: [cyd]\n";

/// What the journal says of governance, in order.
fn asked(firm: &Firm) -> Vec<Value> {
    let journal = firm.read(".lexhold/journal/log.ndjson");
    let entries = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let governance = entries.filter(|entry| entry["kind"] == "governance");
    let payload = |entry: Value| {
        let digest = entry["payload"].as_str().unwrap().to_owned();
        let bytes = std::fs::read(firm.path(&format!(".lexhold/journal/payload/{digest}"))).unwrap();
        let mut payload: Value = serde_json::from_slice(&bytes[16..]).unwrap();
        payload["actor"] = entry["actor"].clone();
        payload
    };
    governance.map(payload).collect()
}

/// A firm with a home, and what of governance was on record so far.
struct Team {
    firm: Firm,
    n_asked: usize,
    allowed: BTreeSet<String>,
    refused: BTreeSet<String>,
}

impl Team {
    fn new() -> Self {
        let firm = Firm::new();
        firm.write("policies/retention/desk.yaml", desk("1.0.0", "P70Y"));
        firm.write("operators.yaml", OPERATORS);
        firm.write("orion.yaml", HOLD);
        let mut keyless = message("m2", "2024-03-10T09:00:00Z", "good day");
        keyless["labels"] = json!(["terms"]);
        let alerting = message("m1", "2024-03-10T09:00:00Z", "call me on +44 7700 900123");
        firm.messages("in.ndjson", &[alerting, keyless]);
        Self {
            firm,
            n_asked: 0,
            allowed: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// A call by an operator that asks governance for one verb, which the journal then has with its answer.
    #[track_caller]
    fn asks(&mut self, verb: Verb, who: &str, arguments: &[&str], code: i32, policy: &str) -> String {
        let ran = self.firm.call(&[arguments, &["--as", who]].concat());
        assert_eq!(ran.code, code, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        let all = asked(&self.firm);
        let new: Vec<&Value> = all[self.n_asked..]
            .iter()
            .filter(|one| one["verb"] == verb.as_str())
            .collect();
        let Some(one) = new.last() else {
            panic!(
                "{arguments:?} leaves nothing of {}: {:#?}",
                verb.as_str(),
                &all[self.n_asked..]
            )
        };
        assert_eq!((&one["actor"], &one["operator"]), (&json!(who), &json!(who)));
        let policies: Vec<&str> = one["policies"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(
            policies.iter().any(|name| name.contains(policy)),
            "{policy} is missing in {policies:?}"
        );
        assert!(one["of"].as_str().is_some_and(|of| !of.is_empty()), "{one}");
        let allowed = one["allowed"].as_bool().unwrap();
        if allowed { &mut self.allowed } else { &mut self.refused }.insert(verb.as_str().to_owned());
        self.n_asked = all.len();
        ran.stdout + &ran.stderr
    }
}

/// Verbs of governance that are asked for elsewhere, in tests of their own.
const ELSEWHERE: [Verb; 11] = [
    Verb::NarrowHold,
    Verb::ReleaseHold,
    Verb::ProposeDisposal,
    Verb::ApproveDisposal,
    Verb::ExecuteDisposal,
    Verb::Export,
    Verb::AttestClock,
    Verb::RequestErasure,
    Verb::AnswerErasure,
    Verb::Restore,
    Verb::RotateKeys,
];

#[test]
fn every_use_is_on_record_allowed_or_refused() {
    let mut team = Team::new();
    let old = ["run", "in.ndjson", "--backfill", "--as-of", "2026-01-01", "--quiet"];
    team.asks(
        Verb::DeclareBackfill,
        "rex",
        &[&old[..], &["--confirmed-by", "rita"]].concat(),
        0,
        "jobs",
    );
    team.asks(Verb::DeclareBackfill, "rex", &old, 5, "backfill-needs-two");
    team.asks(Verb::Run, "rex", &["run", "in.ndjson", "--quiet"], 0, "jobs");
    team.asks(
        Verb::Run,
        "ria",
        &["run", "in.ndjson", "--quiet"],
        5,
        "no policy allows `run`",
    );
    let held = ["run", "in.ndjson", "--quiet", "--holds", "orion.yaml"];
    team.asks(Verb::PlaceHold, "rex", &held, 5, "no policy allows");
    team.asks(Verb::PlaceHold, "max", &held, 0, "holds");
    team.asks(Verb::ShowSilentHold, "lea", &["report", "retention"], 0, "silent-holds");
    team.asks(
        Verb::ShowSilentHold,
        "rex",
        &["report", "retention"],
        0,
        "no policy allows",
    );
    let look = ["explain", "--message", "/m1", "--show-content", "full"];
    team.asks(Verb::ViewContent, "ria", &look, 0, "content");
    team.asks(Verb::ViewContent, "rex", &look, 5, "no policy allows");
    team.asks(Verb::BackUp, "ria", &["backup", "copy"], 5, "no policy allows");
    assert!(!team.firm.path("copy").exists());
    team.asks(Verb::BackUp, "rex", &["backup", "copy"], 0, "backups");
    alerts(&mut team);
    duties(&mut team);
    let elsewhere = ELSEWHERE.map(|verb| verb.as_str().to_owned());
    let here: BTreeSet<String> = Verb::ALL
        .iter()
        .map(|verb| verb.as_str().to_owned())
        .filter(|name| !elsewhere.contains(name))
        .collect();
    assert_eq!(team.allowed, here, "allowed");
    assert_eq!(team.refused, here, "refused");
    team.firm.call(&["verify"]).ended(0);
}

/// What is done under review.
fn alerts(team: &mut Team) {
    let listed = team
        .firm
        .call(&["report", "alerts", "--format", "ndjson", "--as", "sue"])
        .ended(0);
    let id = listed.rows()[0]["alert_id"].as_str().unwrap().to_owned();
    let id = id.as_str();
    team.n_asked = asked(&team.firm).len();
    let steps: [(Verb, &[&str]); 5] = [
        (Verb::AssignAlert, &["alerts", "assign", id, "--to", "ria"]),
        (
            Verb::EscalateAlert,
            &["alerts", "escalate", id, "--to", "sue", "--reason", "look"],
        ),
        (Verb::ReviewAlert, &["alerts", "comment", id, "--reason", "hm"]),
        (
            Verb::CloseAlert,
            &["alerts", "close", id, "--decision", "no-issue", "--reason", "a shop"],
        ),
        (Verb::ReopenAlert, &["alerts", "reopen", id, "--reason", "once more"]),
    ];
    for (verb, step) in steps {
        team.asks(verb, "rex", step, 5, "no policy allows");
        team.asks(verb, "sue", step, 0, "review");
    }
    let expires = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48)).to_string();
    let aside = [
        "alerts",
        "suppress",
        id,
        "--reason",
        "noise",
        "--expires",
        &expires,
        "--approved-by",
    ];
    team.asks(
        Verb::SuppressAlert,
        "ria",
        &[&aside[..], &["lea"]].concat(),
        5,
        "suppression-needs-two",
    );
    team.asks(
        Verb::SuppressAlert,
        "ria",
        &[&aside[..], &["sam"]].concat(),
        0,
        "review",
    );
    let attest = ["review", "attest", "--month", "2025-01", "--reason", "done"];
    team.asks(Verb::Attest, "ria", &attest, 5, "no policy allows");
    team.asks(Verb::Attest, "sue", &attest, 0, "attestation");
    let key = ["sample", "key", "floor"];
    team.asks(Verb::Reveal, "ria", &key, 5, "no policy allows");
    // There is no such sample: that it was asked for is on record nonetheless.
    team.asks(Verb::Reveal, "aud", &key, 2, "sampling-key");
    let open = [
        "case",
        "open",
        "c",
        "--matter",
        "m",
        "--reason",
        "r",
        "--message",
        "/m1",
    ];
    team.asks(Verb::OpenCase, "rex", &open, 5, "no policy allows");
    team.asks(Verb::OpenCase, "ria", &open, 0, "cases");
    let close = ["case", "close", "c", "--reason", "over"];
    team.asks(Verb::CloseCase, "lea", &close, 5, "closing-a-case-needs-two");
    team.asks(
        Verb::CloseCase,
        "lea",
        &[&close[..], &["--confirmed-by", "sue"]].concat(),
        0,
        "closing-cases",
    );
}

/// What moves dates.
fn duties(team: &mut Team) {
    let record = [
        "event",
        "record",
        "--type",
        "account_closed",
        "--key",
        "A-1",
        "--date",
        "2024-05-10",
    ];
    team.asks(Verb::RecordEvent, "max", &record, 5, "no policy allows");
    team.asks(Verb::RecordEvent, "rex", &record, 0, "policies");
    let listed = team.firm.call(&["event", "list", "--format", "ndjson"]).ended(0).rows();
    let event = listed[0]["event_id"].as_str().unwrap().to_owned();
    let correct = [
        "event",
        "correct",
        event.as_str(),
        "--date",
        "2024-05-09",
        "--reason",
        "typo",
    ];
    team.asks(Verb::CorrectEvent, "rex", &correct, 5, "earlier-events-need-two");
    let told = team.asks(
        Verb::CorrectEvent,
        "rex",
        &[&correct[..], &["--confirmed-by", "rita"]].concat(),
        0,
        "policies",
    );
    assert!(told.contains("corrected 1 event"), "{told}");
    let listed = team.firm.call(&["event", "list", "--format", "ndjson"]).ended(0).rows();
    let event = listed.last().unwrap()["event_id"].as_str().unwrap().to_owned();
    let cancel = ["event", "cancel", event.as_str(), "--reason", "not closed"];
    team.asks(Verb::CancelEvent, "max", &cancel, 5, "no policy allows");
    team.asks(Verb::CancelEvent, "rex", &cancel, 0, "policies");
    let none = [
        "retention",
        "resolve",
        "/m2",
        "--none",
        "desk",
        "--reason",
        "no account",
        "--confirmed-by",
    ];
    team.asks(
        Verb::ResolveIndeterminate,
        "rex",
        &[&none[..], &["ria"]].concat(),
        5,
        "resolution-needs-two",
    );
    team.asks(
        Verb::ResolveIndeterminate,
        "rex",
        &[&none[..], &["rita"]].concat(),
        0,
        "policies",
    );
    team.firm.write("policies/retention/desk.yaml", desk("1.1.0", "P7Y"));
    team.asks(Verb::Activate, "max", &["activate"], 5, "no policy allows");
    team.asks(Verb::Activate, "rex", &["activate"], 0, "policies");
    let correct = ["retention", "correct", "desk@1.0.0", "--reason", "P70Y for P7Y"];
    let shown = team
        .firm
        .call(&[&correct[..], &["--as", "rex"]].concat())
        .ended(5)
        .stderr;
    let digest = shown
        .split("--accept-digest ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let accepted = [
        &correct[..],
        &[
            "--accept-digest",
            digest,
            "--approved-by",
            "rob",
            "--approved-by",
            "rita",
        ],
    ]
    .concat();
    team.asks(Verb::CorrectRetention, "max", &accepted, 5, "no policy allows");
    team.asks(Verb::CorrectRetention, "rex", &accepted, 0, "policies");
}

#[test]
fn without_a_home_a_refusal_leaves_nothing_behind() {
    let team = Team::new();
    let ran = team.firm.call(&["run", "in.ndjson", "--as", "ria"]);
    assert_eq!(ran.code, 5);
    assert!(!team.firm.path(".lexhold").exists());
}

#[test]
fn whoever_knows_no_operators_governs_no_home_of_theirs() {
    let firm = Firm::new();
    firm.write("operators.yaml", OPERATORS);
    firm.write(
        "quiet.yaml",
        HOLD.replace("owner", "silent: true\nowner").replace("[cyd]", "[bob]"),
    );
    firm.messages(
        "in.ndjson",
        &[
            message("m1", "2019-06-01T12:00:00Z", "lunch"),
            message("m2", "2019-06-01T12:00:00Z", "tea"),
        ],
    );
    firm.run(&["in.ndjson", "--as", "rex", "--confirmed-by", "rita"])
        .ended(0);
    let propose = ["dispose", "propose", "--format", "json"];
    let plan = firm.call(&[&propose[..], &["--as", "rex"]].concat()).ended(0).json()["plan"].clone();
    let plan = plan.as_str().unwrap();
    firm.call(&["hold", "place", "quiet.yaml", "--as", "lea"]).ended(0);
    std::fs::remove_file(firm.path("operators.yaml")).unwrap();
    let why = "operators govern this home, and none are known here";
    let refused: [&[&str]; 3] = [&["dispose", "approve", plan], &propose, &["backup", "copy"]];
    for arguments in refused {
        firm.call(arguments).ended(5).said(why);
    }
    let shown = firm.call(&["hold", "list", "--all"]).ended(0);
    assert!(!shown.stdout.contains("orion"), "{}", shown.stdout);
    // Whatever keeps messages goes on, and changes nothing of that.
    firm.messages("more.ndjson", &[message("m3", "2019-06-01T12:00:00Z", "cake")]);
    firm.call(&["run", "more.ndjson"]).ended(0);
    firm.call(&[
        "hold",
        "place",
        "--name",
        "vega",
        "--matter",
        "Vega",
        "--custodian",
        "ann",
        "--zone",
        "UTC",
    ])
    .ended(0);
    firm.call(&["dispose", "reject", plan, "--reason", "no"]).ended(0);
    firm.call(&propose).ended(5).said("governance: solo");
    // Who says so governs alone, and the journal knows it from the first act on.
    firm.write("lexhold.yaml", "governance: solo\n");
    firm.call(&propose).ended(0);
    std::fs::remove_file(firm.path("lexhold.yaml")).unwrap();
    let shown = firm.call(&["hold", "list", "--all"]).ended(0);
    assert!(shown.stdout.contains("orion"), "{}", shown.stdout);
    assert_eq!(asked(&firm).last().unwrap()["solo"], json!(true));
}
