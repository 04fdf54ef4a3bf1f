"""An nginx of one's own, from Debian's package, with the sample configuration."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.harness.ports import free_port

NOT_INSTALLED = "nginx is not installed here (on Debian: apt-get install nginx)"
SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
SECONDS_TO_CHANGE = 20.0

_MAIN = """\
daemon off;
pid {folder}/pid;
error_log {folder}/log warn;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def find_program() -> str | None:
    """nginx itself, which Debian keeps where only root's path leads; None where there is none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


@contextlib.contextmanager
def running_nginx(servers: Sequence[str]) -> Iterator[Nginx]:
    """An nginx in front of servers at these addresses, gone at the end."""
    program = find_program()
    if program is None:
        raise RuntimeError(NOT_INSTALLED)
    with tempfile.TemporaryDirectory(prefix="charnn-nginx-") as folder:
        front = Nginx(program, Path(folder), servers)
        try:
            front.start()
            yield front
        finally:
            front.stop()


class Nginx:
    """In a folder of its own, on a free port of this machine's own; it ends with its parent.

    Attributes:
        url: its address, without a slash at the end.
    """

    def __init__(self, program: str, folder: Path, servers: Sequence[str]) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        folder.chmod(0o755)  # its workers are another user where it is started by root
        (folder / "site.conf").write_text(site(servers, self._port))
        (folder / "main.conf").write_text(_MAIN.format(folder=folder))

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(self._command())
        until = time.monotonic() + SECONDS_TO_CHANGE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"nginx did not start:\n{self.log}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it at once; nothing, where it is stopped."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(SECONDS_TO_CHANGE)
            self._process = None

    def check(self) -> None:
        """Have nginx itself look for mistakes in the configuration.

        Raises:
            subprocess.CalledProcessError: there are some.
        """
        subprocess.run(
            [*self._command(), "-t"], check=True, capture_output=True, timeout=SECONDS_TO_CHANGE
        )

    @property
    def log(self) -> str:
        """What it has complained about."""
        log = self._folder / "log"
        return log.read_text() if log.exists() else ""

    def _listens(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._port), 1).close()
            return True
        return False

    def _command(self) -> list[str]:
        command = [self._program, "-p", str(self._folder), "-c", str(self._folder / "main.conf")]
        command += ["-e", str(self._folder / "log")]
        if shutil.which("setpriv") is None:
            return command
        return ["setpriv", "--pdeathsig", "TERM", *command]


def site(servers: Sequence[str], port: int) -> str:
    """The sample configuration, in front of these servers and on this port.

    Raises:
        ValueError: the sample has not the lines any more that are to be others.
    """
    sample = SAMPLE.read_text(encoding="utf-8")
    lines = re.findall(r"^ +server web-\d:8000(.*;)\n", sample, re.MULTILINE)
    if len(set(lines)) != 1 or sample.count("listen 80;") != 1:
        raise ValueError("the sample has no servers that are alike, or does not listen on 80")
    there = "".join(f"    server {urlsplit(url).netloc}{lines[0]}\n" for url in servers)
    without = re.sub(r"^ +server web-\d:8000.*\n", "", sample, flags=re.MULTILINE)
    placed = re.sub(r"(hash .*\n)", lambda found: found[1] + there, without, count=1)
    return placed.replace("listen 80;", f"listen 127.0.0.1:{port};")
