//! The main job on small input.

use serde_json::{Value, json};

use crate::support::{AS_OF, Firm, many, message};

fn sum(object: &Value) -> u64 {
    object.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

#[test]
fn a_run_accounts_for_every_message_and_again_adds_nothing() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(200));
    let first = firm.run(&["in.ndjson"]).ended(0).json();
    assert_eq!(
        (&first["messages"], &first["new"], &first["duplicate"]),
        (&json!(200), &json!(200), &json!(0))
    );
    assert_eq!(sum(&first["states"]), 200);
    assert_eq!(first["alerts_by_severity"]["high"], json!(20));
    assert_eq!(first["unknown_handles"], json!(1), "eve is nobody's handle");
    let again = firm.run(&["in.ndjson"]).ended(0).json();
    assert_eq!(
        (&again["messages"], &again["new"], &again["duplicate"]),
        (&json!(200), &json!(0), &json!(200))
    );
    firm.write("copy.ndjson", firm.read("in.ndjson") + "\n");
    let copy = firm.run(&["copy.ndjson"]).ended(0).json();
    assert_eq!(
        (&copy["new"], &copy["duplicate"]),
        (&json!(0), &json!(200)),
        "other bytes, same messages"
    );
    assert_eq!(
        firm.call(&["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows()
            .len(),
        200
    );
}

#[test]
fn dates_follow_zone_and_labels() {
    let firm = Firm::new();
    let in_new_york_it_was_december = "2019-01-01T04:30:00Z";
    firm.messages(
        "in.ndjson",
        &[
            message("m1", in_new_york_it_was_december, "px on the 10y"),
            message("m2", in_new_york_it_was_december, "move to signal"),
        ],
    );
    firm.run(&["in.ndjson"]).ended(0);
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson", "--as-of", "2026-01-01"])
        .ended(0)
        .rows();
    assert_eq!(rows[0]["retain_until"], "2021-12-31");
    assert_eq!(rows[0]["eligible_from"], "2022-01-01T05:00:00Z");
    assert_eq!(rows[0]["accessible_until"], "2020-12-31");
    assert_eq!(rows[0]["state"], "eligible");
    assert_eq!(rows[1]["retain_until"], "2024-12-31", "six years from the end of 2018");
    let one_second_before = firm
        .call(&[
            "report",
            "retention",
            "--format",
            "ndjson",
            "--as-of",
            "2022-01-01T04:59:59Z",
        ])
        .ended(0)
        .rows();
    assert_eq!(one_second_before[0]["state"], "retained");
    let explained = firm.call(&["explain", "--message", "m1"]).ended(0).stdout;
    for word in ["desk.chats", "2018-12-31", "2021-12-31", "2022-01-01T05:00:00Z"] {
        assert!(explained.contains(word), "`{word}` is missing in:\n{explained}");
    }
}

#[test]
fn a_breach_is_an_alert_without_a_span() {
    let firm = Firm::new();
    let mut from_research = message("m1", "2025-01-01T00:00:00Z", "numbers tomorrow");
    from_research["sender"] = json!("cyd");
    firm.messages("in.ndjson", &[from_research]);
    firm.run(&["in.ndjson"]).ended(0);
    let alerts = firm.call(&["report", "alerts", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (&alerts[0]["rule"], &alerts[0]["severity"], &alerts[0]["spans"]),
        (&json!("barriers.research"), &json!("critical"), &json!([]))
    );
}

#[test]
fn the_same_message_in_several_mailboxes_is_one_message_and_one_alert() {
    let firm = Firm::new();
    let copies: Vec<Value> = ["ann", "bob", "cyd"]
        .map(|custodian| {
            let mut copy = message("m1", "2025-01-01T00:00:00Z", "move it to telegram");
            copy["custodians"] = json!([custodian]);
            copy
        })
        .into();
    firm.messages("in.ndjson", &copies);
    let summary = firm.run(&["in.ndjson"]).ended(0).json();
    assert_eq!((&summary["new"], &summary["duplicate"]), (&json!(1), &json!(2)));
    let alerts = firm.call(&["report", "alerts", "--format", "ndjson"]).ended(0).rows();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["custodians"], json!(["ann", "bob", "cyd"]));
    assert_eq!(alerts[0]["message_ids"], json!(["slack/c1/m1"]));
}

#[test]
fn a_reused_id_hides_nothing() {
    let firm = Firm::new();
    firm.messages(
        "in.ndjson",
        &[
            message("m1", "2025-01-01T00:00:00Z", "harmless"),
            message("m1", "2025-01-01T00:00:00Z", "switch to whatsapp"),
        ],
    );
    let summary = firm.run(&["in.ndjson"]).ended(0).json();
    assert_eq!((&summary["new"], &summary["collision"]), (&json!(1), &json!(1)));
    assert_eq!(sum(&summary["states"]), 2);
    assert_eq!(
        firm.call(&["report", "alerts", "--format", "ndjson"])
            .ended(0)
            .rows()
            .len(),
        1
    );
}

#[test]
fn fail_on_makes_findings_a_negative_answer() {
    let firm = Firm::new();
    firm.messages(
        "in.ndjson",
        &[message("m1", "2025-01-01T00:00:00Z", "call me on 07700 900123")],
    );
    firm.call(&["scan", "in.ndjson", "--fail-on", "medium"]).ended(0);
    firm.call(&["scan", "in.ndjson", "--fail-on", "low"]).ended(1);
    firm.run(&["in.ndjson", "--fail-on", "low"]).ended(1);
}

#[test]
fn scan_prints_spans_that_cut_the_match_out_of_the_text() {
    let firm = Firm::new();
    let text = "Überweisung? Let's MOVE this to ＷhatsApp please";
    firm.messages("in.ndjson", &[message("m1", "2025-01-01T00:00:00Z", text)]);
    let rows = firm.call(&["scan", "in.ndjson", "--format", "ndjson"]).ended(0).rows();
    let span = &rows[0]["spans"][0];
    let range = span["start"].as_u64().unwrap() as usize..span["end"].as_u64().unwrap() as usize;
    assert_eq!(&text[range], "MOVE this to ＷhatsApp");
    assert!(rows[0].get("content").is_none(), "no text unless asked for");
    let shown = firm
        .call(&["scan", "in.ndjson", "--format", "ndjson", "--show-content", "match"])
        .ended(0)
        .said("holds text of messages");
    assert_eq!(shown.rows()[0]["content"], "MOVE this to ＷhatsApp");
    let table = |show: &str| {
        firm.call(&["scan", "in.ndjson", "--show-content", show])
            .ended(0)
            .stdout
    };
    assert!(table("match").contains("MOVE this to ＷhatsApp") && !table("never").contains("MOVE"));
    let again = firm.call(&["scan", "in.ndjson", "--format", "ndjson"]).rows();
    assert_eq!(again[0]["alert_id"], rows[0]["alert_id"]);
}

#[test]
fn another_bundle_is_refused_and_names_activate() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(5));
    firm.run(&["in.ndjson"]).ended(0);
    let first = firm.read("policies/retention/desk.yaml");
    firm.write(
        "policies/retention/desk.yaml",
        first.replace("P3Y", "P2Y").replace("1.0.0", "1.1.0"),
    );
    firm.run(&["in.ndjson"]).ended(5).said("activate");
    firm.write("policies/retention/desk.yaml", first.replace("owner:", "# who\nowner:"));
    firm.run(&["in.ndjson"]).ended(0);
}

