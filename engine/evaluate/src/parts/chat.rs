//! Quotes in chats: what a platform itself shows as a quote, and nothing else.
//!
//! WhatsApp, Signal, iMessage and text messages have no quote marks in their text; a `>` there is something that the sender
//! typed.

use lexhold_model::PartKind;

use super::lines::Lines;
use super::{Range, Ranges, Reason};

/// The quote marks of a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    /// What a quoted line begins with.
    line: &'static [&'static str],
    /// What the rest of the text is quoted from.
    rest: &'static [&'static str],
}

impl Marks {
    /// The marks of the platform of this name; exports of Slack write `&gt;` for `>`.
    pub(super) fn of(platform: &str) -> Option<Self> {
        match platform {
            "slack" => Some(Self {
                line: &[">", "&gt;"],
                rest: &[">>>", "&gt;&gt;&gt;"],
            }),
            "discord" => Some(Self {
                line: &["> "],
                rest: &[">>> "],
            }),
            "matrix" | "mattermost" => Some(Self {
                line: &[">"],
                rest: &[],
            }),
            _ => None,
        }
    }
}

/// The quotes of a chat message: runs of marked lines, or everything from a mark for the rest.
pub(super) fn ranges(text: &str, marks: Marks) -> Vec<Range> {
    let begins = |line: &str, with: &[&str]| with.iter().any(|mark| line.starts_with(mark));
    let mut ranges = Ranges::default();
    let mut open: Option<(usize, usize)> = None;
    for line in Lines::new(text) {
        if begins(line.text, marks.rest) {
            let start = open.take().map_or(line.start, |(start, _)| start);
            ranges.push(PartKind::Quoted, start, text.len(), Reason::QuoteMarks);
            break;
        }
        if begins(line.text, marks.line) {
            open = Some((open.map_or(line.start, |(start, _)| start), line.end));
        } else if let Some((start, end)) = open.take() {
            ranges.push(PartKind::Quoted, start, end, Reason::QuoteMarks);
        }
    }
    if let Some((start, end)) = open {
        ranges.push(PartKind::Quoted, start, end, Reason::QuoteMarks);
    }
    ranges.0
}
