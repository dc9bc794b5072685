//! What holds for every text.

use lexhold_document::{Diagnostics, Files, OpenError, load};
use proptest::prelude::*;
use serde_yaml::{Mapping, Value};

use crate::support::load_text;

const FRONT: &str = "lexhold: 1\nlexicon: x\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut files = Files::new();
        let mut found = Diagnostics::new();
        if let Some(file) = files.add_bytes("a.yaml", bytes, &mut found) {
            let documents = load(&mut files, &[file], &mut |_| Err(OpenError::NotFound), &mut found);
            prop_assert!(!documents.is_empty() || found.has_errors());
        }
        every_place_can_be_shown(&files, found);
    }

    #[test]
    fn what_passes_is_the_same_to_serde_yaml(soup in soup()) {
        // A line break at the end of the file is taken as there, as libyaml does not in a block.
        let text = format!("{FRONT}{soup}\n");
        let loaded = load_text(&text);
        prop_assert!(loaded.found.iter().all(|d| d.place.is_some()));
        prop_assert!(loaded.documents.iter().any(|document| document.is_sound()) || !loaded.found.is_empty());
        for document in loaded.documents.iter().filter(|document| document.is_sound()) {
            let ours: Value = document.typed(&mut Diagnostics::new()).unwrap();
            // What libyaml does not read at all (some tabs between tokens, `{a:}`), it cannot read otherwise.
            if let Ok(theirs) = serde_yaml::from_str::<Value>(&text) {
                prop_assert_eq!(ours, theirs, "{:?}", text);
            }
        }
    }

    #[test]
    fn a_tree_comes_back_however_it_is_written(tree in tree(), styles in proptest::collection::vec(0..6u8, 1..40)) {
        let text = format!("{FRONT}tree:{}\n", Writer { styles: &styles, at: 0 }.value(&tree, 1));
        let loaded = load_text(&text);
        prop_assert_eq!(loaded.lines(), Vec::<String>::new(), "{}", text);
        let ours: Value = loaded.documents[0].typed(&mut Diagnostics::new()).unwrap();
        prop_assert_eq!(&ours["tree"], &tree, "{}", text);
        prop_assert_eq!(&ours, &serde_yaml::from_str::<Value>(&text).unwrap(), "{}", text);
    }

    #[test]
    fn the_inside_of_a_scalar_is_found(text in "[a-zé'\"\\\\\n ]{0,20}", styles in proptest::collection::vec(0..6u8, 1), cut in 0..20usize) {
        let written = format!("{FRONT}tree:{}\n", Writer { styles: &styles, at: 0 }.value(&Value::from(text.clone()), 1));
        let loaded = load_text(&written);
        let node = loaded.documents[0].root.get("tree").unwrap();
        let (at, c) = text.char_indices().nth(cut).unwrap_or((text.len(), ' '));
        let range = at..(at + c.len_utf8()).min(text.len());
        let found = node.inner(range.clone());
        prop_assert!(node.place.start <= found.start && found.start <= found.end, "{}", written);
        let source = loaded.files.slice(found);
        if c != '\n' && found != node.place && !source.starts_with('\\') && source != "''" {
            prop_assert_eq!(source, &text[range], "{}", written);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_layout_says_the_same_and_is_its_own_layout(tree in tree(), soup in soup(), styles in proptest::collection::vec(0..6u8, 1..40)) {
        let written = format!("{FRONT}tree:{}\n", Writer { styles: &styles, at: 0 }.value(&tree, 1));
        for text in [written, format!("{FRONT}{soup}\n")] {
            crate::layout::assert_law(&text);
        }
    }

    #[test]
    fn a_shipped_document_with_anything_done_to_it_keeps_that_law(edits in proptest::collection::vec(edit(), 1..8), seed in any::<prop::sample::Index>()) {
        let mut text = seed.get(&SEEDS).to_string();
        for edit in edits {
            edit.apply(&mut text);
        }
        crate::layout::assert_law(&text);
    }
}

/// The documents that edits begin with.
const SEEDS: [&str; 5] = [
    include_str!("../../../../policies/retention/eu-crypto.yaml"),
    include_str!("../../../../policies/calendars/fiscal-june.yaml"),
    include_str!("../../../../policies/supervision/clinic.yaml"),
    include_str!("../../../../rulesets/lexicons/teaching.yaml"),
    "{lexhold: 1, lexicon: x, # c\n terms: [a, 'b c', # d\n {tree: [e]}], items: [{id: a}]}\n",
];

/// Something done to a text at a place: pieces put in, in place of some bytes.
#[derive(Debug)]
struct Edit {
    at: prop::sample::Index,
    takes: usize,
    puts: &'static str,
}

impl Edit {
    fn apply(&self, text: &mut String) {
        let on_character = |text: &str, at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
        let start = on_character(text, self.at.index(text.len() + 1));
        let end = on_character(text, (start + self.takes).min(text.len()));
        text.replace_range(start..end, self.puts);
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let puts = prop::sample::select(vec![
        " # c", " # c\n", "\n# c\n", "\n", "\n\n", "\n  ", "  ", "{", "}", "[", "]", ", ", ": ", "- ", "'", "\"",
        "|\n", "\t", "\r\n", "a: b\n", "", "? ", "~",
    ]);
    (
        any::<prop::sample::Index>(),
        prop_oneof![4 => Just(0), 1 => 0..6usize],
        puts,
    )
        .prop_map(|(at, takes, puts)| Edit { at, takes, puts })
}

/// How many documents are laid out: few, or as many as `LEXHOLD_CASES` says.
fn cases() -> u32 {
    std::env::var("LEXHOLD_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(150)
}

fn every_place_can_be_shown(files: &Files, found: Diagnostics) {
    for diagnostic in found.sorted(files) {
        let place = diagnostic.place.unwrap();
        assert!(
            files.text(place.file).get(place.start..place.end).is_some(),
            "{diagnostic:?}"
        );
        files.position(place);
    }
}

/// Text that looks like YAML from far away.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a", "b", "c: ", "d: ", ":", " ", "  ", "\n", "\n  ", "\n    ", "- ", "'", "\"", "|", "|-\n  ", ">+\n  ",
        "|2\n  ", "#", " # c\n", "{", "}", "[", "]", ", ", "? ", "!", "&a", "*a", "~", "1", "1.5", "0x1", "é", "\t",
        "\\", "\\n", "\r\n", "%", "@", "\n---\n", "\n...\n", "null", "true", "yes", "<<: ", "k: v\n", "- x\n", "l:\n",
        "''", "m: |\n", "n: >\n", "\u{feff}",
    ]);
    proptest::collection::vec(token, 0..25).prop_map(|tokens| tokens.concat())
}

