"""A Ray cluster of several machines, simulated on this one."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.harness.ports import free_port
from bench.harness.postgres import Postgres
from bench.harness.server import LiveServer

NOT_INSTALLED = 'Ray is not installed here: pip install "charnn[ray]"'
COMMAND_TIMEOUT = 60.0
FAST_FAILURE_DETECTION = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}
"""Ray detects a lost machine within a few seconds, instead of twenty."""


def ray_is_installed() -> bool:
    """Whether Ray is installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray.cluster_utils  # noqa: F401
    except ImportError:
        return False
    return True


@contextlib.contextmanager
def running_cluster(machines: int, cores: int) -> Iterator[RayCluster]:
    """A running cluster of so many machines with so many cores each."""
    cluster = RayCluster(machines, cores)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


class RayCluster:
    """A head without cores, and machines with nodes.

    Ray's reaper ends everything with this process.

    Attributes:
        address: address of the cluster.
    """

    def __init__(self, machines: int, cores: int) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.update(FAST_FAILURE_DETECTION)
        self._machines = machines
        self._cores = cores
        self._port = free_port()
        self._cluster: Any = None
        self.address: str

    def start(self) -> None:
        """Start the cluster, or after `stop` another one at the same address."""
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False, "gcs_server_port": self._port}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self._cluster.address
        for _ in range(self._machines):
            self.add(wait=False)
        self._cluster.wait_for_nodes(COMMAND_TIMEOUT)

    def add(self, wait: bool = True) -> None:
        """Add a machine; `wait` until it is up."""
        self._cluster.add_node(wait, num_cpus=self._cores, include_dashboard=False)

    def kill_machine(self, machine: str) -> None:
        """Remove a machine without a graceful shutdown."""
        nodes = {node.node_id: node for node in self._cluster.worker_nodes}
        self._cluster.remove_node(nodes[machine], allow_graceful=False)

    def web(self, folder: Path, database: Postgres) -> LiveServer:
        """A web process of the cluster, configured for a proxy."""
        return LiveServer(
            folder,
            "--engine",
            "ray",
            environment={
                "CHARNN_DATABASE_URL": database.url,
                "CHARNN_RAY_ADDRESS": self.address,
                "CHARNN_SECRET": "known to every web process of this cluster",
                "CHARNN_TRUST_PROXY": "1",
            },
        )

    def stop(self) -> None:
        """Stop the cluster with all machines."""
        if self._cluster is not None:  # it may not have started
            self._cluster.shutdown()

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes, as reported by `charnn cluster status`."""
        nodes: list[dict[str, Any]] = json.loads(self.command("status", "--json"))
        return nodes

    def command(self, *arguments: str) -> str:
        """The output of `charnn cluster`."""
        done = subprocess.run(
            [sys.executable, "-m", "app", "cluster", *arguments],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "CHARNN_RAY_ADDRESS": self.address},
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"charnn cluster {' '.join(arguments)} failed:\n{done.stderr}")
        return done.stdout
