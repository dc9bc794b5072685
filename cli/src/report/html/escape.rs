//! The one way by which a value gets into the page.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};
use lexhold_document::printable;

/// Shows control characters and those that turn text round as escapes, then makes HTML of the rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Printable;

impl Escaper for Printable {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &printable(text))
    }
}
