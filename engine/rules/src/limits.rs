//! What a ruleset and a message may hold; reaching a limit is reported, never silent.

/// Most rules in one program.
pub const RULES: usize = 100_000;

/// Most terms in one lexicon or list.
pub const LEXICON_TERMS: usize = 100_000;

/// Most tokens in one term.
pub const TERM_TOKENS: usize = 64;

/// Longest pattern, in bytes of its source.
pub const PATTERN_BYTES: usize = 8 * 1024;

/// Largest compiled pattern, in bytes.
pub const COMPILED_BYTES: usize = 1024 * 1024;

/// Deepest nesting of groups and repetitions in a pattern.
pub const PATTERN_DEPTH: u32 = 250;

/// Deepest nesting of operators under `match`.
pub const MATCH_DEPTH: usize = 16;

/// Most operands of `near` and `before`: the search keeps a set of chains for each subset of them.
pub const NEAR_OPERANDS: usize = 8;

/// Widest `within`, in tokens.
pub const WITHIN: u32 = 10_000;

/// Fewest examples of each sort that a rule has to give.
pub const EXAMPLES: usize = 2;

/// Longest part that is scanned, in bytes; a longer one makes the scan incomplete.
pub const PART_BYTES: usize = 32 * 1024 * 1024;

/// Most hits of one rule that are stored for one message, and as many excluded ones.
pub const STORED_HITS: u64 = 1_000;

/// Most places in one part at which one list of terms or one pattern is looked at.
pub const PLACES: usize = 4_000_000;

/// How many times the length of a part the searches of one pattern may look at, beyond the first pass, before the scan
/// of the part is incomplete. A search that finds something may have read on to the end of the part before it was
/// sure; patterns with a longest match cannot, and are not charged unless hits have to be tried at several lengths.
pub const PATTERN_PASSES: u64 = 64;

/// Shortest part whose searches are charged, in bytes.
pub const CHARGED_BYTES: usize = 4 * 1024;

/// Patterns whose matches are no longer than this, in bytes, may be tried at every place and length.
pub const SHORT_BYTES: usize = 48;

/// Longest text that `not_preceded_by` and its kin may look at, in bytes.
pub const QUALIFIER_BYTES: usize = 256;

/// A literal that stands at more places than one in so many bytes of a part no longer says where to search.
pub const FLOOD_BYTES: usize = 64;

/// Fewest places that count as a flood.
pub const FLOOD_PLACES: usize = 16;

/// Caches of all patterns together, in bytes a scanner; the least recently used go first.
pub const CACHES_BYTES: usize = 32 * 1024 * 1024;

/// Lazily built states of one pattern, in bytes a scanner and direction.
pub const LAZY_STATES_BYTES: usize = 1024 * 1024;

/// Longest period of a conversation rule, in microseconds: 31 days.
pub const CONVERSATION_US: i64 = 31 * 24 * 60 * 60 * 1_000_000;

/// Most messages that a conversation rule can want.
pub const CONVERSATION_MESSAGES: u32 = 10_000;

/// Most senders that a conversation rule can want.
pub const PARTICIPANTS: u32 = 1_000;

/// Most rules that a conversation rule can name.
pub const COMPONENTS: usize = 64;

/// Most messages in one window of a conversation rule, and most members of an episode that are named. A group with
/// more in a window is judged by the latest ones and reported as incomplete.
pub const WINDOW_MESSAGES: usize = 100_000;

/// Fewest and most tokens in a disclaimer.
pub const DISCLAIMER_TOKENS: std::ops::RangeInclusive<usize> = 10..=10_000;

/// Most disclaimers in one program.
pub const DISCLAIMERS: usize = 1_000;

/// How long after its review a lexicon is warned of, in months.
pub const REVIEW_MONTHS: i32 = 12;
