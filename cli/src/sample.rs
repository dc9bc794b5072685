//! `sample`: draws of messages for review, and the keys by which they were drawn.
//!
//! Each run commits to the key, the rates and the strata of the period that it falls in and of the next one, for every
//! sampling document of its bundle. A draw goes by what was committed to, so that a document changed later changes no
//! period that has a commitment.

use std::collections::BTreeSet;
use std::io::Write;

use jiff::Timestamp;
use lexhold_catalog::payload::{SampleCommitted, SampleDrawn, SampleItem, Viewed};
use lexhold_catalog::{Catalog, SampleRow, Sampled};
use lexhold_document::did_you_mean;
use lexhold_evaluate::Bundle;
use lexhold_evaluate::sampling::{
    Candidate, Drawing, Drawn, Item, Of, Period, Plan, Rate, SampleKey, Sampling, Tally, strata,
};
use lexhold_model::{Directory, Key};
use lexhold_policy::Verb;
use lexhold_store::{EntryKind, Home, Payload};
use serde_json::{Value, json};

use crate::args::{Sample, SampleKind};
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::review::directory;
use crate::settings::Settings;
use crate::terminal::say;

/// Does what is asked of samples.
pub fn sample(settings: &Settings, args: &Sample) -> anyhow::Result<Exit> {
    match &args.what {
        SampleKind::List { json } => list(settings, *json),
        SampleKind::Draw { name, period, json } => draw(settings, name, period.as_deref(), *json),
        SampleKind::Items { name, period } => items(settings, name, period.as_deref()),
        SampleKind::Key { name, period } => key(settings, name, period.as_deref()),
    }
}

/// Commits to the period of each sample that `as_of` falls in and to the next one, unless that has been done.
pub fn commit(settings: &Settings, actor: &Actor, home: &Home, bundle: &Bundle) -> anyhow::Result<()> {
    if bundle.sampling().is_empty() {
        return Ok(());
    }
    let known = commitments(home)?;
    for sampling in bundle.sampling() {
        let period_at = |at: Timestamp| sampling.cadence.period(sampling.zone.date(at), &sampling.zone);
        let this = period_at(settings.as_of);
        let next = this.as_ref().and_then(|this| period_at(this.until));
        for period in this.into_iter().chain(next) {
            if !known
                .iter()
                .any(|known| known.sample == sampling.name && known.period == period.name)
            {
                append_commitment(actor, home, sampling, &period)?;
            }
        }
    }
    Ok(())
}

fn append_commitment(actor: &Actor, home: &Home, sampling: &Sampling, period: &Period) -> anyhow::Result<()> {
    let key = SampleKey::derive(&home.content_key()?, &sampling.name, &period.name);
    let payload = json!(SampleCommitted {
        sample: sampling.name.clone(),
        period: period.name.clone(),
        begins_at: period.from.to_string(),
        ends_at: period.until.to_string(),
        commitment: key.commitment(&sampling.name, &period.name, &sampling.plan).to_string(),
        plan: json!(sampling.plan),
    });
    let stamp = home::stamp(&actor.id);
    home.journal()
        .append(EntryKind::SampleCommitted, Some(Payload::Json(&payload)), stamp)?;
    Ok(())
}

/// Every commitment in the journal.
fn commitments(home: &Home) -> anyhow::Result<Vec<SampleCommitted>> {
    let mut all = Vec::new();
    for entry in home.journal().entries(1)? {
        let entry = entry?;
        if entry.kind == EntryKind::SampleCommitted {
            let committed = home.journal().payload_json(&entry)?;
            all.push(committed.ok_or_else(|| {
                Failure::new(
                    Exit::Data,
                    format!("journal entry {} has lost its commitment", entry.seq),
                )
            })?);
        }
    }
    Ok(all)
}

/// A commitment, checked against the key of this home.
struct Committed {
    row: SampleRow,
    plan: Plan,
    key: SampleKey,
}

