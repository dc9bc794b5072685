//! Input as it comes: broken, hostile, absent.

use std::io::Write;

use serde_json::json;

use crate::support::{Firm, many, message};

#[test]
fn one_bad_line_loses_nothing_else() {
    let firm = Firm::new();
    let mut lines: Vec<String> = many(9).iter().map(ToString::to_string).collect();
    lines[6].truncate(40);
    firm.write("b.ndjson", lines.join("\n"));
    let ran = firm.run(&["b.ndjson"]).ended(4).said("b.ndjson:7: ");
    let summary = ran.json();
    assert_eq!(
        (&summary["new"], &summary["unreadable"], &summary["complete"]),
        (&json!(8), &json!(1), &json!(false))
    );
    firm.call(&["scan", "b.ndjson"]).ended(4).said("1 of 9 unreadable");
    firm.call(&["scan", "b.ndjson", "--max-unreadable", "1"]).ended(0);
}

#[test]
fn what_is_no_file_is_named() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(3));
    firm.run(&["im.ndjson"])
        .ended(4)
        .said("cannot read im.ndjson: not found")
        .said("did you mean `in.ndjson`?");
    firm.run(&["policies"])
        .ended(4)
        .said("cannot read policies: nothing in it is of a kind that Lexhold reads");
    firm.call(&["run"]).ended(2);
    firm.call(&["scan", "in.ndjson", "--policies", "nowhere", "--rulesets", "nowhere"])
        .ended(3)
        .said("cannot read nowhere");
    firm.call(&["-C", "rulesets", "scan", "../in.ndjson"])
        .ended(3)
        .said("lexhold init DIR");
    assert!(!firm.path(".lexhold").exists(), "nothing was begun");
}

#[test]
fn odd_bytes_and_dates_come_through() {
    let firm = Firm::new();
    let mut file = std::fs::File::create(firm.path("odd.ndjson")).unwrap();
    writeln!(file, "{}", message("far", "9999-06-01T00:00:00Z", "later")).unwrap();
    writeln!(file, "{}", message("past-the-calendar", "9999-12-31T23:59:59Z", "last")).unwrap();
    writeln!(file, "{}", message("no-zone", "2024-02-30T00:00:00Z", "impossible")).unwrap();
    file.write_all(b"{\"id\":\"bytes\",\"platform\":\"slack\",\"sent_at\":\"2024-01-01T00:00:00Z\",\"sender\":\"ann\",\"text\":\"caf\xe9 \\u0000 x\"}\n").unwrap();
    writeln!(
        file,
        "{}",
        json!({"id": "null", "platform": "slack", "sender": null, "sent_at": "2024-01-01T00:00:00Z", "text": null})
    )
    .unwrap();
    let summary = firm.run(&["odd.ndjson"]).json();
    assert_eq!((&summary["new"], &summary["unreadable"]), (&json!(5), &json!(0)));
    let rows = firm
        .call(&["report", "retention", "--format", "ndjson"])
        .ended(0)
        .rows();
    let state = |id: &str| {
        rows.iter()
            .find(|row| row["message_id"].as_str().unwrap().ends_with(id))
            .unwrap()["state"]
            .clone()
    };
    assert_eq!(
        state("no-zone"),
        "indeterminate",
        "a missing date never leads to destruction"
    );
    assert_eq!(state("far"), "retained");
    assert_eq!(
        state("past-the-calendar"),
        "indeterminate",
        "no period can be counted from there"
    );
    firm.write("empty.ndjson", "");
    assert_eq!(firm.run(&["empty.ndjson"]).ended(0).json()["messages"], json!(0));
}

#[test]
fn a_truncated_archive_gives_what_it_has() {
    let firm = Firm::new();
    let text: String = many(3_000).iter().map(|message| format!("{message}\n")).collect();
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    firm.write("in.ndjson.zst", &packed[..packed.len() * 2 / 3]);
    let summary = firm.run(&["in.ndjson.zst"]).ended(4).json();
    assert_eq!(summary["complete"], json!(false));
    let taken = summary["new"].as_u64().unwrap();
    firm.write("in.ndjson.zst", &packed);
    let summary = firm.run(&["in.ndjson.zst"]).ended(0).json();
    assert_eq!(summary["new"].as_u64().unwrap() + taken, 3_000);
}

#[test]
fn a_full_disk_leaves_no_half_report() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(20));
    firm.run(&["in.ndjson"]).ended(0);
    if !std::path::Path::new("/dev/full").exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = firm
        .command(&["report", "alerts", "--format", "ndjson"])
        .stdout(full)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(4));
    firm.call(&[
        "report",
        "alerts",
        "--format",
        "csv",
        "--output",
        "csv=/nowhere/alerts.csv",
    ])
    .ended(4)
    .said("/nowhere/alerts.csv");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(20_000));
    let mut child = firm
        .command(&["scan", "in.ndjson", "--format", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("error"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn old_captures_have_to_be_declared() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(3));
    firm.call(&["run", "in.ndjson", "--as-of", "2020-01-01"])
        .ended(5)
        .said("--backfill");
    firm.call(&["run", "in.ndjson", "--as-of", "yesterday"])
        .ended(2)
        .said("--as-of");
}
