"""Gradients are checked on a copy, elsewhere, and nobody's training notices."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import checking
from app.checker import MOST_WAITING, NICENESS, Checker
from app.checking import NetworkToCheck
from app.clerk import Busy
from app.options import Kind, Options
from app.errors import UserError
from app.run import Run, new_run
from model.layout import GATES, Layout
from tests.app.test_clerk import is_running, wait_for
from tests.support.client import Tab, Visitor
from tests.support.server import RunningServer

PATIENCE = 60.0
RIGHT = 1e-4
TEXT = "abcd dcba\nabba"
LARGE = [(690,), (240,) * 4, (175,) * 8]
"""Hidden sizes of LSTM networks with nearly 2,000,000 weights."""


def a_run(kind: Kind = "lstm", hidden_sizes: tuple[int, ...] = (6, 3), text: str = TEXT) -> Run:
    options = Options(kind=kind, hidden_sizes=hidden_sizes)
    return new_run(text, options, curve_version=0, seed=1)


def a_network() -> NetworkToCheck:
    return checking.copied(a_run())


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """What a server's process would have to compile is in the cache on disk from here on."""
    checking.checked(a_network())


# ------------------------------------------------------------------ what is checked


@pytest.mark.parametrize("kind", sorted(GATES))
def test_the_gradients_of_every_matrix_agree_with_the_slopes(kind: Kind) -> None:
    run = a_run(kind)
    matrices = checking.checked(checking.copied(run))
    assert [each["name"] for each in matrices] == list(run.model.parameters)
    for each, matrix in zip(matrices, run.model.parameters.values(), strict=True):
        assert each["numbers"] == matrix.size
        assert each["checked"] == min(matrix.size, checking.MOST_NUMBERS)
        for road in ("graph", "kernels"):
            error = each[road]
            assert error is not None
            assert error < RIGHT, each


def test_the_copy_stays_as_it_was_while_the_network_learns_on() -> None:
    run = a_run()
    before = run.model.flat.copy()
    network = checking.copied(run)
    run.train(0.01)
    assert not np.array_equal(run.model.flat, before)
    np.testing.assert_array_equal(network.model.flat, before)
    assert (network.steps, network.sentence) == (0, "abcd dcba")


def test_a_network_that_has_run_off_has_no_error_that_is_a_number() -> None:
    network = a_network()
    network.model.flat[:] = np.nan
    for each in checking.checked(network):
        assert (each["graph"], each["kernels"]) == (None, None)


@pytest.mark.parametrize("hidden_sizes", [(20, 20), *LARGE])
def test_what_is_moved_is_no_more_work_than_one_can_wait_for(hidden_sizes: tuple[int, ...]) -> None:
    network = checking.copied(a_run(hidden_sizes=hidden_sizes, text="ab" * 500))
    numbers = checking._numbers_per_matrix(network.model, network.sentence)
    moved = numbers * len(network.model.parameters)
    work = network.model.weight_count * (len(network.sentence) + 1)
    assert 1 <= numbers <= checking.MOST_NUMBERS
    assert checking.SHORTEST <= len(network.sentence) <= checking.LONGEST
    assert moved * work <= checking.CHECK_WORK


def test_a_network_of_very_many_layers_is_refused() -> None:
    layout = Layout("lstm", 5, 2, (1,) * 400)
    run = a_run(hidden_sizes=layout.hidden_sizes)
    with pytest.raises(UserError, match="too large to check") as refused:
        checking.copied(run)
    assert refused.value.field is None


# ------------------------------------------------------------------ the process


@pytest.fixture
def checker() -> Iterator[Checker]:
    checker = Checker()
    yield checker
    checker.close()


def pid_of(checker: Checker) -> int:
    """The process, once it has checked something."""
    assert checker.check("first", a_network()).result(PATIENCE)
    assert checker.other.pid is not None
    return checker.other.pid


def test_a_process_that_is_killed_at_work_fails_one_check_and_not_the_next(
    checker: Checker,
) -> None:
    pid = pid_of(checker)
    os.kill(pid, signal.SIGSTOP)  # so that it is at work when it is killed
    lost, next_one = checker.check("ann", a_network()), checker.check("bob", a_network())
    wait_for(lost.running)
    os.kill(pid, signal.SIGKILL)
    # None only if it was killed before the checker had looked at it, and found another.
    assert isinstance(lost.exception(PATIENCE), Busy | None)
    assert len(next_one.result(PATIENCE)) == len(a_network().model.parameters)
    assert checker.other.pid != pid


def test_the_line_is_short_and_nobody_stands_in_it_twice(checker: Checker) -> None:
    pid = pid_of(checker)
    os.kill(pid, signal.SIGSTOP)
    at_work = checker.check("ann", a_network())
    wait_for(at_work.running)
    waiting = [checker.check(f"visitor {n}", a_network()) for n in range(MOST_WAITING)]
    with pytest.raises(Busy, match="already"):
        checker.check("ann", a_network()).result(PATIENCE)
    with pytest.raises(Busy, match="try again"):
        checker.check("too late", a_network()).result(PATIENCE)
    given_up, *others = waiting
    assert given_up.cancel()
    os.kill(pid, signal.SIGCONT)
    for each in (at_work, *others):
        assert each.result(PATIENCE)
    for asker in ("ann", "visitor 0", "too late"):
        assert checker.check(asker, a_network()).result(PATIENCE)


