//! One `chatMessage`.

use lexhold_model::{Attachment, ConversationKind, Message, MessageKind, PartKind, Participant, Role, VersionKind};
use lexhold_source::{Notes, Reading, instant};
use serde_json::Value as Json;

use super::people::People;
use crate::document::{Readings, Value};
use crate::html;
use crate::object::Object;
use crate::parts::add;

/// What the path of a file says of its messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// Whose messages they are, where the export has them person by person.
    custodian: Option<String>,
    /// Deleted, and kept by a hold or a retention policy of the tenant.
    retained: bool,
}

impl Context {
    /// The context of a file at this path below the export's root.
    pub(super) fn of(path: &str) -> Self {
        let custodian = path.strip_prefix("users/").and_then(|rest| rest.split('/').next());
        Self {
            custodian: custodian.map(str::to_owned),
            retained: path
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("retainedMessages_")),
        }
    }
}

/// The message of a value.
pub(super) fn read(value: Value<'_>, people: &People, context: &Context) -> Readings {
    value.read(|record, mended, place| {
        let mut reading = message(record.decapitalised(), people, context);
        if let Ok(reading) = &mut reading {
            reading.message.source = place;
            reading.message.undecodable = mended;
        }
        vec![reading]
    })
}

/// An object inside, its names without capitals in front.
fn inner<'a>(object: &Object<'a>, name: &str) -> Option<Object<'a>> {
    object.object(name).map(Object::decapitalised)
}

fn message(mut record: Object<'_>, people: &People, context: &Context) -> Result<Reading, String> {
    let mut notes = Notes::new();
    let mut message = Message {
        platform: "teams".into(),
        id: record.text("id"),
        subject: record.text("subject"),
        reply_to: record.text("replyToId"),
        custodians: context.custodian.iter().cloned().collect(),
        ..Message::default()
    };
    if message.id.is_none() {
        return Err("`id` is missing".to_owned());
    }
    place(&mut message, &mut record, people);
    message.sent_at = sent(&mut record, message.id.as_deref(), &mut notes);
    message.kind = kind(&mut record);
    sender(&mut message, &record, people);
    recipients(&mut message, &record, people);
    let edited = record.raw("lastEditedDateTime").is_some_and(|at| at.get() != "null");
    let deleted = record.raw("deletedDateTime").is_some_and(|at| at.get() != "null") && !context.retained;
    if deleted {
        (message.version, message.version_kind) = (1 + i32::from(edited), VersionKind::Delete);
    } else if edited {
        (message.version, message.version_kind) = (1, VersionKind::Edit);
    }
    text(&mut message, &mut record);
    if context.retained {
        message.metadata.insert("retained".into(), "true".into());
    }
    message.metadata.extend(record.into_metadata());
    // Lists with nothing in them say nothing.
    message.metadata.retain(|_, value| value != "[]");
    Ok(Reading { message, notes })
}

/// The chat, or the channel of a team.
fn place(message: &mut Message, record: &mut Object<'_>, people: &People) {
    let channel = inner(record, "channelIdentity").and_then(|mut identity| identity.text("channelId"));
    if let Some(channel) = channel {
        message.channel = Some(people.channel_name(&channel));
        message.conversation = channel;
        return;
    }
    message.conversation = record.text("chatId").unwrap_or_default();
    message.conversation_kind = if message.conversation.ends_with("@unq.gbl.spaces") {
        ConversationKind::Direct
    } else {
        ConversationKind::Group
    };
}

/// When it was written. The id is that time too, which helps where the date is damaged.
fn sent(record: &mut Object<'_>, id: Option<&str>, notes: &mut Notes) -> Option<i64> {
    let created = record
        .raw("createdDateTime")
        .map(|raw| raw.get().trim_matches('"').to_owned());
    if let Some(Ok(at)) = created.as_deref().map(instant) {
        record.drop("createdDateTime");
        return Some(at);
    }
    let id = id.filter(|id| id.len() == 13 && id.bytes().all(|byte| byte.is_ascii_digit()));
    let by_id = id.and_then(|id| id.parse::<i64>().ok()?.checked_mul(1000));
    let instead = if by_id.is_some() {
        "that of the id was taken"
    } else {
        "it was left out"
    };
    notes.push((
        "sent_at",
        format!("`createdDateTime` is not a possible RFC 3339 date, and {instead}"),
    ));
    by_id
}

