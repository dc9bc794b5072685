//! What a rule makes of its hits, as it is written: tiers of confidence, thresholds, raised severities.

use lexhold_document::{Diagnostic, Diagnostics, Node, Value, did_you_mean};
use lexhold_model::Severity;

use crate::check::{Amount, Raise, Tier};
use crate::{Confidence, TextView, codes, limits};

/// What a rule makes of its hits.
#[derive(Debug, Default)]
pub(crate) struct Grading {
    pub(crate) tiers: Vec<Tier>,
    pub(crate) threshold: Amount,
    pub(crate) raises: Vec<Raise>,
}

/// Reads how a rule grades its hits. What is wrong is reported.
pub(crate) fn read(rule: &Node, view: TextView, diagnostics: &mut Diagnostics) -> Grading {
    let support = rule.get("support").and_then(Node::as_list).unwrap_or_default();
    let name = |item: &'_ Node| -> String { item.get("name").and_then(Node::as_text).unwrap_or_default().to_owned() };
    let mut reader = Reader {
        support: support.iter().map(name).collect(),
        diagnostics,
    };
    let tiers = reader.tiers(rule.get("confidence"));
    let threshold = rule.get("threshold").map(|node| reader.threshold(node));
    let severity = rule
        .get("severity")
        .and_then(Node::as_text)
        .and_then(|text| text.parse().ok());
    let raises = rule
        .get("raise")
        .map_or(&[][..], |raise| raise.as_list().unwrap_or(std::slice::from_ref(raise)));
    Grading {
        raises: raises
            .iter()
            .filter_map(|raise| reader.raise(raise, severity, &tiers, view))
            .collect(),
        threshold: threshold.unwrap_or_default(),
        tiers,
    }
}

