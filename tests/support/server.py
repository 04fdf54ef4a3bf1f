"""A real server in a process of its own, for the tests to talk to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30

_ADDRESS = re.compile(r"^charnn is at (http://[^/\s]+)(\S*)$", re.MULTILINE)


class RunningServer:
    """A server that listens.

    Attributes:
        url: its address, without a slash at the end.
        door: the rest of the address that it printed, with the token if it asks for one.
        process: the server itself.
        data_dir: where it keeps its data.
    """

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.data_dir = log.parent / "data"
        self._log = log
        self.url, self.door = self._read_address()

    @property
    def log(self) -> str:
        """What the server has written to its standard error so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def complaints(self) -> list[str]:
        """The lines of its log that tell of trouble, and whatever else is not of the usual form."""
        usual = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO ")
        return [line for line in self.log.splitlines() if not usual.match(line)]

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ask the server to stop, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            code = self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # it logs the stack of each thread
            self.process.wait()
            raise RuntimeError(f"the server did not stop:\n{self.log}") from None
        if code:
            print(self.log)  # where a test did not expect it
        return code

    def _read_address(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        alarm = threading.Timer(SECONDS_TO_START, self.process.kill)
        alarm.start()
        try:
            for line in self.process.stdout:
                if match := _ADDRESS.match(line.strip()):
                    return match[1], match[2]
        finally:
            alarm.cancel()
        raise RuntimeError(f"the server did not start:\n{self.log}")


@contextmanager
def running_server(
    folder: Path,
    async_mode: str = "eventlet",
    port: int = 0,
    options: tuple[str, ...] = ("--unwatched-minutes", "0"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[RunningServer]:
    """A server with its data and its log in a folder, stopped at the end.

    It has one training thread, which pauses after every slice (see pacing.py).
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    command = [sys.executable, "-m", "tests.support.serve", "--workers", "1"]
    command += ["--port", str(port), "--data-dir", str(folder / "data")]
    command += ["--async-mode", async_mode]
    command += options
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    server: RunningServer | None = None
    try:
        server = RunningServer(process, log)
        yield server
    finally:
        if server is not None:
            server.stop()
        elif process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
