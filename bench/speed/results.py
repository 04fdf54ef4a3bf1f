"""The measurements of a network, and the figures derived from them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.speed.competitors import CHARNN, MATMUL_PEAK, Absent
from bench.speed.workloads import Network


@dataclass
class Result:
    """All runs of all competitors on one network.

    Attributes:
        network: the network trained.
        operations: floating-point operations per character (see the docstring of `bench`).
        rates: characters per second of each competitor in each round; for the matrix product,
            operations per second.
        absent: why a competitor has no rates.
    """

    network: Network
    operations: float
    rates: dict[str, list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def absence_of(self, name: str) -> Iterator[None]:
        """Record why a competitor failed, instead of ending the benchmark."""
        try:
            yield
        except Absent as reason:
            self.absent[name] = str(reason)
            self.rates.pop(name, None)

    @property
    def competitors(self) -> list[str]:
        """The competitors that ran, without the matrix product."""
        return [name for name in self.rates if name != MATMUL_PEAK.name]

    @property
    def peak(self) -> float | None:
        """Operations per second of the matrix product, the maximum over all rounds."""
        return max(self.rates.get(MATMUL_PEAK.name, ()), default=None)

    def speed(self, name: str) -> float:
        """Characters per second, the median over the rounds."""
        return statistics.median(self.rates[name])

    def operations_per_second(self, name: str) -> float:
        """Floating-point operations per second in matrix products."""
        return self.speed(name) * self.operations

    def share_of_peak(self, name: str) -> float | None:
        """Its operations per second over the peak."""
        if self.peak is None or name not in self.rates:
            return None
        return self.operations_per_second(name) / self.peak

    def charnn_speedup(self, name: str) -> float | None:
        """charnn's speed over the competitor's in the same round, the median over the rounds."""
        if name == CHARNN.name or not {CHARNN.name, name} <= self.rates.keys():
            return None
        pairs = zip(self.rates[CHARNN.name], self.rates[name], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)

    def as_json(self) -> dict[str, Any]:
        """The medians and the runs, as JSON."""
        return {
            "network": str(self.network),
            "hidden_sizes": list(self.network.hidden_sizes),
            "letter_size": self.network.letter_size,
            "batch_size": self.network.batch_size,
            "operations_per_character": self.operations,
            "peak_gflops": _giga(self.peak),
            "contestants": {name: self._figures(name) for name in self.competitors},
            "absent": self.absent,
            "rounds": self.rates,
        }

    def _figures(self, name: str) -> Mapping[str, float | None]:
        return {
            "characters_per_second": self.speed(name),
            "gflops": _giga(self.operations_per_second(name)),
            "share_of_peak": self.share_of_peak(name),
            "charnn_is_times_as_fast": self.charnn_speedup(name),
        }


def _giga(number: float | None) -> float | None:
    return None if number is None else number / 1e9
