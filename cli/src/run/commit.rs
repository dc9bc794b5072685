//! The one writer of a run: what is new goes into archive, evaluations, journal and catalog, batch by batch.

use std::collections::{BTreeSet, HashMap, HashSet};

use lexhold_catalog::{Catalog, KeyFilter};
use lexhold_evaluate::{Bundle, Evaluation, Evaluator, Facts, Fate, Identity, collision_of, plain_hash, record};
use lexhold_model::{Digest, Key, MessageBatch};
use lexhold_store::{ArchivedBatch, Faults, Home, RunLock, StoreMode};
use serde_json::json;

use super::Input;
use super::begin::Begun;
use super::pipeline::{Piece, Sink, Taken};
use super::summary::{Counts, say_unreadable};
use super::tally::{Became, Tallies};
use crate::dates::Dates;
use crate::home;
use crate::operators::Actor;
use crate::report::ViewerSight;
use crate::settings::Settings;
use crate::terminal::say;

/// Batches after which the catalog catches up. Opening it replays its log, so each batch alone would cost twice as much;
/// the journal has them all meanwhile.
const CATCH_UP_AFTER: u64 = 8;

/// Writes one run.
pub struct Committer<'a> {
    settings: &'a Settings,
    actor: &'a Actor,
    home: &'a Home,
    lock: &'a RunLock,
    run: &'a str,
    bundle: &'a Bundle,
    facts: &'a Facts,
    today: Option<&'a Facts>,
    faults: &'a Faults,
    /// Inputs that earlier runs took in.
    ingested: HashMap<String, Taken>,
    /// Those of them, read to the end, that are read again: messages of theirs were destroyed, and a hold or a case of today may keep them.
    read_again: HashSet<String>,
    filter: KeyFilter,
    /// Families that were destroyed and came in again because of what this operator may not know of.
    withheld: HashSet<Key>,
    /// What was read and is not on record yet, because no message came with it.
    pending: Tallies,
    next_batch: u64,
    counts: Counts,
}

impl<'a> Committer<'a> {
    /// A writer for a run whose beginning is on record.
    pub fn new(
        settings: &'a Settings,
        actor: &'a Actor,
        home: &'a Home,
        lock: &'a RunLock,
        bundle: &'a Bundle,
        begun: &'a Begun,
        faults: &'a Faults,
    ) -> anyhow::Result<Self> {
        home::catch_up(settings, home, faults)?;
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
        let files = catalog.ingested_files()?.into_iter();
        let ingested: HashMap<_, _> = files
            .map(|file| {
                let taken = Taken {
                    messages: file.messages,
                    unreadable: file.unreadable,
                    complete: file.complete,
                };
                (file.digest, taken)
            })
            .collect();
        let shrunk = home.shrunk_batches()?;
        let mut read_again: HashSet<String> = HashSet::new();
        if !shrunk.is_empty() {
            let files = catalog.batch_files()?.into_iter();
            read_again.extend(files.filter(|(seq, _)| shrunk.contains(seq)).map(|(_, digest)| digest));
            read_again.retain(|digest| ingested.get(digest).is_some_and(|taken| taken.complete));
        }
        let filter = catalog.key_filter()?;
        let withheld = Dates::withheld_now(&catalog, settings.now, &ViewerSight::of(actor)?)?;
        Ok(Self {
            settings,
            actor,
            home,
            lock,
            run: &begun.run,
            bundle,
            facts: &begun.facts,
            today: begun.today.as_ref(),
            faults,
            ingested,
            read_again,
            filter,
            withheld: withheld.into_iter().map(|row| row.family).collect(),
            pending: Tallies::default(),
            next_batch: 1,
            counts: Counts::default(),
        })
    }

    /// The content hashes of those messages that the home may have.
    fn known(&self, identities: &[&Identity]) -> anyhow::Result<HashMap<Key, Key>> {
        let suspects: Vec<Key> = Fate::lookups(identities.iter().copied())
            .into_iter()
            .filter(|key| self.filter.may_hold(*key))
            .collect();
        if suspects.is_empty() {
            return Ok(HashMap::new());
        }
        home::catch_up(self.settings, self.home, self.faults)?;
        let catalog = Catalog::open_reader(
            &self.home.catalog_path(),
            &home::catalog_settings(self.settings, self.home)?,
        )?;
        Ok(catalog
            .known(&suspects)?
            .into_iter()
            .map(|(key, known)| (key, known.content_hash))
            .collect())
    }

