//! From a document to its scenes.

/// What happens in one folder, in order.
#[derive(Debug)]
pub struct Scene {
    pub name: String,
    /// Whether the folder has what a checkout has.
    pub checkout: bool,
    pub acts: Vec<Act>,
}

/// A step of a scene.
#[derive(Debug)]
pub enum Act {
    /// A file gets this text, after what it has where `adds` says so.
    File { path: String, text: String, adds: bool },
    /// Commands that the reader is not shown.
    Before(String),
    /// A command with what it prints.
    Typed(Typed),
}

/// A command as the reader types it.
#[derive(Debug)]
pub struct Typed {
    /// The line of the document it stands in.
    pub line: usize,
    pub command: String,
    /// What stands below it.
    pub shown: Vec<String>,
    /// How it ends; `None` where what it shows says so.
    pub ends: Option<i32>,
    /// Words of the lines whose figures follow from today's date.
    pub by_the_day: Vec<String>,
}

/// What the comments before a block say of it.
#[derive(Default)]
struct Notes {
    file: Option<(String, bool)>,
    not_run: bool,
    ends: Option<i32>,
    by_the_day: Vec<String>,
}

/// The scenes of a document, in the order in which they begin.
///
/// # Panics
/// Where a transcript is neither part of a scene nor said not to be run, and where a comment is not understood.
pub fn scenes(document: &str, text: &str) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = Vec::new();
    let (mut current, mut notes) = (None, Notes::default());
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(opened) = line.strip_prefix("<!-- ") {
            let mut comment = opened.to_owned();
            while !comment.contains("-->") {
                comment += "\n";
                comment += lines
                    .next()
                    .unwrap_or_else(|| panic!("{document}:{}: a comment without an end", at + 1))
                    .1;
            }
            let comment = comment.trim_end().trim_end_matches("-->").trim();
            heed(
                &format!("{document}:{}", at + 1),
                comment,
                &mut scenes,
                &mut current,
                &mut notes,
            );
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            let notes = std::mem::take(&mut notes);
            let scene = current.map(|at: usize| &mut scenes[at]);
            match (scene, notes.file.clone()) {
                (Some(scene), Some((path, adds))) => {
                    let text = block.join("\n") + "\n";
                    scene.acts.push(Act::File { path, text, adds });
                }
                (Some(scene), None) if language == "console" && !notes.not_run => {
                    scene
                        .acts
                        .extend(typed(at + 2, &block, &notes).into_iter().map(Act::Typed));
                }
                _ => assert!(
                    language != "console" || notes.not_run,
                    "{document}:{}: not part of a scene",
                    at + 1
                ),
            }
        }
    }
    scenes
}

fn heed(place: &str, comment: &str, scenes: &mut Vec<Scene>, current: &mut Option<usize>, notes: &mut Notes) {
    let (word, rest) = comment.split_once(' ').unwrap_or((comment, ""));
    match word {
        "scene" => {
            let (name, folder) = rest.split_once(": ").unwrap_or((rest, ""));
            let known = scenes.iter().position(|scene| scene.name == name);
            *current = known.or(Some(scenes.len()));
            assert_eq!(
                known.is_none(),
                !folder.is_empty(),
                "{place}: a scene begins once, in a folder"
            );
            if known.is_none() {
                assert!(["a checkout", "an empty folder"].contains(&folder), "{place}: {folder}");
                scenes.push(Scene {
                    name: name.to_owned(),
                    checkout: folder == "a checkout",
                    acts: Vec::new(),
                });
            }
        }
        "before:" => {
            let scene = current.unwrap_or_else(|| panic!("{place}: not part of a scene"));
            scenes[scene].acts.push(Act::Before(rest.to_owned()));
        }
        "file" => notes.file = Some((rest.to_owned(), false)),
        "adds" => notes.file = Some((rest.trim_start_matches("to ").to_owned(), true)),
        "ends" => notes.ends = Some(rest.trim_start_matches("with ").parse().unwrap()),
        "by" => {
            notes.by_the_day = rest
                .trim_start_matches("the day: ")
                .split("; ")
                .map(str::to_owned)
                .collect()
        }
        "not" => {
            assert!(rest.len() > "run: ".len(), "{place}: a reason is missing");
            notes.not_run = true;
        }
        _ => panic!("{place}: `{comment}` is not understood"),
    }
}

fn typed(first_line: usize, block: &[&str], notes: &Notes) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    let mut goes_on = false;
    for (at, line) in block.iter().enumerate() {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (_, Some(last)) if goes_on => last.command += &format!("\n{line}"),
            (Some(command), _) => all.push(Typed {
                line: first_line + at,
                command: command.to_owned(),
                shown: Vec::new(),
                ends: None,
                by_the_day: notes.by_the_day.clone(),
            }),
            (None, Some(last)) => last.shown.push((*line).to_owned()),
            (None, None) => panic!("a transcript begins with a command: {line}"),
        }
        goes_on = line.ends_with('\\') && (goes_on || line.starts_with("$ "));
    }
    if let Some(last) = all.last_mut() {
        last.ends = notes.ends;
    }
    all
}
