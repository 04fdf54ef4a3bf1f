"""Models of every size go up and down, and nobody else notices."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import websocket

from app.clerk import FOLDER
from app.limits import Limits
from app.model_http import MOST_UPLOADS, PIECE
from model import CharModel
from model.export import python_file, safetensors_file
from tests.support.client import Visitor
from tests.support.server import RunningServer, running_server

PATIENCE = 60.0
WIDE = {"hidden_sizes": "450"}
SMALL = {"hidden_sizes": "8", "letter_size": "3"}
UPLOAD = 3_000_000
TOO_LONG = 2 * Limits(text=1000).message
"""Bytes of a message, for a server that takes texts of 1,000 characters."""


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def strict_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that takes little, and does not wait for long."""
    folder = tmp_path_factory.mktemp(f"strict-{request.param}")
    options = ("--max-upload", str(UPLOAD), "--max-answer-seconds", "5", "--max-text", "1000")
    with running_server(folder, request.param, options=options) as server:
        yield server


@pytest.fixture
def guest(strict_server: RunningServer) -> Iterator[Visitor]:
    """Somebody who visits the strict server, and has a network there."""
    guest = Visitor(strict_server.url)
    guest.open_tab().ask("pause")
    yield guest
    guest.leave()


def files_of(server: RunningServer) -> list[Path]:
    """What the server keeps of models that pass through."""
    return list((server.data_dir / FOLDER).iterdir())


def connect(visitor: Visitor) -> socket.socket:
    address = urlsplit(visitor.url)
    return socket.create_connection((address.hostname, address.port or 80), PATIENCE)


def begin_upload(visitor: Visitor, length: int | None) -> socket.socket:
    """A connection on which the body of an upload may follow."""
    connection = connect(visitor)
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    said = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    host = urlsplit(visitor.url).netloc
    head = f"PUT /api/model.json HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n{said}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def answer_on(connection: socket.socket) -> tuple[int, dict[str, object]]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


@contextmanager
def counting_answers(url: str) -> Iterator[Callable[[], int]]:
    """Asks whether the server is up, again and again, and counts the answers."""
    count, over = 0, threading.Event()

    def ask() -> None:
        nonlocal count
        session = requests.Session()
        while not over.is_set():
            session.get(f"{url}/healthz", timeout=PATIENCE).raise_for_status()
            count += 1

    asking = ThreadPoolExecutor(1)
    asked: Future[None] = asking.submit(ask)
    try:
        yield lambda: count
    finally:
        over.set()
        asked.result(PATIENCE)
        asking.shutdown()


def test_everybody_is_answered_while_a_large_model_goes_down_and_up(
    visitor: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("status") == "learning")
    assert tab.ask("learn", {"text": "abc\nbca", "options": WIDE}) == {"ok": True}
    assert tab.ask("pause") == {"ok": True}
    other = new_visitor()
    other.open_tab().ask("pause")
    with counting_answers(visitor.url) as answers:
        before = answers()
        down = visitor.http.get(f"{visitor.url}/api/model.json", timeout=PATIENCE)
        between = answers()
        up = other.http.put(f"{visitor.url}/api/model.json", down.content, timeout=PATIENCE)
        after = answers()
    assert int(down.headers["Content-Length"]) == len(down.content) > 10_000_000
    assert (up.status_code, up.json()) == (400, up.json())  # its text has other characters
    assert "characters" in up.json()["error"]
    # While one thread parses or writes it, a server that held its lock would answer nothing.
    assert between - before > 20
    assert after - between > 20


def test_a_large_model_comes_back_as_it_was(
    visitor: Visitor, new_visitor: Callable[[], Visitor]
) -> None:
    other = new_visitor()
    for each in (visitor, other):
        tab = each.open_tab()
        tab.wait_for(lambda tab=tab: tab.newest("status") == "learning")
        options = {"hidden_sizes": "150"} if each is visitor else SMALL
        assert tab.ask("learn", {"text": "abc\nbca", "options": options})["ok"]
        assert tab.ask("pause") == {"ok": True}
    down = visitor.get("/api/model.json")
    up = other.http.put(f"{other.url}/api/model.json", down.content, timeout=PATIENCE)
    assert (up.status_code, up.json()) == (200, {"ok": True})
    assert other.get("/api/model.json").json()["model"] == down.json()["model"]


@pytest.mark.parametrize("units", ["8", "150"])
@pytest.mark.parametrize(
    ("address", "mimetype", "made"),
    [
        ("/api/model.safetensors", "application/octet-stream", safetensors_file),
        ("/api/model.py", "text/x-python; charset=utf-8", python_file),
    ],
)
def test_a_model_comes_down_for_elsewhere_too(
    visitor: Visitor, units: str, address: str, mimetype: str, made: Callable[[CharModel], bytes]
) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("status") == "learning")
    options = {"hidden_sizes": units}
    assert tab.ask("learn", {"text": "abc\nbca 🙂", "options": options}) == {"ok": True}
    assert tab.ask("pause") == {"ok": True}
    down = visitor.get(address)
    assert (down.status_code, down.headers["Content-Type"]) == (200, mimetype)
    assert int(down.headers["Content-Length"]) == len(down.content)
    name = f"charnn-{address.rpartition('/')[2]}"
    assert down.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    model = CharModel.from_json(visitor.get("/api/model.json").content)
    assert down.content == made(model)


def test_large_models_do_not_go_through_a_socket(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("status") == "learning")
    options = {"hidden_sizes": "150"}
    assert tab.ask("learn", {"text": "abc\nbca", "options": options})["ok"]
    answer = tab.ask("save")
    assert not answer["ok"]
    assert "GET /api/model.json" in answer["error"]
    answer = tab.ask("load", {"json": " " * 1_000_001})
    assert (answer["ok"], answer["field"]) == (False, "json")
    assert "PUT /api/model.json" in answer["error"]


