//! Pages to print: a title, words, one table; in one file, with nothing in it that runs or is fetched.

use askama::Template;

/// A page.
#[derive(Template)]
#[template(path = "print.html")]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it says of itself: name and value.
    pub about: Vec<(String, String)>,
    /// Paragraphs before the table.
    pub before: Vec<String>,
    /// The table.
    pub table: Option<Table>,
    /// Paragraphs behind it.
    pub after: Vec<String>,
}

/// A table of a page.
pub struct Table {
    /// What its columns are called.
    pub columns: Vec<String>,
    /// Its rows, a value for each column.
    pub rows: Vec<Vec<String>>,
}

impl Page {
    /// Whether its table needs a broad sheet.
    fn is_wide(&self) -> bool {
        self.table.as_ref().is_some_and(|table| table.columns.len() > 6)
    }

    /// The page.
    ///
    /// # Errors
    /// When it cannot be laid out.
    pub fn html(&self) -> anyhow::Result<String> {
        Ok(self.render()? + "\n")
    }
}
