//! What a plan came to, sealed so that somebody outside can check it with nothing but the home's public key.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use lexhold_catalog::ItemRow;
use lexhold_document::printable;
use lexhold_store::{Certificate, Entry, EntryKind, Home, ItemProof, Payload, StoreMode};
use serde_json::{Value, json};

use super::copies::{Copy, CopyLog};
use super::external::HandedOver;
use super::plan::{Plan, by_schedule, leaf, tree};
use super::transfer::receiver;
use crate::args::DisposalCertificate;
use crate::failure::{Exit, Failure};
use crate::home;
use crate::operators::Actor;
use crate::report::print::Page;
use crate::report::table::write_whole;
use crate::settings::Settings;

/// Prints a certificate, with proofs of some items if they are asked for.
pub fn certificate(settings: &Settings, args: &DisposalCertificate) -> anyhow::Result<Exit> {
    let actor = Actor::resolve(settings)?;
    let home = home::open(settings)?;
    let plan = Plan::read(&home::catalog(settings, &home)?, &args.plan)?;
    let sealed = sealed(&home, &actor, &plan)?;
    if let Some(path) = &args.html {
        let page = page(&json!(sealed)["body"])?;
        write_whole(path, |mut out| Ok(out.write_all(page.as_bytes())?))?;
        return Ok(Exit::Done);
    }
    let tree = tree(&plan.items);
    let mut proofs = Vec::new();
    for id in &args.item {
        let places = plan.items.iter().filter(|item| item.message_id == *id);
        let before = proofs.len();
        for item in places {
            let path = tree
                .proof(item.item)
                .ok_or_else(|| anyhow::anyhow!("an item lies outside its plan"))?;
            proofs.push(ItemProof {
                index: item.item,
                item: leaf(item),
                path,
            });
        }
        if proofs.len() == before {
            return Err(Failure::new(Exit::Usage, format!("`{id}` is no item of {}", args.plan)).into());
        }
    }
    writeln!(std::io::stdout().lock(), "{:#}", json!(sealed.with_items(proofs)))?;
    Ok(Exit::Done)
}

/// Puts on record what a plan came to.
pub fn certify(settings: &Settings, home: &Home, actor: &Actor, plan: &Plan) -> anyhow::Result<()> {
    let copies = CopyLog::read(home)?.of(settings, home, plan, Timestamp::now())?;
    let payload = body(home, plan, &copies)?;
    let stamp = home::stamp(&actor.id);
    home.journal()
        .append(EntryKind::DisposalCertified, Some(Payload::Json(&payload)), stamp)?;
    Ok(())
}

/// Writes the certificate into the home, unless it is there.
pub fn keep(home: &Home, actor: &Actor, plan: &Plan) -> anyhow::Result<PathBuf> {
    Ok(home.keep_certificate(&plan.row.plan, &json!(sealed(home, actor, plan)?))?)
}

fn sealed(home: &Home, actor: &Actor, plan: &Plan) -> anyhow::Result<Certificate> {
    let none = || {
        Failure::new(Exit::Refused, format!("`{}` has not been carried out", plan.row.plan))
            .help("the certificate comes with the end of lexhold dispose execute")
    };
    let seq = plan.row.certified.ok_or_else(none)?;
    let entry: Entry = home.journal().entries(seq)?.next().transpose()?.ok_or_else(none)?;
    Ok(home.certify(&entry, home::stamp(&actor.id))?)
}

