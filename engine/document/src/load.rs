//! From files to documents: reading, following imports, putting parameters in.

use std::collections::BTreeMap;

use lexhold_model::Digest;

use crate::front::Front;
use crate::imports::{self, Import, OpenError};
use crate::parameters::{self, Values};
use crate::read::Tree;
use crate::{Diagnostic, Diagnostics, Document, Entry, FileId, Files, Place, codes, digest, front, limits, read};

/// Reads the root files and everything that they import, and reports all that is wrong.
///
/// A file yields one document: with the values that its importers give it, or with its defaults if
/// nobody imports it, whether it is a root or not. `open` is asked for imported files that are not
/// among `files` yet, by a path relative to the project's root; it refuses what leads out of the
/// project or through a symbolic link.
///
/// The documents come in the order of their paths, also those with errors, so that their kinds can
/// report more; use none of them once [`Diagnostics::has_errors`].
///
/// A document's digest is the SHA-256 of the RFC 8785 form of its resolved tree. Left out are the
/// document's `tests`, and `tests`, `hits` and `misses` of each item of its `rules`; `imports`
/// counts as the sorted digests of the imported documents, `parameters` as the values put in, and
/// `schedules` and `rules` as sets: their order says nothing.
pub fn load(
    files: &mut Files,
    roots: &[FileId],
    open: &mut dyn FnMut(&str) -> Result<String, OpenError>,
    diagnostics: &mut Diagnostics,
) -> Vec<Document> {
    let (states, drafts) = (BTreeMap::new(), BTreeMap::new());
    let mut loader = Loader {
        files,
        open,
        diagnostics,
        states,
        drafts,
        order: Vec::new(),
    };
    for root in roots {
        loader.visit(*root, &mut Vec::new());
    }
    loader.put_parameters_in();
    let mut documents = loader.finish();
    documents.sort_by(|a, b| files.path(a.file).cmp(files.path(b.file)));
    documents
}

/// A document on its way.
struct Draft {
    tree: Tree,
    front: Front,
    imports: Vec<(Import, FileId)>,
    /// Parameter values from the first importer, and where it stands.
    given: Option<(Values, Place)>,
}

/// What has become of a file so far.
enum State {
    /// It is being read, and so are the files that import it.
    Open,
    /// It has been read; below it stands a chain of so many imports.
    Done { height: usize },
}

struct Loader<'a> {
    files: &'a mut Files,
    open: &'a mut dyn FnMut(&str) -> Result<String, OpenError>,
    diagnostics: &'a mut Diagnostics,
    states: BTreeMap<FileId, State>,
    drafts: BTreeMap<FileId, Draft>,
    /// Every document after those that it imports.
    order: Vec<FileId>,
}

