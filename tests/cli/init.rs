//! `init`: whatever is chosen, the repository is in order at once.

use crate::support::Firm;

const SECTORS: [&str; 15] = [
    "broker-dealer",
    "adviser",
    "bank",
    "derivatives",
    "crypto",
    "healthcare",
    "government",
    "audit",
    "energy",
    "life-sciences",
    "contractor",
    "telemarketing",
    "cards",
    "education",
    "general",
];

fn init(firm: &Firm, folder: &str, sectors: &str, jurisdictions: &str) -> crate::support::Ran {
    firm.call(&["init", folder, "--sector", sectors, "--jurisdiction", jurisdictions])
}

/// Nothing is wrong but that nobody at the firm has gone through the word lists yet.
fn is_in_order(checked: &crate::support::Ran) {
    let mut told = checked.stderr.lines().filter(|line| line.contains("[LX"));
    assert!(
        told.all(|line| line.starts_with("warning[LX0486]")),
        "{}",
        checked.stderr
    );
}

/// Each sector alone, and everything that somebody tries first for all together; for one of them, too, where fewer packs are
/// beside each other.
fn all_is_well(jurisdiction: &str, n_sectors: usize) {
    let firm = Firm::empty();
    let mut offered = Vec::new();
    for sector in SECTORS {
        // It compiles what it writes.
        if init(&firm, sector, sector, jurisdiction).code == 0 {
            offered.push(sector);
        }
    }
    assert_eq!(offered.len(), n_sectors, "{offered:?}");
    init(&firm, "all", &offered.join(","), jurisdiction).ended(0);
    for folder in ["all", offered[n_sectors / 2]] {
        let inside = |call: &[&str]| firm.call(&[&["-C", folder], call].concat());
        is_in_order(&inside(&["check", "--locked"]).ended(0));
        inside(&["check", "directory.yaml", "tests"])
            .ended(0)
            .said("0 errors, 0 warnings");
        let laid_out = inside(&["fmt", "--check", "."]);
        assert_eq!(laid_out.ended(0).stdout, "");
        inside(&["test", "--locked"]).ended(0);
        inside(&["test", "tests"]).ended(0).said("test: 2 passed");
    }
}

macro_rules! under {
    ($($jurisdiction:ident $name:literal offers $n:literal;)*) => {$(
        #[test]
        fn $jurisdiction() {
            all_is_well($name, $n);
        }
    )*};
}

under! {
    of_the_united_states "us" offers 15;
    of_new_york "us-ny" offers 5;
    of_california "us-ca" offers 15;
    of_illinois "us-il" offers 15;
    of_texas "us-tx" offers 2;
    of_florida "us-fl" offers 2;
    of_washington "us-wa" offers 2;
    of_the_union "eu" offers 15;
    of_the_united_kingdom "uk" offers 15;
    of_germany "de" offers 15;
    of_switzerland "ch" offers 15;
    of_canada "ca" offers 3;
    of_hong_kong "hk" offers 3;
    of_singapore "sg" offers 4;
    of_australia "au" offers 4;
    of_japan "jp" offers 3;
    of_india "in" offers 3;
}

#[test]
fn several_jurisdictions_come_together_and_nobody_is_in_a_group_that_is_not_there() {
    let firm = Firm::empty();
    init(&firm, "firm", "broker-dealer,bank", "us,eu,uk,de")
        .ended(0)
        .said("next: read README.md");
    firm.messages(
        "firm/m.ndjson",
        &[crate::support::message(
            "m1",
            "2026-03-02T10:00:00Z",
            "move this to WhatsApp",
        )],
    );
    let scanned = firm
        .call(&["-C", "firm", "scan", "m.ndjson", "--format", "ndjson"])
        .ended(0);
    assert!(
        !scanned.stderr.contains("the directory has no group"),
        "{}",
        scanned.stderr
    );
    assert!(
        scanned.stdout.contains("off-channel.change-of-venue"),
        "{}",
        scanned.stdout
    );
    // What editors are pointed at is there.
    for name in [
        "policies/records.yaml",
        "policies/supervision.yaml",
        "directory.yaml",
        "tests/first.yaml",
    ] {
        let text = firm.read(&format!("firm/{name}"));
        let schema = text.lines().next().unwrap().split("$schema=").nth(1).unwrap();
        let beside = firm.path(&format!("firm/{name}"));
        assert!(beside.parent().unwrap().join(schema).is_file(), "{name}: {schema}");
    }
    // Each workflow is YAML that calls verbs and flags that there are.
    for name in [
        ".github/workflows/lexhold.yml",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
    ] {
        let text = firm.read(&format!("firm/{name}"));
        serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap();
        let steps = text.lines().filter_map(|line| {
            let step = ["- run: ", "- ", "entry: "]
                .iter()
                .find_map(|before| line.trim().strip_prefix(before))?;
            step.strip_prefix("lexhold ")
        });
        for step in steps {
            let call: Vec<&str> = step.split_whitespace().collect();
            firm.call(&[&["-C", "firm"], call.as_slice()].concat()).ended(0);
        }
    }
}

#[test]
fn a_hostile_name_is_shown_escaped() {
    let firm = Firm::empty();
    let said = init(&firm, "a\u{1b}[31m\nb", "bank", "us").ended(0).stderr;
    assert!(said.starts_with("a\\u{1b}[31m\\nb: "), "{said}");
}

#[test]
fn nothing_is_overwritten_and_what_is_not_offered_is_said() {
    let firm = Firm::empty();
    firm.write("mine/README.md", "mine");
    init(&firm, "mine", "bank", "us")
        .ended(5)
        .said("mine/README.md is there already, and nothing was written");
    assert_eq!(firm.read("mine/README.md"), "mine");
    assert!(!firm.path("mine/lexhold.yaml").exists());
    init(&firm, "firm", "government", "hk")
        .ended(2)
        .said("no pack of retention");
    assert!(!firm.path("firm").exists());
    init(&firm, "firm", "shipping", "us")
        .ended(2)
        .said("possible values: broker-dealer");
    firm.call(&["init", "firm"]).ended(2).said("--sector");
    init(&firm, "firm", "bank", "us").ended(0);
    let first = firm.read("firm/lexhold.lock");
    init(&firm, "firm", "bank", "us").ended(5);
    assert_eq!(firm.read("firm/lexhold.lock"), first);
    init(&firm, "other", "bank", "us").ended(0);
    assert_eq!(firm.read("other/lexhold.lock"), first);
}

#[test]
fn capitals_are_no_mistake() {
    let firm = Firm::empty();
    init(&firm, "small", "broker-dealer", "us").ended(0);
    init(&firm, "large", "Broker-Dealer", "US").ended(0);
    assert_eq!(firm.read("small/lexhold.lock"), firm.read("large/lexhold.lock"));
}
