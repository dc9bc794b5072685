//! Stages of approval: named, in order, each by another person; what a release or thirty days end is begun again.

use jiff::{SignedDuration, Timestamp};
use lexhold_store::{EntryKind, Home, Payload, Stamp};
use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

const ROLES: &str = include_str!("../../policies/governance/roles.cedar");
const SEPARATION: &str = include_str!("../../policies/governance/separation.cedar");

/// Whoever has these roles, with keys where they sign.
const PEOPLE: [(&str, &str); 6] = [
    ("rex", "records"),
    ("rita", "records"),
    ("amy", "approver"),
    ("ben", "approver"),
    ("cat", "approver, legal"),
    ("lea", "legal"),
];

/// Two messages whose time is over.
fn messages(firm: &Firm) {
    let due = |id: &str| message(id, "2019-06-01T12:00:00Z", "lunch");
    firm.messages("in.ndjson", &[due("m1"), due("m2")]);
}

/// One person alone, and these lines of `lexhold.yaml`.
fn solo(config: &str) -> Firm {
    let firm = Firm::new();
    firm.write("lexhold.yaml", config);
    messages(&firm);
    firm.run(&["in.ndjson"]).ended(0);
    firm
}

/// A team, whose plans pass `desk` and `counsel`.
fn team() -> Firm {
    let firm = solo("disposal:\n  stages: [desk, counsel]\n");
    let mut people = String::new();
    for (id, roles) in PEOPLE {
        if roles.contains("approver") {
            let line = firm.call(&["keys", "new", "--operator", id]).ended(0).stdout;
            people += &line.replace("roles: []", &format!("roles: [{roles}]"));
        } else {
            people += &format!("  - {{ id: {id}, roles: [{roles}] }}\n");
        }
    }
    firm.write(
        "operators.yaml",
        format!("lexhold: 1\noperators: firm\npeople:\n{people}"),
    );
    firm
}

/// A plan and its digest.
fn propose(firm: &Firm, more: &[&str]) -> (String, String) {
    let plan = firm
        .call(&[&["dispose", "propose", "--format", "json"], more].concat())
        .ended(0)
        .json();
    let text = |field: &str| plan[field].as_str().unwrap().to_owned();
    (text("plan"), text("digest"))
}

fn approve(firm: &Firm, (plan, digest): &(String, String), who: &str) -> Ran {
    let approval = format!("{who}.approval");
    let sign = [
        "sign",
        digest,
        "--action",
        "approve_disposal",
        "--as",
        who,
        "--out",
        &approval,
    ];
    let _ = std::fs::remove_file(firm.path(&approval));
    firm.call(&sign).ended(0);
    firm.call(&["dispose", "approve", plan, "--as", who, "--approval", &approval])
}

/// State and next stage of the only plan.
fn stands(firm: &Firm) -> (String, Value) {
    let row = firm
        .call(&["dispose", "status", "--format", "ndjson"])
        .ended(0)
        .rows()
        .remove(0);
    (row["state"].as_str().unwrap().to_owned(), row["next_stage"].clone())
}

fn execute(firm: &Firm, plan: &str, who: &str) -> Ran {
    firm.call(&["dispose", "execute", plan, "--format", "json", "--as", who])
}

#[test]
fn each_stage_is_named_and_somebody_elses() {
    let firm = team();
    let plan = propose(&firm, &["--as", "rex"]);
    assert_eq!(stands(&firm), ("proposed".into(), json!("desk")));
    execute(&firm, &plan.0, "rita").ended(5).said("stage 1 of 2, desk");
    approve(&firm, &plan, "amy")
        .ended(0)
        .said("stage 1 of 2")
        .said("for counsel");
    assert_eq!(stands(&firm), ("in_review(2)".into(), json!("counsel")));
    approve(&firm, &plan, "amy").ended(5).said("approver-is-someone-else");
    execute(&firm, &plan.0, "rita").ended(5).said("stage 2 of 2, counsel");
    approve(&firm, &plan, "ben").ended(0).said("dispose execute");
    assert_eq!(stands(&firm), ("approved".into(), Value::Null));
    approve(&firm, &plan, "cat").ended(0).said("in every stage");
    execute(&firm, &plan.0, "rex").ended(5);
    let done = execute(&firm, &plan.0, "rita").ended(0).json();
    assert_eq!(done["destroyed"], 2);
    let body = firm.call(&["dispose", "certificate", &plan.0]).ended(0).json()["body"].clone();
    let approvals: Vec<_> = body["approved_by"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["operator"], &one["stage"]))
        .collect();
    assert_eq!(
        approvals,
        [(&json!("amy"), &json!("desk")), (&json!("ben"), &json!("counsel"))]
    );
    firm.call(&["verify"]).ended(0);
}

#[test]
fn a_firm_says_who_approves_which_stage() {
    let firm = team();
    let own = "@id(\"counsel-is-legal\")\n@needs(\"the role `legal`\")\nforbid (principal, action == Action::\"approve_disposal\", resource)\n\
               when { context.stage == \"counsel\" && !principal.roles.contains(\"legal\") };\n";
    for (name, text) in [("roles", ROLES), ("separation", SEPARATION), ("own", own)] {
        firm.write(&format!("policies/governance/{name}.cedar"), text);
    }
    let plan = propose(&firm, &["--as", "rex"]);
    approve(&firm, &plan, "amy").ended(0);
    approve(&firm, &plan, "ben")
        .ended(5)
        .said("counsel-is-legal")
        .said("the role `legal`");
    approve(&firm, &plan, "cat").ended(0);
    assert_eq!(stands(&firm).0, "approved");
}

