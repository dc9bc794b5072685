"""Ray says what one process says."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import World, in_order

import lexhold

ray = pytest.importorskip("ray")
import lexhold.ray  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=256 << 20)
    yield
    ray.shutdown()


@pytest.mark.parametrize("blocks", [3, 11])
def test_ray_says_what_one_process_says(world: World, tmp_path: Path, blocks: int) -> None:
    messages = ray.data.read_parquet(str(world.messages)).repartition(blocks)
    folder = tmp_path / "evaluation"
    folder.mkdir()
    manifest = lexhold.ray.write(messages, world.bundle, world.facts, str(folder), batch_size=500)
    assert manifest == json.loads((folder / "manifest.json").read_text())
    tables = [pq.read_table(folder / one["file"], partitioning=None) for one in manifest["partitions"]]
    rows = pa.concat_tables(table.cast(lexhold.rows_schema()) for table in tables)
    assert in_order(rows).equals(world.rows)
