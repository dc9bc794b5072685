//! Who may do what: bare Cedar policies over operators, with a schema of their own.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    Policy, PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use lexhold_document::{Diagnostic, Diagnostics, FileId, Files, Place};

use crate::{Operator, codes, lex, trouble};

const SCHEMA: &str = include_str!("../../../policies/governance/governance.cedarschema");
const SHIPPED: [(&str, &str); 2] = [
    (
        "policies/governance/roles.cedar",
        include_str!("../../../policies/governance/roles.cedar"),
    ),
    (
        "policies/governance/separation.cedar",
        include_str!("../../../policies/governance/separation.cedar"),
    ),
];

macro_rules! verbs {
    ($($(#[doc = $doc:literal])* $verb:ident = $name:literal on $resource:literal),+ $(,)?) => {
        /// What somebody asks to do. Each is an action of the governance schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb { $($(#[doc = $doc])* $verb),+ }

        impl Verb {
            /// Every verb.
            pub const ALL: &'static [Self] = &[$(Self::$verb),+];

            /// The name in policies and in the journal.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$verb => $name),+ }
            }

            fn resource(self) -> &'static str {
                match self { $(Self::$verb => $resource),+ }
            }

            /// Whether it decides what becomes of something under review, and does not only ask for more eyes.
            fn is_review(self) -> bool {
                matches!(self, Self::ReviewAlert | Self::AssignAlert | Self::CloseAlert | Self::SuppressAlert)
            }
        }
    };
}

verbs! {
    /// Make a bundle the active one.
    Activate = "activate" on "Bundle",
    /// Take a version of a retention document back that was proven wrong.
    CorrectRetention = "correct_retention" on "Bundle",
    /// Take in messages and evaluate them.
    Run = "run" on "Home",
    /// Take in messages whose old dates are to be believed.
    DeclareBackfill = "declare_backfill" on "Home",
    /// Place a hold.
    PlaceHold = "place_hold" on "Matter",
    /// Make a hold smaller.
    NarrowHold = "narrow_hold" on "Matter",
    /// End a hold.
    ReleaseHold = "release_hold" on "Matter",
    /// Know of silent holds.
    ShowSilentHold = "show_silent_hold" on "Home",
    /// Freeze a disposal plan.
    ProposeDisposal = "propose_disposal" on "Plan",
    /// Approve a stage of a disposal plan.
    ApproveDisposal = "approve_disposal" on "Plan",
    /// Carry out a disposal plan.
    ExecuteDisposal = "execute_disposal" on "Plan",
    /// Record a review, comment on an alert or take its suppression back.
    ReviewAlert = "review_alert" on "Alert",
    /// Hand an alert to somebody.
    AssignAlert = "assign_alert" on "Alert",
    /// Hand an alert to somebody above.
    EscalateAlert = "escalate_alert" on "Alert",
    /// End the review of an alert.
    CloseAlert = "close_alert" on "Alert",
    /// Take the closing of an alert back.
    ReopenAlert = "reopen_alert" on "Alert",
    /// Set an alert aside for a time.
    SuppressAlert = "suppress_alert" on "Alert",
    /// Open a case, or add to one.
    OpenCase = "open_case" on "Case",
    /// End a case.
    CloseCase = "close_case" on "Case",
    /// Attest that a period has been reviewed.
    Attest = "attest" on "Home",
    /// Learn the key by which a sample was drawn.
    Reveal = "reveal" on "Home",
    /// Read matched text or whole messages.
    ViewContent = "view_content" on "Home",
    /// Hand out messages of a matter.
    Export = "export" on "Matter",
    /// Record an event that starts a retention period.
    RecordEvent = "record_event" on "Event",
    /// Give an event another day.
    CorrectEvent = "correct_event" on "Event",
    /// Take an event back.
    CancelEvent = "cancel_event" on "Event",
    /// Decide what an indeterminate message is.
    ResolveIndeterminate = "resolve_indeterminate" on "Message",
    /// Attest that the clock is right, or that earlier times in the journal are wrong.
    AttestClock = "attest_clock" on "Home",
    /// Let a new key of the home sign.
    RotateKeys = "rotate_keys" on "Home",
    /// Freeze what a request for erasure is about.
    RequestErasure = "request_erasure" on "Request",
    /// Answer a request for erasure.
    AnswerErasure = "answer_erasure" on "Request",
    /// Copy the home, with messages and keys.
    BackUp = "back_up" on "Home",
    /// Bring a backup back.
    Restore = "restore" on "Home",
}

