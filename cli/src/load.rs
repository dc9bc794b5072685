//! From files on disk to a compiled bundle, a directory and holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use lexhold_document::{Allowed, Diagnostic, Diagnostics, Document, FileId, Files, Kind, Level, lint_comments};
use lexhold_evaluate::{
    Bundle, HoldSet, Mandates, Regulations, Texts, check_cases, compile_counts, compile_directory, lint_cites,
};
use lexhold_model::Directory;
use lexhold_policy::{Operators, Schemas, operators_shape};
use lexhold_store::SourceFiles;

use crate::bundle::{self, Shipped};
use crate::failure::{Exit, Failure};
use crate::files::{Unsaved, cannot_read, is_yaml, open_import, real, why, yaml_files_over};
use crate::settings::Settings;

/// Everything read so far: texts, documents, and what is wrong with them.
pub struct Project {
    /// The texts.
    pub files: Files,
    /// The documents that could be read.
    pub documents: Vec<Document>,
    /// What is wrong so far.
    pub diagnostics: Diagnostics,
    /// The Cedar schema, built in or extended.
    pub schemas: Schemas,
    /// The exact bytes of every file, by path.
    pub sources: SourceFiles,
    /// The bundle that the documents came in, where they came in one.
    pub shipped: Option<Arc<Shipped>>,
    /// The firm's extension of the Cedar schema: its path and its bytes.
    pub cedar_schema: Option<(String, Vec<u8>)>,
    n_read: usize,
    /// Texts that stand for files.
    unsaved: Unsaved,
}

impl Project {
    /// Reads every document under these paths, following imports.
    pub fn read(settings: &Settings, paths: &[PathBuf]) -> anyhow::Result<Self> {
        Self::read_over(settings, paths, Unsaved::new())
    }

    /// The same, with texts that an editor has not saved in place of their files.
    pub fn read_over(settings: &Settings, paths: &[PathBuf], unsaved: Unsaved) -> anyhow::Result<Self> {
        let mut project = Self {
            files: Files::new(),
            documents: Vec::new(),
            diagnostics: Diagnostics::new(),
            schemas: Schemas::built_in(),
            sources: SourceFiles::new(),
            shipped: None,
            cedar_schema: None,
            n_read: 0,
            unsaved,
        };
        project.read_schema(settings, paths)?;
        if let Some(path) = paths.iter().find(|path| bundle::is_bundle(path)) {
            if paths.len() > 1 {
                let message = format!(
                    "{} is a bundle, and stands for all policies and rulesets",
                    path.display()
                );
                return Err(Failure::new(Exit::Usage, message).help("name it alone").into());
            }
            project.take_bundle(bundle::open(settings, path)?);
            return Ok(project);
        }
        let found = yaml_files_over(paths, &project.unsaved)?;
        project.n_read = found.len();
        let roots: Vec<FileId> = found
            .iter()
            .map(|path| project.add(path))
            .collect::<anyhow::Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect();
        let folders: Vec<PathBuf> = std::iter::once(&settings.root).chain(paths).cloned().collect();
        project.load(&folders, &roots);
        Ok(project)
    }

    /// The documents among sources that were stored earlier, as they were; imports are looked for among them too.
    pub fn stored(schema: Option<&[u8]>, sources: &SourceFiles) -> Self {
        let read = Texts::read(schema, sources);
        Self {
            files: read.files,
            documents: read.documents,
            diagnostics: read.diagnostics,
            schemas: read.schemas,
            sources: sources.clone(),
            shipped: None,
            cedar_schema: None,
            n_read: sources.len(),
            unsaved: Unsaved::new(),
        }
    }

