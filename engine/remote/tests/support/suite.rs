//! What holds of every place that objects lie in, as cases.

use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use lexhold_remote::{Kind, Remote};

/// Just above what is sent at once.
const LARGE: usize = (8 << 20) + 5;

/// Objects, in the order of their keys, and their sizes.
const OBJECTS: &[(&str, usize)] = &[
    ("a.txt", 5),
    ("b/c d.txt", 1),
    ("b/empty", 0),
    ("b/large", LARGE),
    ("b/\u{e9} & <x> +%41'*~.txt", 3),
    ("bc", 2),
];

/// Keys that would mean something else on the way.
const REFUSED: &[&str] = &["a//b", "../a", "a/./b", "/a", "a/", "a\nb", ""];

/// Bytes that tell where they stand.
pub fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8 ^ (at >> 16) as u8).collect()
}

/// A file of them.
pub fn file(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let (mut file, path) = tempfile::NamedTempFile::new_in(folder).unwrap().keep().unwrap();
    file.write_all(bytes).unwrap();
    path
}

/// The bytes of an object.
pub fn fetched(remote: &Remote, key: &str) -> lexhold_remote::Result<Vec<u8>> {
    let mut file = tempfile::tempfile().unwrap();
    let object = remote.fetch(key, &mut file)?;
    file.rewind().unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(object.bytes, bytes.len() as u64);
    Ok(bytes)
}

fn keys(remote: &Remote, below: &str) -> Vec<String> {
    let objects = remote.list(below).unwrap();
    objects.into_iter().map(|object| object.key).collect()
}

/// Tries everything on a place that is empty, and leaves it so.
pub fn check(remote: &Remote) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(remote.list("").unwrap(), []);
    for (key, bytes) in OBJECTS.iter().rev() {
        let path = file(&folder, &content(*bytes));
        assert!(remote.put_new(key, &path).unwrap(), "{key}");
        let other = file(&folder, b"something else");
        assert!(!remote.put_new(key, &other).unwrap(), "{key} is there already");
    }
    check_reading(remote);
    for key in REFUSED {
        let path = file(&folder, b"x");
        let kinds = [
            remote.put_new(key, &path).unwrap_err().kind(),
            fetched(remote, key).unwrap_err().kind(),
            remote.head(key).unwrap_err().kind(),
        ];
        assert_eq!(kinds, [Kind::Refused; 3], "{key:?}");
    }
    check_deleting(remote);
}

fn check_reading(remote: &Remote) {
    let listed = remote.list("").unwrap();
    let expected: Vec<(&str, u64)> = OBJECTS.iter().map(|(key, bytes)| (*key, *bytes as u64)).collect();
    let found: Vec<(&str, u64)> = listed.iter().map(|o| (o.key.as_str(), o.bytes)).collect();
    assert_eq!(found, expected);
    for (object, (key, bytes)) in listed.iter().zip(OBJECTS) {
        assert!(fetched(remote, key).unwrap() == content(*bytes), "{key}");
        let seen = remote.head(key).unwrap().unwrap();
        assert_eq!((seen.bytes, &seen.etag), (object.bytes, &object.etag), "{key}");
    }
    // A folder is whole names: `bc` is not in `b`.
    let in_b: Vec<&str> = OBJECTS[1..5].iter().map(|(key, _)| *key).collect();
    assert_eq!(keys(remote, "b"), in_b);
    assert_eq!(keys(remote, "b/"), in_b);
    assert_eq!(keys(remote, "bc"), ["bc"]);
    assert_eq!(keys(remote, "nothing").len(), 0);
    assert_eq!(remote.head("nothing").unwrap(), None);
    assert_eq!(remote.head("b").unwrap(), None, "a folder is no object");
    assert_eq!(fetched(remote, "nothing").unwrap_err().kind(), Kind::NotFound);
}

fn check_deleting(remote: &Remote) {
    let versions = remote.versions("").unwrap();
    let found: Vec<&str> = versions.iter().map(|version| version.key.as_str()).collect();
    let expected: Vec<&str> = OBJECTS.iter().map(|(key, _)| *key).collect();
    assert_eq!(found, expected);
    assert!(versions.iter().all(|version| version.is_latest && !version.is_marker));
    let one = remote.versions("b/c d.txt").unwrap();
    remote.delete(&one).unwrap();
    assert_eq!(remote.head("b/c d.txt").unwrap(), None);
    assert_eq!(remote.versions("b").unwrap().len(), 3);
    remote.delete(&versions).unwrap();
    assert_eq!(remote.versions("").unwrap(), []);
    assert_eq!(remote.list("").unwrap(), []);
    remote.delete(&[]).unwrap();
}
