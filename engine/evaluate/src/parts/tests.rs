//! What is marked, what is not, and that nobody can hide behind a mark.

use lexhold_model::{Message, MessageBatchBuilder};
use proptest::prelude::*;

use super::*;

fn of(message: &Message) -> Vec<Range> {
    let mut builder = MessageBatchBuilder::new();
    builder.push(message);
    split(builder.finish().row(0))
}

fn mail(text: &str) -> Message {
    Message {
        platform: "email".into(),
        conversation_kind: ConversationKind::Mail,
        text: Some(text.into()),
        ..Message::default()
    }
}

fn chat(platform: &str, text: &str) -> Message {
    Message {
        platform: platform.into(),
        text: Some(text.into()),
        ..Message::default()
    }
}

/// Kind, reason and text of each range.
fn shown(message: &Message) -> Vec<(PartKind, Reason, String)> {
    let text = message.text.clone().unwrap();
    let ranges = of(message).into_iter();
    ranges
        .map(|range| {
            (
                range.kind,
                range.reason,
                text[range.span.start()..range.span.end()].to_owned(),
            )
        })
        .collect()
}

#[track_caller]
fn check(message: &Message, want: &[(PartKind, Reason, &str)]) {
    let found = shown(message);
    let found: Vec<_> = found
        .iter()
        .map(|(kind, reason, text)| (*kind, *reason, text.as_str()))
        .collect();
    assert_eq!(found, want);
}

use PartKind::{Forwarded, Quoted, Signature};
use Reason::{DeviceLine, ForwardedMessage, HeaderBlock, OriginalMessage, QuoteMarks, SignatureMark};

#[test]
fn q1_quoted_lines_of_any_depth_with_the_line_that_names_the_author() {
    for above in [
        "On Wed, 13 Jul 2005, Finn Thain wrote:\n",
        "On Wed, Jan 2, 2019 at 9:14 AM Bob Example\n<bob@example.com> wrote:\n\n",
        "Am 02.01.19 um 09:14 schrieb Bob:\n",
        "Le mer. 2 janv. 2019 à 09:14, Bob a écrit\u{a0}:\n",
        "El mié., 2 ene. 2019 a las 9:14, Bob escribió:\n",
        "Il giorno mer 2 gen 2019 Bob ha scritto:\n",
        "Em qua, 2 de jan de 2019, Bob escreveu:\n",
        "Op wo 2 jan. 2019 om 09:14 schreef Bob:\n",
        "Den 2 jan. 2019 skrev Bob:\n",
        "W dniu 02.01.2019 o 09:14, Bob napisał(a) i napisał:\n",
        "2 янв. 2019 г., Bob написал:\n",
        "在 2019年1月2日，Bob 写道：\n",
        "Thus spake Bob Example:\n",
        "",
    ] {
        let quote = format!("{above}> one\n>> two\n> > > three\n\n> four\n");
        let text = format!("Fine.\n\n{quote}\nSee you\n");
        check(&mail(&text), &[(Quoted, QuoteMarks, &quote)]);
    }
}

#[test]
fn q1_what_only_looks_like_a_quote_is_authored() {
    for text in [
        "Price > 100\nand < 200\n",
        "Mike asked:\nwhat now\n",
        ">\n>  \n>>> \n",
        "Hello\n\n>From Monday we trade again\n\nBob\n",
        "a\n->b\n",
        "From: here\nto there\n",
        "To: do\nFrom: me\n",
        "-----\ntable\n-----\n",
        "On holiday I wrote:\nnothing\n",
        "Von meinem Standpunkt aus ist das falsch.\nWeiter im Text.\n",
    ] {
        check(&mail(text), &[]);
    }
}

