//! Transfers to another keeper: what a schedule hands over goes here only once that keeper's receipt names it by its hash.
//!
//! What is handed over stands in the journal before anybody outside has it, with keyed hashes alone. The receipt repeats the hash of
//! each line as it came; a message of which any version has not been received stays.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use lexhold_catalog::ItemRow;
use lexhold_catalog::payload::{DisposalHandedOver, DisposalReceived, HandedItem};
use lexhold_document::printable;
use lexhold_model::{ContentKey, Digest, Key, canonical_json};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload, Step, StoreMode};
use serde::Deserialize;
use serde_json::json;

use super::approve::{act, read};
use super::execute::{Execution, Judged};
use super::plan::Plan;
use crate::args::{MessageFormat, ReceiptOfTransfer, TransferDisposal};
use crate::convert;
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::report::table::writable;
use crate::run::faults;
use crate::settings::Settings;
use crate::terminal::{counted, say};

/// What the action of an item begins with that another keeper receives; its name follows.
pub const ACTION: &str = "transfer to ";

/// Who receives an item before it is destroyed.
pub fn receiver(item: &ItemRow) -> Option<&str> {
    item.action.strip_prefix(ACTION)
}

/// What of a plan was handed to other keepers, and what they received.
#[derive(Debug, Default)]
pub struct Transfers {
    /// The keyed hash of each message as it was handed over last.
    handed: HashMap<Key, Key>,
    received: HashSet<(Key, Key)>,
    /// Digests of the receipts.
    files: HashSet<String>,
}

impl Transfers {
    /// Reads the journal.
    pub fn read(home: &Home, plan: &str) -> anyhow::Result<Self> {
        let mut transfers = Self::default();
        for entry in home.journal().entries(1)? {
            let entry = entry?;
            match entry.kind {
                EntryKind::DisposalHandedOver => {
                    let handed: Option<DisposalHandedOver> = home.journal().payload_json(&entry)?;
                    let items = handed.filter(|handed| handed.plan == plan).map(|handed| handed.items);
                    transfers
                        .handed
                        .extend(items.into_iter().flatten().map(|item| (item.key, item.hash)));
                }
                EntryKind::DisposalReceived => {
                    let received: Option<DisposalReceived> = home.journal().payload_json(&entry)?;
                    let Some(received) = received.filter(|received| received.plan == plan) else {
                        continue;
                    };
                    transfers.files.insert(received.file);
                    transfers
                        .received
                        .extend(received.items.into_iter().map(|item| (item.key, item.hash)));
                }
                _ => {}
            }
        }
        Ok(transfers)
    }

    /// How far an item has come that another keeper is to have.
    pub fn state(&self, item: &ItemRow) -> Option<&'static str> {
        receiver(item)?;
        Some(match self.handed.get(&item.key) {
            None => "awaiting_transfer",
            Some(hash) if self.received.contains(&(item.key, *hash)) => "received",
            Some(_) => "handed_over",
        })
    }

    /// The items of a plan that are left and that another keeper has not received.
    pub fn waiting<'p>(&'p self, plan: &'p Plan) -> impl Iterator<Item = (&'p ItemRow, &'static str)> {
        let left = plan.remaining();
        left.filter_map(|item| Some((item, self.state(item).filter(|state| *state != "received")?)))
    }

    /// The items that stay because of them: all versions of a message go, or none.
    pub fn staying(&self, plan: &Plan) -> HashSet<Key> {
        let families: HashSet<Key> = self.waiting(plan).map(|(item, _)| item.family).collect();
        let staying = plan.items.iter().filter(|item| families.contains(&item.family));
        staying.map(|item| item.key).collect()
    }
}

