//! Exports of messengers: listed, converted there and back, and run.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::Firm;

const DAY: &str = r#"[
    {"type":"message","ts":"1704186000.000100","user":"U1","text":"let's move this to WhatsApp, <@U2>"},
    {"type":"message","ts":"1704186060.000200","thread_ts":"1704186000.000100","user":"U2","text":"a;b \"c\" ğ","edited":{"user":"U2","ts":"1704186070.000000"},"reactions":[{"name":"eyes","users":["U1"],"count":1}]},
    {"type":"message","subtype":"channel_join","ts":"1704531600.000300","user":"U2","text":"<@U2> has joined"},
    17
]"#;

/// A firm with a Slack export.
fn firm() -> Firm {
    let firm = Firm::new();
    firm.write(
        "export/users.json",
        r#"[{"id":"U1","name":"ann"},{"id":"U2","name":"bob; jr"}]"#,
    );
    firm.write(
        "export/channels.json",
        r#"[{"id":"C1","name":"desk","members":["U1","U2"]}]"#,
    );
    firm.write("export/desk/2024-01-02.json", DAY);
    firm
}

#[test]
fn sources_lists_the_formats_and_prints_their_manuals() {
    let firm = Firm::empty();
    let rows = firm.call(&["sources", "--format", "ndjson"]).ended(0).rows();
    let slack = rows.iter().find(|row| row["source"] == "slack").unwrap();
    assert!(slack["preserves"].as_array().unwrap().contains(&json!("threads")));
    for row in &rows {
        let page = firm.call(&["sources", row["source"].as_str().unwrap()]).ended(0).stdout;
        for part in ["# ", "**Getting the export.**", "**Handing it over.**", "leaves out.**"] {
            assert!(page.contains(part), "{part} is missing in the manual of {row}");
        }
    }
    firm.call(&["sources", "slak"]).ended(2).said("did you mean `slack`?");
}

#[test]
fn what_convert_writes_reads_as_the_same_messages() {
    let firm = firm();
    let first = firm.call(&["convert", "export", "--max-unreadable", "1"]).ended(0);
    assert!(
        first
            .stderr
            .contains("export/desk/2024-01-02.json:item 4: not a JSON object"),
        "{}",
        first.stderr
    );
    assert!(first.stderr.contains("convert: 3 messages, 1 unreadable"));
    let rows = first.rows();
    assert_eq!(rows[0]["text"], "let's move this to WhatsApp, @bob; jr");
    assert_eq!(rows[1]["version_kind"], "edit");
    assert_eq!(
        rows[1]["source"],
        json!({"file": "export/desk/2024-01-02.json", "offset": 2})
    );
    firm.write("ndjson", &first.stdout);
    for format in ["ndjson", "csv", "parquet"] {
        let typed = ["convert", "ndjson", "--format", format, "--output", "again"];
        firm.call(&typed).ended(0);
        let back = firm.call(&["convert", "again"]).ended(0);
        assert_eq!(back.stdout, first.stdout, "through {format}");
    }
    firm.call(&["convert", "export"]).ended(4);
}

#[test]
fn a_dry_run_says_what_it_sees() {
    let firm = firm();
    let typed = [
        "run",
        "export",
        "--dry-run",
        "--max-unreadable",
        "1",
        "--as-of",
        "2024-06-01T00:00:00Z",
        "--backfill",
    ];
    let said = firm.call(&typed).ended(0).stdout;
    for line in [
        "messages         3, 1 unreadable; nothing was recorded",
        "input            export: slack (folder)",
        "slack            3 messages in 1 conversation of 2 people, 0 attachments",
        "  kinds          2 message, 1 system, 1 edit",
        "  dates          2024-01-02T09:00:00.0001Z to 2024-01-06T09:00:00.0003Z",
        "  longest gap    3 days without a message, from 2024-01-03",
    ] {
        assert!(said.contains(line), "`{line}` is missing in:\n{said}");
    }
    let seen = firm.call(&[&typed[..], &["--format", "json"]].concat()).ended(0).json();
    assert_eq!(
        seen["platforms"][0]["longest_gap"],
        json!({"days": 3, "from": "2024-01-03"})
    );
}