/// What is known about an act when it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Circumstances<'a> {
    /// The bundle's digest, the matter, the plan, …; for a home as a whole, its id.
    pub of: &'a str,
    /// Ids of those who wrote the thing.
    pub authors: BTreeSet<String>,
    /// Ids of those who asked for it.
    pub requesters: BTreeSet<String>,
    /// Ids of those who have approved it so far.
    pub approvers: BTreeSet<String>,
    /// Those who confirm this very act beside the principal.
    pub confirmed_by: Vec<&'a Operator>,
    /// The principal took part in what is reviewed, or reports to somebody who did.
    pub conflicted: bool,
    /// A documented exception lets them review it nonetheless.
    pub excepted: bool,
    /// It concerns a silent hold.
    pub silent: bool,
    /// It makes messages fall due earlier than before.
    pub shortens: bool,
    /// The principal's signature over the thing's digest has been verified.
    pub signed: bool,
    /// The stage of approval, by name, where it is one.
    pub stage: &'a str,
}

/// The answer to who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GovernanceAnswer {
    /// Whether it may be done. Any error is a no.
    pub allowed: bool,
    /// The policies that made the answer, or the reason that no policy gave.
    pub reasons: Vec<String>,
    /// The policies that could not be evaluated.
    pub errors: Vec<String>,
    /// What a refusal would take to become a yes, in the words that the policies themselves have for it (`@needs`).
    pub needs: Vec<String>,
    /// Nobody but one person governs this home; every report says so.
    pub solo: bool,
}

impl GovernanceAnswer {
    fn plain(allowed: bool, reason: &str, solo: bool) -> Self {
        Self {
            allowed,
            reasons: vec![reason.to_owned()],
            errors: Vec::new(),
            needs: Vec::new(),
            solo,
        }
    }
}

/// The function that is asked before each dangerous verb.
#[derive(Clone, Debug)]
pub struct Governance(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Solo,
    Policies(Box<Policies>),
}

#[derive(Clone, Debug)]
struct Policies {
    set: PolicySet,
    schema: Schema,
}

impl Governance {
    /// One person tries Lexhold out: everything is allowed that one person can do, and every answer says so.
    pub fn solo() -> Self {
        Self(Rule::Solo)
    }

    /// The policies as shipped.
    pub fn shipped() -> Self {
        let mut files = Files::new();
        let sources: Vec<FileId> = SHIPPED
            .iter()
            .map(|(path, text)| files.add(path, (*text).to_owned()))
            .collect();
        #[expect(clippy::expect_used, reason = "the shipped policies are compiled by a test")]
        Self::compile(&files, &sources, &mut Diagnostics::new()).expect("the shipped policies compile")
    }

    /// The policies of some files, in place of those shipped.
    ///
    /// Each needs an `@id`, unique among all files, by which answers and journal name it.
    pub fn compile(files: &Files, sources: &[FileId], diagnostics: &mut Diagnostics) -> Option<Self> {
        let validator = Validator::new(schema());
        let mut policies = PolicySet::new();
        let mut ids: HashMap<String, Place> = HashMap::new();
        let mut sound = true;
        for (source, range) in statements(files, sources) {
            let statement = Statement {
                files,
                source,
                start: range.start,
                text: &files.text(source)[range],
            };
            let policy = statement.compile(&validator, &mut ids, diagnostics);
            sound &= policy.is_some_and(|policy| policies.add(policy).is_ok());
        }
        sound.then(|| {
            let schema = validator.schema().clone();
            Self(Rule::Policies(Box::new(Policies { set: policies, schema })))
        })
    }

