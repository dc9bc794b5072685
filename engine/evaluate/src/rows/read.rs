//! Rows as the evaluation that they came from. They may come from anybody, so that everything in them is looked at.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use arrow::array::{Array, AsArray, BooleanArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Int64Type};
use lexhold_model::{ByteSpan, Field, Key, MessageBatch, PartKind, Row, Severity};
use lexhold_policy::{Direction, FactsRow};
use lexhold_retention::{Assigned, Membership, Outcome};
use lexhold_rules::{Confidence, Support};
use serde::Deserialize;

use super::fields::{DIAGNOSTIC, DUTY, EVENT, HIT, HOLD, OF_MESSAGE, PART};
use super::fields::{diagnostic, duty, evaluation as of, event, hit, hold, part};
use super::{EVALUATION, Evaluated, Rows, RowsError, UNREADABLE, UnreadableRow};
use crate::codes;
use crate::evaluation::{
    DaysRow, DiagnosticRow, DutySet, Evaluation, EventRow, HitRow, HoldRow, MessageRow, PartRow, RuleRef,
};
use crate::identity::Identity;
use crate::message::{handles, triggers};
use crate::parts::{Range as PartRange, Reason};

/// The codes that a message's diagnostics may have.
const CODES: [&str; 7] = [
    codes::WHEN_FAILED,
    codes::FORBID_FAILED,
    codes::RETAIN_FAILED,
    codes::HOLD_FAILED,
    codes::SCAN_INCOMPLETE,
    codes::NO_DATE,
    codes::EVENT_WITHOUT_DATE,
];

type Result<T> = std::result::Result<T, RowsError>;

fn wrong(row: usize, what: impl Display) -> RowsError {
    RowsError(format!("row {row}: {what}"))
}

impl Rows<'_> {
    /// The messages and the evaluation that these rows were made of.
    ///
    /// # Errors
    /// Names the first row, counted from 0, that is not one of this bundle, these facts, and this home's key.
    pub fn read(&self, rows: &RecordBatch) -> Result<Evaluated> {
        let missing = |name: &str| RowsError(format!("column `{name}` is missing or of another type"));
        let reasons = text_column(rows, UNREADABLE).ok_or_else(|| missing(UNREADABLE))?;
        let readable = BooleanArray::from_iter((0..rows.num_rows()).map(|row| Some(reasons.is_null(row))));
        let unreadable = unreadable(rows, &reasons)?;
        let of_messages = if unreadable.is_empty() {
            rows.clone()
        } else {
            arrow::compute::filter_record_batch(rows, &readable).map_err(|_| missing(UNREADABLE))?
        };
        let batch = MessageBatch::conforming(&of_messages).map_err(|error| RowsError(error.to_string()))?;
        let column = of_messages
            .column_by_name(EVALUATION)
            .ok_or_else(|| missing(EVALUATION))?;
        let column =
            arrow::compute::cast(column, &DataType::Struct(OF_MESSAGE.clone())).map_err(|_| missing(EVALUATION))?;
        let evaluation = Reader::new(self, &batch, column.as_struct())?.read()?;
        Ok(Evaluated {
            batch,
            evaluation,
            unreadable,
        })
    }
}

fn text_column(rows: &RecordBatch, name: &str) -> Option<StringArray> {
    let column = arrow::compute::cast(rows.column_by_name(name)?, &DataType::Utf8).ok()?;
    Some(column.as_string::<i32>().clone())
}

