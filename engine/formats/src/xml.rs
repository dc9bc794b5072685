//! Cuts an XML document into the elements that matter, so that a message of a file of any size takes only its own memory.
//!
//! A reader names the elements to go into (its spine); every other one inside them is handed over whole. Entities other than
//! those that XML itself has are never expanded, and what is not well-formed costs the element that it stands in.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, WINDOWS_1252};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// How deep an element may go, and how many others it may hold.
const DEEPEST: usize = 32;
const MOST_INSIDE: usize = 10_000;

const CUT: &str = "the XML ends in the middle";
const ILL_FORMED: &str = "is not well-formed XML";

/// The elements of a document.
pub(crate) struct Xml {
    reader: Reader<Bounded>,
    buffer: Vec<u8>,
    spine: &'static [&'static str],
    limit_bytes: usize,
    /// The elements of the spine that we are in.
    open: Vec<String>,
    /// What has been found and not been handed over yet.
    next: Option<Found>,
    number: u64,
    ended: bool,
}

/// What comes next in a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// An element of the spine begins; it has nothing inside yet.
    Open(Element),
    /// It ends.
    Close,
    /// An element.
    Element(Element),
    /// An element that cannot be read, and why.
    Damaged(&'static str),
    /// Nothing after this can be told.
    Broken(String),
}

/// An element, or one inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name, without a prefix.
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// The text between its tags, without the blanks around it, and without those by which a pretty printer moves its lines in.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
    /// By how much a pretty printer has moved it in.
    indent: String,
}

impl Element {
    /// The value of an attribute, if it has one that says anything.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name, if it says anything.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        self.child(name)
            .map(|child| child.text.as_str())
            .filter(|text| !text.is_empty())
    }

    fn begin(tag: &BytesStart<'_>, indent: String) -> Result<Self, &'static str> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| ILL_FORMED)?;
            let value = unescape(&attribute.value).map_err(|_| ENTITY)?;
            attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: tag.local_name().as_ref().to_owned(),
            attributes,
            indent,
            ..Self::default()
        })
    }

    fn finish(mut self) -> Self {
        let moved_in = format!("\n{}", self.indent);
        if !self.indent.is_empty() && self.text.contains(&moved_in) {
            self.text = self.text.replace(&moved_in, "\n");
        }
        self.text = self.text.trim().to_owned();
        self
    }
}

const ENTITY: &str = "names an entity, and none is expanded";

