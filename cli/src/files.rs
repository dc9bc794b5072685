//! Reading the documents that a verb was pointed at.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use lexhold_document::OpenError;
use lexhold_evaluate::Regulations;
use serde::Deserialize;

use crate::failure::{Exit, Failure};

/// Why a file could not be read, in a few words and without a path.
pub fn why(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "not found".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::IsADirectory => "it is a folder".into(),
        ErrorKind::StorageFull => "the disk is full".into(),
        _ => {
            let text = error.to_string();
            text.split_once(" (os error")
                .map_or(text.as_str(), |(words, _)| words)
                .to_lowercase()
        }
    }
}

/// The YAML files under these paths, sorted by path; hidden ones are passed over.
///
/// # Errors
/// Names the first path that is not there, with the nearest name that is.
pub fn yaml_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut found)?;
        } else {
            std::fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The same, with those among them that an editor has not saved even once.
pub fn yaml_files_over(paths: &[PathBuf], unsaved: &Unsaved) -> anyhow::Result<Vec<PathBuf>> {
    let unsaved: Vec<&PathBuf> = unsaved.keys().filter(|path| !path.exists()).collect();
    let is_new = |path: &PathBuf| unsaved.contains(&&real(path)) && !path.exists();
    let (mut found, there): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(is_new);
    for folder in there.iter().filter(|path| path.is_dir()) {
        let within = |path: &&PathBuf| path.strip_prefix(real(folder)).ok().map(|rest| folder.join(rest));
        found.extend(unsaved.iter().filter_map(within).filter(|path| is_document_name(path)));
    }
    found.extend(yaml_files(&there)?);
    found.sort();
    found.dedup();
    Ok(found)
}

/// The folder beside `lexhold.yaml` that is read where nobody names another.
pub const OWN_POLICIES: &str = "policies";

/// `cannot read nope.yaml: not found`, and a near name if there is one.
pub fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::new(Exit::Policy, format!("cannot read {}: {}", path.display(), why(error)));
    if error.kind() != ErrorKind::NotFound {
        return failure;
    }
    match near_name(path) {
        Some(help) => failure.help(help),
        None if path == Path::new(OWN_POLICIES) => failure
            .help("name documents with --policies, or begin with lexhold init DIR, which makes a repository of them"),
        None => failure,
    }
}

/// A help that names the file beside `path` whose name is nearly its name.
pub fn near_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    lexhold_document::did_you_mean(name, names.iter().map(String::as_str))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else if is_document_name(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file's name says that it is YAML.
pub fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// Whether a file among documents is one, by its name: neither the table of laws nor the project's configuration.
fn is_document_name(path: &Path) -> bool {
    let is_other = |name: &OsStr| name == REGULATIONS || name == crate::settings::FILE;
    is_yaml(path) && !path.file_name().is_some_and(is_other)
}

/// The table of laws that packs cite lies among the policies without being one.
const REGULATIONS: &str = "regulations.yaml";

/// The table as it is shipped.
const SHIPPED_REGULATIONS: &str = include_str!("../../policies/regulations.yaml");

/// The table of laws as text, with its path if it is one in a folder of policies; else the one that is shipped.
///
/// # Errors
/// When a table that is there cannot be read.
pub fn regulation_table(paths: &[PathBuf]) -> anyhow::Result<(Option<PathBuf>, String)> {
    let folder = |path: &PathBuf| {
        if path.is_dir() {
            path.clone()
        } else {
            path.parent().unwrap_or(path).to_owned()
        }
    };
    let mut theirs = paths.iter().map(|path| folder(path).join(REGULATIONS));
    match theirs.find(|path| path.is_file()) {
        Some(path) => {
            let text = std::fs::read_to_string(&path).map_err(|error| cannot_read(&path, &error))?;
            Ok((Some(path), text))
        }
        None => Ok((None, SHIPPED_REGULATIONS.to_owned())),
    }
}

/// Which laws the table has, and whether a page has confirmed each.
///
/// # Errors
/// When a table that is there cannot be read.
pub fn regulations(paths: &[PathBuf]) -> anyhow::Result<Regulations> {
    #[derive(Deserialize)]
    struct Regulation {
        id: String,
        confidence: String,
    }
    let (path, text) = regulation_table(paths)?;
    let name = path.unwrap_or_else(|| REGULATIONS.into());
    let entries: Vec<Regulation> = serde_yaml::from_str(&text).map_err(|error| {
        let message = format!("{} is no table of regulations: {error}", name.display());
        Failure::new(Exit::Policy, message).help("a list of entries, each with `id` and `confidence`")
    })?;
    let verified = |entry: Regulation| (entry.id, entry.confidence == "verified");
    Ok(entries.into_iter().map(verified).collect())
}

/// Writes a whole document, which is no secret, or nothing of it: beside it first, then in its place, with the permissions that it had.
///
/// What is there and no regular file, a pipe say, is written to as it is.
pub fn write_document(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let before = std::fs::metadata(path).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return std::fs::write(path, content);
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut temporary = tempfile::Builder::new();
    #[cfg(unix)]
    temporary.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = temporary.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    temporary.write_all(content)?;
    if let Some(before) = before {
        temporary.as_file().set_permissions(before.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Texts that an editor has not saved, or that are about to be written, by the real paths of the files that they stand for.
pub type Unsaved = BTreeMap<PathBuf, String>;

/// A path without links and detours, also of a file that is not there yet.
pub fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.canonicalize().unwrap_or_else(|_| {
        let folder = whole.parent().and_then(|folder| folder.canonicalize().ok());
        folder
            .zip(whole.file_name())
            .map_or(whole.clone(), |(folder, name)| folder.join(name))
    })
}

/// Opens an imported file, but only inside the project or a folder that Lexhold was pointed at.
pub fn open_import(folders: &[PathBuf], path: &str, unsaved: &Unsaved) -> Result<String, OpenError> {
    let path = Path::new(path);
    let real = path.canonicalize().map_err(|_| OpenError::NotFound)?;
    let is_inside = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
    if !folders.iter().any(is_inside) {
        let link = path.ancestors().any(|part| part.is_symlink());
        return Err(if link { OpenError::Symlink } else { OpenError::Outside });
    }
    if let Some(text) = unsaved.get(&real) {
        return Ok(text.clone());
    }
    let bytes = std::fs::read(&real).map_err(|_| OpenError::NotFound)?;
    lexhold_document::text(bytes).map_err(OpenError::NotText)
}
