"""The factory of engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog import texts
from app.catalog.presets import PRESETS
from app.engines.base import Engine
from app.engines.local import LocalEngine
from app.engines.persistence import RetentionPolicy
from app.protocol.requests import Learn
from app.runtime.config import ServerConfig
from app.runtime.metrics import Metrics
from app.storage import Store, default_url

if TYPE_CHECKING:
    from app.engines.cluster.ray_backend import NodeConfig

NO_SHARED_STORE = (
    "Several machines need a shared database: give --database-url, such as "
    "postgresql://user:password@host/name."
)
NO_CORES = (
    "No machine of the Ray cluster has a free core: add one with `ray start --address … "
    "--num-cpus …`."
)


class EngineError(Exception):
    """Training cannot run with this configuration; the message says what to change."""


def make_engine(settings: ServerConfig, store: Store, metrics: Metrics) -> Engine:
    """The engine that the settings select; it starts training.

    Raises:
        EngineError: training cannot run with these settings.
    """
    if settings.engine == "ray":
        return _ray_engine(settings)
    return LocalEngine(
        _starting(settings), settings.workers, settings.limits, store, _retention(settings), metrics
    )


def _ray_engine(settings: ServerConfig) -> Engine:
    if settings.ray_address and not settings.database_url.startswith("postgres"):
        raise EngineError(NO_SHARED_STORE)
    try:
        from app.engines.cluster import ray_backend as on_ray
    except ImportError as error:
        raise EngineError(str(error)) from None
    from app.engines.cluster.engine import RayEngine

    try:
        cluster = on_ray.join(
            settings.ray_address, settings.workers, settings.cores_per_node, _node_config(settings)
        )
    except on_ray.ClusterError as error:
        raise EngineError(str(error)) from error
    engine = RayEngine(cluster.directory, cluster.leave, is_ours=cluster.is_ours)
    if not engine.begin():
        engine.close()
        raise EngineError(NO_CORES)
    return engine


def _node_config(settings: ServerConfig) -> NodeConfig:
    from app.engines.cluster.ray_backend import NodeConfig

    return NodeConfig(
        _starting(settings),
        settings.limits,
        _retention(settings),
        settings.database_url or default_url(settings.data_dir),
        settings.log_format,
    )


def _starting(settings: ServerConfig) -> Learn:
    return Learn(text=texts.text(), options=PRESETS[settings.size].options)


def _retention(settings: ServerConfig) -> RetentionPolicy:
    return RetentionPolicy(
        settings.limits.sessions, settings.unwatched_minutes * 60, settings.keep_days * 86_400
    )
