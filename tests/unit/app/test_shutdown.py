"""Stopping a server ends its process, whatever its threads are doing."""

from __future__ import annotations

import subprocess
import sys

HANGING = """
import threading
from concurrent.futures import Future
from app.runtime import shutdown
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
