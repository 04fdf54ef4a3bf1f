"""Reading and writing of models, in this process and in a worker process."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.errors import BusyError, UserError
from app.protocol.limits import Limits
from app.training import model_io
from app.training.export_formats import EXPORT_FORMATS, ExportFormat
from app.training.model_io import FOLDER, MAX_PENDING, MAX_PENDING_PER_ADDRESS, ModelIO, is_small
from model.char_model import CharModel
from model.formats.checkpoint import ModelCheckpoint
from model.text.vocabulary import Vocabulary
from model.training.optimizers import Adam
from tests.support.other_processes import end_at_once, own_pid, wait_for_go
from tests.support.processes import is_running
from tests.support.transfers import transfer_files
from tests.support.waiting import PATIENCE, wait_for

LIMITS = Limits(upload=1_000_000, weights=100_000, text=10_000)
SMALL_FILE, SMALL_MODEL = 20_000, 2_000
"""The size limit of small models in these tests, so that large ones are quickly written."""
LEAST_MEMORY = 50_000_000


@pytest.fixture(scope="module", autouse=True)
def _low_limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_io, "SMALL_FILE", SMALL_FILE)
        patch.setattr(model_io, "SMALL_MODEL", SMALL_MODEL)
        patch.setattr(model_io, "MIN_MEMORY", LEAST_MEMORY)
        yield


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelIO]:
    """A ModelIO for the tests that do not disturb its worker process."""
    files = ModelIO(tmp_path_factory.mktemp("files"), LIMITS)
    yield files
    files.close()


@pytest.fixture
def new_files(tmp_path: Path) -> Iterator[Callable[[], ModelIO]]:
    """Makes ModelIO objects with their own worker processes."""
    made: list[ModelIO] = []

    def make() -> ModelIO:
        made.append(ModelIO(tmp_path, LIMITS))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def files(new_files: Callable[[], ModelIO]) -> ModelIO:
    return new_files()


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A file large enough for the worker process, without a valid model."""
    path = tmp_path / "large.json"
    path.write_bytes(b"[" * (SMALL_FILE + 1))
    return path


def a_model(units: int) -> ModelCheckpoint:
    model = CharModel.create(Vocabulary(list("abc ü🙂")), "lstm", (units,), seed=5)
    random = np.random.default_rng(6)
    mean = random.normal(size=model.params.size).astype(np.float32)
    order = {"sentences": 2, "order": [1, 0], "sizes": [2], "random": {"state": "7"}}
    return ModelCheckpoint(model, Adam(mean, mean * mean, steps=9), order)


SMALL, LARGE = a_model(4), a_model(20)


def diverged(units: int) -> ModelCheckpoint:
    saved = a_model(units)
    saved.model.params[0] = np.nan
    return saved


def assert_same(one: ModelCheckpoint, other: ModelCheckpoint) -> None:
    assert isinstance(one.optimizer, Adam)
    assert isinstance(other.optimizer, Adam)
    assert one.model.params.tobytes() == other.model.params.tobytes()
    assert one.optimizer.grad_avg.tobytes() == other.optimizer.grad_avg.tobytes()
    assert one.optimizer.square_avg.tobytes() == other.optimizer.square_avg.tobytes()
    assert one.optimizer.steps == other.optimizer.steps
    assert one.sampler_state == other.sampler_state
    assert one.model.vocabulary.chars == other.model.vocabulary.chars


def code_of(read: Any) -> str:
    """The error code of a failed operation."""
    error = read.exception(PATIENCE)
    assert isinstance(error, UserError)
    return error.code


@pytest.mark.parametrize("saved", [SMALL, LARGE], ids=["small", "large"])
def test_models_round_trip_exactly(shared: ModelIO, saved: ModelCheckpoint) -> None:
    path = shared.write(saved).result(PATIENCE)
    assert json.loads(path.read_text(encoding="utf-8"))["hidden_sizes"] == [
        *saved.model.hidden_sizes
    ]
    assert path.read_text(encoding="utf-8") == shared.write_text(saved).result(PATIENCE)
    assert_same(shared.read(path).result(PATIENCE), saved)


def test_small_models_are_handled_in_process(files: ModelIO) -> None:
    path = files.write(SMALL).result(PATIENCE)
    files.read(path).result(PATIENCE)
    text = files.write_text(SMALL).result(PATIENCE)
    assert_same(files.read_text(text).result(PATIENCE), SMALL)
    assert files.worker.pid is None


