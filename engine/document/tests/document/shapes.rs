//! Holding documents against shapes.

use lexhold_document::{
    Diagnostics, Shape, check_node, check_shape, choice, either, list, map, named, one_or_many, open, optional,
    required,
};

use crate::support::sound;

fn matcher() -> Shape {
    map([
        optional("word", Shape::Text, "one token"),
        optional(
            "any",
            list(either([Shape::Text, named("match", matcher)])),
            "alternatives",
        ),
        optional("not", named("match", matcher), "what must not be there"),
    ])
    .at_least_one(&["word", "any", "not"])
}

fn ruleset() -> Shape {
    let trigger = either([
        choice(&["sent", "captured"]),
        map([
            required("event", Shape::Text, "its type"),
            required("key", Shape::Text, "its attribute"),
        ]),
        map([required("date", Shape::Date, "a fixed day")]),
    ]);
    map([
        required("owner", Shape::Text, "who answers for it"),
        optional("lexicons", open(one_or_many(Shape::Text)), "named lists of terms"),
        optional(
            "rules",
            list(
                map([
                    required("id", Shape::Id, "unique in the document"),
                    optional("severity", choice(&["low", "high"]), "how grave"),
                    optional("for", either([Shape::Duration, choice(&["permanent"])]), "how long"),
                    optional("from", trigger, "what starts the clock"),
                    optional("match", named("match", matcher), "what to look for"),
                    optional("limit", Shape::Integer, "a count"),
                    optional("share", Shape::Number, "a fraction"),
                    optional("on", Shape::Bool, "whether it is in use"),
                    optional("at", Shape::Instant, "an instant"),
                    optional("word", Shape::Text, "a word"),
                    optional("regex", Shape::Text, "an expression"),
                ])
                .exactly_one(&["word", "regex"]),
            ),
            "the rules",
        ),
    ])
}

/// What the shape has to say about a ruleset with these lines from line 5, with labels and helps.
fn told(lines: &str) -> Vec<String> {
    let (files, document) = sound(&format!("lexhold: 1\nruleset: r\nversion: 1.0.0\nowner: o\n{lines}"));
    let mut found = Diagnostics::new();
    check_shape(&document, &ruleset(), &mut found);
    let told = found.sorted(&files).into_iter().map(|d| {
        let (line, column) = files.position(d.place.unwrap());
        let helps = if d.helps.is_empty() {
            String::new()
        } else {
            format!("; {}", d.helps.join("; "))
        };
        format!("{line}:{column}: {} {}{helps}", d.code, d.message)
    });
    told.collect()
}

/// The same for one rule, whose keys stand from column 6 of line 6.
fn rule(keys: &str) -> Vec<String> {
    told(&format!("rules:\n  - {{id: a, regex: x, {keys}}}\n"))
}

#[test]
fn a_good_document_passes() {
    let rules = "title: T\nlexicons: {a: x, b: [x, y]}\nrules:\n  - id: a\n    severity: high\n    for: P7Y\n    from: {event: closed, key: accounts}\n    match: {any: [x, {word: y}, {not: {word: z}}]}\n    limit: 3\n    share: 0.5\n    word: x\n    at: 2026-11-21T09:30:00Z\n  - {id: b, regex: x, from: {date: 2026-01-31}, for: permanent, share: 1}\n";
    assert_eq!(told(rules), [""; 0]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    assert_eq!(
        told("rules:\n  - severty: high\n    regex: [x]\n    limit: many\nextra: 1\nlexicons: {a: [1]}\n"),
        [
            "6:5: LX0101 missing key `id`",
            "6:5: LX0103 unknown key `severty`; did you mean `severity`?",
            "7:12: LX0102 `regex`: expected text, found a list",
            "8:12: LX0102 `limit`: expected an integer, found text",
            "9:1: LX0103 unknown key `extra`",
            "10:16: LX0102 an item of `a`: expected text, found an integer; put it in quotes if it is meant as text",
        ]
    );
}

#[test]
fn what_is_missing_at_the_root_is_told_at_the_name() {
    let (files, document) = sound("lexhold: 1\nruleset: r\nversion: 1.0.0\n");
    let mut found = Diagnostics::new();
    check_shape(&document, &ruleset(), &mut found);
    let found = found.sorted(&files);
    assert_eq!(found[0].message, "missing key `owner`");
    assert_eq!(found[0].notes, ["`owner`: who answers for it"]);
    assert_eq!(files.position(found[0].place.unwrap()), (2, 10));
}

#[test]
fn an_unknown_key_is_labelled_with_the_keys_still_free() {
    let (_, document) = sound("lexhold: 1\nlexicon: r\na: {word: x, wrod: y}\n");
    let mut found = Diagnostics::new();
    check_node(document.root.get("a").unwrap(), &matcher(), &mut found);
    assert_eq!(found.iter().next().unwrap().label, "expected one of `any`, `not`");
}

#[test]
fn words_are_guessed() {
    assert_eq!(
        rule("severity: hihg"),
        ["6:33: LX0106 `severity`: `hihg` is not known here; did you mean `high`?"]
    );
    assert_eq!(
        rule("for: permanet"),
        ["6:28: LX0105 `for`: `permanet` is not a duration or `permanent`; did you mean `permanent`?"]
    );
    assert_eq!(
        rule("for: 7Y"),
        ["6:28: LX0105 `for`: `7Y` is not a duration or `permanent`; write it as P7Y, P18M or P30D"]
    );
}

#[test]
fn scalars_are_held_against_their_form() {
    assert_eq!(
        rule("at: 2026-11-21"),
        ["6:27: LX0105 `at`: `2026-11-21` is not an instant; write it as 2026-11-21T09:30:00Z"]
    );
    assert_eq!(
        rule("'on': 'true'"),
        ["6:29: LX0102 `on`: expected `true` or `false`, found text"]
    );
    assert_eq!(
        rule("limit: 1.5"),
        ["6:30: LX0102 `limit`: expected an integer, found a number"]
    );
    assert_eq!(
        rule("for:"),
        ["6:27: LX0102 `for`: expected a duration or `permanent`, found nothing"]
    );
}

#[test]
fn an_alternative_is_chosen_by_its_keys() {
    assert_eq!(rule("from: {event: closed}"), ["6:30: LX0101 missing key `key`"]);
    assert_eq!(
        rule("from: {date: 2026-02-30}"),
        ["6:36: LX0105 `date`: `2026-02-30` is not a date; write it as 2026-11-21"]
    );
    assert_eq!(rule("from: {dat: 2026-02-28}").len(), 2);
    assert_eq!(
        rule("from: 3"),
        [
            "6:29: LX0102 `from`: expected one of `sent`, `captured` or a map, found an integer; put it in quotes if it is meant as text"
        ]
    );
}

#[test]
fn keys_exclude_each_other() {
    assert_eq!(rule("word: y"), ["6:23: LX0107 `regex` and `word` exclude each other"]);
    assert_eq!(
        told("rules:\n  - id: a\n"),
        ["6:5: LX0107 one of `word`, `regex` has to be here"]
    );
    assert_eq!(
        rule("match: {}"),
        ["6:30: LX0107 one of `word`, `any`, `not` has to be here"]
    );
}

#[test]
fn shapes_nest_in_themselves() {
    assert_eq!(rule("match: {any: [{not: {any: [{wurd: x}]}}]}").len(), 2);
}
