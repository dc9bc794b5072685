//! Which of several deletions counts.

use crate::{Limit, Tier};

/// One schedule's deletion of a message.
#[derive(Clone, Copy, Debug)]
pub struct Deletion<'a> {
    /// The document.
    pub document: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The schedule's name in it.
    pub schedule: &'a str,
    /// Whether that version is in force.
    pub in_force: bool,
    /// How it ranks.
    pub tier: Tier,
    /// The last day before it.
    pub limit: Limit,
    /// The position of its duty.
    pub duty: usize,
}

/// The duties whose deletion counts; several if they fall together, none if nothing deletes.
///
/// A schedule that was assigned more than once deletes at the latest of these. Within a version the highest tier decides
/// alone, and within it the earliest. The versions of a document come to the latest: only versions that bind are handed
/// in, which is every one ever assigned of a `compliance` document and the one in force of an `operational` one. Where
/// the version in force does not delete the message, an older one does not either: extending is retroactive. Across
/// documents the highest tier decides alone again, and within it the earliest.
pub fn choose(deletions: &[Deletion<'_>]) -> Vec<usize> {
    let by_schedule = groups(deletions, |one, other| {
        (one.document, one.version, one.schedule) == (other.document, other.version, other.schedule)
    });
    let schedules: Vec<Deletion<'_>> = by_schedule.iter().filter_map(|schedule| last(schedule)).collect();
    let by_version = groups(&schedules, |one, other| {
        (one.document, one.version) == (other.document, other.version)
    });
    let versions: Vec<Deletion<'_>> = by_version.iter().filter_map(|version| first(version)).collect();
    let in_force = |document: &str| {
        deletions
            .iter()
            .any(|deletion| deletion.in_force && deletion.document == document)
    };
    let by_document = groups(&versions, |one, other| one.document == other.document);
    let by_document = by_document.iter().filter(|document| in_force(document[0].document));
    let documents: Vec<Deletion<'_>> = by_document.filter_map(|document| last(document)).collect();
    let Some(chosen) = first(&documents) else {
        return Vec::new();
    };
    let falls_then = |deletion: &&Deletion<'_>| (deletion.tier, deletion.limit) == (chosen.tier, chosen.limit);
    let deciding = |document| {
        documents
            .iter()
            .filter(falls_then)
            .any(|other| other.document == document)
    };
    let counting = deletions
        .iter()
        .filter(|deletion| falls_then(deletion) && deciding(deletion.document));
    counting.map(|deletion| deletion.duty).collect()
}

/// The latest; of several, that of the highest tier.
fn last<'a>(deletions: &[Deletion<'a>]) -> Option<Deletion<'a>> {
    deletions
        .iter()
        .max_by_key(|deletion| (deletion.limit, deletion.tier))
        .copied()
}

/// The earliest of the highest tier.
fn first<'a>(deletions: &[Deletion<'a>]) -> Option<Deletion<'a>> {
    let tier = deletions.iter().map(|deletion| deletion.tier).max()?;
    let of_tier = deletions.iter().filter(|deletion| deletion.tier == tier);
    of_tier.min_by_key(|deletion| deletion.limit).copied()
}

