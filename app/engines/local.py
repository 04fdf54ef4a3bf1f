"""The engine that trains on threads of this process, and saves its sessions to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from app.engines.base import Engine, Problem
from app.engines.persistence import Persistence, RetentionPolicy
from app.engines.training_pool import TrainingPool
from app.errors import UserError
from app.protocol.limits import Limits
from app.protocol.requests import Learn
from app.runtime.futures import failed
from app.runtime.memory import MemoryReleaser
from app.runtime.metrics import Metrics
from app.sessions.commands import Answer, Command, SetWatched
from app.sessions.snapshot import Snapshot
from app.storage import Store


class LocalEngine(Engine):
    """Trains sessions in this process.

    Attributes:
        pool: the sessions in memory, and the threads that train them.
        persistence: loads, saves and evicts them.
    """

    def __init__(
        self,
        starting: Learn,
        threads: int,
        limits: Limits,
        store: Store,
        policy: RetentionPolicy,
        metrics: Metrics,
    ) -> None:
        """Start the threads.

        Args:
            starting: what a new session trains on.
            threads: number of training threads.
            limits: the limits of networks, per network and in total.
            store: the store of sessions; the engine closes it.
            policy: how many sessions stay in memory and in the store, and for how long.
            metrics: records the latency of the store.
        """
        self.pool = TrainingPool(threads, limits)
        self.persistence = Persistence(self.pool, store, starting, policy, metrics)
        self._releaser = MemoryReleaser()

    def open_session(self, session_id: str) -> Future[Answer]:
        """Open the session: from memory, from the store, or new."""
        return self.adopt(session_id, lost_at=None)

    def adopt(self, session_id: str, lost_at: float | None) -> Future[Answer]:
        """Open the session; `lost_at` is the Unix time at which its machine failed, if it did."""
        try:
            return self.persistence.open(session_id, lost_at).ready
        except UserError as error:
            return failed(error)

    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Run a command at the session's next time slice, once it is loaded."""
        with self.pool.lock:
            slot = self.pool.get(session_id)
            if slot is None:
                return failed(UserError("session_gone"))
            if isinstance(command, SetWatched):
                slot.set_watched(command.watched)
            slot.evicting = False
            return self.pool.post(slot, command)

    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session in memory."""
        slot = self.pool.get(session_id)
        return slot.snapshot if slot else None

    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session in memory."""
        return self.pool.snapshots()

    def has_session(self, session_id: str) -> bool:
        """Whether the session is in memory or being loaded."""
        return self.pool.get(session_id) is not None

    def save_all(self) -> Future[bool]:
        """Pause training and save every session; whether all were saved. Can be called again."""
        return self.persistence.save_all()

    def close(self) -> None:
        """Stop training and saving."""
        self._releaser.close()
        self.persistence.stop()
        self.pool.close()
        self.persistence.close()

    def problems(self) -> Sequence[Problem]:
        """The threads that train or save, but have ended."""
        return [*self.pool.problems(), *self.persistence.problems()]

    def obstacles(self) -> Sequence[Problem]:
        """Whether the kernels cannot be compiled, or the store cannot be written to."""
        return [*self.pool.obstacles(), *self.persistence.obstacles()]

    @property
    def weights(self) -> int:
        """Number of weights of all networks in memory."""
        return self.pool.memory.weights