#[test]
fn reports_come_in_every_form_with_the_same_columns() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(50));
    firm.run(&["in.ndjson", "--out", "out"]).ended(0);
    for report in ["alerts", "retention", "coverage", "holds"] {
        let text = firm.call(&["report", report]).ended(0).stdout;
        assert!(!text.is_empty() && !text.contains('\u{1b}'));
        let csv = firm
            .call(&["report", report, "--format", "csv", "--as-of", AS_OF])
            .ended(0)
            .stdout;
        firm.call(&["report", report, "--format", "parquet", "--output", "parquet=t.parquet"])
            .ended(0);
        let file = parquet::file::reader::SerializedFileReader::try_from(firm.path("t.parquet").as_path()).unwrap();
        use parquet::file::reader::FileReader as _;
        let columns: Vec<String> = file
            .metadata()
            .file_metadata()
            .schema_descr()
            .root_schema()
            .get_fields()
            .iter()
            .map(|field| field.name().to_owned())
            .collect();
        assert_eq!(csv.lines().next().unwrap(), columns.join(","));
        assert_eq!(firm.read(&format!("out/{report}.csv")), csv);
        let rows = firm.call(&["report", report, "--format", "ndjson"]).ended(0).rows();
        assert_eq!(file.metadata().file_metadata().num_rows(), rows.len() as i64);
    }
    let page = firm.read("out/report.html");
    assert!(page.to_lowercase().starts_with("<!doctype html>") && !page.contains("<script") && !page.contains("://"));
    firm.call(&["report", "coverage", "--strict"]).ended(0);
    let mut stranger = message("s1", "2025-01-01T00:00:00Z", "hello");
    stranger["sender"] = json!("stranger");
    stranger["recipients"] = json!(["nobody"]);
    firm.messages("more.ndjson", &[stranger]);
    firm.run(&["more.ndjson"]).ended(0);
    firm.call(&["report", "coverage", "--strict"])
        .ended(1)
        .said("1 messages are ungoverned");
}

