//! IRC: every fact of the fixtures, and small logs for what they do not have.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, HashMap};

use common::{Files, Whole, fixture, read, read_with};
use jiff::tz::TimeZone;
use lexhold_formats::Options;
use lexhold_model::{ConversationKind, Message, MessageKind};
use lexhold_source::show_instant;

fn zone(name: &str) -> Options {
    Options {
        zone: Some(TimeZone::get(name).unwrap()),
        ..Options::default()
    }
}

fn at(message: &Message) -> String {
    message.sent_at.map(show_instant).unwrap_or_default()
}

fn kinds(whole: &Whole) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for message in &whole.messages {
        *kinds.entry(message.kind.as_str()).or_default() += 1;
    }
    kinds
}

/// A log in a zone that is given.
fn log(name: &str, text: impl AsRef<[u8]>) -> Whole {
    let files = Files::new();
    read_with(&files.with(name, text), &zone("Europe/Berlin"))
}

#[test]
fn logs_with_a_zone_need_none() {
    let Some(path) = fixture("irc/supybot-perceval/supybot_2012_10_17.log") else {
        return;
    };
    let whole = read(&path).clean();
    assert_eq!(
        (whole.format.as_str(), kinds(&whole)),
        (
            "irc",
            BTreeMap::from([("action", 4), ("message", 5), ("notice", 1), ("system", 2)])
        )
    );
    let action = &whole.messages[3];
    assert_eq!(
        (at(action).as_str(), action.sender.as_str(), action.text.as_deref()),
        ("2012-10-17T09:16:35Z", "benpol", Some("is wondering..."))
    );
    assert_eq!(
        (
            action.conversation.as_str(),
            action.conversation_kind,
            action.sent_precision.as_deref()
        ),
        ("#ceph", ConversationKind::Channel, None)
    );
    assert_eq!(whole.messages[7].text, None, "an empty message");
    assert_eq!(
        (
            whole.messages[5].sender.as_str(),
            whole.messages[5].metadata["event"].as_str()
        ),
        ("Tv_", "join")
    );
}

#[test]
fn lines_that_are_damaged_are_told_by_their_number() {
    for (name, lines, bad) in [("supybot_invalid_date.log", 9, 4), ("supybot_invalid_msg.log", 9, 9)] {
        let Some(path) = fixture(&format!("irc/supybot-perceval/{name}")) else {
            return;
        };
        let whole = read(&path);
        assert_eq!(
            whole.reasons(),
            [format!("{bad}: is no line of a log: a time, and who said or did what")],
            "{name}"
        );
        assert_eq!(whole.messages.len(), lines - 1, "{name}");
    }
    let Some(path) = fixture("irc/supybot-perceval/supybot_valid.log") else {
        return;
    };
    let lines = std::fs::read_to_string(&path).unwrap();
    let lines = lines.lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(read(&path).clean().messages.len(), lines);
}

#[test]
fn a_zone_and_a_day_are_asked_for_and_never_guessed() {
    let Some(path) = fixture("irc/supybot-perceval/supybot_date_without_tz.log") else {
        return;
    };
    let refused = read(&path).error.unwrap().to_string();
    assert!(refused.contains("--source-zone UTC"), "{refused}");
    let whole = read_with(&path, &zone("America/New_York")).clean();
    assert_eq!(at(&whole.messages[1]), "2021-01-12T16:29:41Z");
    assert_eq!(
        (whole.messages[1].conversation.as_str(), whole.messages.len()),
        ("#rit-foss", 3)
    );
    let nameless = log("x.log", "[10:00] <ann> secret\n").error.unwrap().to_string();
    assert!(
        nameless.contains("name it by its day") && !nameless.contains("secret"),
        "{nameless}"
    );
}

#[test]
fn mixed_charsets_are_recorded_line_by_line() {
    let Some(path) = fixture("irc/irclog2html/2011-01-16-hybrid-charset.log") else {
        return;
    };
    let whole = read_with(&path, &zone("Europe/Vilnius")).clean();
    let [guessed, sure] = &whole.messages[..] else {
        panic!("{:?}", whole.texts())
    };
    assert_eq!(
        (guessed.undecodable, guessed.metadata["charset"].as_str()),
        (true, "windows-1252")
    );
    assert_eq!((sure.undecodable, sure.kind), (false, MessageKind::Action));
    assert!(sure.text.as_deref().unwrap().contains("lietuviškai"));
    assert_eq!(at(sure), "2011-01-15T18:38:43Z");
}

