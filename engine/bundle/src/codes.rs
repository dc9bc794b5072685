//! The codes of what is wrong with a bundle. A code is never reused.

lexhold_document::codes! {
    /// The file is no bundle, or has been written by something else than `lexhold bundle`.
    NO_BUNDLE = "LX1001";
    /// Too few signatures of signers that lexhold.yaml trusts.
    NOT_SIGNED = "LX1002";
    /// The bundle holds a file that its manifest does not name.
    EXTRA_FILE = "LX1003";
    /// A file of the bundle is missing, or is not the one that its manifest names.
    OTHER_FILE = "LX1004";
    /// The revision is older than one that was in force here, or than the least that lexhold.yaml takes.
    OLDER_REVISION = "LX1005";
    /// A signature in the name of a trusted signer is not theirs.
    FALSE_SIGNATURE = "LX1006";
    /// The bundle does not count yet, or no more.
    NOT_NOW = "LX1007";
    /// The bundle was made for another version of Lexhold.
    OTHER_VERSION = "LX1008";
    /// Nobody is trusted to sign bundles.
    NOBODY_TRUSTED = "LX1009";
}
