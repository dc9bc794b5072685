//! Requests for erasure: which law they rest on, when they are to be answered, and what of a message stays nonetheless.
//!
//! Whoever asks for the erasure of a message need not wait for the rule that deletes it, only for the duties that keep it.
//! Holds and open cases go before all of this; a message that nothing governs, or of which something could not be
//! evaluated, waits for a schedule. `ERASURE.md` beside this crate's manifest is the manual.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lexhold_model::Key;
use serde::{Deserialize, Serialize};

use crate::arithmetic::{MonthEnd, plus};
use crate::{Basis, Duty, DutyKind, Limit, Mode, Resolved, RetentionPeriod, Zone};

/// The states in which Union law or its like binds a controller: the members of the Union, and those of the European
/// Economic Area, for which the regulation was taken over.
const EEA: [&str; 32] = [
    "EU", "EEA", "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT",
    "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO",
];

/// What the United Kingdom is called.
const UK: [&str; 2] = ["GB", "UK"];

/// The law that a request rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyLaw {
    /// The General Data Protection Regulation, (EU) 2016/679.
    Gdpr,
    /// The same as it was kept in the law of the United Kingdom.
    UkGdpr,
    /// The California Consumer Privacy Act.
    Ccpa,
}

impl PrivacyLaw {
    /// The word for it in documents and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            PrivacyLaw::Gdpr => "gdpr",
            PrivacyLaw::UkGdpr => "uk-gdpr",
            PrivacyLaw::Ccpa => "ccpa",
        }
    }

    /// The law of this word.
    pub fn named(word: &str) -> Option<Self> {
        let all = [PrivacyLaw::Gdpr, PrivacyLaw::UkGdpr, PrivacyLaw::Ccpa];
        all.into_iter().find(|law| law.as_str() == word)
    }

    /// Whether it speaks of a person at one place and a controller established at others, each a code such as `DE` or
    /// `US-CA`.
    ///
    /// # Regulation
    /// GDPR Art. 3(1) and (2); Cal. Civ. Code 1798.140(i).
    pub fn applies(self, located: &str, established: &[String]) -> bool {
        let mut places = std::iter::once(located).chain(established.iter().map(String::as_str));
        match self {
            PrivacyLaw::Gdpr => places.any(|place| EEA.contains(&country(place))),
            PrivacyLaw::UkGdpr => places.any(|place| UK.contains(&country(place))),
            PrivacyLaw::Ccpa => located == "US-CA",
        }
    }

    /// The last day on which a request is to be answered, counted from the day it came in.
    ///
    /// # Units
    /// A civil date in the controller's zone. `None` beyond the calendar.
    /// # Regulation
    /// GDPR Art. 12(3): one month, by Regulation 1182/71 without the day of receipt, on the last day of a shorter month;
    /// 11 CCR 7021(b): 45 days. A last day that is no business day is not moved: the earlier one is always in time.
    pub fn due(self, received: Date) -> Option<Date> {
        self.after(received, 1)
    }

    /// The last day once the time was extended, with notice to the person within the first: counted from the day the
    /// request came in, in one step.
    ///
    /// # Regulation
    /// GDPR Art. 12(3): two further months; 11 CCR 7021(b): 90 days in all.
    pub fn extended_due(self, received: Date) -> Option<Date> {
        match self {
            PrivacyLaw::Gdpr | PrivacyLaw::UkGdpr => self.after(received, 3),
            PrivacyLaw::Ccpa => self.after(received, 2),
        }
    }

    /// Whether the time for an answer stands still while a person who cannot be told apart is asked for proof of who they are.
    ///
    /// # Regulation
    /// GDPR Art. 12(6) and the guidelines 01/2022 of the European Data Protection Board, no. 159; 11 CCR 7021(b) counts
    /// its 45 days regardless of the time that it takes to verify a request.
    pub fn waits_for_proof(self) -> bool {
        self != PrivacyLaw::Ccpa
    }

    fn after(self, received: Date, times: u32) -> Option<Date> {
        let period = match self {
            PrivacyLaw::Gdpr | PrivacyLaw::UkGdpr => RetentionPeriod::of(times, 0),
            PrivacyLaw::Ccpa => RetentionPeriod::of(0, 45 * times),
        };
        plus(received, period, MonthEnd::LastDay)
    }

    /// The grounds that counsel may record, in the order of the law.
    pub fn grounds(self) -> &'static [Ground] {
        match self {
            PrivacyLaw::Gdpr | PrivacyLaw::UkGdpr => &GDPR,
            PrivacyLaw::Ccpa => &CCPA,
        }
    }

    /// The ground that is called by its article.
    pub fn ground(self, article: &str) -> Option<Ground> {
        self.grounds().iter().find(|ground| ground.article == article).copied()
    }

    /// The ground that a duty is without anybody's say: only a law that this law bows to is one.
    fn automatic(self, duty: &Duty) -> Option<Ground> {
        let jurisdiction = country(duty.jurisdiction.as_deref()?);
        let bows = match self {
            PrivacyLaw::Gdpr => EEA.contains(&jurisdiction),
            PrivacyLaw::UkGdpr => UK.contains(&jurisdiction),
            PrivacyLaw::Ccpa => jurisdiction == "US",
        };
        let article = match self {
            PrivacyLaw::Gdpr | PrivacyLaw::UkGdpr => "17(3)(b)",
            PrivacyLaw::Ccpa => "1798.105(d)(8)",
        };
        (bows && duty.basis == Some(Basis::Law)).then(|| self.ground(article))?
    }

    /// The ground that a hold is.
    fn claims(self) -> Ground {
        match self {
            PrivacyLaw::Gdpr | PrivacyLaw::UkGdpr => LEGAL_CLAIMS,
            PrivacyLaw::Ccpa => DEFENCE,
        }
    }

    /// Whether counsel may let a message go in spite of a duty: one without a ground of its own, of a document whose
    /// promises may be shortened.
    pub fn may_waive(self, duty: &Duty, mode: Mode) -> bool {
        duty.kind == DutyKind::Retain && mode == Mode::Operational && self.automatic(duty).is_none()
    }
}

