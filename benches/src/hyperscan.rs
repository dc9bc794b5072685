//! Hyperscan on the same terms and texts, by way of `with_hyperscan.py`, which answers line by line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A process that has read the texts.
pub struct Hyperscan {
    folder: PathBuf,
    name: String,
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Hyperscan {
    /// Starts the process with the interpreter named behind `--python`, and hands it the texts in a folder. None
    /// without an interpreter.
    pub fn start(folder: &Path, texts: &[String]) -> Option<Self> {
        let python = std::env::args().skip_while(|arg| arg != "--python").nth(1)?;
        let mut messages = Vec::new();
        for text in texts {
            messages.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
            messages.extend(text.as_bytes());
        }
        std::fs::write(folder.join("messages.bin"), messages).ok()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("with_hyperscan.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (asks, answers) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        Some(Hyperscan {
            folder: folder.to_owned(),
            name: String::new(),
            child,
            asks,
            answers,
        })
    }

    /// Takes these terms from now on.
    pub fn compile(&mut self, terms: &[String]) {
        self.name = terms.len().to_string();
        let path = self.folder.join(format!("terms-{}.txt", self.name));
        assert!(
            std::fs::write(path, terms.join("\n")).is_ok(),
            "the terms can be written"
        );
        self.ask("overhead");
    }

    /// The time of one of the script's measurements.
    pub fn measure(&mut self, what: &str) -> Duration {
        Duration::from_secs_f64(self.ask(what))
    }

    fn ask(&mut self, what: &str) -> f64 {
        let mut answer = String::new();
        let asked = writeln!(self.asks, "{} {what}", self.name).and_then(|()| self.answers.read_line(&mut answer));
        let number = asked.ok().and_then(|_| answer.trim().parse().ok());
        number.unwrap_or_else(|| panic!("with_hyperscan.py answered `{}`", answer.trim()))
    }
}

impl Drop for Hyperscan {
    fn drop(&mut self) {
        // Nothing is lost with it.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}
