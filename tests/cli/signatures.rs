//! Signed approvals: who has a key stands by nothing unsigned.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Firm, many};

/// A firm where rex, who stands by things, has a key; its home is there already.
fn firm() -> Firm {
    let firm = Firm::new();
    let line = firm.call(&["keys", "new", "--operator", "rex"]).ended(0).stdout;
    let rex = line.replace("roles: []", "roles: [records]");
    firm.write(
        "operators.yaml",
        format!("lexhold: 1\noperators: firm\npeople:\n{rex}  - {{ id: eve, roles: [engineer] }}\n  - {{ id: rita, roles: [records] }}\n"),
    );
    firm.messages("first.ndjson", &many(1));
    firm.call(&["run", "first.ndjson", "--as", "eve", "--quiet"]).ended(0);
    firm.messages("in.ndjson", &many(3));
    firm
}

fn sign(firm: &Firm, out: &str) {
    let sign = [
        "sign",
        "home",
        "--action",
        "declare_backfill",
        "--as",
        "rex",
        "--out",
        out,
    ];
    firm.call(&sign).ended(0);
}

const BACKFILL: [&str; 9] = [
    "run",
    "in.ndjson",
    "--backfill",
    "--as-of",
    "2026-01-01",
    "--as",
    "eve",
    "--confirmed-by",
    "rex",
];