impl Xml {
    pub(crate) fn new(from: Box<dyn Read + Send>, spine: &'static [&'static str], limit_bytes: usize) -> Self {
        let bounded = Bounded {
            inner: BufReader::with_capacity(64 << 10, Decoded::new(from)),
            left: limit_bytes,
        };
        let mut reader = Reader::from_reader(bounded);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Self {
            reader,
            buffer: Vec::new(),
            spine,
            limit_bytes,
            open: Vec::new(),
            next: None,
            number: 0,
            ended: false,
        }
    }

    /// Which element was handed over last, from 1; those of the spine do not count.
    pub(crate) fn number(&self) -> u64 {
        self.number.max(1)
    }

    /// What comes next; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Found> {
        if let Some(found) = self.next.take() {
            return Some(found);
        }
        let mut indent = String::new();
        while !self.ended {
            self.reader.get_mut().left = self.limit_bytes;
            self.buffer.clear();
            let (tag, empty) = match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(tag)) => (tag, false),
                Ok(Event::Empty(tag)) => (tag, true),
                Ok(Event::End(tag)) => {
                    let name = tag.local_name();
                    match self.open.iter().rposition(|open| open == name.as_ref()) {
                        Some(at) => {
                            self.open.truncate(at);
                            return Some(Found::Close);
                        }
                        None => continue,
                    }
                }
                Ok(Event::Text(text)) => {
                    indent = moved_in(&text).to_owned();
                    continue;
                }
                Ok(Event::Eof) => {
                    self.ended = true;
                    return (!self.open.is_empty()).then(|| Found::Broken(CUT.to_owned()));
                }
                Ok(_) => continue,
                Err(error) => return Some(self.broken(&error)),
            };
            let element = Element::begin(&tag, std::mem::take(&mut indent));
            let name = tag.local_name().as_ref().to_owned();
            if self.spine.contains(&name.as_str()) {
                if empty {
                    self.next = Some(Found::Close);
                } else {
                    self.open.push(name.clone());
                }
                let bare = Element {
                    name,
                    ..Element::default()
                };
                return Some(Found::Open(element.unwrap_or(bare)));
            }
            self.number += 1;
            return Some(match (element, empty) {
                (Ok(element), true) => Found::Element(element.finish()),
                (Err(why), true) => Found::Damaged(why),
                (element, false) => self.element(name, element),
            });
        }
        None
    }

    /// Reads an element to its end.
    fn element(&mut self, name: String, first: Result<Element, &'static str>) -> Found {
        let mut damage = first.as_ref().err().copied();
        let mut stack = vec![first.unwrap_or(Element {
            name,
            ..Element::default()
        })];
        let mut inside = 0;
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return self.broken(&error),
            };
            // The element itself stays in the stack until it ends.
            let Some(top) = stack.last_mut() else {
                return Found::Damaged(ILL_FORMED);
            };
            match event {
                Event::Start(tag) => {
                    inside += 1;
                    let indent = moved_in(&top.text).to_owned();
                    let child = Element::begin(&tag, indent).unwrap_or_else(|why| {
                        damage = damage.or(Some(why));
                        Element {
                            name: tag.local_name().as_ref().to_owned(),
                            ..Element::default()
                        }
                    });
                    if stack.len() >= DEEPEST || inside > MOST_INSIDE {
                        return self.pass_by(&stack[0].name);
                    }
                    stack.push(child);
                }
                Event::Empty(tag) => {
                    inside += 1;
                    match Element::begin(&tag, String::new()) {
                        Ok(child) if inside <= MOST_INSIDE => top.children.push(child),
                        Ok(_) => return self.pass_by(&stack[0].name),
                        Err(why) => damage = damage.or(Some(why)),
                    }
                }
                Event::Text(text) => top.text.push_str(&text.xml10_content()),
                Event::CData(text) => top.text.push_str(&text.xml10_content()),
                Event::GeneralRef(name) => match reference(&name) {
                    Some(char) => top.text.push(char),
                    None => damage = damage.or(Some(ENTITY)),
                },
                Event::End(tag) => {
                    let ended = tag.local_name();
                    let Some(at) = stack.iter().rposition(|open| open.name == ended.as_ref()) else {
                        damage = damage.or(Some(ILL_FORMED));
                        if let Some(at) = self.open.iter().rposition(|open| open == ended.as_ref()) {
                            self.open.truncate(at);
                            self.next = Some(Found::Close);
                            return Found::Damaged(ILL_FORMED);
                        }
                        continue;
                    };
                    if at + 1 < stack.len() {
                        damage = damage.or(Some(ILL_FORMED));
                    }
                    stack.truncate(at + 1);
                    let Some(done) = stack.pop().map(Element::finish) else {
                        return Found::Damaged(ILL_FORMED);
                    };
                    match (stack.last_mut(), damage) {
                        (Some(parent), _) => parent.children.push(done),
                        (None, Some(why)) => return Found::Damaged(why),
                        (None, None) => return Found::Element(done),
                    }
                }
                Event::Eof => {
                    self.ended = true;
                    return Found::Broken(CUT.to_owned());
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    /// Goes behind the end of an element that is too large.
    fn pass_by(&mut self, name: &str) -> Found {
        loop {
            self.reader.get_mut().left = self.limit_bytes;
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::End(tag)) if tag.local_name().as_ref() == name => {
                    return Found::Damaged("holds more elements, or deeper ones, than a message can");
                }
                Ok(Event::Eof) => {
                    self.ended = true;
                    return Found::Broken(CUT.to_owned());
                }
                Ok(_) => {}
                Err(error) => return self.broken(&error),
            }
        }
    }

    fn broken(&mut self, error: &quick_xml::Error) -> Found {
        self.ended = true;
        Found::Broken(match error {
            quick_xml::Error::Io(error) => error.to_string(),
            quick_xml::Error::Syntax(_) => CUT.to_owned(),
            _ => ILL_FORMED.to_owned(),
        })
    }
}

/// The blanks before a tag, if it begins its line.
fn moved_in(before: &str) -> &str {
    let line = before.rfind('\n').map_or("", |end| &before[end + 1..]);
    if line.bytes().all(|byte| matches!(byte, b' ' | b'\t')) {
        line
    } else {
        ""
    }
}

/// The character of a reference, for those that every XML document has.
fn reference(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    Some(match name.as_ref() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return name.resolve_char_ref().ok().flatten(),
    })
}