#[test]
fn an_export_runs_like_any_other_input_and_only_once() {
    let firm = firm();
    let typed = [
        "run",
        "export",
        "--max-unreadable",
        "1",
        "--as-of",
        "2024-06-01T00:00:00Z",
        "--backfill",
        "--format",
        "json",
    ];
    let ran = firm.call(&typed).ended(0).json();
    assert_eq!((&ran["new"], &ran["unreadable"]), (&json!(3), &json!(1)));
    assert!(
        ran["alerts_by_severity"]
            .as_object()
            .unwrap()
            .values()
            .any(|n| *n != json!(0)),
        "{ran}"
    );
    let again = firm.call(&typed).ended(0).json();
    assert_eq!((&again["new"], &again["duplicate"]), (&json!(0), &json!(3)));
    let converted = firm.call(&["convert", "export", "--max-unreadable", "1"]).stdout;
    firm.write("converted.ndjson", converted);
    let third = [
        "run",
        "converted.ndjson",
        "--as-of",
        "2024-06-01T00:00:00Z",
        "--backfill",
        "--format",
        "json",
    ];
    let third: Value = firm.call(&third).ended(0).json();
    assert_eq!(
        (&third["new"], &third["duplicate"]),
        (&json!(0), &json!(3)),
        "the same messages in another form"
    );
}

#[test]
fn what_nobody_reads_says_what_can_be_read() {
    let firm = Firm::new();
    firm.write("folder/notes.txt", "nothing of ours");
    firm.call(&["run", "folder"])
        .ended(4)
        .said("nothing in it is of a kind that Lexhold reads; `lexhold sources` lists them");
    firm.write("empty/.keep", "");
    firm.call(&["convert", "empty"]).ended(4).said("cannot read empty");
}

#[test]
fn a_chat_of_a_phone_needs_a_zone_and_a_mailbox_needs_nothing() {
    let firm = Firm::new();
    firm.write(
        "chats/WhatsApp Chat with Desk.txt",
        "01/13/24, 9:00 PM - Ann: let's talk on Signal\n01/13/24, 9:01 PM - Bob: ok\n",
    );
    firm.write(
        "chats/mail.mbox",
        "From ann@x.com Sat Jan 13 21:00:00 2024\nFrom: ann@x.com\nTo: bob@x.com\nMessage-ID: <1@x>\nSubject: s\nDate: Sat, 13 Jan 2024 21:00:00 +0000\n\nhi\n",
    );
    firm.call(&["run", "chats"]).ended(2).said("say it with --source-zone");
    assert!(!firm.path(".lexhold").exists(), "nothing was begun");
    firm.call(&["convert", "chats", "--source-zone", "Mars/Base"])
        .ended(3)
        .said("`Mars/Base` is no time zone");
    let first = firm
        .call(&["convert", "chats", "--source-zone", "America/New_York"])
        .ended(0);
    let rows = first.rows();
    let times: Vec<_> = rows.iter().map(|row| row["sent_at"].as_str().unwrap()).collect();
    assert_eq!(
        times,
        ["2024-01-14T02:00:00Z", "2024-01-14T02:01:00Z", "2024-01-13T21:00:00Z"]
    );
    assert_eq!(
        (&rows[0]["sent_precision"], &rows[2]["id"]),
        (&json!("minute"), &json!("1@x"))
    );
    firm.write("ndjson", &first.stdout);
    assert_eq!(firm.call(&["convert", "ndjson"]).ended(0).stdout, first.stdout);
    firm.write("short.txt", "01/02/24, 9:00 PM - Ann: hi\n");
    firm.call(&["convert", "short.txt", "--source-zone", "UTC"])
        .ended(2)
        .said("--source-dates");
    let said = firm
        .call(&["convert", "short.txt", "--source-zone", "UTC", "--source-dates", "dmy"])
        .ended(0)
        .rows();
    assert_eq!(said[0]["sent_at"], "2024-02-01T21:00:00Z");
}

/// Every fixture of every format, through every form of messages and back.
#[test]
fn corpora_convert_there_and_back() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/formats");
    let Ok(formats) = std::fs::read_dir(&fixtures) else {
        println!("skipped: the corpora are not beside the repository");
        return;
    };
    let firm = Firm::empty();
    for format in formats.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let format = format.canonicalize().unwrap();
        let mut typed = vec!["convert", format.to_str().unwrap(), "--source-zone", "Europe/Berlin"];
        typed.extend(["--source-dates", "dmy", "--max-unreadable", "99999", "--quiet"]);
        let first = firm.call(&typed);
        firm.write("first", &first.stdout);
        if first.stdout.is_empty() {
            println!("{}: {}", format.display(), first.stderr);
            continue;
        }
        for form in ["csv", "parquet", "ndjson"] {
            firm.call(&["convert", "first", "--format", form, "--output", "again"])
                .ended(0);
            let back = firm.call(&["convert", "again"]).ended(0).stdout;
            assert!(back == first.stdout, "{} through {form}", format.display());
        }
    }
}