/// The rows that are no messages.
fn unreadable(rows: &RecordBatch, reasons: &StringArray) -> Result<Vec<UnreadableRow>> {
    if reasons.null_count() == rows.num_rows() {
        return Ok(Vec::new());
    }
    let place = |name: &str, kind: DataType| {
        let source = rows.column_by_name("source").and_then(|source| source.as_struct_opt());
        let column = source.and_then(|source| source.column_by_name(name).cloned());
        let column = column.and_then(|column| arrow::compute::cast(&column, &kind).ok());
        column.ok_or_else(|| RowsError("column `source` is missing or of another type".to_owned()))
    };
    let (files, offsets) = (place("file", DataType::Utf8)?, place("offset", DataType::Int64)?);
    let (files, offsets) = (files.as_string::<i32>(), offsets.as_primitive::<Int64Type>());
    let all = (0..rows.num_rows()).filter(|row| reasons.is_valid(*row));
    let found = all.map(|row| UnreadableRow {
        file: if files.is_valid(row) {
            files.value(row).to_owned()
        } else {
            String::new()
        },
        offset: u64::try_from(offsets.value(row)).unwrap_or_default(),
        reason: reasons.value(row).to_owned(),
    });
    Ok(found.collect())
}

/// A structure whose fields are sought by position.
#[derive(Clone, Copy)]
struct Fields<'a> {
    of: &'a StructArray,
    names: &'a arrow::datatypes::Fields,
}

impl<'a> Fields<'a> {
    fn text(self, at: usize, field: usize) -> Option<&'a str> {
        let column: &StringArray = self.of.column(field).as_string();
        column.is_valid(at).then(|| column.value(at))
    }

    fn number(self, at: usize, field: usize) -> Option<usize> {
        let column = self.of.column(field).as_primitive::<Int64Type>();
        column
            .is_valid(at)
            .then(|| usize::try_from(column.value(at)).ok())
            .flatten()
    }

    fn flag(self, row: usize, at: usize, field: usize) -> Result<bool> {
        let column = self.of.column(field).as_boolean();
        column
            .is_valid(at)
            .then(|| column.value(at))
            .ok_or_else(|| self.none(row, field))
    }

    fn none(self, row: usize, field: usize) -> RowsError {
        wrong(
            row,
            format_args!("`{}` is missing or cannot be read", self.names[field].name()),
        )
    }

    fn must(self, row: usize, at: usize, field: usize) -> Result<&'a str> {
        self.text(at, field).ok_or_else(|| self.none(row, field))
    }

    /// A text that must be there and mean something.
    fn parsed<T: FromStr>(self, row: usize, at: usize, field: usize) -> Result<T> {
        self.must(row, at, field)?.parse().map_err(|_| self.none(row, field))
    }

    /// A text that means something where it is there.
    fn parsed_or_null<T: FromStr>(self, row: usize, at: usize, field: usize) -> Result<Option<T>> {
        let parsed = self.text(at, field).map(str::parse).transpose();
        parsed.map_err(|_| self.none(row, field))
    }

    /// One of several words.
    fn word<T: Copy>(self, row: usize, at: usize, field: usize, all: &[T], word: fn(T) -> &'static str) -> Result<T> {
        let text = self.must(row, at, field)?;
        let found = all.iter().copied().find(|one| word(*one) == text);
        found.ok_or_else(|| self.none(row, field))
    }

    fn span(self, row: usize, at: usize, (start, end): (usize, usize)) -> Result<ByteSpan> {
        let span = self.number(at, start).zip(self.number(at, end));
        span.and_then(|(start, end)| ByteSpan::new(start, end))
            .ok_or_else(|| self.none(row, start))
    }
}

/// The items of a list, by row.
struct Items<'a> {
    list: &'a ListArray,
    fields: Fields<'a>,
}

impl<'a> Items<'a> {
    fn of(messages: Fields<'a>, field: usize, names: &'a arrow::datatypes::Fields) -> Self {
        let list: &ListArray = messages.of.column(field).as_list();
        let fields = Fields {
            of: list.values().as_struct(),
            names,
        };
        Self { list, fields }
    }

    fn at(&self, row: usize) -> Range<usize> {
        range(self.list, row)
    }
}

fn range(list: &ListArray, row: usize) -> Range<usize> {
    if list.is_null(row) {
        return 0..0;
    }
    let offset = |at: usize| usize::try_from(list.value_offsets()[at]).unwrap_or_default();
    offset(row)..offset(row + 1)
}

