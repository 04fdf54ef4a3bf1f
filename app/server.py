"""Puts the server together, and runs it until it is asked to stop."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import threading
from urllib.parse import quote

from flask import Flask
from flask_socketio import SocketIO

from app import pretrained
from app.access import Access
from app.admission import Admission
from app.checker import Checker
from app.clerk import Clerk
from app.engine import Engine
from app.engines import EngineError, make_engine
from app.events import Answering, SocketEvents, SocketOutlet
from app.guard import Guard, is_loopback
from app.hub import make_hub
from app.identity import Identity, read_secret
from app.logs import begin_to_log
from app.metrics import Metrics
from app.model_http import Models
from app.packets import Packet, PacketCheck, keep_out_malformed
from app.publisher import Publisher
from app.settings import ServerSettings
from app.sharing import Sharing
from app.stopping import Stopping
from app.store import Store, StoreError, default_url
from app.training_process import share_the_lock
from app.web import make_web

SHORTEST_SECRET = 32
BACKLOG = 1024
"""Connections that may wait to be accepted: a lecture hall that opens the page at once."""


log = logging.getLogger(__name__)


class ServerError(Exception):
    """The server cannot run as it was asked to; the message says what to change."""


def serve(settings: ServerSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ServerError: the address cannot be listened on, or training can go on no more.
    """
    begin_to_log(settings.log_format)
    share_the_lock()
    secret = _secret(settings)
    listener = _bind(settings)
    hub = make_hub(settings.async_mode)
    metrics = Metrics()
    store = _open_store(settings)
    engine = _begin_training(settings, store, metrics)
    metrics.watch(engine.snapshots, lambda: engine.weights)
    identity = Identity(secret)
    clerk = Clerk(settings.data_dir, settings.limits.upload)
    checker = Checker()
    sharing = Sharing(store, metrics)
    answering = Answering(engine, hub, clerk, checker, sharing, settings.limits)
    stopping = Stopping(hub, engine.save_all)
    models = Models(settings.limits, identity, engine, answering, hub)
    web = make_web(
        settings,
        identity,
        engine,
        models,
        metrics,
        is_stopping=lambda: stopping.begun,
        has_copy=answering.has_copy,
    )
    socketio = SocketIO(
        web,
        async_mode=hub.async_mode,
        manage_session=False,
        max_http_buffer_size=settings.limits.message,
        cors_allowed_origins=[],  # the guard compares origins, for every request alike
        serializer=Packet,
    )
    hub.limit_messages(socketio, settings.limits.message)
    outlet = SocketOutlet(socketio)
    publisher = Publisher(engine, outlet, metrics)
    admission = Admission(settings.limits, lambda each: engine.snapshot(each) is not None)
    SocketEvents(identity, publisher, answering, admission, metrics).bind(socketio)
    _protect(web, socketio, settings, secret, listener)
    hub.spawn(lambda: publisher.run(hub.sleep))
    hub.spawn(lambda: metrics.watch_hub(hub.sleep))
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda *_: stopping.ask(outlet))
    engine.when_failed(lambda why: stopping.fail(outlet, why))
    threading.Thread(target=pretrained.read_ahead, name="read-ahead", daemon=True).start()
    log.info("begun", extra=_in_figures(settings))
    try:
        _listen(settings, listener)
        hub.serve(web, listener, begun=lambda: _announce(listener, settings.token))
    finally:
        listener.close()  # who comes now is not to wait for what nobody does any more
        sharing.close()
        engine.close()
        clerk.close()
        checker.close()
    log.info("stopped", extra={"everything_saved": stopping.lossless})
    if stopping.failure:
        raise ServerError(stopping.failure)
    if not stopping.lossless:
        raise ServerError("Not every session could be saved: see the log for the reason.")


def _in_figures(settings: ServerSettings) -> dict[str, str | int]:
    """How the server runs, for the log: neither its token nor its database's password."""
    return {
        "async_mode": settings.async_mode,
        "engine": settings.engine,
        "workers": settings.workers,
        "store": settings.database_url.split(":")[0] or "sqlite",
    }


def _protect(
    web: Flask, socketio: SocketIO, settings: ServerSettings, secret: bytes, listener: socket.socket
) -> None:
    """Put what every request must pass before the pages and the sockets, the outermost last."""
    keep_out_malformed(socketio.server)
    entrance = PacketCheck(web.wsgi_app, socketio.server)
    guarded = Access(entrance, web, settings.token, secret) if settings.token else entrance
    local_only = is_loopback(listener.getsockname()[0])
    web.wsgi_app = Guard(  # type: ignore[method-assign]  # as Flask has layers put in
        guarded, trust_proxy=settings.trust_proxy, local_only=local_only
    )


def _open_store(settings: ServerSettings) -> Store:
    try:
        return Store.open(settings.database_url or default_url(settings.data_dir))
    except StoreError as error:
        raise ServerError(f"{error} Check --database-url and --data-dir.") from None


def _secret(settings: ServerSettings) -> bytes:
    if not settings.secret:
        return read_secret(settings.data_dir)
    if len(settings.secret) < SHORTEST_SECRET:
        raise ServerError(
            f"The secret has fewer than {SHORTEST_SECRET} characters and could be guessed: take a "
            "longer one for --secret, such as `openssl rand -hex 32` prints."
        )
    return settings.secret.encode("utf-8", "surrogateescape")


def _begin_training(settings: ServerSettings, store: Store, metrics: Metrics) -> Engine:
    try:
        return make_engine(settings, store, metrics)
    except EngineError as error:
        store.close()
        raise ServerError(str(error)) from None


def _bind(settings: ServerSettings) -> socket.socket:
    """Take the address; nobody can connect to it before there is somebody to answer."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        raise ServerError(_why_not(settings, error)) from None
    return listener


def _listen(settings: ServerSettings, listener: socket.socket) -> None:
    try:
        listener.listen(BACKLOG)
    except OSError as error:  # another has taken it meanwhile
        raise ServerError(_why_not(settings, error)) from None


def _why_not(settings: ServerSettings, error: OSError) -> str:
    address = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program already listens on {address}: stop it, or choose another port "
            "with --port (0 takes a free one)."
        )
    if error.errno == errno.EACCES:
        return f"You may not listen on {address}: choose a port from 1024 on with --port."
    return f"Cannot listen on {address}: {error.strerror or error}. Check --host and --port."


def _announce(listener: socket.socket, token: str) -> None:
    """Print the address to open, with the token; on every interface, this machine's own."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    door = f"/?token={quote(token, safe='')}" if token else ""
    print(f"charnn is at http://{host}:{port}{door}", flush=True)
