//! Where in a document somebody is typing, told from the lines above, so that it is known also while the text is no YAML.

use std::ops::Range;

use lexhold_document::Seg;

/// The place at which somebody is typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The path of the map or value that is being typed.
    pub path: Vec<Seg>,
    /// What is being typed.
    pub at: At,
    /// The bytes typed so far.
    pub typed: Range<usize>,
    /// The keys that stand beside it.
    pub beside: Vec<String>,
}

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A key of the map.
    Key,
    /// A value that may still become a key: nothing but a word stands here.
    KeyOrValue,
    /// A value.
    Value,
}

/// Finds the place of a byte; nothing inside of a comment.
pub fn cursor(text: &str, at: usize) -> Option<Cursor> {
    let at = text.floor_char_boundary(at);
    let mut walk = Walk {
        text,
        at,
        frames: Vec::new(),
        block: None,
    };
    let mut start = 0;
    loop {
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        match walk.line(start, end) {
            Next::Line if end < at => start = end + 1,
            Next::Line => return None,
            Next::At(byte) => {
                // A flow map or list ended in the middle of a line; what follows on it is a comment at most.
                let end = text[byte..].find('\n').map(|length| byte + length)?;
                if end >= at {
                    return None;
                }
                start = end + 1;
            }
            Next::Found(cursor) => return cursor,
        }
    }
}

/// A key or an item above the cursor.
struct Frame {
    /// The column at which it stands.
    column: usize,
    seg: Seg,
    /// Whether a value stands behind the key, on its own line.
    has_value: bool,
}

/// What comes after a line.
enum Next {
    Line,
    At(usize),
    Found(Option<Cursor>),
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
    frames: Vec<Frame>,
    /// The column of the key whose block scalar we are in.
    block: Option<usize>,
}

