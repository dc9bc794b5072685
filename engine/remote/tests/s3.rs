//! A bucket, at a server of its own. Skipped where no `moto_server` is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "the server is a process, and the environment says which"
)]

#[path = "support/server.rs"]
mod server;
#[path = "support/suite.rs"]
mod suite;
#[path = "support/way.rs"]
#[allow(dead_code, reason = "the command line's tests use more of it")]
mod way;

use jiff::{Timestamp, ToSpan as _};
use lexhold_remote::{Kind, Lock, Mode, Version};
use server::Server;
use suite::{content, fetched, file};
use way::{Way, What};

const PIECE: usize = 8 << 20;

#[test]
fn a_bucket_behaves_alike_with_and_without_versions() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("plain", &[]);
    server.make_bucket("locked", &["x-amz-bucket-object-lock-enabled: true"]);
    suite::check(&server.remote("s3://plain"));
    suite::check(&server.remote("s3://plain/some/where/"));
    suite::check(&server.remote("s3://locked/a b/\u{e9}"));
}

#[test]
fn a_list_has_more_than_one_page_and_no_folders() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    server.keep_versions("bucket");
    for n in 0..11 {
        assert_eq!(server.ask(&format!("PUT /bucket/in/{n:02}"), &[], "x").0, 200);
    }
    server.ask("PUT /bucket/in/", &[], "");
    server.ask("PUT /bucket/in/deeper/", &[], "");
    let remote = server.remote("s3://bucket/in");
    let found: Vec<String> = remote.list("").unwrap().into_iter().map(|object| object.key).collect();
    assert_eq!(found, (0..11).map(|n| format!("{n:02}")).collect::<Vec<_>>());
    let versions = remote.versions("").unwrap();
    assert_eq!(versions.len(), 12, "the folder `deeper/` is a version like any other");
    remote.delete(&versions).unwrap();
    assert_eq!(remote.versions("").unwrap(), []);
}

#[test]
fn versions_and_markers_show_and_go_one_by_one() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    server.keep_versions("bucket");
    server.ask("PUT /bucket/a/x", &[], "first");
    server.ask("PUT /bucket/a/x", &[], "second");
    server.ask("DELETE /bucket/a/x", &[], "");
    server.ask("PUT /bucket/a/xy", &[], "another");
    let remote = server.remote("s3://bucket/a");
    assert_eq!(remote.head("x").unwrap(), None, "a marker hides it");
    assert_eq!(remote.list("x").unwrap(), []);
    let found = remote.versions("x").unwrap();
    let shape: Vec<(bool, bool)> = found.iter().map(|v| (v.is_marker, v.is_latest)).collect();
    assert_eq!(shape, [(true, true), (false, false), (false, false)]);
    assert!(!remote.lock_of(&found[0]).unwrap().legal_hold, "a marker has no lock");
    remote.delete(&found[..1]).unwrap();
    assert_eq!(fetched(&remote, "x").unwrap(), b"second");
    let seen = remote.head("x").unwrap().unwrap();
    let latest: Vec<Version> = remote
        .versions("x")
        .unwrap()
        .into_iter()
        .filter(|v| v.is_latest)
        .collect();
    assert_eq!(seen.version, latest[0].id);
    remote.delete(&found).unwrap();
    assert_eq!(remote.versions("x").unwrap(), []);
    assert_eq!(fetched(&remote, "xy").unwrap(), b"another");
}

