"""The package by itself: bundles, facts, tables of every library, what is refused."""

import pickle
from collections import Counter
from pathlib import Path

import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import RULESETS, World, in_order

import lexhold

MESSAGES = pa.table(
    {
        "id": ["m1", "m2", "m3"],
        "platform": ["slack"] * 3,
        "sender": ["ann", "bob", "ann"],
        "sent_at": pa.array([1_700_000_000_000_000 + n for n in range(3)], pa.timestamp("us", tz="UTC")),
        "text": ["Let's move this to WhatsApp", "fine", "lunch?"],
    }
)


@pytest.fixture(scope="module")
def rules() -> lexhold.Bundle:
    return lexhold.Bundle.load(RULESETS)


def test_a_table_is_evaluated_whatever_library_it_is_of(rules: lexhold.Bundle) -> None:
    facts = lexhold.Facts.trial()
    found = rules.evaluate(MESSAGES, facts)
    assert "off-channel.change-of-venue" in found.hits.column("rule").to_pylist()
    assert set(found.hits.column("message_id").to_pylist()) == {"slack//m1"}
    assert (found.duties.num_rows, found.holds.num_rows, found.diagnostics.num_rows) == (0, 0, 0)
    others = [
        MESSAGES.to_batches(max_chunksize=1),
        MESSAGES.to_batches()[0],
        MESSAGES.to_reader(),
        polars.from_arrow(MESSAGES),
        pandas.DataFrame(MESSAGES.to_pandas()),
    ]
    for other in others:
        assert rules.evaluate(other, facts).hits.equals(found.hits), type(other)


def test_holds_are_evaluated(rules: lexhold.Bundle) -> None:
    text = "lexhold: 1\nhold: orion\nmatter: M-1\nzone: UTC\nids: [m2]\n"
    found = rules.evaluate(MESSAGES, lexhold.Facts.trial(holds={"orion": text}))
    assert found.holds.select(["message_id", "hold", "membership"]).to_pylist() == [
        {"message_id": "slack//m2", "hold": "orion", "membership": "held"}
    ]


def test_a_row_that_is_no_message_is_told_of_and_the_others_go_on(rules: lexhold.Bundle) -> None:
    versions = MESSAGES.append_column("version", pa.array([0, -1, 0], pa.int64()))
    found = rules.evaluate(versions, lexhold.Facts.trial())
    assert found.rows.num_rows == 3
    told = found.unreadable.to_pylist()
    assert [one["source"]["offset"] for one in told] == [2]
    assert "version" in told[0]["unreadable"]
    assert "off-channel.change-of-venue" in found.hits.column("rule").to_pylist()


def test_what_is_wrong_with_documents_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("lexhold: 1\nruleset: r\nversion: 1.0.0\nowner: o@example.com\nrules:\n  - id: a\n    match: { regex: '(' }\n")
    with pytest.raises(lexhold.PolicyError) as refused:
        lexhold.Bundle.load(path)
    first = refused.value.diagnostics[0]
    assert first.level == "error" and first.code.startswith("LX") and first.line is not None
    assert str(path).lstrip("/") in str(refused.value)
    again = pickle.loads(pickle.dumps(refused.value))
    assert again.diagnostics == refused.value.diagnostics


def test_tables_that_hold_no_messages_are_refused(rules: lexhold.Bundle) -> None:
    facts = lexhold.Facts.trial()
    with pytest.raises(Exception, match="none of its columns is a field of a message"):
        rules.evaluate(pa.table({"colour": ["blue"]}), facts)
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        lexhold._lexhold.Engine({}, None, facts._text).rows(7)


def test_facts_are_secret_and_of_one_bundle(world: World) -> None:
    assert "key" not in world.facts.about() and repr(world.facts) == "Facts(secret)"
    other = lexhold.Bundle.load(RULESETS)
    with pytest.raises(lexhold.LexholdError, match="the facts go with bundle"):
        other.evaluate(MESSAGES, world.facts)
    same = pickle.loads(pickle.dumps((world.bundle, world.facts)))
    assert same[0].digest == world.bundle.digest
    with pytest.raises(lexhold.LexholdError, match="no facts document"):
        lexhold.Facts.load(__file__)


def test_how_messages_are_cut_changes_nothing(world: World) -> None:
    table = pq.read_table(world.folder / "all.parquet").slice(0, 1500)
    whole = world.bundle.evaluate(table, world.facts).rows.combine_chunks()
    for rows in (1, 7, 1000):
        pieces = world.bundle.evaluate(table.to_batches(max_chunksize=rows), world.facts).rows
        assert pieces.combine_chunks().equals(whole)


TABLES = {
    "hits": ("hit", {"rule_key": "rule_id", "start": "span_start", "end": "span_end"}, {"rule", "version"}),
    "parts": ("part", {"start": "span_start", "end": "span_end"}, set()),
    "events": ("conversation_event", {"rule_key": "rule_id"}, {"rule"}),
    "diagnostics": ("diagnostic", {}, set()),
}


def recorded(world: World, table: str) -> list[dict]:
    files = sorted((world.home / "evaluations").rglob(f"*-{table}.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def as_text(value: object) -> object:
    return format(int(value), "030x") if type(value).__name__ == "Decimal" else value


def counted(rows: list[dict], names: list[str]) -> Counter:
    return Counter(tuple(as_text(row[name]) for name in names) for row in rows)


def test_rows_say_what_a_run_has_recorded(world: World) -> None:
    """Message by message, against the tables in the home; rows that came in twice or under a taken id count once."""
    evaluation = lexhold.Evaluation(world.rows)
    taken = {
        (as_text(row["key"]), as_text(row["content_hash"])): row
        for row in recorded(world, "message")
    }
    mine = {}
    for row in world.rows.column("evaluation").to_pylist():
        mine.setdefault((row["key"], row["content_hash"]), row)
    shared = mine.keys() & taken.keys()
    collisions = sum(row["version_kind"] == "collision" for row in taken.values())
    assert len(shared) == len(taken) - collisions and shared
    keys = {key for key, _ in shared}
    for name in shared:
        for field in ("message_id", "direction", "trigger_suspect", "scan_incomplete"):
            assert mine[name][field] == taken[name][field]
    for name, (table, renamed, extra) in TABLES.items():
        flat = getattr(evaluation, name) if name != "parts" else evaluation._flat("parts")
        names = ["key", *(field for field in flat.column_names if field not in {"message_id", "key"} | extra)]
        ours = [row for row in flat.to_pylist() if row["key"] in keys]
        theirs = [row for row in recorded(world, table) if as_text(row["key"]) in keys]
        # A message that came in twice, from two places, has its rows twice here.
        ours = list({tuple(row.items()): row for row in ours}.values())
        assert counted(ours, names) == counted(theirs, [renamed.get(name, name) for name in names]), name
    sets: dict[str, set] = {}
    for row in recorded(world, "duty_set"):
        sets.setdefault(as_text(row["set_id"]), set()).add((as_text(row["schedule_id"]), row["outcome"], row["reason"]))
    assigned = {as_text(row["key"]): sets.get(as_text(row["set_id"]), set()) for row in recorded(world, "assignment")}
    for (key, _), row in mine.items():
        if key in keys:
            assert {(duty["schedule_key"], duty["outcome"], duty["reason"]) for duty in row["duties"]} == assigned[key]


def test_rows_come_back_in_the_order_of_their_places(world: World) -> None:
    assert in_order(world.rows.slice(100, 50)).equals(world.rows.slice(100, 50).combine_chunks())
