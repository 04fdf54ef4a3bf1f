"""The worker process: errors, signals, timeouts and limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from app.runtime.worker_process import WorkerDied, WorkerProcess, WorkerTimeout
from bench.harness.server import ROOT
from tests.support.other_processes import (
    Work,
    carry_out,
    count_large,
    fail,
    own_niceness,
    own_pid,
    refuse_large,
)
from tests.support.processes import is_running
from tests.support.waiting import PATIENCE, wait_for

MOST_MEMORY = 50_000_000


@pytest.fixture
def new_process() -> Iterator[Callable[..., WorkerProcess]]:
    """Makes worker processes that are closed after the test."""
    made: list[WorkerProcess] = []

    def make(**options: float) -> WorkerProcess:
        made.append(WorkerProcess("test", **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def process(new_process: Callable[..., WorkerProcess]) -> WorkerProcess:
    """A worker process that has not started."""
    return new_process()


def test_the_process_starts_with_the_first_call_and_is_reused(process: WorkerProcess) -> None:
    assert process.pid is None
    pid = process.call(own_pid)
    assert pid == process.pid != os.getpid()
    assert process.call(own_pid) == pid


def test_the_processor_time_of_a_call_is_known(process: WorkerProcess) -> None:
    process.call(own_pid)
    little = process.used
    process.call(sum, range(3_000_000))
    assert process.used > little


def test_exceptions_propagate_and_the_process_survives(
    process: WorkerProcess,
) -> None:
    pid = process.call(own_pid)
    with pytest.raises(ZeroDivisionError):
        process.call(fail)
    assert process.call(own_pid) == pid


def test_nothing_of_a_call_that_failed_stays_in_memory(process: WorkerProcess) -> None:
    """Such as the content of a file that was refused."""
    with pytest.raises(ValueError, match="refused"):
        process.call(refuse_large)
    assert process.call(count_large) == 0


def test_an_idle_process_restarts_after_sigkill(process: WorkerProcess) -> None:
    pid = process.call(own_pid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_running(pid))
    assert process.call(own_pid) != pid


def test_sigkill_during_a_call_fails_only_that_call(process: WorkerProcess, tmp_path: Path) -> None:
    work = Work(tmp_path)
    with ThreadPoolExecutor(1) as thread:
        lost = thread.submit(process.call, carry_out, work)
        wait_for(lambda: work.has_begun)
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert isinstance(lost.exception(PATIENCE), WorkerDied)
    assert process.call(own_pid) != pid


def test_sigkill_while_sending_the_result_fails_the_call(
    process: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = process.call(own_pid)
    receive = process._receive

    def kill_first(pipe: Connection) -> object:
        assert pipe.poll(PATIENCE)
        os.kill(pid, signal.SIGKILL)
        return receive(pipe)

    with monkeypatch.context() as killing:
        killing.setattr(process, "_receive", kill_first)
        with pytest.raises(WorkerDied):
            process.call(bytes, 10_000_000)
    assert process.call(own_pid) != pid


def test_a_slow_call_times_out(new_process: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    process = new_process(seconds=0.0)
    with pytest.raises(WorkerTimeout):
        process.call(carry_out, Work(tmp_path))
    assert process.pid is None


def test_exceeding_the_memory_limit_fails_only_the_call(
    new_process: Callable[..., WorkerProcess],
) -> None:
    process = new_process(memory=MOST_MEMORY)
    pid = process.call(own_pid)
    with pytest.raises(MemoryError):
        process.call(bytearray, 2 * MOST_MEMORY)
    assert process.call(own_pid) == pid


def test_the_process_ignores_sigint_and_sigterm(process: WorkerProcess) -> None:
    pid = process.call(own_pid)
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, stop_signal)
    assert process.call(own_pid) == pid


def test_the_process_can_be_nice(new_process: Callable[..., WorkerProcess]) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    theirs = new_process(niceness=3).call(own_niceness)
    assert theirs == min(ours + 3, 19)  # there is nothing beyond


def test_terminate_restarts_on_demand_and_close_is_final(process: WorkerProcess) -> None:
    first = process.call(own_pid)
    process.terminate()
    assert not is_running(first)
    second = process.call(own_pid)
    process.close()
    assert not is_running(second)
    with pytest.raises(WorkerDied):
        process.call(own_pid)


OWNER = """
    import sys, time
    from app.runtime.worker_process import WorkerProcess
    from tests.support.other_processes import own_pid

    if __name__ == "__main__":
        print(WorkerProcess("test").call(own_pid), flush=True)
        {then}
"""


@pytest.mark.parametrize("then", ["sys.exit()", "time.sleep(600)"])
def test_the_process_ends_with_its_parent(tmp_path: Path, then: str) -> None:
    script = tmp_path / "owner.py"
    script.write_text(textwrap.dedent(OWNER).replace("{then}", then), encoding="utf-8")
    owner = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    if "sleep" in then:
        owner.kill()
    owner.wait(PATIENCE)
    wait_for(lambda: not is_running(pid))
    owner.stdout.close()
