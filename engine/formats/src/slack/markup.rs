//! Slack's own markup as people see it: `<@U1>` is `@ann`, `<https://a.b|here>` is `here (https://a.b)`.

use std::borrow::Cow;

use serde_json::Value;

use super::people::People;

/// The text as it was shown; the same text when it has no markup.
pub(crate) fn shown<'a>(text: &'a str, people: &People) -> Cow<'a, str> {
    if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut to = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        to.push_str(&plain(&rest[..open]));
        let Some(close) = rest[open..].find('>') else {
            to.push_str(&plain(&rest[open..]));
            return Cow::Owned(to);
        };
        to.push_str(&token(&rest[open + 1..open + close], people));
        rest = &rest[open + close + 1..];
    }
    to.push_str(&plain(rest));
    Cow::Owned(to)
}

/// The three characters that Slack escapes.
fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn token(token: &str, people: &People) -> String {
    let (target, label) = match token.split_once('|') {
        Some((target, label)) => (target, Some(plain(label)).filter(|label| !label.is_empty())),
        None => (token, None),
    };
    if let Some(id) = target.strip_prefix('@') {
        let name = people.get(id).and_then(|person| person.name.as_deref());
        return format!("@{}", name.or(label.as_deref()).unwrap_or(id));
    }
    if let Some(id) = target.strip_prefix('#') {
        return format!("#{}", label.as_deref().unwrap_or(id));
    }
    if let Some(command) = target.strip_prefix('!') {
        let word = command.split('^').next().unwrap_or(command);
        return match (word, label) {
            (_, Some(label)) => label.into_owned(),
            ("subteam", None) => format!("@{}", command.split('^').nth(1).unwrap_or(word)),
            (word, None) => format!("@{word}"),
        };
    }
    let target = plain(target);
    match label {
        Some(label) if target.trim_start_matches("mailto:") != label && !is_same_place(&target, &label) => {
            format!("{label} ({target})")
        }
        Some(label) => label.into_owned(),
        None => target.into_owned(),
    }
}

/// Whether a label is the address itself, as Slack shortens it.
fn is_same_place(target: &str, label: &str) -> bool {
    let bare = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.trim_end_matches('/').to_owned()
    };
    bare(target) == bare(label)
}

/// The text of blocks, for messages that have no other: what a person could read in them, in order.
pub(crate) fn of_blocks(blocks: &Value, people: &People) -> String {
    let mut lines = Vec::new();
    let list = blocks.as_array().into_iter().flatten();
    for block in list {
        let mut line = String::new();
        gather(block, people, &mut line);
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn gather(node: &Value, people: &People, to: &mut String) {
    let text = |name: &str| node.get(name).and_then(Value::as_str);
    match text("type") {
        Some("text" | "mrkdwn" | "plain_text") => to.push_str(&shown(text("text").unwrap_or_default(), people)),
        Some("link") => {
            let url = text("url").unwrap_or_default();
            match text("text") {
                Some(label) if label != url => to.push_str(&format!("{label} ({url})")),
                _ => to.push_str(url),
            }
        }
        Some("user") => to.push_str(&token(&format!("@{}", text("user_id").unwrap_or_default()), people)),
        Some("channel") => to.push_str(&format!("#{}", text("channel_id").unwrap_or_default())),
        Some("broadcast") => to.push_str(&format!("@{}", text("range").unwrap_or_default())),
        Some("emoji") => to.push_str(&format!(":{}:", text("name").unwrap_or_default())),
        Some("image") => to.push_str(text("alt_text").unwrap_or_default()),
        _ => {
            for name in ["title", "text", "fields", "elements"] {
                match node.get(name) {
                    Some(Value::Array(items)) => items.iter().for_each(|item| {
                        let before = to.len();
                        gather(item, people, to);
                        let ended = matches!(item.get("type").and_then(Value::as_str), Some(kind) if kind.starts_with("rich_text") || kind == "mrkdwn");
                        if ended && to.len() > before {
                            to.push('\n');
                        }
                    }),
                    Some(inner @ Value::Object(_)) => gather(inner, people, to),
                    _ => {}
                }
            }
            to.truncate(to.trim_end_matches('\n').len());
        }
    }
}
