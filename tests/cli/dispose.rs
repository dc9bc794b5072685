//! `dispose`: nothing goes that something keeps, what goes is gone everywhere, and each step is somebody else's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lexhold_catalog::Fingerprint;
use lexhold_store::Step;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::support::{Firm, Ran, message};

/// What a message says and nothing else in the home.
pub fn canary(at: usize) -> String {
    format!("zq{at}canary{}", at * 7919)
}

pub fn old(at: usize, sent_at: &str) -> Value {
    let mut message = message(&format!("m{at}"), sent_at, &format!("lunch {}", canary(at)));
    message["sender"] = json!(["ann", "bob"][at % 2]);
    message["recipients"] = json!([format!("friend{at}")]);
    message["conversation"] = json!(format!("c{}", at % 5));
    message
}

/// Twenty messages whose time is over, and five whose is not.
pub fn firm() -> Firm {
    let firm = Firm::new();
    let all: Vec<Value> = (0..25)
        .map(|at| {
            old(
                at,
                if at < 20 {
                    "2019-06-01T12:00:00Z"
                } else {
                    "2025-06-01T12:00:00Z"
                },
            )
        })
        .collect();
    firm.messages("in.ndjson", &all);
    firm.messages("none.ndjson", &[]);
    firm.run(&["in.ndjson"]).ended(0);
    firm
}

/// The same firm and home in another folder.
pub fn copy_of(template: &Firm) -> Firm {
    let firm = Firm::new();
    firm.messages("none.ndjson", &[]);
    for path in files(&template.path(".lexhold")) {
        let to = firm.path(path.strip_prefix(template.path("")).unwrap().to_str().unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, &to).unwrap();
    }
    for folder in ["keys", "staging", "plans", "certificates"] {
        let (from, to) = (
            template.path(".lexhold").join(folder),
            firm.path(".lexhold").join(folder),
        );
        std::fs::create_dir_all(&to).unwrap();
        std::fs::set_permissions(&to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    }
    firm
}

pub fn propose(firm: &Firm) -> Value {
    firm.call(&["dispose", "propose", "--format", "json"]).ended(0).json()
}

pub fn approved(firm: &Firm) -> String {
    let plan = propose(firm)["plan"].as_str().unwrap().to_owned();
    firm.call(&["dispose", "approve", &plan])
        .ended(0)
        .said("governance is solo");
    plan
}

pub fn execute(firm: &Firm, plan: &str) -> Ran {
    firm.call(&["dispose", "execute", plan, "--format", "json"])
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found
}

/// Everything that the home says: bytes of files, and rows of tables in words.
fn said(firm: &Firm) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| {
        let mut bytes = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            let file = std::fs::File::open(&path).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            let rows: Vec<_> = reader.map(|rows| rows.unwrap()).collect();
            bytes.extend(format!("{rows:?}").into_bytes());
        }
        (path, bytes)
    };
    files(&firm.path(".lexhold")).into_iter().map(read).collect()
}

/// Which of these numbers' messages the home says anything of.
pub fn remembered(firm: &Firm, text: impl Fn(usize) -> String) -> Vec<usize> {
    let said = said(firm);
    let says = |text: &str| {
        let finder = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        said.iter().any(|(_, bytes)| finder(bytes))
    };
    (0..25).filter(|at| says(&text(*at))).collect()
}

