//! `keys new` and `sign`: an operator's own key, and what they stand by with it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use lexhold_model::Digest;
use lexhold_policy::{Approval, Statement, Verb, public_key};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::{Keys, Sign};
use crate::failure::{Exit, Failure};
use crate::files::{cannot_read, why};
use crate::home;
use crate::home_keys;
use crate::operators::Actor;
use crate::report::table::write_whole;
use crate::settings::Settings;
use crate::terminal::say;

/// A key file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    operator: String,
    /// 64 hexadecimal digits.
    secret_key: Digest,
}

/// Runs the verb.
pub fn keys(settings: &Settings, args: &Keys) -> anyhow::Result<Exit> {
    match args {
        Keys::New { operator, out } => new(settings, operator, out.clone().unwrap_or_else(|| key_path(operator))),
        Keys::Show => home_keys::show(settings),
        Keys::Export { out } => home_keys::export(settings, out.as_deref()),
        Keys::Rotate { lost, confirmed_by } => home_keys::rotate(settings, *lost, confirmed_by),
    }
}

/// Makes a key that only its owner can read, and prints the public half for `operators.yaml`.
fn new(settings: &Settings, operator: &str, path: PathBuf) -> anyhow::Result<Exit> {
    let mut secret = [0; 32];
    home::dice(&mut secret)?;
    let key = KeyFile {
        operator: operator.to_owned(),
        secret_key: Digest(secret),
    };
    let cannot = |error: std::io::Error| {
        let failure = Failure::new(Exit::Data, format!("cannot create {}: {}", path.display(), why(&error)));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::new(
                Exit::Refused,
                format!("{} is there already, and a key is never overwritten", path.display()),
            ),
            _ => failure,
        }
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(cannot)?;
    writeln!(file, "{}", json!(key))?;
    file.sync_all()?;
    writeln!(
        std::io::stdout().lock(),
        "  - {{ id: {}, roles: [], public_key: \"{}\" }}",
        yaml_word(operator),
        public_key(&secret)
    )?;
    if !settings.quiet {
        say(&lexhold_document::printable(&format!(
            "{} is yours alone: keep it where nobody else can read it",
            path.display()
        )));
        say("the line above goes into operators.yaml, with roles");
    }
    Ok(Exit::Done)
}

/// A word as it stands in YAML: in quotes, with nothing raw in it, where it is not plain.
fn yaml_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(plain) {
        return word.to_owned();
    }
    json!(word).to_string().replace('\u{7f}', "\\u007f")
}

/// Signs that an operator stands by one act on one thing.
pub fn sign(settings: &Settings, args: &Sign) -> anyhow::Result<Exit> {
    let Some(operator) = &settings.operator else {
        return Err(Failure::new(Exit::Usage, "nobody is named to sign")
            .help("--as OPERATOR says who you are")
            .into());
    };
    let verb = verb(&args.action)?;
    let secret = secret_of(operator, args.key.as_deref())?;
    let actor = Actor::resolve(settings)?;
    let listed = actor
        .operator(operator)
        .and_then(|operator| operator.public_key.clone());
    if listed.as_deref() != Some(public_key(&secret).as_str()) {
        let message = format!("operators.yaml does not list this key for `{operator}`");
        return Err(Failure::new(Exit::Refused, message)
            .help("lexhold keys new prints the line for it")
            .into());
    }
    if verb == Verb::ApproveDisposal {
        refuse_stranger(settings, &args.subject)?;
    }
    let statement = Statement {
        home: home_id(settings)?,
        verb: verb.as_str().to_owned(),
        of: args.subject.clone(),
        operator: operator.clone(),
        signed_at: settings.now,
    };
    let text = format!("{:#}\n", json!(Approval::sign(statement, &secret)));
    match &args.out {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => write_whole(path, |mut out| Ok(out.write_all(text.as_bytes())?))?,
    }
    Ok(Exit::Done)
}

/// Refuses to sign for a plan that the home does not have: who signs for its name, or half of its digest, has signed for nothing.
fn refuse_stranger(settings: &Settings, digest: &str) -> anyhow::Result<()> {
    let plans = home::catalog(settings, &home::open(settings)?)?.plans()?;
    if plans.iter().any(|plan| plan.digest == digest) {
        return Ok(());
    }
    let digest = lexhold_document::printable(digest);
    let failure = Failure::new(Exit::Usage, format!("no disposal plan has the digest `{digest}`"));
    let help = match plans.iter().find(|plan| plan.plan == digest) {
        Some(named) => format!("{digest} has the digest {}", named.digest),
        None => "lexhold dispose status lists plans with their digests".to_owned(),
    };
    Err(failure.help(help).into())
}

/// The id of the home, or of the one that the backup in its place is of: what is restored may be all there is.
fn home_id(settings: &Settings) -> anyhow::Result<String> {
    match lexhold_store::backed_up_home(&settings.home) {
        Ok(id) => Ok(id),
        Err(_) => Ok(home::open(settings)?.id().to_owned()),
    }
}

fn verb(name: &str) -> anyhow::Result<Verb> {
    let found = Verb::ALL.iter().find(|verb| verb.as_str() == name);
    found.copied().ok_or_else(|| {
        let names = || Verb::ALL.iter().map(|verb| verb.as_str());
        let help = lexhold_document::did_you_mean(name, names())
            .unwrap_or_else(|| format!("one of {}", names().collect::<Vec<_>>().join(", ")));
        Failure::new(Exit::Usage, format!("`{name}` is no action of governance"))
            .help(help)
            .into()
    })
}

fn key_path(operator: &str) -> PathBuf {
    PathBuf::from(format!("{operator}.key"))
}

/// The secret half of an operator's own key.
///
/// # Errors
/// When it cannot be read, can be read by others, or is somebody else's.
pub fn secret_of(operator: &str, path: Option<&Path>) -> anyhow::Result<[u8; 32]> {
    let key = read_key(&path.map_or_else(|| key_path(operator), Path::to_owned))?;
    if key.operator == operator {
        return Ok(key.secret_key.0);
    }
    let message = format!("the key is that of `{}`, not of `{operator}`", key.operator);
    Err(Failure::new(Exit::Refused, message).into())
}

fn read_key(path: &Path) -> anyhow::Result<KeyFile> {
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::new(Exit::Policy, format!("there is no key at {}", path.display()))
            .help("--key says where it lies; lexhold keys new makes one"),
        _ => cannot_read(path, &error),
    };
    let open = std::fs::metadata(path).map_err(cannot)?.permissions().mode() & 0o077 != 0;
    if open {
        let message = format!("{} can be read by others than its owner", path.display());
        return Err(Failure::new(Exit::Refused, message)
            .help("chmod 600, and a new key if it was open for long")
            .into());
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    // What is wrong with a key is not told in its own words.
    let key: Option<KeyFile> = serde_json::from_slice(&bytes).ok();
    key.ok_or_else(|| Failure::new(Exit::Policy, format!("{} is no key", path.display())).into())
}
