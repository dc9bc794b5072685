"""Ray says what one process says."""

import json
from pathlib import Path

import pytest
from conftest import World, written

import lexhold

ray = pytest.importorskip("ray")
import lexhold.ray  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=256 << 20)
    yield
    ray.shutdown()


def test_ray_says_what_one_process_says(world: World, tmp_path: Path) -> None:
    messages = ray.data.read_parquet(str(world.messages))
    manifest = lexhold.ray.write(messages, world.bundle, world.facts, str(tmp_path))
    assert manifest == json.loads((tmp_path / "manifest.json").read_text())
    assert written(tmp_path).equals(world.rows)


@pytest.mark.parametrize("blocks", [3, 11])
def test_the_number_of_blocks_changes_nothing(generated: World, tmp_path: Path, blocks: int) -> None:
    messages = ray.data.read_parquet(str(generated.messages)).repartition(blocks)
    lexhold.ray.write(messages, generated.bundle, generated.facts, str(tmp_path), batch_size=500)
    assert written(tmp_path).equals(generated.rows)
