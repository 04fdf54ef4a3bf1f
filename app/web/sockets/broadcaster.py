"""Sends each page the state of its session, as fast as the page acknowledges it."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.engines.base import Engine
from app.protocol import Notice
from app.protocol.ids import short_id
from app.runtime.metrics import Metrics
from app.sessions.commands import SetWatched
from app.sessions.delta import SnapshotDelta, make_delta, version_of
from app.sessions.snapshot import Snapshot
from app.web.sockets.emitter import Emitter
from app.web.sockets.serializers import SharedPayload, frame_of, full_state

log = logging.getLogger(__name__)

FRAME_INTERVAL = 0.1
"""Seconds between two frames of a page."""
MAX_INTERVAL = 0.8
"""Longest time between two frames of a page, however many pages there are."""
SHARE = 0.04
"""Share of a core for making frames; sending them costs several times as much. With many pages,
each gets fewer frames, which leaves time for training."""
SMOOTHING = 0.9
"""Weight of the old value in the running mean of a frame's cost."""
TICK = 0.02
"""Seconds between two checks for new snapshots."""
MAX_REMEMBERED = 10_000
"""Sessions whose sent notices are remembered."""


@dataclass(eq=False)
class _Subscriber:
    """A page that is subscribed to a session."""

    name: str
    session_id: str
    last: Snapshot | None = None  # the last one sent
    waiting: str = ""  # the event whose acknowledgement it waits for
    not_before: float = 0.0  # when the next may be sent


class Broadcaster:
    """Sends snapshots to the subscribed pages.

    A page that has not acknowledged the last frame is sent nothing, so that frames never queue.
    """

    def __init__(self, engine: Engine, emitter: Emitter, metrics: Metrics) -> None:
        self._engine = engine
        self._emitter = emitter
        self._metrics = metrics
        self._lock = threading.Lock()
        self._subscribers: dict[str, _Subscriber] = {}
        self._counts: Counter[str] = Counter()  # subscribers per session
        self._seen: dict[str, tuple[int, int]] = {}  # generation and number of the last notice sent
        self._events: dict[object, tuple[str, SharedPayload]] = {}  # those of one `publish`
        self._cost = 0.0  # mean seconds of making a frame

    def subscribe(self, name: str, session_id: str) -> None:
        """Subscribe a page to a session."""
        with self._lock:
            if name in self._subscribers:
                return
            self._subscribers[name] = _Subscriber(name, session_id)
            self._counts[session_id] += 1
            if self._counts[session_id] == 1:
                self._engine.submit(session_id, SetWatched(watched=True))

    def unsubscribe(self, name: str) -> None:
        """Unsubscribe a page."""
        with self._lock:
            subscriber = self._subscribers.pop(name, None)
            if subscriber is None:
                return
            self._counts[subscriber.session_id] -= 1
            if not self._counts[subscriber.session_id]:
                del self._counts[subscriber.session_id]
                self._engine.submit(subscriber.session_id, SetWatched(watched=False))

    def run(self, sleep: Callable[[float], None]) -> None:
        """Publish snapshots; runs forever."""
        while True:
            self.publish(time.monotonic())
            sleep(TICK)

    def publish(self, now: float) -> None:
        """Send new snapshots to the pages that are ready for them."""
        self._events.clear()
        for subscriber in list(self._subscribers.values()):
            if not subscriber.waiting and now >= subscriber.not_before:
                self._try_to_send(subscriber, now)

    def _try_to_send(self, subscriber: _Subscriber, now: float) -> None:
        """Send a page its changes; an error unsubscribes only this page."""
        began = time.thread_time()
        try:
            if self._send_changes(subscriber, now):
                cost = time.thread_time() - began
                self._cost = SMOOTHING * self._cost + (1 - SMOOTHING) * cost
        except Exception:
            log.exception("session %s: sending to a page failed", short_id(subscriber.session_id))
            self.unsubscribe(subscriber.name)

    def _interval(self) -> float:
        """Seconds between two frames of a page at the current number of pages."""
        fair = self._cost * len(self._subscribers) / SHARE
        return min(max(FRAME_INTERVAL, fair), MAX_INTERVAL)

    def _send_changes(self, subscriber: _Subscriber, now: float) -> bool:
        """Send the changes of the snapshot; returns whether there were any."""
        snapshot = self._engine.snapshot(subscriber.session_id)
        last = subscriber.last
        if snapshot is None or (delta := make_delta(snapshot, version_of(last))) is None:
            return False
        if last is None and not self._emitter.is_open(subscriber.name):
            return False
        subscriber.last = snapshot
        subscriber.not_before = now + self._interval()
        self._send_notices(subscriber, snapshot, last)
        self._send(subscriber, *self._event(snapshot, delta, last))
        return True

    def _event(
        self, snapshot: Snapshot, delta: SnapshotDelta, last: Snapshot | None
    ) -> tuple[str, SharedPayload]:
        """The event with the changes since the last snapshot of a page, and its payload.

        Pages of a session that have the same snapshot share the payload, and its JSON.
        """
        key = (snapshot.session_id, version_of(snapshot), version_of(last))
        if key not in self._events:
            is_full = "description" in delta.changed
            payload = full_state(snapshot) if is_full else frame_of(snapshot, delta)
            self._events[key] = "state" if is_full else "frame", SharedPayload(payload)
        return self._events[key]

    def _send(self, subscriber: _Subscriber, event: str, payload: Mapping[str, Any]) -> None:
        sent_at = time.monotonic()
        subscriber.waiting = event

        def acknowledge() -> None:
            subscriber.waiting = ""
            self._metrics.frame_drawn(time.monotonic() - sent_at)

        self._emitter.send(subscriber.name, event, payload, acknowledge)
        self._metrics.frame_sent()

    def _send_notices(
        self, subscriber: _Subscriber, snapshot: Snapshot, last: Snapshot | None
    ) -> None:
        """Send the notices since the page's last state; with its first, those no page has seen."""
        if not snapshot.notices:
            return
        if last is not None and last.generation == snapshot.generation:
            seen = last.notices[-1].number if last.notices else 0
        else:
            generation, number = self._seen.get(snapshot.session_id, (0, 0))
            seen = number if last is None and generation == snapshot.generation else 0
        self._remember_seen(snapshot)
        for each in snapshot.notices:
            if each.number > seen:
                notice: Notice = {
                    "level": each.level,
                    "code": each.code,
                    "message": each.message,
                }
                self._emitter.send(subscriber.name, "notice", notice)

    def _remember_seen(self, snapshot: Snapshot) -> None:
        self._seen.pop(snapshot.session_id, None)  # to be the newest
        self._seen[snapshot.session_id] = (snapshot.generation, snapshot.notices[-1].number)
        if len(self._seen) > MAX_REMEMBERED:
            del self._seen[next(iter(self._seen))]
