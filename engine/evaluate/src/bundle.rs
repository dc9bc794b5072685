//! What compliance wrote, compiled: the immutable thing that a run evaluates with.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Place, path};
use lexhold_model::{Digest, Directory, Key, Severity, canonical_json};
use lexhold_policy::{Action, Condition, FirmTypes, Named, Program as Conditions, Schemas};
use lexhold_retention::{Schedule, Schedules};
use lexhold_rules::conversation::{Conversation, ConversationRule};
use lexhold_rules::{Program as Rules, RuleInfo, TextView};
use serde_json::json;

use crate::codes;
use crate::evaluation::RuleRef;
use crate::sampling::{Sampling, compile_sampling};
use crate::supervision::{self, SupervisionRule};

/// One document of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentInfo {
    /// What it describes.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version, for kinds that have one.
    pub version: Option<String>,
    /// The digest of what it says.
    pub digest: Digest,
}

/// The compiled, digested set of policies and rulesets that one run evaluates.
#[derive(Debug)]
pub struct Bundle {
    /// The digest over all documents and the schema.
    pub digest: Digest,
    /// The documents, sorted.
    pub documents: Vec<DocumentInfo>,
    pub(crate) firm: FirmTypes,
    pub(crate) rules: Rules,
    pub(crate) scan: Conditions,
    /// For each pattern rule, the position of its `when` in `scan`.
    pub(crate) when_of: Vec<Option<usize>>,
    /// For each pattern rule, the rules over several messages that it is a component of, and its position in each.
    pub(crate) components: Vec<Vec<(u32, u32)>>,
    pub(crate) supervision: Vec<SupervisionRule>,
    pub(crate) communicate: Conditions,
    pub(crate) schedules: Schedules,
    pub(crate) retain: Conditions,
    sampling: Vec<Sampling>,
}

/// A version of a retention document that a later one has superseded and that still binds some messages.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'b> {
    /// A bundle that the version was part of.
    pub bundle: &'b Bundle,
    /// The name of the document.
    pub document: &'b str,
    /// It binds no message that was both sent and captured from this day on, in the document's zone.
    pub superseded_from: Date,
}

/// What kind of rule raised an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// A pattern rule over text.
    Pattern,
    /// A condition on who may write to whom.
    Supervision,
    /// A rule over the hits of several messages.
    Conversation,
}

impl RuleKind {
    /// The word that stands for it in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::Supervision => "supervision",
            Self::Conversation => "conversation",
        }
    }
}

/// What a report says of a rule.
#[derive(Clone, Debug)]
pub struct RuleSummary<'a> {
    /// What kind of rule it is.
    pub kind: RuleKind,
    /// `document.rule`.
    pub id: &'a str,
    /// The document.
    pub document: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its digest.
    pub digest: Digest,
    /// How grave a hit is.
    pub severity: Severity,
    /// One line for people.
    pub title: &'a str,
    /// What a message is labelled.
    pub labels: &'a [String],
    /// The paragraphs that it rests on.
    pub cites: &'a [String],
    /// The view of the text that it runs on; none for a rule that reads no text.
    pub view: Option<TextView>,
    /// Whether its hits make alerts.
    pub alerts: bool,
    /// What a rule over several messages looks for.
    pub conversation: Option<&'a Conversation>,
}

impl<'a> RuleSummary<'a> {
    fn of_pattern(info: &'a RuleInfo) -> Self {
        Self {
            kind: RuleKind::Pattern,
            id: &info.id,
            document: &info.document,
            version: &info.version,
            digest: info.digest,
            severity: info.severity,
            title: &info.title,
            labels: &info.labels,
            cites: &info.cites,
            view: Some(info.view),
            alerts: info.alerts,
            conversation: None,
        }
    }

    fn of_conversation(rule: &'a ConversationRule) -> Self {
        Self {
            kind: RuleKind::Conversation,
            view: None,
            alerts: true,
            conversation: Some(&rule.conversation),
            ..Self::of_pattern(&rule.info)
        }
    }

