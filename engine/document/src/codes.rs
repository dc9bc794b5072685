//! The codes of this crate's diagnostics. A code is never reused.
//!
//! 00xx: the file and its YAML; 01xx: shape; 05xx: imports and parameters.

/// Declares codes: documented constants, and `ALL` with each code's one-line title.
///
/// The title is the constant's documentation, so that it is written once.
///
/// ```
/// lexhold_document::codes! {
///     /// Two rules have the same id.
///     DUPLICATE_ID = "LX0201";
/// }
/// assert_eq!(DUPLICATE_ID, "LX0201");
/// assert_eq!(ALL, [("LX0201", "Two rules have the same id.")]);
/// ```
#[macro_export]
macro_rules! codes {
    ($(#[doc = $title:literal] $name:ident = $code:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*

        /// Every code of this crate with its title, in order.
        pub const ALL: &[(&str, &str)] = &[$(($code, $title.trim_ascii())),*];
    };
}

codes! {
    /// The file is not UTF-8.
    NOT_UTF8 = "LX0001";
    /// The file is empty.
    EMPTY = "LX0002";
    /// The file begins with a byte-order mark.
    BYTE_ORDER_MARK = "LX0003";
    /// The file is larger than the limit.
    FILE_TOO_LARGE = "LX0004";
    /// The file is not YAML.
    SYNTAX = "LX0005";
    /// The file holds more than one document.
    SECOND_DOCUMENT = "LX0006";
    /// The file holds a control character.
    CONTROL_CHARACTER = "LX0007";
    /// The document is not a map.
    NOT_A_MAP = "LX0008";
    /// A line begins with a tab.
    TAB = "LX0009";
    /// An anchor or alias is not allowed.
    ALIAS = "LX0010";
    /// Lists and maps are nested deeper than the limit.
    TOO_DEEP = "LX0011";
    /// The file has more nodes than the limit.
    TOO_MANY_NODES = "LX0012";
    /// A tag is not allowed.
    TAG = "LX0013";
    /// A merge key is not allowed.
    MERGE_KEY = "LX0014";
    /// A word is a boolean to some readers of YAML and text to others.
    AMBIGUOUS_BOOLEAN = "LX0015";
    /// A number is read differently by different readers of YAML, or not exactly.
    AMBIGUOUS_NUMBER = "LX0016";
    /// A key is not text.
    KEY_NOT_TEXT = "LX0017";
    /// A directive is not allowed.
    DIRECTIVE = "LX0018";
    /// The file has more errors than are shown.
    TOO_MANY_ERRORS = "LX0019";
    /// The first key is not `lexhold`.
    FORMAT_MISSING = "LX0020";
    /// The document is written for another version of Lexhold.
    FORMAT_UNKNOWN = "LX0021";
    /// The second key does not name a kind of document.
    KIND_UNKNOWN = "LX0022";
    /// The document has no version, though its kind needs one.
    VERSION_MISSING = "LX0023";
    /// The document has a version, though its kind has none.
    VERSION_NOT_ALLOWED = "LX0024";
    /// A text without quotes begins with a mark that some readers of YAML take for something else.
    AMBIGUOUS_TEXT = "LX0025";
    /// A comment that allows a warning is not written as it should be.
    ALLOW_MALFORMED = "LX0026";
    /// A comment allows a warning that nothing raises.
    ALLOW_UNUSED = "LX0027";
    /// The end of a text without quotes is taken for a comment.
    LOST_IN_COMMENT = "LX0028";
    /// A key is missing.
    MISSING_KEY = "LX0101";
    /// A value has the wrong type.
    WRONG_TYPE = "LX0102";
    /// A key is not known here.
    UNKNOWN_KEY = "LX0103";
    /// A key stands twice in one map.
    DUPLICATE_KEY = "LX0104";
    /// A value is not written as it should be.
    MALFORMED = "LX0105";
    /// A word is not one of those that may stand here.
    UNKNOWN_WORD = "LX0106";
    /// Keys exclude each other, or one of several is missing.
    KEYS_DISAGREE = "LX0107";
    /// A value cannot be used.
    UNUSABLE = "LX0108";
    /// Documents import each other in a circle.
    IMPORT_CYCLE = "LX0501";
    /// A document imports itself.
    SELF_IMPORT = "LX0502";
    /// An import leads out of the project.
    IMPORT_OUTSIDE = "LX0503";
    /// An import leads through a symbolic link.
    IMPORT_SYMLINK = "LX0504";
    /// Imports are nested deeper than the limit.
    IMPORT_TOO_DEEP = "LX0505";
    /// An imported file does not exist.
    IMPORT_NOT_FOUND = "LX0506";
    /// An imported file cannot be read.
    IMPORT_UNREADABLE = "LX0507";
    /// Two imports give one document different values.
    IMPORT_CONFLICT = "LX0508";
    /// A parameter is not declared.
    UNKNOWN_PARAMETER = "LX0509";
    /// A parameter's name cannot be written as `${name}`.
    PARAMETER_NAME = "LX0510";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_in_order_and_never_twice() {
        assert!(ALL.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ALL.iter().all(|(code, title)| code.len() == 6 && title.ends_with('.')));
    }
}
