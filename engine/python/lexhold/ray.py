"""Evaluation on Ray Data: the same rows as on Spark and on one machine."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import ray
from ray.data import Dataset

from . import Bundle, Facts, _manifest, engine


def evaluate(messages: Dataset, bundle: Bundle, facts: Facts, **options: Any) -> Dataset:
    """The messages with what the bundle says of each, one row a message: the columns of EVALUATION.md.

    Further options go to `map_batches`. The bundle lies once in the object store and is compiled once in each worker.
    """
    engine(bundle, facts)
    sent = ray.put((bundle, facts))

    def of_batch(batch: pa.Table) -> pa.Table:
        return pa.table(engine(*ray.get(sent)).rows(batch))

    options = {"batch_size": _manifest.ROW_GROUP, **options}
    return messages.map_batches(of_batch, batch_format="pyarrow", zero_copy_batch=True, **options)


def write(messages: Dataset, bundle: Bundle, facts: Facts, folder: str, **options: Any) -> dict[str, Any]:
    """Evaluates and writes what `lexhold run --from-evaluation` reads, below a new folder by URL; returns the manifest."""
    evaluated = evaluate(messages, bundle, facts, **options)
    evaluated.write_parquet(f"{folder}/messages", row_group_size=_manifest.ROW_GROUP, compression="zstd")
    names = _manifest.files(folder)
    of_file = ray.remote(_manifest.partition)
    return _manifest.write(folder, bundle, facts, ray.get([of_file.remote(folder, name) for name in names]))