def test_large_models_are_handled_in_a_worker_process(shared: ModelIO) -> None:
    assert not is_small(LARGE)
    shared.write(LARGE).result(PATIENCE)
    pid = shared.worker.pid
    assert pid is not None
    assert is_running(pid)


@pytest.mark.parametrize("form", EXPORT_FORMATS, ids=lambda form: form.suffix)
@pytest.mark.parametrize("saved", [SMALL, LARGE], ids=["small", "large"])
def test_every_format_is_the_same_in_either_process(
    shared: ModelIO, saved: ModelCheckpoint, form: ExportFormat
) -> None:
    path = shared.write(saved, form.content).result(PATIENCE)
    assert path.read_bytes() == form.content(saved)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "json_invalid"),
        (b"[1, 2]", "json_not_an_object"),
        (b"[" * 2000, "json_unreadable"),
        (b"[" * (SMALL_FILE + 1), "model_memory"),
        (b'{"a": ' + b"1" * SMALL_FILE + b"}", "json_unreadable"),
        (b'{"model": "' + b"x" * SMALL_FILE + b'"}', "entry_missing"),
    ],
)
def test_an_invalid_model_file_is_refused(
    shared: ModelIO, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        shared.read(path).result(PATIENCE)
    assert (caught.value.code, caught.value.field) == (code, "json")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7 \xe2\xe3", "foreign_file"),
        (b"{\xc3", "json_unreadable"),
        (b"\xff" * (SMALL_FILE + 1), "json_unreadable"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused(
    shared: ModelIO, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        shared.read(path).result(PATIENCE)
    assert (caught.value.code, caught.value.field) == (code, "json")


def test_a_byte_order_mark_is_accepted(shared: ModelIO, tmp_path: Path) -> None:
    text = shared.write_text(SMALL).result(PATIENCE)
    path = tmp_path / "model.json"
    path.write_text("\ufeff" + text, encoding="utf-8")
    assert_same(shared.read(path).result(PATIENCE), SMALL)


@pytest.mark.parametrize(
    "piece", [b"[],", b"{},", b"0,", b'"",', b"0.1,"], ids=lambda piece: piece.decode()
)
def test_a_file_with_more_values_than_a_network_needs_is_refused_before_it_is_parsed(
    piece: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsing takes up to 20 times the memory of the file, and seconds."""
    monkeypatch.setattr(model_io, "saved_of", lambda _: pytest.fail("parsed"))
    path = tmp_path / "model.json"
    path.write_bytes(b"[" + piece * 200_000 + b"0]")
    with pytest.raises(UserError) as caught:
        model_io.read_file(path, max_values=100_000)
    assert caught.value.code == "model_memory"


def test_a_file_over_the_memory_limit_is_refused(shared: ModelIO, tmp_path: Path) -> None:
    """Few values can still be large, such as keys of many characters, nested in each other."""
    path = tmp_path / "model.json"
    path.write_bytes(b'["' + b"\\ud83d\\ude42" * 20_000_000 + b'"]')
    assert code_of(shared.read(path)) == "model_memory"
    large = shared.write(LARGE).result(PATIENCE)
    assert_same(shared.read(large).result(PATIENCE), LARGE)


def test_characters_of_a_large_model_are_read_from_utf8(shared: ModelIO, tmp_path: Path) -> None:
    """Browsers write them unescaped; a text of them takes four bytes a character in memory."""
    text = shared.write(LARGE).result(PATIENCE).read_text(encoding="utf-8")
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(text), ensure_ascii=False), encoding="utf-8")
    assert not path.read_bytes().isascii()
    assert_same(shared.read(path).result(PATIENCE), LARGE)
    path.write_bytes(path.read_bytes() + b"\xff")
    assert code_of(shared.read(path)) == "json_unreadable"


def test_a_model_that_takes_too_long_is_given_up(
    files: ModelIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would hold the worker process, for which other visitors wait."""
    large = files.write(LARGE).result(PATIENCE)
    monkeypatch.setattr(files.worker, "seconds", 0.0)
    assert code_of(files.read(large)) == "model_timeout"
    monkeypatch.undo()
    assert_same(files.read(large).result(PATIENCE), LARGE)


def test_small_and_large_models_are_charged(shared: ModelIO) -> None:
    charged: list[float] = []
    for saved in (SMALL, LARGE):
        path = shared.write(saved, charge=charged.append).result(PATIENCE)
        shared.read(path, charge=charged.append).result(PATIENCE)
    text = shared.write_text(SMALL, charged.append).result(PATIENCE)
    shared.read_text(text, charged.append).result(PATIENCE)
    assert len(charged) == 6
    assert all(seconds > 0 for seconds in charged)


def test_a_text_with_more_values_than_a_model_has_is_refused_before_it_is_parsed(
    shared: ModelIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_io, "saved_of", None)
    for text in ("[" * 20_000, "0," * 20_000_000):
        assert code_of(shared.read_text(text)) == "model_memory"


def test_one_address_leaves_room_for_the_models_of_others(files: ModelIO, tmp_path: Path) -> None:
    may_go = tmp_path / "go"
    own = [files._in_worker("own", 1, wait_for_go, may_go) for _ in range(MAX_PENDING_PER_ADDRESS)]
    assert code_of(files._in_worker("own", 1, wait_for_go, may_go)) == "models_full"
    other = files._in_worker("other", 1, own_pid)
    may_go.touch()
    assert other.result(PATIENCE)
    assert all(each.exception(PATIENCE) is None for each in own)


def test_a_diverged_network_is_not_saved(shared: ModelIO, files: ModelIO, tmp_path: Path) -> None:
    for units, form in itertools.product((4, 20), EXPORT_FORMATS):
        with pytest.raises(UserError) as caught:
            shared.write(diverged(units), form.content).result(PATIENCE)
        assert (caught.value.code, caught.value.field) == ("model_diverged", "json")
    with pytest.raises(UserError):
        files.write(diverged(4)).result(PATIENCE)
    wait_for(lambda: not transfer_files(tmp_path))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "model_memory"),
        (OSError(28, "full"), "disk_full"),
        (ZeroDivisionError(), "unexpected"),
        (BusyError("disk_full"), "disk_full"),
    ],
)
def test_unexpected_errors_have_a_code(
    files: ModelIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fail(*_: object) -> ModelCheckpoint:
        raise error

    monkeypatch.setattr(model_io, "read_file", fail)
    path = tmp_path / "model.json"
    path.touch()
    assert code_of(files.read(path)) == code


def test_disk_space_is_checked_before_writing(files: ModelIO, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / FOLDER)
    with pytest.raises(BusyError) as caught:
        files.new_file()
    assert caught.value.code == "disk_full"


def test_killing_the_process_fails_only_the_current_model(
    files: ModelIO, large_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_io, "read_file", end_at_once)
    lost: Any = files.read(large_file)
    monkeypatch.setattr(model_io, "read_file", own_pid)
    next_one: Any = files.read(large_file)
    assert code_of(lost) == "unexpected"
    assert isinstance(lost.exception(), BusyError)
    assert next_one.result(PATIENCE) == files.worker.pid


def test_the_queue_of_large_models_is_limited(
    files: ModelIO, large_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_io, "read_file", wait_for_go)
    waiting = [files.read(large_file, str(number)) for number in range(MAX_PENDING)]
    assert code_of(files.read(large_file, "another")) == "models_full"
    (tmp_path / "go").touch()
    for each in waiting:
        each.result(PATIENCE)
    files.read(large_file).result(PATIENCE)


def test_files_are_private_and_stale_ones_are_removed(
    tmp_path: Path, new_files: Callable[[], ModelIO]
) -> None:
    left = tmp_path / FOLDER / "process" / "left"
    left.parent.mkdir(parents=True)
    left.touch()
    files = new_files()
    assert not left.parent.exists()
    [folder] = (tmp_path / FOLDER).iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert files.new_file().stat().st_mode & 0o777 == 0o600


def test_a_second_process_leaves_the_files_of_the_first(new_files: Callable[[], ModelIO]) -> None:
    """A restart may overlap, and servers that share a database may share a folder."""
    first = new_files()
    file = first.new_file()
    second = new_files()
    assert file.exists()
    assert second.new_file().parent != file.parent


def test_close_ends_the_process_and_removes_the_files(
    files: ModelIO, large_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_io, "read_file", own_pid)
    reading: Any = files.read(large_file)
    pid = reading.result(PATIENCE)
    assert is_running(pid)
    files.close()
    assert not is_running(pid)
    assert not transfer_files(tmp_path)


def test_a_large_model_has_the_same_bytes_written_whole_or_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    piece_by_piece = model_io.json_of(LARGE).encode()
    assert not is_small(LARGE)
    assert model_io.as_json(LARGE) == piece_by_piece
    monkeypatch.setattr(model_io, "SMALL_MODEL", 10**6)
    assert model_io.as_json(LARGE) == piece_by_piece
