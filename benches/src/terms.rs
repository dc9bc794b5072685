//! Terms and patterns of real lists, for the benchmarks.

use std::collections::HashSet;
use std::path::Path;

/// So many words and phrases in lower case: unwanted words, English words and names of firms.
pub fn latin(lexicons: &Path, n_terms: usize) -> Vec<String> {
    let read =
        |name: &str| std::fs::read_to_string(lexicons.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let unwanted = read("ldnoobw.jsonl");
    let unwanted = unwanted
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let unwanted = distinct(
        unwanted
            .filter(|term| term["lang"] == "en")
            .filter_map(|term| plain(term["term"].as_str()?)),
    );
    let words = distinct(
        read("english_words.txt")
            .lines()
            .filter_map(plain)
            .filter(|word| !word.contains(' ')),
    );
    let names = read("issuer_names.tsv");
    let names = names.lines().filter_map(|line| plain(line.split('\t').next()?));
    let names = distinct(names.filter(|name| name.contains(' ')));
    let n_words = (n_terms - unwanted.len()) / 2;
    let mut terms = unwanted;
    terms.extend(spread(&words, n_words));
    let n_names = n_terms - terms.len();
    terms.extend(spread(&names, n_names));
    distinct(terms.into_iter())
}

/// So many strings of three characters that stand in some texts.
pub fn han(texts: &[String], n_terms: usize) -> Vec<String> {
    let of_text = |text: &String| {
        let han: Vec<char> = text.chars().filter(|c| is_ideograph(*c)).collect();
        han.get(..3).map(String::from_iter)
    };
    let all = distinct(texts.iter().filter_map(of_text));
    spread(&all, n_terms.min(all.len()))
}

/// The regexes of a collection that look for secrets.
pub fn patterns(lexicons: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(lexicons.join("kingfisher_rules.jsonl")).unwrap_or_default();
    let rules = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    rules
        .filter_map(|rule| rule["regex"].as_str().map(String::from))
        .collect()
}

/// Whether a text is mostly written in ideographs.
pub fn is_han(text: &str) -> bool {
    2 * text.chars().filter(|c| is_ideograph(*c)).count() > text.chars().count()
}

/// A text with its Latin letters written in Cyrillic, letter by letter.
pub fn in_cyrillic(text: &str) -> String {
    const LETTERS: [char; 26] = [
        'а', 'б', 'ц', 'д', 'е', 'ф', 'г', 'х', 'и', 'й', 'к', 'л', 'м', 'н', 'о', 'п', 'ж', 'р', 'с', 'т', 'у', 'в',
        'ш', 'ч', 'ы', 'з',
    ];
    let letter = |c: char| match c {
        'a'..='z' => LETTERS[c as usize - 'a' as usize],
        'A'..='Z' => LETTERS[c as usize - 'A' as usize].to_uppercase().next().unwrap_or(c),
        other => other,
    };
    text.chars().map(letter).collect()
}

/// The longest beginning of a text that is no longer than so many bytes.
pub fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

fn is_ideograph(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// A term in lower case with its words apart by single spaces; none if it is short or not ASCII.
fn plain(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let term = words.join(" ").to_ascii_lowercase();
    (text.is_ascii() && term.len() >= 3).then_some(term)
}

fn distinct(terms: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    terms.filter(|term| seen.insert(term.clone())).collect()
}

/// So many of the terms, evenly.
fn spread(terms: &[String], n: usize) -> Vec<String> {
    (0..n).map(|at| terms[at * terms.len() / n].clone()).collect()
}
