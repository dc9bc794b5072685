//! What several shipped packs say together of one message.

use lexhold_document::{Diagnostics, Files};
use lexhold_evaluate::check_cases;

use crate::{Shipped, place, read};

const CASES: &str = "tests/cases/packs-together.yaml";

#[test]
fn packs_give_way_to_each_other_as_their_law_does() {
    let shipped = Shipped::compiled();
    let mut files = Files::new();
    let root = files.add(CASES, read(CASES));
    let mut none = |path: &str| panic!("{path}");
    let documents = lexhold_document::load(&mut files, &[root], &mut none, &mut Diagnostics::new());
    let report = check_cases(&shipped.bundle, &documents);
    let failures: Vec<String> = report
        .failures
        .iter()
        .filter(|failure| failure.place.file == root)
        .map(|failure| {
            format!(
                "{}: {}: {}",
                place(&files, Some(failure.place)),
                failure.name,
                failure.why
            )
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(documents[0].root.get("tests").is_some());
}
