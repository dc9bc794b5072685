//! `hold release`: ends a hold, destroys nothing, and says what it frees and when.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use indicatif::HumanCount;
use jiff::{Timestamp, ToSpan};
use lexhold_catalog::payload::{HoldPlaced, HoldReleased};
use lexhold_catalog::{Catalog, Scope};
use lexhold_model::Key;
use lexhold_policy::Verb;
use lexhold_retention::Zone;
use lexhold_store::{EntryKind, Faults, Home, Payload};
use serde_json::json;

use super::log::HoldLog;
use super::{compiled, is_busy, one, settle_now, storage};
use crate::args::{ReleaseHold, SummaryFormat};
use crate::dates::{Dates, Grounds};
use crate::failure::{Exit, Failure, reasoned};
use crate::home;
use crate::operators::Actor;
use crate::report::ViewerSight;
use crate::settings::Settings;
use crate::terminal::say;

/// Days that what a hold held stays after its release.
const GRACE_DAYS: i64 = 30;

/// What a release frees.
pub struct Freed {
    /// Messages that no other hold keeps.
    n_freed: u64,
    /// Messages that another hold keeps.
    n_still_held: u64,
    /// Those that are freed by the schedule that decides on them: how many, and how many are due once the grace is over.
    by_schedule: BTreeMap<String, (u64, u64)>,
}

/// Releases a hold.
pub fn release(settings: &Settings, args: &ReleaseHold) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    let log = HoldLog::read(&home)?;
    let placed = one(&actor, &log, &args.name)?;
    let confirmed_by = &args.stands.confirmed_by;
    actor.require_hold(Verb::ReleaseHold, &placed.hold, confirmed_by, placed.silent)?;
    if log.is_released(&placed.hold) {
        let message = format!("the hold `{}` was released before", placed.hold);
        return Err(Failure::new(Exit::Refused, message).into());
    }
    reasoned("reason", &args.reason)?;
    let directory = compiled::directory(settings, &home)?;
    // The grace is that of what a hold covers, so that has to be known before the hold ends.
    if !log.to_be_asked(&directory).is_empty() && !settle_now(settings, &actor, &home, &directory)? {
        return Err(Failure::new(
            Exit::Busy,
            "it is not known yet what the hold covers, and another process is at work",
        )
        .help("give the same command again once the other process has ended")
        .into());
    }
    let grace_until = journal(&actor, &home, placed, &args.reason, confirmed_by, None)?;
    let freed = freed(settings, &actor, &home, &placed.hold, grace_until)?;
    if freed.is_some() {
        storage::follow(settings, &actor, &home)?;
    }
    let printed = print(
        args.stands.format,
        "released",
        &placed.hold,
        &placed.matter,
        grace_until,
        freed.as_ref(),
    )?;
    if log.has_told(&placed.hold) && !settings.quiet {
        let hold = lexhold_document::printable(&placed.hold);
        say(&format!(
            "next: custodians were told of it, and should hear that it has ended: lexhold hold notice release {hold}"
        ));
    }
    Ok(printed)
}

/// Puts a release on record, and says until when everything stays.
pub fn journal(
    actor: &Actor,
    home: &Home,
    placed: &HoldPlaced,
    reason: &str,
    confirmed_by: &[String],
    narrowed_to: Option<&str>,
) -> anyhow::Result<Timestamp> {
    let stamp = home::stamp(&actor.id);
    let grace_until = end_of_grace(&placed.zone, home::latest(home, stamp.at)?)?;
    let payload = json!(HoldReleased {
        hold: placed.hold.clone(),
        reason: reason.to_owned(),
        confirmed_by: confirmed_by.to_vec(),
        solo: actor.is_solo(),
        grace_until: grace_until.to_string(),
        narrowed_to: narrowed_to.map(str::to_owned),
    });
    home.journal()
        .append(EntryKind::HoldReleased, Some(Payload::Json(&payload)), stamp)?;
    Ok(grace_until)
}

/// The start of the day behind the thirtieth after a release, in the hold's zone.
fn end_of_grace(zone: &str, released_at: Timestamp) -> anyhow::Result<Timestamp> {
    let unknown = || Failure::new(Exit::Data, format!("the zone `{zone}` of a hold on record is none"));
    let zone = Zone::named(zone).ok_or_else(unknown)?;
    let behind = zone.date(released_at).checked_add((GRACE_DAYS + 1).days())?;
    Ok(zone.start_of_day(behind).ok_or_else(unknown)?)
}

