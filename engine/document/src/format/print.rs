//! Pieces as text, two columns a level.

use super::gather::{Body, Note, Piece};

/// The document as text.
pub(super) fn document(piece: &Piece) -> String {
    let mut printer = Printer { out: String::new() };
    printer.notes(&piece.above, 0);
    match &piece.body {
        Body::Map(pieces, tail) => printer.map(pieces, tail, 0, false),
        body => printer.value(body, None, 0),
    }
    printer.out
}

struct Printer {
    out: String,
}

impl Printer {
    /// Comments on lines of their own.
    fn notes(&mut self, notes: &[Note], indent: usize) {
        for note in notes {
            self.blank(note.blank);
            self.indent(indent);
            self.out += &note.text;
            self.out.push('\n');
        }
    }

    /// An empty line, but neither at the beginning nor after another.
    fn blank(&mut self, wanted: bool) {
        if wanted && !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn comment(&mut self, comment: Option<&str>) {
        if let Some(comment) = comment {
            self.out.push(' ');
            self.out += comment;
        }
    }

    /// A map by indentation; its first entry may stand behind the dash of an item, below whose comments it has been put.
    fn map(&mut self, pieces: &[Piece], tail: &[Note], indent: usize, inline: bool) {
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 || !inline {
                self.notes(&piece.above, indent);
                self.blank(piece.blank && !(at == 0 && piece.above.is_empty()));
                self.indent(indent);
            }
            self.out += piece.key.as_deref().unwrap_or_default();
            self.out.push(':');
            self.value(&piece.body, piece.beside.as_deref(), indent);
        }
        self.notes(tail, indent);
    }

    fn list(&mut self, pieces: &[Piece], tail: &[Note], indent: usize, inline: bool) {
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 || !inline {
                self.notes(&piece.above, indent);
                self.hoist(&piece.body, indent);
                self.blank(piece.blank && !(at == 0 && piece.above.is_empty()));
                self.indent(indent);
            }
            self.out.push('-');
            match &piece.body {
                Body::Map(pieces, tail) => {
                    self.out.push(' ');
                    self.map(pieces, tail, indent + 2, true);
                }
                Body::List(pieces, tail) => {
                    self.out.push(' ');
                    self.list(pieces, tail, indent + 2, true);
                }
                Body::Brackets(signs, pieces, below) => {
                    self.out.push(' ');
                    self.brackets(*signs, pieces, below, indent + 2);
                    self.comment(piece.beside.as_deref());
                    self.out.push('\n');
                }
                body => self.value(body, piece.beside.as_deref(), indent),
            }
        }
        self.notes(tail, indent);
    }

    /// The comments of what stands behind a dash, above the dash.
    fn hoist(&mut self, body: &Body, indent: usize) {
        if let Body::Map(pieces, _) | Body::List(pieces, _) = body
            && let Some(first) = pieces.first()
        {
            self.notes(&first.above, indent);
            self.hoist(&first.body, indent);
        }
    }

    /// What stands behind a key's colon or a dash, to the end of the line.
    fn value(&mut self, body: &Body, beside: Option<&str>, indent: usize) {
        match body {
            Body::Text(text) => {
                if !text.is_empty() {
                    self.space();
                    self.out += text;
                }
                self.comment(beside);
                self.out.push('\n');
            }
            Body::Lines(lines) => {
                self.space();
                for (at, line) in lines.iter().enumerate() {
                    if at > 0 {
                        self.out.push('\n');
                        self.indent(if line.is_empty() { 0 } else { indent + 2 });
                    }
                    self.out += line;
                }
                self.comment(beside);
                self.out.push('\n');
            }
            Body::Block(header, lines) => {
                self.space();
                self.out += header;
                self.comment(beside);
                self.out.push('\n');
                for line in lines {
                    self.indent(if line.is_empty() { 0 } else { indent + 2 });
                    self.out += line;
                    self.out.push('\n');
                }
            }
            Body::Brackets(signs, pieces, below) => {
                self.out.push('\n');
                self.indent(indent + 2);
                self.brackets(*signs, pieces, below, indent + 2);
                self.comment(beside);
                self.out.push('\n');
            }
            Body::Map(pieces, tail) => {
                self.comment(beside);
                self.out.push('\n');
                self.map(pieces, tail, indent + 2, false);
            }
            Body::List(pieces, tail) => {
                self.comment(beside);
                self.out.push('\n');
                self.list(pieces, tail, indent + 2, false);
            }
        }
    }

    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push(' ');
        }
    }

    /// A list or map in brackets over several lines: items begin a line where they did.
    fn brackets(&mut self, signs: [char; 2], pieces: &[Piece], below: &[Note], indent: usize) {
        self.out.push(signs[0]);
        let mut commented = true;
        for piece in pieces {
            if commented || piece.new_line || !piece.above.is_empty() {
                self.out.push('\n');
                self.notes(&piece.above, indent + 2);
                self.indent(indent + 2);
            } else {
                self.out.push(' ');
            }
            if let Some(key) = &piece.key {
                self.out += key;
                self.out.push(':');
                let is_empty = matches!(&piece.body, Body::Text(text) if text.is_empty());
                self.out += if is_empty { "" } else { " " };
            }
            match &piece.body {
                Body::Text(text) => self.out += text,
                Body::Lines(lines) => self.out += &lines.join(&format!("\n{}", " ".repeat(indent + 4))),
                Body::Brackets(signs, pieces, below) => self.brackets(*signs, pieces, below, indent + 2),
                // In brackets there are no blocks.
                Body::Block(..) | Body::Map(..) | Body::List(..) => {}
            }
            self.out.push(',');
            self.comment(piece.beside.as_deref());
            commented = piece.beside.is_some();
        }
        self.out.push('\n');
        self.notes(below, indent + 2);
        self.indent(indent);
        self.out.push(signs[1]);
    }
}