/// The name of the outermost element with which some bytes begin, and the text that they are.
pub(crate) fn root(first: &[u8]) -> Option<(String, String)> {
    first.iter().take(64).find(|byte| **byte == b'<')?;
    let (text, ..) = encoding(first).decode(first);
    let mut rest = text.trim_start();
    rest.starts_with('<').then_some(())?;
    loop {
        let tag = rest.trim_start().strip_prefix('<')?;
        rest = if let Some(comment) = tag.strip_prefix("!--") {
            &comment[comment.find("-->")? + 3..]
        } else if tag.starts_with(['?', '!']) {
            &tag[tag.find('>')? + 1..]
        } else {
            let end = tag.find([' ', '\t', '\r', '\n', '>', '/'])?;
            let name = &tag[..end];
            let name = name.rsplit(':').next().unwrap_or(name).to_owned();
            return Some((name, text.into_owned()));
        };
    }
}

/// The encoding of a document, by its first bytes; UTF-8 where it names none that is known.
fn encoding(first: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(first) {
        return encoding;
    }
    match first {
        [0, b'<', ..] => return encoding_rs::UTF_16BE,
        [b'<', 0, ..] => return encoding_rs::UTF_16LE,
        _ => {}
    }
    let declaration = first.strip_prefix(b"<?xml").map(|rest| {
        let end = memchr::memchr(b'>', rest).unwrap_or(0);
        String::from_utf8_lossy(&rest[..end]).into_owned()
    });
    let named = declaration.as_deref().and_then(|words| {
        let value = words
            .split_once("encoding")?
            .1
            .trim_start()
            .strip_prefix('=')?
            .trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split(quote).next()
    });
    let named = named.and_then(|name| Encoding::for_label(name.as_bytes()));
    // A document whose declaration can be read byte by byte is not in UTF-16, whatever it says.
    named.filter(|encoding| encoding.is_ascii_compatible()).unwrap_or(UTF_8)
}

/// Text in any encoding as UTF-8. What cannot be decoded becomes the character that stands for that.
struct Decoded {
    from: Box<dyn Read + Send>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    start: usize,
    ended: bool,
    flushed: bool,
}

impl Decoded {
    const STEP_BYTES: usize = 64 << 10;

    fn new(from: Box<dyn Read + Send>) -> Self {
        Self {
            from,
            decoder: None,
            raw: Vec::new(),
            start: 0,
            ended: false,
            flushed: false,
        }
    }

    /// Reads on when everything was decoded.
    fn fill(&mut self) -> io::Result<()> {
        self.raw.clear();
        self.start = 0;
        let read = self
            .from
            .by_ref()
            .take(Self::STEP_BYTES as u64)
            .read_to_end(&mut self.raw)?;
        self.ended = read == 0;
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.start == self.raw.len() && !self.ended {
                self.fill()?;
            }
            if self.flushed {
                return Ok(0);
            }
            let raw = &self.raw[self.start..];
            let decoder = self.decoder.get_or_insert_with(|| match encoding(raw) {
                // Bytes that old programs call Latin-1 are those of Windows.
                latin if latin == WINDOWS_1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
                other => other.new_decoder_with_bom_removal(),
            });
            let (result, read, written, _) = decoder.decode_to_utf8(raw, to, self.ended);
            self.start += read;
            self.flushed = self.ended && result == CoderResult::InputEmpty;
            if written > 0 || (to.len() < 4) {
                return Ok(written);
            }
        }
    }
}

