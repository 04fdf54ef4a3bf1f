"""The main path in Firefox, if it is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.harness.server import ROOT, LiveServer

SCRIPT = Path(__file__).with_name("firefox.mjs")
PUPPETEER = ROOT / "node_modules" / "puppeteer-core"
SECONDS = 300

pytestmark = pytest.mark.extended


@pytest.fixture(scope="module")
def programs() -> tuple[str, str]:
    """The paths of Node and Firefox; skips without them."""
    # Where the system has no Node, `make test-all` puts one beside this Python.
    node = shutil.which("node") or shutil.which("node", path=Path(sys.executable).parent)
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if firefox is None:
        pytest.skip("Firefox is not installed (on Debian: apt-get install firefox-esr)")
    if node is None:
        pytest.skip("Node is not installed (on Debian: apt-get install nodejs)")
    if not PUPPETEER.is_dir():
        pytest.skip("puppeteer-core is not installed (npm ci, or make test-all)")
    return node, firefox


def test_the_main_path_passes_in_firefox(programs: tuple[str, str], server: LiveServer) -> None:
    node, firefox = programs
    done = subprocess.run(
        [node, SCRIPT, server.url, firefox],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
