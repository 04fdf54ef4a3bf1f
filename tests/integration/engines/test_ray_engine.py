"""The cluster engine when nodes and directories fail, without Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from app.engines.cluster import directory as directory_module
from app.engines.cluster import engine as engine_module
from app.engines.cluster.directory import Directory
from app.engines.cluster.engine import RayEngine
from app.errors import UserError
from app.protocol.requests import Pause, SetParameters
from app.sessions.commands import Answer, SetWatched
from tests.support.cluster import FakeCluster, LocalActor, RecordingEngine, make_directory
from tests.support.waiting import PATIENCE, wait_for


class Cluster:
    """A fake cluster with a directory and web processes."""

    def __init__(self) -> None:
        self.machines = FakeCluster(2)
        self.directory = LocalActor("directory", make_directory(self.machines))
        self._webs: list[RayEngine] = []

    def web(self) -> RayEngine:
        """Another web process, on the same loop as its nodes' futures."""
        web = RayEngine(self.directory, lambda: None, is_ours=False)
        self._webs.append(web)
        return web

    def node_of(self, session_id: str) -> LocalActor:
        name = next(
            name
            for name, engine in self.machines.engines.items()
            if session_id in engine.shown and not self.machines.node(name).lost
        )
        return self.machines.node(name)

    def engine_of(self, session_id: str) -> RecordingEngine:
        return self.machines.engines[self.node_of(session_id).name]

    def close(self) -> None:
        for web in self._webs:  # including the directory's tasks, which would end with Ray's actor
            asyncio.run_coroutine_threadsafe(_end_all_tasks(), web._loop).result(PATIENCE)
            web.close()


