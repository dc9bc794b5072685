"""The package by itself: bundles, facts, tables of every library, what is refused."""

import pickle
import re
from functools import partial
from pathlib import Path

import pandas
import polars as pl
import pyarrow as pa
import pytest
from conftest import POLICIES, RULESETS, World, call, in_order, recorded
from polars.testing import assert_frame_equal

import lexhold
from lexhold import Bundle, LexholdError

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
        pl.from_arrow(MESSAGES),
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


def test_a_bundle_counts_where_somebody_trusted_has_signed_it(tmp_path: Path) -> None:
    run = partial(call, tmp_path, "lexhold")
    keys = {name: yaml_key(run("keys", "new", "--operator", name, "--out", f"{name}.key")) for name in ("rex", "eve")}
    build = ["bundle", "build", "--name", "acme", "--revision", 2, "--rulesets", RULESETS, "--policies", POLICIES[0]]
    run(*build, "--out", "b.tar.zst")
    path = tmp_path / "b.tar.zst"
    with pytest.raises(LexholdError, match="0 of 1 signatures that count .LX1002."):
        Bundle.load(path, trusted={"rex": keys["rex"]})
    run("bundle", "sign", "b.tar.zst", "--as", "rex", "--key", "rex.key")
    signed = Bundle.load(path, trusted=keys)
    of_files = Bundle.load(RULESETS, POLICIES[0])
    assert (signed.signed_by, signed.digest, signed.rules) == (("rex",), of_files.digest, of_files.rules)
    assert (of_files.signed_by, pickle.loads(pickle.dumps(signed)).signed_by) == ((), ("rex",))
    assert "signed by rex" in repr(signed)
    with pytest.warns(UserWarning, match="was not verified"):
        assert Bundle.load(path).signed_by == ()
    with pytest.raises(LexholdError, match="rex is not trusted here"):
        Bundle.load(path, trusted={"eve": keys["eve"]})
    with pytest.raises(LexholdError, match="in the name of `rex` is not theirs .LX1006."):
        Bundle.load(path, trusted={"rex": keys["eve"]})
    with pytest.raises(LexholdError, match="a public key has 64 hexadecimal digits"):
        Bundle.load(path, trusted={"rex": "me"})
    with pytest.raises(LexholdError, match="only the file of a bundle"):
        Bundle.load(RULESETS, trusted=keys)
    with pytest.raises(LexholdError, match="name it alone"):
        Bundle.load(path, RULESETS, trusted=keys)
    (tmp_path / "cut.tar.zst").write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LexholdError, match="LX1001"):
        Bundle.load(tmp_path / "cut.tar.zst", trusted=keys)
    run(*build, "--expires", "2020-01-01", "--out", "old.tar.zst")
    run("bundle", "sign", "old.tar.zst", "--as", "rex", "--key", "rex.key")
    with pytest.raises(LexholdError, match="it has counted until 2020-01-02"):
        Bundle.load(tmp_path / "old.tar.zst", trusted=keys)


def yaml_key(printed: str) -> str:
    """The public key in what `keys new` prints for operators.yaml."""
    found = re.search(r"public_key: ['\"]?([0-9a-f]{64})", printed)
    assert found, printed
    return found[1]


def test_facts_are_secret_and_of_one_bundle(generated: World) -> None:
    assert "key" not in generated.facts.about() and repr(generated.facts) == "Facts(secret)"
    other = lexhold.Bundle.load(RULESETS)
    with pytest.raises(lexhold.LexholdError, match="the facts go with bundle"):
        other.evaluate(MESSAGES, generated.facts)
    same = pickle.loads(pickle.dumps((generated.bundle, generated.facts)))
    assert same[0].digest == generated.bundle.digest
    with pytest.raises(lexhold.LexholdError, match="no facts document"):
        lexhold.Facts.load(__file__)


def test_how_messages_are_cut_changes_nothing(generated: World) -> None:
    table, bundle, facts = generated.table.slice(0, 1500), generated.bundle, generated.facts
    whole = bundle.evaluate(table, facts).rows.combine_chunks()
    for rows in (1, 7, 1000):
        pieces = bundle.evaluate(table.to_batches(max_chunksize=rows), facts).rows
        assert pieces.combine_chunks().equals(whole)


#: Lists of an evaluation, the home's tables of them, and what the home calls their fields.
TABLES = {
    "hits": ("hit", {"rule_key": "rule_id", "start": "span_start", "end": "span_end"}),
    "parts": ("part", {"start": "span_start", "end": "span_end"}),
    "events": ("conversation_event", {"rule_key": "rule_id"}),
    "holds": ("hold_member", {}),
    "diagnostics": ("diagnostic", {}),
}


def each(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The items of a list, each with the key of its message and its place in the list."""
    items = rows.select("key", name).filter(pl.col(name).list.len() > 0).explode(name).unnest(name)
    return items.with_columns(ordinal=pl.int_range(pl.len()).over("key"))


def same(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    if theirs.is_empty():
        assert ours.is_empty()
        return
    assert_frame_equal(ours.select(theirs.columns), theirs, check_row_order=False, check_dtypes=False)


def test_rows_say_what_a_run_has_recorded(world: World) -> None:
    """Message by message and row by row, against every table in the home that evaluation fills."""
    rows = pl.from_arrow(world.rows.select(["platform", "source", "evaluation"])).unnest("source", "evaluation")
    message = recorded(world.home, "message")
    place = {"file": "source_file", "offset": "source_offset"}
    taken = rows.join(message, left_on=list(place), right_on=list(place.values()), suffix="_in_home", validate="1:1")
    assert taken.height == message.height == world.summary["new"] + world.summary["collision"]
    ours = taken.select("direction", "content_hash", "trigger_suspect", "scan_incomplete")
    assert ours.equals(taken.select(pl.col(f"{name}_in_home").alias(name) for name in ours.columns))
    # Whose id another message has already is there under an id of its own.
    own = taken.filter(pl.col("version_kind") != "collision")
    assert own.select(pl.col("key") == pl.col("key_in_home"), pl.col("message_id") == pl.col("message_id_in_home")).sum().row(0) == (own.height,) * 2
    taken = taken.with_columns(key=pl.col("key_in_home"))
    for name, (table, names) in TABLES.items():
        # A hold's members are told of again with every copy of a message; what a family is, import tells.
        theirs = recorded(world.home, table).drop("family", strict=False)
        assert theirs.height > 0 or name == "diagnostics"
        same(each(taken, name).rename(names), theirs.unique() if name == "holds" else theirs)
    facts = recorded(world.home, "facts").unique()
    same(taken.select("facts_id", "facts"), message.select("facts_id").join(facts, on="facts_id", validate="m:1"))
    sets = recorded(world.home, "duty_set").unique()
    assigned = recorded(world.home, "assignment").join(message, on=["key", "facts_id"], how="semi").unique("key")
    duties = each(taken, "duties").rename({"schedule_key": "schedule_id"})
    same(duties, assigned.select("key", "set_id").join(sets, on="set_id").drop("set_id"))
    handles = rows.select("platform", handle="unknown_handles").explode("handle").drop_nulls().unique()
    same(handles, recorded(world.home, "handle").filter(~pl.col("known")).drop("known").unique())
    same(rows.select("file", source_offset="offset"), recorded(world.home, "source").drop("key"))


def test_rows_come_back_in_the_order_of_their_places(generated: World) -> None:
    some = generated.rows.slice(100, 50).combine_chunks()
    assert in_order(some.take(list(range(49, -1, -1)))).equals(some)
