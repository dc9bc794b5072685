//! Texts without quotes whose end is taken for a comment: `join #trading` says `join`.
//!
//! A comment is told from a text that was cut short by how it is written: `#` and the next character stand together behind a
//! single space. A pattern is held to more, for a `#` is as good a character there as any other.

use crate::{Diagnostic, Diagnostics, Document, Edit, Files, Fix, Node, Place, Style, Value, codes, comments};

/// Keys whose text is a pattern.
const PATTERNS: [&str; 5] = [
    "regex",
    "not_preceded_by",
    "not_followed_by",
    "starts_with",
    "ends_with",
];

/// Warns of texts without quotes whose end is easily lost in a comment.
pub fn lint_comments(files: &Files, document: &Document, diagnostics: &mut Diagnostics) {
    let text = files.text(document.file);
    let has_patterns = PATTERNS.iter().any(|key| text.contains(key));
    if !text.lines().any(|line| may_lose(line, has_patterns)) {
        return;
    }
    let mut scalars = Vec::new();
    plain(&document.root, false, &mut scalars);
    for comment in comments(files, document.file)
        .iter()
        .filter(|comment| !comment.own_line)
    {
        let before = text[..comment.place.start]
            .strip_suffix(' ')
            .filter(|before| !before.ends_with(' '));
        let behind = scalars.binary_search_by_key(&before.map(str::len), |(node, _)| Some(node.place.end));
        let Ok((node, is_pattern)) = behind.map(|at| scalars[at]) else {
            continue;
        };
        let said = &files.slice(comment.place)[1..];
        let is_close = said.starts_with(char::is_alphanumeric);
        if is_close || (is_pattern && !said.trim_start().starts_with("lexhold:")) {
            diagnostics.push(lost(files, node, comment.place, is_close));
        }
    }
}

/// Whether something on a line could be both: cheap, for most files have no such line.
fn may_lose(line: &str, has_patterns: bool) -> bool {
    let line = line.trim_start();
    let mut marks = line.match_indices(" #").map(|(at, _)| &line[at + 2..]);
    !line.starts_with('#') && marks.any(|rest| has_patterns || rest.starts_with(char::is_alphanumeric))
}

fn lost(files: &Files, node: &Node, comment: Place, is_close: bool) -> Diagnostic {
    let text = files.text(comment.file);
    let at = |start: usize, end: usize| Place { start, end, ..comment };
    let whole = at(node.place.start, comment.end);
    let quoted = [Edit::before(whole, "'"), Edit::after(whole, "'")];
    let apart = if is_close {
        vec![Edit::replace(at(comment.start + 1, comment.start + 1), " ")]
    } else {
        let line = text[..comment.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = text[line..].len() - text[line..].trim_start_matches(' ').len();
        let above = format!("{}{}\n", " ".repeat(indent), files.slice(comment));
        vec![
            Edit::replace(at(line, line), above),
            Edit::delete(at(node.place.end, comment.end)),
        ]
    };
    let message = format!(
        "this says `{}`, and the rest of the line is a comment",
        files.slice(node.place)
    );
    let help = match is_close {
        true => "put the whole in quotes if it is one text, else write a space behind `#`",
        false => "put the whole in quotes if it is one pattern, else the comment on a line of its own",
    };
    Diagnostic::warning(codes::LOST_IN_COMMENT, message)
        .at(comment, "` #` begins a comment")
        .also(node.place, "the whole value")
        .help(help)
        .fix(Some(Fix::maybe("put the whole in quotes", quoted)).filter(|_| !files.slice(whole).contains('\'')))
        .fix(Fix::maybe("set the comment apart", apart))
}

/// The texts without quotes below a node, in the order of the file, and whether each is a pattern.
fn plain<'n>(node: &'n Node, is_pattern: bool, found: &mut Vec<(&'n Node, bool)>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| plain(item, is_pattern, found)),
        Value::Map(entries) => {
            for entry in entries {
                plain(&entry.node, PATTERNS.contains(&entry.key.as_str()), found);
            }
        }
        Value::Text(_) if node.style == Style::Plain => found.push((node, is_pattern)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenError, load, mend};

    /// What is told of the last lines of a lexicon, and what each fix makes of them.
    fn told(lines: &str) -> Vec<(String, Vec<String>)> {
        let head = "lexhold: 1\nlexicon: a\n";
        let (mut files, mut found) = (Files::new(), Diagnostics::new());
        let root = files.add("a.yaml", format!("{head}{lines}"));
        let mut nothing = |_: &str| Err(OpenError::NotFound);
        let documents = load(&mut files, &[root], &mut nothing, &mut found);
        assert!(found.is_empty(), "{lines}");
        lint_comments(&files, &documents[0], &mut found);
        let mended = |one: &Diagnostic| {
            let texts = one
                .fixes
                .iter()
                .map(|fix| mend(root, files.text(root), [fix]).text[head.len()..].to_owned());
            texts.collect()
        };
        let found = found.sorted(&files).into_iter();
        found
            .map(|one| (files.slice(one.secondary[0].0).to_owned(), mended(&one)))
            .collect()
    }

    #[test]
    fn what_is_cut_short_is_told() {
        for (lines, said, fixes) in [
            (
                "a:\n- join #trading now\n",
                "join",
                ["- 'join #trading now'\n", "- join # trading now\n"],
            ),
            ("a: x #1\nb: c\n", "x", ["a: 'x #1'\nb: c\n", "a: x # 1\nb: c\n"]),
            ("regex: a # b\n", "a", ["regex: 'a # b'\n", "# b\nregex: a\n"]),
            ("regex:\n  - a # b\n  - c\n", "a", ["  - 'a # b'", "  # b\n  - a\n"]),
        ] {
            let found = told(lines);
            assert_eq!(found.len(), 1, "{lines}: {found:?}");
            assert_eq!(found[0].0, said);
            for (mended, expected) in found[0].1.iter().zip(fixes) {
                assert!(mended.contains(expected), "{lines}: {mended}");
            }
        }
    }

    #[test]
    fn comments_are_left_alone() {
        for lines in [
            "a: b # as everywhere\n",
            "a: b  #as everywhere\n",
            "a: 'b' #as everywhere\n",
            "a: 'b #c'\n",
            "a: |\n  b #c\n",
            "#a: b\nb: c\n",
            "a: b #! c\n",
            "a: [b] #c\n",
            "regex: 'a' # b\n",
            "regex: a # lexhold: allow LX0483, so it is\n",
            "regex: a\n# b\n",
            "a: regex # b\n",
        ] {
            assert_eq!(told(lines), [], "{lines}");
        }
    }
}
