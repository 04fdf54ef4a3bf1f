"""Stopping a server ends its process, whatever its threads are doing."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future

import pytest

from app.errors import Notice
from app.runtime.backends.threading import ThreadingBackend
from app.runtime.shutdown import GracefulShutdown

HANGING = """
import threading
from concurrent.futures import Future
from app.runtime import shutdown
from app.errors import Notice
from app.runtime.backends.threading import ThreadingBackend

class Clients:
    broadcast_closing = close_all = lambda *_: None

shutdown.MAX_SECONDS = 0.2
shutdown.GracefulShutdown(ThreadingBackend(), Future).request(Clients())
threading.Thread(target=threading.Event().wait, name="never ends").start()
"""


def test_a_process_with_a_thread_that_never_ends_exits_with_its_stacks() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "Timeout" in ended.stderr
    assert "Thread" in ended.stderr


class Clients:
    """The connected clients, with what they are told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def broadcast_closing(self, why: Notice) -> None:
        self.told.append(why.code)

    def close_all(self) -> None:
        self.told.append("closed")


@pytest.mark.parametrize("saved", [True, False])
def test_a_server_that_ends_by_itself_saves_and_has_failed(saved: bool) -> None:
    saving: Future[bool] = Future()
    saving.set_result(saved)
    clients = Clients()
    shutdown = GracefulShutdown(ThreadingBackend(), lambda: saving)
    shutdown.finish(clients)
    assert clients.told == ["restarting" if saved else "restarting_unsaved", "closed"]
    assert shutdown.all_saved == saved
    assert shutdown.failure


def test_a_server_that_was_asked_to_end_is_not_stopped_again() -> None:
    clients = Clients()
    shutdown = GracefulShutdown(ThreadingBackend(), Future)
    shutdown.begun = True
    shutdown.finish(clients)
    assert (clients.told, shutdown.failure) == ([], "")