impl Walk<'_> {
    /// Reads one line of a block.
    fn line(&mut self, start: usize, end: usize) -> Next {
        let line = self.text[start..end].trim_end_matches('\r');
        let is_last = self.at <= end;
        let shown = if is_last {
            &line[..(self.at - start).min(line.len())]
        } else {
            line
        };
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(column) = self.block {
            if line.trim().is_empty() && !is_last || indent > column && !line.trim().is_empty() {
                return if is_last {
                    self.value(start + indent.min(shown.len()))
                } else {
                    Next::Line
                };
            }
            if is_last && line.trim().is_empty() && shown.len() > column {
                return self.value(self.at);
            }
            self.block = None;
        }
        if is_comment(shown) {
            return if is_last { Next::Found(None) } else { Next::Line };
        }
        if line.trim().is_empty() {
            return if is_last { self.blank(shown.len()) } else { Next::Line };
        }
        self.tokens(start, shown, line, is_last)
    }

    /// The cursor on a line without anything: a key of whatever map has its keys in this column.
    fn blank(&mut self, column: usize) -> Next {
        self.leave(column, false);
        let typed = self.at..self.at;
        Next::Found(Some(self.found(At::KeyOrValue, typed, column)))
    }

    fn tokens(&mut self, start: usize, shown: &str, line: &str, is_last: bool) -> Next {
        let mut column = line.len() - line.trim_start_matches(' ').len();
        if is_last && shown.len() < column {
            return self.blank(shown.len());
        }
        // A line further in than a key with a value goes on with that value.
        if let Some(frame) = self.frames.last()
            && frame.has_value
            && column > frame.column
        {
            return if is_last {
                self.value(start + column)
            } else {
                Next::Line
            };
        }
        while line[column..].starts_with("- ") || &line[column..] == "-" {
            self.item(column);
            let rest = &line[column + 1..];
            column += 1 + rest.len() - rest.trim_start_matches(' ').len();
            if is_last && shown.len() < column || column >= line.len() {
                let typed = self.at..self.at;
                return if is_last {
                    Next::Found(Some(self.found(At::KeyOrValue, typed, column)))
                } else {
                    Next::Line
                };
            }
        }
        let rest = &line[column..];
        if rest.starts_with(['{', '[']) {
            return self.flow(start + column);
        }
        let Some((key, value)) = key(rest) else {
            if !is_last {
                return Next::Line;
            }
            self.leave(column, false);
            return Next::Found(Some(self.found(At::KeyOrValue, start + column..self.at, column)));
        };
        self.leave(column, false);
        if is_last && shown.len() < column + value {
            let typed = start + column..self.at;
            return Next::Found(Some(self.found(At::Key, typed, column)));
        }
        let after = &line[column + value..];
        let space = after.len() - after.trim_start_matches(' ').len();
        let (value, written) = (column + value + space, &after[space..]);
        self.frames.push(Frame {
            column,
            seg: Seg::from(key),
            has_value: !written.is_empty() && !written.starts_with('#'),
        });
        if written.starts_with(['{', '[']) && (!is_last || shown.len() > value) {
            return self.flow(start + value);
        }
        if is_last {
            return self.value((start + value).min(self.at));
        }
        if written.starts_with(['|', '>']) {
            self.block = Some(column);
        }
        Next::Line
    }

    /// Begins an item of a list whose dash stands in this column.
    fn item(&mut self, column: usize) {
        self.leave(column, true);
        let before = self
            .frames
            .pop_if(|frame| frame.column == column && matches!(frame.seg, Seg::Index(_)));
        let index = match before.map(|frame| frame.seg) {
            Some(Seg::Index(index)) => index + 1,
            _ => 0,
        };
        self.frames.push(Frame {
            column,
            seg: Seg::Index(index),
            has_value: false,
        });
    }

    /// Leaves what stands further in than a column. A key in that very column is left too, unless a dash stands there.
    fn leave(&mut self, column: usize, dash: bool) {
        while self
            .frames
            .pop_if(|frame| frame.column > column || (!dash && frame.column == column))
            .is_some()
        {}
        if dash {
            // A list may stand in the column of its own key, but not below one that has a value.
            self.frames.pop_if(|frame| frame.column == column && frame.has_value);
        }
    }

    /// The cursor in the value of the innermost key, which begins at a byte.
    fn value(&self, from: usize) -> Next {
        Next::Found(Some(Cursor {
            path: self.path(),
            at: At::Value,
            typed: from.min(self.at)..self.at,
            beside: Vec::new(),
        }))
    }

    fn found(&self, at: At, typed: Range<usize>, column: usize) -> Cursor {
        Cursor {
            path: self.path(),
            at,
            typed,
            beside: self.beside(column),
        }
    }

    fn path(&self) -> Vec<Seg> {
        self.frames.iter().map(|frame| frame.seg.clone()).collect()
    }

    /// The keys in the same map as the cursor's line, above and below.
    fn beside(&self, column: usize) -> Vec<String> {
        let line_start = self.text[..self.at].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[self.at..]
            .find('\n')
            .map_or(self.text.len(), |at| self.at + at);
        let mut keys = Vec::new();
        let own = &self.text[line_start..line_end];
        // The first key of an item stands behind the dash.
        if !starts_item(own, column) {
            for line in self.text[..line_start].lines().rev() {
                if !take_key(line, column, &mut keys) || starts_item(line, column) {
                    break;
                }
            }
        }
        for line in self.text[line_end..].lines().skip(1) {
            if starts_item(line, column) || !take_key(line, column, &mut keys) {
                break;
            }
        }
        keys
    }

    /// Reads a flow map or list that begins at a byte, until it ends or the cursor is there.
    fn flow(&mut self, start: usize) -> Next {
        let mut flow = Flow::default();
        let mut chars = self.text[start..].char_indices();
        while let Some((offset, character)) = chars.next() {
            let byte = start + offset;
            if byte >= self.at {
                break;
            }
            if let Some(quote) = flow.quote {
                if character == '\\' && quote == '"' {
                    chars.next();
                } else if character == quote {
                    flow.quote = None;
                }
                continue;
            }
            match character {
                '#' if self.text[..byte].ends_with([' ', '\n']) => {
                    let rest = &self.text[byte..];
                    let length = rest.find('\n').unwrap_or(rest.len());
                    if byte + length >= self.at {
                        return Next::Found(None);
                    }
                    if let Some(level) = flow.levels.last_mut()
                        && self.text[level.from..byte].trim().is_empty()
                    {
                        level.from = byte + length;
                    }
                    while chars.as_str().len() > rest.len() - length {
                        chars.next();
                    }
                }
                '"' | '\'' if flow.is_at_start(self.text, byte) => flow.quote = Some(character),
                _ => flow.take(self.text, byte, character),
            }
            if flow.levels.is_empty() {
                return if byte + 1 >= self.at {
                    Next::Found(None)
                } else {
                    Next::At(byte + 1)
                };
            }
        }
        let mut path = self.path();
        Next::Found(Some(flow.cursor(self.text, self.at, &mut path)))
    }
}

