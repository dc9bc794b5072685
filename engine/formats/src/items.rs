//! Cuts a JSON document into the values that matter, so that a message of a file of any size takes only its own memory.
//!
//! A reader names the containers to go into (its spine) by their paths: `""` is the whole document, `messages` a member of it,
//! `chats.list[]` each element of a list. Every value inside them that is not such a container is handed over whole, as bytes.

use std::io::{self, Read};

use lexhold_source::{Window, without_bom};

/// The values of a document.
pub(crate) struct Items<R> {
    window: Window<R>,
    spine: &'static [&'static str],
    limit_bytes: usize,
    levels: Vec<Level>,
    path: String,
    /// Bytes handed over, which go when the next are asked for.
    used: usize,
    due: Due,
}

struct Level {
    is_list: bool,
    /// How long the path to the container is.
    path_bytes: usize,
    /// Elements begun.
    number: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// The document itself.
    Document,
    /// The first member or element, or the end.
    First,
    /// A comma, or the end.
    More,
    /// A member or element, after a comma.
    Next,
    Nothing,
}

/// What comes next in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A container of the spine begins; the path is its own.
    Open,
    /// It ends.
    Close,
    /// A value, see [`Items::value`].
    Value,
    /// A value that is longer than the limit, and was passed by.
    TooLong,
    /// The document is damaged here, and nothing after it can be told.
    Broken(&'static str),
}

const CUT: &str = "the JSON ends in the middle";