def test_the_process_ends_when_there_is_nothing_to_check_and_begins_again() -> None:
    checker = Checker(idle_seconds=0.05)
    try:
        first = checker.check("ann", a_network())
        assert first.result(PATIENCE)
        wait_for(lambda: checker.other.pid is None)
        assert checker.check("ann", a_network()).result(PATIENCE)
    finally:
        checker.close()


def test_closing_ends_the_process_and_whatever_was_asked(checker: Checker) -> None:
    pid = pid_of(checker)
    os.kill(pid, signal.SIGSTOP)
    at_work, waiting = checker.check("ann", a_network()), checker.check("bob", a_network())
    wait_for(at_work.running)
    checker.close()
    assert not is_running(pid)
    for each in (at_work, waiting, checker.check("cay", a_network())):
        assert isinstance(each.exception(PATIENCE), Busy)


def test_the_process_leaves_the_processors_to_others(checker: Checker) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    theirs = os.getpriority(os.PRIO_PROCESS, pid_of(checker))
    assert theirs == min(ours + NICENESS, 19)  # there is nothing beyond


# ------------------------------------------------------------------ the event


def pause(tab: Tab) -> None:
    tab.wait_for(lambda: tab.newest("steps") > 100)
    tab.ask("pause")
    tab.wait_for(lambda: tab.newest("status") == "paused")


def check(tab: Tab) -> dict[str, Any]:
    """The answer, with patience for a process that has to begin on a busy machine."""
    answer: dict[str, Any] = tab._client.call("gradient_check", {}, timeout=PATIENCE)
    return answer


def assert_all_is_right(answer: dict[str, Any]) -> None:
    assert answer["ok"], answer
    for each in answer["matrices"]:
        assert 0 <= each["graph"] < RIGHT, each
        assert 0 <= each["kernels"] < RIGHT, each


def test_a_page_is_told_of_every_matrix_while_its_network_learns(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    tab.wait_for(lambda: tab.newest("steps") > 100)
    before = tab.newest("steps")
    answer = check(tab)
    assert_all_is_right(answer)
    gates = ("Wix0", "Wih0", "bi0", "Wfx1", "Woh1", "bc1")
    assert {"Wil", "Whd", "bd", *gates} <= {each["name"] for each in answer["matrices"]}
    assert sum(each["numbers"] for each in answer["matrices"]) == tab.state["weights"]
    assert answer["steps"] >= before
    assert answer["sentence"] in tab.state["text"]
    assert answer["took"] >= 0
    steps = tab.newest("steps")
    tab.wait_for(lambda: tab.newest("steps") > steps)
    assert tab.newest("status") == "learning"
    assert [state["version"] for state in tab.states] == [1]


def test_a_paused_network_stays_as_it_is(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    pause(tab)
    fields = ("steps", "samples", "greedy", "learning_rate", "status")
    shown, saved = [tab.newest(field) for field in fields], tab.ask("save")
    answer = check(tab)
    assert_all_is_right(answer)
    assert answer["steps"] == tab.newest("steps")
    assert [tab.newest(field) for field in fields] == shown
    assert tab.ask("save") == saved


def test_an_unexpected_field_is_refused(visitor: Visitor) -> None:
    tab = visitor.open_tab()
    answer = tab.ask("gradient_check", {"numbers": 5})
    assert (answer["ok"], answer["field"]) == (False, None)


def children(server: RunningServer) -> set[int]:
    """The processes that a server has others do something in."""
    listing = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    pids = {int(pid) for each in listing for pid in each.read_text(encoding="ascii").split()}
    return {pid for pid in pids if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()}


def test_a_check_that_is_lost_is_refused_and_the_next_is_done(server: RunningServer) -> None:
    visitor = Visitor(server.url)
    one, other = visitor.open_tab(), visitor.open_tab()
    pause(one)
    assert_all_is_right(check(one))
    [pid] = children(server)
    os.kill(pid, signal.SIGSTOP)
    answers: list[dict[str, Any]] = []
    asking = [
        threading.Thread(target=lambda tab=tab: answers.append(check(tab))) for tab in (one, other)
    ]
    for thread in asking:
        thread.start()
    one.wait_for(lambda: answers)  # whoever comes second need not wait
    os.kill(pid, signal.SIGKILL)
    for thread in asking:
        thread.join(PATIENCE)
    second, first = answers
    assert (second["ok"], second["field"]) == (False, None)
    assert "already" in second["error"]
    # Done only if the process was killed before it had been asked, and another was.
    assert first["ok"] or ("try again" in first["error"] and first["field"] is None)
    assert_all_is_right(check(one))
    visitor.leave()
