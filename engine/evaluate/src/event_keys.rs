//! The keys by which the register of events is asked about a message.

use lexhold_policy::Facts;

/// The keys that an attribute of a message gives, each once: people by their ids in the directory, else by their handles.
/// None where the message lacks the attribute.
///
/// A function of what is stored of the message, so that an event recorded years later finds it.
pub fn event_keys<'a>(facts: &'a Facts, conversation: &'a str, attribute: &str) -> Vec<&'a str> {
    let named = |name: &'a str, is_known: bool| if is_known { vec![name] } else { Vec::new() };
    match attribute {
        "accounts" => facts.accounts.iter().map(String::as_str).collect(),
        // A message without a channel has its platform there.
        "channel" => named(&facts.channel.id, facts.channel.id != facts.platform),
        "conversation" => named(conversation, !conversation.is_empty()),
        "custodians" => facts.custodians.iter().map(String::as_str).collect(),
        "insiders" => {
            let all = facts.insiders.iter().flat_map(|insiders| &insiders.ids);
            all.map(String::as_str).collect()
        }
        "sender" => named(&facts.sender.id, facts.sender.id != "unknown"),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use lexhold_policy::{ChannelFacts, Insiders, Sender};

    use super::*;
    use crate::message::EVENT_KEYS;

    fn names(names: &[&str]) -> std::collections::BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn every_attribute_that_can_be_a_key_gives_keys() {
        let insiders = |ids: &[&str]| Insiders {
            ids: names(ids),
            ..Insiders::default()
        };
        let facts = Facts {
            accounts: names(&["ACC-2", "ACC-1"]),
            channel: ChannelFacts {
                id: "desk".into(),
                ..ChannelFacts::default()
            },
            custodians: names(&["E42"]),
            insiders: vec![insiders(&["E42"]), insiders(&["E43", "E44"])],
            platform: "chat".into(),
            sender: Sender {
                id: "E43".into(),
                ..Sender::default()
            },
            ..Facts::default()
        };
        let found = EVENT_KEYS.map(|attribute| event_keys(&facts, "c1", attribute).join(" "));
        assert_eq!(found, ["ACC-1 ACC-2", "desk", "c1", "E42", "E42 E43 E44", "E43"]);
        assert!(event_keys(&facts, "c1", "labels").is_empty());
    }

    #[test]
    fn what_a_message_lacks_gives_none() {
        let facts = Facts {
            channel: ChannelFacts {
                id: "chat".into(),
                ..ChannelFacts::default()
            },
            platform: "chat".into(),
            sender: Sender {
                id: "unknown".into(),
                ..Sender::default()
            },
            ..Facts::default()
        };
        for attribute in EVENT_KEYS {
            assert!(event_keys(&facts, "", attribute).is_empty(), "{attribute}");
        }
    }
}
