//! The questions that reports and commands ask.

use std::collections::BTreeMap;

use lexhold_catalog::{
    Catalog, CatalogError, Cover, Covered, DayRow, Dimension, FoundMessage, Hits, Instants, OriginClass, Scope,
    Settings, Writer,
};
use lexhold_model::Key;
use lexhold_model::tables::Table;
use serde_json::json;

use crate::fixture::{Entry, Home, Mail, batch_entry, beginning, day, hit, key, project_all, row};

/// Four messages under three sets of schedules, two alerts, one hold.
fn catalog(home: &mut Home) -> Writer {
    let none = None::<&str>;
    let mails = [
        Mail {
            channel: Some("desk"),
            ..Mail::new("slack/C1/1.1", "alice@bank.example", day(40))
        },
        Mail {
            channel: Some("desk"),
            ..Mail::new("slack/C1/2.1", "bob@bank.example", day(10))
        },
        Mail {
            sent_at: None,
            ..Mail::new("slack/C2/2.1", "zed", day(1))
        },
        Mail::new("slack/C2/9", "alice@bank.example", day(400)),
    ];
    let [one, two, three, four] = [0, 1, 2, 3].map(|at: usize| key(mails[at].id));
    let schedule = |name: &str| {
        row![
            key(name),
            "d",
            "1",
            "00",
            name,
            "T",
            "UTC",
            none,
            none,
            [].as_slice(),
            "{}"
        ]
    };
    let assigned = |message: Key, set: &str| row![message, message, key(set), key("days"), key("facts"), false, false];
    let files = vec![
        home.file(Table::Message, &mails.each_ref().map(Mail::row)),
        home.file(
            Table::Custodian,
            &[row![one, "bob"], row![one, "alice"], row![two, "bob"]],
        ),
        home.file(Table::Recipient, &[row![one, "bob", "to"], row![one, "eve", "bcc"]]),
        home.file(Table::Source, &[row![one, "in.ndjson", 1_i64]]),
        home.file(Table::Facts, &[row![key("facts"), "{\"a\":1}"]]),
        home.file(
            Table::Rule,
            &[row![
                key("rule"),
                "pattern",
                "off.venue",
                "off",
                "2.0.0",
                "00",
                "high",
                "Venue",
                ["x"].as_slice(),
                ["law"].as_slice(),
                "folded",
                true,
                none
            ]],
        ),
        home.file(
            Table::Hit,
            &[
                hit(one, key("A"), 7, None),
                hit(two, key("A"), 5, None),
                hit(one, key("A"), 2, None),
                hit(four, key("B"), 0, None),
                hit(three, key("C"), 0, Some("disclaimer")),
            ],
        ),
        home.file(Table::Schedule, &[schedule("d.keep"), schedule("d.also")]),
        home.file(
            Table::DutySet,
            &[
                row![key("both"), 0_i64, key("d.keep"), "assigned", none],
                row![key("both"), 1_i64, key("d.also"), "assigned", none],
                row![key("doubt"), 0_i64, key("d.keep"), "indeterminate", "no jurisdiction"],
            ],
        ),
        home.file(Table::Days, &[row![key("days"), "UTC", none, "2024-10-26"]]),
        home.file(
            Table::Assignment,
            &[
                assigned(one, "both"),
                assigned(two, "both"),
                assigned(three, "doubt"),
                assigned(four, "empty"),
            ],
        ),
        home.file(
            Table::HoldMember,
            &[
                row!["orion", one, one, "held"],
                row!["orion", three, three, "unevaluable"],
            ],
        ),
        home.file(
            Table::Handle,
            &[
                row!["slack", "alice@bank.example", true],
                row!["slack", "zed", false],
                row!["slack", "eve", false],
            ],
        ),
        home.file(Table::Diagnostic, &[row![one, "LX0601", "d.keep", "no jurisdiction"]]),
    ];
    let mut entries = beginning();
    entries.push(batch_entry(4, 4, true, files));
    let hold =
        json!({ "hold": "orion", "matter": "M-1", "zone": "UTC", "digest": "00", "silent": true, "document": {} });
    entries.push(Entry::new(5, "hold_placed", hold));
    entries.push(Entry::new(
        6,
        "run_finished",
        json!({ "run": "run-1", "summary": { "new": 4 } }),
    ));
    let mut writer = home.writer("c");
    project_all(&mut writer, &entries);
    writer
}

fn places(catalog: &Catalog, which: Hits) -> Vec<(Key, String, i64)> {
    let mut places = Vec::new();
    catalog
        .hits::<CatalogError>(which, |hit| {
            places.push((hit.alert_id, hit.message_id, hit.span.unwrap().0));
            Ok(())
        })
        .unwrap();
    places
}

