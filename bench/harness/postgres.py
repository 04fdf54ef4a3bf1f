"""A PostgreSQL of one's own, from Debian's packages: it can be stopped, and started again."""

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
"""The user that Debian's package makes; PostgreSQL refuses to run as root."""
UTF8 = ("--encoding=UTF8", "--locale=C")
SECONDS_TO_CHANGE = 60.0


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where there is none."""
    versions = Path("/usr/lib/postgresql")
    found = sorted(versions.glob("*/bin/pg_ctl"), key=lambda file: int(file.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("pg_ctl")
    return Path(elsewhere).resolve().parent if elsewhere else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """A PostgreSQL of one's own that runs, gone with everything in it at the end.

    Its folder is not one of pytest's: every pytest that starts takes those from other users anew.
    """
    with tempfile.TemporaryDirectory(prefix="charnn-postgres-") as folder:
        cluster = Postgres(programs, Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


class Postgres:
    """A cluster in a folder of its own, on a free port of this machine's own address.

    It is a child of this process and, where the system can do that, ends with it.

    Attributes:
        url: of its database.
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
            timeout=SECONDS_TO_CHANGE,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-p", str(self._port), "-k", str(self._folder)]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                self._command("postgres", *options), cwd=self._folder, stdout=log, stderr=log
            )
        until = time.monotonic() + SECONDS_TO_CHANGE
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start:\n{self._log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, as a machine that fails would; nothing, where it is stopped."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGQUIT)
        try:
            self._server.wait(SECONDS_TO_CHANGE)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    @property
    def pid(self) -> int | None:
        """The process that all others of it are children of; None: it is stopped."""
        return self._server.pid if self._server else None

    def _answers(self) -> bool:
        asking = [str(self._programs / "pg_isready"), "--host=127.0.0.1", f"--port={self._port}"]
        done = subprocess.run([*asking, "--quiet"], check=False, timeout=SECONDS_TO_CHANGE)
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
