"""A task whose speculative copy runs beside it counts once."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import World, written

import lexhold

pyspark = pytest.importorskip("pyspark")
from pyspark import TaskContext  # noqa: E402
from test_spark import messages, session  # noqa: E402

import lexhold.spark  # noqa: E402


@contextmanager
def two_hosts(folder: Path) -> Iterator[str]:
    """A cluster whose executors are on two addresses: Spark puts no second copy of a task on the host that has the first."""
    spark_class = Path(pyspark.__file__).parent / "bin/spark-class"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    master = f"spark://127.0.0.1:{port}"
    worker = ["Worker", master, "--cores", "1", "--memory", "1g", "--work-dir", str(folder), "--webui-port", "0", "--host"]
    commands = [
        ["Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"],
        [*worker, "127.0.0.2"],
        [*worker, "127.0.0.3"],
    ]
    log = (folder / "cluster.log").open("wb")
    started = [
        subprocess.Popen([spark_class, f"org.apache.spark.deploy.{kind.lower()}.{kind}", *more], stdout=log, stderr=log)
        for kind, *more in commands
    ]
    try:
        # A driver asks three times for a master, and gives up.
        while not answers(port):
            assert started[0].poll() is None, (folder / "cluster.log").read_text()
            time.sleep(0.05)
        yield master
    finally:
        for process in started:
            process.terminate()
            process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_two_attempts_at_the_same_time_count_once(generated: World, tmp_path: Path) -> None:
    """A speculative copy of a task, and the task itself: both hand over all their messages before either may end."""
    seen = tmp_path / "seen"
    seen.mkdir()

    def both_to_the_end(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        task = TaskContext.get()
        assert task is not None
        yield from batches
        if task.partitionId() == 3:
            (seen / str(task.attemptNumber())).touch()
            for _ in range(30_000):
                if len(list(seen.iterdir())) == 2:
                    return
                time.sleep(0.02)
            raise RuntimeError("there is no other attempt")

    # An attempt that fails is not tried again: two attempts there are only at the same time.
    speculation = {"spark.speculation": True, "spark.speculation.interval": "50ms", "spark.task.maxFailures": 1}
    with two_hosts(tmp_path) as master, session(master, tmp_path, speculation) as spark:
        given = messages(spark, generated)
        twice = given.mapInArrow(both_to_the_end, given.schema)
        lexhold.spark.write(twice, generated.bundle, generated.facts, str(tmp_path / "twice"))
    assert sorted(one.name for one in seen.iterdir()) == ["0", "1"]
    assert written(tmp_path / "twice").equals(generated.rows)
