"""Handles the sockets' events: connecting, leaving, and whatever a page asks."""

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
from app.web.service import Service
from app.web.session_cookie import Identity
from app.web.sockets.broadcaster import Publisher
from app.web.sockets.connection_limits import Admission


class SocketEvents:
    """Handles the sockets' events: connecting, leaving, and whatever a page asks."""

    def __init__(
        self,
        identity: Identity,
        publisher: Publisher,
        service: Service,
        admission: Admission,
        metrics: Metrics,
    ) -> None:
        self._identity = identity
        self._publisher = publisher
        self._service = service
        self._admission = admission
        self._metrics = metrics

    def bind(self, socketio: SocketIO) -> None:
        """Have the events come here, those that no page should send included."""
        self._socketio = socketio
        socketio.on_event("connect", self.connect)
        socketio.on_event("disconnect", self.disconnect)
        socketio.on_event("*", self.ask)

    def _is_there_still(self, page: str) -> bool:
        server = self._socketio.server
        return server.manager.eio_sid_from_sid(page, "/") in server.eio.sockets

    def connect(self, _auth: object = None) -> None:
        """A page has come, or has come back."""
        session_id = self._identity.session_id(request.cookies)
        if session_id is None:
            raise _refused(UserError("unknown_page"))
        page = _socket_name()
        try:
            self._admission.enter(page, session_id, request.remote_addr or "")
            self._service.admit(session_id)
        except LimitExceeded as error:
            raise _refused(error) from None
        except UserError as error:
            self._admission.leave(page)
            raise _refused(error) from None  # the page shows it, and tries again
        except BaseException:
            self._admission.leave(page)
            raise
        if not self._is_there_still(page):  # nobody would ever tell that it has left
            self._admission.leave(page)
            raise _refused(UserError("unknown_page"))
        self._publisher.join(page, session_id)

    def disconnect(self, _reason: object = None) -> None:
        """A page is gone."""
        self._admission.leave(_socket_name())
        self._publisher.leave(_socket_name())

    def ask(self, event: object, *arguments: object) -> Mapping[str, Any]:
        """A page asks for something."""
        began = time.monotonic()
        answer = self._answer(event, arguments)
        name = str(event) if event in protocol.CLIENT_EVENTS else "unknown"
        self._metrics.event_answered(name, bool(answer["ok"]), time.monotonic() - began)
        return answer

    def _answer(self, event: object, arguments: tuple[object, ...]) -> Mapping[str, Any]:
        session_id = self._identity.session_id(request.cookies)
        if session_id is None:
            return UserError("unknown_page").answer
        try:
            self._admission.ask(_socket_name())
        except LimitExceeded as error:
            return error.answer
        return self._service.answer(session_id, event, arguments)


def _refused(error: UserError) -> SocketRefused:
    """The refusal of a connection: its message, and as data its code and the limit's name."""
    data = {"code": error.code}
    if isinstance(error, LimitExceeded):
        data["limit"] = error.code
    return SocketRefused(error.message, data)


def _socket_name() -> str:
    name: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return name
