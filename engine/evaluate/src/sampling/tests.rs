//! Laws of the draw, and what documents say.

use lexhold_document::{Diagnostics, Document, Files, OpenError, load};
use proptest::prelude::*;

use super::*;

const HOME: [u8; 32] = [7; 32];

fn plan(hits: &str, minimum: u32) -> Plan {
    Plan {
        hits: Rate::percent(hits),
        non_hits: Rate::percent("1%"),
        strata: vec![Stratum::Sender, Stratum::Desk],
        minimum,
        review_all: Vec::new(),
    }
}

fn key() -> SampleKey {
    SampleKey::derive(&ContentKey::new(HOME), "weekly", "2026-11")
}

fn candidate(plan: &Plan, n: u32) -> Candidate {
    let message_id = format!("m{n}");
    Candidate {
        key: Key::of("message", [message_id.as_bytes()]),
        of: if n.is_multiple_of(3) { Of::NonHits } else { Of::Hits },
        strata: strata(
            plan,
            &format!("s{}", n % 7),
            &[["fx", "rates"][n as usize % 2]],
            "general",
        ),
        message_id,
    }
}

fn draw(
    sample: &str,
    key: SampleKey,
    plan: &Plan,
    earlier: &BTreeSet<Key>,
    candidates: impl Iterator<Item = Candidate>,
) -> Drawn {
    let mut drawing = Drawing::new(sample, key, plan, earlier);
    candidates.for_each(|candidate| drawing.take(candidate));
    drawing.finish()
}

fn draw_of(plan: &Plan, earlier: &BTreeSet<Key>, numbers: impl IntoIterator<Item = u32>) -> Drawn {
    let candidates = numbers.into_iter().map(|n| candidate(plan, n));
    draw("weekly", key(), plan, earlier, candidates)
}

fn keys(drawn: &Drawn) -> BTreeSet<Key> {
    drawn.items.iter().map(|item| item.key).collect()
}

#[test]
fn m1_a_rerun_in_any_order_draws_the_same() {
    let plan = plan("5%", 2);
    let drawn = draw_of(&plan, &BTreeSet::new(), 0..1_000);
    assert_eq!(drawn, draw_of(&plan, &BTreeSet::new(), (0..1_000).rev()));
    let ids: Vec<&str> = drawn
        .items
        .iter()
        .map(|item| item.message_id.as_str())
        .take(4)
        .collect();
    assert_eq!(ids, ["m166", "m442", "m661", "m971"]);
    let other = SampleKey::derive(&ContentKey::new(HOME), "weekly", "2026-12");
    let again = draw(
        "weekly",
        other,
        &plan,
        &BTreeSet::new(),
        (0..1_000).map(|n| candidate(&plan, n)),
    );
    assert_ne!(keys(&drawn), keys(&again));
}

#[test]
fn m1_a_commitment_fixes_key_rates_and_strata() {
    let (plan, key) = (plan("5%", 2), key());
    let commitment = key.commitment("weekly", "2026-11", &plan);
    assert_eq!(
        SampleKey::revealed(&key.reveal())
            .unwrap()
            .commitment("weekly", "2026-11", &plan),
        commitment
    );
    let other_key = SampleKey::derive(&ContentKey::new([8; 32]), "weekly", "2026-11");
    let others = [
        other_key.commitment("weekly", "2026-11", &plan),
        key.commitment("monthly", "2026-11", &plan),
        key.commitment("weekly", "2026-12", &plan),
        key.commitment("weekly", "2026-11", &self::plan("6%", 2)),
        key.commitment("weekly", "2026-11", &self::plan("5%", 3)),
        key.commitment(
            "weekly",
            "2026-11",
            &Plan {
                strata: vec![Stratum::Sender],
                ..plan
            },
        ),
    ];
    assert!(others.iter().all(|other| *other != commitment));
    assert_eq!(format!("{key:?}"), "SampleKey(secret)");
}

#[test]
fn m3_every_stratum_gets_its_minimum() {
    let plan = plan("0.0001%", 3);
    let drawn = draw_of(&plan, &BTreeSet::new(), 0..100);
    let strata: Vec<&Tally> = drawn.tallies.iter().filter(|tally| tally.stratum.is_some()).collect();
    // Seven senders and two desks in either draw.
    assert_eq!(strata.len(), 18);
    for tally in strata {
        assert!(tally.drawn >= tally.population.min(3), "{tally:?}");
    }
    let few = draw_of(&plan, &BTreeSet::new(), [1, 2]);
    assert_eq!(few.items.len(), 2);
}

