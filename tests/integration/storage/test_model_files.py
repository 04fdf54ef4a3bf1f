"""Models of every size are read and written, in this process or in another."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.clerk import FOLDER, MOST_WAITING, SMALL_FILE, Busy, Clerk
from app.errors import UserError
from app.model_forms import FORMS, Form
from app.model_json import is_small
from model.char_model import CharModel
from model.saved import SavedModel
from model.solver import Adam
from model.vocabulary import Vocabulary
from tests.support.server import ROOT

PATIENCE = 60.0
UPLOAD = 20_000_000


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    clerk = Clerk(tmp_path, UPLOAD)
    yield clerk
    clerk.close()


def a_model(units: int) -> SavedModel:
    model = CharModel.create(Vocabulary(list("abc ü🙂")), "lstm", (units,), seed=5)
    random = np.random.default_rng(6)
    mean = random.normal(size=model.flat.size).astype(np.float32)
    order = {"sentences": 2, "order": [1, 0], "sizes": [2], "random": {"state": "7"}}
    return SavedModel(model, Adam(mean, mean * mean, steps=9), order)


SMALL, LARGE = a_model(8), a_model(150)


def same(one: SavedModel, other: SavedModel) -> bool:
    assert isinstance(one.solver, Adam)
    assert isinstance(other.solver, Adam)
    return (
        one.model.flat.tobytes() == other.model.flat.tobytes()
        and one.solver.step_mean.tobytes() == other.solver.step_mean.tobytes()
        and one.solver.step_cache.tobytes() == other.solver.step_cache.tobytes()
        and one.solver.steps == other.solver.steps
        and one.order == other.order
        and one.model.vocabulary.letters == other.model.vocabulary.letters
    )


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether any thread of a process runs still: its first may be gone long before the others."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        threads = Path(f"/proc/{pid}/task").iterdir()
        return any(_state_of(thread) != "Z" for thread in threads)  # which nobody has buried yet
    return False


def _state_of(thread: Path) -> str:
    try:
        return (thread / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


@pytest.mark.parametrize("saved", [SMALL, LARGE])
def test_every_number_comes_back_as_it_was(clerk: Clerk, saved: SavedModel) -> None:
    path = clerk.write(saved).result(PATIENCE)
    assert same(clerk.read(path).result(PATIENCE), saved)


def test_only_large_models_take_another_process(clerk: Clerk) -> None:
    path = clerk.write(SMALL).result(PATIENCE)
    clerk.read(path).result(PATIENCE)
    assert clerk.other.pid is None
    clerk.write(LARGE).result(PATIENCE)
    assert clerk.other.pid is not None


def test_here_and_elsewhere_the_same_is_written(clerk: Clerk) -> None:
    elsewhere = clerk.write(LARGE).result(PATIENCE).read_text(encoding="utf-8")
    assert clerk.write_text(LARGE).result(PATIENCE) == elsewhere
    assert not is_small(LARGE)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.suffix)
@pytest.mark.parametrize("saved", [SMALL, LARGE])
def test_every_form_is_written_here_and_elsewhere(
    clerk: Clerk, saved: SavedModel, form: Form
) -> None:
    path = clerk.write(saved, form.content).result(PATIENCE)
    assert path.read_bytes() == form.content(saved)
    assert (clerk.other.pid is None) == is_small(saved)


def test_a_short_text_is_read_without_a_file(clerk: Clerk) -> None:
    text = clerk.write_text(SMALL).result(PATIENCE)
    assert same(clerk.read_text(text).result(PATIENCE), SMALL)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a whole JSON"),
        (b"[1, 2]", "not a saved model"),
        (b"%PDF-1.7 \xe2\xe3", "UTF-8"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"[" * 2000, "cannot be read"),
        (b"[" * (SMALL_FILE + 1), "cannot be read"),
        (b'{"a": ' + b"1" * SMALL_FILE + b"}", "cannot be read"),
        (b'{"model": "' + b"x" * SMALL_FILE + b'"}', "letterToIndex"),
        (b"\xff" * (SMALL_FILE + 1), "UTF-8"),
    ],
)
def test_what_is_no_model_is_refused(
    clerk: Clerk, tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=told) as refused:
        clerk.read(path).result(PATIENCE)
    assert refused.value.field == "json"


def test_a_mark_at_the_beginning_is_no_harm(clerk: Clerk, tmp_path: Path) -> None:
    text = clerk.write_text(SMALL).result(PATIENCE)
    path = tmp_path / "model.json"
    path.write_text("\ufeff" + text, encoding="utf-8")
    assert same(clerk.read(path).result(PATIENCE), SMALL)


def test_a_file_that_would_eat_the_memory_is_refused_and_the_next_is_read(
    clerk: Clerk, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b"[" + b"[]," * (UPLOAD // 3) + b"0]")
    with pytest.raises(UserError, match="more memory"):
        clerk.read(path).result(PATIENCE)
    large = clerk.write(LARGE).result(PATIENCE)
    assert same(clerk.read(large).result(PATIENCE), LARGE)


def test_a_network_that_has_run_off_cannot_be_written(clerk: Clerk) -> None:
    for units, form in itertools.product((8, 150), FORMS):
        saved = a_model(units)
        saved.model.flat[0] = np.nan
        with pytest.raises(UserError, match="run off"):
            clerk.write(saved, form.content).result(PATIENCE)


def test_what_was_refused_leaves_no_file_behind(clerk: Clerk, tmp_path: Path) -> None:
    saved = a_model(8)
    saved.model.flat[0] = np.nan
    with pytest.raises(UserError):
        clerk.write(saved).result(PATIENCE)
    wait_for(lambda: not list((tmp_path / FOLDER).iterdir()))


def test_a_process_that_was_killed_is_started_again(clerk: Clerk) -> None:
    path = clerk.write(LARGE).result(PATIENCE)
    first = clerk.other.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not is_running(first))
    assert same(clerk.read(path).result(PATIENCE), LARGE)
    assert clerk.other.pid != first


def test_a_process_that_is_killed_at_work_fails_what_it_was_at_and_nothing_more(
    clerk: Clerk,
) -> None:
    path = clerk.write(LARGE).result(PATIENCE)
    pid = clerk.other.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that it is at work when it is killed
    lost, next_one = clerk.read(path), clerk.read(path)
    wait_for(lost.running)
    os.kill(pid, signal.SIGKILL)
    # None only if it was killed before the asker had looked at it, and found another.
    assert isinstance(lost.exception(PATIENCE), Busy | None)
    assert same(next_one.result(PATIENCE), LARGE)


def test_no_more_large_models_wait_than_there_is_room_for(clerk: Clerk) -> None:
    path = clerk.write(LARGE).result(PATIENCE)
    assert clerk.other.pid is not None
    os.kill(clerk.other.pid, signal.SIGSTOP)
    waiting = [clerk.read(path) for _ in range(MOST_WAITING)]
    with pytest.raises(Busy, match="try again"):
        clerk.read(path).result(PATIENCE)
    os.kill(clerk.other.pid, signal.SIGCONT)
    for each in waiting:
        each.result(PATIENCE)
    clerk.read(path).result(PATIENCE)


def test_the_process_does_not_hear_the_signals_that_stop_a_server(clerk: Clerk) -> None:
    path = clerk.write(LARGE).result(PATIENCE)
    pid = clerk.other.pid
    assert pid is not None
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, stop_signal)
    assert same(clerk.read(path).result(PATIENCE), LARGE)
    assert clerk.other.pid == pid


def test_files_are_private_and_those_of_a_former_server_are_gone(tmp_path: Path) -> None:
    left = tmp_path / FOLDER / "left"
    left.parent.mkdir()
    left.touch()
    clerk = Clerk(tmp_path, UPLOAD)
    try:
        assert not left.exists()
        assert left.parent.stat().st_mode & 0o777 == 0o700
        assert clerk.new_file().stat().st_mode & 0o777 == 0o600
    finally:
        clerk.close()


def test_the_process_ends_with_its_clerk(clerk: Clerk) -> None:
    clerk.write(LARGE).result(PATIENCE)
    pid = clerk.other.pid
    assert pid is not None
    clerk.close()
    assert not is_running(pid)


OWNER = """
    import sys, time
    from pathlib import Path
    from tests.app.test_clerk import LARGE, PATIENCE, UPLOAD, Clerk

    if __name__ == "__main__":
        clerk = Clerk(Path(sys.argv[1]), UPLOAD)
        clerk.write(LARGE).result(PATIENCE)
        print(clerk.other.pid, flush=True)
        {then}
"""


@pytest.mark.parametrize("then", ["sys.exit()", "time.sleep(600)"])
def test_the_process_ends_with_its_owner_closed_or_not(tmp_path: Path, then: str) -> None:
    script = tmp_path / "owner.py"
    script.write_text(textwrap.dedent(OWNER).replace("{then}", then), encoding="utf-8")
    owner = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
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


def test_what_is_written_is_json_as_everybody_reads_it(clerk: Clerk) -> None:
    path = clerk.write(LARGE).result(PATIENCE)
    assert json.loads(path.read_text(encoding="utf-8"))["hidden_sizes"] == [150]