#[derive(Deserialize)]
struct WrittenSupport {
    name: Box<str>,
    field: String,
    start: usize,
    end: usize,
}

/// One batch of rows, and what has been met in it.
struct Reader<'a> {
    rows: &'a Rows<'a>,
    batch: &'a MessageBatch,
    of: Fields<'a>,
    out: Evaluation,
    facts: HashMap<&'a str, Key>,
    sets: HashMap<Vec<Assigned>, Key>,
    days: HashMap<Key, ()>,
    handles: BTreeMap<(&'a str, &'a str), bool>,
    holds: HashMap<&'a str, usize>,
}

impl<'a> Reader<'a> {
    fn new(rows: &'a Rows<'a>, batch: &'a MessageBatch, of: &'a StructArray) -> Result<Self> {
        if let Some(row) = (0..of.len()).find(|row| of.is_null(*row)) {
            return Err(wrong(row, format_args!("`{EVALUATION}` is missing")));
        }
        let specs = rows.facts.holds.specs().iter();
        Ok(Self {
            rows,
            batch,
            of: Fields { of, names: &OF_MESSAGE },
            out: Evaluation::default(),
            facts: HashMap::new(),
            sets: HashMap::new(),
            days: HashMap::new(),
            handles: BTreeMap::new(),
            holds: specs.map(|hold| hold.name.as_str()).zip(0..).collect(),
        })
    }

    fn read(mut self) -> Result<Evaluation> {
        for row in self.batch.rows() {
            self.message(row)?;
        }
        self.hits()?;
        self.parts()?;
        self.events()?;
        self.held()?;
        self.diagnostics()?;
        let handles = std::mem::take(&mut self.handles).into_iter();
        self.out.handles = handles
            .map(|((platform, handle), known)| (platform.to_owned(), handle.to_owned(), known))
            .collect();
        Ok(self.out)
    }

    fn message(&mut self, row: Row<'a>) -> Result<()> {
        let at = row.index();
        let identity = Identity::of(&self.rows.facts.key, row);
        let (key, hash) = (
            self.of.parsed(at, at, of::KEY)?,
            self.of.parsed(at, at, of::CONTENT_HASH)?,
        );
        let named = (key, hash, self.of.must(at, at, of::MESSAGE_ID)?);
        if named != (identity.key, identity.content_hash, identity.message_id.as_str()) {
            let what = "the message is not the one that was evaluated, or was evaluated with another home's key";
            return Err(wrong(at, what));
        }
        let facts_id = self.facts_id(at)?;
        let set_id = self.set_id(at)?;
        let trigger_suspect = self.of.flag(at, at, of::TRIGGER_SUSPECT)?;
        let days_id = self.days_id(row, trigger_suspect);
        self.handles_of(row)?;
        const DIRECTIONS: [Direction; 3] = [Direction::Outbound, Direction::Inbound, Direction::Internal];
        self.out.messages.push(MessageRow {
            identity,
            direction: self.of.word(at, at, of::DIRECTION, &DIRECTIONS, Direction::as_str)?,
            trigger_suspect,
            scan_incomplete: self.of.flag(at, at, of::SCAN_INCOMPLETE)?,
            facts_id,
            set_id,
            days_id,
        });
        Ok(())
    }

    fn facts_id(&mut self, row: usize) -> Result<Key> {
        let json = self.of.must(row, row, of::FACTS)?;
        if let Some(known) = self.facts.get(json) {
            return Ok(*known);
        }
        let facts = FactsRow::from_json(json).map_err(|_| self.of.none(row, of::FACTS))?;
        self.facts.insert(json, facts.id);
        self.out.facts.push((facts.id, facts.json));
        Ok(facts.id)
    }