impl Loader<'_> {
    /// Reads a file and what it imports; returns how many imports deep it goes.
    ///
    /// `chain` holds the imports that led here, each with the file that it stands in.
    fn visit(&mut self, file: FileId, chain: &mut Vec<(FileId, Place)>) -> usize {
        if let Some(State::Done { height }) = self.states.get(&file) {
            return *height;
        }
        self.states.insert(file, State::Open);
        let mut height = 0;
        if let Some(mut draft) = self.draft(file) {
            for import in imports::imports(&draft.tree.root) {
                chain.push((file, import.place));
                if let Some((target, below)) = self.follow(&import, file, chain) {
                    height = height.max(below + 1);
                    draft.imports.push((import, target));
                }
                chain.pop();
            }
            self.drafts.insert(file, draft);
            self.order.push(file);
        }
        self.states.insert(file, State::Done { height });
        height
    }

    fn draft(&mut self, file: FileId) -> Option<Draft> {
        let tree = read::read(self.files, file, self.diagnostics)?;
        let front = front::read(&tree.root, self.diagnostics)?;
        parameters::check_names(&tree.root, self.diagnostics);
        Some(Draft {
            tree,
            front,
            imports: Vec::new(),
            given: None,
        })
    }

    /// The document that an import names, and how many imports deep that goes.
    fn follow(&mut self, import: &Import, file: FileId, chain: &mut Vec<(FileId, Place)>) -> Option<(FileId, usize)> {
        let target = self.target(import, file)?;
        if let Some(State::Open) = self.states.get(&target) {
            let start = chain.iter().position(|(file, _)| *file == target).unwrap_or(0);
            self.diagnostics.extend(imports::cycle(self.files, &chain[start..]));
            return None;
        }
        // A file that has been reached before, by a shorter chain, brings a height along.
        let height = if chain.len() > limits::IMPORT_DEPTH {
            0
        } else {
            self.visit(target, chain)
        };
        if chain.len() + height > limits::IMPORT_DEPTH {
            self.diagnostics.push(imports::too_deep(import));
            return None;
        }
        self.drafts.contains_key(&target).then_some((target, height))
    }

    /// The file that an import names.
    fn target(&mut self, import: &Import, file: FileId) -> Option<FileId> {
        let path = imports::resolve(self.files.path(file), &import.written);
        let opened = match &path {
            None => Err(OpenError::Outside),
            Some(path) => match self.files.find(path) {
                Some(found) => return Some(found),
                None => (self.open)(path),
            },
        };
        let path = path.unwrap_or_default();
        match opened {
            Ok(text) => Some(self.files.add(&path, text)),
            Err(reason) => {
                let diagnostic = reason.diagnostic(self.files, import, &path);
                self.diagnostics.push(diagnostic);
                None
            }
        }
    }

    /// Importers first, so that the values that they give are complete.
    fn put_parameters_in(&mut self) {
        for file in self.order.iter().rev() {
            let Some(draft) = self.drafts.get_mut(file) else {
                continue;
            };
            let values = draft
                .given
                .take()
                .map_or_else(|| parameters::declared(&draft.tree.root), |(values, _)| values);
            draft.tree.sound &= parameters::put_in(&mut draft.tree.root, &values, self.diagnostics);
            let given: Vec<(FileId, Place, Vec<Entry>)> = draft
                .imports
                .iter()
                .map(|(import, target)| {
                    (
                        *target,
                        import.place,
                        imports::with(&draft.tree.root, import.index).to_vec(),
                    )
                })
                .collect();
            for (target, place, with) in given {
                if let Some(target) = self.drafts.get_mut(&target) {
                    target.give(&with, place, self.diagnostics);
                }
            }
        }
    }

    fn finish(self) -> Vec<Document> {
        let mut digests: BTreeMap<FileId, Digest> = BTreeMap::new();
        let mut drafts = self.drafts;
        let drafts = self.order.iter().filter_map(|file| Some((*file, drafts.remove(file)?)));
        drafts
            .map(
                |(
                    file,
                    Draft {
                        tree, front, imports, ..
                    },
                )| {
                    let imports: Vec<FileId> = imports.into_iter().map(|(_, target)| target).collect();
                    let digest =
                        digest::digest(&tree.root, imports.iter().filter_map(|file| digests.get(file).copied()));
                    digests.insert(file, digest);
                    let Front { kind, name, version } = front;
                    Document {
                        file,
                        kind,
                        name,
                        version,
                        digest,
                        root: tree.root,
                        imports,
                        sound: tree.sound,
                    }
                },
            )
            .collect()
    }
}

impl Draft {
    /// Takes the values that an importer gives beside the defaults.
    fn give(&mut self, with: &[Entry], place: Place, diagnostics: &mut Diagnostics) {
        let mut values = parameters::declared(&self.tree.root);
        for entry in with {
            match values.get_mut(&entry.key) {
                Some(value) => *value = entry.node.value.clone(),
                None => diagnostics.push(parameters::unknown(&entry.key, entry.key_place, &values)),
            }
        }
        match &self.given {
            None => self.given = Some((values, place)),
            Some((first, _)) if *first == values => {}
            Some((_, first)) => diagnostics.push(
                Diagnostic::error(
                    codes::IMPORT_CONFLICT,
                    format!("`{}` is imported with different values", self.front.name),
                )
                .at(place, "with these values")
                .also(*first, "with other values")
                .help("import it with the same values, or make two documents of it"),
            ),
        }
    }
}
