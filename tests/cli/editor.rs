//! An editor: a client of `lexhold lsp` that speaks the protocol as editors do.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Firm;

/// How long an answer may take before a test gives up; only a broken server takes so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server and what came of it so far.
pub struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    root: String,
    next_id: i64,
    /// What the server sent without being asked, and nobody has looked at yet.
    pub heard: Vec<Value>,
}

impl Editor {
    /// A server in the firm's folder to which nothing has been said.
    pub fn start(firm: &Firm, arguments: &[&str]) -> Self {
        let mut all = vec!["lsp"];
        all.extend(arguments);
        let mut server = firm
            .command(&all)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (send, output) = channel();
        let mut from = BufReader::new(server.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = frame(&mut from) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let root = firm.path("").canonicalize().unwrap();
        Self {
            input: server.stdin.take(),
            server,
            output,
            root: root.display().to_string(),
            next_id: 0,
            heard: Vec::new(),
        }
    }

    /// A session that has begun, with columns in units of sixteen bits.
    pub fn new(firm: &Firm) -> Self {
        let mut editor = Self::start(firm, &[]);
        editor.initialize(json!({
            "textDocument": { "publishDiagnostics": { "relatedInformation": true } },
        }));
        editor
    }

    /// Begins the session; returns what the server can do.
    pub fn initialize(&mut self, capabilities: Value) -> Value {
        let folder = json!({ "uri": format!("file://{}", self.root), "name": "firm" });
        let params =
            json!({ "processId": null, "rootUri": null, "workspaceFolders": [folder], "capabilities": capabilities });
        let answer = self.ask("initialize", params);
        self.tell("initialized", json!({}));
        answer["capabilities"].clone()
    }

    pub fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.root)
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    /// Sends a notification.
    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and returns the whole answer.
    #[track_caller]
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.until(|message| message["id"] == id && message.get("method").is_none())
    }

    /// Sends a request that has to succeed.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.request(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer:#}");
        answer["result"].clone()
    }

    /// The first message for which this is true; those before it are kept.
    #[track_caller]
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.heard.iter().position(&wanted) {
            return self.heard.remove(at);
        }
        loop {
            let message = self.output.recv_timeout(PATIENCE).expect("an answer");
            if wanted(&message) {
                return message;
            }
            self.heard.push(message);
        }
    }

    /// Opens a file as it is on disk.
    pub fn open(&mut self, firm: &Firm, name: &str) {
        let text = firm.read(name);
        self.open_text(name, &text);
    }

    pub fn open_text(&mut self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces an open text.
    pub fn change(&mut self, name: &str, version: i32, text: &str) {
        let document = json!({ "uri": self.uri(name), "version": version });
        let change = json!({ "text": text });
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// What the server says is wrong with a file in this version, as soon as it says so; the version of a file that is not
    /// open is null.
    #[track_caller]
    pub fn diagnostics(&mut self, name: &str, version: Option<i32>) -> Vec<Value> {
        let uri = self.uri(name);
        let told = self.until(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == *uri
                && params["version"] == json!(version)
        });
        told["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Says goodbye as editors do; returns the exit code.
    pub fn end(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.wait()
    }

    /// Closes the pipe without a word.
    pub fn hang_up(mut self) -> i32 {
        self.input = None;
        self.wait()
    }

    pub fn wait(&mut self) -> i32 {
        self.server.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // Whoever has ended is not there any more.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// `line:column-line:column CODE`, from zero, as the protocol has it.
pub fn place(diagnostic: &Value) -> String {
    format!(
        "{} {}",
        range(&diagnostic["range"]),
        diagnostic["code"].as_str().unwrap_or("-")
    )
}

/// `line:column-line:column`
pub fn range(range: &Value) -> String {
    let at = |spot: &Value| format!("{}:{}", spot["line"], spot["character"]);
    format!("{}-{}", at(&range["start"]), at(&range["end"]))
}

fn frame(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => length = header.strip_prefix("Content-Length: ")?.parse().ok()?,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
