//! What dates follow from, shared by many messages: origins of duties, days, conversations, and how many messages have
//! each combination of them. The dates themselves are computed elsewhere and never stored.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int8Array, Int32Array, Int64Array, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use lexhold_model::Key;

use crate::cases::CaseEnds;
use crate::covered::{self, COVERED, Covered};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::membership::decimals;
use crate::open::Catalog;
use crate::retention::asked;
use crate::rows::{Row, collect, each_row, sql_text, stream};

/// What the dates of one assignment of a message follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Combination {
    /// What its duties come from: see [`Catalog::origins`].
    pub origin: u32,
    /// Its days: see [`Catalog::day_sets`].
    pub days: u32,
    /// Its conversation: see [`Catalog::conversations`].
    pub conversation: u32,
    /// When it was sent, in microseconds since 1970 in UTC.
    pub sent_at: Option<i64>,
    /// When it was captured, likewise.
    pub captured_at: i64,
}

/// What duties come from: the set assigned when messages came in, and the facts that later bundles are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginRow {
    /// Its number.
    pub origin: u32,
    /// The set: see [`Catalog::duty_sets`].
    pub set_id: Key,
    /// The first of the resolutions that changed it: see [`Catalog::resolutions`].
    pub resolved: Option<u64>,
}

/// What an activation added to an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReassignmentRow {
    /// The origin.
    pub origin: u32,
    /// The journal entry of the activation.
    pub seq: u64,
    /// For messages sent at this very instant alone, in microseconds since 1970 in UTC, where `by_instant`.
    pub sent_at: Option<i64>,
    /// Whether the bundle's answer depends on the instant.
    pub by_instant: bool,
    /// The set.
    pub set_id: Key,
}

/// The local days of messages in one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRow<'a> {
    /// What combinations call these days.
    pub days: u32,
    /// Whether the date sent is not believed.
    pub suspect: bool,
    /// The zone; none where no zone mattered.
    pub zone: Option<&'a str>,
    /// The day sent.
    pub sent_day: Option<&'a str>,
    /// The day captured.
    pub captured_day: Option<&'a str>,
}

/// A conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationRow<'a> {
    /// Its number.
    pub conversation: u32,
    /// Its id in messages.
    pub id: &'a str,
    /// When people last wrote or spoke in it, else the last capture, in microseconds since 1970 in UTC.
    pub active_at: i64,
}

/// What an origin's duties come to, as far as counting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginClass {
    /// The origin.
    pub origin: u32,
    /// The class: origins with the same duties share one.
    pub class: u32,
    /// How its messages count in [`Catalog::coverage`].
    pub cover: Cover,
    /// Whether its dates depend on the conversation.
    pub by_conversation: bool,
    /// Whether its dates depend on instants that the stored days do not tell.
    pub instants: Instants,
    /// Whether its messages are left to [`Catalog::each_message`].
    pub streamed: bool,
}

/// How exactly dates depend on instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instants {
    /// Stored days say all.
    Never,
    /// By the quarter of an hour: every zone's day begins at one.
    Quarters,
    /// The very instant sent decides.
    Exact,
}

/// Whether a schedule governs messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cover {
    /// Some schedule does for certain.
    Governed,
    /// None does.
    Ungoverned,
    /// Some schedule could not say.
    Indeterminate,
}

/// How many messages share a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CombinationCount {
    /// The class of their origin; none where nothing was assigned.
    pub class: Option<u32>,
    /// Their days.
    pub days: Option<u32>,
    /// The class of their conversation, where that matters.
    pub conversation: Option<u32>,
    /// When they were sent, in microseconds since 1970 in UTC, as exactly as it matters.
    pub sent_at: Option<i64>,
    /// The quarter of an hour in which they were captured, where that matters.
    pub captured_at: Option<i64>,
    /// What covers them.
    pub covered: Covered,
    /// How many more, or fewer: counts of one combination have to be added up.
    pub n_messages: i64,
}

/// Messages whose dates come of several assignments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApartCount {
    /// What has to be united; empty where nothing was assigned.
    pub members: Vec<Combination>,
    /// How holds cover them.
    pub covered: Covered,
    /// When what rested on them was closed.
    pub ends: CaseEnds,
    /// How many.
    pub n_messages: u64,
}