/// The country of a place: `US` of `US-CA`.
fn country(place: &str) -> &str {
    place.split('-').next().unwrap_or(place)
}

/// Why a message stays although somebody asked for its erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ground {
    /// The article; `none` while nobody has found one.
    pub article: &'static str,
    /// Which of its limbs, in words.
    pub limb: &'static str,
}

impl Ground {
    /// The answer for everything else, whatever keeps the message: it is looked into. What no one may know of is behind
    /// no other words.
    pub const EXAMINED: Self = Self {
        article: "none",
        limb: "being examined",
    };
}

const LEGAL_CLAIMS: Ground = Ground {
    article: "17(3)(e)",
    limb: "establishment, exercise or defence of legal claims",
};

const GDPR: [Ground; 7] = [
    Ground {
        article: "17(1)",
        limb: "none of the reasons for erasure applies",
    },
    Ground {
        article: "17(3)(a)",
        limb: "freedom of expression and information",
    },
    Ground {
        article: "17(3)(b)",
        limb: "legal obligation",
    },
    Ground {
        article: "17(3)(c)",
        limb: "public health",
    },
    Ground {
        article: "17(3)(d)",
        limb: "archiving, research or statistics",
    },
    LEGAL_CLAIMS,
    Ground {
        article: "12(5)",
        limb: "manifestly unfounded or excessive",
    },
];

const DEFENCE: Ground = Ground {
    article: "1798.145(a)",
    limb: "exercise or defence of legal claims",
};

const CCPA: [Ground; 9] = [
    Ground {
        article: "1798.105(d)(1)",
        limb: "completing a transaction or contract",
    },
    Ground {
        article: "1798.105(d)(2)",
        limb: "security and integrity",
    },
    Ground {
        article: "1798.105(d)(3)",
        limb: "repairing errors",
    },
    Ground {
        article: "1798.105(d)(4)",
        limb: "free speech",
    },
    Ground {
        article: "1798.105(d)(5)",
        limb: "California Electronic Communications Privacy Act",
    },
    Ground {
        article: "1798.105(d)(6)",
        limb: "research in the public interest",
    },
    Ground {
        article: "1798.105(d)(7)",
        limb: "internal uses that are to be expected",
    },
    Ground {
        article: "1798.105(d)(8)",
        limb: "legal obligation",
    },
    DEFENCE,
];