    /// Whether one person alone governs the home.
    pub fn is_solo(&self) -> bool {
        matches!(self.0, Rule::Solo)
    }

    /// Whether somebody may do something under these circumstances.
    pub fn may(&self, operator: Option<&Operator>, verb: Verb, circumstances: &Circumstances<'_>) -> GovernanceAnswer {
        match (&self.0, operator) {
            (Rule::Solo, _) if !circumstances.confirmed_by.is_empty() => {
                GovernanceAnswer::plain(false, "under `governance: solo` there is no second person", true)
            }
            (Rule::Solo, _) if circumstances.conflicted && !circumstances.excepted && verb.is_review() => {
                GovernanceAnswer::plain(false, "nobody reviews himself or those above", true)
            }
            (Rule::Solo, _) => GovernanceAnswer::plain(true, "solo", true),
            (Rule::Policies(_), None) => GovernanceAnswer::plain(false, "no operator is named", false),
            (Rule::Policies(policies), Some(operator)) => ask(policies, operator, verb, circumstances)
                .unwrap_or_else(|| GovernanceAnswer::plain(false, "the request does not fit the schema", false)),
        }
    }
}

#[expect(clippy::expect_used, reason = "the governance schema is compiled by a test")]
fn schema() -> Schema {
    SCHEMA.parse().expect("the governance schema compiles")
}

fn statements<'a>(
    files: &'a Files,
    sources: &'a [FileId],
) -> impl Iterator<Item = (FileId, std::ops::Range<usize>)> + 'a {
    sources.iter().flat_map(|source| {
        lex::statements(files.text(*source))
            .into_iter()
            .map(|range| (*source, range))
    })
}

/// One policy of a file.
struct Statement<'a> {
    files: &'a Files,
    source: FileId,
    start: usize,
    text: &'a str,
}

impl Statement<'_> {
    fn compile(
        &self,
        validator: &Validator,
        ids: &mut HashMap<String, Place>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Policy> {
        let policy = match Policy::parse(None, self.text) {
            Ok(policy) => policy,
            Err(errors) => {
                diagnostics.extend(
                    errors
                        .iter()
                        .map(|error| self.diagnostic(codes::GOVERNANCE_NOT_CEDAR, error)),
                );
                return None;
            }
        };
        let set = PolicySet::from_policies([policy.clone()]).ok()?;
        let checked = validator.validate(&set, ValidationMode::Strict);
        diagnostics.extend(
            checked
                .validation_errors()
                .map(|error| self.diagnostic(codes::GOVERNANCE_ILL_TYPED, error)),
        );
        let named = self.named(&policy, ids, diagnostics)?;
        checked.validation_passed().then_some(named)
    }

    fn named(
        &self,
        policy: &Policy,
        ids: &mut HashMap<String, Place>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Policy> {
        let Some(id) = policy.annotation("id").filter(|id| !id.is_empty()) else {
            diagnostics.push(
                Diagnostic::error(codes::GOVERNANCE_NO_ID, "a governance policy has no name")
                    .at(self.head(), "")
                    .help("write `@id(\"…\")` above it"),
            );
            return None;
        };
        if let Some(first) = ids.insert(id.to_owned(), self.head()) {
            diagnostics.push(
                Diagnostic::error(
                    codes::GOVERNANCE_SAME_ID,
                    format!("two governance policies are called `{id}`"),
                )
                .at(self.head(), "")
                .also(first, "first used here"),
            );
            return None;
        }
        Some(policy.new_id(PolicyId::new(id)))
    }

    fn diagnostic(&self, code: &'static str, error: &dyn miette::Diagnostic) -> Diagnostic {
        let complaint = trouble::complaint(error).narrowed(self.text);
        let place = complaint.range.clone().map_or(self.head(), |range| self.place(range));
        complaint.into_error(code, place)
    }

    /// The first line of the policy proper, past comments and space.
    fn head(&self) -> Place {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let plain = line.trim();
            if !plain.is_empty() && !plain.starts_with("//") {
                let indent = line.len() - line.trim_start().len();
                return self.place(start + indent..start + indent + plain.len());
            }
            start += line.len();
        }
        self.place(0..self.text.len())
    }

    fn place(&self, range: std::ops::Range<usize>) -> Place {
        let end = self.files.text(self.source).len();
        Place {
            file: self.source,
            start: (self.start + range.start).min(end),
            end: (self.start + range.end).min(end),
        }
    }
}