/// Hands over what an approved plan says another keeper is to have, as far as nothing keeps it.
pub fn transfer(settings: &Settings, args: &TransferDisposal) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let faults = faults()?;
    let home = home::open(settings)?;
    writable(&args.out)?;
    let lock = home.lock_run("dispose transfer", settings.wait, home::stamp(&actor.id))?;
    let execution = Execution::begin(settings, &actor, &home, &lock, &faults, &args.plan)?;
    let (plan, to, keys) = loop {
        let Some(Judged {
            seen, plan, verdicts, ..
        }) = execution.judged()?
        else {
            continue;
        };
        let may_go = || plan.remaining().filter(|item| verdicts.go.contains_key(&item.key));
        let to = one_receiver(&args.plan, may_go().filter_map(receiver).collect(), args.to.as_deref())?;
        let keys: HashSet<Key> = may_go()
            .filter(|item| receiver(item) == Some(&to))
            .map(|item| item.key)
            .collect();
        if hand_over(&home, &actor, &plan, &to, &keys, seen)? {
            break (plan, to, keys);
        }
    };
    faults.reach(Step::Ordered);
    write(&home, &plan, &keys, &args.out)?;
    if !settings.quiet {
        let by = match home.store_mode() {
            StoreMode::Archive => "",
            StoreMode::External => ", to be handed over by the firm's archive",
        };
        say(&format!(
            "{} of {} for {} in {}{by}; they stay until its receipt has come: lexhold dispose receipt {} FILE",
            counted(keys.len(), "message", "messages"),
            plan.row.plan,
            printable(&to),
            args.out.display(),
            plan.row.plan
        ));
    }
    Ok(Exit::Done)
}

/// The keeper that is meant.
fn one_receiver(plan: &str, all: BTreeSet<&str>, wanted: Option<&str>) -> anyhow::Result<String> {
    let refused = |message: String| Failure::new(Exit::Refused, printable(&message));
    let named = all.iter().copied().collect::<Vec<_>>().join(", ");
    match (wanted, all.len()) {
        (_, 0) => Err(refused(format!("`{plan}` has nothing left that another keeper is to have")).into()),
        (Some(name), _) if !all.contains(name) => Err(refused(format!("`{plan}` has nothing for `{name}`"))
            .help(printable(&format!("it has for {named}")))
            .into()),
        (None, 2..) => Err(refused(format!("`{plan}` has messages for {named}"))
            .help("--to NAME says which of them")
            .into()),
        (Some(name), _) => Ok(name.to_owned()),
        (None, _) => Ok(named),
    }
}

/// Puts on record what is handed over, unless it is. False where something has come since `seen` that could matter.
fn hand_over(
    home: &Home,
    actor: &Actor,
    plan: &Plan,
    to: &str,
    keys: &HashSet<Key>,
    seen: u64,
) -> anyhow::Result<bool> {
    let before = Transfers::read(home, &plan.row.plan)?;
    let mut items = Vec::new();
    each_line(home, plan, keys, |key, hash, _| {
        if before.handed.get(&key) != Some(&hash) {
            items.push(HandedItem { key, hash });
        }
        Ok(())
    })?;
    if items.is_empty() {
        return Ok(home.unsettling(seen)?.is_none());
    }
    let payload = json!(DisposalHandedOver {
        plan: plan.row.plan.clone(),
        digest: plan.row.digest.clone(),
        seen,
        to: to.to_owned(),
        items,
    });
    let (kind, stamp) = (EntryKind::DisposalHandedOver, home::stamp(&actor.id));
    let unchanged = |_: &lexhold_store::Journal| Ok(home.unsettling(seen)?.is_none());
    Ok(home
        .journal()
        .append_if(kind, Some(Payload::Json(&payload)), stamp, unchanged)?
        .is_some())
}

/// The hash of a line as the journal has it: nobody without the key can test a guess.
fn keyed(key: &ContentKey, line: Digest) -> Key {
    key.keyed("transfer", [line.0.as_slice()])
}

