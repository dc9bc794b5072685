//! Variants within a term: `|` between alternatives, parentheses around them where the term goes on.

use crate::limits;

/// Deepest nesting of parentheses.
const DEPTH: usize = 8;

/// The texts that a term stands for: itself where it holds no `|`. None if its parentheses do not match or nest too
/// deep, or if there are too many variants.
pub(crate) fn of(text: &str) -> Option<Vec<String>> {
    if !text.contains('|') {
        return Some(vec![text.to_owned()]);
    }
    let mut rest = text;
    let variants = alternatives(&mut rest, DEPTH)?;
    rest.is_empty().then_some(variants)
}

/// Reads up to a closing parenthesis or the end.
fn alternatives(rest: &mut &str, depth: usize) -> Option<Vec<String>> {
    let mut all = sequence(rest, depth)?;
    while let Some(behind) = rest.strip_prefix('|') {
        *rest = behind;
        all.extend(sequence(rest, depth)?);
    }
    (all.len() <= limits::TERM_VARIANTS).then_some(all)
}

/// Reads one alternative.
fn sequence(rest: &mut &str, depth: usize) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    loop {
        let plain = rest.find(['|', '(', ')']).unwrap_or(rest.len());
        all.iter_mut().for_each(|text| text.push_str(&rest[..plain]));
        *rest = &rest[plain..];
        let Some(inner) = rest.strip_prefix('(') else {
            return Some(all);
        };
        *rest = inner;
        let inner = alternatives(rest, depth.checked_sub(1)?)?;
        *rest = rest.strip_prefix(')')?;
        all = all
            .iter()
            .flat_map(|head| inner.iter().map(move |tail| format!("{head}{tail}")))
            .collect();
        if all.len() > limits::TERM_VARIANTS {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        of(text).map(|variants| variants.join(" / "))
    }

    #[test]
    fn k6_parentheses_and_bars() {
        assert_eq!(shown("call (me)").as_deref(), Some("call (me)"));
        assert_eq!(shown("1st|first").as_deref(), Some("1st / first"));
        assert_eq!(
            shown("the (1st|first) (of|in) it").as_deref(),
            Some("the 1st of it / the 1st in it / the first of it / the first in it")
        );
        assert_eq!(shown("(a(b|c)|d)e|f").as_deref(), Some("abe / ace / de / f"));
        for text in ["(a|b", "a|b)", "a|)b("] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn k6_limits() {
        let many = |n: usize| vec!["a"; n].join("|");
        assert_eq!(
            of(&many(limits::TERM_VARIANTS)).map(|all| all.len()),
            Some(limits::TERM_VARIANTS)
        );
        assert_eq!(of(&many(limits::TERM_VARIANTS + 1)), None);
        assert_eq!(of(&"(a|b)".repeat(20)), None);
        assert_eq!(of(&format!("{}a|b{}", "(".repeat(9), ")".repeat(9))), None);
    }
}
