"""The commands that wait for their session's thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from typing import NamedTuple

from app.errors import BusyError
from app.protocol.base import Payload
from app.protocol.inspection import GradientCheckRequest
from app.protocol.requests import Complete
from app.sessions.commands import Answer, Command, Install, Replacing, ServerCommand
from app.training import inspection

MAX_PENDING = 64
"""Commands of pages, and as many questions, that may wait: two of each of 32 pages."""
MAX_REPLACING = 2
"""Networks that may wait to replace the current one: each brings a text or a model."""

QUESTIONS: tuple[type[Payload], ...] = (Complete, GradientCheckRequest, *inspection.HANDLERS)
"""The commands that only read, and may take as long as a time slice."""


class Pending(NamedTuple):
    """A command that waits, and its future."""

    command: Command
    future: Future[Answer]


class Mailbox:
    """The pending commands of a session; thread-safe.

    Commands run in the order of submission. Questions have a queue of their own: they wait for the
    session's turn, and may be answered after later commands. While a new network is being prepared,
    only the server's own commands run, so that the current network can be saved.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commands: deque[Pending] = deque()
        self._questions: deque[Pending] = deque()
        self._preparing: Pending | None = None

    def post(self, command: Command) -> Future[Answer]:
        """Add a command; returns its future.

        Raises:
            BusyError: too many are pending.
        """
        pending = Pending(command, Future())
        with self._lock:
            if isinstance(command, QUESTIONS):
                _check_limit(len(self._questions), MAX_PENDING)
                self._questions.append(pending)
            else:
                self._check_limits(command)
                self._commands.append(pending)
        return pending.future

    def put_first(self, *commands: Pending) -> None:
        """Add commands before all others."""
        with self._lock:
            self._commands.extendleft(reversed(commands))

    def prepare(self, pending: Pending) -> None:
        """Note that the network of this command is being prepared."""
        with self._lock:
            self._preparing = pending

    def install(self, command: Install) -> None:
        """End a preparation: this command is the next, and completes the future."""
        with self._lock:
            if self._preparing is not None:
                self._commands.appendleft(Pending(command, self._preparing.future))
                self._preparing = None

    @property
    def has_commands(self) -> bool:
        """Whether a command may run."""
        with self._lock:
            return self._next_command() is not None

    @property
    def has_questions(self) -> bool:
        """Whether a question waits."""
        return bool(self._questions)

    def commands(self) -> Iterator[Pending]:
        """Take the commands that may run, in order; safe while another thread takes some too."""
        while True:
            with self._lock:
                pending = self._next_command()
                if pending is None:
                    return
                self._commands.remove(pending)
            yield pending

    def questions(self) -> Iterator[Pending]:
        """Take the questions, in order; safe while another thread takes some too."""
        while True:
            with self._lock:
                if not self._questions:
                    return
                pending = self._questions.popleft()
            yield pending

    def close(self) -> list[Future[Answer]]:
        """Take everything; returns the futures to fail."""
        with self._lock:
            waiting = [*self._commands, *self._questions]
            if self._preparing is not None:
                waiting.append(self._preparing)
            self._commands.clear()
            self._questions.clear()
            self._preparing = None
        return [pending.future for pending in waiting]

    def _next_command(self) -> Pending | None:
        for pending in self._commands:
            if self._preparing is None or isinstance(pending.command, ServerCommand):
                return pending
        return None

    def _check_limits(self, command: Command) -> None:
        if isinstance(command, ServerCommand):
            return
        _check_limit(len(self._commands), MAX_PENDING)
        if isinstance(command, Replacing):
            replacing = sum(isinstance(each.command, Replacing) for each in self._commands)
            _check_limit(replacing + (self._preparing is not None), MAX_REPLACING)


def _check_limit(pending: int, limit: int) -> None:
    if pending >= limit:
        raise BusyError("requests_pending", limit=limit)
