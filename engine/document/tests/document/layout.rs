//! The one layout of documents.

use lexhold_document::{Diagnostics, Files, Kind, NotFormatted, Shape, comments, format, list, map, optional};

use crate::support::load_text;

/// A shape that every map of the examples fits.
fn shape(_: Kind) -> Shape {
    let item = map([
        optional("id", Shape::Id, ""),
        optional("title", Shape::Text, ""),
        optional("when", Shape::Text, ""),
    ]);
    map([
        optional("terms", list(Shape::Any), ""),
        optional("items", list(item.clone()), ""),
        optional("tree", Shape::Open(Box::new(item.clone())), ""),
        optional("rules", list(item.clone()), ""),
        optional("schedules", Shape::OneOrMany(Box::new(item)), ""),
    ])
}

fn laid_out(text: &str) -> Option<String> {
    let mut files = Files::new();
    let mut found = Diagnostics::new();
    let file = files.add("a.yaml", text.to_owned());
    let laid_out = format(&files, file, shape, &mut found);
    assert_ne!(laid_out, Err(NotFormatted::Unproven), "{text:?}");
    assert_eq!(laid_out.is_err(), found.has_errors(), "{text:?}");
    laid_out.ok()
}

/// A layout is its own layout, and a proof that it says the same goes with it.
pub fn assert_stable(text: &str) {
    let once = laid_out(text).unwrap();
    assert_eq!(laid_out(&once), Some(once));
}

/// What can be read whole has a layout; it says the same, has the same comments, and is its own layout.
pub fn assert_law(text: &str) {
    let sound = load_text(text).documents.iter().any(|document| document.is_sound());
    let Some(once) = laid_out(text) else {
        assert!(!sound, "no layout for {text:?}");
        return;
    };
    assert_eq!(laid_out(&once).as_deref(), Some(once.as_str()), "of {text:?}");
    let (before, after) = (load_text(text), load_text(&once));
    for (before, after) in before.documents.iter().zip(&after.documents) {
        assert_eq!(before.digest, after.digest, "{text:?}\n{once}");
    }
    let n_comments = |text: &str| {
        let mut files = Files::new();
        let file = files.add("a.yaml", text.to_owned());
        comments(&files, file).len()
    };
    assert_eq!(n_comments(text), n_comments(&once), "{text:?}\n{once}");
}

#[test]
fn keys_quotes_and_indentation_are_made_alike() {
    let text = "\
# What it is for.

title: 'Words of promise'   # in a few words
lexhold: 1
lexicon:   x


owner: \"me@firm.example\"
items:
    - title: One   # beside
      # about the id
      id: one

    # about two
    -   {title: Two,id: two}
    - id: three
      when: |
            resource.business   // spaces stay
              && true
      # at the end of three
terms: [ 'guarantee',\"it's\", 'yes', '1.5', 'a: b',\"\\bfoo\",
   promise, # the word
   # above
   pledge ]
# at the end
";
    let expected = "\
# What it is for.

lexhold: 1
lexicon: x
title: Words of promise # in a few words

owner: me@firm.example
terms:
  [
    guarantee, it's, 'yes', '1.5', 'a: b', \"\\bfoo\",
    promise, # the word
    # above
    pledge,
  ]
items:
  # about the id
  - id: one
    title: One # beside

  # about two
  - { id: two, title: Two }
  - id: three
    when: |
      resource.business   // spaces stay
        && true
    # at the end of three
# at the end
";
    let reordered = text.replace(
        "# What it is for.\n\ntitle: 'Words of promise'   # in a few words\nlexhold: 1\nlexicon:   x\n",
        "# What it is for.\n\nlexhold: 1\nlexicon:   x\ntitle: 'Words of promise'   # in a few words\n",
    );
    assert_eq!(laid_out(&reordered).as_deref(), Some(expected));
    assert_law(&reordered);
}

#[test]
fn braces_around_everything_are_left_out() {
    let text = "# a\n{ title: T, lexhold: 1, # one\n  lexicon: x, terms: [b,'c'] # words\n} # behind\n# below\n";
    assert_eq!(
        laid_out(text).as_deref(),
        Some("# a\nlexhold: 1 # one\nlexicon: x\ntitle: T\nterms: [b, c] # words\n# behind\n# below\n")
    );
    assert_eq!(laid_out("{} # c\n").as_deref(), Some("# c\n{}\n"));
}

#[test]
fn blocks_and_long_scalars_keep_what_they_say() {
    for body in [
        "a: |\n  x\n  y\n",
        "a: |-\n  x\n",
        "a: |+\n  x\n\n\nb: c\n",
        "a: |2\n   x\n  y\n",
        "a: >\n  x\n  y\n\n  z\n",
        "a: >-\n    x\n      y\n    z\n",
        "a: >+\n  x\n\n\nb: c\n",
        "a: | # why\n  x\n",
        "a: # why\n  b\n",
        "a: # why\n  - b # so\n  # and\n  - c\n",
        "a:\n- b\n- c\n",
        "a: 'x\n    y'\n",
        "a: \"x\\\n    y\"\n",
        "a: x\n  y # z\n",
        "a:\n  - - b\n    - c\n  -\n    d: e\n",
        "? a\n: b\n",
        "a: {b}\n",
        "a: [b: c]\n",
        "'a b': 1\n\"c:d\": 2\n",
        "a: {\n}\n",
        "a: [\n # c\n]\n",
        "a: |\n\n",
        "a:\n  # one\n\n  # two\n  b: c\n  # three\n# four\n",
        "a: ''\nb: ~\nc:\nd: \"\"\n",
        "a: [[b, c], {d: [e,\n f]}] # g\n",
        "a: [b, c] # d\n",
        "a: [b: c, # d\n e]\n",
        "a: [? b, # d\n e]\n",
        "a:\n  - {b: [c], d: e} # f\n",
        "a: [b, c, # d\n e] # f\n",
        "a:\n  - # c\n    b: d\n",
        "a: ${x}\nb: '${x}'\nparameters: {x: 1}\n",
    ] {
        assert_law(&format!("lexhold: 1\nlexicon: x\n{body}"));
    }
    assert_law("---\n# c\nlexhold: 1\nlexicon: x\n...\n# d\n");
    for behind in ["", " # c", "\n# c\n", " # c\n\n# d\n", "\n...\n# c\n"] {
        assert_law(&format!("{{lexhold: 1, lexicon: x}}{behind}"));
        assert_law(&format!("# a\n{{lexhold: 1, # b\n\n lexicon: x\n# e\n}}{behind}"));
        assert_stable(&format!("{{}}{behind}"));
    }
    assert_law("\u{feff}lexhold: 1\r\nlexicon: x\r\na: |\r\n  b\r\n  c\r\n");
}
