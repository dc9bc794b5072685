//! The shipped packs: how many there are, that each schedule and each rule is proved, that a pack tells what is
//! unverified, and that no period, reach or trigger differs from the table of regulations without a reason.

use std::collections::{BTreeMap, BTreeSet};

use lexhold_document::{Diagnostics, Document, Files, Kind, Node};
use lexhold_evaluate::{Bundle, Outcome, run_documents};
use lexhold_policy::Schemas;

use crate::{Shipped, TABLE, id, read};

/// Where a schedule differs from the table, with the reason; tab-separated.
const REASONS: &str = "policies/retention/differences.tsv";

/// The least that is shipped.
const PACKS: usize = 14;
const SCHEDULES: usize = 60;

/// What the table says of one regulation, as far as a schedule can be compared with it.
type Entry<'a> = BTreeMap<&'a str, &'a str>;

/// The entries of the table by their ids; each of their keys stands on a line of its own.
fn table(text: &str) -> BTreeMap<&str, Entry<'_>> {
    let mut entries: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(id) = line.strip_prefix("- id: ") {
            current = id;
            entries.insert(id, BTreeMap::new());
        } else if let Some((key, value)) = line.strip_prefix("  ").and_then(|line| line.split_once(": "))
            && let Some(entry) = entries.get_mut(current)
        {
            entry.insert(key, value);
        }
    }
    entries
}

/// The text under these keys, one in the other.
fn text<'a>(item: &'a Node, keys: &[&str]) -> Option<&'a str> {
    keys.iter().try_fold(item, |node, key| node.get(key))?.as_text()
}

/// In which words a schedule differs from what the table says of a regulation that it cites.
fn differences(item: &Node, law: &Entry<'_>) -> Vec<String> {
    let known = |key: &str| law.get(key).copied().filter(|value| *value != "null");
    let kind = known("period_kind").unwrap_or_default();
    let part = if ["maximum", "deadline"].contains(&kind) {
        "ceiling"
    } else {
        "retain"
    };
    let wanted = if kind == "permanent" {
        Some("permanent")
    } else {
        known("period").filter(|_| ["minimum", "fixed", "maximum", "deadline"].contains(&kind))
    };
    let mut found = Vec::new();
    let mut compare = |what: &str, have: Option<&str>, want: Option<&str>| {
        if want.is_some() && have != want {
            found.push(format!("{what} {}", have.unwrap_or("none")));
        }
    };
    let length = text(item, &[part, "for"]);
    compare("period", length, wanted);
    if part == "retain" {
        compare(
            "accessible",
            text(item, &["retain", "accessible"]),
            known("accessible_first"),
        );
    }
    if wanted.is_some() && length != Some("permanent") {
        let (have, want) = triggers(item, part, known("trigger").unwrap_or_default());
        compare("trigger", Some(have), want);
    }
    found
}

/// The kind of trigger that a schedule has, and that which the law's asks for, where it asks for one.
fn triggers(item: &Node, part: &str, law: &str) -> (&'static str, Option<&'static str>) {
    let under = |key: &str| item.get(part).and_then(|part| part.get(key));
    let cutoff = under("cutoff");
    let event =
        under("from").is_some_and(|from| from.get("event").is_some() || from.as_text() == Some("last_activity"));
    let have = match (cutoff, event) {
        (Some(cutoff), _) if cutoff.get("fiscal").is_some() => "fiscal year end",
        (Some(_), _) => "calendar year end",
        (None, true) => "event",
        (None, false) => "day of the message",
    };
    let want = match law {
        "fiscal_year_end" => Some("fiscal year end"),
        "calendar_year_end" => Some("calendar year end"),
        // What a message itself is, is made, entered and asked for on its day; an event is never before that.
        "" | "none" | "created" | "last_entry" | "request_date" | "firm_defined" | "schedule" => None,
        _ => Some("event"),
    };
    (have, want)
}

fn packs(shipped: &Shipped) -> impl Iterator<Item = &Document> {
    let documents = shipped.documents.iter();
    documents.filter(|document| document.kind == Kind::Retention)
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_list).unwrap_or_default()
}

