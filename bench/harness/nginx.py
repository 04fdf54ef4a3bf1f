"""A temporary nginx with the sample configuration."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.harness.ports import free_port

NOT_INSTALLED = "nginx is not installed here (on Debian: apt-get install nginx)"
SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
TIMEOUT = 20.0

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
    """The path of nginx, or None; Debian installs it outside of a user's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


@contextlib.contextmanager
def running_nginx(
    servers: Sequence[str], configure: Callable[[Sequence[str], int], str] | None = None
) -> Iterator[Nginx]:
    """A running nginx in front of the servers at these URLs.

    Args:
        servers: the URLs.
        configure: makes the configuration from the URLs and the port; by default from the sample.
    """
    program = find_program()
    if program is None:
        raise RuntimeError(NOT_INSTALLED)
    with tempfile.TemporaryDirectory(prefix="charnn-nginx-") as folder:
        front = Nginx(program, Path(folder), servers, configure or site)
        try:
            front.start()
            yield front
        finally:
            front.stop()


class Nginx:
    """An nginx with its own folder, on a free port; it ends with its parent.

    Attributes:
        url: base URL, without a slash at the end.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        servers: Sequence[str],
        configure: Callable[[Sequence[str], int], str],
    ) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        folder.chmod(0o755)  # if started by root, its workers run as another user
        (folder / "site.conf").write_text(configure(servers, self._port))
        (folder / "main.conf").write_text(_MAIN.format(folder=folder))

    def start(self) -> None:
        """Start nginx and wait until it listens."""
        self._process = subprocess.Popen(self._command())
        until = time.monotonic() + TIMEOUT
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"nginx did not start:\n{self.log}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop nginx, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(TIMEOUT)
            self._process = None

    def check(self) -> None:
        """Check the configuration with nginx.

        Raises:
            subprocess.CalledProcessError: it has errors.
        """
        subprocess.run([*self._command(), "-t"], check=True, capture_output=True, timeout=TIMEOUT)

    @property
    def log(self) -> str:
        """All logs."""
        logs = [self._folder / name for name in ("log", "error.log", "access.log")]
        return "".join(log.read_text() for log in logs if log.exists())

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
    """The sample configuration, with these servers and this port.

    Raises:
        ValueError: the sample lacks the lines to replace.
    """
    sample = SAMPLE.read_text(encoding="utf-8")
    lines = re.findall(r"^ +server web-\d:8000(.*;)\n", sample, re.MULTILINE)
    if len(set(lines)) != 1 or sample.count("listen 80;") != 1:
        raise ValueError("the sample has no equal servers, or does not listen on 80")
    there = "".join(f"    server {urlsplit(url).netloc}{lines[0]}\n" for url in servers)
    without = re.sub(r"^ +server web-\d:8000.*\n", "", sample, flags=re.MULTILINE)
    placed = re.sub(r"(hash .*\n)", lambda found: found[1] + there, without, count=1)
    placed = placed.replace("/var/log/nginx/", "")  # its logs lie in its own folder
    return placed.replace("listen 80;", f"listen 127.0.0.1:{port};")
