"""Connections and transports, with a real server.

Everything else about requests and events is tested in process; the threading mode has its own file.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import socketio
import websocket

from app.protocol.limits import Limits
from app.training.model_io import FOLDER
from bench.harness.server import LiveServer
from tests.support.client import Client, Tab, read_until, read_until_closed
from tests.support.server import running_server
from tests.support.transfers import transfer_files
from tests.support.waiting import PATIENCE

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
TEXT = "<script>alert(1)</script>\nnaïve 🙂 日本\r\nx"
OPTIONS = {"hidden_sizes": "8", "letter_size": "3"}


@pytest.fixture
def client(server: LiveServer) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.leave()


@pytest.fixture
def bystander(server: LiveServer) -> Iterator[None]:
    """Another client's page, which must work as before after the test."""
    client = Client(server.url)
    tab = client.open_tab()
    tab.next_frame()
    yield
    assert tab.ask("set", {"temperature": 0.6}) == {"ok": True}
    tab.wait_for(lambda: tab.newest("temperature") == 0.6)
    assert len(tab.states) == 1
    client.leave()


def shake_hands(url: str, **headers: str) -> tuple[int, str]:
    """The status and the lowercase headers of the answer to a handshake with these headers."""
    place = urlsplit(url)
    lines = {"Host": place.netloc, **HANDSHAKE, **headers}
    said = [f"{name}: {value}" for name, value in lines.items()]
    request = "\r\n".join([f"GET {WEBSOCKET} HTTP/1.1", *said, "", ""])
    with socket.create_connection((place.hostname, place.port), PATIENCE) as connection:
        connection.sendall(request.encode())
        answer = connection.recv(4096).decode("latin-1")
    return int(answer.split()[1]), answer.lower()


def files_of(server: LiveServer) -> list[Path]:
    """The server's temporary model files."""
    return transfer_files(server.data_dir)


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_both_transports_serve_a_page(client: Client, transport: str) -> None:
    tab, other = client.open_tab(transport), client.open_tab(transport)
    assert tab.ask("learn", {"text": TEXT, "options": OPTIONS}) == {"ok": True}
    for each in (tab, other):
        each.wait_for(lambda each=each: each.state["text"]["beginning"] == TEXT)
        each.wait_for(lambda each=each: each.newest("steps") > 0)
        each.next_frame()
        each.next_frame()  # sent after the previous one is acknowledged
    assert tab.ask("pause") == {"ok": True}
    other.wait_for(lambda: other.newest("status") == "paused")


def test_no_frame_is_sent_before_the_last_is_acknowledged(client: Client) -> None:
    slow, quick = client.open_tab(), client.open_tab()
    slow.next_frame()
    slow.reads.clear()
    read, seen = len(slow.frames), len(quick.frames)
    quick.wait_for(lambda: len(quick.frames) >= seen + 3)
    assert len(slow.frames) <= read + 1  # one may have been in flight
    meanwhile = quick.newest("steps")
    slow.reads.set()
    slow.wait_for(lambda: slow.newest("steps") >= meanwhile)


def test_printed_url_serves_the_page_and_background_tasks_run(
    server: LiveServer, client: Client
) -> None:
    assert server.path == ""
    assert requests.get(f"{server.url}/", timeout=PATIENCE).ok
    client.open_tab().next_frame()
    metrics = client.get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
    assert float(figures["charnn_hub_stall_seconds_count"]) > 0
    assert float(figures["charnn_frame_lag_seconds_count"]) > 0


def test_every_event_of_a_flood_is_answered(client: Client) -> None:
    tab = client.open_tab()
    answers: list[dict[str, Any]] = []
    for _ in range(200):
        tab._client.emit("set", {"temperature": 2}, callback=answers.append)
    tab.wait_for(lambda: len(answers) == 200)
    assert {answer.get("code") for answer in answers} <= {None, "events_per_second"}
    assert {"ok": True} in answers  # in any order: a refusal does not wait for a slice
    tab.wait_for(lambda: tab.ask("pause")["ok"])


# ------------------------------------------------------------------ who is let in


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_connection_without_a_session_is_refused_with_a_code(
    server: LiveServer, transport: str
) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError) as refused:
        Tab(server.url, {"charnn_session": "forged"}, transport)
    assert refused.value.args[0]["data"] == {"code": "unknown_page"}


def test_cross_origin_and_malformed_handshakes_are_rejected(
    server: LiveServer, client: Client
) -> None:
    mine = {"Cookie": client.cookie_header}
    assert shake_hands(server.url, **mine, Origin=server.url)[0] == 101
    assert shake_hands(server.url, **mine, Origin="https://evil.example")[0] == 403
    assert shake_hands(server.url, **mine, Host="evil.example")[0] == 403
    assert shake_hands(server.url, **{**mine, "Sec-WebSocket-Version": "8"})[0] == 400
    assert requests.get(server.url + WEBSOCKET, timeout=PATIENCE).status_code == 400
    polling = requests.get(
        server.url + POLLING, headers={"Origin": "https://evil.example"}, timeout=PATIENCE
    )
    assert (polling.status_code, polling.json()["code"]) == (403, "other_site")


