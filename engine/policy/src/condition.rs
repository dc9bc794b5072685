//! Conditions: Cedar expressions inside YAML documents.

use cedar_policy::Policy;
use lexhold_document::{Diagnostics, Node, Place};

use crate::Action;
use crate::clause::{Clause, Frame};
use crate::reads::Reads;
use crate::schema::Schemas;

/// The condition of one rule, schedule or hold: compiled, typed, and ready for a [`crate::Program`].
#[derive(Clone, Debug)]
pub struct Condition {
    id: String,
    action: Action,
    clauses: Vec<String>,
    pub(crate) policy: Policy,
    pub(crate) reads: Reads,
    mentions: Vec<Mention>,
}

/// A person, group or channel that a condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What kind of thing it names.
    pub kind: Named,
    /// Its id.
    pub id: String,
    /// Where it is named.
    pub place: Place,
}

/// The kinds of thing that a condition can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// `Group::"…"`.
    Group,
    /// `Person::"…"`.
    Person,
    /// `Channel::"…"`.
    Channel,
}

impl Condition {
    /// Compiles the clauses of one rule, all of which have to hold; without any, it always holds.
    ///
    /// Each clause is parsed on its own and becomes its own `when`, so that no clause reaches into the next.
    /// All that is wrong goes to `diagnostics`, at its own place in the file.
    pub fn compile(
        schemas: &Schemas,
        id: &str,
        action: Action,
        clauses: &[&Node],
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let texts: Vec<Clause<'_>> = clauses
            .iter()
            .filter_map(|node| Clause::parse(node, diagnostics))
            .collect();
        // The clauses that can be read are checked even if others cannot, so that one run reports all.
        let complete = texts.len() == clauses.len();
        let frame = Frame::new(action, texts, complete);
        let policy = frame.policy(id, diagnostics)?;
        let result = schemas.of(action).validate(&policy);
        let sound = frame.check(action, &result, diagnostics);
        let est = policy.to_json().ok()?;
        let within_reach = frame.check_reach(schemas, action, &est, diagnostics);
        let mentions = frame.mentions(diagnostics)?;
        if !complete || !sound || !within_reach {
            return None;
        }
        if !frame.warn(&result, diagnostics) {
            frame.warn_of_outlook(&policy, diagnostics);
        }
        Some(Self {
            id: id.to_owned(),
            action,
            clauses: clauses
                .iter()
                .filter_map(|node| Some(node.as_text()?.trim().to_owned()))
                .collect(),
            reads: Reads::of_policy(&est),
            policy,
            mentions,
        })
    }

    /// A condition that was not checked, for questions about a part of one that was.
    pub(crate) fn bare(action: Action, policy: Policy, reads: Reads) -> Self {
        Self {
            id: policy.id().to_string(),
            action,
            clauses: Vec::new(),
            policy,
            reads,
            mentions: Vec::new(),
        }
    }

    /// The id of the rule, schedule or hold.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it decides.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Its clauses, all of which have to hold, as they are written.
    pub fn clauses(&self) -> &[String] {
        &self.clauses
    }

    /// What it reads.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The people, groups and channels that it names, in the order of the text.
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{compile, compile_in, line};

    /// Compiles the clauses of a list and gives its diagnostics, one line each.
    fn check(action: Action, clauses: &str) -> Vec<String> {
        let (files, condition, diagnostics) = compile_in(&Schemas::built_in(), action, clauses);
        let errors = diagnostics.iter().any(|it| it.level == lexhold_document::Level::Error);
        assert_eq!(condition.is_none(), errors, "a condition with errors is no condition");
        diagnostics.iter().map(|diagnostic| line(&files, diagnostic)).collect()
    }

