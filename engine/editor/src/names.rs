//! What is named in documents: where a name is given, and where it is used.

use std::ops::Range;

use lexhold_document::{Document, Files, Kind, Node, Place, Seg, Value};

/// What sort of thing a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A document of a kind. A lexicon is one too where a ruleset has it for itself.
    Document(Kind),
    /// A rule of a ruleset: `ruleset.rule`.
    Rule,
    /// A rule of a supervision document.
    SupervisionRule,
    /// A schedule: `document.schedule`.
    Schedule,
    /// A group of the directory.
    Group,
    /// A person of the directory.
    Person,
    /// A channel of the directory.
    Channel,
    /// An operator.
    Operator,
    /// A label of messages.
    Label,
    /// An entry of the table of regulations.
    Regulation,
    /// Another file, by its path beside this one.
    File,
}

impl Sort {
    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Sort::Document(kind) => kind.key(),
            Sort::Rule => "rule",
            Sort::SupervisionRule => "supervision rule",
            Sort::Schedule => "schedule",
            Sort::Group => "group",
            Sort::Person => "person",
            Sort::Channel => "channel",
            Sort::Operator => "operator",
            Sort::Label => "label",
            Sort::Regulation => "regulation",
            Sort::File => "file",
        }
    }

    /// The kind of document whose items are of this sort, so that their names begin with its name.
    pub fn of_documents(self) -> Option<Kind> {
        match self {
            Sort::Rule => Some(Kind::Ruleset),
            Sort::SupervisionRule => Some(Kind::Supervision),
            Sort::Schedule => Some(Kind::Retention),
            _ => None,
        }
    }

    /// Whether a new name can be given to it in documents alone: labels come from sources too, laws have their names, and
    /// files are moved elsewhere.
    pub fn is_renamed_here(self) -> bool {
        !matches!(self, Sort::Label | Sort::Regulation | Sort::File)
    }
}

/// One place where something is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What sort of thing it is.
    pub sort: Sort,
    /// Its full name.
    pub name: String,
    /// The bytes that name it: its full name, or the last part of it.
    pub place: Range<usize>,
    /// Whether it gets its name here.
    pub is_definition: bool,
    /// Whether the name holds in this file alone.
    pub is_local: bool,
}

/// What stands at the end of a path, if it is a name: its sort, and whether it is given there. `#` stands for a position.
pub fn role(kind: Kind, path: &[&str]) -> Option<(Sort, bool)> {
    let uses = |sort| Some((sort, false));
    let gives = |sort| Some((sort, true));
    match (kind, path) {
        (_, [key]) if *key == kind.key() => gives(Sort::Document(kind)),
        (_, [.., "cites"] | [.., "cites", "#"]) => uses(Sort::Regulation),
        (_, ["imports", "#", "file"]) | (Kind::Cases, ["subject", "#"]) => uses(Sort::File),
        (_, [.., "expect", "alerts", "#", "rule"]) => uses(Sort::Rule),
        (_, [.., "expect", "supervision", "#", "rule"]) => uses(Sort::SupervisionRule),
        (_, [.., "expect", "retention", "schedule"]) => uses(Sort::Schedule),
        (_, [.., "expect", "holds", "#"] | [.., "expect", "holds", "#", "hold"]) => uses(Sort::Document(Kind::Hold)),
        (Kind::Ruleset, ["rules", "#", "id"]) => gives(Sort::Rule),
        (Kind::Ruleset, ["rules", "#", "labels"] | ["rules", "#", "labels", "#"]) => gives(Sort::Label),
        (Kind::Ruleset, ["rules", "#", "conversation", "all_of" | "ordered", "#"]) => uses(Sort::Rule),
        (
            Kind::Ruleset,
            ["rules", "#", "conversation", "count" | "distinct", "of"]
            | ["rules", "#", "conversation", "count" | "distinct", "of", "#"],
        ) => uses(Sort::Rule),
        (Kind::Ruleset | Kind::Hold, [.., "lexicon"] | [.., "lexicon", "#"]) => uses(Sort::Document(Kind::Lexicon)),
        (Kind::Supervision, ["rules", "#", "id"]) => gives(Sort::SupervisionRule),
        (Kind::Retention, ["schedules", "#", "id"]) => gives(Sort::Schedule),
        (Kind::Retention, [.., "roll", "following"] | [.., "cutoff", "fiscal"]) => uses(Sort::Document(Kind::Calendar)),
        (Kind::Directory, ["groups", "#", "id"]) => gives(Sort::Group),
        (Kind::Directory, ["people", "#", "id"]) => gives(Sort::Person),
        (Kind::Directory, ["channels", "#", "id"]) => gives(Sort::Channel),
        (Kind::Directory, ["people", "#", "supervisor" | "deputy"]) => uses(Sort::Person),
        (Kind::Operators, ["people", "#", "id"]) => gives(Sort::Operator),
        (Kind::Operators, ["people", "#", "person"]) => uses(Sort::Person),
        (Kind::Delegation, ["from" | "to"]) | (Kind::Exception, ["approved_by"]) => uses(Sort::Operator),
        (Kind::Exception, ["reviewer"] | ["of", "#"]) | (Kind::Hold, ["custodians", "#"]) => uses(Sort::Person),
        (_, [.., "people", "#", "groups", "#"] | [.., "people", "#", "desk"] | [.., "groups", "#", "parents", "#"]) => {
            uses(Sort::Group)
        }
        _ => None,
    }
}

