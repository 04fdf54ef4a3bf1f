"""Validates Socket.IO packets, and closes the sockets of peers that send bad ones or do not read.

The libraries log a traceback for most malformed packets and keep some of their sockets open. Here
a malformed packet closes its socket, with one line in the log.
"""

from __future__ import annotations

import io
import json
import logging
import re
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from engineio.payload import Payload
from socketio import Server
from socketio import packet as packets
from werkzeug.wrappers import Response

from app.errors import PayloadTooLarge, UserError
from app.web.http.responses import error_response
from app.web.sockets.serializers import SharedPayload

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

SOCKETS = "/socket.io/"
MAX_UNREAD = 16
"""Packets that a peer may leave unread before its own are no longer read."""
UNREAD_TIMEOUT = 5.0
"""Seconds to wait for such a peer."""
PAUSE = 0.05
MAX_PACKETS_PER_BODY = 256
"""Packets in one polling request. A page sends those that it has collected during the last request:
with Engine.IO's limit of 16, moving a slider over a slow line would close its socket."""
MAX_NAME_LENGTH = 100
"""Characters of a namespace, or of a packet without a message."""
SMALL = 16_384
"""Characters of a packet without a long text, and of a packet besides its texts. JSON of a few
megabytes takes seconds to parse, unless it is a text. Also bytes of a message before its socket has
a session."""
WITH_TEXT = frozenset({"learn", "load"})
"""The events with a long text."""
EVENT_START = re.compile(r'[25](?:\d{1,10}-)?(?:/[^,]{0,100},)?\d{0,100}\["(\w{0,100})"', re.ASCII)
"""The start of an event up to its name."""
SEPARATOR = "\x1e"
MESSAGE = "4"
WITHOUT_MESSAGE = frozenset("12356")  # close, ping, pong, upgrade, noop
RESERVED = frozenset({"connect", "disconnect", "*"})
"""Event names reserved by the library, which it would still accept from a peer."""
EXPLAINED_ONCE = "(further occurrences of this error will be logged with level INFO)"
"""The end of Engine.IO's log messages about malformed requests."""


class MalformedPacketError(ValueError):
    """A packet that no client of the protocol sends."""


class Packet(packets.Packet):  # type: ignore[misc]  # the library has no types
    """A Socket.IO packet, fully validated when it is decoded.

    This protocol has no binary data. In an event with attachments the placeholders remain, which no
    field accepts, so that nothing is buffered until the attachments arrive.
    """

    uses_binary_events = False  # payloads are not searched for binary data

    packet_type: int
    namespace: str | None
    id: int | None
    data: Any

    def encode(self) -> str:
        """The packet for transmission."""
        if self.packet_type == packets.EVENT and isinstance(self.data[-1], SharedPayload):
            name, payload = self.data
            number = "" if self.id is None else self.id
            return f"{packets.EVENT}{number}[{json.dumps(name)},{payload.encoded}]"
        encoded: str = super().encode()
        return encoded

    def decode(self, encoded_packet: str) -> int:
        """Decode a packet; returns 0, the number of attachments to wait for.

        The payload of an event that is too large is the `UserError` to answer.
        """
        refusal = None
        if len(encoded_packet) > SMALL:
            start = EVENT_START.match(encoded_packet)
            if start is None:
                raise MalformedPacketError("too large")
            if start[1] not in WITH_TEXT or _size_besides_texts(encoded_packet) > SMALL:
                refusal = PayloadTooLarge("event_too_large", limit=SMALL)
                encoded_packet = f"{start[0]}]"
        try:
            super().decode(encoded_packet)
        except (ValueError, RecursionError) as error:
            raise MalformedPacketError(str(error)[:MAX_NAME_LENGTH]) from None
        if self.packet_type == packets.BINARY_EVENT:
            self.packet_type = packets.EVENT
        elif self.packet_type == packets.BINARY_ACK:
            self.packet_type = packets.ACK
        self._check()
        if refusal is not None:
            self.data.append(refusal)
        return 0

    def _check(self) -> None:
        if len(self.namespace or "") > MAX_NAME_LENGTH:
            raise MalformedPacketError("the namespace is too long")
        if self.packet_type == packets.EVENT:
            if not isinstance(self.data, list) or not self.data:
                raise MalformedPacketError("an event without a name")
            if not isinstance(self.data[0], str) or self.data[0] in RESERVED:
                self.data[0] = ""  # an unknown event, which is answered as such
        elif self.packet_type == packets.ACK:
            # The library stores its counter among the callbacks, as number 0.
            if not self.id or not isinstance(self.data, list):
                raise MalformedPacketError("an acknowledgement of nothing")
        elif self.packet_type not in {packets.CONNECT, packets.DISCONNECT}:
            raise MalformedPacketError("not a packet for a server")