#[test]
fn the_release_of_a_hold_begins_with_the_first_stage_again() {
    let firm = team();
    let plan = propose(&firm, &["--as", "rex"]);
    approve(&firm, &plan, "amy").ended(0);
    approve(&firm, &plan, "ben").ended(0);
    let by = ["--as", "lea", "--confirmed-by", "cat"];
    let place = [
        "hold", "place", "--name", "h", "--matter", "H", "--zone", "UTC", "--id", "m1",
    ];
    firm.call(&[&place[..], &by[..2]].concat()).ended(0);
    assert_eq!(
        stands(&firm).0,
        "approved",
        "a hold sends items back, and voids nothing"
    );
    let release = ["hold", "release", "h", "--reason", "settled"];
    let sign = [
        "sign",
        "h",
        "--action",
        "release_hold",
        "--as",
        "cat",
        "--out",
        "cat.release",
    ];
    firm.call(&sign).ended(0);
    firm.call(&[&release[..], &by, &["--approval", "cat.release"]].concat())
        .ended(0);
    assert_eq!(stands(&firm), ("in_review(1)".into(), json!("desk")));
    execute(&firm, &plan.0, "rita").ended(5).said("stage 1 of 2, desk");
    // What was signed before the release counts for nothing.
    firm.call(&[
        "dispose",
        "approve",
        &plan.0,
        "--as",
        "amy",
        "--approval",
        "amy.approval",
    ])
    .ended(5)
    .said("approval-is-signed");
    approve(&firm, &plan, "amy").ended(0);
    assert_eq!(stands(&firm), ("in_review(2)".into(), json!("counsel")));
    approve(&firm, &plan, "ben").ended(0);
    // What the hold had is in its grace.
    let done = execute(&firm, &plan.0, "rita").ended(1).json();
    assert_eq!(
        (&done["destroyed"], &done["sent_back"]),
        (
            &json!(1),
            &json!([{"message_id": "slack/c1/m1", "reason": "not_eligible"}])
        )
    );
}

/// Puts an approval on record as it would have been given some days ago.
fn approved_before(firm: &Firm, (plan, digest): &(String, String), stage: u64, days: i64) {
    let dice = |bytes: &mut [u8]| {
        bytes.fill(9);
        Ok(())
    };
    let stamp = Stamp {
        at: Timestamp::now() - SignedDuration::from_hours(24 * days),
        actor: "solo",
        entropy: &dice,
    };
    let payload = json!({"plan": plan, "digest": digest, "stage": stage, "approvals": [], "solo": true});
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let payload = Some(Payload::Json(&payload));
    home.journal()
        .append(EntryKind::DisposalApproved, payload, stamp)
        .unwrap();
}

#[test]
fn an_approval_lapses_after_thirty_days_with_all_behind_it() {
    let firm = solo("disposal:\n  stages: [desk, counsel]\n");
    let plan = propose(&firm, &[]);
    approved_before(&firm, &plan, 0, 31);
    approved_before(&firm, &plan, 1, 1);
    assert_eq!(stands(&firm), ("in_review(1)".into(), json!("desk")));
    execute(&firm, &plan.0, "solo")
        .ended(5)
        .said("no approval that counts for stage 1 of 2, desk");
    firm.call(&["dispose", "approve", &plan.0])
        .ended(0)
        .said("then it is for counsel");
    assert_eq!(stands(&firm), ("in_review(2)".into(), json!("counsel")));
    firm.call(&["dispose", "approve", &plan.0]).ended(0);
    execute(&firm, &plan.0, "solo").ended(0);
}

#[test]
fn a_plan_without_a_stage_is_refused() {
    let firm = solo("disposal:\n  schedules: { desk.chats: [] }\n");
    firm.call(&["dispose", "propose"])
        .ended(3)
        .said("`desk.chats` has no stage")
        .said("one approval at least");
}

#[test]
fn what_is_extended_is_in_no_plan_before_its_day() {
    let firm = solo("");
    let (plan, _) = propose(&firm, &[]);
    let extend = |message: &str, until: &str, reason: &str| {
        let call = [
            "dispose",
            "extend",
            &plan,
            "--message",
            message,
            "--until",
            until,
            "--reason",
            reason,
        ];
        firm.call(&call)
    };
    extend("slack/c1/m1", "2020-01-01", "subpoena")
        .ended(2)
        .said("no day to come");
    extend("slack/c1/m1", "2036-01-01", " ")
        .ended(2)
        .said("--reason is empty");
    extend("slack/c1/m9", "2036-01-01", "subpoena")
        .ended(2)
        .said("is no item");
    extend("slack/c1/m1", "2036-01-01", "subpoena")
        .ended(0)
        .said("1 item, in no plan before 2036-01-02T00:00:00Z");
    let next = firm.call(&["dispose", "propose", "--format", "json"]).ended(0).json();
    assert_eq!(
        (&next["items"], &next["held_back"]),
        (&json!(1), &json!([{"reason": "extended", "count": 1}]))
    );
    let later = ["dispose", "propose", "--format", "json", "--as-of", "2036-01-02"];
    assert_eq!(firm.call(&later).ended(0).json()["items"], 2);
    let before = firm.fingerprint(lexhold_catalog::Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(lexhold_catalog::Fingerprint::Everything), before);
}