/// Whether a Cedar condition stands at the end of a path.
pub fn is_condition(kind: Kind, path: &[&str]) -> bool {
    matches!(
        (kind, path),
        (Kind::Ruleset, ["rules", "#", "when"])
            | (Kind::Supervision, ["rules", "#", "when" | "forbid"])
            | (Kind::Retention, ["scope"] | ["schedules", "#", "when"])
            | (Kind::Hold, ["when"])
    )
}

/// A path as [`role`] takes it.
pub fn pattern(path: &[Seg]) -> Vec<&str> {
    path.iter()
        .map(|seg| match seg {
            Seg::Key(key) => key.as_str(),
            Seg::Index(_) => "#",
        })
        .collect()
}

/// Everything that a document names, in the order of the text.
pub fn mentions(files: &Files, document: &Document) -> Vec<Mention> {
    let mut gathered = Gathered {
        files,
        document,
        mentions: Vec::new(),
    };
    gathered.node(&mut Vec::new(), &document.root);
    if document.kind == Kind::Ruleset {
        gathered.lexicons();
    }
    gathered
        .mentions
        .sort_by_key(|mention| (mention.place.start, mention.place.end));
    gathered.mentions
}

struct Gathered<'d> {
    files: &'d Files,
    document: &'d Document,
    mentions: Vec<Mention>,
}

impl<'d> Gathered<'d> {
    fn node(&mut self, path: &mut Vec<&'d str>, node: &'d Node) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    path.push(&entry.key);
                    self.node(path, &entry.node);
                    path.pop();
                }
            }
            Value::List(items) => {
                path.push("#");
                items.iter().for_each(|item| self.node(path, item));
                path.pop();
            }
            Value::Text(text) => self.text(path, node, text),
            _ => {}
        }
    }

    fn text(&mut self, path: &[&str], node: &Node, text: &str) {
        if is_condition(self.document.kind, path) {
            self.condition(node, text);
        } else if let Some((sort, is_definition)) = role(self.document.kind, path) {
            let name = match sort.of_documents() {
                // Within a ruleset its rules are named without its name.
                Some(_) if is_definition || !text.contains('.') => format!("{}.{text}", self.document.name),
                _ => text.to_owned(),
            };
            self.mention(sort, name, text, node.inner(0..text.len()), is_definition);
        }
    }

    /// The people, groups, channels and labels that a condition names.
    fn condition(&mut self, node: &Node, text: &str) {
        // Where line breaks were folded, only the file knows what stands where.
        let (text, folded) = match node.is_folded() {
            true => (self.files.slice(node.place), Some(node.place)),
            false => (text, None),
        };
        for (before, sort) in NAMED {
            for (at, _) in text.match_indices(before) {
                let start = at + before.len();
                let Some(length) = text[start..].find('"') else {
                    continue;
                };
                let named = &text[start..start + length];
                let place = match folded {
                    Some(whole) => Place {
                        start: whole.start + start,
                        end: whole.start + start + length,
                        ..whole
                    },
                    None => node.inner(start..start + length),
                };
                if !named.contains('$') {
                    self.mention(sort, named.to_owned(), named, place, false);
                }
            }
        }
    }

    /// The lexicons that a ruleset has for itself.
    fn lexicons(&mut self) {
        let entries = self
            .document
            .root
            .get("lexicons")
            .and_then(Node::as_map)
            .unwrap_or_default();
        for entry in entries {
            self.mention(
                Sort::Document(Kind::Lexicon),
                entry.key.clone(),
                &entry.key,
                entry.key_place,
                true,
            );
        }
        let local: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        for mention in &mut self.mentions {
            mention.is_local = mention.sort == Sort::Document(Kind::Lexicon) && local.contains(&mention.name);
        }
    }

    /// Takes a name that stands in the text as it is, not one that a parameter puts there.
    fn mention(&mut self, sort: Sort, name: String, said: &str, place: Place, is_definition: bool) {
        let written = self.files.slice(place);
        let quotes = written.len().saturating_sub(said.len()) / 2;
        let Some(inner) = written
            .get(quotes..written.len() - quotes)
            .filter(|inner| *inner == said)
        else {
            return;
        };
        let start = place.start + quotes;
        self.mentions.push(Mention {
            sort,
            name,
            place: start..start + inner.len(),
            is_definition,
            is_local: false,
        });
    }
}

/// What stands in front of a name in a condition.
const NAMED: [(&str, Sort); 4] = [
    ("Group::\"", Sort::Group),
    ("Person::\"", Sort::Person),
    ("Channel::\"", Sort::Channel),
    ("labels.contains(\"", Sort::Label),
];

/// The sort of name that is being typed in a condition, and where it begins.
pub fn named_before(text: &str) -> Option<(Sort, usize)> {
    let begun = |(before, sort): (&str, Sort)| {
        let start = text.rfind(before)? + before.len();
        (!text[start..].contains('"')).then_some((sort, start))
    };
    NAMED.into_iter().find_map(begun)
}
