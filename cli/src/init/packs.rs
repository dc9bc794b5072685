//! Which of the packs that come with Lexhold are for whom.

use crate::args::{Jurisdiction, Sector};

use Jurisdiction::{Au, Ca, Ch, De, Eu, Hk, In, Jp, Sg, Uk, Us};
use Sector::{Adviser, Bank, BrokerDealer, Crypto, Derivatives, Government, Healthcare};

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

/// Packs of retention, by jurisdiction and sector; no sector means every one. Those whose tests need packs of other laws beside
/// them stay out.
const RETENTION: &[(Jurisdiction, &[Sector], Shipped)] = &[
    (Us, &[BrokerDealer], policy!("retention/us-broker-dealer")),
    (Us, &[Adviser], policy!("retention/us-investment-adviser")),
    (Us, &[Bank], policy!("retention/us-lending")),
    (Us, &[BrokerDealer, Bank], policy!("retention/us-aml")),
    (Us, &[Derivatives], policy!("retention/us-swap-dealer")),
    (Us, &[Healthcare], policy!("retention/us-hipaa")),
    (Us, &[Government], policy!("retention/us-federal-agency")),
    (Us, &[], policy!("retention/us-employment")),
    (Us, &[], policy!("retention/us-tax")),
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
    (&[BrokerDealer, Adviser, Bank], policy!("supervision/personal-domains")),
    (&[Healthcare], policy!("supervision/clinic")),
    (&[Government], policy!("supervision/ephemeral-messages")),
];

/// Rulesets, by sector; no sector means every one.
const RULESETS: &[(&[Sector], Shipped)] = &[
    (&[], ruleset!("off-channel/ruleset")),
    (&[], ruleset!("concealment/ruleset")),
    (&[], ruleset!("secrets/ruleset")),
    (
        &[BrokerDealer, Adviser, Bank, Derivatives, Crypto],
        ruleset!("market-abuse/ruleset"),
    ),
    (&[BrokerDealer, Adviser, Bank], ruleset!("complaints/ruleset")),
    (&[BrokerDealer, Adviser], ruleset!("misleading-statements/ruleset")),
    (&[Bank, Crypto], ruleset!("financial-crime/ruleset")),
    (&[Healthcare], ruleset!("personal-data/ruleset")),
    (&[Government], ruleset!("record-integrity/ruleset")),
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
    let retention: Vec<Shipped> = RETENTION
        .iter()
        .filter(|(law, of, _)| jurisdictions.contains(law) && is_for(of))
        .map(|(.., pack)| *pack)
        .collect();
    let of_sectors = |all: &[(&[Sector], Shipped)]| -> Vec<Shipped> {
        all.iter().filter(|(of, _)| is_for(of)).map(|(_, pack)| *pack).collect()
    };
    let (supervision, rulesets) = (of_sectors(SUPERVISION), of_sectors(RULESETS));
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
