"""Reports of contests: a table for the terminal, the page of the docs, the picture."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import bench.quality
from bench.quality.contest import Contest, Curve
from bench.speed.plot import INK, new_figure
from model.formats.files import write_file
from model.training.config import TrainingConfig

LOSSES = (2.0, 1.75, 1.6, 1.5, 1.4697)
"""The losses whose times are in the tables; the last is nanoGPT's on an A100."""
BUSY = 1.0
"""Load average beyond the threads of a contestant that makes its times uncertain."""
HEADINGS = (*(f"s to {loss:g}" for loss in LOSSES), "lowest", "last", "characters/s")
STYLES: Mapping[str, tuple[str, str]] = {
    "charnn": ("-", "#d9541e"),
    "PyTorch": ("--", "#3b82d6"),
    "nanoGPT": (":", "#2e9e6b"),
}
"""The line and the colour of each contestant, legible on white and on black."""


def as_table(contest: Contest) -> str:
    """The results as a table for the terminal."""
    head = f"  {'':10}" + "".join(f"{text:>14}" for text in HEADINGS)
    rows = [
        f"  {name:10}" + "".join(f"{cell:>14}" for cell in cells) for name, cells in _rows(contest)
    ]
    return "\n".join([head, *rows, *_absent(contest)])


def write(folder: Path, contest: Contest) -> None:
    """Write the contest's JSON and picture, and the page of all contests in `folder`/quality.

    The curves of other contestants in the same task stay.

    Raises:
        OSError: a file cannot be written.
        ImportError: Matplotlib is not installed.
    """
    place, size = folder / "quality", contest.task.size
    place.mkdir(exist_ok=True)
    path = place / f"{size}.json"
    if path.exists():
        contest = contest.with_others_of(Contest.from_json(json.loads(path.read_bytes())))
    figures = json.dumps(contest.as_json(), indent=1)
    write_file(path, f"{figures}\n".encode())
    draw(contest, place / f"{size}.svg")
    contests = [
        Contest.from_json(json.loads(path.read_bytes())) for path in sorted(place.glob("*.json"))
    ]
    write_file(folder / "quality.md", as_page(contests).encode())


def as_page(contests: Sequence[Contest]) -> str:
    """The page of the docs, in Markdown."""
    parts = [
        "# Quality by training time",
        "`make quality` writes this page, and its figures and pictures in `docs/quality/`.",
        *(part for contest in contests for part in _section(contest)),
        "## Method",
        inspect.cleandoc(bench.quality.__doc__ or "").partition("\n\n")[2],
    ]
    return "\n\n".join(parts) + "\n"


def draw(contest: Contest, file: Path) -> None:
    """Write the picture of the curves.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    curves = {name: curve for name, curve in contest.curves.items() if curve.points}
    with new_figure(file, (9, 4.5)) as figure:
        axes = figure.subplots()
        for name, curve in curves.items():
            line, colour = STYLES[name]
            seconds = [point.seconds for point in curve.points]
            losses = [point.loss for point in curve.points]
            axes.plot(seconds, losses, line, color=colour, linewidth=2, label=name)
        lows = [low.loss for curve in curves.values() if (low := curve.lowest)]
        axes.set_ylim(min(lows, default=1.0) - 0.05, 2.5)
        axes.set_xlim(0, contest.task.seconds)
        axes.set_xlabel("seconds of training")
        axes.set_ylabel("validation loss, nats per character")
        axes.grid(color=INK, alpha=0.25)
        axes.legend(frameon=False)


def _section(contest: Contest) -> Iterator[str]:
    task = contest.task
    yield f"## {task.size}: {_network(contest)}"
    yield f"![Validation loss by seconds of training](quality/{task.size}.svg)"
    yield (
        f"{task.text}, {task.seconds:g} s, {task.threads} threads, seed {task.seed}; "
        f"{contest.conditions}."
    )
    lines = [
        "| | " + " | ".join(HEADINGS) + " |",
        "| --- |" + " ---: |" * len(HEADINGS),
        *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in _rows(contest)),
    ]
    yield "\n".join(lines)
    yield f"Options: {_options(task.recipe.config)}."
    versions = [
        f"- {name}: {each.version}; load average {each.load:g}"
        for name, each in contest.curves.items()
        if each.points
    ]
    yield "\n".join([*versions, *(f"- {reason}" for reason in _absent(contest))])
    if any(each.load > task.threads + BUSY for each in contest.curves.values()):
        yield (
            "**Other programs were running:** the times are longer than on a quiet machine, by "
            "another factor for each contestant. They are no comparison of speed."
        )


def _network(contest: Contest) -> str:
    recipe = contest.task.recipe
    sizes = ", ".join(map(str, recipe.hidden_sizes))
    return f"{recipe.cell.upper()} [{sizes}], letter vectors of {recipe.embedding_size}"


def _options(config: TrainingConfig) -> str:
    """The options that differ from the defaults of the library."""
    chosen: dict[str, Any] = {
        each.name: getattr(config, each.name)
        for each in fields(config)
        if getattr(config, each.name) != each.default
    }
    return ", ".join(f"{name} {value}" for name, value in chosen.items())


def _rows(contest: Contest) -> Iterator[tuple[str, list[str]]]:
    for name, curve in contest.curves.items():
        if curve.points:
            yield name, list(_cells(curve))


def _cells(curve: Curve) -> Iterator[str]:
    for loss in LOSSES:
        seconds = curve.seconds_to(loss)
        yield "–" if seconds is None else f"{seconds:.1f}"
    last = curve.points[-1]
    if curve.lowest is not None:
        yield f"{curve.lowest.loss:.4f}"
    yield f"{last.loss:.4f}"
    yield f"{last.characters / last.seconds:,.0f}" if last.seconds else "–"


def _absent(contest: Contest) -> list[str]:
    return [
        f"{name} is absent: {curve.absent}."
        for name, curve in contest.curves.items()
        if curve.absent
    ]
