"""The contestants, a process each, one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.quality.task import Point, Task

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "charnn": "bench.quality.contestants.charnn",
        "PyTorch": "bench.quality.contestants.torch_lstm",
        "nanoGPT": "bench.quality.contestants.nanogpt",
    }
)
"""The module of each contestant, by its name in tables."""


@dataclass
class Curve:
    """What a contestant has reached.

    Attributes:
        version: the versions of its libraries.
        absent: why it did not run; empty if it did.
        points: of its validation loss.
        load: load average of the machine in the last minute of its run; 0 if that is unknown.
    """

    version: str = ""
    absent: str = ""
    points: list[Point] = field(default_factory=list)
    load: float = 0.0

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Curve:
        """The curve in decoded JSON."""
        points = [Point(*point) for point in saved["points"]]
        return cls(**{**saved, "points": points})

    @property
    def lowest(self) -> Point | None:
        """The point of the lowest loss."""
        return min(self.points, key=lambda point: point.loss, default=None)

    def seconds_to(self, loss: float) -> float | None:
        """The training time to a loss, interpolated; None if it was not reached."""
        for before, after in pairwise(self.points):
            if after.loss <= loss < before.loss:
                share = (before.loss - loss) / (before.loss - after.loss)
                return before.seconds + share * (after.seconds - before.seconds)
        return None


@dataclass(frozen=True)
class Contest:
    """A contest and its curves, by the names of the contestants."""

    task: Task
    conditions: str
    curves: Mapping[str, Curve]

    def as_json(self) -> dict[str, Any]:
        """The contest as JSON, without the paths of this machine."""
        task = asdict(self.task.without_paths())
        curves = {name: asdict(curve) for name, curve in self.curves.items()}
        return {"task": task, "conditions": self.conditions, "curves": curves}

    def with_others_of(self, earlier: Contest) -> Contest:
        """This contest with the other contestants of an earlier one, if the task is the same."""
        if earlier.task.without_paths() != self.task.without_paths():
            return self
        curves = {**earlier.curves, **self.curves}
        ordered = {name: curves[name] for name in MODULES if name in curves}
        return Contest(self.task, self.conditions, ordered)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Contest:
        """The contest in decoded JSON."""
        curves = {name: Curve.from_json(curve) for name, curve in saved["curves"].items()}
        return cls(Task(**saved["task"]), saved["conditions"], curves)


def run(name: str, task: Task) -> Iterator[Curve]:
    """Run a contestant; yields its curve with each new point, and in the end."""
    curve = Curve()
    command = [
        sys.executable,
        "-m",
        "bench.quality.worker",
        MODULES[name],
        json.dumps(asdict(task)),
    ]
    with subprocess.Popen(  # noqa: S603, our own command
        command, stdout=subprocess.PIPE, env=_environment(task.threads), text=True
    ) as process:
        try:
            for line in process.stdout or ():
                _add(curve, json.loads(line))
                curve.load = _load()
                yield curve
        finally:
            process.terminate()
    if process.returncode and not curve.absent:
        curve.absent = f"its process ended with exit code {process.returncode}"
    yield curve


def _add(curve: Curve, message: Mapping[str, Any]) -> None:
    if "point" in message:
        curve.points.append(Point(*message["point"]))
    curve.version = message.get("version", curve.version)
    curve.absent = message.get("absent", curve.absent)


def _load() -> float:
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0


def _environment(threads: int) -> dict[str, str]:
    here = str(Path(__file__).parents[2])  # makes `bench` importable from any working directory
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    variables = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(variables, str(threads)), "PYTHONPATH": path}


def names_of(contests: Sequence[Contest]) -> list[str]:
    """The names of all contestants that took part."""
    return list(dict.fromkeys(name for contest in contests for name in contest.curves))
