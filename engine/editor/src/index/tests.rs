use super::*;

const RULES: &str = "lexhold: 1
ruleset: venue
version: 1.0.0
owner: desk
lexicons: { own: [a b] }
rules:
  - id: call
    when: principal in Group::\"trading\"
    match: { near: { of: [{ lexicon: messengers }, { lexicon: [own, \"messengers\"] }], within: 3 } }
    labels: [moved]
    cites: [us-finra-4511]
  - id: twice
    conversation: { ordered: [call, 'venue.call'], by: sender, within: P1D }
tests:
  - { expect: { alerts: [{ rule: venue.call }] } }
";
const LEXICON: &str = "lexhold: 1\nlexicon: messengers\nowner: desk\nterms: [whatsapp]\n";
const RETENTION: &str = "lexhold: 1
retention: desk.a
version: 1.0.0
parameters: { group: trading }
scope: principal in Group::\"${group}\"
schedules:
  - id: chats
    when: >-
      resource.labels.contains(\"moved\") &&
      principal in Group::\"trading\"
    retain: { for: P3Y, roll: { following: bank } }
tests:
  - expect: { retention: { schedule: desk.a.chats } }
";
const DIRECTORY: &str = "lexhold: 1\ndirectory: firm\npeople:\n  - { id: ann, groups: [trading] }\n  - { id: bob, supervisor: ann }\ngroups: [{ id: trading }]\n";

fn index() -> Index {
    let mut index = Index::default();
    for (path, text) in [("r", RULES), ("l", LEXICON), ("p", RETENTION), ("d", DIRECTORY)] {
        index.put(path, text);
    }
    index
}

/// Every place of what is named where a piece of a file's text ends, as `file:line:piece`.
fn places(path: &str, until: &str, definitions: bool) -> Vec<String> {
    let index = index();
    let at = index.text(path).unwrap().find(until).unwrap() + until.len();
    let Some(target) = index.target(path, at) else {
        return vec!["nothing".into()];
    };
    let spots = if definitions {
        index.definitions(&target)
    } else {
        index.references(&target)
    };
    let show = |spot: Spotted| {
        let text = index.text(&spot.path).unwrap();
        let line = text[..spot.place.start].matches('\n').count() + 1;
        format!("{}:{line}:{}", spot.path, &text[spot.place])
    };
    spots.into_iter().map(show).collect()
}

#[test]
fn names_lead_to_where_they_are_given_and_used() {
    for (path, until, given, used) in [
        (
            "r",
            "id: cal",
            vec!["r:7:call"],
            vec!["r:7:call", "r:13:call", "r:13:call", "r:15:call"],
        ),
        (
            "r",
            "rule: venue.c",
            vec!["r:7:call"],
            vec!["r:7:call", "r:13:call", "r:13:call", "r:15:call"],
        ),
        (
            "r",
            "rule: ve",
            vec!["r:2:venue"],
            vec!["r:2:venue", "r:13:venue", "r:15:venue"],
        ),
        (
            "r",
            "lexicon: mess",
            vec!["l:2:messengers"],
            vec!["l:2:messengers", "r:9:messengers", "r:9:messengers"],
        ),
        ("r", "lexicon: [ow", vec!["r:5:own"], vec!["r:5:own", "r:9:own"]),
        (
            "r",
            "Group::\"tra",
            vec!["d:6:trading"],
            vec!["d:4:trading", "d:6:trading", "p:10:trading", "r:8:trading"],
        ),
        (
            "p",
            "contains(\"mo",
            vec!["r:10:moved"],
            vec!["p:9:moved", "r:10:moved"],
        ),
        (
            "p",
            "schedule: desk.a.ch",
            vec!["p:7:chats"],
            vec!["p:7:chats", "p:13:chats"],
        ),
        (
            "p",
            "schedule: desk",
            vec!["p:2:desk.a"],
            vec!["p:2:desk.a", "p:13:desk.a"],
        ),
        ("p", "following: b", vec![], vec!["p:11:bank"]),
        ("d", "supervisor: a", vec!["d:4:ann"], vec!["d:4:ann", "d:5:ann"]),
        // A parameter, a key, a period.
        (
            "p",
            "scope: principal in Group::\"${g",
            vec!["nothing"],
            vec!["nothing"],
        ),
        ("p", "sch", vec!["nothing"], vec!["nothing"]),
        ("p", "for: P", vec!["nothing"], vec!["nothing"]),
    ] {
        assert_eq!(places(path, until, true), given, "{path} {until}");
        assert_eq!(places(path, until, false), used, "{path} {until}");
    }
}

#[test]
fn a_name_is_changed_everywhere_or_nowhere() {
    let mut index = index();
    let target = |index: &Index, path: &str, until: &str| {
        let at = index.text(path).unwrap().find(until).unwrap() + until.len();
        index.target(path, at).unwrap()
    };
    let call = target(&index, "r", "id: cal");
    for (new, expected) in [
        ("twice", NotRenamed::Taken),
        ("", NotRenamed::NotAnId),
        ("Call", NotRenamed::NotAnId),
        ("a b", NotRenamed::NotAnId),
        ("-a", NotRenamed::NotAnId),
    ] {
        assert_eq!(index.rename(&call, new), Err(expected), "{new}");
    }
    let law = target(&index, "r", "cites: [us");
    assert_eq!(index.rename(&law, "us-x"), Err(NotRenamed::NoName));
    let changes = index.rename(&call, "ring").unwrap();
    assert_eq!(changes.len(), 4);
    let mut text = RULES.to_owned();
    for (spot, new) in changes.iter().rev() {
        text.replace_range(spot.place.clone(), new);
    }
    assert!(!text.contains("call") && text.contains("rule: venue.ring"), "{text}");
    // A file that nobody can read may name it too.
    index.put("d", "lexhold: 1\ndirectory: [\n");
    assert_eq!(index.rename(&call, "ring"), Err(NotRenamed::Unreadable("d".into())));
    index.retain(|path| path != "d");
    index.put("new", "lexhold: [");
    assert_eq!(index.rename(&call, "ring"), Err(NotRenamed::Unreadable("new".into())));
    index.put("new", LEXICON);
    assert_eq!(index.rename(&call, "ring").unwrap().len(), 4);
    // Mended by going back to what it was.
    index.put("new", "lexhold: [");
    index.put("new", LEXICON);
    assert_eq!(index.rename(&call, "ring").unwrap().len(), 4);
}
