"""What the application's views and event handlers work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_socketio import SocketIO

from app.engines.base import Engine
from app.errors import UserError
from app.runtime.backends import ServerBackend
from app.runtime.config import ServerConfig
from app.runtime.metrics import Metrics
from app.runtime.shutdown import GracefulShutdown
from app.storage.sharing import Sharing
from app.training.gradient_check_queue import GradientCheckQueue
from app.training.model_io import ModelIO
from app.web.service import Service
from app.web.session_cookie import Identity
from app.web.sockets.broadcaster import Publisher
from app.web.sockets.connection_limits import Admission
from app.web.sockets.emitter import Emitter

NAME = "charnn"
"""Of the extension, in `Flask.extensions`."""


@dataclass(frozen=True)
class Extension:
    """The parts of one application; `create_app` makes them, `close` lets go of them."""

    config: ServerConfig
    hub: ServerBackend
    metrics: Metrics
    engine: Engine
    identity: Identity
    clerk: ModelIO
    checker: GradientCheckQueue
    sharing: Sharing
    service: Service
    stopping: GracefulShutdown
    socketio: SocketIO
    emitter: Emitter
    publisher: Publisher
    admission: Admission

    def close(self) -> None:
        """Stop training, and every thread and process."""
        for close in self._closers():
            close()

    def known_session(self) -> str:
        """The session of the request's cookie.

        Raises:
            UserError: there is none in memory.
        """
        session_id = self.identity.session_id(request.cookies)
        if session_id is None or self.engine.snapshot(session_id) is None:
            raise UserError("no_session")
        return session_id

    def _closers(self) -> tuple[Callable[[], None], ...]:
        return self.sharing.close, self.engine.close, self.clerk.close, self.checker.close


def extension_of(app: Flask) -> Extension:
    """The parts of an application."""
    extension: Extension = app.extensions[NAME]
    return extension


def extension() -> Extension:
    """The parts of the application that answers the current request."""
    return extension_of(current_app)