    fn of_supervision(rule: &'a SupervisionRule) -> Self {
        Self {
            kind: RuleKind::Supervision,
            id: &rule.id,
            document: &rule.document,
            version: &rule.version,
            digest: rule.digest,
            severity: rule.severity,
            title: &rule.title,
            labels: &rule.labels,
            cites: &rule.cites,
            view: None,
            alerts: true,
            conversation: None,
        }
    }
}

impl RuleSummary<'_> {
    /// The key of this very version of the rule.
    pub fn key(&self) -> Key {
        Key::of(
            "lexhold rule 1",
            [self.id.as_bytes(), self.version.as_bytes(), &self.digest.0],
        )
    }
}

impl Bundle {
    /// Compiles documents; kinds that are no part of a bundle are passed over.
    ///
    /// `None` when anything is wrong; everything that is wrong is in `diagnostics`.
    pub fn compile(documents: &[Document], schemas: &Schemas, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mine: Vec<&Document> = documents.iter().filter(|document| is_part(document.kind)).collect();
        report_same_names(&mine, diagnostics);
        report_same_ids(&mine, diagnostics);
        let rules = lexhold_rules::compile(&mine, diagnostics);
        let (scan, when_of) = compile_when(&rules, &mine, schemas, diagnostics);
        let (supervision, communicate) = supervision::compile(&mine, schemas, diagnostics);
        let schedules = lexhold_retention::compile(&mine, diagnostics);
        lexhold_retention::check_event_keys(&schedules, &mine, &crate::message::EVENT_KEYS, diagnostics);
        let retain = compile_scopes(&schedules, &mine, schemas, diagnostics);
        let ids = rules
            .rules()
            .iter()
            .map(|rule| (rule.id.as_str(), rule.document.as_str()));
        let ids = ids.chain(
            supervision
                .iter()
                .map(|rule| (rule.id.as_str(), rule.document.as_str())),
        );
        let sampling = compile_sampling(&mine, &ids.collect(), diagnostics);
        if diagnostics.has_errors() {
            return None;
        }
        let mut infos: Vec<DocumentInfo> = mine.iter().map(|document| info(document)).collect();
        infos.sort();
        Some(Self {
            digest: digest(&infos, schemas),
            documents: infos,
            firm: schemas.firm().clone(),
            components: components(&rules),
            rules,
            scan: Conditions::build(Action::Scan, scan),
            when_of,
            supervision,
            communicate: Conditions::build(Action::Communicate, communicate),
            schedules,
            retain: Conditions::build(Action::Retain, retain),
            sampling,
        })
    }

    /// The pattern rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The schedules.
    pub fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    pub(crate) fn schedule(&self, at: usize) -> &Schedule {
        #[expect(clippy::expect_used, reason = "positions come from the bundle's own schedules")]
        self.schedules.get(at).expect("a position of the bundle")
    }

    /// Whether the condition of any of these schedules reads the instant at which a message was sent, which its facts do not
    /// hold.
    pub fn reads_instant(&self, schedules: &BTreeSet<usize>) -> bool {
        let conditions = self.retain.conditions();
        schedules.iter().any(|at| conditions[*at].reads().time())
    }

    /// The same bundle, which also assigns the schedules of versions that are superseded and still bind.
    ///
    /// Its digest and documents stay what they are: they say what is in force.
    #[must_use]
    pub fn with_earlier(mut self, earlier: &[Earlier<'_>]) -> Self {
        let mut schedules: Vec<Schedule> = self.schedules.iter().cloned().collect();
        let mut conditions = self.retain.conditions().to_vec();
        for version in earlier {
            let all = version.bundle.schedules.iter().zip(version.bundle.retain.conditions());
            for (schedule, condition) in all.filter(|(schedule, _)| schedule.document == version.document) {
                schedules.push(Schedule {
                    superseded_from: Some(version.superseded_from),
                    ..schedule.clone()
                });
                conditions.push(condition.clone());
            }
        }
        self.schedules = Schedules::new(schedules);
        self.retain = Conditions::build(Action::Retain, conditions);
        self
    }

    /// The supervision rules.
    pub fn supervision(&self) -> &[SupervisionRule] {
        &self.supervision
    }

    /// The samples that are drawn for review.
    pub fn sampling(&self) -> &[Sampling] {
        &self.sampling
    }

    /// How many rules of every kind there are.
    pub fn n_rules(&self) -> usize {
        self.rules.rules().len() + self.supervision.len() + self.rules.conversations().len()
    }

    /// What a report says of a rule.
    pub fn rule(&self, rule: RuleRef) -> RuleSummary<'_> {
        match rule {
            RuleRef::Pattern(at) => RuleSummary::of_pattern(&self.rules.rules()[at as usize]),
            RuleRef::Supervision(at) => RuleSummary::of_supervision(&self.supervision[at as usize]),
            RuleRef::Conversation(at) => RuleSummary::of_conversation(&self.rules.conversations()[at as usize]),
        }
    }

