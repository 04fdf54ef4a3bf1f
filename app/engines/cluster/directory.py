"""The directory: starts and checks nodes, places sessions, and fails over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from app.engines.cluster.interfaces import (
    ActorHandle,
    ClusterBackend,
    Machine,
    StartedNode,
    Unreachable,
)
from app.engines.cluster.placement import Placement
from app.protocol.ids import short_id

log = logging.getLogger(__name__)

HEALTH_CHECK_SECONDS = 1.0
"""Between two health checks of every node."""
REPORT_PATIENCE = 8.0
"""Seconds after which a node that does not answer counts as hung; a busy one answers at once."""
START_PATIENCE = 90.0
"""Seconds that a node may take to come up."""
MOVE_PATIENCE = 1.0
"""Seconds that a lookup waits for a session's arrival before the caller must retry."""
RESTART_SECONDS = 5.0
"""Before a node is started again on a machine where one did not come up."""
MOVES_AT_ONCE = 8
"""Sessions that move at the same time: each of them is in memory twice."""


@dataclass(frozen=True)
class NodeStatus:
    """The status of a node.

    Attributes:
        name: of the node.
        machine: the name of its machine.
        address: of its machine.
        pid: of its process.
        threads: number of its training threads.
        sessions: number of its sessions.
        weights: number of weights of all its networks.
        draining: whether it hands over its sessions.
    """

    name: str
    machine: str
    address: str
    pid: int
    threads: int
    sessions: int
    weights: int
    draining: bool


@dataclass
class _Node:
    started: StartedNode
    machine: Machine
    pid: int
    weights: int = 0
    draining: bool = False


