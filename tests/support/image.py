"""The container image, built and run with buildah: without a daemon or a registry of images.

The image's base is made with debootstrap, once: it stays in the user's cache.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = platformdirs.user_cache_path("charnn") / "image-test-1"
"""The storage of buildah; the number changes with the recipe of the base."""
BASE = "docker.io/library/python:3.13-slim"
IMAGE = "localhost/charnn-image-test"
SUITE = "trixie"
"""The release of Debian with the Python of the base."""
PACKAGES = "python3,python3-pip,python3-venv,ca-certificates"
LINKS = {"python": "/usr/bin/python3", "pip": "/usr/bin/pip3"}
CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
SETTINGS = ("PIP_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")
"""Variables of this machine that an installation in the image may need."""
BUILD_SECONDS = 900
STEP_SECONDS = 120


def missing() -> str | None:
    """Why the image cannot be built here; None if it can."""
    absent = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if absent:
        return f"not installed (on Debian: apt-get install {' '.join(absent)})"
    return None if os.getuid() == 0 else "making the base of the image needs root"


def buildah(*arguments: object, timeout: float = STEP_SECONDS) -> str:
    """Run buildah on the cached storage, and return what it prints."""
    done = subprocess.run(_command(*arguments), capture_output=True, text=True, timeout=timeout)  # noqa: PLW1510
    if done.returncode:
        raise RuntimeError(f"buildah {arguments[0]} failed:\n{done.stderr}")
    return done.stdout.strip()


def build() -> None:
    """Build the image from the Dockerfile, on a base made here.

    Skips the test if the base cannot be fetched.
    """
    faulthandler.cancel_dump_traceback_later()  # pytest's: this takes longer
    if not _exists(BASE):
        _make_base()
    options = ("--isolation", "chroot", "--pull=never", "--layers=false", "--format", "docker")
    buildah("bud", *options, "--tag", IMAGE, ROOT, timeout=BUILD_SECONDS)


def remove() -> None:
    """Remove the image and its containers, but not the base."""
    buildah("rm", "--all")
    if _exists(IMAGE):
        buildah("rmi", "--force", IMAGE)


def config() -> dict[str, Any]:
    """The image's configuration."""
    read: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", IMAGE))
    return dict(read["Docker"]["config"])


class Container:
    """A container of the image, with its data in a folder and its server on a port.

    Attributes:
        url: base URL of its server.
    """

    def __init__(self, data: Path, port: int) -> None:
        self._name = buildah("from", "--pull=never", IMAGE)
        buildah("config", "--volume", "/data-", self._name)  # it would hide the folder
        self._options = ["--isolation", "chroot", "--volume", f"{data}:/data"]
        self._options += ["--env", f"CHARNN_PORT={port}"]
        self.url = f"http://127.0.0.1:{port}"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container."""
        return subprocess.run(
            self._run(*command), capture_output=True, text=True, timeout=STEP_SECONDS, check=False
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Run the image's command, and stop it with SIGTERM."""
        process = subprocess.Popen(self._run(*config()["Cmd"]), stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert any(line.startswith("charnn is at ") for line in process.stdout)
            yield
        finally:
            for pid in filter(_is_server, _descendants(process.pid)):
                os.kill(pid, signal.SIGTERM)
            assert process.wait(STEP_SECONDS) == 0

    def _run(self, *command: str) -> list[str]:
        return _command("run", *self._options, self._name, "--", *command)


def _make_base() -> None:
    folder = CACHE / "root"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS)  # noqa: PLW1510
    if done.returncode:
        pytest.skip(f"debootstrap cannot fetch the base of the image:\n{done.stdout[-500:]}")
    for name, target in LINKS.items():
        (folder / "usr/local/bin" / name).symlink_to(target)
    variables = [f"--env={name}={os.environ[name]}" for name in SETTINGS if name in os.environ]
    certificates = os.environ.get("SSL_CERT_FILE")
    if certificates is not None:
        shutil.copy(certificates, folder / "etc/ssl/certs/ca-certificates.crt")
        file = "/etc/ssl/certs/ca-certificates.crt"
        variables += [f"--env={name}={file}" for name in CERTIFICATES]
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, folder, "/")
    if variables:
        buildah("config", *variables, container)
    buildah("commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(folder)


def _exists(image: str) -> bool:
    return bool(buildah("images", "--quiet", "--filter", f"reference={image}"))


def _command(*arguments: object) -> list[str]:
    storage = ("--root", CACHE / "storage", "--runroot", CACHE / "run", "--storage-driver", "vfs")
    return ["buildah", *map(str, (*storage, *arguments))]


def _descendants(pid: int) -> list[int]:
    """The processes that a process has started, directly or not."""
    of_threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in of_threads for child in file.read_text().split()]
    return [each for child in children for each in (child, *_descendants(child))]


def _is_server(pid: int) -> bool:
    """Whether a process is the server itself, not one of buildah around it."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"serve" in command and b"buildah" not in command[0]
