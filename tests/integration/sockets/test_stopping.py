"""Stopping and killing a real server, and restarting it."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from app.server import ServerError, _serve
from tests.support.app_server import running_app
from tests.support.client import Client, Tab
from tests.support.server import running_server

TEXT = "my own\nsentences"


def learning(client: Client) -> Tab:
    """A page in training, with points on its curve."""
    tab = client.open_tab()
    assert tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "8"}}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("steps") > 0 and tab.newest("curve")["points"])
    return tab


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_notifies_clients_and_sessions_survive_restart(
    tmp_path: Path, with_signal: signal.Signals, request: pytest.FixtureRequest
) -> None:
    # The server inherits a signal that is ignored, as under nohup.
    inherited = signal.signal(with_signal, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(with_signal, inherited))
    with running_server(tmp_path) as server:
        client = Client(server.url)
        tab = learning(client)
        session, steps = tab.state["session"], tab.newest("steps")
        assert server.stop(with_signal) == 0
        tab.wait_for(lambda: not tab.is_open)
        assert [closing["code"] for closing in tab.closings] == ["restarting"]
        assert not server.warnings
    assert (server.data_dir / "secret").stat().st_mode & 0o777 == 0o600
    with running_app(server.data_dir) as app_server:  # another server on the same data
        again = app_server.new_client()
        again.take_cookies(client.http.cookies.get_dict())
        back = again.open_tab()
        assert (back.state["session"], back.state["text"]["beginning"]) == (session, TEXT)
        assert back.state["steps"] >= steps
        assert back.state["curve"]["points"]
        assert back.state["saved_at"]
        back.wait_for_steps(back.state["steps"])


@pytest.mark.extended
def test_sessions_survive_sigkill_up_to_the_last_checkpoint(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        client = Client(server.url)
        tab = learning(client)
        for event in (
            "pause",
            "resume",
        ):  # each is saved at once; a save may be in progress at the first
            saved_at = tab.newest("saved_at")
            tab.ask(event)
            tab.wait_for(lambda before=saved_at: tab.newest("saved_at") != before)
        server.kill()
        server.start()
        tab = client.open_tab()
        assert tab.state["text"]["beginning"] == TEXT
        assert tab.state["steps"] > 0
        tab.wait_for(lambda: tab.newest("steps") > tab.state["steps"])
        assert server.stop(signal.SIGINT) == 0  # as Ctrl-C does
        tab.wait_for(lambda: tab.closings)
        assert not server.warnings


def test_a_server_that_ends_by_itself_saves_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with running_app(tmp_path) as app_server:
        tab = app_server.new_client().open_tab()
        here = app_server.parts
        monkeypatch.setattr(here.backend, "spawn", lambda _: None)
        monkeypatch.setattr(here.backend, "serve", lambda *_, **__: None)
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            pytest.raises(ServerError, match="by itself"),
        ):
            _serve(here.config, listener, app_server.app)
        assert tab.closings[-1]["code"] == "restarting"
        assert here.shutdown.all_saved
