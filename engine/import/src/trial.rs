//! Trying documents and rules before they are handed out.

use lexhold_document::{Diagnostics, Document, Files, Level, Node, OpenError, load};
use lexhold_rules::{PartSet, Program, Scanner, compile, example_part};

use crate::draft::Draft;
use crate::sample::Samples;

/// How many texts are made of a pattern before it is given up.
const TRIES: u64 = 40;

/// The same where a checksum has to come out right; one in a hundred does for the dearest.
const VALIDATED_TRIES: u64 = 1_500;

/// Ordinary texts, the first of which a rule passes over become its misses.
const ORDINARY: [&str; 8] = [
    "Thanks, see you at the meeting on Monday",
    "The report is on the shared drive",
    "Could you send me the minutes please?",
    "Lunch at noon, then the call with the auditors",
    "The printer on the second floor is out of paper",
    "Happy birthday and all the best",
    "We will ship the order next week",
    "ok",
];

/// Something that the rule language says about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The item of `terms` that it speaks of.
    pub(crate) term: Option<usize>,
}

/// A rule on trial.
#[derive(Debug)]
pub(crate) struct Trial {
    program: Program,
}

impl Trial {
    /// Compiles a ruleset of one rule, or says in one line why it cannot be.
    pub(crate) fn compile(yaml: &str) -> Result<Trial, String> {
        let (_, program, diagnostics) = read(yaml);
        match diagnostics.iter().find(|diagnostic| diagnostic.level == Level::Error) {
            Some(error) => Err(format!("{}: {}", error.code, error.message)),
            None => Ok(Trial { program }),
        }
    }

    /// Two texts that the rule hits: its own, where they hold, and then some made of its patterns.
    pub(crate) fn hits(&mut self, draft: &Draft) -> Vec<String> {
        let mut tester = Tester::new(&self.program);
        let mut hits = Vec::new();
        let made = draft
            .patterns
            .iter()
            .filter_map(|pattern| Samples::new(pattern))
            .collect::<Vec<_>>();
        let is_validated = draft.matches.iter().any(|(key, _)| *key == "validate");
        let tries = if is_validated { VALIDATED_TRIES } else { TRIES };
        let sampled = (0..tries).flat_map(|seed| made.iter().flat_map(move |samples| samples.texts(seed)));
        for text in draft.hits.iter().cloned().chain(sampled) {
            if hits.len() == 2 {
                break;
            }
            if !hits.contains(&text) && tester.is_hit(&text) == Some(true) {
                hits.push(text);
            }
        }
        hits
    }

    /// Two texts that the rule passes over.
    pub(crate) fn misses(&mut self, draft: &Draft) -> Vec<String> {
        let mut tester = Tester::new(&self.program);
        let texts = draft.misses.iter().map(String::as_str).chain(ORDINARY);
        let missed = texts.filter(|text| tester.is_hit(text) == Some(false));
        missed.take(2).map(String::from).collect()
    }
}

/// Tries texts on the one rule of a program.
struct Tester<'p> {
    scanner: Scanner<'p>,
    parts: PartSet,
}

impl<'p> Tester<'p> {
    fn new(program: &'p Program) -> Self {
        Tester {
            scanner: Scanner::new(program),
            parts: program.rules().first().map_or(PartSet::ALL, |rule| rule.parts),
        }
    }

    /// Whether a hit stands; `None` where the text could not be scanned to the end.
    fn is_hit(&mut self, text: &str) -> Option<bool> {
        let mut hits = Vec::new();
        let outcome = self.scanner.scan(&[example_part(self.parts, text)], &mut hits);
        (!outcome.incomplete).then(|| hits.iter().any(|hit| hit.excluded_by.is_none()))
    }
}

/// The errors in a document.
pub(crate) fn refusals(yaml: &str) -> Vec<Remark> {
    remarks(yaml)
        .into_iter()
        .filter(|(level, _)| *level == Level::Error)
        .map(|(_, remark)| remark)
        .collect()
}

/// All that the rule language says about a document.
pub(crate) fn remarks(yaml: &str) -> Vec<(Level, Remark)> {
    let (documents, _, diagnostics) = read(yaml);
    let terms = documents
        .first()
        .and_then(|document| document.root.get("terms"))
        .and_then(Node::as_list)
        .unwrap_or_default();
    let remark = |diagnostic: lexhold_document::Diagnostic| {
        // Items stand in the order of the file, so the last one that begins at or before the place holds it.
        let at = diagnostic
            .place
            .map(|place| terms.partition_point(|term| term.place.start <= place.start));
        let remark = Remark {
            code: diagnostic.code,
            message: diagnostic.message,
            term: at.and_then(|after| after.checked_sub(1)),
        };
        (diagnostic.level, remark)
    };
    diagnostics.into_iter().map(remark).collect()
}

fn read(yaml: &str) -> (Vec<Document>, Program, Diagnostics) {
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let file = files.add("import.yaml", yaml.to_owned());
    let documents = load(&mut files, &[file], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let program = compile(&documents.iter().collect::<Vec<_>>(), &mut diagnostics);
    (documents, program, diagnostics)
}
