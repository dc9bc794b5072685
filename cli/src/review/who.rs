//! Whether somebody may decide on messages: governance, independence, exceptions, and for whom they act.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lexhold_catalog::payload::Mandate;
use lexhold_catalog::{Catalog, Participants};

use lexhold_evaluate::{Conflict, Mandates, Subject, compile_directory, conflicts};
use lexhold_model::{Digest, Directory, Key};
use lexhold_policy::{Operator, Verb};
use lexhold_retention::Zone;
use lexhold_store::Home;
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::files::{cannot_read, is_yaml};
use crate::load::Project;
use crate::operators::{Act, Actor};
use crate::settings::Settings;

/// People, and what they are allowed beyond their own place.
pub struct Who<'a> {
    actor: &'a Actor,
    directory: Directory,
    mandates: Mandates,
    texts: BTreeMap<Digest, String>,
    today: Date,
    now: i64,
}

/// On what somebody's right to decide rests, for the journal.
#[derive(Default)]
pub struct Grounds {
    /// Who the reviewer is in the directory.
    pub person: Option<String>,
    /// The document by which they act for another.
    pub delegation: Option<Mandate>,
    /// The documents by which they may review what they took part in.
    pub exceptions: Vec<Mandate>,
}

/// Who takes part in a decision, beside the actor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Others<'a> {
    /// The operator for whom the actor acts.
    pub on_behalf_of: Option<&'a str>,
    /// The operator who approves it.
    pub approved_by: Option<&'a str>,
    /// The operator who gets it.
    pub to: Option<&'a str>,
}

impl<'a> Who<'a> {
    /// Reads the directory, delegations and exceptions.
    pub fn read(settings: &Settings, home: &Home, actor: &'a Actor) -> anyhow::Result<Self> {
        let (mandates, texts) = mandates(settings)?;
        let zone = Zone::named(home.zone())
            .ok_or_else(|| Failure::new(Exit::Data, format!("the home's zone `{}` is unknown", home.zone())))?;
        Ok(Self {
            actor,
            directory: directory(settings)?,
            mandates,
            texts,
            today: zone.date(settings.now),
            now: settings.now.as_microsecond(),
        })
    }

    /// Refuses what the actor may not do with these messages, and says on what the rest rests.
    pub fn require(
        &self,
        verb: Verb,
        of: &str,
        catalog: &Catalog,
        keys: &[Key],
        others: Others<'_>,
    ) -> anyhow::Result<Grounds> {
        let subjects: Vec<Subject> = catalog
            .participants(keys)?
            .into_iter()
            .map(|one| self.subject(one))
            .collect();
        let delegation = others
            .on_behalf_of
            .map(|from| self.delegation(verb, from))
            .transpose()?;
        let reviewers: Vec<&str> = std::iter::once(self.actor.id.as_str())
            .chain(others.on_behalf_of)
            .chain(others.approved_by)
            .collect();
        let mut found: Vec<(String, Conflict)> = Vec::new();
        let mut person = None;
        for (at, id) in reviewers.iter().enumerate() {
            let who = self.person(id)?;
            if let Some(who) = &who {
                let conflicts = conflicts(&self.directory, who, &subjects, self.now);
                found.extend(conflicts.into_iter().map(|conflict| (who.clone(), conflict)));
            }
            if at == 0 {
                person = who;
            }
        }
        let (exceptions, open) = self.excepted(&found);
        self.ask(verb, of, others, !found.is_empty(), open.as_ref())?;
        if let Some(to) = others.to {
            self.fit_to_receive(to, &subjects)?;
        }
        Ok(Grounds {
            person,
            delegation,
            exceptions,
        })
    }

    /// Asks governance, and words its no.
    fn ask(
        &self,
        verb: Verb,
        of: &str,
        others: Others<'_>,
        conflicted: bool,
        open: Option<&(String, Conflict)>,
    ) -> anyhow::Result<()> {
        let act = Act {
            of,
            on_behalf_of: others.on_behalf_of,
            confirmed_by: others.approved_by.into_iter().collect(),
            conflicted,
            excepted: conflicted && open.is_none(),
            ..Act::default()
        };
        let refused = match self.actor.require_act(verb, &act) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        match open {
            Some((who, conflict)) => Err(refused.context(
                Failure::new(Exit::Refused, words(who, conflict))
                    .help("somebody else reviews it, or an `exception:` document among the policies lets them; escalating is open to everybody"),
            )),
            None => Err(refused),
        }
    }

    /// Refuses to hand messages to somebody who could not decide on them.
    fn fit_to_receive(&self, to: &str, subjects: &[Subject]) -> anyhow::Result<()> {
        if !self.actor.is_solo() && self.actor.operator(to).is_none() {
            return Err(Failure::new(Exit::Usage, format!("no operator is called `{to}`"))
                .help("operators.yaml lists them")
                .into());
        }
        let Some(who) = self.person(to)? else { return Ok(()) };
        let found: Vec<(String, Conflict)> = conflicts(&self.directory, &who, subjects, self.now)
            .into_iter()
            .map(|conflict| (who.clone(), conflict))
            .collect();
        match self.excepted(&found).1 {
            None => Ok(()),
            Some((who, conflict)) => Err(Failure::new(Exit::Refused, words(&who, &conflict))
                .help("hand it to somebody who is independent")
                .into()),
        }
    }

