//! The text of an attributed string that a Mac has packed with `NSArchiver`.
//!
//! A typed stream writes every class and every word of types once and refers to it by number afterwards. The text stands in front
//! of its attributes, so that nothing behind it has to be understood.

/// How a stream begins: version, its name, and the version of the system that wrote it.
const HEAD: &[u8] = b"\x04\x0bstreamtyped\x81\xe8\x03";
const SHORT: u8 = 0x81;
const LONG: u8 = 0x82;
const NEW: u8 = 0x84;
const NONE: u8 = 0x85;
/// References count from here.
const FIRST_REFERENCE: u8 = 0x92;
/// Superclasses of a class: those of strings have two.
const MOST_CLASSES: usize = 8;

/// What stands behind a text: the end of its object, and the types of its first attribute.
const ATTRIBUTES: &[u8] = b"\x86\x84";

/// A text that was unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    /// Whether it is shorter than the stream says: it ends where its attributes begin.
    pub(super) cut: bool,
}

/// The text that a stream holds.
///
/// # Errors
/// What is not as it should be, without a word of it.
pub(super) fn text(stream: &[u8]) -> Result<Text, &'static str> {
    let rest = stream.strip_prefix(HEAD).ok_or("it is no typed stream")?;
    let mut reader = Reader {
        rest,
        words: Vec::new(),
        classes: Vec::new(),
    };
    reader.object(&["NSAttributedString", "NSMutableAttributedString"])?;
    reader.object(&["NSString", "NSMutableString"])?;
    reader.types(b"+")?;
    let length = reader.length()?;
    let cut = length > reader.rest.len();
    let text = if cut {
        let end = memchr::memmem::find(reader.rest, ATTRIBUTES).ok_or("it ends in the middle")?;
        reader.take(end)?
    } else {
        reader.take(length)?
    };
    let text = String::from_utf8(text.to_vec()).map_err(|_| "its text is not UTF-8")?;
    Ok(Text { text, cut })
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Words of types and names of classes, in the order in which they came.
    words: Vec<&'a [u8]>,
    /// Objects and classes, in the order in which they came; objects have no name.
    classes: Vec<Option<&'a [u8]>>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("it ends in the middle")?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        Ok(self.take(1)?[0])
    }

    fn length(&mut self) -> Result<usize, &'static str> {
        match self.byte()? {
            SHORT => {
                let bytes = self.take(2)?;
                Ok(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
            }
            LONG => {
                let bytes = self.take(4)?;
                let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                usize::try_from(length).map_err(|_| "a length is impossible")
            }
            short @ 0..=0x7f => Ok(usize::from(short)),
            _ => Err("a length is impossible"),
        }
    }

    /// A word, new or one that came before.
    fn word(&mut self) -> Result<&'a [u8], &'static str> {
        match self.byte()? {
            NEW => {
                let length = self.length()?;
                let word = self.take(length)?;
                self.words.push(word);
                Ok(word)
            }
            reference @ FIRST_REFERENCE.. => {
                let word = self.words.get(usize::from(reference - FIRST_REFERENCE));
                word.copied().ok_or("a word is missing")
            }
            _ => Err("a word is missing"),
        }
    }

    fn types(&mut self, due: &[u8]) -> Result<(), &'static str> {
        if self.word()? == due {
            Ok(())
        } else {
            Err("it holds something else than a text")
        }
    }

    /// Goes into a new object of one of these classes.
    fn object(&mut self, due: &[&str]) -> Result<(), &'static str> {
        self.types(b"@")?;
        if self.byte()? != NEW {
            return Err("an object is missing");
        }
        self.classes.push(None);
        let class = self.class()?;
        if due.iter().any(|due| due.as_bytes() == class) {
            Ok(())
        } else {
            Err("it holds something else than a text")
        }
    }

    /// The name of a class; the classes that it comes from are passed by.
    fn class(&mut self) -> Result<&'a [u8], &'static str> {
        let mut first = None;
        for _ in 0..MOST_CLASSES {
            match self.byte()? {
                NEW => {
                    let name = self.word()?;
                    self.length()?;
                    self.classes.push(Some(name));
                    first = first.or(Some(name));
                }
                NONE => return first.ok_or("a class is missing"),
                reference @ FIRST_REFERENCE.. => {
                    let class = self.classes.get(usize::from(reference - FIRST_REFERENCE));
                    let class = class.copied().flatten();
                    return first.or(class).ok_or("a class is missing");
                }
                _ => return Err("a class is missing"),
            }
        }
        Err("a class comes from too many others")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attributed string with this text, as a Mac packs it.
    fn packed(length: &[u8], text: &[u8]) -> Vec<u8> {
        let head = b"\x84\x01@\x84\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85\x92\x84\x84\x84\x08NSString\x01\x94\x84\x01+";
        [HEAD, head, length, text, b"\x86\x86"].concat()
    }

    #[test]
    fn lengths_have_one_two_or_four_bytes() {
        let long = "x".repeat(300);
        for (length, due) in [
            (b"\x02".as_slice(), "hi"),
            (b"\x00", ""),
            (b"\x81\x2c\x01", &long),
            (b"\x82\x2c\x01\x00\x00", &long),
        ] {
            let found = text(&packed(length, due.as_bytes())).unwrap();
            assert_eq!((found.text.as_str(), found.cut), (due, false));
        }
    }

    #[test]
    fn a_text_with_a_wrong_length_ends_where_its_attributes_begin() {
        let found = text(&packed(b"\x81\x2c\x01", b"hi\x86\x84\x02iI\x01\x02")).unwrap();
        assert_eq!((found.text.as_str(), found.cut), ("hi", true));
    }

    #[test]
    fn what_is_damaged_says_so_and_quotes_nothing() {
        let whole = packed(b"\x06", b"secret");
        for end in 0..whole.len() - 2 {
            let error = text(&whole[..end]).unwrap_err();
            assert!(!error.contains("secret"));
        }
        for at in 0..whole.len() {
            for byte in [0, 0x80, 0x81, 0x82, 0x84, 0x85, 0x86, 0x92, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                // No damage does worse than to make another text of it.
                let _ = text(&damaged);
            }
        }
        assert_eq!(text(&packed(b"\x02", b"\xff\xfe")), Err("its text is not UTF-8"));
        assert_eq!(
            text(&packed(b"\x82\xff\xff\xff\xff", b"")),
            Err("it ends in the middle")
        );
        assert_eq!(text(b"secret"), Err("it is no typed stream"));
    }
}
