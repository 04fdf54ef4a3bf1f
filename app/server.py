"""The application: `create_app` puts it together, `serve` runs it until it is asked to stop."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import threading
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from flask_socketio import SocketIO

from app.catalog import pretrained
from app.engines import EngineError, make_engine
from app.engines.base import Engine
from app.engines.session_metrics import SessionMetrics
from app.engines.thread_switching import share_the_lock
from app.runtime.backends import make_hub
from app.runtime.config import ServerSettings
from app.runtime.logging import begin_to_log
from app.runtime.metrics import Metrics
from app.runtime.shutdown import Stopping
from app.storage import Store, StoreError, default_url
from app.storage.sharing import Sharing
from app.training.gradient_check_queue import Checker
from app.training.model_io import Clerk
from app.web.extension import NAME, Extension, extension_of
from app.web.http import BLUEPRINTS
from app.web.http.compression import compress
from app.web.middleware.access_token import Access
from app.web.middleware.same_origin import Guard, is_local_name
from app.web.middleware.socketio_packets import Packet, PacketCheck, keep_out_malformed
from app.web.service import Service
from app.web.session_cookie import Identity, read_secret
from app.web.sockets.broadcaster import Publisher
from app.web.sockets.connection_limits import Admission
from app.web.sockets.emitter import Emitter
from app.web.sockets.handlers import SocketEvents

SHORTEST_SECRET = 32
BACKLOG = 1024
"""Connections that may wait to be accepted: a lecture hall that opens the page at once."""


log = logging.getLogger(__name__)


class ServerError(Exception):
    """The server cannot run as it was asked to; the message says what to change."""


def create_app(
    config: ServerSettings, engine: Engine | None = None, store: Store | None = None
) -> Flask:
    """The Flask application, with its parts in `app.extensions["charnn"]`.

    It trains as soon as it is made, and answers any WSGI server or test client; what runs beside
    the requests, such as sending frames, is started by `serve`. Who makes it calls
    `extension_of(app).close()` at the end.

    Args:
        config: how it runs.
        engine: where sessions are trained; made from `config` where there is none.
        store: where shared copies are, and the sessions of an engine that is made here; opened from
            `config` where there is none.

    Raises:
        ServerError: it cannot run as `config` asks.
    """
    secret = _secret(config)
    app = Flask(
        "charnn",
        root_path=str(Path(__file__).parent),
        template_folder=str(_folder("templates")),
        static_folder=str(_folder("static")),
    )
    hub = make_hub(config.async_mode)
    metrics = Metrics()
    store = store or _open_store(config)
    engine = engine or _begin_training(config, store, metrics)
    metrics.register(SessionMetrics(engine.snapshots, lambda: engine.weights))
    clerk = Clerk(config.data_dir, config.limits.upload)
    checker = Checker()
    sharing = Sharing(store, metrics)
    socketio = SocketIO(
        app,
        async_mode=hub.async_mode,
        manage_session=False,
        max_http_buffer_size=config.limits.message,
        cors_allowed_origins=[],  # the guard compares origins, for every request alike
        serializer=Packet,
    )
    hub.limit_messages(socketio, config.limits.message)
    emitter = Emitter(socketio)
    extension = Extension(
        config=config,
        hub=hub,
        metrics=metrics,
        engine=engine,
        identity=Identity(secret),
        clerk=clerk,
        checker=checker,
        sharing=sharing,
        service=Service(engine, hub, clerk, checker, sharing, config.limits),
        stopping=Stopping(hub, engine.save_all),
        socketio=socketio,
        emitter=emitter,
        publisher=Publisher(engine, emitter, metrics),
        admission=Admission(config.limits, lambda each: engine.snapshot(each) is not None),
    )
    app.extensions[NAME] = extension
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.after_request(compress)
    SocketEvents(
        extension.identity, extension.publisher, extension.service, extension.admission, metrics
    ).bind(socketio)
    _add_middleware(app, socketio, config, secret)
    return app


def serve(config: ServerSettings, engine: Engine | None = None, store: Store | None = None) -> None:
    """Serve until SIGTERM or SIGINT; the parameters are those of `create_app`.

    Raises:
        ServerError: the address cannot be listened on, or training can go on no more.
    """
    begin_to_log(config.log_format)
    share_the_lock()
    listener = _bind(config)
    try:
        app = create_app(config, engine, store)
    except ServerError:
        listener.close()
        raise
    here = extension_of(app)
    here.hub.spawn(lambda: here.publisher.run(here.hub.sleep))
    here.hub.spawn(lambda: here.metrics.watch_hub(here.hub.sleep))
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda *_: here.stopping.ask(here.emitter))
    here.engine.when_failed(lambda why: here.stopping.fail(here.emitter, why))
    threading.Thread(target=pretrained.read_ahead, name="read-ahead", daemon=True).start()
    log.info("begun", extra=_in_figures(config))
    try:
        _listen(config, listener)
        here.hub.serve(app, listener, begun=lambda: _announce(listener, config.token))
    finally:
        listener.close()  # who comes now is not to wait for what nobody does any more
        here.close()
    log.info("stopped", extra={"everything_saved": here.stopping.lossless})
    if here.stopping.failure:
        raise ServerError(here.stopping.failure)
    if not here.stopping.lossless:
        raise ServerError("Not every session could be saved: see the log for the reason.")


def _in_figures(config: ServerSettings) -> dict[str, str | int]:
    """How the server runs, for the log: neither its token nor its database's password."""
    return {
        "async_mode": config.async_mode,
        "engine": config.engine,
        "workers": config.workers,
        "store": config.database_url.split(":")[0] or "sqlite",
    }