#[test]
fn what_is_locked_is_not_deleted() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("plain", &[]);
    server.make_bucket("locked", &["x-amz-bucket-object-lock-enabled: true"]);
    assert!(!server.remote("s3://plain").locking().unwrap());
    let remote = server.remote("s3://locked/archive");
    assert!(remote.locking().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, b"a record");
    for key in ["governed", "complied", "held", "free"] {
        assert!(remote.put_new(key, &path).unwrap());
    }
    let version = |key| remote.versions(key).unwrap().remove(0);
    // The server has a clock of its own.
    let until: Timestamp = "2999-01-01T00:00:00Z".parse().unwrap();
    remote.retain(&version("governed"), Mode::Governance, until).unwrap();
    remote.retain(&version("complied"), Mode::Compliance, until).unwrap();
    remote.set_legal_hold(&version("held"), true).unwrap();
    let retained = |mode| Lock {
        retained: Some((mode, until)),
        legal_hold: false,
    };
    assert_eq!(
        remote.lock_of(&version("governed")).unwrap(),
        retained(Mode::Governance)
    );
    assert_eq!(
        remote.lock_of(&version("complied")).unwrap(),
        retained(Mode::Compliance)
    );
    let held = remote.lock_of(&version("held")).unwrap();
    assert!(held.legal_hold && held.retained.is_none() && held.keeps(until));
    assert!(!retained(Mode::Governance).keeps(until));
    assert!(retained(Mode::Governance).keeps(until - 1.second()));

    let error = remote.delete(&remote.versions("").unwrap()).unwrap_err();
    assert_eq!(error.kind(), Kind::Locked, "{error}");
    for key in ["governed", "complied", "held"] {
        assert!(error.to_string().contains(&format!("archive/{key}")), "{error}");
        assert_eq!(fetched(&remote, key).unwrap(), b"a record");
    }
    assert_eq!(remote.head("free").unwrap(), None, "the others are gone");
    remote.set_legal_hold(&version("held"), false).unwrap();
    assert!(!remote.lock_of(&version("held")).unwrap().legal_hold);
    remote.delete(&[version("held")]).unwrap();
    assert_eq!(remote.versions("held").unwrap(), []);
}

#[test]
fn what_fails_in_passing_is_asked_again() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &["x-amz-bucket-object-lock-enabled: true"]);
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, &content(3));
    let kinds: [fn() -> What; 3] = [
        || What::Says(503, "SlowDown"),
        || What::Says(500, "InternalError"),
        || What::Cut(0),
    ];
    for (at, kind) in kinds.iter().enumerate() {
        let on = [
            "GET /bucket?list-type",
            "GET /bucket?versions",
            "GET /bucket?object-lock",
            "HEAD ",
            "PUT /bucket/a/",
            "GET /bucket/a/",
            "versionId=",
            "POST /bucket?delete",
        ];
        let way = Way::to(&server, on.map(|on| (on, kind())));
        let remote = way.remote("s3://bucket/a");
        let key = format!("{at}");
        remote.put_new(&key, &path).unwrap();
        assert_eq!(fetched(&remote, &key).unwrap(), content(3));
        assert_eq!(remote.list("").unwrap().len(), 1);
        assert!(remote.locking().unwrap());
        let versions = remote.versions("").unwrap();
        assert!(!remote.lock_of(&versions[0]).unwrap().legal_hold);
        remote.delete(&versions).unwrap();
        assert_eq!(server.remote("s3://bucket").versions("").unwrap(), []);
        assert!(way.is_over());
    }
}

#[test]
fn a_large_object_is_read_on_where_it_was_cut() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    let folder = tempfile::tempdir().unwrap();
    let bytes = content(3 * PIECE);
    assert!(
        server
            .remote("s3://bucket")
            .put_new("large", &file(&folder, &bytes))
            .unwrap()
    );
    let cut = [
        ("GET /bucket/large", What::Cut(PIECE / 2)),
        ("GET /bucket/large", What::Cut(2000)),
    ];
    let way = Way::to(&server, cut);
    assert!(fetched(&way.remote("s3://bucket"), "large").unwrap() == bytes);
    assert!(way.is_over());
    assert_eq!(
        way.n_seen("GET /bucket/large"),
        5,
        "three pieces, two of which were read on"
    );
}

#[test]
fn an_object_that_changes_while_it_is_read_is_not_read() {
    let Some(server) = Server::start() else { return };
    let server = std::sync::Arc::new(server);
    server.make_bucket("bucket", &[]);
    let folder = tempfile::tempdir().unwrap();
    assert!(
        server
            .remote("s3://bucket")
            .put_new("a", &file(&folder, &content(2 * PIECE)))
            .unwrap()
    );
    let other = server.clone();
    let change = move || assert_eq!(other.ask("PUT /bucket/a", &[], "another").0, 200);
    let way = Way::to(&server, [("GET /bucket/a", What::After(Box::new(change)))]);
    let error = fetched(&way.remote("s3://bucket"), "a").unwrap_err();
    assert_eq!(error.kind(), Kind::Changed, "{error}");
    assert!(way.is_over());
    assert_eq!(fetched(&server.remote("s3://bucket"), "a").unwrap(), b"another");
}