#[test]
fn m4_both_draws_tell_population_rate_and_size() {
    let plan = Plan {
        strata: Vec::new(),
        ..plan("50%", 0)
    };
    let drawn = draw_of(&plan, &BTreeSet::new(), 0..3_000);
    let shown: Vec<(Of, u64, u32)> = drawn
        .tallies
        .iter()
        .map(|tally| (tally.of, tally.population, tally.rate_ppm))
        .collect();
    assert_eq!(shown, [(Of::Hits, 2_000, 500_000), (Of::NonHits, 1_000, 10_000)]);
    let n_drawn = |of: Of| drawn.items.iter().filter(|item| item.of == of).count() as u64;
    assert_eq!(drawn.tallies[0].drawn, n_drawn(Of::Hits));
    assert!(
        (900..1_100).contains(&drawn.tallies[0].drawn),
        "{}",
        drawn.tallies[0].drawn
    );
    assert!((1..30).contains(&drawn.tallies[1].drawn), "{}", drawn.tallies[1].drawn);
    let no_such_draw = Plan { non_hits: None, ..plan };
    assert_eq!(draw_of(&no_such_draw, &BTreeSet::new(), 0..30).tallies.len(), 1);
}

#[test]
fn m5_what_is_all_reviewed_is_never_left_out() {
    let plan = plan("0.0001%", 0);
    let all = (0..50).map(|n| Candidate {
        of: Of::All,
        ..candidate(&plan, n)
    });
    assert_eq!(draw("weekly", key(), &plan, &BTreeSet::new(), all).items.len(), 50);
}

