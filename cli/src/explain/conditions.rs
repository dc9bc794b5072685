//! What `explain --message` says of Cedar: the conditions that decided, and the facts that they read.

use lexhold_catalog::{Catalog, Header};
use lexhold_evaluate::Conditioned;
use lexhold_policy::FactsRow;
use lexhold_store::Home;
use serde_json::{Value, json};

use crate::past;

/// More runs than a home has.
const EVERY_RUN: usize = u32::MAX as usize;

/// The conditions of the bundle with which a message was evaluated that hold of it or fail; none where that bundle cannot be
/// had any more.
///
/// Pattern rules only if they are in `alerting`; schedules only with `duties`, because a silent hold hides them. What holds
/// ask is not told.
pub fn of(
    home: &Home,
    catalog: &Catalog,
    header: &Header,
    facts: Option<&str>,
    alerting: &[&str],
    duties: bool,
) -> anyhow::Result<Value> {
    let Some(run) = catalog.runs(EVERY_RUN)?.into_iter().find(|run| run.run == header.run) else {
        return Ok(Value::Null);
    };
    let sources = past::Sources {
        run: &run.run,
        bundle: &run.bundle,
        facts: &run.facts,
        backfill: false,
    };
    let row = facts.and_then(|facts| FactsRow::from_json(facts).ok());
    let (Ok((bundle, _)), Some(row)) = (past::restore(home, sources)?, row) else {
        return Ok(Value::Null);
    };
    let told = |one: &Conditioned| match one.action {
        "scan" => alerting.contains(&one.id.as_str()),
        "retain" => duties,
        _ => true,
    };
    let conditions = bundle.conditioned(&row, header.sent_at).into_iter().filter(told);
    let mut conditions: Vec<Conditioned> = conditions.collect();
    // By name: the order in which documents were read, and their rules written, says nothing.
    conditions.sort_by(|one, other| (one.action, &one.id).cmp(&(other.action, &other.id)));
    let shown = conditions.into_iter().map(|one| {
        json!({
            "rule": one.id,
            "action": one.action,
            "clauses": one.clauses,
            "error": one.error,
            "read": one.read,
        })
    });
    Ok(shown.collect())
}

/// The same for people, line by line.
pub fn lines(conditions: &Value) -> Vec<String> {
    let word = |value: &Value| lexhold_document::printable(value.as_str().unwrap_or_default());
    let mut lines = Vec::new();
    for one in conditions.as_array().into_iter().flatten() {
        let outcome = match one["error"].as_str() {
            Some(error) => format!("cannot be evaluated: {}", lexhold_document::printable(error)),
            None => "holds".to_owned(),
        };
        lines.push(format!(
            "├─ {} of {} {outcome}",
            word(&one["action"]),
            word(&one["rule"])
        ));
        let clauses = one["clauses"].as_array().into_iter().flatten();
        let clauses = clauses.flat_map(|clause| clause.as_str().unwrap_or_default().lines());
        lines.extend(clauses.map(|line| format!("│  {}", lexhold_document::printable(line))));
        for (path, value) in one["read"].as_object().into_iter().flatten() {
            let value = lexhold_document::printable(&value.to_string());
            lines.push(format!("│  read {path} = {value}"));
        }
    }
    lines
}
