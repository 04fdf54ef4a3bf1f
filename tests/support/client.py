"""A visitor with a browser: a cookie, sockets, and an eye on what arrives."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
import socketio

PATIENCE = 60.0
"""Seconds: no promise of the server's, but long enough for a machine that is at much else."""


class Tab:
    """One open page: it keeps what it is sent, and acknowledges it unless told to be slow."""

    def __init__(self, url: str, cookies: Mapping[str, str], transport: str = "websocket") -> None:
        self.states: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.closings: list[dict[str, Any]] = []
        self._polls = transport == "polling"
        self.reads = threading.Event()
        self.reads.set()
        http = requests.Session()
        http.cookies.update(cookies)  # a header would go with the first request alone
        self._client = socketio.Client(reconnection=False, http_session=http)
        self._client.on("state", self._on(self.states))
        self._client.on("frame", self._on(self.frames))
        self._client.on("notice", self._on(self.notices))
        self._client.on("closing", self._on(self.closings))
        self._connect(url, transport)

    def _connect(self, url: str, transport: str) -> None:
        """Take a place.

        Raises:
            ConnectionError: of Socket.IO: there is none for this page.
        """
        answers: queue.Queue[Any] = queue.Queue()
        self._client.on("connect", lambda: answers.put(None))
        self._client.on("connect_error", answers.put)
        self._client.connect(url, transports=[transport], wait=False)
        refusal = answers.get(timeout=PATIENCE)
        if refusal is not None:
            # The client may poll until the next ping before it goes; nobody has to wait for that.
            threading.Thread(target=self._client.disconnect, daemon=True).start()
            raise socketio.exceptions.ConnectionError(refusal)

    def ask(self, event: str, *payload: Any) -> dict[str, Any]:
        """Send an event and return the answer."""
        data = payload if len(payload) > 1 else (payload[0] if payload else {})
        answer: dict[str, Any] = self._client.call(event, data, timeout=PATIENCE)
        return answer

    def say(self, event: str, payload: Any) -> None:
        """Send an event, and wait for no answer."""
        self._client.emit(event, payload)

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """Wait until something is true, and return it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := what():
                return found
            time.sleep(0.01)
        raise AssertionError("it did not come true")

    @property
    def state(self) -> dict[str, Any]:
        """The newest state, once there is one."""
        self.wait_for(lambda: self.states)
        return self.states[-1]

    def next_frame(self) -> dict[str, Any]:
        """A frame that has not come yet."""
        seen = len(self.frames)
        self.wait_for(lambda: len(self.frames) > seen)
        return self.frames[-1]

    def newest(self, field: str) -> Any:
        """The value of a field that the page shows now."""
        shown = [self.state, *self.frames]
        return next(each[field] for each in reversed(shown) if field in each)

    @property
    def is_open(self) -> bool:
        """Whether the page is open, and connected."""
        return bool(self._client.connected)

    def close(self) -> None:
        """Close the page."""
        closing = threading.Thread(target=self._client.disconnect, daemon=True)
        closing.start()
        if not self._polls:  # whose last poll may last until the server's next ping
            closing.join(PATIENCE)

    def _on(self, kept: list[dict[str, Any]]) -> Callable[[dict[str, Any]], None]:
        def keep(payload: dict[str, Any]) -> None:
            if kept is self.states:
                self.frames.clear()  # what a page shows is the state and the frames since
            kept.append(payload)
            self.reads.wait(PATIENCE)  # the client acknowledges when this returns

        return keep


class Visitor:
    """A browser with its cookie."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.get(f"{url}/", timeout=PATIENCE).raise_for_status()
        self._tabs: list[Tab] = []

    def open_tab(self, transport: str = "websocket") -> Tab:
        """Open the page."""
        tab = Tab(self.url, self.http.cookies.get_dict(), transport)
        self._tabs.append(tab)
        return tab

    def get(self, path: str) -> requests.Response:
        """Fetch something with the browser's cookie."""
        return self.http.get(f"{self.url}{path}", timeout=PATIENCE)

    def put(self, path: str, body: bytes) -> requests.Response:
        """Upload something with the browser's cookie."""
        return self.http.put(f"{self.url}{path}", data=body, timeout=PATIENCE)

    def leave(self) -> None:
        """Pause, so that the next test has the machine to itself, and close every page."""
        for tab in self._tabs:
            tab.reads.set()
        for tab in [tab for tab in self._tabs if tab.is_open]:
            tab.ask("pause")
            tab.close()
