//! A small firm whose home the program itself makes: two versions of sixty schedules, two holds, thousands of events.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::spent::Spent;

/// Where the documents' days begin.
pub const ZONES: [&str; 4] = ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "UTC"];
/// Schedules of each document.
pub const SCHEDULES: usize = 15;
/// Accounts, of which every other is closed.
pub const ACCOUNTS: usize = 5_000;
/// Messages, and batches, that the program takes in itself.
pub const FIRST: usize = 40;

/// A folder with policies, messages and a home.
pub struct Firm(PathBuf);

impl Firm {
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub fn catalog(&self) -> PathBuf {
        self.0.join("home/catalog.duckdb")
    }

    /// Runs, records events, and activates the second version of every document.
    pub fn found(&self) {
        std::fs::create_dir_all(self.0.join("policies")).unwrap();
        std::fs::create_dir_all(self.0.join("rulesets/talk")).unwrap();
        self.write("lexhold.yaml", "home: home\ngovernance: solo\n");
        self.write("rulesets/talk/ruleset.yaml", RULESET);
        self.write("orion.yaml", &hold("orion", false));
        self.write("vega.yaml", &hold("vega", true));
        self.write_policies("1.0.0", 1);
        let mut files = Vec::new();
        for number in 0..FIRST {
            files.push(format!("{number}.ndjson"));
            self.write(&files[number], &message(number));
        }
        for run in files.chunks(FIRST / 5) {
            let mut arguments = vec![
                "run",
                "--quiet",
                "--backfill",
                "--holds",
                "orion.yaml",
                "--holds",
                "vega.yaml",
            ];
            arguments.extend(run.iter().map(String::as_str));
            self.spent(&arguments);
        }
        self.write("closed.csv", &closed_accounts());
        self.spent(&["event", "record", "--from", "closed.csv", "--evidence", "letters"]);
        self.write_policies("1.1.0", 2);
        self.spent(&["activate"]);
    }

    /// What a call takes.
    pub fn spent(&self, arguments: &[&str]) -> Spent {
        self.told(arguments).1
    }

    /// The same, with what it prints.
    pub fn told(&self, arguments: &[&str]) -> (String, Spent) {
        let program = std::env::var_os("LEXHOLD").map_or_else(beside, PathBuf::from);
        let mut command = Command::new(program);
        command
            .current_dir(&self.0)
            .args(["--as-of", "2026-11-22"])
            .args(arguments);
        Spent::by(&mut command)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    /// Sixty schedules, fifteen a zone: one in six counts from an event, one in thirty from the last activity, one from the
    /// capture; years, months and quarters are cut off, some days roll over weekends.
    fn write_policies(&self, version: &str, longer: usize) {
        for (at, zone) in ZONES.iter().enumerate() {
            let mut text = format!(
                "lexhold: 1\nretention: pack{at}\nversion: {version}\ntitle: Pack {at}\nowner: records@example.com\nzone: {zone}\nmode: compliance\nschedules:\n"
            );
            for number in 0..SCHEDULES {
                let of_all = at * SCHEDULES + number;
                let from = match of_all {
                    n if n % 6 == 3 => "{ event: account_closed, key: accounts }",
                    n if n % 30 == 7 => "last_activity",
                    n if n % 30 == 11 => "captured",
                    _ => "sent",
                };
                let cutoff = ["", ", cutoff: year", "", ", cutoff: month", ", cutoff: quarter"][of_all % 5];
                let years = longer + of_all % 10;
                writeln!(
                    text,
                    "  - id: s{number}\n    title: Schedule {number}\n    retain: {{ for: P{years}Y, from: {from}{cutoff} }}\n    dispose: {{ after: retain }}",
                )
                .unwrap();
            }
            self.write(&format!("policies/pack{at}.yaml"), &text);
        }
    }
}

/// The program that was built together with this benchmark.
fn beside() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().and_then(Path::parent).unwrap().join("lexhold")
}

fn message(number: usize) -> String {
    let line = json!({
        "id": number.to_string(), "platform": "slack", "conversation": format!("first{number}"), "sender": format!("ann{number}"),
        "recipients": ["bob"], "accounts": ["AX"], "sent_at": "2020-01-01T12:00:00Z", "captured_at": "2020-01-01T13:00:00Z",
        "text": "text me on my cell",
    });
    line.to_string()
}

fn hold(name: &str, silent: bool) -> String {
    format!(
        "lexhold: 1\nhold: {name}\nmatter: In re {name}\nowner: legal@firm.example\nzone: America/New_York\nsilent: {silent}\ncustodians: [{name}]\n"
    )
}

/// Every other account, each on a day of its own, over nine years.
fn closed_accounts() -> String {
    let mut text = "type,key,date\n".to_owned();
    let first = jiff::civil::date(2015, 1, 1);
    for account in (0..ACCOUNTS).step_by(2) {
        let day = first + jiff::Span::new().days(i64::try_from(account * 13 / 20).unwrap());
        writeln!(text, "account_closed,A{account},{day}").unwrap();
    }
    text
}

const RULESET: &str = "lexhold: 1
ruleset: talk
version: 1.0.0
owner: surveillance@firm.example
rules:
  - id: venue
    title: Moving to an unrecorded channel
    severity: high
    why: A talk about business is moved to where nobody records it.
    match: { phrase: text me on my cell }
    hits: [text me on my cell, then text me on my cell]
    misses: [call the desk, text me]
";
