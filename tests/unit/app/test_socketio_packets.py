"""What is a packet of a socket, and what ends the socket that sent it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest
import socketio
from socketio import packet as packets
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from app.errors import PayloadTooLarge
from app.web.middleware.socketio_packets import (
    MAX_PACKETS_PER_BODY,
    MAX_UNREAD,
    SMALL,
    MalformedPacketError,
    Packet,
    PacketMiddleware,
    install_packet_validation,
    is_text_packet,
)
from app.web.sockets.serializers import SharedPayload

DEEP = "[" * 100_000
NO_PACKETS = [
    *("", "x", "4", "4x", "49", "7", "0{}", "²", "\ud7ff", f"4{DEEP}", f"2{DEEP}", "2" * 100),
]
MALFORMED = [
    f"2{DEEP}",
    f"0{DEEP}",
    '2{"a":1}',
    "2",
    "2[]",
    "2null",
    '2"learn"',
    "2[",
    f"2[{'9' * 10_000}]",
    "299999999999999999999",
    f"2{'1' * 200}[]",
    "3",
    "3[]",
    "30[]",
    "31",
    '31{"a":1}',
    "4",
    "4{}",
    f"5{'9' * 20}-[]",
    "51-",
    f"0/{'n' * 1000},",
    f"2/{'n' * 1000},[]",
]
"""Messages, without the 4 that begins them all."""


@pytest.mark.parametrize("data", NO_PACKETS, ids=lambda data: data[:10])
def test_what_is_no_packet_of_engine_io_is_recognised(data: str) -> None:
    assert not is_text_packet(data)


@pytest.mark.parametrize("data", ["2", "3", "5", "6", "2probe", "40", '42["pause"]', "451-[]"])
def test_packets_of_engine_io_are_let_through(data: str) -> None:
    assert is_text_packet(data)


@pytest.mark.parametrize("data", MALFORMED, ids=lambda data: data[:10])
def test_what_is_no_packet_of_socket_io_is_not_decoded(data: str) -> None:
    with pytest.raises(MalformedPacketError):
        Packet(encoded_packet=data)


@pytest.mark.parametrize(
    ("data", "kind", "read"),
    [
        ("0", packets.CONNECT, None),
        ("0/admin,", packets.CONNECT, None),
        ("1/admin,", packets.DISCONNECT, None),
        ('27["pause",{}]', packets.EVENT, ["pause", {}]),
        ('2/admin,["pause"]', packets.EVENT, ["pause"]),
        ("31[]", packets.ACK, []),
        ('399999["x"]', packets.ACK, ["x"]),
    ],
)
def test_a_packet_is_read_as_it_was_sent(data: str, kind: int, read: object) -> None:
    packet = Packet(encoded_packet=data)
    assert (packet.packet_type, packet.data) == (kind, read)


@pytest.mark.parametrize("name", ['"connect"', '"disconnect"', '"*"', "5", "[]", "null"])
def test_an_event_by_a_name_of_the_librarys_own_has_a_name_that_no_event_has(name: str) -> None:
    assert Packet(encoded_packet=f"2[{name},1]").data == ["", 1]


def test_of_attachments_only_the_placeholders_are_left_and_none_is_waited_for() -> None:
    event = Packet(encoded_packet='51-7["learn",{"text":{"_placeholder":true,"num":0}}]')
    assert (event.packet_type, event.id) == (packets.EVENT, 7)
    assert event.data == ["learn", {"text": {"_placeholder": True, "num": 0}}]
    answer = Packet(encoded_packet='61-1[{"_placeholder":true,"num":0}]')
    assert (answer.packet_type, answer.id) == (packets.ACK, 1)


@pytest.mark.parametrize(
    "data",
    [
        f'27["set",[{"{}," * SMALL}1]]',
        f'27["set",{{"temperature":"{"x" * SMALL}"}}]',
        f'251-/,7["learn",[{"1e1," * SMALL}1]]',
        f'27["learn",{{"options":{{"hidden_sizes":[{"," * SMALL}]}}}}]',
        f'27["load",{json.dumps(dict.fromkeys(range(SMALL)))}]',
    ],
    ids=lambda data: data[:16],
)
def test_an_event_that_is_slow_to_parse_is_answered_without_its_payload(data: str) -> None:
    event = Packet(encoded_packet=data)
    name, error = event.data
    assert (event.packet_type, event.id) == (packets.EVENT, 7)
    assert name in {"set", "learn", "load"}
    assert isinstance(error, PayloadTooLarge)
    assert error.code == "event_too_large"


@pytest.mark.parametrize("text", ["x", "\n", '"', "\\", '\\"', '"{[,', "é", "🙂"])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_an_event_with_a_long_text_is_decoded(text: str, ensure_ascii: bool) -> None:
    sent = ["learn", {"text": text * SMALL}]
    event = Packet(encoded_packet=f"27{json.dumps(sent, ensure_ascii=ensure_ascii)}")
    assert event.data == sent


@pytest.mark.parametrize("data", ["0{}", "31[]", '2["s\\u0065t"]', '2[ "set"]', "2[1]"])
def test_another_large_packet_is_not_decoded(data: str) -> None:
    with pytest.raises(MalformedPacketError):
        Packet(encoded_packet=data + " " * SMALL)


def test_the_packets_that_are_sent_are_those_of_the_protocol() -> None:
    packet = Packet(data=["frame", {"seq": 1}], namespace="/", id=3)
    assert packet.encode() == '23["frame",{"seq":1}]'
    again = Packet(encoded_packet=packet.encode())
    assert (again.data, again.id) == (packet.data, 3)


# ------------------------------------------------------------------ requests


class Peer:
    """The other end of a socket, as Engine.IO keeps it."""

    def __init__(self, unread: int = 0) -> None:
        self.queue: Queue[None] = Queue()
        for _ in range(unread):
            self.queue.put(None)
        self.closed = False

    def close(self, wait: bool, abort: bool) -> None:
        assert (wait, abort) == (False, True)
        self.closed = True


class Engine:
    """A stand-in for Engine.IO; nothing is read while it sleeps."""

    max_http_buffer_size = 1000

    def __init__(self) -> None:
        self.sockets = {"sid": Peer(), "deaf": Peer(MAX_UNREAD + 1)}
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


class Library:
    """The library behind the check, which answers everything and keeps the bodies."""

    def __init__(self) -> None:
        self.eio = Engine()
        self.manager = socketio.Server(async_mode="threading").manager
        self.bodies: list[str] = []
        self.extensions: list[bool] = []
        self._client = Client(PacketMiddleware(self._answer, self))  # type: ignore[arg-type]

    def post(self, body: bytes, sid: str = "sid", **environ: str) -> TestResponse:
        """Send a polling request; `environ` changes what the server has made of it."""
        path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
        return self._client.post(path, data=body, environ_overrides=environ)

    def get(self, path: str = "/socket.io/?EIO=4", method: str = "GET", **headers: str) -> int:
        """Send another; its status."""
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        return self._client.open(path, method=method, headers=named).status_code

    def _answer(self, environ: Any, start_response: Any) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.bodies.append(environ["wsgi.input"].read(length).decode())
        self.extensions.append("HTTP_SEC_WEBSOCKET_EXTENSIONS" in environ)
        return Response("taken")(environ, start_response)


def code(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


def test_a_body_of_packets_is_passed_on_without_its_attachments() -> None:
    library = Library()
    assert library.post(b"40").status_code == 200
    assert library.post(b'42["pause"]\x1eb!!!\x1e3').status_code == 200
    assert library.post(b"b!!!").status_code == 200
    assert library.bodies == ["40", '42["pause"]\x1e3', ""]


@pytest.mark.parametrize(
    "body",
    [
        *(b"\xff\xfe", b"x", b"d=", b"data=4", b"\x1e", f"4{DEEP}".encode()[:900]),
        b"\x1e".join([b"2"] * (MAX_PACKETS_PER_BODY + 1)),
    ],
)
def test_a_malformed_body_ends_its_socket_and_no_other(body: bytes) -> None:
    library = Library()
    assert code(library.post(body)) == (400, "malformed_packet")
    assert library.eio.sockets["sid"].closed
    assert not library.eio.sockets["deaf"].closed
    assert code(library.post(b"40")) == (400, "no_socket")
    assert not library.bodies


@pytest.mark.parametrize(
    ("length", "refused"),
    [
        ("1001", (413, "packet_too_large")),
        ("9" * 5000, (413, "packet_too_large")),
        ("-1", (400, "malformed_packet")),
        ("1_0", (400, "malformed_packet")),
    ],
)
def test_a_body_is_not_read_by_a_length_that_cannot_be_taken(
    length: str, refused: tuple[int, str]
) -> None:
    library = Library()
    assert code(library.post(b"", CONTENT_LENGTH=length)) == refused
    assert library.eio.sockets["sid"].closed


def test_a_body_is_small_until_its_socket_has_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "max_http_buffer_size", 10 * SMALL)
    body = b"4" + b"0" * SMALL
    library = Library()
    library.manager.connect("sid", "/")
    assert library.post(body).status_code == 200
    assert code(Library().post(body)) == (413, "packet_too_large")


def test_who_does_not_read_is_waited_for_and_then_not_listened_to() -> None:
    library = Library()
    assert code(library.post(b"2", sid="deaf")) == (400, "answers_unread")
    assert library.eio.slept > 0
    assert library.eio.sockets["deaf"].closed


def test_a_socket_that_does_not_exist_and_a_page_of_another_site_are_refused() -> None:
    library = Library()
    assert code(library.post(b"2", sid="made-up")) == (400, "no_socket")
    assert library.get("/socket.io/?EIO=4&transport=polling&j=0") == 400
    assert not library.bodies


HANDSHAKE = {
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec_WebSocket_Version": "13",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec_WebSocket_Key": ""},
        {"Sec_WebSocket_Key": "short"},
        {"Sec_WebSocket_Version": "8"},
        {"Sec_WebSocket_Version": "x"},
        {"Upgrade": "h2c"},
        {"Connection": "close"},
        {"method": "POST"},
    ],
)
def test_a_malformed_handshake_is_refused(changes: dict[str, str]) -> None:
    library = Library()
    assert library.get(**{**HANDSHAKE, **changes}) == 400
    assert not library.bodies


def test_a_handshake_goes_on_without_its_extensions() -> None:
    library = Library()
    assert library.get(**HANDSHAKE, Sec_WebSocket_Extensions="permessage-deflate") == 200
    assert library.extensions == [False]


def test_other_addresses_are_left_alone() -> None:
    library = Library()
    assert library.get("/api/model.json?j=0", Upgrade="h2c", Connection="Upgrade") == 200


# ------------------------------------------------------------------ WebSockets


class WebSocket:
    """A connection on which messages come in, and an error that ends them."""

    def __init__(self, messages: list[object]) -> None:
        self.messages = messages
        self.other_end, self.socket = socket.socketpair()

    def wait(self) -> Any:
        message = self.messages.pop(0)
        if isinstance(message, Exception):
            raise message
        return message


@pytest.fixture
def reader() -> Iterator[Callable[..., Any]]:
    """Makes what Engine.IO is given to read of a connection."""
    opened: list[WebSocket] = []

    def read(peer: Peer, *messages: object) -> Any:
        connection = WebSocket(list(messages))
        opened.append(connection)
        server = socketio.Server(async_mode="threading")
        server.eio.sleep = lambda _: None
        given: list[Any] = []
        # What the library would open a connection with hands over the one that there is.
        server.eio._async = {
            **server.eio._async,
            "websocket": lambda handler, _engine: handler(connection),
        }
        install_packet_validation(server)
        taken = _Handler(peer, given)
        server.eio._async["websocket"](taken.take, Engine())
        return given[0]

    yield read
    for connection in opened:
        connection.socket.close()
        connection.other_end.close()


class _Handler:
    """Engine.IO's socket, whose method takes the connection."""

    sid = "sid"

    def __init__(self, peer: Peer, given: list[Any]) -> None:
        self.queue = peer.queue
        self.given = given
        self._peer = peer

    @property
    def closed(self) -> bool:
        return self._peer.closed

    def close(self, wait: bool, abort: bool) -> None:
        self._peer.close(wait, abort)

    def take(self, connection: Any) -> None:
        self.given.append(connection)


