"""Ending a server so that nobody loses anything."""

from __future__ import annotations

import faulthandler
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from app.errors import Notice
from app.runtime.backends import Hub

log = logging.getLogger(__name__)

PATIENCE = 4.0
"""Seconds that saving may take: who runs servers kills them after five or ten."""
GRACE = 0.1
"""Seconds for the last messages to leave."""
LONGEST = 20.0
"""Seconds from the first request to stop until the process ends, whatever its threads are doing."""


class Pages(Protocol):
    """Everybody who is there."""

    def broadcast_closing(self, why: Notice) -> None:
        """Tell every page that its socket is about to be closed, and why."""

    def close_all(self) -> None:
        """Close every socket."""


class Stopping:
    """Saves everything, tells everybody, and lets the server go.

    Attributes:
        begun: whether newcomers are sent away already.
        failure: what is wrong, where it is not somebody who wants the server to stop.
        lossless: whether every session could be saved.
    """

    def __init__(
        self,
        hub: Hub,
        save_all: Callable[[], Future[bool]],
    ) -> None:
        self._hub = hub
        self._save_all = save_all
        self.begun = False
        self.failure = ""
        self.lossless = True

    def ask(self, pages: Pages) -> None:
        """Stop, as soon as all is safe; at once when asked again. For a signal handler."""
        if self.begun:
            self._hub.stop()
            return
        self.begun = True
        # Ending waits for threads, some of them in compiled code. If one never ends, the process
        # exits with code 1 and the stack of each thread on standard error.
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        self._hub.spawn_from_signal(lambda: self._stop(pages))

    def fail(self, pages: Pages, why: str) -> None:
        """Stop because training can go on no more. For any thread."""
        if not self.begun:
            self.failure = why
            self.ask(pages)

    def _stop(self, pages: Pages) -> None:
        try:
            self.lossless = self._save()
            saved = "restarting" if self.lossless else "restarting_unsaved"
            pages.broadcast_closing(Notice("cluster_lost" if self.failure else saved))
            self._hub.sleep(GRACE)
            pages.close_all()
            self._hub.sleep(GRACE)
        except Exception:
            log.exception("stopping failed")
            self.lossless = False
        finally:
            self._hub.stop()

    def _save(self) -> bool:
        if self.failure:
            return False  # there is nobody to ask
        try:
            return self._hub.wait(self._save_all(), PATIENCE)
        except TimeoutError:
            log.warning("not every session could be saved in time")
            return False
