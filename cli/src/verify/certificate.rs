//! `verify --certificate`: by a public key and, at best, a checkpoint that somebody kept; without a home.

use std::io::Write;
use std::path::Path;

use lexhold_model::PublicKey;
use lexhold_store::{Certificate, CertificateFault, Certified, NoteKey};

use crate::checkpoint;
use crate::failure::{Exit, Failure};
use crate::files::cannot_read;

/// Checks a certificate. What does not hold ends with the exit code of data that fails verification.
pub fn verify(path: &Path, key: &str, checkpoints: &[std::path::PathBuf]) -> anyhow::Result<Exit> {
    let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
    let certificate: Certificate = serde_json::from_slice(&bytes).map_err(|_| {
        let message = format!("{} is no certificate", path.display());
        Failure::new(Exit::Data, message)
    })?;
    let keys = keys(key)?;
    let mut older = Vec::new();
    for path in checkpoints {
        older.extend(checkpoint::read(path)?);
    }
    let wrong = |fault: CertificateFault| {
        let failure = Failure::new(Exit::Data, format!("{}: {fault}", path.display()));
        match fault {
            CertificateFault::NoProof(_) | CertificateFault::NotOlder => failure.help(
                "the home's owner issues it again with the proof: lexhold checkpoint export, then dispose certificate",
            ),
            _ => failure,
        }
    };
    let certified = first(&keys, |key| certificate.verify(*key, None)).map_err(wrong)?;
    for older in &older {
        first(&keys, |key| certificate.verify(*key, Some(older))).map_err(wrong)?;
    }
    print(path, &certificate, &certified, older.len())?;
    Ok(Exit::Done)
}

fn print(path: &Path, certificate: &Certificate, certified: &Certified, n_older: usize) -> anyhow::Result<()> {
    let Certified {
        home,
        seq,
        at,
        kind,
        head,
    } = certified;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: holds", path.display())?;
    writeln!(out, "  {:<10} {home}", "home")?;
    writeln!(out, "  {:<10} {seq} of {}, {kind}, {at}", "entry", head.size)?;
    for name in ["plan", "plan_digest", "items"] {
        let value = match &certificate.body()[name] {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        writeln!(out, "  {name:<10} {}", lexhold_document::printable(&value))?;
    }
    let vouched = match n_older {
        0 => "no checkpoint kept elsewhere was given: that its journal is the only one is the signer's word".to_owned(),
        n => format!("its journal begins with what {n} checkpoints speak of"),
    };
    writeln!(out, "  {vouched}")?;
    Ok(())
}

/// The first key under which it holds, or what is wrong under the first that is the home's at all.
fn first<T>(
    keys: &[PublicKey],
    mut check: impl FnMut(&PublicKey) -> Result<T, CertificateFault>,
) -> Result<T, CertificateFault> {
    let mut fault = CertificateFault::Key;
    for key in keys {
        match check(key) {
            Ok(held) => return Ok(held),
            Err(CertificateFault::Key) => {}
            Err(other) => fault = other,
        }
    }
    Err(fault)
}

/// Keys as typed, or as a file has them, one a line: `lexhold/…+id+key`, or 64 hexadecimal digits.
fn keys(text: &str) -> anyhow::Result<Vec<PublicKey>> {
    if let Some(key) = key(text) {
        return Ok(vec![key]);
    }
    let path = Path::new(text);
    let content = std::fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
    let keys: Option<Vec<_>> = content
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(key)
        .collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        let message = format!("{text} holds no public keys");
        Failure::new(Exit::Usage, message)
            .help("lexhold keys export writes them")
            .into()
    })
}

fn key(text: &str) -> Option<PublicKey> {
    let note = || text.parse::<NoteKey>().ok().map(|key| key.key);
    text.trim().parse().ok().or_else(note)
}