#[test]
fn hits_come_by_alert_time_message_and_place() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let of_a = [("slack/C1/2.1", 5), ("slack/C1/1.1", 2), ("slack/C1/1.1", 7)]
        .map(|(id, start)| (key("A"), id.to_owned(), start));
    assert_eq!(places(&catalog, Hits::OfAlert(key("A"))), of_a);
    let all = places(&catalog, Hits::All);
    assert_eq!(all.len(), 5);
    let mut alerts: Vec<Key> = all.iter().map(|(alert, ..)| *alert).collect();
    alerts.dedup();
    assert_eq!(alerts.len(), 3, "alert by alert");
    assert_eq!(all[..3], of_a, "the oldest first, since all are equally grave");
    assert_eq!(places(&catalog, Hits::InMessage(key("slack/C2/2.1"))).len(), 1);

    let mut custodians = Vec::new();
    catalog
        .hits::<CatalogError>(Hits::OfAlert(key("A")), |hit| {
            custodians.push(hit.custodians.join("+"));
            Ok(())
        })
        .unwrap();
    assert_eq!(custodians, ["bob", "alice+bob", "alice+bob"]);
    let rules = catalog.rules().unwrap();
    assert_eq!(
        (rules[0].rule.as_str(), rules[0].labels.as_slice()),
        ("off.venue", ["x".to_owned()].as_slice())
    );
}

#[test]
fn hits_of_many_alerts_come_in_order() {
    const N: usize = 10_000;
    let mut home = Home::new();
    let mails: Vec<Mail> = (0..N)
        .map(|at| {
            let id: &'static str = format!("slack/C1/{at}").leak();
            let second = i64::try_from(at * 7_919 % N).unwrap();
            Mail::new(id, "alice@bank.example", day(1) + second * 1_000_000)
        })
        .collect();
    let alert = |id: &str| key(&format!("alert of {id}"));
    let mut entries = beginning();
    let rows: Vec<_> = mails.iter().map(Mail::row).collect();
    let hits: Vec<_> = mails
        .iter()
        .map(|mail| hit(key(mail.id), alert(mail.id), 7, None))
        .collect();
    let files = vec![home.file(Table::Message, &rows), home.file(Table::Hit, &hits)];
    entries.push(batch_entry(4, N as u64, true, files));
    let mut writer = home.writer("c");
    project_all(&mut writer, &entries);
    writer.close().unwrap();
    let little = Settings {
        memory_mib: 64,
        ..home.settings()
    };
    let found = places(&Catalog::open_reader(&home.path("c"), &little).unwrap(), Hits::All);
    let mut oldest_first: Vec<&Mail> = mails.iter().collect();
    oldest_first.sort_unstable_by_key(|mail| mail.sent_at);
    assert!(
        found
            .iter()
            .map(|(_, id, _)| id)
            .eq(oldest_first.iter().map(|mail| mail.id))
    );
    assert!(found.iter().all(|(of, id, _)| *of == alert(id)));
}

#[test]
fn the_first_messages_are_those_that_all_begin_with() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let read = |scope| {
        let mut found = Vec::new();
        catalog
            .retention::<CatalogError>(scope, |row| {
                found.push(format!("{row:?}"));
                Ok(())
            })
            .unwrap();
        found
    };
    let all = read(Scope::All);
    assert_eq!(all.len(), 4);
    for n in 0..=5 {
        assert_eq!(catalog.choose_first(n).unwrap(), 4);
        assert_eq!(read(Scope::First), all[..n.min(4)]);
    }
}

#[test]
fn a_callers_own_error_ends_a_question() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    #[derive(Debug, PartialEq)]
    struct Enough(usize);
    impl From<CatalogError> for Enough {
        fn from(error: CatalogError) -> Self {
            panic!("{error}")
        }
    }
    let mut seen = 0;
    let answer = catalog.hits(Hits::All, |_| {
        seen += 1;
        if seen == 2 { Err(Enough(seen)) } else { Ok(()) }
    });
    assert_eq!(answer, Err(Enough(2)));
    assert_eq!(places(&catalog, Hits::All).len(), 5, "the catalog answers on");
}

/// Classes by set: `both` governs, `doubt` cannot say, `empty` does not.
fn classify(catalog: &Catalog) {
    let mut classes = Vec::new();
    catalog
        .origins::<CatalogError>(None, |row| {
            let (class, cover) = match row.set_id {
                set if set == key("both") => (0, Cover::Governed),
                set if set == key("doubt") => (1, Cover::Indeterminate),
                _ => (2, Cover::Ungoverned),
            };
            classes.push(OriginClass {
                origin: row.origin,
                class,
                cover,
                by_conversation: false,
                instants: Instants::Never,
                streamed: false,
            });
            Ok(())
        })
        .unwrap();
    catalog.classify_origins(&classes).unwrap();
}