#[test]
fn logs_of_irclog2html_have_their_days_in_the_lines() {
    let Some(path) = fixture("irc/irclog2html/2005-01-09-test2.log") else {
        return;
    };
    let whole = read_with(&path, &zone("UTC")).clean();
    let renamed = whole
        .messages
        .iter()
        .find(|one| one.metadata.get("event").is_some_and(|event| event == "nick"));
    assert_eq!(renamed.unwrap().metadata["new_nick"], "ryzaja");
    assert_eq!(whole.messages[0].conversation, "#pov", "capitals do not matter");
    let asked = whole
        .messages
        .iter()
        .find(|one| one.text.as_deref() == Some("mgedmin, good morning"))
        .unwrap();
    assert_eq!(asked.recipients[0].handle, "mgedmin");
    assert!(whole.messages.iter().all(|one| !one.metadata.contains_key("day_from")));
}

/// Who answers whom, as people have marked it, against whom a line addresses.
#[test]
fn who_is_addressed_is_who_people_say_is_answered() {
    for (day, lines, events) in [("2007-12-17.train-a", 1650, 23), ("2011-05-29_19", 1250, 39)] {
        let Some(path) = fixture(&format!("irc/ubuntu/{day}.raw.txt")) else {
            return;
        };
        let whole = read_with(&path, &zone("UTC")).clean();
        assert_eq!(whole.messages.len(), lines, "every line is an entry");
        assert_eq!(kinds(&whole)["system"], events, "renames and joins");
        let first = &whole.messages[0];
        assert_eq!(
            (
                first.sent_precision.as_deref(),
                first.metadata["day_from"].as_str(),
                &at(first)[..10]
            ),
            (Some("minute"), "file name", &day[..10])
        );
        let event = whole
            .messages
            .iter()
            .find(|one| one.kind == MessageKind::System)
            .unwrap();
        assert_eq!(event.sent_precision.as_deref(), Some("line before"));
        let by_line: HashMap<u64, &Message> = whole.messages.iter().map(|one| (one.source.offset - 1, one)).collect();
        let marks = std::fs::read_to_string(fixture(&format!("irc/ubuntu/{day}.annotation.txt")).unwrap()).unwrap();
        let (mut agreed, mut asked) = (0, 0);
        for mark in marks.lines() {
            let mut numbers = mark.split_whitespace().map_while(|number| number.parse::<u64>().ok());
            let (one, other) = (numbers.next().unwrap(), numbers.next().unwrap());
            let (earlier, later) = (by_line[&one.min(other)], by_line[&one.max(other)]);
            if one == other || later.recipients.is_empty() || earlier.sender == later.sender {
                continue;
            }
            asked += 1;
            let to = &later.recipients[0].handle;
            agreed += usize::from(to.eq_ignore_ascii_case(&earlier.sender));
        }
        assert!(asked >= 50 && agreed * 10 >= asked * 9, "{day}: {agreed} of {asked}");
    }
}

#[test]
fn a_day_that_begins_in_the_evening_before_and_one_that_crosses_midnight() {
    let whole = log(
        "#c_20240131.log",
        "[23:58:00] <ann> a\n[00:01:00] <ann> b\n[12:00:00] <ann> c\n",
    )
    .clean();
    let found: Vec<_> = whole
        .messages
        .iter()
        .map(|one| (at(one), one.sent_precision.as_deref()))
        .collect();
    let found: Vec<_> = found.iter().map(|(at, precision)| (at.as_str(), *precision)).collect();
    assert_eq!(
        found,
        [
            ("2024-01-30T22:58:00Z", Some("day")),
            ("2024-01-30T23:01:00Z", None),
            ("2024-01-31T11:00:00Z", None),
        ]
    );
    let whole = log(
        "#c_20240131.log",
        "[12:00:00] <ann> a\n[23:58:00] <ann> b\n[00:01:00] <ann> c\n",
    )
    .clean();
    let found: Vec<_> = whole.messages.iter().map(at).collect();
    assert_eq!(
        found,
        ["2024-01-31T11:00:00Z", "2024-01-31T22:58:00Z", "2024-01-31T23:01:00Z"]
    );
    assert_eq!(whole.messages[0].conversation, "#c");
}

