//! `imports:`: from a path beside a file to the file, and what may be wrong on the way.

use crate::{Diagnostic, Entry, FileId, Files, Node, NotText, Place, codes, limits};

/// Why a file that a document imports could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// There is no such file.
    NotFound,
    /// The path leads out of the project.
    Outside,
    /// The path leads through a symbolic link.
    Symlink,
    /// The file is not UTF-8; see [`crate::text`].
    NotText(NotText),
    /// The file is larger than [`limits::FILE_BYTES`].
    TooLarge,
    /// The file exists but cannot be read, for this reason.
    Unreadable(String),
}

/// One item of `imports:`.
pub(crate) struct Import {
    /// Its position in the list.
    pub index: usize,
    /// The path as written.
    pub written: String,
    /// Where the path stands.
    pub place: Place,
}

/// The items of `imports:` that name a file.
pub(crate) fn imports(root: &Node) -> Vec<Import> {
    let items = root.get("imports").and_then(Node::as_list).unwrap_or_default().iter();
    let import = |(index, item): (usize, &Node)| {
        let file = item.get("file")?;
        Some(Import {
            index,
            written: file.as_text()?.to_owned(),
            place: file.place,
        })
    };
    items.enumerate().filter_map(import).collect()
}

/// The values that one item of a resolved document's `imports:` gives.
pub(crate) fn with(root: &Node, index: usize) -> &[Entry] {
    let item = root
        .get("imports")
        .and_then(Node::as_list)
        .and_then(|items| items.get(index));
    item.and_then(|item| item.get("with"))
        .and_then(Node::as_map)
        .unwrap_or_default()
}

/// The path of an imported file, from where the importer's path begins; `None` if it leads out of there.
///
/// Taken from the words alone. That no part of it is a symbolic link is for the opener to see.
pub(crate) fn resolve(importer: &str, written: &str) -> Option<String> {
    if written.starts_with('/') {
        return None;
    }
    let folder = importer.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().filter(|folder| *folder != "..")?;
            }
            part => parts.push(part),
        }
    }
    let root = if importer.starts_with('/') { "/" } else { "" };
    Some(format!("{root}{}", parts.join("/")))
}

impl OpenError {
    /// What is told about an import that could not be opened.
    pub(crate) fn diagnostic(self, files: &mut Files, import: &Import, path: &str) -> Diagnostic {
        let written = &import.written;
        let at = |code, message: String, label: &str| Diagnostic::error(code, message).at(import.place, label);
        match self {
            OpenError::NotFound => at(
                codes::IMPORT_NOT_FOUND,
                format!("cannot import `{written}`: not found"),
                "",
            )
            .note(format!("looked for `{path}`, beside this file")),
            OpenError::Outside => at(
                codes::IMPORT_OUTSIDE,
                format!("`{written}` leads out of the project"),
                "",
            )
            .help("import files inside the project only, by a path relative to this file"),
            OpenError::Symlink => at(
                codes::IMPORT_SYMLINK,
                format!("`{written}` leads through a symbolic link"),
                "",
            )
            .help("import the file itself"),
            OpenError::NotText(reason) => reason.diagnostic(files, path).also(import.place, "imported here"),
            OpenError::TooLarge => {
                let limit = limits::FILE_BYTES / (1024 * 1024);
                at(
                    codes::FILE_TOO_LARGE,
                    format!("cannot import `{written}`: larger than {limit} MiB"),
                    "",
                )
            }
            OpenError::Unreadable(reason) => at(
                codes::IMPORT_UNREADABLE,
                format!("cannot import `{written}`: {reason}"),
                "",
            ),
        }
    }
}

/// What is told about documents that import each other; the chain names every file and line.
pub(crate) fn cycle(files: &Files, chain: &[(FileId, Place)]) -> Option<Diagnostic> {
    let ((first, _), (_, last)) = (chain.first()?, chain.last()?);
    if chain.len() == 1 {
        let message = format!("`{}` imports itself", files.path(*first));
        return Some(
            Diagnostic::error(codes::SELF_IMPORT, message)
                .at(*last, "")
                .help("delete the import"),
        );
    }
    let step = |(file, place): &(FileId, Place)| format!("{}:{}", files.path(*file), files.position(*place).0);
    let mut steps: Vec<String> = chain.iter().map(step).collect();
    steps.push(files.path(*first).to_owned());
    let diagnostic = Diagnostic::error(codes::IMPORT_CYCLE, format!("import cycle: {}", steps.join(" -> ")))
        .at(*last, "closes the cycle");
    Some(
        chain[..chain.len() - 1]
            .iter()
            .fold(diagnostic, |diagnostic, (_, place)| {
                diagnostic.also(*place, "imported here")
            }),
    )
}

/// What is told about a chain of imports that is too long.
pub(crate) fn too_deep(import: &Import) -> Diagnostic {
    Diagnostic::error(
        codes::IMPORT_TOO_DEEP,
        format!("imports nested deeper than {}", limits::IMPORT_DEPTH),
    )
    .at(import.place, "one level too many")
}
