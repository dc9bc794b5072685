//! Finds out what an input holds, and reads one part of it after the other.

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use lexhold_model::Digest;
use lexhold_source::{Chunks, ErrorKind, Place, Reader, Rows, SourceError, Stream, open_file};
use sha2::{Digest as _, Sha256};

use crate::compliance::Compliance;
use crate::discord::Discord;
use crate::email::Email;
use crate::format::{About, Format, Messages, Options, Part};
use crate::gitter::Gitter;
use crate::imessage::IMessage;
use crate::irc::Irc;
use crate::mattermost::Mattermost;
use crate::media;
use crate::messenger::Messenger;
use crate::packed::Packing;
use crate::rocketchat::RocketChat;
use crate::signal::{Signal, SignalCli, SignalExport};
use crate::slack::Slack;
use crate::sqlite::{self, Database};
use crate::table::Table;
use crate::teams::Teams;
use crate::telegram::Telegram;
use crate::tree::Tree;
use crate::viber::Viber;
use crate::whatsapp::{WhatsApp, WhatsAppStore};
use crate::zulip::Zulip;

/// Every format, the most used first; where two might claim a file, the first one gets it.
const FORMATS: &[&dyn Format] = &[
    &Slack,
    &Teams,
    &WhatsApp,
    &Email,
    &Mattermost,
    &Telegram,
    &Compliance,
    &Discord,
    &Messenger,
    &IMessage,
    &Irc,
    &RocketChat,
    &Signal,
    &SignalCli,
    &SignalExport,
    &Viber,
    &WhatsAppStore,
    &Gitter,
    &Zulip,
];

/// How much of a file is looked at to tell what it is.
const PROBE_BYTES: usize = 64 << 10;

/// Tables of anything, which `source` reads.
static TABLES: About = About {
    name: "csv",
    title: "Any table, by a mapping of its columns",
    input: "csv, stdin",
    preserves: &["what the table has", "columns without a field"],
    lacks: &["what the table has not"],
    page: include_str!("../pages/csv.md"),
};

/// What there is to know of every format.
pub fn formats() -> impl Iterator<Item = &'static About> {
    FORMATS.iter().map(|format| format.about()).chain([&TABLES])
}

/// Opens an input: an export in one of the [`formats`], as a folder, a ZIP archive or a file, or a table of messages that
/// [`lexhold_source::open`] reads. Its kind is told by its content.
///
/// # Errors
/// When there is no such input, or nothing in it is of a kind that can be read, or something has to be said that it does not say.
pub fn open(path: &Path, options: &Options) -> Result<Box<dyn Reader>, SourceError> {
    open_named(path, &path.display().to_string(), options)
}

/// The same under another name, which messages and errors have in the place of the path.
///
/// # Errors
/// As [`open`].
pub fn open_named(path: &Path, name: &str, options: &Options) -> Result<Box<dyn Reader>, SourceError> {
    if let Some(mapping) = &options.mapping {
        return lexhold_source::open_mapped(path, name, options.chunks, mapping.clone(), options.zone.as_ref());
    }
    let table = || lexhold_source::open_named(path, name, options.chunks);
    let tree = if path.is_dir() {
        Tree::of_folder(path, name)?
    } else if path.is_file() {
        Tree::of_file(path, name)?
    } else {
        // What is read of a pipe is gone, so it is opened once.
        return table();
    };
    // Tables by themselves are read by who knows them, which also says best what else a file is.
    if let [only] = &tree.entries[..]
        && only.path.is_empty()
        && !tree.peek(only, PROBE_BYTES).is_ok_and(|first| is_ours(&first))
    {
        return table();
    }
    let reader = Export::new(Arc::new(tree), options)?;
    Ok(Box::new(Stream::new(reader, options.chunks)))
}