/// Messages counted apart: how many assignments, what covers them, how many.
type Apart = (usize, Covered, i64);

/// Covered by nothing.
fn free() -> Covered {
    Covered::default()
}

/// Under a silent hold.
fn silent() -> Covered {
    Covered::default().with(true, None)
}

/// How many messages each class has, and those counted apart.
fn counts(catalog: &Catalog, run: Option<&str>) -> (BTreeMap<Option<u32>, i64>, Vec<Apart>) {
    classify(catalog);
    let mut plain: BTreeMap<Option<u32>, i64> = BTreeMap::new();
    let mut apart = Vec::new();
    catalog
        .count_combinations::<CatalogError>(run, true, |count| {
            if count.covered == free() {
                *plain.entry(count.class).or_default() += count.n_messages;
            } else {
                apart.push((usize::from(count.class.is_some()), count.covered, count.n_messages));
            }
            Ok(())
        })
        .unwrap();
    plain.retain(|_, n| *n != 0);
    catalog
        .count_apart::<CatalogError>(|count| {
            apart.push((count.members.len(), count.covered, count.n_messages.cast_signed()));
            Ok(())
        })
        .unwrap();
    apart.sort_unstable();
    (plain, apart)
}

#[test]
fn messages_are_counted_by_what_their_state_follows_from() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let (plain, apart) = counts(&catalog, None);
    assert_eq!(plain, [(Some(0), 1), (Some(2), 1)].into());
    assert_eq!(
        apart,
        [(1, silent(), 1), (1, silent(), 1)],
        "what cannot be evaluated is held"
    );
    assert_eq!(counts(&catalog, Some("run-1")), (plain, apart));
    assert_eq!(counts(&catalog, Some("run-2")), (BTreeMap::new(), Vec::new()));
    assert_eq!(catalog.duty_sets().unwrap()[&key("both")].len(), 2);
    assert_eq!(catalog.schedules().unwrap().len(), 2);
    let mut sent_days = Vec::new();
    let each = |row: DayRow<'_>| {
        sent_days.push(row.sent_day.map(str::to_owned));
        Ok::<(), CatalogError>(())
    };
    catalog.day_sets(None, each).unwrap();
    assert_eq!(sent_days, [None]);
}

#[test]
fn families_with_several_assignments_are_counted_by_all_of_them() {
    let mut home = Home::new();
    let mut catalog = catalog(&mut home);
    let four = key("slack/C2/9");
    let late = home.file(
        Table::Assignment,
        &[row![four, four, key("both"), key("days"), key("facts"), false, false]],
    );
    batch_entry(7, 0, true, vec![late]).project(&mut catalog).unwrap();
    let (plain, apart) = counts(&catalog, None);
    assert_eq!(plain, [(Some(0), 1)].into());
    assert_eq!(apart, [(1, silent(), 1), (1, silent(), 1), (2, free(), 1)]);
    let years: Vec<_> = coverage(&catalog, Dimension::Year);
    assert!(
        years.contains(&(Some("2025".to_owned()), 1, 0, 0)),
        "now governed: {years:?}"
    );
}

#[test]
fn conversations_know_when_people_last_wrote() {
    let mut home = Home::new();
    let mut catalog = catalog(&mut home);
    let active = |catalog: &Catalog| {
        let mut active = Vec::new();
        catalog
            .conversations::<CatalogError>(None, |row| {
                active.push((row.id.to_owned(), row.active_at));
                Ok(())
            })
            .unwrap();
        active
    };
    assert_eq!(active(&catalog), [("C1".to_owned(), day(400))]);
    let said = |id, at, kind: &str, suspect: bool| {
        let mut row = Mail::new(id, "alice", at).row();
        row[8] = kind.into();
        row[22] = suspect.into();
        row
    };
    let file = home.file(
        Table::Message,
        &[
            said("slack/C1/5", day(500), "reaction", false),
            said("slack/C1/6", day(600), "message", true),
            said("slack/C1/7", day(390), "call", false),
        ],
    );
    batch_entry(7, 3, true, vec![file]).project(&mut catalog).unwrap();
    assert_eq!(
        active(&catalog),
        [("C1".to_owned(), day(400))],
        "neither reactions nor dates that are not believed"
    );
    let file = home.file(Table::Message, &[said("slack/C1/8", day(410), "call", false)]);
    batch_entry(8, 1, true, vec![file]).project(&mut catalog).unwrap();
    assert_eq!(active(&catalog), [("C1".to_owned(), day(410))], "a late one moves it");
}

