//! Tables with columns of their own, read by a mapping document.

use lexhold_store::{EntryKind, Home};
use serde_json::Value;

use crate::support::Firm;

const TABLE: &str = "Message No;Date;Time;From;To;Body;Desk\n\
                     7;02/01/2024;09:00:00;ann;bob, cyd;let's move this to WhatsApp;rates\n\
                     8;02/01/2024;09:01:00;bob;ann;Zoë agrees;rates\n";

/// The document that the manual shows.
fn mapping(firm: &Firm) -> String {
    let page = firm.call(&["sources", "csv"]).ended(0).stdout;
    let (_, example) = page.split_once("```yaml\n").unwrap();
    example.split_once("```").unwrap().0.to_owned()
}

fn firm() -> Firm {
    let firm = Firm::new();
    firm.write("broker.yaml", mapping(&firm));
    let latin: Vec<u8> = TABLE
        .chars()
        .map(|char| u8::try_from(u32::from(char)).unwrap())
        .collect();
    firm.write("chats.csv", latin);
    firm
}

#[test]
fn the_table_of_the_manual_converts_and_runs() {
    let firm = firm();
    firm.call(&["check", "broker.yaml"]).ended(0);
    let converted = firm
        .call(&["convert", "chats.csv", "--mapping", "broker.yaml"])
        .ended(0);
    let rows = converted.rows();
    assert_eq!(
        (rows[0]["id"].as_str(), rows[0]["sent_at"].as_str()),
        (Some("7"), Some("2024-01-02T09:00:00Z"))
    );
    assert_eq!(rows[0]["recipients"][1]["handle"], "cyd");
    assert_eq!(
        (rows[1]["text"].as_str(), rows[1]["platform"].as_str()),
        (Some("Zoë agrees"), Some("broker-chat"))
    );
    assert_eq!(rows[0]["metadata"]["Desk"], "rates");
    assert_eq!(rows[0]["metadata"]["mapping"], "broker-chat");
    firm.write("chats.ndjson", &converted.stdout);
    assert_eq!(
        firm.call(&["convert", "chats.ndjson"]).ended(0).rows(),
        rows,
        "there and back"
    );
    let typed = [
        "run",
        "chats.csv",
        "--mapping",
        "broker.yaml",
        "--backfill",
        "--as-of",
        "2024-06-01T00:00:00Z",
    ];
    let dry = firm.call(&[&typed[..], &["--dry-run"]].concat()).ended(0).stdout;
    assert!(
        dry.contains("broker-chat      2 messages in 1 conversation of 3 people"),
        "{dry}"
    );
    firm.call(&typed).ended(0);
    let again = firm.call(&typed).ended(0);
    assert!(again.stdout.contains("2 there before"), "{}", again.stdout);
    let first = &read_as(&firm)["mapping"];
    assert_eq!(first["name"], "broker-chat");
    let digest = first["digest"].as_str().unwrap().to_owned();
    firm.write("broker.yaml", mapping(&firm).replace("Europe/London", "Europe/Paris"));
    firm.call(&typed).ended(0);
    assert_ne!(read_as(&firm)["mapping"]["digest"], digest, "another mapping");
}

/// What the last run put on record of how it read.
fn read_as(firm: &Firm) -> Value {
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let entries = home.journal().entries(1).unwrap().map(|entry| entry.unwrap());
    let run = entries
        .filter(|entry| entry.kind == EntryKind::RunStarted)
        .last()
        .unwrap();
    let mut started: Value = home.journal().payload_json(&run).unwrap().unwrap();
    started["read_as"].take()
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let firm = firm();
    firm.write(
        "wrong.yaml",
        "lexhold: 1\nmapping: m\ntable: { delimiter: ab, encoding: latin-99 }\ncolumns: { text: Body }\n\
         dates: { format: \"%H:%M\", zone: Europe/Londno }\n",
    );
    let said = firm
        .call(&["convert", "chats.csv", "--mapping", "wrong.yaml"])
        .ended(3)
        .stderr;
    for line in [
        "wrong.yaml:3:21",
        "this cannot separate fields",
        "no encoding is called `latin-99`",
        "this is no format of dates",
        "no time zone is called `Europe/Londno`",
        "nothing says on which platform",
        "5 errors in the mapping",
    ] {
        assert!(said.contains(line), "`{line}` is missing in:\n{said}");
    }
    firm.call(&["check", "wrong.yaml"])
        .ended(3)
        .said("nothing says on which platform");
    firm.write("typo.yaml", "lexhold: 1\nmapping: m\ncolums: { text: Body }\n");
    firm.call(&["convert", "chats.csv", "--mapping", "typo.yaml"])
        .ended(3)
        .said("did you mean `columns`?");
    firm.write("other.yaml", "lexhold: 1\ndirectory: staff\n");
    firm.call(&["run", "chats.csv", "--mapping", "other.yaml"])
        .ended(3)
        .said("holds no `mapping:` document");
}

#[test]
fn a_table_without_the_columns_or_a_zone_is_a_slip_of_the_caller() {
    let firm = firm();
    firm.write("other.csv", "No;When\n1;2\n");
    firm.call(&["run", "other.csv", "--mapping", "broker.yaml"])
        .ended(2)
        .said("its header has no column `Message No`, which the mapping names; it has `No`, `When`");
    let zoneless = mapping(&firm).replace(", zone: Europe/London", "");
    firm.write("zoneless.yaml", zoneless);
    let typed = ["convert", "chats.csv", "--mapping", "zoneless.yaml"];
    firm.call(&typed).ended(2).said("--source-zone");
    let rows = firm
        .call(&[&typed[..], &["--source-zone", "Asia/Tokyo"]].concat())
        .ended(0)
        .rows();
    assert_eq!(rows[0]["sent_at"], "2024-01-02T00:00:00Z");
    assert_eq!(rows[0]["metadata"]["zone"], "Asia/Tokyo");
}

#[test]
fn schema_knows_mappings() {
    let firm = Firm::empty();
    let schema = firm.call(&["schema", "mapping"]).ended(0).json();
    assert!(schema["properties"]["columns"].is_object(), "{schema}");
}
