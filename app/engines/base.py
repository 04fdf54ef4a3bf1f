"""Interface between the web layer and a training backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from app.runtime.futures import completed
from app.sessions.commands import Answer, Command
from app.sessions.snapshot import Snapshot


class Problem(NamedTuple):
    """A problem of the server, for its operator.

    Attributes:
        code: for programs.
        message: for people.
    """

    code: str
    message: str


class Engine(ABC):
    """Trains sessions. No method blocks, so the event loop may call them.

    Commands of a session run in the order of submission; questions, which change nothing, may be
    answered later. A command that fails sets a `UserError` on
    its future and changes nothing. Once a future is done, the snapshot shows the command's effect.
    """

    @abstractmethod
    def open_session(self, session_id: str) -> Future[Answer]:
        """Open the session; a new one trains on the starting text."""

    @abstractmethod
    def submit(self, session_id: str, command: Command) -> Future[Answer]:
        """Run a command at the session's next time slice."""

    @abstractmethod
    def snapshot(self, session_id: str) -> Snapshot | None:
        """The newest snapshot of a session; None if there is none yet."""

    @abstractmethod
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The newest snapshot of every session."""

    def adopt(self, session_id: str, lost_at: float | None) -> Future[Answer]:
        """Open a session that another node trained; `lost_at` is when that failed, in Unix time.

        An engine without a store starts a new one.
        """
        del lost_at
        return self.open_session(session_id)

    def save_all(self) -> Future[bool]:
        """Pause training and save every session; whether all were saved. Can be called again.

        An engine without a store saves none.
        """
        return completed(False)

    def on_failure(self, call: Callable[[str], None]) -> None:
        """Set the function to call, on any thread, with the reason when training fails for good.

        An engine that trains in this process never fails.
        """
        del call

    def problems(self) -> Sequence[Problem]:
        """Problems that only a restart of the process solves; empty if there are none."""
        return ()

    def obstacles(self) -> Sequence[Problem]:
        """Problems that may pass, but until then prevent training or saving."""
        return ()

    @property
    def weights(self) -> int:
        """Number of weights of all networks in memory."""
        return sum(snapshot.description.weights for snapshot in self.snapshots().values())

    @abstractmethod
    def has_session(self, session_id: str) -> bool:
        """Whether the session is in memory or being loaded."""

    @abstractmethod
    def close(self) -> None:
        """Stop training and release all threads and machines."""