/// Flow maps and lists that are open.
#[derive(Default)]
struct Flow {
    levels: Vec<Level>,
    quote: Option<char>,
}

struct Level {
    is_map: bool,
    /// The key before the value that is being read.
    key: Option<String>,
    keys: Vec<String>,
    index: usize,
    /// Where the present key or value begins.
    from: usize,
}

impl Flow {
    fn take(&mut self, text: &str, byte: usize, character: char) {
        let next = byte + character.len_utf8();
        match (character, self.levels.last_mut()) {
            ('{' | '[', _) => self.levels.push(Level {
                is_map: character == '{',
                key: None,
                keys: Vec::new(),
                index: 0,
                from: next,
            }),
            ('}' | ']', _) => {
                self.levels.pop();
            }
            (',', Some(level)) => {
                level.index += 1;
                level.key = None;
                level.from = next;
            }
            (':', Some(level))
                if level.is_map && level.key.is_none() && text[next..].starts_with([' ', '\n', '\r']) =>
            {
                let key = text[level.from..byte].trim().trim_matches(['"', '\'']).to_owned();
                level.keys.push(key.clone());
                level.key = Some(key);
                level.from = next;
            }
            _ => {}
        }
    }

    /// Whether a key or value begins at a byte, so that a quote there is one.
    fn is_at_start(&self, text: &str, byte: usize) -> bool {
        self.levels
            .last()
            .is_some_and(|level| text[level.from..byte].trim().is_empty())
    }