def test_an_upload_that_announces_too_much_is_refused_before_it_comes(guest: Visitor) -> None:
    with begin_upload(guest, UPLOAD + 1) as connection:
        status, answer = answer_on(connection)
    assert (status, answer["field"]) == (413, "json")
    assert f"{UPLOAD:,}" in str(answer["error"])


def test_an_upload_without_an_announced_length_is_refused_where_it_grows_too_large(
    guest: Visitor, strict_server: RunningServer
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(2 * UPLOAD // PIECE):
            yield b" " * PIECE

    response = guest.http.put(f"{guest.url}/api/model.json", endless(), timeout=PATIENCE)
    assert response.status_code == 413
    wait_until(lambda: not files_of(strict_server))


def test_an_upload_in_chunks_is_taken(guest: Visitor) -> None:
    saved = guest.get("/api/model.json").content

    def chunks() -> Iterator[bytes]:
        yield saved[:1000]
        yield saved[1000:]

    response = guest.http.put(f"{guest.url}/api/model.json", chunks(), timeout=PATIENCE)
    assert (response.status_code, response.json()) == (200, {"ok": True})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{}".encode("utf-16"), "UTF-8"),
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "UTF-8"),
        (b"", "whole JSON"),
        (b"[" * 1_500_000, "cannot be read"),
    ],
)
def test_a_body_that_is_no_model_is_refused(visitor: Visitor, body: bytes, told: str) -> None:
    visitor.open_tab().ask("pause")
    response = visitor.http.put(f"{visitor.url}/api/model.json", data=body, timeout=PATIENCE)
    assert (response.status_code, response.json()["field"]) == (400, "json")
    assert told in response.json()["error"]


def test_a_mark_at_the_beginning_of_a_file_is_no_harm(guest: Visitor) -> None:
    saved = guest.get("/api/model.json").content
    assert guest.put("/api/model.json", b"\xef\xbb\xbf" + saved).json() == {"ok": True}


def test_an_upload_that_breaks_off_changes_nothing(
    guest: Visitor, strict_server: RunningServer
) -> None:
    with begin_upload(guest, 1000) as connection:
        connection.sendall(b"{")
        connection.shutdown(socket.SHUT_WR)
        status, answer = answer_on(connection)
    assert (status, answer["ok"]) == (400, False)
    wait_until(lambda: not files_of(strict_server))


def test_no_more_than_a_few_upload_at_once_and_who_dawdles_is_cut_off(
    guest: Visitor, strict_server: RunningServer
) -> None:
    dawdling = [begin_upload(guest, 1000) for _ in range(MOST_UPLOADS)]
    try:
        wait_until(lambda: len(files_of(strict_server)) == MOST_UPLOADS)
        response = guest.put("/api/model.json", b"{}")
        assert response.status_code == 503
        assert "already" in response.json()["error"]
        for each in dawdling:
            while each.recv(PIECE):  # what it is told, if it is told anything, and then the end
                pass
    finally:
        for each in dawdling:
            each.close()
    wait_until(lambda: not files_of(strict_server))
    assert guest.put("/api/model.json", b"{}").status_code == 400


def test_a_download_that_is_left_midway_leaves_nothing(
    visitor: Visitor, live_server: RunningServer
) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("status") == "learning")
    assert tab.ask("learn", {"text": "abc\nbca", "options": WIDE}) == {"ok": True}
    tab.ask("pause")
    response = visitor.http.get(f"{visitor.url}/api/model.json", stream=True, timeout=PATIENCE)
    assert response.raw.read(1000)
    response.close()
    wait_until(lambda: not files_of(live_server))
    wait_until(lambda: not open_files_in(live_server))


def open_files_in(server: RunningServer) -> list[str]:
    """The files of models that the server holds open, with a name or without."""
    opened = []
    for entry in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since the folder was listed
            opened.append(str(entry.readlink()))
    return [name for name in opened if FOLDER in name]


def test_a_polled_message_that_is_too_long_ends_its_socket_and_no_other(guest: Visitor) -> None:
    bystander = guest.open_tab()
    tab = guest.open_tab("polling")
    tab.say("learn", {"text": "a" * TOO_LONG})
    tab.wait_for(lambda: not tab.is_open)
    assert bystander.ask("pause") == {"ok": True}


@pytest.mark.parametrize("frames", [1, 100])
def test_a_message_that_is_too_long_in_all_its_frames_ends_its_socket_and_no_other(
    guest: Visitor, frames: int
) -> None:
    bystander = guest.open_tab()
    cookie = "; ".join(f"{name}={value}" for name, value in guest.http.cookies.items())
    url = guest.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    connection = websocket.create_connection(url, cookie=cookie, timeout=PATIENCE)
    connection.recv()
    with pytest.raises((OSError, websocket.WebSocketException)):
        _send_in(frames, connection)
    connection.close()
    assert bystander.ask("pause") == {"ok": True}


def _send_in(frames: int, connection: Any) -> None:
    """Send a message that is too long in so many frames, and then read until there is an end."""
    for number in range(frames):
        kind = websocket.ABNF.OPCODE_TEXT if number == 0 else websocket.ABNF.OPCODE_CONT
        last = int(number == frames - 1)
        piece = "4" * (TOO_LONG // frames)
        connection.send_frame(websocket.ABNF(fin=last, opcode=kind, data=piece))
    while connection.recv() != "":  # it was told, and may have sent on for a while
        pass
    raise ConnectionError("the server has closed it")


def test_the_longest_text_passes_however_it_is_written() -> None:
    longest = "🙂" * Limits().text
    assert len(json.dumps(longest, ensure_ascii=False).encode()) < Limits().message
