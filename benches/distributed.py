"""What a cluster costs: an executor's throughput against one thread of `lexhold run`, and what sending a bundle takes.

Run by the Python of `make test-distributed`, from the root, with a folder of release binaries and files of messages:

    benches/distributed.py target/release FILE...

Prints the figures that benches/record keeps. The number of messages out is held against the number in.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import lexhold

ROOT = Path(__file__).resolve().parents[1]
RULESETS = str(ROOT / "rulesets")
POLICIES = [str(ROOT / f"policies/retention/{pack}.yaml") for pack in ("us-broker-dealer", "eu-mifid")]
ROUNDS = 3


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(work) -> float:
    return sorted(seconds(work) for _ in range(ROUNDS))[ROUNDS // 2]


def main() -> None:
    binaries, inputs = Path(sys.argv[1]).resolve(), [str(Path(path).resolve()) for path in sys.argv[2:]]
    folder = Path(tempfile.mkdtemp(prefix="lexhold-bench-"))
    os.chdir(folder)
    program = str(binaries / "lexhold")
    policies = [word for path in POLICIES for word in ("--policies", path)]
    common = ["--rulesets", RULESETS, *policies, "--backfill", "--quiet"]

    def call(*args: str) -> None:
        subprocess.run([program, *args], check=True, capture_output=True)

    call("convert", *inputs, "--format", "parquet", "--output", "all.parquet", "--quiet")
    table = pq.read_table("all.parquet")
    n = table.num_rows
    call("run", "--facts-to", "facts.json", "--home", "home", *common)
    print(f"{n} messages, {table.nbytes / 1e6:.0f} MB in Arrow")

    run = seconds(lambda: call("run", "all.parquet", "--home", "home", "--jobs", "1", *common))
    dry = median(lambda: call("run", "all.parquet", "--dry-run", "--jobs", "1", *common))
    print(f"lexhold run, one worker, archive and catalog included: {run:.1f} s, {n / run:.0f} messages/s")
    print(f"lexhold run --dry-run, one worker: {dry:.1f} s, {n / dry:.0f} messages/s")

    facts, bundle = lexhold.Facts.load("facts.json"), lexhold.Bundle.load(RULESETS, *POLICIES)
    sent = pickle.dumps((bundle, facts))
    compiled = median(lambda: lexhold._lexhold.Engine(bundle._sources, bundle._schema, facts._text))
    received = median(lambda: pickle.loads(sent))
    print(f"bundle and facts: {len(sent) / 1024:.0f} KiB to send, {received:.2f} s to receive, {compiled:.2f} s to compile")
    alone = median(lambda: count(bundle.evaluate(table, facts).rows, n))
    print(f"bundle.evaluate, one thread: {alone:.1f} s, {n / alone:.0f} messages/s")
    spark(folder, n, bundle, facts, alone)


def count(rows: pa.Table, n: int) -> None:
    assert rows.num_rows == n, f"{rows.num_rows} rows of {n} messages"


def spark(folder: Path, n: int, bundle: lexhold.Bundle, facts: lexhold.Facts, alone: float) -> None:
    from pyspark.sql import SparkSession

    import lexhold.spark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    for executors in (1, 2):
        builder = SparkSession.builder.master(f"local-cluster[{executors},1,2048]").config("spark.driver.host", "127.0.0.1")
        session = builder.config("spark.executor.memory", "1g").config("spark.ui.enabled", "false").getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        messages = lexhold.spark.read(session, str(folder / "all.parquet")).repartition(8)
        lexhold.spark.evaluate(messages.limit(100), bundle, facts).count()
        took = median(lambda: lexhold.spark.write(messages, bundle, facts, str(folder / "out")))
        size = sum(file.stat().st_size for file in (folder / "out" / "messages").glob("*.parquet"))
        print(
            f"lexhold.spark.write, {executors} executor(s): {took:.1f} s, {n / took / executors:.0f} messages/s an executor, "
            f"{took * executors / alone:.2f} times one thread; {size / n:.0f} bytes a message written"
        )
        session.stop()


if __name__ == "__main__":
    main()
