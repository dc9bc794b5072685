//! From documents to a program.

use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Seg, Value, check_shape, path};
use lexhold_model::Severity;
use rustc_hash::FxHashMap;

use crate::check::{Body, Check};
use crate::conversation::{self, ConversationRule};
use crate::disclaimer::Disclaimers;
use crate::examples;
use crate::grading::{self, Grading};
use crate::leaves::Leaves;
use crate::lexicons::Lexicons;
use crate::matching::Matching;
use crate::operator::Reader;
use crate::{Condition, PartSet, Program, RuleInfo, Status, TextView, codes, limits, shape};

/// Compiles every ruleset, lexicon and disclaimer among the documents; other kinds are passed over.
///
/// Everything wrong in any of them is reported. The program then lacks the rules that could not be compiled, so it
/// must not be used if there are errors.
pub fn compile(documents: &[&Document], diagnostics: &mut Diagnostics) -> Program {
    let mut compiler = Compiler::default();
    let shared = compiler.lexicons(documents, diagnostics);
    for (index, document) in documents
        .iter()
        .enumerate()
        .filter(|(_, document)| document.kind == Kind::Ruleset)
    {
        check_shape(document, &shape::ruleset(), diagnostics);
        compiler.ruleset(document, index, &shared, diagnostics);
    }
    compiler.disclaimers = Disclaimers::read(documents, diagnostics);
    compiler.conversations = conversation::read(documents, info, diagnostics);
    compiler.finish()
}

/// Compiles a hold's pattern query, written as a rule's `match`: a program of one rule.
///
/// `documents[document]` is the hold, `path` leads to the query; lexicons among the documents can be named. If there
/// are errors the program has no rule, and must not be used.
pub fn compile_query(documents: &[&Document], document: usize, path: &[Seg], diagnostics: &mut Diagnostics) -> Program {
    let hold = documents[document];
    let mut compiler = Compiler::default();
    let shared = compiler.lexicons(documents, diagnostics);
    let read = |matched| {
        let source = Source {
            matched,
            rule: None,
            owner: None,
            view: TextView::Folded,
        };
        compiler.check(&shared, source, diagnostics)
    };
    if let Some(check) = hold.get(path).and_then(read) {
        compiler.rules.push(RuleInfo {
            id: format!("{}.query", hold.name),
            document: hold.name.clone(),
            rule: "query".to_owned(),
            version: hold.version.clone().unwrap_or_default(),
            digest: hold.digest,
            severity: Severity::Info,
            title: hold.name.clone(),
            risk: None,
            why: String::new(),
            cites: Vec::new(),
            labels: Vec::new(),
            status: Status::Stable,
            view: TextView::default(),
            parts: PartSet::ALL,
            alerts: false,
            when: None,
            hits: Vec::new(),
            misses: Vec::new(),
            place: hold.place(path),
        });
        compiler.checks.push(check);
    }
    compiler.finish()
}

/// What a rule is read from.
#[derive(Clone, Copy)]
struct Source<'n> {
    /// What stands under `match`.
    matched: &'n Node,
    /// All of the rule; a hold's query has nothing else.
    rule: Option<&'n Node>,
    /// Who answers for the rule.
    owner: Option<&'n str>,
    view: TextView,
}

#[derive(Default)]
struct Compiler {
    leaves: Leaves,
    rules: Vec<RuleInfo>,
    checks: Vec<Check>,
    conversations: Vec<ConversationRule>,
    disclaimers: Disclaimers,
    /// Rules of all documents, sound or not.
    n_seen: usize,
}

