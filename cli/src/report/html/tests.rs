//! The page from made-up data: what it shows, what it must never hold.

#![expect(clippy::unwrap_used, reason = "tests")]

use lexhold_catalog::Dimension;
use lexhold_model::Key;
use serde_json::json;

use super::*;

/// What a hostile sender could call himself, a channel, a rule.
const HOSTILE: &str = "<script>alert('x')</script>\"&\u{202e}\u{1b}[31m\u{0}";

fn empty() -> PageData {
    let about = About {
        home: "home-1".into(),
        as_of: "2026-11-21T08:30:00Z".into(),
        engine: "0.1.0".into(),
        solo: false,
        see_silent: false,
        unverified: None,
    };
    PageData {
        about,
        bundle: None,
        n_messages: 0,
        n_alerts: 0,
        states: BTreeMap::new(),
        runs: vec![],
        months: vec![],
        rules: vec![],
        gravest: vec![],
        reviewed: Reviewed::default(),
        due: vec![],
        limits: Limits::default(),
        schedules: vec![],
        coverage: vec![],
        holds: vec![],
        unknown: vec![],
    }
}

/// One of everything, each text being `text`.
fn full(text: &str) -> PageData {
    let text = || text.to_owned();
    let alert = json!({
        "severity": "high", "rule": text(), "sent_at": "2026-10-02T14:05:00Z", "conversation": text(), "sender": text(),
        "message_ids": [text(), text(), text()], "alert_id": text(), "indeterminate": text(),
        "state": "escalated", "state_reason": "overdue", "due_at": "2026-10-05T00:00:00Z", "assignee": text(),
    });
    let mut data = empty();
    data.about.solo = true;
    data.about.home = text();
    data.bundle = Some(text());
    data.n_messages = 12_345;
    data.n_alerts = 7;
    data.states = BTreeMap::from([("retained", 12_000), ("expired_no_action", 345)]);
    data.runs = vec![run(&text())];
    data.months = vec![AlertMonth {
        month: "2026-10".into(),
        severity: "high".into(),
        rule: text(),
        n_alerts: 7,
    }];
    data.rules = vec![rule(&text())];
    data.gravest = alert.as_object().cloned().into_iter().collect();
    data.reviewed = Reviewed {
        figures: ReviewFigures {
            states: [4, 1, 1, 1],
            unreviewed: 5,
            overdue: 2,
            suppressed: 1,
        },
        months: vec![month(&text())],
        latest: vec![decision(&text())],
    };
    data.due = vec![DueMonth {
        month: "2029-10".into(),
        schedule: text(),
        n_messages: 12_000,
    }];
    data.limits = Limits {
        awaiting: vec![Awaiting {
            event: text(),
            key: text(),
            schedule: text(),
            expected_by: Some("2026-02-01".into()),
            n_messages: 40,
            n_overdue: 3,
        }],
        ceilings: vec![Ceiling {
            status: "past",
            schedule: text(),
            ground: "duty",
            kept_by: Some(text()),
            conflict: true,
            days: ("2025-01-01".into(), "2025-03-01".into()),
            n_messages: 2,
        }],
    };
    data.schedules = vec![schedule(&text())];
    data.coverage = vec![
        coverage(Dimension::Channel, Some(text())),
        coverage(Dimension::Platform, None),
    ];
    data.holds = vec![hold(&text())];
    data.unknown = vec![UnknownHandle {
        platform: text(),
        handle: text(),
        n_sent: 3,
    }];
    data
}

fn run(text: &str) -> RunRow {
    RunRow {
        run: text.into(),
        actor: text.into(),
        started_at: 1_790_000_000_000_000,
        bundle: text.into(),
        facts: text.into(),
        as_of: 1_790_000_000_000_000,
        finished_at: Some(1_790_000_000_000_000),
        summary: Some(json!({"messages": 12_400, "duplicate": 55, "seconds": 4.21}).to_string()),
        n_messages: 12_345,
    }
}

fn month(text: &str) -> Month {
    Month {
        month: "2026-10".into(),
        figures: crate::report::supervision::Figures {
            messages: 1_234,
            overdue: 2,
            ..Default::default()
        },
        n_undesignated: 3,
        attested_by: vec![text.into()],
    }
}

fn decision(text: &str) -> ReviewRow {
    let text = || text.to_owned();
    ReviewRow {
        reviewed_at: 1_790_000_000_000_000,
        reviewer: text(),
        on_behalf_of: Some(text()),
        approved_by: Some(text()),
        action: "assign".into(),
        assigned_to: Some(text()),
        decision: Some("breach".into()),
        significant: true,
        action_taken: Some(text()),
        reason: Some(text()),
        members: vec![(Key::of("test", [b"m".as_slice()]), text())],
        ..ReviewRow::default()
    }
}

fn rule(text: &str) -> RuleRow {
    RuleRow {
        rule_id: Key::of("test", [b"rule".as_slice()]),
        kind: "pattern".into(),
        rule: text.into(),
        document: text.into(),
        version: text.into(),
        digest: text.into(),
        severity: "high".into(),
        title: text.into(),
        labels: vec![],
        cites: vec![text.into()],
        view: None,
        spec: None,
    }
}