def _size_besides_texts(data: str) -> int:
    """The number of characters of JSON outside of its strings, in linear time."""
    data = data.replace("\\\\", "").replace('\\"', "")
    quotes = data.count('"')
    if quotes > SMALL:
        return quotes
    return quotes + sum(map(len, data.split('"')[::2]))


def _max_size(server: Server, name: str) -> int:
    """Maximum bytes of a message of a socket, which has a session once it is connected."""
    most: int = server.eio.max_http_buffer_size
    has_session = server.manager.sid_from_eio_sid(name, "/") is not None
    return most if has_session else min(SMALL, most)


def is_text_packet(data: str) -> bool:
    """Whether text can be an Engine.IO packet; a message's content is validated later."""
    if data[:1] == MESSAGE:
        return data[1:2] in set("0123456")
    return data[:1] in WITHOUT_MESSAGE and len(data) < MAX_NAME_LENGTH


def install_packet_validation(server: Server) -> None:
    """Validate messages and WebSockets of a server before the library handles them."""
    Payload.max_decode_packets = MAX_PACKETS_PER_BODY
    engine = server.eio
    handle = engine.handlers["message"]

    def handle_checked(name: str, data: str) -> None:
        try:
            handle(name, data)
        except MalformedPacketError as error:
            log.info("a socket sent a malformed packet and was closed: %s", error)
            _close(engine, name)

    engine.on("message", handle_checked)
    upgrade = engine._async["websocket"]  # noqa: SLF001  (the library offers no other way)
    # Its own dictionary: the library's is shared by every server of the process.
    engine._async = {  # noqa: SLF001
        **engine._async,  # noqa: SLF001
        "websocket": lambda handler, _: _validating(upgrade, handler, server),
    }
    logging.getLogger("engineio.server").addFilter(_is_not_peer_error)


class PacketMiddleware:
    """Validates the HTTP requests of sockets: handshakes and polling bodies."""

    def __init__(self, app: WSGIApplication, server: Server) -> None:
        self._app = app
        self._server = server
        self._engine = server.eio

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        refused = None
        if environ.get("PATH_INFO", "").startswith(SOCKETS):
            # No compression: a small message could expand to gigabytes.
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            refused = self._refusal(environ)
        return (refused or self._app)(environ, start_response)

    def _refusal(self, environ: WSGIEnvironment) -> Response | None:
        query = parse_qs(environ.get("QUERY_STRING", ""), errors="replace")
        if "j" in query:  # JSONP, for pages of other sites
            return error_response(UserError("malformed_packet"))
        if "HTTP_UPGRADE" in environ and not _is_handshake(environ):
            return error_response(UserError("invalid_handshake"))
        if environ["REQUEST_METHOD"] == "POST":
            return self._body_refusal(environ, query.get("sid", [""])[0])
        return None

    def _body_refusal(self, environ: WSGIEnvironment, name: str) -> Response | None:
        peer = self._engine.sockets.get(name)
        if peer is None or peer.closed:
            return error_response(UserError("no_socket"))
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdecimal():
            return self._reject(name, UserError("malformed_packet"))
        if len(length) > 15 or int(length) > _max_size(self._server, name):
            return self._reject(name, PayloadTooLarge("packet_too_large"))
        body = _checked_body(environ["wsgi.input"].read(int(length)))
        if body is None:
            return self._reject(name, UserError("malformed_packet"))
        if not _wait_until_read(peer, self._engine):
            return self._reject(name, UserError("answers_unread"))
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return None

    def _reject(self, name: str, error: UserError) -> Response:
        log.info("a polling socket was closed: %s", error.code)
        _close(self._engine, name)
        return error_response(error)


