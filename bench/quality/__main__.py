"""Compare the quality that charnn and its peers reach: `python -m bench.quality TEXT`."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
from pathlib import Path

from bench.quality import report
from bench.quality.contest import MODULES, Contest, Curve, run
from bench.quality.task import Task
from bench.speed.report import cores, processor
from model.training.sizes import SIZES


def main() -> None:
    """Run the contestants, print the table, and write the page if that is asked for."""
    options = _options()
    task = Task(
        str(options.text.resolve()),
        options.seconds,
        options.size,
        options.threads,
        options.seed,
        str(options.nanogpt.resolve()) if options.nanogpt else "",
    )
    names = [name for name in MODULES if name in options.only]
    curves = {name: _run(name, task) for name in names}
    system = f"{platform.system()}, Python {platform.python_version()}"
    today = dt.datetime.now(dt.UTC).date().isoformat()
    contest = Contest(task, f"{processor()}, {cores()} cores, {system}; {today}", curves)
    print(report.as_table(contest))
    if options.write:
        report.write(options.write, contest)


def _run(name: str, task: Task) -> Curve:
    """Run a contestant, with its points on standard error."""
    curve, shown = Curve(), 0
    for curve in run(name, task):
        for point in curve.points[shown:]:
            print(f"{name}: {point.seconds:.1f} s, {point.loss:.4f}", file=sys.stderr, flush=True)
        shown = len(curve.points)
    return curve


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("text", type=Path, help="file of the text, in UTF-8")
    parser.add_argument("--seconds", type=float, default=180.0, help="training time of each")
    parser.add_argument("--size", choices=list(SIZES), default="medium")
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of nanoGPT")
    parser.add_argument("--only", nargs="+", choices=list(MODULES), default=list(MODULES))
    parser.add_argument("--write", type=Path, help="folder of the docs, to write the page to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