#[test]
fn rates_are_read_and_compared_without_fractions() {
    let read = |text: &str| Rate::percent(text).map(Rate::ppm);
    assert_eq!(read("5%"), Some(50_000));
    assert_eq!(read("0.25 %"), Some(2_500));
    assert_eq!(read("0.0001%"), Some(1));
    assert_eq!(read("100%"), Some(1_000_000));
    for wrong in [
        "5",
        "0%",
        "100.0001%",
        "-1%",
        "1e1%",
        "0.00001%",
        "%",
        ".5%",
        "5.%",
        "+5%",
        "1000%",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
    assert_eq!(
        ["5%", "0.25%", "100%"].map(|text| Rate::percent(text).unwrap().to_string()),
        ["5 %", "0.25 %", "100 %"]
    );
    let (lowest, highest) = (Key::from_i128(0).unwrap(), Key::from_i128((1 << 120) - 1).unwrap());
    assert!(Rate(1).takes(lowest) && !Rate(999_999).takes(highest) && Rate::ALL.takes(highest));
    // 25 % of all hashes are those that begin with two zero bits.
    let quarter = Rate::percent("25%").unwrap();
    assert!(
        quarter.takes(Key::from_i128((1 << 118) - 1).unwrap()) && !quarter.takes(Key::from_i128(1 << 118).unwrap())
    );
}

#[test]
fn periods_are_days_of_the_zone() {
    let zone = Zone::named("America/New_York").unwrap();
    let shown = |cadence: Cadence, day: Date| {
        let period = cadence.period(day, &zone)?;
        assert_eq!(cadence.named(&period.name, &zone), Some(period.clone()));
        Some(format!("{} {} {}", period.name, period.from, period.until))
    };
    assert_eq!(
        shown(Cadence::Month, date(2026, 11, 1)).unwrap(),
        "2026-11 2026-11-01T04:00:00Z 2026-12-01T05:00:00Z"
    );
    assert_eq!(
        shown(Cadence::Quarter, date(2026, 12, 31)).unwrap(),
        "2026-Q4 2026-10-01T04:00:00Z 2027-01-01T05:00:00Z"
    );
    let once = Cadence::Once(date(2026, 11, 2), date(2026, 11, 3));
    assert_eq!(
        shown(once, date(2026, 11, 3)).unwrap(),
        "2026-11-02..2026-11-03 2026-11-02T05:00:00Z 2026-11-04T05:00:00Z"
    );
    assert_eq!(shown(once, date(2026, 11, 4)), None);
    for name in ["2026-Q5", "2026-Q0", "2026-13", "2026-1", ""] {
        assert_eq!(Cadence::Quarter.named(name, &zone), None);
        assert_eq!(Cadence::Month.named(name, &zone), None);
    }
}

fn compiled(body: &str) -> (Vec<Sampling>, Vec<String>) {
    let text = format!("lexhold: 1\nsampling: weekly\nowner: me@example.com\n{body}");
    let mut files = Files::new();
    let mut diagnostics = Diagnostics::new();
    let root = files.add("a.yaml", text);
    let documents = load(&mut files, &[root], &mut |_| Err(OpenError::NotFound), &mut diagnostics);
    let documents: Vec<&Document> = documents.iter().collect();
    let rules = BTreeSet::from([("abuse.spoofing", "abuse")]);
    let compiled = compile_sampling(&documents, &rules, &mut diagnostics);
    let shown = diagnostics.sorted(&files).into_iter().map(|diagnostic| {
        let at = diagnostic
            .place
            .map_or("", |place| files.slice(place))
            .trim()
            .to_owned();
        format!("{}: {at}", diagnostic.code)
    });
    (compiled, shown.collect())
}

#[test]
fn documents_are_read() {
    let (samples, diagnostics) = compiled(
        "zone: Europe/London\ncadence: quarter\nof: { hits: 5%, non_hits: 0.5% }\nstrata: [desk, sender, desk]\n\
         minimum: 3\nreview_all: [abuse, abuse.spoofing]\n",
    );
    assert_eq!(diagnostics, [""; 0]);
    let sample = &samples[0];
    assert_eq!((sample.name.as_str(), sample.cadence), ("weekly", Cadence::Quarter));
    let plan = json!({"hits": 50_000, "non_hits": 5_000, "strata": ["sender", "desk"], "minimum": 3,
                      "review_all": ["abuse", "abuse.spoofing"]});
    assert_eq!(serde_json::to_value(&sample.plan).unwrap(), plan);
    let once = "zone: UTC\nperiod: { from: 2026-01-01, to: 2026-01-01 }\nof: { hits: 100% }\n";
    let (samples, diagnostics) = compiled(once);
    assert_eq!((diagnostics.len(), samples[0].plan.non_hits), (0, None));
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let sound = "zone: UTC\ncadence: month\nof: { hits: 5% }\n";
    let cases = [
        (sound.replace("UTC", "utc"), "LX0230: utc"),
        (sound.replace("5%", "'5'"), "LX0231: '5'"),
        (format!("{sound}minimum: -1\n"), "LX0232: -1"),
        (format!("{sound}minimum: 10001\n"), "LX0232: 10001"),
        (format!("{sound}review_all: abuse.spofing\n"), "LX0233: abuse.spofing"),
        (
            sound.replace("cadence: month", "period: { from: 2026-01-02, to: 2026-01-01 }"),
            "LX0232: { from: 2026-01-02, to: 2026-01-01 }",
        ),
    ];
    for (text, expected) in cases {
        let (samples, diagnostics) = compiled(&text);
        assert_eq!((samples.len(), diagnostics), (0, vec![expected.to_owned()]));
    }
    for text in [
        sound.replace("{ hits: 5% }", "{}"),
        sound.replace("cadence: month\n", ""),
        format!("{sound}strata: platform\n"),
    ] {
        assert_eq!(compiled(&text).1.len(), 1, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn m2_a_lower_rate_draws_a_subset(one in 1..1_000_000u32, other in 1..1_000_000u32, minimum in 0..4u32) {
        let of = |ppm: u32| Plan { hits: Some(Rate(ppm)), ..plan("1%", minimum) };
        let few = draw_of(&of(one.min(other)), &BTreeSet::new(), 0..300);
        let many = draw_of(&of(one.max(other)), &BTreeSet::new(), 0..300);
        prop_assert!(keys(&few).is_subset(&keys(&many)));
    }

    #[test]
    fn m1_what_was_drawn_stays_drawn(n_before in 0..200u32, n_after in 0..200u32, minimum in 0..4u32) {
        let plan = plan("2%", minimum);
        let before = keys(&draw_of(&plan, &BTreeSet::new(), 0..n_before));
        let after = draw_of(&plan, &before, 0..n_before + n_after);
        prop_assert!(before.is_subset(&keys(&after)));
        // Nothing is drawn twice, and beside what was drawn before only what a first draw would take.
        prop_assert_eq!(keys(&after).len(), after.items.len());
        let fresh = keys(&draw_of(&plan, &BTreeSet::new(), 0..n_before + n_after));
        prop_assert!(keys(&after).iter().all(|key| before.contains(key) || fresh.contains(key)));
    }
}
