//! Counts for reports and charts: coverage and due dates over time, handles that nobody knows.

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

/// How many messages become eligible in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMonth {
    /// `2027-05`.
    pub month: String,
    /// `document.schedule`; a message under several schedules counts once under each.
    pub schedule: String,
    /// How many messages, held ones included.
    pub n_messages: u64,
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

/// What each set of schedules says of its messages.
const SETS: &str =
    "sets AS (SELECT set_id, bool_or(outcome = 'indeterminate') AS indeterminate FROM duty_set GROUP BY set_id)";

/// Whether each message is governed, certainly: by its own set, or by those of its family together.
const GOVERNED: &str = "governed AS (
    SELECT m.platform, m.channel, m.sender, m.sent_at, s.set_id IS NULL AND m.family NOT IN (FROM hush) AS ungoverned,
           coalesce(s.indeterminate, false) AND m.family NOT IN (FROM hush) AS indeterminate
    FROM message m ANTI JOIN united u ON u.family = m.family LEFT JOIN sets s ON s.set_id = m.set_id
    UNION ALL
    SELECT m.platform, m.channel, m.sender, m.sent_at, coalesce(a.ungoverned, true) AND m.family NOT IN (FROM hush),
           coalesce(a.indeterminate, false) AND m.family NOT IN (FROM hush)
    FROM message m SEMI JOIN united u ON u.family = m.family
    LEFT JOIN (SELECT family, bool_and(s.set_id IS NULL) AS ungoverned, bool_or(coalesce(s.indeterminate, false)) AS indeterminate
               FROM assignment SEMI JOIN united USING (family) LEFT JOIN sets s USING (set_id) GROUP BY family) a
           ON a.family = m.family)";

/// The families under a silent hold, if nothing may show them: they count as governed and not yet due.
fn hush(hide_silent: bool) -> String {
    let families =
        "SELECT DISTINCT family FROM hold_member SEMI JOIN (SELECT hold FROM hold WHERE silent) USING (hold)";
    format!("hush AS ({families} WHERE {hide_silent})")
}

impl Catalog {
    /// Messages without a certain schedule, by platform, channel, domain of the sender and year sent.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn coverage(&self, hide_silent: bool) -> Result<Vec<CoverageRow>> {
        let hush = hush(hide_silent);
        let sql = format!(
            "WITH {SETS}, {hush}, {GOVERNED},
             few AS (SELECT platform, channel, nullif(lower(regexp_extract(sender, '@([^@]+)$', 1)), '') AS domain,
                            strftime(make_timestamp(epoch_us(sent_at)), '%Y') AS year, count(*) AS n,
                            count(*) FILTER (ungoverned) AS u, count(*) FILTER (indeterminate) AS i
                     FROM governed GROUP BY ALL)
             SELECT grouping(platform, channel, domain, year)::BIGINT AS which,
                    CASE which WHEN 7 THEN platform WHEN 11 THEN channel WHEN 13 THEN domain ELSE year END AS value,
                    sum(n)::BIGINT, sum(u)::BIGINT, sum(i)::BIGINT
             FROM few GROUP BY GROUPING SETS ((platform), (channel), (domain), (year))
             ORDER BY which, value NULLS LAST"
        );
        collect(self.connection(), &sql, "counting coverage", coverage)
    }

    /// Messages by the month in which they become eligible, and by schedule. Those that never do are left out.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn due_by_month(&self, hide_silent: bool) -> Result<Vec<DueMonth>> {
        let hush = hush(hide_silent);
        let sql = format!("WITH {hush}, latest AS (
                       SELECT set_id, days_id, count(*) AS n FROM message m ANTI JOIN united u ON u.family = m.family
                       ANTI JOIN hush h ON h.family = m.family WHERE set_id IS NOT NULL GROUP BY ALL
                       UNION ALL
                       SELECT set_id, days_id, count(*) FROM (
                           SELECT m.key, a.set_id, a.days_id
                           FROM message m SEMI JOIN united u ON u.family = m.family JOIN assignment a ON a.family = m.family
                           JOIN calendar c ON c.set_id = a.set_id AND c.days_id = a.days_id
                           SEMI JOIN duty_set d ON d.set_id = a.set_id ANTI JOIN hush h ON h.family = m.family
                           QUALIFY row_number() OVER (PARTITION BY m.key
                               ORDER BY c.eligible_at DESC NULLS FIRST, a.set_id, a.days_id) = 1)
                       GROUP BY ALL)
                   SELECT strftime(make_timestamp(epoch_us(c.eligible_at)), '%Y-%m') AS month, s.schedule, sum(l.n)::BIGINT
                   FROM latest l JOIN calendar c USING (set_id, days_id)
                   JOIN duty_set d ON d.set_id = l.set_id AND d.outcome = 'assigned'
                   JOIN schedule s USING (schedule_id)
                   WHERE c.eligible_at IS NOT NULL GROUP BY ALL ORDER BY ALL");
        collect(self.connection(), &sql, "counting what falls due", |row| {
            Ok(DueMonth {
                month: row.owned(0)?,
                schedule: row.owned(1)?,
                n_messages: row.count(2)?,
            })
        })
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
