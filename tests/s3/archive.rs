//! A home whose archive lies in a bucket: what versions, retention and legal holds of the bucket mean for disposal.

use std::collections::BTreeMap;

use lexhold_remote::{Remote, Version};
use serde_json::Value;

use crate::server::{Server, options};
use crate::support::{AS_OF, Firm, Ran, message};

const LOCKED: &[&str] = &["x-amz-bucket-object-lock-enabled: true"];

/// A firm with five messages in three segments of a bucket: those of 2019 with three that are due, of 2018 with one, of 2025 with
/// one that is not.
struct Bank {
    server: Server,
    firm: Firm,
}

impl Bank {
    fn open(headers: &[&str], lock: &str) -> Option<Self> {
        let server = Server::start()?;
        server.make_bucket("bank", headers);
        let firm = Firm::new();
        firm.write(
            "lexhold.yaml",
            format!("archive: {{ url: \"s3://bank/lexhold\"{lock} }}\n"),
        );
        let mut all: Vec<Value> = (1..=4)
            .map(|at| message(&format!("m{at}"), "2019-06-01T12:00:00Z", &format!("canary{at}zq")))
            .collect();
        all[3]["sent_at"] = "2018-06-01T12:00:00Z".into();
        all.push(message("m5", "2025-06-01T12:00:00Z", "canary5zq"));
        firm.messages("in.ndjson", &all);
        let bank = Self { server, firm };
        let run = format!("run in.ndjson --as-of {AS_OF} --backfill --quiet");
        bank.call(&run).ended(0);
        Some(bank)
    }

    fn call(&self, line: &str) -> Ran {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = self.firm.command(&words);
        command.envs(options(&self.server.address)).output().unwrap().into()
    }

    fn remote(&self) -> Remote {
        self.server.remote("s3://bank/lexhold")
    }

    /// The versions of segments that are there, by platform and year.
    fn segments(&self) -> BTreeMap<String, Vec<Version>> {
        let mut found: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for version in self.remote().versions("archive/").unwrap() {
            let part: Vec<&str> = version.key.split('/').collect();
            let name = format!("{} {}", part[1], part[2])
                .replace("platform=", "")
                .replace("year=", "");
            found.entry(name).or_default().push(version);
        }
        found
    }

    /// Those of them that are under a legal hold.
    fn held(&self) -> Vec<String> {
        let remote = self.remote();
        let is_held = |versions: &[Version]| versions.iter().any(|one| remote.lock_of(one).unwrap().legal_hold);
        let segments = self.segments().into_iter();
        segments
            .filter(|(_, versions)| is_held(versions))
            .map(|(name, _)| name)
            .collect()
    }

    fn approved(&self) -> String {
        let plan = self.call("dispose propose --format json").ended(0).json();
        let plan = plan["plan"].as_str().unwrap().to_owned();
        self.call(&format!("dispose approve {plan}")).ended(0);
        plan
    }

