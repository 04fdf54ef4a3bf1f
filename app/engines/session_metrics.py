"""The metrics of the sessions in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.protocol.base import Status
from app.sessions.snapshot import Snapshot

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
