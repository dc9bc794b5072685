//! From words to lexicons.

use lexhold_document::Level;
use lexhold_rules::{codes, limits};

use crate::trial::remarks;
use crate::word_list::{List, Word};
use crate::yaml::{Yaml, write};
use crate::{ImportError, Imported, Options, Written};

/// Puts the words in one lexicon, or in several where they are too many for one.
pub(crate) fn assemble(list: List, options: &Options) -> Result<Imported, ImportError> {
    let List { mut words, mut losses } = list;
    let n_read = words.len() + losses.0.len();
    words.retain(|word| {
        let is_literal = !word.text.contains(['*', '?', '|']);
        if !is_literal {
            losses.whole(
                &word.place,
                "word",
                "`*`, `?` and `|` mean something in a term",
                &word.text,
            );
        }
        is_literal
    });
    let tried = loop {
        let tried = try_all(&words, options)?;
        let refused = &tried.refused;
        if refused.is_empty() {
            break tried;
        }
        for (at, reason, detail) in refused {
            losses.whole(&words[*at].place, "word", reason, detail);
        }
        let mut position = 0..;
        let mut gone = refused.iter().map(|(at, ..)| *at).peekable();
        words.retain(|_| {
            let at = position.next();
            let is_gone = gone.peek().copied() == at;
            if is_gone {
                gone.next();
            }
            !is_gone
        });
    };
    for at in tried.unmatched {
        losses.part(
            &words[at].place,
            "signs",
            "signs in it are not matched",
            &words[at].text,
        );
    }
    Ok(Imported {
        documents: tried.documents,
        n_read,
        n_carried: words.len(),
        losses: losses.0,
    })
}

/// What the rule language makes of words.
#[derive(Debug, Default)]
struct Tried {
    documents: Vec<Written>,
    /// Words that were refused: position, reason, the word.
    refused: Vec<(usize, &'static str, String)>,
    /// Words of which something is not matched.
    unmatched: Vec<usize>,
}

fn try_all(words: &[Word], options: &Options) -> Result<Tried, ImportError> {
    let n_parts = words.len().div_ceil(limits::LEXICON_TERMS);
    let mut tried = Tried::default();
    for (part, chunk) in words.chunks(limits::LEXICON_TERMS).enumerate() {
        let name = if n_parts == 1 {
            options.name.clone()
        } else {
            format!("{}-{}", options.name, part + 1)
        };
        let yaml = document(&name, chunk, options);
        let base = part * limits::LEXICON_TERMS;
        for (level, remark) in remarks(&yaml) {
            match (level, remark.term) {
                (Level::Error, Some(at)) => {
                    tried
                        .refused
                        .push((base + at, reason(remark.code), chunk[at].text.clone()))
                }
                (Level::Error, None) => return Err(ImportError::Refused(remark.message)),
                (Level::Warning, at) => tried.unmatched.extend(at.map(|at| base + at)),
            }
        }
        tried.documents.push(Written { name, yaml });
    }
    tried.refused.sort();
    tried.refused.dedup_by_key(|(at, ..)| *at);
    tried.unmatched.sort_unstable();
    tried.unmatched.dedup();
    Ok(tried)
}

fn reason(code: &str) -> &'static str {
    match code {
        codes::EMPTY_TERM => "it holds no letter and no digit",
        codes::DUPLICATE_TERM => "it is equal to an earlier one after folding",
        codes::TERM_TOO_LONG => "it has too many words",
        _ => "refused by the rule language",
    }
}

fn document(name: &str, words: &[Word], options: &Options) -> String {
    write(&[
        ("lexhold", Yaml::Int(1)),
        ("lexicon", Yaml::text(name)),
        ("owner", Yaml::text(&options.owner)),
        (
            "description",
            Yaml::Text(format!("Words imported from {}.", options.origin)),
        ),
        ("terms", Yaml::texts(words.iter().map(|word| &word.text))),
    ])
}
