//! Diagnostics for eyes and for machines: with source excerpts, a line each, or as one JSON document.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Style, Renderer, Snippet};
use lexhold_document::{Applicability, Diagnostic, Files, Fix, Level, Place, printable};
use serde_json::{Value, json};

/// Bytes of one source line that are shown; a longer one is quoted around the place.
const LINE_BYTES: usize = 240;

/// One diagnostic with its source lines, without a closing newline.
pub fn text(files: &Files, diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.level {
        Level::Error => Style::ERROR,
        Level::Warning => Style::WARNING,
    };
    let message = printable(&diagnostic.message);
    let title = level.primary_title(message).id(diagnostic.code);
    let labels: Vec<(Place, String, bool)> = std::iter::once((diagnostic.place, &diagnostic.label, true))
        .filter_map(|(place, label, primary)| Some((place?, printable(label), primary)))
        .chain(
            diagnostic
                .secondary
                .iter()
                .map(|(place, label)| (*place, printable(label), false)),
        )
        .collect();
    let mut group: Group<'_> = Group::with_title(title);
    for excerpt in excerpts(files, &labels) {
        group = group.element(excerpt);
    }
    group = group.elements(diagnostic.notes.iter().map(|note| Style::NOTE.message(printable(note))));
    group = group.elements(diagnostic.helps.iter().map(|help| Style::HELP.message(printable(help))));
    group = group.element(
        Style::NOTE
            .with_name("see")
            .message(format!("lexhold explain {}", diagnostic.code)),
    );
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group]).to_string()
}

/// `file:line:column: level[code] message`
pub fn concise(files: &Files, diagnostic: &Diagnostic) -> String {
    let place = diagnostic.place.map_or_else(String::new, |place| {
        let (line, column) = files.position(place);
        format!("{}:{line}:{column}: ", printable(files.path(place.file)))
    });
    format!(
        "{place}{}[{}] {}",
        level_name(diagnostic.level),
        diagnostic.code,
        printable(&diagnostic.message)
    )
}

/// The diagnostic as machines read it.
pub fn json(files: &Files, diagnostic: &Diagnostic) -> Value {
    let secondary: Vec<Value> = diagnostic
        .secondary
        .iter()
        .map(|(place, label)| json!({"file": files.path(place.file), "span": span(files, *place), "label": label}))
        .collect();
    json!({
        "code": diagnostic.code,
        "severity": level_name(diagnostic.level),
        "message": diagnostic.message,
        "file": diagnostic.place.map(|place| files.path(place.file)),
        "span": diagnostic.place.map(|place| span(files, place)),
        "label": diagnostic.label,
        "labels": secondary,
        "notes": diagnostic.notes,
        "help": diagnostic.helps,
        "fixes": diagnostic.fixes.iter().map(|fix| as_fix(files, fix)).collect::<Vec<_>>(),
    })
}

fn as_fix(files: &Files, fix: &Fix) -> Value {
    let edits = fix
        .edits
        .iter()
        .map(|edit| json!({"file": files.path(edit.place.file), "span": span(files, edit.place), "text": edit.text}));
    json!({
        "title": fix.title,
        "applicability": match fix.applicability {
            Applicability::Safe => "safe",
            Applicability::Maybe => "maybe",
        },
        "edits": edits.collect::<Vec<_>>(),
    })
}

/// Message, facts and helps as sentences for a reader who has no source lines before them, a line each.
pub fn sentences(diagnostic: &Diagnostic) -> String {
    let label = Some(&diagnostic.label).filter(|label| !label.is_empty());
    let lines = std::iter::once(&diagnostic.message)
        .chain(label)
        .map(|line| printable(line))
        .chain(diagnostic.notes.iter().map(|note| format!("note: {}", printable(note))))
        .chain(diagnostic.helps.iter().map(|help| format!("help: {}", printable(help))));
    lines.collect::<Vec<_>>().join("\n")
}

/// `error` or `warning`.
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

/// Where a place begins and ends, as machines read it.
pub fn span(files: &Files, place: Place) -> Value {
    let at = |byte| {
        let (line, col) = files.position_at(place.file, byte);
        json!({"byte": byte, "line": line, "col": col})
    };
    json!({"start": at(place.start), "end": at(place.end)})
}

/// A snippet a file, the primary place's file first, each cut down to the lines that are spoken of.
fn excerpts<'a>(
    files: &'a Files,
    labels: &'a [(Place, String, bool)],
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut order = Vec::new();
    for (place, ..) in labels {
        if !order.contains(&place.file) {
            order.push(place.file);
        }
    }
    order
        .into_iter()
        .map(|file| {
            let text = files.text(file);
            let mine = labels.iter().filter(|(place, ..)| place.file == file);
            let first = mine.clone().map(|(place, ..)| place.start).min().unwrap_or(0);
            let last = mine.clone().map(|(place, ..)| place.end).max().unwrap_or(0);
            let window = lines_around(text, first, last);
            let annotations = mine.map(|(place, label, primary)| {
                let kind = if *primary {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                let annotation = kind.span(within(*place, &window));
                if label.is_empty() {
                    annotation
                } else {
                    annotation.label(label.as_str())
                }
            });
            let line = text[..window.start].bytes().filter(|byte| *byte == b'\n').count() + 1;
            Snippet::source(&text[window.clone()])
                .line_start(line)
                .path(printable(files.path(file)))
                .annotations(annotations)
        })
        .collect()
}

/// The whole lines that hold a range, or a part of them where a line is very long.
fn lines_around(text: &str, first: usize, last: usize) -> Range<usize> {
    let (first, last) = (
        text.floor_char_boundary(first),
        text.ceil_char_boundary(last.max(first)),
    );
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    if first - start > LINE_BYTES || end - last > LINE_BYTES {
        let start = start.max(text.floor_char_boundary(first.saturating_sub(LINE_BYTES / 2)));
        return start..end.min(text.ceil_char_boundary(last + LINE_BYTES / 2));
    }
    start..end
}

fn within(place: Place, window: &Range<usize>) -> Range<usize> {
    let start = place.start.clamp(window.start, window.end);
    start - window.start..place.end.clamp(start, window.end) - window.start
}
