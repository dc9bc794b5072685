//! How long work takes on a machine that others use too.

use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

/// The result of some work and the time that the processor gave to this thread for it, so that others on the machine
/// count less; where the system does not tell, the time that passed.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = (Instant::now(), ThreadTime::try_now().ok());
    let result = work();
    let took = match began.1.map(|before| before.try_elapsed()) {
        Some(Ok(took)) => took,
        _ => began.0.elapsed(),
    };
    (result, took)
}