/// Hands out the line of each message with the hash by which the journal knows it, in the order of the archive. Where bodies lie in the
/// firm's own archive, it hands them over, and a line only says which: in the order of the plan.
fn each_line(
    home: &Home,
    plan: &Plan,
    keys: &HashSet<Key>,
    mut each: impl FnMut(Key, Key, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if home.store_mode() == StoreMode::External {
        for item in plan.items.iter().filter(|item| keys.contains(&item.key)) {
            let line = json!({
                "key": item.key, "message_id": item.message_id, "version": item.version, "content_hash": item.content_hash,
            });
            each(item.key, item.content_hash, &canonical_json(&line))?;
        }
        return Ok(());
    }
    let content_key = home.content_key()?;
    let mut n_found = 0;
    for segment in home.locate(keys)?.segments {
        for archived in home.archive().read(&segment.file)? {
            let archived = archived?;
            let rows = archived.messages.rows().zip(&archived.keys);
            for (row, key) in rows.filter(|(_, key)| keys.contains(key)) {
                let message = convert::message_row(row, MessageFormat::Ndjson);
                let line = canonical_json(&json!({"key": key, "version": row.version(), "message": message}));
                each(*key, keyed(&content_key, Digest::of(line.as_bytes())), &line)?;
                n_found += 1;
            }
        }
    }
    if n_found != keys.len() {
        return Err(Failure::new(Exit::Data, "some of the messages are not in the archive")
            .help("lexhold verify says what is wrong with the home")
            .into());
    }
    Ok(())
}

/// Writes the lines into a file that is its owner's alone, since it has bodies.
fn write(home: &Home, plan: &Plan, keys: &HashSet<Key>, path: &Path) -> anyhow::Result<()> {
    let named = || format!("cannot write {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(named)?;
    let mut out = std::io::BufWriter::new(file.as_file_mut());
    each_line(home, plan, keys, |_, _, line| Ok(writeln!(out, "{line}")?))?;
    out.flush().with_context(named)?;
    drop(out);
    file.as_file().sync_all().with_context(named)?;
    file.persist(path).map_err(|error| error.error).with_context(named)?;
    Ok(())
}

/// One line of a receipt: by the hash of the line that was handed over, or, where the firm's archive handed over the message itself, by
/// the hash that the order named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: Key,
    sha256: Option<Digest>,
    content_hash: Option<Key>,
}

/// Takes a receipt in: all of it, or nothing.
pub fn receipt(settings: &Settings, args: &ReceiptOfTransfer) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let (plan, _) = read(settings, &home, &args.plan)?;
    actor.require_plan(Verb::ExecuteDisposal, &act(&plan, Timestamp::now(), &home)?)?;
    let text = crate::load::read_bytes(&args.file)?;
    let transfers = Transfers::read(&home, &args.plan)?;
    let file = Digest::of(&text).to_string();
    if transfers.files.contains(&file) {
        say("this receipt has been taken in before; nothing is added");
        return Ok(Exit::Done);
    }
    let items = parse(&home, &text, &transfers, &args.file.display().to_string())?;
    let n = items.len();
    let payload = json!(DisposalReceived {
        plan: args.plan.clone(),
        file,
        items,
    });
    let stamp = home::stamp(&actor.id);
    home.journal()
        .append(EntryKind::DisposalReceived, Some(Payload::Json(&payload)), stamp)?;
    if !settings.quiet {
        say(&format!(
            "{} received; next: lexhold dispose execute {}",
            counted(n, "message", "messages"),
            args.plan
        ));
    }
    Ok(Exit::Done)
}

fn parse(home: &Home, text: &[u8], transfers: &Transfers, file: &str) -> anyhow::Result<Vec<HandedItem>> {
    let content_key = home.content_key()?;
    let form = match home.store_mode() {
        StoreMode::Archive => {
            "a line is {\"key\", \"sha256\"}: the hash of the bytes of the line with that key, as it came"
        }
        StoreMode::External => "a line is {\"key\", \"content_hash\"}, as they were handed over",
    };
    let mut items: Vec<HandedItem> = Vec::new();
    let mut seen = HashSet::new();
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let refuse = |why: String| {
            let message = format!("{file}:{number}: {why}; nothing of it is taken in");
            Failure::new(Exit::Data, message).help(form)
        };
        // What the error quotes may be of a message.
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| refuse(format!("no line of a receipt, by column {}", error.column())))?;
        let hash = match (home.store_mode(), line.sha256, line.content_hash) {
            (StoreMode::Archive, Some(line), None) => keyed(&content_key, line),
            (StoreMode::External, None, Some(hash)) => hash,
            _ => return Err(refuse("no line of a receipt".into()).into()),
        };
        match transfers.handed.get(&line.key) {
            None => return Err(refuse("nobody handed this message over".into()).into()),
            Some(handed) if *handed != hash => {
                return Err(refuse("the hash is not that of the message as it was handed over".into()).into());
            }
            Some(_) if !seen.insert(line.key) => {
                return Err(refuse("the message stands in this file before".into()).into());
            }
            Some(_) => items.push(HandedItem { key: line.key, hash }),
        }
    }
    if items.is_empty() {
        return Err(Failure::new(Exit::Data, format!("{file} has no receipt")).into());
    }
    Ok(items)
}