    /// All rules of every kind.
    pub fn all_rules(&self) -> impl Iterator<Item = RuleRef> {
        let positions = |length: usize| 0..u32::try_from(length).unwrap_or(u32::MAX);
        let patterns = positions(self.rules.rules().len()).map(RuleRef::Pattern);
        patterns
            .chain(positions(self.supervision.len()).map(RuleRef::Supervision))
            .chain(positions(self.rules.conversations().len()).map(RuleRef::Conversation))
    }

    /// The conditions, by their rule's or schedule's id, that are not compiled but asked of Cedar's own authorizer.
    pub fn uncompiled_conditions(&self) -> impl Iterator<Item = &str> {
        let programs = [&self.scan, &self.communicate, &self.retain];
        programs
            .into_iter()
            .flat_map(|program| program.uncompiled().map(Condition::id))
    }

    /// The groups that conditions name.
    pub fn groups(&self) -> BTreeSet<&str> {
        let conditions = [&self.scan, &self.communicate, &self.retain];
        let mentions = conditions
            .into_iter()
            .flat_map(|conditions| conditions.conditions())
            .flat_map(Condition::mentions);
        let groups = mentions.filter(|mention| mention.kind == Named::Group);
        groups.map(|mention| mention.id.as_str()).collect()
    }

    /// Warns of groups that conditions name and the directory does not know, once for each file with all places in it.
    pub fn check_groups(&self, directory: &Directory, diagnostics: &mut Diagnostics) {
        let conditions = [&self.scan, &self.communicate, &self.retain];
        let mentions = conditions
            .into_iter()
            .flat_map(|conditions| conditions.conditions())
            .flat_map(Condition::mentions);
        // All schedules of a document share its scope, and name its groups at the same place.
        let mut unknown: BTreeMap<_, BTreeSet<Place>> = BTreeMap::new();
        for mention in mentions.filter(|mention| mention.kind == Named::Group && !directory.has_group(&mention.id)) {
            let places = unknown.entry((mention.place.file, mention.id.as_str())).or_default();
            places.insert(mention.place);
        }
        for ((_, group), places) in unknown {
            let mut places = places.into_iter();
            let Some(first) = places.next() else { continue };
            let known = directory.groups().iter().map(|group| group.id.as_str());
            let warning = Diagnostic::warning(codes::UNKNOWN_GROUP, format!("the directory has no group `{group}`"))
                .at(first, "nobody belongs to it")
                .maybe_help(lexhold_document::did_you_mean(group, known));
            diagnostics.push(places.fold(warning, |warning, place| warning.also(place, "nor here")));
        }
    }
}

/// Whether documents of a kind are part of a bundle, and count for its digest.
pub fn is_part(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Hold
            | Kind::Directory
            | Kind::Operators
            | Kind::Cases
            | Kind::Delegation
            | Kind::Exception
            | Kind::Counts
            | Kind::Mapping
    )
}

fn info(document: &Document) -> DocumentInfo {
    DocumentInfo {
        kind: document.kind.key(),
        name: document.name.clone(),
        version: document.version.clone(),
        digest: document.digest,
    }
}

