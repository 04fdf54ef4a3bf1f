"""Placement of sessions on nodes, and failover."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.engines.cluster import directory as directory_module
from app.engines.cluster.directory import Directory
from app.engines.cluster.interfaces import ActorHandle, Machine
from tests.support.cluster import FakeCluster, make_directory
from tests.support.waiting import PATIENCE

Scene = Callable[[Directory, FakeCluster], Awaitable[None]]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_module, "HEALTH_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(directory_module, "RESTART_SECONDS", 0.02)


def played(scene: Scene, machines: int = 3) -> None:
    """Run a scenario on a started cluster."""

    async def play() -> None:
        there = FakeCluster(machines)
        directory = make_directory(there)
        assert await directory.begin() >= 1
        await until(lambda: len(directory._nodes) == machines)
        await scene(directory, there)

    asyncio.run(play())


async def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.005)


async def arrive(directory: Directory, count: int) -> dict[str, ActorHandle]:
    """Open sessions on the nodes where they are placed."""
    places = {}
    for number in range(count):
        remote = await directory.place(str(number))
        assert remote is not None
        await remote.ask("adopt", str(number), None)
        places[str(number)] = remote
    return places


async def sessions(directory: Directory) -> list[int]:
    return [node.sessions for node in await directory.status()]


def test_nodes_get_equal_shares_of_the_sessions() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        await arrive(directory, 30)
        assert await sessions(directory) == [10, 10, 10]
        assert {started.machine for started in machines.started} == {
            machine.name for machine in machines.up
        }

    played(scene)


def test_a_machine_with_many_cores_may_have_several_nodes() -> None:
    async def scene() -> None:
        machines = FakeCluster(0)
        machines.up.append(Machine("large", "10.0.0.9", 7))
        directory = Directory(machines, cores_per_node=2)
        await directory.begin()
        await until(lambda: len(machines.started) == 3)
        assert {started.threads for started in machines.started} == {2}

    asyncio.run(scene())


def test_sessions_of_a_lost_node_move_with_a_notice() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        places = await arrive(directory, 30)
        gone = places["0"]
        theirs = [name for name, place in places.items() if place is gone]
        before = time.time()
        machines.node(gone.name).lost = True
        await until(lambda: len(machines.started) == 4)  # another has taken its place
        for name, place in places.items():
            now = await directory.find(name)
            assert (now is place) == (name not in theirs)
            if name in theirs:
                lost_at = machines.engine(now).taken_over[name]
                assert lost_at is not None
                assert before <= lost_at <= time.time()
        assert len(theirs) == 10

    played(scene)


def test_a_hanging_node_is_ended_and_its_sessions_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directory_module, "REPORT_PATIENCE", 0.1)

    async def scene(directory: Directory, machines: FakeCluster) -> None:
        gone = (await arrive(directory, 6))["0"]
        machines.node(gone.name).hangs = True
        await until(lambda: machines.node(gone.name).lost)
        now = await directory.find("0")
        assert now is not None
        assert now is not gone

    played(scene)


def test_a_briefly_unreachable_node_keeps_its_sessions() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        places = await arrive(directory, 6)
        await directory.lost(places["0"].name)
        await directory.lost("an unknown node")
        assert await directory.find("0") is places["0"]
        assert len(machines.running()) == 3

    played(scene)


def test_sessions_wait_for_a_node_when_none_is_left() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        places = await arrive(directory, 4)
        machines.broken = True  # nodes that are started now do not come up
        machines.node(places["0"].name).lost = True
        await until(lambda: len(machines.started) > 2)
        assert await directory.place("newcomer") is None
        machines.broken = False
        now = await directory.find("0")  # waits for it
        assert now is not None
        assert machines.engine(now).taken_over["0"] is not None

    played(scene, machines=1)


def test_drain_moves_sessions_without_loss() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        places = await arrive(directory, 30)
        drained = machines.started[0]
        assert await directory.drain(drained.machine) == 10
        assert machines.node(drained.remote.name).lost
        for name, place in places.items():
            now = await directory.find(name)
            assert now is not None
            assert now.name != drained.remote.name
            if place.name == drained.remote.name:
                assert machines.engine(now).taken_over[name] is None
        looks = machines.looks
        await until(lambda: machines.looks > looks + 1)
        assert await sessions(directory) == [15, 15]  # and no node has begun there
        await directory.undrain(drained.machine)
        await until(lambda: machines.started[-1].machine == drained.machine)

    played(scene)


def test_drain_of_the_last_machine_is_refused() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        await arrive(directory, 2)
        for machine in (machines.up[0].name, "no such machine"):
            with pytest.raises(ValueError):  # noqa: PT011  (for people, and not by its words)
                await directory.drain(machine)
        assert await directory.place("newcomer") is not None

    played(scene, machines=1)


def test_machines_can_join_and_leave() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        await arrive(directory, 12)
        machines.up.append(Machine("new", "10.0.0.9", 1))
        await until(lambda: len(directory._nodes) == 4)
        newcomers = [await directory.place(f"newcomer {number}") for number in range(3)]
        assert {place.name for place in newcomers if place} == {machines.started[-1].remote.name}
        machines.up.pop(0)
        await until(lambda: machines.node(machines.started[0].remote.name).lost)
        places = [await directory.find(str(number)) for number in range(12)]
        assert None not in places
        names = {place.name for place in places if place is not None}
        assert machines.started[0].remote.name not in names

    played(scene)


def test_a_new_directory_discovers_the_placement() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        places = await arrive(directory, 12)
        another = make_directory(machines)
        for name, place in places.items():
            assert await another.find(name) is place
        assert len(machines.started) == 3

    played(scene)


def test_a_session_is_not_placed_when_all_nodes_are_full() -> None:
    async def scene(directory: Directory, machines: FakeCluster) -> None:
        places = await arrive(directory, 3)
        for engine in machines.engines.values():
            engine.full = True
        machines.node(places["0"].name).lost = True
        await until(lambda: len(machines.started) == 4)
        await until(lambda: not directory._moves)
        assert await directory.find("0") is None

    played(scene)
