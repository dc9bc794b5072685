//! Conditions, measured: the decider of the engine against Cedar's authorizer, one request at a time, in the same run.
//!
//! `cargo bench --bench cedar`, or `cargo bench --bench cedar -- 50 100` for so many policies and rows alone. Policies are those of a firm that grows: the words that they ask for grow with their
//! number. Facts rows are those of chat, of which so many in a hundred are different from all others. Every answer that
//! the authorizer gives has to be the decider's. Ratios within one run are what counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that panics has failed"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use lexhold_benches::clock::timed;
use lexhold_document::{Diagnostics, Files, OpenError, load, path};
use lexhold_policy::{
    Action, AttachmentFacts, Audience, Condition, Decider, Facts, FactsRow, Insiders, Oracle, PersonFacts, Program,
    Schemas, Sender,
};

const POLICIES: [usize; 4] = [10, 50, 200, 1000];

/// Different facts rows in a hundred messages.
const DISTINCT: [usize; 3] = [1, 10, 100];

/// Messages that the decider is asked about.
const MESSAGES: usize = 60_000;

/// Messages that are made at a time, where each has facts of its own: few, because a run decides about facts that it has
/// just made.
const BLOCK: usize = 64;

/// Requests that the authorizer is asked to decide, divided by the policies that each has.
const POLICIES_ASKED: usize = 15_000;

/// How often each figure of the decider is taken; the median is told.
const ROUNDS: usize = 3;

fn main() {
    println!("policies  distinct    authorizer/s      decider/s    times   every request µs");
    let wanted: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let is_wanted = |at: usize, value: usize| wanted.get(at).is_none_or(|wanted| *wanted == value);
    for policies in POLICIES.into_iter().filter(|policies| is_wanted(0, *policies)) {
        for action in [Action::Communicate, Action::Retain] {
            let program = program(action, policies);
            assert_eq!(program.uncompiled().count(), 0);
            for distinct in DISTINCT.into_iter().filter(|distinct| is_wanted(1, *distinct)) {
                let messages = Messages::new(policies, distinct);
                measure(&program, &messages);
            }
        }
    }
}

/// The messages of one measurement: facts that repeat are kept, as the maker of facts keeps them in a run; facts that do
/// not have just been made.
struct Messages {
    policies: usize,
    distinct: usize,
    kept: Vec<FactsRow>,
}

impl Messages {
    fn new(policies: usize, distinct: usize) -> Self {
        let kept = if distinct == 100 { 0 } else { MESSAGES * distinct / 100 };
        Self {
            policies,
            distinct,
            kept: (0..kept).map(|at| row(at, policies)).collect(),
        }
    }

    /// Hands on block after block of the first so many messages, with the instants they were sent.
    fn blocks(&self, many: usize, mut work: impl FnMut(&[(&FactsRow, Option<i64>)])) {
        for start in (0..many).step_by(BLOCK) {
            let block = start..many.min(start + BLOCK);
            let made: Vec<FactsRow> = match self.kept.len() {
                0 => block.clone().map(|at| row(at, self.policies)).collect(),
                _ => Vec::new(),
            };
            let facts = |at: usize| match self.kept.len() {
                0 => &made[at - start],
                kept => &self.kept[mixed(at) % kept],
            };
            let sent_at = |at: usize| i64::try_from(at).unwrap() * 61_000_000;
            work(&block.map(|at| (facts(at), Some(sent_at(at)))).collect::<Vec<_>>());
        }
    }
}

fn measure(program: &Program, messages: &Messages) {
    let asked = (POLICIES_ASKED / messages.policies).min(MESSAGES);
    let (mut slow, mut held) = (Duration::ZERO, 0);
    let (oracle, mut checked) = (Oracle::new(program), Decider::new(program));
    messages.blocks(asked, |block| {
        let (answers, took) = timed(|| {
            block
                .iter()
                .map(|(row, at)| oracle.decide(row, *at))
                .collect::<Vec<_>>()
        });
        slow += took;
        for (answer, (row, at)) in answers.iter().zip(block) {
            held += answer.determining.len();
            assert_eq!(*checked.decide(row, *at), *answer);
        }
    });
    assert!(held > 0);
    let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| decide(program, messages)).collect();
    rounds.sort();
    let rate = |messages: usize, took: Duration| messages as f64 / took.as_secs_f64();
    let (slow, fast) = (rate(asked, slow), rate(MESSAGES, rounds[ROUNDS / 2]));
    println!(
        "{:>8}  {:>6} %  {slow:>14.0}  {fast:>13.0}  {:>7.0}  {:>6.2} against {:.0}, {}",
        messages.policies,
        messages.distinct,
        fast / slow,
        1e6 / fast,
        1e6 / slow,
        program.action()
    );
}

fn decide(program: &Program, messages: &Messages) -> Duration {
    let (mut decider, mut all) = (Decider::new(program), Duration::ZERO);
    messages.blocks(MESSAGES, |block| {
        let decide = || {
            let answers = block.iter().map(|(row, at)| decider.decide(row, *at).determining.len());
            std::hint::black_box(answers.sum::<usize>());
        };
        all += timed(decide).1;
    });
    all
}

/// A number with its bits mixed, so that facts rows come in no order.
fn mixed(at: usize) -> usize {
    let mut z = (at as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) >> 1).unwrap()
}