fn tree() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -#%-~é\n]{0,12}",
        "[0-9.e+-]{1,5}",
        "yes|no|null|~|true|<<|- a|a: b|# c|1e3|0x1f|é日本"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991..=9_007_199_254_740_991_i64).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let key = "[a-zé :#'\"-]{1,8}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Sequence),
            proptest::collection::btree_map(key, inner, 0..5).prop_map(|pairs| {
                Value::Mapping(
                    pairs
                        .into_iter()
                        .map(|(key, value)| (Value::from(key), value))
                        .collect::<Mapping>(),
                )
            }),
        ]
    })
}

/// Writes YAML in whatever style the test wants.
struct Writer<'s> {
    styles: &'s [u8],
    at: usize,
}

impl Writer<'_> {
    fn style(&mut self) -> u8 {
        self.at += 1;
        self.styles[self.at % self.styles.len()]
    }

    /// A value behind its colon or dash.
    fn value(&mut self, value: &Value, indent: usize) -> String {
        let pad = "  ".repeat(indent);
        match value {
            Value::Sequence(items) if !items.is_empty() && self.style() < 4 => items
                .iter()
                .map(|item| format!("\n{pad}-{}", self.value(item, indent + 1)))
                .collect(),
            Value::Mapping(map) if !map.is_empty() && self.style() < 4 => map
                .iter()
                .map(|(key, value)| {
                    format!(
                        "\n{pad}{}:{}",
                        double(key.as_str().unwrap()),
                        self.value(value, indent + 1)
                    )
                })
                .collect(),
            Value::String(text) => match self.style() {
                0 | 1 if text.trim_end_matches('\n').is_empty() => format!(" {}", double(text)),
                0 | 1 => block(text, &pad),
                2 | 3 if !text.contains('\n') => format!(" '{}'", text.replace('\'', "''")),
                _ => format!(" {}", double(text)),
            },
            _ => format!(" {}", self.flow(value)),
        }
    }

    fn flow(&mut self, value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::String(text) => double(text),
            Value::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Mapping(map) => {
                let pair =
                    |(key, value): (&Value, &Value)| format!("{}: {}", double(key.as_str().unwrap()), self.flow(value));
                let pairs: Vec<String> = map.iter().map(pair).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Value::Tagged(_) => unreachable!("none is made"),
        }
    }
}

fn double(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
    )
}

/// A `|` block without the line break behind it.
fn block(text: &str, pad: &str) -> String {
    let (chomp, content) = match text.strip_suffix('\n') {
        None => ("-", text),
        Some(content) if content.ends_with('\n') => ("+", content),
        Some(content) => ("", content),
    };
    let line = |line: &str| {
        if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("\n{pad}{line}")
        }
    };
    format!(" |2{chomp}{}", content.split('\n').map(line).collect::<String>())
}
