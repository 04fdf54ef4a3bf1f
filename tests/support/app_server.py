"""An application in this process, and its clients, without sockets.

HTTP requests use Flask's test client and events Flask-SocketIO's; both pass all middleware. The
broadcaster, which `serve` runs in the background, runs while a test waits.
"""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from engineio.packet import Packet as EncodedPacket
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIO, SocketIOTestClient
from socketio import packet as packets
from werkzeug.test import TestResponse

from app.engines.base import Engine
from app.protocol.limits import Limits
from app.runtime.config import ServerConfig
from app.server import create_app
from app.web.extension import Extension, extension_of
from model import compile_kernels
from tests.support.cookies import without_port
from tests.support.pacing import pace_training
from tests.support.recording import Recorder
from tests.support.waiting import wait_for

# All clients of a test process have one address.
MANY_SESSIONS = Limits(sessions_per_address=100_000)
CONFIG = ServerConfig(
    async_mode="threading",
    workers=1,
    unwatched_minutes=0,
    size="original",  # the smallest
    limits=MANY_SESSIONS,
)


class ConnectionRefused(Exception):  # noqa: N818  (as the library names it)
    """The application refused the connection of a page.

    Attributes:
        message: the error message.
        data: the code and the limit, if any.
    """

    def __init__(self, refusal: dict[str, Any]) -> None:
        super().__init__(refusal)
        self.message: str = refusal.get("message", "")
        self.data: dict[str, str] | None = refusal.get("data")


class _Peer:
    """A stand-in for the WebSocket of a page."""

    closed = False
    closing = True  # so that Engine.IO's check for dead sockets ignores it


class Tab(Recorder, SocketIOTestClient):  # type: ignore[misc]  # the library has no types
    """An open page: records events, and acknowledges them while `reads` is true."""

    def __init__(self, here: Extension, app: Flask, http: FlaskClient) -> None:
        Recorder.__init__(self)
        self.reads = True
        self._actor = here
        self._refusal: dict[str, Any] | None = None
        self._unread: list[int] = []
        SocketIOTestClient.__init__(self, app, here.socketio, flask_test_client=http)
        if not self.is_connected():
            if self._refusal and (self._refusal.get("data") or {}).get("code") == "answer_timeout":
                faulthandler.dump_traceback(2)  # shows which thread hangs
            raise ConnectionRefused(self._refusal or {})

    def connect(self, **options: Any) -> None:
        """Connect the page's socket."""
        server = self.socketio.server
        server.eio.sockets[self.eio_sid] = _Peer()
        server._send_packet = self._recording(server._send_packet)
        server._send_eio_packet = self._recording(server._send_eio_packet)
        super().connect(**options)

    def _recording(self, send: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
        """Wrap a send method of the library, so that pages receive its packets."""

        def send_and_record(eio_sid: str, packet: Any) -> None:
            send(eio_sid, packet)
            tab = self.clients.get(eio_sid)
            if isinstance(packet, EncodedPacket):  # an event without acknowledgement
                packet = packets.Packet(encoded_packet=packet.data)
            if isinstance(tab, Tab):
                tab._receive(packet)

        return send_and_record

    def ask(self, event: str, *payload: Any) -> dict[str, Any]:
        """Send an event and return the answer."""
        answer: dict[str, Any] = self.emit(event, *(payload or ({},)), callback=True)
        return answer

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """Publish frames until something is true, and return it."""

        def publish_and_check() -> Any:
            self._actor.broadcaster.publish(time.monotonic())
            return what()

        return wait_for(publish_and_check)

    def read(self) -> None:
        """Acknowledge what was received while `reads` was false."""
        self.reads = True
        while self._unread:
            self._acknowledge(self._unread.pop(0))

    def close(self) -> None:
        """Close the page."""
        if self.is_connected():
            self.disconnect()
        self.socketio.server.eio.sockets.pop(self.eio_sid, None)

    def _receive(self, packet: Any) -> None:
        if packet.packet_type == packets.CONNECT_ERROR:
            self._refusal = packet.data
        if packet.packet_type != packets.EVENT:
            return
        self.record(*packet.data[:2])
        if packet.id is None:
            return
        if self.reads:
            self._acknowledge(packet.id)
        else:
            self._unread.append(packet.id)

    def _acknowledge(self, number: int) -> None:
        packet = packets.Packet(packets.ACK, data=[], id=number)
        self.socketio.server._handle_eio_message(self.eio_sid, packet.encode())


class Client:
    """A browser with its cookies and pages."""

    def __init__(self, app_server: AppServer) -> None:
        self._app_server = app_server
        self.http: FlaskClient = app_server.app.test_client()
        self.get("/")
        self._tabs: list[Tab] = []

    def open_tab(self) -> Tab:
        """Open a page.

        Raises:
            ConnectionRefused: the application refuses the connection.
        """
        tab = Tab(self._app_server.parts, self._app_server.app, self.http)
        self._tabs.append(tab)
        return tab

    def take_cookies(self, cookies: Mapping[str, str]) -> None:
        """Set the cookies of a server at another port, whose names contain that port."""
        for name, value in without_port(cookies).items():
            self.http.set_cookie(name, value)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Send a GET request with the browser's cookies."""
        return self.http.get(path, **{"buffered": True, **options})

    def put(self, path: str, body: bytes, **options: Any) -> TestResponse:
        """Send a PUT request with the browser's cookies."""
        return self.http.put(path, data=body, **{"buffered": True, **options})

    def leave(self) -> None:
        """Close every page."""
        for tab in self._tabs:
            tab.close()


class AppServer:
    """An application and its clients.

    Attributes:
        app: the Flask application.
        parts: its extension, with the services.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.parts = extension_of(app)
        self._clients: list[Client] = []

    def new_client(self) -> Client:
        """A new client, with its own cookies."""
        self._clients.append(Client(self))
        return self._clients[-1]

    @property
    def socketio(self) -> SocketIO:
        """The Socket.IO server."""
        return self.parts.socketio

    def close(self) -> None:
        """Close every page, and the application."""
        for client in self._clients:
            client.leave()
        self.parts.close()


@contextmanager
def running_app(data_dir: Path, engine: Engine | None = None, **config: Any) -> Iterator[AppServer]:
    """An application with its data in a folder; `config` overrides `CONFIG`."""
    pace_training()
    compile_kernels()
    app_server = AppServer(create_app(replace(CONFIG, data_dir=data_dir, **config), engine=engine))
    try:
        yield app_server
    finally:
        app_server.close()
