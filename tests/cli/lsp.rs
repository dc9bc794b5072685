//! `lexhold lsp`, through sessions as an editor has them.

use serde_json::{Value, json};

use crate::editor::{Editor, place};
use crate::support::Firm;

const RULES: &str = "rulesets/off-channel/ruleset.yaml";

/// A ruleset with one rule, whose severity is what is given, behind two emoji.
fn ruleset(severity: &str, newline: &str) -> String {
    let lines = [
        "lexhold: 1",
        "ruleset: emoji",
        "version: 1.0.0",
        "owner: desk@firm.example",
        "rules:",
        "  - id: call",
        &format!("    severity: {severity}"),
        "    why: Somebody calls.",
        "    match: call me",
        "    hits: [\"😀😀 call me\", please call me]",
        "    misses: [call, me]",
        "",
    ];
    lines.join(newline)
}

#[test]
fn what_check_says_is_said_of_what_is_typed() {
    let firm = Firm::new();
    let mut editor = Editor::new(&firm);
    let name = "rulesets/emoji/ruleset.yaml";
    editor.open_text(name, &ruleset("high", "\n"));
    assert_eq!(editor.diagnostics(name, Some(1)), [] as [Value; 0]);
    editor.change(name, 2, &ruleset("hgh", "\n"));
    let told = editor.diagnostics(name, Some(2));
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(place(&told[0]), "6:14-6:17 LX0106");
    assert_eq!(told[0]["severity"], 1);
    assert_eq!(told[0]["source"], "lexhold");
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("`hgh` is not known here"), "{message}");
    assert!(message.contains("help: did you mean `high`?"), "{message}");
    let page = told[0]["codeDescription"]["href"].as_str().unwrap();
    assert!(page.ends_with("/01-keys.md#lx0106"), "{page}");
    // The very same as `check` says of the file, once it is saved.
    firm.write(name, ruleset("hgh", "\n"));
    let checked = firm.call(&["check", "--format", "json"]).ended(3).json();
    assert_eq!(checked["diagnostics"][0]["code"], "LX0106", "{checked:#}");
    editor.change(name, 3, &ruleset("low", "\n"));
    assert_eq!(editor.diagnostics(name, Some(3)), [] as [Value; 0]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn columns_are_counted_as_the_editor_counts_them() {
    let firm = Firm::new();
    let name = "rulesets/emoji/ruleset.yaml";
    // An unknown key behind two emoji, in a list of flow maps.
    let text = |newline: &str| {
        ruleset("high", newline).replace("please call me", "{ authored: \"😀 call me\", sevrity: high }")
    };
    for (capabilities, encoding, expected) in [
        (json!({}), "utf-16", "9:53-9:60 LX0103"),
        (
            json!({ "general": { "positionEncodings": ["utf-16"] } }),
            "utf-16",
            "9:53-9:60 LX0103",
        ),
        (
            json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } }),
            "utf-8",
            "9:59-9:66 LX0103",
        ),
    ] {
        let mut editor = Editor::start(&firm, &["--stdio"]);
        assert_eq!(editor.initialize(capabilities)["positionEncoding"], encoding);
        for (newline, version) in [("\n", 1), ("\r\n", 2)] {
            match version {
                1 => editor.open_text(name, &text(newline)),
                _ => editor.change(name, version, &text(newline)),
            }
            let told = editor.diagnostics(name, Some(version));
            let places: Vec<String> = told.iter().map(place).collect();
            assert_eq!(places, [expected], "{encoding} {newline:?}");
        }
        assert_eq!(editor.end(), 0);
    }
}

#[test]
fn edits_of_parts_are_put_where_the_editor_means() {
    let firm = Firm::new();
    let mut editor = Editor::new(&firm);
    editor.open(&firm, RULES);
    assert_eq!(editor.diagnostics(RULES, Some(1)), [] as [Value; 0]);
    let text = firm.read(RULES);
    let line = text.lines().position(|line| line.contains("severity: high")).unwrap();
    let column = text.lines().nth(line).unwrap().find("high").unwrap();
    let edit = |editor: &mut Editor, version: i32, from: (usize, usize), to: (usize, usize), new: &str| {
        let range = json!({
            "start": { "line": from.0, "character": from.1 },
            "end": { "line": to.0, "character": to.1 },
        });
        let document = json!({ "uri": editor.uri(RULES), "version": version });
        let changes = json!([{ "range": range, "text": "😀" }, { "range": range, "text": new }]);
        editor.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": changes }),
        );
        editor
            .diagnostics(RULES, Some(version))
            .iter()
            .map(place)
            .collect::<Vec<_>>()
    };
    // `😀` takes the place of `hi`, and `xx` that of `😀`, which is as long.
    let told = edit(&mut editor, 2, (line, column), (line, column + 2), "xx");
    assert_eq!(told, [format!("{line}:{column}-{line}:{} LX0106", column + 4)]);
    let told = edit(&mut editor, 3, (line, column), (line, column + 2), "hi");
    assert_eq!(told, [""; 0]);
    // Far behind the end: at the end, where `x😀` is no key.
    let told = edit(&mut editor, 4, (9_999, 9), (9_999, 99), "x");
    assert!(!told.is_empty());
    // A file that nobody opened.
    let document = json!({ "uri": editor.uri("rulesets/other.yaml"), "version": 7 });
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": document, "contentChanges": [{ "text": "x" }] }),
    );
    assert_eq!(editor.end(), 0);
}