#[test]
fn q1_forwarded_and_original_messages_in_the_words_of_many_languages() {
    let body = "From: Bob\nDate: Wed\nSubject: x\n\nhello\n";
    for (line, kind, reason) in [
        ("---------- Forwarded message ---------", Forwarded, ForwardedMessage),
        (
            "----- Forwarded message from bob@example.com -----",
            Forwarded,
            ForwardedMessage,
        ),
        ("Begin forwarded message:", Forwarded, ForwardedMessage),
        ("---------- Message transféré ---------", Forwarded, ForwardedMessage),
        (
            "-------- Weitergeleitete Nachricht --------",
            Forwarded,
            ForwardedMessage,
        ),
        ("-----Original Message-----", Quoted, OriginalMessage),
        ("  ----- Original Message ----- ", Quoted, OriginalMessage),
        ("-----Ursprüngliche Nachricht-----", Quoted, OriginalMessage),
        ("-----Message d'origine-----", Quoted, OriginalMessage),
        ("-----Исходное сообщение-----", Quoted, OriginalMessage),
        ("-----邮件原件-----", Quoted, OriginalMessage),
    ] {
        let part = format!("{line}\n{body}");
        check(&mail(&format!("see below\n\n{part}")), &[(kind, reason, &part)]);
    }
    let closed = "--- Forwarded mail from Bob\nhello\n----- End forwarded message -----\n";
    check(
        &mail(&format!("see\n{closed}what do you think?\n")),
        &[(Forwarded, ForwardedMessage, closed)],
    );
    let marked = "----- Original Message -----\nFrom: Bob <b@example.com>\nTo: <a@example.com>\n\n> hello\n> there\n";
    check(
        &mail(&format!("{marked}\nmy answer\n")),
        &[(Quoted, OriginalMessage, marked)],
    );
}

#[test]
fn q1_header_lines_of_another_mail_in_many_languages() {
    for head in [
        "From: Bob\nSent: Wednesday\nTo: Ann\nSubject: x\n",
        "*From:* Bob\n*Sent:* Wednesday\n*To:* Ann\n*Subject:* x\n",
        "From: list@example.com\n[mailto:list@example.com] On Behalf Of Bob\nSent: Wed\nTo: Ann\n",
        "Von: Bob\nGesendet: Mittwoch\nAn: Ann\nBetreff: x\n",
        "De : Bob\nEnvoyé : mercredi\nÀ : Ann\nObjet : x\n",
        "De: Bob\nEnviado el: miércoles\nPara: Ann\nAsunto: x\n",
        "Da: Bob\nInviato: mercoledì\nA: Ann\nOggetto: x\n",
        "Van: Bob\nVerzonden: woensdag\nAan: Ann\nOnderwerp: x\n",
        "От: Bob\nОтправлено: среда\nКому: Ann\nТема: x\n",
        "发件人: Bob\n发送时间: 2019\n收件人: Ann\n主题: x\n",
        "差出人: Bob\n送信日時: 2019\n宛先: Ann\n件名: x\n",
    ] {
        let part = format!("{head}\nhello\n");
        check(&mail(&format!("ok\n\n{part}")), &[(Quoted, HeaderBlock, &part)]);
        let passed_on = Message {
            subject: Some("FW: x".into()),
            ..mail(&format!("ok\n\n{part}"))
        };
        check(&passed_on, &[(Forwarded, HeaderBlock, &part)]);
    }
}

#[test]
fn q1_signatures_stand_under_their_mark() {
    check(
        &mail("hi\n-- \nBob\n+44\n"),
        &[(Signature, SignatureMark, "-- \nBob\n+44\n")],
    );
    check(
        &mail("hi\n-- \nBob\n\n> quote\n"),
        &[
            (Signature, SignatureMark, "-- \nBob\n\n"),
            (Quoted, QuoteMarks, "> quote\n"),
        ],
    );
    check(
        &mail("hi\n\nSent from my phone\n\nOn Monday Bob wrote:\n> x\n"),
        &[
            (Signature, DeviceLine, "Sent from my phone\n"),
            (Quoted, QuoteMarks, "On Monday Bob wrote:\n> x\n"),
        ],
    );
    let long = format!("hi\n-- \n{}", "not a signature\n".repeat(40));
    check(&mail(&long), &[]);
}

#[test]
fn q1_chats_have_the_marks_of_their_platform() {
    check(&chat("slack", "> sure?\nyes\n"), &[(Quoted, QuoteMarks, "> sure?\n")]);
    check(
        &chat("slack", "&gt; sure?\nyes"),
        &[(Quoted, QuoteMarks, "&gt; sure?\n")],
    );
    check(&chat("slack", "a\n>>> b\nc"), &[(Quoted, QuoteMarks, ">>> b\nc")]);
    check(&chat("discord", ">no\n> yes\nx"), &[(Quoted, QuoteMarks, "> yes\n")]);
    for platform in ["whatsapp", "signal", "imessage", "sms", "irc"] {
        check(&chat(platform, "> let's talk\n-- \nx"), &[]);
    }
}

