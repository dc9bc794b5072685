"""The manifest of an evaluation on disk, as EVALUATION.md has it, whatever wrote the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from . import Bundle, Facts, engine, versions

#: Rows of a row group: what an import holds in memory at a time.
ROW_GROUP = 16_384

Partition = dict[str, Any]


def partition(folder: str, file: str) -> Partition:
    """What a manifest says of one file, read where it lies."""
    system, root = fs.FileSystem.from_uri(folder)
    digest, size = hashlib.sha256(), 0
    with system.open_input_stream(f"{root}/{file}") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    with system.open_input_file(f"{root}/{file}") as opened:
        of_rows = pq.ParquetFile(opened)
        n_rows = of_rows.metadata.num_rows
        unreadable = sum(
            pc.sum(pc.is_valid(batch.column(0))).as_py() or 0 for batch in of_rows.iter_batches(columns=["unreadable"])
        )
    return {
        "file": file,
        "sha256": digest.hexdigest(),
        "bytes": size,
        "messages": n_rows - unreadable,
        "unreadable": unreadable,
    }


def files(folder: str) -> list[str]:
    """The Parquet files of an evaluation, sorted."""
    system, root = fs.FileSystem.from_uri(folder)
    found = system.get_file_info(fs.FileSelector(f"{root}/messages", recursive=True))
    names = (info.path[len(root) + 1 :] for info in found if info.is_file)
    return sorted(name for name in names if name.endswith(".parquet") and "/_" not in name and "/." not in name)


def write(folder: str, bundle: Bundle, facts: Facts, partitions: Iterable[Partition]) -> dict[str, Any]:
    """Writes the manifest, with which the evaluation is finished."""
    partitions = sorted(partitions, key=lambda one: one["file"])
    manifest = {
        "schema": "lexhold/evaluation/1",
        **facts.about(),
        "bundle": bundle.digest,
        "key": engine(bundle, facts).key_check(),
        **versions(),
        "messages": sum(one["messages"] for one in partitions),
        "unreadable": sum(one["unreadable"] for one in partitions),
        "partitions": partitions,
    }
    system, root = fs.FileSystem.from_uri(folder)
    with system.open_output_stream(f"{root}/manifest.json") as stream:
        stream.write(json.dumps(manifest, indent=1, sort_keys=True).encode())
    return manifest
