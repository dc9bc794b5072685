//! Changed documents that tests ought to notice: mutation testing.
//!
//! A [`Mutant`] is a document with one thing changed: a schedule, rule, alternative or exclusion left out, a period a unit longer
//! or shorter, another trigger, a condition with an operand negated or a comparison turned. [`Surroundings::fate`] runs tests
//! with it; a mutant that none of them notices survives, and shows what could go wrong unseen.

mod edits;
mod patterns;

use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Place, Value};
use lexhold_policy::Schemas;

use crate::cases::{Case, Outcome, Trial, trials};
use crate::tree::{Step, at};
use crate::{Bundle, codes, subjects};

/// A document with one thing changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Where the change is.
    pub place: Place,
    /// What was changed.
    pub what: String,
    /// The rule that it is about, by its position, where nothing but its examples can tell.
    rule: Option<usize>,
    /// What it became.
    document: Document,
}

impl Mutant {
    /// What is said of one that no test noticed.
    pub fn survivor(&self) -> Diagnostic {
        Diagnostic::warning(codes::SURVIVOR, &self.what).at(self.place, "no test notices it")
    }
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does not compile, so that nobody would use it.
    Stillborn,
    /// A test fails with it.
    Noticed,
    /// No test fails.
    Survived,
}

/// Every mutant of a document, in the order of the text.
pub fn mutants(document: &Document) -> Vec<Mutant> {
    let mut all = match document.kind {
        Kind::Retention => edits::retention(document),
        Kind::Supervision => edits::supervision(document),
        Kind::Ruleset => patterns::mutants(document),
        _ => Vec::new(),
    };
    all.sort_by(|a, b| (a.place, &a.what).cmp(&(b.place, &b.what)));
    all
}

/// What mutants of a document are run with: the documents that its tests need, and the tests.
pub struct Surroundings<'a> {
    documents: Vec<&'a Document>,
    cases: Vec<&'a Case>,
    schemas: &'a Schemas,
}

impl<'a> Surroundings<'a> {
    /// What a document of a group needs: what it imports, calendars and word lists; everything, where its tests do not pass
    /// with that.
    pub fn of(document: &Document, all: &'a [Document], cases: &'a [Case], schemas: &'a Schemas) -> Self {
        let documents_themselves: Vec<_> = all
            .iter()
            .filter(|it| it.kind != Kind::Cases)
            .map(|it| it.file)
            .collect();
        let concerns =
            |case: &&Case| case.place.file == document.file || !documents_themselves.contains(&case.place.file);
        let needed = |it: &&Document| {
            let beside = matches!(it.kind, Kind::Calendar | Kind::Lexicon | Kind::Disclaimer);
            it.file == document.file || beside || document.imports.contains(&it.file)
        };
        let mut surroundings = Self {
            documents: all.iter().filter(needed).collect(),
            cases: cases.iter().filter(concerns).collect(),
            schemas,
        };
        if surroundings.with(document) != Fate::Survived {
            surroundings.documents = all.iter().filter(|it| subjects(it).is_empty()).collect();
        }
        surroundings
    }

    /// What tests make of a mutant.
    pub fn fate(&self, mutant: &Mutant) -> Fate {
        match mutant.rule.filter(|_| self.cases.is_empty()) {
            Some(rule) => self.with(&alone(&mutant.document, rule)),
            None => self.with(&mutant.document),
        }
    }

    /// What tests make of a document that takes the place of the one in the same file.
    fn with(&self, document: &Document) -> Fate {
        let others = self.documents.iter().filter(|other| other.file != document.file);
        let documents: Vec<Document> = others.map(|other| (*other).clone()).chain([document.clone()]).collect();
        let Some(bundle) = Bundle::compile(&documents, self.schemas, &mut Diagnostics::new()) else {
            return Fate::Stillborn;
        };
        let examples = trials(&bundle, |file| file == document.file, &[]);
        let tests = examples
            .into_iter()
            .chain(self.cases.iter().map(|case| Trial::Case(case)));
        let mut results = tests.flat_map(|trial| trial.run(&bundle));
        if results.any(|result| !matches!(result.outcome, Outcome::Pass | Outcome::Todo(_))) {
            Fate::Noticed
        } else {
            Fate::Survived
        }
    }
}

/// The document with one of its rules.
fn alone(document: &Document, rule: usize) -> Document {
    let mut document = document.clone();
    if let Some(Node {
        value: Value::List(items),
        ..
    }) = at(&mut document.root, &[Step::Key("rules".into())])
    {
        *items = items.drain(..).skip(rule).take(1).collect();
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Alone, World, read_cases};
    use crate::testing::compiled;

    /// The mutants of the first document that its tests do not notice, and how many there are of each fate.
    fn survivors(texts: &[&str]) -> (Vec<String>, [usize; 2]) {
        let (bundle, documents) = compiled(texts);
        let schemas = Schemas::built_in();
        let world = World {
            bundle: &bundle,
            schemas: &schemas,
            holds: &[],
        };
        let cases = read_cases(&documents[0], world, &mut Alone, &mut Diagnostics::new());
        let surroundings = Surroundings::of(&documents[0], &documents, &cases, &schemas);
        let (mut survived, mut counts) = (Vec::new(), [0, 0]);
        for mutant in mutants(&documents[0]) {
            match surroundings.fate(&mutant) {
                Fate::Survived => survived.push(mutant.what),
                Fate::Noticed => counts[0] += 1,
                Fate::Stillborn => counts[1] += 1,
            }
        }
        (survived, counts)
    }

    #[test]
    fn a_test_that_says_little_lets_mutants_live() {
        let text = |expect: &str| {
            format!(
                "lexhold: 1\nretention: a\nversion: 1.0.0\nzone: UTC\nschedules:\n  - id: x\n    when: resource.business && \
                 resource.platform == \"chat\"\n    retain: {{ for: P3Y, from: sent }}\ntests:\n  - name: t\n    message: {{ sender: a, \
                 sent_at: '2024-03-01T00:00:00Z', captured_at: '2024-04-01T00:00:00Z' }}\n    as_of: '2024-05-01'\n    expect: {{ \
                 retention: {{ {expect} }} }}\n"
            )
        };
        let (little, counts) = survivors(&[&text("state: retained")]);
        assert_eq!(
            little,
            [
                "`when` left out",
                "`||` in place of `&&`",
                "`P2Y` in place of `P3Y`",
                "`P4Y` in place of `P3Y`",
                "`captured` in place of `sent`"
            ]
        );
        // Without its only schedule nothing keeps the message.
        assert_eq!(counts, [3, 0]);
        let (more, _) = survivors(&[&text("retain_until: 2027-03-01")]);
        assert_eq!(more, ["`when` left out", "`||` in place of `&&`"]);
    }

    #[test]
    fn alternatives_and_exclusions_without_an_example_survive() {
        let text = "lexhold: 1\nruleset: a\nversion: 1.0.0\nowner: me@example.com\nrules:\n  - id: x\n    severity: low\n    why: \
                    test\n    match: { any: [{ phrase: text me }, { phrase: call me }], unless: [{ phrase: do not, within: 1, side: before \
                    }] }\n    hits: [text me, text me now]\n    misses: [do not text me, hello]\n";
        assert_eq!(
            survivors(&[text]),
            (vec!["an alternative of `x` left out".to_owned()], [2, 0])
        );
    }
}