struct Reader<'a> {
    /// The names of the evidence, in the order of the rule.
    support: Vec<String>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// The tiers, the highest first.
    fn tiers(&mut self, confidence: Option<&Node>) -> Vec<Tier> {
        let highest_first = Confidence::ALL.into_iter().rev();
        let written: Vec<(Confidence, &Node)> = highest_first
            .filter_map(|tier| Some((tier, confidence?.get(tier.as_str())?)))
            .collect();
        let tiers: Vec<Tier> = written.iter().map(|(tier, node)| self.tier(*tier, node)).collect();
        let always = tiers.iter().position(|tier| tier.all.is_empty() && tier.of.is_empty());
        if let Some((confidence, node)) = always.and_then(|always| written.get(always + 1)) {
            let message = format!("no hit ever has the tier `{}`", confidence.as_str());
            let error = Diagnostic::error(codes::TIER, message).at(node.place, "a higher tier demands nothing");
            self.diagnostics.push(error);
        }
        tiers
    }

    fn tier(&mut self, confidence: Confidence, node: &Node) -> Tier {
        let all = self.names(node.get("all"));
        let of = self.names(node.get("of"));
        let any = match (node.get("any"), node.get("of")) {
            (None, None) => 0,
            (Some(any), Some(names)) => match any.value {
                Value::Int(n) if (1..=of.len()).contains(&usize::try_from(n).unwrap_or(0)) => {
                    usize::try_from(n).unwrap_or(0)
                }
                _ => {
                    let message = format!("`any` has to be a whole number from 1 to {}", of.len());
                    let error = Diagnostic::error(codes::TIER, message).at(any.place, "");
                    self.diagnostics
                        .push(error.also(names.place, "the evidence to choose from"));
                    0
                }
            },
            (Some(lone), None) | (None, Some(lone)) => {
                let error = Diagnostic::error(codes::TIER, "`any` and `of` stand side by side").at(lone.place, "");
                self.diagnostics
                    .push(error.help("any: 2, of: [name, address, birthday]"));
                0
            }
        };
        Tier {
            confidence,
            all,
            any,
            of,
        }
    }

    /// The positions of named evidence.
    fn names(&mut self, node: Option<&Node>) -> Vec<usize> {
        let names = node.map_or(&[][..], |node| node.as_list().unwrap_or(std::slice::from_ref(node)));
        let mut positions = Vec::new();
        for node in names {
            let Some(name) = node.as_text() else { continue };
            match self.support.iter().position(|known| known == name) {
                Some(position) => positions.push(position),
                None => {
                    let known = self.support.iter().map(String::as_str);
                    let error = Diagnostic::error(codes::UNKNOWN_SUPPORT, format!("there is no evidence `{name}`"));
                    let help = did_you_mean(name, known).or_else(|| Some("define it under `support`".to_owned()));
                    self.diagnostics.push(error.at(node.place, "").maybe_help(help));
                }
            }
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    fn threshold(&mut self, node: &Node) -> Amount {
        if node.get("total").is_none() && node.get("distinct").is_none() {
            let error = Diagnostic::error(codes::THRESHOLD, "a threshold wants `total` or `distinct`");
            self.diagnostics.push(error.at(node.place, ""));
        }
        self.amount(node)
    }

    fn amount(&mut self, node: &Node) -> Amount {
        Amount {
            total: self.number(node.get("total")),
            distinct: self.number(node.get("distinct")),
        }
    }

    fn number(&mut self, node: Option<&Node>) -> u64 {
        let Some(node) = node else { return 0 };
        match node.value {
            Value::Int(n) if (1..=limits::STORED_HITS).contains(&u64::try_from(n).unwrap_or(0)) => {
                u64::try_from(n).unwrap_or(0)
            }
            // What is no whole number has been reported by the shape.
            Value::Int(_) => {
                let message = format!("a threshold has to be from 1 to {}", limits::STORED_HITS);
                let error = Diagnostic::error(codes::THRESHOLD, message).at(node.place, "");
                self.diagnostics
                    .push(error.note("so many hits of a rule and message are stored"));
                0
            }
            _ => 0,
        }
    }

    fn raise(&mut self, node: &Node, severity: Option<Severity>, tiers: &[Tier], view: TextView) -> Option<Raise> {
        let (to, when) = (node.get("to")?, node.get("when")?);
        let raised: Severity = to.as_text()?.parse().ok()?;
        if severity.is_some_and(|severity| raised <= severity) {
            let error = Diagnostic::error(codes::RAISE, "a severity is only ever raised").at(to.place, "not higher");
            self.diagnostics.push(error);
        }
        let evasion = when
            .get("evasion")
            .is_some_and(|evasion| evasion.value == Value::Bool(true));
        if evasion && view != TextView::Skeleton {
            let error = Diagnostic::error(codes::RAISE, "no hit of this rule is ever marked as an evasion");
            let error = error
                .at(when.place, "")
                .help("only `view: skeleton` looks behind disguises");
            self.diagnostics.push(error);
        }
        let tier = when.get("confidence");
        let confidence = tier.and_then(Node::as_text);
        let confidence = Confidence::ALL
            .into_iter()
            .find(|tier| confidence == Some(tier.as_str()));
        if let (Some(tier), Some(confidence)) = (tier, confidence)
            && tiers.iter().all(|tier| tier.confidence < confidence)
        {
            let message = format!("no hit of this rule ever has the tier `{}`", confidence.as_str());
            let error = Diagnostic::error(codes::RAISE, message).at(tier.place, "");
            self.diagnostics.push(error.help("define it under `confidence`"));
        }
        let amount = self.amount(when);
        if !evasion && confidence.is_none() && amount == Amount::default() {
            let error = Diagnostic::error(codes::RAISE, "there is no condition on which to raise the severity");
            let error = error
                .at(when.place, "")
                .help("use `evasion: true`, `confidence`, `total` or `distinct`");
            self.diagnostics.push(error);
        }
        Some(Raise {
            to: raised,
            evasion,
            confidence,
            amount,
        })
    }
}
