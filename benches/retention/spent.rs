//! What a piece of work took: time, processor time, memory.

use std::fmt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of processor time in `/proc` a second: what Linux shows to every program.
const TICKS: u64 = 100;
/// How often a median is taken of.
const ROUNDS: usize = 3;

/// What was spent.
#[derive(Clone, Copy)]
pub struct Spent {
    /// Time by the clock.
    pub wall: Duration,
    /// Processor time of all threads; zero where `/proc` is missing.
    pub processor: Duration,
    /// The most memory that the process ever had, in bytes; zero where it is this one, or `/proc` is missing.
    pub peak: u64,
}

impl Spent {
    /// What work in this process takes.
    pub fn here(work: impl FnOnce()) -> Self {
        let (start, before) = (Instant::now(), ticks(13));
        work();
        Self {
            wall: start.elapsed(),
            processor: since(before, ticks(13)),
            peak: 0,
        }
    }

    /// What a command takes, and what it prints. It has to end well.
    pub fn by(command: &mut Command) -> (String, Self) {
        let (start, before) = (Instant::now(), ticks(15));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (id, out) = (child.id(), child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || std::io::read_to_string(out).unwrap());
        let peak = peak(&mut child, id);
        assert!(child.wait().unwrap().success(), "{command:?} failed");
        let spent = Self {
            wall: start.elapsed(),
            processor: since(before, ticks(15)),
            peak,
        };
        (reader.join().unwrap(), spent)
    }

    /// How many times as much it is, by the clock and by the processor.
    pub fn over(&self, floor: &Self) -> String {
        let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64();
        format!(
            "{:.1} (processor {:.1})",
            ratio(self.wall, floor.wall),
            ratio(self.processor, floor.processor)
        )
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} s (processor {:.2} s)",
            self.wall.as_secs_f64(),
            self.processor.as_secs_f64()
        )?;
        match self.peak {
            0 => Ok(()),
            peak => write!(f, ", {} MB", peak / 1_000_000),
        }
    }
}

/// The middle one of several rounds, by processor time, with the most memory of any.
pub fn median(mut work: impl FnMut() -> Spent) -> Spent {
    let mut all: Vec<Spent> = (0..ROUNDS).map(|_| work()).collect();
    all.sort_by_key(|spent| (spent.processor, spent.wall));
    let peak = all.iter().map(|spent| spent.peak).max().unwrap_or(0);
    Spent {
        peak,
        ..all[ROUNDS / 2]
    }
}

/// Waits for a process, looking at the most memory that it ever had.
fn peak(child: &mut Child, id: u32) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let high = high.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(high.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// Processor time in user and system mode, from two fields of `/proc/self/stat`: of this process from the 13th on, counted from
/// nought, of its children that have ended from the 15th on.
fn ticks(from: usize) -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in brackets, which may hold anything.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields = after.split_whitespace().skip(from - 2).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn since(before: u64, after: u64) -> Duration {
    Duration::from_millis((after - before) * 1000 / TICKS)
}
