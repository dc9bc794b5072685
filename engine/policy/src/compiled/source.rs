//! Attributes whose values conditions compare with words: each comparison becomes a bit of a message.

use std::collections::BTreeSet;

use crate::entities::Principal;
use crate::facts::{Facts, PersonFacts};

use super::value::Kind;

/// An attribute of a message or of one of its people, by what it can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    Principal(OfPerson),
    Sender(OfPerson),
    Recipients(OfAudience),
    Participants(OfAudience),
    Message(OfMessage),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OfPerson {
    Id,
    Groups,
    Domains,
    Licences,
    Jurisdiction,
    External,
    Departed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OfAudience {
    People,
    Groups,
    Domains,
    External,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OfMessage {
    Platform,
    Kind,
    ConversationKind,
    Direction,
    Channel,
    Listed,
    Approved,
    External,
    Business,
    Accounts,
    Labels,
    MediaTypes,
    Extensions,
}

/// What stands under an attribute.
pub(crate) enum Seen<'a> {
    Truth(bool),
    /// One word, or none where the attribute is missing.
    Word(Option<&'a str>),
    Words(&'a BTreeSet<String>),
}

/// What an attribute can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Truth,
    /// A text, or an entity of this type.
    Word(Option<Kind>),
    /// A set of texts, or of entities of this type.
    Words(Option<Kind>),
}

impl Source {
    /// The attribute at a path such as `resource.recipients.groups`; the id of a person or channel stands at its own
    /// path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        if let Some(of) = path.strip_prefix("principal") {
            return OfPerson::at(of).map(Self::Principal);
        }
        let of = path.strip_prefix("resource.")?;
        if let Some(of) = of.strip_prefix("sender").and_then(OfPerson::at) {
            return Some(Self::Sender(of));
        }
        if let Some(of) = of.strip_prefix("recipients.") {
            return OfAudience::at(of).map(Self::Recipients);
        }
        if let Some(of) = of.strip_prefix("participants.") {
            return OfAudience::at(of).map(Self::Participants);
        }
        OfMessage::at(of).map(Self::Message)
    }

    /// The groups of a person, beside whose id they stand.
    pub(crate) fn groups(self) -> Option<Self> {
        match self {
            Self::Principal(OfPerson::Id) => Some(Self::Principal(OfPerson::Groups)),
            Self::Sender(OfPerson::Id) => Some(Self::Sender(OfPerson::Groups)),
            _ => None,
        }
    }

    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Principal(of) | Self::Sender(of) => match of {
                OfPerson::Id => Shape::Word(Some(Kind::Person)),
                OfPerson::Groups => Shape::Words(Some(Kind::Group)),
                OfPerson::Domains | OfPerson::Licences => Shape::Words(None),
                OfPerson::Jurisdiction => Shape::Word(None),
                OfPerson::External | OfPerson::Departed => Shape::Truth,
            },
            Self::Recipients(of) | Self::Participants(of) => match of {
                OfAudience::People => Shape::Words(Some(Kind::Person)),
                OfAudience::Groups => Shape::Words(Some(Kind::Group)),
                OfAudience::Domains => Shape::Words(None),
                OfAudience::External => Shape::Truth,
            },
            Self::Message(of) => match of {
                OfMessage::Platform | OfMessage::Kind | OfMessage::ConversationKind | OfMessage::Direction => {
                    Shape::Word(None)
                }
                OfMessage::Channel => Shape::Word(Some(Kind::Channel)),
                OfMessage::Listed | OfMessage::Approved | OfMessage::External | OfMessage::Business => Shape::Truth,
                OfMessage::Accounts | OfMessage::Labels | OfMessage::MediaTypes | OfMessage::Extensions => {
                    Shape::Words(None)
                }
            },
        }
    }

    /// Whether it is an attribute of the person asked about, rather than of the message.
    pub(crate) fn is_of_principal(self) -> bool {
        matches!(self, Self::Principal(_))
    }

    pub(crate) fn read<'a>(self, facts: &'a Facts, principal: Principal<'a>) -> Seen<'a> {
        match self {
            Self::Principal(of) => of.read(principal.id, principal.facts),
            Self::Sender(of) => of.read(&facts.sender.id, &facts.sender.facts),
            Self::Recipients(of) | Self::Participants(of) => {
                let audience = if matches!(self, Self::Recipients(_)) {
                    &facts.recipients
                } else {
                    &facts.participants
                };
                match of {
                    OfAudience::People => Seen::Words(&audience.people),
                    OfAudience::Groups => Seen::Words(&audience.groups),
                    OfAudience::Domains => Seen::Words(&audience.domains),
                    OfAudience::External => Seen::Truth(audience.external),
                }
            }
            Self::Message(of) => of.read(facts),
        }
    }
}

impl OfPerson {
    fn at(path: &str) -> Option<Self> {
        match path {
            "" => Some(Self::Id),
            ".domains" => Some(Self::Domains),
            ".licences" => Some(Self::Licences),
            ".jurisdiction" => Some(Self::Jurisdiction),
            ".external" => Some(Self::External),
            ".departed" => Some(Self::Departed),
            _ => None,
        }
    }

    fn read<'a>(self, id: &'a str, facts: &'a PersonFacts) -> Seen<'a> {
        match self {
            Self::Id => Seen::Word(Some(id)),
            Self::Groups => Seen::Words(&facts.groups),
            Self::Domains => Seen::Words(&facts.domains),
            Self::Licences => Seen::Words(&facts.licences),
            Self::Jurisdiction => Seen::Word(facts.jurisdiction.as_deref()),
            Self::External => Seen::Truth(facts.external),
            Self::Departed => Seen::Truth(facts.departed),
        }
    }
}

impl OfAudience {
    fn at(path: &str) -> Option<Self> {
        match path {
            "people" => Some(Self::People),
            "groups" => Some(Self::Groups),
            "domains" => Some(Self::Domains),
            "external" => Some(Self::External),
            _ => None,
        }
    }
}

impl OfMessage {
    fn at(path: &str) -> Option<Self> {
        match path {
            "platform" => Some(Self::Platform),
            "kind" => Some(Self::Kind),
            "conversation_kind" => Some(Self::ConversationKind),
            "direction" => Some(Self::Direction),
            "channel" => Some(Self::Channel),
            "channel.listed" => Some(Self::Listed),
            "channel.approved" => Some(Self::Approved),
            "external" => Some(Self::External),
            "business" => Some(Self::Business),
            "accounts" => Some(Self::Accounts),
            "labels" => Some(Self::Labels),
            "attachments.media_types" => Some(Self::MediaTypes),
            "attachments.extensions" => Some(Self::Extensions),
            _ => None,
        }
    }

    fn read(self, facts: &Facts) -> Seen<'_> {
        match self {
            Self::Platform => Seen::Word(Some(&facts.platform)),
            Self::Kind => Seen::Word(Some(&facts.kind)),
            Self::ConversationKind => Seen::Word(Some(&facts.conversation_kind)),
            Self::Direction => Seen::Word(Some(facts.direction.as_str())),
            Self::Channel => Seen::Word(Some(&facts.channel.id)),
            Self::Listed => Seen::Truth(facts.channel.listed),
            Self::Approved => Seen::Truth(facts.channel.approved),
            Self::External => Seen::Truth(facts.external),
            Self::Business => Seen::Truth(facts.business),
            Self::Accounts => Seen::Words(&facts.accounts),
            Self::Labels => Seen::Words(&facts.labels),
            Self::MediaTypes => Seen::Words(&facts.attachments.media_types),
            Self::Extensions => Seen::Words(&facts.attachments.extensions),
        }
    }
}
