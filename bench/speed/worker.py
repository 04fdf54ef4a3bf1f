"""The process of a competitor in Python: `python -m bench.speed.worker MODULE[:FUNCTION]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from bench.speed.batches import Run
from bench.speed.competitors import Absent
from bench.speed.workloads import Network


def main() -> None:
    """Answer each line of standard input with one line on standard output."""
    out, sys.stdout = sys.stdout, sys.stderr  # a library's output is not an answer
    for answer in _answers(sys.argv[1]):
        print(json.dumps(answer), file=out, flush=True)


def _answers(entry_point: str) -> Iterator[dict[str, Any]]:
    module, _, function = entry_point.partition(":")
    try:
        competitor = import_module(module)
    except Absent as reason:
        yield {"absent": str(reason)}
        return
    yield {"version": competitor.version()}
    train: Run | None = None
    for line in sys.stdin:
        message = json.loads(line)
        if train is not None and "run" in message:
            yield {"rate": train(message["run"])}
            continue
        train = None  # frees the memory of the previous network
        try:
            prepare = getattr(competitor, function or "prepare")
            train = prepare(_network(message["network"]), message["sentences"])
            yield {"ready": True}
        except Absent as reason:
            yield {"absent": str(reason)}


def _network(fields: dict[str, Any]) -> Network:
    return Network(tuple(fields["hidden_sizes"]), fields["letter_size"], fields["batch_size"])


if __name__ == "__main__":
    main()