/// A reader that gives no more than so many bytes at a time.
struct Bounded {
    inner: BufReader<Decoded>,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let length = bytes.len().min(to.len());
        to[..length].copy_from_slice(&bytes[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.inner.fill_buf()?;
        if self.left == 0 && !bytes.is_empty() {
            return Err(io::Error::other("an element is longer than the limit"));
        }
        Ok(&bytes[..bytes.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(bytes: &[u8], limit_bytes: usize) -> Vec<String> {
        let from = Box::new(io::Cursor::new(bytes.to_vec()));
        let mut xml = Xml::new(from, &["root", "list"], limit_bytes);
        let mut all = Vec::new();
        while let Some(found) = xml.next() {
            all.push(match found {
                Found::Open(element) => format!("({} {:?}", element.name, element.attributes),
                Found::Close => ")".to_owned(),
                Found::Element(element) => format!("{} {}", xml.number(), show(&element)),
                Found::Damaged(why) => format!("{} {why}", xml.number()),
                Found::Broken(why) => why,
            });
        }
        all
    }

    fn show(element: &Element) -> String {
        let children: Vec<String> = element.children.iter().map(show).collect();
        format!("{}{:?}[{}]", element.name, element.text, children.join(","))
    }

    #[test]
    fn elements_come_whole_and_their_lines_moved_back() {
        let text = "<?xml version=\"1.0\"?>\n<!DOCTYPE root [<!ENTITY bomb \"boom\">]>\n<root a='1 &lt; 2'>\n  <x:list/>\n  <m>\n    <c>one &amp;\n    two\n      three &#x41;<![CDATA[<b>]]></c>\n    <e k=\"v\"/>\n  </m>\n  <!-- no --><z/>\n</root>";
        let expected = [
            "(root [(\"a\", \"1 < 2\")]",
            "(list []",
            ")",
            "1 m\"\"[c\"one &\\ntwo\\n  three A<b>\"[],e\"\"[]]",
            "2 z\"\"[]",
            ")",
        ];
        assert_eq!(found(text.as_bytes(), 1 << 20), expected);
    }

    #[test]
    fn damage_costs_the_element_that_it_stands_in() {
        for (text, middle) in [
            ("<m>&bomb;</m>", ENTITY),
            ("<m a='&bomb;'>x</m>", ENTITY),
            ("<m><c>1 < 2</c></m>", ILL_FORMED),
            ("<m><c>x</m>", ILL_FORMED),
            ("<m>x</c></m>", ILL_FORMED),
            ("<m a='1' a='2'/>", ILL_FORMED),
        ] {
            let all = found(format!("<root><a/>{text}<z/></root>").as_bytes(), 1 << 20);
            assert_eq!(all[2..4], [format!("2 {middle}"), "3 z\"\"[]".to_owned()], "{text}");
        }
        let deep = format!("<root>{}x{}<z/></root>", "<m>".repeat(100), "</m>".repeat(100));
        let all = found(deep.as_bytes(), 1 << 20);
        assert_eq!(all[1], "1 holds more elements, or deeper ones, than a message can");
        assert_eq!(all[2], "2 z\"\"[]");
        let wide = format!("<root><m>{}</m><z/></root>", "<c/>".repeat(20_000));
        assert_eq!(found(wide.as_bytes(), 1 << 20)[1..3], all[1..3]);
        let cut = found(b"<root><list><m>x", 1 << 20);
        assert_eq!(cut.last().map(String::as_str), Some(CUT));
        let lost = found(b"<root><list><m>x</list><z/></root>", 1 << 20);
        assert_eq!(lost[2..], ["1 is not well-formed XML", ")", "2 z\"\"[]", ")"]);
        let long = format!("<root><m>{}</m></root>", "x".repeat(5000));
        assert_eq!(
            found(long.as_bytes(), 1000).last().unwrap(),
            "an element is longer than the limit"
        );
    }

    #[test]
    fn every_encoding_is_read_by_its_mark_or_its_name() {
        let utf16 = |text: &str, bom: bool| -> Vec<u8> {
            let units = bom.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        };
        let plain = "<root><m>é–</m></root>";
        for bytes in [
            utf16(plain, true),
            utf16(plain, false),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><root><m>\xe9\x96</m></root>".to_vec(),
            b"<?xml version='1.0' encoding = 'utf-16'?><root><m>\xc3\xa9\xe2\x80\x93</m></root>".to_vec(),
        ] {
            assert_eq!(found(&bytes, 1 << 20)[1], "1 m\"é–\"[]", "{bytes:?}");
            assert_eq!(root(&bytes).unwrap().0, "root");
        }
        assert_eq!(found(b"<root><m>\xff</m></root>", 1 << 20)[1], "1 m\"\u{fffd}\"[]");
        assert_eq!(root(b"plain"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Any bytes end, without a panic.
        #[test]
        fn any_bytes_come_to_an_end(words in proptest::collection::vec(prop_oneof![
            Just("<root>"), Just("</root>"), Just("<m>"), Just("</m>"), Just("<list"), Just("/>"), Just("<"), Just(">"), Just("&"), Just("&lt;"),
            Just("<![CDATA["), Just("]]>"), Just("<!--"), Just("-->"), Just("<?"), Just("?>"), Just("<!DOCTYPE"), Just("a='"), Just("'"), Just("\n "), Just("é"), Just("\0")
        ], 0..30)) {
            prop_assert!(found(words.concat().as_bytes(), 64).len() < 1000);
        }
    }
}
