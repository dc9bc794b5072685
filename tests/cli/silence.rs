//! A silent hold beside an open case over the same messages, of which the same people may not know either: every verb tells
//! these people the same, byte for byte, so that nothing that anybody reads proves a silent hold.

use jiff::{SignedDuration, Timestamp};
use lexhold_store::{EntryKind, Home, Stamp};
use serde_json::Value;

use crate::dispose::{copy_of, firm};
use crate::support::{Firm, Ran};

/// What keeps ann's messages in one of two homes that are alike otherwise.
#[derive(Clone, Copy, PartialEq)]
pub enum Keeps {
    SilentHold,
    Case,
}

const QUIET: &str = "lexhold: 1\nhold: quiet\nmatter: Hush\nzone: UTC\ncustodians: [ann]\nsilent: true\n";

pub const BOTH: [Keeps; 2] = [Keeps::SilentHold, Keeps::Case];

pub fn template() -> Firm {
    let firm = firm();
    let key = firm.call(&["keys", "new", "--operator", "amy"]).ended(0).stdout;
    let amy = key.replace("roles: []", "roles: [approver]");
    firm.write(
        "operators.yaml",
        format!(
            "lexhold: 1\noperators: firm\npeople:\n{amy}  - {{ id: rex, roles: [records] }}\n  - {{ id: rita, roles: [records] }}\n  \
             - {{ id: ria, roles: [reviewer, legal, auditor] }}\n  - {{ id: lou, roles: [legal, silent] }}\n  \
             - {{ id: lea, roles: [legal, silent] }}\n  - {{ id: pia, roles: [privacy] }}\n  - {{ id: pat, roles: [privacy] }}\n"
        ),
    );
    firm
}

/// Two homes from one.
pub fn twins(template: &Firm) -> [Firm; 2] {
    BOTH.map(|_| {
        let firm = copy_of(template);
        for file in ["operators.yaml", "quiet.yaml"] {
            if template.path(file).exists() {
                firm.write(file, template.read(file));
            }
        }
        for key in std::fs::read_dir(template.path(""))
            .unwrap()
            .map(|file| file.unwrap().path())
        {
            if key.extension().is_some_and(|ending| ending == "key") {
                std::fs::copy(&key, firm.path(key.file_name().unwrap().to_str().unwrap())).unwrap();
            }
        }
        firm.write("quiet.yaml", QUIET);
        firm
    })
}

pub fn by(firm: &Firm, who: &str, arguments: &[&str]) -> Ran {
    firm.call(&[arguments, &["--as", who]].concat())
}

pub fn keep(firm: &Firm, keeps: Keeps) {
    let ids: Vec<String> = (0..25)
        .step_by(2)
        .map(|at| format!("slack/c{}/m{at}", at % 5))
        .collect();
    let mut case = vec![
        "case",
        "open",
        "orion",
        "--matter",
        "M",
        "--reason",
        "the regulator asks",
    ];
    case.extend(ids.iter().flat_map(|id| ["--message", id]));
    match keeps {
        Keeps::SilentHold => by(firm, "lea", &["hold", "place", "quiet.yaml"]).ended(0),
        Keeps::Case => by(firm, "lea", &case).ended(0),
    };
}

fn let_go(firm: &Firm, keeps: Keeps) {
    let [what, how] = match keeps {
        Keeps::SilentHold => ["hold", "release"],
        Keeps::Case => ["case", "close"],
    };
    let name = if keeps == Keeps::Case { "orion" } else { "quiet" };
    by(
        firm,
        "lea",
        &[what, how, name, "--reason", "over", "--confirmed-by", "lou"],
    )
    .ended(0);
}

/// Brings both journals to the same length: numbers of entries are names of plans.
pub fn align(twins: &[Firm; 2]) {
    let homes = [0, 1].map(|at| Home::open(&twins[at].path(".lexhold")).unwrap());
    let longest = homes
        .iter()
        .map(|home| home.journal().last_seq().unwrap())
        .max()
        .unwrap();
    let dice = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    };
    for home in &homes {
        while home.journal().last_seq().unwrap() < longest {
            let stamp = Stamp {
                at: Timestamp::now(),
                actor: "lea",
                entropy: &dice,
            };
            home.journal().append(EntryKind::Governance, None, stamp).unwrap();
        }
    }
}

