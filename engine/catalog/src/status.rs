//! Where the catalog stands: entries applied, the active bundle, runs, input files, totals.

use lexhold_model::Digest;

use crate::error::{CatalogError, ErrorKind, Result};
use crate::open::Catalog;
use crate::rows::{Row, collect};

/// The totals of a home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The last journal entry applied.
    pub applied_seq: Option<u64>,
    /// The active bundle.
    pub bundle: Option<ActiveBundle>,
    /// Versions of messages.
    pub n_messages: u64,
    /// Holds in force.
    pub n_holds: u64,
    /// Handles that the directory did not know.
    pub n_unknown_handles: u64,
}

/// The bundle that runs evaluate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveBundle {
    /// Its digest.
    pub digest: Digest,
    /// When it was activated, in microseconds since 1970 in UTC.
    pub activated_at: i64,
    /// Who activated it.
    pub actor: String,
    /// The journal entry that says so.
    pub seq: u64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub run: String,
    /// Who started it.
    pub actor: String,
    /// When, in microseconds since 1970 in UTC.
    pub started_at: i64,
    /// The digest of its bundle.
    pub bundle: String,
    /// The digest of its facts.
    pub facts: String,
    /// The instant it evaluated for, in microseconds since 1970 in UTC.
    pub as_of: i64,
    /// When it ended; none while it runs, and for good when it was killed.
    pub finished_at: Option<i64>,
    /// Its closing summary as canonical JSON.
    pub summary: Option<String>,
    /// How many versions of messages it added.
    pub n_messages: u64,
}

/// An input file, as far as it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestedFile {
    /// Its digest.
    pub digest: String,
    /// The name under which it was first read.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// How many of its messages have been taken: where to go on.
    pub messages: u64,
    /// How many of its rows have been recorded as unreadable.
    pub unreadable: u64,
    /// Whether it was read to its end.
    pub complete: bool,
}

/// A bundle that became the active one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRow {
    /// The journal entry.
    pub seq: u64,
    /// When, in microseconds since 1970 in UTC.
    pub activated_at: i64,
    /// Who did it.
    pub actor: String,
    /// The digest of the bundle.
    pub bundle: String,
    /// Its documents as canonical JSON: a list of objects with kind, name, version and digest.
    pub documents: String,
}

