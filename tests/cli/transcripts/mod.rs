//! Every transcript of README and the guides, run as a reader would type it, and compared with what stands there.
//!
//! A document's comments say where a transcript plays, and are not shown by whatever renders the document:
//!
//! - `<!-- scene NAME: a checkout -->` or `<!-- scene NAME: an empty folder -->`: where what follows is typed. A scene that has begun
//!   goes on by `<!-- scene NAME -->`: one shell plays all of it, in the order of the document.
//! - `<!-- file PATH -->`: the next block is what this file has. `<!-- adds to PATH -->`: it is appended.
//! - `<!-- before: COMMANDS -->`: what has to be done first and needs no telling.
//! - `<!-- ends with N -->`: the exit code of the next block's last command, where its output shows no error.
//! - `<!-- by the day: WORDS; … -->`: figures in lines with these words follow from today's date, or from dice; any will do.
//! - `<!-- not run: REASON -->`: the next block cannot be played here.
//!
//! A line `…` stands for any lines and `…` in a line for anything; digests, instants and days after the demo's may be others, and a
//! digest typed later is the one that was printed. A command with no output below it may print anything, but not fail.
//! `LEXHOLD_TRANSCRIPTS=print` prints what every command said.

mod compare;
mod parse;
mod play;

use std::path::Path;

/// A document by its path in the repository.
fn read(document: &str) -> String {
    std::fs::read_to_string(Path::new(play::ROOT).join(document)).unwrap()
}

/// The documents whose transcripts are played, with the scenes of each.
const PLAYED: &[(&str, &[&str])] = &[
    ("README.md", &["demo", "versions", "desk", "acme"]),
    ("docs/first-policy.md", &["first"]),
    ("docs/ci.md", &["ci"]),
    // Its commands need a cluster; `evaluation.rs` and the tests of the Python package run them.
    ("docs/cluster.md", &[]),
    ("docs/examiner.md", &["examiner"]),
];

fn plays(document: &str, scene: &str) {
    let scenes = parse::scenes(document, &read(document));
    let scene = scenes.iter().find(|one| one.name == scene).unwrap();
    let wrong = play::play(scene);
    assert!(wrong.is_empty(), "{document}:\n{}", wrong.join("\n\n"));
}

#[test]
fn readme_on_the_demo() {
    plays("README.md", "demo");
}

#[test]
fn readme_on_versions_of_documents() {
    plays("README.md", "versions");
}

#[test]
fn readme_on_testing() {
    plays("README.md", "desk");
}

#[test]
fn readme_in_a_pipeline() {
    plays("README.md", "acme");
}

#[test]
fn writing_a_first_policy() {
    plays("docs/first-policy.md", "first");
}

#[test]
fn putting_policies_in_ci() {
    plays("docs/ci.md", "ci");
}

#[test]
fn answering_an_examiner() {
    plays("docs/examiner.md", "examiner");
}

/// Whoever adds a scene, or a guide, gives it a test.
#[test]
fn every_scene_is_played() {
    let guides = std::fs::read_dir(Path::new(play::ROOT).join("docs")).unwrap();
    for guide in guides {
        let name = format!("docs/{}", guide.unwrap().file_name().to_str().unwrap());
        assert!(PLAYED.iter().any(|(document, _)| *document == name), "{name}");
    }
    for (document, played) in PLAYED {
        let scenes = parse::scenes(document, &read(document));
        let names: Vec<&str> = scenes.iter().map(|scene| scene.name.as_str()).collect();
        assert_eq!(&names, played, "{document}");
    }
}
