"""How a server starts where it cannot, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.app.visitor import Visitor
from tests.running_server import ROOT, running_server


@pytest.mark.parametrize("async_mode", ["eventlet", "threading"])
@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_stop_does_so_at_once_and_quietly(
    tmp_path: Path, async_mode: str, with_signal: signal.Signals
) -> None:
    with running_server(tmp_path, async_mode) as server:
        tab = Visitor(server.url).open_tab()
        tab.next_frame()
        began = time.monotonic()
        assert server.stop(with_signal) == 0
        assert time.monotonic() - began < 3
        assert server.log == ""
        tab.close()


def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "app", "serve", "--port", str(port), "--data-dir", tmp_path],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode != 0
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_restarted_server_knows_its_visitors_and_nobody_else_reads_its_secret(
    tmp_path: Path,
) -> None:
    with running_server(tmp_path) as server:
        visitor = Visitor(server.url)
        session = visitor.open_tab().state["session"]
    secret = tmp_path / "data" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    with running_server(tmp_path) as server:
        visitor.url = server.url
        tab = visitor.open_tab()
        assert tab.state["session"] == session
        tab.close()
