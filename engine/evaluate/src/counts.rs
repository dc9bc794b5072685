//! Counts documents: how many messages somebody says that exports hold.

use jiff::civil::Date;
use lexhold_document::{Diagnostics, Document, Shape, list, map, optional, required};
use serde::Deserialize;

use crate::fits;

/// How many messages one source should have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ExpectedCount {
    /// An input, or a file or folder inside one; the last parts of its path are enough. Absent means all together.
    #[serde(default)]
    pub source: Option<String>,
    /// The day on which they were sent; absent means every day.
    #[serde(default)]
    pub day: Option<Date>,
    /// How many messages.
    pub messages: u64,
}

/// The keys of a counts document.
pub fn counts_shape() -> Shape {
    map([
        optional("title", Shape::Text, "one line for people"),
        required("sources", list(source_shape()), "what each source should hold"),
    ])
}

fn source_shape() -> Shape {
    map([
        optional(
            "source",
            Shape::Text,
            "an input, or a file or folder inside one, by the last parts of its path; absent means all together",
        ),
        optional(
            "day",
            Shape::Date,
            "the day on which they were sent; absent means every day",
        ),
        required("messages", Shape::Integer, "how many messages it holds"),
    ])
}

/// The counts of a document; none where it is wrong, which `diagnostics` tell.
pub fn compile_counts(document: &Document, diagnostics: &mut Diagnostics) -> Vec<ExpectedCount> {
    #[derive(Default, Deserialize)]
    struct Text {
        sources: Vec<ExpectedCount>,
    }
    if !fits(document, &counts_shape(), diagnostics) {
        return Vec::new();
    }
    document.typed::<Text>(diagnostics).unwrap_or_default().sources
}
