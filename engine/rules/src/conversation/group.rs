//! Which groups a message belongs to.

use super::{Conversation, Grouping};

/// What names a group, part by part; two messages belong together if all parts are equal.
pub type Group = Vec<String>;

/// What a message says about its place among people and conversations.
#[derive(Clone, Debug, Default)]
pub struct Participants<'a> {
    /// The platform and the conversation on it.
    pub conversation: [&'a str; 2],
    /// Who sent it.
    pub sender: &'a str,
    /// Everybody whom it was sent to.
    pub recipients: Vec<&'a str>,
    /// The desks of the sender.
    pub desks: Vec<&'a str>,
}

/// The groups that a message belongs to under a rule, sorted: one for every combination of what the rule groups by.
///
/// What is not known about a message never keeps it out of all groups. Where nobody is named whom it was sent to, the
/// conversation stands for the pair; where a sender has no desk, the sender stands for it.
pub fn groups(rule: &Conversation, of: &Participants<'_>) -> Vec<Group> {
    let mut groups = vec![Group::new()];
    for grouping in &rule.by {
        let values = values(*grouping, of);
        groups = groups
            .iter()
            .flat_map(|group| values.iter().map(|value| [group.as_slice(), value].concat()))
            .collect();
    }
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// What a message can be grouped by, each value led by a word for what it is, so that values never mix.
fn values(grouping: Grouping, of: &Participants<'_>) -> Vec<Group> {
    let conversation = || group("conversation", &of.conversation);
    match grouping {
        Grouping::Conversation => vec![conversation()],
        Grouping::Sender => vec![group("sender", &[of.sender])],
        Grouping::Pair => {
            let others = of.recipients.iter().filter(|recipient| **recipient != of.sender);
            let pairs: Vec<Group> = others
                .map(|other| group("pair", &[of.sender.min(other), of.sender.max(other)]))
                .collect();
            if pairs.is_empty() { vec![conversation()] } else { pairs }
        }
        Grouping::Desk if of.desks.is_empty() => vec![group("sender", &[of.sender])],
        Grouping::Desk => of.desks.iter().map(|desk| group("desk", &[desk])).collect(),
    }
}

fn group(what: &str, parts: &[&str]) -> Group {
    std::iter::once(what)
        .chain(parts.iter().copied())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Demand;

    fn shown(by: &[Grouping], of: &Participants<'_>) -> Vec<String> {
        let rule = Conversation {
            components: Vec::new(),
            demand: Demand::Count(2),
            by: by.to_vec(),
            within_us: 1,
            participants: 1,
        };
        groups(&rule, of).iter().map(|group| group.join(" ")).collect()
    }

    #[test]
    fn x1_groups() {
        use Grouping::{Conversation, Desk, Pair, Sender};
        let of = Participants {
            conversation: ["slack", "c"],
            sender: "bob",
            recipients: vec!["cy", "ann", "bob", "cy"],
            desks: vec!["rates", "fx"],
        };
        assert_eq!(shown(&[Conversation], &of), ["conversation slack c"]);
        assert_eq!(shown(&[Sender], &of), ["sender bob"]);
        assert_eq!(shown(&[Pair], &of), ["pair ann bob", "pair bob cy"]);
        assert_eq!(
            shown(&[Desk, Conversation], &of),
            ["desk fx conversation slack c", "desk rates conversation slack c"]
        );
    }

    #[test]
    fn x1_both_directions_are_one_pair() {
        let to = |sender, recipient| Participants {
            sender,
            recipients: vec![recipient],
            ..Participants::default()
        };
        assert_eq!(
            shown(&[Grouping::Pair], &to("ann", "bob")),
            shown(&[Grouping::Pair], &to("bob", "ann"))
        );
    }

    #[test]
    fn x1_what_is_not_known_keeps_no_message_out() {
        let of = Participants {
            conversation: ["whatsapp", "c"],
            sender: "bob",
            ..Participants::default()
        };
        assert_eq!(shown(&[Grouping::Pair], &of), ["conversation whatsapp c"]);
        assert_eq!(shown(&[Grouping::Desk], &of), ["sender bob"]);
    }
}