fn ask(
    policies: &Policies,
    operator: &Operator,
    verb: Verb,
    circumstances: &Circumstances<'_>,
) -> Option<GovernanceAnswer> {
    let schema = &policies.schema;
    let principal = uid("Operator", &operator.id)?;
    let roles = HashMap::from([("roles".to_owned(), texts(operator.roles.iter().map(String::as_str)))]);
    let entity = Entity::new(principal.clone(), roles, HashSet::new()).ok()?;
    let action = uid("Action", verb.as_str())?;
    let resource = uid(verb.resource(), circumstances.of)?;
    let context = context(operator, circumstances)?;
    let request = Request::new(principal, action, resource, context, Some(schema)).ok()?;
    let entities = Entities::from_entities([entity], Some(schema)).ok()?;
    let response = Authorizer::new().is_authorized(&request, &policies.set, &entities);
    let errors: Vec<String> = response.diagnostics().errors().map(ToString::to_string).collect();
    let mut determining: Vec<&PolicyId> = response.diagnostics().reason().collect();
    determining.sort();
    let allowed = response.decision() == Decision::Allow && errors.is_empty();
    let needs = if allowed {
        Vec::new()
    } else {
        needs(policies, &determining, &request)
    };
    let mut reasons: Vec<String> = determining.iter().map(ToString::to_string).collect();
    if reasons.is_empty() {
        reasons.push(format!("no policy allows `{}`", verb.as_str()));
    }
    Some(GovernanceAnswer {
        allowed,
        reasons,
        errors,
        needs,
        solo: false,
    })
}

/// What the policies that forbid say they need; where none forbids, what those that could permit it say.
fn needs(policies: &Policies, forbidding: &[&PolicyId], request: &Request) -> Vec<String> {
    let speaks_of = |policy: &&Policy| match (policy.action_constraint(), request.action()) {
        (ActionConstraint::Any, _) => true,
        (ActionConstraint::Eq(one), Some(action)) => one == *action,
        (ActionConstraint::In(several), Some(action)) => several.contains(action),
        (_, None) => false,
    };
    let could_permit = || {
        let permits = policies
            .set
            .policies()
            .filter(|policy| policy.effect() == Effect::Permit);
        permits.filter(speaks_of).collect::<Vec<_>>()
    };
    let asked = if forbidding.is_empty() {
        could_permit()
    } else {
        forbidding.iter().filter_map(|id| policies.set.policy(id)).collect()
    };
    let needs: BTreeSet<&str> = asked.iter().filter_map(|policy| policy.annotation("needs")).collect();
    needs.into_iter().map(str::to_owned).collect()
}

fn context(operator: &Operator, circumstances: &Circumstances<'_>) -> Option<Context> {
    let others = || {
        circumstances
            .confirmed_by
            .iter()
            .filter(|other| other.id != operator.id)
    };
    let pairs = [
        ("authors", people(circumstances.authors.iter().map(String::as_str))?),
        (
            "requesters",
            people(circumstances.requesters.iter().map(String::as_str))?,
        ),
        ("approvers", people(circumstances.approvers.iter().map(String::as_str))?),
        ("confirmed_by", people(others().map(|other| other.id.as_str()))?),
        (
            "confirming_roles",
            texts(others().flat_map(|other| &other.roles).map(String::as_str)),
        ),
        (
            "n_confirming",
            RestrictedExpression::new_long(
                i64::try_from(others().map(|other| &other.id).collect::<BTreeSet<_>>().len()).ok()?,
            ),
        ),
        ("conflicted", RestrictedExpression::new_bool(circumstances.conflicted)),
        ("excepted", RestrictedExpression::new_bool(circumstances.excepted)),
        ("silent", RestrictedExpression::new_bool(circumstances.silent)),
        ("shortens", RestrictedExpression::new_bool(circumstances.shortens)),
        ("signed", RestrictedExpression::new_bool(circumstances.signed)),
        (
            "stage",
            RestrictedExpression::new_string(circumstances.stage.to_owned()),
        ),
    ];
    Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).ok()
}

