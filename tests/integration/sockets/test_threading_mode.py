"""The threading mode goes through everything once, on one real server where eventlet is absent."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import websocket

from app.protocol.limits import Limits
from app.training.model_io import FOLDER
from bench.harness.server import LiveServer
from tests.support.client import Tab, Visitor
from tests.support.server import running_server
from tests.support.site import open_site
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
    """The environment of a Python that has no eventlet."""
    folder = tmp_path_factory.mktemp("without-eventlet")
    (folder / "eventlet.py").write_text("raise ImportError('there is no eventlet here')\n")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def server(
    without_eventlet: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The server of all tests but one. None of them makes it log a warning."""
    folder = tmp_path_factory.mktemp("threading")
    with running_server(folder, *STRICT, environment=without_eventlet) as server:
        yield server
        assert not server.warnings


@pytest.fixture
def visitor(server: LiveServer) -> Iterator[Visitor]:
    """Another for each test."""
    visitor = Visitor(server.url)
    yield visitor
    visitor.leave()


@pytest.fixture
def bystander(server: LiveServer) -> Iterator[Tab]:
    """A page of somebody else, which is served after the test as before it."""
    visitor = Visitor(server.url)
    tab = visitor.open_tab()
    yield tab
    assert tab.ask("set", {"temperature": 0.7}) == {"ok": True}
    assert tab.is_open
    visitor.leave()


def learn(tab: Tab) -> None:
    """Have a small network that has learnt, and is paused."""
    assert tab.ask("learn", {"text": TEXT, "options": OPTIONS}) == {"ok": True}
    tab.wait_for(lambda: tab.state["text"] == TEXT and tab.newest("steps") > 0)
    assert tab.ask("pause") == {"ok": True}
    tab.wait_for(lambda: tab.newest("status") == "paused")


def cookie_of(visitor: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())


def open_socket(visitor: Visitor, *options: tuple[int, int, int]) -> websocket.WebSocket:
    """A WebSocket of its own on which Socket.IO is connected."""
    url = visitor.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    opened = websocket.create_connection(
        url, cookie=cookie_of(visitor), timeout=PATIENCE, sockopt=options
    )
    opened.send("40")
    while not str(opened.recv()).startswith("40"):
        pass
    return opened


def read_to_the_end(opened: websocket.WebSocket) -> None:
    """Read until the server closes the socket."""
    with pytest.raises((OSError, websocket.WebSocketConnectionClosedException)):  # noqa: PT012
        while opened.recv() != "":
            pass
        raise ConnectionError("it was closed")


def begin_upload(visitor: Visitor, length: int) -> socket.socket:
    """A connection on which the body of an upload may follow."""
    place = urlsplit(visitor.url)
    connection = socket.create_connection((place.hostname, place.port), PATIENCE)
    head = f"PUT /api/model.json HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookie_of(visitor)}"
    connection.sendall(f"{head}\r\nContent-Length: {length}\r\n\r\n".encode())
    return connection


def until_no_file_is_left(server: LiveServer, tab: Tab) -> None:
    tab.wait_for(lambda: not list((server.data_dir / FOLDER).iterdir()))


# ------------------------------------------------------------------ the page and its socket


def test_the_page_and_its_files_are_served(visitor: Visitor) -> None:
    for path, kind in (("/", "text/html"), ("/static/js/main.js", "text/javascript")):
        response = visitor.get(path)
        assert response.ok
        assert response.headers["Content-Type"].startswith(kind)
    assert visitor.get("/healthz").ok
    assert visitor.get("/no/such/page").status_code == 404


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_pages_learn_pause_resume_and_set(visitor: Visitor, transport: str) -> None:
    tab, other = visitor.open_tab(transport), visitor.open_tab(transport)
    learn(tab)
    steps = tab.newest("steps")
    assert tab.ask("resume") == {"ok": True}
    assert tab.ask("set", {"temperature": 0.3}) == {"ok": True}
    other.wait_for(lambda: other.newest("temperature") == 0.3 and other.newest("steps") > steps)
    assert tab.ask("no such event")["code"] == "unknown_event"


