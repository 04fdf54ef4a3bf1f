"""The application factory `create_app`, and `serve`, which runs the server until it is stopped."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask
from flask_socketio import SocketIO

from app.catalog import pretrained
from app.engines import EngineError, make_engine
from app.engines.base import Engine
from app.engines.checkpoint_writer import MAX_BATCH_BYTES, checkpoint_bytes
from app.engines.session_metrics import SessionMetrics, StoreMetrics
from app.engines.training_pool import set_switch_interval
from app.runtime.backends import make_backend
from app.runtime.backends.base import LARGE_MESSAGES
from app.runtime.config import ServerConfig
from app.runtime.folder_lock import FolderInUse, lock_folder
from app.runtime.logging import configure_logging
from app.runtime.metrics import Metrics
from app.runtime.peers import AddressRateLimiter
from app.runtime.shutdown import GracefulShutdown
from app.runtime.signals import STOP_SIGNALS
from app.storage import Store, StoreError, default_url
from app.storage.sharing import MAX_PENDING, Sharing
from app.training.gradient_check_queue import GradientCheckQueue
from app.training.model_io import ModelIO
from app.training.work import MAX_WORKSPACE
from app.web.extension import NAME, Extension, extension_of
from app.web.http import BLUEPRINTS
from app.web.http.compression import compress
from app.web.http.text import MAX_SENDING
from app.web.http.text_file import text_file_slots
from app.web.middleware.access_token import AccessTokenMiddleware
from app.web.middleware.proxy import ProxyMiddleware, is_root_path
from app.web.middleware.refusal_metrics import RefusalMetrics
from app.web.middleware.same_origin import SameOriginMiddleware, is_local_name
from app.web.middleware.security_headers import is_site
from app.web.middleware.socketio_packets import Packet, PacketMiddleware, install_packet_validation
from app.web.middleware.static_files import BundleMissingError, StaticFiles, read_bundle
from app.web.service import SessionService
from app.web.session_cookie import SecretError, SessionCookie, read_secret
from app.web.sockets.broadcaster import Broadcaster
from app.web.sockets.connection_limits import ConnectionLimiter
from app.web.sockets.emitter import Emitter
from app.web.sockets.handlers import SocketEvents
from app.web.texts import TextLibrary

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BUNDLE = "static/bundle"
FLOAT_BYTES = 4
COPIES_OF_TEXT = 3
"""How often a text is in memory while its file is read: as bytes, decoded, and as it is stored."""
MIN_SECRET_LENGTH = 32
MIN_TOKEN_LENGTH = 16
LOCK_SECONDS = 5.0
"""A server that stops saves its sessions for about as long."""
BACKLOG = 1024
"""Connections that may wait to be accepted, such as a lecture hall opening the page at once."""


log = logging.getLogger(__name__)


class ServerError(Exception):
    """The server cannot run with these settings; the message says what to change."""


def create_app(
    config: ServerConfig, engine: Engine | None = None, store: Store | None = None
) -> Flask:
    """The Flask application, with its parts in `app.extensions["charnn"]`.

    Training starts immediately; background tasks, such as sending frames, are started by `serve`.
    The caller must call `extension_of(app).close()` at the end.

    Args:
        config: the settings.
        engine: trains the sessions; created from `config` if None.
        store: holds shared copies, and the sessions of an engine created here; opened from
            `config` if None.

    Raises:
        ServerError: the server cannot run with `config`.
    """
    _check_bundle()
    _check_addresses(config)
    secret = _secret(config)
    _check_token(config.token)
    app = Flask(
        "charnn",
        root_path=str(Path(__file__).parent),
        template_folder=str(_folder("templates")),
        static_folder=None,  # see StaticFiles
    )
    metrics = Metrics()
    backend = make_backend(
        config.async_mode, behind_proxy=config.trusted_proxies > 0, refused=metrics.refused
    )
    store = store or _open_store(config)
    engine = engine or _make_engine(config, store, metrics)
    metrics.register(SessionMetrics(engine.snapshots, lambda: engine.weights))
    metrics.register(StoreMetrics(store.capacity))
    model_io = ModelIO(config.data_dir, config.limits)
    gradient_checks = GradientCheckQueue()
    sharing = Sharing(store, metrics)
    texts = TextLibrary(store.texts, config.limits)
    socketio = SocketIO(
        app,
        async_mode=backend.async_mode,
        manage_session=False,
        max_http_buffer_size=config.limits.message,
        cors_allowed_origins=[],  # SameOriginMiddleware compares origins, for every request
        serializer=Packet,
    )
    backend.limit_messages(socketio, config.limits.message)
    emitter = Emitter(socketio)
    extension = Extension(
        config=config,
        backend=backend,
        metrics=metrics,
        engine=engine,
        session_cookie=SessionCookie(secret, embedded=bool(config.frame_ancestors)),
        model_io=model_io,
        gradient_checks=gradient_checks,
        sharing=sharing,
        service=SessionService(
            engine, backend, model_io, gradient_checks, sharing, texts, config.limits
        ),
        shutdown=GracefulShutdown(backend, engine.save_all),
        socketio=socketio,
        emitter=emitter,
        broadcaster=Broadcaster(engine, emitter, metrics),
        limiter=ConnectionLimiter(config.limits, lambda each: engine.snapshot(each) is not None),
        sample_limiter=AddressRateLimiter(config.limits.samples_per_second),
        texts=texts,
        text_slots=text_file_slots(),
    )
    app.extensions[NAME] = extension
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.after_request(compress)
    SocketEvents(
        extension.session_cookie,
        extension.broadcaster,
        extension.service,
        extension.limiter,
        metrics,
    ).bind(socketio)
    _add_middleware(app, socketio, config, secret, metrics)
    return app


def serve(config: ServerConfig, engine: Engine | None = None, store: Store | None = None) -> None:
    """Run the server until SIGTERM, SIGINT or SIGHUP; the parameters are those of `create_app`.

    Raises:
        ServerError: the address is not available, or training cannot continue.
    """
    configure_logging(config.log_format)
    set_switch_interval()
    with _bind(config) as listener, _lock_data_dir(config):
        _serve(config, listener, create_app(config, engine, store))


def _serve(config: ServerConfig, listener: socket.socket, app: Flask) -> None:
    here = extension_of(app)
    here.backend.spawn(lambda: here.broadcaster.run(here.backend.sleep))
    here.backend.spawn(lambda: here.metrics.watch_event_loop(here.backend.sleep))
    for stop_signal in STOP_SIGNALS:
        if signal.getsignal(stop_signal) is not signal.SIG_IGN:  # as nohup sets
            signal.signal(stop_signal, lambda *_: here.shutdown.request(here.emitter))
    here.engine.on_failure(lambda why: here.shutdown.fail(here.emitter, why))
    threading.Thread(target=pretrained.read_ahead, name="read-ahead", daemon=True).start()
    log.info("started", extra=_loggable(config))
    log.info("memory at most, in MB", extra=memory_limits(config, here.model_io))
    try:
        _listen(config, listener)
        here.backend.serve(app, listener, on_started=lambda: _announce(listener, config))
        here.shutdown.finish(here.emitter)
    finally:
        listener.close()  # new connections fail at once instead of waiting
        here.close()
    log.info("stopped", extra={"everything_saved": here.shutdown.all_saved})
    if here.shutdown.failure:
        raise ServerError(here.shutdown.failure)
    if not here.shutdown.all_saved:
        raise ServerError("Not every session could be saved: see the log for the reason.")


def _loggable(config: ServerConfig) -> dict[str, str | int]:
    """The settings to log: neither the token nor the database password."""
    return {
        "async_mode": config.async_mode,
        "engine": config.engine,
        "workers": config.workers,
        "store": config.database_url.split(":")[0] or "sqlite",
    }


def memory_limits(config: ServerConfig, model_io: ModelIO) -> dict[str, int]:
    """What may take how much memory, in 10**6 bytes, and the total, besides the program itself."""
    limits = config.limits
    largest = checkpoint_bytes(limits.weights, limits.text)
    training = config.engine == "local"
    parts = {
        "sessions": limits.memory if training else 0,
        "scratch_space": config.workers * FLOAT_BYTES * MAX_WORKSPACE if training else 0,
        "checkpoints": MAX_BATCH_BYTES + largest if training else 0,
        "shared_copies": MAX_PENDING * largest,
        "messages": LARGE_MESSAGES * limits.message,
        "texts_in_transfer": MAX_SENDING,
        "texts_read": COPIES_OF_TEXT * limits.of_text.bytes,
        "model_files": model_io.worker.memory or 0,
    }
    return {
        **{name: size // 1_000_000 for name, size in parts.items()},
        "total": sum(parts.values()) // 1_000_000,
    }


def _add_middleware(
    app: Flask, socketio: SocketIO, config: ServerConfig, secret: bytes, metrics: Metrics
) -> None:
    """Wrap the application in its middleware, the outermost last."""
    install_packet_validation(socketio.server)
    packets = PacketMiddleware(app.wsgi_app, socketio.server)
    static_files = StaticFiles(packets, _folder(BUNDLE))
    static_files.add_urls(app)
    wsgi: WSGIApplication = static_files
    if config.token:
        embedded = bool(config.frame_ancestors)
        wsgi = AccessTokenMiddleware(wsgi, app, config.token, secret, embedded=embedded)
    wsgi = SameOriginMiddleware(
        wsgi,
        local_only=is_local_name(config.host) and not config.trusted_proxies,
        allowed_hosts=[name.strip() for name in config.allowed_hosts.split(",") if name.strip()],
        frame_ancestors=" ".join(config.frame_ancestors.split()),
    )
    app.wsgi_app = ProxyMiddleware(  # type: ignore[method-assign]  # documented by Flask
        RefusalMetrics(wsgi, metrics),
        trusted_proxies=config.trusted_proxies,
        root_path=config.root_path,
    )


def _check_bundle() -> None:
    """Check that the page has been built.

    Raises:
        ServerError: it has not.
    """
    folder = _folder(BUNDLE)
    try:
        read_bundle(folder)
    except BundleMissingError:
        raise ServerError(
            f"The page is not built: {folder} is missing. Build it with `make setup`, or with "
            "`python -m tools.bundle_page` in the source folder."
        ) from None


def _check_addresses(config: ServerConfig) -> None:
    """Check the path and the sites.

    Raises:
        ServerError: one is malformed.
    """
    if not is_root_path(config.root_path):
        raise ServerError(
            f"{config.root_path!r} is no path below which the server can be reached: write "
            "--root-path with a slash before each part and none at the end, such as /charnn."
        )
    for site in config.frame_ancestors.split():
        if not is_site(site):
            raise ServerError(
                f"{site!r} is no site that can embed the page: write --frame-ancestors with the "
                "scheme and the host of each site, such as https://school.example."
            )


def _folder(name: str) -> Path:
    """The folder of the page's files: beside the package in a checkout, inside it if installed."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name


