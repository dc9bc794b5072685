//! A scene, played by a shell.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use lexhold_benches::generate::{Generator, ndjson_line};

use super::compare::Known;
use super::parse::{Act, Scene, Typed};

/// The repository.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Begins the line in which the shell says how a command ended.
const END: &str = "\u{1}ended ";

/// Plays a scene to its end; what was other than shown, one text a command.
pub fn play(scene: &Scene) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (place, bin) = (folder.path().join("here"), folder.path().join("bin"));
    fs::create_dir_all(&place).unwrap();
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lexhold"), bin.join("lexhold")).unwrap();
    if scene.checkout {
        check_out(&place);
    }
    let mut shell = Shell::begin(&place, &bin);
    let (mut known, mut wrong) = (Known::default(), Vec::new());
    for act in &scene.acts {
        match act {
            Act::File { path, text, adds } => {
                let path = shell.folder().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let before = if *adds {
                    fs::read_to_string(&path).unwrap_or_default()
                } else {
                    String::new()
                };
                fs::write(path, before + &known.put_into(text)).unwrap();
            }
            Act::Before(commands) => {
                let (code, printed) = shell.run(&known.put_into(commands));
                assert_eq!(code, 0, "{commands}\n{}", printed.join("\n"));
            }
            Act::Typed(typed) => {
                let (code, printed) = shell.run(&known.put_into(&typed.command));
                if std::env::var_os("LEXHOLD_TRANSCRIPTS").is_some() {
                    println!("$ {}\n{}\n-- {code}", typed.command, printed.join("\n"));
                }
                wrong.extend(judged(typed, code, &printed, &mut known));
            }
        }
    }
    wrong
}

/// What is wrong with what a command did.
fn judged(typed: &Typed, code: i32, printed: &[String], known: &mut Known) -> Option<String> {
    let fails = |line: &String| ["error", "fail"].iter().any(|word| line.starts_with(word));
    let may_end = typed
        .ends
        .map_or(code == 0 || typed.shown.iter().any(fails), |ends| ends == code);
    let agrees = if typed.shown.is_empty() {
        Ok(())
    } else {
        known.agree(&typed.shown, printed, &typed.by_the_day)
    };
    let why = match agrees {
        Ok(()) if may_end => return None,
        Ok(()) => "which is no way to end".to_owned(),
        Err(Some(line)) => format!("and did not print `{line}`"),
        Err(None) => "and printed more than is shown".to_owned(),
    };
    let printed = printed.join("\n");
    Some(format!(
        "line {}: $ {}\nended with {code}, {why}:\n{printed}",
        typed.line, typed.command
    ))
}

/// What a reader has who has cloned the repository and built it.
fn check_out(place: &Path) {
    for name in ["policies", "rulesets", "Makefile"] {
        copy(&Path::new(ROOT).join(name), &place.join(name));
    }
    fs::create_dir_all(place.join("target/release")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lexhold"), place.join("target/release/lexhold")).unwrap();
    let generator = Generator::new(7, 5000);
    fs::create_dir_all(place.join("demo/input")).unwrap();
    fs::write(place.join("demo/input/directory.yaml"), generator.directory()).unwrap();
    let mut messages = String::new();
    for generated in generator {
        messages += &ndjson_line(&generated.message).unwrap();
        messages.push('\n');
    }
    fs::write(place.join("demo/input/messages.ndjson"), messages).unwrap();
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// A shell that is given one command after the other.
struct Shell {
    child: Child,
    stdin: ChildStdin,
    said: BufReader<std::process::ChildStdout>,
}

impl Shell {
    fn begin(place: &Path, bin: &Path) -> Self {
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut child = Command::new("sh")
            .current_dir(place)
            .env_clear()
            .env("PATH", path)
            .env("HOME", place.join("../nobody"))
            .env("LANG", "C.UTF-8")
            // Where cargo puts what the loader of the binary needs.
            .envs(std::env::vars().filter(|(name, _)| name.ends_with("LIBRARY_PATH")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, said) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let mut shell = Self { child, stdin, said };
        shell.run("exec 2>&1");
        // What `make demo` does once everything is built and the messages are generated.
        shell.run(r#"make() { test "$*" = demo && command make -s demo-run lexhold=target/release/lexhold; }"#);
        shell
    }

    /// How a command ended, and its lines.
    fn run(&mut self, command: &str) -> (i32, Vec<String>) {
        writeln!(self.stdin, "{{ {command}\n}} </dev/null\nprintf '\\n{END}%s\\n' $?").unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(
                self.said.read_line(&mut line).unwrap(),
                0,
                "the shell ended at: {command}"
            );
            let line = line.trim_end_matches('\n').to_owned();
            if let Some(code) = line.strip_prefix(END) {
                // What ended with a line of its own is followed by an empty one.
                lines.pop_if(|last: &mut String| last.is_empty());
                return (code.parse().unwrap(), lines);
            }
            lines.push(line);
        }
    }

    /// Where the shell is by now.
    fn folder(&mut self) -> PathBuf {
        let (_, lines) = self.run("pwd");
        PathBuf::from(&lines[0])
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
