"""Load and save model files without blocking the event loop."""

from __future__ import annotations

import codecs
import contextlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.errors import BusyError, UserError, from_model
from app.protocol.limits import MAX_LAYERS, Limits
from app.runtime.executors import BoundedExecutor, charged
from app.runtime.folder_lock import FolderInUse, lock_folder
from app.runtime.worker_process import Charge, WorkerDied, WorkerProcess, WorkerTimeout, ignore
from model import ModelError
from model.formats.checkpoint import ModelCheckpoint, load_model

log = logging.getLogger(__name__)

T = TypeVar("T")
Content = Callable[[ModelCheckpoint], bytes]

SMALL_FILE = 1_000_000
"""Bytes of JSON that are parsed in this process, which holds the GIL for some ten milliseconds."""
SMALL_MODEL = 50_000
"""Numbers of a model that is serialised in this process."""
BYTES_PER_NUMBER = 14
"""Bytes of JSON."""
MAX_PENDING = 8
"""Large models that may be queued: each is in memory, or in a file."""
THREADS = 2
MAX_PENDING_PER_ADDRESS = 4
COPIES = 2
"""How often a file is in memory while it is read: as bytes, and as text."""
MEMORY_PER_NUMBER = 40
"""Bytes of memory per number of JSON: 32 as a Python object in a list, the rest in arrays."""
MIN_MEMORY = 128_000_000
NUMBERS_PER_WEIGHT = 3
"""A weight, and two running means of the optimizer."""
MORE_VALUES = 100_000
"""Values of a model's JSON besides those that grow with the network and its text."""
MAX_CONTAINERS = 10_000
"""Lists and objects of a model's JSON: a few for each matrix."""

FOLDER = "passing-through"

_NOT_ASCII = re.compile(rb"[\x80-\xff]+")


def saved_of(text: str | bytes) -> ModelCheckpoint:
    """The model in a JSON text.

    Raises:
        UserError: the text is not a valid model.
    """
    try:
        return load_model(text, max_layers=MAX_LAYERS)
    except ModelError as error:
        raise from_model(error, "json") from None


def json_of(saved: ModelCheckpoint) -> str:
    """A model as JSON.

    Encoding is incremental, because a single call would hold the GIL until its end.

    Raises:
        UserError: the network has diverged.
    """
    try:
        mapping = saved.to_json()
    except ModelError as error:
        raise from_model(error, "json") from None
    return "".join(json.JSONEncoder(separators=(",", ":")).iterencode(mapping))


def as_json(saved: ModelCheckpoint) -> bytes:
    """A model as the bytes of its JSON. Call this in the worker process for large models.

    Raises:
        UserError, ModelError: the network has diverged.
    """
    return (json_of(saved) if is_small(saved) else _json_at_once(saved)).encode()


def is_small(saved: ModelCheckpoint) -> bool:
    """Whether a model is small enough to be serialised in this process."""
    return numbers_of(saved) <= SMALL_MODEL


def numbers_of(saved: ModelCheckpoint) -> int:
    """How many numbers a model's JSON has."""
    of_training = len(saved.optimizer.arrays()) if saved.optimizer is not None else 0
    of_training += saved.best is not None
    lists = [each for each in (saved.sampler_state or {}).values() if isinstance(each, list)]
    return int(saved.model.params.size) * (1 + of_training) + sum(map(len, lists))


