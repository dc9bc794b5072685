//! A clock that was wrong for a while: nothing goes meanwhile, and nothing that was written then frees anything later.

use std::sync::atomic::{AtomicU8, Ordering};

use jiff::{SignedDuration, Timestamp};
use lexhold_store::{Entry, EntryKind, Home, Payload, Stamp};
use serde_json::{Value, json};

use crate::dispose::{approved, assert_sound, execute, firm, left, propose};
use crate::support::Firm;

const TEN_YEARS: i64 = 3653;

/// Bytes that no other payload of this process has.
fn dice(bytes: &mut [u8]) -> std::io::Result<()> {
    static THROWS: AtomicU8 = AtomicU8::new(1);
    bytes.fill(THROWS.fetch_add(1, Ordering::Relaxed));
    Ok(())
}

/// An entry as a clock writes it that is so many days ahead.
pub fn written(firm: &Firm, days: i64, kind: EntryKind, payload: &Value) -> Entry {
    let stamp = Stamp {
        at: Timestamp::now() + SignedDuration::from_hours(24 * days),
        actor: "solo",
        entropy: &dice,
    };
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    home.journal()
        .append(kind, Some(Payload::Json(payload)), stamp)
        .unwrap()
}

fn attest(firm: &Firm, wrong: &[u64]) {
    let wrong: Vec<String> = wrong.iter().map(u64::to_string).collect();
    let mut call = vec!["clock", "attest", "--reason", "the host's clock was wrong"];
    let list = wrong.join(",");
    if !wrong.is_empty() {
        call.extend(["--wrong", &list]);
    }
    firm.call(&call).ended(0);
}

#[test]
fn ten_years_ahead_is_refused_and_set_back_nothing_is_freed_by_the_episode() {
    let firm = firm();
    let proposed = firm
        .call(&["dispose", "propose", "--as-of", "2036-11-22", "--format", "json"])
        .ended(0)
        .json();
    assert_eq!(proposed["items"], 25, "in ten years all of it is due");
    let plan = proposed["plan"].as_str().unwrap();
    let (digest, approval) = (&proposed["digest"], EntryKind::DisposalApproved);
    let approved = json!({"plan": plan, "digest": digest, "approvals": [], "solo": true});
    let approval = written(&firm, TEN_YEARS, approval, &approved);
    execute(&firm, plan).ended(5).said("the clock");
    attest(&firm, &[approval.seq]);
    firm.call(&["clock", "check"]).ended(0);
    // The clock is believed again, and the approval that was written ahead of time is none.
    execute(&firm, plan).ended(5).said("no approval that counts");
    assert_eq!(left(&firm).len(), 25);
    firm.call(&["dispose", "approve", plan]).ended(0);
    // Approved anew it is judged by the clock of today.
    let done = execute(&firm, plan).ended(1).json();
    assert_eq!(
        (&done["destroyed"], done["sent_back"].as_array().unwrap().len()),
        (&json!(20), 5)
    );
    assert_eq!(left(&firm).len(), 5);
    assert_sound(&firm);
}

#[test]
fn a_clock_that_was_set_back_is_refused_and_shortens_no_grace() {
    let firm = firm();
    let plan = approved(&firm);
    let wrong = written(&firm, -TEN_YEARS, EntryKind::Governance, &json!({}));
    execute(&firm, &plan).ended(5).said("in front of it");
    attest(&firm, &[wrong.seq]);
    execute(&firm, &plan).ended(0);
    assert_eq!(left(&firm).len(), 5);

    // A journal that is ahead of the clock: the grace counts from the later of the two.
    let firm = crate::dispose::firm();
    crate::hold::place(&firm, &["--name", "h", "--custodian", "ann"]).ended(0);
    let ahead = written(&firm, 20, EntryKind::Governance, &json!({}));
    let released = firm
        .call(&["hold", "release", "h", "--reason", "over", "--format", "json"])
        .ended(0)
        .json();
    let grace: Timestamp = released["grace_until"].as_str().unwrap().parse().unwrap();
    assert!(
        grace.duration_since(ahead.at) >= SignedDuration::from_hours(24 * 30),
        "{grace}"
    );
    assert_eq!(propose(&firm)["items"], 10);
}
