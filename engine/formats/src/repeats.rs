//! What is said twice at one time, in exports that number nothing.

use std::collections::HashMap;

/// How often the same was said at the same time: such messages have nothing else to tell them apart.
#[derive(Default)]
pub(crate) struct Repeats {
    at: String,
    times: HashMap<String, u32>,
}

impl Repeats {
    /// The how-manieth time this is; what was said at other times is forgotten.
    pub(crate) fn count(&mut self, at: &str, what: String) -> u32 {
        const REMEMBERED: usize = 1 << 16;
        if self.at != at || self.times.len() >= REMEMBERED {
            self.times.clear();
            at.clone_into(&mut self.at);
        }
        let times = self.times.entry(what).or_default();
        *times += 1;
        *times
    }
}