fn digest(infos: &[DocumentInfo], schemas: &Schemas) -> Digest {
    let documents: Vec<_> = infos
        .iter()
        .map(|info| json!({"kind": info.kind, "name": info.name, "version": info.version, "digest": info.digest}))
        .collect();
    let schema: Vec<Digest> = schemas.texts().iter().map(|text| Digest::of(text.as_bytes())).collect();
    Digest::of(canonical_json(&json!({"documents": documents, "schema": schema})).as_bytes())
}

/// Retention documents are compared by their own crate, which knows of versions.
fn report_same_names(documents: &[&Document], diagnostics: &mut Diagnostics) {
    let mut first: HashMap<(&str, &str), Place> = HashMap::new();
    for document in documents.iter().filter(|document| document.kind != Kind::Retention) {
        let place = document.name_place();
        if let Some(first) = first.insert((document.kind.key(), &document.name), place) {
            let message = format!("two {} documents are named `{}`", document.kind.key(), document.name);
            diagnostics.push(
                Diagnostic::error(codes::DUPLICATE_NAME, message)
                    .at(place, "named again")
                    .also(first, "first named here"),
            );
        }
    }
}

/// Ids are `name.rule`, and a name may hold a dot: two documents can arrive at one id. Within one document the crate that
/// owns it compares them.
fn report_same_ids(documents: &[&Document], diagnostics: &mut Diagnostics) {
    let mut first: HashMap<String, Place> = HashMap::new();
    for document in documents {
        for list in ["rules", "schedules"] {
            let items = document.get(&path![list]).and_then(Node::as_list).unwrap_or_default();
            for id in items.iter().filter_map(|item| item.get("id")) {
                let full = format!("{}.{}", document.name, id.as_text().unwrap_or_default());
                let before = first.insert(full.clone(), id.place);
                if let Some(first) =
                    before.filter(|first| first.file != id.place.file || document.kind == Kind::Supervision)
                {
                    let message = format!("id `{full}` is used twice");
                    diagnostics.push(
                        Diagnostic::error(codes::DUPLICATE_ID, message)
                            .at(id.place, "used again")
                            .also(first, "first defined here"),
                    );
                }
            }
        }
    }
}

fn compile_when(
    rules: &Rules,
    documents: &[&Document],
    schemas: &Schemas,
    diagnostics: &mut Diagnostics,
) -> (Vec<Condition>, Vec<Option<usize>>) {
    let mut conditions = Vec::new();
    let when_of = rules.rules().iter().map(|rule| {
        let when = rule.when.as_ref()?;
        let node = documents[when.document].get(&when.path)?;
        conditions.push(Condition::compile(
            schemas,
            &rule.id,
            Action::Scan,
            &[node],
            diagnostics,
        )?);
        Some(conditions.len() - 1)
    });
    let when_of = when_of.collect();
    (conditions, when_of)
}

/// For each pattern rule, the rules over several messages that it is a component of.
fn components(rules: &Rules) -> Vec<Vec<(u32, u32)>> {
    let positions: HashMap<&str, usize> = rules.rules().iter().map(|rule| rule.id.as_str()).zip(0..).collect();
    let mut of_rule = vec![Vec::new(); rules.rules().len()];
    for (conversation, rule) in (0..).zip(rules.conversations()) {
        for (component, id) in (0..).zip(&rule.conversation.components) {
            if let Some(at) = positions.get(id.as_str()) {
                of_rule[*at].push((conversation, component));
            }
        }
    }
    of_rule
}

/// One condition a schedule, in the order of the schedules.
fn compile_scopes(
    schedules: &Schedules,
    documents: &[&Document],
    schemas: &Schemas,
    diagnostics: &mut Diagnostics,
) -> Vec<Condition> {
    let compiled = schedules.iter().filter_map(|schedule| {
        let clauses: Vec<&Node> = [&schedule.scope, &schedule.when]
            .into_iter()
            .flatten()
            .filter_map(|condition| documents[condition.document].get(&condition.path))
            .collect();
        Condition::compile(schemas, &schedule.id, Action::Retain, &clauses, diagnostics)
    });
    compiled.collect()
}