/// A request for the erasure of a message, as far as its state follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Erasure<'a> {
    /// The schedule versions whose duties counsel has waived for it.
    pub waived: &'a BTreeSet<Key>,
    /// Counsel recorded a ground on which it stays: it goes no earlier than it would without the request.
    pub grounded: bool,
}

static NOTHING: BTreeSet<Key> = BTreeSet::new();

impl Default for Erasure<'_> {
    fn default() -> Self {
        Self {
            waived: &NOTHING,
            grounded: false,
        }
    }
}

impl Erasure<'_> {
    /// Whether a duty is waived. One that could not be evaluated never is.
    pub fn waives(&self, duty: &Duty) -> bool {
        !self.grounded
            && duty.kind == DutyKind::Retain
            && self.waived.contains(&duty.schedule)
            && !is_indeterminate(duty)
    }

    /// The duties that keep a message at an instant.
    pub fn keeping(self, resolved: &Resolved, as_of: Timestamp) -> impl Iterator<Item = &Duty> {
        let keeps = move |duty: &&Duty| duty.kind == DutyKind::Retain && !duty.ends.is_over(as_of);
        resolved
            .duties
            .iter()
            .filter(keeps)
            .filter(move |duty| !self.waives(duty))
    }

    /// The first instant at which a message may go that was asked for at another: when the last duty ends that keeps
    /// it, at once where none does, and never later than without the request.
    pub fn eligible_from(self, resolved: &Resolved, asked: Timestamp) -> Limit {
        let ordinary = resolved.eligible_from.limit;
        let governed = resolved.parts.iter().all(|part| !part.duties.is_empty());
        if self.grounded || !governed || resolved.parts.is_empty() || resolved.is_indeterminate() {
            return ordinary;
        }
        let day = TimeZone::UTC.to_datetime(asked).date();
        let at_once = Limit::Through {
            last: day.yesterday().unwrap_or(day),
            until: asked,
        };
        let duties = self.keeping(resolved, Timestamp::MIN).map(|duty| duty.ends);
        duties.fold(at_once, Limit::max).min(ordinary)
    }
}

/// What a request meets in one message.
#[derive(Clone, Copy, Debug)]
pub struct Meets<'a> {
    /// The law that it rests on.
    pub law: PrivacyLaw,
    /// The message's dates.
    pub resolved: &'a Resolved,
    /// What was waived.
    pub erasure: Erasure<'a>,
    /// A hold covers it that everybody may know of.
    pub held: bool,
    /// Something else keeps it, which is nobody's business: a silent hold, an open case, the grace after a release.
    pub kept: bool,
    /// Something of the message itself could not be evaluated.
    pub doubtful: bool,
    /// The ground that counsel recorded for it.
    pub recorded: Option<Ground>,
}

/// How a message stands to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErasureStanding {
    /// It may go, by way of disposal.
    Queued,
    /// It stays for now, on these grounds, and is restricted.
    Deferred(Vec<Ground>),
    /// No schedule speaks of it, so that nobody knows whether it has to stay.
    Ungoverned,
    /// Something that decides its dates could not be evaluated.
    Indeterminate,
}

impl ErasureStanding {
    /// The word for it in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            ErasureStanding::Queued => "queued",
            ErasureStanding::Deferred(_) => "deferred",
            ErasureStanding::Ungoverned => "ungoverned",
            ErasureStanding::Indeterminate => "indeterminate",
        }
    }

    /// The grounds, where it is deferred.
    pub fn grounds(&self) -> &[Ground] {
        match self {
            ErasureStanding::Deferred(grounds) => grounds,
            _ => &[],
        }
    }
}