#[test]
fn nothing_but_the_archive_holds_a_body() {
    let firm = Firm::new();
    let canary = "xyzzy-canary-4711";
    let mut told = message("m1", "2025-01-01T00:00:00Z", &format!("move this to whatsapp {canary}"));
    told["subject"] = json!(format!("subject {canary}"));
    told["attachments"] = json!([{"name": format!("{canary}.pdf"), "content_type": "application/pdf", "size": 3}]);
    told["undeclared"] = json!(canary);
    firm.messages(
        "in.ndjson",
        &[told, json!({"id": canary, "sent_at": 7, "text": canary})],
    );
    let ran = firm.run(&["in.ndjson", "--out", "out", "-vv"]).ended(4);
    assert!(
        !ran.stderr.contains(canary) && !ran.stdout.contains(canary),
        "{}",
        ran.stderr
    );
    let explained = firm.call(&["explain", "--message", "m1", "--json"]).ended(0).stdout;
    assert!(!explained.contains(canary), "explain shows text unasked");
    let mut seen = 0;
    for entry in walk(&firm.path(".lexhold")).into_iter().chain(walk(&firm.path("out"))) {
        let bytes = std::fs::read(&entry).unwrap();
        if entry.to_str().unwrap().contains("/archive/") {
            seen += 1;
        } else {
            assert!(
                !bytes.windows(canary.len()).any(|window| window == canary.as_bytes()),
                "{}",
                entry.display()
            );
        }
    }
    assert!(seen > 0);
    assert!(
        firm.call(&["explain", "--message", "m1", "--show-content", "full"])
            .ended(0)
            .stdout
            .contains(canary)
    );
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path))
        } else {
            found.push(path)
        }
    }
    found
}

#[test]
fn rebuild_is_equal_row_for_row_and_verify_finds_a_flipped_byte() {
    use lexhold_catalog::Fingerprint;
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(300));
    firm.run(&["in.ndjson"]).ended(0);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["verify"]).ended(0).said("sound");
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before);
    let segment = walk(&firm.path(".lexhold/archive")).remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let found = firm.call(&["verify"]).ended(4);
    assert!(found.stdout.contains("changed"), "{}", found.stdout);
}

#[test]
fn operators_govern_once_they_are_written_down() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(3));
    firm.call(&["whoami"])
        .ended(0)
        .stdout
        .find("solo")
        .expect("said loudly");
    firm.write("operators.yaml", "lexhold: 1\noperators: ops\npeople:\n  - { id: pat, roles: [engineer] }\n  - { id: sam, roles: [records] }\n  - { id: ria, roles: [reviewer] }\n");
    firm.run(&["in.ndjson"]).ended(5).said("--as");
    firm.run(&["in.ndjson", "--as", "mallory"]).ended(5);
    firm.run(&["in.ndjson", "--as", "pat"]).ended(5).said("--confirmed-by");
    let summary = firm
        .run(&["in.ndjson", "--as", "pat", "--confirmed-by", "sam"])
        .ended(0)
        .json();
    assert_eq!(summary["governance"], "operators");
    let journal = firm.read(".lexhold/journal/log.ndjson");
    assert!(
        journal.lines().count() > 4 && journal.lines().all(|line| line.contains(r#""actor":"pat""#)),
        "{journal}"
    );
    assert!(firm.call(&["whoami", "--as", "ria"]).ended(0).stdout.contains("review"));
    firm.call(&["explain", "--message", "m1", "--show-content", "full", "--as", "pat"])
        .ended(5);
}
