"""Sends every watching page the newest there is, as fast as it reads and no faster."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.engines.base import Engine
from app.protocol import Notice
from app.protocol.ids import short_id
from app.runtime.metrics import Metrics
from app.sessions.commands import SetWatched
from app.sessions.snapshot import Snapshot
from app.web.sockets.serializers import frame_of, state_of

log = logging.getLogger(__name__)

FRAME_INTERVAL = 0.1
"""Seconds between two frames of a page: as fast as figures can be followed."""
LONGEST_INTERVAL = 0.8
"""However many pages there are, none is to look as if it had stopped."""
SHARE = 0.04
"""Of a core, for making frames; sending them and hearing of them costs several times as much. With
many pages, each gets fewer frames, so that their networks have time to learn."""
SMOOTHING = 0.9
"""How much of the mean cost of a frame one more frame leaves as it was."""
TICK = 0.02
"""Seconds between two looks for something new."""


class Outlet(Protocol):
    """The way to the pages."""

    def is_open(self, watcher: str) -> bool:
        """Whether the page can be sent something yet."""

    def send(
        self,
        watcher: str,
        event: str,
        payload: Mapping[str, Any],
        acknowledged: Callable[[], None] | None = None,
    ) -> None:
        """Send a page an event, and call `acknowledged` when it has taken it in."""


@dataclass(eq=False)
class _Watcher:
    """A page that watches a session."""

    name: str
    session_id: str
    last: Snapshot | None = None  # the newest that it was sent
    waiting: bool = False  # for its acknowledgement
    not_before: float = 0.0  # when the next may be sent


class Publisher:
    """Knows who watches what, and how far each has got.

    A page that has not acknowledged the last frame is sent nothing: it gets fewer frames, and never
    a queue of them.
    """

    def __init__(self, engine: Engine, outlet: Outlet, metrics: Metrics | None = None) -> None:
        self._engine = engine
        self._outlet = outlet
        self._metrics = metrics or Metrics()
        self._lock = threading.Lock()
        self._watchers: dict[str, _Watcher] = {}
        self._audience: Counter[str] = Counter()  # watchers of each session
        self._cost = 0.0  # mean seconds of a frame's making

    def join(self, name: str, session_id: str) -> None:
        """A page begins to watch a session."""
        with self._lock:
            if name in self._watchers:
                return
            self._watchers[name] = _Watcher(name, session_id)
            self._audience[session_id] += 1
            if self._audience[session_id] == 1:
                self._engine.submit(session_id, SetWatched(watched=True))

    def leave(self, name: str) -> None:
        """A page is gone."""
        with self._lock:
            watcher = self._watchers.pop(name, None)
            if watcher is None:
                return
            self._audience[watcher.session_id] -= 1
            if not self._audience[watcher.session_id]:
                del self._audience[watcher.session_id]
                self._engine.submit(watcher.session_id, SetWatched(watched=False))

    def run(self, sleep: Callable[[float], None]) -> None:
        """Publish for ever."""
        while True:
            self.publish(time.monotonic())
            sleep(TICK)

    def publish(self, now: float) -> None:
        """Send whatever is new to whoever is ready for it."""
        for watcher in list(self._watchers.values()):
            if not watcher.waiting and now >= watcher.not_before:
                self._try_to_send_news(watcher, now)

    def _try_to_send_news(self, watcher: _Watcher, now: float) -> None:
        """What goes wrong for one page must not keep the others waiting."""
        began = time.thread_time()
        try:
            if self._send_news(watcher, now):
                cost = time.thread_time() - began
                self._cost = SMOOTHING * self._cost + (1 - SMOOTHING) * cost
        except Exception:
            log.exception("session %s: a page could not be served", short_id(watcher.session_id))
            self.leave(watcher.name)

    def _interval(self) -> float:
        """Seconds between two frames of a page, as many as there are now."""
        fair = self._cost * len(self._watchers) / SHARE
        return min(max(FRAME_INTERVAL, fair), LONGEST_INTERVAL)

    def _send_news(self, watcher: _Watcher, now: float) -> bool:
        """Whether there was something to send."""
        snapshot = self._engine.snapshot(watcher.session_id)
        last = watcher.last
        if snapshot is None or (last is not None and _moment(snapshot) == _moment(last)):
            return False
        if last is None and not self._outlet.is_open(watcher.name):
            return False
        watcher.last, watcher.waiting = snapshot, True
        watcher.not_before = now + self._interval()
        if last is not None:
            self._send_remarks(watcher, snapshot, last)
        if last is None or _network(snapshot) != _network(last):
            self._send(watcher, "state", state_of(snapshot))
        else:
            self._send(watcher, "frame", frame_of(snapshot, last))
        return True

    def _send(self, watcher: _Watcher, event: str, payload: Mapping[str, Any]) -> None:
        sent_at = time.monotonic()

        def acknowledge() -> None:
            watcher.waiting = False
            self._metrics.frame_drawn(time.monotonic() - sent_at)

        self._outlet.send(watcher.name, event, payload, acknowledge)
        self._metrics.frame_sent()

    def _send_remarks(self, watcher: _Watcher, snapshot: Snapshot, last: Snapshot) -> None:
        same = snapshot.life == last.life
        seen = last.notices[-1].number if last.notices and same else 0
        for remark in snapshot.notices:
            if remark.number > seen:
                notice: Notice = {
                    "level": remark.level,
                    "code": remark.code,
                    "message": remark.message,
                }
                self._outlet.send(watcher.name, "notice", notice)


def _moment(snapshot: Snapshot) -> tuple[int, int]:
    return snapshot.life, snapshot.seq


def _network(snapshot: Snapshot) -> tuple[int, int]:
    """A page that has seen another has to be shown the whole, not what has changed."""
    return snapshot.life, snapshot.description.version
