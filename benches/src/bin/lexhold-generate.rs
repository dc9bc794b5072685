//! Writes a sample: `messages.ndjson`, `directory.yaml`, and `truth.csv`, which lists what was planted.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lexhold_benches::generate::{Generator, csv_header, csv_line, ndjson_line};

const USAGE: &str = "usage: lexhold-generate [--seed N] [--messages N] --out DIR";

struct Arguments {
    seed: u64,
    n_messages: usize,
    out: PathBuf,
}

fn main() -> ExitCode {
    let Some(arguments) = arguments(std::env::args().skip(1)) else {
        return say(USAGE, 2);
    };
    match write(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&format!("cannot write to {}: {error}", arguments.out.display()), 4),
    }
}

#[expect(clippy::print_stderr, reason = "a program of its own, whose only words are these")]
fn say(words: &str, code: u8) -> ExitCode {
    eprintln!("{words}");
    ExitCode::from(code)
}

fn arguments(mut given: impl Iterator<Item = String>) -> Option<Arguments> {
    let (mut seed, mut n_messages, mut out) = (7, 5000, None);
    while let Some(name) = given.next() {
        let value = given.next()?;
        match name.as_str() {
            "--seed" => seed = value.parse().ok()?,
            "--messages" => n_messages = value.parse().ok()?,
            "--out" => out = Some(PathBuf::from(value)),
            _ => return None,
        }
    }
    Some(Arguments {
        seed,
        n_messages,
        out: out?,
    })
}

fn write(arguments: &Arguments) -> std::io::Result<()> {
    fs::create_dir_all(&arguments.out)?;
    let create = |name: &str| File::create(arguments.out.join(name)).map(BufWriter::new);
    let (mut messages, mut truth) = (create("messages.ndjson")?, create("truth.csv")?);
    let generator = Generator::new(arguments.seed, arguments.n_messages);
    fs::write(arguments.out.join("directory.yaml"), generator.directory())?;
    writeln!(truth, "{}", csv_header())?;
    for generated in generator {
        writeln!(messages, "{}", ndjson_line(&generated.message)?)?;
        if let Some(line) = csv_line(&generated) {
            writeln!(truth, "{line}")?;
        }
    }
    messages.flush()?;
    truth.flush()
}
