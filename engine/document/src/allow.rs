//! Warnings that somebody has looked at and lets stand: `# lexhold: allow LX0483, every message has digits here`.
//!
//! A comment behind a value speaks of warnings on its line, a comment on a line of its own of those on the next line that is
//! no comment; where a block of text begins on that line, of the whole block. It names codes, and after them a reason. Errors cannot be allowed. A comment that allows nothing is a warning
//! itself, so that none outlives its cause.

use std::ops::RangeInclusive;

use crate::{Comment, Diagnostic, Diagnostics, Edit, FileId, Files, Fix, Level, Place, codes, comments};

/// A warning that is allowed, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The warning.
    pub diagnostic: Diagnostic,
    /// Why it is let stand.
    pub reason: String,
    /// The comment that says so.
    pub place: Place,
}

/// Takes out the warnings that comments of these files allow, and adds what is wrong with such comments.
///
/// `known` tells whether there is such a code, `asked` whether everything has been asked that could raise it: only then is a
/// comment told that allows nothing.
pub fn allow(
    files: &Files,
    of: &[FileId],
    known: impl Fn(&str) -> bool,
    asked: impl Fn(&str) -> bool,
    diagnostics: Diagnostics,
) -> (Diagnostics, Vec<Allowed>) {
    let (mut kept, mut allowed) = (Diagnostics::new(), Vec::new());
    let mut notes: Vec<Note> = Vec::new();
    let mut found: Vec<Diagnostic> = Vec::new();
    for file in of.iter().filter(|file| files.text(**file).contains(MARK)) {
        for comment in comments(files, *file) {
            notes.extend(Note::read(files, &comment, &known, &mut found));
        }
    }
    for diagnostic in diagnostics {
        let line = diagnostic.place.map(|place| (place.file, files.position(place).0));
        let note = notes.iter_mut().find(|note| {
            line.is_some_and(|(file, line)| file == note.place.file && note.lines.contains(&line))
                && note.codes.iter().any(|(code, ..)| *code == diagnostic.code)
        });
        match note {
            Some(note) if diagnostic.level == Level::Warning => {
                note.mark(diagnostic.code);
                allowed.push(Allowed {
                    reason: note.reason.clone(),
                    place: note.place,
                    diagnostic,
                });
            }
            Some(note) => {
                note.mark(diagnostic.code);
                found.push(
                    Diagnostic::error(
                        codes::ALLOW_MALFORMED,
                        format!("`{}` is an error and cannot be allowed", diagnostic.code),
                    )
                    .at(note.place, "")
                    .help("mend what it tells, then delete the comment"),
                );
                kept.push(diagnostic);
            }
            None => kept.push(diagnostic),
        }
    }
    for note in notes {
        for (code, place, _) in note.codes.iter().filter(|(code, _, used)| !used && asked(code)) {
            found.push(
                Diagnostic::warning(codes::ALLOW_UNUSED, format!("nothing raises `{code}` here"))
                    .at(*place, "allows nothing")
                    .help("delete it; a comment speaks of its own line, or of the next one")
                    .fix(note.without(*place, files, |code| !asked(code))),
            );
        }
    }
    kept.extend(found);
    (kept, allowed)
}

/// What begins a comment that allows something.
const MARK: &str = "lexhold: allow";

/// A comment that allows something.
struct Note {
    place: Place,
    /// The lines of which it speaks.
    lines: RangeInclusive<usize>,
    /// Each code, where it stands, and whether anything has raised it.
    codes: Vec<(String, Place, bool)>,
    reason: String,
}

impl Note {
    /// Remembers that something raised a code.
    fn mark(&mut self, raised: &str) {
        self.codes
            .iter_mut()
            .filter(|(code, ..)| code == raised)
            .for_each(|code| code.2 = true);
    }

    /// Takes an unused code out; the whole comment, if nothing raises any of its codes and `unsure` doubts none of them.
    fn without(&self, place: Place, files: &Files, unsure: impl Fn(&str) -> bool) -> Fix {
        let stays = |(code, _, used): &(String, Place, bool)| *used || unsure(code);
        let text = files.text(place.file);
        if self.codes.iter().any(stays) {
            let behind = text[place.end..].trim_start_matches([' ', ',']);
            let end = text.len() - behind.len();
            return Fix::safe("delete the code", [Edit::delete(Place { end, ..place })]);
        }
        let before = text[..self.place.start].trim_end_matches([' ', '\t']);
        let own_line = before.is_empty() || before.ends_with('\n');
        let end = match text[self.place.end..].find('\n') {
            Some(rest) if own_line => self.place.end + rest + 1,
            _ => self.place.end,
        };
        let start = before.len();
        Fix::safe("delete the comment", [Edit::delete(Place { start, end, ..place })])
    }

    fn read(
        files: &Files,
        comment: &Comment,
        known: &impl Fn(&str) -> bool,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let text = files.slice(comment.place);
        let said = text.trim_start_matches('#').trim_start().strip_prefix(MARK)?;
        let mut codes = Vec::new();
        let mut rest = said;
        loop {
            rest = rest.trim_start_matches([' ', ',']);
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let word = &rest[..length];
            if !(word.len() == 6 && word.starts_with("LX") && word[2..].bytes().all(|b| b.is_ascii_digit())) {
                break;
            }
            let start = comment.place.start + (text.len() - rest.len());
            let place = Place {
                start,
                end: start + length,
                ..comment.place
            };
            if known(word) {
                codes.push((word.to_owned(), place, false));
            } else {
                found.push(malformed(place, &format!("there is no code `{word}`")));
            }
            rest = &rest[length..];
        }
        let reason = rest.trim_start_matches([' ', ',', ':', '-', '–', '—', '(']).trim_end();
        if codes.is_empty() {
            found.push(malformed(comment.place, "no code is named here"));
            return None;
        }
        if reason.is_empty() {
            found.push(malformed(comment.place, "a warning is allowed for a reason"));
            return None;
        }
        Some(Note {
            place: comment.place,
            lines: lines_of(files, comment),
            codes,
            reason: reason.to_owned(),
        })
    }
}