/// What the dates of some messages follow from, a column each; a number that a message lacks is [`u32::MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageNumbers {
    /// Their origins.
    pub origins: Vec<u32>,
    /// Their days.
    pub days: Vec<u32>,
    /// Their conversations.
    pub conversations: Vec<u32>,
}

/// Whether messages are added to a count or taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Added.
    More,
    /// Taken.
    Fewer,
}

/// Messages by their place in the catalog, with what their dates follow from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberedRows {
    /// Their places, for [`Catalog::choose_due`] in the same session.
    pub rows: Vec<i64>,
    /// What their dates follow from.
    pub numbers: MessageNumbers,
}

impl MessageNumbers {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = [&mut self.origins, &mut self.days, &mut self.conversations];
        for (to, column) in columns.into_iter().zip(batch.columns()) {
            let numbers = column.as_primitive_opt::<Int32Type>();
            let numbers =
                numbers.ok_or_else(|| CatalogError::new(ErrorKind::Statement, "reading numbers".to_owned()))?;
            if numbers.null_count() == 0 {
                to.extend(numbers.values().iter().map(|number| number.cast_unsigned()));
            } else {
                to.extend(numbers.iter().map(|number| number.map_or(u32::MAX, i32::cast_unsigned)));
            }
        }
        Ok(())
    }
}

/// Messages handed over at once: enough for all threads to have their share.
const AT_ONCE: usize = 1 << 19;

/// A quarter of an hour in microseconds.
const QUARTER: i64 = 900_000_000;

