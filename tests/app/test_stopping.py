"""How a server starts where it cannot, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.client import Visitor
from tests.support.server import ROOT, running_server


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
        assert not server.complaints
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


@pytest.mark.parametrize("async_mode", ["eventlet", "threading"])
def test_who_is_there_when_the_server_stops_is_told_why_and_finds_everything_again(
    tmp_path: Path, async_mode: str
) -> None:
    with running_server(tmp_path, async_mode) as server:
        visitor = Visitor(server.url)
        tab = visitor.open_tab()
        tab.ask("learn", {"text": "my own\nsentences", "options": {"hidden_sizes": "8"}})
        tab.wait_for(lambda: tab.newest("steps") > 1000 and tab.newest("curve")["points"])
        steps = tab.newest("steps")
        assert server.stop() == 0
        tab.wait_for(lambda: tab.closings)
        assert "saved" in tab.closings[0]["message"]
        tab.wait_for(lambda: not tab.is_open)
    with running_server(tmp_path, async_mode) as server:
        visitor.url = server.url
        tab = visitor.open_tab()
        assert tab.state["text"] == "my own\nsentences"
        assert tab.state["steps"] >= steps
        assert tab.state["curve"]["points"]
        assert tab.state["saved_at"]
        tab.wait_for(lambda: tab.newest("steps") > tab.state["steps"])
        tab.close()


def test_a_killed_server_has_everything_up_to_the_last_checkpoint(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        visitor = Visitor(server.url)
        tab = visitor.open_tab()
        tab.ask("learn", {"text": "my own\nsentences", "options": {"hidden_sizes": "8"}})
        tab.wait_for(lambda: tab.newest("steps") > 100)
        for event in ("pause", "resume"):  # each is saved at once; the first may have been begun
            saved_at = tab.newest("saved_at")
            tab.ask(event)
            tab.wait_for(lambda before=saved_at: tab.newest("saved_at") != before)
        server.process.kill()
        server.process.wait()
    with running_server(tmp_path) as server:
        visitor.url = server.url
        tab = visitor.open_tab()
        assert tab.state["text"] == "my own\nsentences"
        assert tab.state["steps"] > 100
        tab.wait_for(lambda: tab.newest("steps") > tab.state["steps"])
        tab.close()


def test_a_database_that_cannot_be_used_is_named_at_the_start(tmp_path: Path) -> None:
    options = ("--database-url", "postgresql://user:hidden@127.0.0.1:1/name")
    ended = subprocess.run(
        [sys.executable, "-m", "app", "serve", "--port", "0", "--data-dir", tmp_path, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "--database-url" in ended.stderr
    assert "hidden" not in ended.stderr
    assert "Traceback" not in ended.stderr
