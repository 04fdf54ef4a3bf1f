"""Graceful shutdown: save all sessions, notify the clients, stop the server."""

from __future__ import annotations

import faulthandler
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from app.errors import Notice
from app.runtime.backends import ServerBackend

log = logging.getLogger(__name__)

SAVE_TIMEOUT = 4.0
"""Seconds that saving may take: process supervisors kill after five or ten."""
FLUSH_SECONDS = 0.1
"""Seconds for sending the last messages."""
MAX_SECONDS = 20.0
"""Seconds from the first request to stop until the process exits, whatever its threads do."""


class Clients(Protocol):
    """The connected clients."""

    def broadcast_closing(self, why: Notice) -> None:
        """Notify every page that its socket is about to be closed, and why."""

    def close_all(self) -> None:
        """Close every socket."""


class GracefulShutdown:
    """Saves all sessions, notifies all clients, and stops the server.

    Attributes:
        begun: whether the shutdown has begun; new clients are refused.
        failure: the error that caused the shutdown; empty if it was requested.
        all_saved: whether every session was saved.
    """

    def __init__(
        self,
        backend: ServerBackend,
        save_all: Callable[[], Future[bool]],
    ) -> None:
        self._backend = backend
        self._save_all = save_all
        self.begun = False
        self.failure = ""
        self.all_saved = True

    def request(self, clients: Clients) -> None:
        """Stop once all sessions are saved; at once if called again. For signal handlers."""
        if self.begun:
            self._backend.stop()
            return
        self.begun = True
        # Exiting waits for threads, some of them in compiled code. If one never ends, the process
        # exits with code 1 and prints the stack of each thread to standard error.
        faulthandler.dump_traceback_later(MAX_SECONDS, exit=True)
        self._backend.spawn_from_signal(lambda: self._stop(clients))

    def fail(self, clients: Clients, why: str) -> None:
        """Stop because training has failed for good. Callable from any thread."""
        if not self.begun:
            self.failure = why
            self.request(clients)

    def finish(self, clients: Clients) -> None:
        """Save all sessions if the server has ended without a request; call this at its end."""
        if not self.begun:
            self.begun = True
            self._stop(clients)
            self.failure = "The server ended by itself: see the log for the reason."

    def _stop(self, clients: Clients) -> None:
        try:
            self.all_saved = self._save()
            saved = "restarting" if self.all_saved else "restarting_unsaved"
            clients.broadcast_closing(Notice("cluster_lost" if self.failure else saved))
            self._backend.sleep(FLUSH_SECONDS)
            clients.close_all()
            self._backend.sleep(FLUSH_SECONDS)
        except Exception:
            log.exception("graceful shutdown failed")
            self.all_saved = False
        finally:
            self._backend.stop()

    def _save(self) -> bool:
        if self.failure:
            return False  # the training backend is gone
        try:
            return self._backend.wait(self._save_all(), SAVE_TIMEOUT)
        except TimeoutError:
            log.warning("not every session could be saved in time")
            return False
