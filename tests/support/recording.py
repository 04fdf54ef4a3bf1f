"""What a page receives from the server, whichever client opened it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.waiting import wait_for


class Recorder:
    """Records the events that the server sends to a page."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.closings: list[dict[str, Any]] = []

    def record(self, event: str, payload: dict[str, Any]) -> None:
        """Record an event. A page shows the newest state and the frames since."""
        if event == "state":
            self.frames.clear()
        getattr(self, f"{event}s").append(payload)

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """Wait until something is true, and return it."""
        return wait_for(what)

    @property
    def state(self) -> dict[str, Any]:
        """The newest state, once there is one."""
        self.wait_for(lambda: self.states)
        return self.states[-1]

    def next_frame(self) -> dict[str, Any]:
        """Wait for another frame and return it."""
        seen = len(self.frames)
        self.wait_for(lambda: len(self.frames) > seen)
        return self.frames[-1]

    def newest(self, field: str) -> Any:
        """The value of a field that the page shows now."""
        shown = [self.state, *self.frames]
        return next(each[field] for each in reversed(shown) if field in each)

    def wait_for_steps(self, more_than: int = 0) -> int:
        """Wait until the network has taken more steps, and return how many."""
        self.wait_for(lambda: self.newest("steps") > more_than)
        return int(self.newest("steps"))