def test_websocket_extensions_are_not_negotiated(server: LiveServer) -> None:
    extensions = "permessage-deflate; server_max_window_bits=abc, ;;=,"
    status, answer = shake_hands(server.url, **{"Sec-WebSocket-Extensions": extensions})
    assert status == 101
    assert "sec-websocket-extensions" not in answer


# ------------------------------------------------------------------ what is no packet


@pytest.mark.usefixtures("bystander")
def test_a_malformed_packet_closes_only_its_socket(client: Client) -> None:
    for data in ("x", "42[", f"4{'[' * 100_000}"):
        for connect in (True, False):
            with closing(client.open_socket(connect=connect)) as opened:
                opened.send(data)
                read_until_closed(opened)


@pytest.mark.usefixtures("bystander")
def test_a_malformed_polling_body_closes_only_its_socket(client: Client) -> None:
    opening = client.get(POLLING).text
    address = f"{client.url}{POLLING}&sid={json.loads(opening[1:])['sid']}"
    assert client.http.post(address, b"40", timeout=PATIENCE).status_code == 200
    refused = client.http.post(address, b"x", timeout=PATIENCE)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed_packet")
    gone = client.http.post(address, b"2", timeout=PATIENCE)
    assert (gone.status_code, gone.json()["code"]) == (400, "no_socket")


@pytest.mark.usefixtures("bystander")
def test_events_before_connect_and_attachments_are_ignored(client: Client) -> None:
    with closing(client.open_socket(connect=False)) as opened:
        for data in ('421["pause"]', '4599-["learn"]', "41", '4312["x"]'):
            opened.send(data)
        opened.send_binary(b"x" * 1000)
        opened.send("40")
        assert read_until(opened, "4").startswith("40")
        opened.send('451-7["learn",{"text":{"_placeholder":true,"num":0}}]')
        opened.send_binary(b"abc")
        assert json.loads(read_until(opened, "437")[3:])[0]["code"] == "not_text"


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("frames", [1, 100])
def test_an_oversized_message_closes_only_its_socket(client: Client, frames: int) -> None:
    piece = "4" * (Limits().message // frames + 1000)
    with closing(client.open_socket()) as opened:
        try:
            for number in range(frames):
                kind = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
                last = int(number == frames - 1)
                opened.send_frame(websocket.ABNF(fin=last, opcode=kind, data=piece))
        except OSError:
            return  # closed before it was sent completely
        read_until_closed(opened)


# ------------------------------------------------------------------ models


def test_chunked_upload(client: Client) -> None:
    tab = client.open_tab()
    tab.ask("pause")
    saved = client.get("/api/model.json").content
    address = f"{client.url}/api/model.json"
    chunks = iter([saved[:1000], saved[1000:]])
    response = client.http.put(address, data=chunks, timeout=PATIENCE)
    assert (response.status_code, response.json()) == (200, {"ok": True})


def test_an_interrupted_upload_is_answered(client: Client) -> None:
    client.open_tab().ask("pause")
    with client.begin_upload(1000) as connection:
        connection.sendall(b"{")
        connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 400
        assert json.loads(response.read())["code"] == "upload_incomplete"


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a short timeout and a high event rate limit."""
    options = ("--max-answer-seconds", "4", "--max-events-per-second", "1000")
    with running_server(tmp_path_factory.mktemp("strict"), *options) as server:
        yield server
        assert not server.warnings


def test_a_slow_upload_is_aborted(strict_server: LiveServer) -> None:
    client = Client(strict_server.url)
    tab = client.open_tab()
    assert tab.ask("pause") == {"ok": True}
    with client.begin_upload(1000) as connection:
        connection.sendall(b"{")
        while connection.recv(4096):  # an answer, if there is one, and then the end
            pass
    tab.wait_for(lambda: not files_of(strict_server))
    assert client.put("/api/model.json", b"{}").status_code == 400  # its slot is free again
    client.leave()


@pytest.mark.extended
def test_an_aborted_download_leaves_no_file(strict_server: LiveServer) -> None:
    client = Client(strict_server.url)
    tab = client.open_tab()
    assert tab.ask("learn", {"text": "abc\nbca", "options": {"hidden_sizes": "300"}})["ok"]
    assert tab.ask("pause") == {"ok": True}
    response = client.http.get(f"{client.url}/api/model.json", stream=True, timeout=PATIENCE)
    assert response.raw.read(1000)
    response.close()
    tab.wait_for(lambda: not files_of(strict_server))
    opened = Path(f"/proc/{strict_server.process.pid}/fd")
    removed = re.compile(rf"/{FOLDER}/.*\(deleted\)$")
    tab.wait_for(lambda: not [each for each in opened.iterdir() if removed.search(_target(each))])
    client.leave()


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except FileNotFoundError:  # closed since the folder was listed
        return ""


@pytest.mark.extended
def test_a_peer_that_does_not_read_is_disconnected(strict_server: LiveServer) -> None:
    client = Client(strict_server.url)
    tab = client.open_tab()
    tab.next_frame()
    deaf = client.open_socket((socket.SOL_SOCKET, socket.SO_RCVBUF, 2048))
    deaf.settimeout(PATIENCE)
    with pytest.raises((OSError, websocket.WebSocketException)):  # noqa: PT012
        while True:  # until the server disconnects
            deaf.send('42999["save"]')  # whose answer is large
    deaf.shutdown()
    tab.next_frame()
    client.leave()