def test_a_connection_is_read_packet_by_packet_without_attachments(reader: Any) -> None:
    connection = reader(Peer(), "40", b"an attachment", '42["pause"]', None)
    assert [connection.wait() for _ in range(3)] == ["40", '42["pause"]', None]


def test_a_message_is_small_until_its_socket_has_a_session(reader: Any) -> None:
    connection = reader(Peer(), "40", "2")
    connection.wait()
    assert connection.max_frame_length == SMALL
    connection._server.manager.connect("sid", "/")
    connection.wait()
    assert connection.max_frame_length == connection._server.eio.max_http_buffer_size


@pytest.mark.parametrize("last", ["x", OSError("gone"), ValueError("no frame"), None])
def test_what_is_no_packet_ends_the_connection(reader: Any, last: object) -> None:
    connection = reader(Peer(), last, "40")
    assert connection.wait() is None


def test_nothing_more_is_read_of_a_socket_that_was_closed(reader: Any) -> None:
    peer = Peer()
    peer.closed = True
    assert reader(peer, "40").wait() is None


def test_the_connection_of_a_peer_that_does_not_read_is_shut(reader: Any) -> None:
    peer = Peer(MAX_UNREAD + 1)
    connection = reader(peer, "40", "40")
    assert connection.wait() is None
    assert peer.closed
    with pytest.raises(BrokenPipeError):
        connection.socket.sendall(b"more")


def test_a_malformed_message_ends_its_socket_quietly() -> None:
    server = socketio.Server(async_mode="threading", serializer=Packet)
    install_packet_validation(server)
    server.eio.sockets = {"sid": Peer(), "other": Peer()}
    server.eio.handlers["message"]("sid", "2[")
    assert (server.eio.sockets["sid"].closed, server.eio.sockets["other"].closed) == (True, False)


def test_a_shared_payload_is_encoded_like_any_other() -> None:
    payload = {"text": 'a "quoted" \u65e5', "points": [(1, None), (2, 0.5)]}
    for number in (None, 7):
        shared = Packet(packets.EVENT, data=["state", SharedPayload(payload)], id=number)
        plain = Packet(packets.EVENT, data=["state", payload], id=number)
        assert shared.encode() == plain.encode()
