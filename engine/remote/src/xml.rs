//! The XML that S3 answers with, as a tree: small, flat, and never more than a thousand entries.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// An element without its attributes, which say nothing to us.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The outermost element of a document; none where it is not one.
    pub(crate) fn parse(document: &[u8]) -> Option<Self> {
        let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Self> = Vec::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => open.push(Self {
                    name: tag.local_name().as_ref().to_owned(),
                    ..Self::default()
                }),
                Event::End(_) => {
                    let closed = open.pop()?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(closed),
                        None => return Some(closed),
                    }
                }
                Event::Text(text) => add(&mut open, &text.xml10_content()),
                Event::CData(text) => add(&mut open, &text.xml10_content()),
                Event::GeneralRef(name) => {
                    let char = name.resolve_char_ref().ok()?.map(String::from);
                    let text = char.or_else(|| resolve_predefined_entity(&name).map(str::to_owned))?;
                    add(&mut open, &text);
                }
                Event::Eof => return None,
                _ => {}
            }
        }
    }

    /// The text of the first child of a name.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name);
        child.map(|child| child.text.as_str())
    }
}

/// Text outside of all elements is the line break after the declaration.
fn add(open: &mut [Element], text: &str) {
    if let Some(top) = open.last_mut() {
        top.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_stand_for_what_they_say_and_anything_else_is_no_document() {
        let page = br#"<?xml version="1.0"?>
            <List xmlns="x"><Entry><Key>a&amp;b &#x20ac;&lt;</Key><Empty/></Entry></List>"#;
        let list = Element::parse(page).unwrap();
        assert_eq!(list.name, "List");
        assert_eq!(list.children[0].said("Key"), Some("a&b \u{20ac}<"));
        assert_eq!(list.children[0].said("Empty"), Some(""));
        assert_eq!(list.children[0].said("None"), None);
        for broken in [&b"<List><Entry></List>"[..], b"<List>&unknown;</List>", b"no", b"\xff"] {
            assert!(Element::parse(broken).is_none());
        }
    }
}
