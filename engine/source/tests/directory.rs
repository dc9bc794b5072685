//! The directory as a table.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod common;

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringArray, StringBuilder};
use common::Files;
use lexhold_source::{ErrorKind, read_directory};
use parquet::arrow::ArrowWriter;

const CSV: &str = "\u{feff}kind;id;name;handles;groups;desk;licences;jurisdiction;supervisor;deputy;valid_from;valid_to;platform;approved;grade
;ann;Ann Lee;\"slack:ann;email:Ann@Firm.example;*:alee\";\"sales;eu\";rates;\"s7;s63\";US;bob;;2020-01-01;2021-12-31;;;VP
person;ann;Ann Lee;slack:ann;research;;;US;;;2022-01-01;;;;
person;bob;;teams:bob@firm.example;;;;;;;;;;;
group;rates;;;trading;;;;;;;;;;
channel;#rates;;;;;;;;;;;Slack;true;
channel;whatsapp;;;;;;;;;;;;false;
domain;Firm.example;;;;;;;;;;;;;
";

#[test]
fn people_groups_channels_and_domains_from_csv() {
    let directory = read_directory(&Files::new().with("people.csv", CSV)).unwrap();
    let ann = &directory.people()[0];
    assert_eq!(
        (ann.id.as_str(), ann.name.as_deref(), ann.desk.as_deref()),
        ("ann", Some("Ann Lee"), Some("rates"))
    );
    assert_eq!(ann.handles["email"], ["ann@firm.example"]);
    assert_eq!(
        (ann.groups.clone(), ann.licences.clone()),
        (vec!["sales".into(), "eu".into()], vec!["s7".into(), "s63".into()])
    );
    assert_eq!(
        (ann.supervisor.as_deref(), ann.firm["grade"].as_str()),
        (Some("bob"), Some("VP"))
    );
    assert_eq!(ann.valid.to, Some(jiff::civil::date(2021, 12, 31)));
    assert_eq!(directory.people().len(), 3);
    assert_eq!(directory.person_with_handle("teams", "bob@firm.example"), Some("bob"));
    assert_eq!(directory.person_with_handle("irc", "alee"), Some("ann"));
    assert_eq!(directory.closure("rates").collect::<Vec<_>>(), ["rates", "trading"]);
    assert!(
        directory.channel("slack", "#rates").unwrap().approved
            && !directory.channel("any", "whatsapp").unwrap().approved
    );
    assert!(directory.owns_domain("firm.example"));
}

#[test]
fn people_from_parquet_with_lists() {
    let mut groups = ListBuilder::new(StringBuilder::new());
    groups.append_value([Some("sales"), Some("eu")]);
    let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let columns = [
        ("id", text("ann")),
        ("handles", text("slack:ann;teams:a")),
        ("groups", Arc::new(groups.finish()) as ArrayRef),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let directory = read_directory(&Files::new().with("people", bytes)).unwrap();
    assert_eq!(directory.person_with_handle("teams", "a"), Some("ann"));
    assert_eq!(directory.people()[0].groups, ["sales", "eu"]);
}

#[test]
fn a_directory_with_a_wrong_row_is_refused_with_all_that_is_wrong() {
    let text = "id,kind,valid_from,supervisor\n,person,,\nann,robot,,\nbob,,1.1.2020,\ncarl,,,zed\ndora\n";
    let error = read_directory(&Files::new().with("people", text)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rows);
    let said = error.to_string();
    for part in [
        "line 2: `id` is empty",
        "line 3: `kind` is not one of person, group, channel, domain",
        "line 4: `valid_from` must be a day like 2024-12-31",
        "line 6: 1 fields where the header has 4",
        "`carl` names `zed`, whom the directory does not list",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let error = read_directory(&Files::new().with("people", "name\nann\n")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Header);
    assert_eq!(
        read_directory("nope.csv".as_ref()).unwrap_err().to_string(),
        "cannot read nope.csv: not found"
    );
}
