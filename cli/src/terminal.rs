//! What goes to stderr, and whether it may be coloured.

use std::io::{IsTerminal, Write};
use std::path::Path;

use indicatif::HumanCount;
use lexhold_document::printable;

use crate::args::Color;

/// Prints a line to stderr; a reader of stderr that went away is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A path as it may be shown: nothing in its name moves or hides what a terminal shows.
pub fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// A number of things, in words: `1 entry`, `12,000 entries`.
pub fn counted(n: impl TryInto<u64>, one: &str, many: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {}", HumanCount(n), if n == 1 { one } else { many })
}

/// Whether stderr is a terminal that takes styles.
pub fn colour_on_stderr(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_styled(std::io::stderr().is_terminal()),
    }
}

fn is_styled(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") {
        return false;
    }
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0" && !value.is_empty());
    forced || (terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"))
}
