//! How many messages there are of some origins: those whose duties wait for an event, those that nothing governs.

use crate::covered::hushed;
use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::rows::each_row;

/// Messages of one origin, and of one conversation where that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginCount {
    /// The origin.
    pub origin: u32,
    /// The conversation; none where origins are counted as a whole.
    pub conversation: Option<u32>,
    /// How many messages.
    pub n_messages: u64,
    /// When the first of them was sent, or captured where that date is not believed, in microseconds since 1970 in UTC.
    pub first_at: i64,
    /// How many were sent before each of the instants asked for.
    pub n_before: Vec<u64>,
}

impl Catalog {
    /// Counts the messages of some origins, one of several assignments counting under each, and how many of them were sent
    /// before each of some instants. `hide_silent_at` leaves out what a silent hold keeps at that instant, or an open case.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn count_origins<E: From<CatalogError>>(
        &self,
        origins: &[u32],
        by_conversation: bool,
        before: &[i64],
        hide_silent_at: Option<i64>,
        mut each: impl FnMut(OriginCount) -> Result<(), E>,
    ) -> Result<(), E> {
        self.set_up_cases().map_err(E::from)?;
        self.numbers("wanted_origin", &[("origin_no", origins)])
            .map_err(E::from)?;
        let sql = sql(by_conversation, before, hide_silent_at);
        each_row(self.connection(), &sql, "counting messages by origin", |row| {
            each(OriginCount {
                origin: row.no(0)?,
                conversation: row.no_or_null(1)?,
                n_messages: row.count(2)?,
                first_at: row.number(3)?,
                n_before: (0..before.len()).map(|at| row.count(4 + at)).collect::<Result<_>>()?,
            })
        })
    }
}

fn sql(by_conversation: bool, before: &[i64], hide_silent_at: Option<i64>) -> String {
    let conversation = if by_conversation {
        "conversation_no"
    } else {
        "NULL::INTEGER"
    };
    let hush = hushed(hide_silent_at);
    let counts: String = before
        .iter()
        .map(|before| format!(", count(*) FILTER (moment < {before})"))
        .collect();
    format!(
        "WITH hush AS ({hush}),
              seen AS (SELECT key, family, origin_no, conversation_no,
                              epoch_us(CASE WHEN trigger_suspect OR sent_at IS NULL THEN captured_at ELSE sent_at END) AS moment
                       FROM message m ANTI JOIN hush h ON h.family = m.family),
              counted AS (SELECT origin_no, conversation_no, moment FROM seen s ANTI JOIN united u ON u.family = s.family
                          UNION ALL
                          SELECT m.origin_no, s.conversation_no, s.moment
                          FROM (SELECT DISTINCT key, origin_no FROM united_member) m JOIN seen s USING (key))
         SELECT origin_no, {conversation} AS conversation, count(*), min(moment){counts}
         FROM counted SEMI JOIN wanted_origin USING (origin_no) GROUP BY ALL ORDER BY ALL"
    )
}

impl Catalog {
    /// Hands over how many messages of each origin no schedule governs, as [`Self::classify_origins`] said.
    /// `hide_silent_at` leaves out what a silent hold keeps at that instant, or an open case.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn ungoverned_origins<E: From<CatalogError>>(
        &self,
        hide_silent_at: Option<i64>,
        mut each: impl FnMut(u32, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        self.set_up_cases().map_err(E::from)?;
        let hush = hushed(hide_silent_at);
        let sql = format!(
            "WITH hush AS ({hush}),
                  governed AS (SELECT DISTINCT family FROM united_member JOIN origin_class USING (origin_no) WHERE cover <> 1)
             SELECT origin_no, count(*) FROM message m JOIN origin_class c USING (origin_no)
             ANTI JOIN hush h ON h.family = m.family ANTI JOIN governed g ON g.family = m.family
             WHERE c.cover = 1 GROUP BY origin_no ORDER BY origin_no"
        );
        each_row(self.connection(), &sql, "counting what is ungoverned", |row| {
            each(row.no(0)?, row.count(1)?)
        })
    }
}
