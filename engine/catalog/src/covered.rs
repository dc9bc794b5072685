//! What bears on messages beside their dates: holds in force, those that were released a short while ago, open cases.

use crate::rows::collect;
use crate::{Catalog, Result};

/// By how much the numbers of grants lie apart: a decision has no more parts, each of which waives other schedule versions.
pub const GRANT_PARTS: u64 = 1_000_000;

/// What covers messages, whatever their dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Covered {
    /// A hold covers them that everybody may know of.
    pub held: bool,
    /// A silent hold covers them.
    pub held_silently: bool,
    /// Until when they stay after the release of holds that everybody may know of, in microseconds since 1970 in UTC.
    pub grace_until: Option<i64>,
    /// Until when they stay after the release of silent holds, likewise.
    pub silent_grace_until: Option<i64>,
    /// An open case or alert rests on them.
    pub in_case: bool,
    /// A request for their erasure that was confirmed, and has not ended.
    pub asked: Option<Asked>,
}

/// A request for the erasure of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asked {
    /// When the first was confirmed, in microseconds since 1970 in UTC.
    pub since: i64,
    /// The part of a grant that grants it, and says which duties were waived: see [`crate::Catalog::waived`].
    pub granted: Option<u64>,
    /// Somebody recorded a ground on which they stay.
    pub grounded: bool,
}

impl Covered {
    /// Whether any hold is in force.
    pub fn is_held(&self) -> bool {
        self.held || self.held_silently
    }

    /// Until when they stay after any release, in microseconds since 1970 in UTC.
    pub fn grace(&self) -> Option<i64> {
        self.grace_until.max(self.silent_grace_until)
    }

    /// Whether a silent hold, the grace after one, or an open case keeps them at an instant: they look alike, so that none of
    /// them proves a silent hold.
    pub fn silently_at(&self, as_of: i64) -> bool {
        self.held_silently || self.in_case || self.silent_grace_until.is_some_and(|until| as_of < until)
    }

    /// The same with one more hold.
    #[must_use]
    pub fn with(self, silent: bool, grace_until: Option<i64>) -> Self {
        match (silent, grace_until) {
            (false, None) => Self { held: true, ..self },
            (true, None) => Self {
                held_silently: true,
                ..self
            },
            (false, until) => Self {
                grace_until: self.grace_until.max(until),
                ..self
            },
            (true, until) => Self {
                silent_grace_until: self.silent_grace_until.max(until),
                ..self
            },
        }
    }
}

/// Messages of one entry and platform, sent in one year, of which some are under a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPart {
    /// The journal's entry that brought them.
    pub seq: u64,
    /// The platform.
    pub platform: String,
    /// When the first of them was sent, in microseconds since 1970 in UTC; none where that is not known.
    pub sent_at: Option<i64>,
}

impl Catalog {
    /// Where messages are that a hold covers which everybody may know of, or covered until its grace ended, at an instant in
    /// microseconds since 1970 in UTC.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn held_parts(&self, now: i64) -> Result<Vec<HeldPart>> {
        let sql = format!(
            "SELECT m.seq, m.platform, min(epoch_us(m.sent_at)) FROM message m JOIN ({COVERED}) c USING (family)
             WHERE c.held OR c.grace > {now} GROUP BY m.seq, m.platform, year(make_timestamp(epoch_us(m.sent_at))) ORDER BY ALL"
        );
        collect(self.connection(), &sql, "looking for what is held", |row| {
            Ok(HeldPart {
                seq: row.count(0)?,
                platform: row.owned(1)?,
                sent_at: row.number_or_null(2)?,
            })
        })
    }
}

/// Families that holds cover, a row each, as SQL: `held`, `hush`, `grace`, `hush_grace`. A hold that is not on record
/// holds.
pub(crate) const COVERED: &str = "
    SELECT m.family, bool_or(r.hold IS NULL AND NOT coalesce(h.silent, false)) AS held,
           bool_or(r.hold IS NULL AND coalesce(h.silent, false)) AS hush,
           max(epoch_us(r.grace_until)) FILTER (NOT coalesce(h.silent, false)) AS grace,
           max(epoch_us(r.grace_until)) FILTER (coalesce(h.silent, false)) AS hush_grace
    FROM (SELECT DISTINCT family, hold FROM hold_member) m
    LEFT JOIN hold h USING (hold) LEFT JOIN hold_release r USING (hold) GROUP BY m.family";

/// Families whose erasure was asked for, a row each, as SQL: `since`; `granted`, the last grant by a request that stands; and
/// `grounded`, whether the last word under any such request is a ground on which they stay. A grant counts while no ground does, and
/// while nobody else has asked since: it was weighed against the law of those who had.
pub(crate) fn asked() -> String {
    format!(
        "SELECT family, since, grounded,
                CASE WHEN NOT grounded AND granted // {GRANT_PARTS} > asked THEN granted END AS granted FROM (
            SELECT i.family, min(epoch_us(s.stepped_at)) AS since, max(s.seq) AS asked,
                   max(d.seq * {GRANT_PARTS} + d.part) FILTER (d.ground IS NULL) AS granted,
                   bool_or(d.ground IS NOT NULL) AS grounded
            FROM erasure_item i JOIN erasure_step s ON s.request = i.request AND s.step = 'confirmed'
            LEFT JOIN (SELECT o.request, o.seq, o.part, o.ground, x.family
                       FROM erasure_decision o JOIN erasure_decision_item x USING (seq, part)
                       QUALIFY row_number() OVER (PARTITION BY o.request, x.family ORDER BY o.seq DESC) = 1) d
                ON d.request = i.request AND d.family = i.family
            WHERE i.request NOT IN (SELECT request FROM erasure_step WHERE step = 'closed') GROUP BY i.family)"
    )
}

/// Families that a silent hold, the grace after one, or an open case keeps at an instant, as SQL; none where nothing is hidden.
pub(crate) fn hushed(hide_silent_at: Option<i64>) -> String {
    let holds = match hide_silent_at {
        None => "SELECT hold FROM hold WHERE false".to_owned(),
        Some(at) => format!(
            "SELECT hold FROM hold LEFT JOIN hold_release r USING (hold)
             WHERE silent AND (r.grace_until IS NULL OR epoch_us(r.grace_until) > {at})"
        ),
    };
    let cases = hide_silent_at.is_some();
    format!(
        "SELECT family FROM hold_member SEMI JOIN ({holds}) USING (hold) UNION SELECT family FROM in_case WHERE {cases}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_add_up_and_the_longest_grace_counts() {
        let covered = [(false, Some(5)), (true, Some(9)), (false, Some(7))]
            .into_iter()
            .fold(Covered::default(), |covered, (silent, grace)| {
                covered.with(silent, grace)
            });
        assert!(!covered.is_held());
        assert_eq!(
            (covered.grace_until, covered.silent_grace_until, covered.grace()),
            (Some(7), Some(9), Some(9))
        );
        assert!(covered.silently_at(8) && !covered.silently_at(9));
        assert!(covered.with(false, None).is_held());
        assert!(covered.with(true, None).silently_at(i64::MAX));
    }
}
