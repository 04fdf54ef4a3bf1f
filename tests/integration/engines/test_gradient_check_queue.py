"""The queue of gradient checks and its worker process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import BusyError, UserError
from app.training import gradient_check_queue as checker_module
from app.training.gradient_check_queue import MAX_PENDING, GradientCheckQueue
from tests.support.other_processes import Work, carry_out, fail
from tests.support.processes import is_running
from tests.support.waiting import PATIENCE, wait_for

NOTHING: Any = Work()


@pytest.fixture
def new_checker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., GradientCheckQueue]]:
    """Makes queues whose checks return at once, or wait for the test."""
    monkeypatch.setattr(checker_module, "run_job", carry_out)
    made: list[GradientCheckQueue] = []

    def make(**options: float) -> GradientCheckQueue:
        made.append(GradientCheckQueue(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def checker(new_checker: Callable[..., GradientCheckQueue]) -> GradientCheckQueue:
    """A queue."""
    return new_checker()


def code_of(outcome: checker_module.Outcome) -> str:
    """The error code of a failed check."""
    error = outcome.exception(PATIENCE)
    assert isinstance(error, UserError)
    return error.code


def test_queue_takes_one_check_per_session_and_has_a_limit(
    checker: GradientCheckQueue, tmp_path: Path
) -> None:
    work: Any = Work(tmp_path)
    at_work = checker.check("ann", work)
    wait_for(lambda: work.has_begun)
    waiting = [checker.check(f"visitor {n}", NOTHING) for n in range(1, MAX_PENDING)]
    assert code_of(checker.check("ann", NOTHING)) == "check_pending"
    assert code_of(checker.check("too late", NOTHING)) == "checks_full"
    given_up, *others = waiting
    assert given_up.cancel()
    work.let_go()
    for each in (at_work, *others):
        assert each.result(PATIENCE) == []
    for asker in ("ann", "visitor 1", "too late"):
        assert checker.check(asker, NOTHING).result(PATIENCE) == []


def test_killing_the_process_fails_only_the_running_check(
    checker: GradientCheckQueue, tmp_path: Path
) -> None:
    work: Any = Work(tmp_path)
    lost, next_one = checker.check("ann", work), checker.check("bob", NOTHING)
    wait_for(lambda: work.has_begun)
    pid = checker.worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert code_of(lost) == "check_lost"
    assert next_one.result(PATIENCE) == []
    assert checker.worker.pid != pid


def test_a_check_is_charged_whether_it_ends_or_dies(
    checker: GradientCheckQueue, tmp_path: Path
) -> None:
    charged: list[float] = []
    assert checker.check("ann", NOTHING, charged.append).result(PATIENCE) == []
    work: Any = Work(tmp_path)
    running = checker.check("ann", work, charged.append)
    wait_for(lambda: work.has_begun)
    checker.cancel("ann", running)
    assert code_of(running) == "check_lost"
    assert len(charged) == 2
    assert charged[1] > charged[0] >= 0


def test_a_cancelled_check_ends_even_while_it_runs(
    checker: GradientCheckQueue, tmp_path: Path
) -> None:
    """Its page has left; those of other sessions go on."""
    work: Any = Work(tmp_path)
    running = checker.check("ann", work)
    waiting, other = checker.check("bob", NOTHING), checker.check("carol", NOTHING)
    wait_for(lambda: work.has_begun)
    checker.cancel("bob", waiting)
    assert waiting.cancelled()
    checker.cancel("ann", running)
    assert code_of(running) == "check_lost"
    assert other.result(PATIENCE) == []


def test_an_error_fails_only_its_check(
    checker: GradientCheckQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker_module, "run_job", fail)
    assert code_of(checker.check("ann", NOTHING)) == "unexpected"
    monkeypatch.setattr(checker_module, "run_job", carry_out)
    assert checker.check("ann", NOTHING).result(PATIENCE) == []


def test_an_idle_process_ends_and_restarts(
    new_checker: Callable[..., GradientCheckQueue],
) -> None:
    checker = new_checker(idle_seconds=0.01)
    for _ in range(2):
        assert checker.check("ann", NOTHING).result(PATIENCE) == []
        wait_for(lambda: checker.worker.pid is None)


def test_close_ends_the_process_and_fails_pending_checks(
    checker: GradientCheckQueue, tmp_path: Path
) -> None:
    work: Any = Work(tmp_path)
    at_work, waiting = checker.check("ann", work), checker.check("bob", NOTHING)
    wait_for(lambda: work.has_begun)
    pid = checker.worker.pid
    assert pid is not None
    checker.close()
    assert not is_running(pid)
    for each in (at_work, waiting, checker.check("cay", NOTHING)):
        assert code_of(each) == "server_stopping"
        assert isinstance(each.exception(), BusyError)
