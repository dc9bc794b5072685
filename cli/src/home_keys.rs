//! `keys show`, `keys export`, `keys rotate`: the key by which the home signs checkpoints and certificates.

use std::io::Write;
use std::path::Path;

use lexhold_policy::Verb;

use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::report::table::{text_table, write_whole};
use crate::settings::Settings;
use crate::terminal::say;

/// Lists the keys of the home, the one that signs now at the end.
pub fn show(settings: &Settings) -> anyhow::Result<Exit> {
    let keys = home::open(settings)?.signing_keys()?;
    let mut table = text_table(&["key", "signs since", "named by", "public key"]);
    for key in &keys {
        let named_by = match (&key.rotation, key.id == keys[0].id) {
            (_, true) => "the first",
            (Some(_), _) => "the key before",
            (None, _) => "nobody: the key before was lost",
        };
        table.add_row([&key.id, &key.since.to_string(), named_by, &key.public_key.to_string()]);
    }
    let mut out = std::io::stdout().lock();
    match keys.is_empty() {
        true => writeln!(out, "no key yet; one is made with the first checkpoint or certificate")?,
        false => writeln!(out, "{table}")?,
    }
    Ok(Exit::Done)
}

/// Writes the public halves of the keys that have signed for the home, one a line, the latest first.
pub fn export(settings: &Settings, out: Option<&Path>) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    // Whoever asks for the key gets one.
    home.signing_key(home::stamp(&Actor::resolve(settings)?.id))?;
    let keys = home.signing_keys()?;
    let lines: String = keys
        .iter()
        .rev()
        .map(|key| format!("{}\n", home.note_key(key.public_key)))
        .collect();
    match out {
        None => std::io::stdout().lock().write_all(lines.as_bytes())?,
        Some(path) => write_whole(path, |mut out| Ok(out.write_all(lines.as_bytes())?))?,
    }
    Ok(Exit::Done)
}

/// Lets a new key sign from now on.
pub fn rotate(settings: &Settings, lost: bool, confirmed_by: &[String]) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    actor.require(Verb::RotateKeys, "home", confirmed_by)?;
    let rotated = home.rotate_key(lost, home::stamp(&actor.id)).map_err(|error| {
        let help = match error.kind() {
            lexhold_store::ErrorKind::NotFound => {
                "if it is lost for good, --lost makes another, and outsiders have to be told of it"
            }
            lexhold_store::ErrorKind::Refused => "without --lost the old key names the new one",
            _ => return anyhow::Error::from(error),
        };
        Failure::new(Exit::Refused, error.to_string()).help(help).into()
    })?;
    if !settings.quiet {
        say(&format!("key {} signs from now on", rotated.id));
        say(match rotated.rotation {
            Some(_) => "whoever trusts an earlier key can follow to this one; older certificates hold under theirs",
            None => "no earlier key names it: give lexhold keys export to whoever checks certificates",
        });
    }
    Ok(Exit::Done)
}
