//! What a replay says: to a person, to a pipeline.

use std::io::Write;

use indicatif::HumanCount;
use lexhold_document::printable;
use serde_json::{Value, json};

use super::rows::Differing;
use super::{Replayed, Started, causes};
use crate::args::SummaryFormat;
use crate::versions;

/// Prints the answers; always on stdout, since they are what was asked for.
pub fn print(format: SummaryFormat, replayed: &[Replayed]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        SummaryFormat::Json => {
            let runs: Vec<Value> = replayed.iter().map(shown).collect();
            let identical = replayed.iter().all(is_identical);
            writeln!(
                out,
                "{}",
                json!({"schema": "lexhold/replay/1", "identical": identical, "runs": runs})
            )?;
        }
        SummaryFormat::Text => {
            for one in replayed {
                out.write_all(text(one).as_bytes())?;
            }
            if replayed.is_empty() {
                writeln!(out, "the home has no run yet")?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn is_identical(one: &Replayed) -> bool {
    let answer = &one.answer;
    answer.tables.is_empty() && answer.unknown_tables.is_empty() && answer.damaged.is_empty()
}

fn shown(one: &Replayed) -> Value {
    let (started, answer) = (&one.past.started, &one.answer);
    let tables: Vec<Value> = answer
        .tables
        .iter()
        .map(|(table, rows)| {
            json!({
                "table": table.name(),
                "causes": causes(started, *table),
                "changed": rows.changed,
                "only_stored": rows.only_stored,
                "only_now": rows.only_now,
                "examples": rows.examples,
            })
        })
        .collect();
    json!({
        "run": started.run,
        "as_of": started.as_of,
        "bundle": started.bundle,
        "facts": started.facts,
        "backfill": started.backfill,
        "finished": one.past.finished,
        "identical": is_identical(one),
        "batches": answer.batches,
        "messages": answer.messages,
        "duplicates": answer.duplicates,
        "made_with": {"engine": started.engine, "tz_database": started.tz_database, "unicode": started.unicode},
        "replayed_with": {"engine": versions::ENGINE, "tz_database": versions::tz_database(), "unicode": versions::unicode()},
        "differing": tables,
        "tables_not_made_any_more": answer.unknown_tables,
        "damaged": answer.damaged,
    })
}

fn text(one: &Replayed) -> String {
    let (started, answer) = (&one.past.started, &one.answer);
    let mut lines = vec![format!(
        "run {}, as of {}, bundle {}{}",
        started.run,
        started.as_of,
        started.bundle.get(..12).unwrap_or(&started.bundle),
        if one.past.finished {
            ""
        } else {
            ", which did not come to its end"
        }
    )];
    lines.extend(other_versions(started));
    let verdict = match (answer.damaged.is_empty(), is_identical(one)) {
        (false, _) => "CANNOT BE REPLAYED IN FULL: something stored is missing or damaged",
        (true, true) => "identical",
        (true, false) => "DIFFERS",
    };
    lines.push(format!(
        "  {verdict}: {} messages in {} batches",
        HumanCount(answer.messages),
        HumanCount(answer.batches)
    ));
    if answer.duplicates > 0 {
        lines.push(format!(
            "  {} duplicates have no body of their own: their recorded rows account for one another",
            HumanCount(answer.duplicates)
        ));
    }
    lines.extend(answer.damaged.iter().map(|what| format!("  damaged: {what}")));
    for table in &answer.unknown_tables {
        lines.push(format!("  {table}: on record, and not made by this version"));
    }
    for (table, rows) in &answer.tables {
        lines.push(format!(
            "  {}: {}; cause: {}",
            table.name(),
            counted(rows),
            causes(started, *table).join(" or ")
        ));
        lines.extend(
            rows.examples
                .iter()
                .map(|example| format!("    {}", example_text(example))),
        );
        let more = rows.n().saturating_sub(rows.examples.len() as u64);
        if more > 0 {
            lines.push(format!(
                "    … and {} more; --rows N shows more of them",
                HumanCount(more)
            ));
        }
    }
    lines.iter().map(|line| printable(line) + "\n").collect()
}

/// What was not the same then; said before anything that it may explain.
fn other_versions(started: &Started) -> Vec<String> {
    let engine =
        (started.engine != versions::ENGINE).then(|| ("engine", started.engine.clone(), versions::ENGINE.to_owned()));
    let (then, now) = (started.tz_database.clone(), versions::tz_database());
    let zones = (then != now).then(|| ("tz database", then, now.to_owned()));
    let (then, now) = (&started.unicode, versions::unicode());
    let unicode = (*then != now).then(|| ("Unicode", then.to_string(), now.to_string()));
    let differing = [engine, zones, unicode].into_iter().flatten();
    differing
        .map(|(what, then, now)| format!("  {what}: {then} then, {now} now"))
        .collect()
}

fn counted(rows: &Differing) -> String {
    let parts = [
        (rows.changed, "changed"),
        (rows.only_stored, "on record alone"),
        (rows.only_now, "not on record"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    parts
        .map(|(n, what)| format!("{} {what}", HumanCount(*n)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn example_text(example: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| "nothing".to_owned(), str::to_owned);
    let row = |row: &Value| {
        let columns = row
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null());
        columns
            .map(|(name, value)| format!("{name} {}", text(value)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let message = example["message"]
        .as_str()
        .map_or_else(String::new, |name| format!("{name}: "));
    if let Some(changed) = example["changed"].as_object() {
        let about = if message.is_empty() {
            format!("{}: ", row(&example["row"]))
        } else {
            message
        };
        let changed = changed.iter();
        let changed = changed.map(|(name, it)| format!("{name} was {}, is {}", text(&it["stored"]), text(&it["now"])));
        return about + &changed.collect::<Vec<_>>().join("; ");
    }
    for (what, words) in [("only_stored", "on record alone"), ("only_now", "not on record")] {
        if example[what].is_object() {
            return format!("{message}{words}: {}", row(&example[what]));
        }
    }
    text(&example["columns"])
}
