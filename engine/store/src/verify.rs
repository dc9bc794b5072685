//! Whether everything stored is what was stored: the chain, the payloads, the files, the sources, the keys.
//!
//! The chain vouches for every line but the last, which the next entry will vouch for, or a checkpoint kept elsewhere: see
//! [`Home::agreements`]. Folders are listed before
//! the journal is read, so that a run at work beside the verification makes nothing look foreign.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lexhold_model::{Digest, SecretKey};
use serde_json::Value;

use crate::batch::{EVALUATIONS, STAGED_RUNS, staged_name};
use crate::files::{cannot, children, list, open, read_if_there};
use crate::home::{CERTIFICATES, CONTENT_KEY, HOME_FILE};
use crate::journal::{self, Line, Link, payload};
use crate::signing::{self, KeyPayload};
use crate::{
    BatchRecord, Certificate, Checkpoint, Entry, EntryKind, ErrorKind, Home, MerkleTree, Replacements, Result, Sources,
    StoreError, StoredFile, TreeHead, archive,
};

/// What is wrong, or worth saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A journal line cannot be read, is not canonical, or does not follow from the one before it.
    JournalBroken,
    /// The home's description is not what the journal's first entry says.
    HomeChanged,
    /// The journal ends in part of a line, as a killed process leaves it.
    TornTail,
    /// A payload is not what the journal says.
    PayloadChanged,
    /// A payload that cannot be done without, such as the list of a batch's files, is gone.
    PayloadMissing,
    /// A payload is no longer there: erased, which the journal allows.
    PayloadErased,
    /// A payload that no entry names, as a killed process leaves it.
    PayloadUnused,
    /// A file that the journal names is missing.
    FileMissing,
    /// A file is not what the journal says.
    FileChanged,
    /// A file in the archive or among the evaluations that no entry names.
    FileUnknown,
    /// A file waits in staging to be moved into place.
    FileUnpublished,
    /// Stored sources are not what their name says.
    SourcesChanged,
    /// Sources that the journal names are missing.
    SourcesMissing,
    /// A key is missing, or open to others than its owner.
    KeyExposed,
    /// A key is not the one that was journalled.
    KeyChanged,
    /// A checkpoint that was given out or witnessed does not speak of this journal.
    CheckpointBroken,
    /// A certificate does not hold.
    CertificateBroken,
}

impl FindingKind {
    /// Whether it is damage, rather than what an erasure, a kill or a run at work leaves.
    pub fn is_damage(self) -> bool {
        !matches!(
            self,
            Self::TornTail | Self::PayloadErased | Self::PayloadUnused | Self::FileUnpublished
        )
    }

    /// The finding in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JournalBroken => "the journal's chain is broken here",
            Self::HomeChanged => "the home's description is not the one that was journalled",
            Self::TornTail => "the journal ends in part of a line",
            Self::PayloadChanged => "a payload has been changed",
            Self::PayloadMissing => "a payload is missing that cannot be done without",
            Self::PayloadErased => "a payload has been erased",
            Self::PayloadUnused => "a payload belongs to no entry",
            Self::FileMissing => "a journalled file is missing",
            Self::FileChanged => "a journalled file has been changed",
            Self::FileUnknown => "a file is not journalled",
            Self::FileUnpublished => "a file is journalled but not yet in place",
            Self::SourcesChanged => "stored sources have been changed",
            Self::SourcesMissing => "journalled sources are missing",
            Self::KeyExposed => "a key is missing or open to others than its owner",
            Self::KeyChanged => "a key is not the one that was journalled",
            Self::CheckpointBroken => "a checkpoint that was given out does not speak of this journal",
            Self::CertificateBroken => "a certificate does not hold",
        }
    }
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The file or folder, below the home.
    pub path: PathBuf,
    /// The entry of the journal it belongs to, or the line's number.
    pub seq: Option<u64>,
}

/// What a verification went through and found.
#[derive(Clone, Debug)]
pub struct Verification {
    /// What is wrong or worth saying, in the order it was met.
    pub findings: Vec<Finding>,
    /// The tree head, when the chain is whole.
    pub head: Option<TreeHead>,
    /// Archive segments and evaluation files whose digests were computed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Verification {
    /// Whether nothing is damaged.
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(|finding| finding.kind.is_damage())
    }
}

