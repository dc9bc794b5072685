//! `replay`: evaluates a past run again, from the bundle, the facts and the bodies that were stored, and compares every
//! row with what was recorded then.
//!
//! `again` goes through the batches with the evaluator and the table builders of `run`; `rows` compares; `answer` says
//! what came of it. Nothing is written.

mod again;
mod answer;
mod rows;

use lexhold_model::tables::Table;
use lexhold_store::{EntryKind, Home, StoreMode};
use serde::Deserialize;
use serde_json::Value;

use self::again::{Again, Answer, Recorded};
use crate::args::Replay;
use crate::failure::{Exit, Failure};
use crate::operators::Actor;
use crate::settings::Settings;
use crate::{home, past, versions};

/// What the journal says of a run when it began.
#[derive(Clone, Debug, Deserialize)]
struct Started {
    run: String,
    bundle: String,
    facts: String,
    as_of: String,
    backfill: bool,
    engine: String,
    tz_database: String,
    unicode: Value,
}

/// A past run.
struct Past {
    seq: u64,
    started: Started,
    finished: bool,
    /// Holds that it placed.
    new_holds: Vec<String>,
}

/// A run and what came of evaluating it again.
struct Replayed {
    past: Past,
    answer: Answer,
}

/// Replays one run or all of them.
pub fn replay(settings: &Settings, args: &Replay) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    if home.store_mode() == StoreMode::External {
        let message = "bodies lie in the firm's own archive: what a run saw cannot be evaluated again";
        return Err(Failure::new(Exit::Refused, message).into());
    }
    let actor = Actor::resolve(settings)?;
    let sees_silent = actor.sees_silent()?;
    let (runs, recorded) = journalled(&home)?;
    let mut replayed = Vec::new();
    for past in chosen(runs, args.run.as_deref())? {
        let answer = again(settings, args, &home, &past, &recorded, sees_silent)?;
        replayed.push(Replayed { past, answer });
    }
    answer::print(args.format, &replayed)?;
    let any = |of: fn(&Answer) -> bool| replayed.iter().any(|one| of(&one.answer));
    Ok(if any(|answer| !answer.damaged.is_empty()) {
        Exit::Data
    } else if any(|answer| !answer.tables.is_empty() || !answer.unknown_tables.is_empty()) {
        Exit::Negative
    } else {
        Exit::Done
    })
}

fn again(
    settings: &Settings,
    args: &Replay,
    home: &Home,
    past: &Past,
    recorded: &[Recorded],
    sees_silent: bool,
) -> anyhow::Result<Answer> {
    let sources = past::Sources {
        run: &past.started.run,
        bundle: &past.started.bundle,
        facts: &past.started.facts,
        backfill: past.started.backfill,
    };
    let (bundle, facts) = match past::restore(home, sources) {
        Ok(Ok(restored)) => restored,
        Ok(Err(why)) => return Ok(unreplayable(why)),
        Err(error) => return Ok(unreplayable(format!("{error:#}"))),
    };
    let silent = facts.holds.specs().iter().filter(|hold| hold.silent && !sees_silent);
    let again = Again {
        home,
        bundle: &bundle,
        facts: &facts,
        hidden: silent.map(|hold| hold.name.clone()).collect(),
        limit: args.rows,
        jobs: settings.jobs.unwrap_or_else(home::cores),
    };
    let of_run = |name: &str| -> Vec<&Recorded> { recorded.iter().filter(|batch| batch.record.run == name).collect() };
    let mut answer = again.run(&of_run(&past.started.run))?;
    let asked = facts.holds.specs().iter().map(|hold| &hold.name);
    let asked: Vec<String> = asked
        .filter(|hold| past.new_holds.contains(hold) && !again.hidden.contains(*hold))
        .cloned()
        .collect();
    if !asked.is_empty() {
        let before: Vec<&Recorded> = recorded.iter().filter(|batch| batch.seq < past.seq).collect();
        // What was found out later than at the beginning of the run, the run could not know.
        let own = format!("{}-holds", past.started.run);
        let later = recorded
            .iter()
            .find(|batch| batch.seq > past.seq && batch.record.run != own);
        let applied = recorded
            .iter()
            .take_while(|batch| later.is_none_or(|later| batch.seq < later.seq));
        let applied: Vec<&Recorded> = applied
            .filter(|batch| batch.record.detail["holds"].is_array())
            .collect();
        answer.add(again.new_holds(&asked, &before, &applied)?, args.rows);
    }
    Ok(answer)
}

