"""`charnn bench`: measure the speed of training on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.cli import console
from app.cli.files import check_output, force_option
from app.cli.params import FiniteRange


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Number of rounds; results are medians over them.",
)
@click.option(
    "--seconds",
    default=0.8,
    show_default=True,
    type=FiniteRange(0.01, 60),
    help="Length of each measurement.",
)
@click.option(
    "--write",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also write speed.json, speed.svg and speed.md to this directory.",
)
@force_option
def bench(as_json: bool, rounds: int, seconds: float, folder: Path | None, force: bool) -> None:
    """Benchmark training on this machine against the installed peers."""
    from app.catalog import texts
    from bench.speed import report
    from bench.speed.competitors import COMPETITORS
    from bench.speed.runner import BenchmarkRunner
    from bench.speed.workloads import NETWORKS
    from model import sentences_from_text

    if folder is not None:
        for name, kind in report.FILES.items():
            check_output(folder / name, kind, force)
    sentences, results = list(sentences_from_text(texts.text())), []
    with BenchmarkRunner(COMPETITORS) as runner:
        conditions = report.Conditions.current(rounds, seconds, runner.versions)
        console.note(str(conditions))
        for result in runner.run(NETWORKS, sentences, rounds, seconds):
            results.append(result)
            (console.note if as_json else console.write_line)(report.as_table(result))
    if as_json:
        console.write_line(json.dumps(report.as_json(conditions, results)))
    if folder:
        report.write(folder, conditions, results)
