//! The codes of this crate's diagnostics. A code is never reused: LX0301 was what an earlier version could not do yet.
//!
//! 03xx: retention documents; 08xx: holds.

lexhold_document::codes! {
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
    /// An event is expected by a schedule that awaits none.
    NO_EVENT = "LX0309";
    /// A ceiling is permanent.
    PERMANENT_CEILING = "LX0310";
    /// A message must be within easy reach longer than it is kept.
    REACH_TOO_LONG = "LX0311";
    /// A duty rests on law, but on whose is not said.
    NO_JURISDICTION = "LX0312";
    /// A period counts from nothing.
    NO_TRIGGER = "LX0313";
    /// A disposal that follows a duty to keep has a trigger of its own.
    SECOND_TRIGGER = "LX0314";
    /// Two schedules have the same id.
    DUPLICATE_SCHEDULE = "LX0315";
    /// Two retention documents have the same name.
    DUPLICATE_DOCUMENT = "LX0316";
    /// The keys of an event come from an attribute that no message has.
    UNKNOWN_EVENT_KEY = "LX0317";
    /// A schedule counts with a calendar that the bundle lacks.
    UNKNOWN_CALENDAR = "LX0330";
    /// A schedule counts with the fiscal years of a calendar that has none.
    NO_FISCAL_YEARS = "LX0331";
    /// A period rolls over the holidays of a calendar that has none.
    NO_HOLIDAYS = "LX0332";
    /// A calendar has the name of one that is built in.
    BUILT_IN_CALENDAR = "LX0333";
    /// A calendar leaves no day of the week for business.
    NO_BUSINESS_DAY = "LX0334";
    /// A holiday is listed twice, or lies outside the days that its calendar covers.
    HOLIDAY = "LX0335";
    /// The end of a fiscal year is no day of the year, or there are two of them.
    FISCAL_YEAR = "LX0336";
    /// An extension is not longer than the period that it takes the place of.
    SHORT_EXTENSION = "LX0337";
    /// There is no period that an extension could prolong.
    NOTHING_TO_EXTEND = "LX0338";
    /// The last activity of a channel starts a clock.
    CHANNEL_ACTIVITY = "LX0339";
    /// A disposal falls before the end of its own schedule's duty to keep.
    EARLY_DISPOSAL = "LX0340";
    /// A ceiling falls before the end of a duty to keep in the same document.
    CEILING_BELOW_DUTY = "LX0341";
    /// A hold names nobody, no conversation and no message.
    EMPTY_SCOPE = "LX0801";
    /// A hold on everything names people or conversations besides.
    SCOPE_AND_MORE = "LX0802";
    /// Two holds have the same name.
    DUPLICATE_HOLD = "LX0803";
    /// Something narrows a hold that names messages only.
    NARROWS_NOTHING = "LX0804";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_in_order_and_never_twice() {
        assert!(ALL.is_sorted_by(|a, b| a.0 < b.0));
        let ours = |code: &str| code.starts_with("LX03") || code.starts_with("LX08");
        assert!(
            ALL.iter()
                .all(|(code, title)| code.len() == 6 && ours(code) && title.ends_with('.'))
        );
    }
}
