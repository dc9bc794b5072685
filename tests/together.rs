//! What several shipped packs say together of one message.

use lexhold_document::{Diagnostics, Files};

use crate::{Shipped, read, run};

const CASES: &str = "tests/cases/packs-together.yaml";

#[test]
fn packs_give_way_to_each_other_as_their_law_does() {
    let shipped = Shipped::compiled();
    let mut files = Files::new();
    let root = files.add(CASES, read(CASES));
    let mut none = |path: &str| panic!("{path}");
    let documents = lexhold_document::load(&mut files, &[root], &mut none, &mut Diagnostics::new());
    let (failures, n_run) = run(&shipped, &documents, &files);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(n_run > 0);
}
