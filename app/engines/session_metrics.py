"""The metrics of the sessions in memory, and of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.protocol.base import Status
from app.sessions.snapshot import Snapshot
from app.storage import StoreCapacity

STATES = get_args(Status)


class SessionMetrics(Collector):
    """A collector of session metrics, computed at each scrape."""

    def __init__(
        self, snapshots: Callable[[], Mapping[str, Snapshot]], weights: Callable[[], int]
    ) -> None:
        self._snapshots = snapshots
        self._weights = weights

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics at this moment."""
        snapshots = list(self._snapshots().values())
        states = Counter(snapshot.status for snapshot in snapshots)
        sessions = GaugeMetricFamily("charnn_sessions", "Sessions in memory.", labels=["state"])
        for state in STATES:
            sessions.add_metric([state], states[state])
        yield sessions
        learning = [snapshot for snapshot in snapshots if snapshot.status == "learning"]
        yield GaugeMetricFamily(
            "charnn_characters_per_second",
            "Characters trained on per second, over all networks.",
            value=sum(snapshot.characters_per_second or 0.0 for snapshot in learning),
        )
        yield GaugeMetricFamily(
            "charnn_steps_per_second",
            "Sentences trained on per second, over all networks.",
            value=sum(snapshot.steps_per_second or 0.0 for snapshot in learning),
        )
        yield GaugeMetricFamily(
            "charnn_unsaved_sessions",
            "Sessions in memory whose last save failed.",
            value=sum(not snapshot.saving for snapshot in snapshots),
        )
        yield GaugeMetricFamily(
            "charnn_weights", "Weights of all networks in memory.", value=self._weights()
        )


class StoreMetrics(Collector):
    """A collector of the size of the store, as it was measured last."""

    def __init__(self, capacity: StoreCapacity) -> None:
        self._capacity = capacity

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics at this moment."""
        yield GaugeMetricFamily(
            "charnn_store_bytes", "Bytes of the store.", value=self._capacity.used
        )
        if self._capacity.limit is not None:
            yield GaugeMetricFamily(
                "charnn_store_limit_bytes",
                "Bytes from which on the store takes no new sessions and copies.",
                value=self._capacity.limit,
            )
