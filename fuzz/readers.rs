//! What has to hold for any bytes as an input: whoever reads them comes to an end, says where it failed without a word of what it
//! read, and gives the same however it is cut into chunks.
//!
//! The target of libFuzzer calls this, and so does an ordinary test, over what was found before and over mutations of exports.

use std::path::Path;

use lexhold_formats::{DateOrder, Options, open};
use lexhold_model::Message;

/// Longest input that is looked at: longer ones only take longer.
const INPUT_BYTES: usize = 256 * 1024;
/// A word of a content that is long enough not to be in a message of ours by chance.
const TELLING_BYTES: usize = 24;

/// Everything that an input gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Gave {
    pub messages: Vec<Message>,
    /// What could not be read, with its place.
    pub reasons: Vec<String>,
    /// Why it could not be read on.
    pub error: Option<String>,
}

/// Reads an input, so many messages and bytes at a time.
pub fn read(path: &Path, chunk_rows: usize, chunk_bytes: usize) -> Gave {
    let options = Options {
        chunks: lexhold_source::Options {
            chunk_rows,
            chunk_bytes,
            line_bytes: INPUT_BYTES,
        },
        zone: jiff::tz::TimeZone::get("Europe/Berlin").ok(),
        dates: Some(DateOrder::DayMonthYear),
        ..Options::default()
    };
    let mut gave = Gave {
        messages: Vec::new(),
        reasons: Vec::new(),
        error: None,
    };
    let mut reader = match open(path, &options) {
        Ok(reader) => reader,
        Err(error) => {
            gave.error = Some(error.to_string());
            return gave;
        }
    };
    loop {
        match reader.next() {
            Ok(Some(chunk)) => {
                let counted: usize = chunk.parts.iter().map(|(_, n)| n).sum();
                assert_eq!(counted, chunk.batch.len(), "every message is counted under a part");
                assert!(
                    chunk.batch.len() <= chunk_rows.max(1),
                    "a chunk is no larger than asked"
                );
                gave.messages.extend(chunk.batch.rows().map(|row| row.to_message()));
                gave.reasons.extend(chunk.unreadable.iter().map(|row| {
                    let file = row.file.as_deref().unwrap_or_default();
                    format!("{file}:{}: {}", row.place, row.reason)
                }));
            }
            Ok(None) => return gave,
            Err(error) => gave.error = Some(error.to_string()),
        }
    }
}

/// Any bytes as an input, which is written to this path.
pub fn any_input(path: &Path, data: &[u8]) {
    let data = &data[..data.len().min(INPUT_BYTES)];
    std::fs::write(path, data).expect("a place to write to");
    let gave = read(path, 4_096, 1 << 20);
    let said = gave.reasons.iter().chain(&gave.error);
    let contents: Vec<&str> = gave
        .messages
        .iter()
        .filter_map(|message| message.text.as_deref())
        .collect();
    for said in said {
        for text in &contents {
            let line = text.lines().map(str::trim).find(|line| line.len() >= TELLING_BYTES);
            assert!(line.is_none_or(|line| !said.contains(line)), "content in `{said}`");
        }
    }
    assert_eq!(read(path, 1, 1), gave, "chunks of one message give the same");
}