/// What is certified: who, when, how, how many; no message, no person in one, and no reason that a silent hold gives.
fn body(home: &Home, plan: &Plan, copies: &[Copy]) -> anyhow::Result<Value> {
    let row = &plan.row;
    let gone: Vec<_> = plan
        .items
        .iter()
        .filter(|item| item.intent.is_some())
        .cloned()
        .collect();
    let times: BTreeSet<i64> = gone.iter().filter_map(|item| item.destroyed_at).collect();
    let instant = |at: Option<&i64>| {
        at.and_then(|at| Timestamp::from_microsecond(*at).ok())
            .map(|at| at.to_string())
    };
    let intents: BTreeSet<u64> = gone.iter().filter_map(|item| item.intent).collect();
    let mut exceptions: BTreeMap<&str, u64> = BTreeMap::new();
    for reason in plan.items.iter().filter_map(|item| item.sent_back.as_deref()) {
        *exceptions.entry(reason).or_default() += 1;
    }
    let mut executors: BTreeSet<String> = BTreeSet::new();
    for seq in &intents {
        if let Some(entry) = home.journal().entries(*seq)?.next().transpose()? {
            executors.insert(entry.actor);
        }
    }
    let stages = plan.stages();
    let methods = match home.store_mode() {
        StoreMode::Archive => methods(&gone),
        StoreMode::External => HandedOver::read(home, &row.plan)?.methods(&gone),
    };
    Ok(json!({
        "plan": row.plan,
        "plan_digest": row.digest,
        "items": row.n_items,
        "destroyed": gone.len(),
        "by_schedule": by_schedule(&gone).into_iter().map(|(schedule, items)| json!({"schedule": schedule, "items": items})).collect::<Vec<_>>(),
        "by_method": methods.into_iter().map(|(method, items)| json!({"method": method, "items": items})).collect::<Vec<_>>(),
        "copies": copies,
        "complete": !copies.iter().any(Copy::is_pending),
        "exceptions": exceptions.into_iter().map(|(reason, items)| json!({"reason": reason, "items": items})).collect::<Vec<_>>(),
        "proposed_by": row.proposed_by,
        "approved_by": plan.approvals.iter().map(|approval| json!({
            "operator": approval.approved_by, "seq": approval.seq, "signed": approval.signed,
            "stage": stages.get(usize::try_from(approval.stage).unwrap_or(usize::MAX)),
        })).collect::<Vec<_>>(),
        "executed_by": executors,
        "first_destroyed_at": instant(times.first()),
        "last_destroyed_at": instant(times.last()),
        "intents": intents,
        "solo": row.solo || plan.approvals.iter().any(|approval| approval.solo),
    }))
}

/// How messages went whose bodies were here, with their numbers.
fn methods(gone: &[ItemRow]) -> BTreeMap<&'static str, u64> {
    let mut methods = BTreeMap::new();
    for item in gone {
        let method = match receiver(item) {
            Some(_) => "received by another keeper, then rewritten and removed",
            None => "rewritten and removed",
        };
        *methods.entry(method).or_default() += 1;
    }
    methods
}

/// A value as people read it.
fn words(value: &Value) -> String {
    let joined = |words: Vec<String>, by: &str| match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(by),
    };
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(all) => joined(all.iter().map(words).collect(), "; "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{} {}", name.replace('_', " "), words(value));
            joined(fields.iter().map(field).collect(), ", ")
        }
    }
}

/// The same as a page to print: no script, nothing from elsewhere.
fn page(body: &Value) -> anyhow::Result<String> {
    let row = |(name, value): (&String, &Value)| (name.replace('_', " "), printable(&words(value)));
    Page {
        title: "Certificate of disposal".to_owned(),
        about: body.as_object().into_iter().flatten().map(row).collect(),
        before: Vec::new(),
        table: None,
        after: vec!["The sealed form, which can be checked offline: lexhold dispose certificate".to_owned()],
    }
    .html()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_words_and_no_json() {
        let body = json!({
            "by_method": [{"items": 3, "method": "rewritten"}, {"items": 2, "method": "received"}],
            "complete": true, "exceptions": [], "intents": [17, 25], "rejected": null,
        });
        assert_eq!(
            words(&body),
            "by method items 3, method rewritten; items 2, method received, complete yes, exceptions none, intents 17; 25, rejected none"
        );
    }
}
