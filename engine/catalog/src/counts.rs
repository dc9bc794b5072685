//! Counts for reports and charts: coverage and due dates over time, handles that nobody knows.

use crate::covered::hushed;
use crate::error::Result;
use crate::open::Catalog;
use crate::rows::{Row, collect};

/// By what messages are grouped for coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dimension {
    Platform,
    Channel,
    SenderDomain,
    Year,
}

/// How many messages of one group no schedule governs, or none certainly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRow {
    /// What the group shares.
    pub dimension: Dimension,
    /// Its value; none where messages have no channel, no domain, no date.
    pub value: Option<String>,
    /// All messages of the group.
    pub n_messages: u64,
    /// Those that no schedule was assigned to.
    pub n_ungoverned: u64,
    /// Those of which some schedule could not say whether it applies.
    pub n_indeterminate: u64,
}

/// A handle that the directory did not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownHandle {
    /// Its platform.
    pub platform: String,
    /// The handle.
    pub handle: String,
    /// How many messages it sent.
    pub n_sent: u64,
}

/// Messages whose origin alone does not say how they are covered: those with assignments to unite, and those that nothing may
/// show, which a silent hold or an open case makes governed.
fn otherwise(hide_silent_at: Option<i64>) -> String {
    let hush = hushed(hide_silent_at);
    format!(
        "CREATE OR REPLACE TEMP TABLE hush AS {hush};
         CREATE OR REPLACE TEMP TABLE otherwise AS
         SELECT family, own_no AS origin_no, place_no, sent_at, false AS hush FROM (
             SELECT DISTINCT family, key, own_no, place_no, sent_at FROM united_member) ANTI JOIN hush USING (family)
         UNION ALL
         SELECT m.family, NULL, m.place_no, epoch_us(m.sent_at), false FROM message m SEMI JOIN united USING (family)
             ANTI JOIN hush USING (family) ANTI JOIN united_member u ON u.key = m.key WHERE m.origin_no IS NULL
         UNION ALL
         SELECT m.family, m.origin_no, m.place_no, epoch_us(m.sent_at), true FROM message m SEMI JOIN hush USING (family)"
    )
}

/// A message's year, its place and how it is covered, counted: all messages, less those that are covered otherwise, plus
/// those as it is with them, unless nothing may show what brought them back after they were destroyed. Every origin has a class, and a plain join of numbers takes half as long as one that asks.
fn counted() -> String {
    let year = |at: &str| format!("year(make_timestamp({at}))");
    let (all_year, other_year) = (year("epoch_us(sent_at)"), year("sent_at"));
    format!(
        "SELECT place_no, {all_year} AS year, cover, count(*) AS n
         FROM message JOIN origin_class USING (origin_no) GROUP BY ALL
         UNION ALL
         SELECT place_no, {all_year}, 1, count(*) FROM message WHERE origin_no IS NULL GROUP BY ALL
         UNION ALL
         SELECT place_no, {other_year}, coalesce(c.cover, 1), -count(*)
         FROM otherwise LEFT JOIN origin_class c USING (origin_no) GROUP BY ALL
         UNION ALL
         SELECT a.place_no, {other_year}, CASE WHEN a.hush THEN 0 ELSE coalesce(f.cover, 1) END, count(*)
         FROM otherwise a LEFT JOIN (
             SELECT family, CASE WHEN bool_or(cover = 2) THEN 2 WHEN bool_and(cover = 1) THEN 1 ELSE 0 END AS cover
             FROM united_member JOIN origin_class USING (origin_no) GROUP BY family) f ON f.family = a.family
         WHERE NOT a.hush OR a.family NOT IN (SELECT family FROM tombstone)
         GROUP BY ALL"
    )
}

impl Catalog {
    /// Messages without a certain schedule, by platform, channel, domain of the sender and year sent, as
    /// [`Self::classify_origins`] said how origins are covered. `hide_silent_at` makes governed what a silent hold keeps at that
    /// instant.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn coverage(&self, hide_silent_at: Option<i64>) -> Result<Vec<CoverageRow>> {
        self.set_up_cases()?;
        self.connection_batch(&otherwise(hide_silent_at))?;
        let sql = format!(
            "WITH counted AS ({}),
             few AS (SELECT platform, channel, domain, CASE WHEN year IS NOT NULL THEN format('{{:04d}}', year) END AS year,
                            sum(n) AS n, sum(n) FILTER (cover = 1) AS u, sum(n) FILTER (cover = 2) AS i
                     FROM counted JOIN place USING (place_no) GROUP BY ALL HAVING sum(n) > 0)
             SELECT grouping(platform, channel, domain, year)::BIGINT AS which,
                    CASE which WHEN 7 THEN platform WHEN 11 THEN channel WHEN 13 THEN domain ELSE year END AS value,
                    sum(n)::BIGINT, coalesce(sum(u), 0)::BIGINT, coalesce(sum(i), 0)::BIGINT
             FROM few GROUP BY GROUPING SETS ((platform), (channel), (domain), (year))
             ORDER BY which, value NULLS LAST",
            counted()
        );
        collect(self.connection(), &sql, "counting coverage", coverage)
    }

    /// Handles that the directory did not know when messages with them came in, those that sent most first.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn unknown_handles(&self) -> Result<Vec<UnknownHandle>> {
        let sql = "SELECT h.platform, h.handle, coalesce(s.n, 0)::BIGINT AS n
                   FROM (SELECT DISTINCT platform, handle FROM handle WHERE NOT known) h
                   LEFT JOIN (SELECT platform, sender AS handle, count(*) AS n FROM message GROUP BY ALL) s
                          USING (platform, handle)
                   ORDER BY n DESC, h.platform, h.handle";
        collect(self.connection(), sql, "reading unknown handles", |row| {
            Ok(UnknownHandle {
                platform: row.owned(0)?,
                handle: row.owned(1)?,
                n_sent: row.count(2)?,
            })
        })
    }
}

fn coverage(row: Row<'_>) -> Result<CoverageRow> {
    // DuckDB's `grouping` sets a bit for each column that the group leaves out.
    let dimension = match row.number(0)? {
        7 => Dimension::Platform,
        11 => Dimension::Channel,
        13 => Dimension::SenderDomain,
        _ => Dimension::Year,
    };
    Ok(CoverageRow {
        dimension,
        value: row.owned_or_null(1)?,
        n_messages: row.count(2)?,
        n_ungoverned: row.count(3)?,
        n_indeterminate: row.count(4)?,
    })
}
