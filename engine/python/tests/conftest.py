"""Worlds that tests share: messages in Parquet, a home that `lexhold run` has taken them into, its facts and bundle.

One world is generated, of `LEXHOLD_TEST_MESSAGES` messages; the other is the 371,527 of corpora/messages, where ../shared lies
beside the repository. `LEXHOLD_BIN` has the folder of the binaries.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lexhold

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("LEXHOLD_BIN", ROOT / "target/release"))
CORPORA = ROOT.parent / "shared/corpora/messages"
PACKS = ["retention/us-broker-dealer", "retention/eu-mifid", "supervision/information-barriers", "supervision/approved-channels"]
#: Shipped packs, and one that governs messages of people whom nobody knows.
POLICIES = [*(str(ROOT / f"policies/{pack}.yaml") for pack in PACKS), str(Path(__file__).with_name("kept.yaml"))]
RULESETS = str(ROOT / "rulesets")
HOLD = "lexhold: 1\nhold: orion\nmatter: M-1\nzone: UTC\nscope: everything\nquery: { phrase: thank you }\n"
FILES = 6


@dataclass
class World:
    """What the tests share."""

    folder: Path
    home: Path
    """A home that has the messages."""
    twin: Path
    """The same home as it was before, with the same key and the same facts."""
    summary: dict[str, Any]
    """What the run said that took them in."""
    facts: lexhold.Facts
    bundle: lexhold.Bundle
    table: pa.Table
    """The messages."""
    messages: Path
    """The same in a folder of Parquet files."""
    rows: pa.Table
    """What one process says of them, sorted."""

    def lexhold(self, *args: object) -> str:
        return call(self.folder, "lexhold", *args)

    def run(self, home: Path, *args: object) -> dict[str, Any]:
        policies = [word for path in POLICIES for word in ("--policies", path)]
        common = ["--home", home, "--rulesets", RULESETS, *policies, "--directory", "directory.yaml", "--backfill"]
        return json.loads(self.lexhold("run", *args, *common, "--format", "json") or "{}")

    def alerts(self, home: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lexhold("alerts", "--home", home, "--format", "ndjson").splitlines()]


def call(folder: Path, program: str, *args: object) -> str:
    done = subprocess.run([BIN / program, *map(str, args)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_order(rows: pa.Table) -> pa.Table:
    """Rows in one order, whoever cut and shuffled them."""
    rows = rows.cast(lexhold.rows_schema())
    place = rows.column("source").combine_chunks()
    if isinstance(place, pa.ChunkedArray):
        place = place.chunk(0)
    keys = pa.table({"file": place.field("file"), "offset": place.field("offset")})
    return rows.take(pa.compute.sort_indices(keys, [("file", "ascending"), ("offset", "ascending")])).combine_chunks()


def written(folder: Path) -> pa.Table:
    """The rows of an evaluation on disk."""
    manifest = json.loads((folder / "manifest.json").read_text())
    tables = [pq.read_table(folder / one["file"], partitioning=None) for one in manifest["partitions"]]
    rows = in_order(pa.concat_tables(table.cast(lexhold.rows_schema()) for table in tables))
    assert manifest["messages"] + manifest["unreadable"] == rows.num_rows
    return rows


def recorded(home: Path, table: str) -> pl.DataFrame:
    """What a home has on record in one of its tables, keys as text."""
    files = sorted((home / "evaluations").rglob(f"*-{table}.parquet"))
    if not files:
        return pl.DataFrame()
    rows = pa.concat_tables([pq.read_table(file) for file in files])
    return pl.from_arrow(pa.table({name: as_text(rows.column(name)) for name in rows.column_names}))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if not pa.types.is_decimal(column.type):
        return column
    coded = column.combine_chunks().dictionary_encode()
    return pa.array([format(int(key), "030x") for key in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def make(folder: Path, inputs: list[Path]) -> World:
    call(folder, "lexhold", "convert", *inputs, "--format", "parquet", "--output", "all.parquet")
    table = pq.read_table(folder / "all.parquet")
    messages = folder / "messages"
    messages.mkdir()
    share = -(-table.num_rows // FILES)
    for at in range(FILES):
        pq.write_table(table.slice(at * share, share), messages / f"{at}.parquet", row_group_size=max(1, share // 3))
    (folder / "orion.yaml").write_text(HOLD)
    facts, bundle = folder / "facts.json", lexhold.Bundle.load(RULESETS, *POLICIES)
    world = World(folder, folder / "home", folder / "twin", {}, lexhold.Facts.trial(), bundle, table, messages, table)
    world.run(world.home, "--facts-to", "before.json")
    world.lexhold("hold", "place", "orion.yaml", "--home", world.home)
    world.run(world.home, "--facts-to", facts)
    shutil.copytree(world.home, world.twin)
    world.summary = world.run(world.home, "all.parquet")
    world.facts = lexhold.Facts.load(facts)
    world.rows = in_order(bundle.evaluate(table, world.facts).rows)
    return world


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("generated")
    call(folder, "lexhold-generate", "--seed", 7, "--messages", os.environ.get("LEXHOLD_TEST_MESSAGES", 6000), "--out", ".")
    return make(folder, [folder / "messages.ndjson"])


@pytest.fixture(scope="session")
def corpora(generated: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    inputs = sorted(CORPORA.glob("*.zst"))
    if not inputs:
        pytest.skip("the corpora are not beside the repository")
    folder = tmp_path_factory.mktemp("corpora")
    shutil.copy(generated.folder / "directory.yaml", folder)
    return make(folder, inputs)


# Not of the session: tests would be sorted by it, and each cluster started twice.
@pytest.fixture(params=["generated", "corpora"])
def world(request: pytest.FixtureRequest) -> World:
    return request.getfixturevalue(request.param)