fn coverage(catalog: &Catalog, dimension: Dimension) -> Vec<(Option<String>, u64, u64, u64)> {
    classify(catalog);
    let rows = catalog.coverage(None).unwrap();
    let rows = rows.into_iter().filter(|row| row.dimension == dimension);
    rows.map(|row| (row.value, row.n_messages, row.n_ungoverned, row.n_indeterminate))
        .collect()
}

#[test]
fn coverage_counts_what_no_schedule_governs_for_certain() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(coverage(&catalog, Dimension::Platform), [(some("slack"), 4, 1, 1)]);
    assert_eq!(
        coverage(&catalog, Dimension::Channel),
        [(some("desk"), 2, 0, 0), (None, 2, 1, 1)]
    );
    assert_eq!(
        coverage(&catalog, Dimension::SenderDomain),
        [(some("bank.example"), 3, 1, 0), (None, 1, 0, 1)]
    );
    let years = [(some("2024"), 2, 0, 0), (some("2025"), 1, 1, 0), (None, 1, 0, 1)];
    assert_eq!(coverage(&catalog, Dimension::Year), years);
}

#[test]
fn charts_count_by_month() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let alerts = catalog.alerts_by_month().unwrap();
    let alerts: Vec<_> = alerts
        .iter()
        .map(|a| (a.month.as_str(), a.severity.as_str(), a.rule.as_str(), a.n_alerts))
        .collect();
    assert_eq!(
        alerts,
        [("2024-01", "high", "off.venue", 1), ("2025-02", "high", "off.venue", 1)]
    );
}

#[test]
fn holds_say_what_they_cover() {
    let mut home = Home::new();
    let holds = catalog(&mut home).holds().unwrap();
    let [hold] = holds.as_slice() else { panic!("{holds:?}") };
    assert_eq!(
        (hold.hold.as_str(), hold.silent, hold.placed_by.as_str()),
        ("orion", true, "otto")
    );
    assert_eq!((hold.n_held, hold.n_unevaluable), (1, 1));
    assert_eq!((hold.first_sent_at, hold.last_sent_at), (Some(day(40)), Some(day(40))));
}

#[test]
fn unknown_handles_are_listed_with_what_they_sent() {
    let mut home = Home::new();
    let handles = catalog(&mut home).unknown_handles().unwrap();
    let handles: Vec<_> = handles
        .iter()
        .map(|handle| (handle.handle.as_str(), handle.n_sent))
        .collect();
    assert_eq!(handles, [("zed", 1), ("eve", 0)]);
}

#[test]
fn a_message_is_found_by_what_a_person_has_of_its_id() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let one = |id: &str| match catalog.find_message(id).unwrap() {
        FoundMessage::One(versions) => versions.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(one("slack/C1/1.1").message_id, "slack/C1/1.1");
    assert_eq!(one("1.1").message_id, "slack/C1/1.1", "by the platform's own id");
    assert_eq!(one("C2/9").message_id, "slack/C2/9", "by a part of the id");
    let several = ["slack/C1/2.1", "slack/C2/2.1"].map(str::to_owned).to_vec();
    assert_eq!(catalog.find_message("2.1").unwrap(), FoundMessage::Several(several));
    assert_eq!(catalog.find_message("it's not there").unwrap(), FoundMessage::None);

    let header = one("1.1");
    let around = catalog.surroundings(&header).unwrap();
    assert_eq!((header.sent_at, header.run.as_str()), (Some(day(40)), "run-1"));
    assert_eq!(around.recipients.len(), 2);
    assert_eq!(around.custodians, ["alice", "bob"]);
    assert_eq!(around.sources, [("in.ndjson".to_owned(), 1)]);
    assert_eq!(around.facts.as_deref(), Some("{\"a\":1}"));
    assert_eq!(around.diagnostics[0].0, "LX0601");
}

#[test]
fn the_catalog_says_where_it_stands() {
    let mut home = Home::new();
    let catalog = catalog(&mut home);
    let status = catalog.status().unwrap();
    assert_eq!(status.applied_seq, Some(6));
    assert_eq!((status.n_messages, status.n_holds), (4, 1));
    assert_eq!(status.n_unknown_handles, 2);
    let runs = catalog.runs(5).unwrap();
    assert_eq!(
        (runs.len(), runs[0].n_messages, runs[0].summary.as_deref()),
        (1, 4, Some("{\"new\":4}"))
    );
    assert_eq!(runs[0].finished_at.unwrap() - runs[0].started_at, 3_000_000);
    let files = catalog.ingested_files().unwrap();
    assert_eq!((files.len(), files[0].messages, files[0].complete), (1, 4, true));
}
