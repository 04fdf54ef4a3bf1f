"""The process of a contestant: `python -m bench.quality.worker MODULE TASK`.

It writes a line of JSON with its version, then one for each point of its curve.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

from bench.quality.task import Task
from bench.speed.competitors import Absent


def main() -> None:
    """Learn the task."""
    out, sys.stdout = sys.stdout, sys.stderr  # a library's output is no point
    module, task = sys.argv[1], Task(**json.loads(sys.argv[2]))
    try:
        contestant = import_module(module)
        print(json.dumps({"version": contestant.version()}), file=out, flush=True)
        for point in contestant.learn(task):
            print(json.dumps({"point": point}), file=out, flush=True)
    except Absent as reason:
        print(json.dumps({"absent": str(reason)}), file=out, flush=True)


if __name__ == "__main__":
    main()
