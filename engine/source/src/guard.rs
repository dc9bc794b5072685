//! A fence around libraries that may panic on damaged files instead of saying so, as the one for Parquet does.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What `read` gives, or `None` when it panicked.
///
/// The panic is not announced: here it is nothing but the sign of a damaged file. Whatever `read` worked on MUST
/// be thrown away after `None`.
pub fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let announce = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if !GUARDED.get() {
                announce(about);
            }
        }));
    });
    GUARDED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(
            guarded(|| -> u8 { panic!("as a damaged file makes the library do") }),
            None
        );
        assert_eq!(guarded(|| 2), Some(2));
    }
}