class Directory:
    """Knows all nodes and where each session is; one for all web processes.

    It stores nothing: a directory that replaces a lost one asks the nodes.
    """

    def __init__(self, machines: ClusterBackend, cores_per_node: int | None) -> None:
        self._machines = machines
        self._cores_per_node = cores_per_node
        self._placement = Placement()
        self._nodes: dict[str, _Node] = {}
        self._starting: dict[str, int] = {}  # nodes that are starting, by machine
        self._drained: set[str] = set()  # machines that get no nodes
        self._moves: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._move_slots = asyncio.Semaphore(MOVES_AT_ONCE)
        self._beginning = asyncio.Lock()
        self._begun = False

    async def is_there(self) -> None:
        """Answer a heartbeat."""

    async def begin(self) -> int:
        """Find running nodes and start missing ones; returns how many are up once one is."""
        await self._discover_nodes()
        until = time.monotonic() + START_PATIENCE
        while not self._nodes and time.monotonic() < until:
            await asyncio.sleep(0.05)
        return len(self._nodes)

    async def place(self, session_id: str) -> ActorHandle | None:
        """The node of a session; a new session is placed. None if there is no node."""
        await self._discover_nodes()
        if not await self._arrived(session_id, MOVE_PATIENCE):
            return None
        return self._remote(self._placement.place(session_id))

    async def find(self, session_id: str) -> ActorHandle | None:
        """The node of a session; None if it has none."""
        await self._discover_nodes()
        await self._arrived(session_id, None)
        return self._remote(self._placement.node_of(session_id))

    async def lost(self, name: str) -> None:
        """Check a node that a web process could not reach; fail over if it is gone."""
        node = self._nodes.get(name)
        if node is None:
            return
        try:
            async with asyncio.timeout(REPORT_PATIENCE):
                await node.started.remote.ask("report")
        except (Unreachable, TimeoutError):
            self._fail_over(name)

    async def drain(self, machine: str) -> int:
        """Move the sessions of a machine to other nodes; returns how many.

        Raises:
            ValueError: the machine has no node, or there is no other node.
        """
        await self._discover_nodes()
        nodes = [name for name, node in self._nodes.items() if node.machine.name == machine]
        if not nodes:
            raise ValueError(f"No node runs on a machine {machine}.")
        self._drained.add(machine)
        for name in nodes:
            self._nodes[name].draining = True
            self._placement.stop_placing(name)
        if all(node.draining for node in self._nodes.values()):
            self._undo_drain(machine, nodes)
            raise ValueError("There is no other node that could take the sessions.")
        return sum(await asyncio.gather(*map(self._hand_over, nodes)))

    async def undrain(self, machine: str) -> None:
        """Start nodes on a drained machine again."""
        self._drained.discard(machine)

    async def status(self) -> list[NodeStatus]:
        """The status of every node."""
        await self._discover_nodes()
        return [
            NodeStatus(
                name,
                node.machine.name,
                node.machine.address,
                node.pid,
                node.started.threads,
                self._placement.count(name),
                node.weights,
                node.draining,
            )
            for name, node in self._nodes.items()
        ]

    async def save_all(self) -> bool:
        """Pause training and save every session at all nodes; whether all were saved."""
        saved = await asyncio.gather(
            *(node.started.remote.ask("save_all") for node in self._nodes.values()),
            return_exceptions=True,
        )
        return all(each is True for each in saved)

    # -------------------------------------------------------------- nodes start

    async def _discover_nodes(self) -> None:
        """Find running nodes, once: this directory may replace a lost one."""
        async with self._beginning:
            if self._begun:
                return
            await asyncio.gather(*map(self._adopt, self._machines.running()))
            self._in_background(self._health_loop())
            self._begun = True

    async def _adopt(self, started: StartedNode) -> None:
        """Add a node that already runs, with its sessions."""
        machines = {machine.name: machine for machine in self._machines.all()}
        machine = machines.get(started.machine)
        if machine is None:
            return
        self._starting[machine.name] = self._starting.get(machine.name, 0) + 1
        await self._await_startup(started, machine)

    async def _await_startup(self, started: StartedNode, machine: Machine) -> None:
        """Add a node once it is up."""
        name = started.remote.name
        try:
            async with asyncio.timeout(START_PATIENCE):
                report = await started.remote.ask("report")
        except (Unreachable, TimeoutError) as error:
            log.warning("a node did not come up: %s", _last_line(error), extra={"node": name})
            self._machines.end(started.remote)
            await asyncio.sleep(RESTART_SECONDS)
            return
        finally:
            self._starting[machine.name] -= 1
        self._nodes[name] = _Node(started, machine, report.pid, report.weights)
        self._placement.add(name, started.threads, report.session_ids)
        log.info("a node is up", extra={"node": name, "threads": started.threads})

    def _start_missing(self, machine: Machine) -> None:
        if machine.name in self._drained:
            return
        threads = min(self._cores_per_node or machine.cores, machine.cores)
        there = sum(node.machine.name == machine.name for node in self._nodes.values())
        there += self._starting.get(machine.name, 0)
        for _ in range(machine.cores // threads - there):
            started = self._machines.start(machine, threads)
            self._starting[machine.name] = self._starting.get(machine.name, 0) + 1
            self._in_background(self._await_startup(started, machine))

    # -------------------------------------------------------------- nodes fail or drain

    async def _health_loop(self) -> None:
        while True:
            try:
                await self._check_nodes()
            except Exception:
                log.exception("a health check failed")
            await asyncio.sleep(HEALTH_CHECK_SECONDS)

    async def _check_nodes(self) -> None:
        machines = self._machines.all()
        up = {machine.name for machine in machines}
        for name in [name for name, node in self._nodes.items() if node.machine.name not in up]:
            self._fail_over(name)
        self._drained &= up
        for machine in machines:
            self._start_missing(machine)
        await asyncio.gather(*map(self._check_node, list(self._nodes)))

    async def _check_node(self, name: str) -> None:
        node = self._nodes.get(name)
        if node is None:
            return  # removed meanwhile
        try:
            async with asyncio.timeout(REPORT_PATIENCE):
                report = await node.started.remote.ask("report")
        except (Unreachable, TimeoutError):
            self._fail_over(name)
            return
        node.weights = report.weights
        self._placement.reconcile(name, report.session_ids)

    def _fail_over(self, name: str) -> None:
        """Remove a lost node and move its sessions to others."""
        node = self._nodes.pop(name, None)
        if node is None:
            return
        self._machines.end(node.started.remote)  # a hung node could recover
        orphaned = self._placement.remove(name)
        log.warning("a node is lost", extra={"node": name, "sessions": len(orphaned)})
        self._move([each for each in orphaned if each not in self._moves], lost_at=time.time())

    async def _hand_over(self, name: str) -> int:
        node = self._nodes[name]
        try:
            await node.started.remote.ask("hand_over")
        except Unreachable:
            self._fail_over(name)
            return 0
        self._nodes.pop(name, None)
        orphaned = self._placement.remove(name)
        self._move(orphaned, lost_at=None)
        for session_id in orphaned:
            await self._arrived(session_id, None)
        self._machines.end(node.started.remote)
        log.info("a node has handed over", extra={"node": name, "sessions": len(orphaned)})
        return len(orphaned)

    def _undo_drain(self, machine: str, nodes: Iterable[str]) -> None:
        self._drained.discard(machine)
        for name in nodes:
            self._nodes[name].draining = False
            self._placement.resume_placing(name)

    # -------------------------------------------------------------- sessions move

    def _move(self, session_ids: Iterable[str], lost_at: float | None) -> None:
        for session_id in session_ids:
            self._moves[session_id] = self._in_background(self._move_one(session_id, lost_at))

    async def _move_one(self, session_id: str, lost_at: float | None) -> None:
        try:
            await self._adopt_at_new_node(session_id, lost_at)
        except Exception:
            log.exception("a session could not be moved", extra={"session": short_id(session_id)})
        finally:
            del self._moves[session_id]

    async def _adopt_at_new_node(self, session_id: str, lost_at: float | None) -> None:
        """Open a session at its new node, or at another if that is lost too."""
        async with self._move_slots:
            while True:
                remote = self._remote(self._placement.place(session_id))
                if remote is None:
                    await asyncio.sleep(HEALTH_CHECK_SECONDS / 4)  # a node will start
                    continue
                try:
                    outcome = await remote.ask("adopt", session_id, lost_at)
                except Unreachable:
                    self._fail_over(remote.name)
                    continue
                if outcome is None or outcome.error is not None:
                    self._placement.forget(session_id)
                    if outcome is None:  # that node is being drained
                        continue
                return

    async def _arrived(self, session_id: str, patience: float | None) -> bool:
        """Wait for a session that is being moved; whether it arrived in time."""
        task = self._moves.get(session_id)
        if task is not None:
            await asyncio.wait([task], timeout=patience)
        return task is None or task.done()

    def _remote(self, name: str | None) -> ActorHandle | None:
        node = self._nodes.get(name) if name is not None else None
        return node.started.remote if node else None

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _last_line(error: Exception) -> str:
    """The last line of a traceback from another process."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