    /// The documents of a bundle, each under the bundle's own name; they import each other and nothing else.
    fn take_bundle(&mut self, shipped: Arc<Shipped>) {
        let mut roots = Vec::new();
        for (path, bytes) in &shipped.files {
            self.sources.insert(path.clone(), bytes.clone());
            if is_yaml(Path::new(path)) {
                let name = shipped.path.join(path).display().to_string();
                roots.extend(self.files.add_bytes(&name, bytes.clone(), &mut self.diagnostics));
                self.n_read += 1;
            }
        }
        let mut nothing = |_: &str| Err(lexhold_document::OpenError::Outside);
        self.documents.extend(lexhold_document::load(
            &mut self.files,
            &roots,
            &mut nothing,
            &mut self.diagnostics,
        ));
        self.shipped = Some(shipped);
    }

    /// Reads the firm's extension of the Cedar schema: that of a bundle, where one stands for the policies.
    fn read_schema(&mut self, settings: &Settings, paths: &[PathBuf]) -> anyhow::Result<()> {
        let mut given = paths.iter().chain(&settings.policies);
        let id = match (given.find(|path| bundle::is_bundle(path)), &settings.schema) {
            (Some(path), _) => {
                let shipped = bundle::open(settings, path)?;
                let Some((name, bytes)) = shipped.cedar_schema() else {
                    return Ok(());
                };
                self.cedar_schema = Some((name.to_owned(), bytes.to_vec()));
                let name = shipped.path.join(name).display().to_string();
                self.files.add_bytes(&name, bytes.to_vec(), &mut self.diagnostics)
            }
            (None, Some(path)) => {
                let id = self.add(path)?;
                self.cedar_schema = self.sources.get(&plain(path)).map(|bytes| (plain(path), bytes.clone()));
                id
            }
            (None, None) => None,
        };
        if let Some(id) = id
            && let Some(schemas) = Schemas::extended(&self.files, id, &mut self.diagnostics)
        {
            self.schemas = schemas;
        }
        Ok(())
    }

    /// Reads one more document, such as a hold, beside those of the bundle.
    pub fn read_one(&mut self, root: &Path, path: &Path) -> anyhow::Result<Option<Document>> {
        let Some(id) = self.add(path)? else { return Ok(None) };
        Ok(self.load_one(root, id))
    }

    /// Takes a document whose text is at hand.
    pub fn take(&mut self, root: &Path, name: &str, text: &str) -> Option<Document> {
        let id = self.files.add(name, text.to_owned());
        self.load_one(root, id)
    }

    /// Reads the documents in these files and what they import, apart from those of the project.
    pub fn read_apart(&mut self, folders: &[PathBuf], paths: &[PathBuf]) -> anyhow::Result<Vec<Document>> {
        let mut roots = Vec::new();
        for path in paths {
            let known = self.files.find(&path.display().to_string());
            roots.extend(known.map_or_else(|| self.add(path), |id| Ok(Some(id)))?);
        }
        Ok(self.load_apart(folders, &roots))
    }

    fn load_one(&mut self, root: &Path, id: FileId) -> Option<Document> {
        let loaded = self.load_apart(&[root.to_owned()], &[id]);
        loaded.into_iter().find(|document| document.file == id)
    }

    fn load_apart(&mut self, folders: &[PathBuf], roots: &[FileId]) -> Vec<Document> {
        let before = self.documents.len();
        self.load(folders, roots);
        self.documents.drain(before..).collect()
    }

    fn add(&mut self, path: &Path) -> anyhow::Result<Option<FileId>> {
        if let Some(text) = self.unsaved(path) {
            self.sources.insert(plain(path), text.clone().into_bytes());
            return Ok(Some(self.files.add(&path.display().to_string(), text)));
        }
        let limit = lexhold_document::limits::FILE_BYTES;
        let size = std::fs::metadata(path)
            .map_err(|error| cannot_read(path, &error))?
            .len();
        if usize::try_from(size).map_or(true, |size| size > limit) {
            let message = format!(
                "{}: {size} bytes, more than the {limit} that a document may have",
                path.display()
            );
            return Err(Failure::new(Exit::Policy, message).help("split the file").into());
        }
        let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
        self.sources.insert(plain(path), bytes.clone());
        Ok(self
            .files
            .add_bytes(&path.display().to_string(), bytes, &mut self.diagnostics))
    }

