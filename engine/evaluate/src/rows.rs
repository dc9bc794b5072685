//! Messages with everything that evaluation says of each, one row a message: how results travel between machines.
//!
//! A row needs no other one, so an engine may split, sort and batch rows as it likes. What [`Rows::read`] makes of them equals
//! what [`crate::evaluate`] gives for the same messages in the same order. Its manual is `engine/python/EVALUATION.md`.

mod fields;
mod read;
mod write;

use std::collections::HashMap;
use std::fmt;

use arrow::datatypes::SchemaRef;
use lexhold_model::{Key, MessageBatch};

use crate::evaluation::{Evaluation, RuleRef};
use crate::{Bundle, Facts};

/// The column that says why a row is no message.
pub const UNREADABLE: &str = "unreadable";

/// The column that has what evaluation says.
pub const EVALUATION: &str = "evaluation";

/// Writes and reads rows of one bundle and one set of facts.
pub struct Rows<'a> {
    bundle: &'a Bundle,
    facts: &'a Facts,
    rules: HashMap<Key, RuleRef>,
    schedules: HashMap<Key, usize>,
}

/// A row that is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// The file that it was read from.
    pub file: String,
    /// Its line or row there, from 1.
    pub offset: u64,
    /// Why, without a word of it.
    pub reason: String,
}

/// What rows were made of.
#[derive(Debug)]
pub struct Evaluated {
    /// The messages.
    pub batch: MessageBatch,
    /// What evaluation says of them.
    pub evaluation: Evaluation,
    /// Rows that are no messages.
    pub unreadable: Vec<UnreadableRow>,
}

/// Why rows are not those of an evaluation by this bundle and these facts. Says where, and nothing of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsError(String);

impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RowsError {}

impl<'a> Rows<'a> {
    /// Rows of what this bundle says by these facts.
    pub fn new(bundle: &'a Bundle, facts: &'a Facts) -> Self {
        Self {
            bundle,
            facts,
            rules: bundle.all_rules().map(|rule| (bundle.rule(rule).key(), rule)).collect(),
            schedules: bundle
                .schedules
                .iter()
                .map(|schedule| schedule.key())
                .zip(0..)
                .collect(),
        }
    }

    /// The columns of a row: those of a message, [`UNREADABLE`] and [`EVALUATION`].
    pub fn schema() -> SchemaRef {
        fields::schema()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, RecordBatch, StringArray, StructArray, new_null_array};
    use lexhold_model::Message;

    use super::*;
    use crate::tables::record;
    use crate::testing::{bundle, evaluated, facts, mail};
    use crate::{Fate, evaluate};

    const RULES: &str = r#"lexhold: 1
ruleset: r
version: 1.0.0
owner: o@example.com
rules:
  - id: sell
    severity: high
    why: test
    match: { phrase: sell it now }
    labels: [sale]
    hits: [sell it now, "sell it now, please"]
    misses: [buy it, hold it]
  - id: twice
    severity: critical
    why: test
    conversation: { count: { of: sell, at_least: 2 }, by: sender, within: P1D }
    hits:
      - [{ at: "10:59", from: a, text: sell it now }, { at: "11:01", from: a, text: sell it now }]
      - [{ at: "10:00", from: a, text: sell it now }, { at: "10:10", from: a, text: sell it now }]
    misses:
      - [{ at: "10:00", from: a, text: sell it now }, { at: "10:10", from: b, text: sell it now }]
      - [{ at: "10:00", from: a, text: sell it now }, { at: "10:11", from: b, text: sell it now }]
"#;
    const KEPT: &str = r#"lexhold: 1
retention: k
version: 1.0.0
title: Kept
owner: o@example.com
zone: Europe/Berlin
schedules:
  - id: all
    title: All
    retain: { for: P5Y, from: sent }
  - id: sales
    title: Sales
    when: resource.labels.contains("sale")
    retain: { for: P7Y, from: sent }
"#;

