//! How often the shipped rules hit ordinary talk: `rulesets/false-hits.tsv`, and its table in `rulesets/README.md`.
//!
//! The list belongs to the rulesets whose digests it names: whoever changes one measures again. With the corpora beside
//! the repository the counts themselves are taken again and compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, HoldSet, RuleRef};
use lexhold_model::{ContentKey, Directory};

use crate::{Shipped, read, root};

/// The list.
const LIST: &str = "rulesets/false-hits.tsv";

/// The manual that shows the figures.
const MANUAL: &str = "rulesets/README.md";

/// The corpora with the number of their messages, none of which breaks a rule of a financial firm.
const CORPORA: [(&str, u64); 3] = [
    ("ubuntu-irc", 247_963),
    ("nus-sms", 87_300),
    ("linux-mips-1996-2009", 36_264),
];

/// No rule may hit more than one message in so many of a corpus without a reason.
const ONE_IN: u64 = 2_000;

/// Hits of one rule in each corpus: messages, not places.
type Counts = [u64; CORPORA.len()];

/// What the list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct List {
    /// Version and digest of each ruleset.
    rulesets: BTreeMap<String, (String, String)>,
    /// The rules that hit anything.
    hits: BTreeMap<String, Counts>,
    /// Why a rule may hit more than others.
    reasons: BTreeMap<String, String>,
}

impl List {
    fn parse(text: &str) -> Self {
        let mut list = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["ruleset", name, version, digest] => {
                    let ruleset = (version.to_owned(), digest.to_owned());
                    list.rulesets.insert(name.to_owned(), ruleset);
                }
                ["hits", rule, irc, sms, mail, reason] => {
                    let counts = [irc, sms, mail].map(|count| count.parse().expect("a number of messages"));
                    list.hits.insert(rule.to_owned(), counts);
                    if !reason.is_empty() {
                        list.reasons.insert(rule.to_owned(), reason.to_owned());
                    }
                }
                _ => panic!("{LIST} has a line that is neither a ruleset nor hits: {line}"),
            }
        }
        list
    }

    fn recorded() -> Self {
        Self::parse(&read(LIST))
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Messages of ordinary talk that the shipped rules hit. A test renews this list; the reasons are written by hand.\n\
             # ruleset\tname\tversion\tdigest\n\
             # hits\trule\tubuntu-irc\tnus-sms\tlinux-mips\treason for more than one message in 2,000\n",
        );
        for (name, (version, digest)) in &self.rulesets {
            writeln!(text, "ruleset\t{name}\t{version}\t{digest}").unwrap();
        }
        for (rule, [irc, sms, mail]) in &self.hits {
            let reason = self.reasons.get(rule).map_or("", String::as_str);
            writeln!(text, "hits\t{rule}\t{irc}\t{sms}\t{mail}\t{reason}").unwrap();
        }
        text
    }

    /// The table of the manual.
    fn table(&self, bundle: &Bundle) -> String {
        let mut table = String::from(
            "| ruleset | version | rules | of 247,963 IRC messages | of 87,300 SMS | of 36,264 mails | its most frequent rule |\n\
             | --- | --- | ---: | ---: | ---: | ---: | --- |\n",
        );
        let mut all = (0, [0; CORPORA.len()]);
        for (name, (version, _)) in &self.rulesets {
            let ours = |rule: &str| rule.split_once('.').is_some_and(|(ruleset, _)| ruleset == name);
            let n_rules = bundle.all_rules().filter(|rule| ours(bundle.rule(*rule).id)).count();
            let hits: Vec<_> = self.hits.iter().filter(|(rule, _)| ours(rule)).collect();
            let sums: Counts = std::array::from_fn(|at| hits.iter().map(|(_, counts)| counts[at]).sum());
            let most = hits.iter().max_by_key(|(_, counts)| counts.iter().sum::<u64>());
            let most = most.map_or(String::new(), |(rule, counts)| {
                format!("`{}` {}", &rule[name.len() + 1..], counts.iter().sum::<u64>())
            });
            let [irc, sms, mail] = sums;
            writeln!(
                table,
                "| [{name}]({name}/ruleset.yaml) | {version} | {n_rules} | {irc} | {sms} | {mail} | {most} |"
            )
            .unwrap();
            all.0 += n_rules;
            for (sum, count) in all.1.iter_mut().zip(sums) {
                *sum += count;
            }
        }
        let (n_rules, [irc, sms, mail]) = all;
        writeln!(table, "| **together** | | {n_rules} | {irc} | {sms} | {mail} | |").unwrap();
        table
    }
}

fn rulesets(bundle: &Bundle) -> BTreeMap<String, (String, String)> {
    let rulesets = bundle.documents.iter().filter(|document| document.kind == "ruleset");
    rulesets
        .map(|document| {
            let version = document.version.clone().unwrap_or_default();
            (document.name.clone(), (version, document.digest.to_string()))
        })
        .collect()
}