#[test]
fn a_clock_of_twelve_hours_counts_as_the_later_half() {
    let whole = log(
        "2006-05-01-#u.txt",
        "[12:59] <ann> a\n[01:00] <ann> b\n[11:00] <ann> c\n",
    )
    .clean();
    let found: Vec<_> = whole.messages.iter().map(at).collect();
    assert_eq!(
        found,
        ["2006-05-01T10:59:00Z", "2006-05-01T11:00:00Z", "2006-05-01T21:00:00Z"]
    );
    assert!(
        whole
            .messages
            .iter()
            .all(|one| one.sent_precision.as_deref() == Some("half of the day"))
    );
}

#[test]
fn irssi_znc_and_weechat() {
    let irssi = log(
        "freenode.log",
        "--- Log opened Sat Mar 30 23:59:00 2024\n23:59 -!- ann [a@h] has joined #Desk\n23:59 <@ann> hi\n--- Day changed Sun Mar 31 2024\n02:30 < bob> ann: \x02moved\x02\n02:31  * bob waves\n--- Log closed Sun Mar 31 03:00:00 2024\n",
    )
    .clean();
    let found: Vec<_> = irssi
        .messages
        .iter()
        .map(|one| (at(one), one.sent_precision.clone().unwrap()))
        .collect();
    assert_eq!(found[1], ("2024-03-30T22:59:00Z".to_owned(), "minute".to_owned()));
    assert_eq!(found[2].1, "hour of a clock change");
    let moved = &irssi.messages[2];
    assert_eq!(
        (moved.text.as_deref(), moved.metadata["text"].as_str()),
        (Some("ann: moved"), "ann: \x02moved\x02")
    );
    assert_eq!(
        (moved.recipients[0].handle.as_str(), moved.conversation.as_str()),
        ("ann", "#desk")
    );
    let znc = log(
        "libera/#desk/2024-01-31.log",
        "[10:00:00] *** Joins: ann (a@h)\n[10:00:01] <ann> hi\n[10:00:01] <ann> hi\n[10:00:02] -serv- notice\n[10:00:03] *** ann sets mode: +o bob\n",
    )
    .clean();
    assert_eq!(znc.messages[1].id, None);
    assert_eq!(
        znc.messages[2].id.as_deref(),
        Some("1706691601000000 ann 2"),
        "said twice"
    );
    assert_eq!(
        (znc.messages[3].kind, znc.messages[4].metadata["event"].as_str()),
        (MessageKind::Notice, "mode")
    );
    let weechat = log(
        "irc.libera.#desk.weechatlog",
        "2024-01-31 10:00:00\t-->\tann (a@h) has joined #desk\n2024-01-31 10:00:01\t@ann\thi <there>\n2024-01-31 10:00:02\t *\tann waves\n",
    )
    .clean();
    let found: Vec<_> = weechat
        .messages
        .iter()
        .map(|one| (one.kind.as_str(), one.sender.as_str()))
        .collect();
    assert_eq!(found, [("system", "ann"), ("message", "ann"), ("action", "ann")]);
    assert_eq!(at(&weechat.messages[1]), "2024-01-31T09:00:01Z");
}

#[test]
fn what_is_no_log_is_not_taken_for_one() {
    for text in [
        "2024-01-31T10:00:00Z INFO started\n2024-01-31T10:00:01Z WARN slow\n",
        "[10:00] plain\n",
        "=> x\n",
        "[31/12/24, 10:00:00] Ann: hi\n",
        "--- a\n+++ b\n",
    ] {
        let whole = log("2024-01-31.log", text);
        assert_ne!(whole.format, "irc", "{text}");
    }
    let whole = log(
        "2024-01-31.log",
        b"[10:00] <ann> kept\n[99:00] <ann> secret\n\xff\xfe\n--- Log opened Sa Okt 08 2005\n[10:01] <ann> dateless\n[10:02] <b> c\n[10:03] <b> d\n[10:04] <b> d\n[10:05] <b> d\n[10:06] <b> d\n[10:07] <b> d\n[10:08] <b> d\n[10:09] <b> d\n[10:10] <b> d\n".as_slice(),
    );
    assert_eq!(whole.reasons().len(), 3, "{:?}", whole.reasons());
    assert!(whole.reasons().iter().all(|why| !why.contains("secret")));
    assert_eq!((whole.messages[1].sent_at, whole.notes.len()), (None, 10));
}
