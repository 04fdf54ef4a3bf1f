"""Contestants side by side: a process each, and rounds in which they take turns.

A process says first `{"version": …}`, and then answers every line with one of its own:

    {"network": {hidden_sizes, letter_size, batch_size}, "sentences": […], "solver": {…}}
                                    -> {"ready": true}
    {"run": seconds}                -> {"rate": characters a second}

Any answer may be `{"absent": "why it cannot"}` instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.speed import workloads
from bench.speed.competitors import MATRIX_PRODUCT, Absent, Contestant
from bench.speed.results import Result
from bench.speed.workloads import Network

ONE_THREAD = {
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
PATIENCE = 120.0  # seconds beyond its time before a contestant counts as hung

SOLVER = {
    "learning_rate": workloads.LEARNING_RATE,
    "l2": workloads.L2,
    "clip": workloads.CLIP,
    "decay": workloads.DECAY,
    "epsilon": workloads.EPSILON,
}


class Race:
    """The contestants' processes, from entering to leaving the `with` block."""

    def __init__(self, contestants: Sequence[Contestant]) -> None:
        with ExitStack() as starting:
            everyone = (*contestants, MATRIX_PRODUCT)
            self._entrants = [starting.enter_context(Entrant(one)) for one in everyone]
            self._open = starting.pop_all()

    def __enter__(self) -> Race:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, traceback)

    @property
    def versions(self) -> dict[str, str]:
        """What competes, in which version, or why it cannot."""
        return {one.name: one.version or f"absent: {one.absent}" for one in self._entrants}

    def run(
        self,
        networks: Sequence[Network],
        sentences: Sequence[str],
        rounds: int,
        seconds: float,
    ) -> Iterator[Result]:
        """Measure one network after the other, each run taking about so many seconds."""
        for network in networks:
            yield self._measure(network, sentences, rounds, seconds)

    def _measure(
        self, network: Network, sentences: Sequence[str], rounds: int, seconds: float
    ) -> Result:
        result = Result(network, network.operations_per_character(sentences))
        for entrant in self._entrants:
            with result.absence_of(entrant.name):
                entrant.prepare(network, sentences)
                entrant.run(seconds)  # warms up
                result.rates[entrant.name] = []
        for number in range(rounds):
            first = number % len(self._entrants)
            for entrant in self._entrants[first:] + self._entrants[:first]:
                if entrant.name in result.rates:
                    with result.absence_of(entrant.name):
                        result.rates[entrant.name].append(entrant.run(seconds))
        return result


class Entrant:
    """A contestant's process.

    Attributes:
        name: of the contestant.
        version: of what competes; empty if it is absent.
        absent: why it is; empty if it is not.
    """

    def __init__(self, contestant: Contestant) -> None:
        self.name = contestant.name
        self.version = self.absent = ""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed in __exit__
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = _start(contestant.command(), self._log)
            self.version = str(self._answer(PATIENCE)["version"])
        except Absent as reason:
            self.absent = str(reason)

    def __enter__(self) -> Entrant:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._log.close()

    def prepare(self, network: Network, sentences: Sequence[str]) -> None:
        """Make it ready to train this network.

        Raises:
            Absent: it is not there, or cannot.
        """
        if self.absent:
            raise Absent(self.absent)
        message = {"network": asdict(network), "sentences": sentences, "solver": SOLVER}
        self._ask(message, PATIENCE)

    def run(self, seconds: float) -> float:
        """Let it train for about so long: its characters a second.

        Raises:
            Absent: it has broken down.
        """
        return float(self._ask({"run": seconds}, seconds + PATIENCE)["rate"])

    def _ask(self, message: dict[str, Any], patience: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None  # noqa: S101, it is piped
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise Absent(self._last_words()) from None
        return self._answer(patience)

    def _answer(self, patience: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdout is not None  # noqa: S101, it is piped
        watchdog = threading.Timer(patience, process.kill)
        watchdog.start()
        line = process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise Absent(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "absent" in answer:
            raise Absent(answer["absent"])
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise Absent(self.absent)
        return self._process

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f"it broke down: {said[-1] if said else 'without a word'}"


def _start(command: Sequence[str], log: Any) -> subprocess.Popen[bytes]:
    here = str(Path(__file__).parents[2])  # so that `bench` is found, wherever this is started
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
    return subprocess.Popen(  # noqa: S603, our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
    )