impl Catalog {
    /// Hands over all origins, or those of some numbers.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn origins<E: From<CatalogError>>(
        &self,
        only: Option<&[u32]>,
        mut each: impl FnMut(OriginRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT origin_no, set_id, resolved FROM origin WHERE {}",
            among("origin_no", only)
        );
        each_row(self.connection(), &sql, "reading origins", |row| {
            each(OriginRow {
                origin: row.no(0)?,
                set_id: row.key(1)?,
                resolved: row.number_or_null(2)?.and_then(|seq| u64::try_from(seq).ok()),
            })
        })
    }

    /// Hands over what activations added to origins.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn reassignments<E: From<CatalogError>>(
        &self,
        only: Option<&[u32]>,
        mut each: impl FnMut(ReassignmentRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT o.origin_no, r.seq, epoch_us(r.sent_at), t.seq IS NOT NULL, r.set_id
                   FROM origin o JOIN reassignment r ON r.facts_id = o.facts_id AND r.scan_incomplete = o.scan_incomplete
                   LEFT JOIN (SELECT DISTINCT seq FROM reassignment WHERE sent_at IS NOT NULL) t ON t.seq = r.seq
                   WHERE r.seq > o.after AND {}",
            among("o.origin_no", only)
        );
        each_row(self.connection(), &sql, "reading reassignments", |row| {
            each(ReassignmentRow {
                origin: row.no(0)?,
                seq: row.count(1)?,
                sent_at: row.number_or_null(2)?,
                by_instant: row.flag(3)?,
                set_id: row.key(4)?,
            })
        })
    }

    /// The origins whose facts have any of these texts for a value, and those of messages that are united with one of theirs.
    /// A text that JSON writes otherwise is not found.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn origins_naming(&self, texts: &[&str]) -> Result<Vec<u32>> {
        let has = |text: &&str| format!("contains(facts, {})", sql_text(&format!("\"{text}\"")));
        let any: Vec<String> = texts.iter().map(has).collect();
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "WITH naming AS (SELECT origin_no FROM origin
                             WHERE facts_id IN (SELECT facts_id FROM facts WHERE {}))
             FROM naming UNION
             SELECT b.origin_no FROM united_member a JOIN united_member b USING (family)
             WHERE a.origin_no IN (FROM naming) ORDER BY origin_no",
            any.join(" OR ")
        );
        collect(self.connection(), &sql, "looking for origins", |row| row.no(0))
    }

    /// Hands over the facts of some origins as canonical JSON.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn facts_of_origins<E: From<CatalogError>>(
        &self,
        origins: &[u32],
        mut each: impl FnMut(u32, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.numbers("wanted_origin", &[("origin_no", origins)])
            .map_err(E::from)?;
        let sql = "SELECT origin_no, f.facts FROM origin SEMI JOIN wanted_origin USING (origin_no) JOIN facts f USING (facts_id)";
        each_row(self.connection(), sql, "reading facts", |row| {
            each(row.no(0)?, row.text(1)?)
        })
    }

    /// Hands over all local days or those of some numbers, those of one number behind each other.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn day_sets<E: From<CatalogError>>(
        &self,
        only: Option<&[u32]>,
        mut each: impl FnMut(DayRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT s.days_no, s.suspect, d.zone, d.sent_day, d.captured_day
                   FROM day_set s LEFT JOIN days d USING (days_id)
             WHERE {} ORDER BY s.days_no, d.zone",
            among("s.days_no", only)
        );
        each_row(self.connection(), &sql, "reading days", |row| {
            each(DayRow {
                days: row.no(0)?,
                suspect: row.flag(1)?,
                zone: row.text_or_null(2)?,
                sent_day: row.text_or_null(3)?,
                captured_day: row.text_or_null(4)?,
            })
        })
    }

    /// Hands over all conversations, or those of some numbers.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn conversations<E: From<CatalogError>>(
        &self,
        only: Option<&[u32]>,
        mut each: impl FnMut(ConversationRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT conversation_no, conversation, coalesce(active_at, captured_at) FROM conversation WHERE {}",
            among("conversation_no", only)
        );
        each_row(self.connection(), &sql, "reading conversations", |row| {
            each(ConversationRow {
                conversation: row.no(0)?,
                id: row.text(1)?,
                active_at: row.number(2)?,
            })
        })
    }

    /// Sets beside the catalog, for this session, what origins come to.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn classify_origins(&self, classes: &[OriginClass]) -> Result<()> {
        self.connection_batch(
            "CREATE OR REPLACE TEMP TABLE origin_class
                 (origin_no INTEGER, class_no INTEGER, cover TINYINT, by_conversation TINYINT, instants TINYINT, streamed TINYINT)",
        )?;
        let int = |of: fn(&OriginClass) -> u32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(
                classes.iter().map(|one| of(one).cast_signed()),
            ))
        };
        let tiny =
            |of: fn(&OriginClass) -> i8| -> ArrayRef { Arc::new(Int8Array::from_iter_values(classes.iter().map(of))) };
        self.append(
            "origin_class",
            vec![
                ("origin_no", int(|one| one.origin)),
                ("class_no", int(|one| one.class)),
                ("cover", tiny(|one| one.cover as i8)),
                ("by_conversation", tiny(|one| i8::from(one.by_conversation))),
                ("instants", tiny(|one| one.instants as i8)),
                ("streamed", tiny(|one| i8::from(one.streamed))),
            ],
        )
    }

    /// Sets beside the catalog, for this session, what conversations come to: one for each, by number.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn classify_conversations(&self, classes: &[u32]) -> Result<()> {
        let numbers: Vec<u32> = (0..).take(classes.len()).collect();
        self.numbers(
            "conversation_class",
            &[("conversation_no", &numbers), ("class_no", classes)],
        )
    }

    /// Hands over what the dates of messages follow from, of one run or of all: every message, then those that are taken out
    /// again because they come with [`Self::each_covered`] or [`Self::count_apart`].
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn each_message<E: From<CatalogError>>(
        &self,
        run: Option<&str>,
        mut each: impl FnMut(MessageNumbers, Sign) -> Result<(), E>,
    ) -> Result<(), E> {
        self.set_apart(run).map_err(E::from)?;
        let all = format!("message {}", of_run(run));
        for (rows, sign) in [(all.as_str(), Sign::More), ("apart", Sign::Fewer)] {
            let sql = format!("SELECT origin_no, days_no, conversation_no FROM {rows}");
            let mut numbers = MessageNumbers::default();
            stream::<E>(self.connection(), &sql, "reading what dates follow from", |batch| {
                numbers.add(batch)?;
                if numbers.origins.len() >= AT_ONCE {
                    each(std::mem::take(&mut numbers), sign)?;
                }
                Ok(())
            })?;
            each(numbers, sign)?;
        }
        Ok(())
    }

    /// Hands over what the dates of all messages follow from, those of several assignments by one of them.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn each_numbered<E: From<CatalogError>>(
        &self,
        mut each: impl FnMut(NumberedRows) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT origin_no, days_no, conversation_no, rowid FROM message";
        let doing = "reading what dates follow from";
        let mut all = NumberedRows::default();
        stream::<E>(self.connection(), sql, doing, |batch| {
            all.numbers.add(batch)?;
            let places = batch.column(3).as_primitive_opt::<Int64Type>();
            let places = places.ok_or_else(|| CatalogError::new(ErrorKind::Statement, doing))?;
            all.rows.extend(places.values());
            if all.rows.len() >= AT_ONCE {
                each(std::mem::take(&mut all))?;
            }
            Ok(())
        })?;
        each(all)
    }

    /// Chooses for [`crate::Scope::Due`] the messages at these places, and those whose dates do not follow from what is there alone:
    /// what is united of several assignments, what somebody asked to have erased, and what counts from the end of a case.
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn choose_due(&self, rows: Vec<i64>) -> Result<()> {
        self.connection_batch("CREATE OR REPLACE TEMP TABLE due_row (place BIGINT)")?;
        self.append("due_row", vec![("place", Arc::new(Int64Array::from(rows)))])?;
        self.set_up_cases()?;
        self.connection_batch(
            "INSERT INTO due_row
                 SELECT rowid FROM message
                 WHERE family IN (SELECT family FROM united UNION SELECT family FROM erasure_item UNION SELECT family FROM case_end)",
        )
    }

    /// Chooses every version of these messages, for [`crate::Scope::Chosen`].
    ///
    /// # Errors
    /// Those of DuckDB.
    pub fn choose_families(&self, families: &[Key]) -> Result<()> {
        let keys = decimals(families.iter().copied());
        let keys = keys.map_err(|error| CatalogError::new(ErrorKind::Statement, "choosing messages").because(error))?;
        self.connection_batch("CREATE OR REPLACE TEMP TABLE chosen_family (family DECIMAL(38,0))")?;
        self.append("chosen_family", vec![("family", keys)])
    }

    /// Hands over the messages under a hold or in an open case that the last [`Self::each_message`] took out: the numbers of
    /// origin, days and conversation, as there, and what covers them.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn each_covered<E: From<CatalogError>>(
        &self,
        mut each: impl FnMut([u32; 3], Covered) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT origin_no, days_no, conversation_no, held, hush, grace, hush_grace, in_case FROM apart WHERE NOT whole";
        each_row(self.connection(), sql, "reading covered messages", |row| {
            let number = |at| Ok::<_, CatalogError>(row.no_or_null(at)?.unwrap_or(u32::MAX));
            each([number(0)?, number(1)?, number(2)?], covered(row, 3)?)
        })
    }

    /// Counts by combination the messages that [`Self::classify_origins`] did not leave to [`Self::each_message`], which comes
    /// first; where any class depends on conversations, so does [`Self::classify_conversations`]. With `all`, those it left
    /// are counted too, and those without any assignment.
    ///
    /// Messages that a hold or an open case covers are taken out of these counts, by negative ones, and counted by what
    /// covers them; those with assignments to unite come with [`Self::count_apart`].
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn count_combinations<E: From<CatalogError>>(
        &self,
        run: Option<&str>,
        all: bool,
        mut each: impl FnMut(CombinationCount) -> Result<(), E>,
    ) -> Result<(), E> {
        if all {
            self.set_apart(run).map_err(E::from)?;
        }
        let every = format!("message {}", of_run(run));
        for (rows, sign) in [(every.as_str(), 1), ("apart", -1), ("apart WHERE NOT whole", 1)] {
            for way in self.ways(all).map_err(E::from)? {
                let sql = count_sql(rows, way, all, sign > 0 && rows != every);
                each_row(self.connection(), &sql, "counting combinations", |row| {
                    each(CombinationCount {
                        class: row.no_or_null(0)?,
                        days: row.no_or_null(1)?,
                        conversation: row.no_or_null(2)?,
                        sent_at: row.number_or_null(3)?,
                        captured_at: row.number_or_null(4)?,
                        covered: covered(row, 5)?,
                        n_messages: row.number(10)? * sign,
                    })
                })?;
            }
        }
        Ok(())
    }

    /// Counts the messages with assignments to unite that the last [`Self::each_message`] or [`Self::count_combinations`] took out.
    ///
    /// # Errors
    /// The caller's own, and those of DuckDB.
    pub fn count_apart<E: From<CatalogError>>(
        &self,
        mut each: impl FnMut(ApartCount) -> Result<(), E>,
    ) -> Result<(), E> {
        let united = "SELECT u.origin_no, u.days_no, u.conversation_no, u.sent_at, u.captured_at,
                             a.held, a.hush, a.grace, a.hush_grace, a.in_case, a.n, a.family, a.since, a.granted, a.grounded,
                             a.alert_at, a.case_at
                      FROM (SELECT family, held, hush, grace, hush_grace, in_case, since, granted, grounded, alert_at, case_at,
                                   count(*) AS n
                            FROM apart WHERE whole GROUP BY ALL) a
                      LEFT JOIN (SELECT family, origin_no, days_no, conversation_no, sent_at, captured_at FROM united_member
                                 UNION ALL
                                 SELECT family, origin_no, days_no, conversation_no, sent_at, captured_at FROM apart
                                 WHERE whole AND NOT united) u USING (family) ORDER BY a.family";
        let mut pending: Option<(Key, ApartCount)> = None;
        each_row::<E>(self.connection(), united, "counting families", |row| {
            let family = row.key(11)?;
            if pending.as_ref().is_none_or(|(last, _)| *last != family) {
                let next = ApartCount {
                    members: Vec::new(),
                    covered: Covered {
                        asked: asked(row, 12)?,
                        ..covered(row, 5)?
                    },
                    ends: CaseEnds {
                        alert: row.number_or_null(15)?,
                        case: row.number_or_null(16)?,
                    },
                    n_messages: row.count(10)?,
                };
                if let Some((_, done)) = pending.replace((family, next)) {
                    each(done)?;
                }
            }
            if let (Some((_, count)), Some(member)) = (&mut pending, combination(row, 0)?) {
                count.members.push(member);
            }
            Ok(())
        })?;
        pending.map_or(Ok(()), |(_, done)| each(done))
    }

    /// Lists messages that a hold or an open case covers, and those that are counted as a whole: with assignments to unite,
    /// whose erasure was asked for, or whose dates follow from the end of a case.
    pub(crate) fn set_apart(&self, run: Option<&str>) -> Result<()> {
        self.set_up_cases()?;
        let (run, asked) = (of_run(run), covered::asked());
        self.connection_batch(&format!(
            "CREATE OR REPLACE TEMP TABLE apart AS
             SELECT m.family, m.origin_no, m.days_no, m.conversation_no, m.place_no, epoch_us(m.sent_at) AS sent_at,
                    epoch_us(m.captured_at) AS captured_at, x.held, x.hush, x.grace, x.hush_grace, x.in_case, x.united,
                    x.since, x.granted, x.grounded, x.alert_at, x.case_at,
                    x.united OR x.since IS NOT NULL OR x.alert_at IS NOT NULL OR x.case_at IS NOT NULL AS whole
             FROM message m JOIN (
                 SELECT family, bool_or(held) AS held, bool_or(hush) AS hush, max(grace) AS grace,
                        max(hush_grace) AS hush_grace, bool_or(in_case) AS in_case, bool_or(united) AS united,
                        max(since) AS since, max(granted) AS granted, bool_or(grounded) AS grounded, max(alert_at) AS alert_at,
                        max(case_at) AS case_at FROM (
                     SELECT family, held, hush, grace, hush_grace, false AS in_case, false AS united,
                            NULL::BIGINT AS since, NULL::BIGINT AS granted, false AS grounded, NULL::BIGINT AS alert_at,
                            NULL::BIGINT AS case_at FROM ({COVERED})
                     UNION ALL SELECT family, false, false, NULL, NULL, true, false, NULL, NULL, false, NULL, NULL FROM in_case
                     UNION ALL SELECT family, false, false, NULL, NULL, false, true, NULL, NULL, false, NULL, NULL FROM united
                     UNION ALL SELECT family, false, false, NULL, NULL, false, false, since, granted, grounded, NULL, NULL
                     FROM ({asked})
                     UNION ALL SELECT family, false, false, NULL, NULL, false, false, NULL, NULL, false, alert_at, case_at
                     FROM case_end)
                 GROUP BY family) x USING (family) {run}"
        ))
    }

    /// The ways of counting that the classes ask for: whether by conversation, and how exactly by instant.
    fn ways(&self, all: bool) -> Result<Vec<(bool, i64)>> {
        let sql = format!(
            "SELECT DISTINCT by_conversation = 1, instants::BIGINT FROM origin_class WHERE {all} OR streamed = 0 ORDER BY ALL"
        );
        let mut ways = collect(self.connection(), &sql, "counting combinations", |row| {
            Ok((row.flag(0)?, row.number(1)?))
        })?;
        if all && !ways.contains(&PLAIN) {
            // Messages without any assignment are counted here.
            ways.insert(0, PLAIN);
        }
        Ok(ways)
    }

    pub(crate) fn connection_batch(&self, sql: &str) -> Result<()> {
        use crate::error::Doing;
        self.connection().execute_batch(sql).doing("preparing totals")
    }

    /// A temporary table of numbers.
    pub(crate) fn numbers(&self, table: &str, columns: &[(&str, &[u32])]) -> Result<()> {
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("{name} INTEGER")).collect();
        self.connection_batch(&format!("CREATE OR REPLACE TEMP TABLE {table} ({})", names.join(", ")))?;
        let arrays = columns.iter().map(|(name, numbers)| {
            let signed = numbers.iter().map(|number| number.cast_signed());
            (*name, Arc::new(Int32Array::from_iter_values(signed)) as ArrayRef)
        });
        self.append(table, arrays.collect())
    }
}

