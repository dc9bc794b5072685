//! `schema`: what may stand in a document, for editors and for other programs, made of what checking itself uses.

use std::io::Write;
use std::path::Path;

use lexhold_document::{Draft, Kind, Shape, json_schema, json_schema_of_all};
use lexhold_evaluate::shape_of;
use serde_json::Value;

use crate::args::{Schema, SchemaDraft};
use crate::failure::{Exit, Failure};
use crate::files::why;
use crate::report::table::write_whole;

/// Prints a schema, or writes all of them into a folder.
pub fn schema(args: &Schema) -> anyhow::Result<Exit> {
    let draft = match args.draft {
        SchemaDraft::Latest => Draft::Latest,
        SchemaDraft::Seven => Draft::Seven,
    };
    if let Some(folder) = &args.out {
        write_all(folder, draft)?;
        return Ok(Exit::Done);
    }
    let schema = match args.kind.as_deref().and_then(Kind::from_key) {
        Some(kind) => of(kind, draft),
        None => of_all(draft),
    };
    writeln!(std::io::stdout().lock(), "{schema:#}")?;
    Ok(Exit::Done)
}

/// The name of the file that has the schema of a kind.
pub fn file_name(kind: Kind) -> String {
    format!("{kind}.schema.json")
}

/// Writes one file a kind, and `lexhold.schema.json` for all.
pub fn write_all(folder: &Path, draft: Draft) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(
            Exit::Data,
            format!("cannot write schemas into {}: {}", folder.display(), why(&error)),
        )
    })?;
    let of_kinds = Kind::ALL.map(|kind| (file_name(kind), of(kind, draft)));
    let all = ("lexhold.schema.json".to_owned(), of_all(draft));
    for (name, schema) in of_kinds.into_iter().chain([all]) {
        write_whole(&folder.join(name), |mut out| Ok(writeln!(out, "{schema:#}")?))?;
    }
    Ok(())
}

fn of(kind: Kind, draft: Draft) -> Value {
    let example: Option<Value> = serde_yaml::from_str(kind.example()).ok();
    json_schema(kind, &shape_of(kind), example.as_slice(), draft)
}

fn of_all(draft: Draft) -> Value {
    let kinds: Vec<(Kind, Shape)> = Kind::ALL.iter().map(|kind| (*kind, shape_of(*kind))).collect();
    json_schema_of_all(&kinds, draft)
}
