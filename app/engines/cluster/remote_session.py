"""What a web process knows of a session that a node trains."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from app.engines.cluster.interfaces import ActorHandle
from app.errors import UserError
from app.runtime.futures import resolve
from app.sessions.commands import Answer, Command
from app.sessions.delta import SnapshotDelta, SnapshotVersion, apply_delta, version_of
from app.sessions.snapshot import Snapshot


@dataclass(eq=False)
class RemoteSession:
    """A session at a node, as a web process knows it.

    Attributes:
        wanted: whether it was opened here, so that it is created if it does not exist.
        node: where it is; None if unknown.
        lost_at: when its node failed, at a Unix time.
        waiting: unanswered commands, in order; None stands for opening it.
        talking: whether a task answers what is waiting.
        snapshot: the newest.
        watched: by pages of this process.
        used_at: when it was last asked for something, on the monotonic clock.
        looked_at: when it was last polled.
    """

    wanted: bool = False
    node: ActorHandle | None = None
    lost_at: float | None = None
    waiting: deque[tuple[Command | None, Future[Answer]]] = field(default_factory=deque)
    talking: bool = False
    snapshot: Snapshot | None = None
    watched: bool = False
    used_at: float = field(default_factory=time.monotonic)
    looked_at: float = 0.0

    @property
    def known(self) -> SnapshotVersion | None:
        """The version of its snapshot here."""
        return version_of(self.snapshot)

    def take_in(self, node: ActorHandle, news: SnapshotDelta | None) -> None:
        """Apply a delta; the next poll asks for the whole if it does not fit.

        A node that the session has left may still send one.
        """
        if news is not None and self.node is not None and self.node.name == node.name:
            whole = apply_delta(news, self.snapshot)
            self.snapshot = whole if whole is not None else self.snapshot

    def fail(self, error: UserError) -> None:
        """Answer everything that is waiting with an error."""
        while self.waiting:
            resolve(self.waiting.popleft()[1], None, error)
