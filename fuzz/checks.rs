//! What has to hold for any bytes: as the text of a ruleset, and as the text of a message.
//!
//! The targets of libFuzzer call these, and so does an ordinary test, over what was found before and over mutations.

use std::sync::LazyLock;

use lexhold_document::{Diagnostics, Files, Level, OpenError, load};
use lexhold_model::Field;
use lexhold_rules::{Part, Program, RuleHit, Scanner, TextView, check_examples, compile};

const RULES: &str = include_str!("rules.yaml");
const MANUAL: &str = include_str!("../engine/rules/LANGUAGE.md");

/// Longest ruleset that is looked at: longer ones only take longer.
const RULESET_BYTES: usize = 16 * 1024;

/// Any bytes as a ruleset: nothing panics, and every diagnostic stands at characters of the text.
pub fn rule_text(data: &[u8]) {
    let data = &data[..data.len().min(RULESET_BYTES)];
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    if let Some(file) = files.add_bytes("fuzz.yaml", data.to_vec(), &mut diagnostics) {
        let documents = load(&mut files, &[file], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
        let documents: Vec<_> = documents.iter().collect();
        let program = compile(&documents, &mut diagnostics);
        if !diagnostics.has_errors() {
            for rule in (0..).take(program.rules().len()) {
                let _ = check_examples(&program, rule);
            }
            check_scan(&program, "off the record: call me at 555-0123, insider \u{fb01}le");
        }
    }
    for diagnostic in diagnostics.sorted(&files) {
        assert!(!diagnostic.message.contains('\n'), "{diagnostic:?}");
        let places = diagnostic
            .secondary
            .iter()
            .map(|(place, _)| *place)
            .chain(diagnostic.place);
        for place in places {
            let text = files.text(place.file);
            assert!(text.get(place.start..place.end).is_some(), "{diagnostic:?}");
        }
        assert!(diagnostic.place.is_some(), "{diagnostic:?}");
    }
}

/// Any bytes as a message, scanned by every example of the manual.
pub fn message_text(data: &[u8]) {
    static PROGRAM: LazyLock<Program> = LazyLock::new(rich_program);
    check_scan(&PROGRAM, &String::from_utf8_lossy(data));
}

/// The rules of this folder and of the manual.
fn rich_program() -> Program {
    let blocks = MANUAL
        .split("```yaml\n")
        .skip(1)
        .filter_map(|block| block.split("```").next());
    let manual = "lexhold: 1\nruleset: manual\nversion: 1.0.0\nowner: me\nlexicons:\n  messengers: [whatsapp, signal, we chat]\nrules:\n";
    let manual = blocks.fold(manual.to_owned(), |text, block| text + block);
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let roots = [
        files.add("rules.yaml", RULES.to_owned()),
        files.add("manual.yaml", manual),
    ];
    let documents = load(&mut files, &roots, &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let program = compile(&documents.iter().collect::<Vec<_>>(), &mut diagnostics);
    let errors: Vec<_> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    program
}

/// Scans a text as a message of one part.
fn check_scan(program: &Program, text: &str) {
    let mut scanner = Scanner::new(program);
    let cold = scanned(&mut scanner, 0, text);
    for hit in &cold {
        let (start, end) = (hit.span.start(), hit.span.end());
        let slice = text
            .get(start..end)
            .unwrap_or_else(|| panic!("not at characters: {hit:?}"));
        let rule = &program.rules()[hit.rule as usize];
        // A rule on the skeleton reports what the folded view already shows as that shows it.
        let view = match rule.view {
            TextView::Skeleton if !hit.evasion => TextView::Folded,
            view => view,
        };
        let again = view.of(slice);
        assert!(again.contains(&*hit.evidence), "{hit:?} in {slice:?} is {again:?}");
    }
    let warm = scanned(&mut scanner, 0, text);
    assert_eq!(warm, cold, "a warm scanner finds the same");
    let later = scanned(&mut scanner, 1_000, text);
    assert_eq!(later.len(), cold.len(), "a part finds the same wherever it stands");
    for (later, hit) in later.iter().zip(&cold) {
        assert_eq!(
            (later.span.start() - 1_000, later.span.end() - 1_000),
            (hit.span.start(), hit.span.end())
        );
    }
}

fn scanned(scanner: &mut Scanner<'_>, base: usize, text: &str) -> Vec<RuleHit> {
    let mut hits = Vec::new();
    let part = Part {
        base,
        ..Part::authored(Field::Text, text)
    };
    let outcome = scanner.scan(&[part], &mut hits);
    // A panic inside a scan shows as an incomplete one; no text of this size may be too much otherwise.
    assert!(!outcome.incomplete, "incomplete");
    hits
}
