"""The metrics of a server, in the Prometheus text format."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PROBE_SECONDS = 0.05
"""Seconds between two probes of the event loop; a late wake-up means that it was blocked."""

PERIOD_SECONDS = 5.0
WINDOW_PERIODS = 12
"""The longest delay is that of so many periods: a scrape must not hide it from the next one."""


class Metrics:
    """The metrics of one server, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._frame_lag = self._histogram(
            "charnn_frame_lag_seconds", "From sending a frame to its acknowledgement."
        )
        self._frames = Counter("charnn_frames", "Frames and states sent.", registry=self._registry)
        self._events = self._histogram(
            "charnn_event_latency_seconds",
            "Latency of answering a page's event.",
            "event",
            "outcome",
        )
        self._store = self._histogram(
            "charnn_store_latency_seconds",
            "Latency of an operation of the store.",
            "operation",
            "outcome",
        )
        self._refusals = Counter(
            "charnn_refusals",
            "Requests, connections and events that were refused.",
            ["code"],
            registry=self._registry,
        )
        self._stalls = self._histogram(
            "charnn_hub_stall_seconds", "Delay of wake-ups by the event loop."
        )
        self._worst_stall = Gauge(
            "charnn_hub_stall_max_seconds",
            "The longest such delay in the last minute.",
            registry=self._registry,
        )
        self._worst: deque[tuple[int, float]] = deque(maxlen=WINDOW_PERIODS)

    def register(self, collector: Collector) -> None:
        """Add a collector, whose metrics are computed at each scrape."""
        self._registry.register(collector)

    def watch_event_loop(self, sleep: Callable[[float], None]) -> None:
        """Measure the delay of the event loop's wake-ups; runs forever."""
        while True:
            began = time.monotonic()
            sleep(PROBE_SECONDS)
            now = time.monotonic()
            late = max(0.0, now - began - PROBE_SECONDS)
            self._stalls.observe(late)
            self._note_stall(late, int(now / PERIOD_SECONDS))

    def frame_sent(self) -> None:
        """Count a sent frame or state."""
        self._frames.inc()

    def frame_drawn(self, seconds: float) -> None:
        """Record the seconds from sending a frame to its acknowledgement."""
        self._frame_lag.observe(seconds)

    def refused(self, code: str) -> None:
        """Count a refusal, by the code of its error."""
        self._refusals.labels(code).inc()

    def event_answered(self, event: str, ok: bool, seconds: float) -> None:
        """Record the latency of an answered event."""
        self._events.labels(event, "ok" if ok else "refused").observe(seconds)

    @contextmanager
    def store(self, operation: str) -> Iterator[None]:
        """Time an operation of the store."""
        began, outcome = time.monotonic(), "failed"
        try:
            yield
            outcome = "ok"
        finally:
            self._store.labels(operation, outcome).observe(time.monotonic() - began)

    def text(self) -> bytes:
        """All metrics, in the Prometheus text format."""
        oldest = int(time.monotonic() / PERIOD_SECONDS) - WINDOW_PERIODS
        recent = [late for period, late in tuple(self._worst) if period > oldest]
        self._worst_stall.set(max(recent, default=0.0))
        return generate_latest(self._registry)

    def _note_stall(self, late: float, period: int) -> None:
        """Note the longest delay of a period of `PERIOD_SECONDS`."""
        if self._worst and self._worst[-1][0] == period:
            late = max(late, self._worst.pop()[1])
        self._worst.append((period, late))

    def _histogram(self, name: str, description: str, *labels: str) -> Histogram:
        return Histogram(name, description, labels, buckets=LATENCIES, registry=self._registry)
