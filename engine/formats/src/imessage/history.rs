//! What a message said before it was edited, and what of it was unsent: a property list beside it.

use std::io::Cursor;

use plist::Value;
use plist::stream::{Event, Reader};

use super::calendar::micros_of_seconds;
use super::typedstream;

/// Values that a list may unfold to. Real ones have some ten for each edit.
const MOST_VALUES: usize = 1 << 16;
const DEEPEST: usize = 16;

/// What became of a message.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The texts that are no longer there, the first one first.
    pub(super) earlier: Vec<Earlier>,
    /// Whether something was edited.
    pub(super) edited: bool,
    /// The parts that were unsent.
    pub(super) unsent: Vec<i64>,
}

/// A text that was replaced or taken back.
#[derive(Debug)]
pub(super) struct Earlier {
    /// The part of the message that it was.
    pub(super) part: i64,
    /// When it was written: microseconds since 1970.
    pub(super) at: Option<i64>,
    pub(super) text: String,
}

/// Reads `message_summary_info`.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn of(bytes: &[u8]) -> Result<History, &'static str> {
    measure(bytes)?;
    let list = Value::from_reader(Cursor::new(bytes)).map_err(|_| "it is no property list")?;
    let list = list.as_dictionary().ok_or("it is no dictionary")?;
    let unsent = list.get("rp").and_then(Value::as_array).into_iter().flatten();
    let unsent: Vec<i64> = unsent.filter_map(Value::as_signed_integer).collect();
    let mut history = History {
        unsent,
        ..History::default()
    };
    let parts = list.get("ec").and_then(Value::as_dictionary).into_iter().flatten();
    for (part, versions) in parts {
        let part: i64 = part.parse().map_err(|_| "a part has no number")?;
        let versions = versions.as_array().ok_or("a part has no versions")?;
        history.edited |= versions.len() > 1;
        // The last version is what the message says now, unless it was unsent.
        let replaced = versions.len() - usize::from(!versions.is_empty() && !history.unsent.contains(&part));
        for version in &versions[..replaced] {
            let version = version.as_dictionary().ok_or("a version is no dictionary")?;
            let packed = version
                .get("t")
                .and_then(Value::as_data)
                .ok_or("a version has no text")?;
            history.earlier.push(Earlier {
                part,
                at: version.get("d").and_then(Value::as_real).and_then(micros_of_seconds),
                text: typedstream::text(packed)?.text,
            });
        }
    }
    history.earlier.sort_by_key(|earlier| (earlier.at, earlier.part));
    Ok(history)
}

/// Whether a list is small enough to be built: values may be named in many places, and each place makes a copy.
fn measure(bytes: &[u8]) -> Result<(), &'static str> {
    let mut depth = 0_usize;
    for (count, event) in Reader::new(Cursor::new(bytes)).enumerate() {
        match event.map_err(|_| "it is no property list")? {
            Event::StartArray(_) | Event::StartDictionary(_) => depth += 1,
            Event::EndCollection => depth = depth.saturating_sub(1),
            _ => {}
        }
        if count > MOST_VALUES || depth > DEEPEST {
            return Err("it holds more than any real one");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists inside each other, each of which names the next one twice.
    fn bomb(levels: u8) -> Vec<u8> {
        let mut bytes = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for level in 0..levels {
            offsets.push(u8::try_from(bytes.len()).unwrap());
            bytes.extend([0xa2, level + 1, level + 1]);
        }
        offsets.push(u8::try_from(bytes.len()).unwrap());
        bytes.push(0x09);
        let table = bytes.len() as u64;
        let count = offsets.len() as u64;
        bytes.extend(offsets);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        for number in [count, 0, table] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn lists_that_unfold_without_measure_are_refused() {
        assert_eq!(of(&bomb(3)).unwrap_err(), "it is no dictionary");
        assert_eq!(of(&bomb(12)).unwrap_err(), "it is no dictionary");
        assert_eq!(of(&bomb(40)).unwrap_err(), "it holds more than any real one");
    }

    #[test]
    fn damage_is_told() {
        assert_eq!(of(b"").unwrap_err(), "it is no property list");
        for wrong in ["<plist><string>secret</plist>", "{ secret = ", "bplist00"] {
            assert!(of(wrong.as_bytes()).is_err());
        }
        let deep = format!("<plist>{}{}</plist>", "<array>".repeat(1000), "</array>".repeat(1000));
        assert_eq!(of(deep.as_bytes()).unwrap_err(), "it holds more than any real one");
        let whole = bomb(5);
        for end in 0..whole.len() {
            assert!(of(&whole[..end]).is_err());
        }
    }
}