#[test]
fn a_key_is_its_owners_and_is_never_overwritten() {
    let firm = firm();
    let mode = std::fs::metadata(firm.path("rex.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    firm.call(&["keys", "new", "--operator", "rex"])
        .ended(5)
        .said("never overwritten");
    firm.call(&["sign", "home", "--action", "restor", "--as", "rex"])
        .ended(2)
        .said("did you mean `restore`?");
    firm.call(&["sign", "home", "--action", "restore"])
        .ended(2)
        .said("--as OPERATOR");
    firm.call(&[
        "sign", "home", "--action", "restore", "--as", "rita", "--key", "rex.key",
    ])
    .ended(5)
    .said("the key is that of `rex`");
    std::fs::set_permissions(firm.path("rex.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    firm.call(&["sign", "home", "--action", "restore", "--as", "rex"])
        .ended(5)
        .said("can be read by others");
}

#[test]
fn who_has_a_key_confirms_by_signature_and_it_is_put_on_record() {
    let firm = firm();
    firm.call(&BACKFILL)
        .ended(5)
        .said("`rex` has not signed `declare_backfill` of home")
        .said("lexhold sign home --action declare_backfill --as rex");
    sign(&firm, "rex.approval");
    let signed = [&BACKFILL[..], &["--approval", "rex.approval", "--quiet"]].concat();
    firm.call(&signed).ended(0);
    let payload = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let digest = entry["payload"].as_str().unwrap().to_owned();
        let payload = std::fs::read(firm.path(&format!(".lexhold/journal/payload/{digest}"))).unwrap();
        serde_json::from_slice::<Value>(&payload[16..]).unwrap()
    };
    let journal = firm.read(".lexhold/journal/log.ndjson");
    let governance = journal.lines().filter(|line| line.contains(r#""kind":"governance""#));
    let asked: Vec<Value> = governance
        .map(payload)
        .filter(|one| one["verb"] == "declare_backfill")
        .collect();
    assert_eq!(asked.len(), 2, "the refusal and the use are on record");
    assert_eq!(asked[0]["allowed"], false);
    assert!(asked[0]["policies"][0].as_str().unwrap().contains("has not signed"));
    assert_eq!(asked[1]["allowed"], true);
    assert_eq!(asked[1]["approvals"][0]["statement"]["operator"], "rex");
    firm.call(&["verify"]).ended(0);
    // Who has no key confirms by name, unless the firm wants signatures of everybody.
    firm.messages("in.ndjson", &many(5));
    let by_name = [&BACKFILL[..8], &["rita", "--quiet"]].concat();
    firm.call(&by_name).ended(0);
    firm.write("lexhold.yaml", "governance: signed\n");
    firm.call(&by_name).ended(5).said("`rita` has no public key");
}

#[test]
fn an_approval_is_of_one_home_one_act_and_one_hand() {
    let firm = firm();
    sign(&firm, "good");
    let good = firm.read("good");
    let refused = |text: &str, why: &str| {
        firm.write("bad", text);
        let call = [&BACKFILL[..], &["--approval", "bad"]].concat();
        firm.call(&call).ended(5).said(why);
    };
    refused(&good.replace("\"rex\"", "\"rita\""), "`rita` has no public key");
    refused(
        &good.replace("declare_backfill", "activate"),
        "is not signed with the key of `rex`",
    );
    refused(
        &good.replace("\"of\": \"home\"", "\"of\": \"house\""),
        "is not signed with the key of `rex`",
    );
    let call = [
        "sign",
        "elsewhere",
        "--action",
        "declare_backfill",
        "--as",
        "rex",
        "--out",
        "other",
    ];
    firm.call(&call).ended(0);
    refused(&firm.read("other"), "has not signed `declare_backfill` of home");
    let call = [&BACKFILL[..], &["--approval", "good", "--home", "another"]].concat();
    firm.call(&call).ended(5).said("another home");
    firm.write("bad", "{}");
    firm.call(&[&BACKFILL[..], &["--approval", "bad"]].concat())
        .ended(3)
        .said("bad is no approval");
}

#[test]
fn an_approval_of_one_day_is_none_of_another() {
    let firm = firm();
    let record = |date, approval: &[&str]| {
        let event = [
            "event",
            "record",
            "--type",
            "account_closed",
            "--key",
            "ACC-1",
            "--date",
            date,
        ];
        firm.call(&[&event[..], &["--as", "rita", "--confirmed-by", "rex"], approval].concat())
    };
    record("2024-05-10", &[])
        .ended(5)
        .said("lexhold sign account_closed/ACC-1@2024-05-10 --action record_event --as rex");
    let sign = [
        "sign",
        "account_closed/ACC-1@2024-05-10",
        "--action",
        "record_event",
        "--as",
        "rex",
        "--out",
        "day",
    ];
    firm.call(&sign).ended(0);
    record("2014-05-10", &["--approval", "day"])
        .ended(5)
        .said("`rex` has not signed `record_event` of account_closed/ACC-1@2014-05-10");
    record("2024-05-10", &["--approval", "day"]).ended(0);
}

/// Whoever signs for what is no plan, or for another one, hears it at once.
#[test]
fn an_approval_of_one_plan_is_none_of_another() {
    let firm = crate::dispose::firm();
    let line = firm.call(&["keys", "new", "--operator", "amy"]).ended(0).stdout;
    let amy = line.replace("roles: []", "roles: [approver]");
    firm.write(
        "operators.yaml",
        format!("lexhold: 1\noperators: firm\npeople:\n{amy}  - {{ id: rex, roles: [records] }}\n"),
    );
    let propose = ["dispose", "propose", "--format", "json", "--as", "rex"];
    let plan = |more: &[&str]| {
        let plan = firm.call(&[&propose[..], more].concat()).ended(0).json();
        ["plan", "digest"].map(|key| plan[key].as_str().unwrap().to_owned())
    };
    let [[first, digest], [second, other]] = [plan(&["--limit", "5"]), plan(&[])];
    let sign = |of: &str| {
        let call = [
            "sign",
            of,
            "--action",
            "approve_disposal",
            "--as",
            "amy",
            "--out",
            "amy.approval",
        ];
        firm.call(&call)
    };
    sign("feed").ended(2).said("no disposal plan has the digest `feed`");
    sign(&first).ended(2).said(&digest);
    sign(&digest).ended(0);
    let approve = |plan: &str| firm.call(&["dispose", "approve", plan, "--as", "amy", "--approval", "amy.approval"]);
    approve(&second)
        .ended(5)
        .said(&digest)
        .said(&format!("lexhold sign {other}"));
    approve(&first).ended(0);
}

#[test]
fn the_line_of_a_key_has_nothing_raw_in_it() {
    let firm = Firm::new();
    let ran = firm
        .call(&["keys", "new", "--operator", "a\nb\u{1b}[1m", "--out", "x\u{1b}y.key"])
        .ended(0);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(
        ran.stdout.starts_with("  - { id: \"a\\nb\\u001b[1m\", roles: []"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'));
    firm.call(&["sign", "home", "--action", "restore", "--as", "nobody"])
        .ended(3)
        .said("lexhold keys new makes one");
}
