//! Who is who in a tenant: people with their addresses, channels with their names, teams with their members.

use std::collections::HashMap;

use lexhold_source::SourceError;

use crate::document::each;
use crate::format::Part;
use crate::object::Object;

/// What the lists of an export say. A single page of Graph has none.
#[derive(Default)]
pub(super) struct People {
    emails: HashMap<String, String>,
    channels: HashMap<String, String>,
    members: HashMap<String, Vec<String>>,
}

impl People {
    pub(super) fn read(part: &Part) -> Result<Self, SourceError> {
        let mut all = Self::default();
        for at in &part.entries {
            let entry = &part.tree.entries[*at];
            let name = entry.file_name();
            let team = |prefix: &str| Some(name.strip_prefix(prefix)?.strip_suffix(".json")?.to_owned());
            if name == "usersList.json" {
                each(part, &entry.path, |object| all.person(object))?;
            } else if team("channels_").is_some() {
                each(part, &entry.path, |object| all.channel(object))?;
            } else if let Some(team) = team("teamMembers_") {
                let mut members = Vec::new();
                each(part, &entry.path, |mut object| members.extend(object.text("UserId")))?;
                all.members.insert(team, members);
            }
        }
        Ok(all)
    }

    fn person(&mut self, mut object: Object<'_>) {
        let email = object.text("Mail").or_else(|| object.text("UserPrincipalName"));
        if let (Some(id), Some(email)) = (object.text("Id"), email) {
            self.emails.insert(id, email);
        }
    }

    fn channel(&mut self, mut object: Object<'_>) {
        if let (Some(id), Some(name)) = (object.text("Id"), object.text("DisplayName")) {
            self.channels.insert(id, name);
        }
    }

    pub(super) fn email(&self, id: &str) -> Option<&String> {
        self.emails.get(id)
    }

    /// The name of a channel, or its id.
    pub(super) fn channel_name(&self, id: &str) -> String {
        self.channels.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Those in a team when the export was made.
    pub(super) fn members(&self, team: &str) -> &[String] {
        self.members.get(team).map_or(&[], Vec::as_slice)
    }
}