    fn set_id(&mut self, row: usize) -> Result<Key> {
        let duties = Items::of(self.of, of::DUTIES, &DUTY);
        let mut assigned = Vec::new();
        for at in duties.at(row) {
            let fields = duties.fields;
            let key: Key = fields.parsed(row, at, duty::SCHEDULE_KEY)?;
            let schedule = self.rows.schedules.get(&key);
            let outcome = match (fields.text(at, duty::OUTCOME), fields.text(at, duty::REASON)) {
                (Some("assigned"), None) => Outcome::Assigned,
                (Some("by_pattern"), None) => Outcome::ByPattern,
                (Some("indeterminate"), Some(reason)) => Outcome::Indeterminate {
                    reason: reason.to_owned(),
                },
                _ => return Err(fields.none(row, duty::OUTCOME)),
            };
            assigned.push(Assigned {
                schedule: *schedule.ok_or_else(|| wrong(row, "it names a schedule that is not of this bundle"))?,
                outcome,
                since: None,
            });
        }
        // A bundle's schedules may stand in another order where it was read from other paths.
        assigned.sort();
        if let Some(known) = self.sets.get(&assigned) {
            return Ok(*known);
        }
        let id = self.rows.bundle.schedules.set_key(&assigned);
        self.out.sets.push(DutySet {
            id,
            assigned: assigned.clone(),
        });
        self.sets.insert(assigned, id);
        Ok(id)
    }

    fn days_id(&mut self, row: Row<'_>, suspect: bool) -> Key {
        let days = self.rows.bundle.schedules.days(&triggers(row, suspect));
        let id = days.key();
        if self.days.insert(id, ()).is_none() {
            self.out.days.push(DaysRow { id, days });
        }
        id
    }

    fn handles_of(&mut self, row: Row<'a>) -> Result<()> {
        let list: &ListArray = self.of.of.column(of::UNKNOWN_HANDLES).as_list();
        let names: &StringArray = list.values().as_string();
        let unknown: Vec<&str> = range(list, row.index()).map(|at| names.value(at)).collect();
        for handle in handles(row) {
            self.handles
                .entry((row.platform(), handle))
                .or_insert_with(|| !unknown.contains(&handle));
        }
        if unknown.iter().all(|handle| handles(row).any(|its| its == *handle)) {
            return Ok(());
        }
        Err(wrong(
            row.index(),
            "`unknown_handles` names one that the message has not",
        ))
    }

    fn rule(&self, row: usize, key: Key) -> Result<RuleRef> {
        let rule = self.rows.rules.get(&key).copied();
        rule.ok_or_else(|| wrong(row, "it names a rule that is not of this bundle"))
    }

    fn hits(&mut self) -> Result<()> {
        let items = Items::of(self.of, of::HITS, &HIT);
        for row in 0..self.batch.len() {
            for at in items.at(row) {
                let hit = self.hit(row, at, items.fields)?;
                self.out.hits.push(hit);
            }
        }
        Ok(())
    }

    fn hit(&self, row: usize, at: usize, fields: Fields<'_>) -> Result<HitRow> {
        let owned = |field| fields.text(at, field).map(str::to_owned);
        let place = fields.parsed_or_null::<Field>(row, at, hit::FIELD)?;
        let span = place.map(|field| Ok((field, fields.span(row, at, (hit::START, hit::END))?)));
        let confidence = fields.text(at, hit::CONFIDENCE);
        let tier = |_| fields.word(row, at, hit::CONFIDENCE, &Confidence::ALL, Confidence::as_str);
        Ok(HitRow {
            row,
            rule: self.rule(row, fields.parsed(row, at, hit::RULE_KEY)?)?,
            place: span.transpose()?,
            part: fields.parsed_or_null::<PartKind>(row, at, hit::PART)?,
            evasion: fields.flag(row, at, hit::EVASION)?,
            confidence: confidence.map(tier).transpose()?,
            support: support(row, at, fields)?,
            severity: fields.parsed::<Severity>(row, at, hit::SEVERITY)?,
            n_hits: fields.number(at, hit::N_HITS).map(|n| n as u64),
            excluded_by: owned(hit::EXCLUDED_BY),
            indeterminate: owned(hit::INDETERMINATE),
            alert: fields.parsed_or_null(row, at, hit::ALERT_ID)?,
            evidence: fields.parsed(row, at, hit::EVIDENCE)?,
            block: fields.parsed_or_null(row, at, hit::BLOCK)?,
        })
    }

