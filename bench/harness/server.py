"""A server process, for tests and measurements."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
EXIT_TIMEOUT = 90.0

_ADDRESS = re.compile(r"^charnn is at (http://[^/\s]+:(\d+))(\S*)$")
_INFO = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO ")


class LiveServer:
    """A server with its data and log in a folder; it restarts on the same port.

    Args:
        folder: of its data and its log.
        options: of `charnn serve`.
        environment: variables beside those of this process.
        module: that runs the command.
        files: limit of its open files, if it is not that of this process.

    Attributes:
        url: base URL, without a slash at the end.
        path: the rest of the printed URL, with the token if there is one.
        process: the server process.
        data_dir: the folder of its data.
    """

    url: str
    path: str
    process: subprocess.Popen[str]

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
        module: str = "app",
        files: int | None = None,
    ) -> None:
        self.data_dir = folder / "data"
        self._log = folder / "server.log"
        limit = [] if files is None else ["prlimit", f"--nofile={files}:{files}"]
        self._command = [
            *limit,
            sys.executable,
            "-m",
            module,
            "serve",
            "--data-dir",
            str(self.data_dir),
        ]
        self._command += ["--max-sessions-per-address", "10000", *options]
        self._environment = {**os.environ, **(environment or {})}
        self._port = "0"
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start the server and wait until it listens."""
        with self._log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*self._command, "--port", self._port],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        timer = threading.Timer(START_TIMEOUT, self.process.kill)
        timer.start()
        try:
            printed = next(filter(None, map(_ADDRESS.match, self.process.stdout)), None)
        finally:
            timer.cancel()
        if printed is None:
            self.kill()
            raise RuntimeError(f"the server did not start:\n{self.log}")
        self.url, self._port, self.path = printed.groups()

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.wait()

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            code = self.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # tests.support.serve logs its threads' stacks
            self.wait()
            raise RuntimeError(f"the server did not stop:\n{self.log}") from None
        if code:
            print(self.log)
        return code

    def wait(self, timeout: float = EXIT_TIMEOUT) -> int:
        """Wait for the process to exit; returns its exit code."""
        code = self.process.wait(timeout)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def __enter__(self) -> LiveServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """Standard error of all its processes so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def warnings(self) -> list[str]:
        """All lines of the log that are not INFO messages."""
        return [line for line in self.log.splitlines() if not _INFO.match(line)]

    @property
    def resident_mb(self) -> float:
        """Resident memory, in 10**6 bytes."""
        return self._memory("VmRSS")

    @property
    def peak_resident_mb(self) -> float:
        """Peak resident memory, in 10**6 bytes."""
        return self._memory("VmHWM")

    def _memory(self, field: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) * 1024 / 1e6 if found else 0.0


@contextlib.contextmanager
def running_together(*servers: LiveServer) -> Iterator[tuple[LiveServer, ...]]:
    """Servers that start at the same time, which takes little longer than one."""
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(len(servers)) as threads:
            starting = [threads.submit(stack.enter_context, server) for server in servers]
        for started in starting:  # all have started or failed, so the stack stops all that run
            started.result()
        yield servers
