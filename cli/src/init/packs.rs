//! Which of the packs that come with Lexhold are for whom.

use crate::args::{Jurisdiction, Sector};

use Jurisdiction::{Au, Ca, Ch, De, Eu, Hk, In, Jp, Sg, Uk, Us, UsCa, UsFl, UsIl, UsNy, UsTx, UsWa};
use Sector::{
    Adviser, Audit, Bank, BrokerDealer, Cards, Contractor, Crypto, Derivatives, Education, Energy, Government,
    Healthcare, LifeSciences, Telemarketing,
};

/// A file that comes with Lexhold.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its path below `policies` or `rulesets`.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
}

macro_rules! policy {
    ($path:literal) => {
        Shipped {
            path: $path,
            text: include_str!(concat!("../../../policies/", $path, ".yaml")),
        }
    };
}

macro_rules! ruleset {
    ($path:literal) => {
        Shipped {
            path: $path,
            text: include_str!(concat!("../../../rulesets/", $path, ".yaml")),
        }
    };
}

/// What firms have agreed to by contract, whatever law they are under, by sector.
const AGREED: &[(Sector, Shipped)] = &[(Cards, policy!("retention/pci-dss"))];

/// Packs of retention, by jurisdiction and sector; no sector means every one.
const RETENTION: &[(Jurisdiction, &[Sector], Shipped)] = &[
    (Us, &[BrokerDealer], policy!("retention/us-broker-dealer")),
    (Us, &[Adviser], policy!("retention/us-investment-adviser")),
    (Us, &[Bank], policy!("retention/us-lending")),
    (Us, &[BrokerDealer, Bank], policy!("retention/us-municipal")),
    (Us, &[BrokerDealer, Bank], policy!("retention/us-aml")),
    (Us, &[Bank, Crypto], policy!("retention/us-glba")),
    (Us, &[Derivatives], policy!("retention/us-swap-dealer")),
    (Us, &[Derivatives], policy!("retention/us-security-based-swaps")),
    (Us, &[Derivatives], policy!("retention/us-futures")),
    (Us, &[Audit], policy!("retention/us-sox-audit")),
    (Us, &[Healthcare], policy!("retention/us-hipaa")),
    (Us, &[Healthcare], policy!("retention/us-medicare-advantage")),
    (Us, &[LifeSciences], policy!("retention/us-fda")),
    (Us, &[Telemarketing], policy!("retention/us-telemarketing")),
    (Us, &[Contractor], policy!("retention/us-government-contracts")),
    (Us, &[Government], policy!("retention/us-federal-agency")),
    (Us, &[], policy!("retention/us-employment")),
    (Us, &[], policy!("retention/us-tax")),
    (
        UsNy,
        &[BrokerDealer, Adviser, Bank, Crypto],
        policy!("retention/us-ny-dfs"),
    ),
    (UsCa, &[], policy!("retention/us-ca-privacy")),
    (UsIl, &[], policy!("retention/us-il-biometrics")),
    (UsTx, &[Government], policy!("retention/us-texas-public-information")),
    (UsFl, &[Government], policy!("retention/us-florida-public-records")),
    (UsWa, &[Government], policy!("retention/us-washington-local-government")),
    (
        Eu,
        &[BrokerDealer, Adviser, Bank, Derivatives],
        policy!("retention/eu-mifid"),
    ),
    (Eu, &[BrokerDealer, Adviser, Bank], policy!("retention/eu-market-abuse")),
    (Eu, &[Derivatives], policy!("retention/eu-derivatives")),
    (Eu, &[Crypto], policy!("retention/eu-crypto")),
    (Eu, &[Bank, BrokerDealer, Crypto], policy!("retention/eu-aml")),
    (Eu, &[Bank], policy!("retention/eu-ict")),
    (Eu, &[], policy!("retention/eu-gdpr")),
    (
        Uk,
        &[BrokerDealer, Adviser, Bank, Derivatives],
        policy!("retention/uk-fca"),
    ),
    (Uk, &[BrokerDealer, Bank, Crypto], policy!("retention/uk-aml")),
    (Uk, &[Energy], policy!("retention/uk-remit")),
    (Uk, &[], policy!("retention/uk-gdpr")),
    (De, &[BrokerDealer, Adviser, Bank], policy!("retention/de-wphg")),
    (De, &[], policy!("retention/de-bookkeeping")),
    (Ch, &[], policy!("retention/ch-business")),
    (Ca, &[BrokerDealer, Adviser], policy!("retention/ca-dealers")),
    (Hk, &[BrokerDealer, Adviser], policy!("retention/hk-sfc")),
    (Sg, &[BrokerDealer, Adviser, Bank], policy!("retention/sg-mas")),
    (Au, &[BrokerDealer, Adviser, Bank], policy!("retention/au-records")),
    (Jp, &[BrokerDealer, Adviser], policy!("retention/jp-fiea")),
    (In, &[BrokerDealer, Adviser], policy!("retention/in-sebi")),
];