    /// Which messages were destroyed before, and which of them stay so. What an active hold or an open case covers is taken in;
    /// where this operator may not know why, it is told of as if it were not.
    fn destroyed_before(&mut self, batch: &MessageBatch, evaluation: &Evaluation) -> anyhow::Result<Destroyed> {
        let none = || Destroyed {
            before: vec![false; evaluation.messages.len()],
            gone: vec![false; evaluation.messages.len()],
        };
        let all = || evaluation.messages.iter().map(|message| &message.identity);
        let suspects = Fate::lookups(all())
            .into_iter()
            .filter(|key| self.filter.may_hold(*key));
        let suspects: Vec<Key> = suspects.collect();
        if suspects.is_empty() {
            return Ok(none());
        }
        home::catch_up(self.settings, self.home, self.faults)?;
        let settings = home::catalog_settings(self.settings, self.home)?;
        let catalog = Catalog::open_reader(&self.home.catalog_path(), &settings)?;
        let destroyed = catalog.destroyed(&suspects)?;
        if destroyed.is_empty() {
            return Ok(none());
        }
        let cases = catalog.in_open_cases()?;
        let before = |identity: &Identity| {
            let of = |key: Key| destroyed.get(&key) == Some(&identity.content_hash);
            of(identity.key) || of(collision_of(identity).key)
        };
        let before: Vec<bool> = all().map(before).collect();
        let mut gone: Vec<bool> = all()
            .zip(&before)
            .map(|(identity, before)| *before && !cases.contains(&identity.family))
            .collect();
        let mut openly_held = vec![false; gone.len()];
        // What was evaluated elsewhere has not been asked about the holds of today.
        let today = self
            .today
            .map(|facts| Evaluator::new(self.bundle, facts).evaluate(batch));
        let held = today
            .iter()
            .flat_map(|today| &today.holds)
            .map(|hold| (hold, self.today));
        for (hold, facts) in evaluation.holds.iter().map(|hold| (hold, None)).chain(held) {
            gone[hold.row] = false;
            openly_held[hold.row] |= !facts.unwrap_or(self.facts).holds.specs()[hold.hold].silent;
        }
        if !self.actor.sees_silent()? {
            let back = all().enumerate().filter(|(row, _)| before[*row] && !gone[*row]);
            let back = back.filter(|(row, _)| !openly_held[*row]);
            self.withheld.extend(back.map(|(_, identity)| identity.family));
        }
        Ok(Destroyed { before, gone })
    }

    /// What the input is known by.
    fn digest(&self, piece: &Piece) -> String {
        let pipe = || format!("pipe:{}", self.run);
        piece.digest.map_or_else(pipe, |digest| digest.to_string())
    }

    fn commit(
        &mut self,
        input: &Input,
        piece: &Piece,
        evaluation: &Evaluation,
        fates: &[Fate],
        read: u64,
    ) -> anyhow::Result<()> {
        let span = tracing::debug_span!("write", batch = self.next_batch, messages = piece.batch.len()).entered();
        let mut writer = self.home.stage(self.lock, self.run, self.next_batch, self.faults)?;
        let taken: Vec<bool> = fates.iter().map(|fate| !matches!(fate, Fate::Duplicate(_))).collect();
        let messages = piece.batch.filter(&taken);
        if !messages.is_empty() && self.home.store_mode() == StoreMode::Archive {
            let of = |row: usize| fates[row].identity(&evaluation.messages[row].identity);
            let keys = (0..taken.len())
                .filter(|row| taken[*row])
                .map(|row| of(row).key)
                .collect();
            let content_hashes = messages.rows().map(plain_hash).collect();
            writer.archive(&ArchivedBatch {
                messages,
                keys,
                content_hashes,
            })?;
        }
        for (table, rows) in record(self.bundle, self.facts.holds.specs(), &piece.batch, evaluation, fates) {
            writer.table(table, &rows)?;
        }
        let conversations: BTreeSet<&str> = piece.batch.rows().map(|row| row.conversation()).collect();
        let conversations: Vec<Key> = conversations
            .into_iter()
            .map(|name| Key::of("lexhold conversation 1", [name.as_bytes()]))
            .collect();
        let digest = self.digest(piece);
        let tallies = std::mem::take(&mut self.pending);
        let unreadable = tallies.n_unreadable();
        let (tallies, sequences) = tallies.into_record();
        let input = json!({
            "path": input.name,
            "digest": digest,
            "bytes": input.bytes.unwrap_or(0),
            "messages": read,
            "complete": piece.complete,
            "format": piece.format,
            "tallies": tallies,
        });
        let detail = json!({
            "inputs": [input],
            "unreadable": unreadable,
            "conversations": conversations,
            "sequences": sequences,
        });
        writer.commit(detail, home::stamp(&self.actor.id))?;
        if self.next_batch.is_multiple_of(CATCH_UP_AFTER) {
            home::catch_up(self.settings, self.home, self.faults)?;
        }
        self.next_batch += 1;
        drop(span);
        Ok(())
    }
}

