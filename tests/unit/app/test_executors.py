"""The executors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from app.errors import BusyError
from app.runtime.executors import BoundedExecutor, DaemonExecutor
from tests.support.waiting import PATIENCE, wait_for

PENDING = 3


@pytest.fixture
def go() -> threading.Event:
    """Ends the functions that wait for it."""
    return threading.Event()


@pytest.fixture
def executor(go: threading.Event) -> Iterator[BoundedExecutor]:
    executor = BoundedExecutor("test", 1, PENDING, "models_full", "server_stopping", "json")
    yield executor
    go.set()
    executor.close()


def error_of(future: Future[bool]) -> tuple[str, str | None]:
    error = future.exception(PATIENCE)
    assert isinstance(error, BusyError)
    return error.code, error.field


def test_beyond_its_limit_it_refuses_until_a_function_has_ended(
    executor: BoundedExecutor, go: threading.Event
) -> None:
    pending = [executor.submit(go.wait, PATIENCE) for _ in range(PENDING)]
    assert error_of(executor.submit(go.wait)) == ("models_full", "json")
    go.set()
    assert all(each.result(PATIENCE) for each in pending)
    assert executor.submit(go.wait).result(PATIENCE)


def test_a_cancelled_function_does_not_run_and_counts_until_its_turn(
    executor: BoundedExecutor, go: threading.Event
) -> None:
    ran = threading.Event()
    running = executor.submit(go.wait, PATIENCE)
    assert all(executor.submit(ran.set).cancel() for _ in range(1, PENDING))
    assert error_of(executor.submit(go.wait)) == ("models_full", "json")
    go.set()
    assert running.result(PATIENCE)
    assert executor.submit(go.wait).result(PATIENCE)
    assert not ran.is_set()


def test_what_a_function_raises_is_in_its_future(executor: BoundedExecutor) -> None:
    assert isinstance(executor.submit(int, "x").exception(PATIENCE), ValueError)


def test_closing_fails_what_waits_and_what_comes_later(
    executor: BoundedExecutor, go: threading.Event
) -> None:
    running, waiting = (executor.submit(go.wait, PATIENCE) for _ in range(2))
    wait_for(running.running)
    executor.close()
    go.set()
    assert running.result(PATIENCE)
    for each in (waiting, executor.submit(go.wait)):
        assert error_of(each) == ("server_stopping", "json")


def test_the_cheapest_queued_call_runs_first(
    executor: BoundedExecutor, go: threading.Event
) -> None:
    """A small model does not wait for all large ones."""
    ran: list[float] = []
    running = executor.submit(go.wait, PATIENCE)
    later = [executor.submit(ran.append, cost, cost=cost) for cost in (2.0, 1.0)]
    go.set()
    assert running.result(PATIENCE)
    for each in later:
        each.result(PATIENCE)
    assert ran == [1.0, 2.0]


def test_one_owner_has_only_a_part_of_the_places(go: threading.Event) -> None:
    executor = BoundedExecutor("test", 1, 3, "models_full", "server_stopping", per_owner=2)
    try:
        own = [executor.submit(go.wait, PATIENCE, owner="one") for _ in range(2)]
        assert error_of(executor.submit(go.wait, owner="one")) == ("models_full", None)
        other = executor.submit(go.wait, PATIENCE, owner="other")
        go.set()
        assert all(each.result(PATIENCE) for each in (*own, other))
        assert executor.submit(go.wait, owner="one").result(PATIENCE)
    finally:
        go.set()
        executor.close()


def test_daemon_threads_run_calls_in_order_and_report_errors() -> None:
    """Each outcome is that of its call; a cancelled one is not run."""
    executor, go = DaemonExecutor("test", 1), threading.Event()
    first = executor.submit(go.wait, PATIENCE)
    cancelled = executor.submit(fail_the_test)
    failing = executor.submit(int, "x")
    last = executor.submit(int, "7")
    assert cancelled.cancel()
    go.set()
    assert first.result(PATIENCE)
    assert isinstance(failing.exception(PATIENCE), ValueError)
    assert last.result(PATIENCE) == 7
    executor.close()


def test_a_closed_daemon_executor_runs_nothing_more() -> None:
    """Its threads end after the running call."""
    executor, begun, go = DaemonExecutor("closed", 2), threading.Event(), threading.Event()

    def run() -> bool:
        begun.set()
        return go.wait(PATIENCE)

    running = executor.submit(run)
    assert begun.wait(PATIENCE)
    executor.close()
    go.set()
    assert running.result(PATIENCE)
    wait_for(lambda: not any("closed-" in each.name for each in threading.enumerate()))


def fail_the_test() -> None:
    """A call that must not run."""
    raise AssertionError
