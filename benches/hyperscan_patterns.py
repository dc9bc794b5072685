"""Hyperscan on patterns and messages from a JSON file: what it compiles, and how long it takes.

Prints how many patterns it takes, the seconds to compile them, and the seconds to scan with a call a message (less what
an empty call costs) and as one buffer. Needs the package `hyperscan`.
"""

import json
import sys
import time

import hyperscan


def taken(pattern):
    try:
        hyperscan.Database().compile(expressions=[pattern], ids=[0], flags=[hyperscan.HS_FLAG_ALLOWEMPTY])
        return True
    except hyperscan.error:
        return False


def ignore(*_):
    return None


def seconds(work, rounds=3):
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return sorted(times)[rounds // 2]


def database(expressions):
    built = hyperscan.Database()
    built.compile(expressions=expressions, ids=list(range(len(expressions))), flags=[0] * len(expressions))
    return built


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        sources, texts = json.load(file)
    sources = [source.encode() for source in sources if taken(source.encode())]
    begun = time.perf_counter()
    built = database(sources)
    compiling = time.perf_counter() - begun
    nothing = database([b"\\x00\\x00\\x00never"])
    messages = [text.encode() for text in texts]
    buffer = b"\n".join(messages)

    def by_message(which):
        for message in messages:
            which.scan(message, match_event_handler=ignore)

    calls = seconds(lambda: by_message(nothing))
    print(
        json.dumps(
            [
                len(sources),
                compiling,
                seconds(lambda: by_message(built)) - calls,
                seconds(lambda: built.scan(buffer, match_event_handler=ignore)),
            ]
        )
    )


main()