#[test]
fn what_is_wrong_in_other_files_is_said_of_them_and_taken_back() {
    let firm = Firm::new();
    let mut editor = Editor::new(&firm);
    let (first, second) = ("rulesets/a/ruleset.yaml", "rulesets/b/ruleset.yaml");
    firm.write(first, ruleset("high", "\n"));
    editor.open_text(second, &ruleset("high", "\n"));
    let told = editor.diagnostics(second, Some(1));
    assert_eq!(told[0]["code"], "LX0202", "{told:#?}");
    let related = &told[0]["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], editor.uri(first));
    // A mistake in a text that is not saved, and gone with it.
    editor.open_text(first, &ruleset("hgh", "\n"));
    assert_eq!(editor.diagnostics(first, Some(1))[0]["code"], "LX0106");
    let document = json!({ "textDocument": { "uri": editor.uri(first) } });
    editor.tell("textDocument/didClose", document);
    assert_eq!(editor.diagnostics(first, None), [] as [Value; 0]);
    // Behind the editor's back.
    firm.write(first, ruleset("hgh", "\n"));
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(editor.diagnostics(first, None)[0]["code"], "LX0106");
    assert_eq!(editor.end(), 0);
}

#[test]
fn documents_beside_the_project_are_checked_by_themselves_and_other_yaml_is_left_alone() {
    let firm = Firm::new();
    let mut editor = Editor::new(&firm);
    editor.open_text("compose.yaml", "services: { web: { image: x } }\n");
    editor.open_text("directory.yaml", "lexhold: 1\ndirectory: firm\npeple: []\n");
    assert_eq!(
        editor
            .diagnostics("directory.yaml", Some(1))
            .iter()
            .map(place)
            .collect::<Vec<_>>(),
        ["2:0-2:5 LX0103"]
    );
    assert_eq!(editor.diagnostics("compose.yaml", Some(1)), [] as [Value; 0]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn a_broken_configuration_is_said_and_the_server_goes_on() {
    let firm = Firm::new();
    firm.write("lexhold.yaml", "hom: x\n");
    let mut editor = Editor::new(&firm);
    let shown = editor.until(|message| message["method"] == "window/showMessage");
    assert!(shown["params"]["message"].as_str().unwrap().contains("hom"), "{shown}");
    firm.write("lexhold.yaml", "zone: UTC\n");
    editor.open(&firm, RULES);
    assert_eq!(editor.diagnostics(RULES, Some(1)), [] as [Value; 0]);
    assert_eq!(editor.end(), 0);
}

#[test]
fn requests_that_make_no_sense_are_answered_with_errors() {
    let firm = Firm::new();
    let mut editor = Editor::start(&firm, &[]);
    let code = |answer: &Value| answer["error"]["code"].as_i64().unwrap_or(0);
    assert_eq!(code(&editor.request("textDocument/hover", json!({}))), -32002);
    assert_eq!(
        code(&editor.request("initialize", json!({ "capabilities": 3 }))),
        -32602
    );
    editor.initialize(json!({}));
    assert_eq!(
        code(&editor.request("initialize", json!({ "capabilities": {} }))),
        -32600
    );
    assert_eq!(code(&editor.request("textDocument/fly", json!({}))), -32601);
    for (bytes, expected) in [
        ("hello\r\n", -32700),
        ("Content-Length: 4\r\n\r\n{{{{", -32700),
        ("Content-Length: x\r\n\r\n", -32700),
        ("Content-Length: 2\r\n\r\n[]", -32600),
        ("Content-Length: 14\r\n\r\n{\"method\": {}}", -32600),
    ] {
        editor.send_bytes(bytes.as_bytes());
        let answer = editor.until(|message| message["id"].is_null() && message.get("error").is_some());
        assert_eq!(code(&answer), expected, "{bytes:?}");
    }
    // Notifications are never answered, whatever is wrong with them.
    editor.tell("textDocument/didOpen", json!({ "textDocument": 3 }));
    editor.tell("textDocument/didChange", json!([]));
    editor.tell("nobody/knows", json!(null));
    assert_eq!(editor.ask("shutdown", Value::Null), Value::Null);
    assert_eq!(code(&editor.request("shutdown", Value::Null)), -32600);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.wait(), 0);
}

#[test]
fn a_session_that_ends_without_a_goodbye_ends_with_one() {
    let firm = Firm::new();
    assert_eq!(Editor::start(&firm, &[]).hang_up(), 1);
    assert_eq!(Editor::new(&firm).hang_up(), 1);
    let mut editor = Editor::new(&firm);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.wait(), 1);
    let mut editor = Editor::new(&firm);
    editor.send_bytes(b"Content-Length: 100\r\n\r\n{\"jsonrpc\":");
    assert_eq!(editor.hang_up(), 1);
}
