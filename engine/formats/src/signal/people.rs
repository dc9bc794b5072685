//! The conversations of a database, which are people and groups, and whose it is.

use std::collections::BTreeMap;

use lexhold_source::SourceError;

use super::OWNER;
use crate::object::Object;
use crate::parts::pair;
use crate::sqlite::Database;

/// Everybody and every group a database knows.
pub(super) struct People {
    pub(super) owner: String,
    /// Whether the database tells who that is.
    pub(super) owner_is_known: bool,
    conversations: BTreeMap<String, Conversation>,
}

/// A person or a group.
#[derive(Default)]
pub(super) struct Conversation {
    /// What the platform calls it everywhere: the account's id, else its number; the id of a group.
    pub(super) handle: String,
    pub(super) is_group: bool,
    pub(super) name: Option<String>,
    /// Those who were in a group when the database was copied.
    pub(super) members: Vec<String>,
}

impl People {
    pub(super) fn read(database: &Database) -> Result<Self, SourceError> {
        let mut own = BTreeMap::new();
        database.each("items", &["id", "json"], |mut record| {
            let (Some(name), Some(json)) = (record.text("id"), record.text("json")) else {
                return;
            };
            if let Ok(mut item) = Object::parse(&json)
                && let Some(value) = item.text("value")
            {
                // `.2` is the second device of an account.
                own.insert(name, value.split('.').next().unwrap_or_default().to_owned());
            }
        })?;
        let owner = own.remove("uuid_id").or_else(|| own.remove("number_id"));
        let mut people = Self {
            owner_is_known: owner.is_some(),
            owner: owner.unwrap_or_else(|| OWNER.to_owned()),
            conversations: BTreeMap::new(),
        };
        let columns = [
            "id",
            "json",
            "type",
            "members",
            "name",
            "profileFullName",
            "e164",
            "serviceId",
            "uuid",
            "groupId",
        ];
        database.each("conversations", &columns, |mut record| {
            let Some(id) = record.text("id") else { return };
            let is_group = record.text("type").as_deref() == Some("group");
            let account = record.text("serviceId").or_else(|| record.text("uuid"));
            let account = account.or_else(|| record.text("e164"));
            let handle = if is_group { record.text("groupId") } else { account };
            let listed = record.text("members").unwrap_or_default();
            let mut members: Vec<String> = listed.split_whitespace().map(str::to_owned).collect();
            if members.is_empty() && is_group {
                members = record.text("json").map_or_else(Vec::new, |json| of_group(&json));
            }
            let conversation = Conversation {
                handle: handle.unwrap_or_else(|| id.clone()),
                is_group,
                name: record.text("name").or_else(|| record.text("profileFullName")),
                members,
            };
            people.conversations.insert(id, conversation);
        })?;
        Ok(people)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Conversation> {
        self.conversations.get(id)
    }

    /// What a conversation is called in the databases of everybody who is in it, as far as this one tells its owner.
    pub(super) fn everywhere(&self, conversation: &Conversation) -> String {
        if conversation.is_group || !self.owner_is_known {
            return conversation.handle.clone();
        }
        pair(&self.owner, &conversation.handle)
    }

    /// What somebody is called everywhere, by the id that this database has for him or by that name itself.
    pub(super) fn handle(&self, id: &str) -> String {
        self.get(id).map_or_else(|| id.to_owned(), |one| one.handle.clone())
    }
}

/// The members of a group in its own record.
fn of_group(json: &str) -> Vec<String> {
    let Ok(group) = Object::parse(json) else {
        return Vec::new();
    };
    let members = group.objects("membersV2").into_iter();
    members
        .filter_map(|mut member| member.text("aci").or_else(|| member.text("uuid")))
        .collect()
}
