//! What `lexhold lsp` answers to an editor's questions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::editor::{Editor, range};
use crate::support::Firm;

const POLICY: &str = "policies/retention/desk.yaml";
const BARRIERS: &str = "policies/supervision/barriers.yaml";
const RULES: &str = "rulesets/off-channel/ruleset.yaml";
const LEXICON: &str = "rulesets/lexicons/brokers.yaml";
const CASES: &str = "rulesets/off-channel/cases.yaml";

const TERMS: &str = "lexhold: 1
lexicon: brokers
title: Names of brokers
owner: surveillance@firm.example
reviewed: 2026-11-01
terms: [acme, zenith, \"😀 desk\"]
";
const LISTED: &str = "lexhold: 1
cases: venue
subject: [ruleset.yaml]
list:
  - name: a talk is moved
    message: { text: Let's move this to WhatsApp }
    expect: { alerts: [{ rule: off-channel.venue }] }
";

/// The firm with a lexicon of its own and a file of cases; every document is open.
fn session() -> (Firm, Editor) {
    let firm = Firm::new();
    firm.write(LEXICON, TERMS);
    firm.write(CASES, LISTED);
    let mut editor = Editor::new(&firm);
    for name in [POLICY, BARRIERS, RULES, LEXICON, "directory.yaml"] {
        editor.open(&firm, name);
    }
    (firm, editor)
}

/// The position behind a piece of a text.
fn behind(text: &str, piece: &str) -> Value {
    let end = text.find(piece).unwrap_or_else(|| panic!("no `{piece}` in:\n{text}")) + piece.len();
    let line = text[..end].matches('\n').count();
    let start = text[..end].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": text[start..end].encode_utf16().count() })
}

fn at(editor: &Editor, firm: &Firm, name: &str, piece: &str) -> Value {
    json!({ "textDocument": { "uri": editor.uri(name) }, "position": behind(&firm.read(name), piece) })
}

/// Files and stretches of an answer, sorted: `file range`.
fn located(editor: &Editor, answer: &Value) -> Vec<String> {
    let root = editor.uri("");
    let list = answer.as_array().cloned().unwrap_or_default();
    let mut places: Vec<String> = list
        .iter()
        .map(|one| {
            let uri = one["uri"].as_str().unwrap();
            format!("{} {}", uri.strip_prefix(&root).unwrap(), range(&one["range"]))
        })
        .collect();
    places.sort();
    places
}

#[test]
fn a_hover_tells_what_a_thing_is_and_means() {
    let (firm, mut editor) = session();
    editor.change(LEXICON, 2, &format!("{TERMS}# lexhold: allow LX0483, why\n"));
    for (name, piece, expected) in [
        (
            RULES,
            "severity: hi",
            vec!["`severity`: how grave a hit is", "It has to be there", "`critical`"],
        ),
        (RULES, "sever", vec!["`severity`: how grave a hit is"]),
        (RULES, "- ne", vec!["`near`: operands close to one another"]),
        (
            RULES,
            "id: ven",
            vec![
                "**rule** `off-channel.venue`",
                "A talk about business",
                "severity: high",
            ],
        ),
        (
            RULES,
            "lexicon: messen",
            vec!["**lexicon** `messengers`", "3 terms · owner: surveillance@firm.example"],
        ),
        (
            LEXICON,
            "lexicon: bro",
            vec!["Names of brokers", "3 terms", "reviewed: 2026-11-01"],
        ),
        (LEXICON, "allow LX04", vec!["LX0483: "]),
        (
            POLICY,
            "id: cha",
            vec!["retain: for P3Y, from sent, accessible P2Y", "retain: sent 2", "+ P3Y"],
        ),
        (POLICY, "id: cha", vec!["(America/New_York)", "accessible"]),
        (
            POLICY,
            "[us-sec-17a",
            vec!["**regulation** `us-sec-17a-4-b4`", "citation: 17 CFR 240.17a-4(b)(4)"],
        ),
        (
            POLICY,
            "resource.bus",
            vec!["False only where the source says", "`business: Bool`"],
        ),
        (
            POLICY,
            "Group::\"tra",
            vec!["**group** `trading`", "Named in 4 places", "people in it: 2"],
        ),
        (
            BARRIERS,
            "id: res",
            vec!["**supervision rule** `barriers.research`", "severity: critical"],
        ),
        ("directory.yaml", "id: an", vec!["**person** `ann`"]),
        (POLICY, "zo", vec!["`zone`: the IANA time zone"]),
        (POLICY, "reten", vec!["Schedules: which messages are kept"]),
    ] {
        let text = if name == LEXICON {
            format!("{TERMS}# lexhold: allow LX0483, why\n")
        } else {
            firm.read(name)
        };
        let params = json!({ "textDocument": { "uri": editor.uri(name) }, "position": behind(&text, piece) });
        let answer = editor.ask("textDocument/hover", params);
        let told = answer["contents"]["value"].as_str().unwrap_or_default();
        for expected in expected {
            assert!(
                told.contains(expected),
                "{name} {piece}: `{expected}` is missing in:\n{told}"
            );
        }
    }
    let nothing = at(&editor, &firm, POLICY, "P3Y, from: se");
    assert!(!editor.ask("textDocument/hover", nothing).is_null());
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_hover_over_a_mistake_tells_the_page_of_its_code() {
    let (firm, mut editor) = session();
    let text = firm.read(RULES).replace("severity: high", "severity: hgh");
    editor.change(RULES, 2, &text);
    editor.diagnostics(RULES, Some(2));
    let params = json!({ "textDocument": { "uri": editor.uri(RULES) }, "position": behind(&text, "severity: hg") });
    let answer = editor.ask("textDocument/hover", params);
    assert!(
        answer["contents"]["value"].as_str().unwrap().contains("LX0106: "),
        "{answer}"
    );
    assert_eq!(editor.end(), 0);
}

/// What could be typed behind a piece once it stands in the text, with what would then stand in the line.
fn proposed(editor: &mut Editor, version: i32, name: &str, text: &str, piece: &str) -> BTreeMap<String, String> {
    editor.change(name, version, text);
    let position = behind(text, piece);
    let params = json!({ "textDocument": { "uri": editor.uri(name) }, "position": position });
    let answer = editor.ask("textDocument/completion", params);
    let line = text
        .lines()
        .nth(usize::try_from(position["line"].as_u64().unwrap()).unwrap())
        .unwrap();
    let units: Vec<u16> = line.encode_utf16().collect();
    let index = |spot: &Value| usize::try_from(spot["character"].as_u64().unwrap()).unwrap();
    let items = answer.as_array().unwrap().iter().map(|item| {
        let edit = &item["textEdit"];
        let (start, end) = (index(&edit["range"]["start"]), index(&edit["range"]["end"]));
        let whole = [
            String::from_utf16(&units[..start]).unwrap(),
            edit["newText"].as_str().unwrap().to_owned(),
            String::from_utf16(&units[end..]).unwrap(),
        ];
        (item["label"].as_str().unwrap().to_owned(), whole.concat())
    });
    items.collect()
}

#[test]
fn what_could_stand_here_is_proposed_also_in_half_typed_documents() {
    let (firm, mut editor) = session();
    let (rules, policy) = (firm.read(RULES), firm.read(POLICY));
    let mut version = 2;
    // In a file, once a piece is replaced: behind what, what is proposed, the line it would make, and what is not proposed.
    for (name, from, to, piece, label, line, not) in [
        (
            RULES,
            "    severity: high\n",
            "    sev\n",
            "    sev",
            "severity",
            "    severity: ",
            "why",
        ),
        (
            RULES,
            "    severity: high\n",
            "    severity:\n",
            "severity:",
            "medium",
            "    severity: medium",
            "trading",
        ),
        (
            RULES,
            "    severity: high\n",
            "    severity: h\n",
            "severity: h",
            "high",
            "    severity: high",
            "id",
        ),
        (
            RULES,
            "    severity: high\n",
            "    severity: high\n    cites: [\"us-fin\n",
            "us-fin",
            "us-finra-4511",
            "    cites: [\"us-finra-4511",
            "x",
        ),
        (
            RULES,
            "{ lexicon: messengers }",
            "{ lexicon: b",
            "lexicon: b",
            "brokers",
            "        - near: { of: [[take, move, switch], { lexicon: brokers], within: 6 }",
            "near",
        ),
        (
            RULES,
            "- phrase: text me on my cell",
            "- ph",
            "- ph",
            "phrase",
            "        - phrase: ",
            "of",
        ),
        (
            RULES,
            "{ of: [[take",
            "{ w",
            "{ w",
            "within",
            "        - near: { within: , move, switch], { lexicon: messengers }], within: 6 }",
            "word",
        ),
        (
            RULES,
            "    title: A number",
            "    when: resource.chan\n    title: A number",
            "resource.chan",
            "channel",
            "    when: resource.channel",
            "labels",
        ),
        (
            RULES,
            "owner: surv",
            "de\nowner: surv",
            "\nde",
            "description",
            "description: ",
            "owner",
        ),
        (
            POLICY,
            "when: resource.business",
            "when: resource.sender.",
            "resource.sender.",
            "licences",
            "    when: resource.sender.licences",
            "platform",
        ),
        (
            POLICY,
            "when: resource.business",
            "when: |\n      resource.business &&\n      principal in Group::\"re",
            "Group::\"re",
            "research",
            "      principal in Group::\"research",
            "ann",
        ),
        (
            POLICY,
            "when: resource.business",
            "when: resource.labels.contains(\"o",
            "contains(\"o",
            "off-channel",
            "    when: resource.labels.contains(\"off-channel",
            "trading",
        ),
        (
            POLICY,
            "retain: { for: P3Y, from: sent,",
            "retain: { for: P3Y, from: , ",
            "P3Y, from: ",
            "captured",
            "    retain: { for: P3Y, from: captured,  accessible: P2Y }",
            "month",
        ),
        (
            POLICY,
            "accessible: P2Y }",
            "cutoff: year, ro",
            "year, ro",
            "roll",
            "    retain: { for: P3Y, from: sent, cutoff: year, roll: ",
            "for",
        ),
        (
            POLICY,
            "basis: law\n",
            "basis: l\n",
            "basis: l",
            "contract",
            "basis: contract",
            "sent",
        ),
    ] {
        let whole = if name == RULES { &rules } else { &policy };
        assert!(whole.contains(from), "{from}");
        let found = proposed(&mut editor, version, name, &whole.replacen(from, to, 1), piece);
        version += 1;
        assert_eq!(
            found.get(label).map(String::as_str),
            Some(line),
            "{name} {piece}: {found:#?}"
        );
        assert!(!found.contains_key(not), "{name} {piece}: `{not}` is proposed");
    }
    let none = proposed(&mut editor, version, POLICY, "lexhold: 1\n# a comment\n", "# a comm");
    assert!(none.is_empty(), "{none:?}");
    let kinds = proposed(&mut editor, version + 1, POLICY, "lexhold: 1\nret", "\nret");
    assert_eq!(kinds.get("retention").map(String::as_str), Some("retention: "));
    let first = proposed(&mut editor, version + 2, POLICY, "l", "l");
    assert_eq!(first.get("lexhold").map(String::as_str), Some("lexhold: 1"));
    assert_eq!(editor.end(), 0);
}

#[test]
fn names_lead_to_where_they_are_given() {
    let (firm, mut editor) = session();
    editor.open(&firm, CASES);
    for (name, piece, expected) in [
        (RULES, "lexicon: mess", vec![format!("{RULES} 5:2-5:12")]),
        (CASES, "rule: off-channel.ve", vec![format!("{RULES} 7:8-7:13")]),
        (CASES, "rule: off-ch", vec![format!("{RULES} 1:9-1:20")]),
        (CASES, "subject: [rule", vec![format!("{RULES} 0:0-0:0")]),
        (POLICY, "contains(\"off-", vec![format!("{RULES} 16:13-16:24")]),
        (POLICY, "Group::\"trad", vec![]),
        (POLICY, "P3", vec![]),
    ] {
        let params = at(&editor, &firm, name, piece);
        let answer = editor.ask("textDocument/definition", params);
        assert_eq!(located(&editor, &answer), expected, "{name} {piece}");
    }
    firm.write(
        "policies/regulations.yaml",
        "# Laws.\n\n- id: us-sec-17a-4-b4\n  title: Letters\n  confidence: verified\n",
    );
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    let params = at(&editor, &firm, POLICY, "[us-sec-17a");
    let answer = editor.ask("textDocument/definition", params);
    assert_eq!(located(&editor, &answer), ["policies/regulations.yaml 2:6-2:21"]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_name_is_found_and_changed_all_over_the_project() {
    let (firm, mut editor) = session();
    let mut params = at(&editor, &firm, RULES, "id: ven");
    params["context"] = json!({ "includeDeclaration": true });
    let all = editor.ask("textDocument/references", params.clone());
    // One of them in a file that is not open.
    let expected = [format!("{CASES} 6:43-6:48"), format!("{RULES} 7:8-7:13")];
    assert_eq!(located(&editor, &all), expected);
    params["context"] = json!({ "includeDeclaration": false });
    let uses = editor.ask("textDocument/references", params.clone());
    assert_eq!(located(&editor, &uses), expected[..1]);
    let prepared = editor.ask("textDocument/prepareRename", params.clone());
    assert_eq!(range(&prepared), "7:8-7:13");
    params["newName"] = json!("moved-away");
    let edit = editor.ask("textDocument/rename", params.clone());
    for name in [CASES, RULES] {
        let text = firm.read(name);
        let edits = edit["changes"][editor.uri(name)].as_array().unwrap().clone();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for edit in edits {
            let at = |spot: &str, key: &str| usize::try_from(edit["range"][spot][key].as_u64().unwrap()).unwrap();
            let line = &mut lines[at("start", "line")];
            line.replace_range(
                at("start", "character")..at("end", "character"),
                edit["newText"].as_str().unwrap(),
            );
        }
        firm.write(name, lines.join("\n") + "\n");
    }
    firm.call(&["check"]).ended(0);
    firm.call(&["test"]).ended(0);
    assert!(firm.read(CASES).contains("rule: off-channel.moved-away"));
    for (piece, new, code) in [
        ("id: ven", "phone", -32803),
        ("id: ven", "Not An Id", -32602),
        ("severity: hi", "x", -32803),
    ] {
        let mut params = json!({
            "textDocument": { "uri": editor.uri(RULES) },
            "position": behind(&Firm::new().read(RULES), piece),
        });
        params["newName"] = json!(new);
        let answer = editor.request("textDocument/rename", params);
        assert_eq!(answer["error"]["code"], code, "{piece} {new}: {answer}");
    }
    assert_eq!(editor.end(), 0);
}

#[test]
fn changes_are_for_the_very_state_of_a_text_where_the_editor_knows_of_states() {
    let firm = Firm::new();
    let mut editor = Editor::start(&firm, &[]);
    editor.initialize(json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } }));
    editor.open(&firm, POLICY);
    editor.change(POLICY, 7, &firm.read(POLICY));
    let mut params = at(&editor, &firm, POLICY, "Group::\"tra");
    params["newName"] = json!("desk-2");
    let edit = editor.ask("textDocument/rename", params);
    let changes = edit["documentChanges"].as_array().unwrap();
    let version = |name: &str| {
        let uri = editor.uri(name);
        let change = changes.iter().find(|change| change["textDocument"]["uri"] == *uri);
        change.unwrap()["textDocument"]["version"].clone()
    };
    assert_eq!(version(POLICY), 7);
    assert_eq!(version("directory.yaml"), Value::Null);
    // A file that cannot be read may name it too.
    editor.open_text("rulesets/broken.yaml", "lexhold: 1\nlexicon: [\n");
    let mut params = at(&editor, &firm, POLICY, "Group::\"tra");
    params["newName"] = json!("desk-2");
    let answer = editor.request("textDocument/rename", params);
    assert_eq!(answer["error"]["code"], -32803, "{answer}");
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_document_has_an_outline_and_one_layout() {
    let (firm, mut editor) = session();
    let document = json!({ "textDocument": { "uri": editor.uri(POLICY) } });
    let symbols = editor.ask("textDocument/documentSymbol", document);
    let root = &symbols[0];
    assert_eq!(
        (root["name"].as_str(), root["detail"].as_str()),
        (Some("desk"), Some("retention"))
    );
    let items: Vec<&str> = root["children"][0]["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        (root["children"][0]["name"].as_str(), items),
        (Some("schedules"), vec!["chats", "flagged"])
    );
    let crooked = TERMS
        .replace("reviewed: 2026-11-01", "reviewed:   2026-11-01")
        .replace("[acme, ", "[acme,");
    editor.change(LEXICON, 2, &crooked);
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": editor.uri(LEXICON) }, "options": options });
    let edits = editor.ask("textDocument/formatting", params.clone());
    assert_eq!(edits.as_array().unwrap().len(), 1, "{edits}");
    assert_eq!(range(&edits[0]["range"]), "4:0-6:0");
    firm.write(LEXICON, &crooked);
    firm.call(&["fmt", LEXICON]).ended(0);
    let tail: String = firm.read(LEXICON).split_inclusive('\n').skip(4).collect();
    assert_eq!(edits[0]["newText"], tail);
    editor.change(LEXICON, 3, &firm.read(LEXICON));
    assert_eq!(editor.ask("textDocument/formatting", params.clone()), json!([]));
    editor.change(LEXICON, 4, "lexhold: [\n");
    assert_eq!(editor.ask("textDocument/formatting", params), Value::Null);
    assert_eq!(editor.end(), 0);
}

#[test]
fn what_can_be_mended_is_offered_and_warnings_can_be_allowed() {
    let (firm, mut editor) = session();
    let text = firm
        .read(RULES)
        .replacen("    severity: high", "    severty: high", 1)
        .replacen(
            "labels: [off-channel]",
            "labels: [off-channel]\n    cites: [us-nothing]",
            1,
        );
    let actions = |editor: &mut Editor, line: usize, only: Value| {
        let spot = json!({ "line": line, "character": 99 });
        let mut context = json!({ "diagnostics": [] });
        if !only.is_null() {
            context["only"] = only;
        }
        let range = json!({ "start": { "line": line, "character": 0 }, "end": spot });
        let document = json!({ "uri": editor.uri(RULES) });
        editor.ask(
            "textDocument/codeAction",
            json!({ "textDocument": document, "range": range, "context": context }),
        )
    };
    editor.change(RULES, 2, &text);
    let told = editor.diagnostics(RULES, Some(2));
    assert!(told.iter().any(|one| one["code"] == "LX0103"), "{told:#?}");
    let offered = actions(&mut editor, 9, Value::Null);
    let uri = editor.uri(RULES);
    let fix = offered
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["title"] == "write `severity`");
    let fix = fix.unwrap_or_else(|| panic!("{offered:#}"));
    let edit = &fix["edit"]["changes"][&uri][0];
    assert_eq!(
        (range(&edit["range"]), edit["newText"].as_str()),
        ("9:4-9:11".into(), Some("severity"))
    );
    assert_eq!(actions(&mut editor, 9, json!(["refactor"])), json!([]));
    let all = actions(&mut editor, 0, json!(["source.fixAll"]));
    assert_eq!(
        all.as_array().unwrap().len(),
        usize::from(fix["isPreferred"] == true),
        "{all:#}"
    );
    // Mended, the citation is what is left: a warning, which may be allowed.
    let mended = text.replacen("severty", "severity", 1);
    editor.change(RULES, 3, &mended);
    let told = editor.diagnostics(RULES, Some(3));
    let line = usize::try_from(told[0]["range"]["start"]["line"].as_u64().unwrap()).unwrap();
    let code = told[0]["code"].as_str().unwrap().to_owned();
    let offered = actions(&mut editor, line, json!(["quickfix"]));
    let edit = &offered.as_array().unwrap().last().unwrap()["edit"]["changes"][&uri][0];
    let comment = format!("    # lexhold: allow {code}, say why here\n");
    assert_eq!(edit["newText"], comment);
    let mut lines: Vec<&str> = mended.split_inclusive('\n').collect();
    lines.insert(line, &comment);
    editor.change(RULES, 4, &lines.concat());
    assert_eq!(editor.diagnostics(RULES, Some(4)), [] as [Value; 0]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn questions_about_texts_that_are_not_open_are_answered_with_nothing() {
    let firm = Firm::new();
    let mut editor = Editor::new(&firm);
    for uri in [
        editor.uri(RULES),
        "untitled:Untitled-1".into(),
        "https://example.com/x.yaml".into(),
    ] {
        for method in [
            "hover",
            "completion",
            "definition",
            "references",
            "prepareRename",
            "formatting",
        ] {
            let params = json!({
                "textDocument": { "uri": uri },
                "position": { "line": 3, "character": 99 },
                "context": { "includeDeclaration": true },
                "options": { "tabSize": 2, "insertSpaces": true },
            });
            let answer = editor.ask(&format!("textDocument/{method}"), params);
            assert_eq!(answer, Value::Null, "{uri} {method}");
        }
    }
    let answer = editor.request("textDocument/hover", json!({ "textDocument": 3 }));
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(editor.end(), 0);
}