/// The combination whose five columns begin at `from`.
pub(crate) fn combination(row: Row<'_>, from: usize) -> Result<Option<Combination>> {
    let (Some(origin), Some(days)) = (row.no_or_null(from)?, row.no_or_null(from + 1)?) else {
        return Ok(None);
    };
    Ok(Some(Combination {
        origin,
        days,
        conversation: row.no(from + 2)?,
        sent_at: row.number_or_null(from + 3)?,
        captured_at: row.number(from + 4)?,
    }))
}

/// What covers what a row counts; its five columns begin at `from`.
fn covered(row: Row<'_>, from: usize) -> Result<Covered> {
    Ok(Covered {
        held: row.flag(from)?,
        held_silently: row.flag(from + 1)?,
        grace_until: row.number_or_null(from + 2)?,
        silent_grace_until: row.number_or_null(from + 3)?,
        in_case: row.flag(from + 4)?,
        asked: None,
    })
}

fn of_run(run: Option<&str>) -> String {
    run.map_or_else(String::new, |run| {
        format!("WHERE seq IN (SELECT seq FROM batch WHERE run = {})", sql_text(run))
    })
}

/// Some numbers of a column, as SQL.
fn among(column: &str, only: Option<&[u32]>) -> String {
    let Some(numbers) = only else { return "true".to_owned() };
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    if numbers.is_empty() {
        return "false".to_owned();
    }
    format!("{column} IN ({})", numbers.join(", "))
}

