"""Sends events to pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_socketio import SocketIO

from app import protocol
from app.errors import Notice


class Emitter:
    """Sends events to the sockets of pages."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio

    def is_open(self, page: str) -> bool:
        """Whether the socket's connection is confirmed; events sent earlier are lost."""
        connected: bool = self._socketio.server.manager.is_connected(page, "/")
        return connected

    def send(
        self,
        page: str,
        event: str,
        payload: Mapping[str, Any],
        acknowledged: Callable[[], None] | None = None,
    ) -> None:
        """Send an event to a page; `acknowledged` is called when the page acknowledges it."""
        callback = (lambda *_: acknowledged()) if acknowledged else None
        self._socketio.emit(event, payload, to=page, callback=callback)

    def broadcast_closing(self, why: Notice) -> None:
        """Tell every page that the server is about to close its socket, and why."""
        closing: protocol.Closing = {"code": why.code, "message": why.message}
        self._socketio.emit("closing", closing)

    def close_all(self) -> None:
        """Close every socket; the pages reconnect automatically."""
        server = self._socketio.server
        for page in [sid for sid, _ in server.manager.get_participants("/", None)]:
            server.disconnect(page)
