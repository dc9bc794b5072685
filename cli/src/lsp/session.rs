//! One editor's session: what may come when, and what is answered.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use gen_lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    PublishDiagnosticsParams, Uri,
};
use jiff::Timestamp;
use lexhold_editor::Encoding;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{Answers, read};
use super::buffers::Buffers;
use super::frames::{Frame, Outgoing};
use super::project::{Checked, Source, Task};
use super::told::{Manner, tell};
use super::workspace::Workspace;
use crate::failure::Exit;
use crate::files::real;
use crate::settings::FILE;

/// How long the editor has to be quiet before everything is checked.
const QUIET: Duration = Duration::from_millis(150);

/// Whether the session goes on.
pub enum Step {
    /// It does.
    On,
    /// It ends like this.
    End(Exit),
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    ShutDown,
}

/// One editor's session.
pub struct Session<'a> {
    phase: Phase,
    manner: Manner,
    source: Source<'a>,
    buffers: Buffers,
    workspace: Workspace,
    /// Whether files may have changed since the workspace was read.
    is_behind: bool,
    /// Where finished checks go.
    checks: Sender<Checked>,
    /// Whether a check is under way.
    is_checking: bool,
    /// When the next one is due.
    due: Option<Instant>,
    /// What waits to be sent.
    out: Vec<Outgoing>,
    /// What the editor was last told of each file.
    published: BTreeMap<PathBuf, (Option<i32>, Vec<Diagnostic>)>,
    /// Failures that the editor was told of.
    failures: Vec<String>,
}

/// Why a request is not answered.
pub struct Refusal(ErrorCode, String);

impl Refusal {
    /// A code of the protocol, and a sentence.
    pub fn new(code: ErrorCode, why: impl Into<String>) -> Self {
        Self(code, why.into())
    }
}

