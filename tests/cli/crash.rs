//! Killed at any moment, the next run ends equal to an undisturbed one.

use std::time::Duration;

use lexhold_catalog::Fingerprint;
use lexhold_store::Step;

use crate::support::{Firm, many};

/// Everything that a report says, apart from runs and times.
fn outcome(firm: &Firm) -> (Vec<lexhold_catalog::TableFingerprint>, Vec<String>) {
    let report = |name: &str| {
        firm.call(&["report", name, "--format", "ndjson", "--as-of", "2026-01-01"])
            .ended(0)
            .stdout
    };
    (
        firm.fingerprint(Fingerprint::Decisions),
        ["alerts", "retention", "coverage"].map(report).into(),
    )
}

/// Two files, so that a batch boundary lies between them. Ids of messages without one, content hashes and alert ids are
/// keyed by the home, so both homes start from one and the same empty home.
fn firm_with_home(template: Option<&Firm>) -> Firm {
    let firm = Firm::new();
    firm.messages("one.ndjson", &many(150));
    firm.messages("two.ndjson", &many(260)[100..]);
    firm.messages("none.ndjson", &[]);
    match template {
        None => drop(firm.run(&["none.ndjson"]).ended(0)),
        Some(template) => copy(&template.path(".lexhold"), &firm.path(".lexhold")),
    }
    firm
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn killed_after_any_step_of_any_batch() {
    let template = firm_with_home(None);
    let undisturbed = firm_with_home(Some(&template));
    undisturbed.run(&["one.ndjson", "two.ndjson"]).ended(0);
    let want = outcome(&undisturbed);
    for step in Step::ALL {
        for time in [1, 2] {
            let firm = firm_with_home(Some(&template));
            let place = format!("{}:{time}", step.as_str());
            let arguments = ["run", "one.ndjson", "two.ndjson", "--as-of", "2026-01-01", "--backfill"];
            let killed = firm
                .command(&arguments)
                .env("LEXHOLD_TEST_STOP_AT", &place)
                .output()
                .unwrap();
            assert_eq!(killed.status.code(), None, "not killed at {place}");
            firm.run(&["one.ndjson", "two.ndjson"]).ended(0);
            assert_eq!(outcome(&firm), want, "killed at {place}");
            firm.call(&["verify"]).ended(0);
        }
    }
}

#[test]
fn killed_from_outside_at_odd_times() {
    let template = firm_with_home(None);
    let undisturbed = firm_with_home(Some(&template));
    undisturbed.run(&["one.ndjson", "two.ndjson"]).ended(0);
    let want = outcome(&undisturbed);
    let firm = firm_with_home(Some(&template));
    for wait in [5, 40, 90, 160, 250, 400] {
        let mut child = firm
            .command(&["run", "one.ndjson", "two.ndjson", "--as-of", "2026-01-01", "--backfill"])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
    }
    firm.run(&["one.ndjson", "two.ndjson"]).ended(0);
    assert_eq!(outcome(&firm), want);
    firm.call(&["verify"]).ended(0);
}