/// Packs of supervision, by sector; no sector means every one.
const SUPERVISION: &[(&[Sector], Shipped)] = &[
    (&[], policy!("supervision/approved-channels")),
    (&[BrokerDealer, Bank], policy!("supervision/information-barriers")),
    (&[BrokerDealer, Bank], policy!("supervision/debt-research")),
    (&[BrokerDealer, Adviser], policy!("supervision/licences")),
    (&[BrokerDealer], policy!("supervision/bulk-distribution")),
    (
        &[BrokerDealer, Bank, Derivatives, Energy],
        policy!("supervision/out-of-hours"),
    ),
    (&[BrokerDealer, Adviser, Bank], policy!("supervision/personal-domains")),
    (&[], policy!("supervision/restricted-people")),
    (&[], policy!("supervision/file-transfer")),
    (&[Education], policy!("supervision/minors")),
    (&[Healthcare], policy!("supervision/clinic")),
    (&[Government], policy!("supervision/ephemeral-messages")),
];

/// Rulesets, by sector; no sector means every one.
const RULESETS: &[(&[Sector], Shipped)] = &[
    (&[], ruleset!("off-channel/ruleset")),
    (&[], ruleset!("concealment/ruleset")),
    (&[], ruleset!("secrets/ruleset")),
    (&[], ruleset!("data-leakage/ruleset")),
    (&[], ruleset!("bribery/ruleset")),
    (
        &[BrokerDealer, Adviser, Bank, Derivatives, Crypto, Energy],
        ruleset!("market-abuse/ruleset"),
    ),
    (&[BrokerDealer, Adviser, Bank], ruleset!("conflicts/ruleset")),
    (&[BrokerDealer, Adviser, Bank], ruleset!("complaints/ruleset")),
    (&[BrokerDealer, Adviser], ruleset!("misleading-statements/ruleset")),
    (&[Bank, Crypto], ruleset!("financial-crime/ruleset")),
    (&[Bank, Cards], ruleset!("payment-data/ruleset")),
    (
        &[Healthcare, LifeSciences, Telemarketing, Education],
        ruleset!("personal-data/ruleset"),
    ),
    (
        &[Government, Audit, LifeSciences, Contractor],
        ruleset!("record-integrity/ruleset"),
    ),
];

/// Rulesets of what people speak where a law is in force.
const SPOKEN: &[(&[Jurisdiction], Shipped)] = &[
    (&[De, Ch], ruleset!("german/ruleset")),
    (&[Ch, Ca], ruleset!("french/ruleset")),
    (&[Hk, Sg], ruleset!("chinese/ruleset")),
    (&[UsCa, UsFl, UsTx], ruleset!("spanish/ruleset")),
];

/// Documents that others import or name, taken along where one of those does.
const NAMED: &[(&str, Shipped)] = &[
    ("fiscal-december", policy!("calendars/fiscal-december")),
    ("fiscal-june", policy!("calendars/fiscal-june")),
    ("fiscal-september", policy!("calendars/fiscal-september")),
    ("target", policy!("calendars/target")),
    ("us-federal-holidays", policy!("calendars/us-federal-holidays")),
    ("lexicons/messengers.yaml", ruleset!("lexicons/messengers")),
    ("lexicons/private-mail.yaml", ruleset!("lexicons/private-mail")),
    ("lexicons/refusals.yaml", ruleset!("lexicons/refusals")),
    ("lexicons/regulators.yaml", ruleset!("lexicons/regulators")),
    ("lexicons/teaching.yaml", ruleset!("lexicons/teaching")),
];

