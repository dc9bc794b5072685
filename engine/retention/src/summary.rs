//! From duties to the dates of a message.

use jiff::Timestamp;

use crate::arithmetic::plus;
use crate::duty::Decided;
use crate::{Action, Basis, Conflict, Duty, DutyKind, Limit, MonthEnd, Part, Reason, Resolved};

/// The dates that these duties come to.
pub fn summarise(duties: Vec<Duty>, parts: Vec<Part>) -> Resolved {
    let all = Duties(&duties);
    let eligible_from = all.eligible_from(&parts);
    let (action, to) = all.action(&parts);
    Resolved {
        retain_until: all.decided(DutyKind::Retain, |limits| limits.max()),
        dispose_at: all.dispose_at(&parts),
        must_dispose_by: all.decided(DutyKind::Ceiling, |limits| limits.min()),
        accessible_until: all.accessible_until(),
        overdue_from: all.overdue_from(eligible_from.limit),
        conflicts: all.conflicts(),
        eligible_from,
        action,
        to,
        parts,
        duties,
    }
}

struct Duties<'a>(&'a [Duty]);

impl Duties<'_> {
    fn of_kind(&self, kind: DutyKind) -> impl Iterator<Item = (usize, &Duty)> {
        self.0.iter().enumerate().filter(move |(_, duty)| duty.kind == kind)
    }

    fn decided(&self, kind: DutyKind, choose: fn(&mut dyn Iterator<Item = Limit>) -> Option<Limit>) -> Decided {
        let limit = choose(&mut self.of_kind(kind).map(|(_, duty)| duty.ends)).unwrap_or(Limit::None);
        let by = self.of_kind(kind).filter(|(_, duty)| duty.ends == limit);
        Decided {
            limit,
            by: by.map(|(at, _)| at).collect(),
        }
    }

    fn accessible_until(&self) -> Decided {
        let limits = self.0.iter().map(|duty| duty.accessible);
        let limit = limits.max().unwrap_or(Limit::None);
        let by = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, duty)| limit != Limit::None && duty.accessible == limit);
        Decided {
            limit,
            by: by.map(|(at, _)| at).collect(),
        }
    }

    fn dispose_at(&self, parts: &[Part]) -> Decided {
        let deciding = || parts.iter().flat_map(|part| part.deletion.iter().copied());
        let limit = deciding().map(|at| self.0[at].ends).max().unwrap_or(Limit::None);
        let mut by: Vec<usize> = deciding().filter(|at| self.0[*at].ends == limit).collect();
        by.sort_unstable();
        by.dedup();
        Decided { limit, by }
    }

    /// The latest of all parts: a family goes as one.
    fn eligible_from(&self, parts: &[Part]) -> Decided {
        if self
            .0
            .iter()
            .any(|duty| duty.ends.reason() == Some(Reason::Indeterminate))
        {
            let unknown = Limit::Infinity {
                reason: Reason::Indeterminate,
            };
            return self.with(unknown, parts);
        }
        let none = Limit::Infinity { reason: Reason::NoRule };
        let latest = parts.iter().map(|part| self.part_eligible_from(part)).max();
        self.with(latest.unwrap_or(none), parts)
    }

    /// A date with the duties that end then; a deletion that was not chosen decides nothing.
    fn with(&self, limit: Limit, parts: &[Part]) -> Decided {
        let chosen =
            |at: &usize| self.0[*at].kind != DutyKind::Dispose || parts.iter().any(|part| part.deletion.contains(at));
        let by = (0..self.0.len()).filter(|at| self.0[*at].ends == limit).filter(chosen);
        Decided {
            limit,
            by: by.collect(),
        }
    }

    /// After every duty to keep, and after the deletion or the first ceiling, whichever comes first.
    fn part_eligible_from(&self, part: &Part) -> Limit {
        let (deletion, ceiling) = self.ways_out(part);
        let way_out = [deletion, ceiling].into_iter().flatten().min();
        let kept = self.ends(part, DutyKind::Retain).max();
        let none = Limit::Infinity { reason: Reason::NoRule };
        way_out.unwrap_or(none).max(kept.unwrap_or(Limit::None))
    }

    fn ways_out(&self, part: &Part) -> (Option<Limit>, Option<Limit>) {
        let deletion = part.deletion.first().map(|at| self.0[*at].ends);
        (deletion, self.ends(part, DutyKind::Ceiling).min())
    }

    fn ends(&self, part: &Part, kind: DutyKind) -> impl Iterator<Item = Limit> {
        let duties = part.duties.iter().map(|at| &self.0[*at]);
        duties.filter(move |duty| duty.kind == kind).map(|duty| duty.ends)
    }

    /// The most careful of the deletions that decide. What only a ceiling makes eligible is reviewed.
    fn action(&self, parts: &[Part]) -> (Action, Option<String>) {
        let by_ceiling = parts.iter().any(|part| match self.ways_out(part) {
            (Some(deletion), Some(ceiling)) => ceiling < deletion,
            (deletion, _) => deletion.is_none(),
        });
        let deletions = || {
            parts
                .iter()
                .flat_map(|part| part.deletion.iter())
                .map(|at| &self.0[*at])
        };
        let careful = deletions().filter_map(|duty| duty.action).max().unwrap_or_default();
        let mut receivers: Vec<&String> = deletions().filter_map(|duty| duty.to.as_ref()).collect();
        receivers.sort();
        receivers.dedup();
        match (careful, receivers.as_slice()) {
            _ if by_ceiling => (Action::Review, None),
            (Action::Transfer, [receiver]) => (Action::Transfer, Some((*receiver).clone())),
            // A message cannot be handed to two receivers, so a person decides.
            (Action::Transfer, _) => (Action::Review, None),
            (action, _) => (action, None),
        }
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for (ceiling, limit) in self.of_kind(DutyKind::Ceiling) {
            let Some(gone) = limit.ends.until() else { continue };
            for (retain, duty) in self.of_kind(DutyKind::Retain) {
                if outlasts(duty.ends, gone) && !yields(limit, duty) {
                    conflicts.push(Conflict { ceiling, retain });
                }
            }
        }
        conflicts
    }

    fn overdue_from(&self, eligible_from: Limit) -> Option<Timestamp> {
        let eligible = eligible_from.until()?;
        let overdue = |duty: &Duty| {
            let due = duty.ends.until()?.max(eligible);
            match duty.within {
                None => Some(due),
                Some(within) => duty
                    .zone
                    .start_of_day(plus(duty.zone.date(due), within, MonthEnd::LastDay)?),
            }
        };
        self.of_kind(DutyKind::Ceiling)
            .filter_map(|(_, duty)| overdue(duty))
            .min()
    }
}

/// Whether a duty to keep goes on at this instant. Of one that may not be assigned, nobody knows.
fn outlasts(ends: Limit, at: Timestamp) -> bool {
    match ends {
        Limit::Through { until, .. } => until > at,
        Limit::Infinity { reason } => reason != Reason::Indeterminate,
        Limit::None => false,
    }
}

fn yields(ceiling: &Duty, duty: &Duty) -> bool {
    let named = duty
        .jurisdiction
        .as_ref()
        .is_some_and(|of| ceiling.yields_to.contains(of));
    named && duty.basis == Some(Basis::Law)
}
