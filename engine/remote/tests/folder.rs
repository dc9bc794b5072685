//! A folder that stands for a bucket.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "support/suite.rs"]
mod suite;

use jiff::Timestamp;
use lexhold_remote::{Kind, Mode, Remote};
use suite::{content, fetched, file};

#[test]
fn a_folder_behaves_as_a_bucket_does() {
    let home = tempfile::tempdir().unwrap();
    // It need not be there, and its name may hold what a URL encodes.
    let url = format!("file://{}/not%20there/yet/", home.path().display());
    let remote = Remote::open(&url, &[]).unwrap();
    suite::check(&remote);
    assert!(home.path().join("not there/yet/b").is_dir());
    assert_eq!(remote.url(), url.trim_end_matches('/'));
}

#[test]
fn a_folder_has_no_locks() {
    let home = tempfile::tempdir().unwrap();
    let remote = Remote::open(&format!("file://{}", home.path().display()), &[]).unwrap();
    let path = file(&home, &content(3));
    assert!(remote.put_new("kept/a", &path).unwrap());
    let version = &remote.versions("kept").unwrap()[0];
    assert_eq!(version.id, None);
    assert!(!remote.locking().unwrap());
    assert!(!remote.lock_of(version).unwrap().keeps(Timestamp::UNIX_EPOCH));
    let refused = [
        remote.retain(version, Mode::Governance, Timestamp::UNIX_EPOCH),
        remote.set_legal_hold(version, true),
    ];
    for answer in refused {
        assert_eq!(answer.unwrap_err().kind(), Kind::Refused);
    }
}

#[test]
fn an_object_that_is_another_now_is_not_read() {
    let home = tempfile::tempdir().unwrap();
    let remote = Remote::open(&format!("file://{}", home.path().display()), &[]).unwrap();
    assert!(remote.put_new("a", &file(&home, b"before")).unwrap());
    let listed = remote.list("a").unwrap().remove(0);
    std::fs::remove_file(home.path().join("a")).unwrap();
    assert!(remote.put_new("a", &file(&home, b"after!")).unwrap());
    let error = remote
        .fetch_this(&listed, &mut tempfile::tempfile().unwrap())
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Changed, "{error}");
    assert_eq!(fetched(&remote, "a").unwrap(), b"after!");
}

#[test]
fn what_is_being_written_is_not_listed() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".lexhold-half"), "half").unwrap();
    std::fs::write(home.path().join("whole"), "whole").unwrap();
    let remote = Remote::open(&format!("file://{}", home.path().display()), &[]).unwrap();
    let keys: Vec<String> = remote.list("").unwrap().into_iter().map(|object| object.key).collect();
    assert_eq!(keys, ["whole"]);
}

#[test]
fn addresses_and_options_that_make_no_sense_are_refused() {
    const URLS: &[&str] = &[
        "",
        "bucket/key",
        "https://bucket/key",
        "s3://",
        "s3:///key",
        "s3://buck et/key",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "file://host/folder",
        "file:///folder?query",
        "file:///folder#fragment",
        "s3://me:secret@bucket/key",
    ];
    const OPTIONS: &[(&str, &str)] = &[
        ("AWS_ENDPOINT_URL", "http://storage.example"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1.example:80"),
        ("AWS_ENDPOINT_URL", "storage"),
        ("AWS_ENDPOINT_URL_S3", "ftp://storage.example"),
        ("AWS_ENDPOINT_URL", "https://me:secret@storage.example"),
        ("AWS_S3_EXPRESS", "true"),
        ("AWS_ACCESS_KEY_ID", "one half"),
    ];
    for url in URLS {
        let error = Remote::open(url, &[]).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for (name, value) in OPTIONS {
        let error = Remote::open("s3://bucket", &[((*name).into(), (*value).into())]).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{name}={value}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let allowed = [
        ("AWS_ENDPOINT_URL", "http://storage.example"),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_PAGER", "less"),
    ];
    let options = allowed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let remote = Remote::open("s3://bucket/some/where/", &options).unwrap();
    assert_eq!(remote.url_of("a"), "s3://bucket/some/where/a");
}

#[test]
fn nothing_shows_credentials() {
    let options = [("AWS_ACCESS_KEY_ID", "my-id"), ("AWS_SECRET_ACCESS_KEY", "my-secret")];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let remote = Remote::open("s3://bucket", &options).unwrap();
    assert_eq!(format!("{remote:?}"), "Remote(\"s3://bucket\")");
}
