//! The whole state machine in random order, held against a model that can be checked by reading it: a list of messages, and
//! beside each what keeps it.
//!
//! In every other sequence the bodies lie in the firm's own archive, which is told what to hand over and what to destroy, and says
//! what came of it.
//!
//! `LEXHOLD_TEST_MODEL` sequences of `LEXHOLD_TEST_MODEL_STEPS` steps from seed `LEXHOLD_TEST_MODEL_SEED` on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::Timestamp;
use lexhold_catalog::Fingerprint;
use lexhold_model::Digest;
use lexhold_store::{EntryKind, Home, Step};
use serde_json::{Value, json};

use crate::clock::written;
use crate::support::{Firm, Ran, message};

const PEOPLE: [&str; 4] = ["ann", "bob", "cyd", "eve"];
const CONVERSATIONS: [&str; 3] = ["c0", "c1", "c2"];
const ACCOUNTS: [&str; 2] = ["E1", "E2"];

/// Years since a message was sent, and the periods of the policy: no sum of both falls into the present year.
const AGES: [i64; 4] = [1, 4, 7, 11];
const PERIODS: [i64; 4] = [3, 5, 2, 10];

/// A message, all of its versions.
#[derive(Clone)]
struct Kept {
    lines: Vec<Value>,
    sender: &'static str,
    conversation: &'static str,
    age: i64,
    /// Whose employment has to end first.
    account: Option<&'static str>,
    /// No rule deletes it these thirty years: only a request for its erasure frees it.
    late: bool,
    /// Another keeper receives it before it goes, unless somebody asked for its erasure.
    to_keeper: bool,
    /// Confirmed requests for its erasure, the first one first.
    asked: Vec<String>,
    /// An alert rests on it that nobody has closed.
    alert: bool,
    gone: bool,
    holds: BTreeSet<String>,
    cases: BTreeSet<String>,
    /// It was held until a moment ago.
    grace: bool,
    /// It was held until long ago, by a hold that everybody knows of: its dates say so.
    grace_is_over: bool,
}

/// What a plan was frozen with: where anything of it differs later, the item is sent back.
type Terms = (i64, bool, bool, usize, Option<String>);

#[derive(Clone)]
struct Hold {
    custodian: Option<&'static str>,
    conversation: Option<&'static str>,
    ids: BTreeSet<String>,
    /// Nothing sent earlier than so many years ago; never narrows ids.
    within: Option<i64>,
    silent: bool,
}

#[derive(Clone, Default)]
struct Plan {
    items: BTreeMap<String, Terms>,
    approved: bool,
    rejected: bool,
    certified: bool,
    back: BTreeSet<String>,
    gone: BTreeSet<String>,
}

#[derive(Clone)]
struct Model {
    messages: BTreeMap<String, Kept>,
    holds: BTreeMap<String, Hold>,
    cases: BTreeSet<String>,
    /// The longest period that was ever in force.
    years: i64,
    left: BTreeSet<&'static str>,
    plans: BTreeMap<String, Plan>,
    /// Requests for erasure that are not over, with their messages.
    requests: BTreeMap<String, BTreeSet<String>>,
}

impl Hold {
    fn covers(&self, id: &str, message: &Kept) -> bool {
        let named = self.custodian == Some(message.sender) || self.conversation == Some(message.conversation);
        self.ids.contains(id) || (named && self.within.is_none_or(|years| message.age < years))
    }
}

impl Model {
    /// Whether no duty keeps it.
    fn over(&self, message: &Kept) -> bool {
        message.age > self.years && message.account.is_none_or(|account| self.left.contains(account))
    }

    fn due(&self, message: &Kept) -> bool {
        self.over(message) && (!message.late || !message.asked.is_empty())
    }

