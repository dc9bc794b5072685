"""Evaluation on Spark: each task evaluates its own messages, and what comes out does not depend on how they were cut.

The bundle is broadcast once and compiled once in each Python worker, of which an executor keeps one for each of its cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from . import Bundle, Facts, _manifest, engine, reader_of, rows_schema

_OCCURRENCES = (
    "alert_id string, rule string, aliases array<string>, members array<string>, truncated boolean, crowded string, "
    "indeterminate string"
)
_INSTANTS = "spark.sql.parquet.outputTimestampType"
#: What events are sorted by before rules over several messages are held against them.
_ORDER = ("rule", "group_id", "sent_at", "message_id", "key", "component")


def read(spark: SparkSession, *paths: str) -> DataFrame:
    """Parquet files of messages, each row with the place where it stands, as `lexhold run` would name it."""
    frame = spark.read.parquet(*paths)
    if "source" in frame.columns:
        return frame
    source = F.struct(
        F.col("_metadata.file_path").alias("file"), (F.col("_metadata.row_index") + 1).alias("offset")
    )
    return frame.select("*", source.alias("source"))


def evaluate(messages: DataFrame, bundle: Bundle, facts: Facts) -> DataFrame:
    """The messages with what the bundle says of each, one row a message: the columns of EVALUATION.md.

    A row that is no message comes out with the reason in `unreadable`, and is not lost.
    """
    engine(bundle, facts)
    sent = messages.sparkSession.sparkContext.broadcast((bundle, facts))

    def of_task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _through(engine(*sent.value).rows, batches)

    return messages.mapInArrow(of_task, from_arrow_schema(rows_schema()))


def occurrences(evaluated: DataFrame, bundle: Bundle, facts: Facts, late: DataFrame | None = None) -> DataFrame:
    """Where rules over several messages hold: a shuffle on each rule's own group, then the engine's own look at each.

    With `late`, an evaluation of messages that came later and are part of `evaluated` too, only the groups that they touch
    are looked at again; an occurrence keeps its name, or has it among its `aliases`.
    """
    sent = evaluated.sparkSession.sparkContext.broadcast((bundle, facts))
    events = _events(evaluated)
    if late is not None:
        touched = _events(late).select("rule", "group_id").distinct()
        events = events.join(touched, ["rule", "group_id"], "left_semi")
    # The same message from two exports counts once.
    events = events.dropDuplicates(["rule", "group_id", "key", "component"])

    def of_task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _through(engine(*sent.value).occurrences, batches)

    groups = events.repartition("rule", "group_id").sortWithinPartitions(*_ORDER)
    return groups.mapInArrow(of_task, _OCCURRENCES)


def _through(work: Callable[[pa.RecordBatchReader], Any], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    given = reader_of(batches)
    return iter(()) if given is None else iter(pa.RecordBatchReader.from_stream(work(given)))


def _events(evaluated: DataFrame) -> DataFrame:
    messages = evaluated.where("evaluation is not null and size(evaluation.events) > 0")
    event = messages.select("sent_at", "sender", "evaluation.message_id", "evaluation.key", F.explode("evaluation.events").alias("e"))
    return event.select("sent_at", "sender", "message_id", "key", "e.rule", "e.group_id", "e.component")


def write(messages: DataFrame, bundle: Bundle, facts: Facts, folder: str) -> dict[str, Any]:
    """Evaluates and writes what `lexhold run --from-evaluation` reads, below a folder by URL; returns the manifest.

    Whatever lies in the folder's `messages` is replaced. Spark's own commit keeps a task that ran twice from counting twice;
    the digest of each file is made where an executor is, after that commit.
    """
    settings = messages.sparkSession.conf
    before = settings.get(_INSTANTS) or "INT96"
    # What Spark writes of its own accord is neither of a zone nor within Parquet's standard.
    settings.set(_INSTANTS, "TIMESTAMP_MICROS")
    try:
        writer = evaluate(messages, bundle, facts).write.mode("overwrite").option("compression", "zstd")
        writer.option("parquet.block.row.count.limit", _manifest.ROW_GROUP).parquet(f"{folder}/messages")
    finally:
        settings.set(_INSTANTS, before)
    names = _manifest.files(folder)
    context = messages.sparkSession.sparkContext
    partitions = context.parallelize(names, max(1, len(names))).map(lambda name: _manifest.partition(folder, name))
    return _manifest.write(folder, bundle, facts, partitions.collect())