    /// What an editor holds in place of a file.
    fn unsaved(&self, path: &Path) -> Option<String> {
        if self.unsaved.is_empty() {
            return None;
        }
        self.unsaved.get(&real(path)).cloned()
    }

    fn load(&mut self, folders: &[PathBuf], roots: &[FileId]) {
        let (sources, unsaved) = (&mut self.sources, &self.unsaved);
        let mut open = |path: &str| {
            let text = open_import(folders, path, unsaved)?;
            sources.insert(plain(Path::new(path)), text.clone().into_bytes());
            Ok(text)
        };
        self.documents.extend(lexhold_document::load(
            &mut self.files,
            roots,
            &mut open,
            &mut self.diagnostics,
        ));
    }

    /// What a home stores of the bundle: the very files that came in one, else everything that was read.
    pub fn bundle_sources(&self) -> &SourceFiles {
        self.shipped.as_ref().map_or(&self.sources, |shipped| &shipped.files)
    }

    /// Compiles the bundle; everything that is wrong is in `diagnostics`.
    pub fn compile(&mut self) -> Option<Bundle> {
        Bundle::compile(&self.documents, &self.schemas, &mut self.diagnostics)
    }

    /// Compiles holds, operators, delegations, exceptions, directories and counts found among the documents, for `check` to say what is wrong
    /// with them, and looks at the form of tests without running any.
    pub fn compile_the_rest(&mut self) {
        let holds: Vec<&Document> = self
            .documents
            .iter()
            .filter(|document| document.kind == Kind::Hold)
            .collect();
        HoldSet::compile(&holds, &self.schemas, &mut self.diagnostics);
        for document in self
            .documents
            .iter()
            .filter(|document| document.kind == Kind::Directory)
        {
            compile_directory(document, &mut self.diagnostics);
        }
        for document in self
            .documents
            .iter()
            .filter(|document| document.kind == Kind::Operators)
        {
            compile_operators(document, &mut self.diagnostics);
        }
        for document in self.documents.iter().filter(|document| document.kind == Kind::Counts) {
            compile_counts(document, &mut self.diagnostics);
        }
        for document in self.documents.iter().filter(|document| document.kind == Kind::Mapping) {
            crate::mapping::compile(document, &mut self.diagnostics);
        }
        Mandates::compile(&self.documents, &mut self.diagnostics);
        check_cases(&self.documents, &mut self.diagnostics);
    }

    /// Warns of rules that compile and still are not what somebody meant, and of citations that say nothing.
    pub fn lint(&mut self, bundle: &Bundle, regulations: &Regulations, today: Date) {
        let documents: Vec<&Document> = self.documents.iter().collect();
        for document in &documents {
            lint_comments(&self.files, document, &mut self.diagnostics);
        }
        lint_cites(&self.files, &documents, regulations, &mut self.diagnostics);
        lexhold_rules::lint(&documents, bundle.rules(), Some(today), &mut self.diagnostics);
    }

    /// How many files were read.
    pub fn n_files(&self) -> usize {
        self.n_read
    }

    /// The path of every document, in order.
    pub fn paths(&self) -> Vec<&str> {
        let paths = self.documents.iter().map(|document| self.files.path(document.file));
        paths.collect()
    }

    /// Takes out the warnings that comments allow, and returns them by place. `all` says that every check has been made.
    pub fn allow(&mut self, all: bool) -> Vec<Allowed> {
        let of: Vec<FileId> = self.documents.iter().map(|document| document.file).collect();
        let known = |code: &str| crate::codes::all().any(|(known, _)| *known == code);
        // Groups are held against a directory by the verbs that have one, and changes are tried by `test --mutate`.
        let elsewhere = [
            lexhold_evaluate::codes::UNKNOWN_GROUP,
            lexhold_evaluate::codes::SURVIVOR,
        ];
        let asked = |code: &str| all && !elsewhere.contains(&code);
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let (kept, mut allowed) = lexhold_document::allow(&self.files, &of, known, asked, diagnostics);
        self.diagnostics = kept;
        allowed.sort_by_key(|one| {
            one.diagnostic
                .place
                .map(|place| (self.files.path(place.file).to_owned(), place.start))
        });
        allowed
    }