impl<R: Read> Items<R> {
    pub(crate) fn new(from: R, spine: &'static [&'static str], limit_bytes: usize) -> Self {
        Self {
            window: Window::new(from),
            spine,
            limit_bytes,
            levels: Vec::new(),
            path: String::new(),
            used: 0,
            due: Due::Document,
        }
    }

    /// The path of what was handed over last.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The bytes of the value that was handed over last, unparsed.
    pub(crate) fn value(&self) -> &[u8] {
        &self.window.bytes()[..self.used]
    }

    /// Which element of its list was handed over last, from 1; without a list, which member of the map inside the document.
    pub(crate) fn number(&self) -> u64 {
        let list = self.levels.iter().rev().find(|level| level.is_list);
        let list = list.or_else(|| self.levels.get(1));
        list.map_or(1, |level| level.number.max(1))
    }

    /// What comes next; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Step>> {
        self.window.consume(std::mem::take(&mut self.used));
        loop {
            if self.due == Due::Nothing {
                return Ok(None);
            }
            let Some(byte) = self.peek()? else {
                let empty = self.due == Due::Document;
                self.due = Due::Nothing;
                return Ok((!empty || !self.levels.is_empty()).then_some(Step::Broken(CUT)));
            };
            let in_list = self.levels.last().is_some_and(|level| level.is_list);
            match (self.due, byte) {
                (Due::Document, _) => return self.take(),
                (Due::First | Due::More, b']') if in_list => return Ok(Some(self.close())),
                (Due::First | Due::More, b'}') if !in_list => return Ok(Some(self.close())),
                (Due::More, b',') => {
                    self.window.consume(1);
                    self.due = Due::Next;
                }
                (Due::First | Due::Next, _) => match self.begin(in_list)? {
                    Ok(()) => return self.take(),
                    Err(why) => return Ok(Some(self.broken(why))),
                },
                _ => return Ok(Some(self.broken("a comma or the end of a list is missing"))),
            }
        }
    }

    /// The first byte that is no white space.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let mut bytes = self.window.bytes();
            if self.due == Due::Document && bytes.first() == Some(&0xef) {
                if bytes.len() < 3 && self.window.more()? {
                    continue;
                }
                bytes = without_bom(self.window.bytes());
            }
            let bom = self.window.bytes().len() - bytes.len();
            let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count() + bom;
            let found = self.window.bytes().get(blank).copied();
            self.window.consume(blank);
            if found.is_some() || !self.window.more()? {
                return Ok(found);
            }
        }
    }

    /// Goes to the value of the next member or element.
    fn begin(&mut self, in_list: bool) -> io::Result<Result<(), &'static str>> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(Err("something stands after the end"));
        };
        level.number += 1;
        self.path.truncate(level.path_bytes);
        if in_list {
            self.path.push_str("[]");
            return Ok(Ok(()));
        }
        let key = match self.extent()? {
            Extent::Whole(length) => {
                let key = serde_json::from_slice::<String>(&self.window.bytes()[..length]);
                self.window.consume(length);
                key
            }
            Extent::Cut | Extent::TooLong => return Ok(Err(CUT)),
        };
        let Ok(key) = key else {
            return Ok(Err("a name is missing"));
        };
        if !self.path.is_empty() {
            self.path.push('.');
        }
        // A name MUST NOT be able to look like a path.
        self.path.extend(
            key.chars()
                .map(|char| if matches!(char, '.' | '[' | ']') { '\0' } else { char }),
        );
        if self.peek()? != Some(b':') {
            return Ok(Err("a colon is missing"));
        }
        self.window.consume(1);
        Ok(self.peek()?.map(|_| ()).ok_or(CUT))
    }

    fn take(&mut self) -> io::Result<Option<Step>> {
        let first = self.window.bytes().first().copied();
        if matches!(first, Some(b'{' | b'[')) && self.spine.contains(&self.path.as_str()) {
            self.window.consume(1);
            self.levels.push(Level {
                is_list: first == Some(b'['),
                path_bytes: self.path.len(),
                number: 0,
            });
            self.due = Due::First;
            return Ok(Some(Step::Open));
        }
        self.due = if self.levels.is_empty() {
            Due::Nothing
        } else {
            Due::More
        };
        Ok(Some(match self.extent()? {
            Extent::Whole(length) => {
                self.used = length;
                Step::Value
            }
            Extent::TooLong => Step::TooLong,
            Extent::Cut => self.broken(CUT),
        }))
    }

    fn close(&mut self) -> Step {
        self.window.consume(1);
        if let Some(level) = self.levels.pop() {
            self.path.truncate(level.path_bytes);
        }
        self.due = if self.levels.is_empty() {
            Due::Nothing
        } else {
            Due::More
        };
        Step::Close
    }

    fn broken(&mut self, why: &'static str) -> Step {
        self.due = Due::Nothing;
        Step::Broken(why)
    }

    /// How far the value at the front of the window reaches. One that is too long is consumed on the way.
    fn extent(&mut self) -> io::Result<Extent> {
        let (mut scan, mut at, mut passed) = (Scan::default(), 0, false);
        loop {
            let bytes = self.window.bytes();
            match scan.on(&bytes[at..]) {
                Some(length) if passed => {
                    self.window.consume(at + length);
                    return Ok(Extent::TooLong);
                }
                Some(length) if at + length > self.limit_bytes => {
                    self.window.consume(at + length);
                    return Ok(Extent::TooLong);
                }
                Some(length) => return Ok(Extent::Whole(at + length)),
                None => at = bytes.len(),
            }
            if passed || at > self.limit_bytes {
                self.window.consume(at);
                (at, passed) = (0, true);
            }
            if !self.window.more()? {
                let number = scan.is_bare() && at > 0 && !passed;
                return Ok(if number { Extent::Whole(at) } else { Extent::Cut });
            }
        }
    }
}

enum Extent {
    Whole(usize),
    TooLong,
    Cut,
}

/// Follows strings and brackets; what stands between them is the parser's business.
#[derive(Default)]
struct Scan {
    begun: bool,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    /// Whether the value is a number or a word, which ends with the document.
    fn is_bare(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_text
    }

    /// Where the value ends in these bytes, which follow on those before.
    fn on(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_text {
                at += self.text(&bytes[at..]);
                if !self.in_text && self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match bytes[at] {
                b'"' if self.begun && self.depth == 0 => return Some(at),
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => return Some(at),
                _ => {}
            }
            self.begun = true;
            at += 1;
        }
        None
    }

