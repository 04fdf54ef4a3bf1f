"""The seam between the web and the training, wherever that runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from app.sessions.commands import Answer, Command
from app.sessions.snapshot import Snapshot


class Engine(ABC):
    """Trains sessions. No call blocks, so that the thread that serves everybody may make them.

    Commands of one session take effect in the order they were given; a command that cannot be done
    fails its future with a `UserError` and changes nothing. What a command did is in the snapshot
    by the time its future is done.
    """

    @abstractmethod
    def open_session(self, session_id: str) -> Future[Answer]:
        """Have the session, new and learning the starting text if it is not there yet."""

    @abstractmethod
    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Have a command carried out at the session's next turn."""

    @abstractmethod
    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session; None where there is none yet."""

    @abstractmethod
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session."""

    def adopt(self, session_id: str, lost_at: float | None) -> Future[Answer]:
        """Have the session as it was kept; it hears of it if its machine failed, at a Unix time.

        An engine that keeps nothing begins it.
        """
        del lost_at
        return self.open_session(session_id)

    def save_all(self) -> Future[bool]:
        """Stop learning and save every session; whether all could be. Can be tried again.

        An engine that keeps nothing saves none.
        """
        future: Future[bool] = Future()
        future.set_result(False)
        return future

    def on_failure(self, call: Callable[[str], None]) -> None:
        """Have something called, on any thread, with what is wrong, once it can train no more.

        An engine that trains in this process never fails.
        """
        del call

    def problems(self) -> Sequence[str]:
        """What keeps this engine from training, for the operator; empty while all is well."""
        return ()

    @property
    def weights(self) -> int:
        """Of all networks in memory."""
        return sum(snapshot.description.weights for snapshot in self.snapshots().values())

    @abstractmethod
    def has_session(self, session_id: str) -> bool:
        """Whether the session is in memory, or on its way there."""

    @abstractmethod
    def close(self) -> None:
        """Stop training and let go of every thread and machine."""