impl Compiler {
    fn lexicons<'d>(&mut self, documents: &[&'d Document], diagnostics: &mut Diagnostics) -> Lexicons<'d> {
        let lexicons = documents
            .iter()
            .copied()
            .filter(|document| document.kind == Kind::Lexicon);
        let lexicons: Vec<&Document> = lexicons.collect();
        for lexicon in &lexicons {
            check_shape(lexicon, &shape::lexicon(), diagnostics);
        }
        Lexicons::shared(&lexicons, diagnostics)
    }

    fn ruleset(&mut self, document: &Document, index: usize, shared: &Lexicons<'_>, diagnostics: &mut Diagnostics) {
        let lexicons = shared.local(document, diagnostics);
        let mut ids: FxHashMap<&str, &Node> = FxHashMap::default();
        let rules = document.root.get("rules").and_then(Node::as_list).unwrap_or_default();
        for (position, node) in rules.iter().enumerate() {
            self.n_seen += 1;
            if self.n_seen > limits::RULES {
                let message = format!("there are more than {} rules", limits::RULES);
                diagnostics.push(Diagnostic::error(codes::TOO_MANY_RULES, message).at(node.place, ""));
                return;
            }
            if let Some(id) = node.get("id")
                && let Some(first) = ids.insert(id.as_text().unwrap_or_default(), id)
            {
                let message = format!("there are two rules `{}`", id.as_text().unwrap_or_default());
                let error = Diagnostic::error(codes::DUPLICATE_RULE, message).at(id.place, "");
                diagnostics.push(error.also(first.place, "first defined here"));
            }
            count_examples(node, diagnostics);
            let read = |matched| {
                let source = Source {
                    matched,
                    rule: Some(node),
                    owner: document.root.get("owner").and_then(Node::as_text),
                    view: view(node),
                };
                self.check(&lexicons, source, diagnostics)
            };
            let compiled = node.get("match").and_then(read);
            if let (Some(check), Some(info)) = (compiled, info(document, index, position, node)) {
                self.rules.push(info);
                self.checks.push(check);
            }
        }
    }

    /// Reads what a rule looks for and what it makes of it.
    fn check(&mut self, lexicons: &Lexicons<'_>, source: Source<'_>, diagnostics: &mut Diagnostics) -> Option<Check> {
        let view = source.view;
        let Grading {
            tiers,
            threshold,
            raises,
        } = source
            .rule
            .map(|rule| grading::read(rule, view, diagnostics))
            .unwrap_or_default();
        let bodies = if view == TextView::Skeleton {
            let plain = self.body(lexicons, source, TextView::Folded, diagnostics)?;
            // The same words once more: what is wrong with them has been reported, unless they are wrong only here.
            let mut again = Diagnostics::new();
            let evasive = self.body(lexicons, source, TextView::Skeleton, &mut again);
            if evasive.is_none() {
                diagnostics.extend(again);
            }
            vec![plain, evasive?]
        } else {
            vec![self.body(lexicons, source, view, diagnostics)?]
        };
        Some(Check {
            bodies,
            tiers,
            threshold,
            raises,
        })
    }

    /// Reads what a rule looks for in one view.
    fn body(
        &mut self,
        lexicons: &Lexicons<'_>,
        source: Source<'_>,
        view: TextView,
        diagnostics: &mut Diagnostics,
    ) -> Option<Body> {
        self.leaves.view = view;
        let mut reader = Reader::new(lexicons, &mut self.leaves, diagnostics);
        reader.owner = source.owner;
        let matched = reader.rule(source.matched);
        let support = source.rule.and_then(|rule| rule.get("support"));
        let support = support.map_or(Some(Vec::new()), |support| reader.support(support));
        let (expression, exclusions) = matched?;
        Some(Body {
            lane: view as usize,
            matching: Matching::new(expression),
            exclusions,
            support: support?,
        })
    }

    fn finish(mut self) -> Program {
        let mut uses = vec![Vec::new(); self.leaves.len()];
        for (rule, (info, check)) in (0..).zip(self.rules.iter().zip(&self.checks)) {
            if info.status == Status::Retired {
                continue;
            }
            check.for_each_leaf(&mut |leaf| {
                let uses: &mut Vec<u32> = &mut uses[leaf as usize];
                if uses.last() != Some(&rule) {
                    uses.push(rule);
                }
            });
        }
        let stems = std::mem::take(&mut self.leaves.stems);
        let needing_nothing = std::mem::take(&mut self.leaves.needing_nothing);
        let lanes = self.leaves.build();
        Program {
            rules: self.rules,
            conversations: self.conversations,
            disclaimers: self.disclaimers,
            stems,
            needing_nothing,
            checks: self.checks,
            uses,
            lanes,
        }
    }
}

