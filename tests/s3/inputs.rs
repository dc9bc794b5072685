//! Inputs that lie in a bucket.

use std::sync::Arc;

use serde_json::Value;

use crate::server::{Server, options};
use crate::support::{AS_OF, Firm, Ran, many};
use crate::way::{Way, What};

/// A server with messages: two files of a day, and one beside them.
fn filled() -> Option<Server> {
    let server = Server::start()?;
    server.make_bucket("bucket", &[]);
    let all = many(80);
    for (key, messages) in [
        ("day/one", &all[..40]),
        ("day/deeper/two", &all[40..60]),
        ("three", &all[60..]),
    ] {
        assert_eq!(
            server
                .ask(&format!("PUT /bucket/{key}.ndjson"), &[], &lines(messages))
                .0,
            200
        );
    }
    Some(server)
}

fn lines(messages: &[Value]) -> String {
    messages.iter().map(|message| format!("{message}\n")).collect()
}

/// `run` of these inputs at a server.
fn run(firm: &Firm, address: &str, inputs: &[&str]) -> Ran {
    let mut all = vec!["run", "--format", "json", "--as-of", AS_OF, "--backfill"];
    all.extend(inputs);
    firm.command(&all).envs(options(address)).output().unwrap().into()
}

#[test]
fn a_bucket_is_read_as_files_are() {
    let Some(server) = filled() else { return };
    let firm = Firm::new();
    let inputs = ["s3://bucket/day/", "s3://bucket/three.ndjson"];
    let ran = run(&firm, &server.address, &inputs).ended(0);
    assert!(!ran.stderr.contains("testing"), "{}", ran.stderr);
    assert_eq!(ran.json()["new"], 80, "{}", ran.stdout);
    run(&firm, &server.address, &inputs)
        .ended(0)
        .said("s3://bucket/day/: taken in before")
        .said("s3://bucket/three.ndjson: taken in before");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn a_way_that_fails_in_passing_changes_nothing() {
    let Some(server) = filled() else { return };
    let way = Way::to(
        &server,
        [
            ("GET /bucket?list", What::Says(503, "SlowDown")),
            ("HEAD /bucket/three", What::Cut(0)),
            ("GET /bucket/day/one", What::Cut(2000)),
            ("GET /bucket/three", What::Says(500, "InternalError")),
        ],
    );
    let firm = Firm::new();
    let summary = run(&firm, way.address(), &["s3://bucket/day/", "s3://bucket/three.ndjson"])
        .ended(0)
        .json();
    assert_eq!(summary["new"], 80, "{summary}");
    assert!(way.is_over());
}

#[test]
fn an_object_that_changes_while_it_is_read_is_left_out_and_the_others_are_not() {
    let Some(server) = filled() else { return };
    let server = Arc::new(server);
    let other = server.clone();
    let later = lines(&many(90)[60..]);
    let change = move || assert_eq!(other.ask("PUT /bucket/three.ndjson", &[], &later).0, 200);
    let way = Way::to(&server, [("GET /bucket/three", What::After(Box::new(change)))]);
    let firm = Firm::new();
    let inputs = ["s3://bucket/three.ndjson", "s3://bucket/day/"];
    let ran = run(&firm, way.address(), &inputs).ended(4);
    let ran = ran.said("s3://bucket/three.ndjson changed while it was read; nothing of it is taken in");
    assert_eq!(ran.json()["new"], 60, "{}", ran.stdout);
    let summary = run(&firm, &server.address, &inputs).ended(0).json();
    assert_eq!(summary["new"], 30, "{summary}");
    firm.call(&["verify"]).ended(0);
}

#[test]
fn errors_name_the_url_and_what_helps() {
    let Some(server) = filled() else { return };
    let firm = Firm::new();
    run(&firm, &server.address, &["s3://nowhere/day/"])
        .ended(4)
        .said("cannot read s3://nowhere/day/")
        .said("there is no such bucket");
    run(&firm, &server.address, &["s3://nowhere/one.ndjson"])
        .ended(4)
        .said("there is no such bucket");
    run(&firm, &server.address, &["s3://bucket/day"])
        .ended(4)
        .said("write s3://bucket/day/");
    for (status, code, help) in [
        (403, "AccessDenied", "s3:GetObject"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (301, "PermanentRedirect", "AWS_REGION"),
    ] {
        let way = Way::to(&server, [("GET /bucket?list", What::Says(status, code))]);
        run(&firm, way.address(), &["s3://bucket/day/"])
            .ended(4)
            .said(code)
            .said(help);
    }
    let mut nobody = firm.command(&["scan", "s3://bucket/day/"]);
    // What a machine in the cloud would be asked.
    let way = Way::to(&server, [("/latest/api/token", What::Says(404, "NotFound"))]);
    nobody.env("AWS_ENDPOINT_URL", format!("http://{}", server.address));
    nobody.env("AWS_METADATA_ENDPOINT", format!("http://{}", way.address()));
    let nobody: Ran = nobody.output().unwrap().into();
    nobody.ended(4).said("no credentials are set");
    assert!(way.is_over());
}