async def _end_all_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(directory_module, "HEALTH_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(directory_module, "RESTART_SECONDS", 0.02)
    monkeypatch.setattr(engine_module, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(engine_module, "UNWATCHED_SECONDS", 0.05)
    monkeypatch.setattr(engine_module, "REST_FACTOR", 0.0)
    monkeypatch.setattr(engine_module, "HEARTBEAT_SECONDS", 0.05)
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture
def web(cluster: Cluster) -> RayEngine:
    """A web process that watches a session."""
    web = cluster.web()
    assert web.begin() >= 1
    wait_for(lambda: len(cluster.machines.started) == 2)
    web.open_session("ann").result(PATIENCE)
    web.submit("ann", SetWatched(watched=True)).result(PATIENCE)
    return web


def assert_refused(answer: Future[Answer], code: str) -> None:
    error = answer.exception(PATIENCE)
    assert isinstance(error, UserError)
    assert error.code == code


def wait_for_calls(actor: LocalActor, method: str, times: int) -> None:
    """Wait for so many further calls of a method."""
    before = actor.calls.count(method)
    wait_for(lambda: actor.calls.count(method) >= before + times)


def temperature(web: RayEngine, session_id: str = "ann") -> float | None:
    snapshot = web.snapshot(session_id)
    return snapshot.temperature if snapshot else None


def set_temperature(web: RayEngine, to: float, session_id: str = "ann") -> None:
    web.submit(session_id, SetParameters(temperature=to)).result(PATIENCE)


def test_commands_run_in_order_and_show_in_the_snapshot(cluster: Cluster, web: RayEngine) -> None:
    wanted, node = [number / 100 for number in range(1, 51)], cluster.node_of("ann")
    before = node.calls.count("carry_out")
    node.hangs = True
    first = web.submit("ann", SetParameters(temperature=wanted[0]))
    wait_for(lambda: node.calls.count("carry_out") > before)
    others = [web.submit("ann", SetParameters(temperature=each)) for each in wanted[1:]]
    wait_for(lambda: len(web._sessions["ann"].pending) == len(wanted))
    node.hangs = False
    for each in (first, *others):
        each.result(PATIENCE)
    assert temperature(web) == wanted[-1]
    commands = [command for _, command in cluster.engine_of("ann").commands]
    assert [
        command.temperature for command in commands if isinstance(command, SetParameters)
    ] == wanted
    assert node.calls.count("carry_out") == before + 2  # the later commands were sent together


def test_commands_during_a_node_failure_run_on_the_next_node(
    cluster: Cluster, web: RayEngine
) -> None:
    failed = cluster.node_of("ann")
    before = failed.calls.count("carry_out")
    failed.hangs = True
    future = web.submit("ann", SetParameters(temperature=0.3))
    wait_for(lambda: failed.calls.count("carry_out") > before)
    failed.lost = True
    future.result(PATIENCE)
    assert temperature(web) == 0.3
    engine = cluster.engine_of("ann")
    assert engine.taken_over["ann"] is not None  # and its client is notified of the failure
    wait_for(lambda: engine.watched("ann")[-1:] == [True])  # it is watched here


def test_a_watched_session_restarts_when_its_node_fails(cluster: Cluster, web: RayEngine) -> None:
    before = web.snapshot("ann")
    assert before is not None
    failed = cluster.node_of("ann")
    failed.lost = True
    wait_for(
        lambda: (now := web.snapshot("ann")) is not None and now.generation != before.generation
    )
    assert cluster.node_of("ann") is not failed


def test_drain_while_commands_arrive(cluster: Cluster, web: RayEngine) -> None:
    there = cluster.node_of("ann")
    machine = next(each.machine for each in cluster.machines.started if each.remote is there)
    draining = asyncio.run_coroutine_threadsafe(
        cluster.directory.ask("drain", machine),
        web._loop,
    )
    for number in range(1, 21):
        set_temperature(web, number / 20)
        assert temperature(web) == number / 20
    assert draining.result(PATIENCE) == 1
    set_temperature(web, 0.77)
    assert cluster.engine_of("ann").taken_over["ann"] is None  # nothing was lost
    assert cluster.node_of("ann") is not there


def test_any_web_process_serves_any_session(cluster: Cluster, web: RayEngine) -> None:
    other = cluster.web()
    set_temperature(other, 0.4)  # of a session unknown to it
    assert temperature(other) == 0.4
    wait_for(lambda: temperature(web) == 0.4)  # and both see the same
    other.open_session("ann").result(PATIENCE)
    set_temperature(web, 0.6)
    wait_for(lambda: temperature(other) == 0.6)


def test_a_stored_session_is_opened_on_demand(cluster: Cluster, web: RayEngine) -> None:
    web.open_session("bob").result(PATIENCE)
    cluster.engine_of("bob").drop("bob")  # as after an idle eviction
    wait_for(lambda: not web.has_session("bob"))
    web.open_session("bob").result(PATIENCE)
    set_temperature(web, 0.2, "bob")
    assert temperature(web, "bob") == 0.2


def test_requests_wait_for_a_new_directory(cluster: Cluster, web: RayEngine) -> None:
    cluster.directory.lost = True
    future = web.open_session("bob")
    set_temperature(web, 0.9)  # a session that is at a node needs no directory
    wait_for_calls(cluster.directory, "place", 3)
    assert not future.done()
    cluster.directory.actor = make_directory(cluster.machines)
    cluster.directory.lost = False
    future.result(PATIENCE)
    assert web.snapshot("bob") is not None


@pytest.mark.parametrize("rounds", range(4))
def test_a_task_cancelled_as_its_answer_arrives_ends(
    web: RayEngine, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    """A task that survives its only cancellation would keep the process running."""
    monkeypatch.setattr(engine_module, "HEARTBEAT_SECONDS", 0.4)

    class Held:
        def __init__(self) -> None:
            self.called = asyncio.Event()
            self.answer = asyncio.get_running_loop().create_future()

        async def ask(self, _method: str) -> None:
            self.called.set()
            await self.answer

    async def cancelled_while_answering() -> bool:
        await _end_all_tasks()  # so that no other task calls it
        web._directory = held = Held()  # type: ignore[assignment]
        task = asyncio.create_task(web._heartbeat_loop())
        await held.called.wait()
        held.answer.set_result(None)
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=1)
        return task in done

    directory = web._directory
    assert asyncio.run_coroutine_threadsafe(cancelled_while_answering(), web._loop).result(PATIENCE)
    web._directory = directory


def test_a_missing_node_is_reported(
    cluster: Cluster, web: RayEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "PATIENCE", 0.05)
    cluster.machines.broken = True
    for started in list(cluster.machines.started):
        cluster.machines.end(started.remote)
    assert_refused(web.open_session("bob"), "no_node")
    assert_refused(web.submit("ann", Pause()), "no_node")
    cluster.machines.broken = False
    before = web.snapshot("ann")
    assert before is not None
    # It is watched, so it is opened again.
    wait_for(
        lambda: (now := web.snapshot("ann")) is not None and now.generation != before.generation
    )


def test_commands_to_an_unknown_session_do_not_open_it(web: RayEngine) -> None:
    for _ in range(2):
        assert_refused(web.submit("unknown", SetWatched(watched=True)), "session_gone")
    assert not web.has_session("unknown")


def test_a_full_node_refuses_new_sessions_only(cluster: Cluster, web: RayEngine) -> None:
    for engine in cluster.machines.engines.values():
        engine.full = True
    assert_refused(web.open_session("bob"), "server_full")
    assert not web.has_session("bob")
    set_temperature(web, 0.8)


@pytest.mark.usefixtures("web")
def test_watchers_of_a_dead_process_are_removed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engines.cluster.node.SILENCE_SECONDS", 0.1)
    killed = cluster.web()
    killed.open_session("bob").result(PATIENCE)
    killed.submit("bob", SetWatched(watched=True)).result(PATIENCE)
    killed._in_background = lambda work: work.close()  # type: ignore[method-assign,assignment]
    for task in list(killed._tasks):
        killed._loop.call_soon_threadsafe(task.cancel)
    wait_for(lambda: cluster.engine_of("bob").watched("bob")[-1] is False)
    wait_for(lambda: cluster.engine_of("ann").watched("ann")[-1] is True)


def test_the_directory_matches_the_cluster_backend() -> None:
    """The fake backend calls the same objects as Ray's actors."""
    assert isinstance(make_directory(FakeCluster(1)), Directory)


@pytest.mark.parametrize("how", ["lost", "hangs"])
def test_cluster_loss_is_reported_once(cluster: Cluster, web: RayEngine, how: str) -> None:
    failures: list[str] = []
    web.on_failure(failures.append)
    for each in (cluster.directory, *map(cluster.machines.node, cluster.machines.engines)):
        setattr(each, how, True)
    wait_for(lambda: failures)
    assert failures == [engine_module.CUT_OFF]


def test_no_cluster_loss_while_a_node_or_the_directory_answers(
    cluster: Cluster, web: RayEngine
) -> None:
    failures: list[str] = []
    web.on_failure(failures.append)
    beats = 2 * engine_module.MAX_MISSED_HEARTBEATS
    cluster.directory.lost = True
    wait_for_calls(cluster.directory, "is_there", beats)
    cluster.directory.lost = False
    web.submit("ann", SetWatched(watched=False)).result(PATIENCE)
    wait_for_calls(cluster.directory, "is_there", beats)  # the nodes are polled rarely now
    assert not failures


def test_a_cancelled_command_does_not_block_others(cluster: Cluster, web: RayEngine) -> None:
    node = cluster.node_of("ann")
    node.hangs = True
    given_up, other = (web.submit("ann", SetParameters(temperature=each)) for each in (0.1, 0.2))
    wait_for(lambda: len(web._sessions["ann"].pending) == 2)
    assert given_up.cancel()
    node.hangs = False
    assert other.result(PATIENCE) is None
    assert temperature(web) == 0.2


# ------------------------------------------------------------------ errors


def test_background_tasks_survive_unexpected_errors(
    cluster: Cluster, web: RayEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: set[str] = set()

    def failing_once(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def fail_once(*arguments: Any) -> Any:
            if name not in failed:
                failed.add(name)
                raise ZeroDivisionError
            return work(*arguments)

        return fail_once

    actor = cluster.node_of("ann").actor
    monkeypatch.setattr(actor, "poll", failing_once("poll", actor.poll))
    monkeypatch.setattr(web, "_forget_unused", failing_once("tidy", web._forget_unused))
    wait_for(lambda: failed == {"poll", "tidy"})
    set_temperature(cluster.web(), 0.4)
    wait_for(lambda: temperature(web) == 0.4)
    monkeypatch.setattr(engine_module, "FORGET_SECONDS", 0.0)
    web.submit("ann", SetWatched(watched=False)).result(PATIENCE)
    wait_for(lambda: not web.has_session("ann"))
