//! From retention documents to schedules.

use std::collections::BTreeMap;

use lexhold_document::{Diagnostic, Diagnostics, Document, Kind, Node, Place, check_shape, did_you_mean, path};

use crate::calendar_compile::compile_calendars;
use crate::lints;
use crate::parts::{Parts, Reported, read_parts};
use crate::read::{Reader, date, key_place, text, texts, word};
use crate::{Basis, OWN_EVENTS, Schedule, Schedules, Standing, Tier, Trigger, Zone, codes, retention_shape};

/// Compiles every retention document among these, with the calendars that they count with, and reports all that is
/// wrong with them.
///
/// A [`crate::Condition`] names its document by its position in `documents`. A schedule with an error is left out, so
/// use none of them once the diagnostics have errors.
pub fn compile(documents: &[&Document], diagnostics: &mut Diagnostics) -> Schedules {
    let calendars = compile_calendars(documents, diagnostics);
    let mut schedules = Vec::new();
    let mut names: BTreeMap<&str, Place> = BTreeMap::new();
    let mut ids: BTreeMap<String, Place> = BTreeMap::new();
    for (index, document) in documents.iter().enumerate() {
        if document.kind != Kind::Retention {
            continue;
        }
        check_shape(document, &retention_shape(), diagnostics);
        let place = document.name_place();
        if let Some(first) = names.insert(&document.name, place) {
            diagnostics.push(twice(
                codes::DUPLICATE_DOCUMENT,
                "retention document",
                &document.name,
                place,
                first,
            ));
            continue;
        }
        let mut reader = Reader {
            document,
            index,
            calendars: &calendars,
            diagnostics,
        };
        schedules.extend(read_document(&mut reader, &mut ids));
    }
    Schedules::new(schedules)
}

/// Reports every event whose key comes from an attribute that no message has.
///
/// `documents` are those that the schedules were compiled from; `known` are the attributes that can be keys.
pub fn check_event_keys(schedules: &Schedules, documents: &[&Document], known: &[&str], diagnostics: &mut Diagnostics) {
    for schedule in schedules.iter() {
        let (document, at) = schedule.at;
        let triggers = schedule.terms().filter_map(|(section, term)| match &term.from {
            Trigger::Event(event) if !event.is_own() => {
                Some((event, path!["schedules", at, section, "from", "key"].to_vec()))
            }
            _ => None,
        });
        let extension = schedule.extend.iter();
        let extension = extension.map(|extend| (&extend.event, path!["schedules", at, "extend", "key"].to_vec()));
        for (event, path) in triggers.chain(extension) {
            let diagnostic = if let Some((own, key)) = OWN_EVENTS.iter().find(|(own, _)| *own == event.event) {
                let help = format!("write {{ event: {own}, key: {key} }}, and only behind `from`");
                Diagnostic::error(codes::UNKNOWN_EVENT_KEY, format!("`{own}` has no key but `{key}`")).help(help)
            } else if !known.contains(&event.key.as_str()) {
                let message = format!("a message has no attribute `{}`", event.key);
                Diagnostic::error(codes::UNKNOWN_EVENT_KEY, message)
                    .maybe_help(did_you_mean(&event.key, known.iter().copied()))
            } else {
                continue;
            };
            let place = documents[document].place(&path);
            diagnostics.push(diagnostic.at(place, "the keys of the event come from here"));
        }
    }
}

/// The tests inside a retention document, as they stand there.
pub fn tests(document: &Document) -> &[Node] {
    let tests = document.root.get("tests").and_then(Node::as_list);
    tests.unwrap_or_default()
}

/// The report that a name is given for a second time.
pub fn twice(code: &'static str, what: &str, name: &str, place: Place, first: Place) -> Diagnostic {
    Diagnostic::error(code, format!("{what} `{name}` is defined twice"))
        .at(place, "defined again here")
        .also(first, "first defined here")
        .help("give one of them another name")
}