fn uid(of: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(
        EntityTypeName::from_str(of).ok()?,
        EntityId::new(id),
    ))
}

fn people<'a>(ids: impl Iterator<Item = &'a str>) -> Option<RestrictedExpression> {
    let uids: Option<Vec<_>> = ids.map(|id| uid("Operator", id)).collect();
    Some(RestrictedExpression::new_set(
        uids?.into_iter().map(RestrictedExpression::new_entity_uid),
    ))
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.map(|value| RestrictedExpression::new_string(value.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{file, line};

    fn compile(text: &str) -> Result<Governance, Vec<String>> {
        let (files, file) = file(text);
        let mut diagnostics = Diagnostics::new();
        let governance = Governance::compile(&files, &[file], &mut diagnostics);
        let lines = diagnostics.sorted(&files);
        governance.ok_or_else(|| lines.iter().map(|diagnostic| line(&files, diagnostic)).collect())
    }

    fn operator(id: &str) -> Operator {
        Operator {
            id: id.into(),
            name: None,
            person: None,
            roles: vec!["records".into()],
            public_key: None,
        }
    }

    #[test]
    fn any_error_is_a_no() {
        let text = r#"@id("all") permit (principal, action, resource);
@id("big") permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };"#;
        let answer = compile(text)
            .unwrap()
            .may(Some(&operator("ann")), Verb::Run, &Circumstances::default());
        assert_eq!(
            (answer.allowed, answer.reasons, answer.errors.len()),
            (false, vec!["all".to_owned()], 1)
        );
    }

    #[test]
    fn errors_of_all_policies_stand_at_their_places() {
        let text = r#"// ours
@id("one") permit (principal, action, resource) when { principal.role == "x" };
permit (principal, action, resource);
@id("two") permit (principal, action == Action::"fly", resource);
@id("three") permit (principal, action resource);
@id("one") forbid (principal, action, resource);
@id("last") forbid (principal, action, resource)"#;
        let found = compile(text).err().unwrap();
        let heads: Vec<_> = found
            .iter()
            .map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            heads,
            [
                "LX0631 2:66",
                "LX0632 3:1",
                "LX0631 4:41",
                "LX0630 5:40",
                "LX0633 6:1",
                "LX0630 7:49"
            ],
            "{found:#?}"
        );
        assert!(found[0].contains("did you mean `roles`?"), "{found:#?}");
    }

    #[test]
    fn one_person_may_do_what_one_person_can() {
        let (governance, ann) = (Governance::solo(), operator("ann"));
        for verb in Verb::ALL {
            let answer = governance.may(None, *verb, &Circumstances::default());
            assert!(answer.allowed && answer.solo && answer.reasons == ["solo"], "{verb:?}");
        }
        let two = Circumstances {
            confirmed_by: vec![&ann],
            ..Circumstances::default()
        };
        let answer = governance.may(None, Verb::DeclareBackfill, &two);
        assert!(!answer.allowed && answer.solo);
    }

    #[test]
    fn every_action_of_the_schema_is_a_verb() {
        let schema = schema();
        let mut actions: Vec<_> = schema
            .actions()
            .map(|action| action.id().unescaped().to_owned())
            .collect();
        let mut verbs: Vec<_> = Verb::ALL.iter().map(|verb| verb.as_str().to_owned()).collect();
        actions.sort();
        verbs.sort();
        assert_eq!(actions, verbs);
    }
}
