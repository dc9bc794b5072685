//! What events of both dialects have in common.

use std::collections::BTreeMap;

use lexhold_model::Attachment;
use lexhold_source::instant;
use mail_parser::decoders::base64::base64_decode;
use sha2::{Digest as _, Sha256};

use crate::format::Part;
use crate::parts;
use crate::xml::Element;

/// The instant of seconds or milliseconds since 1970, or of RFC 3339. Zero is how exporters say that they do not know.
pub(super) fn instant_of(text: &str) -> Option<i64> {
    // Seconds reach this number in the year 5138, milliseconds had it in 1973.
    const MILLIS: u64 = 100_000_000_000;
    let Ok(number) = text.parse::<u64>() else {
        return instant(text).ok();
    };
    let micros = number.checked_mul(if number < MILLIS { 1_000_000 } else { 1000 })?;
    let micros = i64::try_from(micros).ok()?;
    (1..253_402_300_800_000_000).contains(&micros).then_some(micros)
}

/// Who did something in a file dump; Bloomberg has a block for each person.
pub(super) fn login(event: &Element) -> &str {
    let of_user = || event.child("User").and_then(|user| user.said("LoginName"));
    event.said("LoginName").or_else(of_user).unwrap_or("unknown")
}

/// Everything that an element says, each under the path to it.
pub(super) fn flatten(element: &Element, path: &str, to: &mut BTreeMap<String, String>) {
    if !element.text.is_empty() {
        let before = to.entry(path.to_owned()).or_default();
        if !before.is_empty() {
            before.push('\n');
        }
        before.push_str(&element.text);
    }
    for (name, value) in element.attributes.iter().filter(|(_, value)| !value.is_empty()) {
        to.insert(format!("{path}.{name}"), value.clone());
    }
    for child in &element.children {
        flatten(child, &format!("{path}.{}", child.name), to);
    }
}

/// A file by what people called it, what it is called in the export, and its bytes where either the export or the event has them.
pub(super) fn attachment(event: &Element, part: &Part) -> Option<Attachment> {
    // A pretty printer breaks long names; no file has a line break in its name.
    let name = |of: &str| {
        event
            .said(of)
            .map(|name| name.lines().map(str::trim).collect::<String>())
    };
    let (shown, stored, id) = (name("UserFileName"), name("FileName"), name("FileID"));
    let inside = event
        .said("Base64Content")
        .and_then(|text| base64_decode(text.as_bytes()));
    if shown.is_none() && stored.is_none() && id.is_none() && inside.is_none() {
        return None;
    }
    let (bytes, sha256) = match inside {
        Some(bytes) => (Some(bytes.len() as u64), Some(hex(&Sha256::digest(&bytes)))),
        None => {
            let mut found = stored.iter().chain(&id).map(|name| bytes_of(part, name));
            found.find(|found| found.0.is_some()).unwrap_or_default()
        }
    };
    let size = || event.said("FileSize").and_then(|size| size.parse().ok());
    let shown = shown.or(stored).or(id);
    Some(Attachment {
        name: shown.as_deref().map(file_name).map(str::to_owned),
        bytes: bytes.or_else(size),
        sha256,
        ..Attachment::default()
    })
}

/// Size and digest of a file of the export, by the path or the name that the export gives it.
pub(super) fn bytes_of(part: &Part, name: &str) -> (Option<u64>, Option<String>) {
    match parts::bytes_of(part, name) {
        (None, _) => parts::bytes_of(part, file_name(name)),
        found => found,
    }
}

/// A path without its folders, of whichever system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_milliseconds_and_dates_are_instants() {
        for (text, micros) in [
            ("1149708684", Some(1_149_708_684_000_000)),
            ("1708684000123", Some(1_708_684_000_123_000)),
            ("2006-06-07T19:31:24Z", Some(1_149_708_684_000_000)),
            ("0", None),
            ("-1", None),
            ("yesterday", None),
            ("99999999999999999999", None),
            ("9999999999999999", None),
        ] {
            assert_eq!(instant_of(text), micros, "{text}");
        }
    }
}
