"""A PostgreSQL of the tests' own, from Debian's packages: it can be stopped, and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

NOT_INSTALLED = "PostgreSQL is not installed here (on Debian: apt-get install postgresql)"
OWNER = "postgres"
"""The user that Debian's package makes; PostgreSQL refuses to run as root."""


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where there is none."""
    versions = Path("/usr/lib/postgresql")
    found = sorted(versions.glob("*/bin/pg_ctl"), key=lambda file: int(file.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("pg_ctl")
    return Path(elsewhere).resolve().parent if elsewhere else None


class Postgres:
    """A cluster in a folder of its own, on a free port of this machine's own address.

    Attributes:
        url: of its database.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._port = _free_port()
        self.url = f"postgresql://{OWNER}@127.0.0.1:{self._port}/postgres"
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
            for parent in folder.parents[:3]:  # pytest's folders are their owner's alone
                parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "--auth=trust", f"--username={OWNER}", "--no-sync", "--encoding=UTF8")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self._folder}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={log}", f"--options={options}")

    def stop(self) -> None:
        """Stop it at once, as a machine that fails would; nothing, where it is stopped."""
        if not (self._folder / "data" / "postmaster.pid").exists():
            return
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), f"--pgdata={self._folder / 'data'}", *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups", *command]
        subprocess.run(command, cwd=self._folder, check=True, stdout=subprocess.DEVNULL, timeout=60)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
