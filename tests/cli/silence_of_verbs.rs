//! Every verb, asked by people who may not know of a silent hold, tells them the same with one as without: beside an open case over
//! the same messages and, where the hold covers nothing, beside nothing at all.

use std::collections::BTreeSet;

use crate::silence::{BOTH, align, by, keep, plan, same, same_file, template, twins};
use crate::support::Firm;

/// What people do who may not know: who, and what they write. `PLAN` is a plan that is approved.
const DONE: [(&str, &str); 39] = [
    ("rex", "run in.ndjson --dry-run --backfill --as-of 2026-01-01"),
    (
        "rex",
        "run in.ndjson --backfill --as-of 2026-01-01 --confirmed-by rita --out reports",
    ),
    (
        "rex",
        "event record --type employee_left --key ann --date 2020-01-31 --evidence told",
    ),
    (
        "rex",
        "event correct --type employee_left --key ann --date 2021-01-31 --evidence told --reason typo",
    ),
    (
        "rex",
        "event cancel --type employee_left --key ann --reason back --confirmed-by rita",
    ),
    // The very name that a silent hold has.
    ("ria", "hold place --name quiet --matter M --zone UTC --custodian ann"),
    (
        "ria",
        "hold place --name quiet --matter M --zone UTC --custodian ann --format json",
    ),
    (
        "ria",
        "hold place --name quiet --matter Other --zone UTC --custodian bob",
    ),
    (
        "ria",
        "hold place --name loud --matter M --zone UTC --custodian ann --silent",
    ),
    ("ria", "hold apply"),
    ("ria", "hold notice issue quiet --out notices"),
    ("ria", "hold ack quiet --custodian ann --on 2026-01-01"),
    ("ria", "hold narrow quiet open.yaml --reason smaller --confirmed-by lou"),
    ("ria", "hold show quiet"),
    ("ria", "hold show quiet/2 --json"),
    ("ria", "hold show quiet/silent"),
    ("ria", "hold release quiet/silent --reason over --confirmed-by lou"),
    ("ria", "hold release quiet --reason over --confirmed-by lou"),
    (
        "ria",
        "hold release quiet --reason over --confirmed-by lou --format json",
    ),
    ("ria", "case open mine --matter M --reason asked --message slack/c1/m21"),
    ("ria", "case add mine --message slack/c3/m23 --reason asked"),
    ("ria", "case show mine"),
    ("ria", "case show orion"),
    ("ria", "case close mine --reason over --confirmed-by lou"),
    (
        "pia",
        "erasure request er --subject Ann --law gdpr --located DE --established IE --zone UTC --received 2026-11-01 --message slack/c0/m0 --message slack/c1/m1",
    ),
    ("pat", "erasure confirm er --evidence seen"),
    ("pia", "erasure answer er --preview"),
    ("pia", "erasure extend er --reason many --notified 2026-11-10"),
    (
        "ria",
        "erasure ground er --article 17(3)(e) --message slack/c1/m1 --reason claim --confirmed-by lou",
    ),
    (
        "ria",
        "erasure grant er --message slack/c1/m1 --reason none --confirmed-by lou",
    ),
    ("pia", "erasure status er --format ndjson"),
    (
        "pia",
        "erasure close er --outcome withdrawn --reason withdrawn --confirmed-by pat",
    ),
    ("rex", "dispose propose --limit 3 --format json"),
    ("rita", "dispose execute PLAN --format json"),
    ("rita", "dispose transfer PLAN --out handed.ndjson"),
    ("rita", "dispose receipt PLAN in.ndjson"),
    ("rita", "dispose certificate PLAN --html certificate.html"),
    ("rex", "dispose reject PLAN --reason late"),
    ("rex", "dispose gone backup-1 --reason wiped"),
];

/// What they look at.
const READ: [(&str, &str); 36] = [
    ("ria", "status"),
    ("ria", "status --json"),
    ("ria", "whoami"),
    ("ria", "report html page.html"),
    ("ria", "hold list --all --format ndjson"),
    ("ria", "hold list --all"),
    ("ria", "hold list --matter Hush"),
    ("ria", "case list --format ndjson"),
    ("ria", "case list"),
    ("ria", "event list --format ndjson"),
    ("ria", "alerts"),
    ("ria", "alerts --format ndjson"),
    ("ria", "sample list"),
    ("ria", "review attest --month 2019-06 --reason done"),
    ("ria", "review message slack/c0/m20 --decision no_issue --reason seen"),
    ("ria", "explain --message slack/c0/m20"),
    ("ria", "explain --message slack/c0/m20 --json"),
    ("ria", "explain --message slack/c0/m0"),
    ("ria", "explain --message slack/c1/m1"),
    ("ria", "explain --message slack/c1/m21 --json"),
    ("ria", "dispose status"),
    ("ria", "dispose status --format ndjson"),
    ("pia", "erasure status --all"),
    ("pia", "erasure status er"),
    ("ria", "report coverage --strict"),
    (
        "rex",
        "retention resolve --message slack/c0/m20 --schedule desk.chats --reason known --confirmed-by rita",
    ),
    ("rex", "retention correct desk@1.0.0 --reason wrong"),
    ("rex", "diff"),
    ("rex", "activate"),
    ("rex", "replay last"),
    ("rex", "replay last --json"),
    ("ria", "clock check"),
    ("ria", "config show"),
    ("ria", "scan in.ndjson"),
    ("ria", "convert in.ndjson --out converted.ndjson"),
    ("rex", "rebuild"),
];

