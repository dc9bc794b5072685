//! What the ranges of a text are: written by the sender, quoted, forwarded, a signature.
//!
//! Where a message says so itself, its word is taken; what does not fit the text was left out when it was read. Where it
//! says nothing, the text is split:
//! mail by the marks of mail programs (`mail`), chats by the quote marks of their platform (`chat`). Splitting takes nothing
//! away: every range is scanned, and only marked, with the reason for the mark. What nobody marked is authored, and so is
//! everything where there is a doubt.

mod chat;
mod lines;
mod mail;
mod words;

use lexhold_model::{ByteSpan, ConversationKind, Part, PartKind, Row};

/// Most ranges that a text is split into; what comes after them is authored. Who writes more of them wants to hide something.
const RANGES: usize = 1_000;

/// A range of a text that is not simply authored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// What it is.
    pub kind: PartKind,
    /// Its bytes, on character boundaries.
    pub span: ByteSpan,
    /// Why it is taken for that.
    pub reason: Reason,
}

/// Why a range is taken for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The message says so.
    Given,
    /// Its lines begin with quote marks; the line that names the author is part of it.
    QuoteMarks,
    /// It stands under a line such as `-----Original Message-----`.
    OriginalMessage,
    /// It stands under a line such as `---------- Forwarded message`.
    ForwardedMessage,
    /// It stands under the header lines of another mail.
    HeaderBlock,
    /// It stands under the signature mark of RFC 3676.
    SignatureMark,
    /// It is the line that a telephone adds.
    DeviceLine,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Given,
        Self::QuoteMarks,
        Self::OriginalMessage,
        Self::ForwardedMessage,
        Self::HeaderBlock,
        Self::SignatureMark,
        Self::DeviceLine,
    ];

    /// The word that stands for it in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::QuoteMarks => "quote_marks",
            Self::OriginalMessage => "original_message",
            Self::ForwardedMessage => "forwarded_message",
            Self::HeaderBlock => "header_block",
            Self::SignatureMark => "signature_mark",
            Self::DeviceLine => "device_line",
        }
    }
}

/// The ranges of a message's text that are not simply authored, in order.
pub fn split(row: Row<'_>) -> Vec<Range> {
    if row.parts().len() > 0 {
        return row.parts().filter_map(given).collect();
    }
    let text = row.text().unwrap_or_default();
    match (row.conversation_kind(), chat::Marks::of(row.platform())) {
        (ConversationKind::Mail, _) => mail::ranges(text, row.subject().is_some_and(words::is_forward_subject)),
        (_, Some(marks)) => chat::ranges(text, marks),
        (_, None) => Vec::new(),
    }
}

/// A range that the message gives. That it fits the text is a promise of the batch.
fn given(part: Part) -> Option<Range> {
    let span = ByteSpan::new(usize::try_from(part.start).ok()?, usize::try_from(part.end).ok()?)?;
    (part.kind != PartKind::Authored && !span.is_empty()).then_some(Range {
        kind: part.kind,
        span,
        reason: Reason::Given,
    })
}

/// Collects ranges up to the limit; one beyond it is dropped, which leaves its text authored.
#[derive(Default)]
struct Ranges(Vec<Range>);

impl Ranges {
    /// Adds a range behind those that are there: a line that is the end of one and the beginning of another stays with the
    /// first.
    fn push(&mut self, kind: PartKind, start: usize, end: usize, reason: Reason) {
        let start = self.0.last().map_or(start, |last| start.max(last.span.end()));
        if self.0.len() < RANGES
            && let Some(span) = ByteSpan::new(start, end).filter(|span| !span.is_empty())
        {
            self.0.push(Range { kind, span, reason });
        }
    }

    fn is_full(&self) -> bool {
        self.0.len() >= RANGES
    }
}

#[cfg(test)]
mod tests;