pub fn left(firm: &Firm) -> BTreeSet<String> {
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson"])
        .ended(0)
        .rows();
    rows.iter()
        .map(|row| {
            row["message_id"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

pub fn register(firm: &Firm) -> Vec<Value> {
    firm.call(&["report", "disposal", "--format", "ndjson"]).ended(0).rows()
}

/// What is on record is what a fresh projection says, and nothing is damaged.
pub fn assert_sound(firm: &Firm) {
    firm.call(&["verify"]).ended(0);
}

#[test]
fn what_is_due_goes_everywhere_and_what_is_not_stays() {
    let firm = firm();
    assert_eq!(remembered(&firm, canary), (0..25).collect::<Vec<_>>());
    let plan = propose(&firm);
    assert_eq!(plan["items"], 20);
    assert_eq!(
        plan["by_schedule"],
        json!([{"schedule": "desk.chats@1.0.0", "items": 20}])
    );
    let name = plan["plan"].as_str().unwrap();
    firm.call(&["dispose", "execute", name])
        .ended(5)
        .said("no approval that counts");
    firm.call(&["dispose", "approve", name]).ended(0);
    firm.call(&["dispose", "execute", name, "--as-of", "2030-01-01"])
        .ended(2);
    let done = execute(&firm, name).ended(0).json();
    assert_eq!((&done["destroyed"], &done["sent_back"]), (&json!(20), &json!([])));
    assert_eq!(remembered(&firm, canary), [20, 21, 22, 23, 24]);
    // Nor does anything of evaluations or catalog remember whom it went to.
    assert_eq!(remembered(&firm, |at| format!("friend{at}\"")), [20, 21, 22, 23, 24]);
    assert_eq!(left(&firm).len(), 5);
    assert_sound(&firm);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before);
    firm.call(&["replay", "last"]).ended(0);
    let register = register(&firm);
    assert_eq!(register.len(), 20);
    assert!(
        register
            .iter()
            .all(|row| row["disposal_state"] == "tombstoned" && row["approved_by"] == json!(["solo"]))
    );
    let status = firm.call(&["dispose", "status", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(
        (&status[0]["state"], &status[0]["destroyed"]),
        (&json!("certified"), &json!(20))
    );
    // Again changes nothing, and there is one certificate.
    let journal = firm.read(".lexhold/journal/log.ndjson");
    execute(&firm, name).ended(0);
    assert_eq!(firm.read(".lexhold/journal/log.ndjson"), journal);
    assert_eq!(journal.matches("disposal_certified").count(), 1);
    let certificate = firm.call(&[
        "dispose",
        "certificate",
        name,
        "--item",
        register[0]["message_id"].as_str().unwrap(),
    ]);
    let certificate = certificate.ended(0).json();
    assert_eq!(
        (
            &certificate["body"]["destroyed"],
            certificate["items"].as_array().unwrap().len()
        ),
        (&json!(20), 1)
    );
    firm.call(&["dispose", "certificate", name, "--html", "page.html"])
        .ended(0);
    assert!(firm.read("page.html").contains("Certificate of disposal"));
}

#[test]
fn the_same_set_is_the_same_plan_and_another_is_another() {
    let firm = firm();
    let call = |more: &[&str]| {
        let mut all = vec!["dispose", "propose", "--format", "json", "--detailed-exitcode"];
        all.extend(more);
        firm.call(&all)
    };
    let first = call(&["--out", "plan.json"]).ended(10).json();
    let again = call(&[]).ended(0).json();
    assert_eq!((&first["plan"], &first["digest"]), (&again["plan"], &again["digest"]));
    let written: Value = serde_json::from_str(&firm.read("plan.json")).unwrap();
    assert_eq!(written["items"].as_array().unwrap().len(), 20);
    let few = call(&["--limit", "3"]).ended(10).json();
    assert_eq!(few["items"], 3);
    assert_ne!(few["digest"], first["digest"]);
    let none = call(&["--schedule", "desk.flagged"]).ended(0).json();
    assert_eq!((&none["plan"], &none["items"]), (&Value::Null, &json!(0)));
    let name = first["plan"].as_str().unwrap();
    firm.call(&["dispose", "reject", name, "--reason", "not yet"]).ended(0);
    firm.call(&["dispose", "approve", name]).ended(5).said("not yet");
    assert_ne!(
        call(&[]).ended(10).json()["plan"],
        first["plan"],
        "what was rejected comes back by a new plan alone"
    );
}

#[test]
fn holds_that_came_since_send_their_items_back_and_the_rest_goes() {
    let firm = firm();
    let plan = approved(&firm);
    let held =
        "lexhold: 1\nhold: orion\nmatter: In re Orion\nowner: legal@firm.example\nzone: UTC\ncustodians: [ann]\n";
    let silent = "lexhold: 1\nhold: hush\nmatter: In re Hush\nowner: legal@firm.example\nzone: UTC\nsilent: true\nids: [slack/c1/m1]\n";
    firm.write("orion.yaml", held);
    firm.write("hush.yaml", silent);
    firm.run(&["none.ndjson", "--holds", "orion.yaml", "--holds", "hush.yaml"])
        .ended(0);
    let excluded = register(&firm)[0]["message_id"].as_str().unwrap().to_owned();
    firm.call(&[
        "dispose",
        "reject",
        &plan,
        "--reason",
        "asked for",
        "--exclude",
        &excluded,
    ])
    .ended(0);
    let done = execute(&firm, &plan).ended(1).json();
    let mut reasons: Vec<&str> = done["sent_back"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert!(
        reasons.iter().all(|reason| ["held", "not_eligible"].contains(reason)),
        "{reasons:?}"
    );
    let gone = done["destroyed"].as_u64().unwrap();
    assert!((8..=10).contains(&gone), "{done}");
    let stayed = remembered(&firm, canary);
    assert!((0..20).step_by(2).all(|at| stayed.contains(&at)), "held: {stayed:?}");
    assert_sound(&firm);
    let certificate = firm.call(&["dispose", "certificate", &plan]).ended(0).stdout;
    assert!(
        !certificate.contains("Hush") && !certificate.contains("hush"),
        "{certificate}"
    );
}

#[test]
fn evidence_of_open_alerts_is_not_proposed() {
    let firm = Firm::new();
    let texts = ["let's move this to WhatsApp", "lunch"];
    let all: Vec<Value> = (0..2)
        .map(|at| message(&format!("m{at}"), "2015-06-01T12:00:00Z", texts[at]))
        .collect();
    firm.messages("in.ndjson", &all);
    firm.run(&["in.ndjson"]).ended(0);
    let plan = propose(&firm);
    assert_eq!(plan["items"], 1);
    // To those who may not know of silent holds a case shows no more than those: nothing.
    assert_eq!(plan["held_back"], json!([]));
}

#[test]
fn what_comes_in_again_stays_destroyed_unless_something_keeps_it() {
    let firm = firm();
    execute(&firm, &approved(&firm)).ended(0);
    let again: Vec<Value> = (0..6).map(|at| old(at, "2019-06-01T12:00:00Z")).collect();
    firm.messages("again.ndjson", &again);
    let summary = firm.run(&["again.ndjson"]).ended(0).json();
    let read = |summary: &Value| ["previously_destroyed", "new", "duplicate"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(read(&summary), [6, 0, 0]);
    // The file that they came in with is read again, and leaves nothing on record but the run.
    assert_eq!(read(&firm.run(&["in.ndjson"]).ended(0).json()), [20, 0, 5]);
    let told = firm.call(&["run", "in.ndjson"]).ended(0).stdout;
    assert!(told.contains("5 there before, 20 previously destroyed"), "{told}");
    assert_eq!(remembered(&firm, canary), [20, 21, 22, 23, 24]);
    let hold =
        "lexhold: 1\nhold: orion\nmatter: In re Orion\nowner: legal@firm.example\nzone: UTC\ncustodians: [ann]\n";
    firm.write("orion.yaml", hold);
    firm.messages("thrice.ndjson", &again[..5]);
    let summary = firm.run(&["thrice.ndjson", "--holds", "orion.yaml"]).ended(0).json();
    assert_eq!(
        (&summary["previously_destroyed"], &summary["new"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(propose(&firm)["items"], 0);
    assert_sound(&firm);
    let counted = firm.call(&["report", "sources", "--format", "ndjson"]).ended(0).rows();
    let of = |file: &str| -> u64 {
        let rows = counted.iter().filter(|row| row["source"] == file);
        rows.map(|row| row["destroyed_before"].as_u64().unwrap()).sum()
    };
    let destroyed = ["in.ndjson", "again.ndjson", "thrice.ndjson"].map(of);
    assert_eq!(
        destroyed,
        [0, 6, 5],
        "what a hold brought back was destroyed before all the same"
    );
}

/// What a call that was killed sent back nobody has been told.
#[test]
fn what_a_killed_call_sent_back_is_told_by_the_one_that_ends_the_plan() {
    let template = firm();
    let outcome = |step: Option<&str>| {
        let firm = copy_of(&template);
        let plan = approved(&firm);
        let place = [
            "hold",
            "place",
            "--name",
            "h",
            "--matter",
            "H",
            "--zone",
            "UTC",
            "--conversation",
            "c0",
        ];
        firm.call(&place).ended(0);
        if let Some(step) = step {
            let mut killed = firm.command(&["dispose", "execute", &plan]);
            let killed = killed.env("LEXHOLD_TEST_STOP_AT", step).output().unwrap();
            assert_eq!(killed.status.code(), None, "not killed at {step}");
        }
        execute(&firm, &plan).ended(1).json()["sent_back"].clone()
    };
    let told = outcome(None);
    assert!(told.as_array().is_some_and(|told| !told.is_empty()));
    for step in ["rewritten", "tables-swapped"] {
        assert_eq!(outcome(Some(step)), told, "{step}");
    }
}

/// Every step of a proposal and of an execution, in the words of `LEXHOLD_TEST_STOP_AT`.
#[test]
fn killed_at_any_step_the_same_commands_converge() {
    // A proposal is staged as every batch is, which has its own test of kills: here one step, all where it is asked for.
    let all = std::env::var_os("LEXHOLD_TEST_KILLS").is_some();
    let staged = Step::ALL.into_iter().filter(|step| all || *step == Step::Journalled);
    let places = staged.map(|step| ("propose", step)).chain(
        Step::DESTRUCTION
            .into_iter()
            .chain(Step::RETIREMENT)
            .chain([Step::Certified])
            .map(|step| ("execute", step)),
    );
    let template = firm();
    for (verb, step) in places {
        let firm = copy_of(&template);
        let killed = |arguments: &[&str]| {
            let killed = firm
                .command(arguments)
                .env("LEXHOLD_TEST_STOP_AT", step.as_str())
                .output()
                .unwrap();
            assert_eq!(killed.status.code(), None, "not killed at {verb} {}", step.as_str());
        };
        if verb == "propose" {
            killed(&["dispose", "propose"]);
        }
        let plan = approved(&firm);
        if verb == "execute" {
            killed(&["dispose", "execute", &plan]);
        }
        let done = execute(&firm, &plan).ended(0).json();
        assert_eq!(done["destroyed"], 20, "{verb} {}", step.as_str());
        assert_eq!(
            remembered(&firm, canary),
            [20, 21, 22, 23, 24],
            "{verb} {}",
            step.as_str()
        );
        assert_eq!(left(&firm).len(), 5);
        let journal = firm.read(".lexhold/journal/log.ndjson");
        assert_eq!(journal.matches("disposal_certified").count(), 1);
        assert_sound(&firm);
    }
}

/// Whoever interrupts an execution hears so once what is begun is done; the same command goes on from there.
#[test]
fn scenario_24_interrupted_it_ends_in_order_and_the_same_command_goes_on() {
    let template = firm();
    for step in [Step::Intended, Step::SegmentGone, Step::TablesSwapped] {
        let firm = copy_of(&template);
        let plan = approved(&firm);
        let journal = || firm.read(".lexhold/journal/log.ndjson");
        let mut executing = firm
            .command(&["dispose", "execute", &plan])
            .env("LEXHOLD_TEST_WAIT_AT", step.as_str())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // It waits at the step until the signal has come, and comes there only after the intent stands.
        while !journal().contains("disposal_intent") && executing.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        crate::races::signal(&executing, "-INT");
        let ended = executing.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(130), "{} {said}", step.as_str());
        assert!(said.contains("stopped; the same command goes on from here"), "{said}");
        assert!(!journal().contains("disposal_certified"));
        firm.call(&["verify"]).ended(0);
        let done = execute(&firm, &plan).ended(0).json();
        assert_eq!(done["destroyed"], 20, "{}", step.as_str());
        assert_eq!(remembered(&firm, canary), [20, 21, 22, 23, 24], "{}", step.as_str());
        assert_eq!(journal().matches("disposal_certified").count(), 1);
        assert_sound(&firm);
    }
}

#[test]
fn whoever_proposed_neither_approves_nor_executes_and_approvals_are_signed() {
    let firm = Firm::new();
    let mut people = String::new();
    for (id, roles) in [
        ("rex", "records"),
        ("amy", "approver"),
        ("rita", "records"),
        ("eve", "engineer"),
    ] {
        let line = firm.call(&["keys", "new", "--operator", id]).ended(0).stdout;
        people += &line.replace("roles: []", &format!("roles: [{roles}]"));
    }
    firm.write(
        "operators.yaml",
        format!("lexhold: 1\noperators: firm\npeople:\n{people}"),
    );
    firm.messages("in.ndjson", &[message("m1", "2026-06-01T12:00:00Z", "lunch")]);
    firm.call(&["run", "in.ndjson", "--as", "eve", "--quiet"]).ended(0);
    // Everything is due in ten years.
    let far = ["--as-of", "2040-01-01"];
    firm.call(&["dispose", "propose", "--as", "eve"])
        .ended(5)
        .said("the role `records`");
    let plan = firm
        .call(&[&["dispose", "propose", "--format", "json", "--as", "rex"], &far[..]].concat())
        .ended(0)
        .json();
    let (name, digest) = (plan["plan"].as_str().unwrap(), plan["digest"].as_str().unwrap());
    firm.call(&["dispose", "approve", name, "--as", "rex"]).ended(5);
    firm.call(&["dispose", "approve", name, "--as", "amy"])
        .ended(5)
        .said("signature");
    let sign = [
        "sign",
        digest,
        "--action",
        "approve_disposal",
        "--as",
        "amy",
        "--out",
        "amy.approval",
    ];
    firm.call(&sign).ended(0);
    firm.call(&["dispose", "approve", name, "--as", "amy", "--approval", "amy.approval"])
        .ended(0);
    firm.call(&["dispose", "execute", name, "--as", "rex"])
        .ended(5)
        .said("neither wrote, asked for nor approved");
    firm.call(&["dispose", "execute", name, "--as", "amy"]).ended(5);
    // Judged by the clock of today it is not due at all.
    let done = firm
        .call(&["dispose", "execute", name, "--as", "rita", "--format", "json"])
        .ended(1)
        .json();
    assert_eq!(
        (&done["destroyed"], &done["sent_back"][0]["reason"]),
        (&json!(0), &json!("not_eligible"))
    );
    assert_eq!(left(&firm).len(), 1);
}

#[test]
fn two_disposers_at_once_destroy_once() {
    let firm = firm();
    let plan = approved(&firm);
    let arguments = ["dispose", "execute", &plan, "--format", "json", "--wait", "60"];
    let one = firm
        .command(&arguments)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let two = firm.call(&arguments).ended(0).json();
    let one: Ran = one.wait_with_output().unwrap().into();
    assert_eq!(
        (&one.ended(0).json()["destroyed"], &two["destroyed"]),
        (&json!(20), &json!(20))
    );
    assert_eq!(
        firm.read(".lexhold/journal/log.ndjson")
            .matches("disposal_certified")
            .count(),
        1
    );
    assert_sound(&firm);
}

#[test]
fn a_clock_that_jumped_destroys_nothing() {
    let firm = firm();
    let plan = approved(&firm);
    // An entry of ten years ahead, as a clock that ran ahead leaves it: everything is refused until two attest.
    let home = lexhold_store::Home::open(&firm.path(".lexhold")).unwrap();
    let dice = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    };
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 3650);
    let stamp = lexhold_store::Stamp {
        at,
        actor: "ahead",
        entropy: &dice,
    };
    let payload = json!({"run": "none", "summary": {}});
    let payload = Some(lexhold_store::Payload::Json(&payload));
    home.journal()
        .append(lexhold_store::EntryKind::RunFinished, payload, stamp)
        .unwrap();
    execute(&firm, &plan).ended(5).said("the clock");
    assert_eq!(left(&firm).len(), 25);
}

#[test]
fn a_hold_says_what_it_came_too_late_for_and_what_it_recalls() {
    let firm = firm();
    let place = |name: &str, scope: [&str; 2]| {
        let flags = ["--name", name, "--matter", "Orion", "--zone", "Europe/London"];
        let call = [&["hold", "place", "--format", "json"][..], &flags, &scope].concat();
        firm.call(&call)
    };
    let plan = approved(&firm);
    let recalled = place("first", ["--conversation", "c0"]).ended(0).json();
    let ids = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["message_id"].as_str().unwrap().to_owned()).collect()
    };
    let c0 = ["slack/c0/m0", "slack/c0/m10", "slack/c0/m15", "slack/c0/m5"];
    assert_eq!(ids(&recalled["pending_destroy_recalled"]), c0);
    assert_eq!(recalled["already_destroyed"], json!([]));
    execute(&firm, &plan).ended(1);

    let late = place("late", ["--conversation", "c1"]).ended(1).json();
    let c1 = ["slack/c1/m1", "slack/c1/m11", "slack/c1/m16", "slack/c1/m6"];
    assert_eq!(ids(&late["already_destroyed"]), c1);
    let one = &late["already_destroyed"][0];
    assert_eq!(
        (&one["plan"], &one["certificate"]),
        (&json!(plan), &json!(format!(".lexhold/certificates/{plan}.json")))
    );
    assert_eq!(late["destroyed_untold"], 12);
    assert_eq!(late["pending_destroy_recalled"], json!([]));

    let named = place("named", ["--id", "m7"]).ended(1).json();
    assert_eq!(ids(&named["already_destroyed"]), ["slack/c2/m7"]);
    assert_eq!(named["destroyed_untold"], 0);
    place("kept", ["--id", "m5"]).ended(0);
    let person = place("person", ["--custodian", "ann"]).ended(0).json();
    assert_eq!(person["destroyed_untold"], 16);
}

#[test]
fn a_destroyed_message_tells_its_plan_and_certificate() {
    let firm = firm();
    let plan = approved(&firm);
    firm.call(&["dispose", "execute", &plan]).ended(0);
    let certificate = format!(".lexhold/certificates/{plan}.json");
    assert!(firm.path(&certificate).is_file());
    for id in ["slack/c1/m1", "m1"] {
        let told = firm.call(&["explain", "--message", id, "--json"]).ended(0).json();
        assert_eq!(
            (&told["state"], &told["message_id"]),
            (&json!("destroyed"), &json!("slack/c1/m1"))
        );
        let version = &told["versions"][0];
        assert_eq!(
            (&version["plan"], &version["certificate"], &version["schedules"]),
            (&json!(plan), &json!(certificate), &json!(["desk.chats@1.0.0"]))
        );
    }
    let text = firm.call(&["explain", "--message", "m1"]).ended(0).stdout;
    assert!(text.contains(&plan) && text.contains(&certificate), "{text}");
    firm.call(&["explain", "--message", "m99"]).ended(3);
}

#[test]
fn each_version_that_is_sent_back_counts() {
    let firm = Firm::new();
    let mut edited = old(0, "2019-06-01T12:00:00Z");
    edited["text"] = json!("lunch, later");
    edited["version"] = json!(1);
    edited["version_kind"] = json!("edit");
    firm.messages(
        "in.ndjson",
        &[old(0, "2019-06-01T12:00:00Z"), edited, old(1, "2019-06-01T12:00:00Z")],
    );
    firm.run(&["in.ndjson"]).ended(0);
    let plan = approved(&firm);
    firm.call(&[
        "hold", "place", "--name", "h", "--matter", "H", "--zone", "UTC", "--id", "m0",
    ])
    .ended(0);
    let answer = execute(&firm, &plan).ended(1).json();
    let back = json!({"message_id": "slack/c0/m0", "reason": "held"});
    assert_eq!(answer["sent_back"], json!([back, back]));
    assert_eq!(answer["destroyed"], 1);
    let status = firm.call(&["dispose", "status", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(status[0]["sent_back"], 2);
}

#[test]
fn what_is_gone_is_certified_though_the_rest_was_rejected() {
    let firm = firm();
    let plan = approved(&firm);
    let killed = firm
        .command(&["dispose", "execute", &plan])
        .env("LEXHOLD_TEST_STOP_AT", "bodies-gone")
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None);
    firm.call(&["dispose", "reject", &plan, "--reason", "asked for"])
        .ended(0);
    let done = execute(&firm, &plan).ended(0).json();
    assert_eq!(done["destroyed"], 20);
    assert!(done["certificate"].is_string(), "{done}");
    assert_eq!(remembered(&firm, canary), [20, 21, 22, 23, 24]);
    assert_sound(&firm);
}

#[test]
fn a_hold_brings_back_what_a_file_of_before_has() {
    let firm = firm();
    execute(&firm, &approved(&firm)).ended(0);
    let again = |new: u64| {
        let summary = firm.run(&["in.ndjson"]).ended(0).json();
        assert_eq!(summary["new"], new, "{summary}");
    };
    again(0);
    crate::hold::place(&firm, &["--name", "late", "--custodian", "ann"]).ended(0);
    again(10);
    again(0);
    assert_eq!(propose(&firm)["items"], 0);
    assert_sound(&firm);
}

/// Attachments, a subject, an alert with what it rests on, its closing, a case, notices, reports with content: nothing that
/// anybody did with a message leaves a word of it in the home.
#[test]
fn what_people_did_with_a_message_keeps_no_word_of_it() {
    let firm = Firm::new();
    let sent = "2015-06-01T12:00:00Z";
    let mut told = old(0, sent);
    told["text"] = json!(format!("call me on +44 7700 900123 about {}", canary(0)));
    told["subject"] = json!(canary(1));
    told["attachments"] = json!([{"name": format!("{}.pdf", canary(2)), "content_type": "application/pdf", "size": 3}]);
    told["reactions"] = json!([canary(3)]);
    let mut edited = told.clone();
    edited["version"] = json!(1);
    edited["version_kind"] = json!("edit");
    edited["text"] = json!(format!("text me on my cell {}", canary(4)));
    firm.messages("in.ndjson", &[told, edited, old(20, sent)]);
    firm.run(&["in.ndjson", "--out", "reports"]).ended(0);
    let call = |words: &[&str]| firm.call(words).ended(0);
    call(&["explain", "--message", "slack/c0/m0", "--show-content", "full"]);
    call(&[
        "case",
        "open",
        "orion",
        "--matter",
        "M",
        "--reason",
        "asked",
        "--message",
        "slack/c0/m0",
    ]);
    call(&[
        "hold", "place", "--name", "h", "--matter", "M", "--zone", "UTC", "--id", "m20",
    ]);
    for alert in call(&["report", "alerts", "--format", "ndjson", "--show-content", "match"]).rows() {
        let id = alert["alert_id"].as_str().unwrap();
        call(&["alerts", "close", id, "--decision", "no-issue", "--reason", "a shop"]);
    }
    call(&["case", "close", "orion", "--reason", "over"]);
    assert!(remembered(&firm, canary).starts_with(&[0, 1, 2]));
    let done = execute(&firm, &approved(&firm)).ended(0).json();
    assert_eq!(done["destroyed"], 2);
    assert_eq!(remembered(&firm, canary), [20]);
    assert_eq!(remembered(&firm, |at| format!("friend{at}\"")), [20]);
    assert_sound(&firm);
}

#[test]
fn what_accepted_events_free_waits_for_thirty_days() {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "blast_radius: { messages: 1, percent: 50 }\n");
    firm.write(
        "policies/retention/desk.yaml",
        "lexhold: 1\nretention: desk\nversion: 1.0.0\ntitle: The desk\nowner: x@firm.example\nzone: UTC\nschedules:\n  - id: closed\n    \
         title: Closed\n    retain: { for: P1Y, from: { event: account_closed, key: accounts } }\n    \
         dispose: { after: retain, action: review }\n",
    );
    let message = |at: usize, account: &str| {
        let mut message = old(at, "2019-06-01T12:00:00Z");
        message["accounts"] = json!([account]);
        message
    };
    firm.messages(
        "in.ndjson",
        &[message(0, "ACC-1"), message(1, "ACC-2"), message(2, "ACC-2")],
    );
    firm.run(&["in.ndjson"]).ended(0);
    let close = |key: &str, more: &[&str]| {
        let event = [
            "event",
            "record",
            "--type",
            "account_closed",
            "--date",
            "2020-01-01",
            "--key",
            key,
        ];
        firm.call(&[&event, more].concat())
    };
    close("ACC-1", &[]).ended(0);
    assert_eq!(propose(&firm)["items"], 1, "so few need nobody's acceptance");
    let refused = close("ACC-2", &[]).ended(5);
    let digest = refused
        .stderr
        .lines()
        .find_map(|line| line.trim().strip_prefix("digest "))
        .unwrap();
    close("ACC-2", &["--accept-digest", digest]).ended(0);
    let proposed = propose(&firm);
    assert_eq!(proposed["items"], 1, "what was due before does not wait: {proposed}");
    assert_eq!(proposed["held_back"], json!([{"reason": "newly_eligible", "count": 2}]));
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 31)).to_string();
    let later = firm.call(&["dispose", "propose", "--format", "json", "--as-of", &later]);
    assert_eq!(later.ended(0).json()["items"], 3);
}

#[test]
fn what_an_activation_frees_waits_for_thirty_days() {
    let firm = Firm::new();
    let policy = |version: &str, dispose: &str| {
        let text = format!(
            "lexhold: 1\nretention: desk\nversion: {version}\ntitle: The desk\nowner: x@firm.example\nzone: UTC\nschedules:\n  \
             - id: old\n    title: Old\n    when: resource.labels.contains(\"old\")\n    retain: {{ for: P1Y, from: sent }}\n    \
             dispose: {{ after: retain, action: review }}\n  - id: all\n    title: All\n    retain: {{ for: P3Y, from: sent }}\n{dispose}"
        );
        firm.write("policies/retention/desk.yaml", text);
    };
    firm.write("lexhold.yaml", "blast_radius: { messages: 1000000, percent: 100 }\n");
    policy("1.0.0", "");
    let mut due = old(0, "2019-06-01T12:00:00Z");
    due["labels"] = json!(["old"]);
    firm.messages("in.ndjson", &[due, old(1, "2019-06-01T12:00:00Z")]);
    firm.run(&["in.ndjson"]).ended(0);
    assert_eq!(propose(&firm)["items"], 1);
    policy("2.0.0", "    dispose: { after: retain, action: review }\n");
    firm.call(&["activate"]).ended(0);
    let proposed = propose(&firm);
    assert_eq!(proposed["items"], 1, "what was due before does not wait: {proposed}");
    assert_eq!(proposed["held_back"], json!([{"reason": "newly_eligible", "count": 1}]));
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 31)).to_string();
    let later = firm
        .call(&["dispose", "propose", "--format", "json", "--as-of", &later])
        .ended(0)
        .json();
    assert_eq!(later["items"], 2);
    let plan = later["plan"].as_str().unwrap();
    firm.call(&["dispose", "approve", plan]).ended(0);
    let done = execute(&firm, plan).ended(1).json();
    assert_eq!(
        (&done["destroyed"], &done["sent_back"][0]["reason"]),
        (&json!(1), &json!("newly_eligible"))
    );
}

#[test]
fn a_clock_that_was_set_back_shortens_no_wait() {
    let firm = Firm::new();
    let days = |days: i64| jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    firm.write("lexhold.yaml", "blast_radius: { messages: 1000000, percent: 100 }\n");
    let policy = |version: &str, dispose: &str| {
        let text = format!(
            "lexhold: 1\nretention: desk\nversion: {version}\ntitle: The desk\nowner: x@firm.example\nzone: UTC\nschedules:\n  \
             - id: all\n    title: All\n    retain: {{ for: P3Y, from: sent }}\n{dispose}"
        );
        firm.write("policies/retention/desk.yaml", text);
    };
    policy("1.0.0", "");
    firm.messages("in.ndjson", &[old(0, "2019-06-01T12:00:00Z")]);
    firm.run(&["in.ndjson"]).ended(0);
    // What the clock said before it went back to now.
    let dice = |bytes: &mut [u8]| {
        bytes.fill(1);
        Ok(())
    };
    let stamp = lexhold_store::Stamp {
        at: days(31),
        actor: "test",
        entropy: &dice,
    };
    let home = lexhold_store::Home::open(&firm.path(".lexhold")).unwrap();
    let payload = json!({"checkpoint": ""});
    home.journal()
        .append(
            lexhold_store::EntryKind::CheckpointExported,
            Some(lexhold_store::Payload::Json(&payload)),
            stamp,
        )
        .unwrap();
    policy("2.0.0", "    dispose: { after: retain, action: review }\n");
    firm.call(&["activate"]).ended(0);
    let proposed = |at: i64| {
        let at = days(at).to_string();
        firm.call(&["dispose", "propose", "--format", "json", "--as-of", &at])
            .ended(0)
            .json()
    };
    let early = proposed(32);
    assert_eq!(
        early["held_back"],
        json!([{"reason": "newly_eligible", "count": 1}]),
        "{early}"
    );
    assert_eq!(proposed(62)["items"], 1);
}

#[test]
fn a_plan_is_not_frozen_where_its_list_cannot_be_written() {
    let firm = firm();
    let journal = || firm.read(".lexhold/journal/log.ndjson").matches("disposal_").count();
    firm.write("folder/file", "");
    for (out, why) in [("nowhere/plan.json", "not found"), ("folder", "it is a folder")] {
        let ran = firm.call(&["dispose", "propose", "--out", out]).ended(4).said(why);
        assert!(!ran.stderr.contains("os error"), "{}", ran.stderr);
        assert_eq!(journal(), 0, "{out}");
    }
}

#[test]
fn plans_that_share_messages_say_so() {
    let firm = firm();
    let first = firm.call(&["dispose", "propose"]).ended(0);
    assert!(
        !first.stderr.contains("somebody else"),
        "one person governs alone: {}",
        first.stderr
    );
    firm.messages("more.ndjson", &[old(30, "2019-06-01T12:00:00Z")]);
    firm.run(&["more.ndjson"]).ended(0);
    let second = firm.call(&["dispose", "propose"]).ended(0);
    assert!(
        second.stderr.contains("has 20 of these messages too"),
        "{}",
        second.stderr
    );
    // The same plan again is no other.
    let again = propose(&firm);
    assert_eq!(again["also_in"], json!([]));
}