/// What a rule says about itself; `None` if the shape has reported that something is missing or wrong.
fn info(document: &Document, index: usize, position: usize, node: &Node) -> Option<RuleInfo> {
    let text = |key: &str| node.get(key).and_then(Node::as_text);
    let id = node.get("id")?;
    let rule = id.as_text()?;
    Some(RuleInfo {
        id: format!("{}.{rule}", document.name),
        document: document.name.clone(),
        rule: rule.to_owned(),
        version: document.version.clone()?,
        digest: document.digest,
        severity: text("severity")?.parse().ok()?,
        title: text("title").unwrap_or(rule).to_owned(),
        risk: text("risk").map(String::from),
        why: text("why")?.to_owned(),
        cites: texts(node.get("cites")),
        labels: texts(node.get("labels")),
        status: match text("status") {
            Some("experimental") => Status::Experimental,
            Some("retired") => Status::Retired,
            _ => Status::Stable,
        },
        view: view(node),
        parts: parts(node),
        alerts: !matches!(node.get("alerts").map(|alerts| &alerts.value), Some(Value::Bool(false))),
        when: text("when").map(|when| Condition {
            text: when.to_owned(),
            document: index,
            path: path![Seg::from("rules"), position, "when"].to_vec(),
        }),
        hits: examples::read(node.get("hits"), parts(node)),
        misses: examples::read(node.get("misses"), parts(node)),
        place: id.place,
    })
}

fn count_examples(node: &Node, diagnostics: &mut Diagnostics) {
    for key in ["hits", "misses"] {
        let Some(entry) = node.entry(key) else { continue };
        let Some(n_examples) = entry
            .node
            .as_list()
            .map(<[Node]>::len)
            .filter(|n| *n < limits::EXAMPLES)
        else {
            continue;
        };
        let message = format!("rule has {n_examples} `{key}`, fewer than {}", limits::EXAMPLES);
        let error = Diagnostic::error(codes::TOO_FEW_EXAMPLES, message).at(entry.key_place, "");
        diagnostics.push(error.help("each rule proves itself by texts that it hits and texts that it misses"));
    }
}

/// The view that a rule names; the shape has reported what is none.
fn view(node: &Node) -> TextView {
    let name = node.get("view").and_then(Node::as_text);
    let named = TextView::ALL.into_iter().find(|view| name == Some(view.as_str()));
    named.unwrap_or_default()
}