impl Meets<'_> {
    /// How the message stands. What is kept for a reason that nobody may know of reads as one whose ground is being
    /// examined, and where anything else is to be said of it, as that alone.
    pub fn standing(&self, as_of: Timestamp) -> ErasureStanding {
        let open = self.recorded.unwrap_or(Ground::EXAMINED);
        let mut grounds: BTreeSet<Ground> = BTreeSet::new();
        for duty in self.erasure.keeping(self.resolved, as_of) {
            if !is_indeterminate(duty) {
                grounds.insert(self.law.automatic(duty).unwrap_or(open));
            }
        }
        if self.held {
            grounds.insert(self.law.claims());
        }
        let parts = &self.resolved.parts;
        match () {
            () if !grounds.is_empty() => ErasureStanding::Deferred(grounds.into_iter().collect()),
            () if parts.iter().any(|part| part.duties.is_empty()) => ErasureStanding::Ungoverned,
            () if self.doubtful || parts.is_empty() || self.resolved.is_indeterminate() => {
                ErasureStanding::Indeterminate
            }
            () if self.kept || self.erasure.grounded => ErasureStanding::Deferred(vec![open]),
            () => ErasureStanding::Queued,
        }
    }
}

impl Meets<'_> {
    /// The instant from which no duty keeps the message any more, where nothing but duties with a ground of their own are
    /// said to keep it, and their end is known.
    pub fn deferred_until(&self, as_of: Timestamp) -> Option<Timestamp> {
        let mut until = None;
        for duty in self.erasure.keeping(self.resolved, as_of) {
            self.law.automatic(duty)?;
            until = until.max(Some(duty.ends.until()?));
        }
        until.filter(|_| !self.held && !self.erasure.grounded)
    }
}

fn is_indeterminate(duty: &Duty) -> bool {
    duty.ends.reason() == Some(crate::Reason::Indeterminate)
}