#[test]
fn nothing_is_ever_replaced() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    server.keep_versions("bucket");
    let folder = tempfile::tempdir().unwrap();
    for (key, bytes) in [("small", 3), ("large", PIECE + 3)] {
        assert_eq!(server.ask(&format!("PUT /bucket/{key}"), &[], "first").0, 200);
        // Another puts it between our look and our upload.
        let way = Way::to(&server, [("HEAD ", What::Says(404, "NoSuchKey"))]);
        let remote = way.remote("s3://bucket");
        assert!(!remote.put_new(key, &file(&folder, &content(bytes))).unwrap(), "{key}");
        assert_eq!(fetched(&remote, key).unwrap(), b"first");
        assert_eq!(remote.versions(key).unwrap().len(), 1);
    }
    let (_, uploads) = server.ask("GET /bucket?uploads", &[], "");
    assert!(!uploads.contains("<Upload>"), "{uploads}");
}

#[test]
fn an_answer_that_is_lost_puts_nothing_twice() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    server.keep_versions("bucket");
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("small", 3, "PUT /bucket/small"),
        ("large", PIECE + 3, "POST /bucket/large?uploadId"),
    ];
    for (key, bytes, on) in cases {
        let way = Way::to(&server, [(on, What::Cut(0))]);
        let remote = way.remote("s3://bucket");
        // It is there, and whether that counts as ours is for the caller to see.
        remote.put_new(key, &file(&folder, &content(bytes))).unwrap();
        assert!(way.is_over());
        assert!(fetched(&remote, key).unwrap() == content(bytes), "{key}");
        assert_eq!(remote.versions(key).unwrap().len(), 1, "{key}");
    }
}

#[test]
fn an_upload_that_fails_leaves_nothing() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    let folder = tempfile::tempdir().unwrap();
    let way = Way::to(&server, [("partNumber=2", What::Says(403, "AccessDenied"))]);
    let remote = way.remote("s3://bucket");
    let error = remote.put_new("a", &file(&folder, &content(3 * PIECE))).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Denied, Some("AccessDenied")),
        "{error}"
    );
    assert_eq!(remote.head("a").unwrap(), None);
    let (_, uploads) = server.ask("GET /bucket?uploads", &[], "");
    assert!(!uploads.contains("<Upload>"), "{uploads}");
}

#[test]
fn refusals_say_what_the_server_says() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    let error = server.remote("s3://nowhere/a").list("").unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::NotFound, Some("NoSuchBucket")));
    for (status, code, kind) in [
        (403, "InvalidAccessKeyId", Kind::Denied),
        (400, "AuthorizationHeaderMalformed", Kind::Refused),
        (301, "PermanentRedirect", Kind::Refused),
    ] {
        let way = Way::to(
            &server,
            [
                ("GET /bucket?list", What::Says(status, code)),
                ("GET /bucket/a", What::Says(status, code)),
            ],
        );
        server.ask("PUT /bucket/a", &[], "a");
        let remote = way.remote("s3://bucket");
        for error in [remote.list("").unwrap_err(), fetched(&remote, "a").unwrap_err()] {
            assert_eq!(error.kind(), kind, "{error}");
            let words = error.to_string();
            assert!(
                words.starts_with("s3://bucket/") && (words.contains(code) || words.contains("region")),
                "{error}"
            );
        }
    }
}

#[test]
fn nobody_without_credentials_is_told_that_nothing_is_there() {
    let Some(server) = Server::start() else { return };
    server.make_bucket("bucket", &[]);
    let way = Way::to(
        &server,
        (0..2).map(|_| ("/latest/api/token", What::Says(404, "NotFound"))),
    );
    let options = [
        ("AWS_ENDPOINT_URL", format!("http://{}", server.address)),
        ("AWS_METADATA_ENDPOINT", format!("http://{}", way.address())),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value));
    let remote = lexhold_remote::Remote::open("s3://bucket", &options).unwrap();
    for error in [remote.list("").unwrap_err(), remote.head("a").unwrap_err()] {
        assert_eq!(error.kind(), Kind::Denied, "{error}");
    }
    assert!(way.is_over());
    // Unless nobody is asked for any.
    let open = ("AWS_SKIP_SIGNATURE".to_owned(), "true".to_owned());
    let remote = lexhold_remote::Remote::open("s3://bucket", &[options[0].clone(), open]).unwrap();
    assert_eq!(remote.list("").unwrap(), []);
}
