"""Reports of a benchmark: a table, a page of the docs, JSON."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import bench
from bench.speed.results import Result
from model.formats.file_kinds import FileKind, starts_with
from model.formats.files import write_file

HEADINGS = ("characters/s", "GFLOP/s", "of the peak", "speed-up")

FILES: Mapping[str, FileKind] = MappingProxyType(
    {
        "speed.json": FileKind("the figures of a benchmark", starts_with(b'{\n "method"')),
        "speed.md": FileKind("the page of a benchmark", starts_with(b"# Training speed")),
        "speed.svg": FileKind("the plot of a benchmark", lambda head: b"Matplotlib" in head),
    }
)
"""The files that `write` writes, with what identifies them."""


@dataclass(frozen=True)
class Conditions:
    """The machine and the settings of a benchmark.

    Attributes:
        rounds: number of rounds.
        seconds: length of each run.
        versions: version of each competitor, or why it is absent.
        processor: name of the processor, and of the target if CHARNN_CPU names another.
        cores: number of cores that this process may use.
        system: operating system and Python version.
        date: ISO date.
    """

    rounds: int
    seconds: float
    versions: Mapping[str, str]
    processor: str
    cores: int
    system: str
    date: str

    @classmethod
    def current(cls, rounds: int, seconds: float, versions: Mapping[str, str]) -> Conditions:
        """The conditions on this machine, today."""
        system = f"{platform.system()}, Python {platform.python_version()}"
        today = dt.datetime.now(dt.UTC).date().isoformat()
        target = os.environ.get("CHARNN_CPU")
        name = f"{processor()}, compiled for {target}" if target else processor()
        return cls(rounds, seconds, versions, name, cores(), system, today)

    def __str__(self) -> str:
        return (
            f"{self.processor}, {self.cores} cores, {self.system}; medians of {self.rounds} "
            f"rounds, {self.seconds:g} s a run; {self.date}"
        )


def method() -> str:
    """The description of the method: the docstring of the package."""
    return inspect.cleandoc(bench.__doc__ or "")


def as_json(conditions: Conditions, results: Sequence[Result]) -> dict[str, Any]:
    """The whole benchmark as JSON, with every run."""
    return {
        "method": method(),
        "conditions": asdict(conditions),
        "networks": [result.as_json() for result in results],
    }


def as_table(result: Result) -> str:
    """The results of one network as a table for the terminal."""
    heading = f"{result.network}{_peak(result)}"
    head = f"  {'':14}" + "".join(f"{text:>17}" for text in HEADINGS)
    lines = [
        f"  {name:14}" + "".join(f"{cell:>17}" for cell in cells) for name, cells in _rows(result)
    ]
    absent = [f"  {name:14} absent: {reason}" for name, reason in result.absent.items()]
    return "\n".join([heading, head, *lines, *absent, ""])


def as_page(conditions: Conditions, results: Sequence[Result], plot: str | None) -> str:
    """The page of the docs, in Markdown."""
    generated = (
        "`make bench` generates this page, its plot and `speed.json`. "
        "`docs/speed/products.md` compares the matrix products alone with OpenBLAS and MKL."
    )
    parts = ["# Training speed", generated]
    if plot:
        alt = "Characters per second of charnn and its peers, and charnn's share of the peak"
        parts.append(f"![{alt}]({plot})")
    parts.append(f"Measured on: {conditions}.")
    parts += [_section(result) for result in results]
    versions = [f"- {name}: {version}" for name, version in conditions.versions.items()]
    parts += ["## Versions", "\n".join(versions), "## Method", method()]
    return "\n\n".join(parts) + "\n"


def write(folder: Path, conditions: Conditions, results: Sequence[Result]) -> None:
    """Write speed.json, speed.md and, if Matplotlib is installed, speed.svg into the folder."""
    from bench.speed import plot

    drawing: Path | None = folder / "speed.svg"
    try:
        plot.draw(results, folder / "speed.svg")
    except ImportError:
        drawing = None
    figures = json.dumps(as_json(conditions, results), indent=1)
    write_file(folder / "speed.json", f"{figures}\n".encode())
    page = as_page(conditions, results, drawing.name if drawing else None)
    write_file(folder / "speed.md", page.encode())


def _section(result: Result) -> str:
    lines = [
        "| | " + " | ".join(HEADINGS) + " |",
        "| --- |" + " ---: |" * len(HEADINGS),
        *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in _rows(result)),
    ]
    absent = [f"{name} is absent: {reason}." for name, reason in result.absent.items()]
    return "\n\n".join([f"## {result.network}{_peak(result)}", "\n".join(lines), *absent])


def _rows(result: Result) -> list[tuple[str, list[str]]]:
    return [
        (
            name,
            [
                f"{result.speed(name):,.0f}",
                f"{result.operations_per_second(name) / 1e9:.2f}",
                _or_dash(result.share_of_peak(name), "{:.1%}"),
                _or_dash(result.charnn_speedup(name), "{:.2f}x"),
            ],
        )
        for name in result.competitors
    ]


def _peak(result: Result) -> str:
    return "" if result.peak is None else f" (peak {result.peak / 1e9:.0f} GFLOP/s)"


def _or_dash(number: float | None, form: str) -> str:
    return "–" if number is None else form.format(number)


def processor() -> str:
    """The processor's name, which Linux has in a file."""
    listing = Path("/proc/cpuinfo")
    text = listing.read_text(encoding="utf-8") if listing.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1] if named else platform.processor() or platform.machine()


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
