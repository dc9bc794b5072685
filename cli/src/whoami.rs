//! `whoami`: who I am to Lexhold, and what I may do.

use std::io::Write;

use lexhold_policy::Verb;

use crate::failure::Exit;
use crate::operators::Actor;
use crate::settings::Settings;

/// Prints the actor, the roles, and the answer of governance for every verb.
pub fn whoami(settings: &Settings) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<12} {}", "operator", actor.id)?;
    if let Some(name) = actor.name() {
        writeln!(out, "{:<12} {name}", "name")?;
    }
    writeln!(
        out,
        "{:<12} {}",
        "governance",
        if actor.is_solo() {
            "solo: one person may do everything, unsigned"
        } else {
            "operators"
        }
    )?;
    if !actor.is_solo() {
        let roles = if actor.roles().is_empty() {
            "none".to_owned()
        } else {
            actor.roles().join(", ")
        };
        writeln!(out, "{:<12} {roles}", "roles")?;
    }
    let (mut may, mut may_not) = (Vec::new(), Vec::new());
    for verb in Verb::ALL {
        let answer = actor.may(*verb, "home")?;
        if answer.allowed {
            may.push(verb.as_str())
        } else {
            may_not.push(verb.as_str())
        }
    }
    for (label, verbs) in [("may", may), ("alone not", may_not)] {
        if !verbs.is_empty() {
            writeln!(out, "{label:<12} {}", verbs.join(", "))?;
        }
    }
    Ok(Exit::Done)
}
