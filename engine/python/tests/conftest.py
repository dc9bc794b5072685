"""One small world for all tests: messages in Parquet, a home that `lexhold run` has taken them into, its facts and bundle.

`LEXHOLD_BIN` has the folder of the binaries. `LEXHOLD_TEST_MESSAGES` is the number of generated messages; `LEXHOLD_CORPUS` names
files to take in their place, such as the 371,527 messages of corpora/messages.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lexhold

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("LEXHOLD_BIN", ROOT / "target/release"))
PACKS = ["retention/us-broker-dealer", "retention/eu-mifid", "supervision/information-barriers", "supervision/approved-channels"]
POLICIES = [str(ROOT / f"policies/{pack}.yaml") for pack in PACKS]
RULESETS = str(ROOT / "rulesets")
FILES = 6


@dataclass
class World:
    """What the tests share."""

    folder: Path
    home: Path
    facts: lexhold.Facts
    bundle: lexhold.Bundle
    messages: Path
    """A folder of Parquet files."""
    rows: pa.Table
    """What one process says of them, sorted."""

    def lexhold(self, *args: str) -> str:
        return call(self.folder, "lexhold", *args)


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


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    call(folder, "lexhold-generate", "--seed", 7, "--messages", os.environ.get("LEXHOLD_TEST_MESSAGES", 6000), "--out", "input")
    inputs = os.environ.get("LEXHOLD_CORPUS", "").split() or ["input/messages.ndjson"]
    call(folder, "lexhold", "convert", *inputs, "--format", "parquet", "--output", "all.parquet")
    table = pq.read_table(folder / "all.parquet")
    messages = folder / "messages"
    messages.mkdir()
    share = -(-table.num_rows // FILES)
    for at in range(FILES):
        pq.write_table(table.slice(at * share, share), messages / f"{at}.parquet", row_group_size=max(1, share // 3))
    policies = [word for path in POLICIES for word in ("--policies", path)]
    common = ["--home", "home", "--rulesets", RULESETS, *policies, "--directory", "input/directory.yaml", "--backfill"]
    call(folder, "lexhold", "run", "--facts-to", "facts.json", *common)
    call(folder, "lexhold", "run", "all.parquet", *common)
    facts = lexhold.Facts.load(folder / "facts.json")
    bundle = lexhold.Bundle.load(RULESETS, *POLICIES)
    rows = in_order(bundle.evaluate(table, facts).rows)
    return World(folder, folder / "home", facts, bundle, messages, rows)
