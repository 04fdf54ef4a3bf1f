"""A Socket.IO and HTTP client of a real server."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import socketio
import websocket

from tests.support.cookies import without_port
from tests.support.recording import Recorder
from tests.support.waiting import PATIENCE


class Tab(Recorder):
    """An open page: records events, and acknowledges them while `reads` is set."""

    def __init__(
        self,
        url: str,
        cookies: Mapping[str, str],
        transport: str = "websocket",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._polls = transport == "polling"
        self.reads = threading.Event()
        self.reads.set()
        http = requests.Session()
        http.cookies.update(cookies)  # a header would be sent with the first request only
        http.headers.update(headers or {})
        self._client = socketio.Client(reconnection=False, http_session=http)
        self._client.on("*", self._receive)
        self._connect(url, transport)

    def _connect(self, url: str, transport: str) -> None:
        """Connect.

        Raises:
            ConnectionError: of Socket.IO: the server refuses the connection.
        """
        answers: queue.Queue[Any] = queue.Queue()
        self._client.on("connect", lambda: answers.put(None))
        self._client.on("connect_error", answers.put)
        path = f"{urlsplit(url).path}/socket.io"
        self._client.connect(url, transports=[transport], wait=False, socketio_path=path)
        refusal = answers.get(timeout=PATIENCE)
        if refusal is not None:
            # The client may poll until the next ping before it disconnects.
            threading.Thread(target=self._client.disconnect, daemon=True).start()
            raise socketio.exceptions.ConnectionError(refusal)

    def ask(self, event: str, *payload: Any) -> dict[str, Any]:
        """Send an event and return the answer."""
        data = payload if len(payload) > 1 else (payload[0] if payload else {})
        answer: dict[str, Any] = self._client.call(event, data, timeout=PATIENCE)
        return answer

    def say(self, event: str, payload: Any) -> None:
        """Send an event without waiting for an answer."""
        self._client.emit(event, payload)

    @property
    def is_open(self) -> bool:
        """Whether the page is connected."""
        return bool(self._client.connected)

    def close(self) -> None:
        """Close the page."""
        closing = threading.Thread(target=self._client.disconnect, daemon=True)
        closing.start()
        if not self._polls:  # the last poll may last until the server's next ping
            closing.join(PATIENCE)

    def _receive(self, event: str, payload: dict[str, Any]) -> None:
        self.record(event, payload)
        self.reads.wait(PATIENCE)  # the client acknowledges when this returns


class Client:
    """A browser with its cookies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.get(f"{url}/", timeout=PATIENCE).raise_for_status()
        self._tabs: list[Tab] = []

    def at(self, url: str) -> Client:
        """A new client of a server at another port, with these cookies, whose names contain it."""
        client = Client(url)
        client.http.cookies.clear()
        client.http.cookies.update(without_port(self.http.cookies.get_dict()))
        return client

    def open_tab(self, transport: str = "websocket") -> Tab:
        """Open the page."""
        tab = Tab(self.url, self.http.cookies.get_dict(), transport, self.http.headers)
        self._tabs.append(tab)
        return tab

    def get(self, path: str) -> requests.Response:
        """Send a GET request with the browser's cookies."""
        return self.http.get(f"{self.url}{path}", timeout=PATIENCE)

    def put(self, path: str, body: bytes) -> requests.Response:
        """Send a PUT request with the browser's cookies."""
        return self.http.put(f"{self.url}{path}", data=body, timeout=PATIENCE)

    def leave(self) -> None:
        """Pause training and close every page."""
        for tab in self._tabs:
            tab.reads.set()
        for tab in [tab for tab in self._tabs if tab.is_open]:
            tab.ask("pause")
            tab.close()

    @property
    def cookie_header(self) -> str:
        """The browser's cookies as the value of a Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def open_socket(
        self, *options: tuple[int, int, int], connect: bool = True
    ) -> websocket.WebSocket:
        """A raw WebSocket with these socket options, by default connected to Socket.IO."""
        url = f"{self.url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
        opened = websocket.create_connection(
            url, cookie=self.cookie_header, timeout=PATIENCE, sockopt=options
        )
        assert opened.recv()[0] == "0"
        if connect:
            opened.send("40")
            read_until(opened, "40")
        return opened

    def begin_upload(self, length: int) -> socket.socket:
        """A connection on which the headers of an upload have been sent."""
        url = urlsplit(self.url)
        connection = socket.create_connection((url.hostname, url.port), PATIENCE)
        head = f"PUT /api/model.json HTTP/1.1\r\nHost: {url.netloc}\r\n"
        head += f"Cookie: {self.cookie_header}\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode())
        return connection


def read_until(opened: websocket.WebSocket, prefix: str) -> str:
    """The first message with this prefix."""
    while True:
        data = opened.recv()
        assert isinstance(data, str)
        assert data, "the socket was closed"
        if data.startswith(prefix):
            return data


def read_until_closed(opened: websocket.WebSocket) -> None:
    """Read until the server closes the socket."""
    try:
        while opened.recv() != "":
            pass
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        pass