/// What a firm begins with.
pub struct Choice {
    /// Packs of retention.
    pub retention: Vec<Shipped>,
    /// Packs of supervision.
    pub supervision: Vec<Shipped>,
    /// Rulesets.
    pub rulesets: Vec<Shipped>,
    /// What those import and name.
    pub named: Vec<Shipped>,
}

/// The packs for a firm of these sectors under these laws.
pub fn choose(sectors: &[Sector], jurisdictions: &[Jurisdiction]) -> Choice {
    let is_for = |of: &[Sector]| of.is_empty() || of.iter().any(|sector| sectors.contains(sector));
    let by_law = RETENTION
        .iter()
        .filter(|(law, of, _)| jurisdictions.contains(law) && is_for(of))
        .map(|(.., pack)| *pack);
    let agreed = AGREED
        .iter()
        .filter(|(of, _)| sectors.contains(of))
        .map(|(_, pack)| *pack);
    let retention: Vec<Shipped> = by_law.chain(agreed).collect();
    let of_sectors = |all: &[(&[Sector], Shipped)]| -> Vec<Shipped> {
        all.iter().filter(|(of, _)| is_for(of)).map(|(_, pack)| *pack).collect()
    };
    let (supervision, mut rulesets) = (of_sectors(SUPERVISION), of_sectors(RULESETS));
    let spoken = SPOKEN
        .iter()
        .filter(|(of, _)| of.iter().any(|law| jurisdictions.contains(law)));
    rulesets.extend(spoken.map(|(_, ruleset)| *ruleset));
    let all = || retention.iter().chain(&supervision).chain(&rulesets);
    let named = NAMED
        .iter()
        .filter(|(name, _)| all().any(|pack| names(pack.text, name)));
    let named = named.map(|(_, document)| *document).collect();
    Choice {
        retention,
        supervision,
        rulesets,
        named,
    }
}

/// Whether a line that is no comment has these words at its end, or between braces.
fn names(text: &str, name: &str) -> bool {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let whole = |line: &str| {
        let at = line.find(name);
        at.is_some_and(|at| !line[at + name.len()..].starts_with(is_part) && !line[..at].ends_with(is_part))
    };
    lines.into_iter().any(whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests panic")]

    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// What no choice brings, and why.
    const LEFT_OUT: [(&str, &str); 2] = [
        (
            "conduct/ruleset",
            "in many places a works council has a say before it runs",
        ),
        ("russian/ruleset", "no jurisdiction offered speaks it"),
    ];

    fn documents(folder: &str, below: &str) -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(folder)
            .join(below);
        let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        names
            .filter_map(|path| {
                let name = path.file_stem()?.to_str()?.to_owned();
                let is_ruleset = path.join("ruleset.yaml").is_file();
                match path.extension() {
                    Some(ending) if ending == "yaml" => Some(format!("{below}/{name}")),
                    _ => is_ruleset.then(|| format!("{name}/ruleset")),
                }
            })
            .collect()
    }

    #[test]
    fn every_document_that_ships_is_offered_to_somebody() {
        let mut offered: BTreeSet<&str> = RETENTION.iter().map(|(.., pack)| pack.path).collect();
        offered.extend(AGREED.iter().map(|(_, pack)| pack.path));
        offered.extend(SUPERVISION.iter().chain(RULESETS).map(|(_, document)| document.path));
        offered.extend(SPOKEN.iter().map(|(_, ruleset)| ruleset.path));
        let shipped = [("policies", "retention"), ("policies", "supervision"), ("rulesets", "")];
        let shipped: BTreeSet<String> = shipped
            .iter()
            .flat_map(|(folder, below)| documents(folder, below))
            .collect();
        assert!(shipped.len() > 70, "{}", shipped.len());
        for path in &shipped {
            let left_out = LEFT_OUT.iter().any(|(left, _)| left == path);
            assert_ne!(offered.contains(path.as_str()), left_out, "{path}");
        }
        assert_eq!(offered.iter().find(|path| !shipped.contains(**path)), None);
    }
}
