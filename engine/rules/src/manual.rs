//! The manual's examples, compiled and run.

use crate::conversation::check_conversation_examples;
use crate::testing::compiled;
use crate::{Expected, check_examples};

#[test]
fn the_examples_of_the_manual_hold() {
    let manual = include_str!("../LANGUAGE.md");
    let blocks = manual
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap());
    let ruleset = format!(
        "lexhold: 1\nruleset: manual\nversion: 1.0.0\nowner: me\nlexicons:\n  messengers: [whatsapp, signal, we chat]\nrules:\n{}",
        blocks.collect::<String>()
    );
    let (program, diagnostics) = compiled(&[&ruleset]);
    // One of the examples passes over whole messages, which is always told.
    assert_eq!(diagnostics, ["LX0437: message"]);
    assert!(program.rules().len() >= 30);
    for (index, rule) in (0..).zip(program.rules()) {
        let failures = check_examples(&program, index);
        let shown: Vec<(Expected, &str)> = failures
            .iter()
            .map(|failure| (failure.expected, failure.text.as_str()))
            .collect();
        assert_eq!(shown, [], "{}", rule.id);
    }
    assert!(program.conversations().len() >= 2);
    for (index, rule) in program.conversations().iter().enumerate() {
        assert_eq!(check_conversation_examples(&program, index), [], "{}", rule.info.id);
    }
}

#[test]
fn the_manual_names_every_validator() {
    let manual = include_str!("../LANGUAGE.md");
    for (name, title) in crate::validators() {
        assert!(manual.contains(&format!("| `{name}` | {title} |")), "{name}");
    }
}
