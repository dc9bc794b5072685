//! What was printed against what the document shows.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

/// Stands for anything in a line, and for any lines where it is alone.
const ELISION: &str = "…";

/// What may be other than shown, and runs of spaces, which follow from the width of what may.
static VARIES: LazyLock<Regex> = LazyLock::new(|| {
    let run = r"(?P<run>\b20\d{6}T\d{6}Z-[0-9a-f]{8}\b)";
    let instant = r"(?P<instant>\b20(?:2[6-9]|[3-9]\d)-\d\d-\d\dT[0-9:.]+Z)";
    let day = r"(?P<day>\b20(?:2[6-9]|[3-9]\d)-\d\d-\d\d\b)";
    let hex = r"(?P<hex>\b(?:plan-\d+|[0-9a-f]{8,})\b…?)";
    Regex::new(&format!("{run}|{instant}|{day}|{hex}|(?P<any>…)|(?P<spaces> {{2,}})")).unwrap()
});

static FIGURE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d[\d,.]*").unwrap());

/// Digests as the document shows them, by what was printed in their place.
#[derive(Default)]
pub struct Known(BTreeMap<String, String>);

impl Known {
    /// The command with the digests that were really printed.
    pub fn put_into(&self, command: &str) -> String {
        let put = |found: &regex::Captures<'_>| {
            let shown = found[0].trim_end_matches(ELISION);
            let known = |(as_shown, _): &(&String, &String)| {
                as_shown.starts_with(shown) || shown.starts_with(as_shown.as_str())
            };
            let printed = self.0.iter().filter(known).max_by_key(|(_, printed)| printed.len());
            printed
                .filter(|_| found.name("hex").is_some())
                .map_or_else(|| found[0].to_owned(), |(_, printed)| printed.clone())
        };
        VARIES.replace_all(command, put).into_owned()
    }

    /// Whether these lines are what is shown; what was printed in place of the digests is remembered. Else the first line that is
    /// shown and was not printed; none where more was printed.
    pub fn agree(&mut self, shown: &[String], printed: &[String], by_the_day: &[String]) -> Result<(), Option<String>> {
        let patterns: Vec<Option<Line>> = shown
            .iter()
            .map(|line| (line.trim() != ELISION).then(|| Line::new(line, by_the_day)))
            .collect();
        let mut furthest = 0;
        let found = lines_agree(&patterns, printed, &mut |left| {
            furthest = furthest.max(patterns.len() - left)
        });
        self.0.extend(found.ok_or_else(|| shown.get(furthest).cloned())?);
        Ok(())
    }
}

/// A shown line as a pattern, with the digests in it.
struct Line {
    pattern: Regex,
    digests: Vec<String>,
}

impl Line {
    fn new(shown: &str, by_the_day: &[String]) -> Self {
        let is_by_the_day = by_the_day.iter().any(|word| shown.contains(word.as_str()));
        let literal = |text: &str| {
            let mut pattern = String::new();
            let mut done = 0;
            for figure in FIGURE.find_iter(text).filter(|_| is_by_the_day) {
                pattern += &regex::escape(&text[done..figure.start()]);
                pattern += r"\d[\d,.]*";
                done = figure.end();
            }
            pattern + &regex::escape(&text[done..])
        };
        let shown = shown.trim_end();
        let (mut pattern, mut digests, mut done) = ("^".to_owned(), Vec::new(), 0);
        for found in VARIES.captures_iter(shown) {
            let whole = found.get(0).unwrap();
            pattern += &literal(&shown[done..whole.start()]);
            done = whole.end();
            let named = |name: &str| found.name(name).is_some();
            let number = literal(whole.as_str());
            pattern += match () {
                () if named("run") => r"20\d{6}T\d{6}Z-[0-9a-f]{8}",
                () if named("instant") => r"\d{4}-\d\d-\d\dT[0-9:.]+Z",
                () if named("day") => r"\d{4}-\d\d-\d\d",
                () if named("spaces") => " {2,}",
                () if named("any") => ".*",
                // A number is none.
                () if !whole.as_str().contains(|c: char| c.is_ascii_alphabetic()) => &number,
                () => {
                    digests.push(whole.as_str().trim_end_matches(ELISION).to_owned());
                    r"(plan-\d+|[0-9a-f]{8,})…?"
                }
            };
        }
        pattern += &literal(&shown[done..]);
        Self {
            pattern: Regex::new(&(pattern + r"\s*$")).unwrap(),
            digests,
        }
    }

    fn digests_in(&self, printed: &str) -> Option<Vec<(String, String)>> {
        let found = self.pattern.captures(printed)?;
        let printed = found.iter().skip(1).flatten().map(|one| one.as_str().to_owned());
        Some(self.digests.iter().cloned().zip(printed).collect())
    }
}

/// `None` in place of a line is any number of lines. Tells how many shown lines are left wherever it gets.
fn lines_agree(
    shown: &[Option<Line>],
    printed: &[String],
    got: &mut impl FnMut(usize),
) -> Option<Vec<(String, String)>> {
    got(shown.len());
    match (shown, printed) {
        ([], []) => Some(Vec::new()),
        ([None, rest @ ..], _) => (0..=printed.len()).find_map(|skipped| lines_agree(rest, &printed[skipped..], got)),
        ([Some(line), rest @ ..], [first, others @ ..]) => {
            let mut found = line.digests_in(first)?;
            found.extend(lines_agree(rest, others, got)?);
            Some(found)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Known;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_varies_may_vary_and_nothing_else() {
        for (shown, printed, agree) in [
            ("held 84", "held 84", true),
            ("held 84", "held 85", false),
            ("held   84", "held     84", true),
            (
                "until 2026-12-22, sent 2019-07-22",
                "until 2031-01-01, sent 2019-07-22",
                true,
            ),
            ("sent 2019-07-22", "sent 2019-07-23", false),
            ("digest 097ae8f36fac…", "digest 1234567890abcdef", true),
            ("a\n…\nd", "a\nb\nc\nd", true),
            ("a\n…\nd", "a\nd", true),
            ("a\n…\nd", "a\nb", false),
            ("a", "a\nb", false),
            ("alert …", "alert 1 of 2", true),
            ("", "", true),
            ("due 12 of 5,000", "due 9 of 4,999", true),
        ] {
            let said = Known::default().agree(&lines(shown), &lines(printed), &["due".to_owned()]);
            assert_eq!(said.is_ok(), agree, "{shown:?} and {printed:?}");
        }
    }

    #[test]
    fn a_digest_typed_is_the_one_that_was_printed() {
        let mut known = Known::default();
        let said = known.agree(&lines("digest 097ae8f36fac99"), &lines("digest aaaaaaaaaaaaa1"), &[]);
        assert_eq!(said, Ok(()));
        let said = known.agree(&lines("a\n…\nb\nc"), &lines("a\nx\nb"), &[]);
        assert_eq!(said, Err(Some("c".to_owned())));
        assert_eq!(
            known.put_into("sign 097ae8f36fac… --as ann"),
            "sign aaaaaaaaaaaaa1 --as ann"
        );
        assert_eq!(
            known.put_into("sign 1563777145 0f0f0f0f0f0f"),
            "sign 1563777145 0f0f0f0f0f0f"
        );
    }
}