impl Catalog {
    /// The last journal entry applied; none before the first.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn applied_seq(&self) -> Result<Option<u64>> {
        let rows = collect(
            self.connection(),
            "SELECT applied_seq FROM meta",
            "reading where the catalog stands",
            |row| row.number_or_null(0),
        )?;
        Ok(rows.into_iter().flatten().next().map(i64::unsigned_abs))
    }

    /// The hash of the line of that entry: another one in the journal at its number says that the catalog was made of a
    /// journal that has been replaced or cut.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn applied_leaf(&self) -> Result<Option<String>> {
        let sql = "SELECT applied_leaf FROM meta WHERE applied_leaf IS NOT NULL";
        let rows = collect(self.connection(), sql, "reading where the catalog stands", |row| {
            row.owned(0)
        })?;
        Ok(rows.into_iter().next())
    }

    /// The bundle activated last.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn active_bundle(&self) -> Result<Option<ActiveBundle>> {
        let sql = "SELECT bundle, epoch_us(activated_at), actor, seq FROM activation ORDER BY seq DESC LIMIT 1";
        let doing = "reading the active bundle";
        let rows = collect(self.connection(), sql, doing, |row| {
            let digest = row.text(0)?.parse();
            let digest =
                digest.map_err(|_| CatalogError::new(ErrorKind::Statement, format!("{doing}: it is no digest")))?;
            Ok(ActiveBundle {
                digest,
                activated_at: row.number(1)?,
                actor: row.owned(2)?,
                seq: row.number(3)?.unsigned_abs(),
            })
        })?;
        Ok(rows.into_iter().next())
    }

    /// Every activation, the first one first.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn activations(&self) -> Result<Vec<ActivationRow>> {
        let sql = "SELECT seq, epoch_us(activated_at), actor, bundle, documents FROM activation ORDER BY seq";
        collect(self.connection(), sql, "reading activations", |row| {
            Ok(ActivationRow {
                seq: row.count(0)?,
                activated_at: row.number(1)?,
                actor: row.owned(2)?,
                bundle: row.owned(3)?,
                documents: row.owned(4)?,
            })
        })
    }

    /// The totals.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn status(&self) -> Result<Status> {
        let count = |sql: &str| {
            Ok(collect(self.connection(), sql, "counting", |row| row.count(0))?
                .into_iter()
                .sum())
        };
        Ok(Status {
            applied_seq: self.applied_seq()?,
            bundle: self.active_bundle()?,
            n_messages: count("SELECT count(*) FROM message")?,
            n_holds: count("SELECT count(*) FROM hold ANTI JOIN hold_release USING (hold)")?,
            n_unknown_handles: count(
                "SELECT count(*) FROM (SELECT DISTINCT platform, handle FROM handle WHERE NOT known)",
            )?,
        })
    }

    /// The runs, latest first, at most so many.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn runs(&self, at_most: usize) -> Result<Vec<RunRow>> {
        let sql = format!(
            "WITH chosen AS (SELECT * FROM run ORDER BY seq DESC LIMIT {at_most})
             SELECT r.run, r.actor, epoch_us(r.started_at), r.bundle, r.facts, epoch_us(r.as_of), epoch_us(r.finished_at),
                    r.summary, coalesce(c.n, 0)::BIGINT
             FROM chosen r LEFT JOIN (SELECT b.run, count(*) AS n FROM message m JOIN batch b USING (seq)
                                      SEMI JOIN chosen x ON x.run = b.run GROUP BY b.run) c ON c.run = r.run
             ORDER BY r.seq DESC"
        );
        collect(self.connection(), &sql, "reading runs", run)
    }

    /// Every input file that messages were taken from, but for those that have to be read again: messages were destroyed
    /// since it came in, and a hold in force was placed that may cover some of them.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn ingested_files(&self) -> Result<Vec<IngestedFile>> {
        let sql = "SELECT digest, path, bytes, messages, complete,
                          (SELECT coalesce(sum(n_unreadable), 0)::BIGINT FROM source_tally JOIN batch_input i USING (seq)
                           WHERE i.digest = ingested_file.digest) AS unreadable
                   FROM ingested_file
                   ANTI JOIN (SELECT digest FROM batch_input GROUP BY digest
                              HAVING min(seq) < (SELECT max(done_seq) FROM tombstone)
                                 AND max(seq) < (SELECT max(seq) FROM hold ANTI JOIN hold_release USING (hold))) r
                   USING (digest) ORDER BY path, digest";
        collect(self.connection(), sql, "reading input files", |row| {
            Ok(IngestedFile {
                digest: row.owned(0)?,
                path: row.owned(1)?,
                bytes: row.count(2)?,
                messages: row.count(3)?,
                complete: row.flag(4)?,
                unreadable: row.count(5)?,
            })
        })
    }

    /// The journal entries of batches, each with the digest of a file that it took messages from.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn batch_files(&self) -> Result<Vec<(u64, String)>> {
        let doing = "reading input files";
        collect(
            self.connection(),
            "SELECT seq, digest FROM batch_input ORDER BY ALL",
            doing,
            |row| Ok((row.count(0)?, row.owned(1)?)),
        )
    }
}

fn run(row: Row<'_>) -> Result<RunRow> {
    Ok(RunRow {
        run: row.owned(0)?,
        actor: row.owned(1)?,
        started_at: row.number(2)?,
        bundle: row.owned(3)?,
        facts: row.owned(4)?,
        as_of: row.number(5)?,
        finished_at: row.number_or_null(6)?,
        summary: row.owned_or_null(7)?,
        n_messages: row.count(8)?,
    })
}
