//! `config show`: every setting with its value, and where the value comes from.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Value, json};

use crate::args::{Config, ShowConfig};
use crate::failure::Exit;
use crate::report::each_form;
use crate::report::table::{Columns, Kind, Row};
use crate::settings::{ConfigFile, Pinning, Settings};

/// The columns, a contract.
const COLUMNS: Columns = Columns {
    all: &[
        ("setting", Kind::Text),
        ("value", Kind::Text),
        ("origin", Kind::Text),
        ("at", Kind::Text),
    ],
    shown: &["setting", "value"],
};

/// The same columns; a person who asked where values come from sees that too.
const WITH_ORIGIN: Columns = Columns {
    shown: &["setting", "value", "origin", "at"],
    ..COLUMNS
};

/// Runs the verb.
pub fn config(settings: &Settings, args: &Config, typed: &ArgMatches) -> anyhow::Result<Exit> {
    let Config::Show(args) = args;
    show(settings, args, typed)
}

fn show(settings: &Settings, args: &ShowConfig, typed: &ArgMatches) -> anyhow::Result<Exit> {
    let columns = if args.origin { WITH_ORIGIN } else { COLUMNS };
    each_form(&args.table, columns, |table| {
        for (name, value) in values(settings, typed) {
            let origin = Origin::of(settings, typed, name);
            let row = json!({
                "setting": name,
                "value": plain(&value),
                "origin": origin.word(),
                "at": origin.place(),
            });
            table.write(row.as_object().cloned().unwrap_or_default() as Row)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// Every setting with its value, in the order of the alphabet.
fn values(settings: &Settings, typed: &ArgMatches) -> Vec<(&'static str, Value)> {
    let path = |path: &Option<PathBuf>| json!(path);
    let governance = match (settings.solo || settings.operators.is_none(), settings.signed) {
        (true, _) => "solo",
        (false, true) => "signed",
        (false, false) => "operators",
    };
    let as_of = match typed.value_source("as_of") {
        Some(ValueSource::CommandLine) => json!(settings.as_of.to_string()),
        _ => json!("now"),
    };
    let word = |word: &dyn std::fmt::Debug| json!(format!("{word:?}").to_lowercase());
    vec![
        ("approval", json!(settings.approvals)),
        ("as", json!(settings.operator)),
        ("as-of", as_of),
        (
            "blast_radius",
            json!(format!(
                "{} messages, {} percent",
                settings.blast_radius.messages, settings.blast_radius.percent
            )),
        ),
        ("catalog_memory_mib", json!(settings.catalog_mib)),
        ("color", word(&settings.color)),
        ("directory", path(&settings.directory)),
        ("frozen", json!(settings.pinning == Pinning::Frozen)),
        ("governance", json!(governance)),
        ("home", json!(settings.home)),
        ("jobs", settings.jobs.map_or(json!("all cores"), |jobs| json!(jobs))),
        ("locked", json!(settings.pinning == Pinning::Locked)),
        ("log-format", word(&settings.log_format)),
        ("operators", path(&settings.operators)),
        ("policies", json!(settings.policies)),
        ("progress", word(&settings.progress)),
        ("quiet", json!(settings.quiet)),
        ("review", json!(settings.review_due)),
        ("rulesets", json!(settings.rulesets)),
        ("schema", path(&settings.schema)),
        ("show-content", word(&settings.show_content)),
        ("trust", json!(settings.trust)),
        ("verbose", json!(settings.verbose)),
        ("wait", json!(settings.wait.as_secs())),
        ("witnesses", json!(settings.witnesses)),
        ("zone", json!(settings.zone)),
    ]
}

/// A value as one line of text.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name}: {}", plain(value));
            let said = fields.iter().filter(|(_, value)| !plain(value).is_empty());
            said.map(field).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Where a value comes from.
enum Origin {
    /// It was typed.
    Flag(String),
    /// A variable of the environment says it.
    Environment(String),
    /// A line of the project's file.
    Project(String),
    /// A line of the user's own file.
    User(String),
    /// Nobody said anything.
    Default,
}

impl Origin {
    fn of(settings: &Settings, typed: &ArgMatches, setting: &str) -> Self {
        let flag = match setting {
            "as" => "operator".to_owned(),
            other => other.replace('-', "_"),
        };
        // What is a setting of the files alone is no flag, and clap is never asked for what it does not know.
        let source = typed
            .try_contains_id(&flag)
            .is_ok()
            .then(|| typed.value_source(&flag))
            .flatten();
        let line = |file: &Option<ConfigFile>| {
            let file = file.as_ref()?;
            let key = setting.replace('-', "_");
            Some(format!("{}:{}", file.path.display(), file.keys.get(&key)?))
        };
        match source {
            Some(ValueSource::CommandLine) => Self::Flag(format!("--{setting}")),
            Some(ValueSource::EnvVariable) => {
                Self::Environment(format!("LEXHOLD_{}", setting.replace('-', "_").to_uppercase()))
            }
            _ => line(&settings.project_file)
                .map(Self::Project)
                .or_else(|| line(&settings.user_file).map(Self::User))
                .unwrap_or(Self::Default),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Environment(_) => "env",
            Self::Project(_) => "project",
            Self::User(_) => "user",
            Self::Default => "default",
        }
    }

    fn place(&self) -> Option<&str> {
        match self {
            Self::Flag(at) | Self::Environment(at) | Self::Project(at) | Self::User(at) => Some(at),
            Self::Default => None,
        }
    }
}