impl Home {
    /// Goes through the whole home and compares it with the journal. Takes no lock.
    ///
    /// `progress` is told, now and then, how many bytes of how many have been read.
    ///
    /// # Errors
    /// Only where the file system fails; damage is a finding.
    pub fn verify(&self, progress: impl FnMut(u64, u64)) -> Result<Verification> {
        let mut unnamed: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in [archive::FOLDER, EVALUATIONS, payload::FOLDER] {
            unnamed.extend(self.places().list(Path::new(folder))?);
        }
        let certificates = list(self.root(), Path::new(CERTIFICATES))?;
        let mut check = Check {
            home: self,
            unnamed,
            batches: Vec::new(),
            leaves: Vec::new(),
            signing: Vec::new(),
            checkpoints: Vec::new(),
            findings: Vec::new(),
            bytes: 0,
            files: 0,
        };
        check.journal()?;
        check.files(progress)?;
        check.sources()?;
        check.keys()?;
        check.signing_keys()?;
        check.unnamed();
        let tree = MerkleTree::over(std::mem::take(&mut check.leaves));
        check.checkpoints(&tree);
        check.certificates(certificates, &tree)?;
        let whole = !check
            .findings
            .iter()
            .any(|finding| finding.kind == FindingKind::JournalBroken);
        Ok(Verification {
            findings: check.findings,
            head: whole.then(|| tree.head()),
            files: check.files,
            bytes: check.bytes,
        })
    }
}

struct Check<'a> {
    home: &'a Home,
    /// Files in place that no entry has named so far.
    unnamed: BTreeSet<PathBuf>,
    batches: Vec<(u64, BatchRecord)>,
    /// The hashes of the journal's lines.
    leaves: Vec<Digest>,
    /// The keys that the journal names.
    signing: Vec<(u64, KeyPayload)>,
    /// The checkpoints that it has.
    checkpoints: Vec<(u64, PathBuf, Option<Checkpoint>)>,
    findings: Vec<Finding>,
    files: u64,
    bytes: u64,
}

