"""A session that a node trains, as a web process sees it."""

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
    """A session at a node, as a web process sees it.

    Attributes:
        wanted: whether it was opened here, so that it is created if it does not exist.
        node: the node that has it; None if unknown.
        lost_at: Unix time at which its node failed.
        pending: unanswered commands, in order; None stands for opening it.
        sending: whether a task sends the pending commands.
        snapshot: the newest snapshot.
        watched: whether pages of this process watch it.
        used_at: when it last had a request, on the monotonic clock.
        polled_at: when it was last polled.
    """

    wanted: bool = False
    node: ActorHandle | None = None
    lost_at: float | None = None
    pending: deque[tuple[Command | None, Future[Answer]]] = field(default_factory=deque)
    sending: bool = False
    snapshot: Snapshot | None = None
    watched: bool = False
    used_at: float = field(default_factory=time.monotonic)
    polled_at: float = 0.0

    @property
    def known(self) -> SnapshotVersion | None:
        """The version of its snapshot here."""
        return version_of(self.snapshot)

    def apply(self, node: ActorHandle, delta: SnapshotDelta | None) -> None:
        """Apply a delta from a node, unless the session has left that node.

        If the delta does not fit, the next poll brings one that does.
        """
        if delta is not None and self.node is not None and self.node.name == node.name:
            whole = apply_delta(delta, self.snapshot)
            self.snapshot = whole if whole is not None else self.snapshot

    def fail(self, error: UserError) -> None:
        """Fail all pending requests."""
        while self.pending:
            resolve(self.pending.popleft()[1], None, error)
