//! Which of several deletions counts.

use crate::{Limit, Tier};

/// One schedule's deletion of a message.
#[derive(Clone, Copy, Debug)]
pub struct Deletion<'a> {
    /// The document.
    pub document: &'a str,
    /// Its version.
    pub version: &'a str,
    /// How it ranks.
    pub tier: Tier,
    /// The last day before it.
    pub limit: Limit,
    /// The position of its duty.
    pub duty: usize,
}

/// The duties whose deletion counts; several if they fall together, none if nothing deletes.
///
/// Each version of a document comes to one deletion, and the versions to the latest of these: only versions that bind
/// are handed in, which is every version ever assigned of a `compliance` document and the one in force of an
/// `operational` one. Then the highest tier decides alone, and within it the earliest deletion across documents.
pub fn choose(deletions: &[Deletion<'_>]) -> Vec<usize> {
    let by_version = groups(deletions, |one, other| {
        (one.document, one.version) == (other.document, other.version)
    });
    let versions: Vec<Deletion<'_>> = by_version.iter().filter_map(|version| first(version)).collect();
    let by_document = groups(&versions, |one, other| one.document == other.document);
    let documents: Vec<Deletion<'_>> = by_document
        .iter()
        .filter_map(|document| document.iter().max_by_key(|deletion| deletion.limit).copied())
        .collect();
    let Some(chosen) = first(&documents) else {
        return Vec::new();
    };
    let counts = |deletion: &&Deletion<'_>| (deletion.tier, deletion.limit) == (chosen.tier, chosen.limit);
    deletions.iter().filter(counts).map(|deletion| deletion.duty).collect()
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
