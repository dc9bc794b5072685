//! `lsp`: Lexhold's documents in an editor, over the Language Server Protocol on stdin and stdout.
//!
//! `frames` reads what comes in, `session` keeps to the protocol, `buffers` has what the editor holds unsaved, `project` checks
//! everything over it, `told` says in the protocol's words what came of that. `workspace` knows what is named where, and `answers`
//! has an answer for each request. What places, names and keys mean is `lexhold-editor`'s.

mod answers;
mod buffers;
mod frames;
mod project;
mod session;
mod told;
mod workspace;

use clap::ArgMatches;
use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};

use crate::args::Global;
use crate::failure::Exit;
use frames::Frame;
use project::{Checked, Source};
use session::{Session, Step};

/// Serves one editor, until it says goodbye or goes away.
pub fn lsp(global: &Global, typed: &ArgMatches) -> anyhow::Result<Exit> {
    let (frames, checks) = (read_stdin(), unbounded::<Checked>());
    let mut session = Session::new(Source::new(global, typed), checks.0);
    Ok(serve(&mut session, &frames, &checks.1))
}

/// Reads on a thread of its own, so that an editor that waits for us to read is never waited for.
fn read_stdin() -> Receiver<Frame> {
    let (send, frames): (Sender<Frame>, _) = unbounded();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let frame = frames::next(&mut input);
            let is_end = matches!(frame, Frame::End);
            if send.send(frame).is_err() || is_end {
                return;
            }
        }
    });
    frames
}

fn serve(session: &mut Session<'_>, frames: &Receiver<Frame>, checks: &Receiver<Checked>) -> Exit {
    loop {
        let due = session.due().map_or_else(never, after);
        let step = select! {
            recv(frames) -> frame => session.take(frame.unwrap_or(Frame::End)),
            recv(checks) -> checked => {
                checked.into_iter().for_each(|checked| session.publish(checked));
                Step::On
            }
            recv(due) -> _ => {
                session.check();
                Step::On
            }
        };
        if session.send().is_err() {
            // Nobody listens any more.
            return Exit::Negative;
        }
        if let Step::End(exit) = step {
            return exit;
        }
    }
}
