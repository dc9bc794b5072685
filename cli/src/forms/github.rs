//! Annotations of a GitHub workflow, and the summary of its step.
//!
//! A step shows ten errors and ten warnings and drops the rest without a word, a job fifty in all; so the first ten of each are
//! printed and a notice tells the true numbers. The summary has room for more.

use std::io::Write;
use std::path::PathBuf;

use lexhold_document::printable;

use crate::failure::{Exit, OrExit};

/// Annotations of one level that a step shows.
const ANNOTATIONS: usize = 10;
/// Rows of the table in the summary, which may have a mebibyte.
const ROWS: usize = 200;

/// Something to show beside a line of a file.
pub struct Annotation {
    /// Whether it is an error, or else a warning.
    pub is_error: bool,
    /// The file, and the line and column, both counted from one.
    pub at: Option<(String, usize, usize)>,
    /// A few words in front: a code, a test's name.
    pub title: String,
    /// What is wrong.
    pub message: String,
}

/// The commands that annotate: the first errors, the first warnings, and a notice with the true total.
pub fn commands(annotations: &[Annotation], total: &str) -> String {
    let of = |is_error| annotations.iter().filter(move |one| one.is_error == is_error);
    let shown: Vec<&Annotation> = of(true).take(ANNOTATIONS).chain(of(false).take(ANNOTATIONS)).collect();
    let mut lines: Vec<String> = shown.iter().map(|one| command(one)).collect();
    if !annotations.is_empty() {
        let left = annotations.len() - shown.len();
        let left = if left == 0 {
            String::new()
        } else {
            format!("; {left} more are in the summary and the log")
        };
        lines.push(format!("::notice::{}", data(&format!("{total}{left}"))));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn command(one: &Annotation) -> String {
    let level = if one.is_error { "error" } else { "warning" };
    let at = one.at.as_ref().map_or_else(String::new, |(file, line, column)| {
        format!("file={},line={line},col={column},", property(file))
    });
    format!("::{level} {at}title={}::{}", property(&one.title), data(&one.message))
}

/// Text behind the second pair of colons.
fn data(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| printable(line).replace('%', "%25").replace('\r', "%0D"))
        .collect();
    lines.join("%0A")
}

/// The value of a property, in which colons and commas mean something.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Appends the total and a table to the summary of the step, where a workflow gives one.
pub fn summarize(heading: &str, annotations: &[Annotation], total: &str) -> anyhow::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let path = PathBuf::from(path);
    let append = || {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(summary(heading, annotations, total).as_bytes())
    };
    append().or_exit(Exit::Data, &format!("cannot write {}", path.display()))
}

fn summary(heading: &str, annotations: &[Annotation], total: &str) -> String {
    let mut text = format!("### {heading}\n\n{}\n\n", cell(total));
    if annotations.is_empty() {
        return text;
    }
    text += "| | what | where | message |\n|---|---|---|---|\n";
    for one in annotations.iter().take(ROWS) {
        let level = if one.is_error { "error" } else { "warning" };
        let at = one.at.as_ref().map_or_else(String::new, |(file, line, column)| {
            format!("{}:{line}:{column}", cell(file))
        });
        text += &format!("| {level} | {} | {at} | {} |\n", cell(&one.title), cell(&one.message));
    }
    if annotations.len() > ROWS {
        text += &format!("\n… and {} more\n", annotations.len() - ROWS);
    }
    text + "\n"
}

/// Text in a cell of a Markdown table that is text and nothing else.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in printable(&text.replace('\n', " ")).chars() {
        match c {
            '&' => cell += "&amp;",
            '<' => cell += "&lt;",
            '>' => cell += "&gt;",
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' | '@' => {
                cell.push('\\');
                cell.push(c);
            }
            c => cell.push(c),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(is_error: bool, number: usize) -> Annotation {
        Annotation {
            is_error,
            at: Some(("a,b:c.yaml".into(), number, 1)),
            title: "LX0001: x".into(),
            message: "100 %\n::error::no\r".into(),
        }
    }

    #[test]
    fn values_cannot_begin_a_command_of_their_own() {
        let text = commands(&[one(true, 1)], "one");
        assert_eq!(
            text.lines().next().unwrap_or_default(),
            "::error file=a%2Cb%3Ac.yaml,line=1,col=1,title=LX0001%3A x::100 %25%0A::error::no\\r"
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn ten_of_each_are_shown_and_all_are_counted() {
        let many: Vec<Annotation> = (1..=30).map(|n| one(n % 2 == 0, n)).collect();
        let text = commands(&many, "15 errors, 15 warnings");
        let count = |what: &str| text.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!(
            [count("::error "), count("::warning "), count("::notice::")],
            [10, 10, 1]
        );
        assert!(
            text.ends_with("::notice::15 errors, 15 warnings; 10 more are in the summary and the log\n"),
            "{text}"
        );
        assert_eq!(commands(&[], "0 errors"), "");
    }

    #[test]
    fn a_summary_is_a_table_and_no_markup_of_others() {
        let text = summary("check", &[one(true, 7)], "1 error");
        assert!(
            text.ends_with("| error | LX0001: x | a,b:c.yaml:7:1 | 100 % ::error::no\\\\r |\n\n"),
            "{text}"
        );
        assert_eq!(cell("<b>|`x`\n@all"), "&lt;b&gt;\\|\\`x\\` \\@all");
        let many: Vec<Annotation> = (0..ROWS + 3).map(|n| one(false, n)).collect();
        assert!(summary("c", &many, "").ends_with("\n… and 3 more\n\n"));
    }
}
