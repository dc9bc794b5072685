//! How far a run has come: a bar on a terminal, a line every 30 seconds elsewhere, and `progress.json` for other shells.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use lexhold_store::{Home, Progress};

use super::{Input, Piece};
use crate::args;
use crate::settings::Settings;
use crate::terminal::say;

/// How often a line is written where there is no terminal.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How often `progress.json` is replaced.
const RECORD: Duration = Duration::from_millis(500);

/// Counts what goes by and says so.
pub struct Meter<'a> {
    bar: Option<ProgressBar>,
    lines: bool,
    record: Option<(&'a Home, &'a str)>,
    started_at: Timestamp,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    sizes: Vec<(u64, u64)>,
    said: Instant,
    recorded: Option<Instant>,
}

impl<'a> Meter<'a> {
    /// A meter over these inputs; `record` names the home and run that keep `progress.json`.
    pub fn new(settings: &Settings, inputs: &[Input], record: Option<(&'a Home, &'a str)>) -> Self {
        let shown = !settings.quiet && settings.progress == args::Progress::Auto;
        let terminal = std::io::stderr().is_terminal();
        let total: Option<u64> = inputs.iter().map(|input| input.bytes).sum();
        let bar = (shown && terminal).then(|| bar(total));
        let progress = Progress {
            run: record.map_or_else(String::new, |(_, run)| run.to_owned()),
            started_at: Timestamp::now(),
            phase: "reading".into(),
            total_bytes: total,
            ..Progress::default()
        };
        Self {
            bar,
            lines: shown && !terminal,
            record,
            started_at: progress.started_at,
            began: Instant::now(),
            state: Mutex::new(State {
                progress,
                sizes: inputs.iter().map(|input| (input.bytes.unwrap_or(0), 0)).collect(),
                said: Instant::now(),
                recorded: None,
            }),
        }
    }

    /// A batch went by.
    pub fn batch(&self, piece: &Piece, n_hits: usize) {
        let Ok(mut state) = self.state.lock() else { return };
        let (size, seen) = &mut state.sizes[piece.input];
        *seen = if piece.complete {
            *size
        } else {
            piece.position_bytes.min(*size)
        };
        state.progress.bytes = state.sizes.iter().map(|(_, seen)| seen).sum();
        state.progress.messages += piece.batch.len() as u64 + piece.skipped;
        state.progress.alerts += n_hits as u64;
        let seconds = self.began.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = state.progress.messages as f64 / seconds.max(0.001);
        state.progress.messages_per_second = rate.round();
        self.say(&mut state);
        self.write(&mut state, false);
    }

    /// The run is over.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let Ok(mut state) = self.state.lock() else { return };
        state.progress.phase = "finished".into();
        self.write(&mut state, true);
    }

    fn say(&self, state: &mut State) {
        let Progress {
            messages,
            messages_per_second,
            alerts,
            bytes,
            total_bytes,
            ..
        } = &state.progress;
        let line = format!(
            "{} messages, {messages_per_second} a second, {} hits",
            HumanCount(*messages),
            HumanCount(*alerts)
        );
        if let Some(bar) = &self.bar {
            bar.set_position(*bytes);
            bar.set_message(line);
        } else if self.lines && state.said.elapsed() >= HEARTBEAT {
            let share = total_bytes
                .filter(|total| *total > 0)
                .map_or_else(String::new, |total| format!(", {} %", bytes * 100 / total));
            say(&format!("run: {line}{share}"));
            state.said = Instant::now();
        }
    }

    fn write(&self, state: &mut State, now: bool) {
        let Some((home, _)) = self.record else { return };
        if !now && state.recorded.is_some_and(|at| at.elapsed() < RECORD) {
            return;
        }
        state.recorded = Some(Instant::now());
        state.progress.started_at = self.started_at;
        state.progress.updated_at = Timestamp::now();
        // Advice for other shells: a run does not end because it could not be given.
        let _ = home.write_progress(&state.progress);
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
    let template = match total {
        Some(_) => "{bar:30} {percent:>3} %  {msg}  {eta} left",
        None => "{spinner} {msg}  {elapsed}",
    };
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
