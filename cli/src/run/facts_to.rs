//! `run --facts-to`: what another machine needs to evaluate for this home, on record and in a file.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use lexhold_evaluate::portable::{EarlierVersion, Portable, SCHEMA, key_text};
use lexhold_evaluate::{Bundle, is_yaml};
use lexhold_model::{Digest, Directory};
use lexhold_store::Home;

use super::begin;
use crate::args::Run;
use crate::failure::{Exit, Failure};
use crate::files::why;
use crate::load::Project;
use crate::operators::Actor;
use crate::settings::Settings;
use crate::terminal::say;
use crate::{past, versions};

/// Puts the facts of now on record and writes them where they were asked for.
#[expect(clippy::too_many_arguments, reason = "facts are made of these")]
pub fn write(
    settings: &Settings,
    args: &Run,
    actor: &Actor,
    home: &Home,
    project: &Project,
    (bundle, bound): (&Bundle, &[EarlierVersion]),
    directory: &Directory,
    to: &Path,
) -> anyhow::Result<Exit> {
    let (holds, sources, facts) = begin::facts_on_record(settings, actor, home, project, directory)?;
    let mut earlier_sources = BTreeMap::new();
    for version in bound {
        earlier_sources.insert(version.bundle, texts_of(home, version.bundle)?);
    }
    let below = |path: &str, folder: &str| {
        path.strip_prefix(folder)
            .and_then(|path| path.strip_suffix(".yaml"))
            .map(str::to_owned)
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let names: Vec<&str> = holds.specs().iter().map(|hold| hold.name.as_str()).collect();
    let texts = sources
        .iter()
        .filter_map(|(path, bytes)| Some((below(path, "holds/")?, text(bytes))));
    let portable = Portable {
        schema: SCHEMA.to_owned(),
        bundle: Some(bundle.digest),
        earlier: bound.to_vec(),
        earlier_sources,
        facts: Some(facts),
        zone: home.zone().to_owned(),
        key: key_text(&home.content_key()?),
        backfill: args.backfill,
        captured_at: settings.as_of,
        cedar_schema: project.cedar_schema.as_ref().map(|(_, bytes)| text(bytes)),
        holds: texts.filter(|(name, _)| names.contains(&name.as_str())).collect(),
        handles: match sources.get(past::HOLD_HANDLES) {
            Some(handles) => serde_json::from_slice(handles)?,
            None => Default::default(),
        },
        directory: directory.into(),
        engine: versions::ENGINE.to_owned(),
        tz_database: versions::tz_database().to_owned(),
        unicode: versions::unicode(),
    };
    write_secret(to, &portable.text())?;
    if !settings.quiet {
        say(&format!(
            "facts {} are on record and in {}, which holds the key of this home: keep it as you keep the home",
            facts.short(),
            to.display()
        ));
    }
    Ok(Exit::Done)
}

fn texts_of(home: &Home, bundle: Digest) -> anyhow::Result<BTreeMap<String, String>> {
    let sources = past::bundle_sources(home, &bundle.to_string())?.ok_or_else(|| {
        Failure::new(
            Exit::Data,
            format!("the sources of bundle {} are not on record", bundle.short()),
        )
        .help("lexhold verify says what is wrong with the home")
    })?;
    let texts = sources.into_iter().filter(|(path, _)| is_yaml(path));
    Ok(texts
        .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
        .collect())
}

/// Writes a new file for its owner alone.
fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = |error: std::io::Error| {
        let failure = Failure::new(Exit::Data, format!("cannot write {}: {}", path.display(), why(&error)));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => failure.help("name another file; one that is there is left alone"),
            _ => failure,
        }
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(cannot)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(cannot)?;
    Ok(())
}