/// The digest of an input and its size. That of a folder is made of the names and digests of its files, that of a database with
/// a log beside it of both.
///
/// # Errors
/// When something in it cannot be read.
pub fn fingerprint(path: &Path) -> Result<(Digest, u64), SourceError> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let base = if path.is_dir() {
        folders.push(path.to_owned());
        path
    } else {
        let log = sqlite::log_of(path);
        if !log.is_file() || !sqlite::is_database(&first_bytes(path)?) {
            return lexhold_source::fingerprint(path);
        }
        files.extend([path.to_owned(), log]);
        path.parent().unwrap_or(path)
    };
    while let Some(folder) = folders.pop() {
        let failed = |error| SourceError::io(&folder.display().to_string(), error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    let mut hasher = Sha256::new();
    let mut total_bytes = 0;
    for file in files {
        let (digest, bytes) = lexhold_source::fingerprint(&file)?;
        let name = file.strip_prefix(base).unwrap_or(&file).as_os_str().as_encoded_bytes();
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(digest.0);
        total_bytes += bytes;
    }
    Ok((Digest(hasher.finalize().into()), total_bytes))
}

/// The first bytes of a file.
fn first_bytes(path: &Path) -> Result<Vec<u8>, SourceError> {
    let (file, _) = open_file(path)?;
    let mut first = Vec::new();
    let read = file.take(PROBE_BYTES as u64).read_to_end(&mut first);
    read.map_err(|error| SourceError::io(&path.display().to_string(), error))?;
    Ok(first)
}

/// Whether a file that begins so is one of [`FORMATS`], as far as that can be told without opening it.
fn is_ours(first: &[u8]) -> bool {
    sqlite::is_database(first) || FORMATS.iter().any(|format| format.is_file(first))
}

/// An input whose parts are known.
struct Export {
    tree: Arc<Tree>,
    parts: VecDeque<(&'static dyn Format, Arc<str>, Part)>,
    /// What cannot be read, to be reported.
    refused: VecDeque<(Arc<str>, String)>,
    /// Everything else. In the end that is reported which nobody has read and no message has as an attachment.
    left: VecDeque<usize>,
    /// Pictures, sounds and films among it.
    n_media: u64,
    current: Option<(Arc<str>, Box<dyn Messages>)>,
    n_parts: usize,
    options: Options,
    format: String,
}

/// Entries of a tree, and the format that they are in.
struct Claim {
    format: &'static dyn Format,
    /// What its messages are counted under: the folder, or the file where it holds several.
    name: String,
    root: String,
    entries: Vec<usize>,
}

impl Export {
    fn new(tree: Arc<Tree>, options: &Options) -> Result<Self, SourceError> {
        let Claims {
            claims,
            left,
            mut refused,
        } = claims(&tree, options);
        refused.extend(tree.refused.iter().cloned());
        if claims.is_empty() && refused.is_empty() {
            let why = "nothing in it is of a kind that Lexhold reads; `lexhold sources` lists them";
            return Err(SourceError::new(ErrorKind::UnknownFormat, &tree.name, why));
        }
        let refused = refused.into_iter().map(|(name, why)| (name.into(), why));
        let format = name(&claims, tree.packing);
        let mut parts = VecDeque::with_capacity(claims.len());
        for claim in claims {
            let part = Part {
                tree: tree.clone(),
                root: claim.root,
                entries: claim.entries,
                options: options.clone(),
            };
            claim.format.check(&part)?;
            parts.push_back((claim.format, claim.name.into(), part));
        }
        Ok(Self {
            refused: refused.collect(),
            left: left.into(),
            n_media: 0,
            n_parts: parts.len(),
            options: options.clone(),
            format,
            parts,
            current: None,
            tree,
        })
    }
}

impl Export {
    /// One part of several costs only itself.
    fn lost(&self, to: &mut Chunks, name: &Arc<str>, error: SourceError) -> Result<(), SourceError> {
        if self.n_parts == 1 {
            return Err(error);
        }
        let why = format!("cannot be read on, the rest of it is lost: {error}");
        to.push_in(name, Place::Whole, Err(why));
        Ok(())
    }

    /// Reports an entry that nobody has read, or has it read, where it lies in the folder of an export and is something else.
    fn tell_left(&mut self, to: &mut Chunks, at: usize) {
        let tree = self.tree.clone();
        let entry = &tree.entries[at];
        if entry.is_used() || entry.is_read() {
            return;
        }
        let why = match self.tree.peek(entry, PROBE_BYTES) {
            Ok(first) if first.is_empty() => return,
            Ok(first) if format_of(&first).is_some() => {
                self.parts.extend(format_of(&first).map(|format| {
                    let part = Part {
                        tree: self.tree.clone(),
                        root: entry.folder().to_owned(),
                        entries: vec![at],
                        options: self.options.clone(),
                    };
                    (format, entry.path.as_str().into(), part)
                }));
                self.n_parts += 1;
                return;
            }
            Ok(first) if is_text(&first) => "is text of no kind that Lexhold reads".to_owned(),
            Ok(first) if media::is_media(&entry.path, &first) => {
                self.n_media += 1;
                return;
            }
            Ok(first) if Packing::of(&first) == Some(Packing::Other) => {
                "is packed in a way that is not read; unpack it first".to_owned()
            }
            Ok(_) => "is of no kind that Lexhold reads".to_owned(),
            Err(error) => error.to_string(),
        };
        to.push_in(&entry.path.as_str().into(), Place::Whole, Err(why));
    }
}

impl Rows for Export {
    fn read(&mut self, to: &mut Chunks) -> Result<bool, SourceError> {
        if let Some((file, why)) = self.refused.pop_front() {
            to.push_in(&file, Place::Whole, Err(why));
            return Ok(true);
        }
        if let Some((name, current)) = &mut self.current {
            match current.read(to) {
                Ok(true) => {}
                Ok(false) => self.current = None,
                Err(error) => {
                    let name = name.clone();
                    self.current = None;
                    self.lost(to, &name, error)?;
                }
            }
            return Ok(true);
        }
        if let Some((format, name, part)) = self.parts.pop_front() {
            to.begin(name.clone());
            match format.open(part) {
                Ok(opened) => self.current = Some((name, opened)),
                Err(error) => self.lost(to, &name, error)?,
            }
            return Ok(true);
        }
        to.begin(Arc::default());
        if let Some(at) = self.left.pop_front() {
            self.tell_left(to, at);
            return Ok(true);
        }
        if self.n_media > 0 {
            let n = std::mem::take(&mut self.n_media);
            to.remark(match n {
                1 => "a picture, sound or film is in it that no message names".to_owned(),
                _ => format!("{n} pictures, sounds or films are in it that no message names"),
            });
        }
        Ok(false)
    }

    fn position_bytes(&self) -> u64 {
        self.tree.position_bytes()
    }

    fn total_bytes(&self) -> Option<u64> {
        Some(self.tree.total_bytes)
    }

    fn format(&self) -> &str {
        &self.format
    }
}

/// `slack (zip)`, or `slack, whatsapp (folder)`.
fn name(claims: &[Claim], packing: &str) -> String {
    let mut names: Vec<&str> = claims.iter().map(|claim| claim.format.about().name).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    if packing.is_empty() {
        names
    } else {
        format!("{names} ({packing})")
    }
}

/// Who reads what, in the order of the paths.
struct Claims {
    claims: Vec<Claim>,
    /// The entries that are not clutter.
    left: Vec<usize>,
    /// What cannot be opened, and why.
    refused: Vec<(String, String)>,
}

/// The format of a database, if any of them knows its tables.
fn format_of_database(tree: &Tree, at: usize, options: &Options) -> Result<Option<&'static dyn Format>, SourceError> {
    let database = Database::open(tree, at, options.chunks.line_bytes)?;
    let format = FORMATS.iter().find(|format| format.is_database(&database.tables));
    if format.is_none() {
        tree.drop_copy(at);
    }
    Ok(format.copied())
}

fn claims(tree: &Tree, options: &Options) -> Claims {
    let mut claims = Vec::new();
    let mut taken: Vec<Option<&dyn Format>> = vec![None; tree.entries.len()];
    for format in FORMATS {
        for root in format.folders(tree) {
            let entries: Vec<usize> = tree.below(&root).filter(|at| taken[*at].is_none()).collect();
            if entries.is_empty() {
                continue;
            }
            entries.iter().for_each(|at| taken[*at] = Some(*format));
            claims.push(Claim {
                format: *format,
                name: root.trim_end_matches('/').to_owned(),
                root,
                entries,
            });
        }
    }
    let (mut left, mut refused) = (Vec::new(), Vec::new());
    for (at, entry) in tree.entries.iter().enumerate() {
        if is_clutter(&entry.path) || is_beside_a_database(tree, &entry.path) {
            continue;
        }
        if let Some(format) = taken[at] {
            left.extend(Some(at).filter(|_| !format.passes_by(entry.file_name())));
            continue;
        }
        let first = match tree.peek(entry, PROBE_BYTES) {
            Ok(first) => first,
            Err(error) => {
                refused.push((entry.path.clone(), error.to_string()));
                continue;
            }
        };
        let format = if sqlite::is_database(&first) {
            format_of_database(tree, at, options).unwrap_or_else(|error| {
                refused.push((entry.path.clone(), error.to_string()));
                None
            })
        } else {
            format_of(&first)
        };
        if let Some(format) = format {
            let name = if format.is_single(&first) {
                entry.folder().trim_end_matches('/')
            } else {
                &entry.path
            };
            claims.push(Claim {
                format,
                name: name.to_owned(),
                root: entry.folder().to_owned(),
                entries: vec![at],
            });
        } else {
            left.push(at);
        }
    }
    claims.sort_by_key(|claim| claim.entries.first().copied());
    Claims { claims, left, refused }
}

/// The format of a file that begins so: that of a product, or a table of messages.
fn format_of(first: &[u8]) -> Option<&'static dyn Format> {
    let of_export = FORMATS.iter().find(|format| format.is_file(first)).copied();
    of_export.or_else(|| Table.is_file(first).then_some(&Table as &dyn Format))
}

/// What SQLite keeps beside a database, and reads with it.
fn is_beside_a_database(tree: &Tree, path: &str) -> bool {
    let base = ["-wal", "-shm", "-journal"]
        .iter()
        .find_map(|ending| path.strip_suffix(ending));
    base.is_some_and(|base| tree.find(base).is_some())
}

/// What systems leave behind in folders and archives.
fn is_clutter(path: &str) -> bool {
    path.starts_with("__MACOSX/") || path.ends_with(".DS_Store") || path.ends_with("Thumbs.db")
}

fn is_text(first: &[u8]) -> bool {
    let cut_character = |error: &std::str::Utf8Error| error.error_len().is_none();
    !first.is_empty()
        && !first.contains(&0)
        && std::str::from_utf8(first).map_or_else(|error| cut_character(&error), |_| true)
}
