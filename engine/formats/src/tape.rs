//! Tar archives from hands that nobody knows: where each file stands in them. Nothing is written or followed.

use std::collections::HashSet;
use std::io::Read;

use rawzip::RangeReader;
use tar::{EntryType, PaxExtensions};

use crate::packed::{Bytes, outside};

/// The longest name, or list of attributes, that is read of an entry.
const NAME_BYTES: u64 = 1 << 20;

/// What an archive has.
#[derive(Default)]
pub(crate) struct Listing {
    /// Files: path, first byte, length.
    pub(crate) files: Vec<(String, u64, u64)>,
    /// What is not read, and why.
    pub(crate) refused: Vec<(String, String)>,
}

/// The files of an archive in their order. What stands behind damage is lost, and said to be.
pub(crate) fn list(bytes: &Bytes, length: u64) -> Listing {
    let mut listing = Listing::default();
    let mut archive = tar::Archive::new(RangeReader::new(bytes.clone(), 0..length));
    let lost = |listing: &mut Listing| {
        let why = "the tar archive is damaged, and what stands behind is lost";
        listing.refused.push((String::new(), why.to_owned()));
    };
    let Ok(entries) = archive.entries() else {
        lost(&mut listing);
        return listing;
    };
    let mut taken = HashSet::new();
    let mut long_name = None;
    for entry in entries.raw(true) {
        let Ok(mut entry) = entry else {
            lost(&mut listing);
            return listing;
        };
        let (kind, size) = (entry.header().entry_type(), entry.size());
        if matches!(kind, EntryType::XHeader | EntryType::GNULongName) {
            let mut said = Vec::new();
            if entry.by_ref().take(NAME_BYTES).read_to_end(&mut said).is_err() {
                lost(&mut listing);
                return listing;
            }
            let name = match kind {
                EntryType::GNULongName => Some(said.strip_suffix(b"\0").unwrap_or(&said).to_vec()),
                _ => attribute(&said, "path"),
            };
            long_name = name.or(long_name);
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let path = String::from_utf8_lossy(&name).replace('\\', "/");
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        let refusal = match kind {
            EntryType::Directory | EntryType::XGlobalHeader | EntryType::GNULongLink => continue,
            EntryType::Regular | EntryType::Continuous => outside(&path),
            EntryType::Link | EntryType::Symlink => Some("is a link, which is not followed"),
            _ => Some("is no ordinary file"),
        };
        let start = entry.raw_file_position();
        let refusal = refusal.or_else(|| (start + size > length).then_some("is cut off"));
        match refusal {
            Some(why) => listing.refused.push((path, why.to_owned())),
            None if !taken.insert(path.clone()) => {
                let why = "stands twice in the archive; only the first one is read";
                listing.refused.push((path, why.to_owned()));
            }
            None => listing.files.push((path, start, size)),
        }
    }
    listing
}

/// The value of an attribute in a list of them.
fn attribute(said: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut all = PaxExtensions::new(said).flatten();
    let found = all.find(|one| one.key_bytes() == name.as_bytes())?;
    Some(found.value_bytes().to_vec())
}
