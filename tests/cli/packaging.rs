//! Completions and manual pages: made of the command line, so that they name all of it.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::Firm;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Every verb that `--help` lists.
fn verbs(firm: &Firm) -> Vec<String> {
    let help = firm.call(&["--help"]).ended(0).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    lines
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn completions_of_every_shell_know_every_verb() {
    let firm = Firm::empty();
    let verbs = verbs(&firm);
    assert!(verbs.len() > 30, "{verbs:?}");
    for shell in SHELLS {
        let script = firm.call(&["completions", shell]).ended(0).stdout;
        assert_eq!(script, firm.call(&["completions", shell]).stdout, "{shell}");
        for verb in verbs
            .iter()
            .map(String::as_str)
            .chain(["--fail-on", "--as-of", "--dry-run"])
        {
            // fish names a flag without its dashes.
            assert!(
                script.contains(verb.trim_start_matches('-')),
                "{shell} does not know {verb}"
            );
        }
    }
    firm.call(&["completions", "tcsh"]).ended(2);
}

#[test]
fn bash_takes_its_completions() {
    let firm = Firm::empty();
    let script = firm.call(&["completions", "bash"]).ended(0).stdout;
    let path = firm.write("lexhold.bash", script);
    let syntax = Command::new("bash").arg("-n").arg(path).status();
    assert!(syntax.is_ok_and(|status| status.success()));
}

#[test]
fn every_verb_has_a_manual_page_that_names_its_flags() {
    let firm = Firm::empty();
    let pages = |folder: &str| {
        firm.call(&["man", folder]).ended(0);
        let entries = std::fs::read_dir(firm.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let page = |path: std::path::PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        };
        entries.map(page).collect::<BTreeMap<_, _>>()
    };
    let found = pages("man/one");
    assert_eq!(found, pages("man/other"));
    for verb in verbs(&firm) {
        let page = found.get(&format!("lexhold-{verb}.1"));
        assert!(
            page.is_some_and(|page| page.contains(".TH ") && page.contains("LEXHOLD_HOME")),
            "{verb}"
        );
    }
    let place = &found["lexhold-hold-place.1"];
    assert!(
        place.contains("LEXHOLD_HOLD_PLACE_") && found["lexhold.1"].contains("Exit codes"),
        "{place}"
    );
    firm.write("file", "");
    firm.call(&["man", "file"])
        .ended(4)
        .said("cannot write manual pages into file");
}

#[test]
fn an_installation_has_pages_and_completions_of_the_very_binary() {
    let firm = Firm::empty();
    let ran = Command::new("make")
        .args(["-s", "install-run", "PREFIX=/usr"])
        .arg(format!("lexhold={}", env!("CARGO_BIN_EXE_lexhold")))
        .arg(format!("DESTDIR={}", firm.path("root").display()))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for (shell, path) in [
        ("bash", "bash-completion/completions/lexhold"),
        ("zsh", "zsh/site-functions/_lexhold"),
        ("fish", "fish/vendor_completions.d/lexhold.fish"),
    ] {
        let made = firm.call(&["completions", shell]).ended(0).stdout;
        assert_eq!(firm.read(&format!("root/usr/share/{path}")), made, "{shell}");
    }
    assert!(firm.read("root/usr/share/man/man1/lexhold-check.1").contains(".TH "));
    let version = Command::new(firm.path("root/usr/bin/lexhold"))
        .arg("--version")
        .status();
    assert!(version.is_ok_and(|status| status.success()));
}
