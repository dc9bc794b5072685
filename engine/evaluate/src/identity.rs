//! Who a message is, and whether it is new.

use std::collections::HashMap;

use lexhold_model::{ContentKey, Key, Row, VersionKind, message_id};

/// The id, keys and content hash of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id it is known by.
    pub message_id: String,
    /// This version of it.
    pub key: Key,
    /// All versions of it.
    pub family: Key,
    /// A keyed hash of everything but capture, source, custodians and metadata.
    pub content_hash: Key,
}

impl Identity {
    /// The identity of a message in a home with this key.
    pub fn of(key: &ContentKey, message: Row<'_>) -> Self {
        let message_id = message_id(key, &message);
        let content_hash = content_hash(key, message);
        let family = family_key(&message_id);
        let original =
            message.version() == 0 && !matches!(message.version_kind(), VersionKind::Edit | VersionKind::Delete);
        let key = if original {
            family
        } else {
            version_key(&message_id, message, content_hash)
        };
        Self {
            message_id,
            key,
            family,
            content_hash,
        }
    }

    fn is_version(&self) -> bool {
        self.key != self.family
    }
}

/// What becomes of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is taken in.
    New,
    /// Its id is taken by another message; it is taken in under an id of its own.
    Collision(Identity),
    /// It is there already, under this identity; custodians and source are added.
    Duplicate(Identity),
}

impl Fate {
    /// The identity it has from now on.
    pub fn identity<'a>(&'a self, own: &'a Identity) -> &'a Identity {
        match self {
            Fate::New => own,
            Fate::Collision(identity) | Fate::Duplicate(identity) => identity,
        }
    }
}

/// The identity that a message gets whose id another message has.
pub fn collision_of(identity: &Identity) -> Identity {
    let message_id = format!("{}~{}", identity.message_id, &identity.content_hash.to_string()[..8]);
    let key = family_key(&message_id);
    Identity {
        message_id,
        key,
        family: key,
        content_hash: identity.content_hash,
    }
}

impl Fate {
    /// The keys to look up before the fates of these messages can be told.
    pub fn lookups<'a>(identities: impl Iterator<Item = &'a Identity>) -> Vec<Key> {
        identities
            .flat_map(|identity| [identity.key, collision_of(identity).key])
            .collect()
    }

    /// What becomes of each message, in order; `known` has the content hash of every key that is taken.
    pub fn of_all<'a>(identities: impl Iterator<Item = &'a Identity>, known: &HashMap<Key, Key>) -> Vec<Self> {
        let mut taken: HashMap<Key, Key> = HashMap::new();
        identities
            .map(|identity| {
                let hash_at = |key: Key| taken.get(&key).or_else(|| known.get(&key)).copied();
                let fate = match hash_at(identity.key) {
                    None => Fate::New,
                    Some(hash) if hash == identity.content_hash || identity.is_version() => {
                        Fate::Duplicate(identity.clone())
                    }
                    Some(_) => {
                        let collision = collision_of(identity);
                        let there = hash_at(collision.key).is_some();
                        if there {
                            Fate::Duplicate(collision)
                        } else {
                            Fate::Collision(collision)
                        }
                    }
                };
                taken.insert(fate.identity(identity).key, identity.content_hash);
                fate
            })
            .collect()
    }
}

fn family_key(message_id: &str) -> Key {
    Key::of("lexhold message 1", [message_id.as_bytes()])
}

fn version_key(message_id: &str, message: Row<'_>, content_hash: Key) -> Key {
    let (version, hash) = (message.version().to_le_bytes(), content_hash.to_string());
    let parts = [
        message_id.as_bytes(),
        version.as_slice(),
        message.version_kind().as_str().as_bytes(),
        hash.as_bytes(),
    ];
    Key::of("lexhold version 1", parts)
}

fn content_hash(key: &ContentKey, message: Row<'_>) -> Key {
    key.keyed("lexhold content 1", content_parts(message).iter().map(Vec::as_slice))
}

/// The plain BLAKE3 hash of the same content. It lies beside the body and nowhere else: whoever has it can test a guess.
pub fn plain_hash(message: Row<'_>) -> [u8; 32] {
    lexhold_model::plain_hash(content_parts(message).iter().map(Vec::as_slice))
}

