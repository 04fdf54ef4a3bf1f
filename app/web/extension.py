"""The parts of an application, for its views and event handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app, request
from flask_socketio import SocketIO

from app.engines.base import Engine
from app.errors import UserError
from app.runtime.backends import ServerBackend
from app.runtime.config import ServerConfig
from app.runtime.metrics import Metrics
from app.runtime.peers import AddressRateLimiter
from app.runtime.shutdown import GracefulShutdown
from app.storage.sharing import Sharing
from app.training.gradient_check_queue import GradientCheckQueue
from app.training.model_io import ModelIO
from app.web.service import SessionService
from app.web.session_cookie import SessionCookie
from app.web.sockets.broadcaster import Broadcaster
from app.web.sockets.connection_limits import ConnectionLimiter
from app.web.sockets.emitter import Emitter
from app.web.texts import TextLibrary

if TYPE_CHECKING:
    from app.web.http.transfer_slots import TransferSlots

NAME = "charnn"
"""The key in `Flask.extensions`."""


@dataclass(frozen=True)
class Extension:
    """The parts of one application; `create_app` makes them, `close` releases them."""

    config: ServerConfig
    backend: ServerBackend
    metrics: Metrics
    engine: Engine
    session_cookie: SessionCookie
    model_io: ModelIO
    gradient_checks: GradientCheckQueue
    sharing: Sharing
    service: SessionService
    shutdown: GracefulShutdown
    socketio: SocketIO
    emitter: Emitter
    broadcaster: Broadcaster
    limiter: ConnectionLimiter
    sample_limiter: AddressRateLimiter
    texts: TextLibrary
    text_slots: TransferSlots

    def close(self) -> None:
        """Stop training and all threads and processes."""
        self.sharing.close()
        self.engine.close()
        self.model_io.close()
        self.gradient_checks.close()
        self.texts.close()

    def known_session(self) -> str:
        """The session of the request's cookie.

        Raises:
            UserError: there is no such session in memory.
        """
        session_id = self.session_cookie.session_id(request)
        if session_id is None or self.engine.snapshot(session_id) is None:
            raise UserError("no_session")
        return session_id


def extension_of(app: Flask) -> Extension:
    """The parts of an application."""
    extension: Extension = app.extensions[NAME]
    return extension


def extension() -> Extension:
    """The parts of the application of the current request."""
    return extension_of(current_app)