fn read_document(reader: &mut Reader<'_>, ids: &mut BTreeMap<String, Place>) -> Vec<Schedule> {
    let root = reader.root();
    let basis: Option<Basis> = word(root, "basis");
    if basis == Some(Basis::Law) && root.get("jurisdiction").is_none() {
        reader.report(
            Diagnostic::warning(codes::NO_JURISDICTION, "`basis: law` does not say whose law")
                .at(
                    key_place(root, "basis"),
                    "no ceiling can yield to it, and no erasure be deferred for it",
                )
                .help("add `jurisdiction`, such as `jurisdiction: US`"),
        );
    }
    let zone = reader.zone();
    let items = root.get("schedules").and_then(Node::as_list).unwrap_or_default();
    let mut schedules = Vec::new();
    for (at, node) in items.iter().enumerate() {
        let name = read_name(reader, node, ids);
        let parts = read_parts(reader, node);
        if let (Ok(name), Ok(parts), Some(zone)) = (name, parts, &zone) {
            schedules.push(schedule(reader, at, node, name, parts, zone));
        }
    }
    lints::warn(reader, &schedules);
    schedules
}

fn read_name(reader: &mut Reader<'_>, node: &Node, ids: &mut BTreeMap<String, Place>) -> Result<String, Reported> {
    let id = node.get("id").ok_or(Reported)?;
    let name = id.as_text().ok_or(Reported)?;
    let full = format!("{}.{name}", reader.document.name);
    if let Some(first) = ids.get(&full) {
        reader.report(twice(codes::DUPLICATE_SCHEDULE, "schedule", &full, id.place, *first));
        return Err(Reported);
    }
    ids.insert(full, id.place);
    Ok(name.to_owned())
}

fn schedule(reader: &Reader<'_>, at: usize, node: &Node, name: String, parts: Parts, zone: &Zone) -> Schedule {
    let (document, root) = (reader.document, reader.root());
    let scope = reader.condition(&path!["scope"]);
    let when = reader.condition(&path!["schedules", at, "when"]);
    let label = text(node, "label");
    let schedule = Schedule {
        id: format!("{}.{name}", document.name),
        at: (reader.index, at),
        document: document.name.clone(),
        version: document.version.clone().unwrap_or_default(),
        digest: document.digest,
        title: text(node, "title").unwrap_or_else(|| name.clone()),
        name,
        zone: zone.clone(),
        mode: word(root, "mode").unwrap_or_default(),
        basis: word(node, "basis").or_else(|| word(root, "basis")),
        jurisdiction: text(root, "jurisdiction"),
        cites: texts(node, "cites"),
        tier: match (&label, &scope, &when) {
            (Some(_), ..) => Tier::Label,
            (None, None, None) => Tier::Organisation,
            _ => Tier::Scoped,
        },
        label,
        scope,
        when,
        in_force: parts.in_force,
        effective_from: date(root, "effective_from"),
        standing: Standing::InForce,
        superseded_from: None,
        retired: date(root, "retired"),
        retain: parts.retain,
        extend: parts.extend,
        dispose: parts.dispose,
        ceiling: parts.ceiling,
        spec: String::new(),
    };
    schedule.with_spec()
}

#[cfg(test)]
mod tests {
    use lexhold_document::Seg;

    use super::*;
    use crate::testing::{compiled, instant, resolved, sent};
    use crate::{Action, Mode, MonthEnd, Reason, state};

    const HEAD: &str = "lexhold: 1\nretention: us\nversion: 1.0.0\nzone: UTC\n";

    /// What is said about a document with these further lines, the first of which is line 5.
    fn said(lines: &str) -> Vec<String> {
        compiled(&[&format!("{HEAD}{lines}")], compile).1
    }

    /// What is said about one schedule with these keys, on line 6.
    fn said_of(keys: &str) -> Vec<String> {
        said(&format!("schedules:\n  - {{ id: a, {keys} }}\n"))
    }

    fn schedules(text: &str) -> Schedules {
        let (schedules, said) = compiled(&[text], compile);
        assert_eq!(said, [""; 0]);
        schedules
    }