/// A text without the instants of today, of thirty days on, when approvals lapse, and of ninety, when custodians are reminded, and
/// without hashes over what has them.
fn timeless(text: &str) -> String {
    let now = Timestamp::now();
    let marked = [0, 30, 90].map(|days| now + SignedDuration::from_hours(days * 24));
    let is_now = |word: &str| {
        let near = |at: Timestamp, of: Timestamp| of.duration_since(at).abs() < SignedDuration::from_hours(48);
        let at = word.parse::<Timestamp>().ok();
        // Pages part the day from the time.
        let is_time = word.len() == 8 && word.split(':').filter(|part| part.parse::<u8>().is_ok()).count() == 3;
        is_time || at.is_some_and(|at| marked.into_iter().any(|of| near(at, of)))
    };
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-:.+".contains(c)));
    let words = parts.map(|part| {
        let word = part.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || "-:.+".contains(c)));
        match () {
            () if is_now(word) => part.replacen(word, "@", 1),
            () if is_hash(word) => part.replacen(word, "#", 1),
            () => part.to_owned(),
        }
    });
    let text: String = words.collect();
    // Columns are as wide as the fractions of seconds in them.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("time "))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The same call in both: what it answers must be the same. The first answer.
pub fn same(twins: &[Firm; 2], who: &str, arguments: &[&str]) -> Ran {
    let [one, other] = std::thread::scope(|scope| {
        let calls = twins.each_ref().map(|firm| scope.spawn(|| by(firm, who, arguments)));
        calls.map(|call| call.join().unwrap())
    });
    let told = |at: usize, ran: &Ran| {
        let text = format!("ended with {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
        timeless(&text.replace(twins[at].path("").to_str().unwrap(), ""))
    };
    let (first, second) = (told(0, &one), told(1, &other));
    let differing = first
        .lines()
        .zip(second.lines())
        .find(|(first, second)| first != second);
    assert!(first == second, "{who}: {}: {differing:#?}", arguments.join(" "));
    one
}

/// What the files that a call writes have in them is the same too.
pub fn same_file(twins: &[Firm; 2], name: &str) {
    let [one, other] = [0, 1].map(|at| {
        let bytes = std::fs::read(twins[at].path(name)).unwrap();
        timeless(&String::from_utf8_lossy(&bytes).replace(twins[at].path("").to_str().unwrap(), ""))
    });
    assert!(
        one == other,
        "{name}: {:#?}",
        one.lines().zip(other.lines()).find(|(one, other)| one != other)
    );
}

/// Proposes in both, and approves with a signature.
pub fn plan(twins: &[Firm; 2]) -> String {
    let propose = ["dispose", "propose", "--format", "json", "--out", "plan.json"];
    let proposed = same(twins, "rex", &propose).ended(0).json();
    same_file(twins, "plan.json");
    let (plan, digest) = (
        proposed["plan"].as_str().unwrap().to_owned(),
        proposed["digest"].as_str().unwrap(),
    );
    let sign = ["sign", digest, "--action", "approve_disposal", "--out", "amy.approval"];
    same(twins, "amy", &sign).ended(0);
    same(
        twins,
        "amy",
        &["dispose", "approve", &plan, "--approval", "amy.approval"],
    )
    .ended(0);
    plan
}

fn read_all(twins: &[Firm; 2], as_of: &[&str]) {
    for report in ["retention", "forecast", "coverage", "holds", "disposal"] {
        let call = ["report", report, "--format", "ndjson"];
        same(twins, "ria", &[&call[..], as_of].concat());
    }
    for call in [
        &["dispose", "status", "--format", "ndjson"][..],
        &["status"],
        &["hold", "show", "quiet"],
        &["explain", "--message", "slack/c0/m20"],
    ] {
        same(twins, "ria", &[call, as_of].concat());
    }
}

#[test]
fn nothing_that_is_proposed_destroyed_or_certified_tells_of_it() {
    let template = template();
    let twins = twins(&template);
    for (firm, keeps) in twins.iter().zip(BOTH) {
        keep(firm, keeps);
    }
    align(&twins);
    same(&twins, "ria", &["explain", "--message", "slack/c2/m2"]);
    let name = plan(&twins);
    let done = same(&twins, "rita", &["dispose", "execute", &name, "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(
        (&done["destroyed"], done["sent_back"].as_array().unwrap().len()),
        (&Value::from(10), 0)
    );
    let body = |firm: &Firm| {
        let certificate = by(firm, "ria", &["dispose", "certificate", &name]).ended(0).json();
        timeless(&certificate["body"].to_string())
    };
    assert_eq!(body(&twins[0]), body(&twins[1]));
    same(&twins, "ria", &["dispose", "certificate", &name, "--html", "page.html"]).ended(0);
    same_file(&twins, "page.html");
    read_all(&twins, &[]);
    assert_eq!(
        same(&twins, "rex", &["dispose", "propose", "--format", "json"]).json()["items"],
        0
    );

    // A hold that ria may know of, and its release, count what lies below another as if nothing else kept it.
    let flags = [
        "--name",
        "open",
        "--matter",
        "O",
        "--zone",
        "UTC",
        "--custodian",
        "ann",
        "--format",
        "json",
    ];
    same(&twins, "ria", &[&["hold", "place"][..], &flags].concat()).ended(0);
    let release = [
        "hold",
        "release",
        "open",
        "--reason",
        "over",
        "--confirmed-by",
        "lou",
        "--format",
        "json",
    ];
    assert_eq!(same(&twins, "ria", &release).ended(0).json()["still_held"], 0);
}

#[test]
fn what_is_sent_back_for_it_is_not_eligible_like_anything_else() {
    let template = template();
    let twins = twins(&template);
    let name = plan(&twins);
    for (firm, keeps) in twins.iter().zip(BOTH) {
        keep(firm, keeps);
    }
    align(&twins);
    let done = same(&twins, "rita", &["dispose", "execute", &name, "--format", "json"])
        .ended(1)
        .json();
    let back = done["sent_back"].as_array().unwrap();
    assert!(
        back.len() == 10 && back.iter().all(|one| one["reason"] == "not_eligible"),
        "{done}"
    );
    read_all(&twins, &[]);
}

#[test]
fn after_its_release_approvals_stand_and_after_its_grace_nothing_is_left_of_it() {
    let template = template();
    let twins = twins(&template);
    let name = plan(&twins);
    for (firm, keeps) in twins.iter().zip(BOTH) {
        keep(firm, keeps);
        let_go(firm, keeps);
    }
    align(&twins);
    let status = same(&twins, "ria", &["dispose", "status", "--format", "ndjson"]).rows();
    assert_eq!(status[0]["state"], "approved");
    let later = ["--as-of", "2126-01-01"];
    read_all(&twins, &later);
    let propose = ["dispose", "propose", "--format", "json", "--out", "later.json"];
    same(&twins, "rex", &[&propose[..], &later].concat()).ended(0);
    same_file(&twins, "later.json");
    // What it covered stays for the grace nonetheless, whatever was approved.
    let done = by(&twins[0], "rita", &["dispose", "execute", &name, "--format", "json"])
        .ended(1)
        .json();
    let back = done["sent_back"].as_array().unwrap();
    assert!(
        back.len() == 10 && back.iter().all(|one| one["reason"] == "not_eligible"),
        "{done}"
    );
}

/// What comes in again under a silent hold, or comes in again once more, is destroyed to everybody who may not know why.
#[test]
fn what_it_brings_back_stays_destroyed() {
    let template = template();
    let twins = twins(&template);
    let name = plan(&twins);
    same(&twins, "rita", &["dispose", "execute", &name, "--format", "json"]).ended(0);
    by(&twins[0], "lea", &["hold", "place", "quiet.yaml"]);
    let all: Vec<Value> = (0..20)
        .map(|at| crate::dispose::old(at, "2019-06-01T12:00:00Z"))
        .collect();
    let counts = |firm: &Firm, who: &str| {
        let call = [
            "run",
            "again.ndjson",
            "--format",
            "json",
            "--as-of",
            "2026-01-01",
            "--backfill",
        ];
        let call = [&call[..], &["--confirmed-by", "rita"]].concat();
        let summary = by(firm, who, &call).ended(0).json();
        ["messages", "previously_destroyed", "new", "duplicate", "states"].map(|key| summary[key].clone())
    };
    for firm in &twins {
        firm.messages("again.ndjson", &all);
    }
    for _ in 0..2 {
        assert_eq!(counts(&twins[0], "rex"), counts(&twins[1], "rex"));
    }
    let figures = |firm: &Firm, who: &str| {
        let status = by(firm, who, &["status", "--json"]).ended(0).json();
        let of_runs = status["runs"].as_array().unwrap().iter();
        let of_runs: Vec<Value> = of_runs.map(|run| run["messages"].clone()).collect();
        (status["messages"].clone(), status["states"].clone(), of_runs)
    };
    assert_eq!(figures(&twins[0], "ria"), figures(&twins[1], "ria"));
    assert_ne!(figures(&twins[0], "lea").0, figures(&twins[1], "lea").0);
    let ids = |at: usize| -> Vec<Value> {
        let rows = by(&twins[at], "ria", &["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows();
        rows.iter().map(|row| row["message_id"].clone()).collect()
    };
    assert_eq!(ids(0), ids(1));
    same(&twins, "ria", &["report", "coverage", "--format", "ndjson"]).ended(0);
    // What it brought back is counted by no hold of others either.
    let open = [
        "hold place --name open --matter O --zone UTC --custodian ann --format json",
        "hold place --name named --matter O --zone UTC --conversation c0 --format json",
        "hold list --format ndjson",
        "hold show open",
        "report holds --format csv",
        "hold release open --reason over --confirmed-by lou --format json",
        "hold list --all",
    ];
    for call in open {
        align(&twins);
        let ran = same(&twins, "ria", &call.split(' ').collect::<Vec<_>>());
        assert!([0, 1].contains(&ran.code), "{call}: {}", ran.stderr);
    }
    let explain = ["explain", "--message", "slack/c0/m0"];
    same(&twins, "ria", &explain).ended(0);
    assert!(by(&twins[0], "ria", &explain).stdout.contains("destroyed"));
    assert!(by(&twins[0], "lea", &explain).stdout.contains("held"));
}

/// A note that the journal's next entry is a release, while nobody projects it.
fn released_meanwhile(firm: &Firm, hold: &str) -> lexhold_store::RunLock {
    let dice = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    };
    let stamp = Stamp {
        at: Timestamp::now(),
        actor: "lea",
        entropy: &dice,
    };
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let lock = home.lock_run("test", std::time::Duration::ZERO, stamp).unwrap();
    let payload = serde_json::json!({
        "hold": hold, "reason": "over", "confirmed_by": [], "solo": false, "grace_until": "2030-01-01T00:00:00Z",
    });
    let payload = Some(lexhold_store::Payload::Json(&payload));
    home.journal().append(EntryKind::HoldReleased, payload, stamp).unwrap();
    lock
}

#[test]
fn neither_its_release_nor_its_placing_is_told_by_locks_and_busy_answers() {
    let template = template();
    let proposed = by(&template, "rex", &["dispose", "propose", "--format", "json"])
        .ended(0)
        .json();
    let (plan, digest) = (proposed["plan"].as_str().unwrap(), proposed["digest"].as_str().unwrap());
    let sign = ["sign", digest, "--action", "approve_disposal", "--out", "amy.approval"];
    by(&template, "amy", &sign).ended(0);
    template.write("quiet.yaml", QUIET);
    by(&template, "lea", &["hold", "place", "quiet.yaml"]).ended(0);
    let held = template.read(".lexhold/locks/run.lock");
    assert!(!held.contains("lea") && !held.contains("hold"), "{held}");
    let open = [
        "hold",
        "place",
        "--name",
        "open",
        "--matter",
        "O",
        "--zone",
        "UTC",
        "--custodian",
        "bob",
    ];
    by(&template, "lea", &open).ended(0);
    let approve = ["dispose", "approve", plan, "--approval", "amy.approval"];
    let lock = released_meanwhile(&template, "open");
    by(&template, "amy", &approve).ended(75).said("a hold was released");
    drop(lock);
    // The catalog catches up, and the plan is looked at again.
    by(&template, "ria", &["dispose", "status"]).ended(0);
    let lock = released_meanwhile(&template, "quiet");
    by(&template, "amy", &approve).ended(5).said("amy");
    drop(lock);
}
