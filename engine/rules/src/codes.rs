//! The codes of this crate's diagnostics: 04xx, patterns and rules. A code is never reused.

lexhold_document::codes! {
    /// An operator is not known.
    UNKNOWN_OPERATOR = "LX0401";
    /// An operator is not given what it needs.
    OPERAND = "LX0402";
    /// A rule has too few examples.
    TOO_FEW_EXAMPLES = "LX0403";
    /// Two rules have the same id.
    DUPLICATE_RULE = "LX0404";
    /// A lexicon is not known.
    UNKNOWN_LEXICON = "LX0405";
    /// A term holds no word.
    EMPTY_TERM = "LX0406";
    /// A term is equal to another after folding.
    DUPLICATE_TERM = "LX0407";
    /// A word of a term has a wildcard and too little that is fixed.
    WILDCARD = "LX0408";
    /// A term holds characters that are not matched.
    UNMATCHED_CHARACTERS = "LX0409";
    /// A list has more terms than the limit.
    TOO_MANY_TERMS = "LX0410";
    /// A term has more words than the limit.
    TERM_TOO_LONG = "LX0411";
    /// A pattern does not compile.
    PATTERN_SYNTAX = "LX0412";
    /// A pattern is larger than the limit once compiled.
    PATTERN_TOO_LARGE = "LX0413";
    /// A pattern can match the empty string.
    PATTERN_EMPTY = "LX0414";
    /// A pattern uses look-around or a back-reference.
    PATTERN_LOOK_AROUND = "LX0415";
    /// A pattern can never match.
    PATTERN_NEVER = "LX0416";
    /// A pattern is longer than the limit.
    PATTERN_TOO_LONG = "LX0417";
    /// Operators are nested deeper than the limit.
    TOO_DEEP = "LX0418";
    /// Two lexicons have the same name.
    DUPLICATE_LEXICON = "LX0419";
    /// There are more rules than the limit.
    TOO_MANY_RULES = "LX0420";
    /// A word is not one word.
    NOT_ONE_WORD = "LX0421";
    /// Exclusions stand where they cannot.
    MISPLACED_UNLESS = "LX0422";
    /// A number is outside its limits.
    OUT_OF_RANGE = "LX0423";
    /// A rule has nothing to match.
    NOTHING_TO_MATCH = "LX0424";
    /// A pattern tells upper from lower case.
    PATTERN_CASE = "LX0425";
    /// A part of a pattern cannot occur in the folded view.
    PATTERN_FOLDED_AWAY = "LX0426";
    /// A pattern in double quotes has lost a backslash.
    PATTERN_UNESCAPED = "LX0427";
    /// A list of one pattern is easily meant as a set of characters.
    PATTERN_IN_LIST = "LX0428";
    /// The variants of a term cannot be told.
    VARIANTS = "LX0430";
    /// A condition on a whole message stands where one part is looked at.
    MISPLACED_SCOPE = "LX0435";
    /// An exclusion of whole messages is not acknowledged or not approved.
    BYPASS = "LX0436";
    /// A rule passes over whole messages.
    MESSAGE_EXCLUSION = "LX0437";
    /// A negation stands alone.
    LONE_NEGATION = "LX0438";
    /// A tier of confidence names evidence that the rule does not have.
    UNKNOWN_SUPPORT = "LX0439";
    /// Two sorts of supporting evidence have the same name.
    DUPLICATE_SUPPORT = "LX0440";
    /// A threshold cannot be reached, or asks for nothing.
    THRESHOLD = "LX0441";
    /// A severity is not raised.
    RAISE = "LX0442";
    /// A tier of confidence cannot hold.
    TIER = "LX0443";
    /// A conversation rule names a rule that does not exist.
    UNKNOWN_COMPONENT = "LX0450";
    /// A conversation rule names a conversation rule.
    COMPONENT_KIND = "LX0451";
    /// An example of a conversation cannot be read.
    CONVERSATION_EXAMPLE = "LX0452";
    /// The words of a language cannot be inflected.
    STEM_LANGUAGE = "LX0453";
    /// What is to be inflected is not one word.
    STEM_WORD = "LX0454";
    /// A conversation rule has a key that belongs to its components.
    CONVERSATION_KEY = "LX0455";
    /// A disclaimer is shorter or longer than the limits.
    DISCLAIMER_LENGTH = "LX0456";
    /// A disclaimer only repeats itself.
    DISCLAIMER_REPEATS = "LX0457";
    /// There are more disclaimers than the limit.
    TOO_MANY_DISCLAIMERS = "LX0458";
    /// What stands at the edge of a pattern's hit can be longer than the limit.
    QUALIFIER_TOO_LONG = "LX0470";
    /// A validator is not known, or is not given what it needs.
    VALIDATOR = "LX0471";
    /// Two rules look for the same.
    DUPLICATE_MATCH = "LX0480";
    /// All that a rule finds is found by another rule.
    SHADOWED_RULE = "LX0481";
    /// A rule can never hit, or a condition of it never holds.
    UNSATISFIABLE = "LX0482";
    /// A pattern is searched for in every message.
    NO_LITERAL = "LX0483";
    /// A pattern has a gap without an end.
    UNBOUNDED_GAP = "LX0484";
    /// A pattern may not get through a long message.
    STEP_BUDGET = "LX0485";
    /// A lexicon has not been reviewed for long.
    LEXICON_REVIEW = "LX0486";
    /// An exclusion takes away what the rule looks for.
    EXCLUSION_TAKES_ALL = "LX0487";
    /// An exclusion can take nothing away.
    EXCLUSION_TAKES_NOTHING = "LX0488";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_in_order_and_never_twice() {
        assert!(ALL.is_sorted_by(|a, b| a.0 < b.0));
        assert!(
            ALL.iter()
                .all(|(code, title)| code.starts_with("LX04") && code.len() == 6 && title.ends_with('.'))
        );
    }
}
