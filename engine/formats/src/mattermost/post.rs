//! One post with its replies.

use lexhold_model::{Attachment, ConversationKind, Message, MessageKind, VersionKind};
use lexhold_source::Reading;
use serde_json::Value as Json;

use super::server::Server;
use crate::document::Readings;
use crate::format::Part;
use crate::object::Object;
use crate::parts::{bytes_of, others};
use crate::repeats::Repeats;

/// What a post is read with.
pub(super) struct Context<'a> {
    pub(super) part: &'a Part,
    pub(super) server: &'a Server,
    pub(super) repeats: &'a mut Repeats,
}

/// Where a post and its replies were written, and who could read them.
struct Where {
    conversation: String,
    kind: ConversationKind,
    channel: Option<String>,
    title: Option<String>,
    members: Vec<String>,
}

/// The post of a line, and the replies inside it.
pub(super) fn read(mut post: Object<'_>, context: &mut Context<'_>) -> Readings {
    let place = match place(&mut post, context.server) {
        Ok(place) => place,
        Err(why) => return vec![Err(why)],
    };
    let replies = post.objects("replies");
    post.drop("replies");
    let first = message(post, &place, None, context);
    let id = first.message.id.clone();
    let mut readings = vec![Ok(first)];
    for reply in replies {
        readings.push(Ok(message(reply, &place, id.clone(), context)));
    }
    readings
}

/// A channel of a team, or the people of a direct conversation, whose order differs from line to line.
fn place(post: &mut Object<'_>, server: &Server) -> Result<Where, String> {
    if let (Some(team), Some(name)) = (post.text("team"), post.text("channel")) {
        let conversation = format!("{team}/{name}");
        let channel = server.channel_of(&conversation);
        return Ok(Where {
            kind: channel.map(|channel| channel.kind).unwrap_or_default(),
            title: channel.and_then(|channel| channel.title.clone()),
            members: server.members(&conversation).to_vec(),
            channel: Some(name),
            conversation,
        });
    }
    let names = post.list("channel_members").into_iter();
    let mut members: Vec<String> = names.filter_map(|name| serde_json::from_str(name.get()).ok()).collect();
    members.sort();
    members.dedup();
    if members.is_empty() {
        return Err("names neither a channel of a team nor members".to_owned());
    }
    post.drop("channel_members");
    Ok(Where {
        conversation: members.join(","),
        kind: if members.len() > 2 {
            ConversationKind::Group
        } else {
            ConversationKind::Direct
        },
        channel: None,
        title: None,
        members,
    })
}

fn message(mut post: Object<'_>, place: &Where, reply_to: Option<String>, context: &mut Context<'_>) -> Reading {
    let mut notes = Vec::new();
    let created = post.whole("create_at");
    let sender = post.text("user").unwrap_or_else(|| "unknown".to_owned());
    let mut message = Message {
        platform: "mattermost".into(),
        id: created.map(|at| id(&place.conversation, format!("{at}-{sender}"), context)),
        conversation: place.conversation.clone(),
        conversation_kind: place.kind,
        channel: place.channel.clone(),
        sent_at: created.and_then(micros),
        recipients: others(&place.members, &sender),
        reply_to,
        ..Message::default()
    };
    if message.sent_at.is_none() {
        notes.push((
            "sent_at",
            "`create_at` is missing or no instant, and the date was left out".to_owned(),
        ));
    }
    let person = context.server.person_of(&sender);
    let known = [
        ("channel_title", place.title.clone()),
        ("sender_name", person.and_then(|person| person.name.clone())),
        ("sender_email", person.and_then(|person| person.email.clone())),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    message.metadata.extend(known);
    message.sender = sender;
    message.attachments = attachments(&post, context.part);
    body(&mut message, &mut post);
    Reading { message, notes }
}

/// What posts of an export and of the API have in common: text, kind, edit, and everything else as metadata.
pub(super) fn body(message: &mut Message, post: &mut Object<'_>) {
    message.kind = match post.text("type").as_deref() {
        Some("me") => MessageKind::Action,
        Some("custom_calls") => MessageKind::Call,
        Some(kind) if kind.starts_with("system_") => {
            message.metadata.insert("type".to_owned(), kind.to_owned());
            MessageKind::System
        }
        Some(kind) => {
            message.metadata.insert("type".to_owned(), kind.to_owned());
            MessageKind::Message
        }
        None => MessageKind::Message,
    };
    let edited = post.raw("edit_at").is_some_and(|at| !matches!(at.get(), "0" | "null"));
    if edited {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    let mut text = post.text("message").unwrap_or_default();
    let props: Option<Json> = post.raw("props").and_then(|raw| serde_json::from_str(raw.get()).ok());
    for one in props
        .as_ref()
        .and_then(|props| props.get("attachments")?.as_array())
        .into_iter()
        .flatten()
    {
        words_of(one, &mut text);
    }
    message.text = Some(text).filter(|text| !text.is_empty());
    message.metadata.extend(std::mem::take(post).into_metadata());
    // What is empty, or was never done, says nothing.
    let never = |name: &str, value: &str| value == "0" && name.ends_with("_at");
    message
        .metadata
        .retain(|name, value| !matches!(value.as_str(), "" | "[]" | "{}") && !never(name, value));
}

/// What a person reads on the card of an integration.
fn words_of(card: &Json, to: &mut String) {
    let said = |of: &Json, name: &str| of.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut words: Vec<String> = ["pretext", "author_name", "title", "text"]
        .into_iter()
        .filter_map(|name| said(card, name))
        .collect();
    for field in card.get("fields").and_then(Json::as_array).into_iter().flatten() {
        words.extend(said(field, "title"));
        words.extend(field.get("value").map(|value| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        }));
    }
    words.extend(said(card, "footer"));
    words.retain(|words| !words.is_empty());
    if words.is_empty() {
        words.extend(said(card, "fallback"));
    }
    for words in words {
        if !to.is_empty() {
            to.push('\n');
        }
        to.push_str(&words);
    }
}

/// Posts have no ids. Moment and author make one; who wrote twice in one millisecond is counted.
fn id(conversation: &str, id: String, context: &mut Context<'_>) -> String {
    // Posts come in no order of time.
    let times = context.repeats.count("", format!("{conversation} {id}"));
    if times > 1 { format!("{id}-{times}") } else { id }
}

/// The instant of milliseconds since 1970; zero is how Mattermost says never.
pub(super) fn micros(millis: u64) -> Option<i64> {
    let micros = i64::try_from(millis).ok()?.checked_mul(1000)?;
    (1..253_402_300_800_000_000).contains(&micros).then_some(micros)
}

/// The files of a post, with their digests where the export has the bytes.
fn attachments(post: &Object<'_>, part: &Part) -> Vec<Attachment> {
    let files = post.objects("attachments").into_iter();
    files
        .filter_map(|mut file| file.text("path"))
        .map(|path| {
            let (bytes, sha256) = match bytes_of(part, &format!("data/{path}")) {
                (None, _) => bytes_of(part, &path),
                found => found,
            };
            Attachment {
                name: path.rsplit('/').next().map(str::to_owned),
                bytes,
                sha256,
                ..Attachment::default()
            }
        })
        .collect()
}
