//! Who is who in a workspace, and its conversations.

use std::collections::HashMap;

use lexhold_model::ConversationKind;
use lexhold_source::SourceError;

use crate::document::each;
use crate::format::Part;
use crate::object::Object;

/// The people and conversations that the lists name. Memory goes with the workspace, not with its messages.
#[derive(Default)]
pub(crate) struct People {
    people: HashMap<String, Person>,
    conversations: HashMap<String, Conversation>,
}

/// One person, or a program.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// A place to write in.
#[derive(Clone, Default)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    /// The name, where people know it by one.
    pub(crate) channel: Option<String>,
    pub(crate) kind: ConversationKind,
    /// Those in it when the export was made.
    pub(crate) members: Vec<String>,
    /// The folder with its days.
    pub(crate) folder: String,
}

impl People {
    /// Reads the lists at the root of a workspace. One that is missing is empty.
    pub(crate) fn read(part: &Part) -> Result<Self, SourceError> {
        let mut all = Self::default();
        each(part, &format!("{}users.json", part.root), |object| all.person(object))?;
        for (list, kind) in [
            ("channels.json", ConversationKind::Channel),
            ("groups.json", ConversationKind::Group),
            ("mpims.json", ConversationKind::Group),
            ("dms.json", ConversationKind::Direct),
        ] {
            let named = !matches!(list, "mpims.json" | "dms.json");
            each(part, &format!("{}{list}", part.root), |object| {
                all.place(object, kind, named)
            })?;
        }
        Ok(all)
    }

    fn person(&mut self, mut object: Object<'_>) {
        let Some(id) = object.text("id") else { return };
        let mut profile = object.object("profile").unwrap_or_default();
        let name = ["display_name", "real_name"]
            .into_iter()
            .find_map(|name| profile.text(name));
        let name = name
            .or_else(|| object.text("real_name"))
            .or_else(|| object.text("name"));
        let email = profile.text("email");
        self.people.insert(id, Person { name, email });
    }

    fn place(&mut self, mut object: Object<'_>, kind: ConversationKind, named: bool) {
        let Some(id) = object.text("id") else { return };
        let name = object.text("name");
        let members = object.list("members").into_iter();
        let mut members: Vec<String> = members.filter_map(|id| serde_json::from_str(id.get()).ok()).collect();
        members.dedup();
        let folder = match &name {
            Some(name) if kind != ConversationKind::Direct => name.clone(),
            _ => id.clone(),
        };
        let conversation = Conversation {
            channel: name.filter(|_| named),
            id,
            kind,
            members,
            folder: folder.clone(),
        };
        self.conversations.insert(folder, conversation);
    }

    /// Somebody, by id.
    pub(crate) fn get(&self, id: &str) -> Option<&Person> {
        self.people.get(id)
    }

    /// The conversation whose days lie in a folder; one that no list names is known by the folder alone.
    pub(crate) fn conversation(&self, folder: &str) -> Conversation {
        let listed = self.conversations.get(folder);
        let by_id = || self.conversations.values().find(|one| one.id == folder);
        listed.or_else(by_id).cloned().unwrap_or_else(|| Conversation {
            id: folder.to_owned(),
            channel: Some(folder.to_owned()),
            folder: folder.to_owned(),
            ..Conversation::default()
        })
    }
}