impl Committed {
    fn find(
        home: &Home,
        catalog: &Catalog,
        name: &str,
        period: Option<&str>,
        as_of: Timestamp,
    ) -> anyhow::Result<Self> {
        let samples = catalog.samples()?;
        let mut of_name = samples.iter().filter(|row| row.sample == name).peekable();
        if of_name.peek().is_none() {
            let failure = Failure::new(Exit::Usage, format!("the home knows no sample `{name}`"));
            let help = did_you_mean(name, samples.iter().map(|row| row.sample.as_str()));
            let help = help.unwrap_or_else(|| "a run commits to the samples of its bundle".to_owned());
            return Err(failure.help(help).into());
        }
        let at = as_of.as_microsecond();
        let wanted = |row: &&SampleRow| match period {
            Some(period) => row.period == period,
            None => row.begins_at <= at && at < row.ends_at,
        };
        let Some(row) = of_name.find(wanted) else {
            let periods: Vec<&str> = samples
                .iter()
                .filter(|row| row.sample == name)
                .map(|row| row.period.as_str())
                .collect();
            let message = match period {
                Some(period) => format!("nothing was committed to for the period `{period}` of `{name}`"),
                None => format!("nothing was committed to for the period of `{name}` at {as_of}"),
            };
            let help = format!("--period is one of {}", periods.join(", "));
            return Err(Failure::new(Exit::Refused, message).help(help).into());
        };
        let lost = || Failure::new(Exit::Data, format!("what was committed to for `{name}` cannot be read"));
        let plan: Plan = serde_json::from_str(&row.plan).map_err(|_| lost())?;
        let key = SampleKey::derive(&home.content_key()?, name, &row.period);
        if key.commitment(name, &row.period, &plan).to_string() != row.commitment {
            let message = format!(
                "the key of this home is not the one that `{name}` {} was committed to",
                row.period
            );
            return Err(Failure::new(Exit::Data, message).into());
        }
        Ok(Self {
            row: row.clone(),
            plan,
            key,
        })
    }

    /// Whether the commitment was on record before the period began.
    fn in_time(&self) -> bool {
        self.row.committed_at < self.row.begins_at
    }
}

fn draw(settings: &Settings, name: &str, period: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    actor.require(Verb::Run, name, &[])?;
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let seen = home.journal().last_seq()?;
    if catalog.applied_seq()? != Some(seen) {
        return Err(Failure::new(Exit::Busy, "a run is under way; draw when it has ended").into());
    }
    let committed = Committed::find(&home, &catalog, name, period, settings.as_of)?;
    let directory = directory(settings)?;
    let known = catalog.sample_items(name, &committed.row.period)?;
    let earlier: BTreeSet<Key> = known.iter().map(|item| item.key).collect();
    let drawn = drawn(&catalog, &directory, &committed, &earlier)?;
    drop(catalog);
    let new: Vec<SampleItem> = drawn
        .items
        .iter()
        .filter(|item| !earlier.contains(&item.key))
        .map(item)
        .collect();
    let tallies = json!(drawn.tallies);
    let n_new = new.len();
    let same = n_new == 0 && committed.row.tallies.as_deref() == Some(lexhold_model::canonical_json(&tallies).as_str());
    let entry = if same {
        None
    } else {
        let payload = json!(SampleDrawn {
            sample: name.to_owned(),
            period: committed.row.period.clone(),
            tallies,
            items: new,
        });
        let stamp = home::stamp(&actor.id);
        let entry = home.journal().append_if(
            EntryKind::SampleDrawn,
            Some(Payload::Json(&payload)),
            stamp,
            |journal| Ok(journal.last_seq()? == seen),
        )?;
        Some(
            entry
                .ok_or_else(|| Failure::new(Exit::Busy, "the journal went on meanwhile; try again"))?
                .seq,
        )
    };
    tell_draw(settings, &committed, &drawn, n_new, entry, json)
}

/// Draws from the messages of the period that the home has.
fn drawn(
    catalog: &Catalog,
    directory: &Directory,
    committed: &Committed,
    earlier: &BTreeSet<Key>,
) -> anyhow::Result<Drawn> {
    let (row, plan) = (&committed.row, &committed.plan);
    let mut drawing = Drawing::new(&row.sample, committed.key, plan, earlier);
    catalog.sampled((row.begins_at, row.ends_at), |message| {
        drawing.take(candidate(directory, plan, message));
        Ok::<(), anyhow::Error>(())
    })?;
    Ok(drawing.finish())
}

fn candidate(directory: &Directory, plan: &Plan, message: Sampled) -> Candidate {
    let person = directory.person_with_handle(&message.platform, &message.sender);
    let standing = person.and_then(|id| directory.standing(id, Some(message.at)));
    let desk = standing.and_then(|standing| standing.person.desk.as_deref());
    let desks: Vec<&str> = desk.into_iter().collect();
    let all = message.rules.iter().any(|rule| plan.review_all.contains(rule));
    Candidate {
        key: message.key,
        of: match (all, message.rules.is_empty()) {
            (true, _) => Of::All,
            (false, false) => Of::Hits,
            (false, true) => Of::NonHits,
        },
        strata: strata(plan, person.unwrap_or(&message.sender), &desks, &message.channel),
        message_id: message.message_id,
    }
}

fn item(item: &Item) -> SampleItem {
    SampleItem {
        key: item.key,
        message_id: item.message_id.clone(),
        of: word(item.of).to_owned(),
        strata: item.strata.clone(),
        hash: item.hash,
    }
}