    fn state(&self, message: &Kept) -> &'static str {
        match () {
            () if !message.holds.is_empty() => "held",
            () if !message.cases.is_empty() || message.alert => "in_case",
            () if (message.grace || !self.over(message)) && !message.asked.is_empty() => "restricted",
            () if message.grace || !self.due(message) => "retained",
            () => "eligible",
        }
    }

    fn terms(&self, message: &Kept) -> Terms {
        let left = message.account.is_some_and(|account| self.left.contains(account));
        // What a rule deletes could go before somebody asked, from the day that it had; the rest from the first request on.
        let asked = message.asked.first().cloned();
        let asked = asked.map(|first| if message.late { first } else { String::new() });
        (self.years, left, message.grace_is_over, message.lines.len(), asked)
    }

    fn destroyable(&self) -> BTreeMap<String, Terms> {
        let may_go = self
            .messages
            .iter()
            .filter(|(_, message)| !message.gone && self.state(message) == "eligible");
        may_go.map(|(id, message)| (id.clone(), self.terms(message))).collect()
    }

    fn place(&mut self, name: &str, hold: Hold) {
        for (id, message) in &mut self.messages {
            if !message.gone && hold.covers(id, message) {
                message.holds.insert(name.to_owned());
            }
        }
        self.holds.insert(name.to_owned(), hold);
    }

    fn release(&mut self, name: &str, long_ago: bool) {
        let silent = self.holds.remove(name).unwrap().silent;
        let mut freed = BTreeSet::new();
        for (id, message) in self.messages.iter_mut().filter(|(_, message)| !message.gone) {
            if message.holds.remove(name) {
                freed.insert(id.clone());
                message.grace |= !long_ago;
                message.grace_is_over |= long_ago && !silent;
            }
        }
        for plan in self.plans.values_mut().filter(|_| !silent) {
            plan.approved &= !plan.items.keys().any(|id| freed.contains(id));
        }
    }

    /// Takes a message in, as the holds in force cover it.
    fn take_in(&mut self, id: &str, mut message: Kept) {
        let covering = self.holds.iter().filter(|(_, hold)| hold.covers(id, &message));
        message.holds = covering.map(|(name, _)| name.clone()).collect();
        self.messages.insert(id.to_owned(), message);
    }

    /// What becomes of what is left of an approved plan: what goes, and what is sent back.
    fn execute(&mut self, name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let may_go = self.destroyable();
        let plan = self.plans.get_mut(name).unwrap();
        let left = plan
            .items
            .iter()
            .filter(|(id, _)| !plan.back.contains(*id) && !plan.gone.contains(*id));
        let (go, back): (Vec<_>, Vec<_>) = left.partition(|(id, terms)| may_go.get(*id) == Some(terms));
        let ids =
            |of: Vec<(&String, &Terms)>| -> BTreeSet<String> { of.into_iter().map(|(id, _)| id.clone()).collect() };
        let (go, back) = (ids(go), ids(back));
        plan.gone.extend(go.iter().cloned());
        plan.back.extend(back.iter().cloned());
        plan.certified = !plan.gone.is_empty();
        for id in &go {
            self.messages.get_mut(id).unwrap().gone = true;
        }
        (go, back)
    }
}

/// A sequence under way.
struct Walk {
    firm: Firm,
    model: Model,
    /// Whether bodies lie in the firm's own archive.
    external: bool,
    dice: u64,
    /// How many files, holds, cases and copies there were, so that no name comes twice.
    n: usize,
    copy: Option<(String, Model)>,
    told: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
}

impl Walk {
    fn new(seed: u64, external: bool) -> Self {
        let firm = Firm::new();
        let store = if external { "external" } else { "archive" };
        firm.write(
            "lexhold.yaml",
            format!("blast_radius: {{ messages: 1000000, percent: 100 }}\nstore: {store}\n"),
        );
        let walk = Self {
            firm,
            model: Model {
                messages: BTreeMap::new(),
                holds: BTreeMap::new(),
                cases: BTreeSet::new(),
                years: PERIODS[0],
                left: BTreeSet::new(),
                plans: BTreeMap::new(),
                requests: BTreeMap::new(),
            },
            external,
            dice: seed,
            n: 0,
            copy: None,
            told: Vec::new(),
            counts: BTreeMap::new(),
        };
        walk.policy(0);
        walk.firm.write("policies/retention/leavers.yaml", LEAVERS);
        walk.firm.write("policies/retention/late.yaml", LATE);
        walk.firm.write("policies/retention/archive.yaml", ARCHIVE);
        walk
    }