def test_a_beginning_is_completed(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    learn(tab)
    answer = tab.ask("complete", {"prime": "a", "method": "sample"})
    assert answer["ok"]
    assert len(answer["completions"]) == 3


def test_a_shared_copy_is_opened_by_another_visitor(visitor: Visitor, bystander: Tab) -> None:
    tab = visitor.open_tab()
    learn(tab)
    shared = tab.ask("share")
    assert visitor.get(shared["path"]).ok
    assert bystander.ask("open_shared", {"id": shared["id"]}) == {"ok": True}
    bystander.wait_for(lambda: bystander.state["text"] == TEXT)
    assert tab.ask("withdraw", {"id": shared["id"]})["ok"]
    assert bystander.ask("open_shared", {"id": shared["id"]})["code"] == "no_such_copy"


# ------------------------------------------------------------------ models


def test_a_model_goes_down_and_up(visitor: Visitor, server: LiveServer) -> None:
    tab = visitor.open_tab()
    learn(tab)
    saved = visitor.get("/api/model.json")
    assert json.loads(tab.ask("save")["json"]) == saved.json()
    assert visitor.put("/api/model.json", saved.content).json() == {"ok": True}
    pieces = iter([saved.content[:1000], saved.content[1000:]])  # of a length that is not told
    response = visitor.http.put(f"{server.url}/api/model.json", data=pieces, timeout=PATIENCE)
    assert response.json() == {"ok": True}
    assert tab.ask("load", {"json": saved.text}) == {"ok": True}
    until_no_file_is_left(server, tab)


def test_an_upload_that_breaks_off_changes_nothing(visitor: Visitor, server: LiveServer) -> None:
    tab = visitor.open_tab()
    learn(tab)
    with begin_upload(visitor, 1000) as connection:
        connection.sendall(b"{")
        connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 400
        assert json.loads(response.read())["code"] == "upload_incomplete"
    assert tab.state["text"] == TEXT
    until_no_file_is_left(server, tab)


def test_an_upload_that_is_too_slow_is_cut_off(visitor: Visitor, server: LiveServer) -> None:
    tab = visitor.open_tab()
    learn(tab)
    with begin_upload(visitor, 1000) as connection:
        connection.sendall(b"{")
        tab.wait_for(lambda: list((server.data_dir / FOLDER).iterdir()))
        while connection.recv(4096):  # an answer, if there is one, and then the end
            pass
    until_no_file_is_left(server, tab)


def test_a_download_that_is_left_midway_leaves_no_file(
    visitor: Visitor, server: LiveServer
) -> None:
    tab = visitor.open_tab()
    assert tab.ask("learn", {"text": TEXT, "options": {"hidden_sizes": "150"}}) == {"ok": True}
    assert tab.ask("pause") == {"ok": True}
    response = visitor.http.get(f"{server.url}/api/model.json", stream=True, timeout=PATIENCE)
    assert response.raw.read(1000)
    response.close()
    until_no_file_is_left(server, tab)


# ------------------------------------------------------------------ peers that misbehave


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("frames", [1, 100])
def test_a_message_that_is_too_long_ends_its_socket_and_no_other(
    visitor: Visitor, frames: int
) -> None:
    opened = open_socket(visitor)
    try:
        for number in range(frames):
            kind = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
            piece = "4" * (TOO_LONG // frames)
            last = int(number == frames - 1)
            opened.send_frame(websocket.ABNF(fin=last, opcode=kind, data=piece))
    except OSError:
        return  # it was closed before it was sent whole
    read_to_the_end(opened)


@pytest.mark.usefixtures("bystander")
def test_a_polled_message_that_is_too_long_ends_its_socket_and_no_other(visitor: Visitor) -> None:
    tab = visitor.open_tab("polling")
    tab.say("learn", {"text": "a" * TOO_LONG})
    tab.wait_for(lambda: not tab.is_open)


@pytest.mark.usefixtures("bystander")
def test_a_malformed_packet_ends_its_socket_and_no_other(visitor: Visitor) -> None:
    for packet in ("x", "42[", "4" + "[" * 100_000):
        opened = open_socket(visitor)
        opened.send(packet)
        read_to_the_end(opened)


def test_a_malformed_handshake_is_refused(visitor: Visitor) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "8"}
    url = f"{visitor.url}/socket.io/?EIO=4&transport=websocket"
    assert requests.get(url, headers=headers, timeout=PATIENCE).status_code == 400


@pytest.mark.usefixtures("bystander")
def test_a_page_that_sends_and_does_not_read_is_cut_off(visitor: Visitor) -> None:
    learn(visitor.open_tab())
    deaf = open_socket(visitor, (socket.SOL_SOCKET, socket.SO_RCVBUF, 2048))
    deaf.settimeout(None)
    with pytest.raises((OSError, websocket.WebSocketException)):  # noqa: PT012
        while True:
            deaf.send('42999["save"]')  # whose answer is large
    deaf.shutdown()


# ------------------------------------------------------------------ its end


def test_sigterm_tells_the_pages_and_saves_everything(
    without_eventlet: dict[str, str], tmp_path: Path
) -> None:
    options = ("--async-mode", "threading")
    with running_server(tmp_path, *options, environment=without_eventlet) as server:
        visitor = Visitor(server.url)
        tabs = [visitor.open_tab(transport) for transport in ("websocket", "polling")]
        learn(tabs[0])
        steps = tabs[0].newest("steps")
        assert server.stop(signal.SIGTERM) == 0
        for tab in tabs:
            tab.wait_for(lambda tab=tab: not tab.is_open)
            assert [closing["code"] for closing in tab.closings] == ["restarting"]
        assert not server.warnings
    with open_site(server.data_dir) as site:  # as another server on the same data
        again = site.visitor()
        again.take_cookies(visitor.http.cookies.get_dict())
        state = again.open_tab().state
        assert (state["text"], state["steps"]) == (TEXT, steps)
