//! `--fail-on`: from what on the answer is negative.

use std::fmt;
use std::str::FromStr;

use super::Comparison;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    EarlierDisposal,
    NewlyEligible,
    NewlyUngoverned,
    Conflicts,
    AlertsRemoved,
}

const NAMES: [(&str, What); 5] = [
    ("earlier-disposal", What::EarlierDisposal),
    ("newly-eligible", What::NewlyEligible),
    ("newly-ungoverned", What::NewlyUngoverned),
    ("conflicts", What::Conflicts),
    ("alerts-removed", What::AlertsRemoved),
];

/// How many are put up with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Count(u64),
    /// In hundredths of a percent, so that it is compared as whole numbers.
    Share(u64),
}

/// One condition: `newly-eligible`, `alerts-removed>10`, `alerts-removed>1%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailOn {
    what: What,
    above: Limit,
}

/// A condition that cannot be read.
#[derive(Debug)]
pub struct NoCondition;

impl fmt::Display for NoCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        write!(
            f,
            "write one of {}, with >N or >N% behind it if need be",
            names.join(", ")
        )
    }
}

impl std::error::Error for NoCondition {}

impl FromStr for FailOn {
    type Err = NoCondition;

    fn from_str(text: &str) -> Result<Self, NoCondition> {
        let (name, above) = match text.split_once('>') {
            None => (text, Limit::Count(0)),
            Some((name, limit)) => (name, limit.trim().parse()?),
        };
        let (_, what) = NAMES
            .iter()
            .find(|(known, _)| *known == name.trim())
            .ok_or(NoCondition)?;
        Ok(Self { what: *what, above })
    }
}

impl FromStr for Limit {
    type Err = NoCondition;

    fn from_str(text: &str) -> Result<Self, NoCondition> {
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| NoCondition);
        };
        let (whole, part) = share.trim().split_once('.').unwrap_or((share.trim(), ""));
        let digits = format!("{part:0<2}");
        let number = |text: &str| text.parse::<u64>().map_err(|_| NoCondition);
        if digits.len() > 2 {
            return Err(NoCondition);
        }
        Ok(Self::Share(
            number(whole)?.saturating_mul(100).saturating_add(number(&digits)?),
        ))
    }
}

impl FailOn {
    /// Whether a comparison comes to more than is put up with.
    pub fn is_met(&self, comparison: &Comparison) -> bool {
        let figures = &comparison.retention;
        let (found, of) = match self.what {
            What::EarlierDisposal => {
                let earlier = figures.eligible_from.earlier.max(figures.retain_until.earlier);
                (earlier.max(figures.dispose_at.earlier), figures.messages)
            }
            What::NewlyEligible => (figures.newly_eligible, figures.messages),
            What::NewlyUngoverned => (figures.newly_ungoverned, figures.messages),
            What::Conflicts => (figures.conflicts_gained, figures.messages),
            What::AlertsRemoved => {
                let alerts = comparison.alerts.as_ref();
                alerts.map_or((0, 0), |alerts| (alerts.total.lost, alerts.total.before))
            }
        };
        match self.above {
            Limit::Count(limit) => found > limit,
            Limit::Share(limit) => u128::from(found) * 10_000 > u128::from(of) * u128::from(limit),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has failed")]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_typed() {
        let share = |text: &str| text.parse::<FailOn>().unwrap().above;
        assert_eq!(share("newly-eligible"), Limit::Count(0));
        assert_eq!(share("alerts-removed>10"), Limit::Count(10));
        assert_eq!(share("alerts-removed>1%"), Limit::Share(100));
        assert_eq!(share("alerts-removed > 0.1 %"), Limit::Share(10));
        for wrong in [
            "",
            "alerts",
            "conflicts>",
            "conflicts>x",
            "conflicts>0.001%",
            "conflicts>-1",
        ] {
            assert!(wrong.parse::<FailOn>().is_err(), "{wrong}");
        }
    }
}
