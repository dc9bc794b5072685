//! Directory documents: people, groups, channels and domains in YAML.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lexhold_document::{Diagnostic, Diagnostics, Document, Shape, list, map, one_or_many, open, optional, required};
use lexhold_model::{Channel, Directory, Group, Person, Validity};
use serde::Deserialize;

use crate::{codes, fits};

/// The keys of a directory document.
pub fn directory_shape() -> Shape {
    map([
        optional("title", Shape::Text, "one line for people"),
        optional("owner", Shape::Text, "who keeps the directory"),
        optional("domains", list(Shape::Text), "the firm's own mail domains"),
        optional(
            "people",
            list(person_shape()),
            "people; several rows with one id describe successive times",
        ),
        optional("groups", list(group_shape()), "groups that belong to other groups"),
        optional(
            "channels",
            list(channel_shape()),
            "channels; unlisted ones are not approved",
        ),
    ])
}

fn person_shape() -> Shape {
    map([
        required("id", Shape::Text, "the firm's id for the person"),
        optional("name", Shape::Text, "the name, for people who read reports"),
        optional(
            "handles",
            open(one_or_many(Shape::Text)),
            "handles by platform; `*` holds everywhere",
        ),
        optional("groups", list(Shape::Text), "groups that the person belongs to"),
        optional("desk", Shape::Text, "the desk, which counts as one more group"),
        optional("licences", list(Shape::Text), "licences held"),
        optional(
            "jurisdiction",
            Shape::Text,
            "the jurisdiction that the person works under",
        ),
        optional("supervisor", Shape::Text, "the id of the supervisor"),
        optional("deputy", Shape::Text, "the id of the deputy"),
        optional("from", Shape::Date, "the first day on which this row holds"),
        optional("to", Shape::Date, "the last day on which this row holds"),
        optional(
            "firm",
            open(Shape::Any),
            "attributes that the firm's `FirmPerson` declares",
        ),
    ])
}

fn group_shape() -> Shape {
    map([
        required("id", Shape::Text, "the group's id"),
        optional("parents", list(Shape::Text), "groups that contain this one"),
    ])
}

fn channel_shape() -> Shape {
    map([
        required(
            "id",
            Shape::Text,
            "the channel's name, or the platform's where it has no channels",
        ),
        optional("platform", Shape::Text, "the platform; absent means any"),
        optional("approved", Shape::Bool, "whether business may be done there"),
    ])
}

/// A directory as its document says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DirectoryText {
    domains: Vec<String>,
    people: Vec<PersonText>,
    groups: Vec<Group>,
    channels: Vec<Channel>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PersonText {
    id: String,
    name: Option<String>,
    handles: BTreeMap<String, Handles>,
    groups: Vec<String>,
    desk: Option<String>,
    licences: Vec<String>,
    jurisdiction: Option<String>,
    supervisor: Option<String>,
    deputy: Option<String>,
    from: Option<Date>,
    to: Option<Date>,
    firm: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Handles {
    One(String),
    Many(Vec<String>),
}

impl DirectoryText {
    /// The directory; people without a handle are met by their id.
    pub(crate) fn build(self) -> Result<Directory, Vec<String>> {
        let domains = self.domains.into_iter().map(|domain| domain.to_lowercase()).collect();
        let people = self.people.into_iter().map(PersonText::build).collect();
        Directory::new(people, self.groups, self.channels, domains)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }
}

impl PersonText {
    fn build(self) -> Person {
        let mut handles: BTreeMap<String, Vec<String>> = self
            .handles
            .into_iter()
            .map(|(platform, handles)| match handles {
                Handles::One(handle) => (platform, vec![handle]),
                Handles::Many(handles) => (platform, handles),
            })
            .collect();
        for (platform, all) in &mut handles {
            if is_mail(platform) {
                all.iter_mut().for_each(|handle| *handle = handle.to_lowercase());
            }
        }
        if handles.is_empty() {
            handles.insert("*".into(), vec![self.id.clone()]);
        }
        Person {
            id: self.id,
            name: self.name,
            handles,
            groups: self.groups,
            desk: self.desk,
            licences: self.licences,
            jurisdiction: self.jurisdiction,
            supervisor: self.supervisor,
            deputy: self.deputy,
            valid: Validity {
                from: self.from,
                to: self.to,
            },
            firm: self.firm,
        }
    }
}

/// Platforms whose handles are mail addresses.
pub(crate) const MAIL: [&str; 3] = ["email", "mail", "smtp"];

fn is_mail(platform: &str) -> bool {
    MAIL.contains(&platform)
}

/// The directory that a document describes; `None` when anything is wrong, all of which is in `diagnostics`.
pub fn compile_directory(document: &Document, diagnostics: &mut Diagnostics) -> Option<Directory> {
    if !fits(document, &directory_shape(), diagnostics) {
        return None;
    }
    match document.typed::<DirectoryText>(diagnostics)?.build() {
        Ok(directory) => Some(directory),
        Err(problems) => {
            for problem in problems {
                diagnostics
                    .push(Diagnostic::error(codes::DIRECTORY, problem).at(document.name_place(), "in this directory"));
            }
            None
        }
    }
}
