//! What a ruleset and a message may hold; reaching a limit is reported, never silent.

/// Most rules in one program.
pub const RULES: usize = 100_000;

/// Most terms in one lexicon or list.
pub const LEXICON_TERMS: usize = 100_000;

/// Most tokens in one term.
pub const TERM_TOKENS: usize = 64;

/// Most variants that `|` makes of one term.
pub const TERM_VARIANTS: usize = 64;

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
pub const PATTERN_PASSES: u64 = 16;

/// How much more often where a hit has demands to meet, so that other places and lengths have to be tried.
pub const DEMANDING_PASSES: u64 = 64;

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

#[cfg(test)]
mod tests {
    use lexhold_document::limits as document;

    use super::*;
    use crate::testing::{compiled, diagnostics, hits, ruleset};

    /// 100,000 for a hundred thousand.
    fn grouped(n: usize) -> String {
        let digits = n.to_string();
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).unwrap())
            .collect();
        groups.join(",")
    }

    fn bytes(n: usize) -> String {
        if n.is_multiple_of(1024 * 1024) {
            format!("{} MiB", n / 1024 / 1024)
        } else {
            format!("{} KiB", n / 1024)
        }
    }

    /// The limits that authors meet: the constant, how the manual names it, and what it says.
    fn table() -> Vec<(&'static str, &'static str, String)> {
        let number = |n: u64| grouped(usize::try_from(n).unwrap());
        vec![
            ("RULES", "rules in one bundle", grouped(RULES)),
            ("LEXICON_TERMS", "terms in one lexicon or list", grouped(LEXICON_TERMS)),
            ("TERM_TOKENS", "tokens in one term", grouped(TERM_TOKENS)),
            ("TERM_VARIANTS", "variants of one term", grouped(TERM_VARIANTS)),
            ("PATTERN_BYTES", "one pattern", bytes(PATTERN_BYTES)),
            ("COMPILED_BYTES", "one pattern, compiled", bytes(COMPILED_BYTES)),
            (
                "PATTERN_DEPTH",
                "groups and repetitions of a pattern inside one another",
                number(PATTERN_DEPTH.into()),
            ),
            (
                "QUALIFIER_BYTES",
                "longest match of `not_preceded_by` and its kin, in bytes",
                grouped(QUALIFIER_BYTES),
            ),
            ("MATCH_DEPTH", "operators inside one another", grouped(MATCH_DEPTH)),
            (
                "NEAR_OPERANDS",
                "operands of `near`, `before`, `same_sentence`, `same_paragraph`",
                grouped(NEAR_OPERANDS),
            ),
            ("WITHIN", "widest window, in words or characters", number(WITHIN.into())),
            ("EXAMPLES", "fewest `hits`, and fewest `misses`", grouped(EXAMPLES)),
            (
                "STORED_HITS",
                "stored hits of one rule and message, and highest threshold",
                number(STORED_HITS),
            ),
            ("PART_BYTES", "one part of a message", bytes(PART_BYTES)),
            ("PLACES", "places of terms and patterns in one part", grouped(PLACES)),
            (
                "PATTERN_PASSES",
                "how many times the length of a part one pattern may read",
                number(PATTERN_PASSES),
            ),
            (
                "DEMANDING_PASSES",
                "the same with edges or validators beside it",
                number(DEMANDING_PASSES),
            ),
            (
                "CONVERSATION_US",
                "period of a conversation rule, in days",
                number(CONVERSATION_US as u64 / 86_400_000_000),
            ),
            (
                "CONVERSATION_MESSAGES",
                "messages that a conversation rule can want",
                number(CONVERSATION_MESSAGES.into()),
            ),
            (
                "PARTICIPANTS",
                "senders that a conversation rule can want",
                number(PARTICIPANTS.into()),
            ),
            ("COMPONENTS", "components of a conversation rule", grouped(COMPONENTS)),
            (
                "WINDOW_MESSAGES",
                "messages with hits in one window",
                grouped(WINDOW_MESSAGES),
            ),
            ("DISCLAIMERS", "disclaimers in one bundle", grouped(DISCLAIMERS)),
            ("DISCLAIMER_TOKENS", "words of a disclaimer", {
                let (least, most) = (grouped(*DISCLAIMER_TOKENS.start()), grouped(*DISCLAIMER_TOKENS.end()));
                format!("{least} to {most}")
            }),
            (
                "REVIEW_MONTHS",
                "months after which `check` asks for a lexicon to be gone through again",
                REVIEW_MONTHS.to_string(),
            ),
            ("", "one file", bytes(document::FILE_BYTES)),
            ("", "depth of YAML", grouped(document::DEPTH)),
            ("", "nodes of YAML in one file", grouped(document::NODES)),
            ("", "depth of imports", grouped(document::IMPORT_DEPTH)),
        ]
    }

    /// How the search goes about its work: no author has to know.
    const WITHIN_THE_ENGINE: [&str; 6] = [
        "CHARGED_BYTES",
        "SHORT_BYTES",
        "FLOOD_BYTES",
        "FLOOD_PLACES",
        "CACHES_BYTES",
        "LAZY_STATES_BYTES",
    ];

    #[test]
    fn g5_the_manual_has_every_limit() {
        let manual = include_str!("../LANGUAGE.md");
        let (_, limits) = manual.split_once("## Limits").unwrap();
        let table = table();
        let rows: String = table
            .iter()
            .map(|(_, what, limit)| format!("| {what} | {limit} |\n"))
            .collect();
        assert!(limits.ends_with(&rows), "{rows}");
        let source = include_str!("limits.rs");
        let named = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
        for name in named {
            assert!(
                table.iter().any(|row| row.0 == name) || WITHIN_THE_ENGINE.contains(&name),
                "{name}"
            );
        }
    }

    #[test]
    fn g5_words_in_a_term() {
        let term = |n: usize| vec!["w"; n].join(" ");
        assert_eq!(hits(&term(TERM_TOKENS), &term(TERM_TOKENS)).len(), 1);
        assert_eq!(diagnostics(&term(TERM_TOKENS + 1)).len(), 1);
    }

    #[test]
    fn g5_operands() {
        for name in ["near", "before", "same_sentence", "same_paragraph"] {
            let operands = |n: usize| (0..n).map(|n| format!("w{n}")).collect::<Vec<_>>();
            let rule = |n: usize| match name {
                "near" | "before" => format!("{{{name}: {{of: [{}], within: 1}}}}", operands(n).join(", ")),
                _ => format!("{{{name}: [{}]}}", operands(n).join(", ")),
            };
            let text = operands(NEAR_OPERANDS).join(" ");
            assert_eq!(hits(&rule(NEAR_OPERANDS), &text), [text]);
            assert!(diagnostics(&rule(NEAR_OPERANDS + 1))[0].starts_with("LX0423"));
        }
    }

    #[test]
    fn g5_windows() {
        let near = |within: u32| format!("{{near: {{of: [a, b], within: {within}}}}}");
        let text = |n: u32| format!("a {}b", "x ".repeat(n as usize - 1));
        assert_eq!(hits(&near(WITHIN), &text(WITHIN)).len(), 1);
        assert_eq!(hits(&near(WITHIN), &text(WITHIN + 1)).len(), 0);
        assert_eq!(diagnostics(&near(WITHIN + 1)), ["LX0423: 10001"]);
        assert_eq!(diagnostics(&near(0)), ["LX0423: 0"]);
    }

    #[test]
    #[cfg_attr(debug_assertions, ignore = "a hundred thousand rules take long without optimisation")]
    fn g5_rules() {
        let rule = |n| format!("- {{id: r{n}, severity: low, why: w, match: t, hits: [t, t], misses: [u, u]}}\n");
        let rules: String = (0..=RULES).map(rule).collect();
        let head = "lexhold: 1\nruleset: many\nversion: 1.0.0\nowner: me\nrules:\n";
        let (program, diagnostics) = compiled(&[&format!("{head}{rules}")]);
        assert_eq!((program.rules().len(), diagnostics.len()), (RULES, 1));
        assert!(diagnostics[0].starts_with("LX0420"));
    }

    #[test]
    fn g5_depth_counts_every_operator() {
        let deep = |n: usize| {
            let (mut open, mut close) = (String::new(), String::new());
            for depth in 0..n {
                let (before, behind) = match depth % 4 {
                    0 => ("{any: [", "]}"),
                    1 => ("{not_near: {of: ", ", without: z, within: 1}}"),
                    2 => ("{same_sentence: [a, ", "]}"),
                    _ => ("{near: {of: [a, ", "], within: 9}}"),
                };
                open.push_str(before);
                close.insert_str(0, behind);
            }
            format!("{open}w{close}")
        };
        assert_eq!(diagnostics(&deep(MATCH_DEPTH - 1)), [""; 0]);
        assert!(
            diagnostics(&deep(MATCH_DEPTH))
                .iter()
                .all(|told| told.starts_with("LX0418"))
        );
        assert!(!diagnostics(&deep(MATCH_DEPTH)).is_empty());
        let program = compiled(&[&ruleset(&[&deep(MATCH_DEPTH - 1)])]).0;
        assert_eq!(program.rules().len(), 1);
    }
}
