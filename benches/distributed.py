"""What a cluster costs: an executor's throughput against one thread of `lexhold run`, what is sent, and what is taken in.

Run by the Python of `make test-distributed`, from the root, with a folder of release binaries and files of messages:

    benches/distributed.py target/release FILE...

Prints the figures that benches/record keeps: seconds by the clock, and of the processor, which count where a machine has other
work too. The number of messages out is held against the number in.
"""

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import lexhold

ROOT = Path(__file__).resolve().parents[1]
RULESETS = str(ROOT / "rulesets")
POLICIES = [str(ROOT / f"policies/retention/{pack}.yaml") for pack in ("us-broker-dealer", "eu-mifid")]
ROUNDS = 3

Seconds = tuple[float, float]
"""By the clock, and of the processor."""


def processes() -> dict[int, tuple[int, float, bytes]]:
    """Every process below this one with its parent, its seconds of the processor, and its command."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            ticks = sum(map(int, fields[11:15]))
            found[int(entry.name)] = (int(fields[1]), ticks / os.sysconf("SC_CLK_TCK"), command)

    def is_below(process: int) -> bool:
        parent = found[process][0] if process in found else 0
        return parent == os.getpid() or (parent > 0 and is_below(parent))

    return {process: one for process, one in found.items() if is_below(process)}


def largest_worker() -> int:
    """The most memory that a Python worker of Spark has had, in bytes."""
    workers = [process for process, (_, _, command) in processes().items() if b"pyspark.daemon" in command]
    status = "".join((Path("/proc") / str(process) / "status").read_text() for process in workers)
    return max(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def of_spark() -> float:
    """Seconds of the processor of everything below this process: Spark's driver, its executors, all Python below them.

    One that ended is counted with whoever waited for it, so that an executor that was lost costs what it did.
    """
    return sum(seconds for _, seconds, _ in processes().values())


def of_programs() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def median(work: Callable[[], object], processor: Callable[[], float] = time.process_time, rounds: int = ROUNDS) -> Seconds:
    """The middle of some rounds, by the processor."""

    def once() -> Seconds:
        start, used = time.perf_counter(), processor()
        work()
        return time.perf_counter() - start, processor() - used

    return sorted((once() for _ in range(rounds)), key=lambda took: took[1])[rounds // 2]


def told(what: str, took: Seconds, n: int, more: str = "") -> None:
    clock, processor = took
    print(f"{what:<48} {clock:6.1f} s, {processor:6.1f} s of the processor, {n / processor:7.0f} messages/s{more}", flush=True)


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
    dry = median(lambda: call("run", "all.parquet", "--dry-run", "--jobs", "1", *common), of_programs)
    told("lexhold run --dry-run, one worker", dry, n)

    facts, bundle = lexhold.Facts.load("facts.json"), lexhold.Bundle.load(RULESETS, *POLICIES)
    sent = pickle.dumps((bundle, facts))
    received = median(lambda: pickle.loads(sent))
    compiled = median(lambda: lexhold._lexhold.Engine(bundle._sources, bundle._schema, facts._text))
    print(f"bundle and facts: {len(sent) / 1024:.0f} KiB to send, {received[1]:.2f} s to receive, {compiled[1]:.2f} s to compile")
    alone = median(lambda: count(bundle.evaluate(table, facts).rows, n))
    told("bundle.evaluate, one thread", alone, n, f", {alone[1] / dry[1]:.2f} times the first")
    for executors in (1, 2):
        spark(folder, executors, n, bundle, facts, dry)
    # One after the other: the second writes into a home that has the archive of the first.
    imported = median(lambda: call("run", "--from-evaluation", "out", "--home", "home", *common), of_programs, 1)
    told("lexhold run --from-evaluation", imported, n, f", {imported[1] / dry[1]:.2f} times the first")
    whole = median(lambda: call("run", "all.parquet", "--home", "other", "--jobs", "1", *common), of_programs, 1)
    told("lexhold run, one worker, archive and catalog", whole, n, f", {whole[1] / dry[1]:.2f} times the first")


def count(rows: pa.Table, n: int) -> None:
    assert rows.num_rows == n, f"{rows.num_rows} rows of {n} messages"


def spark(folder: Path, executors: int, n: int, bundle: lexhold.Bundle, facts: lexhold.Facts, dry: Seconds) -> None:
    from pyspark.sql import SparkSession

    import lexhold.spark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    events = folder / f"events-{executors}"
    events.mkdir()
    builder = SparkSession.builder.master(f"local-cluster[{executors},1,2048]").config("spark.driver.host", "127.0.0.1")
    builder = builder.config("spark.executor.memory", "1g").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.eventLog.enabled", "true").config("spark.eventLog.dir", events.as_uri())
    builder = builder.config("spark.eventLog.compress", "false").config("spark.eventLog.rolling.enabled", "false")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    messages = lexhold.spark.read(session, str(folder / "all.parquet")).repartition(8).cache()
    messages.count()

    lexhold.spark.evaluate(messages.limit(100), bundle, facts).count()
    out = folder / "out"
    took = median(lambda: lexhold.spark.write(messages, bundle, facts, str(out)), of_spark)
    told(f"lexhold.spark.write, {executors} executors", took, n, f", {took[1] / dry[1]:.2f} times the first")
    size = sum(file.stat().st_size for file in (out / "messages").glob("*.parquet"))
    evaluated = session.read.parquet(str(out / "messages"))
    print(f"the largest Python worker had {largest_worker() / 1e6:.0f} MB")
    session.sparkContext.setJobGroup("occurrences", "")
    found = []
    took = median(lambda: found.append(lexhold.spark.occurrences(evaluated, bundle, facts).count()), of_spark, 1)
    told(f"lexhold.spark.occurrences, {executors} executors", took, n, f", {found[0]} found")
    session.stop()
    shuffled = sum(task for log in events.iterdir() for task in shuffles(log))
    print(f"{size / n:.0f} bytes a message written; {shuffled / n:.1f} bytes a message shuffled for rules over several messages")


def shuffles(log: Path) -> list[int]:
    """Bytes that the tasks of the last job group wrote for others."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    jobs = [line for line in lines if line["Event"] == "SparkListenerJobStart"]
    wanted = {
        stage["Stage ID"]
        for job in jobs
        if job["Properties"].get("spark.jobGroup.id") == "occurrences"
        for stage in job["Stage Infos"]
    }
    ended = [line for line in lines if line["Event"] == "SparkListenerTaskEnd" and line["Stage ID"] in wanted]
    return [task["Task Metrics"]["Shuffle Write Metrics"]["Shuffle Bytes Written"] for task in ended]


if __name__ == "__main__":
    main()