    /// Everything that is on record of an evaluation.
    fn on_record(bundle: &Bundle, batch: &MessageBatch, evaluation: &Evaluation) -> Vec<RecordBatch> {
        let fates = vec![Fate::New; batch.len()];
        let tables = record(bundle, &[], batch, evaluation, &fates);
        tables.into_iter().map(|(_, rows)| rows).collect()
    }

    fn messages() -> Vec<Message> {
        let undated = Message {
            sent_at: None,
            ..mail("m4", 4, "ann", "sell it now and sell it now")
        };
        vec![
            mail("m1", 1, "ann", "sell it now"),
            mail(
                "m2",
                2,
                "bob",
                "fine\n\nOn Monday ann wrote:\n> sell it now\n> or not\n-- \nBob",
            ),
            mail("m3", 3, "cid", ""),
            undated,
        ]
    }

    #[test]
    fn rows_say_what_the_evaluation_said_however_they_are_cut() {
        let bundle = bundle(&[RULES, KEPT]);
        let facts = facts();
        let (batch, evaluation) = evaluated(&bundle, &messages());
        assert!(evaluation.hits.len() > 3 && !evaluation.parts.is_empty() && !evaluation.events.is_empty());
        let rows = Rows::new(&bundle, &facts);
        let written = rows.of(&batch, &evaluation);
        for (from, n) in [(0, 4), (0, 1), (1, 3), (2, 1), (3, 1), (2, 0)] {
            let back = rows.read(&written.slice(from, n)).unwrap();
            let alone = batch.slice(from, n);
            assert_eq!(back.batch.as_arrow(), alone.as_arrow());
            let again = evaluate(&bundle, &facts, &alone);
            assert_eq!(
                on_record(&bundle, &back.batch, &back.evaluation),
                on_record(&bundle, &alone, &again)
            );
        }
    }

    #[test]
    fn rows_of_others_are_refused() {
        let bundle = bundle(&[RULES, KEPT]);
        let (batch, evaluation) = evaluated(&bundle, &messages());
        let ours = facts();
        let written = Rows::new(&bundle, &ours).of(&batch, &evaluation);
        let of_another_home = Facts {
            key: lexhold_model::ContentKey::new([4; 32]),
            ..facts()
        };
        let other = crate::testing::bundle(&[KEPT]);
        let read = |bundle, facts| {
            Rows::new(bundle, facts)
                .read(&written)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        let said = [read(&bundle, &of_another_home), read(&other, &ours)];
        assert_eq!(
            said,
            [
                "row 0: the message is not the one that was evaluated, or was evaluated with another home's key",
                "row 0: it names a rule that is not of this bundle",
            ]
        );
    }

    #[test]
    fn what_is_no_message_is_told_of_with_its_place() {
        let bundle = bundle(&[RULES, KEPT]);
        let (batch, evaluation) = evaluated(&bundle, &messages());
        let facts = facts();
        let rows = Rows::new(&bundle, &facts);
        let written = rows.of(&batch, &evaluation);
        let at = written.schema().index_of(UNREADABLE).unwrap();
        let mut columns = written.columns().to_vec();
        columns[at] = std::sync::Arc::new(StringArray::from(vec![None, Some("no"), None, Some("nor this")]));
        let told = RecordBatch::try_new(Rows::schema(), columns.clone()).unwrap();
        let back = rows.read(&told).unwrap();
        let reasons: Vec<&str> = back.unreadable.iter().map(|one| one.reason.as_str()).collect();
        assert_eq!((back.batch.len(), reasons), (2, vec!["no", "nor this"]));
        // A message of which nothing is said is another thing.
        columns[at] = new_null_array(&arrow::datatypes::DataType::Utf8, 4);
        let evaluation: &StructArray = columns[at + 1].as_any().downcast_ref().unwrap();
        columns[at + 1] = new_null_array(evaluation.data_type(), 4);
        let silent = RecordBatch::try_new(Rows::schema(), columns).unwrap();
        assert_eq!(
            rows.read(&silent).unwrap_err().to_string(),
            "row 0: `evaluation` is missing"
        );
    }
}
