//! `FACTS.md` against the schema: its examples compile, and it leaves no attribute out.

use crate::testing::compile;
use crate::{Action, Schemas};

const MANUAL: &str = include_str!("../FACTS.md");

fn examples() -> Vec<&'static str> {
    let blocks = MANUAL.split("```cedar\n").skip(1);
    blocks
        .filter_map(|block| block.split_once("\n```").map(|(example, _)| example))
        .collect()
}

#[test]
fn examples_compile_and_are_fast() {
    assert!(examples().len() > 10);
    for example in examples() {
        let condition = compile(&Schemas::built_in(), Action::Hold, &[example]);
        let condition = condition.unwrap_or_else(|wrong| panic!("{example}: {wrong:#?}"));
        let program = crate::Program::build(Action::Hold, vec![condition]);
        assert_eq!(program.uncompiled().count(), 0, "{example}");
    }
}

#[test]
fn every_attribute_has_its_paragraph() {
    for attribute in &Schemas::built_in().of(Action::Hold).attributes {
        assert!(MANUAL.contains(&format!("`{attribute}`")), "`{attribute}` is missing");
    }
}
