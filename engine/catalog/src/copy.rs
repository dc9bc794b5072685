//! The catalog once more in a new file, so that nothing of a row that was deleted is left in a page of the old one.

use std::path::{Path, PathBuf};

use duckdb::Connection;
use lexhold_model::tables::Table;

use crate::error::{CatalogError, Doing, ErrorKind, Result, utf8};
use crate::open::Writer;
use crate::project::{identity, source};
use crate::rows::{collect, sql_text};

/// What the new file is called while it is open beside the old one.
const COPY: &str = "catalog_copy";

impl Writer {
    /// Deletes what several messages shared and none names any more, as a projection from the beginning would not have it.
    /// `files` are all evaluation files that there are of the tables that messages share: what they lack goes.
    ///
    /// # Errors
    /// [`ErrorKind::Path`]; [`ErrorKind::Statement`] when a file is missing or damaged, or the disk is full.
    pub fn forget_unshared(&mut self, files: &[(Table, PathBuf)]) -> Result<()> {
        let doing = "forgetting what no message names";
        let transaction = self.connection_mut().transaction().doing(doing)?;
        for table in Table::ALL {
            let Some(identity) = identity(table) else { continue };
            let same: Vec<String> = identity.iter().map(|id| format!("o.{id} = n.{id}")).collect();
            let named = source(files, table)?.map_or_else(String::new, |rows| {
                format!("WHERE NOT EXISTS (SELECT 1 FROM {rows} n WHERE {})", same.join(" AND "))
            });
            transaction
                .execute_batch(&format!("DELETE FROM {} o {named}", table.name()))
                .doing(doing)?;
        }
        for (table, number) in [("origin", "origin_no"), ("day_set", "days_no")] {
            transaction
                .execute_batch(&format!(
                    "DELETE FROM {table} WHERE {number} NOT IN (
                         SELECT {number} FROM message WHERE {number} IS NOT NULL UNION SELECT {number} FROM united_member)"
                ))
                .doing(doing)?;
        }
        transaction
            .execute_batch("DELETE FROM place WHERE place_no NOT IN (SELECT place_no FROM message)")
            .doing(doing)?;
        transaction.commit().doing(doing)
    }

    /// Copies every row into a new file, which must not be there, reads it back, and compares.
    ///
    /// # Errors
    /// [`ErrorKind::Path`]; [`ErrorKind::Statement`] when the disk is full; [`ErrorKind::Unreadable`] where what was read back
    /// is something else.
    pub fn copy_to(&mut self, path: &Path) -> Result<()> {
        let doing = "copying the catalog";
        let connection = self.connection();
        let place = sql_text(utf8(path, doing)?);
        let names = collect(connection, "SELECT current_database()", doing, |row| row.owned(0))?;
        let own = names.first().map(String::as_str).unwrap_or_default();
        connection
            .execute_batch(&format!(
                "ATTACH {place} AS {COPY}; COPY FROM DATABASE \"{own}\" TO {COPY}; CHECKPOINT {COPY}; DETACH {COPY};
                 ATTACH {place} AS {COPY} (READ_ONLY)"
            ))
            .doing(doing)?;
        let same = contents(connection, own)? == contents(connection, COPY)?;
        connection.execute_batch(&format!("DETACH {COPY}")).doing(doing)?;
        if same {
            return Ok(());
        }
        Err(CatalogError::new(
            ErrorKind::Unreadable,
            "reading the copy of the catalog back, which is not what was copied",
        ))
    }
}

/// Of every table its rows, counted, and a sum of their hashes.
fn contents(connection: &Connection, database: &str) -> Result<Vec<(String, u64, String)>> {
    let doing = "comparing the catalog with its copy";
    let sql = format!(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = {} ORDER BY table_name",
        sql_text(database)
    );
    let tables = collect(connection, &sql, doing, |row| row.owned(0))?;
    let mut found = Vec::new();
    for table in tables {
        let sql = format!(
            "SELECT count(*), coalesce(sum(hash(*COLUMNS(*))::HUGEINT), 0)::VARCHAR FROM \"{database}\".main.\"{table}\""
        );
        let rows = collect(connection, &sql, doing, |row| Ok((row.count(0)?, row.owned(1)?)))?;
        found.extend(rows.into_iter().map(|(n, hash)| (table.clone(), n, hash)));
    }
    Ok(found)
}
