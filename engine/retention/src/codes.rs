//! The codes of this crate's diagnostics. A code is never reused.
//!
//! 03xx: retention documents; 08xx: holds.

lexhold_document::codes! {
    /// A form of schedule is not supported by this version.
    NOT_SUPPORTED = "LX0301";
    /// A time zone is not known.
    UNKNOWN_ZONE = "LX0302";
    /// A period is not written as it should be.
    PERIOD = "LX0303";
    /// Days are counted where years may be meant.
    DAYS_FOR_YEARS = "LX0304";
    /// A schedule demands nothing.
    NO_DUTY = "LX0305";
    /// A disposal follows a duty to keep that is missing or permanent.
    NEVER_DISPOSED = "LX0306";
    /// A first day lies after the last.
    DATES_REVERSED = "LX0307";
    /// A receiver is missing, or there is nothing to receive.
    RECEIVER = "LX0308";
    /// A period to expect an event within stands without an event.
    NO_EVENT = "LX0309";
    /// A ceiling is permanent.
    PERMANENT_CEILING = "LX0310";
    /// A message must be within reach longer than it is kept.
    REACH_TOO_LONG = "LX0311";
    /// A basis in law names no jurisdiction.
    NO_JURISDICTION = "LX0312";
    /// A date is not written as it should be.
    DATE = "LX0313";
    /// Two schedules have the same id.
    DUPLICATE_SCHEDULE = "LX0314";
    /// Two retention documents have the same name.
    DUPLICATE_DOCUMENT = "LX0315";
    /// A hold names nobody, no conversation and no message.
    EMPTY_SCOPE = "LX0801";
    /// A hold on everything names someone or something besides.
    SCOPE_AND_MORE = "LX0802";
    /// Two holds have the same name.
    DUPLICATE_HOLD = "LX0803";
    /// Something narrows a hold that names messages only.
    NARROWS_NOTHING = "LX0804";
}
