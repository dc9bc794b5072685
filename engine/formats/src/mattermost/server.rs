//! Who is who on a server, and its channels.

use std::collections::HashMap;

use lexhold_model::ConversationKind;
use lexhold_source::SourceError;

use crate::format::Part;
use crate::object::{self, Object};
use crate::text::each_line;

/// What the lines of an export say that are no posts. Memory goes with the server, not with its posts.
#[derive(Default)]
pub(super) struct Server {
    people: HashMap<String, Person>,
    channels: HashMap<String, Channel>,
    /// Of each channel, by `team/channel`, who was in it when the export was made.
    members: HashMap<String, Vec<String>>,
}

/// One person, or a program.
#[derive(Default)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// A channel of a team.
#[derive(Default)]
pub(super) struct Channel {
    pub(super) kind: ConversationKind,
    pub(super) title: Option<String>,
}

impl Server {
    /// Reads the lines through once. What is wrong with one is told when it is read again.
    pub(super) fn read(part: &Part, exports: &[usize]) -> Result<Self, SourceError> {
        let mut server = Self::default();
        for at in exports {
            each_line(part, *at, |line| {
                // Nearly all lines are posts, and exporters write the kind first.
                if !line.starts_with(b"{\"type\":\"post\"") && !line.starts_with(b"{\"type\":\"direct_post\"") {
                    server.line(&object::text(line).0);
                }
            })?;
        }
        Ok(server)
    }

    fn line(&mut self, line: &str) {
        let Ok(mut line) = Object::parse(line) else { return };
        let kind = line.text("type").unwrap_or_default();
        match (kind.as_str(), line.object(&kind)) {
            ("user" | "bot", Some(person)) => self.person(person),
            ("channel", Some(channel)) => self.channel(channel),
            _ => {}
        }
    }

    fn person(&mut self, mut object: Object<'_>) {
        let Some(handle) = object.text("username") else { return };
        let names = ["first_name", "last_name"].map(|name| object.text(name));
        let full: Vec<String> = names.into_iter().flatten().collect();
        let name = Some(full.join(" ")).filter(|full| !full.is_empty());
        let name = name
            .or_else(|| object.text("nickname"))
            .or_else(|| object.text("display_name"));
        for mut team in object.objects("teams") {
            let Some(team_name) = team.text("name") else { continue };
            for mut channel in team.objects("channels") {
                let Some(channel) = channel.text("name") else { continue };
                let members = self.members.entry(format!("{team_name}/{channel}")).or_default();
                members.push(handle.clone());
            }
        }
        let email = object.text("email");
        self.people.insert(handle, Person { name, email });
    }

    fn channel(&mut self, mut object: Object<'_>) {
        let (Some(team), Some(name)) = (object.text("team"), object.text("name")) else {
            return;
        };
        let kind = match object.text("type").as_deref() {
            Some("P") => ConversationKind::Group,
            _ => ConversationKind::Channel,
        };
        let title = object.text("display_name");
        self.channels.insert(format!("{team}/{name}"), Channel { kind, title });
    }

    /// Somebody, by user name.
    pub(super) fn person_of(&self, handle: &str) -> Option<&Person> {
        self.people.get(handle)
    }

    /// A channel, by `team/channel`.
    pub(super) fn channel_of(&self, place: &str) -> Option<&Channel> {
        self.channels.get(place)
    }

    /// Those in a channel when the export was made.
    pub(super) fn members(&self, place: &str) -> &[String] {
        self.members.get(place).map_or(&[], Vec::as_slice)
    }
}
