//! What is compared: `active`, a bundle by its digest or the beginning of it, or a folder.

use std::path::{Path, PathBuf};

use lexhold_evaluate::Bundle;
use lexhold_model::Digest;
use lexhold_store::Home;

use crate::failure::{Exit, Failure};
use crate::ledger::History;
use crate::load::Project;
use crate::past;
use crate::settings::Settings;

/// One side of a comparison.
pub struct Side {
    /// What the bundle was compiled from.
    pub project: Project,
    /// The bundle.
    pub bundle: Bundle,
    /// Whether it is the one that is active.
    pub is_active: bool,
}

/// The bundle that an argument names.
pub fn side(settings: &Settings, home: &Home, history: &History, name: &str) -> anyhow::Result<Side> {
    let active = history.active().map(|active| active.bundle);
    let (project, bundle) = match named(history, name)? {
        Some(digest) => stored(home, digest)?,
        None => folder(settings, Path::new(name))?,
    };
    Ok(Side {
        is_active: active == Some(bundle.digest),
        project,
        bundle,
    })
}

/// The digest that a name stands for; none where it is a path.
fn named(history: &History, name: &str) -> anyhow::Result<Option<Digest>> {
    if name == "active" {
        let active = history.active().map(|active| active.bundle);
        let none =
            || Failure::new(Exit::Policy, "the home has no active bundle").help("lexhold run activates the first");
        return Ok(Some(active.ok_or_else(none)?));
    }
    if Path::new(name).exists() || name.len() < 6 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let mut found: Vec<Digest> = history.activations.iter().map(|activation| activation.bundle).collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|digest| digest.to_string().starts_with(&name.to_ascii_lowercase()));
    match found[..] {
        [one] => Ok(Some(one)),
        [] => Err(Failure::new(Exit::Policy, format!("no bundle `{name}` was ever active here")).into()),
        _ => Err(Failure::new(
            Exit::Usage,
            format!("`{name}` is the beginning of several bundles' digests"),
        )
        .into()),
    }
}

fn stored(home: &Home, digest: Digest) -> anyhow::Result<(Project, Bundle)> {
    let failed = || {
        Failure::new(
            Exit::Data,
            format!(
                "bundle {} cannot be compiled from what was stored of it",
                digest.short()
            ),
        )
    };
    let sources = past::bundle_sources(home, &digest.to_string())?.ok_or_else(failed)?;
    let schema = sources.iter().find(|(path, _)| path.ends_with(".cedarschema"));
    let mut project = Project::stored(schema.map(|(_, bytes)| bytes.as_slice()), &sources);
    let bundle = project.compile().filter(|bundle| bundle.digest == digest);
    Ok((project, bundle.ok_or_else(failed)?))
}

fn folder(settings: &Settings, path: &Path) -> anyhow::Result<(Project, Bundle)> {
    crate::load::bundle(&settings_of(settings, path)?)
}

/// Settings for a folder with `policies` and `rulesets` in it, or with documents of its own; `.` means the policies and
/// rulesets of the settings.
pub fn settings_of(settings: &Settings, path: &Path) -> anyhow::Result<Settings> {
    if path == Path::new(".") {
        return Ok(settings.clone());
    }
    if !path.exists() {
        let message = format!("`{}` is neither a path nor a bundle", path.display());
        return Err(Failure::new(Exit::Policy, message)
            .help("name `active`, the digest of a bundle, or a folder of policies and rulesets")
            .into());
    }
    let inside: Vec<PathBuf> = ["policies", "rulesets"]
        .map(|name| path.join(name))
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    let paths = if inside.is_empty() {
        vec![path.to_owned()]
    } else {
        inside
    };
    Ok(Settings {
        policies: paths,
        rulesets: Vec::new(),
        ..settings.clone()
    })
}