#[test]
fn there_are_packs_enough() {
    let shipped = Shipped::compiled();
    let n_schedules: usize = packs(&shipped).map(|pack| list(&pack.root, "schedules").len()).sum();
    let n_packs = packs(&shipped).count();
    println!("{n_schedules} schedules in {n_packs} packs");
    assert!(
        n_packs >= PACKS && n_schedules >= SCHEDULES,
        "{n_schedules} in {n_packs}"
    );
}

#[test]
fn every_schedule_is_named_by_two_tests() {
    let shipped = Shipped::compiled();
    let mut few = Vec::new();
    for pack in packs(&shipped) {
        let expected = |test| text(test, &["expect", "retention", "schedule"]);
        let named: Vec<&str> = list(&pack.root, "tests").iter().filter_map(expected).collect();
        for item in list(&pack.root, "schedules") {
            let full = format!("{}.{}", pack.name, id(item));
            if named.iter().filter(|name| **name == full).count() < 2 {
                few.push(full);
            }
        }
    }
    assert!(few.is_empty(), "fewer than two tests expect {few:#?}");
}

#[test]
fn a_pack_names_in_its_head_what_is_unverified() {
    let (shipped, law) = (Shipped::compiled(), read(TABLE));
    let law = table(&law);
    for pack in packs(&shipped) {
        let (head, _) = shipped
            .files
            .text(pack.file)
            .split_once("lexhold: 1")
            .expect("a document");
        let head = head.replace("\n# ", " ");
        assert!(head.contains("Not legal advice"), "{} promises too much", pack.name);
        for cite in list(&pack.root, "schedules")
            .iter()
            .flat_map(|item| list(item, "cites"))
        {
            let cite = cite.as_text().expect("an id");
            assert!(
                law[cite]["confidence"] == "verified" || head.contains(cite),
                "{} does not say that {cite} is unverified",
                pack.name
            );
        }
    }
}

#[test]
fn every_difference_from_the_table_has_a_reason() {
    let (shipped, law, reasons) = (Shipped::compiled(), read(TABLE), read(REASONS));
    let law = table(&law);
    let lines = reasons.lines().filter(|line| !line.starts_with('#'));
    let reasons: BTreeSet<(String, String, String)> = lines
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [schedule, cite, difference, why] if !why.is_empty() => (schedule.into(), cite.into(), difference.into()),
            _ => panic!("{REASONS}: not four columns: {line}"),
        })
        .collect();
    let mut found = BTreeSet::new();
    for pack in packs(&shipped) {
        for item in list(&pack.root, "schedules") {
            for cite in list(item, "cites").iter().filter_map(Node::as_text) {
                let schedule = format!("{}.{}", pack.name, id(item));
                let differences = differences(item, &law[cite]).into_iter();
                found.extend(differences.map(|difference| (schedule.clone(), cite.to_owned(), difference)));
            }
        }
    }
    let show = |set: BTreeSet<&(String, String, String)>| -> String {
        let lines = set
            .into_iter()
            .map(|(schedule, cite, what)| format!("{schedule}\t{cite}\t{what}\n"));
        lines.collect()
    };
    let unexplained = show(found.difference(&reasons).collect());
    let needless = show(reasons.difference(&found).collect());
    assert!(
        unexplained.is_empty() && needless.is_empty(),
        "{REASONS} lacks a reason for:\n{unexplained}and need not have:\n{needless}"
    );
}

