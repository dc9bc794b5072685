//! How alerts were reviewed: by state, by month, and the latest decisions.

use jiff::Timestamp;
use lexhold_catalog::ReviewRow;
use lexhold_evaluate::review::ReviewState;

use super::kept::StateBar;
use super::timeline::bar;
use super::words::{counted, minute, number, share, title};
use crate::report::figures::ReviewFigures;
use crate::report::supervision::Figures;

/// Months shown.
pub const MONTHS_SHOWN: usize = 24;
/// Decisions shown one by one.
pub const DECISIONS_SHOWN: usize = 50;
/// Things named of one decision.
const IDS_SHOWN: usize = 2;

/// What was sent, found and looked at in a month.
pub struct Month {
    /// `2026-10`.
    pub month: String,
    /// All its rows together.
    pub figures: Figures,
    /// People inside the firm who had no supervisor.
    pub n_undesignated: u64,
    /// Who attested it.
    pub attested_by: Vec<String>,
}

/// A month as it is shown.
pub struct MonthLine {
    /// `2026-10`
    pub month: String,
    /// Messages, hits, alerts, drawn, reviewed, escalated, overdue.
    pub counts: Vec<String>,
    /// Whether any is overdue.
    pub late: bool,
    /// People without a supervisor.
    pub undesignated: String,
    /// Who attested it.
    pub attested_by: String,
}

/// A decision as it is shown.
pub struct Decided {
    /// When.
    pub at: String,
    /// By whom.
    pub reviewer: String,
    /// For whom, or with whose approval.
    pub beside: String,
    /// What was done.
    pub action: String,
    /// What was found.
    pub decision: String,
    /// Whether it is significant.
    pub significant: bool,
    /// What was done about it, and why.
    pub words: Vec<String>,
    /// The messages, or the period.
    pub of: Vec<String>,
    /// How many more messages there are.
    pub more: usize,
}

/// A sentence that sums it up.
pub fn lead(figures: &ReviewFigures) -> String {
    let waiting = counted(figures.unreviewed, "alert waits", "alerts wait");
    let aside = if figures.suppressed == 1 { "is" } else { "are" };
    format!(
        "{waiting} for a person, {} of them overdue; {} {aside} set aside for a time.",
        number(figures.overdue),
        number(figures.suppressed)
    )
}

/// Alerts by state, in the order in which they go through them.
pub fn states(figures: &ReviewFigures) -> Vec<StateBar> {
    let all: u64 = figures.states.iter().sum();
    let most = figures.states.iter().copied().max().unwrap_or(0);
    if all == 0 {
        return Vec::new();
    }
    let line = |(state, n): (ReviewState, u64)| StateBar {
        name: title(state.as_str()),
        meaning: match state {
            ReviewState::Open => "nobody has taken it up",
            ReviewState::Assigned => "somebody is to review it",
            ReviewState::Escalated => "somebody above is to see it, or nobody decided in time",
            ReviewState::Closed => "a person has decided",
        },
        n: number(n),
        share: share(n, all),
        width: bar(n, most),
    };
    ReviewState::ALL.into_iter().zip(figures.states).map(line).collect()
}

/// The latest months.
pub fn months(months: &[Month]) -> Vec<MonthLine> {
    let line = |month: &Month| {
        let of = month.figures;
        let counts = [
            of.messages,
            of.hits,
            of.alerts,
            of.drawn,
            of.reviewed,
            of.escalated,
            of.overdue,
        ];
        MonthLine {
            month: month.month.clone(),
            counts: counts.into_iter().map(number).collect(),
            late: of.overdue > 0,
            undesignated: number(month.n_undesignated),
            attested_by: month.attested_by.join(", "),
        }
    };
    months.iter().take(MONTHS_SHOWN).map(line).collect()
}

/// The latest decisions.
pub fn decisions(latest: &[ReviewRow]) -> Vec<Decided> {
    latest.iter().take(DECISIONS_SHOWN).map(decided).collect()
}

fn decided(row: &ReviewRow) -> Decided {
    let until = row.until.and_then(|until| Timestamp::from_microsecond(until).ok());
    let action = match (&row.assigned_to, until) {
        (Some(to), _) => format!("{} to {to}", row.action),
        (None, Some(until)) => format!("{} until {}", row.action, minute(Some(until.as_microsecond()))),
        (None, None) => row.action.clone(),
    };
    let on_behalf = row.on_behalf_of.as_ref().map(|who| format!("on behalf of {who}"));
    let approved = row.approved_by.as_ref().map(|who| format!("approved by {who}"));
    let ids: Vec<String> = match row.members.is_empty() {
        true => vec![row.object_id.clone()],
        false => row.members.iter().map(|(_, id)| id.clone()).collect(),
    };
    Decided {
        at: minute(Some(row.reviewed_at)),
        reviewer: row.reviewer.clone(),
        beside: on_behalf.into_iter().chain(approved).collect::<Vec<_>>().join(", "),
        action,
        decision: row.decision.clone().unwrap_or_default(),
        significant: row.significant,
        words: row.action_taken.iter().chain(&row.reason).cloned().collect(),
        more: ids.len().saturating_sub(IDS_SHOWN),
        of: ids.into_iter().take(IDS_SHOWN).collect(),
    }
}
