"""Hyperscan on the terms and texts of the scan benchmark, one answer a line, so that both can be measured alternately.

    python with_hyperscan.py FOLDER

FOLDER holds `messages.bin` (each message behind its length, four bytes, little end first) and `terms-N.txt`. Each line on
standard input, `N messages`, `N buffer` or `N overhead`, is answered with the seconds that it took, and `N count` with
the number of places where something was found. Block mode, caseless literals, one thread; nothing is called for a
match but under `count`, and `overhead` calls Hyperscan as often as `messages` does, on nothing.
"""

import sys
import time
from pathlib import Path

try:
    import hyperscan
except ImportError:
    sys.exit("python package `hyperscan` is not installed: the comparison is left out")


def read_messages(path: Path) -> list[bytes]:
    raw, messages, at = path.read_bytes(), [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "little")
        messages.append(raw[at + 4 : end])
        at = end
    return messages


def compile_terms(path: Path) -> hyperscan.Database:
    terms = path.read_bytes().splitlines()
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=terms,
        ids=list(range(len(terms))),
        elements=len(terms),
        flags=hyperscan.HS_FLAG_CASELESS,
        literal=True,
    )
    return database


def timed(scan, texts) -> float:
    began = time.thread_time()
    for text in texts:
        scan(text)
    return time.thread_time() - began


def count(database, texts) -> int:
    found = 0

    def on_match(*_):
        nonlocal found
        found += 1

    for text in texts:
        database.scan(text, match_event_handler=on_match)
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    messages = read_messages(folder / "messages.bin")
    buffer = b"\n".join(messages)
    databases = {}
    for line in sys.stdin:
        name, what = line.split()
        if name not in databases:
            databases[name] = compile_terms(folder / f"terms-{name}.txt")
        database = databases[name]
        answers = {
            "messages": lambda: timed(database.scan, messages),
            "buffer": lambda: timed(database.scan, [buffer]),
            "overhead": lambda: timed(database.scan, [b""] * len(messages)),
            "count": lambda: count(database, messages),
        }
        print(answers[what](), flush=True)


main()
