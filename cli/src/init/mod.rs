//! `init`: a policy repository to begin with. Packs by sector and jurisdiction lie below `shipped/` as they came; the firm's own
//! documents import them and give parameters. `check`, `test` and `check --locked` pass in it at once.

mod packs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lexhold_document::{Draft, Kind};

use crate::args::{Init, Jurisdiction};
use crate::failure::{Exit, Failure};
use crate::files::why;
use crate::load::Project;
use crate::settings::Settings;
use crate::terminal::{say, shown};
use crate::{lock, schema, versions};

use packs::{Choice, Shipped, choose};

/// Texts by the path of the file that gets them.
type Tree = BTreeMap<String, String>;

/// Files that are the same for everybody.
const FIXED: [(&str, &str); 6] = [
    (".github/workflows/lexhold.yml", include_str!("files/github.yml")),
    (".gitlab-ci.yml", include_str!("files/gitlab.yml")),
    (".pre-commit-config.yaml", include_str!("files/pre-commit.yaml")),
    (".gitignore", include_str!("files/gitignore")),
    ("README.md", include_str!("files/README.md")),
    ("tests/first.yaml", include_str!("files/first.yaml")),
];

/// Writes the repository, or nothing where any of its files is there already.
pub fn init(settings: &Settings, args: &Init) -> anyhow::Result<Exit> {
    let choice = choose(&args.sector, &args.jurisdiction);
    if choice.retention.is_empty() {
        let message = "no pack of retention is for these sectors under these laws";
        return Err(Failure::new(Exit::Usage, message)
            .help("every sector has packs under us, eu, uk, de and ch; lexhold init --help lists the rest")
            .into());
    }
    let tree = tree(args, &choice)?;
    let folder = &args.folder;
    let others = ["schemas", "lexhold.lock"].map(str::to_owned);
    if let Some(path) = tree.keys().chain(&others).find(|path| folder.join(path).exists()) {
        let message = format!(
            "{} is there already, and nothing was written",
            folder.join(path).display()
        );
        return Err(Failure::new(Exit::Refused, message)
            .help("name a folder of its own: lexhold init DIR …")
            .into());
    }
    for (path, text) in &tree {
        write(&folder.join(path), text)?;
    }
    // Editors read the older edition too.
    schema::write_all(&folder.join("schemas"), Draft::Seven)?;
    std::env::set_current_dir(folder)?;
    lock::lock(&inside(settings))?;
    if !settings.quiet {
        say(&format!(
            "{}: {} packs of retention, {} of supervision, {} rulesets",
            shown(folder),
            choice.retention.len(),
            choice.supervision.len(),
            choice.rulesets.len()
        ));
        say("next: read README.md there; then lexhold check, lexhold test, lexhold test tests");
    }
    Ok(Exit::Done)
}

/// The settings of somebody who works in the new folder.
fn inside(settings: &Settings) -> Settings {
    Settings {
        policies: vec!["policies".into()],
        rulesets: vec!["rulesets".into()],
        schema: None,
        root: ".".into(),
        quiet: true,
        ..settings.clone()
    }
}