    /// The exceptions that cover conflicts, and the first conflict that none covers.
    fn excepted(&self, found: &[(String, Conflict)]) -> (Vec<Mandate>, Option<(String, Conflict)>) {
        let mut names = BTreeSet::new();
        let mut used = Vec::new();
        let mut open = None;
        for (who, conflict) in found {
            let exception = self.mandates.exceptions.iter().find(|exception| {
                let approver = self.actor.operator(&exception.approved_by);
                exception.covers(who, &conflict.participant, self.today)
                    && (self.actor.is_solo() || approver.is_some())
                    && approver.and_then(Operator::person) != Some(who)
            });
            match exception {
                Some(exception) if names.insert(&exception.name) => {
                    used.push(self.mandate(&exception.name, exception.digest));
                }
                Some(_) => {}
                None => open = open.or_else(|| Some((who.clone(), conflict.clone()))),
            }
        }
        (used, open)
    }

    /// The document by which the actor may do this for another.
    fn delegation(&self, verb: Verb, from: &str) -> anyhow::Result<Mandate> {
        let found = self
            .mandates
            .delegations
            .iter()
            .find(|one| one.covers(from, &self.actor.id, verb.as_str(), self.today));
        let found = found.ok_or_else(|| {
            let message = format!(
                "no delegation in force lets `{}` `{}` on behalf of `{from}`",
                self.actor.id,
                verb.as_str()
            );
            Failure::new(Exit::Refused, message)
                .help("a `delegation:` document among the policies says from, to, actions and days")
        })?;
        Ok(self.mandate(&found.name, found.digest))
    }

    fn mandate(&self, name: &str, digest: Digest) -> Mandate {
        Mandate {
            name: name.to_owned(),
            digest: digest.to_string(),
            text: self.texts.get(&digest).cloned().unwrap_or_default(),
        }
    }

    /// Who an operator is in the directory. An operator whom nobody can place there is refused, since nobody can tell then
    /// whether they took part.
    fn person(&self, id: &str) -> anyhow::Result<Option<String>> {
        let known = |person: &str| self.directory.standing(person, None).is_some();
        if self.actor.is_solo() {
            return Ok(Some(id.to_owned()));
        }
        let operator = self
            .actor
            .operator(id)
            .ok_or_else(|| Failure::new(Exit::Refused, format!("no operator is called `{id}`")))?;
        match operator.person() {
            Some(person) if known(person) || self.directory.people().is_empty() => Ok(Some(person.to_owned())),
            None => Ok(None),
            Some(person) => Err(Failure::new(
                Exit::Refused,
                format!("the directory does not know `{person}`, so nobody can tell whether they took part"),
            )
            .help(
                "operators.yaml says who `{id}` is there: person: ID, or person: none for somebody outside the firm"
                    .replace("{id}", id),
            )
            .into()),
        }
    }

    /// Everybody who took part: as the facts of the message said, and whom the directory now knows under its handles.
    fn subject(&self, message: Participants) -> Subject {
        let facts: Value = message
            .facts
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let then = facts["participants"]["people"].as_array().into_iter().flatten();
        let mut people: BTreeSet<String> = then.filter_map(|id| id.as_str().map(str::to_owned)).collect();
        people.extend(message.handles.into_iter().map(|handle| {
            let known = self.directory.person_with_handle(&message.platform, &handle);
            known.map(str::to_owned).unwrap_or(handle)
        }));
        Subject {
            message_id: message.message_id,
            sent_at: message.sent_at,
            people,
        }
    }
}

fn words(who: &str, conflict: &Conflict) -> String {
    let Conflict {
        participant,
        superior,
        message_id,
    } = conflict;
    if *superior {
        format!("`{who}` reports to `{participant}`, who took part in {message_id}: nobody reviews those above")
    } else {
        format!("`{who}` took part in {message_id}: nobody reviews himself")
    }
}

/// Delegations and exceptions among the policies, and their texts.
fn mandates(settings: &Settings) -> anyhow::Result<(Mandates, BTreeMap<Digest, String>)> {
    let there: Vec<_> = settings.policies.iter().filter(|path| path.exists()).cloned().collect();
    let mut project = Project::read(settings, &there)?;
    let documents = std::mem::take(&mut project.documents);
    let mandates = Mandates::compile(&documents, &mut project.diagnostics);
    project.report(settings, "delegations and exceptions")?;
    let texts = documents
        .iter()
        .map(|document| (document.digest, project.files.text(document.file).to_owned()))
        .collect();
    Ok((mandates, texts))
}

/// The directory as it is now; its rows say who stood where on which day.
pub fn directory(settings: &Settings) -> anyhow::Result<Directory> {
    let Some(path) = &settings.directory else {
        return Ok(Directory::default());
    };
    if !is_yaml(path) {
        std::fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        return Ok(lexhold_source::read_directory(path).map_err(|error| Failure::new(Exit::Policy, error.to_string()))?);
    }
    let mut project = Project::read(settings, &[])?;
    let document = project.read_one(&settings.root, path)?;
    let directory = document.and_then(|document| compile_directory(&document, &mut project.diagnostics));
    project.report(settings, "the directory")?;
    let none = || {
        Failure::new(
            Exit::Policy,
            format!("{} holds no `directory:` document", path.display()),
        )
    };
    Ok(directory.ok_or_else(none)?)
}
