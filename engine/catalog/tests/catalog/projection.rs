//! What a journal entry leaves in the catalog, in what order entries come, and that the same entries make the same rows.

use lexhold_catalog::{ErrorKind, Fingerprint, Projected, Scope, Writer};
use lexhold_model::tables::Table;
use serde_json::json;

use crate::fixture::{Entry, Home, Mail, batch_entry, beginning, day, hit, key, project_all, row, run_started};

/// Two messages with everything that hangs on them.
pub fn everything(home: &mut Home, seq: u64, ids: &[&'static str]) -> Entry {
    let mails: Vec<_> = ids.iter().map(|id| Mail::new(id, "alice", day(2))).collect();
    let each = |make: &dyn Fn(&Mail) -> Vec<crate::fixture::Cell>| mails.iter().map(make).collect::<Vec<_>>();
    let none = None::<&str>;
    let files = vec![
        home.file(Table::Message, &each(&Mail::row)),
        home.file(Table::Recipient, &each(&|mail| row![key(mail.id), "bob", "to"])),
        home.file(Table::Custodian, &each(&|mail| row![key(mail.id), "alice"])),
        home.file(Table::Source, &each(&|mail| row![key(mail.id), "in.ndjson", 1_i64])),
        home.file(Table::Facts, &[row![key("facts"), "{}"]]),
        home.file(Table::Hit, &each(&|mail| hit(key(mail.id), key(mail.id), 3, None))),
        home.file(
            Table::Part,
            &each(&|mail| row![key(mail.id), 0_i64, "quoted", 0_i64, 9_i64, "quote_marks", key("words")]),
        ),
        home.file(
            Table::ConversationEvent,
            &each(&|mail| row![key(mail.id), key("talk"), key("pair"), 0_i64]),
        ),
        home.file(
            Table::Rule,
            &[row![
                key("rule"),
                "pattern",
                "d.r",
                "d",
                "1.0.0",
                "00",
                "high",
                "Title",
                ["a", "b"].as_slice(),
                [].as_slice(),
                "folded",
                true,
                none
            ]],
        ),
        home.file(
            Table::Schedule,
            &[row![
                key("schedule"),
                "d",
                "1.0.0",
                "00",
                "d.s",
                "Title",
                "UTC",
                "US",
                none,
                ["law"].as_slice(),
                "{}"
            ]],
        ),
        home.file(
            Table::DutySet,
            &[row![key("set"), 0_i64, key("schedule"), "assigned", none]],
        ),
        home.file(Table::Days, &[row![key("days"), "UTC", "2024-01-02", "2024-10-26"]]),
        home.file(
            Table::Assignment,
            &each(&|mail| {
                row![
                    mail.family,
                    key(mail.id),
                    key("set"),
                    key("days"),
                    key("facts"),
                    false,
                    false
                ]
            }),
        ),
        home.file(
            Table::HoldMember,
            &each(&|mail| row!["orion", key(mail.id), mail.family, "held"]),
        ),
        home.file(
            Table::Handle,
            &[row!["slack", "alice", true], row!["slack", "bob", false]],
        ),
        home.file(
            Table::Diagnostic,
            &[
                row![key(ids[0]), "LX0999", "rule", "detail"],
                row![None::<lexhold_model::Key>, "LX0998", "s", "d"],
            ],
        ),
    ];
    batch_entry(seq, ids.len() as u64, false, files)
}

#[test]
fn entries_come_in_order_and_each_counts_once() {
    let home = Home::new();
    let mut writer = home.writer("c");
    let entries = beginning();
    let early = entries[1].project(&mut writer).unwrap_err();
    assert_eq!(
        *early.kind(),
        ErrorKind::Gap {
            expected: None,
            found: 2
        }
    );
    project_all(&mut writer, &entries[..2]);
    assert_eq!(entries[0].project(&mut writer).unwrap(), Projected::Before);
    assert_eq!(entries[1].project(&mut writer).unwrap(), Projected::Before);
    let gap = run_started(4, "r").project(&mut writer).unwrap_err();
    assert_eq!(
        *gap.kind(),
        ErrorKind::Gap {
            expected: Some(3),
            found: 4
        }
    );
    assert_eq!(writer.applied_seq().unwrap(), Some(2));
    let other = Entry::new(3, "some_later_kind", json!(null));
    assert_eq!(other.project(&mut writer).unwrap(), Projected::Applied);
    assert_eq!(writer.applied_seq().unwrap(), Some(3));
    assert_eq!(
        writer.active_bundle().unwrap().unwrap().digest.to_string(),
        "ab".repeat(32)
    );
}

#[test]
fn an_entry_that_fails_leaves_nothing() {
    let mut home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    let before = writer.fingerprint(Fingerprint::Everything).unwrap();
    let mut entry = everything(&mut home, 4, &["slack/C1/1"]);

    let good = entry.files.clone();
    entry.files.last_mut().unwrap().1 = home.path("gone.parquet");
    assert_eq!(*entry.project(&mut writer).unwrap_err().kind(), ErrorKind::Statement);
    assert_eq!(writer.fingerprint(Fingerprint::Everything).unwrap(), before);

    entry.payload = json!({ "no": "run" });
    entry.files = good.clone();
    assert_eq!(
        *entry.project(&mut writer).unwrap_err().kind(),
        ErrorKind::Entry { seq: 4 }
    );
    assert_eq!(writer.fingerprint(Fingerprint::Everything).unwrap(), before);

    let whole = Entry {
        files: good,
        ..batch_entry(4, 1, true, Vec::new())
    };
    project_all(&mut writer, &[whole]);
    assert_ne!(writer.fingerprint(Fingerprint::Everything).unwrap(), before);
}

#[test]
fn a_rebuilt_catalog_equals_the_original_row_for_row() {
    let mut home = Home::new();
    let mut entries = beginning();
    entries.push(everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"]));
    entries.push(everything(&mut home, 5, &["slack/C1/3"]));
    entries.push(Entry::new(6, "hold_placed", hold()));
    let late = home.file(Table::Custodian, &[row![key("slack/C1/1"), "bob"]]);
    entries.push(batch_entry(7, 1, true, vec![late]));
    entries.push(Entry::new(
        8,
        "run_finished",
        json!({ "run": "run-1", "summary": { "new": 3 } }),
    ));
    entries.extend(crate::reviews::decisions(9));
    entries.extend(crate::samples::draws(12));
    entries.extend(crate::events::register(15));
    let next = entries.last().unwrap().seq + 1;
    let applied = json!({ "detail": { "holds": ["orion"], "through": 7 } });
    entries.push(Entry::new(next, "hold_applied", applied));
    let told = json!({ "hold": "orion", "step": "issued", "custodians": ["ann", "bob"], "text": "00" });
    entries.push(Entry::new(next + 1, "hold_notice", told));
    let released = json!({ "hold": "orion", "reason": "over", "grace_until": "2026-06-01T00:00:00Z" });
    entries.push(Entry::new(next + 2, "hold_released", released));
    let seq = entries.last().unwrap().seq;
    let given = home.file(
        Table::Reassignment,
        &[row![key("facts"), false, None::<i64>, key("other set")]],
    );
    entries.push(Entry {
        files: vec![given],
        ..Entry::new(seq + 1, "activation", json!({"bundle": "cd".repeat(32)}))
    });
    let id = key("slack/C1/1");
    let again = home.file(
        Table::Assignment,
        &[row![id, id, key("wider set"), key("days"), key("facts"), false, false]],
    );
    entries.push(batch_entry(seq + 2, 1, true, vec![again]));
    entries.push(Entry::new(
        seq + 3,
        "retention_corrected",
        json!({"document": "d", "version": "1", "digest": "ab".repeat(32), "reason": "P70Y for P7Y", "cites": [],
               "approved_by": ["ria", "sam"], "simulation_digest": "ef".repeat(32), "simulation": {}}),
    ));
    entries.extend(decided(seq + 4, "slack/C1/2"));
    entries.extend(crate::disposals::disposal(&mut home, seq + 7, "slack/C1/3"));
    let seq = entries.last().unwrap().seq;
    entries.extend(crate::erasures::requests(seq + 1, &["slack/C1/1", "slack/C1/2"]));
    let seq = entries.last().unwrap().seq;
    let restored = json!({"backup": "ab".repeat(32), "backup_entries": 1, "newer_journal": false});
    entries.push(Entry::new(seq + 1, "restored", restored));

    let mut original = home.writer("original");
    for entry in &entries {
        project_all(&mut original, std::slice::from_ref(entry));
        drop(original);
        original = home.writer("original");
    }
    original.close().unwrap();
    let mut rebuilt = home.writer("rebuilt");
    project_all(&mut rebuilt, &entries);
    rebuilt.close().unwrap();

    let (original, rebuilt) = (home.reader("original"), home.reader("rebuilt"));
    let everything = original.fingerprint(Fingerprint::Everything).unwrap();
    assert_eq!(everything, rebuilt.fingerprint(Fingerprint::Everything).unwrap());
    let empty: Vec<_> = everything
        .iter()
        .filter(|print| print.n_rows == 0)
        .map(|print| print.table.as_str())
        .collect();
    assert!(empty.is_empty(), "every table took part, but for {empty:?}");
    for table in Table::ALL {
        assert_eq!(rows(&original, table), rows(&rebuilt, table), "{}", table.name());
    }
}

/// A message that was indeterminate and is no more, in a case that came and went.
fn decided(seq: u64, message: &str) -> [Entry; 3] {
    let family = key(message);
    let resolved = json!({ "detail": {
        "family": family, "message_id": message, "reason": "read by hand", "confirmed_by": ["sam"],
        "documents": [{ "document": "d", "schedules": ["d.s"], "set_id": key("set"), "replaces": [] }],
    }});
    let item = json!({ "family": family, "message_id": message });
    let opened = json!({ "case": "c", "matter": "In re C", "reason": "asked", "items": [item] });
    [
        Entry::new(seq, "retention_resolved", resolved),
        Entry::new(seq + 1, "case_opened", opened),
        Entry::new(seq + 2, "case_closed", json!({ "case": "c", "reason": "settled" })),
    ]
}

fn rows(catalog: &lexhold_catalog::Catalog, table: Table) -> Vec<String> {
    let mut rows = Vec::new();
    catalog
        .table::<lexhold_catalog::CatalogError>(table, |batch| {
            assert_eq!(batch.num_columns(), table.schema().fields().len());
            rows.extend((0..batch.num_rows()).map(|at| format!("{:?}", batch.slice(at, 1))));
            Ok(())
        })
        .unwrap();
    rows.sort();
    rows
}

#[test]
fn other_batches_other_runs_same_decisions() {
    let mut home = Home::new();
    let mut one = beginning();
    one.push(everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"]));
    let mut other = beginning();
    other.push(everything(&mut home, 4, &["slack/C1/1"]));
    other.push(run_started(5, "run-2"));
    other.push(everything(&mut home, 6, &["slack/C1/2"]));
    // The diagnostic of the first message of a batch is the fixture's way of telling splits apart; both have it.
    other[3].files.pop();
    other[5].files.pop();
    let diagnostics = one[3].files.last().unwrap().clone();
    other[5].files.push(diagnostics);

    let (mut first, mut second) = (home.writer("first"), home.writer("second"));
    project_all(&mut first, &one);
    project_all(&mut second, &other);
    let decisions = |writer: &Writer| writer.fingerprint(Fingerprint::Decisions).unwrap();
    assert_eq!(decisions(&first), decisions(&second));
    assert_ne!(
        first.fingerprint(Fingerprint::Everything).unwrap(),
        second.fingerprint(Fingerprint::Everything).unwrap()
    );
    project_all(
        &mut second,
        &[batch_entry(
            7,
            0,
            false,
            vec![home.file(Table::Custodian, &[row![key("slack/C1/1"), "zoe"]])],
        )],
    );
    assert_ne!(decisions(&first), decisions(&second), "one row more shows");
}

#[test]
fn a_duplicate_adds_custodians_and_sources_once() {
    let mut home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    project_all(&mut writer, &[everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"])]);
    let id = key("slack/C1/1");
    let mut again = |seq| {
        let files = vec![
            home.file(Table::Custodian, &[row![id, "alice"], row![id, "bob"]]),
            home.file(
                Table::Source,
                &[row![id, "in.ndjson", 1_i64], row![id, "other.ndjson", 7_i64]],
            ),
            home.file(
                Table::Assignment,
                &[
                    row![id, id, key("set"), key("days"), key("facts"), false, false],
                    row![id, id, key("wider set"), key("days"), key("facts"), false, false],
                ],
            ),
            home.file(
                Table::HoldMember,
                &[row!["orion", id, id, "held"], row!["lyra", id, id, "unevaluable"]],
            ),
        ];
        batch_entry(seq, 1, true, files)
    };
    let (first, second) = (again(5), again(6));
    project_all(&mut writer, &[first]);
    let after_one = writer.fingerprint(Fingerprint::Decisions).unwrap();
    project_all(&mut writer, &[second]);
    let counts =
        |prints: &[lexhold_catalog::TableFingerprint], table| prints.iter().find(|p| p.table == table).unwrap().n_rows;
    let after_two = writer.fingerprint(Fingerprint::Decisions).unwrap();
    for (table, n_rows) in [
        ("custodian", 3),
        ("source", 3),
        ("assignment", 3),
        ("hold_member", 3),
        ("united", 1),
        ("message", 2),
    ] {
        assert_eq!(counts(&after_one, table), n_rows, "{table}");
        assert_eq!(counts(&after_two, table), n_rows, "{table}, seen again");
    }

    let repeated = writer.custodians_of_repeated().unwrap();
    let repeated: Vec<_> = repeated
        .iter()
        .map(|(id, custodians)| (*id, custodians.join(", ")))
        .collect();
    assert_eq!(repeated, [(id, "alice, bob".to_owned())]);

    let mut messages = Vec::new();
    writer
        .retention::<lexhold_catalog::CatalogError>(Scope::All, |message| {
            let held: Vec<_> = message
                .holds
                .iter()
                .map(|held| format!("{} {}", held.hold, held.membership))
                .collect();
            messages.push((message.message_id, message.assigned.len(), held.join(", ")));
            Ok(())
        })
        .unwrap();
    assert_eq!(
        messages,
        [
            ("slack/C1/1".to_owned(), 2, "lyra unevaluable, orion held".to_owned()),
            ("slack/C1/2".to_owned(), 1, "orion held".to_owned()),
        ]
    );
}

#[test]
fn an_edit_is_kept_under_the_assignments_of_its_family() {
    let mut home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    project_all(&mut writer, &[everything(&mut home, 4, &["slack/C1/1"])]);
    let edit = Mail {
        version: 1,
        ..Mail::new("slack/C1/1", "alice", day(3))
    };
    let (own, family) = (key("slack/C1/1#1"), edit.family);
    let files = vec![
        home.file(Table::Message, &[edit.row()]),
        home.file(
            Table::Assignment,
            &[row![
                family,
                own,
                key("set"),
                key("later days"),
                key("facts"),
                false,
                false
            ]],
        ),
    ];
    project_all(&mut writer, &[batch_entry(5, 1, true, files)]);
    let mut versions = Vec::new();
    writer
        .retention::<lexhold_catalog::CatalogError>(Scope::Family(family), |message| {
            versions.push((
                message.key,
                message.version,
                message.assigned.len(),
                message.holds.len(),
            ));
            Ok(())
        })
        .unwrap();
    assert_eq!(versions, [(family, 0, 2, 1), (own, 1, 2, 1)]);
}

#[test]
fn file_names_mean_themselves() {
    let mut home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    let (_, plain) = home.file(Table::Custodian, &[row![key("m"), "alice"]]);
    for (at, name) in ["it's [1] *?.parquet", "[a-z]{b}", "two  spaces, and a comma", "ünïcode"]
        .into_iter()
        .enumerate()
    {
        let folder = home.path(name);
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join(name);
        std::fs::copy(&plain, &path).unwrap();
        let entry = batch_entry(4 + at as u64, 1, true, vec![(Table::Custodian, path)]);
        project_all(&mut writer, &[entry]);
    }
    // A pattern would have found the file beside it.
    let lure = home.path("lure1");
    std::fs::copy(&plain, &lure).unwrap();
    let entry = batch_entry(8, 1, true, vec![(Table::Custodian, home.path("lure?"))]);
    assert_eq!(*entry.project(&mut writer).unwrap_err().kind(), ErrorKind::Statement);
}

fn hold() -> serde_json::Value {
    json!({ "hold": "orion", "matter": "M-1", "zone": "UTC", "digest": "00", "document": { "hold": "orion" }, "more": 1 })
}

#[test]
fn an_activation_says_what_it_makes_of_the_facts_that_the_home_has() {
    let mut home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    project_all(&mut writer, &[everything(&mut home, 4, &["slack/C1/1", "slack/C1/2"])]);
    let inputs = |writer: &Writer, by_instant| {
        let mut inputs = Vec::new();
        writer
            .assignment_inputs::<lexhold_catalog::CatalogError>(by_instant, None, |input| {
                inputs.push((
                    input.facts_id,
                    input.facts.to_owned(),
                    input.scan_incomplete,
                    input.sent_at,
                ));
                Ok(())
            })
            .unwrap();
        inputs
    };
    let facts = "{}".to_owned();
    assert_eq!(inputs(&writer, false), [(key("facts"), facts.clone(), false, None)]);
    let sent: Vec<_> = inputs(&writer, true).into_iter().map(|input| input.3).collect();
    assert_eq!(sent, [Some(day(2))]);

    let documents = json!([{"kind": "retention", "name": "d", "version": "2", "digest": "00"}]);
    let entry = Entry {
        files: vec![home.file(
            Table::Reassignment,
            &[row![key("facts"), false, None::<i64>, key("other set")]],
        )],
        ..Entry::new(
            5,
            "activation",
            json!({"bundle": "cd".repeat(32), "documents": documents}),
        )
    };
    project_all(&mut writer, std::slice::from_ref(&entry));
    assert_eq!(entry.project(&mut writer).unwrap(), Projected::Before);
    let activations = writer.activations().unwrap();
    assert_eq!(activations.iter().map(|one| one.seq).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(activations[0].documents, "[]");
    let stored: serde_json::Value = serde_json::from_str(&activations[1].documents).unwrap();
    assert_eq!(stored, documents);
    let prints = writer.fingerprint(Fingerprint::Everything).unwrap();
    assert_eq!(
        prints
            .iter()
            .find(|print| print.table == "reassignment")
            .unwrap()
            .n_rows,
        1
    );
}