class _ValidatingWebSocket:
    """A WebSocket that passes valid packets to Engine.IO, and ends at any other."""

    def __init__(self, websocket: Any, peer: Any, server: Server) -> None:
        self._websocket = websocket
        self._peer = peer
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    def wait(self) -> str | None:
        """The next packet; None at the end of the socket."""
        while True:
            # Eventlet's attribute: in the threading mode, frames are read before this is called.
            self._websocket.max_frame_length = _max_size(self._server, self._peer.sid)
            try:
                data = self._websocket.wait()
            except (OSError, ValueError):  # closed, or not WebSocket frames
                return None
            if data is None or self._peer.closed:
                return None
            if not _wait_until_read(self._peer, self._server.eio):
                log.info("a socket that does not read was closed")
                self._cut()
                return None
            self._server.eio.sleep(0)  # lets other tasks run when a peer sends without a pause
            if isinstance(data, (bytes, bytearray)):
                continue  # an attachment: see Packet
            if not is_text_packet(data):
                log.info("a socket sent an invalid packet and was closed")
                return None
            return str(data)

    def _cut(self) -> None:
        """Close the connection at once, because a writer is blocked on it."""
        self._peer.close(wait=False, abort=True)
        inner = getattr(self._websocket, "ws", None)  # the wrapper of the threading mode
        connection = getattr(inner, "sock", None) or getattr(self._websocket, "socket", None)
        try:
            if connection is not None:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # already closed


def _validating(upgrade: Callable[..., Any], handler: Any, server: Server) -> Any:
    """The library's upgrade to a WebSocket, with validated packets."""
    peer = handler.__self__
    return upgrade(
        lambda websocket: handler(_ValidatingWebSocket(websocket, peer, server)), server.eio
    )


def _wait_until_read(peer: Any, engine: Any) -> bool:
    """Wait for a peer to read its packets; returns whether it did."""
    waited = 0.0
    while peer.queue.qsize() > MAX_UNREAD and waited < UNREAD_TIMEOUT:
        engine.sleep(PAUSE)
        waited += PAUSE
    return bool(peer.queue.qsize() <= MAX_UNREAD)


def _checked_body(body: bytes) -> bytes | None:
    """A polling body without its attachments; None if it is malformed."""
    try:
        sent = body.decode().split(SEPARATOR) if body else []
    except UnicodeDecodeError:
        return None
    texts = [packet for packet in sent if not packet.startswith("b")]
    if len(sent) > MAX_PACKETS_PER_BODY or not all(map(is_text_packet, texts)):
        return None
    return SEPARATOR.join(texts).encode()


def _is_handshake(environ: WSGIEnvironment) -> bool:
    connection = environ.get("HTTP_CONNECTION", "").lower().split(",")
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ["HTTP_UPGRADE"].lower() == "websocket"
        and "upgrade" in {part.strip() for part in connection}
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and len(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")) == 24
        and "HTTP_HOST" in environ
    )


def _close(engine: Any, name: str) -> None:
    """Close a socket without sending its queued packets."""
    peer = engine.sockets.get(name)
    if peer is not None:
        peer.close(wait=False, abort=True)


def _is_not_peer_error(record: logging.LogRecord) -> bool:
    return not record.getMessage().endswith(EXPLAINED_ONCE)