impl<'a> Session<'a> {
    /// A session in which nothing has been said yet.
    pub fn new(source: Source<'a>, checks: Sender<Checked>) -> Self {
        Self {
            phase: Phase::New,
            manner: Manner {
                encoding: Encoding::Utf16,
                related: false,
                versioned: false,
            },
            source,
            buffers: Buffers::default(),
            workspace: Workspace::new(),
            is_behind: true,
            checks,
            is_checking: false,
            due: None,
            out: Vec::new(),
            published: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// How long until the next check is due.
    pub fn due(&self) -> Option<Duration> {
        let due = self.due.filter(|_| !self.is_checking)?;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// Sends what has been kept back.
    pub fn send(&mut self) -> std::io::Result<()> {
        super::frames::write(self.out.drain(..))
    }

    /// Takes what the editor has sent.
    pub fn take(&mut self, frame: Frame) -> Step {
        match frame {
            Frame::End => return Step::End(Exit::Negative),
            Frame::Refused(code, why) => self.out.push(Outgoing::Refusal(code, why)),
            Frame::Message(Message::Request(request)) => {
                let answer = self.answer(request);
                self.out.push(Outgoing::Message(answer.into()));
            }
            Frame::Message(Message::Notification(told)) if told.method == "exit" => {
                let exit = if self.phase == Phase::ShutDown {
                    Exit::Done
                } else {
                    Exit::Negative
                };
                return Step::End(exit);
            }
            Frame::Message(Message::Notification(told)) if self.phase == Phase::Running => {
                let method = told.method.clone();
                if catch_unwind(AssertUnwindSafe(|| self.hear(told))).is_err() {
                    tracing::error!(method, "internal fault");
                }
            }
            Frame::Message(Message::Notification(_) | Message::Response(_)) => {}
        }
        Step::On
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = catch_unwind(AssertUnwindSafe(|| self.result(&method, params))).unwrap_or_else(|_| {
            Err(Refusal::new(
                ErrorCode::InternalError,
                "internal fault; please report it",
            ))
        });
        match answer {
            Ok(result) => Response::new_ok(id, result),
            Err(Refusal(code, why)) => Response::new_err(id, code as i32, why),
        }
    }

    fn result(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        match (method, self.phase) {
            ("initialize", Phase::New) => self.initialize(params),
            (_, Phase::New) => Err(Refusal::new(
                ErrorCode::ServerNotInitialized,
                "`initialize` comes first",
            )),
            ("initialize", _) => Err(Refusal::new(ErrorCode::InvalidRequest, "initialized already")),
            (_, Phase::ShutDown) => Err(Refusal::new(ErrorCode::InvalidRequest, "shut down already")),
            ("shutdown", Phase::Running) => {
                self.phase = Phase::ShutDown;
                self.due = None;
                Ok(Value::Null)
            }
            _ => self.ask(method, params).unwrap_or_else(|| {
                let message = format!("no request is called `{}`", lexhold_document::printable(method));
                Err(Refusal::new(ErrorCode::MethodNotFound, message))
            }),
        }
    }

    /// Asks what is known; nothing if there is no such request.
    fn ask(&mut self, method: &str, params: Value) -> Option<Result<Value, Refusal>> {
        if self.is_behind
            && let Ok(settings) = self.source.settings()
        {
            self.workspace.catch_up(&settings, &self.buffers);
            self.is_behind = false;
        }
        let mut answers = Answers {
            workspace: &self.workspace,
            buffers: &mut self.buffers,
            manner: self.manner,
            published: &self.published,
            now: Timestamp::now(),
        };
        answers.answer(method, params)
    }

    fn initialize(&mut self, params: Value) -> Result<Value, Refusal> {
        let client: Client = read(params)?;
        let offered = client.capabilities.general.position_encodings.unwrap_or_default();
        let utf8 = offered.iter().any(|one| one == "utf-8");
        self.manner = Manner {
            versioned: client.capabilities.workspace.workspace_edit.document_changes,
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            related: client
                .capabilities
                .text_document
                .publish_diagnostics
                .related_information,
        };
        let folders = client.workspace_folders.unwrap_or_default();
        let root = folders.into_iter().map(|folder| folder.uri).next().or(client.root_uri);
        self.source.place(
            root.and_then(|uri| uri.to_file_path().ok())
                .filter(|path| path.is_dir()),
        );
        self.phase = Phase::Running;
        if client
            .capabilities
            .workspace
            .did_change_watched_files
            .dynamic_registration
        {
            self.watch();
        }
        self.changed();
        Ok(json!({
            "capabilities": {
                "positionEncoding": if utf8 { "utf-8" } else { "utf-16" },
                "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
                "hoverProvider": true,
                "completionProvider": { "triggerCharacters": [" ", ".", "\""] },
                "definitionProvider": true,
                "referencesProvider": true,
                "renameProvider": { "prepareProvider": true },
                "documentSymbolProvider": true,
                "documentFormattingProvider": true,
                "codeActionProvider": { "codeActionKinds": ["quickfix", "source.fixAll.lexhold"] },
            },
            "serverInfo": { "name": "lexhold", "version": env!("CARGO_PKG_VERSION") },
        }))
    }

    /// Asks to be told when files change behind the editor's back.
    fn watch(&mut self) {
        let watchers = ["**/*.{yaml,yml}", "**/*.cedarschema"].map(|glob| json!({ "globPattern": glob }));
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        let request = Request {
            id: RequestId::from("watch".to_owned()),
            method: "client/registerCapability".into(),
            params: json!({ "registrations": [registration] }),
        };
        self.out.push(Outgoing::Message(request.into()));
    }

    fn hear(&mut self, told: Notification) {
        let Notification { method, params } = told;
        let heard = match method.as_str() {
            "textDocument/didOpen" => read(params).map(|params: DidOpenTextDocumentParams| {
                let opened = params.text_document;
                self.buffers.open(opened.uri, opened.version, opened.text);
                self.is_behind = true;
            }),
            "textDocument/didChange" => read(params).map(|params: DidChangeTextDocumentParams| {
                let (document, encoding) = (params.text_document, self.manner.encoding);
                let uri = &document.text_document_identifier.uri;
                let changed = self
                    .buffers
                    .change(uri, document.version, params.content_changes, encoding);
                if let Some((path, buffer)) = changed.and_then(|path| Some((path.clone(), self.buffers.get(&path)?))) {
                    self.workspace.take(&path, &buffer.text);
                }
            }),
            "textDocument/didClose" => read(params).map(|params: DidCloseTextDocumentParams| {
                self.buffers.close(&params.text_document.uri);
                self.is_behind = true;
            }),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" | "workspace/didChangeConfiguration" => {
                self.is_behind = true;
                Ok(())
            }
            _ => return,
        };
        match heard {
            Ok(()) => self.changed(),
            Err(Refusal(_, why)) => tracing::warn!(method, why, "a notification that cannot be read"),
        }
    }

    /// Checks again as soon as the editor is quiet.
    fn changed(&mut self) {
        self.due = Some(Instant::now() + QUIET);
    }

    /// Begins a check on a thread of its own.
    pub fn check(&mut self) {
        self.due = None;
        let settings = match self.source.settings() {
            Ok(settings) => settings,
            Err(error) => return self.fail(vec![format!("{error:#}")]),
        };
        let task = Task {
            settings,
            unsaved: self.buffers.unsaved(),
            versions: self
                .buffers
                .iter()
                .map(|(path, buffer)| (path.clone(), buffer.version))
                .collect(),
        };
        self.is_checking = true;
        let checks = self.checks.clone();
        std::thread::spawn(move || {
            let checked = catch_unwind(AssertUnwindSafe(|| task.run())).unwrap_or_else(|_| Checked {
                versions: BTreeMap::new(),
                schemas: None,
                findings: Vec::new(),
                failures: vec!["internal fault while checking; please report it".to_owned()],
            });
            // The session may be over.
            let _ = checks.send(checked);
        });
    }

    /// Tells the editor what came of a check, as far as it knows nothing newer.
    pub fn publish(&mut self, checked: Checked) {
        self.is_checking = false;
        if let Some(schemas) = checked.schemas {
            self.workspace.schemas = schemas;
        }
        let nowhere = real(FILE.as_ref());
        let mut told = tell(&checked.findings, &self.buffers, self.manner, &nowhere);
        let open = self.buffers.iter().map(|(path, _)| path.clone());
        for path in open.chain(self.published.keys().cloned()) {
            told.entry(path).or_default();
        }
        for (path, diagnostics) in told {
            let version = self.buffers.get(&path).map(|buffer| buffer.version);
            let is_new = self.published.get(&path) != Some(&(version, diagnostics.clone()));
            let is_current = version.is_none() || checked.versions.get(&path).copied() == version;
            if let Some(uri) = self.buffers.uri(&path).filter(|_| is_new && is_current) {
                self.tell_of(uri, version, diagnostics.clone());
                self.published.insert(path, (version, diagnostics));
            }
        }
        let buffers = &self.buffers;
        self.published
            .retain(|path, (_, diagnostics)| !diagnostics.is_empty() || buffers.get(path).is_some());
        self.fail(checked.failures);
    }

    fn tell_of(&mut self, uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        let params = PublishDiagnosticsParams {
            uri,
            version,
            diagnostics,
        };
        let params = serde_json::to_value(params).unwrap_or_default();
        self.notify("textDocument/publishDiagnostics", params);
    }

    /// Says once what keeps everything from being checked.
    fn fail(&mut self, failures: Vec<String>) {
        for failure in &failures {
            if !self.failures.contains(failure) {
                let message = lexhold_document::printable(failure);
                self.notify("window/showMessage", json!({ "type": 1, "message": message }));
            }
        }
        self.failures = failures;
    }

    fn notify(&mut self, method: &str, params: Value) {
        let method = method.to_owned();
        self.out.push(Outgoing::Message(Notification { method, params }.into()));
    }
}

/// What an editor says of itself, as far as it matters here. Read leniently: what else it says is its own affair.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Client {
    root_uri: Option<Uri>,
    workspace_folders: Option<Vec<Folder>>,
    capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Folder {
    uri: Uri,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Capabilities {
    general: General,
    workspace: Projects,
    text_document: TextDocument,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct General {
    position_encodings: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Projects {
    workspace_edit: WorkspaceEdit,
    did_change_watched_files: Dynamic,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Dynamic {
    dynamic_registration: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WorkspaceEdit {
    document_changes: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TextDocument {
    publish_diagnostics: Published,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Published {
    related_information: bool,
}
