//! The codes of this crate's diagnostics. A code is never reused.

lexhold_document::codes! {
    /// A condition is not Cedar.
    NOT_CEDAR = "LX0601";
    /// A condition does not fit the schema's types.
    ILL_TYPED = "LX0602";
    /// A condition reads an attribute that the schema does not have.
    UNKNOWN_ATTRIBUTE = "LX0603";
    /// A condition reads an optional attribute without asking for it first.
    UNGUARDED_ATTRIBUTE = "LX0604";
    /// A condition names an entity type or a function that does not exist.
    UNKNOWN_NAME = "LX0605";
    /// A condition asks about something that is not known when it is evaluated.
    OUT_OF_REACH = "LX0606";
    /// A comment where line breaks are folded away.
    SWALLOWING_COMMENT = "LX0607";
    /// A condition without a word.
    EMPTY_CONDITION = "LX0608";
    /// A condition that can never be true.
    NEVER_TRUE = "LX0609";
    /// Characters that look like others or hide what they do.
    DECEPTIVE_TEXT = "LX0610";
    /// A pattern rule's condition reads labels, which pattern rules make.
    LABELS_IN_SCAN = "LX0611";
    /// A condition compares an attribute with a word that it never is.
    FOREIGN_WORD = "LX0612";
    /// A condition that is always true.
    ALWAYS_TRUE = "LX0613";
    /// A schema extension is not a Cedar schema.
    BAD_EXTENSION = "LX0620";
    /// A schema extension declares more than `FirmPerson` and `FirmMessage`.
    FOREIGN_DECLARATION = "LX0621";
    /// An attribute of a schema extension has a type that no source can fill.
    UNFILLABLE_TYPE = "LX0622";
    /// A governance policy is not Cedar.
    GOVERNANCE_NOT_CEDAR = "LX0630";
    /// A governance policy does not fit its schema.
    GOVERNANCE_ILL_TYPED = "LX0631";
    /// A governance policy without `@id`.
    GOVERNANCE_NO_ID = "LX0632";
    /// Two governance policies with one `@id`.
    GOVERNANCE_SAME_ID = "LX0633";
    /// Two operators with one id.
    SAME_OPERATOR = "LX0950";
    /// A public key that is none.
    BAD_PUBLIC_KEY = "LX0951";
}
