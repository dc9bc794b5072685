//! The configuration files: `lexhold.yaml` of the project, and the user's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lexhold_document::{Diagnostics, Files};
use semver::{Version, VersionReq};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::{Exit, Failure};
use crate::versions;

/// The name that the project's file has wherever it lies.
pub const FILE: &str = "lexhold.yaml";

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The line on which each of its keys stands.
    pub keys: BTreeMap<String, usize>,
    text: String,
}

/// The project's file, walking up to the first folder that has it or a `.git`.
pub fn find() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    for (up, folder) in here.ancestors().enumerate() {
        if folder.join(FILE).is_file() {
            // A relative path keeps messages and reports free of where the folder lies.
            return Some(std::iter::repeat_n("..", up).collect::<PathBuf>().join(FILE));
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The user's own file, where there is one: `$XDG_CONFIG_HOME/lexhold/config.yaml`, or below `~/.config`.
///
/// # Errors
/// When it is there and cannot be read.
pub fn of_user() -> anyhow::Result<Option<ConfigFile>> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
    let path = folder.map(|folder| folder.join("lexhold").join("config.yaml"));
    path.filter(|path| path.is_file()).map(read).transpose()
}

/// Reads a file, and refuses one that is written for another version of Lexhold before anything else in it is looked at.
///
/// # Errors
/// When it cannot be read, is no text, or asks for another version.
pub fn read(path: PathBuf) -> anyhow::Result<ConfigFile> {
    let cannot = |why: String| Failure::new(Exit::Policy, format!("cannot read {}: {why}", path.display()));
    let bytes = std::fs::read(&path).map_err(|error| cannot(crate::files::why(&error)))?;
    let mut files = Files::new();
    let text = files
        .add_bytes(&path.display().to_string(), bytes, &mut Diagnostics::new())
        .map(|id| files.text(id).to_owned());
    let text = text.ok_or_else(|| cannot("not UTF-8 text".into()))?;
    required_version(&path, &text)?;
    let keys = text.lines().enumerate().filter_map(|(at, line)| {
        let (key, _) = line.split_once(':')?;
        let is_key = key.starts_with(|first: char| first.is_ascii_alphabetic());
        is_key.then(|| (key.to_owned(), at + 1))
    });
    Ok(ConfigFile {
        keys: keys.collect(),
        path,
        text,
    })
}

fn required_version(path: &Path, text: &str) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(rename = "required-version")]
        version: Option<String>,
    }
    // What is no YAML is told later, with its place.
    let Ok(Asked { version: Some(asked) }) = serde_yaml::from_str(text) else {
        return Ok(());
    };
    let name = path.display();
    let range = VersionReq::parse(&asked).map_err(|error| {
        Failure::new(
            Exit::Policy,
            format!("{name}: `required-version: {asked}` is no range of versions: {error}"),
        )
        .help("write it as \">=1.2, <2\"")
    })?;
    if Version::parse(versions::ENGINE).is_ok_and(|engine| range.matches(&engine)) {
        return Ok(());
    }
    let message = format!("{name} wants lexhold {asked}, and this is {}", versions::ENGINE);
    Err(Failure::new(Exit::Policy, message)
        .help("use a version in that range, or change `required-version`")
        .into())
}

/// What a file says; the defaults where there is none.
///
/// # Errors
/// With its place, for what it may not say; `known` tells what it may.
pub fn parsed<T: DeserializeOwned + Default>(file: Option<&ConfigFile>, known: &str) -> anyhow::Result<T> {
    let Some(file) = file else {
        return Ok(T::default());
    };
    serde_yaml::from_str(&file.text).map_err(|error| {
        let place = error
            .location()
            .map(|at| format!(":{}:{}", at.line(), at.column()))
            .unwrap_or_default();
        Failure::new(Exit::Policy, format!("{}{place}: {error}", file.path.display()))
            .help(known)
            .into()
    })
}