def _open_store(config: ServerConfig) -> Store:
    try:
        return Store.open(
            config.database_url or default_url(config.data_dir), limit=config.limits.store
        )
    except StoreError as error:
        raise ServerError(f"{error} Check --database-url and --data-dir.") from None


def _lock_data_dir(config: ServerConfig) -> contextlib.AbstractContextManager[object]:
    """Lock the data directory, unless several servers share a database elsewhere.

    A server that is still stopping is waited for.

    Raises:
        ServerError: another server uses the directory.
    """
    if config.database_url.startswith("postgres"):
        return contextlib.nullcontext()
    try:
        return lock_folder(config.data_dir, LOCK_SECONDS)
    except FolderInUse:
        raise ServerError(
            f"Another server uses {config.data_dir}: stop it, or choose another --data-dir. "
            "Several servers can share a PostgreSQL database: see --database-url."
        ) from None


def _secret(config: ServerConfig) -> bytes:
    if not config.secret:
        try:
            return read_secret(config.data_dir)
        except SecretError as error:
            raise ServerError(str(error)) from None
    if len(config.secret) < MIN_SECRET_LENGTH:
        raise ServerError(
            f"The secret has fewer than {MIN_SECRET_LENGTH} characters and could be guessed. Use a "
            "longer one for --secret, such as the output of `openssl rand -hex 32`."
        )
    return config.secret.encode("utf-8", "surrogateescape")


