"""The metrics of a server, in the format of Prometheus."""

from __future__ import annotations

import time
from collections import Counter as Count
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.sessions.snapshot import Snapshot, Status

STATES = get_args(Status)
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
HUB_NAP = 0.05
"""Seconds that the stall monitor sleeps; waking later means that the event loop was blocked."""


class Metrics:
    """The metrics of one server, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._frame_lag = self._histogram(
            "charnn_frame_lag_seconds", "From sending a frame to hearing that it was drawn."
        )
        self._frames = Counter(
            "charnn_frames", "Frames and states that were sent.", registry=self._registry
        )
        self._events = self._histogram(
            "charnn_event_latency_seconds", "Answering an event of a page.", "event", "outcome"
        )
        self._store = self._histogram(
            "charnn_store_latency_seconds", "An operation of the store.", "operation", "outcome"
        )
        self._stalls = self._histogram(
            "charnn_hub_stall_seconds", "How much too late the hub woke its own watcher."
        )
        self._worst_stall = Gauge(
            "charnn_hub_stall_max_seconds",
            "The longest such delay since this was last read.",
            registry=self._registry,
        )
        self._worst = 0.0

    def watch(
        self, snapshots: Callable[[], Mapping[str, Snapshot]], weights: Callable[[], int]
    ) -> None:
        """Export the number of sessions and the weights of their networks."""
        self._registry.register(_Sessions(snapshots, weights))

    def watch_hub(self, sleep: Callable[[float], None]) -> None:
        """Measure forever how late the event loop wakes a task."""
        while True:
            began = time.monotonic()
            sleep(HUB_NAP)
            late = max(0.0, time.monotonic() - began - HUB_NAP)
            self._stalls.observe(late)
            self._worst = max(self._worst, late)

    def frame_sent(self) -> None:
        """A frame or a state has been sent."""
        self._frames.inc()

    def frame_drawn(self, seconds: float) -> None:
        """A page has drawn what it was sent so long ago."""
        self._frame_lag.observe(seconds)

    def event_answered(self, event: str, ok: bool, seconds: float) -> None:
        """A page's event has been answered."""
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
        """Everything, in Prometheus's text format."""
        self._worst_stall.set(self._worst)
        self._worst = 0.0
        return generate_latest(self._registry)

    def _histogram(self, name: str, told: str, *labels: str) -> Histogram:
        return Histogram(name, told, labels, buckets=LATENCIES, registry=self._registry)


class _Sessions(Collector):
    """What can be told of the sessions in memory at the moment."""

    def __init__(
        self, snapshots: Callable[[], Mapping[str, Snapshot]], weights: Callable[[], int]
    ) -> None:
        self._snapshots = snapshots
        self._weights = weights

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count them."""
        snapshots = list(self._snapshots().values())
        states = Count(snapshot.status for snapshot in snapshots)
        sessions = GaugeMetricFamily("charnn_sessions", "Sessions in memory.", labels=["state"])
        for state in STATES:
            sessions.add_metric([state], states[state])
        yield sessions
        learning = [snapshot for snapshot in snapshots if snapshot.status == "learning"]
        yield GaugeMetricFamily(
            "charnn_characters_per_second",
            "Characters that all networks together learn from in a second.",
            value=sum(snapshot.characters_per_second or 0.0 for snapshot in learning),
        )
        yield GaugeMetricFamily(
            "charnn_steps_per_second",
            "Sentences that all networks together learn from in a second.",
            value=sum(snapshot.steps_per_second or 0.0 for snapshot in learning),
        )
        yield GaugeMetricFamily(
            "charnn_unsaved_sessions",
            "Sessions in memory that the store would not take in.",
            value=sum(not snapshot.saving for snapshot in snapshots),
        )
        yield GaugeMetricFamily(
            "charnn_weights", "Weights of all networks in memory.", value=self._weights()
        )