def _add_middleware(app: Flask, socketio: SocketIO, config: ServerSettings, secret: bytes) -> None:
    """Put what every request must pass before the pages and the sockets, the outermost last."""
    keep_out_malformed(socketio.server)
    entrance = PacketCheck(app.wsgi_app, socketio.server)
    guarded = Access(entrance, app, config.token, secret) if config.token else entrance
    app.wsgi_app = Guard(  # type: ignore[method-assign]  # as Flask has layers put in
        guarded, trust_proxy=config.trust_proxy, local_only=is_local_name(config.host)
    )


def _folder(name: str) -> Path:
    """Where the page's files are: beside the package in a checkout, inside it when installed."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name


def _open_store(config: ServerSettings) -> Store:
    try:
        return Store.open(config.database_url or default_url(config.data_dir))
    except StoreError as error:
        raise ServerError(f"{error} Check --database-url and --data-dir.") from None


def _secret(config: ServerSettings) -> bytes:
    if not config.secret:
        return read_secret(config.data_dir)
    if len(config.secret) < SHORTEST_SECRET:
        raise ServerError(
            f"The secret has fewer than {SHORTEST_SECRET} characters and could be guessed: take a "
            "longer one for --secret, such as `openssl rand -hex 32` prints."
        )
    return config.secret.encode("utf-8", "surrogateescape")


def _begin_training(config: ServerSettings, store: Store, metrics: Metrics) -> Engine:
    try:
        return make_engine(config, store, metrics)
    except EngineError as error:
        store.close()
        raise ServerError(str(error)) from None


def _bind(config: ServerSettings) -> socket.socket:
    """Take the address; nobody can connect to it before there is somebody to answer."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind((config.host, config.port))
    except OSError as error:
        raise ServerError(_why_not(config, error)) from None
    return listener


def _listen(config: ServerSettings, listener: socket.socket) -> None:
    try:
        listener.listen(BACKLOG)
    except OSError as error:  # another has taken it meanwhile
        raise ServerError(_why_not(config, error)) from None


def _why_not(config: ServerSettings, error: OSError) -> str:
    address = f"{config.host}:{config.port}"
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
