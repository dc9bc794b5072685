//! What was read of each source against what became of it, and against what somebody says there is.

use lexhold_catalog::Fingerprint;
use serde_json::{Value, json};

use crate::support::{Firm, many, message};

const SLACK: &str = r#"[
    {"type":"message","ts":"1704186000.000100","user":"U1","text":"one"},
    {"type":"message","subtype":"channel_join","ts":"1704186060.000200","user":"U2","text":"<@U2> has joined"},
    17
]"#;
const MAIL: &str = "From: ann@firm.example\r\nTo: bob@firm.example\r\nMessage-ID: <N@firm.example>\r\nDate: Tue, 2 Jan 2024 23:30:00 +0000\r\n\r\nhi N\r\n";

/// A folder of several exports: Slack, a mailbox of two, two letters in files of their own.
fn exports(firm: &Firm) {
    firm.write(
        "in/slack/users.json",
        r#"[{"id":"U1","name":"ann"},{"id":"U2","name":"bob"}]"#,
    );
    firm.write(
        "in/slack/channels.json",
        r#"[{"id":"C1","name":"desk","members":["U1","U2"]}]"#,
    );
    firm.write("in/slack/desk/2024-01-02.json", SLACK);
    let letter = |n: &str| MAIL.replace('N', n);
    let mbox: String = ["a", "b"]
        .map(|n| format!("From x Tue Jan  2 23:30:00 2024\n{}\n", letter(n)))
        .concat();
    firm.write("in/ann.mbox", mbox);
    firm.write("in/letters/a.eml", letter("a"));
    firm.write("in/letters/c.eml", letter("c"));
}

fn sources(firm: &Firm) -> Vec<Value> {
    let rows = firm.call(&["report", "sources", "--format", "ndjson"]).ended(0).rows();
    for row in &rows {
        let n = |key: &str| row[key].as_u64().unwrap();
        let became = n("written") + n("duplicate") + n("destroyed_before") + n("unreadable");
        assert_eq!(n("read"), became, "{row}");
    }
    rows
}

fn sum(rows: &[Value], key: &str) -> u64 {
    rows.iter().map(|row| row[key].as_u64().unwrap()).sum()
}

#[test]
fn every_row_of_every_source_is_accounted_for() {
    let firm = Firm::new();
    exports(&firm);
    let ran = firm.run(&["in", "--max-unreadable", "1"]).ended(0).json();
    let rows = sources(&firm);
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let counts = ["read", "written", "duplicate", "unreadable", "system"].map(|key| row[key].to_string());
            format!(
                "{} {} {} {}",
                row["source"],
                row["day"],
                row["platform"],
                counts.join(" ")
            )
        })
        .collect();
    let expected = [
        r#""in/ann.mbox" "2024-01-02" "email" 2 2 0 0 0"#,
        r#""in/letters" "2024-01-02" "email" 2 1 1 0 0"#,
        r#""in/slack" null null 1 0 0 1 0"#,
        r#""in/slack" "2024-01-02" "slack" 2 2 0 0 1"#,
    ];
    assert_eq!(shown, expected);
    assert!(
        rows.iter()
            .all(|row| row["complete"] == true && row["format"] == "email, slack (folder)")
    );
    assert_eq!(ran["messages"].as_u64().unwrap() + 1, sum(&rows, "read"));
    assert_eq!(ran["new"], sum(&rows, "written"));

    // Read once more, and once more under another name, it leaves nothing that was not counted.
    firm.run(&["in", "in", "--max-unreadable", "2"]).ended(0);
    assert_eq!(sources(&firm), rows);
    let before = firm.fingerprint(Fingerprint::Everything);
    firm.call(&["rebuild"]).ended(0);
    assert_eq!(firm.fingerprint(Fingerprint::Everything), before);
}

#[test]
fn a_run_that_was_killed_counts_nothing_twice() {
    let firm = Firm::new();
    let mut lines = String::new();
    for (at, message) in many(9_000).iter().enumerate() {
        lines += &format!("{message}\n");
        if at % 1_000 == 0 {
            lines += "no message\n";
        }
    }
    // More rows that cannot be read than a piece of the input has.
    lines += &"no message\n".repeat(5_000);
    firm.write("in.ndjson", lines);
    for place in ["journalled:1", "journalled:1"] {
        let killed = firm
            .command(&[
                "run",
                "in.ndjson",
                "--as-of",
                "2026-01-01",
                "--backfill",
                "--max-unreadable",
                "9999",
            ])
            .env("LEXHOLD_TEST_STOP_AT", place)
            .output()
            .unwrap();
        assert_eq!(killed.status.code(), None, "not killed at {place}");
    }
    firm.run(&["in.ndjson", "--max-unreadable", "9999"]).ended(0);
    let rows = sources(&firm);
    assert_eq!((sum(&rows, "written"), sum(&rows, "unreadable")), (9_000, 5_009));
    assert_eq!(sum(&rows, "duplicate"), 0);
}

#[test]
fn what_cannot_be_read_to_its_end_says_so() {
    let firm = Firm::new();
    firm.write("bad.parquet", "PAR1 and no more");
    firm.messages("good.ndjson", &many(3));
    firm.run(&["bad.parquet", "good.ndjson"]).ended(4);
    let rows = sources(&firm);
    assert_eq!(
        (&rows[0]["source"], &rows[0]["complete"]),
        (&json!("bad.parquet"), &json!(false))
    );
    assert_eq!(rows[0]["read"], 0);
    assert!(rows[1..].iter().all(|row| row["complete"] == true));
}

