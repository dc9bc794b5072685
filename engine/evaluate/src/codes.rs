//! The codes of this crate's diagnostics, and of what goes wrong on single messages. A code is never reused:
//! LX0220 was a supervision rule without a condition, which the shape of the document does not allow.

lexhold_document::codes! {
    /// Two rules or schedules have the same id.
    DUPLICATE_ID = "LX0201";
    /// Two documents of one kind have the same name.
    DUPLICATE_NAME = "LX0202";
    /// A condition names a group that the directory does not know.
    UNKNOWN_GROUP = "LX0210";
    /// A sampling document names a time zone that there is not.
    SAMPLING_ZONE = "LX0230";
    /// A share is not a percentage above 0 % and at most 100 %.
    SAMPLING_RATE = "LX0231";
    /// A sampling document has a number or a period outside its limits.
    SAMPLING_RANGE = "LX0232";
    /// A sampling document names a rule or document that does not exist.
    SAMPLING_CLASS = "LX0233";
    /// A case file has no cases.
    NO_CASES = "LX0701";
    /// A test speaks of a rule, schedule, hold or event that there is not.
    UNKNOWN_IN_CASE = "LX0702";
    /// A test cannot be run as it is written.
    CASE = "LX0703";
    /// A file that a test names cannot be read.
    CASE_FILE = "LX0704";
    /// No test notices a change of a document.
    SURVIVOR = "LX0705";
    /// A directory contradicts itself.
    DIRECTORY = "LX0901";
    /// A delegation or an exception that cannot be.
    MANDATE = "LX0960";
    /// A document cites what the table of regulations does not have.
    UNKNOWN_CITATION = "LX0970";
    /// A retention document cites what the table has as unverified, and no comment says so.
    UNVERIFIED_CITATION = "LX0971";
}

/// A rule's `when` failed on a message, which was then evaluated as if it held.
pub const WHEN_FAILED: &str = "when_failed";
/// A supervision rule's `forbid` failed on a message.
pub const FORBID_FAILED: &str = "forbid_failed";
/// A schedule's condition failed on a message, which is kept as indeterminate.
pub const RETAIN_FAILED: &str = "retain_failed";
/// A hold's condition failed on a message, which is held.
pub const HOLD_FAILED: &str = "hold_failed";
/// A message could not be scanned to the end.
pub const SCAN_INCOMPLETE: &str = "scan_incomplete";
/// A message has no usable date.
pub const NO_DATE: &str = "no_sent_at";
/// A message without a usable date hit a component of a rule over several messages.
pub const EVENT_WITHOUT_DATE: &str = "event_without_date";