    fn parts(&mut self) -> Result<()> {
        let items = Items::of(self.of, of::PARTS, &PART);
        let fields = items.fields;
        for row in 0..self.batch.len() {
            for at in items.at(row) {
                self.out.parts.push(PartRow {
                    row,
                    range: PartRange {
                        kind: fields.parsed(row, at, part::KIND)?,
                        span: fields.span(row, at, (part::START, part::END))?,
                        reason: fields.word(row, at, part::REASON, &Reason::ALL, Reason::as_str)?,
                    },
                    hash: fields.parsed(row, at, part::HASH)?,
                });
            }
        }
        Ok(())
    }

    fn events(&mut self) -> Result<()> {
        let items = Items::of(self.of, of::EVENTS, &EVENT);
        let fields = items.fields;
        for row in 0..self.batch.len() {
            for at in items.at(row) {
                let rule = self.rule(row, fields.parsed(row, at, event::RULE_KEY)?)?;
                let RuleRef::Conversation(rule) = rule else {
                    return Err(fields.none(row, event::RULE_KEY));
                };
                let component = fields.number(at, event::COMPONENT).and_then(|n| u32::try_from(n).ok());
                self.out.events.push(EventRow {
                    row,
                    rule,
                    group: fields.parsed(row, at, event::GROUP_ID)?,
                    component: component.ok_or_else(|| fields.none(row, event::COMPONENT))?,
                });
            }
        }
        Ok(())
    }

    fn held(&mut self) -> Result<()> {
        let items = Items::of(self.of, of::HOLDS, &HOLD);
        for row in 0..self.batch.len() {
            for at in items.at(row) {
                let name = items.fields.must(row, at, hold::HOLD)?;
                let hold = self.holds.get(name).copied();
                const KINDS: [Membership; 2] = [Membership::Held, Membership::Unevaluable];
                self.out.holds.push(HoldRow {
                    row,
                    hold: hold.ok_or_else(|| wrong(row, "it names a hold that is not of these facts"))?,
                    membership: items
                        .fields
                        .word(row, at, hold::MEMBERSHIP, &KINDS, Membership::as_str)?,
                });
            }
        }
        Ok(())
    }

    fn diagnostics(&mut self) -> Result<()> {
        let items = Items::of(self.of, of::DIAGNOSTICS, &DIAGNOSTIC);
        let fields = items.fields;
        for row in 0..self.batch.len() {
            for at in items.at(row) {
                self.out.diagnostics.push(DiagnosticRow {
                    row,
                    code: fields.word(row, at, diagnostic::CODE, &CODES, |code| code)?,
                    subject: fields.must(row, at, diagnostic::SUBJECT)?.to_owned(),
                    detail: fields.must(row, at, diagnostic::DETAIL)?.to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn support(row: usize, at: usize, fields: Fields<'_>) -> Result<Box<[Support]>> {
    let Some(json) = fields.text(at, hit::SUPPORT) else {
        return Ok(Box::default());
    };
    let none = || fields.none(row, hit::SUPPORT);
    let written: Vec<WrittenSupport> = serde_json::from_str(json).map_err(|_| none())?;
    let all = written.into_iter().map(|one| {
        Some(Support {
            name: one.name,
            field: one.field.parse().ok()?,
            span: ByteSpan::new(one.start, one.end)?,
        })
    });
    all.collect::<Option<_>>().ok_or_else(none)
}
