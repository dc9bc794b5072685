//! A server that speaks S3: moto, whose program `LEXHOLD_MOTO` names. It forgets everything when it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use lexhold_remote::Remote;

/// What moto takes for a signature: it looks at the name alone.
const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request";

/// A server of its own for one test.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// None where there is no moto, which is said.
    pub fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("LEXHOLD_MOTO") else {
            println!("skipped: LEXHOLD_MOTO names no moto_server; `make test-remote` finds one");
            return None;
        };
        let mut child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            // So that lists have pages.
            .env("MOTO_S3_DEFAULT_MAX_KEYS", "4")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            Some(line.split_once("Running on http://")?.1.trim().to_owned())
        });
        // It writes a line for each request, which somebody has to read.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            address: address.expect("moto says where it listens"),
        })
    }

    /// What stands in a bucket below a prefix, by the straight way.
    pub fn remote(&self, url: &str) -> Remote {
        open(url, &self.address)
    }

    /// Sends a request as it is; the status and the body of the answer.
    pub fn ask(&self, request: &str, headers: &[&str], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{SIGNED}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    pub fn make_bucket(&self, name: &str, headers: &[&str]) {
        assert_eq!(self.ask(&format!("PUT /{name}"), headers, "").0, 200);
    }

    pub fn keep_versions(&self, bucket: &str) {
        let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        assert_eq!(self.ask(&format!("PUT /{bucket}?versioning"), &[], body).0, 200);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is below a URL, at a server.
pub fn open(url: &str, address: &str) -> Remote {
    Remote::open(url, &options(address)).unwrap()
}

/// What has to be said to reach it.
pub fn options(address: &str) -> Vec<(String, String)> {
    let options = [
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_ENDPOINT_URL", &format!("http://{address}")),
    ];
    options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