fn content_parts(message: Row<'_>) -> Vec<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = Vec::with_capacity(24);
    let mut text = |text: Option<&str>| parts.push(text.map_or_else(Vec::new, |text| [b"=", text.as_bytes()].concat()));
    text(message.id());
    text(Some(message.platform()));
    text(Some(message.conversation()));
    text(Some(message.conversation_kind().as_str()));
    text(message.channel());
    text(Some(message.kind().as_str()));
    text(message.sent_precision());
    text(Some(message.sender()));
    text(message.subject());
    text(message.text());
    text(message.reply_to());
    text(Some(message.version_kind().as_str()));
    text(message.business().map(|business| if business { "yes" } else { "no" }));
    let mut list = |items: Vec<String>| parts.push(items.join("\u{1f}").into_bytes());
    list(
        message
            .recipients()
            .map(|(handle, role)| format!("{role}\u{1e}{handle}"))
            .collect(),
    );
    list(
        message
            .parts()
            .map(|part| format!("{} {} {}", part.kind, part.start, part.end))
            .collect(),
    );
    list(
        message
            .attachments()
            .map(|file| {
                format!(
                    "{:?}\u{1e}{:?}\u{1e}{:?}\u{1e}{:?}",
                    file.name, file.media_type, file.bytes, file.sha256
                )
            })
            .collect(),
    );
    list(message.labels().map(str::to_owned).collect());
    list(message.accounts().map(str::to_owned).collect());
    parts.push(message.version().to_le_bytes().to_vec());
    parts.push(message.sent_at().map_or_else(Vec::new, |at| at.to_le_bytes().to_vec()));
    parts
}

#[cfg(test)]
mod tests {
    use lexhold_model::{Message, MessageBatchBuilder};

    use super::*;

    fn identities(messages: &[Message]) -> Vec<Identity> {
        let mut builder = MessageBatchBuilder::new();
        messages.iter().for_each(|message| builder.push(message));
        let key = ContentKey::new([7; 32]);
        builder.finish().rows().map(|row| Identity::of(&key, row)).collect()
    }

    fn message(id: &str, text: &str) -> Message {
        Message {
            id: Some(id.into()),
            platform: "slack".into(),
            text: Some(text.into()),
            ..Message::default()
        }
    }

    #[test]
    fn capture_source_custodians_and_metadata_do_not_make_another_message() {
        let mut other = message("m1", "hello");
        other.captured_at = Some(5);
        other.custodians = vec!["bob".into()];
        other.source.file = "elsewhere".into();
        other.metadata.insert("export".into(), "2".into());
        let both = identities(&[message("m1", "hello"), other]);
        assert_eq!(both[0], both[1]);
        let fates = Fate::of_all(both.iter(), &HashMap::new());
        assert_eq!(fates, [Fate::New, Fate::Duplicate(both[0].clone())]);
    }

    #[test]
    fn another_text_under_the_same_id_is_kept_beside_it_and_known_again() {
        let all = identities(&[
            message("m1", "one"),
            message("m1", "two"),
            message("m1", "two"),
            message("m1", "three"),
        ]);
        let fates = Fate::of_all(all.iter(), &HashMap::new());
        assert!(matches!(&fates[1], Fate::Collision(id) if id.message_id.starts_with("slack//m1~")));
        assert!(
            matches!(&fates[2], Fate::Duplicate(id) if Some(id) == match &fates[1] { Fate::Collision(id) => Some(id), _ => None })
        );
        assert!(matches!(&fates[3], Fate::Collision(_)));
        let known = HashMap::from([(all[0].key, all[0].content_hash)]);
        assert_eq!(
            Fate::of_all(all[1..2].iter(), &known),
            fates[1..2],
            "across batches as within one"
        );
    }

    #[test]
    fn edits_are_versions_of_one_family() {
        let edit = Message {
            version: 1,
            version_kind: VersionKind::Edit,
            ..message("m1", "uno")
        };
        let all = identities(&[message("m1", "one"), edit.clone(), edit]);
        let fates = Fate::of_all(all.iter(), &HashMap::new());
        assert_eq!(all[0].family, all[1].family);
        assert_eq!(fates[..2], [Fate::New, Fate::New]);
        assert_eq!(fates[2], Fate::Duplicate(all[1].clone()));
    }

    #[test]
    fn slashes_in_names_do_not_make_two_messages_one() {
        let one = Message {
            platform: "a".into(),
            conversation: "b/c".into(),
            ..message("d", "")
        };
        let other = Message {
            platform: "a".into(),
            conversation: "b".into(),
            ..message("c/d", "")
        };
        let both = identities(&[one, other]);
        assert_ne!(both[0].message_id, both[1].message_id);
    }
}
