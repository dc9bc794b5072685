"""Two executors on this machine say what one process says, whatever happens to them."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from conftest import FILES, World, in_order, written

import lexhold

pyspark = pytest.importorskip("pyspark")
from pyspark import TaskContext  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402

import lexhold.spark  # noqa: E402


SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.executor.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "700",
    # An executor that was killed is replaced at once.
    "spark.deploy.maxExecutorRetries": "-1",
}


@contextmanager
def session(master: str, folder: Path, settings: dict[str, object] = {}) -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ.setdefault("SPARK_LOCAL_DIRS", str(folder))
    os.chdir(folder)
    builder = SparkSession.builder.master(master).appName("lexhold")
    for name, value in (SETTINGS | settings).items():
        builder = builder.config(name, str(value))
    started = builder.getOrCreate()
    started.sparkContext.setLogLevel("ERROR")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with session("local-cluster[2,1,2048]", tmp_path_factory.mktemp("spark")) as started:
        yield started


def messages(spark: SparkSession, world: World) -> DataFrame:
    total = sum(file.stat().st_size for file in world.messages.iterdir())
    spark.conf.set("spark.sql.files.maxPartitionBytes", total // 12)
    return lexhold.spark.read(spark, str(world.messages))


@pytest.fixture(scope="module")
def evaluations(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[[World], Path]:
    """Where the evaluation of a world lies, made when it is asked for first."""

    @cache
    def folder_of(home: Path) -> Path:
        return tmp_path_factory.mktemp("evaluation")

    def of_world(world: World) -> Path:
        folder = folder_of(world.home)
        if not (folder / "manifest.json").exists():
            given = messages(spark, world)
            assert given.rdd.getNumPartitions() > FILES
            lexhold.spark.write(given, world.bundle, world.facts, str(folder))
        return folder

    return of_world


def test_two_executors_say_what_one_process_says(evaluations: Callable[[World], Path], world: World) -> None:
    assert written(evaluations(world)).equals(world.rows)


@pytest.mark.parametrize("partitions", [1, 5])
def test_the_number_of_partitions_changes_nothing(spark: SparkSession, generated: World, partitions: int) -> None:
    given = messages(spark, generated).repartition(partitions)
    evaluated = lexhold.spark.evaluate(given, generated.bundle, generated.facts)
    assert in_order(evaluated.toArrow()).equals(generated.rows)


def test_a_task_that_failed_and_ran_again_counts_once(spark: SparkSession, world: World, tmp_path: Path) -> None:
    given = messages(spark, world)

    def fail_late_at_first(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        task = TaskContext.get()
        assert task is not None
        yield from batches
        if task.partitionId() % 2 == 0 and task.attemptNumber() == 0:
            raise RuntimeError("this attempt has handed over all its messages, and fails")

    twice = given.mapInArrow(fail_late_at_first, given.schema)
    lexhold.spark.write(twice, world.bundle, world.facts, str(tmp_path / "twice"))
    assert written(tmp_path / "twice").equals(world.rows)


def executors(spark: SparkSession) -> list[int]:
    """The processes of this application's executors."""
    wanted = f"--app-id\0{spark.sparkContext.applicationId}".encode()
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if b"CoarseGrainedExecutorBackend" in command and wanted in command:
                found.append(int(process.name))
    return sorted(found)


def test_a_killed_executor_changes_nothing(spark: SparkSession, world: World, tmp_path: Path) -> None:
    killed: list[int] = []
    finished = threading.Event()

    def kill_one() -> None:
        tracker = spark.sparkContext.statusTracker()
        while not killed and not finished.wait(0.02):
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            running = executors(spark)
            if len(running) == 2 and any(stage and stage.numCompletedTasks > 0 and stage.numActiveTasks > 0 for stage in stages):
                os.kill(running[0], signal.SIGKILL)
                killed.append(running[0])

    killer = threading.Thread(target=kill_one)
    killer.start()
    given = messages(spark, world).repartition(24)
    lexhold.spark.write(given, world.bundle, world.facts, str(tmp_path / "killed"))
    finished.set()
    killer.join()
    assert killed, "no executor was killed while tasks were still to come"
    assert written(tmp_path / "killed").equals(world.rows)


def in_terms(rows: pa.Table) -> pl.DataFrame:
    return pl.from_arrow(rows).sort("rule", "alert_id")


def local_events(rows: pa.Table) -> pl.DataFrame:
    """Events as one process would sort them."""
    messages = pl.from_arrow(rows.select(["sent_at", "sender", "evaluation"]))
    evaluation = pl.col("evaluation").struct
    events = messages.select("sent_at", "sender", *(evaluation.field(name) for name in ("message_id", "key", "events")))
    events = events.filter(pl.col("events").list.len() > 0).explode("events").unnest("events")
    events = events.unique(["rule", "group_id", "key", "component"])
    return events.sort("rule", "group_id", "sent_at", "message_id", "key", "component")


def test_rules_over_several_messages_hold_where_they_do_on_one_machine(
    spark: SparkSession, evaluations: Callable[[World], Path], world: World
) -> None:
    evaluated = spark.read.parquet(f"{evaluations(world)}/messages")
    found = in_terms(lexhold.spark.occurrences(evaluated, world.bundle, world.facts).toArrow())
    engine = lexhold.engine(world.bundle, world.facts)
    alone = in_terms(pa.table(engine.occurrences(local_events(world.rows))))
    assert found.height > 0
    assert found.equals(alone)
    rules = {name for name, kind, _ in world.bundle.rules if kind == "conversation"}
    recorded = {alert["alert_id"] for alert in world.alerts(world.home) if alert["rule"] in rules}
    assert recorded and recorded <= set(found["alert_id"])
    # Messages that come late: the groups that they touch are looked at again, and say what all say together.
    late = evaluated.where("hash(evaluation.key) % 10 = 0")
    again = in_terms(lexhold.spark.occurrences(evaluated, world.bundle, world.facts, late=late).toArrow())
    assert again.join(alone, on=alone.columns, how="anti", nulls_equal=True).is_empty()
    with_late = local_events(in_order(late.toArrow()))["key"].implode()
    touched = alone.filter(pl.col("members").list.set_intersection(with_late).list.len() > 0)
    assert set(touched["alert_id"]) <= set(again["alert_id"])


def test_a_home_takes_in_what_was_written(evaluations: Callable[[World], Path], world: World) -> None:
    """A home that began as the other did is like it afterwards; the other, which has the messages, knows each again."""
    folder = evaluations(world)
    summary = world.run(world.twin, "--from-evaluation", folder)
    counts = ["messages", "new", "collision", "duplicate", "unreadable", "states", "alerts_by_severity", "unknown_handles"]
    assert {name: summary[name] for name in counts} == {name: world.summary[name] for name in counts}
    assert world.alerts(world.twin) == world.alerts(world.home)
    again = world.run(world.home, "--from-evaluation", folder)
    assert (again["messages"], again["new"], again["collision"]) == (world.rows.num_rows, 0, 0)