/// The parts that a rule names; the shape has reported what is none.
fn parts(node: &Node) -> PartSet {
    match node.get("parts") {
        None => PartSet::ALL,
        Some(parts) => texts(Some(parts))
            .iter()
            .fold(PartSet::NONE, |set, name| set.with(name).unwrap_or(set)),
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    let one_or_many = node.map_or(&[][..], |node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    one_or_many.iter().filter_map(Node::as_text).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use lexhold_document::{Diagnostics, Files, OpenError, load, path};

    use crate::testing::{compiled, diagnostics, ruleset, scan};
    use crate::{Expected, check_examples};

    #[test]
    fn unknown_operators_are_named() {
        assert_eq!(diagnostics("{wrod: a}"), ["LX0401: wrod"]);
        assert_eq!(
            diagnostics("{any: [{steam: a}, {neer: b}]}"),
            ["LX0401: steam", "LX0401: neer"]
        );
    }

    #[test]
    fn operators_want_their_operands() {
        assert_eq!(diagnostics("{near: [a, b]}"), ["LX0402: [a, b]"]);
        assert_eq!(diagnostics("{near: {of: [a, b]}}"), ["LX0402: near"]);
        assert_eq!(
            diagnostics("{near: {of: [a, b], within: 3, before: true}}"),
            ["LX0402: before"]
        );
        assert_eq!(
            diagnostics("{near: {of: [a], within: 0}}"),
            ["LX0423: 0", "LX0423: [a]"]
                .map(String::from)
                .into_iter()
                .rev()
                .collect::<Vec<_>>()
        );
        assert_eq!(diagnostics("{any: []}"), ["LX0402: []"]);
        assert_eq!(diagnostics("{any: a}"), ["LX0402: a"]);
        assert_eq!(diagnostics("[a, 7, true]"), ["LX0402: 7", "LX0402: true"]);
        assert_eq!(diagnostics("{unless: [a]}"), ["LX0424: {unless: [a]}"]);
        assert_eq!(diagnostics("{word: a, unicode: true}"), ["LX0402: unicode"]);
        assert_eq!(
            diagnostics("{word: a, unless: [{word: b, side: before}]}"),
            ["LX0402: side"]
        );
        assert_eq!(diagnostics("{any: [a, {word: b, unless: [c]}]}"), ["LX0422: unless"]);
        assert_eq!(diagnostics("{word: wall street}"), ["LX0421: wall street"]);
        assert_eq!(diagnostics("{lexicon: messenger}"), ["LX0405: messenger"]);
    }

    #[test]
    fn k3_k5_terms() {
        assert_eq!(diagnostics("[a, '...']"), ["LX0406: '...'"]);
        assert_eq!(
            diagnostics("[Inside\u{ad}r, b, INSIDER]"),
            ["LX0407: INSIDER <- Inside\u{ad}r"]
        );
        assert_eq!(diagnostics("['guarante*', '(mkt|market) lvl']"), [""; 0]);
        assert_eq!(diagnostics("['gu*', '(a|b']"), ["LX0408: *", "LX0430: '(a|b'"]);
        assert_eq!(diagnostics("c++"), ["LX0409: +"]);
    }

    #[test]
    fn r1_r2_patterns_point_at_the_very_characters() {
        assert_eq!(diagnostics("{regex: 'ab(c'}"), ["LX0412: ("]);
        assert_eq!(diagnostics("{regex: 'ab(?!c)d'}"), ["LX0415: (?!"]);
        assert_eq!(diagnostics("{regex: '(call me)?'}"), ["LX0414: '(call me)?'"]);
        assert_eq!(diagnostics("{regex: ['a[b', '(?-i)x']}"), ["LX0412: [", "LX0425: -i"]);
        assert_eq!(diagnostics(r"{regex: 'call\nme'}"), [r"LX0426: \n"]);
    }

    #[test]
    fn everything_is_reported_at_once() {
        let text = ruleset(&["{wrod: a}", "{regex: '('}", "'...'"])
            .replace("id: r2", "id: r0")
            .replace("hits: [a, b]", "hits: [a]");
        let (program, diagnostics) = compiled(&[&text]);
        assert_eq!(program.rules().len(), 0);
        assert_eq!(
            diagnostics,
            [
                "LX0401: wrod",
                "LX0403: hits",
                "LX0412: (",
                "LX0403: hits",
                "LX0404: r0 <- r0",
                "LX0406: '...'",
                "LX0403: hits",
            ]
        );
    }

    #[test]
    fn grades_are_checked_whatever_the_match_is() {
        let rule =
            "{wrod: a}, support: [{name: s, match: b}], confidence: {high: {all: [s, t]}}, threshold: {total: 0}";
        assert_eq!(
            diagnostics(rule),
            ["LX0401: wrod", "LX0402: {name: s, match: b}", "LX0439: t", "LX0441: 0"]
        );
    }

    #[test]
    fn shapes_are_checked() {
        let text = ruleset(&["a"]).replace("severity: low", "severty: low");
        assert_eq!(compiled(&[&text]).1.len(), 2);
    }

    #[test]
    fn lexicon_documents_are_shared_and_not_shadowed() {
        let lexicon = "lexhold: 1\nlexicon: chat apps\nowner: me\nterms: [skype]\n".replace("chat apps", "chat-apps");
        let (program, diagnostics) = compiled(&[&ruleset(&["{lexicon: chat-apps}"]), &lexicon]);
        assert_eq!(diagnostics, [""; 0]);
        assert_eq!(scan(&program, "on Skype").len(), 1);
        let clash = lexicon.replace("chat-apps", "messengers");
        assert_eq!(
            compiled(&[&ruleset(&["a"]), &clash]).1,
            ["LX0419: messengers <- messengers"]
        );
    }

    #[test]
    fn g5_nesting() {
        let nested = |depth: usize| format!("{}a{}", "{all: [".repeat(depth), "]}".repeat(depth));
        assert_eq!(diagnostics(&nested(15)), [""; 0]);
        assert_eq!(diagnostics(&nested(16)), ["LX0418: a"]);
    }

    #[test]
    fn g5_terms_in_a_lexicon() {
        let lexicon = |n: usize| {
            let terms: String = (0..n).map(|n| format!("- t{n}\n")).collect();
            format!("lexhold: 1\nlexicon: many\nowner: me\nterms:\n{terms}")
        };
        let (program, diagnostics) = compiled(&[&ruleset(&["{lexicon: many}"]), &lexicon(100_000)]);
        assert_eq!(diagnostics, [""; 0]);
        assert_eq!(scan(&program, "t99999 t100000").len(), 1);
        assert_eq!(compiled(&[&lexicon(100_001)]).1, ["LX0410: t100000"]);
    }

    #[test]
    fn g1_examples_are_run() {
        let text = ruleset(&["{word: a, unless: [{word: not, within: 1}]}"])
            .replace("[a, b]", "[a, not a, b]")
            .replace("[c, d]", "[c, d, not a, an a]");
        let (program, diagnostics) = compiled(&[&text]);
        assert_eq!(diagnostics, [""; 0]);
        let failures = check_examples(&program, 0);
        let shown: Vec<_> = failures
            .iter()
            .map(|failure| (failure.expected, failure.text.as_str(), failure.excluded_by.is_some()))
            .collect();
        assert_eq!(
            shown,
            [
                (Expected::Hit, "not a", true),
                (Expected::Hit, "b", false),
                (Expected::Miss, "an a", false)
            ]
        );
    }

    #[test]
    fn a_query_stands_by_itself() {
        let hold = "lexhold: 1\nhold: orion\nquery: { any: [project orion], unless: [{ word: not, within: 1 }] }\n";
        let mut files = Files::new();
        let mut diagnostics = Diagnostics::new();
        let root = files.add("hold.yaml", hold.to_owned());
        let documents = load(&mut files, &[root], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
        let program = super::compile_query(&[&documents[0]], 0, &path!["query"], &mut diagnostics);
        assert!(diagnostics.is_empty());
        assert_eq!(program.rules()[0].id, "orion.query");
        let excluded: Vec<_> = scan(&program, "Project Orion, and not project orion")
            .iter()
            .map(|hit| (hit.rule, hit.excluded_by.is_some()))
            .collect();
        assert_eq!(excluded, [(0, false), (0, true)]);
        super::compile_query(&[&documents[0]], 0, &path!["hold"], &mut diagnostics);
        super::compile_query(&[&documents[0]], 0, &path!["query", "unless"], &mut diagnostics);
        assert!(diagnostics.has_errors());
    }

    #[test]
    fn a_rule_tells_about_itself() {
        let text = ruleset(&["a"]).replace(
            "why: test",
            "why: test, when: resource.external, cites: us-finra-3110, labels: [x, y]",
        );
        let (program, _) = compiled(&[&text]);
        let rule = &program.rules()[0];
        assert_eq!(
            (rule.id.as_str(), rule.title.as_str(), rule.version.as_str()),
            ("test.r0", "r0", "1.0.0")
        );
        assert_eq!((rule.cites.len(), rule.labels.len(), rule.hits.len()), (1, 2, 2));
        let when = rule.when.as_ref().unwrap();
        assert_eq!(
            (when.text.as_str(), when.document, when.path.len()),
            ("resource.external", 0, 3)
        );
    }
}
