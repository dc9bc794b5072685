//! `alerts`: what waits for somebody, and what is done with it.

use jiff::Timestamp;
use lexhold_evaluate::review::ReviewStep;
use lexhold_policy::Verb;

use crate::args::{AlertStep, Alerts, Which};
use crate::failure::Exit;
use crate::home;
use crate::operators::Actor;
use crate::report::{ALERTS, WORKLIST, alert_row, each_form};
use crate::review::{Done, Plan, ReviewLog, Usual, matching, take, tell};
use crate::settings::{Settings, instant};

/// Lists alerts, or takes a step on some.
pub fn alerts(settings: &Settings, args: &Alerts) -> anyhow::Result<Exit> {
    match &args.step {
        None => list(settings, args),
        Some(step) => act(settings, step),
    }
}

fn list(settings: &Settings, args: &Alerts) -> anyhow::Result<Exit> {
    let home = home::open(settings)?;
    let catalog = home::catalog(settings, &home)?;
    let log = ReviewLog::load(settings, &home, &catalog)?;
    let found = matching(settings, &catalog, &log, &args.filter, Usual::Waiting)?;
    drop(catalog);
    let columns = crate::report::table::Columns {
        shown: WORKLIST,
        ..ALERTS
    };
    each_form(&args.table, columns, |table| {
        found
            .iter()
            .try_for_each(|one| table.write(alert_row(&one.alert, &one.standing)))
    })?;
    Ok(Exit::Done)
}

fn act(settings: &Settings, step: &AlertStep) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    actor.warn_if_solo(settings);
    let home = home::open(settings)?;
    let (which, plan, done) = planned(step)?;
    let Done {
        entry,
        alerts,
        n_before,
    } = take(settings, &actor, &home, which, &plan)?;
    if entry.is_some() && n_before > 0 && !settings.quiet {
        crate::terminal::say(&format!("{n_before} were so before"));
    }
    tell(which.json, done, "alert", alerts.len(), entry)
}

/// A step as meant.
fn planned(step: &AlertStep) -> anyhow::Result<(&Which, Plan<'_>, &'static str)> {
    let plain = |step, verb, reason| Plan {
        step,
        verb,
        usual: Usual::Waiting,
        finding: None,
        reason,
        approved_by: None,
    };
    Ok(match step {
        AlertStep::Assign { which, to, reason } => {
            let step = ReviewStep::Assign { to: to.clone() };
            (which, plain(step, Verb::AssignAlert, reason.as_deref()), "assigned")
        }
        AlertStep::Escalate { which, to, reason } => {
            let step = ReviewStep::Escalate { to: to.clone() };
            (which, plain(step, Verb::EscalateAlert, Some(reason)), "escalated")
        }
        AlertStep::Close { which, finding } => {
            let plan = Plan {
                finding: Some(finding),
                ..plain(ReviewStep::Close, Verb::CloseAlert, Some(&finding.reason))
            };
            (which, plan, "closed")
        }
        AlertStep::Reopen { which, reason } => {
            let plan = Plan {
                usual: Usual::Closed,
                ..plain(ReviewStep::Reopen, Verb::ReopenAlert, Some(reason))
            };
            (which, plan, "reopened")
        }
        AlertStep::Suppress {
            which,
            expires,
            approved_by,
            reason,
        } => {
            // The journal and the catalog keep microseconds.
            let until = Timestamp::from_microsecond(instant("--expires", expires)?.as_microsecond())?;
            let plan = Plan {
                approved_by: Some(approved_by),
                ..plain(ReviewStep::Suppress { until }, Verb::SuppressAlert, Some(reason))
            };
            (which, plan, "suppressed")
        }
        AlertStep::Unsuppress { which, reason } => {
            let plan = Plan {
                usual: Usual::Suppressed,
                ..plain(ReviewStep::Unsuppress, Verb::ReviewAlert, Some(reason))
            };
            (which, plan, "brought back")
        }
        AlertStep::Comment { which, reason } => (
            which,
            plain(ReviewStep::Comment, Verb::ReviewAlert, Some(reason)),
            "commented on",
        ),
    })
}
