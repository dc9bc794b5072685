//! `init`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `init`
#[derive(Debug, Args)]
pub struct Init {
    /// The folder; it is made where there is none
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// What the firm does; may repeat
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_name = "SECTOR",
        required = true,
        value_delimiter = ','
    )]
    pub sector: Vec<Sector>,
    /// Whose law it is under; may repeat
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_name = "JURISDICTION",
        required = true,
        value_delimiter = ','
    )]
    pub jurisdiction: Vec<Jurisdiction>,
}

/// What a firm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Sector {
    /// Brokers, dealers, investment firms.
    BrokerDealer,
    /// Investment advisers and managers.
    Adviser,
    /// Banks and lenders.
    Bank,
    /// Swap dealers and futures firms.
    Derivatives,
    /// Crypto-asset services.
    Crypto,
    /// Hospitals and insurers.
    Healthcare,
    /// Agencies and other public bodies.
    Government,
    /// Auditors of public companies.
    Audit,
    /// Energy and its wholesale markets.
    Energy,
    /// Makers of drugs and devices.
    LifeSciences,
    /// Contractors of the government.
    Contractor,
    /// Sellers by telephone.
    Telemarketing,
    /// Merchants who take cards; beside other sectors.
    Cards,
    /// Schools and others who work with minors.
    Education,
    /// Any other firm.
    General,
}

/// Whose law a firm is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Jurisdiction {
    /// The United States, federal law.
    Us,
    /// New York.
    UsNy,
    /// California.
    UsCa,
    /// Illinois.
    UsIl,
    /// Texas.
    UsTx,
    /// Florida.
    UsFl,
    /// Washington.
    UsWa,
    /// The European Union.
    Eu,
    /// The United Kingdom.
    Uk,
    /// Germany.
    De,
    /// Switzerland.
    Ch,
    /// Canada.
    Ca,
    /// Hong Kong.
    Hk,
    /// Singapore.
    Sg,
    /// Australia.
    Au,
    /// Japan.
    Jp,
    /// India.
    In,
}