def _json_at_once(saved: ModelCheckpoint) -> str:
    """Like `json_of`, in one call: faster, but it holds the GIL."""
    return json.dumps(saved.to_json(), separators=(",", ":"))


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of processes that have ended."""
    for folder in parent.iterdir() if parent.is_dir() else ():
        with contextlib.suppress(FolderInUse, OSError), lock_folder(folder):
            shutil.rmtree(folder)


class ModelIO:
    """Loads and saves small models on threads of this process, large ones in a worker process.

    Large models pass through files in a folder of this process, which it removes at the end.
    """

    def __init__(self, data_dir: Path, limits: Limits) -> None:
        """Create the folder; `limits` bound the memory and the time of the worker process."""
        # The sampler's state has at most a number for each sentence, which ends with its line.
        self._max_values = NUMBERS_PER_WEIGHT * limits.weights + limits.text // 2 + MORE_VALUES
        memory = COPIES * limits.upload + MEMORY_PER_NUMBER * self._max_values + MIN_MEMORY
        parent = data_dir / FOLDER
        _remove_abandoned(parent)
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(dir=parent))
        self._lock = lock_folder(self._folder)
        self.worker = WorkerProcess("model-io", memory, seconds=limits.answer_seconds)
        self._threads = ThreadPoolExecutor(THREADS, "model-io")
        self._large = BoundedExecutor(
            "models",
            1,
            MAX_PENDING,
            "models_full",
            "server_stopping",
            per_owner=MAX_PENDING_PER_ADDRESS,
        )

    def new_file(self) -> Path:
        """A new empty file in the private folder.

        Raises:
            BusyError: the disk is full.
        """
        try:
            handle, name = tempfile.mkstemp(dir=self._folder)
        except OSError:
            log.warning("cannot create a file in %s", self._folder)
            raise BusyError("disk_full") from None
        os.close(handle)
        return Path(name)

    def read(
        self, path: Path, address: str = "", charge: Charge = ignore
    ) -> Future[ModelCheckpoint]:
        """Load a model from a file of an address; fails with a `UserError` if it is invalid."""
        size = path.stat().st_size
        if size <= SMALL_FILE:
            return self._in_thread(charge, read_file, path, self._max_values)
        return self._in_worker(address, size, read_file, path, self._max_values, charge=charge)

    def read_text(self, text: str, charge: Charge = ignore) -> Future[ModelCheckpoint]:
        """Load a model from a short JSON text; fails with a `UserError` if it is invalid."""
        return self._in_thread(charge, _read_text, text, self._max_values)

    def write(
        self,
        saved: ModelCheckpoint,
        content: Content = as_json,
        address: str = "",
        charge: Charge = ignore,
    ) -> Future[Path]:
        """Save a model of an address to a new file, which the caller removes.

        `content` must be picklable, because the worker process may call it.
        """
        path = self.new_file()
        if is_small(saved):
            future = self._in_thread(charge, write_file, saved, path, content)
        else:
            size = BYTES_PER_NUMBER * numbers_of(saved)
            future = self._in_worker(address, size, write_file, saved, path, content, charge=charge)
        future.add_done_callback(lambda done: _remove_if_failed(done, path))
        return future

    def write_text(self, saved: ModelCheckpoint, charge: Charge = ignore) -> Future[str]:
        """A small model as JSON."""
        return self._in_thread(charge, json_of, saved)

    def remove(self, path: Path) -> None:
        """Remove a file on another thread: on a busy disk this may block."""
        with contextlib.suppress(RuntimeError):  # closed: the whole folder is removed
            self._threads.submit(path.unlink, missing_ok=True)

    def close(self) -> None:
        """Stop the threads and the worker process; pending calls fail."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._large.close()
        self.worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()

    def _in_thread(
        self, charge: Charge, function: Callable[..., T], *arguments: object
    ) -> Future[T]:
        """Call a function on a thread of this process, and charge its processor time."""
        return self._threads.submit(_translate_errors, charged, charge, function, *arguments)

    def _in_worker(
        self,
        address: str,
        size: int,
        function: Callable[..., T],
        *arguments: object,
        charge: Charge = ignore,
    ) -> Future[T]:
        """The same in the worker process, the smallest models first."""

        def call() -> T:
            try:
                return self.worker.call(function, *arguments)
            finally:
                charge(self.worker.used)

        return self._large.submit(_translate_errors, call, owner=address, cost=size)


def read_file(path: Path, max_values: int) -> ModelCheckpoint:
    """The model in a file.

    Raises:
        UserError: the file holds no valid model, or more than `max_values` values.
    """
    return saved_of(_read_content(path, max_values))


def _read_text(text: str, max_values: int) -> ModelCheckpoint:
    _check_values(text.count("[") + text.count("{"), text.count(","), max_values)
    return saved_of(text)


def _check_values(containers: int, values: int, max_values: int) -> None:
    """Check the size of JSON before it is parsed.

    Raises:
        UserError: no model that the server accepts has so many values.
    """
    if containers > MAX_CONTAINERS or values > max_values:
        raise UserError("model_memory", "json")


def _read_content(path: Path, max_values: int) -> bytes:
    """The content of a file that does not have more values than a model can need.

    Characters beyond ASCII are escaped if it is large: one of them would make the whole text take
    up to four bytes a character.
    """
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    containers = content.count(b"[") + content.count(b"{")
    _check_values(containers, content.count(b","), max_values)
    if len(content) > SMALL_FILE and not content.isascii():
        with contextlib.suppress(UnicodeDecodeError):  # of another encoding, or damaged
            content = _NOT_ASCII.sub(_escaped, content)
    return content


def _escaped(match: re.Match[bytes]) -> bytes:
    return json.dumps(match[0].decode())[1:-1].encode()


def write_file(saved: ModelCheckpoint, path: Path, content: Content) -> Path:
    """Write a model into a file.

    Raises:
        UserError: the network has diverged.
    """
    try:
        path.write_bytes(content(saved))
    except ModelError as error:
        raise from_model(error, "json") from None
    return path


def _translate_errors(function: Callable[..., T], *arguments: object) -> T:
    """The result of a function, with every exception translated to a `UserError`."""
    try:
        return function(*arguments)
    except UserError:
        raise
    except MemoryError:
        raise UserError("model_memory", "json") from None
    except WorkerTimeout:
        log.warning("a model took too long to be read or written")
        raise BusyError("model_timeout") from None
    except WorkerDied:
        log.info("the worker process for model files died")
        raise BusyError("unexpected") from None
    except OSError as error:
        log.warning("a model could not be read or written: %s", error.strerror or error)
        raise BusyError("disk_full") from None
    except Exception:
        log.exception("a model could not be read or written")
        raise UserError("unexpected") from None


def discard(future: Future[Path]) -> None:
    """Remove the file of an abandoned save as soon as it is written."""

    def remove(done: Future[Path]) -> None:
        if not done.cancelled() and done.exception() is None:
            done.result().unlink(missing_ok=True)

    future.add_done_callback(remove)


def _remove_if_failed(future: Future[Path], path: Path) -> None:
    if future.cancelled() or future.exception() is not None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