fn unreplayable(why: String) -> Answer {
    Answer {
        damaged: vec![why],
        ..Answer::default()
    }
}

/// All runs and batches of the journal, in order.
fn journalled(home: &Home) -> anyhow::Result<(Vec<Past>, Vec<Recorded>)> {
    let mut runs: Vec<Past> = Vec::new();
    let mut placed: Vec<String> = Vec::new();
    let lost = |seq: u64| Failure::new(Exit::Data, format!("journal entry {seq} has lost its payload"));
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        match &entry.kind {
            EntryKind::HoldPlaced => {
                let hold: Option<Value> = home.journal().payload_json(&entry)?;
                placed.extend(hold.and_then(|hold| Some(hold["hold"].as_str()?.to_owned())));
            }
            EntryKind::RunStarted => runs.push(Past {
                seq: entry.seq,
                started: home.journal().payload_json(&entry)?.ok_or_else(|| lost(entry.seq))?,
                finished: false,
                new_holds: std::mem::take(&mut placed),
            }),
            EntryKind::RunFinished => {
                let payload: Value = home.journal().payload_json(&entry)?.unwrap_or_default();
                let ended = runs.iter_mut().find(|past| payload["run"] == past.started.run);
                ended.into_iter().for_each(|past| past.finished = true);
            }
            _ => {}
        }
    }
    let recorded = home
        .batches(1)?
        .map(|batch| batch.map(|(entry, record)| Recorded { seq: entry.seq, record }));
    Ok((runs, recorded.collect::<Result<_, _>>()?))
}

/// The runs that were asked for; all where none is named.
fn chosen(mut runs: Vec<Past>, name: Option<&str>) -> anyhow::Result<Vec<Past>> {
    let none = |message: String| Failure::new(Exit::Usage, message).help("lexhold status lists the last runs");
    match name {
        None => Ok(runs),
        Some("last") => {
            let last = runs.pop().ok_or_else(|| none("the home has no run yet".into()))?;
            Ok(vec![last])
        }
        Some(name) => {
            runs.retain(|past| past.started.run.starts_with(name));
            match runs.len() {
                1 => Ok(runs),
                0 => Err(none(format!("no run is called `{name}`")).into()),
                n => Err(none(format!("{n} runs begin with `{name}`: write more of the id")).into()),
            }
        }
    }
}

/// What may explain that rows of a table differ: versions that are not those of then.
fn causes(started: &Started, table: Table) -> Vec<&'static str> {
    let reads_text = !matches!(
        table,
        Table::Recipient | Table::Custodian | Table::Source | Table::Schedule | Table::Days | Table::Handle
    );
    let reads_dates = !matches!(
        table,
        Table::Recipient
            | Table::Custodian
            | Table::Source
            | Table::Part
            | Table::Rule
            | Table::Schedule
            | Table::Handle
    );
    let causes = [
        ("engine", started.engine != versions::ENGINE),
        (
            "tz database",
            reads_dates && started.tz_database != versions::tz_database(),
        ),
        ("Unicode", reads_text && started.unicode != versions::unicode()),
    ];
    let causes: Vec<&str> = causes
        .iter()
        .filter(|(_, differs)| *differs)
        .map(|(cause, _)| *cause)
        .collect();
    if causes.is_empty() { vec!["unexplained"] } else { causes }
}