impl Check<'_> {
    fn found(&mut self, kind: FindingKind, path: impl Into<PathBuf>, seq: Option<u64>) {
        self.findings.push(Finding {
            kind,
            path: path.into(),
            seq,
        });
    }

    /// Goes through the lines as bytes, and goes on behind a broken one.
    fn journal(&mut self) -> Result<()> {
        let path = self.home.root().join(journal::FILE);
        if !path.exists() {
            self.found(FindingKind::JournalBroken, journal::FILE, None);
            return Ok(());
        }
        let file = open(&path)?;
        let length = file.metadata().map_err(cannot("read", &path))?.len();
        let (mut lines, mut before) = (BufReader::new(file).take(length), None);
        for number in 1.. {
            let mut text = Vec::new();
            lines.read_until(b'\n', &mut text).map_err(cannot("read", &path))?;
            match text.pop() {
                None => break,
                Some(b'\n') => before = Some(self.line(number, &text, before)?),
                Some(_) => self.found(FindingKind::TornTail, journal::FILE, Some(number)),
            }
        }
        Ok(())
    }

    fn line(&mut self, number: u64, text: &[u8], before: Option<Link>) -> Result<Link> {
        let line = Line::parse(text).ok().filter(|line| line.text() == text);
        if !line.as_ref().is_some_and(|line| line.follows(before)) {
            self.found(FindingKind::JournalBroken, journal::FILE, Some(number));
        }
        if let Some(line) = line {
            self.payload(&line.into_entry(text))?;
        }
        let link = Link::of(number, text);
        self.leaves.push(link.leaf);
        Ok(link)
    }

    fn payload(&mut self, entry: &Entry) -> Result<()> {
        let Some(digest) = &entry.payload else { return Ok(()) };
        let path = payload::path(digest);
        self.unnamed.remove(&path);
        let content = match self.home.journal().payload(entry) {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                self.found(FindingKind::PayloadChanged, path, Some(entry.seq));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match (content, &entry.kind) {
            (None, kind) if kind.is_indispensable() => self.found(FindingKind::PayloadMissing, path, Some(entry.seq)),
            (None, _) => self.found(FindingKind::PayloadErased, path, Some(entry.seq)),
            (Some(content), kind) if kind.names_files() => match serde_json::from_slice(&content) {
                Ok(record) => {
                    self.batches.push((entry.seq, record));
                    if *kind == EntryKind::Activation {
                        self.named_sources(entry.seq, &content, self.home.bundles())?;
                    }
                }
                Err(_) => self.found(FindingKind::PayloadChanged, path, Some(entry.seq)),
            },
            (Some(content), EntryKind::HomeCreated) => {
                if !self.home.is_described_by(&content) {
                    self.found(FindingKind::HomeChanged, HOME_FILE, Some(entry.seq));
                }
                if !self.home.has_key_of(&content)? {
                    self.found(FindingKind::KeyChanged, CONTENT_KEY, Some(entry.seq));
                }
            }
            (Some(content), kind) if kind.names_a_key() => match serde_json::from_slice(&content) {
                Ok(key) => self.signing.push((entry.seq, key)),
                Err(_) => self.found(FindingKind::PayloadChanged, path, Some(entry.seq)),
            },
            (Some(content), EntryKind::CheckpointExported | EntryKind::CheckpointWitnessed) => {
                let text: Option<Value> = serde_json::from_slice(&content).ok();
                let checkpoint = text.and_then(|payload| payload["checkpoint"].as_str()?.parse().ok());
                self.checkpoints.push((entry.seq, path, checkpoint));
            }
            (Some(content), EntryKind::Facts) => self.named_sources(entry.seq, &content, self.home.facts())?,
            _ => {}
        }
        Ok(())
    }

    fn named_sources(&mut self, seq: u64, content: &[u8], sources: &Sources) -> Result<()> {
        let payload: Option<Value> = serde_json::from_slice(content).ok();
        let named = payload.and_then(|payload| payload.get("sources")?.as_str()?.parse::<Digest>().ok());
        if let Some(digest) = named
            && !self.home.root().join(sources.path(&digest)).is_dir()
        {
            self.found(FindingKind::SourcesMissing, sources.path(&digest), Some(seq));
        }
        Ok(())
    }

    fn files(&mut self, mut progress: impl FnMut(u64, u64)) -> Result<()> {
        let batches = std::mem::take(&mut self.batches);
        let total = batches
            .iter()
            .flat_map(|(_, record)| &record.files)
            .map(|file| file.bytes)
            .sum();
        let replacements = match self.home.replacements(1) {
            // A journal or an intent that cannot be read has been found already.
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Version) => Replacements::default(),
            read => read?,
        };
        for (seq, record) in &batches {
            let folder = Path::new(STAGED_RUNS).join(&record.run).join(record.batch.to_string());
            for (number, file) in record.files.iter().enumerate() {
                let Some(file) = replacements.current(*seq, file.clone()) else {
                    continue;
                };
                self.unnamed.remove(Path::new(&file.path));
                self.file(*seq, &file, &staged_name(&folder, number))?;
                progress(self.bytes, total);
            }
        }
        Ok(())
    }

    fn file(&mut self, seq: u64, file: &StoredFile, staged: &Path) -> Result<()> {
        let (places, path) = (self.home.places(), Path::new(&file.path));
        let unpublished = !places.exists(path)? && self.home.root().join(staged).exists();
        // A run at work may have moved it between the two questions.
        match places.digest(path) {
            Ok((sha256, bytes)) => {
                self.files += 1;
                self.bytes += bytes;
                if (sha256, bytes) != (file.sha256, file.bytes) {
                    self.found(FindingKind::FileChanged, &file.path, Some(seq));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound && unpublished => {
                self.found(FindingKind::FileUnpublished, &file.path, Some(seq));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.found(FindingKind::FileMissing, &file.path, Some(seq));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn sources(&mut self) -> Result<()> {
        for (sources, folder) in [(self.home.bundles(), "bundles"), (self.home.facts(), "facts")] {
            for (name, _) in children(&self.home.root().join(folder))? {
                let digest = name.to_str().and_then(|name| name.parse::<Digest>().ok());
                let read = digest.map(|digest| sources.get(&digest));
                match read.unwrap_or_else(|| Err(StoreError::corrupt("not named by a digest", &name))) {
                    Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => {
                        self.found(FindingKind::SourcesChanged, Path::new(folder).join(name), None);
                    }
                    other => drop(other?),
                }
            }
        }
        Ok(())
    }

    fn keys(&mut self) -> Result<()> {
        let folder = Path::new("keys");
        let mut keys: BTreeSet<PathBuf> = list(self.home.root(), folder)?.into_iter().collect();
        keys.extend([folder.to_owned(), CONTENT_KEY.into()]);
        for path in keys {
            let exposed = match fs::metadata(self.home.root().join(&path)) {
                Ok(found) => found.permissions().mode() & 0o077 != 0,
                Err(_) => true,
            };
            if exposed {
                self.found(FindingKind::KeyExposed, path, None);
            }
        }
        Ok(())
    }

    /// That the halves of every key are what the journal says, as far as they have to be there.
    fn signing_keys(&mut self) -> Result<()> {
        let keys = std::mem::take(&mut self.signing);
        for (number, (seq, key)) in keys.iter().enumerate() {
            let public = signing::public_path(&key.key);
            let text = read_if_there(&self.home.root().join(&public))?;
            let expected = format!("{}\n", self.home.note_key(key.public_key));
            if text.is_none_or(|text| text != expected.as_bytes()) {
                self.found(FindingKind::KeyChanged, public, Some(*seq));
            }
            let (path, signs) = (signing::path(&key.key), number + 1 == keys.len());
            let secret = read_if_there(&self.home.root().join(&path))?;
            let secret = secret.map(|bytes| <[u8; 32]>::try_from(bytes).map(|bytes| SecretKey::new(&bytes).public()));
            match secret {
                Some(Ok(public)) if public == key.public_key => {}
                None if !signs => {}
                None => self.found(FindingKind::KeyExposed, path, Some(*seq)),
                Some(_) => self.found(FindingKind::KeyChanged, path, Some(*seq)),
            }
        }
        self.signing = keys;
        Ok(())
    }

    /// That every checkpoint is signed by a key of the home and speaks of this journal.
    fn checkpoints(&mut self, tree: &MerkleTree) {
        for (seq, path, checkpoint) in std::mem::take(&mut self.checkpoints) {
            let ours = |it: &Checkpoint| self.signing.iter().any(|(_, key)| it.verify(key.public_key).is_ok());
            let holds = checkpoint.is_some_and(|it| ours(&it) && tree.head_of_first(it.head().size) == Some(it.head()));
            if !holds {
                self.found(FindingKind::CheckpointBroken, path, Some(seq));
            }
        }
    }

    /// That every certificate holds under a key of the home, of this journal.
    fn certificates(&mut self, certificates: Vec<PathBuf>, tree: &MerkleTree) -> Result<()> {
        for path in certificates {
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let text = read_if_there(&self.home.root().join(&path))?.unwrap_or_default();
            let certificate: Option<Certificate> = serde_json::from_slice(&text).ok();
            let certified = certificate.and_then(|certificate| {
                let mut keys = self.signing.iter();
                keys.find_map(|(_, key)| certificate.verify(key.public_key, None).ok())
            });
            if certified.is_none_or(|it| tree.head_of_first(it.head.size) != Some(it.head)) {
                self.found(FindingKind::CertificateBroken, path, None);
            }
        }
        Ok(())
    }

    fn unnamed(&mut self) {
        for path in std::mem::take(&mut self.unnamed) {
            let payload = path.starts_with(payload::FOLDER);
            self.found(
                if payload {
                    FindingKind::PayloadUnused
                } else {
                    FindingKind::FileUnknown
                },
                path,
                None,
            );
        }
    }
}