def _check_token(token: str) -> None:
    if token and len(token) < MIN_TOKEN_LENGTH:
        raise ServerError(
            f"The token has fewer than {MIN_TOKEN_LENGTH} characters and could be guessed. Use a "
            "longer one for --token, such as the output of `openssl rand -hex 16`."
        )


def _make_engine(config: ServerConfig, store: Store, metrics: Metrics) -> Engine:
    try:
        return make_engine(config, store, metrics)
    except EngineError as error:
        store.close()
        raise ServerError(str(error)) from None


def _bind(config: ServerConfig) -> socket.socket:
    """A socket bound to the address, which does not accept connections yet."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        listener = socket.socket(family)
        if os.name == "posix":  # Windows would share the port with another server
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # the wildcard address is also that of IPv4
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, config.host != "::")
        listener.bind((config.host, config.port))
    except OSError as error:
        raise ServerError(_bind_error(config, error)) from None
    return listener


def _listen(config: ServerConfig, listener: socket.socket) -> None:
    try:
        listener.listen(BACKLOG)
    except OSError as error:  # another program has bound it meanwhile
        raise ServerError(_bind_error(config, error)) from None


def _bind_error(config: ServerConfig, error: OSError) -> str:
    address = f"{config.host}:{config.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program already listens on {address}: stop it, or choose another port "
            "with --port (0 takes a free one)."
        )
    if error.errno == errno.EACCES:
        return f"You may not listen on {address}: choose a port from 1024 on with --port."
    return f"Cannot listen on {address}: {error.strerror or error}. Check --host and --port."


def _announce(listener: socket.socket, config: ServerConfig) -> None:
    """Print the URL to open, with the token; for a wildcard address, that of this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    query = f"/?token={quote(config.token, safe='')}" if config.token else ""
    print(f"charnn is at http://{host}:{port}{config.root_path}{query}", flush=True)