fn corpora() -> Option<PathBuf> {
    let folder = root().join("../shared/corpora/messages");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the corpora are not beside the repository");
    None
}

/// How many messages a corpus has, and how many of them each rule hits. Every core takes its share.
fn count(bundle: &Bundle, path: &Path) -> (u64, BTreeMap<String, u64>) {
    let facts = Facts {
        directory: Directory::default(),
        holds: HoldSet::none(),
        zone: jiff::tz::TimeZone::UTC,
        key: ContentKey::new([0; 32]),
        backfill: true,
    };
    let options = lexhold_source::Options {
        chunk_bytes: 2 << 20,
        ..Default::default()
    };
    let reader = Mutex::new(lexhold_source::open(path, options).unwrap());
    let total = Mutex::new((0, BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZeroUsize::get) {
            scope.spawn(|| {
                let mut evaluator = Evaluator::new(bundle, &facts);
                loop {
                    let chunk = reader.lock().unwrap().next().unwrap();
                    let Some(chunk) = chunk else { break };
                    let hits = hits(&evaluator.evaluate(&chunk.batch));
                    let mut total = total.lock().unwrap();
                    total.0 += chunk.batch.len() as u64;
                    for rule in hits {
                        *total.1.entry(bundle.rule(rule).id.to_owned()).or_default() += 1;
                    }
                }
            });
        }
    });
    total.into_inner().unwrap()
}

/// The pattern rules that hit, once for each message.
fn hits(evaluation: &Evaluation) -> Vec<RuleRef> {
    let standing = evaluation.hits.iter().filter(|hit| hit.excluded_by.is_none());
    let pairs = standing.map(|hit| (hit.row, hit.rule));
    let mut pairs: Vec<_> = pairs.filter(|(_, rule)| matches!(rule, RuleRef::Pattern(_))).collect();
    pairs.dedup();
    pairs.into_iter().map(|(_, rule)| rule).collect()
}

fn measured(bundle: &Bundle, folder: &Path) -> BTreeMap<String, Counts> {
    let mut hits: BTreeMap<String, Counts> = BTreeMap::new();
    for (at, (name, of)) in CORPORA.into_iter().enumerate() {
        let (n_messages, rules) = count(bundle, &folder.join(format!("{name}.ndjson.zst")));
        assert_eq!(n_messages, of, "messages of {name}");
        for (rule, n) in rules {
            hits.entry(rule).or_default()[at] = n;
        }
    }
    hits
}

/// Leaves the text as it should be where a person can copy it from.
fn leave(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn false_hits_are_those_of_the_shipped_rulesets() {
    let bundle = Shipped::compiled().bundle;
    let recorded = List::recorded();
    let shipped = rulesets(&bundle);
    let stale: Vec<_> = shipped
        .iter()
        .filter(|(name, one)| recorded.rulesets.get(*name) != Some(one))
        .collect();
    assert!(
        stale.is_empty() && recorded.rulesets.len() == shipped.len(),
        "{LIST} was measured with other rulesets; run the test `corpora_false_hits_are_as_recorded` to renew it: {stale:?}"
    );
    for rule in recorded.hits.keys() {
        assert!(
            bundle.all_rules().any(|one| bundle.rule(one).id == *rule),
            "{LIST} has {rule}, which is no rule"
        );
    }
}

#[test]
fn rules_that_hit_often_have_a_reason() {
    let recorded = List::recorded();
    for (rule, counts) in &recorded.hits {
        let often = counts.iter().zip(CORPORA).any(|(n, (_, of))| n * ONE_IN > of);
        let reason = recorded.reasons.get(rule);
        assert_eq!(
            often,
            reason.is_some(),
            "{rule} hits {counts:?} messages; reason: {reason:?}"
        );
    }
}

#[test]
fn the_manual_shows_the_recorded_figures() {
    let bundle = Shipped::compiled().bundle;
    let table = List::recorded().table(&bundle);
    if !read(MANUAL).contains(&table) {
        let path = leave("false-hits.md", &table);
        panic!(
            "the figures in {MANUAL} are not those of {LIST}; they are in {}",
            path.display()
        );
    }
}

#[test]
fn corpora_false_hits_are_as_recorded() {
    let Some(folder) = corpora() else { return };
    let bundle = Shipped::compiled().bundle;
    let recorded = List::recorded();
    let now = List {
        rulesets: rulesets(&bundle),
        hits: measured(&bundle, &folder),
        reasons: recorded.reasons.clone(),
    };
    if now != recorded {
        let path = leave("false-hits.tsv", &now.text());
        panic!("{LIST} is out of date; what was measured is in {}", path.display());
    }
}