fn schedule(text: &str) -> ScheduleRow {
    ScheduleRow {
        schedule_id: Key::of("test", [b"schedule".as_slice()]),
        document: text.into(),
        version: text.into(),
        digest: text.into(),
        schedule: text.into(),
        title: text.into(),
        zone: text.into(),
        jurisdiction: Some(text.into()),
        basis: None,
        cites: vec![text.into()],
        spec: "{}".into(),
    }
}

fn coverage(dimension: Dimension, value: Option<String>) -> CoverageRow {
    CoverageRow {
        dimension,
        value,
        n_messages: 900,
        n_ungoverned: 12,
        n_indeterminate: 1,
    }
}

fn hold(text: &str) -> HoldRow {
    HoldRow {
        hold: text.into(),
        matter: text.into(),
        zone: "UTC".into(),
        digest: text.into(),
        silent: false,
        document: text.into(),
        placed_at: 1_790_000_000_000_000,
        placed_by: text.into(),
        seq: 1,
        narrows: None,
        applied_at: None,
        release: None,
        n_held: 4,
        n_unevaluable: 1,
        first_sent_at: Some(1_700_000_000_000_000),
        last_sent_at: None,
    }
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let page = page(&full(HOSTILE)).unwrap();
    assert!(!page.contains("<script"), "markup from data");
    assert!(
        !page.chars().any(|c| c == '\u{202e}' || (c.is_control() && c != '\n')),
        "a control character from data"
    );
    let shown = r"&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#34;&#38;\u{202e}\u{1b}[31m\u{0}";
    let places = page.matches(shown).count();
    assert!(places >= 33, "shown in {places} places");
}

#[test]
fn hostile_text_stays_inside_its_attribute() {
    let page = page(&full("\" onload=\"x")).unwrap();
    assert!(!page.contains("onload=\""));
}

#[test]
fn nothing_runs_and_nothing_is_fetched() {
    let page = page(&full("name")).unwrap();
    for banned in [
        "http:",
        "https:",
        "<script",
        "javascript:",
        "<link",
        "@import",
        "url(",
        "<img",
        "<iframe",
        " src=",
    ] {
        assert!(!page.contains(banned), "{banned}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn without_data_each_section_says_so() {
    let page = page(&empty()).unwrap();
    for said in [
        "No alerts.",
        "Nothing to review.",
        "Nobody has decided anything yet.",
        "No messages yet.",
        "Nothing falls due.",
        "No message waits for an event.",
        "No ceiling is near or past.",
        "No schedule has been assigned",
        "No holds.",
        "The directory knows every handle.",
        "No runs yet.",
        "none yet",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("NaN"));
}

#[test]
fn the_same_data_make_the_same_page() {
    assert_eq!(page(&full("name")).unwrap(), page(&full("name")).unwrap());
}

#[test]
fn solo_governance_is_said_only_when_it_is_so() {
    assert!(page(&full("name")).unwrap().contains("Governance is solo."));
    assert!(!page(&empty()).unwrap().contains("Governance is solo."));
}

#[test]
fn silence_is_asked_for_only_where_a_silent_hold_is_shown() {
    let mut data = full("name");
    data.about.see_silent = true;
    assert!(!page(&data).unwrap().contains("ilent"));
    data.holds[0].silent = true;
    assert!(page(&data).unwrap().contains("silent: do not speak of it"));
}

#[test]
fn numbers_and_dates_are_written_for_people() {
    let page = page(&full("name")).unwrap();
    for shown in [
        "12,345",
        "21 Nov 2026, 08:30 UTC",
        "2 Oct 2026, 14:05",
        "Oct 2029",
        "4.2 s",
        "Expired no action",
        "5 alerts wait for a person, 2 of them overdue; 1 is set aside",
        "1,234",
        "due 5 Oct 2026, 00:00",
        "97 %",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn what_is_left_out_is_counted() {
    let mut data = full("name");
    data.n_alerts = 4_001;
    data.coverage = (0..33)
        .map(|n| coverage(Dimension::Channel, Some(format!("channel-{n:02}"))))
        .collect();
    data.unknown = (0..53)
        .map(|n| UnknownHandle {
            platform: "p".into(),
            handle: format!("h{n}"),
            n_sent: 1,
        })
        .collect();
    data.runs = (0..=RUNS_SHOWN).map(|n| run(&format!("run-{n}"))).collect();
    let page = page(&data).unwrap();
    for said in [
        "4,000 more alerts not shown",
        "3 others",
        "2,700",
        "3 more sent less",
        "Earlier runs are not shown",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("channel-30"));
}

#[test]
fn schedules_without_a_colour_of_their_own_are_summed() {
    let mut data = empty();
    data.due = (1..=8)
        .map(|n| DueMonth {
            month: "2030-01".into(),
            schedule: format!("s{n}"),
            n_messages: n,
        })
        .collect();
    let page = page(&data).unwrap();
    assert!(page.contains("3 others") && page.contains("series-5") && !page.contains("series-6"));
}

#[test]
fn shares_are_never_rounded_up_to_all_or_down_to_nothing() {
    assert_eq!(words::share(1, 100_000), "< 1 %");
    assert_eq!(words::share(99_999, 100_000), "99 %");
    assert_eq!(words::share(u64::MAX, u64::MAX), "100 %");
    assert_eq!(words::share(0, 0), "0 %");
}
