//! The file of a bundle: a tar of plain files, compressed. There is one way to write given files, and whatever is written in
//! another way is no bundle: no links, no second entry of a name, no headers that say more, nothing behind the end.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path};

use lexhold_document::limits::FILE_BYTES;

/// Files by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Bytes that all files may have together, and what lies around them.
const BYTES: u64 = 256 << 20;
/// Files that a bundle may have.
const FILES: usize = 20_000;
/// Zstandard, as small as it gets without taking minutes.
const LEVEL: i32 = 19;
/// The largest window that is decompressed with, as a power of two: a frame that wants more memory is refused.
const WINDOW_LOG: u32 = 27;

/// The bytes of a bundle.
///
/// # Errors
/// When a path is too long for a tar, or memory runs out.
pub fn pack(files: &Files) -> std::io::Result<Vec<u8>> {
    zstd::encode_all(tar_of(files)?.as_slice(), LEVEL)
}

fn tar_of(files: &Files) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, bytes.as_slice())?;
    }
    tar.into_inner()
}

/// The files in the bytes of a bundle.
///
/// # Errors
/// What is wrong with them, in words of ours: an archive may come from anybody.
pub fn unpack(bytes: &[u8]) -> Result<Files, String> {
    let tar = decompressed(bytes)?;
    let mut files = Files::new();
    let mut archive = tar::Archive::new(tar.as_slice());
    let broken = |_| "the tar in it is broken".to_owned();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = path_of(&entry)?;
        if !entry.header().entry_type().is_file() {
            return Err(format!("`{path}` is no plain file"));
        }
        if entry.size() > FILE_BYTES as u64 {
            return Err(format!("`{path}` is larger than {FILE_BYTES} bytes"));
        }
        if files.len() == FILES {
            return Err(format!("it holds more than {FILES} files"));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if files.insert(path.clone(), content).is_some() {
            return Err(format!("`{path}` stands in it twice"));
        }
    }
    if tar_of(&files).map_err(broken)? != tar {
        return Err("it was not written by `lexhold bundle`".into());
    }
    Ok(files)
}

fn decompressed(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let broken = |_| "it is not compressed with Zstandard, or was cut off".to_owned();
    let mut decoder = zstd::Decoder::new(bytes).map_err(broken)?;
    decoder.window_log_max(WINDOW_LOG).map_err(broken)?;
    let mut tar = Vec::new();
    decoder.take(BYTES + 1).read_to_end(&mut tar).map_err(broken)?;
    if tar.len() as u64 > BYTES {
        return Err(format!("it holds more than {BYTES} bytes"));
    }
    Ok(tar)
}

fn path_of<R: Read>(entry: &tar::Entry<'_, R>) -> Result<String, String> {
    let bytes = entry.path_bytes();
    let path = std::str::from_utf8(&bytes).map_err(|_| "the name of a file in it is no text".to_owned())?;
    let parts: Option<Vec<&str>> = Path::new(path)
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let plain = parts.is_some_and(|parts| !parts.is_empty() && parts.join("/") == path) && !path.contains(['\\', '\0']);
    if plain {
        Ok(path.to_owned())
    } else {
        Err(format!("`{path}` leads out of it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Files {
        names
            .iter()
            .map(|name| ((*name).to_owned(), name.as_bytes().to_vec()))
            .collect()
    }

    /// A tar that says what it likes; paths are put in past the checks of the library.
    fn hostile(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, kind, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append(&header, *bytes).unwrap_or_default();
        }
        zstd::encode_all(tar.into_inner().unwrap_or_default().as_slice(), 1).unwrap_or_default()
    }

    #[test]
    fn what_was_packed_is_unpacked_and_is_the_same_each_time() {
        let long = format!("policies/{}.yaml", "long/".repeat(60));
        let files = files(&["b.yaml", "a/c.yaml", &long]);
        let packed = pack(&files).unwrap_or_default();
        assert_eq!(unpack(&packed), Ok(files.clone()));
        assert_eq!(pack(&files).unwrap_or_default(), packed);
    }

    #[test]
    fn hostile_archives_are_refused() {
        use tar::EntryType as T;
        for (entries, said) in [
            (
                vec![("../up.yaml", T::Regular, &b"x"[..])],
                "`../up.yaml` leads out of it",
            ),
            (vec![("a/../../up.yaml", T::Regular, b"x")], "leads out of it"),
            (vec![("/etc/passwd", T::Regular, b"x")], "`/etc/passwd` leads out of it"),
            (vec![("./a.yaml", T::Regular, b"x")], "`./a.yaml` leads out of it"),
            (vec![("a.yaml", T::Symlink, b"")], "`a.yaml` is no plain file"),
            (vec![("a.yaml", T::Link, b"")], "`a.yaml` is no plain file"),
            (vec![("a.yaml", T::Fifo, b"")], "`a.yaml` is no plain file"),
            (vec![("a", T::Directory, b"")], "`a` is no plain file"),
            (
                vec![("a.yaml", T::Regular, b"x"), ("a.yaml", T::Regular, b"y")],
                "`a.yaml` stands in it twice",
            ),
            // In another order than ours.
            (
                vec![("b.yaml", T::Regular, b"x"), ("a.yaml", T::Regular, b"y")],
                "not written by",
            ),
        ] {
            let refused = unpack(&hostile(&entries)).err().unwrap_or_default();
            assert!(refused.contains(said), "{refused} should say: {said}");
        }
        assert!(unpack(b"PK\x03\x04").is_err() && unpack(b"").is_err());
    }

    #[test]
    fn what_is_behind_the_end_or_cut_off_is_refused() {
        let mut tar = tar_of(&files(&["a.yaml"])).unwrap_or_default();
        tar.extend([b'x'; 512]);
        let packed = zstd::encode_all(tar.as_slice(), 1).unwrap_or_default();
        assert!(unpack(&packed).err().is_some_and(|why| why.contains("not written by")));
        let whole = pack(&files(&["a.yaml", "b.yaml"])).unwrap_or_default();
        for end in 0..whole.len() {
            assert!(unpack(&whole[..end]).is_err(), "cut off at {end}");
        }
    }

    #[test]
    fn a_bomb_is_given_up_at_the_limit() {
        let zeros = std::io::repeat(0).take(BYTES + (1 << 20));
        let bomb = zstd::encode_all(zeros, 1).unwrap_or_default();
        assert!(bomb.len() < 1 << 20);
        assert!(unpack(&bomb).err().is_some_and(|why| why.contains("more than")));
    }
}
