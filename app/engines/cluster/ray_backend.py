"""The cluster backend on Ray; the only module that imports Ray.

Nodes and the directory are detached actors: they outlive the web process that started them. Ray
restarts a lost directory.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.engines.base import Engine
from app.engines.cluster.directory import Directory
from app.engines.cluster.interfaces import ActorHandle, Machine, StartedNode, Unreachable
from app.engines.cluster.node import TrainingNode
from app.engines.local import LocalEngine
from app.engines.persistence import RetentionPolicy
from app.engines.training_pool import set_switch_interval
from app.protocol.limits import Limits
from app.protocol.requests import Learn
from app.runtime.config import LogFormat
from app.runtime.logging import configure_logging
from app.runtime.metrics import Metrics
from app.storage import Store

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # off: no telemetry

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    raise ImportError('Ray is not installed: pip install "charnn[ray]".') from None

NAMESPACE = "charnn"
DIRECTORY = "charnn-directory"
NODE = "charnn-node"
MAX_CONCURRENCY = 10_000
"""Concurrent calls of an actor."""
CONNECT_SECONDS = 5.0
OBJECT_STORE = 256 * 2**20
"""Bytes of shared memory of a local Ray, for models in transit (50 MB at most)."""


class ClusterError(Exception):
    """There is no cluster; the message says what to do."""


@dataclass(frozen=True)
class NodeConfig:
    """How nodes train.

    Attributes:
        starting: what a new session trains on.
        limits: of a node.
        retention: how many sessions a node and the store keep, and for how long.
        database_url: of the store.
        log_format: of a node's log, which Ray stores.
    """

    starting: Learn
    limits: Limits
    retention: RetentionPolicy
    database_url: str
    log_format: LogFormat


@dataclass(frozen=True)
class RayActorHandle:
    """A handle of a Ray actor."""

    name: str
    handle: Any

    async def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the actor."""
        try:
            return await self.handle.ask.remote(method, *arguments)
        except RayTaskError as error:  # raised by our code in the actor
            raise error.cause from None
        except RayError as error:
            raise Unreachable(str(error)) from None


class _NodeActor:
    """A node in a process of its own."""

    def __init__(self, name: str, threads: int, config: NodeConfig) -> None:
        configure_logging(config.log_format)
        set_switch_interval()
        self._node = TrainingNode(_engine(name, threads, config))

    async def ask(self, method: str, *arguments: Any) -> Any:
        return await getattr(self._node, method)(*arguments)


def _engine(name: str, threads: int, config: NodeConfig) -> Engine:
    store = Store.open(config.database_url, lease_owner=name, limit=config.limits.store)
    return LocalEngine(config.starting, threads, config.limits, store, config.retention, Metrics())


class _DirectoryActor:
    """The directory in a process of its own."""

    def __init__(self, config: NodeConfig, cores_per_node: int | None) -> None:
        configure_logging(config.log_format)
        self._directory = Directory(_RayBackend(config), cores_per_node)

    async def ask(self, method: str, *arguments: Any) -> Any:
        return await getattr(self._directory, method)(*arguments)


class _RayBackend:
    """The machines of the Ray cluster that this process belongs to."""

    def __init__(self, config: NodeConfig) -> None:
        self._config = config

    def all(self) -> Sequence[Machine]:
        """The machines that are up and have cores for training."""
        return [
            Machine(node["NodeID"], node["NodeManagerAddress"], int(node["Resources"]["CPU"]))
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
        ]

    def running(self) -> Sequence[StartedNode]:
        """The nodes that have been started; their names contain their machines."""
        found = []
        for name in ray.util.list_named_actors():
            kind, *parts = name.split("/")
            if kind == NODE:
                machine, threads, _ = parts
                remote = RayActorHandle(name, ray.get_actor(name))
                found.append(StartedNode(remote, machine, int(threads)))
        return found

    def start(self, machine: Machine, threads: int) -> StartedNode:
        """Start a node with this number of threads; it answers once it is up."""
        name = f"{NODE}/{machine.name}/{threads}/{secrets.token_hex(4)}"
        actor = ray.remote(_NodeActor).options(
            name=name,
            lifetime="detached",
            num_cpus=threads,
            max_concurrency=MAX_CONCURRENCY,
            scheduling_strategy=NodeAffinitySchedulingStrategy(machine.name, soft=False),
        )
        handle = actor.remote(name, threads, self._config)
        return StartedNode(RayActorHandle(name, handle), machine.name, threads)

    def end(self, node: ActorHandle) -> None:
        """End a node at once."""
        if isinstance(node, RayActorHandle):
            ray.kill(node.handle)


class Cluster:
    """The connection of this process to a Ray cluster.

    Attributes:
        directory: of the cluster.
        is_ours: whether this process started Ray, which ends with it.
    """

    def __init__(self, directory: ActorHandle, *, is_ours: bool) -> None:
        self.directory = directory
        self.is_ours = is_ours

    @staticmethod
    def machine() -> str:
        """The name of the machine of this process."""
        name: str = ray.get_runtime_context().get_node_id()
        return name

    @staticmethod
    def leave() -> None:
        """Disconnect; a Ray that this process started ends."""
        ray.shutdown()


def join(address: str, cores: int, cores_per_node: int | None, config: NodeConfig) -> Cluster:
    """Join the cluster at an address, or start one on this machine with so many cores.

    Raises:
        ClusterError: there is none at the address.
    """
    _connect(address, cores)
    actor = ray.remote(_DirectoryActor).options(
        name=DIRECTORY,
        get_if_exists=True,
        lifetime="detached",
        num_cpus=0,
        # On the head, without which there is no cluster, not on a machine that trains.
        resources={"node:__internal_head__": 0.001},
        max_restarts=-1,
        max_concurrency=MAX_CONCURRENCY,
    )
    return Cluster(
        RayActorHandle(DIRECTORY, actor.remote(config, cores_per_node)), is_ours=not address
    )


def connect(address: str) -> Cluster:
    """Connect to a cluster that exists already.

    Raises:
        ClusterError: there is none at the address, or it runs no charnn.
    """
    _connect(address, 0)
    try:
        return Cluster(RayActorHandle(DIRECTORY, ray.get_actor(DIRECTORY)), is_ours=False)
    except ValueError:
        raise ClusterError(
            "This cluster runs no charnn yet: start `charnn serve --engine ray` first."
        ) from None


def _check_reachable(address: str) -> None:
    """Check that an address with a port accepts connections.

    Raises:
        OSError, ValueError: it does not.
    """
    host = urlsplit(address if "//" in address else f"//{address}")
    if host.port is not None:
        socket.create_connection((host.hostname, host.port), CONNECT_SECONDS).close()


def _connect(address: str, cores: int) -> None:
    here: dict[str, Any] = {"num_cpus": cores, "object_store_memory": OBJECT_STORE}
    try:
        _check_reachable(address)  # Ray itself retries for minutes
        ray.init(
            address or "local",
            namespace=NAMESPACE,
            include_dashboard=False if not address else None,
            log_to_driver=False,
            logging_level=logging.WARNING,
            **({} if address else here),
        )
    except (OSError, RuntimeError, ValueError) as error:
        why = str(error).strip().splitlines()[0].rstrip(".")
        raise ClusterError(
            f"There is no Ray cluster at {address or 'this machine'}: {why}. Check --ray-address, "
            "and that `ray start` runs there."
        ) from error