    /// How many were destroyed, and why how many were not.
    fn execute(&self, plan: &str, code: i32) -> (u64, BTreeMap<String, usize>) {
        let done = self
            .call(&format!("dispose execute {plan} --format json"))
            .ended(code)
            .json();
        let mut reasons = BTreeMap::new();
        for item in done["sent_back"].as_array().unwrap() {
            *reasons.entry(item["reason"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        (done["destroyed"].as_u64().unwrap(), reasons)
    }
}

fn reasons(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect()
}

#[test]
fn every_version_of_what_is_destroyed_is_gone() {
    for headers in [&[] as &[&str], LOCKED] {
        let Some(bank) = Bank::open(headers, "") else { return };
        assert_eq!(bank.segments().len(), 3);
        if !headers.is_empty() {
            // Somebody put the same again over one of them, and hid another behind a marker, which is taken off again.
            let key = &bank.segments()["slack 2019"][0].key;
            assert_eq!(
                bank.server
                    .ask(&format!("PUT /bank/lexhold/{key}"), &[], "other bytes")
                    .0,
                200
            );
            bank.call("verify").ended(4);
            let latest: Vec<Version> = bank.segments()["slack 2019"]
                .iter()
                .filter(|one| one.is_latest)
                .cloned()
                .collect();
            bank.remote().delete(&latest).unwrap();
        }
        bank.call("verify").ended(0);
        let plan = bank.approved();
        assert_eq!(bank.execute(&plan, 0), (4, reasons(&[])));
        assert_eq!(bank.segments().into_keys().collect::<Vec<_>>(), ["slack 2025"]);
        bank.call("verify").ended(0);
    }
}

#[test]
fn a_segment_is_locked_as_it_is_taken_in_and_nothing_of_it_goes_before_the_lock_ends() {
    let lock = ", lock: { mode: governance, days: 30 }";
    let Some(bank) = Bank::open(LOCKED, lock) else { return };
    for version in bank.segments().into_values().flatten() {
        assert!(
            bank.remote().lock_of(&version).unwrap().retained.is_some(),
            "{version:?}"
        );
    }
    let plan = bank.approved();
    assert_eq!(bank.execute(&plan, 1), (0, reasons(&[("blocked_storage_lock", 4)])));
    assert_eq!(bank.segments().len(), 3);
    bank.call("verify").ended(0);
    // It is not proposed again before.
    let again = bank.call("dispose propose --format json");
    assert!(
        again.stdout.is_empty() || again.json()["items"] == 0,
        "{}",
        again.stdout
    );
}

#[test]
fn a_bucket_that_cannot_lock_is_refused_where_a_lock_is_asked_for() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bank", &[]);
    let firm = Firm::new();
    firm.write(
        "lexhold.yaml",
        "archive: { url: \"s3://bank/x\", lock: { mode: compliance, days: 1 } }\n",
    );
    firm.messages("in.ndjson", &[message("m1", "2019-06-01T12:00:00Z", "canary1zq")]);
    let mut command = firm.command(&["run", "in.ndjson", "--backfill"]);
    let ran: Ran = command.envs(options(&server.address)).output().unwrap().into();
    ran.ended(5).said("Object Lock");
}

#[test]
fn holds_are_carried_over_to_the_bucket_and_move_with_what_they_hold() {
    let Some(bank) = Bank::open(LOCKED, "") else { return };
    bank.call("hold place --name open --matter M --zone UTC --id m1")
        .ended(0);
    assert_eq!(bank.held(), ["slack 2019"]);
    bank.call("hold place --name quiet --matter Q --zone UTC --id m5 --silent")
        .ended(0);
    assert_eq!(
        bank.held(),
        ["slack 2019"],
        "who sees the bucket sees nothing of a silent hold"
    );
    let before = bank.segments();
    let plan = bank.approved();
    assert_eq!(bank.execute(&plan, 0), (3, reasons(&[])));
    let after = bank.segments();
    assert_eq!(after.keys().collect::<Vec<_>>(), ["slack 2019", "slack 2025"]);
    assert_ne!(before["slack 2019"], after["slack 2019"], "it was written again");
    assert_eq!(bank.held(), ["slack 2019"]);
    bank.call("verify").ended(0);
    // Lexhold itself is refused by the bucket as long as the hold stands.
    bank.remote().delete(&after["slack 2019"]).unwrap_err();
    bank.call("hold release open --reason over").ended(0);
    assert_eq!(bank.held(), ["slack 2019"], "the grace after a release counts as held");
}

#[test]
fn a_legal_hold_that_somebody_else_put_stays_and_keeps() {
    let Some(bank) = Bank::open(LOCKED, "") else { return };
    let older = bank.segments()["slack 2018"][0].clone();
    bank.remote().set_legal_hold(&older, true).unwrap();
    let plan = bank.approved();
    assert_eq!(bank.execute(&plan, 1), (3, reasons(&[("blocked_storage_lock", 1)])));
    bank.call("hold apply").ended(0);
    assert_eq!(bank.held(), ["slack 2018"]);
    bank.remote().set_legal_hold(&older, false).unwrap();
    let plan = bank.approved();
    assert_eq!(bank.execute(&plan, 0), (1, reasons(&[])));
    assert_eq!(bank.segments().into_keys().collect::<Vec<_>>(), ["slack 2025"]);
}
