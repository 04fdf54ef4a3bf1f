"""The main functions in the threading mode, on a real server without eventlet."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import websocket

from app.protocol.limits import Limits
from bench.harness.server import LiveServer
from tests.support.app_server import running_app
from tests.support.client import Client, Tab, read_until_closed
from tests.support.server import running_server
from tests.support.transfers import transfer_files
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.extended

TEXT = "abc\nbca"
OPTIONS = {"hidden_sizes": "8", "letter_size": "3"}
ANSWER_SECONDS = 8
MAX_TEXT = 1000
TOO_LONG = 2 * Limits(text=MAX_TEXT).message
STRICT = (
    *("--async-mode", "threading"),
    *("--max-text", str(MAX_TEXT)),
    *("--max-answer-seconds", str(ANSWER_SECONDS)),
    *("--max-events-per-second", "1000"),
)


@pytest.fixture(scope="module")
def without_eventlet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables for a Python without eventlet."""
    folder = tmp_path_factory.mktemp("without-eventlet")
    (folder / "eventlet.py").write_text("raise ImportError('there is no eventlet here')\n")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def server(
    without_eventlet: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The server of all tests but one; it must not log warnings."""
    folder = tmp_path_factory.mktemp("threading")
    with running_server(folder, *STRICT, environment=without_eventlet) as server:
        yield server
        assert not server.warnings


@pytest.fixture
def client(server: LiveServer) -> Iterator[Client]:
    """A new client for each test."""
    client = Client(server.url)
    yield client
    client.leave()


@pytest.fixture
def bystander(server: LiveServer) -> Iterator[Tab]:
    """Another client's page, which must work as before after the test."""
    client = Client(server.url)
    tab = client.open_tab()
    yield tab
    assert tab.ask("set", {"temperature": 0.6}) == {"ok": True}
    assert tab.is_open
    client.leave()


def learn(tab: Tab) -> None:
    """Train a small network and pause it."""
    assert tab.ask("learn", {"text": TEXT, "options": OPTIONS}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"]["beginning"] == TEXT and tab.newest("steps") > 0)
    assert tab.ask("pause") == {"ok": True}
    tab.wait_for(lambda: tab.newest("status") == "paused")


def wait_until_no_files(server: LiveServer, tab: Tab) -> None:
    tab.wait_for(lambda: not transfer_files(server.data_dir))


# ------------------------------------------------------------------ the page and its socket


def test_page_and_static_files_are_served(client: Client) -> None:
    for path, kind in (("/", "text/html"), ("/static/main.js", "text/javascript")):
        response = client.get(path)
        assert response.ok
        assert response.headers["Content-Type"].startswith(kind)
    assert client.get("/healthz").ok
    assert client.get("/no/such/page").status_code == 404


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_learn_pause_resume_and_set_by_both_transports(client: Client, transport: str) -> None:
    tab, other = client.open_tab(transport), client.open_tab(transport)
    learn(tab)
    steps = tab.newest("steps")
    assert tab.ask("resume") == {"ok": True}
    assert tab.ask("set", {"temperature": 0.3}) == {"ok": True}
    other.wait_for(lambda: other.newest("temperature") == 0.3 and other.newest("steps") > steps)
    assert tab.ask("no such event")["code"] == "unknown_event"


def test_complete(client: Client) -> None:
    tab = client.open_tab()
    learn(tab)
    answer = tab.ask("complete", {"prime": "a", "method": "sample"})
    assert answer["ok"]
    assert len(answer["completions"]) == 3


def test_a_shared_copy_opens_in_another_session(client: Client, bystander: Tab) -> None:
    tab = client.open_tab()
    learn(tab)
    shared = tab.ask("share")
    assert client.get(shared["path"]).ok
    assert bystander.ask("open_shared", {"id": shared["id"]}) == {"ok": True}
    bystander.wait_for(lambda: bystander.state["text"]["beginning"] == TEXT)
    assert tab.ask("withdraw", {"id": shared["id"]})["ok"]
    assert bystander.ask("open_shared", {"id": shared["id"]})["code"] == "no_such_copy"


# ------------------------------------------------------------------ models


def test_a_model_is_downloaded_and_uploaded(client: Client, server: LiveServer) -> None:
    tab = client.open_tab()
    learn(tab)
    saved = client.get("/api/model.json")
    assert json.loads(tab.ask("save")["json"]) == saved.json()
    assert client.put("/api/model.json", saved.content).json() == {"ok": True}
    pieces = iter([saved.content[:1000], saved.content[1000:]])  # without a Content-Length
    response = client.http.put(f"{server.url}/api/model.json", data=pieces, timeout=PATIENCE)
    assert response.json() == {"ok": True}
    assert tab.ask("load", {"json": saved.text}) == {"ok": True}
    wait_until_no_files(server, tab)


def test_an_interrupted_upload_changes_nothing(client: Client, server: LiveServer) -> None:
    tab = client.open_tab()
    learn(tab)
    with client.begin_upload(1000) as connection:
        connection.sendall(b"{")
        connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 400
        assert json.loads(response.read())["code"] == "upload_incomplete"
    assert tab.state["text"]["beginning"] == TEXT
    wait_until_no_files(server, tab)


def test_a_slow_upload_is_aborted(client: Client, server: LiveServer) -> None:
    tab = client.open_tab()
    learn(tab)
    with client.begin_upload(1000) as connection:
        connection.sendall(b"{")
        tab.wait_for(lambda: transfer_files(server.data_dir))
        while connection.recv(4096):  # an answer, if there is one, and then the end
            pass
    wait_until_no_files(server, tab)


def test_an_aborted_download_leaves_no_file(client: Client, server: LiveServer) -> None:
    tab = client.open_tab()
    assert tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "150"}}) == {"ok": True}
    assert tab.ask("pause") == {"ok": True}
    response = client.http.get(f"{server.url}/api/model.json", stream=True, timeout=PATIENCE)
    assert response.raw.read(1000)
    response.close()
    wait_until_no_files(server, tab)