/// Messages that come in again after they were destroyed, by their row.
struct Destroyed {
    /// Those that were.
    before: Vec<bool>,
    /// Those of them that stay so.
    gone: Vec<bool>,
}

impl Destroyed {
    /// What became of each message, for the record. What came back counts as destroyed before: a count MUST NOT tell of a hold.
    fn what_became(&self, fates: &[Fate]) -> Vec<Became> {
        let mut fates = fates.iter();
        let of = |(before, gone): (&bool, &bool)| {
            let fate = if *gone { None } else { fates.next() };
            match fate {
                Some(fate) if !before => Became::from(fate),
                _ => Became::DestroyedBefore,
            }
        };
        self.before.iter().zip(&self.gone).map(of).collect()
    }
}

impl Sink for Committer<'_> {
    type Total = Counts;

    fn taken(&self) -> HashMap<Digest, Taken> {
        let before = self.ingested.iter();
        let before = before.filter(|(digest, _)| !self.read_again.contains(*digest));
        before
            .filter_map(|(digest, taken)| Some((digest.parse().ok()?, *taken)))
            .collect()
    }

    fn take(&mut self, input: &Input, mut piece: Piece, mut evaluation: Evaluation) -> anyhow::Result<()> {
        if let (Some(_), Some(error)) = (&input.far, piece.broken.take_if(|_| piece.digest.is_none())) {
            // It never came here, so there is nothing to put on record.
            say(&lexhold_document::printable(&format!("error: {error:#}")));
            self.counts.broken += 1;
            return Ok(());
        }
        let read = piece.batch.len() as u64;
        let destroyed = self.destroyed_before(&piece.batch, &evaluation)?;
        let all = piece.batch.clone();
        if destroyed.gone.contains(&true) {
            let stays: Vec<bool> = destroyed.gone.iter().map(|gone| !gone).collect();
            piece.batch = piece.batch.filter(&stays);
            evaluation = Evaluator::new(self.bundle, self.facts).evaluate(&piece.batch);
        }
        self.counts.previously_destroyed += read - piece.batch.len() as u64;
        let identities: Vec<&Identity> = evaluation.messages.iter().map(|message| &message.identity).collect();
        let fates = Fate::of_all(identities.iter().copied(), &self.known(&identities)?);
        self.counts.add(&piece, &evaluation, &fates);
        for (identity, fate) in identities.iter().zip(&fates) {
            if self.withheld.contains(&identity.family) {
                self.counts.withhold(fate);
            }
        }
        say_unreadable(self.settings, input, &piece.unreadable, &piece.notes);
        let anew = piece.skipped > 0 && read == 0;
        if anew && piece.complete && !self.settings.quiet && piece.unreadable.is_empty() {
            say(&format!("{}: taken in before; nothing is added", input.name));
        }
        let digest = self.digest(&piece);
        self.counts.digests.insert(digest.clone());
        let known = self.ingested.get(&digest).copied();
        if !known.is_some_and(|taken| taken.complete) {
            let became = destroyed.what_became(&fates);
            self.pending.add(&piece, &all, &became, &self.facts.zone);
        }
        // A file that was read to the end before needs no further entry, unless something of it comes back.
        let known_whole =
            known.is_some_and(|taken| taken.complete) && fates.iter().all(|fate| matches!(fate, Fate::Duplicate(_)));
        let breaks = piece.broken.is_some() && (known.is_none() || !self.pending.is_empty());
        if !known_whole && (read > 0 || piece.complete || breaks) {
            self.commit(input, &piece, &evaluation, &fates, read)?;
            for (message, fate) in evaluation.messages.iter().zip(&fates) {
                self.filter.insert(fate.identity(&message.identity).key);
            }
        }
        if piece.complete {
            // Named twice in one run, it has nothing more to tell either.
            self.ingested.entry(digest).or_default().complete = true;
        }
        if let Some(error) = piece.broken.take() {
            say(&lexhold_document::printable(&format!("error: {error:#}")));
            self.counts.broken += 1;
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Counts> {
        home::catch_up(self.settings, self.home, self.faults)?;
        Ok(self.counts)
    }
}
