//! Holds that are placed while messages are destroyed: the journal says which came first, and the home agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::time::Duration;

use lexhold_store::{EntryKind, Home};
use serde_json::Value;

use crate::dispose::{approved, assert_sound, copy_of, execute, old, register};
use crate::support::Firm;

/// How many holds are placed, and years destroyed, in a round.
const HOLDS: usize = 12;

fn asked(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

/// A home whose messages lie in a batch for each year, which goes by itself, and an approved plan for all of them.
fn template(n: usize) -> (Firm, String) {
    let firm = Firm::new();
    let years: Vec<String> = (0..2 * HOLDS).map(|year| format!("{}", 1996 + year)).collect();
    for (number, year) in years.iter().enumerate() {
        let sent = format!("{year}-06-01T12:00:00Z");
        let all: Vec<Value> = (number..n).step_by(years.len()).map(|at| old(at, &sent)).collect();
        firm.messages(year, &all);
    }
    firm.run(&years.iter().map(String::as_str).collect::<Vec<_>>()).ended(0);
    let plan = approved(&firm);
    (firm, plan)
}

/// Sends a process a signal, such as `-INT`.
pub fn signal(process: &Child, name: &str) {
    let _ = std::process::Command::new("kill")
        .args([name, &process.id().to_string()])
        .status();
}

/// Every second message from the end, in so many holds.
fn held_by(ids: &[String]) -> Vec<BTreeSet<&String>> {
    let held: Vec<&String> = ids.iter().rev().step_by(2).collect();
    held.chunks(held.len().div_ceil(HOLDS))
        .map(|chunk| chunk.iter().copied().collect())
        .collect()
}

/// Places the holds one after the other while the disposer is stopped and let go on at odd moments.
fn race(firm: &Firm, plan: &str, holds: &[BTreeSet<&String>], round: usize) {
    let mut disposer = firm
        .command(&["dispose", "execute", plan, "--quiet", "--wait", "120"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Every other round begins once some messages are gone, so that holds come too late for them.
    let begun = || {
        firm.read(".lexhold/journal/log.ndjson")
            .matches("disposal_done")
            .count()
            >= 4
    };
    while round.is_multiple_of(2) && !begun() && disposer.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    for (at, ids) in holds.iter().enumerate() {
        let list: String = ids.iter().map(|id| format!("  - {id}\n")).collect();
        let file = format!("h{at}.yaml");
        firm.write(
            &file,
            format!("lexhold: 1\nhold: h{at}\nmatter: Race\nzone: UTC\nids:\n{list}"),
        );
        std::thread::sleep(Duration::from_millis(((at * 37 + round * 53) % 90) as u64));
        signal(&disposer, "-STOP");
        // Whoever stopped with the journal's lock in hand lets nobody else write.
        let placing = firm
            .command(&["hold", "place", &file, "--quiet"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20));
        signal(&disposer, "-CONT");
        let placed = placing.wait_with_output().unwrap();
        assert!(matches!(placed.status.code(), Some(0 | 1 | 75)), "{placed:?}");
    }
    disposer.wait().unwrap();
}

/// The number of the entry that placed each hold.
fn placed(firm: &Firm) -> BTreeMap<String, u64> {
    let home = Home::open(&firm.path(".lexhold")).unwrap();
    let entries = home.journal().entries(1).unwrap().map(|entry| entry.unwrap());
    let placed = entries.filter(|entry| entry.kind == EntryKind::HoldPlaced);
    let name = |entry: &lexhold_store::Entry| {
        let hold: Value = home.journal().payload_json(entry).unwrap().unwrap();
        hold["hold"].as_str().unwrap().to_owned()
    };
    placed.map(|entry| (name(&entry), entry.seq)).collect()
}

/// A second process places holds over half of the messages while they are destroyed year by year. Each message is there and
/// held, or was destroyed before its hold; none is both, none is neither. `LEXHOLD_TEST_RACES` rounds over
/// `LEXHOLD_TEST_RACE_MESSAGES` messages.
#[test]
fn every_message_is_held_or_was_destroyed_before_its_hold() {
    let (template, plan) = template(asked("LEXHOLD_TEST_RACE_MESSAGES", 24));
    let ids: Vec<String> = register(&template)
        .iter()
        .map(|row| row["message_id"].as_str().unwrap().to_owned())
        .collect();
    let (mut too_late, mut in_time) = (0, 0);
    for round in 0..asked("LEXHOLD_TEST_RACES", 1) {
        let firm = copy_of(&template);
        let holds = held_by(&ids);
        race(&firm, &plan, &holds, round);
        // What was held meanwhile is found out, and what is left of the plan carried out.
        let _ = execute(&firm, &plan);
        let placed = placed(&firm);
        let rows = firm
            .call(&["report", "retention", "--format", "ndjson"])
            .ended(0)
            .rows();
        let there: BTreeMap<&str, &Value> = rows
            .iter()
            .map(|row| (row["message_id"].as_str().unwrap(), &row["state"]))
            .collect();
        let register = register(&firm);
        let gone = register.iter().filter(|row| row["disposal_state"] == "tombstoned");
        let destroyed: BTreeMap<&str, u64> = gone
            .map(|row| (row["message_id"].as_str().unwrap(), row["seq"].as_u64().unwrap()))
            .collect();
        assert_eq!(there.len() + destroyed.len(), ids.len(), "the union is exact");
        for (at, held) in holds.iter().enumerate() {
            for id in held {
                match destroyed.get(id.as_str()) {
                    Some(seq) => assert!(*seq < placed[&format!("h{at}")], "{id} was held and destroyed"),
                    None => assert_eq!(there[id.as_str()], "held", "{id}"),
                }
                *if destroyed.contains_key(id.as_str()) {
                    &mut too_late
                } else {
                    &mut in_time
                } += 1;
            }
        }
        let held: BTreeSet<&String> = holds.iter().flatten().copied().collect();
        for id in ids.iter().filter(|id| !held.contains(id)) {
            assert!(destroyed.contains_key(id.as_str()), "nothing keeps {id}");
        }
        assert_sound(&firm);
    }
    println!("{in_time} held in time, {too_late} too late");
}