/// Neither by conversation nor by instant.
const PLAIN: (bool, i64) = (false, Instants::Never as i64);

/// Counts of the classes that are counted one way, those of `apart` by what covers them where that is asked. A message
/// without a class is counted the plain way.
fn count_sql(rows: &str, way: (bool, i64), all: bool, by_cover: bool) -> String {
    let (by_conversation, instants) = way;
    let micros = |column: &str| match rows.starts_with("apart") {
        true => column.to_owned(),
        false => format!("epoch_us({column})"),
    };
    let cover_columns = if by_cover {
        "held, hush, grace, hush_grace, in_case"
    } else {
        "false, false, NULL::BIGINT, NULL::BIGINT, false"
    };
    let quarter = |column: &str| format!("{} // {QUARTER} * {QUARTER}", micros(column));
    let (sent, captured) = match instants {
        0 => ("NULL::BIGINT".to_owned(), "NULL::BIGINT".to_owned()),
        1 => (quarter("sent_at"), quarter("captured_at")),
        _ => (micros("sent_at"), quarter("captured_at")),
    };
    let (conversation, join) = if by_conversation {
        ("v.class_no", "LEFT JOIN conversation_class v USING (conversation_no)")
    } else {
        ("NULL::INTEGER", "")
    };
    let (kind, only) = if all && way == PLAIN {
        (
            "LEFT JOIN",
            "coalesce(c.by_conversation, 0) = 0 AND coalesce(c.instants, 0) = 0".to_owned(),
        )
    } else {
        let only = format!(
            "c.by_conversation = {} AND c.instants = {instants} AND ({all} OR c.streamed = 0)",
            u8::from(by_conversation)
        );
        ("JOIN", only)
    };
    format!(
        "SELECT c.class_no, m.days_no, {conversation}, {sent}, {captured}, {cover_columns}, count(*)
         FROM (FROM {rows}) m {kind} origin_class c USING (origin_no) {join} WHERE {only} GROUP BY ALL"
    )
}