/// Counts what a release frees, as this operator may see it; none while the catalog is busy.
pub fn freed(
    settings: &Settings,
    actor: &Actor,
    home: &Home,
    hold: &str,
    grace_until: Timestamp,
) -> anyhow::Result<Option<Freed>> {
    let sight = ViewerSight::of(actor)?;
    let counted = || -> anyhow::Result<Freed> {
        home::catch_up(settings, home, &Faults::default())?;
        let catalog = Catalog::open_reader(&home.catalog_path(), &home::catalog_settings(settings, home)?)?;
        count(settings, &catalog, &sight, hold, grace_until)
    };
    match counted() {
        Ok(freed) => Ok(Some(freed)),
        Err(error) if is_busy(&error) => {
            if !settings.quiet {
                say("the release stands in the journal; another process is at work, so what it frees is not counted");
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn count(
    settings: &Settings,
    catalog: &Catalog,
    sight: &ViewerSight,
    hold: &str,
    grace_until: Timestamp,
) -> anyhow::Result<Freed> {
    let grounds = Grounds::read(catalog, settings.now)?;
    let dates = Dates::open(catalog, &grounds, settings.now)?;
    let names = grounds.names();
    let mut freed = Freed {
        n_freed: 0,
        n_still_held: 0,
        by_schedule: BTreeMap::new(),
    };
    let withheld: HashSet<Key> = dates.withheld(catalog, sight)?.iter().map(|row| row.key).collect();
    catalog.choose_members(hold)?;
    catalog.retention::<anyhow::Error>(Scope::Chosen, |message| {
        if withheld.contains(&message.key) {
            return Ok(());
        }
        let covered = message.covered();
        if covered.held || (covered.held_silently && sight.sees_silent()) {
            freed.n_still_held += 1;
            return Ok(());
        }
        freed.n_freed += 1;
        let of_message = dates.of_message_briefly(&message);
        let limit = &of_message.resolved.eligible_from;
        let deciding = limit
            .by
            .iter()
            .filter_map(|at| names.get(&of_message.resolved.duties[*at].schedule));
        let schedule = deciding.min().map_or("none", String::as_str);
        let counts = freed.by_schedule.entry(schedule.to_owned()).or_default();
        counts.0 += 1;
        let hidden = sight.hides(&of_message.covered(&message), grace_until);
        counts.1 += u64::from(limit.limit.is_over(grace_until) && !of_message.is_doubtful() && !hidden);
        Ok(())
    })?;
    Ok(freed)
}

/// Prints what was freed.
pub fn print(
    format: SummaryFormat,
    done: &str,
    hold: &str,
    matter: &str,
    grace_until: Timestamp,
    freed: Option<&Freed>,
) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let by_schedule = || freed.iter().flat_map(|freed| &freed.by_schedule);
    match format {
        SummaryFormat::Json => {
            let schedules: Vec<_> = by_schedule()
                .map(|(schedule, (n, due))| json!({"schedule": schedule, "messages": n, "due_after_grace": due}))
                .collect();
            let answer = json!({
                "schema": "lexhold/hold-release/1",
                "hold": hold,
                "matter": matter,
                "grace_until": grace_until.to_string(),
                "freed": freed.map(|freed| freed.n_freed),
                "still_held": freed.map(|freed| freed.n_still_held),
                "by_schedule": schedules,
            });
            writeln!(out, "{answer}")?;
        }
        SummaryFormat::Text => {
            let text = format!("hold {hold} of matter {matter} is {done}; nothing is destroyed");
            writeln!(out, "{}", lexhold_document::printable(&text))?;
            writeln!(out, "  nothing of it is eligible before {grace_until}")?;
            if let Some(freed) = freed {
                writeln!(out, "  no longer held   {}", HumanCount(freed.n_freed))?;
                writeln!(out, "  held by another  {}", HumanCount(freed.n_still_held))?;
            }
            for (schedule, (n, due)) in by_schedule() {
                writeln!(
                    out,
                    "  {schedule}: {}, of which {} are due then",
                    HumanCount(*n),
                    HumanCount(*due)
                )?;
            }
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[test]
    fn the_grace_ends_with_the_thirtieth_day_in_the_zone_of_the_hold() {
        let end = |zone, at: &str| end_of_grace(zone, at.parse().unwrap()).unwrap().to_string();
        assert_eq!(end("UTC", "2027-05-01T00:00:00Z"), "2027-06-01T00:00:00Z");
        assert_eq!(end("UTC", "2027-05-01T23:59:59Z"), "2027-06-01T00:00:00Z");
        assert_eq!(end("America/New_York", "2027-05-01T03:00:00Z"), "2027-05-31T04:00:00Z");
        assert_eq!(end("America/Sao_Paulo", "2018-10-04T12:00:00Z"), "2018-11-04T03:00:00Z");
    }
}
