//! From drafts to a ruleset in which every rule has proved itself.

use crate::draft::{Draft, Drafts, View};
use crate::names::Ids;
use crate::trial::{Trial, refusals};
use crate::yaml::{Yaml, write};
use crate::{ImportError, Imported, Options, Written};

/// Puts the drafts that hold what they promise in one ruleset.
pub(crate) fn assemble(drafts: Drafts, options: &Options) -> Result<Imported, ImportError> {
    let Drafts {
        rules,
        mut losses,
        n_read,
        format,
    } = drafts;
    let mut ids = Ids::default();
    let mut carried = Vec::new();
    for draft in rules {
        match prove(&draft) {
            Ok(examples) => carried.push(rule(&draft, ids.unique(&draft.item), &examples)),
            Err((reason, detail)) => losses.whole(&draft.item, "rule", reason, detail),
        }
    }
    let n_carried = carried.len();
    let documents = if carried.is_empty() {
        Vec::new()
    } else {
        vec![document(format, carried, options)?]
    };
    Ok(Imported {
        documents,
        n_read,
        n_carried,
        losses: losses.0,
    })
}

/// The texts that a rule of ours proves itself by.
#[derive(Debug)]
struct Examples {
    hits: Vec<String>,
    misses: Vec<String>,
}

/// Compiles one draft and finds its examples, or says why it cannot be carried over.
fn prove(draft: &Draft) -> Result<Examples, (&'static str, String)> {
    const UNTRIED: [&str; 2] = ["not", "tried"];
    let examples = Examples {
        hits: UNTRIED.map(String::from).to_vec(),
        misses: UNTRIED.map(String::from).to_vec(),
    };
    let alone = write(&front(
        "trial",
        "trial",
        None,
        vec![rule(draft, "trial".to_owned(), &examples)],
    ));
    let mut trial = Trial::compile(&alone).map_err(|refusal| ("refused by the rule language", refusal))?;
    let hits = trial.hits(draft);
    if hits.len() < 2 {
        return Err(("no text was found that it hits", String::new()));
    }
    let misses = trial.misses(draft);
    if misses.len() < 2 {
        return Err(("it hits ordinary text", String::new()));
    }
    Ok(Examples { hits, misses })
}

fn rule(draft: &Draft, id: String, examples: &Examples) -> Yaml {
    let mut entries = vec![("id", Yaml::Text(id))];
    entries.extend(draft.title.as_ref().map(|title| ("title", Yaml::text(title))));
    entries.push(("severity", Yaml::text(draft.severity.as_str())));
    entries.push(("why", Yaml::text(&draft.why)));
    if draft.view == View::Raw {
        entries.push(("view", Yaml::text("raw")));
    }
    entries.extend(draft.keys.iter().cloned());
    entries.push(("match", Yaml::Map(draft.matches.clone())));
    if !draft.labels.is_empty() {
        entries.push(("labels", Yaml::Flow(Box::new(Yaml::texts(&draft.labels)))));
    }
    entries.push(("hits", Yaml::texts(&examples.hits)));
    entries.push(("misses", Yaml::texts(&examples.misses)));
    Yaml::Map(entries)
}

fn front(name: &str, owner: &str, description: Option<String>, rules: Vec<Yaml>) -> Vec<(&'static str, Yaml)> {
    let mut entries = vec![
        ("lexhold", Yaml::Int(1)),
        ("ruleset", Yaml::text(name)),
        ("version", Yaml::text("1.0.0")),
        ("owner", Yaml::text(owner)),
    ];
    entries.extend(description.map(|description| ("description", Yaml::Text(description))));
    entries.push(("rules", Yaml::List(rules)));
    entries
}

/// The whole ruleset, compiled once more in one piece.
fn document(format: &str, rules: Vec<Yaml>, options: &Options) -> Result<Written, ImportError> {
    let description = format!(
        "Rules of {format}, imported from {}. Their examples were made from the rules themselves, unless the rules came \
         with some; they show what a rule does, not that it is right.",
        options.origin
    );
    let yaml = write(&front(&options.name, &options.owner, Some(description), rules));
    match refusals(&yaml).into_iter().next() {
        None => Ok(Written {
            name: options.name.clone(),
            yaml,
        }),
        Some(refusal) => Err(ImportError::Refused(refusal.message)),
    }
}