/// Reports; all forms but Parquet, which has the rows of the others, are written at once.
const REPORTS: [(&str, &str); 12] = [
    ("ria", "sources"),
    ("ria", "alerts"),
    ("ria", "reviews"),
    ("ria", "supervision"),
    ("ria", "retention"),
    ("ria", "coverage"),
    ("ria", "awaiting"),
    ("ria", "forecast"),
    ("ria", "over-retention"),
    ("ria", "holds"),
    ("ria", "disposal"),
    ("pia", "erasure"),
];

/// Verbs that tell nothing of a home's messages.
const APART: [&str; 29] = [
    "evaluate",
    "init",
    "check",
    "fmt",
    "test",
    "sources",
    "import",
    "config",
    "lock",
    "bundle",
    "schema",
    "lsp",
    "completions",
    "man",
    "help",
    // They tell how many entries there are, or only sign, or make a key.
    "verify",
    "backup",
    "restore",
    "sign",
    "keys",
    "clock",
    "checkpoint",
    // Asked below, by `plan`.
    "dispose approve",
    // Of what a firm's own archive answers, of what nobody drew, and of what nobody asked.
    "dispose answer",
    "dispose extend",
    "sample draw",
    "sample items",
    "sample key",
    "erasure proof",
];

const OPEN: &str = "lexhold: 1\nhold: quiet\nmatter: M\nzone: UTC\nids: [slack/c1/m21]\n";

/// Both homes are asked everything, one after the other.
fn told_alike(twins: &[Firm; 2]) {
    for firm in twins {
        firm.write("open.yaml", OPEN);
    }
    align(twins);
    let plan = plan(twins);
    let ask = |(who, line): &(&str, &str)| {
        align(twins);
        let line = line.replace("PLAN", &plan);
        let words: Vec<&str> = line.split(' ').collect();
        same(twins, who, &words);
        for file in ["page.html", "certificate.html"] {
            if line.ends_with(file) && twins.iter().all(|firm| firm.path(file).exists()) {
                same_file(twins, file);
            }
        }
    };
    DONE.iter().for_each(ask);
    READ.iter().for_each(ask);
    for (who, report) in REPORTS {
        let outputs: Vec<(String, String)> = ["ndjson", "csv", "html"]
            .iter()
            .map(|format| {
                let name = format!("{report}.{format}");
                (format!("{format}={name}"), name)
            })
            .collect();
        let mut call = vec!["report", report, "--format", "text"];
        call.extend(outputs.iter().flat_map(|(output, _)| ["--output", output.as_str()]));
        if same(twins, who, &call).code == 0 {
            outputs.iter().for_each(|(_, name)| same_file(twins, name));
        }
    }
    let notices = twins.each_ref().map(|firm| names(firm, "notices"));
    assert_eq!(notices[0], notices[1]);
}

fn names(firm: &Firm, folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(firm.path(folder)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn beside_an_open_case_over_the_same_messages() {
    let twins = twins(&template());
    for (firm, keeps) in twins.iter().zip(BOTH) {
        keep(firm, keeps);
    }
    told_alike(&twins);
}

#[test]
fn beside_nothing_where_it_covers_nothing() {
    let twins = twins(&template());
    twins[0].write(
        "quiet.yaml",
        "lexhold: 1\nhold: quiet\nmatter: Hush\nzone: UTC\ncustodians: [zed]\nsilent: true\n",
    );
    by(&twins[0], "lea", &["hold", "place", "quiet.yaml"]).ended(0);
    told_alike(&twins);
}

/// A verb that nobody thought of fails here.
#[test]
fn every_verb_is_asked() {
    let firm = Firm::empty();
    let verbs_of = |of: &[&str]| -> Vec<String> {
        let help = firm.call(&[of, &["--help"]].concat()).ended(0).stdout;
        let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
        let commands = commands.split("\n\n").next().unwrap_or_default();
        let name = |line: &str| {
            let indented = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?;
            Some(indented.split(' ').next()?.to_owned())
        };
        commands.lines().filter_map(name).collect()
    };
    let asked: BTreeSet<&str> = DONE.iter().chain(&READ).map(|(_, line)| *line).collect();
    let is_asked = |verb: &str| {
        asked
            .iter()
            .any(|line| *line == verb || line.starts_with(&format!("{verb} ")))
    };
    for verb in verbs_of(&[]) {
        if APART.contains(&verb.as_str()) {
            continue;
        }
        // There is no alert in these homes, and what is done with one tells of nothing else.
        let inner = if verb == "alerts" {
            Vec::new()
        } else {
            verbs_of(&[&verb])
        };
        if inner.is_empty() {
            assert!(is_asked(&verb), "{verb}");
        }
        for inner in inner.iter().filter(|inner| *inner != "help") {
            let name = format!("{verb} {inner}");
            let is_report = verb == "report" && REPORTS.iter().any(|(_, report)| report == inner);
            assert!(is_report || is_asked(&name) || APART.contains(&name.as_str()), "{name}");
        }
    }
}
