"""Sends the pages' sockets what the server has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_socketio import SocketIO

from app import protocol
from app.errors import Notice


class Emitter:
    """The way to the pages: their sockets."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio

    def is_open(self, watcher: str) -> bool:
        """Whether the socket has been told that it is connected; before, frames would be lost."""
        connected: bool = self._socketio.server.manager.is_connected(watcher, "/")
        return connected

    def send(
        self,
        watcher: str,
        event: str,
        payload: Mapping[str, Any],
        acknowledged: Callable[[], None] | None = None,
    ) -> None:
        """Send a page an event, and call `acknowledged` when it has taken it in."""
        callback = (lambda *_: acknowledged()) if acknowledged else None
        self._socketio.emit(event, payload, to=watcher, callback=callback)

    def announce_closing(self, why: Notice) -> None:
        """Tell every page that its socket is about to be closed, and why."""
        closing: protocol.Closing = {"code": why.code, "message": why.message}
        self._socketio.emit("closing", closing)

    def close_all(self) -> None:
        """Close every socket; the pages come back when they can."""
        server = self._socketio.server
        for watcher in [sid for sid, _ in server.manager.get_participants("/", None)]:
            server.disconnect(watcher)
