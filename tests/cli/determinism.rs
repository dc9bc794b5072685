//! Same input, same output: on any number of threads, in any order of documents, wherever the host thinks it is.

use serde_json::{Value, json};

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

/// What differs between homes and says nothing of what was decided: where a message was read, which run read it, hashes
/// under the home's own key.
const OF_THE_HOME: [&str; 6] = [
    "run",
    "sources",
    "content_hash",
    "alert_id",
    "seconds",
    "messages_per_second",
];

fn scrubbed(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !OF_THE_HOME.contains(&key.as_str()));
            kept.map(|(key, value)| (key, scrubbed(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(scrubbed).collect(),
        value => value,
    }
}

/// The same job done in another way.
struct Way {
    zone: &'static str,
    jobs: &'static str,
    /// How many files the messages come in, the last message first if more than one.
    files: usize,
    /// Documents are named the other way round, and their schedules and rules are written in another order.
    turned: bool,
}

const WAYS: [Way; 3] = [
    Way {
        zone: "UTC",
        jobs: "1",
        files: 1,
        turned: false,
    },
    Way {
        zone: "Asia/Tokyo",
        jobs: "2",
        files: 3,
        turned: true,
    },
    Way {
        zone: "America/Sao_Paulo",
        jobs: "2",
        files: 1,
        turned: true,
    },
];

impl Way {
    fn call(&self, firm: &Firm, arguments: &[&str]) -> String {
        let mut command = firm.command(arguments);
        let output = command
            .env("TZ", self.zone)
            .env("LEXHOLD_JOBS", self.jobs)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Documents that lists are given of, in files whose order is that of the list or the reverse.
    fn documents(&self, firm: &Firm, documents: &[Value]) {
        for (at, document) in documents.iter().enumerate() {
            let last = if self.turned { documents.len() - at } else { at };
            let document = &self.written(document, "schedules");
            firm.write(
                &format!("policies/retention/{last:02}.yaml"),
                serde_yaml::to_string(document).unwrap(),
            );
        }
    }

    /// A document whose schedules or rules are written in the order of this way.
    fn written(&self, document: &Value, list: &str) -> Value {
        let mut document = document.clone();
        if self.turned {
            document[list].as_array_mut().unwrap().reverse();
        }
        document
    }

    /// Takes messages in; the closing summary, without what differs between homes.
    fn run(&self, firm: &Firm, messages: &[Value]) -> Value {
        let mut messages = messages.to_vec();
        if self.files > 1 {
            messages.reverse();
        }
        let share = messages.len().div_ceil(self.files);
        let mut arguments = vec![
            "run",
            "--format",
            "json",
            "--quiet",
            "--as-of",
            "2026-01-01",
            "--backfill",
        ];
        let names: Vec<String> = (0..)
            .zip(messages.chunks(share))
            .map(|(n, _)| format!("{n}.ndjson"))
            .collect();
        for (name, messages) in names.iter().zip(messages.chunks(share)) {
            firm.messages(name, messages);
        }
        arguments.extend(names.iter().map(String::as_str));
        scrubbed(serde_json::from_str(&self.call(firm, &arguments)).unwrap())
    }
}

#[test]
fn zones_threads_and_the_order_of_files_and_rules_change_no_byte_of_a_run_its_reports_and_explanations() {
    let house = json!({
        "lexhold": 1, "retention": "house", "version": "1.0.0", "owner": "a@firm.example", "title": "House",
        "zone": "Asia/Kolkata", "schedules": [
            {"id": "short", "dispose": {"after": "P4Y", "from": "sent", "action": "review"}},
            {"id": "talk", "retain": {"for": "P18M", "from": "last_activity", "cutoff": "quarter"}},
            {"id": "late", "retain": {"for": "P1Y", "from": "captured"}, "when": "resource.business"},
        ]
    });
    let said = |way: &Way| {
        let firm = Firm::new();
        let desk: Value = serde_yaml::from_str(&firm.read("policies/retention/desk.yaml")).unwrap();
        std::fs::remove_file(firm.path("policies/retention/desk.yaml")).unwrap();
        way.documents(&firm, &[desk, house.clone()]);
        let rules: Value = serde_yaml::from_str(&firm.read("rulesets/off-channel/ruleset.yaml")).unwrap();
        let rules = serde_yaml::to_string(&way.written(&rules, "rules")).unwrap();
        firm.write("rulesets/off-channel/ruleset.yaml", rules);
        let mut said = vec![way.run(&firm, &many(240)).to_string()];
        for format in ["csv", "ndjson"] {
            said.push(way.call(
                &firm,
                &["report", "retention", "--format", format, "--as-of", "2026-01-01"],
            ));
        }
        said.push(way.call(
            &firm,
            &["report", "coverage", "--format", "csv", "--as-of", "2026-01-01"],
        ));
        for report in ["forecast", "awaiting", "over-retention", "alerts"] {
            let report = way.call(
                &firm,
                &["report", report, "--format", "ndjson", "--as-of", "2026-01-01"],
            );
            let rows = report
                .lines()
                .map(|line| scrubbed(serde_json::from_str(line).unwrap()).to_string());
            let mut rows: Vec<String> = rows.collect();
            // Alerts alike are in the order of their ids, which are hashes under the home's own key.
            rows.sort();
            said.push(rows.join("\n"));
        }
        for id in ["m3", "m77"] {
            let explained = way.call(&firm, &["explain", "--message", id, "--json", "--as-of", "2026-01-01"]);
            said.push(scrubbed(serde_json::from_str(&explained).unwrap()).to_string());
        }
        said
    };
    let want = said(&WAYS[0]);
    assert!(want[1].lines().count() > 240 && want[8].contains("talk"));
    for way in &WAYS[1..] {
        for (want, said) in want.iter().zip(said(way)) {
            assert_eq!(&said, want, "in {}", way.zone);
        }
    }
}

/// One firm of `tests/cases/worked.yaml`.
#[derive(serde::Deserialize)]
struct Worked {
    firm: String,
    directory: Vec<Value>,
    documents: Vec<Value>,
    messages: Vec<Value>,
}

#[test]
fn the_worked_dates_come_out_of_the_command_line_wherever_the_host_is() {
    let cases: Vec<Worked> = serde_yaml::from_str(include_str!("../cases/worked.yaml")).unwrap();
    for case in cases {
        let reports: Vec<String> = WAYS[..2].iter().map(|way| worked(&case, way)).collect();
        assert_eq!(reports[0], reports[1], "{}", case.firm);
    }
}

/// The report on one firm's messages, each of which has the dates that it should have.
fn worked(case: &Worked, way: &Way) -> String {
    let firm = Firm::empty();
    let filled = |value: &Value, defaults: Value| {
        let mut all = defaults;
        all.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        all
    };
    let front = |one: &Value| {
        json!({
            "lexhold": 1, "retention": one["retention"], "version": "1.0.0", "owner": "a@firm.example", "title": "Worked",
            "zone": "UTC", "mode": "compliance",
        })
    };
    let titled = |mut document: Value| {
        for schedule in document["schedules"].as_array_mut().unwrap() {
            schedule["title"] = json!("A schedule");
        }
        document
    };
    let documents: Vec<Value> = case
        .documents
        .iter()
        .map(|one| titled(filled(one, front(one))))
        .collect();
    way.documents(&firm, &documents);
    let groups: std::collections::BTreeSet<&str> = case
        .directory
        .iter()
        .flat_map(|one| one["groups"].as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    let groups: Vec<Value> = groups.into_iter().map(|id| json!({"id": id})).collect();
    let people: Vec<Value> = case
        .directory
        .iter()
        .map(|one| filled(one, json!({"handles": {"slack": one["id"]}})))
        .collect();
    let directory = json!({"lexhold": 1, "directory": "staff", "people": people, "groups": groups});
    firm.write("directory.yaml", serde_yaml::to_string(&directory).unwrap());
    let messages: Vec<Value> = case
        .messages
        .iter()
        .map(|one| {
            let mut message = filled(
                one,
                json!({"platform": "slack", "conversation": one["id"], "sender": "zoe", "text": "a word"}),
            );
            message.as_object_mut().unwrap().remove("expect");
            message
        })
        .collect();
    way.run(&firm, &messages);
    let report = way.call(
        &firm,
        &["report", "retention", "--format", "ndjson", "--as-of", "2026-01-01"],
    );
    let rows: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), messages.len(), "{}", case.firm);
    for message in &case.messages {
        let id = message["id"].as_str().unwrap();
        let row = rows
            .iter()
            .find(|row| row["message_id"].as_str().unwrap().ends_with(&format!("/{id}")))
            .unwrap();
        for (column, want) in message["expect"].as_object().unwrap() {
            assert_eq!(
                &row[column], want,
                "{}: {column} of {id} in {}: {row:#}",
                case.firm, way.zone
            );
        }
    }
    report
}
