"""Malformed packets end their own socket, cost nothing and leave no traceback."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import websocket

from app.packets import MOST_UNREAD, MalformedPacketError, Packet
from tests.support.client import PATIENCE, Visitor
from tests.support.server import RunningServer, running_server

DEEP = "[" * 100_000
ENDING = [
    "",
    "x",
    "4",
    "4x",
    "49",
    "7",
    "0{}",
    "²",
    "\ud7ff",
    f"4{DEEP}",
    f"2{DEEP}",
    f"42{DEEP}",
    f"40{DEEP}",
    '42{"a":1}',
    "42",
    "42[]",
    "42null",
    '42"learn"',
    "42[",
    f"42[{'9' * 10_000}]",
    "4299999999999999999999",
    f"42{'1' * 200}[]",
    "43",
    "43[]",
    "430[]",
    "431",
    '431{"a":1}',
    "44",
    "44{}",
    f"45{'9' * 20}-[]",
    "451-",
    f"40/{'n' * 1000},",
    f"42/{'n' * 1000},[]",
]
IGNORED = [
    "3",
    "6",
    "5",
    "40",
    "40/admin,",
    '42/admin,["pause"]',
    "41/admin,",
    '4399999["x"]',
    "431[]",
    '42["disconnect"]',
    '42["connect"]',
    '42["*"]',
    "42[[]]",
    "42[null,1]",
    '42[{"a":1},1]',
    '4599999-["learn",{"_placeholder":true,"num":7}]',
    '461-1[{"_placeholder":true,"num":0}]',
]


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def calm_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that has nothing to complain about, whatever it is sent."""
    folder = tmp_path_factory.mktemp(f"packets-{request.param}")
    options = ("--max-events-per-second", "1000")
    with running_server(folder, async_mode=request.param, options=options) as server:
        yield server
        assert "Traceback" not in server.log
        assert not server.complaints


@pytest.fixture
def bystander(calm_server: RunningServer) -> Iterator[Visitor]:
    """A visitor who must notice nothing."""
    visitor = Visitor(calm_server.url)
    tab = visitor.open_tab()
    tab.next_frame()
    yield visitor
    tab.next_frame()
    assert len(tab.states) == 1
    visitor.leave()


def _open(
    visitor: Visitor,
    connect: bool = True,
    options: Sequence[tuple[int, int, int]] = (),
) -> websocket.WebSocket:
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.get_dict().items())
    opened = websocket.create_connection(
        visitor.url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket",
        cookie=cookie,
        timeout=PATIENCE,
        sockopt=options,
    )
    assert opened.recv()[0] == "0"
    if connect:
        opened.send("40")
        _read_until(opened, "40")
    return opened


def _read_until(opened: websocket.WebSocket, beginning: str) -> str:
    while True:
        data = opened.recv()
        assert isinstance(data, str)
        assert data, "the socket was closed"
        if data.startswith(beginning):
            return data


def _is_closed(opened: websocket.WebSocket) -> bool:
    """Whether the server ends the socket, which is waited for."""
    try:
        while opened.recv():
            pass
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        pass
    except websocket.WebSocketTimeoutException:
        return False
    return True


@pytest.mark.parametrize("connect", [True, False])
def test_what_is_no_packet_ends_the_socket(bystander: Visitor, connect: bool) -> None:
    for data in ENDING:
        with closing(_open(bystander, connect)) as opened:
            opened.send(data)
            assert _is_closed(opened), data[:50]


def test_packets_that_mean_nothing_here_change_nothing(bystander: Visitor) -> None:
    with closing(_open(bystander)) as opened:
        for data in IGNORED:
            opened.send(data)
        opened.send_binary(b"an attachment that nobody announced")
        opened.send('42123["nonsense"]')
        answer = json.loads(_read_until(opened, "43123")[5:])
        assert "no such event" in answer[0]["error"]


def test_packets_before_the_connection_are_not_taken(bystander: Visitor) -> None:
    with closing(_open(bystander, connect=False)) as opened:
        for data in ('421["pause"]', '4599-["learn"]', "41", '4312["x"]'):
            opened.send(data)
        opened.send_binary(b"x" * 1000)
        opened.send("40")
        assert _read_until(opened, "4").startswith("40")