/// How many groups and labels a firm with so many policies has.
fn words(policies: usize) -> usize {
    20 + policies / 5
}

fn program(action: Action, policies: usize) -> Program {
    let clauses: String = (0..policies)
        .map(|at| format!("  - |\n    {}\n", clause(at, policies)))
        .collect();
    let mut files = Files::new();
    let yaml = format!("lexhold: 1\nsupervision: bench\nversion: 1.0.0\nclauses:\n{clauses}");
    let file = files.add("bench.yaml", yaml);
    let mut diagnostics = Diagnostics::new();
    let mut open = |_: &str| -> Result<String, OpenError> { unreachable!("nothing is imported") };
    let documents = load(&mut files, &[file], &mut open, &mut diagnostics);
    let schemas = Schemas::built_in();
    let nodes = documents[0].get(&path!["clauses"]).unwrap().as_list().unwrap();
    let conditions = nodes.iter().enumerate().map(|(at, node)| {
        let id = format!("bench.{at}");
        Condition::compile(&schemas, &id, action, &[node], &mut diagnostics).unwrap()
    });
    Program::build(action, conditions.collect())
}

/// The conditions of supervision and retention documents, in turn.
fn clause(at: usize, policies: usize) -> String {
    let word = |n: usize| mixed(at * 7 + n) % words(policies);
    let (a, b, c) = (word(1), word(2), word(3));
    match at % 10 {
        0 => format!(r#"principal in Group::"g{a}" && resource.labels.contains("l{b}")"#),
        1 => format!(
            r#"((principal in Group::"g{a}" && resource.recipients.groups.contains(Group::"g{b}")) || (principal in Group::"g{b}" && resource.recipients.groups.contains(Group::"g{a}"))) && !resource.participants.groups.contains(Group::"g{c}")"#
        ),
        2 => format!(r#"resource.labels.containsAny(["l{a}", "l{b}", "l{c}"]) && resource.business"#),
        3 => format!(
            r#"resource.platform == "p{}" && principal.licences.contains("g{b}")"#,
            a % 8
        ),
        4 => format!(r#"resource.recipients.count > 5 && resource.labels.contains("l{a}")"#),
        5 => format!(
            r#"principal has jurisdiction && principal.jurisdiction == "J{}" && principal in Group::"g{b}" && !resource.labels.contains("l{c}")"#,
            a % 6
        ),
        6 => format!(
            r#"resource.attachments.count > 0 && resource.attachments.extensions.containsAny(["exe", "l{a}"]) && resource.external"#
        ),
        7 => format!(
            r#"principal in [Group::"g{a}", Group::"g{b}"] && resource has sender_local && (resource.sender_local.hour < 7 || !resource.sender_local.business_day)"#
        ),
        8 => format!(
            r#"resource.recipients.domains.contains("d{a}.example") && !resource.channel.approved && resource.direction == "outbound""#
        ),
        _ => format!(
            r#"principal in Group::"g{a}" && resource.recipients.domains.containsAll(resource.sender.domains) && resource.platform like "p{}*""#,
            b % 8
        ),
    }
}

/// A message of chat, as conditions see it; its number makes it different from all others.
fn row(at: usize, policies: usize) -> FactsRow {
    let n_words = words(policies);
    let roll = |n: usize, sides: usize| mixed(at * 31 + n) % sides;
    let some = |n: usize, count: usize, prefix: &str, sides: usize| -> BTreeSet<String> {
        (0..count).map(|k| format!("{prefix}{}", roll(n + k, sides))).collect()
    };
    let person = |n: usize| PersonFacts {
        domains: ["firm.example".to_owned()].into(),
        groups: some(n, 3, "g", n_words),
        licences: some(n + 5, 1, "g", n_words),
        jurisdiction: Some(format!("J{}", roll(n, 6))),
        ..PersonFacts::default()
    };
    let sender = Sender {
        id: format!("person{}", roll(1, 2000)),
        facts: person(2),
    };
    let recipients = Audience {
        people: some(10, 1 + roll(3, 8), "person", 2000),
        groups: some(20, 4, "g", n_words),
        domains: some(26, 2, "d", n_words)
            .iter()
            .map(|d| format!("{d}.example"))
            .collect(),
        external: roll(4, 5) == 0,
    };
    let mut participants = recipients.clone();
    participants.people.insert(sender.id.clone());
    participants.groups.extend(sender.facts.groups.iter().cloned());
    let inside = |n: usize| Insiders {
        ids: [format!("inside{n}-{}", roll(n, 2000))].into(),
        facts: person(40 + n * 7),
    };
    let facts = Facts {
        accounts: [format!("account {at}")].into(),
        business: true,
        platform: format!("p{}", roll(5, 8)),
        kind: "message".into(),
        conversation_kind: "group".into(),
        labels: some(30, roll(6, 4), "l", n_words),
        external: recipients.external,
        insiders: (0..3).map(inside).collect(),
        sender,
        recipients,
        participants,
        zone: "America/New_York".into(),
        attachments: AttachmentFacts {
            count: i64::from(roll(7, 10) == 0),
            extensions: some(34, usize::from(roll(7, 10) == 0), "l", n_words),
            ..AttachmentFacts::default()
        },
        ..Facts::default()
    };
    FactsRow::new(facts).unwrap()
}
