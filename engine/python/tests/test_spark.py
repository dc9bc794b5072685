"""Two executors on this machine say what one process says, whatever happens to them."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import World, in_order

import lexhold

pyspark = pytest.importorskip("pyspark")
from pyspark import TaskContext  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402

import lexhold.spark  # noqa: E402


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ.setdefault("SPARK_LOCAL_DIRS", str(tmp_path_factory.mktemp("spark")))
    os.chdir(tmp_path_factory.mktemp("work"))
    builder = SparkSession.builder.master("local-cluster[2,1,2048]").appName("lexhold")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.files.maxPartitionBytes": "64k",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "700",
        # An executor that was killed is replaced at once.
        "spark.deploy.maxExecutorRetries": "-1",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def messages(spark: SparkSession, world: World) -> DataFrame:
    return lexhold.spark.read(spark, str(world.messages))


def collected(rows: DataFrame) -> pa.Table:
    return in_order(rows.toArrow())


def written(folder: Path) -> pa.Table:
    manifest = json.loads((folder / "manifest.json").read_text())
    tables = [pq.read_table(folder / one["file"], partitioning=None) for one in manifest["partitions"]]
    rows = pa.concat_tables(table.cast(lexhold.rows_schema()) for table in tables)
    assert manifest["messages"] + manifest["unreadable"] == rows.num_rows
    return in_order(rows)


def test_two_executors_say_what_one_process_says(spark: SparkSession, world: World) -> None:
    given = messages(spark, world)
    assert given.rdd.getNumPartitions() > 2
    assert collected(lexhold.spark.evaluate(given, world.bundle, world.facts)).equals(world.rows)


@pytest.mark.parametrize("partitions", [1, 5])
def test_the_number_of_partitions_changes_nothing(spark: SparkSession, world: World, partitions: int) -> None:
    given = messages(spark, world).repartition(partitions)
    assert collected(lexhold.spark.evaluate(given, world.bundle, world.facts)).equals(world.rows)


def test_a_task_that_ran_twice_counts_once(spark: SparkSession, world: World, tmp_path: Path) -> None:
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

    def kill_one() -> None:
        tracker = spark.sparkContext.statusTracker()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not killed:
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            if any(stage and stage.numCompletedTasks > 0 and stage.numActiveTasks > 0 for stage in stages):
                for process in executors(spark)[:1]:
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
            time.sleep(0.02)

    before = executors(spark)
    assert len(before) == 2
    killer = threading.Thread(target=kill_one)
    killer.start()
    given = messages(spark, world).repartition(24)
    lexhold.spark.write(given, world.bundle, world.facts, str(tmp_path / "killed"))
    killer.join()
    assert killed, "an executor was killed while others tasks were still to come"
    assert written(tmp_path / "killed").equals(world.rows)


def in_terms(rows: pa.Table) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows.to_pylist())


def local_events(rows: pa.Table) -> pa.Table:
    """Events as one process would sort them."""
    seen: dict[tuple, dict] = {}
    for row in rows.select(["sent_at", "sender", "evaluation"]).to_pylist():
        evaluation = row["evaluation"]
        for event in evaluation["events"]:
            name = (event["rule"], event["group_id"], evaluation["key"], event["component"])
            seen[name] = {
                "sent_at": row["sent_at"],
                "sender": row["sender"],
                "message_id": evaluation["message_id"],
                "key": evaluation["key"],
                **{field: event[field] for field in ("rule", "group_id", "component")},
            }

    def order(event: dict) -> tuple:
        at = event["sent_at"]
        dated = (at is not None, at.timestamp() if at else 0)
        return (event["rule"], event["group_id"], dated, event["message_id"], event["key"], event["component"])

    stamps = pa.timestamp("us", tz="UTC")
    fields = ["rule", "group_id", "message_id", "key", "sender"]
    schema = pa.schema([("sent_at", stamps), *((name, pa.string()) for name in fields), ("component", pa.int64())])
    return pa.Table.from_pylist(sorted(seen.values(), key=order), schema=schema)


def test_rules_over_several_messages_hold_where_they_do_on_one_machine(spark: SparkSession, world: World) -> None:
    evaluated = lexhold.spark.evaluate(messages(spark, world), world.bundle, world.facts).cache()
    found = lexhold.spark.occurrences(evaluated, world.bundle, world.facts).toArrow()
    engine = lexhold.engine(world.bundle, world.facts)
    alone = pa.table(engine.occurrences(local_events(world.rows)))
    assert found.num_rows > 0
    assert in_terms(found) == in_terms(alone)
    rules = {name for name, kind, _ in world.bundle.rules if kind == "conversation"}
    alerts = map(json.loads, world.lexhold("alerts", "--home", "home", "--format", "ndjson").splitlines())
    recorded = {alert["alert_id"] for alert in alerts if alert["rule"] in rules}
    assert recorded and recorded <= set(found.column("alert_id").to_pylist())
    # Messages that come late: the groups that they touch are looked at again, and say what all say together.
    late = evaluated.where("hash(evaluation.key) % 10 = 0")
    again = lexhold.spark.occurrences(evaluated, world.bundle, world.facts, late=late).toArrow()
    assert set(in_terms(again)) <= set(in_terms(alone))
    with_late = {key for event in local_events(in_order(late.toArrow())).to_pylist() for key in [event["key"]]}
    touched = [row for row in alone.to_pylist() if with_late & set(row["members"])]
    assert {row["alert_id"] for row in touched} <= set(again.column("alert_id").to_pylist())


def test_a_home_takes_in_what_was_written(spark: SparkSession, world: World, tmp_path: Path) -> None:
    """`run --from-evaluation` adds nothing to a home that has the very messages: each is known again."""
    lexhold.spark.write(messages(spark, world), world.bundle, world.facts, str(tmp_path / "evaluation"))
    arguments = ["run", "--from-evaluation", str(tmp_path / "evaluation"), "--home", "home", "--format", "json", "--backfill"]
    from conftest import POLICIES, RULESETS

    policies = [word for path in POLICIES for word in ("--policies", path)]
    summary = json.loads(world.lexhold(*arguments, "--rulesets", RULESETS, *policies, "--directory", "input/directory.yaml"))
    assert (summary["messages"], summary["new"], summary["collision"]) == (world.rows.num_rows, 0, 0)
