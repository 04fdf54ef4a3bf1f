"""A temporary PostgreSQL that can be stopped and restarted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness.ports import free_port

NOT_INSTALLED = "PostgreSQL is not installed here (on Debian: apt-get install postgresql)"
OWNER = "postgres"
"""The user created by Debian's package; PostgreSQL refuses to run as root."""
UTF8 = ("--encoding=UTF8", "--locale=C")
TIMEOUT = 60.0


def find_programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs, or None."""
    versions = Path("/usr/lib/postgresql")
    found = sorted(versions.glob("*/bin/pg_ctl"), key=lambda file: int(file.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("pg_ctl")
    return Path(program).resolve().parent if program else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """A running PostgreSQL, removed with its data at the end.

    Its folder is not one of pytest's, whose owner every run of pytest changes.
    """
    with tempfile.TemporaryDirectory(prefix="charnn-postgres-") as folder:
        cluster = Postgres(programs, Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


class Postgres:
    """A PostgreSQL with its own folder, on a free port of the loopback address.

    It is a child process and, if the system supports that, ends with this one.

    Attributes:
        url: URL of its database.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://{OWNER}@127.0.0.1:{self._port}/postgres"
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
        subprocess.run(
            self._command("initdb", "--auth=trust", f"--username={OWNER}", "--no-sync", *UTF8),
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT,
        )

    def start(self) -> None:
        """Start PostgreSQL and wait until it accepts connections."""
        options = ["-p", str(self._port), "-k", str(self._folder)]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                self._command("postgres", *options), cwd=self._folder, stdout=log, stderr=log
            )
        until = time.monotonic() + TIMEOUT
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop PostgreSQL immediately, as a crash would, if it runs."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGQUIT)
        try:
            self._server.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    @property
    def pid(self) -> int | None:
        """The id of its main process; None if it is stopped."""
        return self._server.pid if self._server else None

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "--host=127.0.0.1", f"--port={self._port}"]
        done = subprocess.run([*command, "--quiet"], check=False, timeout=TIMEOUT)
        return done.returncode == 0

    def _log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._programs / program), "-D", str(self._folder / "data"), *arguments]
        if shutil.which("setpriv") is None:
            return command
        change = ["setpriv", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            change += [f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
        return [*change, *command]
