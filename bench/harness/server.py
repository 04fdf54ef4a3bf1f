"""A server in a process of its own, on a free port of this machine's own address."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from bench.harness.ports import free_port

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 30.0
SECONDS_TO_GIVE_UP = 90.0
CROWD = ("--max-sessions-per-address", "10000")
"""Here everybody comes from one address."""

_ADDRESS = re.compile(r"^charnn is at (http://[^\s/]+)", re.MULTILINE)


class LiveServer:
    """A server on a folder; it can be killed, and begun again on the same port and folder.

    Attributes:
        url: its address, without a slash at the end.
        process: the server itself, while there is one.
    """

    def __init__(
        self, folder: Path, *options: str, environment: dict[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._options = options
        self._environment = environment or {}
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.process: subprocess.Popen[str]
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-m", "app", "serve", "--port", str(self._port)]
        command += ["--data-dir", str(self._folder / "data"), *CROWD, *self._options]
        with (self._folder / "log").open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **self._environment},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None  # for the type checker
        alarm = threading.Timer(SECONDS_TO_START, self.process.kill)
        alarm.start()
        try:
            if not any(_ADDRESS.match(line) for line in self.process.stdout):
                raise RuntimeError(f"the server did not start:\n{self.log}")
        finally:
            alarm.cancel()

    def kill(self) -> None:
        """End it as the machine's power would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[int, float]:
        """Ask it to stop: its exit code, and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(SECONDS_TO_STOP)
        return code, time.monotonic() - began

    def ended(self) -> int:
        """Wait until it has ended by itself: its exit code."""
        return self.process.wait(SECONDS_TO_GIVE_UP)

    def __enter__(self) -> LiveServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def log(self) -> str:
        """What it has written to its standard error."""
        return (self._folder / "log").read_text(encoding="utf-8")

    @property
    def resident_mb(self) -> float:
        """Its memory now, in 10**6 bytes."""
        return self._memory("VmRSS")

    @property
    def most_resident_mb(self) -> float:
        """The most memory it has had, in 10**6 bytes."""
        return self._memory("VmHWM")

    def _memory(self, which: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"^{which}:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) * 1024 / 1e6 if found else 0.0