fn kind(record: &mut Object<'_>) -> MessageKind {
    let event = inner(record, "eventDetail").map(|mut event| {
        let kind = event.text("@odata.type").or_else(|| event.text("eventType"));
        kind.unwrap_or_default().to_ascii_lowercase()
    });
    match (record.text("messageType").as_deref(), event) {
        (_, Some(event)) if event.contains("call") => MessageKind::Call,
        (Some("message") | None, None) => MessageKind::Message,
        _ => MessageKind::System,
    }
}

/// Who wrote it, by id: a person, a program, or whoever caused an event.
fn sender(message: &mut Message, record: &Object<'_>, people: &People) {
    let initiator = || inner(&inner(record, "eventDetail")?, "initiator");
    let from = inner(record, "from").or_else(initiator);
    let who = from.and_then(|from| {
        ["user", "application", "device"]
            .into_iter()
            .find_map(|kind| inner(&from, kind))
    });
    let id = who.and_then(|mut who| {
        let name = who.text("displayName");
        message
            .metadata
            .extend(name.map(|name| ("sender_name".to_owned(), name)));
        who.text("id")
    });
    let email = id.as_deref().and_then(|id| people.email(id)).cloned();
    message
        .metadata
        .extend(email.map(|email| ("sender_email".to_owned(), email)));
    message.sender = id.unwrap_or_else(|| "unknown".to_owned());
}

/// The members of the team, or the two of a chat of two, whose ids make its own.
fn recipients(message: &mut Message, record: &Object<'_>, people: &People) {
    let team = inner(record, "channelIdentity").and_then(|mut identity| identity.text("teamId"));
    let members: Vec<String> = match team {
        Some(team) => people.members(&team).to_vec(),
        None => {
            let both = message.conversation.strip_prefix("19:");
            let both = both.and_then(|rest| rest.strip_suffix("@unq.gbl.spaces"));
            both.map(|both| both.split('_').map(str::to_owned).collect())
                .unwrap_or_default()
        }
    };
    let others = members.into_iter().filter(|member| *member != message.sender);
    message.recipients = others
        .map(|handle| Participant {
            handle,
            role: Role::Member,
        })
        .collect();
}

/// The text as people saw it; behind it cards, what was quoted and what was forwarded.
fn text(message: &mut Message, record: &mut Object<'_>) {
    let mut body = inner(record, "body").unwrap_or_default();
    let content = body.text("content").unwrap_or_default();
    let is_html = body
        .text("contentType")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
    let mut text = if is_html { html::text(&content) } else { content.clone() };
    if !is_html || content.is_empty() || text == content {
        record.drop("body");
    }
    for _ in content.match_indices("/hostedContents/") {
        message.attachments.push(Attachment::default());
    }
    for attached in record.objects("attachments") {
        let mut attached = attached.decapitalised();
        let kind = attached.text("contentType").unwrap_or_default();
        let name = attached.text("name");
        let content: Option<Json> = attached
            .text("content")
            .and_then(|text| serde_json::from_str(&text).ok());
        match (kind.as_str(), content) {
            ("messageReference", Some(quoted)) => {
                let id = quoted.get("messageId").and_then(Json::as_str);
                message.reply_to = message.reply_to.take().or_else(|| id.map(str::to_owned));
                let words = quoted.get("messagePreview").and_then(Json::as_str).unwrap_or_default();
                add(message, &mut text, &html::text(words), Some(PartKind::Quoted));
            }
            ("forwardedMessageReference", Some(forwarded)) => {
                let words = forwarded
                    .get("originalMessageContent")
                    .and_then(Json::as_str)
                    .unwrap_or_default();
                add(message, &mut text, &html::text(words), Some(PartKind::Forwarded));
            }
            (kind, Some(card)) if kind.starts_with("application/vnd.microsoft.") => {
                let mut words = Vec::new();
                words_of(&card, &mut words);
                add(message, &mut text, &words.join("\n"), None);
            }
            (kind, _) if kind == "reference" || name.is_some() => message.attachments.push(Attachment {
                name,
                media_type: Some(kind.to_owned()).filter(|kind| kind.contains('/')),
                ..Attachment::default()
            }),
            _ => {}
        }
    }
    message.text = Some(text).filter(|text| !text.is_empty());
}

/// What a person reads on a card.
fn words_of(card: &Json, to: &mut Vec<String>) {
    match card {
        Json::Array(items) => items.iter().for_each(|item| words_of(item, to)),
        Json::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("text" | "title" | "subtitle" | "subTitle" | "value", Json::String(words))
                        if !words.is_empty() =>
                    {
                        to.push(html::text(words));
                    }
                    (_, inner) => words_of(inner, to),
                }
            }
        }
        _ => {}
    }
}