fn write(path: &PathBuf, text: &str) -> anyhow::Result<()> {
    let cannot =
        |error: std::io::Error| Failure::new(Exit::Data, format!("cannot write {}: {}", path.display(), why(&error)));
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(cannot)?;
    let mut file = std::fs::File::create_new(path).map_err(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
    Ok(())
}

fn tree(args: &Init, choice: &Choice) -> anyhow::Result<Tree> {
    let mut tree: Tree = FIXED
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    for pack in choice.retention.iter().chain(&choice.supervision) {
        tree.insert(shipped(pack), without_absent(pack, choice));
    }
    for document in choice.named.iter().chain(&choice.rulesets) {
        let folder = if document.path.starts_with("calendars/") {
            "policies"
        } else {
            "rulesets"
        };
        tree.insert(format!("{folder}/{}.yaml", document.path), document.text.to_owned());
    }
    tree.insert(
        "policies/records.yaml".into(),
        own(Kind::Retention, "our-records", &choice.retention),
    );
    tree.insert(
        "policies/supervision.yaml".into(),
        own(Kind::Supervision, "our-supervision", &choice.supervision),
    );
    tree.insert("lexhold.yaml".into(), config(args));
    let groups = groups(&tree)?;
    tree.insert("directory.yaml".into(), directory(&groups));
    Ok(tree)
}

fn shipped(pack: &Shipped) -> String {
    format!(
        "policies/shipped/{}.yaml",
        pack.path.rsplit('/').next().unwrap_or(pack.path)
    )
}

/// A pack as it came, but for tests that expect schedules of packs that were not chosen.
fn without_absent(pack: &Shipped, choice: &Choice) -> String {
    let Some((before, tests)) = pack.text.split_once("\ntests:\n") else {
        return pack.text.to_owned();
    };
    let name = |path: &'static str| path.rsplit('/').next().unwrap_or(path);
    let there = |document: &str| choice.retention.iter().any(|pack| name(pack.path) == document);
    let is_about_absent = |test: &str| {
        test.split("schedule: ").skip(1).any(|expected| {
            let document = expected.split_once('.').map(|(document, _)| document);
            document.is_some_and(|document| !there(document))
        })
    };
    let mut items: Vec<String> = Vec::new();
    for line in tests.lines() {
        match items.last_mut() {
            Some(item) if !line.starts_with("  - ") => *item += &format!("{line}\n"),
            _ => items.push(format!("{line}\n")),
        }
    }
    let kept = items.into_iter().filter(|test| !is_about_absent(test));
    format!("{before}\ntests:\n{}", kept.collect::<String>())
}

/// A line by which editors find the schema of a document.
fn modeline(kind: Kind, up: &str) -> String {
    format!(
        "# yaml-language-server: $schema={up}schemas/{}\n",
        schema::file_name(kind)
    )
}

/// The firm's own document, which imports packs and gives them the parameters that they have by default.
fn own(kind: Kind, name: &str, packs: &[Shipped]) -> String {
    let mut text = modeline(kind, "../");
    let items = if kind == Kind::Retention { "schedules" } else { "rules" };
    text += &format!("lexhold: 1\n{kind}: {name}\nversion: 1.0.0\nowner: records@example.com\n");
    text += "imports:\n";
    for pack in packs {
        let file = shipped(pack);
        let file = file.strip_prefix("policies/").unwrap_or(&file);
        text += &format!("  - file: {file}\n");
        let parameters = parameters(pack.text);
        if !parameters.is_empty() {
            text += "    with:\n";
            text += &parameters;
        }
    }
    if kind == Kind::Retention {
        text += "zone: UTC # whose days count for schedules of your own\n";
    }
    text + &format!("{items}: [] # what you add to the packs\n")
}

/// The parameters of a pack, as they stand there, further in.
fn parameters(text: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != "parameters:").skip(1);
    let own = lines.take_while(|line| line.starts_with(' '));
    own.map(|line| format!("    {line}\n")).collect()
}

fn config(args: &Init) -> String {
    let zone = zone(args.jurisdiction[0]);
    format!(
        "# What lexhold is run with here; flags and the environment go before it.\n\
         required-version: \"{}\"\n\
         policies: policies\n\
         rulesets: rulesets\n\
         directory: directory.yaml\n\
         zone: {zone} # whose days count in reports\n",
        versions::engine_range()
    )
}

fn zone(jurisdiction: Jurisdiction) -> &'static str {
    match jurisdiction {
        Jurisdiction::Us | Jurisdiction::UsNy | Jurisdiction::UsFl => "America/New_York",
        Jurisdiction::UsCa | Jurisdiction::UsWa => "America/Los_Angeles",
        Jurisdiction::UsIl | Jurisdiction::UsTx => "America/Chicago",
        Jurisdiction::Eu => "Europe/Brussels",
        Jurisdiction::Uk => "Europe/London",
        Jurisdiction::De => "Europe/Berlin",
        Jurisdiction::Ch => "Europe/Zurich",
        Jurisdiction::Ca => "America/Toronto",
        Jurisdiction::Hk => "Asia/Hong_Kong",
        Jurisdiction::Sg => "Asia/Singapore",
        Jurisdiction::Au => "Australia/Sydney",
        Jurisdiction::Jp => "Asia/Tokyo",
        Jurisdiction::In => "Asia/Kolkata",
    }
}

/// The groups that the chosen policies name, so that the sample of a directory has them all.
fn groups(tree: &Tree) -> anyhow::Result<BTreeSet<String>> {
    let documents = tree
        .iter()
        .filter(|(path, _)| path.starts_with("policies/") || path.starts_with("rulesets/"));
    let sources = documents.map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let bundle = Project::stored(None, &sources.collect()).compile();
    let bundle = bundle.ok_or_else(|| Failure::new(Exit::Internal, "the packs that were chosen do not compile"))?;
    Ok(bundle.groups().into_iter().map(str::to_owned).collect())
}

fn directory(groups: &BTreeSet<String>) -> String {
    let mut text = modeline(Kind::Directory, "");
    text += "# A sample: put in your own people, or export them from where they are kept.\n";
    text += "lexhold: 1\ndirectory: staff\nowner: hr@example.com\ndomains: [example.com]\npeople:\n";
    text += "  - { id: ann, name: Ann Lee, handles: { slack: ann, email: ann@example.com }, groups: [staff], supervisor: sam }\n";
    text += "  - { id: bob, name: Bob Roe, handles: { slack: bob, email: bob@example.com }, groups: [staff], supervisor: sam }\n";
    text += "  - { id: sam, name: Sam Poe, handles: { slack: sam, email: sam@example.com }, groups: [staff] }\n";
    text += "groups:\n  - { id: staff }\n  # Every group that the policies name: say who belongs to it.\n";
    for group in groups {
        text += &format!("  - {{ id: {group} }}\n");
    }
    text + "channels:\n  - { id: email, platform: email, approved: true }\n  - { id: general, platform: slack, approved: true }\n"
}