/// The last day for an answer, and the instant after it, in the controller's zone; without an end beyond the calendar.
pub fn deadline(due: Option<Date>, zone: &Zone) -> Limit {
    let until = due
        .and_then(|last| last.tomorrow().ok())
        .and_then(|next| zone.start_of_day(next));
    match (due, until) {
        (Some(last), Some(until)) => Limit::Through { last, until },
        _ => Limit::Infinity {
            reason: crate::Reason::Permanent,
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{all, instant, resolved, schedule, sent};
    use crate::{Circumstances, Clocks, Days, Outcome, Schedule, Schedules, State, state};

    const SENT: &str = "2020-03-10T12:00:00Z";
    const AS_OF: &str = "2023-06-01T00:00:00Z";

    /// Law, day received, last day, last day once extended.
    #[test]
    fn last_days() {
        use PrivacyLaw::{Ccpa, Gdpr, UkGdpr};
        for (law, received, due, extended) in [
            (Gdpr, "2026-03-05", "2026-04-05", "2026-06-05"),
            (Gdpr, "2026-08-31", "2026-09-30", "2026-11-30"),
            // In one step from the day received: not 28 February plus two months.
            (Gdpr, "2026-01-31", "2026-02-28", "2026-04-30"),
            (Gdpr, "2024-01-30", "2024-02-29", "2024-04-30"),
            (Gdpr, "2025-11-30", "2025-12-30", "2026-02-28"),
            (Gdpr, "2023-11-30", "2023-12-30", "2024-02-29"),
            (Gdpr, "2024-02-29", "2024-03-29", "2024-05-29"),
            (Gdpr, "2025-12-31", "2026-01-31", "2026-03-31"),
            (UkGdpr, "2026-03-31", "2026-04-30", "2026-06-30"),
            (Ccpa, "2026-01-01", "2026-02-15", "2026-04-01"),
            (Ccpa, "2024-01-15", "2024-02-29", "2024-04-14"),
            (Ccpa, "2025-12-31", "2026-02-14", "2026-03-31"),
        ] {
            let received: Date = received.parse().unwrap();
            let days = [law.due(received), law.extended_due(received)].map(|day| day.unwrap().to_string());
            assert_eq!(days, [due, extended], "{} {received}", law.as_str());
        }
        assert_eq!(Gdpr.due(date(9999, 12, 31)), None);
    }

    #[test]
    fn the_manual_counts_as_this_does() {
        let (mut law, mut n) = (PrivacyLaw::Gdpr, 0);
        for line in include_str!("../ERASURE.md").lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, name, received, due, extended, _] = cells[..] else {
                continue;
            };
            let Ok(received) = received.parse::<Date>() else {
                continue;
            };
            if name == "CCPA" {
                law = PrivacyLaw::Ccpa;
            }
            let days = [law.due(received), law.extended_due(received)].map(|day| day.unwrap().to_string());
            assert_eq!(days, [due, extended], "{line}");
            n += 1;
        }
        assert_eq!(n, 4);
    }

    #[test]
    fn an_answer_is_overdue_from_the_first_instant_behind_its_last_day() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let limit = deadline(PrivacyLaw::Gdpr.due(date(2026, 2, 28)), &berlin);
        assert_eq!(limit.instant_text(), "2026-03-28T23:00:00Z");
        assert!(!limit.is_over(instant("2026-03-28T22:59:59.999999Z")));
        assert!(limit.is_over(instant("2026-03-28T23:00:00Z")));
        assert!(!deadline(None, &berlin).is_over(Timestamp::MAX));
    }

    #[test]
    fn a_law_applies_by_place() {
        for (law, located, established, applies) in [
            (PrivacyLaw::Gdpr, "DE", "US", true),
            (PrivacyLaw::Gdpr, "US-CA", "IE", true),
            (PrivacyLaw::Gdpr, "NO", "US", true),
            (PrivacyLaw::Gdpr, "GB", "US", false),
            (PrivacyLaw::UkGdpr, "GB-SCT", "US", true),
            (PrivacyLaw::UkGdpr, "DE", "IE", false),
            (PrivacyLaw::Ccpa, "US-CA", "DE", true),
            (PrivacyLaw::Ccpa, "US-NY", "US-CA", false),
        ] {
            assert_eq!(
                law.applies(located, &[established.to_owned()]),
                applies,
                "{law:?} {located} {established}"
            );
        }
    }

    fn kept(name: &str, basis: Option<Basis>, jurisdiction: &str, period: &str) -> Schedule {
        schedule(name).retain(period).with(|schedule| {
            schedule.basis = basis;
            schedule.jurisdiction = Some(jurisdiction.into());
            schedule.mode = Mode::Operational;
        })
    }

    fn meets(law: PrivacyLaw, resolved: &Resolved) -> Meets<'_> {
        Meets {
            law,
            resolved,
            erasure: Erasure::default(),
            held: false,
            kept: false,
            doubtful: false,
            recorded: None,
        }
    }

    fn said(standing: &ErasureStanding) -> String {
        let articles = standing.grounds().iter().map(|ground| ground.article);
        std::iter::once(standing.as_str())
            .chain(articles)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Basis, whose law, and what each privacy law says of a duty that lasts.
    #[test]
    fn grounds_by_basis_and_jurisdiction() {
        use Basis::{Business, Contract, Law};
        let laws = [PrivacyLaw::Gdpr, PrivacyLaw::UkGdpr, PrivacyLaw::Ccpa];
        for (basis, jurisdiction, want) in [
            (Some(Law), "EU", ["17(3)(b)", "none", "none"]),
            (Some(Law), "DE", ["17(3)(b)", "none", "none"]),
            (Some(Law), "DE-BY", ["17(3)(b)", "none", "none"]),
            (Some(Law), "GB", ["none", "17(3)(b)", "none"]),
            (Some(Law), "US", ["none", "none", "1798.105(d)(8)"]),
            (Some(Law), "US-CA", ["none", "none", "1798.105(d)(8)"]),
            (Some(Law), "CH", ["none", "none", "none"]),
            (Some(Contract), "DE", ["none", "none", "none"]),
            (Some(Business), "US", ["none", "none", "none"]),
            (None, "EU", ["none", "none", "none"]),
        ] {
            let resolved = resolved([kept("x", basis, jurisdiction, "P9Y")], &sent(SENT));
            for (law, want) in laws.into_iter().zip(want) {
                let found = said(&meets(law, &resolved).standing(instant(AS_OF)));
                assert_eq!(found, format!("deferred {want}"), "{law:?} {basis:?} {jurisdiction}");
                let waivable = law.may_waive(&resolved.duties[0], Mode::Operational);
                assert_eq!(waivable, want == "none");
                assert!(!law.may_waive(&resolved.duties[0], Mode::Compliance));
            }
        }
    }

    /// What keeps a message, and what is said of it: held, kept silently, what counsel recorded.
    #[test]
    fn what_is_said_of_a_message() {
        let duties = |names: &[(&str, Basis, &str)]| {
            let schedules = names
                .iter()
                .map(|(name, basis, period)| kept(name, Some(*basis), "DE", period));
            resolved(schedules, &sent(SENT))
        };
        let law = duties(&[("x", Basis::Law, "P9Y")]);
        let contract = duties(&[("x", Basis::Contract, "P9Y")]);
        let both = duties(&[("x", Basis::Law, "P9Y"), ("y", Basis::Contract, "P9Y")]);
        let over = duties(&[("x", Basis::Law, "P1Y")]);
        let deleted_later = resolved([schedule("x").delete("P9Y")], &sent(SENT));
        let none = resolved([], &sent(SENT));
        for (resolved, held, kept, recorded, want) in [
            (&law, false, false, "", "deferred 17(3)(b)"),
            (&law, false, true, "", "deferred 17(3)(b)"),
            (&law, true, false, "", "deferred 17(3)(b) 17(3)(e)"),
            (&law, false, false, "17(3)(e)", "deferred 17(3)(b)"),
            (&contract, false, false, "", "deferred none"),
            (&contract, false, true, "", "deferred none"),
            (&contract, false, false, "17(3)(e)", "deferred 17(3)(e)"),
            (&contract, false, true, "17(3)(e)", "deferred 17(3)(e)"),
            (&both, false, false, "", "deferred 17(3)(b) none"),
            (&both, false, true, "17(1)", "deferred 17(1) 17(3)(b)"),
            (&over, false, false, "", "queued"),
            (&over, false, false, "17(3)(e)", "queued"),
            (&over, true, false, "", "deferred 17(3)(e)"),
            (&over, false, true, "", "deferred none"),
            (&deleted_later, false, false, "", "queued"),
            (&none, false, false, "", "ungoverned"),
            (&none, false, true, "", "ungoverned"),
            (&none, true, false, "", "deferred 17(3)(e)"),
        ] {
            let meets = Meets {
                held,
                kept,
                recorded: PrivacyLaw::Gdpr.ground(recorded),
                ..meets(PrivacyLaw::Gdpr, resolved)
            };
            assert_eq!(said(&meets.standing(instant(AS_OF))), want, "{held} {kept} {recorded}");
        }
        let mut doubtful = meets(PrivacyLaw::Gdpr, &over);
        doubtful.doubtful = true;
        assert_eq!(said(&doubtful.standing(instant(AS_OF))), "indeterminate");
    }

    #[test]
    fn a_message_is_queued_at_the_very_instant_at_which_its_last_duty_ends() {
        let x = resolved([schedule("x").retain("P3Y"), schedule("y").delete("P9Y")], &sent(SENT));
        let asked = instant("2021-01-01T08:00:00Z");
        let limit = Erasure::default().eligible_from(&x, asked);
        assert_eq!(limit.instant_text(), "2023-03-11T00:00:00Z");
        let circumstances = Circumstances {
            erasure: Some(Erasure::default()),
            ..Circumstances::default()
        };
        let of = |at: &str| state(&x, instant(at), &circumstances);
        assert_eq!(
            of("2023-03-10T23:59:59.999999Z"),
            (State::Restricted, vec![State::Retained])
        );
        assert_eq!(of("2023-03-11T00:00:00Z"), (State::Eligible, vec![]));
        // Asked for later, it may go from then on; without a duty too.
        let later = instant("2024-05-05T10:00:00Z");
        assert_eq!(
            Erasure::default().eligible_from(&x, later).instant_text(),
            "2024-05-05T10:00:00Z"
        );
        // What would have gone before goes no later.
        let old = resolved([schedule("x").delete("P1Y")], &sent(SENT));
        assert_eq!(
            Erasure::default().eligible_from(&old, later).instant_text(),
            "2021-03-11T00:00:00Z"
        );
        let ungoverned = resolved([], &sent(SENT));
        assert_eq!(
            Erasure::default().eligible_from(&ungoverned, later),
            ungoverned.eligible_from.limit
        );
    }

    #[test]
    fn what_is_waived_no_longer_keeps() {
        let law = kept("x", Some(Basis::Law), "DE", "P2Y");
        let contract = kept("y", Some(Basis::Contract), "DE", "P9Y");
        let waived: BTreeSet<Key> = [contract.key()].into();
        let x = resolved([law, contract], &sent(SENT));
        let erasure = Erasure {
            waived: &waived,
            ..Erasure::default()
        };
        let asked = instant("2021-01-01T08:00:00Z");
        assert_eq!(erasure.eligible_from(&x, asked).instant_text(), "2022-03-11T00:00:00Z");
        let at = |at: &str, erasure| {
            let circumstances = Circumstances {
                erasure: Some(erasure),
                ..Circumstances::default()
            };
            state(&x, instant(at), &circumstances).0
        };
        assert_eq!(at(AS_OF, erasure), State::Eligible);
        assert_eq!(at(AS_OF, Erasure::default()), State::Restricted);
        assert_eq!(at("2022-01-01T00:00:00Z", erasure), State::Restricted);
    }

    #[test]
    fn what_could_not_be_evaluated_is_never_waived() {
        let contract = kept("y", Some(Basis::Contract), "DE", "P9Y");
        let waived: BTreeSet<Key> = [contract.key()].into();
        let schedules = Schedules::new(vec![contract]);
        let mut assigned = all(&schedules);
        assigned[0].outcome = Outcome::Indeterminate {
            reason: "because".into(),
        };
        let x = schedules.resolve(&assigned, &Clocks::of(&Days::of(schedules.zones(), &sent(SENT))));
        let erasure = Erasure {
            waived: &waived,
            ..Erasure::default()
        };
        let meets = Meets {
            erasure,
            ..meets(PrivacyLaw::Gdpr, &x)
        };
        assert_eq!(said(&meets.standing(instant(AS_OF))), "indeterminate");
        let circumstances = Circumstances {
            erasure: Some(erasure),
            ..Circumstances::default()
        };
        assert_eq!(
            state(&x, instant("2999-01-01T00:00:00Z"), &circumstances).0,
            State::Indeterminate
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// A request makes nothing wait longer, and frees nothing that a duty keeps.
        #[test]
        fn a_request_only_takes_the_place_of_the_deletion(
            retain in prop::option::of(1..80u32), delete in prop::option::of(1..80u32), more in prop::option::of(1..80u32),
            asked in 0i64..4000, at in 0i64..4000, held: bool,
        ) {
            let mut one = schedule("x");
            one = retain.map_or(one.clone(), |months| one.retain(&format!("P{months}M")));
            one = delete.map_or(one.clone(), |months| one.delete(&format!("P{months}M")));
            let other = more.map(|months| schedule("y").retain(&format!("P{months}M")));
            let x = resolved([one].into_iter().chain(other), &sent(SENT));
            let day = |days: i64| Timestamp::from_second(1_583_841_600 + days * 86_400).unwrap();
            let (asked, at) = (day(asked), day(at));
            let limit = Erasure::default().eligible_from(&x, asked);
            prop_assert!(limit <= x.eligible_from.limit);
            prop_assert!(x.duties.is_empty() || limit >= x.retain_until.limit.min(x.eligible_from.limit));
            let of = |erasure| state(&x, at, &Circumstances { held, erasure, ..Circumstances::default() });
            let (plain, (first, also)) = (of(None), of(Some(Erasure::default())));
            let goes = |(first, also): &(State, Vec<State>)| *first == State::Eligible || also.contains(&State::Eligible);
            prop_assert!(!goes(&plain) || first == State::Held || first == State::Eligible);
            if first == State::Eligible {
                prop_assert!(x.duties.iter().all(|duty| duty.kind != DutyKind::Retain || duty.ends.is_over(at)));
            }
            if at >= asked {
                prop_assert_eq!(limit.is_over(at), goes(&(first, also)));
            }
        }
    }
}
