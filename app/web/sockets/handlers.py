"""Handlers of the socket events: connect, disconnect, and the events of a page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import request
from flask_socketio import ConnectionRefusedError as SocketRefused
from flask_socketio import SocketIO

from app import protocol
from app.errors import LimitExceeded, UserError
from app.runtime.metrics import Metrics
from app.web.service import SessionService
from app.web.session_cookie import SessionCookie
from app.web.sockets.broadcaster import Broadcaster
from app.web.sockets.connection_limits import ConnectionLimiter


class SocketEvents:
    """Handlers of the socket events: connect, disconnect, and the events of a page."""

    def __init__(
        self,
        session_cookie: SessionCookie,
        broadcaster: Broadcaster,
        service: SessionService,
        limiter: ConnectionLimiter,
        metrics: Metrics,
    ) -> None:
        self._session_cookie = session_cookie
        self._broadcaster = broadcaster
        self._service = service
        self._limiter = limiter
        self._metrics = metrics

    def bind(self, socketio: SocketIO) -> None:
        """Register the handlers, also for unknown events."""
        self._socketio = socketio
        socketio.on_event("connect", self.connect)
        socketio.on_event("disconnect", self.disconnect)
        socketio.on_event("*", self.handle)

    def _is_connected(self, page: str) -> bool:
        server = self._socketio.server
        return server.manager.eio_sid_from_sid(page, "/") in server.eio.sockets

    def connect(self, _auth: object = None) -> None:
        """Accept the connection of a page, or refuse it."""
        try:
            self._connect()
        except UserError as error:
            self._metrics.refused(error.code)
            raise _refused(error) from None  # the page shows the message, and retries

    def _connect(self) -> None:
        session_id = self._session_cookie.session_id(request)
        if session_id is None or not self._service.is_known(session_id):
            raise UserError("unknown_page")  # the page gets another cookie, and retries
        page = _socket_name()
        self._limiter.register(page, session_id, request.remote_addr or "")
        try:
            self._service.open_session(session_id)
        except BaseException:
            self._limiter.unregister(page)
            raise
        if not self._is_connected(page):  # no disconnect event would follow
            self._limiter.unregister(page)
            raise UserError("unknown_page")
        self._broadcaster.subscribe(page, session_id)

    def disconnect(self, _reason: object = None) -> None:
        """Clean up after a page."""
        self._limiter.unregister(_socket_name())
        self._broadcaster.unsubscribe(_socket_name())
        self._service.leave(_socket_name())

    def handle(self, event: object, *arguments: object) -> Mapping[str, Any]:
        """Answer an event."""
        began = time.monotonic()
        answer = self._answer(event, arguments)
        if not answer["ok"]:
            self._metrics.refused(answer["code"])
        name = str(event) if event in protocol.CLIENT_EVENTS else "unknown"
        self._metrics.event_answered(name, bool(answer["ok"]), time.monotonic() - began)
        return answer

    def _answer(self, event: object, arguments: tuple[object, ...]) -> Mapping[str, Any]:
        session_id = self._session_cookie.session_id(request)
        if session_id is None:
            return UserError("unknown_page").answer
        try:
            self._limiter.check_rate(_socket_name())
            if event == "share":
                self._limiter.check_share(_socket_name())
        except LimitExceeded as error:
            return error.answer
        if arguments and isinstance(arguments[0], UserError):  # it was too large to be decoded
            return arguments[0].answer
        return self._service.answer(session_id, event, arguments, _socket_name())


def _refused(error: UserError) -> SocketRefused:
    """The refusal of a connection; its data are the code, and the name of a limit."""
    data = {"code": error.code}
    if isinstance(error, LimitExceeded):
        data["limit"] = error.code
    return SocketRefused(error.message, data)


def _socket_name() -> str:
    name: str = request.sid  # type: ignore[attr-defined]  # added by Flask-SocketIO
    return name