    const PACK: &str = "\
lexhold: 1
retention: us-broker-dealer
version: 1.2.0
title: US broker-dealer communications
owner: records@example.com
zone: America/New_York
mode: compliance
month_end: next_day
basis: law
jurisdiction: US
scope: principal in Group::\"broker-dealer\"
supersedes: 1.1.0
effective_from: 2026-01-01
schedules:
  - id: communications
    title: Communications relating to the business as such
    when: resource.business
    retain: { for: P3Y, from: sent, accessible: P2Y }
    dispose: { after: retain, action: review }
    cites: [us-sec-17a-4-b4]
  - id: account-terms
    when: resource.labels.contains(\"account-terms\")
    retain: { for: P6Y, from: { event: account_closed, key: accounts }, expect_within: P1Y }
    cites: [us-sec-17a-4-c]
  - id: old-books
    label: books
    month_end: last_day
    basis: contract
    in_force: { from: 2003-01-01, to: 2030-12-31 }
    retain: { for: permanent }
    ceiling: { for: P10Y, from: { date: 2020-02-29 }, cutoff: quarter, within: P30D, yields_to: [US, DE] }
  - id: letters
    retain: { for: P6M, from: captured, cutoff: year, roll: { following: weekends } }
    dispose: { after: P1Y, from: sent, cutoff: month, action: transfer, to: national archive }
tests:
  - name: one
";

    #[test]
    fn a_whole_document() {
        let schedules = schedules(PACK);
        let ids: Vec<_> = schedules.iter().map(|schedule| schedule.id.as_str()).collect();
        let names = ["communications", "account-terms", "old-books", "letters"];
        assert_eq!(ids, names.map(|name| format!("us-broker-dealer.{name}")));
        let first = schedules.at(0);
        assert_eq!(first.scope.as_ref().unwrap().path, path!["scope"]);
        assert_eq!(first.when.as_ref().unwrap().path, path!["schedules", 0, "when"]);
        assert_eq!(first.when.as_ref().unwrap().text, "resource.business");
        assert_eq!(
            (first.tier, first.mode, first.basis),
            (Tier::Scoped, Mode::Compliance, Some(Basis::Law))
        );
        assert_eq!(first.cites, ["us-sec-17a-4-b4"]);
        assert_eq!(
            (first.title.as_str(), schedules.at(1).title.as_str()),
            ("Communications relating to the business as such", "account-terms",)
        );
        assert_eq!(schedules.zones().len(), 1);
        let books = schedules.at(2);
        assert_eq!((books.tier, books.basis), (Tier::Label, Some(Basis::Contract)));
        let ceiling = books.ceiling.as_ref().unwrap();
        assert_eq!(ceiling.yields_to, ["US", "DE"]);
        assert_eq!((ceiling.term.month_end, &ceiling.term.roll), (MonthEnd::LastDay, &None));
        let keys: Vec<_> = schedules.at(1).events().map(|event| event.key.as_str()).collect();
        assert_eq!(keys, ["accounts"]);
        let different: std::collections::BTreeSet<_> = schedules.iter().map(Schedule::key).collect();
        assert_eq!(different.len(), 4);
    }

    #[test]
    fn the_spec_says_it_all_in_canonical_json() {
        let schedules = schedules(PACK);
        assert_eq!(
            schedules.at(0).spec,
            format!(
                concat!(
                    r#"{{"basis":"law","cites":["us-sec-17a-4-b4"],"digest":"{}","#,
                    r#""dispose":{{"action":"review","after":"retain"}},"document":"us-broker-dealer","#,
                    r#""effective_from":"2026-01-01","id":"us-broker-dealer.communications","jurisdiction":"US","#,
                    r#""mode":"compliance","name":"communications","#,
                    r#""retain":{{"accessible":"P2Y","for":"P3Y","from":"sent","month_end":"next_day"}},"#,
                    r#""scope":"principal in Group::\"broker-dealer\"","tier":"scoped","#,
                    r#""title":"Communications relating to the business as such","version":"1.2.0","#,
                    r#""when":"resource.business","zone":"America/New_York"}}"#
                ),
                schedules.at(0).digest
            )
        );
        assert!(schedules.at(2).spec.contains(
            r#""ceiling":{"cutoff":"quarter","for":"P10Y","from":{"date":"2020-02-29"},"month_end":"last_day","within":"P30D","yields_to":["US","DE"]}"#
        ));
        assert!(schedules.at(3).spec.contains(
            r#""dispose":{"action":"transfer","after":{"cutoff":"month","for":"P1Y","from":"sent","month_end":"next_day"},"to":"national archive"}"#
        ));
        assert!(schedules.at(3).spec.contains(r#""roll":{"following":"weekends"}"#));
    }

    #[test]
    fn from_the_text_to_the_dates() {
        let schedules = schedules(PACK);
        let at = |index: usize| resolved([schedules.at(index).clone()], &sent("2024-02-29T15:00:00Z"));
        let communications = at(0);
        assert_eq!(communications.retain_until.limit.day_text(), "2027-03-01");
        assert_eq!(communications.accessible_until.limit.day_text(), "2026-03-01");
        assert_eq!(
            communications.eligible_from.limit.instant_text(),
            "2027-03-02T05:00:00Z"
        );
        assert_eq!(at(1).retain_until.limit.reason(), Some(Reason::AwaitingEvent));
        let books = at(2);
        assert_eq!(books.retain_until.limit.reason(), Some(Reason::Permanent));
        assert_eq!(books.must_dispose_by.limit.day_text(), "2030-03-31");
        assert_eq!(books.conflicts.len(), 1);
        let letters = at(3);
        assert_eq!(letters.retain_until.limit.day_text(), "2025-07-01");
        assert_eq!(letters.dispose_at.limit.day_text(), "2025-03-01");
        assert_eq!(
            (letters.action, letters.to.as_deref()),
            (Action::Transfer, Some("national archive"))
        );
        let found = state(
            &letters,
            instant("2025-07-02T04:00:00Z"),
            &crate::Circumstances::default(),
        );
        assert_eq!(found.0, crate::State::Eligible);
    }

    #[test]
    fn tests_stay_as_they_stand() {
        let (names, _) = compiled(&[PACK], |documents, _| {
            let tests = super::tests(documents[0]);
            tests.iter().map(|test| text(test, "name").unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(names, ["one"]);
    }

    #[test]
    fn conditions_name_their_document_among_all() {
        let other = "lexhold: 1\nruleset: r\nversion: 1.0.0\nrules: []\n";
        let (schedules, said) = compiled(&[other, PACK], compile);
        assert_eq!(said, [""; 0]);
        assert_eq!(schedules.at(0).when.as_ref().unwrap().document, 1);
        assert!(matches!(schedules.at(0).when.as_ref().unwrap().path[1], Seg::Index(0)));
    }

    #[test]
    fn a_document_needs_a_zone_that_exists() {
        let without = |line: &str| {
            let text = format!(
                "lexhold: 1\nretention: us\nversion: 1.0.0\n{line}\nschedules:\n  - {{ id: a, retain: {{ for: P1W, from: sent }} }}\n"
            );
            compiled(&[&text], compile)
        };
        let (schedules, said) = without("month_end: last_day");
        assert_eq!(schedules.iter().len(), 0);
        assert_eq!(said[0], "LX0101 2 «us» missing key `zone`");
        // Everything else is reported with it.
        assert!(said[1].starts_with("LX0303 6 «P1W»"), "{said:?}");
        let (_, said) = without("zone: Amerika/New_York");
        assert_eq!(
            said[0],
            "LX0302 4 «Amerika/New_York» `Amerika/New_York` is not a time zone of the IANA database"
        );
    }

    const CALENDAR: &str = "\
lexhold: 1
calendar: firm
version: 1.0.0
weekend: [friday, saturday]
holidays:
  - { date: 2026-12-25, name: Christmas }
  - { date: 2026-12-27 }
fiscal_years:
  - { from: 1970-01-01, ends: 12-31 }
  - { from: 2020-07-01, ends: 06-30 }
";

    /// What is said about one schedule with these keys, on line 6, beside a calendar.
    fn said_beside(calendar: &str, keys: &str) -> Vec<String> {
        let text = format!("{HEAD}schedules:\n  - {{ id: a, {keys} }}\n");
        compiled(&[&text, calendar], compile).1
    }

    #[test]
    fn calendars_count_wherever_they_stand() {
        let keys = "retain: { for: P1Y, from: sent, cutoff: { fiscal: firm }, roll: { following: firm } }";
        assert_eq!(said_beside(CALENDAR, keys), [""; 0]);
        let text = format!("{HEAD}schedules:\n  - {{ id: a, {keys} }}\n");
        for texts in [[text.as_str(), CALENDAR], [CALENDAR, text.as_str()]] {
            let (schedules, _) = compiled(&texts, compile);
            let schedule = schedules.at(0);
            let names: Vec<_> = schedule
                .calendars()
                .map(|calendar| calendar.calendar.as_str())
                .collect();
            assert_eq!(names, ["firm", "firm"]);
            let later = compiled(&[&text, &CALENDAR.replace("version: 1.0.0", "version: 1.0.1")], compile).0;
            assert_ne!(schedule.key(), later.at(0).key());
        }
    }

    #[test]
    fn what_is_wrong_with_calendars() {
        let bare = "lexhold: 1\ncalendar: bare\nversion: 1.0.0\n";
        let fiscal = "retain: { for: P1Y, from: sent, cutoff: { fiscal: bare } }";
        assert_eq!(
            said_beside(bare, fiscal),
            ["LX0331 6 «bare» calendar `bare` has no `fiscal_years`"]
        );
        let roll = "retain: { for: P1Y, from: sent, roll: { following: bare } }";
        assert_eq!(
            said_beside(bare, roll),
            ["LX0332 6 «bare» calendar `bare` has no `holidays`"]
        );
        assert_eq!(
            said_beside(CALENDAR, &roll.replace("bare", "frim")),
            ["LX0330 6 «frim» no calendar is named `frim`"]
        );
        let lines = |lines: &str| {
            compiled(
                &[&format!("lexhold: 1\ncalendar: c\nversion: 1.0.0\n{lines}\n")],
                compile,
            )
            .1
        };
        assert_eq!(
            lines("weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]").len(),
            1
        );
        assert_eq!(
            lines("covers: { from: 2026-01-01, to: 2026-12-31 }\nholidays:\n  - { date: 2027-01-01 }"),
            ["LX0335 6 «2027-01-01» 2027-01-01 lies outside the days covered, 2026-01-01 to 2026-12-31"]
        );
        assert_eq!(
            lines("holidays: [{ date: 2026-01-01 }, { date: 2026-01-01 }]"),
            ["LX0335 4 «2026-01-01» 2026-01-01 is listed twice"]
        );
        for wrong in ["6-30", "02-30", "13-01", "06-3o", "+6-30"] {
            let said = lines(&format!("fiscal_years: [{{ from: 2020-01-01, ends: {wrong} }}]"));
            assert!(said.len() == 1 && said[0].starts_with("LX0336 4"), "{said:?}");
        }
        let twice = lines("fiscal_years: [{ from: 2020-01-01, ends: 06-30 }, { from: 2020-01-01, ends: 12-31 }]");
        assert_eq!(
            twice,
            ["LX0336 4 «12-31» two ends of the fiscal year from 2020-01-01 on"]
        );
        let reserved = compiled(&["lexhold: 1\ncalendar: weekends\nversion: 1.0.0\n"], compile).1;
        assert_eq!(reserved, ["LX0333 2 «weekends» `weekends` is built in"]);
    }

    #[test]
    fn an_extension_prolongs_a_period() {
        let extend = "extend: { event: authority_request, key: accounts, to: P7Y }";
        assert_eq!(
            said_of(&format!("retain: {{ for: P5Y, from: sent }}, {extend}")),
            [""; 0]
        );
        assert_eq!(
            said_of(&format!("retain: {{ for: P84M, from: sent }}, {extend}")),
            ["LX0337 6 «P7Y» `P7Y` does not prolong `P84M`"]
        );
        for without in ["retain: { for: permanent }", "ceiling: { for: P1Y, from: sent }"] {
            assert_eq!(
                said_of(&format!("{without}, {extend}")),
                ["LX0338 6 «extend» `extend` without a period to prolong"]
            );
        }
        let forever = extend.replace("P7Y", "permanent");
        assert_eq!(
            said_of(&format!("retain: {{ for: P5Y, from: sent }}, {forever}")),
            [""; 0]
        );
    }

    #[test]
    fn what_a_records_manager_wants_to_be_told() {
        let channel = "when: 'resource.conversation_kind == \"channel\"', retain: { for: P1Y, from: last_activity }";
        assert_eq!(
            said_of(channel),
            ["LX0339 6 «last_activity» the last activity of a channel, in which people go on writing"]
        );
        assert_eq!(said_of(&channel.replace("channel", "direct")), [""; 0]);
        assert_eq!(
            said_of("retain: { for: P3Y, from: sent }, dispose: { after: P35M, from: sent }"),
            ["LX0340 6 «P35M» disposed of after `P35M`, but kept for `P3Y`"]
        );
        assert_eq!(
            said_of("retain: { for: P3Y, from: sent }, dispose: { after: P1Y, from: captured }"),
            [""; 0]
        );
        let two = |ceiling: &str, other: &str| {
            said(&format!(
                "basis: law\njurisdiction: US\nschedules:\n  - {{ id: a, ceiling: {{ for: P2Y, from: sent{ceiling} }} }}\n  \
                 - {{ id: b, {other} retain: {{ for: P3Y, from: sent }} }}\n"
            ))
        };
        assert_eq!(
            two("", ""),
            ["LX0341 8 «P2Y» gone after `P2Y`, but `us.b` keeps for `P3Y`"]
        );
        assert_eq!(two("", "when: resource.business,").len(), 1);
        assert_eq!(two(", yields_to: [US]", ""), [""; 0]);
        let apart = "schedules:\n  - { id: a, label: x, ceiling: { for: P2Y, from: sent } }\n  \
                     - { id: b, label: y, retain: { for: P3Y, from: sent } }\n";
        assert_eq!(said(apart), [""; 0]);
    }

    #[test]
    fn a_stored_schedule_says_it_all() {
        let more = format!(
            "{PACK}  - name: two
",
        );
        let more = more.replace(
            "schedules:\n",
            "schedules:\n  - id: all
    title: All of it
    label: x
    retain: { for: P5Y, from: last_activity, cutoff: { fiscal: firm }, roll: { following: firm } }
    extend: { event: authority_request, key: accounts, to: permanent }
    dispose: { after: P6Y, from: policy_assigned, cutoff: { fiscal: firm }, action: transfer, to: archive }\n",
        );
        let (schedules, said) = compiled(&[&more, CALENDAR], compile);
        assert_eq!(said, [""; 0]);
        assert_eq!(schedules.iter().len(), 5);
        for schedule in schedules.iter() {
            let back = Schedule::from_spec(&schedule.spec).unwrap();
            assert_eq!(back.key(), schedule.key());
            let text = |schedule: &Schedule| {
                let bare = Schedule {
                    at: (0, 0),
                    scope: None,
                    when: None,
                    ..schedule.clone()
                };
                format!("{bare:?}")
            };
            assert_eq!(text(&back), text(schedule));
            assert_eq!(back.clone().with_spec().spec, schedule.spec);
            assert_eq!(
                back.when.map(|when| when.text),
                schedule.when.as_ref().map(|when| when.text.clone())
            );
        }
        for wrong in ["", "{}", "null", &schedules.at(0).spec.replace("P5Y", "P5W")] {
            let error = Schedule::from_spec(wrong).unwrap_err().to_string();
            assert!(error.starts_with("not a schedule as it is stored: "), "{error}");
        }
    }

    #[test]
    fn periods_are_checked_at_their_place_and_once() {
        assert_eq!(
            said_of("retain: { for: P2W, from: sent }"),
            ["LX0303 6 «P2W» `P2W`: a period counts no weeks, hours, minutes or seconds"]
        );
        assert_eq!(
            said_of("retain: { for: P0D, from: sent }"),
            ["LX0303 6 «P0D» `P0D`: a period of no length"]
        );
        let malformed = said_of("retain: { for: 7 years, from: sent }");
        assert_eq!(malformed.len(), 1, "{malformed:?}");
        assert!(malformed[0].starts_with("LX0105 6 «7 years» "), "{malformed:?}");
    }

    #[test]
    fn days_for_years_are_a_warning_everywhere() {
        let keys = "retain: { for: P2555D, from: sent, accessible: P730D }, ceiling: { for: P3650D, from: sent, within: P30D }";
        let said = said_of(keys);
        assert_eq!(said[0], "LX0304 6 «P2555D» `P2555D` is not 7 calendar years");
        assert_eq!(said.len(), 3);
        assert!(said.iter().all(|said| said.starts_with("LX0304")));
        assert_eq!(
            compiled(&[&format!("{HEAD}schedules: [{{ id: a, {keys} }}]\n")], compile)
                .0
                .iter()
                .len(),
            1
        );
    }

    #[test]
    fn what_does_not_make_sense() {
        let cases = [
            (
                "when: resource.business",
                "LX0305 6 «a» a schedule that neither keeps nor deletes",
            ),
            (
                "retain: { for: P1Y }",
                "LX0313 6 «retain» `retain` does not say from when the period counts",
            ),
            (
                "dispose: { after: P1Y }",
                "LX0313 6 «dispose» `dispose` does not say from when the period counts",
            ),
            (
                "dispose: { after: retain }",
                "LX0306 6 «retain» the messages are never disposed of: this schedule has no `retain`",
            ),
            (
                "retain: { for: permanent }, dispose: { after: retain }",
                "LX0306 6 «retain» the messages are never disposed of: it is kept for ever",
            ),
            (
                "retain: { for: P1Y, from: sent }, dispose: { after: retain, from: sent }",
                "LX0314 6 «from» `after: retain` together with `from`",
            ),
            (
                "dispose: { after: P1Y, from: sent, action: transfer }",
                "LX0308 6 «transfer» `action: transfer` does not say to whom",
            ),
            (
                "dispose: { after: P1Y, from: sent, to: x }",
                "LX0308 6 «to» `to` without `action: transfer`",
            ),
            (
                "ceiling: { for: permanent }",
                "LX0310 6 «permanent» a ceiling that never comes",
            ),
            (
                "retain: { for: P1Y, from: sent, accessible: P2Y }",
                "LX0311 6 «P2Y» `P2Y` within easy reach, but kept for `P1Y`",
            ),
            (
                "retain: { for: P1Y, from: sent, expect_within: P1Y }",
                "LX0309 6 «expect_within» `expect_within` without an event to expect",
            ),
            (
                "in_force: { from: 2025-01-01, to: 2024-12-31 }, retain: { for: P1Y, from: sent }",
                "LX0307 6 «2024-12-31» the first day, 2025-01-01, lies after the last, 2024-12-31",
            ),
            (
                "retain: { for: P1Y, from: { event: account_closed } }",
                "LX0101 6 «event» missing key `key`",
            ),
        ];
        for (keys, expected) in cases {
            assert_eq!(said_of(keys), [expected], "{keys}");
        }
    }

    #[test]
    fn a_ceiling_takes_no_roll() {
        let said = said_of("ceiling: { for: P1Y, from: sent, roll: { following: weekends } }");
        assert_eq!(said, ["LX0103 6 «roll» unknown key `roll`"]);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let said = said(
            "basis: law\nschedules:\n  - id: a\n    retian: {}\n    retain: { for: P1X, from: sent, cutoff: yaer }\n  \
             - { id: a, retain: { for: P1Y, from: sent } }\n  - { id: a, dispose: { after: P1Y, from: today } }\n  \
             - { id: b, dispose: { after: retain, action: keep } }\n",
        );
        let codes: Vec<_> = said.iter().map(|said| said.split_once(' ').unwrap().0).collect();
        assert_eq!(
            codes,
            [
                "LX0312", "LX0103", "LX0105", "LX0106", "LX0315", "LX0315", "LX0106", "LX0306", "LX0106"
            ],
            "{said:#?}"
        );
    }

    #[test]
    fn keys_of_events_are_attributes_of_messages() {
        let check = |known: &[&str]| {
            let (_, said) = compiled(
                &["lexhold: 1\nruleset: r\nversion: 1.0.0\n", PACK],
                |documents, diagnostics| {
                    let schedules = compile(documents, diagnostics);
                    check_event_keys(&schedules, documents, known, diagnostics);
                },
            );
            said
        };
        assert_eq!(check(&["accounts"]), [""; 0]);
        assert_eq!(
            check(&["account"]),
            ["LX0317 23 «accounts» a message has no attribute `accounts`"]
        );
    }

    #[test]
    fn names_are_unique() {
        let twice = "retain: { for: P1Y, from: sent } }\n  - { id: a, retain: { for: P2Y, from: sent }";
        assert_eq!(said_of(twice), ["LX0315 7 «a» schedule `us.a` is defined twice"]);
        let (schedules, said) = compiled(&[PACK, PACK], compile);
        assert_eq!(
            said,
            ["LX0316 2 «us-broker-dealer» retention document `us-broker-dealer` is defined twice"]
        );
        assert_eq!(schedules.iter().len(), 4);
        let dotted = |name: &str, id: &str| {
            format!(
                "lexhold: 1\nretention: {name}\nversion: 1.0.0\nzone: UTC\nschedules: [{{ id: {id}, retain: {{ for: P1Y, from: sent }} }}]\n"
            )
        };
        let (_, said) = compiled(&[&dotted("a", "b.c"), &dotted("a.b", "c")], compile);
        assert_eq!(said, ["LX0315 5 «c» schedule `a.b.c` is defined twice"]);
    }
}
