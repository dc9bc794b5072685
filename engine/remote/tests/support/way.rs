//! A bad way to a server: a forwarder that does to chosen requests what networks and servers do.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use lexhold_remote::Remote;

use crate::server::{Server, open};

/// What may happen to a request.
pub enum What {
    /// The server says this instead of doing it.
    Says(u16, &'static str),
    /// The connection ends after so many bytes of the answer.
    Cut(usize),
    /// Something else happens first.
    After(Box<dyn FnOnce() + Send>),
}

/// A request, by what its first line has, and what happens to it; the next such request meets the next one.
pub type Fault = (&'static str, What);

/// The bad way.
pub struct Way {
    address: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Way {
    pub fn to(server: &Server, faults: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self {
            address: listener.local_addr().unwrap().to_string(),
            faults: Arc::new(Mutex::new(faults.into_iter().collect())),
            seen: Arc::default(),
        };
        let (server, faults, seen) = (server.address.clone(), way.faults.clone(), way.seen.clone());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (server, faults, seen) = (server.clone(), faults.clone(), seen.clone());
                // Who hangs up in the middle is what this is about.
                std::thread::spawn(move || forward(&client.unwrap(), &server, &faults, &seen).unwrap_or(()));
            }
        });
        way
    }

    pub fn remote(&self, url: &str) -> Remote {
        open(url, &self.address)
    }

    /// Where it begins.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How often a request with this in its head has come by.
    pub fn n_seen(&self, text: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|head| head.contains(text)).count()
    }

    /// Whether everything happened that was to happen.
    pub fn is_over(&self) -> bool {
        self.faults.lock().unwrap().is_empty()
    }
}

/// One request and its answer, without a second on the same connection.
fn forward(
    client: &TcpStream,
    server: &str,
    faults: &Mutex<VecDeque<Fault>>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    seen.lock().unwrap().push(head.clone());
    let fault = {
        let mut faults = faults.lock().unwrap();
        let line = head.lines().next().unwrap_or_default();
        let at = faults.iter().position(|(on, _)| line.contains(on));
        at.and_then(|at| faults.remove(at)).map(|(_, what)| what)
    };
    let mut client = client;
    let mut limit = usize::MAX;
    match fault {
        Some(What::Says(status, code)) => {
            let said = if head.starts_with("HEAD ") {
                String::new()
            } else {
                format!("<Error><Code>{code}</Code></Error>")
            };
            let length = said.len();
            return write!(
                client,
                "HTTP/1.1 {status} No\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{said}"
            );
        }
        Some(What::Cut(bytes)) => limit = bytes,
        Some(What::After(first)) => first(),
        None => {}
    }
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    client.write_all(&answer[..answer.len().min(limit)])?;
    client.shutdown(Shutdown::Both)
}
