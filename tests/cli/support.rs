//! A firm in a temporary folder: policies, rulesets, a directory, messages, a home.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lexhold_catalog::{Catalog, Fingerprint, Settings, TableFingerprint};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a call printed and how it ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(self.stdout.trim()).unwrap_or_else(|_| panic!("no JSON: {}\n{}", self.stdout, self.stderr))
    }

    pub fn rows(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The same, if it ended with this code.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The same, if stderr says this.
    #[track_caller]
    pub fn said(self, what: &str) -> Self {
        assert!(self.stderr.contains(what), "`{what}` is missing in:\n{}", self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A firm with a folder of its own.
pub struct Firm {
    folder: TempDir,
}

impl Firm {
    /// A folder with nothing in it.
    pub fn empty() -> Self {
        let firm = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(firm.path("rulesets")).unwrap();
        firm
    }

    /// A small firm: two schedules, three rules, four people.
    pub fn new() -> Self {
        let firm = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        firm.write("policies/retention/desk.yaml", RETENTION);
        firm.write("policies/supervision/barriers.yaml", SUPERVISION);
        firm.write("rulesets/off-channel/ruleset.yaml", RULESET);
        firm.write("directory.yaml", DIRECTORY);
        firm
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// From now on one person governs alone.
    pub fn govern_alone(&self) {
        std::fs::remove_file(self.path("operators.yaml")).unwrap();
        self.write("lexhold.yaml", "governance: solo\n");
    }

    /// From now on these operators govern.
    pub fn govern_with(&self, operators: &str) {
        self.write("operators.yaml", operators);
        self.write("lexhold.yaml", "");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A call in the firm's folder, of the program that `LEXHOLD_TEST_PROGRAM` names, such as a release, or of the test's own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = std::env::var_os("LEXHOLD_TEST_PROGRAM");
        let mut command = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_lexhold").into()));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            // Nothing of whoever runs the tests.
            .env("XDG_CONFIG_HOME", self.folder.path().join(".config"))
            .stdin(Stdio::null());
        for name in [
            "LEXHOLD_HOME",
            "LEXHOLD_AS",
            "LEXHOLD_JOBS",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub fn call(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// A call as somebody types it, when no word of it holds a space.
    pub fn typed(&self, line: &str) -> Ran {
        self.call(&line.split(' ').collect::<Vec<_>>())
    }

    /// A call that reads this on stdin.
    pub fn call_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Whoever ends without reading all of it closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// `run` of these inputs as of a fixed day, its summary as JSON.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["run", "--format", "json", "--as-of", AS_OF, "--backfill"];
        all.extend(arguments);
        self.call(&all)
    }

    /// Messages in an NDJSON file of this name.
    pub fn messages(&self, name: &str, messages: &[Value]) -> PathBuf {
        let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
        self.write(name, lines)
    }

    /// Fingerprints of the catalog's tables.
    pub fn fingerprint(&self, of: Fingerprint) -> Vec<TableFingerprint> {
        fingerprint(&self.path(".lexhold/catalog.duckdb"), of)
    }
}

pub const AS_OF: &str = "2026-01-01";

pub fn fingerprint(path: &Path, of: Fingerprint) -> Vec<TableFingerprint> {
    let temp = tempfile::tempdir().unwrap();
    let settings = Settings {
        wait: std::time::Duration::from_secs(30),
        threads: 2,
        memory_mib: 200,
        temp: temp.path().to_owned(),
    };
    Catalog::open_reader(path, &settings).unwrap().fingerprint(of).unwrap()
}

/// The files below a folder that say a text.
pub fn saying(folder: PathBuf, text: &str) -> Vec<PathBuf> {
    let says = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    };
    let (mut folders, mut found) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if says(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// One message of a chat.
pub fn message(id: &str, sent_at: &str, text: &str) -> Value {
    json!({"id": id, "platform": "slack", "conversation": "c1", "channel": "rates", "sender": "ann", "recipients": ["bob"], "sent_at": sent_at, "text": text})
}

/// Many messages, one in ten of them a hit, over three years.
pub fn many(n: usize) -> Vec<Value> {
    (0..n)
        .map(|at| {
            let day = format!(
                "20{}-{:02}-{:02}T{:02}:00:00Z",
                20 + at % 5,
                1 + at % 12,
                1 + at % 28,
                at % 24
            );
            let text = if at % 10 == 3 {
                format!("let's move this to WhatsApp, number {at}")
            } else {
                format!("see you at {at}")
            };
            let mut message = message(&format!("m{at}"), &day, &text);
            message["sender"] = json!(["ann", "bob", "cyd", "eve"][at % 4]);
            message["conversation"] = json!(format!("c{}", at % 17));
            message
        })
        .collect()
}

const RETENTION: &str = r#"lexhold: 1
retention: desk
version: 1.0.0
title: The desk's records
owner: records@firm.example
zone: America/New_York
basis: law
jurisdiction: US
scope: principal in Group::"trading"
schedules:
  - id: chats
    title: Chats about the business
    when: resource.business
    retain: { for: P3Y, from: sent, accessible: P2Y }
    dispose: { after: retain, action: review }
    cites: [us-sec-17a-4-b4]
  - id: flagged
    title: What surveillance flagged
    when: resource.labels.contains("off-channel")
    retain: { for: P6Y, from: sent, cutoff: year }
"#;

const SUPERVISION: &str = r#"lexhold: 1
supervision: barriers
version: 1.0.0
owner: control@firm.example
rules:
  - id: research
    title: Research does not talk to trading
    severity: critical
    forbid: principal in Group::"research" && resource.recipients.groups.contains(Group::"trading")
"#;

const RULESET: &str = r#"lexhold: 1
ruleset: off-channel
version: 1.0.0
owner: surveillance@firm.example
lexicons:
  messengers: [whatsapp, signal, telegram]
rules:
  - id: venue
    title: Moving to an unrecorded channel
    severity: high
    why: A talk about business is moved to where nobody records it.
    match:
      any:
        - near: { of: [[take, move, switch], { lexicon: messengers }], within: 6 }
        - phrase: text me on my cell
      unless: [{ phrase: do not, within: 1, side: before }]
    labels: [off-channel]
    hits: ["Let's move this to WhatsApp", "text me on my cell"]
    misses: ["Do not move this to WhatsApp", "WhatsApp is blocked here"]
  - id: phone
    title: A number to call
    severity: low
    why: Calls on private phones are not recorded.
    match: { regex: '\bcall me on \+?[0-9][0-9 ]{7,20}' }
    hits: ["call me on +44 7700 900123", "Call me on 07700 900123"]
    misses: ["call me later", "call me on Monday"]
"#;

const DIRECTORY: &str = r#"lexhold: 1
directory: staff
domains: [firm.example]
people:
  - { id: ann, handles: { slack: ann }, groups: [trading] }
  - { id: bob, handles: { slack: bob }, groups: [trading] }
  - { id: cyd, handles: { slack: cyd }, groups: [research] }
channels:
  - { id: rates, platform: slack, approved: true }
"#;