    /// The bytes up to the end of a text, or all of them.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if std::mem::take(&mut self.escaped) {
            at = 1;
        }
        loop {
            let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) else {
                return bytes.len();
            };
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.in_text = false;
                return at;
            }
            if at == bytes.len() {
                self.escaped = true;
                return at;
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Hands out a few bytes at a time, so that everything is cut everywhere.
    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(to.len());
            to[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn steps(text: &str, spine: &'static [&'static str], drip: usize) -> Vec<String> {
        let mut items = Items::new(Dripping(text.as_bytes(), drip), spine, 40);
        let mut all = Vec::new();
        loop {
            let step = match items.next().unwrap() {
                None => return all,
                Some(Step::Value) => String::from_utf8(items.value().to_vec()).unwrap(),
                Some(other) => format!("{other:?}"),
            };
            all.push(format!("{} {} {step}", items.path(), items.number()));
        }
    }

    #[test]
    fn values_come_with_their_paths_however_the_bytes_drip() {
        let text =
            "\u{feff} {\"a\": \"x\\\"}\", \"list\" : [ {\"b\":[1,{}]} ,2, \"\\\\\" ,[] ], \"c.d\":null,\"e\":{} } ";
        let expected = [
            " 1 Open",
            "a 1 \"x\\\"}\"",
            "list 1 Open",
            "list[] 1 {\"b\":[1,{}]}",
            "list[] 2 2",
            "list[] 3 \"\\\\\"",
            "list[] 4 []",
            "list 1 Close",
            "c\0d 1 null",
            "e 1 {}",
            " 1 Close",
        ];
        for drip in [1, 2, 3, 7, 1000] {
            assert_eq!(steps(text, &["", "list"], drip), expected, "{drip} bytes at a time");
        }
        assert_eq!(steps("17", &[""], 1), [" 1 17"], "a document of one value");
        assert_eq!(steps("", &[""], 1), Vec::<String>::new());
    }

    #[test]
    fn damage_is_told_once_and_ends_the_document() {
        for (text, last) in [
            ("[1,{\"a\":", "[] 2 Broken(\"the JSON ends in the middle\")"),
            ("[1", "[] 1 Broken(\"the JSON ends in the middle\")"),
            ("[1 2]", "[] 1 Broken(\"a comma or the end of a list is missing\")"),
            ("[1}", "[] 1 Broken(\"a comma or the end of a list is missing\")"),
        ] {
            let found = steps(text, &[""], 1);
            assert_eq!(found.last().map(String::as_str), Some(last), "{text}");
        }
        let long = format!("[1,\"{}\",3]", "x".repeat(100));
        assert_eq!(steps(&long, &[""], 5)[2..4], ["[] 2 TooLong", "[] 3 3"]);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<i32>().prop_map(|number| json!(number)),
            "[\\\\\"a{}\\[\\],:é ]{0,6}".prop_map(|text| json!(text)),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a\"]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// What serde makes of the whole document is what it makes of the pieces.
        #[test]
        fn no_element_is_lost_or_changed(list in proptest::collection::vec(value(), 0..6), drip in 1usize..9, pretty: bool) {
            let document = Value::from(list.clone());
            let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
            let mut items = Items::new(Dripping(text.as_bytes(), drip), &[""], 1 << 20);
            let mut found = Vec::new();
            while let Some(step) = items.next().unwrap() {
                if step == Step::Value {
                    found.push(serde_json::from_slice::<Value>(items.value()).unwrap());
                }
            }
            prop_assert_eq!(found, list);
        }

        /// Any bytes end, without a panic.
        #[test]
        fn any_bytes_come_to_an_end(bytes in proptest::collection::vec(prop_oneof![Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b'\\'), Just(b','), Just(b':'), any::<u8>()], 0..40)) {
            let mut items = Items::new(bytes.as_slice(), &["", "[]", "a"], 10);
            let mut steps = 0;
            while items.next().unwrap().is_some() {
                steps += 1;
                prop_assert!(steps < 1000);
            }
        }
    }
}