#[test]
fn fewer_messages_than_stated_are_a_negative_answer() {
    let firm = Firm::new();
    exports(&firm);
    firm.write(
        "counts.yaml",
        "lexhold: 1\ncounts: october\nsources:\n  - { source: ann.mbox, messages: 2 }\n  - { source: slack, day: 2024-01-02, messages: 3 }\n  - { source: in/letters, messages: 1 }\n",
    );
    firm.write("counts.csv", "source,messages\nann.mbox,2\nslack,2\nlost.mbox,1\n");
    let run = ["in", "--max-unreadable", "1", "--expected"];
    let short = firm.run(&[&run[..], &["7"]].concat()).ended(1);
    assert_eq!(
        short.json()["expected"],
        json!([{"source": null, "day": null, "expected": 7, "found": 6}])
    );
    short.said("all sources: 7 expected, 6 read, 1 missing");
    firm.run(&[&run[..], &["6"]].concat()).ended(0);
    for (expected, code, said) in [
        ("6", 0, ""),
        ("5", 0, "all sources: 5 expected, 6 read, 1 more"),
        ("counts.yaml", 1, "slack on 2024-01-02: 3 expected, 2 read, 1 missing"),
        ("counts.csv", 1, "lost.mbox: 1 expected, 0 read, 1 missing"),
    ] {
        firm.call(&["report", "sources", "--expected", expected])
            .ended(code)
            .said(said);
    }
}

#[test]
fn counts_that_cannot_be_understood_are_refused() {
    let firm = Firm::new();
    firm.messages("in.ndjson", &many(3));
    for (name, text, code, said) in [
        (
            "a.yaml",
            "lexhold: 1\ncounts: a\nsources: [{ sorce: x, messages: 1 }]\n",
            3,
            "did you mean `source`",
        ),
        (
            "b.yaml",
            "lexhold: 1\ndirectory: b\n",
            3,
            "b.yaml is no `counts:` document",
        ),
        ("c.csv", "source,n\nx,1\n", 3, "c.csv:1: unknown column `n`"),
        (
            "d.csv",
            "source,messages\nx,1\ny,many\n",
            3,
            "d.csv:3: `messages` is no whole number",
        ),
        ("e.csv", "day,messages\n2024-13-01,1\n", 3, "e.csv:2: `day` is no date"),
        ("f.csv", "messages\n", 3, "f.csv: no count is in it"),
    ] {
        firm.write(name, text);
        firm.run(&["in.ndjson", "--expected", name]).ended(code).said(said);
    }
    assert!(!firm.path(".lexhold").exists(), "nothing began");
    firm.call(&["check", "a.yaml"]).ended(3);
}

#[test]
fn numbers_that_a_platform_gave_show_what_is_missing() {
    let firm = Firm::new();
    let numbered = |n: u64, conversation: &str| {
        let mut message = message(
            &format!("{conversation}{n}"),
            &format!("2024-01-{:02}T12:00:00Z", n % 28 + 1),
            "hi",
        );
        message["conversation"] = json!(conversation);
        message["metadata"] = json!({"conversation_sequence": n.to_string()});
        message
    };
    let of = |conversation: &str, numbers: &[u64]| -> Vec<Value> {
        numbers.iter().map(|n| numbered(*n, conversation)).collect()
    };
    firm.messages("one.ndjson", &[of("c1", &[1, 2, 3, 9, 7]), of("c2", &[4, 5])].concat());
    let seen = firm.call(&["run", "one.ndjson", "--dry-run"]).ended(0).stdout;
    assert!(
        seen.contains("  missing        4 numbers are missing between the messages of 1 conversation"),
        "{seen}"
    );
    firm.run(&["one.ndjson"]).ended(0);
    let gaps = |firm: &Firm| {
        firm.call(&["report", "sources", "--gaps", "--format", "csv"])
            .ended(0)
            .stdout
    };
    let head = "platform,conversation,after,after_day,before,before_day,missing\n";
    let behind = "slack,c1,7,2024-01-08,9,2024-01-10,1\n";
    assert_eq!(
        gaps(&firm),
        format!("{head}slack,c1,3,2024-01-04,7,2024-01-08,3\n{behind}")
    );
    // Another export fills what the first one lacks.
    firm.messages("two.ndjson", &of("c1", &[4, 5, 6]));
    firm.run(&["two.ndjson"]).ended(0);
    assert_eq!(gaps(&firm), format!("{head}{behind}"));
}

#[test]
fn a_message_in_several_exports_is_one_with_all_custodians_and_sources() {
    let firm = Firm::new();
    for name in ["ann", "bob"] {
        let mut of = message("m1", "2024-01-02T12:00:00Z", "hi");
        of["custodians"] = json!([name]);
        firm.messages(&format!("{name}.ndjson"), &[of]);
    }
    firm.run(&["ann.ndjson", "bob.ndjson"]).ended(0);
    let rows = sources(&firm);
    assert_eq!((sum(&rows, "written"), sum(&rows, "duplicate")), (1, 1));
    let told = firm.call(&["explain", "--message", "m1", "--json"]).ended(0).json();
    let version = &told["versions"][0];
    assert_eq!(version["custodians"], json!(["ann", "bob"]));
    assert_eq!(
        version["sources"],
        json!([{"file": "ann.ndjson", "offset": 1}, {"file": "bob.ndjson", "offset": 1}])
    );
}