def test_an_event_with_something_binary_is_refused_at_its_field(bystander: Visitor) -> None:
    with closing(_open(bystander)) as opened:
        opened.send('451-7["learn",{"text":{"_placeholder":true,"num":0}}]')
        opened.send_binary(b"abc")
        answer = json.loads(_read_until(opened, "437")[3:])[0]
        assert (answer["ok"], answer["field"]) == (False, "text")
        opened.send('428["set",{"temperature":2}]')
        assert json.loads(_read_until(opened, "438")[3:]) == [{"ok": True}]


def test_names_of_events_that_the_library_keeps_are_refused(bystander: Visitor) -> None:
    with closing(_open(bystander)) as opened:
        for number, name in enumerate(('"connect"', '"disconnect"', '"*"', "5", "[]"), start=50):
            opened.send(f"42{number}[{name},{{}}]")
            answer = json.loads(_read_until(opened, f"43{number}")[4:])[0]
            assert "no such event" in answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"x",
        b"d=",
        b"data=4",
        b"\x1e",
        b"\x1e".join([b"2"] * 17),
        f"4{DEEP}".encode(),
        f"42{DEEP}".encode(),
        b"b!!!",
        b"42[]",
    ],
)
def test_a_malformed_polling_body_ends_its_socket_and_no_other(
    bystander: Visitor, body: bytes
) -> None:
    address = f"{bystander.url}/socket.io/?EIO=4&transport=polling"
    opening = bystander.http.get(address, timeout=PATIENCE).text
    address += f"&sid={json.loads(opening[1:])['sid']}"
    assert bystander.http.post(address, b"40", timeout=PATIENCE).status_code == 200
    answer = bystander.http.post(address, body, timeout=PATIENCE)
    assert answer.status_code < 500
    if body != b"b!!!":  # an attachment, which is left out
        for _ in range(2):
            last = bystander.http.post(address, b"42[]", timeout=PATIENCE)
        assert last.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "",
        "EIO=3&transport=polling",
        "EIO=4&transport=carrier-pigeon",
        "EIO=4&transport=websocket",
        "EIO=4&transport=polling&sid=made-up",
        "EIO=4&transport=polling&j=0",
        "EIO=4&transport=polling&sid=%FF%00",
    ],
)
def test_a_malformed_request_for_a_socket_is_refused(bystander: Visitor, query: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        answer = requests.request(
            method, f"{bystander.url}/socket.io/?{query}", data=b"x", timeout=PATIENCE
        )
        assert 400 <= answer.status_code < 500


HANDSHAKE = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec-WebSocket-Key": ""},
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Version": "x"},
        {"Upgrade": "h2c"},
        {"Connection": "close"},
    ],
)
def test_a_malformed_handshake_is_refused(bystander: Visitor, changes: dict[str, str]) -> None:
    assert _shake_hands(bystander.url, {**HANDSHAKE, **changes}) == 400


def test_a_handshake_with_odd_extensions_goes_without_them(bystander: Visitor) -> None:
    extensions = "permessage-deflate; server_max_window_bits=abc, ;;=,"
    assert _shake_hands(bystander.url, {**HANDSHAKE, "Sec-WebSocket-Extensions": extensions}) == 101


def _shake_hands(url: str, headers: dict[str, str]) -> int:
    place = urlsplit(url)
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    request = "\r\n".join(["GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", *lines, "", ""])
    with socket.create_connection((place.hostname, place.port), PATIENCE) as connection:
        connection.sendall(request.encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_peer_that_sends_and_never_reads_is_cut_off(mode: str, tmp_path: Path) -> None:
    options = ("--max-events-per-second", "1000")
    with running_server(tmp_path, async_mode=mode, options=options) as server:
        visitor = Visitor(server.url)
        tab = visitor.open_tab()
        deaf = _open(visitor, options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)])
        event = '42999["save"]'  # whose answer is large
        with pytest.raises((OSError, websocket.WebSocketException)):  # noqa: PT012
            while True:  # until the server has had enough of it
                deaf.send(event)
                time.sleep(0.01)
        tab.next_frame()
        assert requests.get(f"{server.url}/healthz", timeout=PATIENCE).ok
        assert not server.complaints
        deaf.close()
        visitor.leave()


def test_the_packets_that_are_sent_are_those_of_the_protocol() -> None:
    packet = Packet(data=["frame", {"seq": 1}], namespace="/", id=3)
    assert packet.encode() == '23["frame",{"seq":1}]'
    again = Packet(encoded_packet=packet.encode())
    assert (again.data, again.id) == (packet.data, 3)
    with pytest.raises(MalformedPacketError):
        Packet(encoded_packet="30[]")
    assert MOST_UNREAD >= 16