/// The lines of which a comment speaks: its own, or the next one that is no comment, and the block of text that begins there.
fn lines_of(files: &Files, comment: &Comment) -> RangeInclusive<usize> {
    let (line, _) = files.position(comment.place);
    let lines = files.text(comment.place.file).lines();
    let skipped = match comment.own_line {
        true => {
            let not_yet = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
            1 + lines.clone().skip(line).take_while(not_yet).count()
        }
        false => 0,
    };
    let first = line + skipped;
    let mut lines = lines.skip(first - 1);
    let head = lines.next().unwrap_or_default();
    let said = head.split(" #").next().unwrap_or_default().trim_end();
    let last_word = said.rsplit(' ').next().unwrap_or_default();
    if !last_word.starts_with(['|', '>']) {
        return first..=first;
    }
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
    let in_block = |line: &&str| line.trim().is_empty() || line.len() - line.trim_start().len() > indent(head);
    first..=first + lines.take_while(in_block).count()
}

fn malformed(place: Place, message: &str) -> Diagnostic {
    Diagnostic::error(codes::ALLOW_MALFORMED, message)
        .at(place, "")
        .help("write `# lexhold: allow LX0483, because …`, with the reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept and what is allowed when `b`, on each line that has it, is a warning LX0483 and `e` an error LX0412.
    fn told(text: &str) -> (Vec<String>, Vec<String>) {
        let mut files = Files::new();
        let file = files.add("a.yaml", text.to_owned());
        let mut diagnostics = Diagnostics::new();
        for (at, c) in text.char_indices().filter(|(_, c)| "é€".contains(*c)) {
            let place = Place {
                file,
                start: at,
                end: at + c.len_utf8(),
            };
            diagnostics.push(match c {
                'é' => Diagnostic::warning("LX0483", "a warning").at(place, ""),
                _ => Diagnostic::error("LX0412", "an error").at(place, ""),
            });
        }
        let known = |code: &str| ["LX0483", "LX0412", "LX0484"].contains(&code);
        let (kept, allowed) = allow(&files, &[file], known, |_| true, diagnostics);
        let kept = kept.sorted(&files).into_iter().map(|one| {
            let (line, column) = files.position(one.place.unwrap());
            format!("{line}:{column} {} {}", one.code, one.message)
        });
        let allowed = allowed.into_iter().map(|one| {
            let (line, _) = files.position(one.diagnostic.place.unwrap());
            format!("{line} {} {}", one.diagnostic.code, one.reason)
        });
        (kept.collect(), allowed.collect())
    }

    #[test]
    fn a_comment_speaks_of_its_line_or_the_next() {
        let none: [&str; 0] = [];
        for (text, line) in [
            ("a: é # lexhold: allow LX0483, as everywhere\n", 1),
            ("# lexhold: allow LX0483 as everywhere\na: é\n", 2),
            ("# lexhold: allow LX0483: as everywhere\n\n# more\na: é\nb: c\n", 4),
            ("b:\n  # lexhold: allow LX0483 - as everywhere\n  - é\n", 3),
            (
                "# lexhold: allow LX0483, as everywhere\n- a: |\n    b\n\n    é\n  c: d\n",
                5,
            ),
            ("a: >- # lexhold: allow LX0483, as everywhere\n  b\n  é\nc: d\n", 3),
        ] {
            let (kept, allowed) = told(text);
            assert_eq!(kept, none, "{text}");
            assert_eq!(allowed, [format!("{line} LX0483 as everywhere")], "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_comment_is_told_and_allows_nothing() {
        let warning = |line: usize| format!("{line}:4 LX0483 a warning");
        for (text, expected) in [
            (
                "# lexhold: allow LX0483\na: é\n",
                vec!["1:1 LX0026 a warning is allowed for a reason".into(), warning(2)],
            ),
            (
                "# lexhold: allow it all\na: é\n",
                vec!["1:1 LX0026 no code is named here".into(), warning(2)],
            ),
            (
                "# lexhold: allow LX9999, x\na: é\n",
                vec![
                    "1:1 LX0026 no code is named here".into(),
                    "1:18 LX0026 there is no code `LX9999`".into(),
                    warning(2),
                ],
            ),
            (
                "# lexhold: allow LX0483, x\nb: c\na: é\n",
                vec!["1:18 LX0027 nothing raises `LX0483` here".into(), warning(3)],
            ),
            (
                "# lexhold: allow LX0484, LX0483 x\na: é\n",
                vec!["1:18 LX0027 nothing raises `LX0484` here".into()],
            ),
            (
                "a: '# lexhold: allow LX0483, é'\n",
                vec!["1:30 LX0483 a warning".into()],
            ),
        ] {
            assert_eq!(told(text).0, expected, "{text}");
        }
    }

    #[test]
    fn errors_cannot_be_allowed() {
        let (kept, allowed) = told("# lexhold: allow LX0412, never mind\na: €\n");
        assert_eq!(
            kept,
            [
                "1:1 LX0026 `LX0412` is an error and cannot be allowed",
                "2:4 LX0412 an error"
            ]
        );
        assert_eq!(allowed, [""; 0]);
    }
}