    #[test]
    fn conditions_of_the_manual_compile() {
        let barrier = r#"((principal in Group::"research" && resource.recipients.groups.contains(Group::"banking"))
 || (principal in Group::"banking" && resource.recipients.groups.contains(Group::"research")))
&& !resource.participants.groups.contains(Group::"compliance")"#;
        let all: [(Action, &[&str]); 7] = [
            (
                Action::Retain,
                &[r#"principal in Group::"broker-dealer""#, "resource.business"],
            ),
            (
                Action::Retain,
                &[
                    r#"principal in Group::"broker-dealer""#,
                    r#"resource.labels.contains("account-terms")"#,
                ],
            ),
            (Action::Retain, &[]),
            (Action::Communicate, &[barrier]),
            (
                Action::Scan,
                &[r#"resource.channel.approved || resource.platform == "whatsapp""#],
            ),
            (
                Action::Hold,
                &[r#"resource has sent_at && resource.sent_at < datetime("2020-01-01")"#],
            ),
            (
                Action::Communicate,
                &["resource has sender_local && !resource.sender_local.business_day // at night"],
            ),
        ];
        for (action, clauses) in all {
            let compiled = compile(&Schemas::built_in(), action, clauses);
            assert!(compiled.is_ok(), "{clauses:?}: {:#?}", compiled.err());
        }
    }

    #[test]
    fn parse_errors_stand_at_their_own_column() {
        let found = check(
            Action::Retain,
            "  - resource.business\n  - |\n    resource.business\n    && resource.kind == }\n",
        );
        assert_eq!(
            found,
            [
                "LX0601 8:25 `}` unexpected token `}` (expected a value, such as `resource.platform`, a string or a number)"
            ]
        );
        let found = check(Action::Retain, "  - 'resource.business &&'\n");
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("LX0601 5:25 `&` unexpected end of input (expected a value"),
            "{found:?}"
        );
        let found = check(Action::Retain, "  - resource.business resource.external\n");
        let expected = "(expected `&&`, `||`, another operator, or the end of the condition)";
        assert_eq!(
            found,
            [format!("LX0601 5:23 `resource` unexpected token `resource` {expected}")]
        );
        let found = check(Action::Retain, "  - resource.platform = \"slack\"\n");
        assert!(found[0].contains("try using '==' instead"), "{found:?}");
    }

    #[test]
    fn type_errors_stand_at_their_own_column_all_at_once() {
        let found = check(
            Action::Retain,
            "  - resource.busines\n  - |\n    resource.platform == 7\n    && resource.sent_at < datetime(\"2020-01-01\")\n",
        );
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].starts_with("LX0603 5:14 `busines`") && found[0].contains("did you mean `business`?"));
        assert!(
            found[1].starts_with("LX0602 7:5 `resource.platform == 7`"),
            "{found:#?}"
        );
        assert!(found[2].starts_with("LX0604 8:17 `sent_at`"), "{found:#?}");
        assert_eq!(
            found[2].split_once(" `resource").unwrap().1,
            ".sent_at` may be missing help: ask for it first: `resource has sent_at && …`"
        );
        let found = check(
            Action::Hold,
            "  - resource has sent_at &&\n  - resource.sent_at < datetime(\"x\")\n",
        );
        assert_eq!(
            found.len(),
            2,
            "the guard may stand in the clause that cannot be read: {found:#?}"
        );
        assert!(
            found[0].starts_with("LX0601 5:27") && found[1].starts_with("LX0602 6:24"),
            "{found:#?}"
        );
        let found = check(Action::Hold, "  - resource has labls || principal has jurisdiction\n");
        assert_eq!(
            found,
            ["LX0603 5:18 `labls` attribute `labls` of `resource` not found help: did you mean `labels`?"]
        );
        let found = check(
            Action::Hold,
            "  - resource has sender_local.hours && resource has recipients.people\n",
        );
        assert!(
            found.len() == 1 && found[0].contains("`hours` of `resource.sender_local` not found"),
            "{found:#?}"
        );
        let found = check(Action::Hold, "  - resource.platform == 'slack'\n");
        assert!(
            found[0].contains("strings must use double quotes") && found[0].contains(" `'` "),
            "{found:#?}"
        );
        let found = check(Action::Hold, "  - principal in Groop::\"x\"\n");
        assert!(
            found[0].starts_with("LX0605 5:") && found[0].contains("did you mean `Group`?"),
            "{found:#?}"
        );
    }

    #[test]
    fn no_clause_reaches_out_of_its_braces() {
        let found = check(
            Action::Retain,
            "  - 'true }; forbid (principal, action, resource) when { true'\n",
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("LX0601 5:11 `}` unexpected token"), "{found:#?}");
        // A comment at the end of one clause leaves the next one alone.
        let compiled = compile(
            &Schemas::built_in(),
            Action::Retain,
            &["resource.business // why", "resource.external"],
        );
        let clauses = compiled.unwrap().policy.to_json().unwrap()["conditions"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(clauses, 2);
    }

    #[test]
    fn comments_are_for_blocks_that_keep_their_lines() {
        let help = "help: write the condition as a `|` block, or take the comment out";
        for scalar in [
            "  - >\n    resource.business // why\n    && resource.external\n",
            "  - \"resource.business // why\n    && resource.external\"\n",
            "  - resource.business // why\n    && resource.external\n",
        ] {
            let found = check(Action::Retain, scalar);
            assert_eq!(found.len(), 1, "{found:#?}");
            assert!(found[0].starts_with("LX0607") && found[0].ends_with(help), "{found:#?}");
        }
        assert!(check(Action::Retain, "  - resource.business // why\n").is_empty());
        assert!(
            check(
                Action::Retain,
                "  - >\n    resource.platform == \"http://x\"\n    && resource.external\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn conditions_ask_about_what_a_request_carries() {
        let found = check(
            Action::Hold,
            "  - Person::\"ann\".external && Group::\"a\" in Group::\"b\"\n",
        );
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(
            found[0].starts_with("LX0606 5:5 `Person::\"ann\"` `Person::\"ann\"` can be compared with"),
            "{found:#?}"
        );
        assert!(found[1].starts_with("LX0606 5:31 `Group::\"a\"`"), "{found:#?}");
        let found = check(Action::Hold, "  - resource == Message::\"m1\"\n");
        assert!(
            found[0].starts_with("LX0606 5:5 `resource` `resource` can only be asked"),
            "{found:#?}"
        );
        assert!(found[1].contains("a condition cannot name a `Message`"), "{found:#?}");
        let hidden = "  - (if resource.business then principal else Person::\"ann\").external\n";
        assert!(check(Action::Hold, hidden)[0].starts_with("LX0606 5:47"));
        let compared = "  - principal == Person::\"ann\" && resource.participants.people.contains(Person::\"bob\")\n";
        assert!(check(Action::Hold, compared).is_empty());
    }

    #[test]
    fn pattern_rules_cannot_ask_for_labels() {
        let clause = "  - resource.labels.contains(\"x\")\n";
        let found = check(Action::Scan, clause);
        let expected = "LX0611 5:14 `labels` the condition of a pattern rule cannot ask for `labels` \
                        help: pattern rules make the labels; ask for them in a supervision rule";
        assert_eq!(found, [expected]);
        assert!(check(Action::Communicate, clause).is_empty());
    }

    #[test]
    fn what_is_never_true_or_deceptive_is_a_warning() {
        let found = check(Action::Retain, "  - principal is Group\n");
        assert_eq!(
            found,
            ["warning LX0609 5:5 `principal is Group` this condition can never be true"]
        );
        let found = check(Action::Retain, "  - resource.platform == \"slаck\"\n");
        assert!(found[0].starts_with("warning LX0610"), "{found:#?}");
        assert!(check(Action::Retain, "  - '  '\n")[0].starts_with("LX0608"));
    }

    #[test]
    fn what_no_message_or_every_message_meets_is_a_warning() {
        let never = [
            r#"resource.platform == "slack" && resource.platform == "teams""#,
            r#"resource.external && !resource.external"#,
            "resource.recipients.count > 5 && resource.recipients.count < 3",
            "resource.recipients.count < 0",
            "resource has sender_local && resource.sender_local.hour > 23",
            r#"resource has sender_local && resource.sender_local.weekday == "Monday""#,
            r#"resource has sent_at && resource.sent_at < datetime("2019-01-01") && resource.sent_at > datetime("2020-01-01")"#,
            r#"principal == Person::"ann" && principal == Person::"bob""#,
            r#"(if resource.business then resource.external else false) && !resource.business"#,
        ];
        for clause in never {
            let found = check(Action::Hold, &format!("  - |\n    {clause}\n"));
            assert_eq!(found.len(), 1, "{clause}: {found:#?}");
            assert!(found[0].starts_with("warning LX0609 6:5"), "{found:#?}");
        }
        let always = [
            r#"resource.platform == "slack" || resource.platform != "slack""#,
            "resource.recipients.count >= 0",
            r#"resource.direction == "inbound" || resource.direction == "outbound" || resource.direction == "internal""#,
            r#"!(resource.labels.contains("a") && !resource.labels.contains("a"))"#,
        ];
        for clause in always {
            let found = check(Action::Hold, &format!("  - |\n    {clause}\n"));
            assert_eq!(found.len(), 1, "{clause}: {found:#?}");
            assert!(found[0].starts_with("warning LX0613 6:5"), "{found:#?}");
        }
        let open = [
            "true",
            r#"resource.labels.contains("a") && resource.labels.contains("b")"#,
            r#"principal in Group::"a" && principal in Group::"b""#,
            "resource.recipients.count > 5 || resource.recipients.count < 5",
            "resource.attachments.bytes + 1 > resource.attachments.bytes",
            r#"resource.kind == "message" || resource.kind == "action""#,
            "resource has sent_at || !(resource has sent_at && resource.attachments.bytes * 2 > 3)",
        ];
        for clause in open {
            let found = check(Action::Hold, &format!("  - |\n    {clause}\n"));
            assert!(found.is_empty(), "{clause}: {found:#?}");
        }
        let found = check(Action::Retain, "  - resource.external\n  - \"!resource.external\"\n");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("warning LX0609 6:6") && found[0].contains("elsewhere in the rule"));
    }

    #[test]
    fn words_that_an_attribute_never_is_are_a_warning() {
        let found = check(
            Action::Retain,
            "  - resource.external || resource.direction == \"outgoing\"\n",
        );
        let expected = "warning LX0612 5:48 `\"outgoing\"` no message has `outgoing` here, \
                        but one of `outbound`, `inbound` or `internal`";
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(expected), "{found:#?}");
    }

    #[test]
    fn names_are_listed_with_their_places() {
        let (files, condition, _) = compile_in(
            &Schemas::built_in(),
            Action::Hold,
            "  - |\n    principal in Group::\"a\\\"b\"\n    || resource.channel == Channel::\"#rates\"\n  - principal != Person::\"ann\"\n",
        );
        let mentions = condition.unwrap().mentions().to_vec();
        let named: Vec<_> = mentions
            .iter()
            .map(|it| (it.kind, it.id.as_str(), files.position(it.place)))
            .collect();
        assert_eq!(
            named,
            [
                (Named::Group, "a\"b", (6, 18)),
                (Named::Channel, "#rates", (7, 28)),
                (Named::Person, "ann", (8, 18)),
            ]
        );
    }
}