fn groups<'a>(
    deletions: &[Deletion<'a>],
    same: impl Fn(&Deletion<'a>, &Deletion<'a>) -> bool,
) -> Vec<Vec<Deletion<'a>>> {
    let mut groups: Vec<Vec<Deletion<'a>>> = Vec::new();
    for deletion in deletions {
        match groups.iter_mut().find(|group| same(&group[0], deletion)) {
            Some(group) => group.push(*deletion),
            None => groups.push(vec![*deletion]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::*;
    use crate::{Reason, Zone};

    fn through(last: Date) -> Limit {
        let until = Zone::named("UTC")
            .unwrap()
            .start_of_day(last.tomorrow().unwrap())
            .unwrap();
        Limit::Through { last, until }
    }

    fn deletion(document: &'static str, version: &'static str, tier: Tier, year: i16) -> Deletion<'static> {
        Deletion {
            document,
            version,
            schedule: "",
            in_force: true,
            tier,
            limit: through(date(year, 6, 1)),
            duty: 0,
        }
    }

    fn chosen(deletions: &[Deletion<'static>]) -> Vec<usize> {
        let numbered: Vec<_> = deletions
            .iter()
            .enumerate()
            .map(|(duty, deletion)| Deletion {
                duty,
                schedule: ["a", "b", "c", "d", "e", "f", "g", "h"][duty],
                ..*deletion
            })
            .collect();
        choose(&numbered)
    }

    use Tier::{Label, Organisation, Scoped};

    #[test]
    fn a_higher_tier_decides_alone_and_the_earliest_inside_it() {
        let org = deletion("org", "1", Organisation, 2025);
        let scoped = deletion("scoped", "1", Scoped, 2030);
        let later = deletion("later", "1", Scoped, 2031);
        let label = deletion("label", "1", Label, 2040);
        assert_eq!(chosen(&[org, later, scoped]), [2]);
        assert_eq!(chosen(&[org, later, scoped, label]), [3]);
        assert_eq!(chosen(&[org]), [0]);
        assert!(chosen(&[]).is_empty());
    }

    #[test]
    fn versions_of_a_document_come_to_the_latest_before_documents_compete() {
        let one = deletion("a", "1", Scoped, 2024);
        let two = deletion("a", "2", Scoped, 2026);
        assert_eq!(chosen(&[one, two]), [1]);
        assert_eq!(chosen(&[two, one]), [0]);
        assert_eq!(chosen(&[one, two, deletion("b", "1", Scoped, 2025)]), [2]);
        assert_eq!(chosen(&[one, two, deletion("b", "1", Scoped, 2024)]), [2]);
        // Within one version its own schedules compete first.
        assert_eq!(chosen(&[one, two, deletion("a", "2", Scoped, 2025)]), [2]);
        assert_eq!(chosen(&[one, deletion("a", "2", Label, 2020)]), [0]);
    }

    #[test]
    fn an_older_version_deletes_only_where_the_one_in_force_does() {
        let old = Deletion {
            in_force: false,
            ..deletion("a", "1", Label, 2024)
        };
        assert!(chosen(&[old]).is_empty());
        assert_eq!(chosen(&[old, deletion("b", "1", Organisation, 2030)]), [1]);
        assert_eq!(chosen(&[old, deletion("a", "2", Scoped, 2020)]), [0]);
        assert_eq!(chosen(&[old, deletion("a", "2", Scoped, 2026)]), [1]);
    }

    #[test]
    fn a_schedule_that_was_assigned_twice_deletes_at_the_later_day() {
        let twice = [deletion("a", "1", Scoped, 2024), deletion("a", "1", Scoped, 2026)];
        assert_eq!(choose(&twice.map(|deletion| Deletion { duty: 7, ..deletion })), [7]);
        let numbered = [Deletion { duty: 0, ..twice[0] }, Deletion { duty: 1, ..twice[1] }];
        assert_eq!(choose(&numbered), [1]);
    }

    #[test]
    fn schedules_that_delete_together_are_all_named() {
        let one = deletion("a", "1", Scoped, 2024);
        assert_eq!(
            chosen(&[
                one,
                deletion("b", "1", Scoped, 2024),
                deletion("c", "1", Organisation, 2024)
            ]),
            [0, 1]
        );
    }

    #[test]
    fn a_deletion_that_awaits_its_event_is_the_latest() {
        let open = Deletion {
            limit: Limit::Infinity {
                reason: Reason::AwaitingEvent,
            },
            ..deletion("a", "1", Scoped, 2024)
        };
        assert_eq!(chosen(&[open, deletion("b", "1", Scoped, 2024)]), [1]);
        assert_eq!(chosen(&[open, deletion("a", "2", Scoped, 2024)]), [0]);
        assert_eq!(chosen(&[open, deletion("b", "1", Organisation, 2024)]), [0]);
    }

    proptest! {
        #[test]
        fn order_changes_nothing(
            rows in prop::collection::vec((0..3usize, 0..3usize, 0..3usize, 2020i16..2026), 0..8)
                .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        ) {
            let chosen = |rows: &[(usize, usize, usize, i16)]| {
                let deletions: Vec<_> = rows.iter().map(|&(document, version, tier, year)| {
                    let tier = [Organisation, Scoped, Label][tier];
                    deletion(["a", "b", "c"][document], ["1", "2", "3"][version], tier, year)
                }).collect();
                let mut found: Vec<_> = chosen(&deletions).into_iter().map(|at| rows[at]).collect();
                found.sort_unstable();
                found
            };
            prop_assert_eq!(chosen(&rows.0), chosen(&rows.1));
        }
    }
}
