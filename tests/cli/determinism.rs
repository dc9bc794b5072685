//! Same input, same output: on any number of threads, in any order of documents, wherever the host thinks it is.

use crate::support::{Firm, many};

/// What a scan and the reports say, apart from times.
fn said(firm: &Firm, jobs: &str, zone: &str) -> String {
    let run = |arguments: &[&str]| {
        let output = firm
            .command(arguments)
            .env("TZ", zone)
            .env("LEXHOLD_JOBS", jobs)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["scan", "in.ndjson", "--format", "ndjson"])
}

#[test]
fn threads_and_host_zones_change_no_byte_of_a_scan() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(2_000));
    let want = said(&firm, "1", "UTC");
    assert!(want.lines().count() > 100);
    for (jobs, zone) in [("2", "Asia/Tokyo"), ("5", "America/Sao_Paulo"), ("1", "Asia/Tokyo")] {
        assert_eq!(said(&firm, jobs, zone), want, "{jobs} threads in {zone}");
    }
}

#[test]
fn threads_and_host_zones_change_no_byte_of_a_report() {
    let reports = |jobs: &str, zone: &str| {
        let firm = Firm::new();
        firm.messages("in.ndjson", &many(500));
        let run = ["run", "in.ndjson", "--as-of", "2026-01-01", "--backfill", "--quiet"];
        let status = firm
            .command(&run)
            .env("TZ", zone)
            .env("LEXHOLD_JOBS", jobs)
            .status()
            .unwrap();
        assert!(status.success());
        firm.call(&["report", "retention", "--format", "csv", "--as-of", "2026-01-01"])
            .ended(0)
            .stdout
    };
    assert_eq!(reports("1", "UTC"), reports("4", "Asia/Tokyo"));
}

#[test]
fn names_and_order_of_documents_change_nothing() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(200));
    let want = said(&firm, "2", "UTC");
    std::fs::rename(
        firm.path("rulesets/off-channel/ruleset.yaml"),
        firm.path("rulesets/zz.yaml"),
    )
    .unwrap();
    std::fs::rename(
        firm.path("policies/supervision/barriers.yaml"),
        firm.path("policies/aa.yaml"),
    )
    .unwrap();
    assert_eq!(said(&firm, "2", "UTC"), want);
}