    fn cursor(self, text: &str, at: usize, path: &mut Vec<Seg>) -> Cursor {
        let mut found = (At::Value, Vec::new(), at);
        let n_levels = self.levels.len();
        for (depth, level) in self.levels.into_iter().enumerate() {
            let typed = &text[level.from.min(at)..at];
            let from = at - typed.trim_start().len();
            let is_last = depth + 1 == n_levels;
            match (level.is_map, level.key) {
                (true, Some(key)) => {
                    path.push(Seg::from(key));
                    found = (At::Value, Vec::new(), from);
                }
                (true, None) if is_last => found = (At::Key, level.keys, from),
                (true, None) => {}
                (false, _) => {
                    path.push(Seg::from(level.index));
                    found = (At::KeyOrValue, Vec::new(), from);
                }
            }
        }
        let (at_what, beside, from) = found;
        Cursor {
            path: std::mem::take(path),
            at: at_what,
            typed: from..at,
            beside,
        }
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') || line.contains(" #") && !line.contains(['"', '\''])
}

/// The key at the start of a line, and where what follows its colon begins.
fn key(rest: &str) -> Option<(&str, usize)> {
    let colon = rest.match_indices(':').map(|(at, _)| at).find(|at| {
        let after = &rest[at + 1..];
        after.is_empty() || after.starts_with(' ')
    })?;
    let key = rest[..colon].trim_matches(['"', '\'']);
    (!key.is_empty() && !key.contains(['{', '[', '#', '"'])).then_some((key, colon + 1))
}

/// Whether the map with keys in this column begins on this line, behind a dash.
fn starts_item(line: &str, column: usize) -> bool {
    let Some(before) = line.get(..column) else { return false };
    before.contains('-') && before.trim_matches([' ', '-']).is_empty()
}

/// Takes the key of a line if it stands in this column; says whether the map may go on.
fn take_key(line: &str, column: usize, keys: &mut Vec<String>) -> bool {
    let text = line.trim_start_matches([' ', '-']);
    if text.trim().is_empty() || text.starts_with('#') {
        return true;
    }
    let at = line.len() - text.len();
    if at < column {
        return false;
    }
    if at == column
        && let Some((key, _)) = key(text)
    {
        keys.push(key.to_owned());
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The cursor at `¦`, as `path what typed beside`.
    fn told(text: &str) -> String {
        let at = text.find('¦').unwrap();
        let text = text.replacen('¦', "", 1);
        let Some(cursor) = cursor(&text, at) else {
            return "nothing".into();
        };
        let path: Vec<String> = cursor
            .path
            .iter()
            .map(|seg| match seg {
                Seg::Key(key) => key.clone(),
                Seg::Index(index) => index.to_string(),
            })
            .collect();
        let beside = cursor.beside.join(",");
        format!("{} {:?} `{}` {beside}", path.join("/"), cursor.at, &text[cursor.typed])
    }

    #[test]
    fn the_place_is_known_also_of_what_is_half_typed() {
        for (text, expected) in [
            ("lexhold: 1\n¦", " KeyOrValue `` lexhold"),
            ("lexhold: 1\nru¦\nowner: x\n", " KeyOrValue `ru` lexhold,owner"),
            ("a:\n  b¦", "a KeyOrValue `b` "),
            ("a:\n  b: c¦", "a/b Value `c` "),
            ("a:\n  b: ¦\n", "a/b Value `` "),
            ("a:\n  b:¦\n", "a/b Value `` "),
            (
                "rules:\n  - id: x\n    sev¦\n    why: y\n  - id: z\n",
                "rules/0 KeyOrValue `sev` id,why",
            ),
            ("rules:\n  - id: x\n  - ¦\n    why: y\n", "rules/1 KeyOrValue `` why"),
            ("rules:\n  - id: x\n\n    ¦", "rules/0 KeyOrValue `` id"),
            ("rules:\n  - id: x\n¦", " KeyOrValue `` rules"),
            ("rules:\n- id: x\n  wh¦", "rules/0 KeyOrValue `wh` id"),
            ("rules:\n- id: x\nown¦", " KeyOrValue `own` rules"),
            ("rules:\n  - id: x\n    se¦verity: high\n", "rules/0 Key `se` id"),
            ("a: { b: c, d¦", "a Key `d` b"),
            ("a: { b: c, d: ¦ }\n", "a/d Value `` "),
            ("a: { b: [x, y¦", "a/b/1 KeyOrValue `y` "),
            ("a: { b: [{ c: d }, { e¦ }] }\n", "a/b/1 Key `e` "),
            ("a: [\n  x, # no, it is not\n  ¦\n]\n", "a/1 KeyOrValue `` "),
            ("a: { b: \"x, {\", c: 'it''s', ¦ }", "a Key `` b,c"),
            ("a: { b: c }\nd¦", " KeyOrValue `d` a"),
            ("a: { b: c } ¦", "nothing"),
            ("- when: |\n    x == y\n    re¦source\n", "0/when Value `re` "),
            ("a:\n  when: >-\n    x &&\n\n    ¦\n  b: c\n", "a/when Value `` "),
            ("a: |\n  x: y\nb¦", " KeyOrValue `b` a"),
            ("a: x &&\n  y¦\n", "a Value `y` "),
            ("a: b # no¦te\n", "nothing"),
            ("# no¦te\n", "nothing"),
            ("cites:\n  - a\n  - b¦\n", "cites/1 KeyOrValue `b` "),
            ("a:\r\n  b: c\r\n  d¦\r\n", "a KeyOrValue `d` b"),
            ("a:\n  - - x\n    - y¦", "a/0/1 KeyOrValue `y` "),
            ("a:\n  - { b: c, ¦\n  - d\n", "a/0 Key `` b"),
            ("é: 😀\nü¦", " KeyOrValue `ü` é"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_its_cursors(text in "([a:#{}\\[\\],'\"|>\u{e9}\u{1f600} -]|: |- |\n|\r\n|  ){0,60}", at in 0_usize..80) {
            if let Some(cursor) = cursor(&text, at) {
                prop_assert!(text.get(cursor.typed).is_some());
            }
        }
    }
}