#[test]
fn a_wrong_period_reach_or_trigger_is_found() {
    let text = "lexhold: 1\nretention: a\nversion: 1.0.0\nschedules:\n  \
                - { id: b, retain: { for: P70Y, from: sent, accessible: P1Y }, ceiling: { for: P2Y, from: sent } }\n";
    let mut files = Files::new();
    let root = files.add("a.yaml", text.to_owned());
    let mut diagnostics = Diagnostics::new();
    let mut none = |path: &str| panic!("{path}");
    let documents = lexhold_document::load(&mut files, &[root], &mut none, &mut diagnostics);
    let item = &list(&documents[0].root, "schedules")[0];
    let law = |text| differences(item, &table(text)["x"]);
    let minimum =
        "- id: x\n  period: P7Y\n  period_kind: minimum\n  trigger: account_closed\n  accessible_first: P2Y\n";
    assert_eq!(
        law(minimum),
        ["period P70Y", "accessible P1Y", "trigger day of the message"]
    );
    assert_eq!(
        law("- id: x\n  period: P3Y\n  period_kind: maximum\n  trigger: created\n"),
        ["period P2Y"]
    );
    assert_eq!(
        law("- id: x\n  period: null\n  period_kind: permanent\n  trigger: schedule\n"),
        ["period P70Y"]
    );
    let fiscal =
        "- id: x\n  period: P70Y\n  period_kind: fixed\n  trigger: fiscal_year_end\n  accessible_first: null\n";
    assert_eq!(law(fiscal), ["trigger day of the message"]);
}

/// A firm's document that imports the advisers' pack, with a test of the firm's own.
const FIRM: &str = "\
lexhold: 1
retention: our-records
version: 1.0.0
title: What our firm keeps
owner: records@ourfirm.example
zone: America/Chicago
imports:
  - { file: us-investment-adviser.yaml, with: { zone: Asia/Tokyo, group: advisers, fiscal: fiscal-december } }
schedules: []
tests:
  - name: by the clocks of Tokyo and the calendar year
    directory: { people: [{ id: ivy, groups: [advisers] }] }
    message: { sender: ivy, sent_at: \"2021-12-31T15:00:00Z\", text: move the pension plan into bonds }
    expect:
      retention:
        schedule: us-investment-adviser.communications
        retain_until: \"2027-12-31\"
        eligible_from: \"2027-12-31T15:00:00Z\"
        accessible_until: \"2024-12-31\"
";

#[test]
fn a_pack_fits_a_firm_by_its_parameters_alone() {
    let mut files = Files::new();
    let calendar = "policies/calendars/fiscal-december.yaml";
    let roots = [
        files.add("policies/retention/our-records.yaml", FIRM.to_owned()),
        files.add(calendar, read(calendar)),
    ];
    let mut diagnostics = Diagnostics::new();
    let documents = lexhold_document::load(&mut files, &roots, &mut |path| Ok(read(path)), &mut diagnostics);
    let bundle = Bundle::compile(&documents, &Schemas::built_in(), &mut diagnostics).expect("no errors");
    assert!(diagnostics.is_empty());
    let ours: Vec<Document> = documents
        .into_iter()
        .filter(|document| document.name == "our-records")
        .collect();
    let results = run_documents(&bundle, &Schemas::built_in(), &ours, &mut diagnostics);
    let outcomes: Vec<&Outcome> = results.iter().map(|result| &result.outcome).collect();
    assert_eq!(outcomes, [&Outcome::Pass]);
}

#[test]
fn every_supervision_rule_is_seen_to_fire_and_to_be_quiet() {
    let shipped = Shipped::compiled();
    for pack in shipped
        .documents
        .iter()
        .filter(|document| document.kind == Kind::Supervision)
    {
        let rules: Vec<String> = list(&pack.root, "rules")
            .iter()
            .map(|rule| format!("{}.{}", pack.name, id(rule)))
            .collect();
        let fired: Vec<Vec<&str>> = list(&pack.root, "tests")
            .iter()
            .map(|test| test.get("expect").map_or(&[][..], |expect| list(expect, "alerts")))
            .map(|alerts| alerts.iter().filter_map(|alert| text(alert, &["rule"])).collect())
            .collect();
        let n_quiet = fired
            .iter()
            .filter(|fired| !fired.iter().any(|rule| rules.iter().any(|ours| ours == rule)))
            .count();
        assert!(n_quiet >= rules.len(), "{}: {n_quiet} tests are quiet", pack.name);
        for rule in &rules {
            assert!(
                fired.iter().any(|fired| fired.contains(&rule.as_str())),
                "{rule} fires in no test"
            );
        }
        for rule in list(&pack.root, "rules") {
            assert!(
                text(rule, &["why"]).is_some() && text(rule, &["severity"]).is_some(),
                "{} says too little",
                id(rule)
            );
        }
    }
}