    /// What is wrong, sorted by place.
    pub fn sorted(&self) -> Vec<Diagnostic> {
        self.diagnostics.clone().sorted(&self.files)
    }

    /// Prints what is wrong to stderr; an error if there is an error.
    pub fn report(&self, settings: &Settings, what: &str) -> anyhow::Result<()> {
        let colour = crate::terminal::colour_on_stderr(settings.color);
        let sorted = self.sorted();
        for diagnostic in sorted
            .iter()
            .filter(|diagnostic| !settings.quiet || diagnostic.level == Level::Error)
        {
            crate::terminal::say(&crate::render::text(&self.files, diagnostic, colour));
        }
        let n_errors = sorted
            .iter()
            .filter(|diagnostic| diagnostic.level == Level::Error)
            .count();
        if n_errors == 0 {
            return Ok(());
        }
        let plural = if n_errors == 1 { "" } else { "s" };
        Err(Failure::new(Exit::Policy, format!("{n_errors} error{plural} in {what}")).into())
    }
}

/// The bundle that the settings point at, or an error after its diagnostics were printed.
pub fn bundle(settings: &Settings) -> anyhow::Result<(Project, Bundle)> {
    let paths = settings.documents();
    let mut project = Project::read(settings, &paths)?;
    let bundle = project.compile();
    project.report(settings, "policies and rulesets")?;
    if let (Some(bundle), Some(shipped)) = (&bundle, &project.shipped) {
        shipped.is_read_as_built(bundle.digest)?;
    }
    match bundle {
        Some(bundle) if bundle.n_rules() > 0 || bundle.schedules().iter().len() > 0 => Ok((project, bundle)),
        _ => Err(Failure::new(Exit::Policy, "no rule and no schedule was found")
            .help("point --policies and --rulesets at some")
            .into()),
    }
}

/// The directory, the bytes it was read from, and warnings about groups that conditions name and it does not know.
pub fn directory(settings: &Settings, project: &mut Project, bundle: &Bundle) -> anyhow::Result<Directory> {
    let Some(path) = &settings.directory else {
        return Ok(Directory::default());
    };
    let directory = if is_yaml(path) {
        let document = project.read_one(&settings.root, path)?;
        let directory = document.and_then(|document| compile_directory(&document, &mut project.diagnostics));
        project.report(settings, "the directory")?;
        directory.ok_or_else(|| {
            Failure::new(
                Exit::Policy,
                format!("{} holds no `directory:` document", path.display()),
            )
        })?
    } else {
        let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
        project.sources.insert(plain(path), bytes);
        lexhold_source::read_directory(path).map_err(|error| Failure::new(Exit::Policy, error.to_string()))?
    };
    let mut warnings = Diagnostics::new();
    bundle.check_groups(&directory, &mut warnings);
    if !settings.quiet {
        let colour = crate::terminal::colour_on_stderr(settings.color);
        for warning in warnings.sorted(&project.files) {
            crate::terminal::say(&crate::render::text(&project.files, &warning, colour));
        }
    }
    Ok(directory)
}

/// The operators that a document lists; `None` when anything is wrong, all of which is in `diagnostics`.
pub fn compile_operators(document: &Document, diagnostics: &mut Diagnostics) -> Option<Operators> {
    let before = diagnostics.len();
    lexhold_document::check_shape(document, &operators_shape(), diagnostics);
    let operators = Operators::compile(document, diagnostics);
    operators.filter(|_| diagnostics.len() == before)
}

/// A path as the store names it: relative, with `/`, without `.` and `..`.
pub fn plain(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        std::path::Component::Normal(name) => name.to_str().map(str::to_owned),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Why a file that must be there cannot be read.
pub fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Failure::new(Exit::Data, format!("cannot read {}: {}", path.display(), why(&error))).into())
}
