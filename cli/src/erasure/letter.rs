//! What the person is told: figures and grounds, in the words of the law that they asked by. No matter, no hold, no message.
//!
//! A letter is made of what the journal says was answered, so that it can be printed again to the letter.

use std::collections::BTreeMap;

use lexhold_catalog::ErasureRow;
use lexhold_catalog::payload::ErasureExtended;
use lexhold_document::printable;
use lexhold_retention::{Ground, PrivacyLaw};
use serde_json::{Value, json};

use super::standing::{ItemStanding, law_of};
use crate::report::print::{Page, Table};
use crate::terminal::counted;

/// Everything that an answer says.
pub fn body(request: &ErasureRow, items: &[ItemStanding], answered_on: &str) -> Value {
    let count = |word: &str| items.iter().filter(|item| item.word() == word).count();
    let waiting = items.iter().filter(|item| item.waits_for_schedule()).count();
    let mut grounds: BTreeMap<Ground, u64> = BTreeMap::new();
    for ground in items.iter().flat_map(ItemStanding::grounds) {
        *grounds.entry(*ground).or_default() += 1;
    }
    let grounds: Vec<Value> = grounds
        .iter()
        .map(|(ground, n)| json!({"article": ground.article, "limb": ground.limb, "messages": n}))
        .collect();
    json!({
        "schema": "lexhold/erasure-answer/1",
        "request": request.request,
        "subject": request.subject,
        "law": request.law,
        "received": request.received,
        "answered_on": answered_on,
        "messages": items.len(),
        "erased": count("erased"),
        "queued": count("queued"),
        "deferred": count("deferred"),
        "waiting": waiting + count("not_on_record"),
        "grounds": grounds,
    })
}

/// The letter as plain text.
pub fn text(body: &Value) -> String {
    let (title, before, counts, after) = said(body);
    let mut text = format!(
        "{title}\n\nTo: {}\n{}\n\n",
        shown(body, "subject"),
        shown(body, "answered_on")
    );
    before.iter().for_each(|line| {
        text += line;
        text += "\n\n";
    });
    for (n, what) in &counts {
        text += &format!("{n:>8}  {what}\n");
    }
    for line in &after {
        text += "\n";
        text += line;
        text += "\n";
    }
    text
}

/// The letter as a page to print.
pub fn page(body: &Value) -> anyhow::Result<String> {
    let (title, before, counts, after) = said(body);
    let rows = counts.into_iter().map(|(n, what)| vec![n.to_string(), what]).collect();
    Page {
        title,
        about: vec![
            ("To".to_owned(), shown(body, "subject")),
            ("Date".to_owned(), shown(body, "answered_on")),
        ],
        before,
        table: Some(Table {
            columns: vec!["Messages".to_owned(), "What becomes of them".to_owned()],
            rows,
        }),
        after,
    }
    .html()
}

/// The notice that an answer takes longer.
pub fn notice(request: &ErasureRow, extended: &ErasureExtended) -> anyhow::Result<String> {
    let right = match law_of(request)? {
        PrivacyLaw::Gdpr | PrivacyLaw::UkGdpr => "You may complain to a supervisory authority, and go to court.\n",
        PrivacyLaw::Ccpa => "",
    };
    Ok(printable_lines(&format!(
        "Your request for erasure {}\n\nTo: {}\n{}\n\nYou asked us on {} to erase data about you. We need more time for the answer, for \
         this reason: {}. You will have it by {}.\n{right}",
        request.request, request.subject, extended.notified, request.received, extended.reason, extended.due
    )))
}

fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line) + "\n").collect()
}

fn shown(body: &Value, field: &str) -> String {
    printable(body[field].as_str().unwrap_or_default())
}

type Said = (String, Vec<String>, Vec<(u64, String)>, Vec<String>);

/// Title, what comes before the figures, the figures, what comes after them.
fn said(body: &Value) -> Said {
    let law = PrivacyLaw::named(body["law"].as_str().unwrap_or_default());
    let by = match law {
        Some(PrivacyLaw::Gdpr) | None => "Article 17 of the General Data Protection Regulation",
        Some(PrivacyLaw::UkGdpr) => "Article 17 of the UK General Data Protection Regulation",
        Some(PrivacyLaw::Ccpa) => "section 1798.105 of the California Civil Code",
    };
    let n = |field: &str| body[field].as_u64().unwrap_or(0);
    let before = vec![format!(
        "You asked us on {} to erase data about you under {by}. Your request is about {} in our records.",
        shown(body, "received"),
        counted(n("messages"), "message", "messages")
    )];
    let mut counts = vec![
        (n("erased"), "have been erased".to_owned()),
        (
            n("queued"),
            "will be erased: nothing requires us to keep them".to_owned(),
        ),
    ];
    for ground in body["grounds"].as_array().into_iter().flatten() {
        let (article, limb) = (shown(ground, "article"), shown(ground, "limb"));
        let what = match (article.as_str(), law) {
            ("none", _) => "stay for now: whether there is a ground to keep them is being examined".to_owned(),
            (_, Some(PrivacyLaw::Ccpa)) => format!("stay for now: section {article}, {limb}"),
            _ => format!("stay for now: Article {article}, {limb}"),
        };
        counts.push((ground["messages"].as_u64().unwrap_or(0), what));
    }
    counts.push((
        n("waiting"),
        "stay until it has been determined how long they have to be kept".to_owned(),
    ));
    counts.retain(|(n, _)| *n > 0);
    let mut after = Vec::new();
    if n("deferred") + n("waiting") > 0 {
        let restricted = match law {
            Some(PrivacyLaw::Ccpa) => "What stays is used for nothing but what it is kept for.",
            _ => "What stays is restricted (Article 18): it is stored, and used for nothing but what it is kept for.",
        };
        after.push(format!(
            "{restricted} It is erased as soon as nothing requires us to keep it; you need not ask again. A message that \
             stays on several grounds counts under each."
        ));
    }
    match law {
        Some(PrivacyLaw::Ccpa) => {}
        _ => after.push(
            "You may complain to a supervisory authority, and go to court, if you think that this is wrong (Article 12(4))."
                .to_owned(),
        ),
    }
    let title = format!("Your request for erasure {}", shown(body, "request"));
    (title, before, counts, after)
}
