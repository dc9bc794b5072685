//! Mail against a second parser, field by field. Where the two differ, the table says who is right and why.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{fixture, read};
use lexhold_model::{Message, Role};
use mailparse::{DispositionType, MailAddr, MailHeaderMap as _, ParsedMail, addrparse_header, dateparse, parse_mail};

/// What the second parser makes of a message.
struct Other {
    subject: Option<String>,
    from: Option<String>,
    to: BTreeSet<String>,
    sent: Option<i64>,
    texts: Vec<String>,
    /// Parts that are no text.
    n_attached: usize,
}

/// A field, why the parsers differ in it, and where. Messages by file and position.
type Difference = (&'static str, &'static str, &'static [&'static str]);

const DIFFERENCES: &[Difference] = &[
    (
        "subject",
        "the second parser drops bytes that are not ASCII inside an encoded word; we take them by the word's charset",
        &[
            "legacy/009",
            "legacy/015",
            "legacy/016",
            "legacy/018",
            "legacy/023",
            "legacy/024",
            "legacy/025",
            "legacy/026",
            "legacy/050",
            "legacy/051",
        ],
    ),
    (
        "subject",
        "bytes in no stated encoding: the second parser guesses Latin-1; we replace them and say that the message is damaged",
        &["legacy/010", "legacy/020", "legacy/022", "legacy/027", "legacy/052"],
    ),
    ("text", "the same bytes in the text", &["legacy/052"]),
    (
        "date",
        "there is no possible date; the second parser takes 1970, and we none",
        &["rfc/001", "mbox_no_fields.mbox#4"],
    ),
    (
        "text",
        "a boundary that begins another one, or stands behind text: the second parser takes it, or what follows, for text",
        &["malformed/001", "malformed/016", "thirdparty/005"],
    ),
    (
        "text",
        "the transfer encoding or charset is misspelt; the second parser does not decode it",
        &["thirdparty/003", "thirdparty/010"],
    ),
    (
        "text",
        "`>From ` is the mailbox's way to write `From `; we take the mark away",
        &["mbox_complex.mbox#1", "mbox_unixfrom_encoding.mbox#0"],
    ),
    (
        "attachments",
        "parts inside a forwarded message are that message's: the second parser counts them beside it, or not at all where the \
         parts are cut off or have no type",
        &[
            "malformed/002",
            "malformed/010",
            "malformed/012",
            "malformed/017",
            "rfc/002",
            "rfc/004",
            "thirdparty/007",
            "thirdparty/015",
        ],
    ),
    ("all", "the second parser gives up", &["malformed/019"]),
];

impl Other {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mail = parse_mail(bytes).ok()?;
        let header = |name: &str| mail.headers.get_first_value(name);
        let mut other = Self {
            subject: header("Subject")
                .map(|text| plain(&text))
                .filter(|text| !text.is_empty()),
            from: addresses(&mail, "From").into_iter().next(),
            to: addresses(&mail, "To").into_iter().collect(),
            sent: header("Date").and_then(|date| dateparse(&date).ok()),
            texts: Vec::new(),
            n_attached: 0,
        };
        other.add(&mail);
        Some(other)
    }

    fn add(&mut self, part: &ParsedMail<'_>) {
        if !part.subparts.is_empty() {
            return part.subparts.iter().for_each(|part| self.add(part));
        }
        let kind = part.ctype.mimetype.as_str();
        let attached = part.get_content_disposition().disposition == DispositionType::Attachment;
        if !kind.starts_with("text/") {
            self.n_attached += usize::from(!kind.starts_with("multipart/"));
        } else if kind == "text/plain" && !attached {
            self.texts.extend(part.get_body().ok().map(|text| plain(&text)));
        }
    }
}

fn addresses(mail: &ParsedMail<'_>, name: &str) -> Vec<String> {
    let header = mail.headers.get_first_header(name);
    let list = header.and_then(|header| addrparse_header(header).ok());
    let one = |one: &mailparse::SingleInfo| one.addr.trim().to_lowercase();
    let all = list.iter().flat_map(|list| list.iter()).flat_map(|addr| match addr {
        MailAddr::Single(single) => vec![one(single)],
        MailAddr::Group(group) => group.addrs.iter().map(one).collect(),
    });
    all.filter(|address| !address.is_empty()).collect()
}

/// Text without what depends on where a line was broken.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The fields in which the two differ.
fn differences(ours: &Message, other: &Other) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut compare = |field: &'static str, same: bool| found.extend((!same).then_some(field));
    compare("subject", ours.subject.as_deref().map(plain) == other.subject);
    compare("from", other.from.as_ref().is_none_or(|from| *from == ours.sender));
    let to = ours.recipients.iter().filter(|one| one.role == Role::To);
    let to: BTreeSet<String> = to.map(|one| one.handle.clone()).collect();
    compare("to", other.to.is_subset(&to));
    let exact = ours.sent_at.filter(|_| ours.sent_precision.is_none());
    compare("date", exact.map(|at| at / 1_000_000) == other.sent);
    let text = plain(ours.text.as_deref().unwrap_or_default());
    compare("text", other.texts.iter().all(|part| text.contains(part.as_str())));
    let kinds = ours.attachments.iter().filter_map(|file| file.media_type.as_deref());
    compare(
        "attachments",
        kinds.filter(|kind| !kind.starts_with("text/")).count() == other.n_attached,
    );
    found
}

/// The messages of a mailbox in its simplest reading: one begins with each line `From ` behind an empty one.
fn messages(mailbox: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut after_blank = true;
    for line in mailbox.split_inclusive(|byte| *byte == b'\n') {
        if after_blank && line.starts_with(b"From ") {
            all.push(Vec::new());
        } else if let Some(message) = all.last_mut() {
            message.extend_from_slice(line);
        }
        after_blank = line.trim_ascii().is_empty();
    }
    all
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_second_parser_reads_the_same_or_the_difference_has_a_reason() {
    let Some(folder) = fixture("email") else { return };
    let mut found = BTreeSet::new();
    let mut compare = |path: &Path, ours: &[Message], bytes: &[Vec<u8>]| {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        assert_eq!(ours.len(), bytes.len(), "{name}");
        for (number, (ours, bytes)) in ours.iter().zip(bytes).enumerate() {
            let short = match name.strip_suffix(".eml") {
                Some(name) => name.trim_start_matches("eml-stalwart/").to_owned(),
                None => format!("{}#{number}", name.trim_start_matches("mbox-perceval/")),
            };
            let fields = Other::of(bytes).map_or(vec!["all"], |other| differences(ours, &other));
            found.extend(fields.into_iter().map(|field| (short.clone(), field)));
        }
    };
    let mails = files(&folder, "eml");
    let boxes = files(&folder, "mbox");
    assert!(mails.len() > 100 && boxes.len() > 5, "{} {}", mails.len(), boxes.len());
    for path in mails {
        compare(&path, &read(&path).messages, &[std::fs::read(&path).unwrap()]);
    }
    for path in boxes {
        compare(&path, &read(&path).messages, &messages(&std::fs::read(&path).unwrap()));
    }
    let known = DIFFERENCES.iter();
    let known = known.flat_map(|(field, _, places)| places.iter().map(move |place| ((*place).to_owned(), *field)));
    let known: BTreeSet<(String, &str)> = known.collect();
    let unexplained: Vec<_> = found.difference(&known).collect();
    let mended: Vec<_> = known.difference(&found).collect();
    assert!(
        unexplained.is_empty() && mended.is_empty(),
        "differ: {unexplained:?}; do not: {mended:?}"
    );
}
