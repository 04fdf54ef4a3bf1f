"""Runs the competitors, a process each, in rounds.

A process first writes `{"version": …}`, then answers each line with one line:

    {"network": {hidden_sizes, letter_size, batch_size}, "sentences": […], "solver": {…}}
                                    -> {"ready": true}
    {"run": seconds}                -> {"rate": characters per second}

Any answer may be `{"absent": "reason"}` instead.
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
from bench.speed.competitors import MATMUL_PEAK, Absent, Competitor
from bench.speed.results import Result
from bench.speed.workloads import Network

ONE_THREAD = {
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
"""Hold the libraries of the peers to AVX2, as CHARNN_CPU=haswell holds charnn."""
TARGETS = {"haswell": AVX2, "x86-64-v3": AVX2}
TIMEOUT = 120.0  # seconds beyond its run after which a competitor counts as hung

OPTIMIZER = {
    "learning_rate": workloads.LEARNING_RATE,
    "l2": workloads.L2,
    "clip": workloads.CLIP,
    "decay": workloads.DECAY,
    "epsilon": workloads.EPSILON,
}


class BenchmarkRunner:
    """The processes of the competitors, for the duration of a `with` block."""

    def __init__(self, competitors: Sequence[Competitor]) -> None:
        with ExitStack() as starting:
            peers = (*competitors, MATMUL_PEAK)
            self._processes = [starting.enter_context(CompetitorProcess(one)) for one in peers]
            self._open = starting.pop_all()

    def __enter__(self) -> BenchmarkRunner:
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
        """The version of each competitor, or why it is absent."""
        return {one.name: one.version or f"absent: {one.absent}" for one in self._processes}

    def run(
        self,
        networks: Sequence[Network],
        sentences: Sequence[str],
        rounds: int,
        seconds: float,
    ) -> Iterator[Result]:
        """Measure the networks in order, with runs of about `seconds` each."""
        for network in networks:
            yield self._measure(network, sentences, rounds, seconds)

    def _measure(
        self, network: Network, sentences: Sequence[str], rounds: int, seconds: float
    ) -> Result:
        result = Result(network, network.operations_per_character(sentences))
        for process in self._processes:
            with result.absence_of(process.name):
                process.prepare(network, sentences)
                process.run(seconds)  # warms up
                result.rates[process.name] = []
        for number in range(rounds):
            first = number % len(self._processes)
            for process in self._processes[first:] + self._processes[:first]:
                if process.name in result.rates:
                    with result.absence_of(process.name):
                        result.rates[process.name].append(process.run(seconds))
        return result


class CompetitorProcess:
    """The process of a competitor.

    Attributes:
        name: of the competitor.
        version: of the competitor; empty if it is absent.
        absent: why the competitor is absent; empty if it is not.
    """

    def __init__(self, competitor: Competitor) -> None:
        self.name = competitor.name
        self.version = self.absent = ""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed in __exit__
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = _start(competitor.command(), self._log)
            self.version = str(self._receive(TIMEOUT)["version"])
        except Absent as reason:
            self.absent = str(reason)

    def __enter__(self) -> CompetitorProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._log.close()

    def prepare(self, network: Network, sentences: Sequence[str]) -> None:
        """Prepare the competitor to train this network.

        Raises:
            Absent: the competitor is not installed, or cannot train it.
        """
        if self.absent:
            raise Absent(self.absent)
        message = {"network": asdict(network), "sentences": sentences, "solver": OPTIMIZER}
        self._request(message, TIMEOUT)

    def run(self, seconds: float) -> float:
        """Train for about so many seconds; returns characters per second.

        Raises:
            Absent: the process failed.
        """
        return float(self._request({"run": seconds}, seconds + TIMEOUT)["rate"])

    def _request(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None  # noqa: S101, it is piped
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise Absent(self._failure()) from None
        return self._receive(timeout)

    def _receive(self, timeout: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdout is not None  # noqa: S101, it is piped
        watchdog = threading.Timer(timeout, process.kill)
        watchdog.start()
        line = process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise Absent(self._failure())
        answer: dict[str, Any] = json.loads(line)
        if "absent" in answer:
            raise Absent(answer["absent"])
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise Absent(self.absent)
        return self._process

    def _failure(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        output = [line.strip() for line in lines if line.strip()]
        return f"the process failed: {output[-1] if output else 'no output'}"


def _start(command: Sequence[str], log: Any) -> subprocess.Popen[bytes]:
    here = str(Path(__file__).parents[2])  # makes `bench` importable from any working directory
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    target = TARGETS.get(os.environ.get("CHARNN_CPU", ""), {})
    environment = {**os.environ, **ONE_THREAD, **target, "PYTHONPATH": path}
    return subprocess.Popen(  # noqa: S603, our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
    )