    fn policy(&self, at: usize) {
        let text = DESK
            .replace("VERSION", &format!("{}.0.0", at + 1))
            .replace("PERIOD", &format!("P{}Y", PERIODS[at]));
        self.firm.write("policies/retention/desk.yaml", text);
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.roll(of.len())].clone())
    }

    fn name(&mut self, of: &str) -> String {
        self.n += 1;
        format!("{of}{}", self.n)
    }

    /// A call, of which one in four is killed first, at some step of these.
    fn call(&mut self, steps: &[Step], arguments: &[&str]) -> Ran {
        self.told.push(arguments.join(" "));
        if !steps.is_empty() && self.roll(4) == 0 {
            self.kill(steps, arguments);
        }
        self.firm.call(arguments)
    }

    fn kill(&mut self, steps: &[Step], arguments: &[&str]) {
        let step = self.pick(steps).unwrap();
        let killed = self
            .firm
            .command(arguments)
            .env("LEXHOLD_TEST_STOP_AT", step.as_str())
            .output()
            .unwrap();
        if killed.status.code().is_none() {
            self.told.push(format!("… killed at {}", step.as_str()));
            *self.counts.entry("kill").or_default() += 1;
        }
    }

    fn present(&self) -> Vec<String> {
        let there = self.model.messages.iter().filter(|(_, message)| !message.gone);
        there.map(|(id, _)| id.clone()).collect()
    }

    fn report_id(&self, id: &str) -> String {
        format!("slack/{}/{id}", self.model.messages[id].conversation)
    }

    fn step(&mut self) {
        type Act = fn(&mut Walk);
        const ACTS: [(&str, usize, Act); 17] = [
            ("ingest", 8, Walk::ingest),
            ("edit", 2, Walk::edit),
            ("again", 3, Walk::again),
            ("hold", 6, Walk::hold),
            ("release", 4, Walk::release),
            ("narrow", 2, Walk::narrow),
            ("case", 3, Walk::case),
            ("case-closed", 2, Walk::close_case),
            ("alert-closed", 2, Walk::close_alert),
            ("activate", 2, Walk::activate),
            ("event", 2, Walk::event),
            ("erase", 4, Walk::erase),
            ("erase-closed", 2, Walk::close_request),
            ("propose", 14, Walk::propose),
            ("execute", 14, Walk::execute),
            ("copy", 3, Walk::copy),
            ("clock", 1, Walk::clock),
        ];
        let mut at = self.roll(ACTS.iter().map(|(_, weight, _)| weight).sum());
        let (name, _, act) = ACTS
            .iter()
            .find(|(_, weight, _)| {
                let found = at < *weight;
                at = at.wrapping_sub(*weight);
                found
            })
            .unwrap();
        *self.counts.entry(name).or_default() += 1;
        act(self);
        self.check();
    }

    /// Some messages of all kinds.
    fn ingest(&mut self) {
        let mut lines = Vec::new();
        for _ in 0..2 + self.roll(5) {
            let id = self.name("m");
            let (sender, conversation) = (self.pick(&PEOPLE).unwrap(), self.pick(&CONVERSATIONS).unwrap());
            let age = AGES[[0, 1, 2, 2, 3, 3][self.roll(6)]];
            let account = (self.roll(5) == 0).then(|| ACCOUNTS[self.n % 2]);
            let late = account.is_none() && self.roll(4) == 0;
            let to_keeper = account.is_none() && !late && self.roll(4) == 0;
            let alert = self.roll(10) == 0;
            let text = if alert {
                format!("call me on +44 7700 9{:05}", self.n)
            } else {
                format!("lunch {id}")
            };
            let mut line = message(&id, &format!("{}-06-01T12:00:00Z", year() - age), &text);
            line["sender"] = json!(sender);
            line["recipients"] = json!([format!("friend-{id}")]);
            line["conversation"] = json!(conversation);
            if let Some(account) = account {
                line["labels"] = json!(["hr"]);
                line["accounts"] = json!([account]);
            } else if late {
                line["labels"] = json!(["late"]);
            } else if to_keeper {
                line["labels"] = json!(["archive"]);
            }
            lines.push(line.clone());
            let message = Kept {
                lines: vec![line],
                sender,
                conversation,
                age,
                account,
                late,
                to_keeper,
                asked: Vec::new(),
                alert,
                gone: false,
                holds: BTreeSet::new(),
                cases: BTreeSet::new(),
                grace: false,
                grace_is_over: false,
            };
            self.model.take_in(&id, message);
        }
        self.run(&lines, lines.len(), 0);
    }

    fn run(&mut self, lines: &[Value], new: usize, gone: usize) {
        let file = format!("{}.ndjson", self.name("in"));
        self.firm.messages(&file, lines);
        let call = ["run", &file, "--format", "json", "--backfill", "--as-of", "2026-01-01"];
        let killed = self.counts.get("kill").copied();
        let summary = self.call(&Step::ALL, &call).ended(0).json();
        // After a kill it may all have been taken in before.
        if self.counts.get("kill").copied() == killed {
            assert_eq!(
                (&summary["new"], &summary["previously_destroyed"]),
                (&json!(new), &json!(gone)),
                "{summary}"
            );
        }
    }

    fn edit(&mut self) {
        let there = self.present();
        let Some(id) = self.pick(&there) else { return };
        let message = self.model.messages.get_mut(&id).unwrap();
        let mut line = message.lines[0].clone();
        line["version"] = json!(message.lines.len());
        line["version_kind"] = json!("edit");
        line["text"] = json!(format!("dinner {id} {}", message.lines.len()));
        message.lines.push(line.clone());
        self.run(&[line], 1, 0);
    }

    /// What was destroyed comes in again, and stays out unless a hold wants it.
    fn again(&mut self) {
        let gone = self
            .model
            .messages
            .iter()
            .filter(|(_, message)| message.gone && !message.alert);
        let gone: Vec<(String, Kept)> = gone.map(|(id, message)| (id.clone(), message.clone())).collect();
        let Some((id, message)) = self.pick(&gone) else { return };
        let mut lines = message.lines.clone();
        // A file of its own, whatever came before.
        let extra = self.name("x");
        let mut line = lines[0].clone();
        (line["id"], line["text"]) = (json!(extra), json!(format!("lunch {extra}")));
        lines.push(line.clone());
        let blank = Kept {
            gone: false,
            cases: BTreeSet::new(),
            grace: false,
            grace_is_over: false,
            ..message
        };
        self.model.take_in(
            &extra,
            Kept {
                lines: vec![line],
                asked: Vec::new(),
                ..blank.clone()
            },
        );
        let wanted = self.model.holds.values().any(|hold| hold.covers(&id, &blank));
        let n = blank.lines.len();
        if wanted {
            self.model.take_in(&id, blank);
        }
        let (new, stays) = if wanted { (n + 1, 0) } else { (1, n) };
        self.run(&lines, new, stays);
    }

    fn hold(&mut self) {
        let name = self.name("h");
        let hold = self.some_hold();
        let file = self.hold_file(&name, &name, &hold);
        let expected = self.too_late(&hold);
        let placed = self.call(&Step::ALL, &["hold", "place", &file, "--quiet"]);
        placed.ended(i32::from(expected));
        self.model.place(&on_record(&name, &hold), hold);
    }

    fn some_hold(&mut self) -> Hold {
        let all: Vec<String> = self.model.messages.keys().cloned().collect();
        let named = self.roll(4);
        let mut ids = BTreeSet::new();
        if named == 2 {
            ids.extend(self.pick(&all));
            ids.extend(self.pick(&all));
        }
        Hold {
            custodian: (named != 1 && (named != 2 || ids.is_empty())).then(|| PEOPLE[self.roll(4)]),
            conversation: (named == 1).then(|| CONVERSATIONS[self.roll(3)]),
            ids,
            within: (self.roll(4) == 0).then_some(9),
            silent: self.roll(3) == 0,
        }
    }

    fn hold_file(&mut self, file: &str, name: &str, hold: &Hold) -> String {
        let mut text = format!(
            "lexhold: 1\nhold: {name}\nmatter: M\nzone: UTC\nsilent: {}\n",
            hold.silent
        );
        if let Some(who) = hold.custodian {
            text += &format!("custodians: [{who}]\n");
        }
        if let Some(conversation) = hold.conversation {
            text += &format!("conversations: [{conversation}]\n");
        }
        if !hold.ids.is_empty() {
            text += &format!("ids: [{}]\n", hold.ids.iter().cloned().collect::<Vec<_>>().join(", "));
        }
        if let Some(years) = hold.within {
            text += &format!("content: {{ from: {}-01-01 }}\n", year() - years);
        }
        let file = format!("{}.yaml", file.replace('/', "-"));
        self.firm.write(&file, text);
        file
    }

    /// Whether a hold names something that is gone.
    fn too_late(&self, hold: &Hold) -> bool {
        let gone = self.model.messages.iter().filter(|(_, message)| message.gone);
        let mut ids = gone.clone().filter(|(id, _)| hold.ids.contains(*id));
        let mut said = gone.filter(|(_, message)| hold.conversation == Some(message.conversation));
        ids.next().is_some() || (hold.within.is_none() && said.next().is_some())
    }

    fn release(&mut self) {
        let holds: Vec<String> = self.model.holds.keys().cloned().collect();
        let Some(name) = self.pick(&holds) else { return };
        let long_ago = self.roll(2) == 0;
        if long_ago {
            // What a release a year ago would have left.
            let payload = json!({"hold": name, "reason": "over", "confirmed_by": [], "solo": true, "grace_until": "2026-01-01T00:00:00Z"});
            self.told.push(format!("release {name} long ago"));
            written(&self.firm, 0, EntryKind::HoldReleased, &payload);
        } else {
            self.call(&[], &["hold", "release", &name, "--reason", "over"]).ended(0);
        }
        self.model.release(&name, long_ago);
    }

    fn narrow(&mut self) {
        let wide = self
            .model
            .holds
            .iter()
            .filter(|(name, hold)| hold.custodian.is_some() && hold.within.is_none() && !name.ends_with("/2"));
        let wide: Vec<(String, Hold)> = wide.map(|(name, hold)| (name.clone(), hold.clone())).collect();
        let Some((name, hold)) = self.pick(&wide) else { return };
        let narrow = Hold {
            within: Some(6),
            ..hold
        };
        let in_document = name.split('/').next().unwrap();
        let file = self.hold_file(&format!("{name}-narrow"), in_document, &narrow);
        self.call(&[], &["hold", "narrow", &name, &file, "--reason", "agreed"])
            .ended(0);
        self.model.place(&format!("{name}/2"), narrow);
        self.model.release(&name, false);
    }

    fn case(&mut self) {
        let there = self.present();
        let Some(id) = self.pick(&there) else { return };
        let name = self.name("case");
        let message = self.report_id(&id);
        self.call(
            &[],
            &[
                "case",
                "open",
                &name,
                "--matter",
                "M",
                "--reason",
                "asked",
                "--message",
                &message,
            ],
        )
        .ended(0);
        self.model.messages.get_mut(&id).unwrap().cases.insert(name.clone());
        self.model.cases.insert(name);
    }

    fn close_case(&mut self) {
        let open: Vec<String> = self.model.cases.iter().cloned().collect();
        let Some(name) = self.pick(&open) else { return };
        self.call(&[], &["case", "close", &name, "--reason", "settled"])
            .ended(0);
        self.model.cases.remove(&name);
        for message in self.model.messages.values_mut() {
            message.cases.remove(&name);
        }
    }

    fn close_alert(&mut self) {
        let open = self
            .model
            .messages
            .iter()
            .filter(|(_, message)| message.alert && !message.gone);
        let open: Vec<String> = open.map(|(id, _)| id.clone()).collect();
        let Some(id) = self.pick(&open) else { return };
        let of = json!([self.report_id(&id)]);
        let alerts = self
            .call(&[], &["report", "alerts", "--format", "ndjson"])
            .ended(0)
            .rows();
        let alert = alerts.iter().find(|alert| alert["message_ids"] == of).unwrap();
        let alert = alert["alert_id"].as_str().unwrap();
        self.call(
            &[],
            &["alerts", "close", alert, "--decision", "no-issue", "--reason", "a shop"],
        )
        .ended(0);
        self.model.messages.get_mut(&id).unwrap().alert = false;
    }

    /// The next version of the policy; a shorter one frees nothing.
    fn activate(&mut self) {
        let at = self.counts["activate"] as usize;
        if at >= PERIODS.len() || self.model.messages.is_empty() {
            return;
        }
        self.policy(at);
        self.call(&Step::ALL, &["activate"]).ended(0);
        self.model.years = self.model.years.max(PERIODS[at]);
    }

    fn event(&mut self) {
        let Some(account) = self.pick(&ACCOUNTS) else { return };
        if self.model.left.contains(account) || self.model.messages.is_empty() {
            return;
        }
        let date = format!("{}-06-01", year() - 3);
        self.call(
            &[],
            &[
                "event",
                "record",
                "--type",
                "employee_left",
                "--key",
                account,
                "--date",
                &date,
            ],
        )
        .ended(0);
        self.model.left.insert(account);
    }

    /// Somebody asks for the erasure of what they said, of a conversation, or of a message, and is known at once.
    fn erase(&mut self) {
        let there = self.present();
        let Some(id) = self.pick(&there) else { return };
        let name = self.name("er");
        let of = self.model.messages[&id].clone();
        let report_id = self.report_id(&id);
        let (flag, value) = match self.roll(3) {
            0 => ("--handle", of.sender),
            1 => ("--conversation", of.conversation),
            _ => ("--message", report_id.as_str()),
        };
        let received = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let mut call = vec![
            "erasure",
            "request",
            &name,
            "--subject",
            "S",
            "--law",
            "gdpr",
            "--located",
            "DE",
        ];
        call.extend([
            "--established",
            "IE",
            "--zone",
            "UTC",
            "--received",
            &received,
            flag,
            value,
        ]);
        call.extend(["--format", "json"]);
        let asked = self.call(&[], &call).ended(0).json();
        // What a second person would have written, whom this firm has not.
        let payload = json!({"request": name, "digest": asked["digest"], "evidence": "known", "solo": true});
        written(&self.firm, 0, EntryKind::ErasureConfirmed, &payload);
        let means = |other: &String, message: &Kept| match flag {
            "--handle" => message.sender == of.sender,
            "--conversation" => message.conversation == of.conversation,
            _ => *other == id,
        };
        let mut named = BTreeSet::new();
        for (other, message) in &mut self.model.messages {
            if !message.gone && means(other, message) {
                message.asked.push(name.clone());
                named.insert(other.clone());
            }
        }
        self.model.requests.insert(name, named);
    }

    fn close_request(&mut self) {
        let open: Vec<String> = self.model.requests.keys().cloned().collect();
        let Some(name) = self.pick(&open) else { return };
        let payload = json!({"request": name, "outcome": "withdrawn", "reason": "they said so", "confirmed_by": [], "solo": true});
        self.told.push(format!("erasure close {name}"));
        written(&self.firm, 0, EntryKind::ErasureClosed, &payload);
        self.model.requests.remove(&name);
        for message in self.model.messages.values_mut() {
            message.asked.retain(|asked| *asked != name);
        }
    }

    /// How each message of a request stands.
    fn requests_agree(&self) {
        for (name, named) in &self.model.requests {
            let call = ["erasure", "status", name, "--format", "ndjson"];
            let rows = self.firm.call(&call).ended(0).rows();
            let found: BTreeMap<&str, &str> = rows
                .iter()
                .map(|row| {
                    let id = row["message_id"].as_str().unwrap().rsplit('/').next().unwrap();
                    (id, row["standing"].as_str().unwrap())
                })
                .collect();
            let standing = |id: &String| match &self.model.messages[id] {
                message if message.gone => "erased",
                message if self.model.state(message) == "eligible" => "queued",
                _ => "deferred",
            };
            let expected: BTreeMap<&str, &str> = named.iter().map(|id| (id.as_str(), standing(id))).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    fn propose(&mut self) {
        if self.model.messages.is_empty() {
            return;
        }
        let expected = self.model.destroyable();
        let call = ["dispose", "propose", "--format", "json", "--out", "plan.json"];
        let answer = self.call(&Step::ALL, &call).ended(0).json();
        let versions: usize = expected.values().map(|terms| terms.3).sum();
        assert_eq!(answer["items"], versions);
        let Some(name) = answer["plan"].as_str() else {
            assert!(expected.is_empty());
            return;
        };
        let listed: Value = serde_json::from_str(&self.firm.read("plan.json")).unwrap();
        let listed = listed["items"].as_array().unwrap().iter();
        let listed: BTreeSet<&str> = listed
            .map(|item| item["message_id"].as_str().unwrap().rsplit('/').next().unwrap())
            .collect();
        assert_eq!(listed, expected.keys().map(String::as_str).collect());
        let plan = self.model.plans.entry(name.to_owned()).or_insert_with(|| Plan {
            items: expected.clone(),
            ..Plan::default()
        });
        assert_eq!(plan.items, expected, "the same name, the same plan");
        assert!(
            plan.back.is_empty() && !plan.rejected && !plan.certified,
            "what was proposed can be destroyed"
        );
        let name = name.to_owned();
        match self.roll(8) {
            0 => {
                self.call(&[], &["dispose", "reject", &name, "--reason", "no"]).ended(0);
                self.model.plans.get_mut(&name).unwrap().rejected = true;
            }
            1 => {}
            _ => {
                self.call(&[], &["dispose", "approve", &name]).ended(0);
                self.model.plans.get_mut(&name).unwrap().approved = true;
            }
        }
    }

    fn execute(&mut self) {
        let names: Vec<String> = self.model.plans.keys().cloned().collect();
        let Some(name) = self.pick(&names) else { return };
        self.carry_out(&name);
    }

    fn carry_out(&mut self, name: &str) {
        let plan = self.model.plans[name].clone();
        let work = ["--work", "work.json"];
        let work = if self.external { &work[..] } else { &[] };
        let call = [&["dispose", "execute", name, "--format", "json"], work].concat();
        if !plan.certified && (plan.rejected || !plan.approved) {
            self.call(&[], &call).ended(5);
            return;
        }
        if !plan.certified {
            self.hand_over(name);
        }
        let told = (self.external && !plan.certified).then(|| self.tell_archive(name));
        if let Some((told, 0)) = told {
            let (_, back) = self.model.execute(name);
            let done = told.ended(i32::from(!back.is_empty())).json();
            self.compare(name, &done);
            return;
        }
        let before = self.model.clone();
        if !plan.certified && self.roll(3) == 0 {
            self.told.push(call.join(" "));
            self.kill(&Step::DESTRUCTION, &call);
            if !self.external && self.roll(2) == 0 {
                return self.recalled(name, before);
            }
        }
        let (_, back) = if plan.certified {
            Default::default()
        } else {
            self.model.execute(name)
        };
        let done = self.call(&[], &call).ended(i32::from(!back.is_empty())).json();
        self.compare(name, &done);
    }

    /// The firm's archive is told what to destroy, and does: what was told, and how many versions went.
    fn tell_archive(&mut self, name: &str) -> (Ran, usize) {
        let call = ["dispose", "execute", name, "--work", "work.json", "--format", "json"];
        let told = self.call(&[], &call);
        assert!([0, 1].contains(&told.code), "{}", told.stderr);
        let work: Value = serde_json::from_str(&self.firm.read("work.json")).unwrap();
        let lines: Vec<String> = work["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                assert_eq!(item["do"], "destroy");
                let (key, hash) = (&item["key"], &item["content_hash"]);
                let gone = json!({"key": key, "content_hash": hash, "outcome": "destroyed", "read_back": "not_found"});
                format!("{gone}\n")
            })
            .collect();
        if !lines.is_empty() {
            self.firm.write("answer.ndjson", lines.concat());
            self.call(&[], &["dispose", "answer", name, "answer.ndjson"]).ended(0);
            *self.counts.entry("destroyed-elsewhere").or_default() += lines.len() as u64;
        }
        (told, lines.len())
    }

    /// What another keeper is to have is handed over, and received; nothing of it could go before.
    fn hand_over(&mut self, name: &str) {
        let (plan, may_go) = (&self.model.plans[name], self.model.destroyable());
        let left = plan
            .items
            .iter()
            .filter(|(id, _)| !plan.back.contains(*id) && !plan.gone.contains(*id));
        let go = left.filter(|(id, terms)| may_go.get(*id) == Some(terms));
        let for_keeper = |id: &String| {
            let message = &self.model.messages[id];
            message.to_keeper && message.asked.is_empty()
        };
        let n: usize = go.filter(|(id, _)| for_keeper(id)).map(|(_, terms)| terms.3).sum();
        let transfer = ["dispose", "transfer", name, "--out", "handed.ndjson"];
        if n == 0 {
            self.call(&[], &transfer).ended(5);
            return;
        }
        self.call(&[Step::Ordered], &transfer).ended(0);
        let handed = self.firm.read("handed.ndjson");
        assert_eq!(handed.lines().count(), n);
        let receipt = |line: &str| {
            let handed: Value = serde_json::from_str(line).unwrap();
            let (key, hash) = (&handed["key"], &handed["content_hash"]);
            let received = match self.external {
                true => json!({"key": key, "content_hash": hash}),
                false => json!({"key": key, "sha256": Digest::of(line.as_bytes()).to_string()}),
            };
            format!("{received}\n")
        };
        self.firm
            .write("receipt.ndjson", handed.lines().map(receipt).collect::<String>());
        self.call(&[], &["dispose", "receipt", name, "receipt.ndjson"]).ended(0);
        *self.counts.entry("handed-over").or_default() += n as u64;
    }

    /// A hold comes upon a destruction that was cut short: each message that it names is there and held, or was destroyed by an
    /// intent before it.
    fn recalled(&mut self, name: &str, before: Model) {
        let hold_name = self.name("h");
        let hold = Hold {
            within: None,
            ..self.some_hold()
        };
        let file = self.hold_file(&hold_name, &hold_name, &hold);
        let placed = self.call(&[], &["hold", "place", &file, "--quiet"]);
        assert!([0, 1].contains(&placed.code), "{}", placed.stderr);
        let done = self.firm.call(&["dispose", "execute", name, "--format", "json"]);
        assert!([0, 1].contains(&done.code), "{}", done.stderr);
        let register = self
            .firm
            .call(&["report", "disposal", "--format", "ndjson"])
            .ended(0)
            .rows();
        let gone = register
            .iter()
            .filter(|row| row["plan"] == name && row["disposal_state"] == "tombstoned");
        let short = |row: &Value| {
            row["message_id"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        };
        let gone: BTreeMap<String, u64> = gone.map(|row| (short(row), row["seq"].as_u64().unwrap())).collect();
        let hold_name = on_record(&hold_name, &hold);
        let seq = self.hold_seq(&hold_name);
        // What went before the hold came, and then all that it left.
        let mut model = before;
        let (go, _) = model.clone().execute(name);
        for id in go
            .iter()
            .filter(|id| hold.covers(id, &model.messages[*id]))
            .cloned()
            .collect::<Vec<_>>()
        {
            if let Some(intent) = gone.get(&id) {
                assert!(*intent < seq, "{id} was held and destroyed");
                model.messages.get_mut(&id).unwrap().gone = true;
                model.plans.get_mut(name).unwrap().gone.insert(id);
            }
        }
        model.place(&hold_name, hold);
        model.execute(name);
        self.model = model;
        self.compare(name, &done.json());
    }

    fn hold_seq(&self, name: &str) -> u64 {
        let home = Home::open(&self.firm.path(".lexhold")).unwrap();
        let entries = home.journal().entries(1).unwrap().map(|entry| entry.unwrap());
        let mut placed = entries.filter(|entry| entry.kind == EntryKind::HoldPlaced);
        let named = |entry: &lexhold_store::Entry| {
            home.journal().payload_json::<Value>(entry).unwrap().unwrap()["hold"] == name
        };
        placed.find(named).unwrap().seq
    }

    /// What an execution said, and its certificate.
    fn compare(&mut self, name: &str, done: &Value) {
        let plan = &self.model.plans[name];
        let versions = |of: &BTreeSet<String>| -> usize { of.iter().map(|id| plan.items[id].3).sum() };
        assert_eq!(done["destroyed"], versions(&plan.gone), "{name}");
        assert_eq!(done["certificate"].is_string(), plan.certified);
        if plan.certified {
            let certificate: Value =
                serde_json::from_str(&self.firm.read(&format!(".lexhold/certificates/{name}.json"))).unwrap();
            let body = &certificate["body"];
            let exceptions = body["exceptions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["items"].as_u64().unwrap());
            assert_eq!(body["destroyed"], versions(&plan.gone));
            assert_eq!(body["items"], plan.items.values().map(|terms| terms.3).sum::<usize>());
            assert_eq!(exceptions.sum::<u64>(), versions(&plan.back) as u64);
        }
    }

    /// A copy is made, or brought back: with the journal that went on, or as if that were lost.
    fn copy(&mut self) {
        let Some((copy, model)) = self.copy.clone() else {
            if self.firm.path(".lexhold").exists() {
                let name = self.name("copy");
                self.call(&[], &["backup", &name]).ended(0);
                self.copy = Some((name, self.model.clone()));
            }
            return;
        };
        self.copy = None;
        let back = ["restore", &copy, "--home", "back"];
        if self.roll(3) > 0 {
            self.call(&[], &[&back[..], &["--journal", ".lexhold"]].concat())
                .ended(0);
        } else {
            self.call(&[], &[&back[..], &["--journal-lost"]].concat()).ended(0);
            self.model = model;
            // Nobody knows what became of them.
            self.model.plans.values_mut().for_each(|plan| plan.approved = false);
            self.counts.insert("activate", PERIODS.len() as u64);
            let attest = [
                "clock",
                "attest",
                "--home",
                "back",
                "--reason",
                "holds were placed again",
            ];
            self.firm.call(&["clock", "check", "--home", "back"]).ended(5);
            self.firm.call(&attest).ended(0);
            // The policy of the files is that of the newest activation that the copy knows.
            let periods = PERIODS.iter().position(|years| *years == self.model.years).unwrap();
            self.policy(periods);
        }
        fs::remove_dir_all(self.firm.path(".lexhold")).unwrap();
        fs::rename(self.firm.path("back"), self.firm.path(".lexhold")).unwrap();
    }

    /// The clock is ahead for a while: nothing goes, and nothing of it is left.
    fn clock(&mut self) {
        if !self.firm.path(".lexhold").exists() {
            return;
        }
        let entry = written(&self.firm, 3653, EntryKind::Governance, &json!({}));
        self.told.push("the clock is ten years ahead".to_owned());
        let approved = self
            .model
            .plans
            .iter()
            .find(|(_, plan)| plan.approved && !plan.certified);
        if let Some((name, _)) = approved {
            self.firm.call(&["dispose", "execute", name]).ended(5).said("the clock");
        }
        let wrong = entry.seq.to_string();
        self.firm
            .call(&["clock", "attest", "--reason", "it was ahead", "--wrong", &wrong])
            .ended(0);
    }

    /// The home has what the model has, each message in the state that the model says, and nothing is damaged.
    fn check(&mut self) {
        if !self.firm.path(".lexhold").exists() {
            return;
        }
        let rows = self
            .firm
            .call(&["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows();
        let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for row in &rows {
            let id = row["message_id"].as_str().unwrap().rsplit('/').next().unwrap();
            let entry = found.entry(id.to_owned()).or_default();
            *entry = (row["state"].as_str().unwrap().to_owned(), entry.1 + 1);
        }
        let there = self.model.messages.iter().filter(|(_, message)| !message.gone);
        let expected =
            there.map(|(id, message)| (id.clone(), (self.model.state(message).to_owned(), message.lines.len())));
        assert_eq!(found, expected.collect());
        self.requests_agree();
        let home = Home::open(&self.firm.path(".lexhold")).unwrap();
        let verified = home.verify(|_, _| {}).unwrap();
        assert!(verified.is_sound(), "{:?}", verified.findings);
    }

    fn rebuilt_is_equal(&self) {
        let before = self.firm.fingerprint(Fingerprint::Everything);
        self.firm.call(&["rebuild"]).ended(0);
        assert_eq!(self.firm.fingerprint(Fingerprint::Everything), before, "rebuilt");
        self.firm.call(&["verify"]).ended(0);
    }

    /// Everything that may go in the end does.
    fn finish(&mut self) {
        if self.model.messages.is_empty() {
            return;
        }
        self.rebuilt_is_equal();
        let left = self.model.destroyable();
        if left.is_empty() {
            return;
        }
        let plan = self
            .firm
            .call(&["dispose", "propose", "--format", "json"])
            .ended(0)
            .json();
        let name = plan["plan"].as_str().unwrap().to_owned();
        self.firm.call(&["dispose", "approve", &name]).ended(0);
        let fresh = Plan {
            items: left,
            approved: true,
            ..Plan::default()
        };
        self.model.plans.insert(name.clone(), fresh);
        self.hand_over(&name);
        if self.external {
            self.tell_archive(&name);
        }
        let (_, back) = self.model.execute(&name);
        assert!(back.is_empty());
        let work = ["--work", "work.json"];
        let work = if self.external { &work[..] } else { &[] };
        let call = [&["dispose", "execute", name.as_str(), "--format", "json"], work].concat();
        let done = self.firm.call(&call).ended(0).json();
        self.compare(&name, &done);
        self.check();
        self.firm.call(&["keys", "export", "--out", "home.pub"]).ended(0);
        let certificate = format!(".lexhold/certificates/{name}.json");
        self.firm
            .call(&["verify", "--certificate", &certificate, "--key", "home.pub"])
            .ended(0);
        self.rebuilt_is_equal();
    }
}

/// The name under which a hold is on record.
fn on_record(name: &str, hold: &Hold) -> String {
    format!("{name}{}", if hold.silent { "/silent" } else { "" })
}

/// The present year.
fn year() -> i64 {
    i64::from(Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year())
}

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

#[test]
fn what_the_model_keeps_is_kept_and_what_it_lets_go_goes() {
    let (seed, steps) = (
        asked("LEXHOLD_TEST_MODEL_SEED", 1),
        asked("LEXHOLD_TEST_MODEL_STEPS", 16),
    );
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in seed..seed + asked("LEXHOLD_TEST_MODEL", 2) {
        let mut walk = Walk::new(seed * 1_000_003, seed % 2 == 0);
        let walked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            walk.ingest();
            walk.check();
            (0..steps).for_each(|_| walk.step());
            walk.finish();
        }));
        if let Err(failed) = walked {
            println!("seed {seed}:\n  {}", walk.told.join("\n  "));
            std::panic::resume_unwind(failed);
        }
        let gone = walk.model.messages.values().filter(|message| message.gone).count() as u64;
        *counts.entry("gone").or_default() += gone;
        *counts.entry("kept").or_default() += walk.model.messages.len() as u64 - gone;
        for (name, n) in walk.counts {
            *counts.entry(name).or_default() += n;
        }
    }
    println!("{counts:?}");
}

const DESK: &str = "lexhold: 1
retention: desk
version: VERSION
title: The desk
owner: x@firm.example
zone: UTC
schedules:
  - id: all
    title: All
    retain: { for: PERIOD, from: sent }
    dispose: { after: retain, action: review }
";

const LEAVERS: &str = "lexhold: 1
retention: leavers
version: 1.0.0
title: Who has left
owner: x@firm.example
zone: UTC
schedules:
  - id: leaver
    title: A year after leaving
    when: resource.labels.contains(\"hr\")
    retain: { for: P1Y, from: { event: employee_left, key: accounts } }
";

const ARCHIVE: &str = "lexhold: 1
retention: archive
version: 1.0.0
title: What the archive is to have
owner: x@firm.example
zone: UTC
mode: operational
schedules:
  - id: kept
    title: Handed over
    when: resource.labels.contains(\"archive\")
    dispose: { after: P1Y, from: sent, action: transfer, to: city archive }
";

const LATE: &str = "lexhold: 1
retention: late
version: 1.0.0
title: What goes in thirty years
owner: x@firm.example
zone: UTC
mode: operational
schedules:
  - id: late
    title: Thirty years
    when: resource.labels.contains(\"late\")
    dispose: { after: P30Y, from: sent, action: review }
";
