//! How long work takes on a machine that others use too.

use std::time::{Duration, Instant};

/// The result of some work and the time that the processor gave to it, so that others on the machine count less; where
/// the system does not tell, the time that passed.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = (Instant::now(), processor_time());
    let result = work();
    let took = match (began.1, processor_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => began.0.elapsed(),
    };
    (result, took)
}

fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(stat.split(' ').next()?.parse().ok()?))
}