fn word(of: Of) -> &'static str {
    match of {
        Of::Hits => "hits",
        Of::NonHits => "non_hits",
        Of::All => "all",
    }
}

fn tell_draw(
    settings: &Settings,
    committed: &Committed,
    drawn: &Drawn,
    n_new: usize,
    entry: Option<u64>,
    json: bool,
) -> anyhow::Result<Exit> {
    let row = &committed.row;
    let mut out = std::io::stdout().lock();
    if json {
        let report = json!({
            "sample": row.sample,
            "period": row.period,
            "commitment": row.commitment,
            "committed_in_time": committed.in_time(),
            "tallies": drawn.tallies,
            "new": n_new,
            "entry": entry,
        });
        writeln!(out, "{report}")?;
        return Ok(Exit::Done);
    }
    if !committed.in_time() && !settings.quiet {
        say("warning: the commitment to this period was journalled after it had begun");
    }
    for tally in drawn
        .tallies
        .iter()
        .filter(|tally| tally.stratum.is_none() || settings.verbose > 0)
    {
        writeln!(out, "{}", line(tally))?;
    }
    match entry {
        Some(entry) => writeln!(
            out,
            "drew {n_new} more for {} {}, journal entry {entry}",
            row.sample, row.period
        )?,
        None => writeln!(out, "nothing to do: it was so before")?,
    }
    Ok(Exit::Done)
}

/// A draw or a stratum: population, rate, size.
fn line(tally: &Tally) -> String {
    let what = match &tally.stratum {
        None => word(tally.of).to_owned(),
        Some(stratum) => format!("  {} {}", word(tally.of), lexhold_document::printable(stratum)),
    };
    let rate = Rate::from_ppm(tally.rate_ppm).map_or_else(String::new, |rate| rate.to_string());
    format!(
        "{what:<24} population {:>9}  rate {rate:>9}  drawn {:>7}",
        tally.population, tally.drawn
    )
}

fn list(settings: &Settings, json: bool) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let mut out = std::io::stdout().lock();
    let when = |at: i64| {
        Timestamp::from_microsecond(at)
            .map(|at| at.to_string())
            .unwrap_or_default()
    };
    for row in catalog.samples()? {
        let tallies: Value = row
            .tallies
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        if json {
            let report = json!({
                "sample": row.sample,
                "period": row.period,
                "committed_at": when(row.committed_at),
                "begins_at": when(row.begins_at),
                "ends_at": when(row.ends_at),
                "commitment": row.commitment,
                "plan": serde_json::from_str::<Value>(&row.plan).unwrap_or_default(),
                "drawn_at": row.drawn_at.map(when),
                "drawn_by": row.drawn_by,
                "tallies": tallies,
            });
            writeln!(out, "{report}")?;
            continue;
        }
        let drawn = match row.drawn_at {
            Some(at) => format!("drawn {}", when(at)),
            None => "not drawn".to_owned(),
        };
        writeln!(
            out,
            "{} {}  committed {}  {drawn}",
            row.sample,
            row.period,
            when(row.committed_at)
        )?;
    }
    Ok(Exit::Done)
}

/// The messages of a sample, one JSON object a line.
fn items(settings: &Settings, name: &str, period: Option<&str>) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let committed = Committed::find(&home, &catalog, name, period, settings.as_of)?;
    let mut out = std::io::stdout().lock();
    for item in catalog.sample_items(name, &committed.row.period)? {
        let report = json!({
            "sample": name,
            "period": committed.row.period,
            "of": item.of,
            "message_id": item.message_id,
            "strata": item.strata,
            "hash": item.hash,
            "reviewed": item.reviewed,
        });
        writeln!(out, "{report}")?;
    }
    Ok(Exit::Done)
}

/// Reveals the key of a period to an auditor, who can then draw again; that it was revealed is on record.
fn key(settings: &Settings, name: &str, period: Option<&str>) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    actor.require(Verb::Reveal, name, &[])?;
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let committed = Committed::find(&home, &catalog, name, period, settings.as_of)?;
    drop(catalog);
    let viewed = json!(Viewed {
        object: "sample_key".to_owned(),
        object_id: format!("{name}/{}", committed.row.period),
        content: "key".to_owned(),
    });
    let stamp = home::stamp(&actor.id);
    home.journal()
        .append(EntryKind::Viewed, Some(Payload::Json(&viewed)), stamp)?;
    let report = json!({
        "sample": name,
        "period": committed.row.period,
        "key": committed.key.reveal(),
        "plan": committed.plan,
        "commitment": committed.row.commitment,
        "committed_in_time": committed.in_time(),
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(Exit::Done)
}
