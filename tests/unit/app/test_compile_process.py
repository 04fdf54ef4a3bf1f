"""Compilation in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import model
from app.cli.progress import COMPILING
from app.runtime import compile_process
from tests.support.waiting import PATIENCE


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.setattr(compile_process, "_processes", {})
    return tmp_path / "kernels"


@pytest.mark.usefixtures("cache")
def test_the_process_begins_once_and_ends_with_its_parent() -> None:
    """A compiler that outlives its server would burn a core for nothing."""
    compile_process.begin_first_time("training", "lstm", "rmsprop")
    [process] = compile_process._processes.values()
    assert compile_process.begin("training", "lstm", "rmsprop") is process
    assert process.stdin is not None
    process.stdin.close()  # as the end of the parent does
    assert process.wait(PATIENCE) == 1


def test_nothing_begins_before_the_server_when_kernels_are_cached(cache: Path) -> None:
    """A restart must not pay for a process that has nothing to do."""
    (cache / "some version").mkdir(parents=True)
    compile_process.begin_first_time("training", "lstm", "rmsprop")
    assert not compile_process._processes


def test_kernels_that_cannot_be_compiled_in_a_process_are_left_to_this_one(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit of processes must not stop training."""
    monkeypatch.setattr(sys, "executable", str(cache / "missing"))
    compile_process.compile_in_process("training", "lstm", "rmsprop")


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("cached", [True, False])
def test_only_missing_kernels_are_compiled(cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that finds everything in the cache would still cost its start."""
    compiled: list[tuple[str, ...]] = []
    monkeypatch.setattr(model, "kernels_cached", lambda *_kernels: cached)
    monkeypatch.setattr(
        compile_process, "compile_in_process", lambda *kernels: compiled.append(kernels)
    )
    compile_process.compile_missing("inference", "lstm")
    assert compiled == ([] if cached else [("inference", "lstm")])


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("stop", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
)
def test_a_signal_ends_a_training_that_compiles(
    tmp_path: Path, stop: signal.Signals, status: int, request: pytest.FixtureRequest
) -> None:
    """Ctrl-C must not wait for the compiler."""
    # The command inherits a signal that is ignored, as under nohup.
    inherited = signal.signal(stop, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(stop, inherited))
    (tmp_path / "corpus").write_text("a line\n", encoding="utf-8")
    command = [sys.executable, "-m", "app", "train", str(tmp_path / "corpus")]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "model.json")], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert COMPILING in map(str.rstrip, iter(process.stderr.readline, ""))
        process.send_signal(stop)
        try:
            assert process.wait(PATIENCE) == status
        finally:
            process.kill()
    assert not (tmp_path / "model.json").exists()
