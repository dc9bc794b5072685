//! What assignments were made from, so that a bundle activated later can be asked about the same facts.

use lexhold_model::Key;

use crate::error::{CatalogError, Result};
use crate::open::Catalog;
use crate::rows::{each_row, sql_text};

/// Everything that the assignment of a message depends on, shared by many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssignmentInput<'a> {
    /// The key of the facts.
    pub facts_id: Key,
    /// The facts as canonical JSON.
    pub facts: &'a str,
    /// Whether the text could not be scanned to its end.
    pub scan_incomplete: bool,
    /// When the message was sent, in microseconds since 1970 in UTC; none where it has no such date, or nobody asked.
    pub sent_at: Option<i64>,
}

impl Catalog {
    /// Hands over the distinct inputs of all assignments, those that late duplicates brought included, sorted.
    ///
    /// Instants make nearly every message an input of its own, so they are told apart only `by_instant`. With `mentioning`
    /// only those come whose facts hold one of these texts, as JSON has it.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn assignment_inputs<E: From<CatalogError>>(
        &self,
        by_instant: bool,
        mentioning: Option<&[String]>,
        mut each: impl FnMut(AssignmentInput<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let inputs = if by_instant {
            "SELECT o.facts_id, o.scan_incomplete, epoch_us(m.sent_at) AS sent_at
             FROM message m JOIN origin o ON o.origin_no = m.origin_no
             UNION
             SELECT o.facts_id, o.scan_incomplete, u.sent_at
             FROM united_member u JOIN origin o ON o.origin_no = u.origin_no"
        } else {
            "SELECT DISTINCT facts_id, scan_incomplete, NULL::BIGINT AS sent_at FROM origin"
        };
        let mentions = mentioning.map(|texts| {
            // Quotes are everywhere: what is looked for without the first of them is found several times as fast.
            let one = |text: &String| {
                let rest = text.strip_prefix('"').unwrap_or(text);
                format!(
                    " OR (contains(facts, {}) AND contains(facts, {}))",
                    sql_text(rest),
                    sql_text(text)
                )
            };
            format!("WHERE false{}", texts.iter().map(one).collect::<String>())
        });
        let facts = format!("SELECT * FROM facts {}", mentions.unwrap_or_default());
        let sql = format!(
            "SELECT facts_id, f.facts, i.scan_incomplete, i.sent_at FROM ({inputs}) i JOIN ({facts}) f USING (facts_id)
             ORDER BY facts_id, i.scan_incomplete, i.sent_at"
        );
        each_row(
            self.connection(),
            &sql,
            "reading what assignments were made from",
            |row| {
                each(AssignmentInput {
                    facts_id: row.key(0)?,
                    facts: row.text(1)?,
                    scan_incomplete: row.flag(2)?,
                    sent_at: row.number_or_null(3)?,
                })
            },
        )
    }
}