# ------------------------------------------------------------------ peers that misbehave


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("frames", [1, 100])
def test_an_oversized_message_closes_only_its_socket(client: Client, frames: int) -> None:
    opened = client.open_socket()
    try:
        for number in range(frames):
            kind = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
            piece = "4" * (TOO_LONG // frames)
            last = int(number == frames - 1)
            opened.send_frame(websocket.ABNF(fin=last, opcode=kind, data=piece))
    except OSError:
        return  # it was closed before it was sent whole
    read_until_closed(opened)


@pytest.mark.usefixtures("bystander")
def test_an_oversized_polling_body_closes_only_its_socket(client: Client) -> None:
    tab = client.open_tab("polling")
    tab.say("learn", {"text": "a" * TOO_LONG})
    tab.wait_for(lambda: not tab.is_open)


@pytest.mark.usefixtures("bystander")
def test_a_malformed_packet_closes_only_its_socket(client: Client) -> None:
    for packet in ("x", "42[", "4" + "[" * 100_000):
        opened = client.open_socket()
        opened.send(packet)
        read_until_closed(opened)


def test_a_malformed_handshake_is_rejected(client: Client) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "8"}
    url = f"{client.url}/socket.io/?EIO=4&transport=websocket"
    assert requests.get(url, headers=headers, timeout=PATIENCE).status_code == 400


@pytest.mark.usefixtures("bystander")
def test_a_peer_that_does_not_read_is_disconnected(client: Client) -> None:
    learn(client.open_tab())
    deaf = client.open_socket((socket.SOL_SOCKET, socket.SO_RCVBUF, 2048))
    deaf.settimeout(None)
    with pytest.raises((OSError, websocket.WebSocketException)):  # noqa: PT012
        while True:
            deaf.send('42999["save"]')  # whose answer is large
    deaf.shutdown()


# ------------------------------------------------------------------ its end


def test_sigterm_notifies_clients_and_sessions_survive_restart(
    without_eventlet: dict[str, str], tmp_path: Path
) -> None:
    options = ("--async-mode", "threading")
    with running_server(tmp_path, *options, environment=without_eventlet) as server:
        client = Client(server.url)
        tabs = [client.open_tab(transport) for transport in ("websocket", "polling")]
        learn(tabs[0])
        steps = tabs[0].newest("steps")
        assert server.stop(signal.SIGTERM) == 0
        for tab in tabs:
            tab.wait_for(lambda tab=tab: not tab.is_open)
            assert [closing["code"] for closing in tab.closings] == ["restarting"]
        assert not server.warnings
    with running_app(server.data_dir) as app_server:  # another server on the same data
        again = app_server.new_client()
        again.take_cookies(client.http.cookies.get_dict())
        state = again.open_tab().state
        assert (state["text"]["beginning"], state["steps"]) == (TEXT, steps)