#[test]
fn q1_the_message_has_the_first_word() {
    let part = |kind, start, end| Part { kind, start, end };
    let with = |parts: &[Part]| Message {
        parts: parts.to_vec(),
        ..mail("é> x\n> quoted\n")
    };
    let good = with(&[
        part(PartKind::Authored, 0, 7),
        part(Quoted, 7, 15),
        part(Forwarded, 15, 15),
    ]);
    assert_eq!(shown(&good), [(Quoted, Reason::Given, " quoted\n".to_owned())]);
    for wrong in [
        vec![part(Quoted, 0, 99)],
        vec![part(Quoted, 1, 3)],
        vec![part(Quoted, 5, 4)],
        vec![part(Quoted, 0, 7), part(Signature, 6, 9)],
        vec![part(Quoted, u64::MAX, u64::MAX)],
    ] {
        check(&with(&wrong), &[(Quoted, QuoteMarks, "> quoted\n")]);
    }
}

#[test]
fn q3_ranges_lie_apart_and_name_their_reason() {
    let text = "hi\n> a\n\n-- \nBob\n-----Original Message-----\nFrom: x\n> y\n\nlater\n> z\n";
    let ranges = of(&mail(text));
    assert!(ranges.windows(2).all(|pair| pair[0].span.end() <= pair[1].span.start()));
    let reasons: Vec<&str> = ranges.iter().map(|range| range.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["quote_marks", "signature_mark", "original_message", "quote_marks"]
    );
}

#[test]
fn q2_more_ranges_than_anybody_writes_are_authored() {
    let text = "> a\nb\n".repeat(5_000);
    assert_eq!(of(&mail(&text)).len(), RANGES);
}

/// Texts that are as bad as can be, of a size.
fn hostile(size: usize) -> Vec<String> {
    let repeat = |text: &str| text.repeat(size / text.len());
    vec![
        repeat(">"),
        repeat(">\n"),
        repeat("> "),
        repeat("\n"),
        repeat(" "),
        repeat("--\n"),
        repeat("-- \nx\n"),
        repeat("From: x\n"),
        repeat("From: x\nSent: y\n"),
        repeat("From: x\n y\n"),
        repeat("-----Original Message-----\n"),
        repeat("----- End forwarded message -----\n"),
        repeat("-----Original Message-----\nFrom: x\n> y\n"),
        repeat("On x\nwrote:\n"),
        repeat("On x wrote:\n>y\n"),
        repeat("sent from my x\n\n\n\n"),
        repeat("---------"),
        repeat(":\n"),
        format!("> {}", "\u{fdfa}".repeat(size / 3)),
        (0..size / 100)
            .map(|depth| format!("{} x\n", ">".repeat(depth % 200)))
            .collect(),
    ]
}

/// What is quadratic would take long for a text of this size.
#[test]
fn q3_hostile_texts_end() {
    for text in hostile(500_000) {
        of(&mail(&text));
    }
}

#[test]
fn q3_a_line_that_ends_one_range_does_not_begin_another() {
    let ranges = of(&mail("Sent from my phone. On x wrote:\n> On x wrote:"));
    assert!(
        ranges.len() == 2 && ranges[0].span.end() <= ranges[1].span.start(),
        "{ranges:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn q3_any_text_is_split_on_character_boundaries_and_in_order(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "> ", ">", "\n", "\n", "\r\n", "-- \n", "--", "On x wrote:", "From: a\nSent: b\nTo: c\n", "-----Original Message-----",
            "Begin forwarded message:", "----- End forwarded message -----", "é", "机", "word ", " ", "Sent from my é", "\u{a0}:",
        ]), 0..40),
        slack in any::<bool>(),
    ) {
        let text = pieces.concat();
        let message = if slack { chat("slack", &text) } else { mail(&text) };
        let ranges = of(&message);
        prop_assert!(ranges.iter().all(|range| text.get(range.span.start()..range.span.end()).is_some_and(|text| !text.is_empty())));
        prop_assert!(ranges.windows(2).all(|pair| pair[0].span.end() <= pair[1].span.start()));
    }
}
